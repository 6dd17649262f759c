"""/watch, /unwatch and /watches, and their buttons: what a chat follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, numbered_button, pages, refused, stale
from bot.commands.names import Unusable, Wanted, read_name, read_names, same_name
from bot.commands.rights import may_press, remote, target_of
from bot.commands.suggesting import offered
from bot.markup import Piece, bold, words
from bot.render import in_the_part
from bot.speech import Speech, Text
from bot.texts import watching as texts
from storage.records import AddWatch, Change, RemoveWatch, WatchRecord
from watchers.types import Organisation, Role, Watch

UNWATCH, OFFER = "u", "w"  # first letters of button data: "u:<watch>:<chat>", "w:<role>"
_MAX_BUTTONS = 30
_MAX_TOAST = 100
_MAX_ID = 2**63 - 1
_OFFERED_ROLES = {"e": Role.EITHER, "s": Role.SUPPLIER, "b": Role.PUBLIC_BODY}


async def watch(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/watch NAME, one a line; from a private chat also /watch @channel NAME."""
    place, rest = await target_of(asked, desk.rights, change=True)
    lines = read_names(rest)
    if not lines:
        return Decision(replies=desk.reply(asked.place, texts.WHICH))
    return await _follow(place, lines, desk, asked)


async def shared(asked: Asked, desk: Desk, watch_id: int) -> Decision:
    """/start w_<watch>: follow what somebody shared."""
    place, _ = await target_of(asked, desk.rights, change=True)
    record = await desk.call(desk.store.shared_watch, watch_id) if watch_id <= _MAX_ID else None
    if record is None:
        return Decision(replies=desk.reply(asked.place, texts.SHARED_GONE))
    known = any(watch.id == record.id for watch in await desk.watches(place))
    changes = (ensure(place, desk.speech, user_id=asked.user_id), _add(place, record.watch))
    name = [Wanted(record.watch.name, record.watch.role)]
    lines = _added([] if known else name, name if known else [], [], None, desk.speech)
    return Decision(changes=changes, replies=desk.reply(place, *pages(None, lines)))


