"""Which entries tell one story: same kind of event, same contract, within the time that fits.

Invariants: pure (no clock, no store); a decision names the features that agreed; the daemon (``Stories``) and the command ``stories``
(``grouping``) ask the same judgement (``judging``).

Required, in this order:

1. Two different events in one message are worse than one event in two messages: a reader who is told of another contract under the wrong
   heading is misled, a reader who is told twice is only annoyed. So whatever is *stated and differs* keeps stories apart: the class of
   event, the supplier, the body, the sum, the process (ocid), and whether it has happened or is only considered.
2. Outlets leave out what they do not know. A feature that one side does not state neither joins nor parts; enough others must agree.
3. News of one event comes within days; the official notice follows within weeks.
4. A story is judged as a whole: an entry joins when nothing parts it from any headline of it, so nothing is joined through a third.
5. Of two headlines in nearly the same words, what differs is what counts: "talks begin" and "talks collapse" are two stories.

How: ``words`` reads a headline, ``told`` what an entry tells, ``judging`` decides on two entries: something parts them, or a weighed sum of
what agrees is above a bound. ``grouping`` joins many. The weights stand in ``rules/stories.toml`` with what the lexicon knows of words;
``benchmarks/story_weights.py`` fits them on two thirds of 955 real headlines, ``benchmarks/stories.py`` prints the marks. At this state:

                                         same story, contracts   same story, all   near misses joined   other stories joined
    all 254 stories and pairs                    0.93                 0.88             2 of 118               0.04 %
    the third that was never read                0.85                 0.84             0 of  43               0.00 %
    titles, token_set_ratio >= 60, all           0.69                 0.72            61 of 118               0.08 %

Tried and rejected:

* Similarity of titles. At a recall of 0.72 it joins half of the pairs that look alike and are not, and 20 of 23 pairs of two stages of one
  contract ("talks", "awarded", "scrapped"), because the words are the same and the verb is everything.
* The mean of the odds over all pairs of two groups (recall 0.83 at 3 near misses of 75): of twelve outlets some always find words of their
  own. The best pair alone joins two stories through one headline. The better half of the pairs is asked (0.92 at 4 of 75).
* Words of the summaries: real feeds tell the same background under every headline of a matter, and a week of one affair became one story.
* A different act as a reason to part in itself: outlets tell one settlement as "fined" and "agrees to pay". It parts only headlines that
  are alike otherwise; else it is weighed.
* That two entries tell one kind of event, as a feature: its weight came out as nothing, because near misses tell it as well.

What falls short: one affair over several days, told by one newsroom again and again, is grouped by its words and may become one story
(never for contracts, where parties, sums and steps part); a story told twice more than a week apart stays two; across languages only names
and sums agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watchers.names import normal_name
from watchers.stories.judging import BOUND, NOTICE_WINDOW, Verdict, judge, together
from watchers.stories.lexicon import Frequencies
from watchers.stories.told import Told, acts, told
from watchers.stories.words import read
from watchers.types import Entry, Finding, StoryCard, StoryDecision

__all__ = ["Stories"]

_ANY = Frequencies()  # one finding at a time: words are as rare as they are known to be


class Stories:
    """The rules of grouping, in the shape that the store asks for (``watchers.types.StoryRules``)."""

    def keys(self, entry: Entry, finding: Finding) -> tuple[str, ...]:
        """Index keys: every one carries the class of event, so that an award and a cancellation never meet."""
        kind = _class(finding)
        keys = {f"s:{kind}:{name}" for party in finding.suppliers for name in _names(party.name)}
        keys |= {f"b:{kind}:{name}" for party in finding.public_bodies for name in _names(party.name)}
        for prefix, parties in (("s", finding.suppliers), ("b", finding.public_bodies)):
            keys |= {f"{prefix}i:{kind}:{identifier}" for party in parties for identifier in party.identifiers}
        if entry.link_key is not None and finding.notice is None:
            keys.add(f"l:{kind}:{entry.link_key.hex()}")
        if finding.notice is not None:
            keys.add(f"o:{kind}:{finding.notice.ocid}")
            keys |= {f"a:{kind}:{finding.notice.ocid}:{award}" for award in finding.notice.award_ids}
        return tuple(sorted(keys))

    def decide(self, entry: Entry, finding: Finding, cards: Sequence[StoryCard], now: datetime) -> StoryDecision:
        """Join the story that most speaks for, or open one."""
        keys = self.keys(entry, finding)
        this = told(entry, finding, _moment(entry, now))
        best: tuple[tuple[float, datetime], StoryCard, str] | None = None
        for card in cards:
            verdict = _joins(this, card)
            if verdict.odds is None or verdict.odds <= BOUND:
                continue
            rank = (verdict.odds, card.last_at)
            if best is None or rank > best[0]:
                best = (rank, card, verdict.reason)
        if best is None:
            return StoryDecision(story=None, reason="no story of this event is known", keys=keys)
        _, card, reason = best
        return StoryDecision(story=card.id, reason=reason, keys=keys, confirms=finding.notice is not None and not card.official)


def _class(finding: Finding) -> str:
    return str(finding.alert or finding.event)


def _moment(entry: Entry, now: datetime) -> datetime:
    """When the entry speaks. A date in the future or long past is the feed's fancy, and the moment of reading stands in."""
    if entry.published is None or entry.published > now or now - entry.published > NOTICE_WINDOW:
        return now
    return entry.published


def _names(name: str) -> set[str]:
    """A name and its first word, under which longer and shorter forms meet ("Palantir", "Palantir Technologies UK")."""
    normal = normal_name(name)
    if not normal:
        return set()
    first = normal.split()[0]
    return {normal, f"~{first}"}


def _joins(this: Told, card: StoryCard) -> Verdict:
    """Whether what is told belongs to the story: asked of each of its headlines."""
    return together([judge(this, member, _ANY) for member in _members(card, this)])


def _members(card: StoryCard, this: Told) -> list[Told]:
    """The headlines of a stored story, each with what the story states. Its nearest moment stands for when each was told."""
    stated = {
        "suppliers": _stated("s", card.keys),
        "bodies": _stated("b", card.keys),
        "pages": _of("l", card.keys),
        "ocids": _of("o", card.keys),
        "awards": _of("a", card.keys),
    }
    at = this.at and min(max(this.at, card.first_at), card.last_at)
    titles = [read(title) for title in card.titles] or [read("")]
    return [
        Told(
            title=one, acts=acts(one, card.event), heads=(one,), event=card.event, value=card.value, at=at, official=card.official, **stated
        )
        for one in titles
    ]


def _of(prefix: str, keys: frozenset[str]) -> frozenset[str]:
    return frozenset(key.split(":", 2)[2] for key in keys if key.startswith(f"{prefix}:"))


def _stated(prefix: str, keys: frozenset[str]) -> frozenset[str]:
    """The parties among a story's keys, as ``told.names`` gives them."""
    named = {name for name in _of(prefix, keys) if not name.startswith("~")}
    return frozenset(named | {f"#{identifier}" for identifier in _of(f"{prefix}i", keys)})
