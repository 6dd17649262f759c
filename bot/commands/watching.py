"""/watch, /unwatch and /watches, and their buttons: what a chat follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot import texts
from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Decision, Desk, ensure, pages, say
from bot.commands.names import Unusable, Wanted, read_name, read_names, same_name
from bot.commands.rights import may_press, remote, target_of
from bot.commands.suggesting import offered
from storage.records import AddWatch, Change, RemoveWatch, WatchRecord
from watchers.types import Organisation, Role

UNWATCH, OFFER = "u", "w"  # first letters of button data: "u:<watch>:<chat>", "w:<role>"
_MAX_BUTTONS = 30
_MAX_ID = 2**63 - 1
_OFFERED_ROLES = {"e": Role.EITHER, "s": Role.SUPPLIER, "b": Role.PUBLIC_BODY}


async def watch(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/watch NAME, one a line; from a private chat also /watch @channel NAME."""
    place, rest = await target_of(asked, desk.rights, change=True)
    lines = read_names(rest)
    if not lines:
        return Decision(replies=say(asked.place, texts.WHICH))
    return await _follow(place, lines, desk, asked)


async def shared(asked: Asked, desk: Desk, watch_id: int) -> Decision:
    """/start w_<watch>: follow what somebody shared."""
    place, _ = await target_of(asked, desk.rights, change=True)
    record = await desk.call(desk.store.shared_watch, watch_id) if watch_id <= _MAX_ID else None
    if record is None:
        return Decision(replies=say(asked.place, texts.SHARED_GONE))
    known = any(watch.id == record.id for watch in await desk.watches(place))
    changes = (_ensure(place, asked), _add(place, record.organisation, record.role))
    line = [(record.organisation.name, record.role)]
    return Decision(changes=changes, replies=say(place, *pages("", texts.added([] if known else line, line if known else [], [], None))))


