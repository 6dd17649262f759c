"""Other names and numbers that official notices have for what somebody is about to watch: offered, and taken only when somebody presses."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.desk import Desk
from bot.markup import Piece, join
from bot.speech import Speech
from bot.texts import watching as texts
from storage.parties import StoredParty
from watchers.suggest import Suggestion, piece_of, registered, suggest
from watchers.types import Organisation, Role

_MOST = 3
_MAX_NUMBER = 40  # units of an identifier
_NUMBERS = 3  # identifiers under which other names are looked for


async def suggestions(organisation: Organisation, role: Role, desk: Desk) -> tuple[Suggestion, ...]:
    """What the stored notices would add to a watch."""
    piece = piece_of(organisation.name)
    if piece is None:
        return ()
    known: list[StoredParty] = await desk.call(desk.store.parties_named, piece, role)
    for identifier in registered(organisation, known)[:_NUMBERS]:
        known = list(dict.fromkeys([*known, *await desk.call(desk.store.parties_registered, identifier, role)]))
    return suggest(organisation, known, _MOST)


def suggestion_lines(found: Sequence[Suggestion], speech: Speech) -> list[Piece]:
    """The lines that say what the notices know; their buttons are whoever's shows them."""
    return [speech.say(texts.SUGGESTED), *(_line(number, one, speech) for number, one in enumerate(found, 1))]


def _line(number: int, one: Suggestion, speech: Speech) -> Piece:
    """A line of what notices know: the name, its numbers, in how many notices it stands, and why it is offered."""
    known = [speech.name(one.names[0]), *(speech.name(identifier, _MAX_NUMBER) for identifier in one.identifiers[:2])]
    if more := len(one.names) - 1:
        known.append(speech.say(texts.MORE_NAMES, n=more))
    notices, why = speech.say(texts.NOTICES, n=one.notices), speech.say(texts.WHY[one.why], by=one.by)
    return speech.say(texts.SUGGESTION, number=number, known=join(" · ", known), notices=notices, why=why)
