"""Which event a release announces, and by which rule. Reads the rules of ``rules/notices.toml``; expects a release as ``ocds.reduced``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchers.notice_rules import TagRule, notice_rules
from watchers.parsers.ocds import mapping, objects, own_documents, text_of, texts
from watchers.types import EventKind

_CONTRACTS_FINDER = "ocds-b5fd17"
_FIND_A_TENDER = "ocds-h6vhtk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An event and why.

    ``type`` is what people call the notice; ``rule`` names the row of the decision table; ``value`` the part of the release with the sum
    this event is about (tender, awards, contracts, amendments, final, any, none). ``joins``: earlier notices of the process may name the
    suppliers this one leaves out; ``asks``: and the register can be asked for them. ``withdraws``: the register takes back the notice that
    this is an edition of, which says nothing about the contract.
    """

    event: EventKind
    type: str
    rule: str
    value: str
    joins: bool = False
    asks: bool = False
    withdraws: bool = False


def decide(release: Mapping[str, Any]) -> Decision:
    """The event of a release."""
    if "ted" in release:
        return _ted(release)
    scheme = text_of(mapping(mapping(release.get("tender")).get("legalBasis")).get("scheme"))
    ocid = text_of(release.get("ocid"))
    notice_type = _notice_type(release)
    if notice_type or scheme == "UKPGA":
        return _uk(release, notice_type)
    if ocid.startswith(_CONTRACTS_FINDER):
        return _contracts_finder(release)
    if scheme == "CELEX" or ocid.startswith(_FIND_A_TENDER):
        return _celex(release)
    return _ocds(release)


def _notice_type(release: Mapping[str, Any]) -> str:
    """The type of the document that is this notice; documents of earlier notices may stand beside it."""
    number = text_of(release.get("id"))
    types = (text_of(document.get("noticeType")) for document in own_documents(release) if text_of(document.get("id")) == number)
    return next((code for code in types if code), "")


def _uk(release: Mapping[str, Any], code: str) -> Decision:
    rules = notice_rules()
    known = rules.uk.get(code)
    if known is None:
        said = f"of the unknown type {code}" if code else "without a notice type"
        return Decision(event=EventKind.NONE, type=code or "UK", rule=f"a Procurement Act notice {said}", value="tender")
    event, rule = known.event, f"notice {code}, {known.name}"
    if code in ("UK5", "UK6"):
        event, rule = _uk_award(release, event, rule)
    elif code == "UK10":
        proposed = any(objects(contract.get("proposedAmendments")) for contract in objects(release.get("contracts")))
        rule = f"{rule}: the change is proposed" if proposed else f"{rule}: the change has been made"
    elif code == "UK11":
        event, rule = _uk_ended(release, event, rule)
    elif code == "UK12":
        cancelled = bool(_with_status(release.get("contracts"), rules.contract_cancelled))
        rule = (
            f"{rule}: the award was cancelled before signature" if cancelled else f"{rule} without contracts: the procurement was cancelled"
        )
    late = code in ("UK10", "UK11", "UK12")  # a UK6 that awards nothing has no supplier to look for
    return Decision(event=event, type=code, rule=rule, value=known.value, joins=late, asks=late)


def _uk_award(release: Mapping[str, Any], event: EventKind, rule: str) -> tuple[EventKind, str]:
    """UK6 may announce that lots are not awarded; only if none is, nothing was awarded."""
    rules = notice_rules()
    awards = objects(release.get("awards"))
    if awards and len(_with_status(awards, rules.award_failed)) == len(awards):
        return EventKind.CANCELLED, f"{rule}: no lot is awarded"
    if event is EventKind.AWARDED:
        pending = _with_status(awards, rules.award_pending)
        rule = f"{rule}, standstill running" if pending and len(pending) == len(awards) else f"{rule}, decided"
    if "awardUpdate" in texts(release.get("tag")):
        rule = f"{rule} (edited)"
    return event, rule


def _uk_ended(release: Mapping[str, Any], event: EventKind, rule: str) -> tuple[EventKind, str]:
    """A contract that ran to its end was not terminated. Where no rationale is given, the notice's own name stands."""
    codes = rationales(release)
    if codes and codes <= notice_rules().completed_rationales:
        return EventKind.COMPLETED, f"{rule}: contractCompleted"
    return event, f"{rule}: {', '.join(sorted(codes)) or 'no rationale'}"


def rationales(release: Mapping[str, Any]) -> set[str]:
    """The codes that say why contracts ended."""
    return {
        text_of(code.get("id"))
        for contract in objects(release.get("contracts"))
        for code in objects(contract.get("terminationRationaleClassifications"))
        if text_of(code.get("id"))
    }


