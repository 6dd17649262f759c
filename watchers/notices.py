"""What an official notice says happened. Pure: a release in, findings out.

The decision table of the British and European notice types, measured on 1,638 real releases:

1. The notice type decides, never the tag: "award,contract" stands on intentions (UK5), decisions (UK6), signatures (UK7) and member lists.
2. A termination notice (UK11) whose only rationale is ``contractCompleted`` is no cancellation: 9 of 12 are that.
3. Notices of change, termination and cancellation name no supplier (37 of 38): they are joined by (process, award) to earlier notices.
4. The buyer is missing on three notice types and always among the parties.
5. Sums net and inclusive of VAT are never added to or compared with each other; 0 is a framework's way to say nothing.

Tried and rejected: a finding for each award of a notice. One notice may award 62 lots; a reader is told of the notice once, with all of its
suppliers and the sum of its awards, and the sum says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from watchers.notice_events import Decision, decide
from watchers.notice_facts import (
    amount,
    award_ids,
    buyers,
    failed,
    happened_on,
    intention_of,
    parties_with_role,
    reason_of,
    same_organisation,
    suppliers_of,
    suppliers_of_award,
)
from watchers.notice_rules import notice_rules
from watchers.parsers.ocds import mapping, notice_url, objects, reduced, release_id, text_of
from watchers.plaintext import shorten
from watchers.types import AwardParty, Entry, EventKind, Evidence, Finding, Match, Money, Notice, Party, Role, Span

_SENTENCE = 400
_JOINED = frozenset({EventKind.CANCELLED, EventKind.TERMINATED, EventKind.CHANGED, EventKind.COMPLETED})
_ENDED = frozenset({EventKind.CANCELLED, EventKind.TERMINATED})
_WITH_REASON = _ENDED | {EventKind.CHANGED}  # an award's own words about a lot without winner are no reason for the award


class PartyMatcher(Protocol):
    """Finds watches among organisations by identifier or by exact name."""

    def parties(self, parties: Sequence[Party], role: Role) -> tuple[Match, ...]:
        """The watches that ``parties``, playing ``role``, are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a release says, whatever its event; ``notice_type`` is what people call it ("UK12", "CELEX", "CF", "TED")."""

    release: Mapping[str, Any]
    decision: Decision
    suppliers: tuple[Party, ...]
    public_bodies: tuple[Party, ...]
    value: Money | None
    reason: str | None

    @property
    def ocid(self) -> str:
        return text_of(self.release.get("ocid"))

    @property
    def direct_award(self) -> bool:
        """Whether it was awarded without competition, as each regime writes it."""
        rules = notice_rules()
        tender = mapping(self.release.get("tender"))
        details = text_of(tender.get("procurementMethodDetails")).casefold()
        return text_of(tender.get("procurementMethod")) in rules.direct_methods or details.startswith(rules.direct_details)

    @property
    def joins(self) -> bool:
        """Whether the notice is about awards whose suppliers it leaves out and an earlier notice named."""
        return _joins(self.release, self.decision)


def read_release(release: Mapping[str, Any]) -> Reading:
    """Read a release, raw or as stored: the answer is the same."""
    kept = reduced(release)
    decision = decide(kept)
    return Reading(
        release=kept,
        decision=decision,
        suppliers=suppliers_of(kept),
        public_bodies=buyers(kept),
        value=amount(kept, decision),
        reason=reason_of(kept, decision) if decision.event in _WITH_REASON else None,
    )


def understand_release(entry: Entry, awards: Sequence[AwardParty], match: PartyMatcher) -> tuple[Finding, ...]:
    """What the release of an entry says happened: one finding, or none where nothing happened to a contract.

    Args:
        entry: an entry with a release.
        awards: stored suppliers of the awards that ``wanted_awards`` named; those of other awards are ignored.
        match: finds the watches that the suppliers and buyers are.

    """
    if entry.release is None:
        return ()
    reading = read_release(entry.release)
    if reading.decision.event is EventKind.NONE:
        return ()
    suppliers, source = reading.suppliers, None
    if reading.joins:
        suppliers, source = _joined(reading, awards)
    # A supplier who was replaced is told of the change as well, but is not the contract's supplier any more.
    concerned = suppliers + parties_with_role(reading.release, "removedSupplier")
    return (
        Finding(
            event=reading.decision.event,
            suppliers=suppliers,
            public_bodies=reading.public_bodies,
            value=reading.value,
            happened_on=happened_on(reading.release, reading.decision),
            reason=reading.reason if reading.decision.event in _ENDED else None,
            evidence=_evidence(entry, reading),
            matches=match.parties(concerned, Role.SUPPLIER) + match.parties(reading.public_bodies, Role.PUBLIC_BODY),
            notice=_notice(reading, source, unknown=reading.joins and reading.decision.asks and not suppliers),
        ),
    )


def wanted_awards(release: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """The process and the awards whose suppliers a notice without suppliers must be joined to; no award ids: all of the process."""
    kept = reduced(release)
    if not _joins(kept, decide(kept)):
        return None
    return text_of(kept["ocid"]), award_ids(kept)


def award_parties(release: Mapping[str, Any]) -> tuple[AwardParty, ...]:
    """The suppliers this release names for each of its awards, for notices to come. Member lists of dynamic markets name none."""
    kept = reduced(release)
    ocid, number = text_of(kept.get("ocid")), release_id(kept)
    if not ocid or decide(kept).event in (EventKind.NONE, EventKind.TENDER_OPENED):
        return ()
    found: dict[tuple[str, str, tuple[str, ...]], AwardParty] = {}
    for award in objects(kept.get("awards")):
        award_id = text_of(award.get("id"))
        if not award_id or failed(award):
            continue
        for supplier in suppliers_of_award(kept, award):
            party = AwardParty(ocid=ocid, award_id=award_id, supplier=supplier, notice_number=number)
            found[award_id, supplier.name, supplier.identifiers] = party
    return tuple(found.values())


def describe_release(release: Mapping[str, Any]) -> dict[str, Any]:
    """The release as ``classify`` tells it, with or without an event: what is known of a plan or a performance report is told as well.

    Differs from the finding in two things. ``public_body`` is the buyer that leads, as the registers do when they name one. ``value`` is
    the contract's: what a contract had cost when it ended (UK11) is told in the finding and is no contract's value.
    """
    reading = read_release(release)
    event = reading.decision.event
    value = reading.value if reading.decision.value != "final" else None
    return {
        "alert": None if event.alert is None else str(event.alert),
        "event": str(event),
        "supplier": "; ".join(party.name for party in reading.suppliers) or None,
        "public_body": reading.public_bodies[0].name if reading.public_bodies else None,
        "value": None if value is None else {"amount": _json_number(value.amount), "currency": value.currency},
    }


def _json_number(figure: Decimal) -> int | float:
    return int(figure) if figure == figure.to_integral_value() else float(figure)


def _joins(release: Mapping[str, Any], decision: Decision) -> bool:
    return decision.joins and decision.event in _JOINED and bool(release.get("ocid")) and not suppliers_of(release)


def _joined(reading: Reading, awards: Sequence[AwardParty]) -> tuple[tuple[Party, ...], str | None]:
    """The suppliers of the awards in question, each once, and the notice that named them.

    Of several notices on one award the newest that is not younger than this one is believed: edits and changes replace suppliers. A
    younger one is believed only where it is alone: registers answer newest first, so an edit may be read before what it edits.
    """
    wanted = award_ids(reading.release)
    by_award: dict[str, list[AwardParty]] = {}
    for party in awards:
        if party.ocid == reading.ocid and (not wanted or party.award_id in wanted):
            by_award.setdefault(party.award_id, []).append(party)
    suppliers: list[Party] = []
    numbers: list[str] = []
    for named in by_award.values():
        older = [party for party in named if _order(party.notice_number) <= _order(_number(reading))]
        number = max((party.notice_number for party in older), key=_order) if older else min((p.notice_number for p in named), key=_order)
        numbers.append(number)
        suppliers.extend(party.supplier for party in named if party.notice_number == number)
    return _each_once(suppliers), max(numbers, key=_order) if numbers else None


def _each_once(parties: Iterable[Party]) -> tuple[Party, ...]:
    found: list[Party] = []
    for party in parties:
        if not any(same_organisation(party, known) for known in found):
            found.append(party)
    return tuple(found)


def _order(number: str) -> tuple[int, int, str]:
    """Where a notice stands in its register: "032703-2026" is number 32,703 of 2026. Numbers of other registers have no order."""
    first, _, year = number.partition("-")
    return (int(year), int(first), "") if first.isdecimal() and year.isdecimal() else (0, 0, "")


def _number(reading: Reading) -> str:
    return release_id(reading.release)


def _notice(reading: Reading, source: str | None, *, unknown: bool) -> Notice:
    return Notice(
        number=_number(reading),
        type=reading.decision.type,
        ocid=reading.ocid,
        award_ids=award_ids(reading.release),
        url=notice_url(reading.release),
        title=text_of(mapping(reading.release.get("tender")).get("title")),
        publisher=notice_rules().publisher(reading.ocid).name,
        direct_award=reading.direct_award,
        supplier_from=source,
        supplier_unknown=unknown,
    )


def _evidence(entry: Entry, reading: Reading) -> Evidence:
    """The notice's own words: its title, and what it says about why."""
    words = reading.reason or intention_of(reading.release, reading.decision)
    title = entry.title or text_of(mapping(reading.release.get("tender")).get("title"))
    sentence = f"{title}: {words}" if words and words.casefold() not in title.casefold() else title
    spans = (Span(field="title", start=0, end=len(entry.title)),) if entry.title else ()
    return Evidence(sentence=_cut(sentence), rule=reading.decision.rule, spans=spans)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= _SENTENCE else f"{shorten(sentence, _SENTENCE - 1)}…"
