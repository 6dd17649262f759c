"""Which stories are about one contract, from the first notice to its end, and what a finding is for a contract that is known.

Invariants: pure (no clock, no store); a decision names what agreed; a story is of one contract, or of one of its own where two
agree as much.

Required, in this order:

1. A later event under the wrong contract misleads; one that stands alone only lacks its history. So what is stated and differs parts: the
   supplier, the public body, the sum (but for events that change it), the process of a register, and the order in which things can happen.
2. Official notices join by their process and award: within a process the award numbers of the Procurement Act stay the same from notice to
   notice, while those of notices under the directives begin with the notice's own number and never do (there the supplier must agree).
   A notice that names no award is about the whole process, and joins its contract where it has only one.
3. News comes weeks and years apart, so more must agree than for one story: three of supplier, public body, subject and value. Supplier and
   body alone are enough for what can only happen to a contract that exists, within sixty days, where only one contract of the two is known.
4. A new award is another contract, whatever agrees: who wins again after a contract ended has won another one.
5. A notice that comes too late for its story (signatures are published up to years later: median 11 days, one in ten after 99) still
   confirms what was only reported of its contract, instead of being told as news.

6. A report that something is not cancelled tells that it goes on again only where its contract is known and had been stopped.

Tried and rejected: joining news by supplier and body for a year (a body has several contracts with one supplier as a rule, and news calls
all of them "the Serco contract"); joining a process-wide cancellation to each contract of a framework (a reader is told an event once).

Known exceptions: a contract that changes hands (novation) keeps its thread by notices only; a report that names neither body nor sum stands
alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from watchers.names import fold, folded, normal_name
from watchers.stories.judging import NEWS_WINDOW
from watchers.stories.told import names, same_party
from watchers.stories.words import other_number, read
from watchers.types import (
    Entry,
    EventKind,
    Finding,
    Money,
    Notice,
    Party,
    ThreadCard,
    ThreadDecision,
    ThreadStory,
)

PATH = Path(__file__).parent / "rules" / "threads.toml"

_ALONE_WITHIN = timedelta(days=60)
_LONGEST = timedelta(days=6 * 366)  # a contract with all its extensions
_LATE_NOTICE = timedelta(days=400)
_SAME_SUM = Decimal("0.05")
_SAME_SUM_NOTICE = Decimal("0.25")  # newsrooms quote sums with VAT or with options that the notice leaves out
_ENOUGH = 3  # of supplier, public body, subject and value
_SHORTEST_WORD = 4
_SUBJECT_WORDS = 2
_REGISTER = 11  # letters of a process id that name its register: "ocds-h6vhtk"

_BEFORE_AWARD = frozenset({EventKind.TENDER_OPENED, EventKind.AWARD_INTENDED, EventKind.CHALLENGED})
_BEGINNINGS = frozenset({EventKind.TENDER_OPENED, EventKind.AWARD_INTENDED, EventKind.AWARDED})
_ENDS = frozenset({EventKind.CANCELLED, EventKind.TERMINATED, EventKind.COMPLETED})
_STANDINGS = _ENDS | {EventKind.SUSPENDED, EventKind.REINSTATED}
_OTHER_SUM = frozenset({EventKind.CHANGED, EventKind.EXTENDED, EventKind.COMPLETED, EventKind.TERMINATED, EventKind.SIGNED})


class Threads:
    """The rules of contract threads, in the shape that the store asks for (``watchers.types.ThreadRules``)."""

    def keys(self, entry: Entry, finding: Finding) -> tuple[str, ...]:  # noqa: ARG002 -- the protocol's
        """Index keys: process and awards, names and identifiers of both sides, and the pair of them."""
        suppliers, bodies = _spellings(finding.suppliers), _spellings(finding.public_bodies)
        keys = {f"s:{name}" for name in suppliers} | {f"b:{name}" for name in bodies}
        keys |= {f"si:{one}" for party in finding.suppliers for one in party.identifiers}
        keys |= {f"bi:{one}" for party in finding.public_bodies for one in party.identifiers}
        keys |= {f"p:{supplier.split()[0]}|{body.split()[0]}" for supplier in suppliers for body in bodies}
        if finding.notice is not None and finding.notice.ocid:
            keys.add(f"o:{finding.notice.ocid}")
            keys |= {f"a:{finding.notice.ocid}:{award}" for award in finding.notice.award_ids}
        return tuple(sorted(keys))

    def stage(self, entry: Entry, finding: Finding, cards: Sequence[ThreadCard], now: datetime) -> EventKind:
        """The kind of event, seen from the contract."""
        notice = finding.notice
        if finding.event is EventKind.AWARDED and notice is not None and notice.type in _rules()["stages"]["signed"]:
            card = next(iter(_of_award(notice, cards)), None)
            told = card.stories if card else ()
            if any(one.facts.event is EventKind.AWARDED and one.notice_type not in ("", notice.type) for one in told):
                return EventKind.SIGNED
        if finding.event is EventKind.NOT_CANCELLED and notice is None and _reinstates(finding.evidence.sentence):
            again = replace(finding, event=EventKind.REINSTATED)
            if self.decide(entry, again, cards, now).thread is not None:
                return EventKind.REINSTATED
        return finding.event

    def decide(self, entry: Entry, finding: Finding, cards: Sequence[ThreadCard], now: datetime) -> ThreadDecision:
        """The contract that certainly is the one, else the only one that most agrees with."""
        if finding.notice is not None:
            certain = _by_process(finding, finding.notice, cards)
            if certain is not None:
                told = next((card for card in cards if card.id == certain.thread), None)
                return certain if told is None else replace(certain, story=_only_reported(finding, told, now))
        known = [card for card in cards if not _is_other_process(card, finding) and now - _last(card) <= _LONGEST]
        found: list[tuple[int, ThreadDecision]] = []
        for card in known:
            agreed = _agreed(entry, finding, card)
            late = _only_reported(finding, card, now)
            if agreed is None or not (late or _follows(finding.event, card, now)):
                continue
            if len(agreed) >= _ENOUGH or _alone(finding, card, known, agreed, now):
                found.append((len(agreed), ThreadDecision(thread=card.id, reason=_reason(agreed), story=late)))
        most = max((count for count, _ in found), default=0)
        best = [decision for count, decision in found if count == most]
        if len(best) == 1:
            return best[0]
        return ThreadDecision(thread=None, reason="several contracts agree as much" if best else "no contract that this is about is known")


def _spellings(parties: Sequence[Party]) -> set[str]:
    return {name for party in parties if (name := normal_name(party.name))}


# --- by process and award ----------------------------------------------------------------------------------------------------------------


def _of_award(notice: Notice, cards: Sequence[ThreadCard]) -> list[ThreadCard]:
    """The contracts that an award of the notice is known to be about."""
    wanted = {f"a:{notice.ocid}:{award}" for award in notice.award_ids}
    return [card for card in cards if wanted & card.keys]


def _by_process(finding: Finding, notice: Notice, cards: Sequence[ThreadCard]) -> ThreadDecision | None:
    if found := _of_award(notice, cards):
        return ThreadDecision(thread=found[0].id, reason=f"the same award of the process {notice.ocid}")
    here = [card for card in cards if f"o:{notice.ocid}" in card.keys]
    if not here:
        return None
    if not notice.award_ids:
        return (
            ThreadDecision(thread=here[0].id, reason=f"the same process {notice.ocid}")
            if len(here) == 1
            else ThreadDecision(thread=None, reason=f"the process {notice.ocid} has several contracts")
        )
    for card in here:
        awards = _awards(card, notice.ocid)
        if not awards:
            return ThreadDecision(thread=card.id, reason=f"the same process {notice.ocid}, which had no award yet")
        if not _steady(notice.award_ids) and not _steady(awards) and same_party(names(finding.suppliers), _stated("s", card.keys)):
            return ThreadDecision(thread=card.id, reason=f"the same process {notice.ocid} and the same supplier")
    return ThreadDecision(thread=None, reason=f"another award of the process {notice.ocid}")


def _awards(card: ThreadCard, ocid: str) -> set[str]:
    prefix = f"a:{ocid}:"
    return {key.removeprefix(prefix) for key in card.keys if key.startswith(prefix)}


def _steady(awards: Collection[str]) -> bool:
    """Whether award ids stay from notice to notice: the Procurement Act numbers them 1, 2, 3."""
    return any(award.isdecimal() for award in awards)


# --- by what agrees ----------------------------------------------------------------------------------------------------------------------


def _is_other_process(card: ThreadCard, finding: Finding) -> bool:
    """Another process of the same register is another contract, whatever agrees."""
    if finding.notice is None:
        return False
    return any(key.startswith(f"o:{finding.notice.ocid[:_REGISTER]}") for key in card.keys)


def _agreed(entry: Entry, finding: Finding, card: ThreadCard) -> list[str] | None:
    """What agrees; None where something that both state differs."""
    supplier = same_party(names(finding.suppliers), _stated("s", card.keys))
    body = same_party(names(finding.public_bodies), _stated("b", card.keys))
    value = _same_value(finding, card.stories)
    if supplier is False or body is False or (value is False and finding.event not in _OTHER_SUM):
        return None
    title = read(entry.title)
    if any(other_number(title, read(known)) for one in card.stories for known in one.titles):
        return None
    found = {"supplier": supplier, "public body": body, "value": value, "subject": _same_subject(entry, finding, card)}
    return [name for name, agrees in found.items() if agrees]


def _stated(prefix: str, keys: Iterable[str]) -> frozenset[str]:
    """The parties among a contract's keys, as ``told.names`` gives them."""
    parted = [key.split(":", 1) for key in keys]
    return frozenset({rest for kind, rest in parted if kind == prefix} | {f"#{rest}" for kind, rest in parted if kind == f"{prefix}i"})


