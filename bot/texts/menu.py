"""The commands as Telegram's menu shows them: everybody's, and those that change something, which groups offer to admins only."""

from __future__ import annotations

from bot.speech import text

READ = {
    "watches": text("What is watched here"),
    "latest": text("The latest alerts"),
    "evidence": text("What an alert rests on (reply to it)"),
    "status": text("Whether everything works"),
    "help": text("What I can do"),
    "privacy": text("What I keep"),
}
CHANGE = {
    "watch": text("Watch a company or public body"),
    "unwatch": text("Stop watching"),
    "stop": text("Delete everything about this chat"),
}