async def offer(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """A name without a command, in a private chat: ask whether it is meant to be watched."""
    wanted = read_name(asked.argument) if "\n" not in asked.argument else None
    if not isinstance(wanted, Wanted):
        return Decision(replies=desk.reply(asked.place, texts.NOT_A_NAME))
    speech = desk.speech
    roles = ((speech.label(texts.OFFER_SUPPLIER), f"{OFFER}:s"), (speech.label(texts.OFFER_BODY), f"{OFFER}:b"))
    first = ((speech.label(texts.OFFER_BUTTON, name=wanted.name), f"{OFFER}:{_letter(wanted.role)}"),)
    buttons = (first, *((roles,) if wanted.role is Role.EITHER else ()))
    return Decision(replies=desk.reply(asked.place, speech.say(texts.OFFER, name=wanted.name), buttons=buttons))


async def take_offer(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """The button under an offer. The name is read from our own message, so nothing that was typed is kept for it."""
    role = _OFFERED_ROLES.get(data[0]) if len(data) == 1 else None
    wanted = read_name(pressed.offered) if pressed.offered else None
    if role is None or not isinstance(wanted, Wanted):
        return stale(desk)
    if not await may_press(pressed, pressed.place.chat_id, desk.rights):
        return refused(desk)
    decision = await _follow(pressed.place, [Wanted(wanted.name, role)], desk, pressed)
    return Decision(changes=decision.changes, replies=decision.replies, close=True)


async def unwatch(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/unwatch NAME or the number it has in /watches; without either, buttons."""
    place, rest = await target_of(asked, desk.rights, change=True)
    records = await desk.watches(place)
    if not records:
        return Decision(replies=desk.reply(asked.place, texts.WATCHING_NOTHING))
    lines = [line.strip() for line in rest.splitlines() if line.strip()]
    if not lines:
        return Decision(replies=desk.reply(asked.place, texts.WHICH_NOT, buttons=_unwatch_buttons(place, records, desk.speech)))
    gone: dict[int, WatchRecord] = {}
    unknown = []
    for line in lines:
        found = _chosen(line, records)
        gone |= {record.id: record for record in found}
        unknown += [] if found else [line]
    changes = tuple(_remove(place, record.id) for record in gone.values())
    answer = _removed(list(gone.values()), unknown, _elsewhere(place, asked.place), desk.speech)
    return Decision(changes=changes, replies=desk.reply(asked.place, *pages(None, answer)))


async def press_unwatch(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of /unwatch: only the chat's own watches can be meant, whoever made the data up."""
    match data:
        case [watch_id, chat_id] if watch_id.isdecimal() and chat_id.removeprefix("-").isdecimal():
            place = remote(pressed, int(chat_id))
        case _:
            return stale(desk)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    record = next((record for record in await desk.watches(place) if record.id == int(watch_id)), None)
    if record is None:
        return stale(desk)
    toast = desk.speech.label(texts.REMOVED_TOAST, name=record.watch.name, limit=_MAX_TOAST)
    return Decision(changes=(_remove(place, record.id),), toast=toast)


async def watches(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/watches: numbered, each with a link to share."""
    place, _ = await target_of(asked, desk.rights, change=False)
    records = await desk.watches(place)
    if not records:
        return Decision(replies=desk.reply(asked.place, texts.WATCHING_NOTHING))
    speech, chat = desk.speech, _elsewhere(place, asked.place)
    lines = [
        speech.say(
            texts.SHARED,
            number=number,
            name=_watched(record.watch.name, record.watch.role, speech),
            link=words(texts.LINK.format(username=desk.username, payload=f"w_{record.id}")),
        )
        for number, record in enumerate(records, 1)
    ]
    head = speech.say(texts.WATCHED_THERE, chat=chat) if chat else speech.say(texts.WATCHED_HERE)
    return Decision(replies=desk.reply(asked.place, *pages(head, lines)))


async def _follow(place: Place, lines: Sequence[Wanted | Unusable], desk: Desk, asked: Asked | Pressed) -> Decision:
    records = await desk.watches(place)
    new: list[Wanted] = []
    known: list[Wanted] = []
    for line in lines:
        if isinstance(line, Wanted):
            followed = any(record.watch.role is line.role and same_name(record.watch.name, line.name) for record in records)
            (known if followed else new).append(line)
    wrong = [line for line in lines if isinstance(line, Unusable)]
    changes: list[Change] = [_add(place, Watch(organisation=Organisation(name=one.name), role=one.role)) for one in new]
    if new:
        changes.insert(0, ensure(place, desk.speech, user_id=asked.user_id))
    told = _added(new, known, wrong, _elsewhere(place, asked.place), desk.speech)
    more, buttons = await offered(place, Organisation(name=new[0].name), new[0].role, desk) if len(new) == len(lines) == 1 else ([], ())
    return Decision(changes=tuple(changes), replies=desk.reply(asked.place, *pages(None, [*told, *more]), buttons=buttons))


def _added(new: Sequence[Wanted], known: Sequence[Wanted], wrong: Sequence[Unusable], chat: str | None, speech: Speech) -> list[Piece]:
    """The answer to /watch, a line for each name."""
    lines = [_of(_watched(one.name, one.role, speech), chat, texts.ADDED, texts.ADDED_THERE, speech) for one in new]
    lines += [_of(_watched(one.name, one.role, speech), chat, texts.KNOWN, texts.KNOWN_THERE, speech) for one in known]
    lines += [speech.say(texts.UNUSABLE[one.reason], line=one.line) for one in wrong]
    return [*lines, speech.say(texts.WILL_TELL, n=len(new))] if new else lines


def _removed(gone: Sequence[WatchRecord], unknown: Sequence[str], chat: str | None, speech: Speech) -> list[Piece]:
    lines = [_of(_watched(one.watch.name, one.watch.role, speech), chat, texts.REMOVED, texts.REMOVED_THERE, speech) for one in gone]
    return lines + [
        speech.say(texts.NOT_WATCHED_THERE, name=name, chat=chat) if chat else speech.say(texts.NOT_WATCHED, name=name) for name in unknown
    ]


def _of(watched: Piece, chat: str | None, here: Text, there: Text, speech: Speech) -> Piece:
    """The sentence about a watch of this chat, or of another that is named."""
    return speech.say(there, name=watched, chat=chat) if chat else speech.say(here, name=watched)


def _watched(name: str, role: Role, speech: Speech) -> Piece:
    return in_the_part(bold(speech.name(name)), role, speech)


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
        ((numbered_button(number, record.watch.name, speech), f"{UNWATCH}:{record.id}:{place.chat_id}"),)
        for number, record in enumerate(records[:_MAX_BUTTONS], 1)
    )


def _elsewhere(place: Place, here: Place) -> str | None:
    return None if place.chat_id == here.chat_id else place.title or str(place.chat_id)


def _letter(role: Role) -> str:
    return next(letter for letter, offered in _OFFERED_ROLES.items() if offered is role)


def _add(place: Place, watch: Watch) -> AddWatch:
    return AddWatch(chat_id=place.chat_id, thread_id=place.thread_id, watch=watch)


def _remove(place: Place, watch_id: int) -> RemoveWatch:
    return RemoveWatch(chat_id=place.chat_id, thread_id=place.thread_id, watch_id=watch_id)
