"""/export and /import: all that is kept about a chat, as files, for whoever may change it; and such a file read back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.commands.asked import Asked, Place
from bot.commands.desk import Decision, Desk, ensure, pages
from bot.commands.rights import target_of
from bot.exchange import Wrong
from bot.importing import MOST_BYTES, Imported, read_watches
from bot.markup import Piece, words
from bot.speech import Speech
from bot.texts import exporting as texts
from bot.texts import talking
from storage.alert_changes import KeptRoute
from storage.list_changes import AddWatchlist
from storage.records import AddWatch, Change, Reply

_PROBLEMS = 10  # that are shown
_LONGEST_PROBLEM = 250
_MOST_PLACES = 20  # that lists are told in, each of which costs questions to Telegram


async def export(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/export, from a private chat also /export @channel. In groups it would be everybody's to read, so there it says where to ask."""
    place, _ = await target_of(asked, desk.rights, change=True)
    if not asked.place.private:
        said = desk.speech.say(texts.IN_PRIVATE, chat=place.code)
        return Decision(replies=desk.reply(asked.place, said))
    channel = await desk.channel(place)
    if channel is None:
        return Decision(replies=desk.reply(asked.place, talking.NOTHING_KEPT))
    here = asked.place
    files = (Reply(chat_id=here.chat_id, thread_id=None, text="", export=(channel.id, what)) for what in ("json", "csv", "toml"))
    return Decision(replies=tuple(files))


async def import_(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/import, or the file itself in a private chat: adds what an export holds; what somebody else kept becomes the chat's own."""
    place, _ = await target_of(asked, desk.rights, change=True)
    if asked.file is None:
        return Decision(replies=desk.reply(asked.place, texts.SEND_FILE))
    body = await desk.rights.download(asked.file) if asked.file_size <= MOST_BYTES else None
    if body is None or len(body) > MOST_BYTES:
        return Decision(replies=desk.reply(asked.place, texts.NO_EXPORT))
    imported, wrong = read_watches("", body)
    if imported is None:
        return Decision(replies=desk.reply(asked.place, *pages(None, [desk.speech.say(texts.NO_EXPORT), *_problems(wrong, desk.speech)])))
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
    routes, places = await _routes(imported, place, asked, desk)
    settings = (*places, *imported.settings(place.chat_id, place.thread_id, routes))
    said = [desk.speech.say(texts.IMPORTED, n=sum(map(len, imported.lists.values())))]
    said += [desk.speech.say(texts.RESTORED)] if settings else []
    answer = desk.reply(asked.place, *pages(None, [*said, *_problems(wrong, desk.speech)]))
    return Decision(changes=(*changes, *settings), replies=answer)


async def _routes(imported: Imported, place: Place, asked: Asked, desk: Desk) -> tuple[dict[str, tuple[KeptRoute, ...]], list[Change]]:
    """Where lists were told that may be told there again: places of this chat, and chats that who imports is an admin of now.

    A file can be made up, so each place is asked about; and one of another chat says nothing about this one. Beside it the changes that set
    the places up.
    """
    if imported.chat_id != place.chat_id:
        return {}, []
    known: dict[tuple[int, int | None], Place | None] = {}
    routes: dict[str, tuple[KeptRoute, ...]] = {}
    for name, kept in imported.routes.items():
        for one in kept:
            if (one.chat_id, one.thread_id) not in known and len(known) < _MOST_PLACES:
                known[one.chat_id, one.thread_id] = await _place(one, place, asked, desk)
        if may := tuple(one for one in kept if known.get((one.chat_id, one.thread_id))):
            routes[name] = may
    return routes, [ensure(one, desk.speech, user_id=asked.user_id) for one in known.values() if one is not None]


async def _place(route: KeptRoute, place: Place, asked: Asked, desk: Desk) -> Place | None:
    if (route.chat_id, route.thread_id) == (place.chat_id, place.thread_id):
        return place
    found = await desk.rights.find(str(route.chat_id), route.thread_id)
    if found is None or found.private or found.thread_id != route.thread_id or not await desk.rights.may_tell(found):
        return None
    admin = found.chat_id == place.chat_id or await desk.rights.is_admin(found.chat_id, asked.user_id or 0)
    return found if admin else None


def _problems(wrong: Sequence[Wrong], speech: Speech) -> list[Piece]:
    """The lines of a file that could not be used."""
    said = [speech.say(texts.NOT_TAKEN, n=len(wrong))] if wrong else []
    said += [speech.name(str(one), _LONGEST_PROBLEM) for one in wrong[:_PROBLEMS]]
    return [*said, words("…")] if len(wrong) > _PROBLEMS else said
