"""By which other names and numbers an organisation goes, as official notices write them: offered when a watch is made, never added alone.

A name alone proves little: three companies may bear it, and a brand begins the names of firms that have nothing to do with each other. So
what is registered under one number is one organisation and one suggestion; what shares a name and differs in its number is offered as a
choice; and every suggestion says why it is made and in how many notices it rests. Pure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from watchers.names import fold, folded, normal_name
from watchers.types import Organisation

_NAMES = 5  # of one suggestion; registers write some names in a dozen ways
_LEAST_PIECE = 2  # letters; a shorter piece is in every name
_LATIN = re.compile(r"[a-z0-9]+", re.IGNORECASE)


class Known(Protocol):
    """What is needed of a stored party."""

    @property
    def name(self) -> str: ...
    @property
    def identifiers(self) -> tuple[str, ...]: ...
    @property
    def notices(self) -> int: ...


class Why(StrEnum):
    """Why an organisation of the notices may be the watched one, the surest first."""

    NUMBER = "number"  # it is registered under a number of the watch
    NAME = "name"  # it has the same name
    BEGINNING = "beginning"  # a name of it begins with the watched one


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An organisation of the notices that may be the watched one: what it would add, in how many notices it stands, and why.

    ``by`` is what the two have in common: the number or the name.
    """

    names: tuple[str, ...]  # those in most notices first
    identifiers: tuple[str, ...]
    notices: int
    why: Why
    by: str

    @property
    def key(self) -> str:
        """Eight hexadecimal digits by which a button means this suggestion and no other."""
        return sha256("\n".join((*sorted(self.identifiers), "", *sorted(self.names)[:1])).encode()).hexdigest()[:8]

    def added_to(self, organisation: Organisation) -> Organisation:
        """The organisation with these names and identifiers as well."""
        aliases = dict.fromkeys((*organisation.aliases, *(name for name in self.names if name != organisation.name)))
        identifiers = dict.fromkeys((*organisation.identifiers, *self.identifiers))
        return Organisation(name=organisation.name, aliases=tuple(aliases), identifiers=tuple(identifiers))


def piece_of(name: str) -> str | None:
    """The piece of a name to look for among stored ones: its longest plain letters, as databases fold nothing else; None when it has none.

    Legal forms are no such piece ("Services Ltd" is in a thousand names), so the first word of the bare name leads.
    """
    words = normal_name(name).split()
    first = next((word for word in re.findall(r"[^\W_]+", name) if words and fold(word) == words[0]), "")
    pieces = _LATIN.findall(first) or ([first] if first else [])
    best = max(pieces, key=len, default="")
    return best if len(best) >= _LEAST_PIECE else None


def registered(organisation: Organisation, known: Iterable[Known]) -> tuple[str, ...]:
    """The identifiers that parties of this very name are registered under, those of most notices first: others may bear them too."""
    own = _keys(organisation)
    counts: Counter[str] = Counter()
    for party in known:
        if normal_name(party.name) in own:
            counts.update(dict.fromkeys(party.identifiers, party.notices))
    return (*organisation.identifiers, *(one for one, _ in counts.most_common() if one not in organisation.identifiers))


def suggest(organisation: Organisation, known: Sequence[Known], most: int) -> tuple[Suggestion, ...]:
    """What may be added to a watch, the surest first: the same name, then a shared number, then a name that begins with it."""
    own, found = _keys(organisation), []
    for group in _groups(known):
        why = _why(organisation, own, group)
        if why is None:
            continue
        made = _suggestion(organisation, group, *why)
        if made is not None:
            found.append((tuple(Why).index(made.why), -made.notices, made.names, made))
    return tuple(made for *_, made in sorted(found, key=lambda one: one[:3])[:most])


def _keys(organisation: Organisation) -> frozenset[str]:
    return frozenset(filter(None, map(normal_name, (organisation.name, *organisation.aliases))))


def _groups(known: Sequence[Known]) -> list[list[Known]]:
    """The parties by organisation: one number is one organisation; without a number a name is that of the only one that bears it."""
    leader: dict[str, str] = {}

    def find(one: str) -> str:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for party in known:
        for identifier in party.identifiers[1:]:
            leader[find(identifier)] = find(party.identifiers[0])
    by_name: dict[str, set[str]] = defaultdict(set)
    for party in known:
        if party.identifiers:
            by_name[normal_name(party.name)].add(find(party.identifiers[0]))
    groups: dict[str, list[Known]] = defaultdict(list)
    for party in known:
        name = normal_name(party.name)
        bearers = by_name.get(name, set())
        if party.identifiers:
            groups[find(party.identifiers[0])].append(party)
        else:
            groups[next(iter(bearers)) if len(bearers) == 1 else f"\0{name}"].append(party)
    return list(groups.values())


def _why(organisation: Organisation, own: frozenset[str], group: Sequence[Known]) -> tuple[Why, str] | None:
    """Why a group may be the organisation, with what they have in common; None where nothing says so."""
    names = {normal_name(party.name) for party in group}
    shared = next((one for party in group for one in party.identifiers if one in organisation.identifiers), None)
    if shared is not None:
        return Why.NUMBER, shared
    if names & own:
        return Why.NAME, organisation.name
    words = [key.split() for key in own]
    if any(name.split()[: len(first)] == first for name in names for first in words):
        return Why.BEGINNING, organisation.name
    return None


def _suggestion(organisation: Organisation, group: Sequence[Known], why: Why, by: str) -> Suggestion | None:
    """What a group would add; None where the watch has it all. A name that differs only in its legal form is found without being added."""
    own = {" ".join(folded(name)) for name in (organisation.name, *organisation.aliases)}
    counts: Counter[str] = Counter()
    for party in group:
        counts[party.name] += party.notices
    names: dict[str, str] = {}
    for name, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        names.setdefault(normal_name(name), name)
    own_keys = _keys(organisation)
    new = [name for key, name in names.items() if key not in own_keys and " ".join(folded(name)) not in own]
    numbers = dict.fromkeys(one for party in group for one in party.identifiers if one not in organisation.identifiers)
    if not new and not numbers:
        return None
    shown = new or [next(iter(counts))]
    return Suggestion(names=tuple(shown[:_NAMES]), identifiers=tuple(numbers), notices=counts.total(), why=why, by=by)
