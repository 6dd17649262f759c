"""What /watches and its screens say, and /without."""

from __future__ import annotations

from bot.speech import counted, text

LINK = "https://t.me/{username}?start={payload}"

WATCHED_HERE = text("<b>Watched here</b>")
WATCHED_THERE = text("<b>Watched in {chat}</b>")
# A line of /watches; the last word is a link that shares the watch with others.
LINE = text('{number}. {watch} · <a href="{link}">share</a>')
# A watch that stands on a list with a name.
LISTED = text("{watch} · on the list {list}")
PRESS = text("Press one to change it.")
PAGE = text("{page} / {pages}")
WATCHING_NOTHING = text("Nothing is watched here yet. Start with <code>/watch Palantir</code>.")

# The screen of one watch.
THEIRS = text("This is on the list {list}. Whoever keeps the list changes it.")
OWN_LIST = text("This is on your list {list}: changes reach everybody who follows it.")
EXCLUDED = text("Excluded words")
EXCLUDED_SOME = counted("Excluded words: {n}", "Excluded words: {n}")
PAUSE = text("⏸ Pause")
RESUME = text("▶️ Resume")
REMOVE = text("🗑 Remove")
BACK = text("« Back")
CHANGED_TOAST = text("Changed.")
PAUSED_TOAST = text("Paused: nothing is told of it until you resume it.")
RESUMED_TOAST = text("Resumed.")
REMOVED = text("Stopped watching {watch}.")
UNDO = text("↩️ Undo")
BACK_AGAIN = text("I watch it again.")
UNDO_GONE = text("This was undone before, or is too long ago.")

# The screen of its excluded words; {command} is what people copy and change: "/without 3 football, cricket".
HOW_WITHOUT = text("Reports that hold one of its excluded words are not told. To exclude more, write for example\n<code>{command}</code>")
TAKE_BACK = text("✖ {word}")
WITHOUT_WHICH = text(
    "Write the number that /watches shows, and the words to exclude behind it: <code>/without 3 football, cricket</code>. "
    "To end it for a word, press the watch in /watches."
)