def _celex(release: Mapping[str, Any]) -> Decision:
    rules = notice_rules()
    event, tag = _by_tag(release, rules.celex)
    rule = f"directive notice tagged {tag}" if tag else "directive notice without a known tag"
    awards = objects(release.get("awards"))
    tender_failed = _tender_failed(release)
    if event is EventKind.AWARDED and (_all_failed(awards) or (not awards and tender_failed)):
        return Decision(event=EventKind.CANCELLED, type="CELEX", rule=f"{rule}: nothing was awarded", value="any")
    if event is EventKind.TENDER_OPENED and tender_failed:
        return Decision(event=EventKind.CANCELLED, type="CELEX", rule=f"{rule}: tender {tender_failed}", value="any")
    return Decision(event=event, type="CELEX", rule=rule, value=_value_of(event))


def _contracts_finder(release: Mapping[str, Any]) -> Decision:
    event, tag = _by_tag(release, notice_rules().contracts_finder)
    rule = f"Contracts Finder notice tagged {tag}" if tag else "Contracts Finder notice without a known tag"
    if failed := _tender_failed(release):
        # This register has no notice of cancellation: the notice is published again with this status.
        return Decision(event=EventKind.CANCELLED, type="CF", rule=f"{rule}: tender {failed}", value="any", joins=True)
    if _all_failed(objects(release.get("awards"))):
        return Decision(event=EventKind.CANCELLED, type="CF", rule=f"{rule}: every award failed", value="any", joins=True)
    return Decision(event=event, type="CF", rule=rule, value="awards" if event is EventKind.AWARDED else "tender")


def _ocds(release: Mapping[str, Any]) -> Decision:
    """Any other publisher: tags of an ending, then statuses, then the other tags. Tags and statuses contradict each other abroad, so the
    stronger statement wins; "terminated" alone is an end, not an early one (OCDS: "for any reason", and so measured in Portugal).
    """
    rules = notice_rules()
    event, tag = _by_tag(release, rules.ocds)
    if event in (EventKind.TERMINATED, EventKind.CANCELLED, EventKind.CHANGED):
        return Decision(event=event, type="OCDS", rule=f"release tagged {tag}", value="any", joins=True)
    contracts = objects(release.get("contracts"))
    if failed := _tender_failed(release):
        event, rule = EventKind.CANCELLED, f"tender {failed}"
    elif _all_failed(objects(release.get("awards"))):
        event, rule = EventKind.CANCELLED, "every award failed"
    elif contracts and len(_with_status(contracts, rules.contract_cancelled)) == len(contracts):
        event, rule = EventKind.CANCELLED, "every contract cancelled before signature"
    elif contracts and len(_with_status(contracts, rules.contract_ended)) == len(contracts):
        event, rule = EventKind.COMPLETED, "every contract ended, not said how"
    else:
        rule = f"release tagged {tag}" if tag else "release without a known tag"
        return Decision(event=event, type="OCDS", rule=rule, value=_value_of(event))
    return Decision(event=event, type="OCDS", rule=f"release with {rule}", value="any", joins=True)


def _ted(release: Mapping[str, Any]) -> Decision:
    rules = notice_rules()
    ted = mapping(release.get("ted"))
    kind = text_of(ted.get("noticeType"))
    event, rule = rules.ted.get(kind, EventKind.NONE), f"eForms notice {kind or 'without a type'}"
    results = set(texts(ted.get("results")))
    named = bool(objects(release.get("awards")))
    if rules.ted_withdrawn.intersection(texts(ted.get("changes"))):
        if event is EventKind.TENDER_OPENED:  # a call that is taken back is a procurement that is called off
            return Decision(event=EventKind.CANCELLED, type="TED", rule=f"{rule}: the call was withdrawn", value="any")
        return Decision(event=EventKind.NONE, type="TED", rule=f"{rule}: the notice was withdrawn", value="any", withdraws=True)
    if event is EventKind.AWARDED and not (results & rules.ted_won or (named and not results)):
        if results and results <= rules.ted_lost:
            return Decision(event=EventKind.CANCELLED, type="TED", rule=f"{rule}: closed without winner", value="any")
        return Decision(event=EventKind.NONE, type="TED", rule=f"{rule}: no winner is named", value="any")
    return Decision(event=event, type="TED", rule=rule, value=_value_of(event))


def _value_of(event: EventKind) -> str:
    return "tender" if event in (EventKind.TENDER_OPENED, EventKind.NONE) else "contracts"


def _by_tag(release: Mapping[str, Any], table: Sequence[TagRule]) -> tuple[EventKind, str]:
    tags = set(texts(release.get("tag")))
    for row in table:
        if found := row.tags & tags:
            return row.event, "+".join(sorted(found))
    return EventKind.NONE, ""


def _with_status(items: object, statuses: frozenset[str]) -> list[Mapping[str, Any]]:
    return [item for item in objects(items) if text_of(item.get("status")) in statuses]


def _all_failed(awards: Sequence[Mapping[str, Any]]) -> bool:
    return bool(awards) and len(_with_status(awards, notice_rules().award_failed)) == len(awards)


def _tender_failed(release: Mapping[str, Any]) -> str:
    status = text_of(mapping(release.get("tender")).get("status"))
    return status if status in notice_rules().tender_failed else ""
