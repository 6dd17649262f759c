"""Entries in, groups out: which of them tell one story, with the judgement that the daemon uses.

The likeliest two groups join first, and each is judged as a whole (``judging.together``), so that nothing is joined through a third, which
is how look-alikes of one matter run into one another. Only entries that share rare words, a party or a page are compared: work grows with
the number of entries, not with its square.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

from watchers.match import Matcher
from watchers.stories.judging import BOUND, NOTICE_WINDOW, Verdict, judge, together
from watchers.stories.lexicon import Frequencies
from watchers.stories.told import Told, told
from watchers.types import Entry
from watchers.understand import understand

_RARE_ENOUGH = 3.0  # weight from which a word may bring two entries together
_SHARED_ENOUGH = 8.0  # weight two entries must share to be compared
_TELLING = {"s:": 8.0, "b:": 8.0, "p:": 8.0, "o:": 8.0, "i:": 4.0}  # weights of keys that are no words: parties, pages, processes, initials
_COPY = 86400.0  # seconds
_CROWD = 150  # entries under one word that are compared, nearest in time first
_MOST_MEMBERS = 24  # of a group that are asked when it joins another


def group(entries: Sequence[Told]) -> list[int]:
    """A number for each entry: equal numbers are one story. The order of the entries changes nothing but the numbers."""
    of = Frequencies(one.title.words for one in entries)
    found = _Groups(entries, of)
    found.join()
    numbers: dict[int, int] = {}
    return [numbers.setdefault(found.root[index], len(numbers)) for index in range(len(entries))]


def group_entries(entries: Sequence[Entry]) -> list[int]:
    """``group`` of entries as feeds give them: each is understood first, as the daemon does, though nobody watches."""
    matcher = Matcher(())
    return group([understood(entry, matcher) for entry in entries])


def understood(entry: Entry, matcher: Matcher) -> Told:
    """What an entry tells; of several events the one a subscriber would be alerted to."""
    findings = understand(entry, matcher)
    chosen = next((finding for finding in findings if finding.alert), findings[0] if findings else None)
    return told(entry, chosen, entry.published)


class _Groups:
    def __init__(self, entries: Sequence[Told], of: Frequencies) -> None:
        self._entries = entries
        self._of = of
        self._verdicts: dict[tuple[int, int], Verdict] = {}
        self._rank = {index: place for place, index in enumerate(sorted(range(len(entries)), key=lambda index: _order(entries[index])))}
        self._moments = [one.at.timestamp() if one.at else 0.0 for one in entries]
        self.root = list(range(len(entries)))
        self._members: dict[int, list[int]] = {index: [index] for index in range(len(entries))}
        self._near: dict[int, set[int]] = defaultdict(set)

    def join(self) -> None:
        """Join copies, then the likeliest two groups until none are likely."""
        self._join_copies()
        heap: list[tuple[float, int, int, int, int]] = []
        for a, b in dict.fromkeys((self.root[one], self.root[other]) for one, other in self._candidates()):
            if a != b and self._offer(heap, a, b):
                self._near[a].add(b)
                self._near[b].add(a)
        while heap:
            *_, version, a, b = heapq.heappop(heap)
            if a in self._members and b in self._members and version == len(self._members[a]) + len(self._members[b]):
                for c in self._merge(a, b):
                    self._offer(heap, a, c)

    def _join_copies(self) -> None:
        """Join the same words told again within a day: agencies' reports, by the dozen. Notices of one title may be of many contracts."""
        last: dict[Hashable, int] = {}
        for index in sorted(self._rank, key=self._rank.__getitem__):
            one = self._entries[index]
            if one.official:
                continue
            copy = (one.title.words, one.title.pairs, frozenset(one.title.acts.items()), one.event, one.suppliers, one.bodies, one.value)
            before = last.get(copy)
            last[copy] = index
            if before is not None and self._moments[index] - self._moments[before] <= _COPY and self._entries[before].at is not None:
                self._merge(self.root[before], index)

    def _offer(self, heap: list[tuple[float, int, int, int, int]], a: int, b: int) -> bool:
        """Put two groups up for joining; an offer is void once either has grown."""
        odds = self._odds(a, b)
        if odds is None:
            return False
        first, second = sorted((a, b), key=self._rank.__getitem__)
        size = len(self._members[a]) + len(self._members[b])
        heapq.heappush(heap, (-odds, self._rank[first], size, first, second))
        return True

    def _merge(self, a: int, b: int) -> list[int]:
        members = self._members[a] = sorted(self._members[a] + self._members.pop(b), key=self._rank.__getitem__)
        for index in members:
            self.root[index] = a
        near = (self._near.pop(a, set()) | self._near.pop(b, set())) - {a, b}
        self._near[a] = near
        for c in near:
            self._near[c].discard(b)
            self._near[c].add(a)
        return sorted(near, key=self._rank.__getitem__)

    def _odds(self, a: int, b: int) -> float | None:
        """The odds that two groups are one story; None when they are not."""
        ours, theirs = _some(self._members[a]), _some(self._members[b])
        odds = together([self._pair(one, other) for one in ours for other in theirs]).odds
        return odds if odds is not None and odds > BOUND else None

    def _pair(self, one: int, other: int) -> Verdict:
        key = (one, other) if self._rank[one] < self._rank[other] else (other, one)
        if key not in self._verdicts:
            self._verdicts[key] = judge(self._entries[key[0]], self._entries[key[1]], self._of)
        return self._verdicts[key]

    def _candidates(self) -> list[tuple[int, int]]:
        """Pairs that share enough to be compared, in a fixed order."""
        holders: dict[str, list[int]] = defaultdict(list)
        for index in sorted(self._rank, key=self._rank.__getitem__):
            for key in _keys(self._entries[index], self._of):
                holders[key].append(index)
        shared: dict[tuple[int, int], int] = defaultdict(int)
        for key, found in holders.items():
            weight = int(10 * (_TELLING.get(key[:2]) or self._of.weight(key)))  # whole numbers add up alike in any order
            for place, one in enumerate(found):
                last = self._reach(one)
                for other in found[place + 1 : place + 1 + _CROWD]:
                    if self._moments[other] > last:
                        break
                    shared[one, other] += weight
        enough = (pair for pair, weight in shared.items() if weight >= 10 * _SHARED_ENOUGH)
        return sorted(enough, key=lambda pair: (self._rank[pair[0]], self._rank[pair[1]]))

    def _reach(self, index: int) -> float:
        """The last moment at which an entry may tell what this one tells; those without a moment come first and reach all."""
        at = self._entries[index].at
        return math.inf if at is None else (at + NOTICE_WINDOW).timestamp()


def _some(members: list[int]) -> list[int]:
    """All members, or as many of them, evenly spread, as are worth asking."""
    return members if len(members) <= _MOST_MEMBERS else [members[index * len(members) // _MOST_MEMBERS] for index in range(_MOST_MEMBERS)]


def _order(one: Told) -> tuple[object, ...]:
    """A place for an entry that depends on what it tells alone; those without a moment come first."""
    return (one.at is not None, one.at.timestamp() if one.at else 0.0, sorted(one.title.pairs), sorted(one.title.words), sorted(one.pages))


def _keys(one: Told, of: Frequencies) -> set[str]:
    keys = {word for head in one.heads for word in head.words if of.weight(word) >= _RARE_ENOUGH}
    keys |= {f"s:{name.split()[0]}" for name in one.suppliers} | {f"b:{name.split()[0]}" for name in one.bodies}
    keys |= {f"i:{word}" for word in one.title.acronyms} | {f"i:{word}" for word in one.title.initials}
    keys |= {f"p:{page}" for page in one.pages} | {f"o:{ocid}" for ocid in one.ocids}
    return keys
