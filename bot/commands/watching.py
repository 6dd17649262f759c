"""/watch and /unwatch, and their buttons: what a chat follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, numbered_button, pages, refused, stale
from bot.commands.drafting import elsewhere, propose
from bot.commands.names import Unusable, Wanted, read_name, same_name
from bot.commands.rights import may_press, remote, target_of
from bot.commands.wishes import read_wishes
from bot.markup import Piece
from bot.speech import Speech, Text
from bot.texts import watching as texts
from bot.watch_words import describe, short_name
from storage.records import AddWatch, RemoveWatch, WatchRecord
from watchers.types import Role

UNWATCH = "u"  # first letter of button data: "u:<watch>:<chat>"
_MAX_BUTTONS = 30
_MAX_TOAST = 100
_MAX_ID = 2**63 - 1


async def watch(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/watch and what it asks for, one a line; from a private chat also /watch @channel NAME."""
    place, rest = await target_of(asked, desk.rights, change=True)
    lines = read_wishes(rest)
    if not lines:
        return Decision(replies=desk.reply(asked.place, texts.WHICH))
    return await propose(asked, place, lines, desk, now)


async def shared(asked: Asked, desk: Desk, watch_id: int) -> Decision:
    """/start w_<watch>: follow what somebody shared."""
    place, _ = await target_of(asked, desk.rights, change=True)
    record = await desk.call(desk.store.shared_watch, watch_id) if watch_id <= _MAX_ID else None
    if record is None:
        return Decision(replies=desk.reply(asked.place, texts.SHARED_GONE))
    known = any(watch.id == record.id for watch in await desk.watches(place))
    shown = describe(record.watch, desk.speech)
    if known:
        return Decision(replies=desk.reply(place, desk.speech.say(texts.KNOWN, name=shown)))
    add = AddWatch(chat_id=place.chat_id, thread_id=place.thread_id, watch=record.watch)
    said = [desk.speech.say(texts.ADDED, name=shown), desk.speech.say(texts.WILL_TELL)]
    return Decision(changes=(ensure(place, desk.speech, user_id=asked.user_id), add), replies=desk.reply(place, *pages(None, said)))


async def offer(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """Words without a command, in a private chat: what they ask for is proposed as /watch proposes it."""
    lines = read_wishes(asked.argument)
    if len(lines) != 1 or isinstance(lines[0][1], Unusable):
        return Decision(replies=desk.reply(asked.place, texts.NOT_A_NAME))
    return await propose(asked, asked.place, lines, desk, now)


async def unwatch(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/unwatch NAME or the number it has in /watches; without either, buttons."""
    place, rest = await target_of(asked, desk.rights, change=True)
    records = await desk.watches(place)
    if not records:
        return Decision(replies=desk.reply(asked.place, texts.WATCHING_NOTHING))
    lines = [line.strip() for line in rest.splitlines() if line.strip()]
    if not lines:
        return Decision(replies=desk.reply(asked.place, texts.WHICH_NOT, buttons=_unwatch_buttons(place, records, desk.speech)))
    gone: dict[tuple[int | None, int], WatchRecord] = {}
    unknown = []
    for line in lines:
        found = _chosen(line, records)
        gone |= {(record.list_id, record.id): record for record in found}
        unknown += [] if found else [line]
    changes = tuple(_remove(place, record) for record in gone.values() if record.mine)
    answer = _removed(list(gone.values()), unknown, elsewhere(place, asked.place), desk.speech)
    return Decision(changes=changes, replies=desk.reply(asked.place, *pages(None, answer)))


async def press_unwatch(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of /unwatch: only the chat's own watches can be meant, whoever made the data up."""
    place = remote(pressed, data[1]) if len(data) == 2 and data[0].isdecimal() else None  # noqa: PLR2004
    if place is None:
        return stale(desk)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    record = next((record for record in await desk.watches(place) if record.id == int(data[0]) and record.mine), None)
    if record is None:
        return stale(desk)
    toast = desk.speech.label(texts.REMOVED_TOAST, name=short_name(record.watch, desk.speech), limit=_MAX_TOAST)
    return Decision(changes=(_remove(place, record),), toast=toast)


def _removed(gone: Sequence[WatchRecord], unknown: Sequence[str], chat: str | None, speech: Speech) -> list[Piece]:
    lines = [
        _of(describe(one.watch, speech, one.terms), chat, texts.REMOVED, texts.REMOVED_THERE, speech)
        if one.mine
        else speech.say(texts.NOT_YOURS, name=describe(one.watch, speech, one.terms), list=one.watchlist or "")
        for one in gone
    ]
    return lines + [
        speech.say(texts.NOT_WATCHED_THERE, name=name, chat=chat) if chat else speech.say(texts.NOT_WATCHED, name=name) for name in unknown
    ]


def _of(watched: Piece, chat: str | None, here: Text, there: Text, speech: Speech) -> Piece:
    """The sentence about a watch of this chat, or of another that is named."""
    return speech.say(there, name=watched, chat=chat) if chat else speech.say(here, name=watched)


def _chosen(line: str, records: Sequence[WatchRecord]) -> list[WatchRecord]:
    """The watches a line means: a number of the list, a name in the part that is given, or a name in every part."""
    number = line.removeprefix("#").rstrip(".")
    if number.isdecimal():
        return [records[int(number) - 1]] if 0 < int(number) <= len(records) else []
    wanted = read_name(line)
    if not isinstance(wanted, Wanted):
        return []
    named = [record for record in records if same_name(record.watch.name, wanted.name)]
    return [record for record in named if wanted.role is Role.EITHER or record.watch.role is wanted.role]


def _unwatch_buttons(place: Place, records: Sequence[WatchRecord], speech: Speech) -> Buttons:
    return tuple(
        ((numbered_button(number, short_name(record.watch, speech), speech), f"{UNWATCH}:{record.id}:{place.code}"),)
        for number, record in enumerate(records[:_MAX_BUTTONS], 1)
        if record.mine
    )


def _remove(place: Place, record: WatchRecord) -> RemoveWatch:
    named = record.list_id if record.watchlist is not None else None
    return RemoveWatch(chat_id=place.chat_id, thread_id=place.thread_id, watch_id=record.id, watchlist_id=named)
