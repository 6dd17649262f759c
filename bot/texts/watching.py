"""What /watch and /unwatch say, and what stands under the answer to /watch."""

from __future__ import annotations

from bot.speech import counted, text
from watchers.suggest import Why

NOT_A_NAME = text(
    "Send me the name of a company or public body that I should watch, for example <code>Palantir</code>. /help lists what else I can do."
)
WHICH = text(
    "What shall I watch? Write it behind the command, for example\n<code>/watch Palantir</code>\n"
    "<code>/watch Palantir as supplier over £1m without football</code>\n<code>/watch Palantir AND Metropolitan Police</code>\n"
    "<code>/watch cancellations by London bodies</code>\nSeveral at once: one a line."
)
WHICH_NOT = text("Which one should I stop watching? Press it, or write <code>/unwatch</code> and its number.")
WATCHING_NOTHING = text("Nothing is watched here yet. Start with <code>/watch Palantir</code>.")
SHARED_GONE = text("What this link shared is not there any more. Watch by name instead: <code>/watch Palantir</code>")

# {name} is an organisation in bold type, with its part ("supplier") behind it where it matters; {chat} is a channel or group.
ADDED = text("✅ Watching {name}.")
KNOWN = text("Already watching {name}.")
WILL_TELL = text("I will tell you as soon as something is published.")
# Where alerts wait for a digest.
WILL_TELL_TOGETHER = text("What is published stands in the next digest. /settings changes that.")
REMOVED = text("Stopped watching {name}.")
REMOVED_THERE = text("Stopped watching {name} in {chat}.")
NOT_WATCHED = text("❌ <b>{name}</b> is not watched here. /watches lists what is.")
NOT_WATCHED_THERE = text("❌ <b>{name}</b> is not watched in {chat}. /watches lists what is.")
# {list} is a watchlist that somebody else keeps.
NOT_YOURS = text("{name} comes with the list <b>{list}</b>, which others keep: /lists ends that.")
REMOVED_TOAST = text("Stopped watching {name}.")
UNUSABLE = {
    "long": text("❌ <b>{line}</b>: a name has at most 80 letters."),
    "short": text("❌ <b>{line}</b>: a name has at least 3 letters, or 2 capitals."),
    "letters": text("❌ <b>{line}</b>: a name has at least 2 letters."),
    "command": text("❌ <b>{line}</b>: a name does not start with / or @."),
    "pair": text("❌ <b>{line}</b>: a pair has two names, with AND between them."),
    "sum": text("❌ <b>{line}</b>: write the least sum like this: <code>over £1m</code> or <code>over 250,000 EUR</code>."),
    "words": text("❌ <b>{line}</b>: at most 10 words or phrases can be left out, with commas between them."),
}
SUGGESTED = text("Official notices name it more exactly. Press a name, and I look for that as well:")
# Of several watches together; {names} are names of some of them.
SUGGESTED_MANY = text("Official notices write some of them differently: {names}.")
TAKE_NAMES = text("➕ Look for these names too")
# {known} is a name and its registered numbers, {notices} says in how many notices it stands, {why} is the reason it is offered.
SUGGESTION = text("{number}. {known} ({notices}; {why})")
WHY = {
    Why.NUMBER: text("registered under {by} too"),
    Why.NAME: text("the same name"),
    Why.BEGINNING: text("begins with “{by}”"),
}
NOTICES = counted("{n} notice", "{n} notices")
MORE_NAMES = counted("{n} more name", "{n} more names")
