"""A watch said in full, in the words of a chat: what it asks for, and what of that is told."""

from __future__ import annotations

from decimal import Decimal

from bot.markup import Piece, bold, join
from bot.render import in_the_part
from bot.speech import Speech
from bot.texts import wishes as texts
from watchers.types import DEFAULT_TERMS, EventKind, Terms, Watch

_ORDER = tuple(EventKind)


def describe(watch: Watch, speech: Speech, terms: Terms = DEFAULT_TERMS) -> Piece:
    """All that somebody who follows the watch is told of: "Palantir (supplier) · only: cancellations · from £1,000,000"."""
    parts = [_who(watch, speech)]
    if watch.area:
        parts.append(speech.say(texts.AREA, area=watch.area))
    if watch.direct:
        parts.append(speech.say(texts.DIRECT))
    if terms.kinds is not None:
        parts.append(speech.say(texts.ONLY_KINDS, kinds=kinds_in_words(terms.kinds, speech)))
    if terms.minimum is not None:
        least = speech.money(Decimal(terms.minimum), terms.currency)
        parts.append(speech.say(texts.FROM_SUM if terms.without_sum else texts.FROM_SUM_STATED, sum=least))
    if watch.without:
        parts.append(speech.say(texts.WITHOUT, words=speech.list([speech.name(word) for word in watch.without])))
    if terms.paused:
        parts.append(speech.say(texts.PAUSED))
    return join(" · ", parts)


def kinds_in_words(kinds: frozenset[EventKind], speech: Speech) -> Piece:
    """The kinds as a list, those that people ask for most first."""
    return speech.list([speech.say(texts.KINDS[kind]) for kind in _ORDER if kind in kinds])


def short_name(watch: Watch, speech: Speech) -> str:
    """A watch as plain words for a button."""
    return speech.short(watch.name) if watch.name else describe(watch, speech).plain


def _who(watch: Watch, speech: Speech) -> Piece:
    named = [in_the_part(bold(speech.name(one.name)), role, speech) for one, role in watch.sides]
    match named:
        case [first, second]:
            return speech.say(texts.PAIR, first=first, second=second)
        case [one]:
            return one
    return bold(speech.say(texts.ANY_CONTRACT))