def _same_value(finding: Finding, stories: Sequence[ThreadStory]) -> bool | None:
    mine = finding.value
    if mine is None:
        return None
    found = [
        abs(mine.amount - other.amount)
        <= max(mine.amount, other.amount) * (_SAME_SUM if one.reported and not finding.notice else _SAME_SUM_NOTICE)
        for one in stories
        if (other := one.facts.value) is not None and _comparable(mine, other)
    ]
    return any(found) if found else None


def _comparable(one: Money, other: Money) -> bool:
    return one.currency == other.currency and not (one.basis and other.basis and one.basis != other.basis)


def _same_subject(entry: Entry, finding: Finding, card: ThreadCard) -> bool:
    """Whether what the contract is for is called alike: two words, or half of the fewer."""
    parties = {word for key in card.keys if key[:2] in ("s:", "b:") for word in key[2:].split()}
    parties |= {word for party in (*finding.suppliers, *finding.public_bodies) for word in folded(party.name)}
    mine = _telling(f"{entry.title}\n{finding.evidence.sentence}\n{finding.notice.title if finding.notice else ''}", parties)
    theirs = {word for one in card.stories for title in one.titles for word in _telling(title, parties)}
    shared = mine & theirs
    return len(shared) >= _SUBJECT_WORDS or (bool(shared) and len(shared) * 2 >= min(len(mine), len(theirs)))


