"""What a watch would have brought: asked before it is saved, so that nobody is surprised by silence or by a flood.

Judged by the rules that will decide about what comes: the same matcher and the same conditions, over the stored stories of the last days.
Two things are known less exactly than then, and said here: a story's names are those it shows (an official notice replaces what reports
called its parties), and identifiers are judged by the names that a watch has for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.facade import Call
from storage.past import PastStory
from storage.store import Store
from watchers.areas import phrases_of
from watchers.concern import concerned, row_of
from watchers.match import Matcher
from watchers.suggest import piece_of
from watchers.types import Entry, EventKind, Evidence, Finding, Match, Notice, Party, Role, Terms, Watch

LOOK_BACK = timedelta(days=90)
MANY = 20  # a week; more is better told together
USUAL = frozenset({EventKind.AWARDED, EventKind.CANCELLED, EventKind.TERMINATED})
_SAMPLES = 3
_MOST = 3_000  # stories that are judged one by one
_LEAST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """What the last time (``covered``) would have brought. None of it: too little is stored to say."""

    covered: timedelta
    kinds: dict[EventKind, int]
    samples: tuple[PastStory, ...]

    @property
    def count(self) -> int:
        return sum(self.kinds.values())

    @property
    def days(self) -> int:
        return round(self.covered / timedelta(days=1))

    @property
    def weekly(self) -> float:
        return self.count * (timedelta(days=7) / self.covered) if self.covered else 0.0

    @property
    def many(self) -> bool:
        return self.weekly > MANY


async def back_test(store: Store, call: Call, watch: Watch, terms: Terms, now: datetime) -> BackTest:
    """Look back for one watch on these terms; where they name no kinds of event, for awards and cancellations."""
    oldest = await call(store.oldest_story_at)
    covered = timedelta() if oldest is None else min(LOOK_BACK, now - oldest)
    if covered < _LEAST:
        return BackTest(covered=timedelta(), kinds={}, samples=())
    since, kinds = now - covered, terms.kinds if terms.kinds is not None else USUAL
    if not watch.sides and not watch.area and not watch.without:
        counts = await call(store.count_past, since, kinds, terms, direct=watch.direct)
        newest = await call(store.past_stories, since, kinds, terms, direct=watch.direct, limit=_SAMPLES)
        return BackTest(covered=covered, kinds=counts, samples=tuple(newest))
    candidates = await call(store.past_stories, since, kinds, terms, direct=watch.direct, pieces=_pieces(watch), limit=_MOST)
    if len(candidates) == _MOST:  # more than anybody wants to be told: a shorter time says as much
        covered = max(now - candidates[-1].first_at, _LEAST)
    found = _judged(watch, candidates)
    if watch.without:
        texts = await call(store.texts_of, [one.id for one in found])
        rows = tuple(row_of((word,)) for word in watch.without)
        found = [one for one in found if not all(any(row in row_of((text,)) for row in rows) for text in texts.get(one.id, ()))]
    return BackTest(covered=covered, kinds=dict(Counter(one.event for one in found)), samples=tuple(found[:_SAMPLES]))


def _pieces(watch: Watch) -> list[list[str]]:
    """For each side of the watch, pieces of its names, one of which must stand in the story; for a place, the words its bodies go by."""
    groups = [[piece for name in (one.name, *one.aliases) if (piece := piece_of(name))] for one, _ in watch.sides]
    if watch.area and not groups:
        groups.append(sorted({piece for phrase in phrases_of(watch.area) if (piece := max(phrase.split(), key=len, default=""))}))
    return [group for group in groups if group]


def _judged(watch: Watch, stories: Sequence[PastStory]) -> list[PastStory]:
    """The stories that the watch fits, but for its excluded words: those are looked for in the reports."""
    asked = replace(watch, id="asked", without=())
    matcher = Matcher([asked])
    nothing = Entry(keys=(), fingerprint=b"", title="")
    return [story for story in stories if concerned(nothing, _finding(story, matcher), matcher).matches]


def _finding(story: PastStory, matcher: Matcher) -> Finding:
    """The story as what an entry would have said, with the sides that its names match: in full in a notice, as a part in a report."""
    parties = [(Role.SUPPLIER, Party(name=name)) for name in story.suppliers]
    parties += [(Role.PUBLIC_BODY, Party(name=name)) for name in story.public_bodies]
    matches: list[Match] = []
    for role, party in parties:
        if story.official:
            matches += matcher.parties([party], role)
        else:
            sides = [side for mention in matcher.mentions(party.name) for side in mention.watches]
            matches += [Match(watch=side, role=role, proof=party.name) for side in matcher.watching(sides, role)]
    return Finding(
        event=story.event,
        public_bodies=tuple(party for role, party in parties if role is Role.PUBLIC_BODY),
        evidence=Evidence(sentence="", rule=""),
        matches=tuple(matches),
        notice=_notice(story),
    )


def _notice(story: PastStory) -> Notice | None:
    if not story.direct:
        return None
    return Notice(number="", type="", ocid="", award_ids=(), url=None, title="", publisher="", direct_award=True)
