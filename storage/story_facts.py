"""What findings make of a story, as values: what is stated, what is added, what is replaced. Pure; ``storage.stories`` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from storage.codec import money_body, notice_body, read_money, spans_body
from watchers.types import EventKind, Facts, StoryCard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Row

    from watchers.types import Finding

Story: TypeAlias = "tuple[Row[Any], frozenset[str]]"  # with its keys
Stories: TypeAlias = "dict[int, Story]"


def renewed(row: Row[Any], entry_id: int, finding: Finding) -> dict[str, Any]:
    """Say what the new text of an entry makes of the facts that rest on it."""
    stated = {name: value for name, value in facts_of(finding).items() if value not in (None, [])}
    others = row.stated_by or {}
    if row.evidence_entry_id == entry_id:
        mine = {name: value for name, value in stated.items() if others.get(name, entry_id) == entry_id}
        return _differing(row, mine | evidence_of(entry_id, finding))
    mine = {name: stated[name] for name, source in others.items() if source == entry_id and name in stated}
    return additions(row, entry_id, finding, confirms=False) | _differing(row, mine)


def restated(row: Row[Any], entry_id: int, finding: Finding) -> dict[str, Any]:
    """Say what a notice that replaces an earlier one makes of the story."""
    stated = {name: value for name, value in facts_of(finding).items() if value not in (None, [])}
    return _differing(row, stated | evidence_of(entry_id, finding) | {"stated_by": _without(row, stated)})


def _without(row: Row[Any], stated: Iterable[str]) -> dict[str, int] | None:
    """Who stated what, without the facts that the evidence itself now states."""
    return {name: source for name, source in (row.stated_by or {}).items() if name not in stated} or None


def with_values(facts: Facts, values: dict[str, Any]) -> Facts:
    """The facts after a change of the story."""
    return Facts(
        event=EventKind(values.get("event", facts.event)),
        suppliers=tuple(values.get("suppliers", facts.suppliers)),
        public_bodies=tuple(values.get("public_bodies", facts.public_bodies)),
        value=read_money(values["value"]) if "value" in values else facts.value,
    )


def stated_facts(finding: Finding) -> Facts:
    """What a finding states."""
    return Facts(
        event=finding.event,
        suppliers=tuple(one.name for one in finding.suppliers),
        public_bodies=tuple(one.name for one in finding.public_bodies),
        value=finding.value,
    )


def additions(row: Row[Any], entry_id: int, finding: Finding, *, confirms: bool) -> dict[str, Any]:
    """Say what a finding adds to a story that another entry opened."""
    facts = facts_of(finding)
    if (confirms or row.status == "reported") and finding.notice is not None:
        # The register's names, sums and words replace the reports'; what it leaves out stays as reported.
        stated = {name: value for name, value in facts.items() if value not in (None, [])}
        status = {"status": "confirmed", "stated_by": _without(row, stated)}
        return _differing(row, stated | evidence_of(entry_id, finding) | status)
    values = {
        name: value for name, value in facts.items() if name != "event" and value not in (None, []) and getattr(row, name) in (None, [])
    }
    if EventKind(row.event).alert is None and finding.alert is not None:
        values |= {"event": finding.event.value} | evidence_of(entry_id, finding)
    elif values:
        values["stated_by"] = (row.stated_by or {}) | dict.fromkeys(values, entry_id)
    return values


def _differing(row: Row[Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def same_event(own: Stories, finding: Finding, keys: tuple[str, ...], *, alone: bool) -> Story | None:
    """Find the story in which an entry's earlier text told of the same event: by a shared key, or because there is only this one."""
    alike = [one for one in own.values() if _class(EventKind(one[0].event)) == _class(finding.event)]
    sharing = [one for one in alike if not one[1].isdisjoint(keys)]
    if sharing:
        return sharing[0]
    return alike[0] if alone and len(alike) == 1 else None


def _class(event: EventKind) -> str:
    return (event.alert or event).value


def card(row: Row[Any], keys: frozenset[str]) -> StoryCard:
    return StoryCard(
        id=row.id,
        event=EventKind(row.event),
        keys=keys,
        value=read_money(row.value),
        official=row.status != "reported",
        first_at=row.first_at,
        last_at=row.last_at,
        titles=tuple(row.titles),
    )


def facts_of(finding: Finding) -> dict[str, Any]:
    return {
        "event": finding.event.value,
        "suppliers": list(dict.fromkeys(one.name for one in finding.suppliers)),
        "public_bodies": list(dict.fromkeys(one.name for one in finding.public_bodies)),
        "value": money_body(finding.value),
        "happened_on": finding.happened_on,
        "cancel_reason": finding.reason,
        "notice": notice_body(finding.notice),
        "thread": finding.notice.ocid if finding.notice else None,
    }


def evidence_of(entry_id: int, finding: Finding) -> dict[str, Any]:
    return {
        "evidence_entry_id": entry_id,
        "sentence": finding.evidence.sentence,
        "spans": spans_body(finding.evidence.spans),
        "rule": finding.evidence.rule,
    }