def _telling(text: str, parties: Collection[str]) -> set[str]:
    """The words that may say what a contract is for, without their plural."""
    out = set()
    for word in re.findall(r"[^\W\d_]{4,}", text):
        one = fold(word)
        if one not in parties and len(one) >= _SHORTEST_WORD and not one.startswith(_generic()):
            out.add(one.removesuffix("s"))
    return out


def _follows(event: EventKind, card: ThreadCard, now: datetime) -> bool:
    """Whether this can happen to the contract as it stands."""
    told = [one.facts.event for one in card.stories]
    if event in _BEGINNINGS:
        return bool(told) and event not in told and _BEFORE_AWARD.issuperset(told)
    standing = next((one for one in reversed(card.stories) if one.facts.event in _STANDINGS), None)
    if event is EventKind.REINSTATED:
        if standing is None or standing.facts.event is EventKind.COMPLETED:
            return False
        return standing.facts.event is not EventKind.REINSTATED or now - standing.at <= NEWS_WINDOW  # others report it, too
    return standing is None or standing.facts.event not in _ENDS


def _only_reported(finding: Finding, card: ThreadCard, now: datetime) -> int | None:
    """The story that this notice confirms although it comes too late for the rules of stories."""
    if finding.notice is None:
        return None
    kind = finding.event.alert or finding.event
    same = [one for one in card.stories if one.reported and (one.facts.event.alert or one.facts.event) == kind]
    return next((one.id for one in reversed(same) if now - one.at <= _LATE_NOTICE), None)


def _alone(finding: Finding, card: ThreadCard, known: Sequence[ThreadCard], agreed: Sequence[str], now: datetime) -> bool:
    """Whether this is soon after, happens only to a contract that exists, and no other contract of the two is known."""
    if finding.event in _BEGINNINGS or not {"supplier", "public body"}.issubset(agreed) or now - _last(card) > _ALONE_WITHIN:
        return False
    return not any(other.id != card.id and _of_both(finding, other) for other in known)


def _of_both(finding: Finding, card: ThreadCard) -> bool:
    suppliers = same_party(names(finding.suppliers), _stated("s", card.keys))
    return bool(suppliers and same_party(names(finding.public_bodies), _stated("b", card.keys)))


def _last(card: ThreadCard) -> datetime:
    return max(one.at for one in card.stories)


def _reason(agreed: Sequence[str]) -> str:
    said = f"{', '.join(agreed[:-1])} and {agreed[-1]} agree"
    return said if len(agreed) >= _ENOUGH else f"{said}, and no other contract of the two is known"


# --- words -------------------------------------------------------------------------------------------------------------------------------


@cache
def _rules() -> Mapping[str, Any]:
    return tomllib.loads(PATH.read_text(encoding="utf-8"))


@cache
def _generic() -> tuple[str, ...]:
    return tuple(_rules()["subject"]["generic"].split())


@cache
def _reinstating() -> re.Pattern[str]:
    words = "|".join(re.escape(word).replace("_", r"\s+") for word in _rules()["stages"]["reinstated"].split())
    return re.compile(rf"\b(?:{words})", re.IGNORECASE)


def _reinstates(sentence: str) -> bool:
    return _reinstating().search(sentence) is not None
