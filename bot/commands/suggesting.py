"""Under the answer to /watch: other names and numbers that official notices have for what was added. Taken only when somebody presses.

The button holds the digest of one suggestion; what it adds is read from the notices again when it is pressed, so a button can add nothing
that is not in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.commands.asked import Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, numbered_button, refused, stale
from bot.commands.names import read_name, same_name
from bot.commands.rights import may_press, remote
from bot.markup import Piece, join
from bot.speech import Speech
from bot.texts import watching as texts
from storage.parties import StoredParty
from storage.records import AddWatch, RemoveWatch
from watchers.suggest import Suggestion, piece_of, registered, suggest
from watchers.types import Organisation, Role

TAKE = "k"  # first letter of button data: "k:<digest>:<role>:<chat>"
_MOST = 3
_MAX_NUMBER = 40  # units of an identifier
_NUMBERS = 3  # identifiers under which other names are looked for
_LETTERS = {"e": Role.EITHER, "s": Role.SUPPLIER, "b": Role.PUBLIC_BODY}


async def suggestions(organisation: Organisation, role: Role, desk: Desk) -> tuple[Suggestion, ...]:
    """What the stored notices would add to a watch."""
    piece = piece_of(organisation.name)
    if piece is None:
        return ()
    known: list[StoredParty] = await desk.call(desk.store.parties_named, piece, role)
    for identifier in registered(organisation, known)[:_NUMBERS]:
        known = list(dict.fromkeys([*known, *await desk.call(desk.store.parties_registered, identifier, role)]))
    return suggest(organisation, known, _MOST)


async def offered(place: Place, organisation: Organisation, role: Role, desk: Desk) -> tuple[list[Piece], Buttons]:
    """The lines and the buttons that go under the answer to a watch that was added; none where the notices know no more."""
    found = await suggestions(organisation, role, desk)
    if not found:
        return [], ()
    lines = [desk.speech.say(texts.SUGGESTED)]
    lines += [_line(number, one, desk.speech) for number, one in enumerate(found, 1)]
    letter = next(letter for letter, one in _LETTERS.items() if one is role)
    buttons = tuple(
        ((numbered_button(number, one.names[0], desk.speech), f"{TAKE}:{one.key}:{letter}:{place.chat_id}"),)
        for number, one in enumerate(found, 1)
    )
    return lines, buttons


async def press(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button: the watch of the name in our own message is replaced by one with more names. It must still be the chat's own."""
    match data:
        case [key, "e" | "s" | "b" as letter, chat_id] if chat_id.removeprefix("-").isdecimal():
            place, role = remote(pressed, int(chat_id)), _LETTERS[letter]
        case _:
            return stale(desk)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    name = getattr(read_name(pressed.offered or ""), "name", "")
    watched = (one for one in await desk.watches(place) if one.watch.role is role and same_name(one.watch.name, name))
    record = next(watched, None) if name else None
    if record is None or record.watch.organisation is None:
        return stale(desk)
    chosen = next((one for one in await suggestions(record.watch.organisation, role, desk) if one.key == key), None)
    if chosen is None:
        return stale(desk)
    changes = (
        RemoveWatch(chat_id=place.chat_id, thread_id=place.thread_id, watch_id=record.id),
        AddWatch(
            chat_id=place.chat_id,
            thread_id=place.thread_id,
            watch=replace(record.watch, organisation=chosen.added_to(record.watch.organisation)),
            terms=record.terms,
        ),
    )
    return Decision(changes=changes, toast=_taken(chosen, desk.speech))


def _line(number: int, one: Suggestion, speech: Speech) -> Piece:
    """A line of what notices know: the name, its numbers, in how many notices it stands, and why it is offered."""
    known = [speech.name(one.names[0]), *(speech.name(identifier, _MAX_NUMBER) for identifier in one.identifiers[:2])]
    if more := len(one.names) - 1:
        known.append(speech.say(texts.MORE_NAMES, n=more))
    notices, why = speech.say(texts.NOTICES, n=one.notices), speech.say(texts.WHY[one.why], by=one.by)
    return speech.say(texts.SUGGESTION, number=number, known=join(" · ", known), notices=notices, why=why)


def _taken(one: Suggestion, speech: Speech) -> str:
    names, numbers = len(one.names) > 1, len(one.identifiers)
    if numbers:
        return speech.label(texts.SUGGESTED_ALL_TOAST if names else texts.SUGGESTED_NUMBERS_TOAST, name=one.names[0], n=numbers)
    return speech.label(texts.SUGGESTED_NAMES_TOAST if names else texts.SUGGESTED_TOAST, name=one.names[0])
