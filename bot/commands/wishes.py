"""What people write behind /watch, read as a watch and its terms. Pure.

    Palantir                                  Palantir as supplier over £1m without football
    Palantir AND Metropolitan Police          every cancellation by London bodies
    Palantir, cancellations only              direct awards over £1m

What is said about a watch stands behind the name, in any order and in any language the bot speaks
(``wishes.toml``); a name is what is left. Only AND in capitals joins two names: "and" is part of many.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from bot.commands.names import MAX_NAME, Unusable, Wanted, read_name
from bot.commands.wish_words import BETWEEN_WORDS, CURRENCIES, EVERY, EVERYTHING, KIND, KIND_OF, TAILS, UNITS
from watchers.areas import area_named
from watchers.types import EventKind, Organisation, Terms, Watch

CANCELLATIONS = frozenset({EventKind.CANCELLED, EventKind.TERMINATED})
AWARDS = frozenset({EventKind.AWARDED})
DIRECT = frozenset({EventKind.AWARDED, EventKind.AWARD_INTENDED})
_MOST_WORDS = 10
_LONGEST_PHRASE = 40
_LARGEST = 10**15
_LONGEST_LINE = 600
_KINDS = {
    "award": AWARDS,
    "direct award": DIRECT,
    "cancellation": CANCELLATIONS,
    "termination": frozenset({EventKind.TERMINATED}),
    "extension": frozenset({EventKind.EXTENDED}),
    "suspension": frozenset({EventKind.SUSPENDED}),
    "challenge": frozenset({EventKind.CHALLENGED}),
    "change": frozenset({EventKind.CHANGED}),
    "completion": frozenset({EventKind.COMPLETED}),
    "tender": frozenset({EventKind.TENDER_OPENED}),
}
_MINIMUM = "minimum"
_SEPARATORS = re.compile(r"[,،](?: ?[,،])+")
_AND = re.compile(r"\s+AND\s+")


@dataclass(frozen=True, slots=True)
class Wish:
    """A line that asks for a watch, on terms."""

    watch: Watch
    terms: Terms


def read_wishes(text: str) -> list[tuple[int, Wish | Unusable]]:
    """One wish a line, each with the number of its line; a line that stands there twice counts once."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.setdefault(line.strip(), number)
    return [(number, read_wish(line)) for line, number in found.items()]


def read_wish(line: str) -> Wish | Unusable:
    """One line. What is unusable says why, as one of the keys of ``texts.UNUSABLE``."""
    if len(line) > _LONGEST_LINE:
        return Unusable(line[:MAX_NAME], "long")
    rest, wish = _SEPARATORS.sub(",", " ".join(line.split())).rstrip("."), Wish(Watch(), Terms())
    while (found := _tail(rest)) is not None:
        hit, name = found
        taken = _minimum(hit, wish, name.removeprefix(_MINIMUM)) if name.startswith(_MINIMUM) else _READERS[name](hit, wish)
        if isinstance(taken, str):
            return Unusable(line, taken)
        rest, wish = rest[: hit.start()], taken
    return _named(line, rest.strip(" ,:"), wish)


def _tail(rest: str) -> tuple[re.Match[str], str] | None:
    """The last thing that is said about the watch: of several readings the shortest, so that each keeps its own words."""
    hits = [(hit, name) for pattern, name in TAILS if (hit := pattern.search(rest)) is not None]
    return max(hits, key=lambda one: one[0].start(), default=None)


def _named(line: str, rest: str, wish: Wish) -> Wish | Unusable:
    """What is left is a kind of event, or one name, or two."""
    every = EVERY.fullmatch(rest)
    if every is not None or EVERYTHING.fullmatch(rest):
        wish = Wish(wish.watch, replace(wish.terms, without_sum=False))
        return _of_kinds(every["kinds"], wish) if every is not None else wish
    names = [read_name(part) for part in _AND.split(rest)]
    for one in names:
        if isinstance(one, Unusable):
            return one
    wanted = [one for one in names if isinstance(one, Wanted)]
    match wanted:
        case [one]:
            return Wish(replace(wish.watch, organisation=Organisation(name=one.name), role=one.role), wish.terms)
        case [one, other]:
            partner = Organisation(name=other.name)
            first = replace(wish.watch, organisation=Organisation(name=one.name), role=one.role)
            return Wish(replace(first, partner=partner, partner_role=other.role), wish.terms)
    return Unusable(line, "pair")


def _minimum(hit: re.Match[str], wish: Wish, group: str) -> Wish | str:
    read = _read_sum(hit, group)
    if read is None:
        return "sum"
    return Wish(wish.watch, replace(wish.terms, minimum=read[0], currency=read[1]))


def _read_sum(hit: re.Match[str], group: str) -> tuple[int, str] | None:
    """A sum in whole units, and its currency; pounds where none is said. None when it is no sum. ``group``: what parts thousands."""
    said = (hit["before"] or hit["after"] or "£").strip().lower()
    currency = CURRENCIES.get(said, said.upper())
    if not hit["figure"] and not hit["unit"]:
        return None
    figure = (hit["figure"] or "1").rstrip(".,").replace("٬", "").replace("٫", ".")
    if re.fullmatch(rf"\d{{1,3}}([{group} ]\d{{3}})+([.,]\d+)?", figure):
        figure = figure.replace(group, "").replace(" ", "")
    try:
        amount = Decimal(figure.replace(",", ".")).scaleb(UNITS[hit["unit"].lower()] if hit["unit"] else 0)
    except InvalidOperation:
        return None
    if not 0 < amount < _LARGEST or not re.fullmatch(r"[A-Z]{3}", currency):
        return None
    return int(amount), currency


def _without(hit: re.Match[str], wish: Wish) -> Wish | str:
    words = read_words(hit["words"])
    return "words" if words is None else Wish(replace(wish.watch, without=words), wish.terms)


def read_words(said: str, *, besides: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Words and phrases with commas (or "and", "or") between them, added to those that are there; None when there are none, or too many."""
    new = [word.strip(" \"'“”") for word in BETWEEN_WORDS.split(said) if word.strip(" \"'“”")]
    words = tuple(dict.fromkeys((*besides, *new)))
    if not new or len(words) > _MOST_WORDS or any(len(word) > _LONGEST_PHRASE or not any(map(str.isalnum, word)) for word in new):
        return None
    return words


def _kinds(hit: re.Match[str], wish: Wish) -> Wish | str:
    return _of_kinds(next(value for value in hit.groupdict().values() if value), wish)


def _of_kinds(said: str, wish: Wish) -> Wish:
    kinds: frozenset[EventKind] = frozenset()
    direct = False
    for one in KIND.finditer(said):
        named = KIND_OF[one["kind"].lower()]
        without_competition = bool(one["before"] or one["behind"]) or _KINDS[named] == DIRECT
        kinds |= DIRECT if without_competition and named == "award" else _KINDS[named]
        direct = direct or without_competition
    return Wish(replace(wish.watch, direct=direct), replace(wish.terms, kinds=kinds))


def _area(hit: re.Match[str], wish: Wish) -> Wish | str:
    return Wish(replace(wish.watch, area=area_named(re.sub(r"^(?:the|all)\s+", "", hit["area"], flags=re.IGNORECASE))), wish.terms)


_READERS: dict[str, Callable[[re.Match[str], Wish], Wish | str]] = {
    "without": _without,
    "kinds": _kinds,
    "area": _area,
}