async def offer(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """A name without a command, in a private chat: ask whether it is meant to be watched."""
    wanted = read_name(asked.argument) if "\n" not in asked.argument else None
    if not isinstance(wanted, Wanted):
        return Decision(replies=say(asked.place, texts.NOT_A_NAME))
    roles = ((texts.OFFER_SUPPLIER, f"{OFFER}:s"), (texts.OFFER_BODY, f"{OFFER}:b"))
    buttons = (((texts.offer_button(wanted.name), f"{OFFER}:{_letter(wanted.role)}"),), *((roles,) if wanted.role is Role.EITHER else ()))
    return Decision(replies=say(asked.place, texts.offer(wanted.name), buttons=buttons))


async def take_offer(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """The button under an offer. The name is read from our own message, so nothing that was typed is kept for it."""
    role = _OFFERED_ROLES.get(data[0]) if len(data) == 1 else None
    wanted = read_name(pressed.offered) if pressed.offered else None
    if role is None or not isinstance(wanted, Wanted):
        return Decision(toast=texts.STALE_BUTTON)
    if not await may_press(pressed, pressed.place.chat_id, desk.rights):
        return Decision(toast=texts.ADMINS_ONLY_TOAST, loud=True)
    decision = await _follow(pressed.place, [Wanted(wanted.name, role)], desk, pressed)
    return Decision(changes=decision.changes, replies=decision.replies, close=True)


async def unwatch(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/unwatch NAME or the number it has in /watches; without either, buttons."""
    place, rest = await target_of(asked, desk.rights, change=True)
    records = await desk.watches(place)
    if not records:
        return Decision(replies=say(asked.place, texts.WATCHING_NOTHING))
    lines = [line.strip() for line in rest.splitlines() if line.strip()]
    if not lines:
        return Decision(replies=say(asked.place, texts.WHICH_NOT, buttons=_unwatch_buttons(place, records)))
    gone: dict[int, WatchRecord] = {}
    unknown = []
    for line in lines:
        found = _chosen(line, records)
        gone |= {record.id: record for record in found}
        unknown += [] if found else [line]
    changes = tuple(_remove(place, record.id) for record in gone.values())
    answer = texts.removed([(record.organisation.name, record.role) for record in gone.values()], unknown, _elsewhere(place, asked.place))
    return Decision(changes=changes, replies=say(asked.place, *pages("", answer)))


async def press_unwatch(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of /unwatch: only the chat's own watches can be meant, whoever made the data up."""
    match data:
        case [watch_id, chat_id] if watch_id.isdecimal() and chat_id.removeprefix("-").isdecimal():
            place = remote(pressed, int(chat_id))
        case _:
            return Decision(toast=texts.STALE_BUTTON)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return Decision(toast=texts.ADMINS_ONLY_TOAST, loud=True)
    record = next((record for record in await desk.watches(place) if record.id == int(watch_id)), None)
    if record is None:
        return Decision(toast=texts.STALE_BUTTON)
    return Decision(changes=(_remove(place, record.id),), toast=texts.removed_toast(record.organisation.name))


async def watches(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/watches: numbered, each with a link to share."""
    place, _ = await target_of(asked, desk.rights, change=False)
    records = await desk.watches(place)
    if not records:
        return Decision(replies=say(asked.place, texts.WATCHING_NOTHING))
    lines = [
        texts.numbered(number, record.organisation.name, record.role, texts.LINK.format(username=desk.username, payload=f"w_{record.id}"))
        for number, record in enumerate(records, 1)
    ]
    return Decision(replies=say(asked.place, *pages(texts.watch_list(_elsewhere(place, asked.place)), lines)))


async def _follow(place: Place, lines: Sequence[Wanted | Unusable], desk: Desk, asked: Asked | Pressed) -> Decision:
    records = await desk.watches(place)
    new: list[tuple[str, Role]] = []
    known: list[tuple[str, Role]] = []
    for line in lines:
        if isinstance(line, Wanted):
            followed = any(record.role is line.role and same_name(record.organisation.name, line.name) for record in records)
            (known if followed else new).append((line.name, line.role))
    wrong = [(line.line, line.reason) for line in lines if isinstance(line, Unusable)]
    changes = (_ensure(place, asked), *(_add(place, Organisation(name=name), role) for name, role in new)) if new else ()
    told = texts.added(new, known, wrong, _elsewhere(place, asked.place))
    more, buttons = await offered(place, Organisation(name=new[0][0]), new[0][1], desk) if len(new) == len(lines) == 1 else ([], ())
    return Decision(changes=changes, replies=say(asked.place, *pages("", [*told, *more]), buttons=buttons))


def _chosen(line: str, records: Sequence[WatchRecord]) -> list[WatchRecord]:
    """The watches a line means: a number of the list, a name in the part that is given, or a name in every part."""
    number = line.removeprefix("#").rstrip(".")
    if number.isdecimal():
        return [records[int(number) - 1]] if 0 < int(number) <= len(records) else []
    wanted = read_name(line)
    if not isinstance(wanted, Wanted):
        return []
    named = [record for record in records if same_name(record.organisation.name, wanted.name)]
    return [record for record in named if wanted.role is Role.EITHER or record.role is wanted.role]


def _unwatch_buttons(place: Place, records: Sequence[WatchRecord]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(
        ((texts.unwatch_button(number, record.organisation.name), f"{UNWATCH}:{record.id}:{place.chat_id}"),)
        for number, record in enumerate(records[:_MAX_BUTTONS], 1)
    )


def _elsewhere(place: Place, here: Place) -> str | None:
    return None if place.chat_id == here.chat_id else place.title or str(place.chat_id)


def _letter(role: Role) -> str:
    return next(letter for letter, offered in _OFFERED_ROLES.items() if offered is role)


def _ensure(place: Place, asked: Asked | Pressed) -> Change:
    return ensure(place, language=asked.language, user_id=asked.user_id)


def _add(place: Place, organisation: Organisation, role: Role) -> AddWatch:
    return AddWatch(chat_id=place.chat_id, thread_id=place.thread_id, organisation=organisation, role=role)


def _remove(place: Place, watch_id: int) -> RemoveWatch:
    return RemoveWatch(chat_id=place.chat_id, thread_id=place.thread_id, watch_id=watch_id)
