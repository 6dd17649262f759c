"""What is said once about a group, a channel or a topic that cannot be written to, and on the screen by which one is managed."""

from __future__ import annotations

from bot.speech import text

TOPIC_SHUT = text(
    "A topic that I write to is closed or gone, so what I have for it comes here. Open it again, or watch here with /watch instead."
)
SHUT_OUT = text(
    "I may not write in <b>{chat}</b> any more, so its alerts rest. What is set there is kept for 90 days; let me write there again, and I "
    "tell what was missed."
)
ERASED = text("I could not write in <b>{chat}</b> for 90 days. What was kept about it is deleted now.")

# A group or channel managed from a private chat.
MANAGE = text("🔐 Manage it in private")
SENT_IN_PRIVATE = text("I have sent it to you in private.")
NOT_STARTED = text("Here everybody would read it. Open it in private, where I could not write to you so far:")
NOBODY_KNOWS_WHO = text("Here everybody would read it, and I cannot see which admin asks, so I cannot write to you. Open it in private:")
START_FIRST = text("Here everybody would read it. Write /start to me in private, then press again.")
LET_IN = text("✅ I may post in <b>{chat}</b> now. You can manage it from here.")
MANAGE_HERE = text("⚙️ Manage it")
MANAGED = text(
    "<b>{chat}</b>\nOnly its admins can see and change this. To watch something there, write here for example\n"
    "<code>/watch {number} Palantir</code>"
)
WATCHED = text("👁 What is watched")
LISTS = text("🗂 Watchlists")
SETTINGS = text("⚙️ Settings")
