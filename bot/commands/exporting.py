"""/export: all that is kept about a chat, as files, for whoever may change it."""

from __future__ import annotations

from datetime import datetime

from bot.commands.asked import Asked
from bot.commands.desk import Decision, Desk
from bot.commands.rights import target_of
from bot.texts import exporting as texts
from bot.texts import talking
from storage.records import Reply


async def export(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/export, from a private chat also /export @channel. In groups it would be everybody's to read, so there it says where to ask."""
    place, _ = await target_of(asked, desk.rights, change=True)
    if not asked.place.private:
        said = desk.speech.say(texts.IN_PRIVATE, chat=str(place.chat_id))
        return Decision(replies=desk.reply(asked.place, said))
    channel = await desk.channel(place)
    if channel is None:
        return Decision(replies=desk.reply(asked.place, talking.NOTHING_KEPT))
    here = asked.place
    files = (Reply(chat_id=here.chat_id, thread_id=None, text="", export=(channel.id, what)) for what in ("json", "csv"))
    return Decision(replies=tuple(files))
