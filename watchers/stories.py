"""Which findings tell one story: same kind of event, same contract, within the time that fits.

Invariants: pure (no clock, no store); two findings that share no index key are never compared; a decision names the features that agreed.

Required, in this order:

1. Two different events in one message are worse than one event in two messages: a reader who is told of another contract under the wrong
   heading is misled, a reader who is told twice is only annoyed. So whatever is *stated and differs* keeps stories apart: the class of
   event, the supplier, the body, the sum, the process (ocid).
2. Outlets leave out what they do not know. A feature that one side does not state neither joins nor parts; enough others must agree.
3. News of one event comes within days; the official notice follows within weeks.

Tried and rejected: similarity of titles. On real headlines no threshold works: at a recall of 0.72 it merges half of the pairs that look
alike and are not, and nearly all pairs of two stages of one contract ("talks", "awarded", "scrapped"), because the words are the same and
the verb is everything. Titles only break ties here, when neither supplier nor sum is there to compare.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from watchers.names import normal_name
from watchers.types import AlertClass, Entry, Finding, Money, StoryCard, StoryDecision

NEWS_WINDOW = timedelta(days=7)
_CLOSE = timedelta(days=3)  # newsrooms echo one event within three days; within these, fewer agreeing features are enough
NOTICE_WINDOW = timedelta(days=45)
_SAME_SUM = Decimal("0.05")  # "£50m" and "£49.8m" are one sum in two newsrooms
_SAME_SUM_NOTICE = Decimal("0.25")  # newsrooms quote sums with VAT or with options that the notice leaves out
_SAME_TITLE = 0.5
_ALIKE_TITLE = 0.34
_WORD = re.compile(r"[^\W\d_]{4,}|\d[\d.,]*")


class Agreement(Enum):
    AGREE = "agree"
    SILENT = "silent"
    DIFFER = "differ"


@dataclass(frozen=True, slots=True)
class _Features:
    supplier: Agreement
    body: Agreement
    value: Agreement
    same_sum: bool
    titles: float
    close: bool
    cancelled: bool

    def said(self) -> str:
        named = (("supplier", self.supplier), ("public body", self.body), ("value", self.value))
        words = [f"{name} agrees" for name, agreement in named if agreement is Agreement.AGREE]
        return ", ".join(words) or "titles agree"


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
        """Join the candidate with which most is shared, or open a story."""
        keys = self.keys(entry, finding)
        at = _moment(entry, now)
        best: tuple[tuple[int, float, datetime], StoryCard, str] | None = None
        for card in cards:
            reason = _joins(entry, finding, frozenset(keys), card, at)
            if reason is None:
                continue
            rank = (len(card.keys & frozenset(keys)), _similarity(entry.title, card.titles), card.last_at)
            if best is None or rank > best[0]:
                best = (rank, card, reason)
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


def _joins(entry: Entry, finding: Finding, keys: frozenset[str], card: StoryCard, at: datetime) -> str | None:
    """Why the finding belongs to the story, or None."""
    if not (keys & card.keys):
        return None
    if any(key.startswith("l:") for key in keys & card.keys):
        return "the same page"
    official = finding.notice is not None
    if official and any(key.startswith("o:") for key in card.keys):
        return _joins_notice(keys, card.keys, finding, card)
    window = NOTICE_WINDOW if official or card.official else NEWS_WINDOW
    if at - card.last_at > window or card.first_at - at > window:
        return None
    tolerance = _SAME_SUM_NOTICE if official or card.official else _SAME_SUM
    features = _Features(
        supplier=_parties("s", keys, card.keys),
        body=_parties("b", keys, card.keys),
        value=_sums(finding.value, card.value, tolerance),
        same_sum=_sums(finding.value, card.value, Decimal(0)) is Agreement.AGREE,
        titles=_similarity(entry.title, card.titles),
        close=not official and not card.official and at - card.last_at <= _CLOSE and card.first_at - at <= _CLOSE,
        cancelled=finding.alert is AlertClass.CANCELLED,
    )
    return features.said() if _enough(features) else None


def _joins_notice(keys: frozenset[str], known: frozenset[str], finding: Finding, card: StoryCard) -> str | None:
    """Two notices are one story when they are about the same awards of the same process, in whichever register they stand."""
    ours = {key for key in keys if key.startswith("a:")}
    theirs = {key for key in known if key.startswith("a:")}
    same_process = any(key.startswith("o:") for key in keys & known)
    if same_process and (ours & theirs or not ours or not theirs):
        return "the same awards of the same process"
    if same_process or finding.value is None or card.value is None:
        return None
    agreed = _parties("s", keys, known) is Agreement.AGREE and _parties("b", keys, known) is Agreement.AGREE
    if agreed and _sums(finding.value, card.value, Decimal(0)) is Agreement.AGREE and not _same_register(keys, known):
        return "the same award in another register: supplier, public body and value agree"
    return None


def _same_register(keys: frozenset[str], known: frozenset[str]) -> bool:
    """Processes of one register have ids of one prefix (``ocds-h6vhtk``); within a register, two processes are two contracts."""

    def registers(of: frozenset[str]) -> set[str]:
        return {key.split(":", 2)[2].rsplit("-", 1)[0][:11] for key in of if key.startswith("o:")}

    return bool(registers(keys) & registers(known))


def _enough(features: _Features) -> bool:
    """Whether what agrees is enough, and nothing that is stated speaks against it."""
    agree, differ = Agreement.AGREE, Agreement.DIFFER
    if differ in (features.supplier, features.value):
        return False
    if features.body is differ:
        # One decision has two public faces: "the mayor cancels", "the police lose". Supplier and sum together tell that it is one.
        # The sum must be the very same then: two councils may well end two contracts of about the same size with one supplier.
        return features.supplier is agree and features.same_sum and features.close
    if features.supplier is agree and features.body is agree:
        return True
    if features.supplier is agree:
        # Suppliers win several contracts in a week and lose hardly two, so a cancellation needs less than an award.
        return features.value is agree or features.titles >= _ALIKE_TITLE or (features.cancelled and features.close)
    if features.body is agree:
        return features.value is agree or features.titles >= _SAME_TITLE
    return False


def _parties(prefix: str, ours: frozenset[str], theirs: frozenset[str]) -> Agreement:
    """Whether two sides name a common organisation. Longer and shorter forms of one name agree; an identifier settles it."""
    mine, other = _stated(prefix, ours), _stated(prefix, theirs)
    if not mine or not other:
        return Agreement.SILENT
    if {k for k in ours & theirs if k.startswith((f"{prefix}i:", f"{prefix}:")) and ":~" not in k}:
        return Agreement.AGREE
    if any(_one_within_other(a, b) for a in mine for b in other):
        return Agreement.AGREE
    return Agreement.DIFFER


def _stated(prefix: str, keys: frozenset[str]) -> set[tuple[str, ...]]:
    names = (key.split(":", 2)[2] for key in keys if key.startswith(f"{prefix}:"))
    return {tuple(name.split()) for name in names if not name.startswith("~")}


def _one_within_other(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    short, long = sorted((a, b), key=len)
    return long[: len(short)] == short


def _sums(ours: Money | None, theirs: Money | None, tolerance: Decimal) -> Agreement:
    if ours is None or theirs is None or ours.currency != theirs.currency:
        return Agreement.SILENT
    if ours.basis and theirs.basis and ours.basis != theirs.basis:
        return Agreement.SILENT
    larger = max(ours.amount, theirs.amount)
    if larger == 0:
        return Agreement.SILENT
    return Agreement.AGREE if abs(ours.amount - theirs.amount) <= larger * tolerance else Agreement.DIFFER


def _similarity(title: str, others: Sequence[str]) -> float:
    words = set(_WORD.findall(title.casefold()))
    best = 0.0
    for other in others:
        theirs = set(_WORD.findall(other.casefold()))
        if words and theirs:
            best = max(best, len(words & theirs) / min(len(words), len(theirs)))
    return best
