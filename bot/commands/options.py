"""The choices about a watch, as rows of buttons: the part it must play, the kinds of event, the least sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bot.commands.desk import Buttons
from bot.commands.wishes import AWARDS, CANCELLATIONS, Wish
from bot.speech import Speech, Text
from bot.texts import wishes as texts
from watchers.types import EventKind, Role

_PARTS = {"e": (Role.EITHER, texts.ANY_PART), "s": (Role.SUPPLIER, texts.AS_SUPPLIER), "b": (Role.PUBLIC_BODY, texts.AS_BODY)}
_KINDS: dict[str, tuple[frozenset[EventKind] | None, Text]] = {
    "u": (None, texts.USUAL_KINDS),
    "a": (AWARDS, texts.ONLY_AWARDS),
    "c": (CANCELLATIONS, texts.ONLY_CANCELLATIONS),
    "e": (frozenset(kind for kind in EventKind if kind.happens), texts.ALL_KINDS),
}
_SUMS = (None, 100_000, 1_000_000, 10_000_000)


def option_rows(wish: Wish, speech: Speech, data: Callable[[str, str], str]) -> Buttons:
    """The rows; what holds is marked. ``data``: the button data of a choice, from what it is about and its value."""
    parts = tuple((_label(text, role is wish.watch.role, speech), data("r", key)) for key, (role, text) in _PARTS.items())
    kinds = [(_label(text, kinds == wish.terms.kinds, speech), data("k", key)) for key, (kinds, text) in _KINDS.items()]
    sums = tuple((_sum_label(least, wish, speech), data("m", str(least or 0))) for least in _SUMS)
    named = (parts,) if wish.watch.organisation is not None and wish.watch.partner is None else ()
    unstated = ((_label(texts.WITHOUT_SUM, wish.terms.without_sum, speech), data("z", str(int(not wish.terms.without_sum)))),)
    return (*named, tuple(kinds[:1]), tuple(kinds[1:]), sums, *((unstated,) if wish.terms.minimum is not None else ()))


def adjusted(wish: Wish, what: str, value: str) -> Wish | None:
    """The wish with another choice; None where there is no such choice."""
    if what == "r" and value in _PARTS and wish.watch.organisation is not None:
        return replace(wish, watch=replace(wish.watch, role=_PARTS[value][0]))
    if what == "k" and value in _KINDS:
        return replace(wish, terms=replace(wish.terms, kinds=_KINDS[value][0]))
    if what == "m" and value in {str(least or 0) for least in _SUMS}:
        return replace(wish, terms=replace(wish.terms, minimum=int(value) or None))
    if what == "z" and value in ("0", "1"):
        return replace(wish, terms=replace(wish.terms, without_sum=value == "1"))
    return None


def _label(text: Text, holds: bool, speech: Speech) -> str:
    label = speech.label(text)
    return speech.say(texts.CHOSEN, choice=speech.say(text)).plain if holds else label


def _sum_label(least: int | None, wish: Wish, speech: Speech) -> str:
    if least is None:
        return _label(texts.ANY_SUM, wish.terms.minimum is None, speech)
    shown = speech.money(Decimal(least), wish.terms.currency, short=True)
    return speech.say(texts.CHOSEN, choice=shown).plain if wish.terms.minimum == least else shown.plain
