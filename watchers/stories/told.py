"""What one entry tells, as stories compare it: the words of its headline, its parties, sum, event, time and page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from watchers.names import normal_name
from watchers.stories.lexicon import lexicon, stem
from watchers.stories.words import Text, read
from watchers.types import AlertClass, Entry, EventKind, Finding, Money, Party

_BREAK = re.compile(r"[-_+]|%20")
_HEADLINE = 4  # words that make a part of an address a headline


_ACTS = {AlertClass.AWARDED: "award", AlertClass.CANCELLED: "cancel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry, or one member of a stored story. ``at`` is None where nobody knows when."""

    title: Text
    acts: Mapping[str, frozenset[bool]]  # what is done, as ``Text.acts``; where the grammar told the event, its act for all other steps
    heads: tuple[Text, ...]  # the title, and the headline that its address keeps where it has other words
    event: EventKind = EventKind.NONE
    suppliers: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    value: Money | None = None
    at: datetime | None = None
    official: bool = False
    pages: frozenset[str] = frozenset()
    ocids: frozenset[str] = frozenset()
    awards: frozenset[str] = frozenset()  # "<ocid>:<award id>"

    @property
    def kind(self) -> str:
        """The class of event; empty where none is told."""
        return "" if self.event is EventKind.NONE else str(self.event.alert or self.event)

    @property
    def happened(self) -> bool:
        """Whether the grammar found an award or a cancellation. The other kinds are coarse: a challenge is brought, heard and lost."""
        return self.event.alert is not None

    @property
    def sums(self) -> tuple[Money, ...]:
        return (self.value,) if self.value is not None else self.title.sums


def told(entry: Entry, finding: Finding | None, at: datetime | None) -> Told:
    """Read an entry. Of its summary only what the grammar finds in it counts: shared words of summaries tell of a shared subject."""
    title = read(entry.title)
    notice = finding.notice if finding else None
    event = finding.event if finding else EventKind.NONE
    return Told(
        title=title,
        acts=acts(title, event),
        heads=_heads(title, entry.url),
        event=event,
        suppliers=names(finding.suppliers) if finding else frozenset(),
        bodies=names(finding.public_bodies) if finding else frozenset(),
        value=finding.value if finding else None,
        at=at,
        official=notice is not None,
        pages=frozenset({entry.link_key.hex()}) if entry.link_key is not None and notice is None else frozenset(),
        ocids=frozenset({notice.ocid}) if notice else frozenset(),
        awards=frozenset(f"{notice.ocid}:{award}" for award in notice.award_ids) if notice else frozenset(),
    )


def acts(title: Text, event: EventKind) -> Mapping[str, frozenset[bool]]:
    """What is done: by the lexicon, or where the grammar found what happened, by the grammar."""
    if event.alert is None:
        return title.acts
    steps = lexicon().steps
    return {act: moods for act, moods in title.acts.items() if act not in steps} | {_ACTS[event.alert]: frozenset({False})}


def _heads(title: Text, url: str | None) -> tuple[Text, ...]:
    """A page's address often keeps the headline it was first given, or names who the published one only hints at."""
    slug = _slug(url) if url else ""
    kept = read(slug) if slug else title
    return (title,) if kept.words <= title.words else (title, kept)


def _slug(url: str) -> str:
    """The part of an address that is a headline in words; empty where there is none."""
    parts = (part.rpartition(".")[0] or part for part in urlsplit(url).path.split("/"))
    words_of = max(([word for word in _BREAK.split(part) if word] for part in parts), key=len, default=[])
    words_of = [word for word in words_of if not any(char.isdigit() for char in word)]
    return " ".join(words_of) if len(words_of) >= _HEADLINE else ""


def names(parties: Sequence[Party]) -> frozenset[str]:
    """The names of parties as they compare, and their identifiers behind a sign that no name has."""
    found = {name for party in parties if (name := normal_name(party.name))}
    return frozenset(found | {f"#{identifier}" for party in parties for identifier in party.identifiers})


def same_party(ours: frozenset[str], theirs: frozenset[str]) -> bool | None:
    """Whether two sides name a common organisation; None where one names none, or only its state.

    Longer and shorter forms of one name agree, and so do two names of one body, and a body and what it is a part of.
    """
    ours, theirs = _telling(ours), _telling(theirs)
    if not ours or not theirs:
        return None
    return any(_same(one, other) for one in ours for other in theirs)


def _telling(names_of: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names_of if not lexicon().state(_stems(name)))


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if one[0] == "#" or other[0] == "#":
        return False
    first, second = one.split(), other.split()
    short, long = sorted((first, second), key=len)
    if long[: len(short)] == short:
        return True
    (mine, my_whole), (yours, your_whole) = _kin(one), _kin(other)
    return bool(mine and mine in (yours, your_whole)) or bool(yours and yours == my_whole)


@lru_cache(maxsize=4096)
def _kin(name: str) -> tuple[str | None, str | None]:
    """The form the lexicon has for a body's names, and what the body is a part of."""
    stems = _stems(name)
    return lexicon().synonym(stems), lexicon().whole(stems)


def _stems(name: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in name.split())


@lru_cache(maxsize=4096)
def words(name: str) -> frozenset[str]:
    """A name as the words of a headline have it."""
    return read(name).words
