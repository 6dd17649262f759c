"""/export and /import: all that is kept about a chat, as files, for whoever may change it; and such a file read back."""

from __future__ import annotations

from datetime import datetime

from bot.commands.asked import Asked
from bot.commands.desk import Decision, Desk, ensure
from bot.commands.rights import target_of
from bot.importing import MOST_BYTES, read_export
from bot.texts import exporting as texts
from bot.texts import talking
from storage.list_changes import AddWatchlist
from storage.records import AddWatch, Change, Reply, SetLanguage


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


async def import_(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/import, or the file itself in a private chat: adds what an export holds; what somebody else kept becomes the chat's own."""
    place, _ = await target_of(asked, desk.rights, change=True)
    if asked.file is None:
        return Decision(replies=desk.reply(asked.place, texts.SEND_FILE))
    body = await desk.rights.download(asked.file) if asked.file_size <= MOST_BYTES else None
    imported = None if body is None or len(body) > MOST_BYTES else read_export(body)
    if imported is None:
        return Decision(replies=desk.reply(asked.place, texts.NO_EXPORT))
    channel = await desk.channel(place)
    known = [] if channel is None else await desk.call(desk.store.watchlists, channel.id)
    own = {one.name.casefold(): one.id for one in known if one.mine}
    where = {"chat_id": place.chat_id, "thread_id": place.thread_id}
    changes: list[Change] = [ensure(place, desk.speech, user_id=asked.user_id)]
    for name, watches in imported.lists.items():
        number = None if name is None else own.get(name.casefold())
        if name is not None and number is None:
            changes.append(AddWatchlist(**where, name=name, watches=watches))  # type: ignore[arg-type]
        else:
            changes += [AddWatch(**where, watch=one, terms=terms, watchlist_id=number) for one, terms in watches]  # type: ignore[arg-type]
    if imported.language is not None:
        changes.append(SetLanguage(chat_id=place.chat_id, language=imported.language))
    said = desk.speech.say(texts.IMPORTED, n=sum(map(len, imported.lists.values())))
    return Decision(changes=tuple(changes), replies=desk.reply(asked.place, said))
