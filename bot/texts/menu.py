"""The commands in Telegram's menu: everybody's, and those that groups offer to admins only, for they change or show what is watched."""

from __future__ import annotations

from bot.speech import text

READ = {
    "latest": text("The latest alerts"),
    "evidence": text("What an alert rests on (reply to it)"),
    "contract": text("All that is known of its contract (reply to it)"),
    "status": text("Whether everything works"),
    "help": text("What I can do"),
    "privacy": text("What I keep"),
}
CHANGE = {
    "watch": text("Watch a company or public body"),
    "unwatch": text("Stop watching"),
    "watches": text("What is watched here"),
    "lists": text("Watchlists with names"),
    "without": text("Exclude words from a watch"),
    "mutes": text("What is muted here"),
    "settings": text("Sound, language and what else can be set"),
    "list": text("Make, fill or open a watchlist"),
    "language": text("The language I speak here"),
    "zone": text("The clock this chat lives by"),
    "export": text("All that I keep about this chat, as files"),
    "import": text("Read such files back"),
    "forget": text("Delete everything about this chat"),
}
OPERATE = {
    "admin": text("How the bot is doing, for those who run it"),
    "story": text("What was taken for one story; split or join it"),
}

# What Telegram shows of the bot: on its profile (at most 120 letters), and in a chat that has not begun yet (at most 512).
SHORT_DESCRIPTION = text("I tell you when a public contract you care about is awarded or cancelled, with the evidence.")
DESCRIPTION = text(
    "Name a company or a public body, and I tell you when one of its public contracts is awarded or cancelled: once, with the words it "
    "rests on and a link to the source.\n\nI read newsrooms and the official registers. I keep no names and no messages."
)
