"""Findings and what belongs to them as plain structures for JSON columns, and back."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from storage.records import NoticeRecord
from watchers.types import EventKind, Evidence, Finding, Match, Money, Notice, Party, Role, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def finding_body(finding: Finding) -> dict[str, Any]:
    """Write all of a finding but its event, which has a column."""
    body = asdict(finding)
    del body["event"]
    return {name: value for name, value in body.items() if value not in (None, ())}


def read_finding(event: str, body: Mapping[str, Any]) -> Finding:
    """Read what ``finding_body`` wrote."""
    said, notice = body["evidence"], body.get("notice")
    return Finding(
        event=EventKind(event),
        suppliers=tuple(_party(one) for one in body.get("suppliers", ())),
        public_bodies=tuple(_party(one) for one in body.get("public_bodies", ())),
        value=Money(**body["value"]) if "value" in body else None,
        happened_on=body.get("happened_on"),
        reason=body.get("reason"),
        evidence=Evidence(sentence=said["sentence"], rule=said["rule"], spans=tuple(Span(**one) for one in said["spans"])),
        matches=tuple(Match(**one | {"role": Role(one["role"]), "span": _span(one["span"])}) for one in body.get("matches", ())),
        notice=Notice(**notice | {"award_ids": tuple(notice["award_ids"])}) if notice else None,
    )


def _party(body: Mapping[str, Any]) -> Party:
    return Party(name=body["name"], identifiers=tuple(body["identifiers"]), span=_span(body["span"]))


def _span(body: Mapping[str, Any] | None) -> Span | None:
    return None if body is None else Span(**body)


def money_body(value: Money | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {"amount": str(value.amount), "currency": value.currency, "printed": value.printed, "basis": value.basis}


def read_money(body: dict[str, Any] | None) -> Money | None:
    if body is None:
        return None
    return Money(amount=Decimal(body["amount"]), currency=body["currency"], printed=body["printed"], basis=body["basis"])


def spans_body(spans: Iterable[Span]) -> list[list[Any]]:
    return [[span.field, span.start, span.end] for span in spans]


def read_spans(body: list[list[Any]]) -> tuple[Span, ...]:
    return tuple(Span(field=field, start=start, end=end) for field, start, end in body)


def notice_body(notice: Notice | None) -> dict[str, Any] | None:
    if notice is None:
        return None
    return {name: getattr(notice, name) for name in NoticeRecord.__slots__}


def read_notice(body: dict[str, Any] | None) -> NoticeRecord | None:
    return None if body is None else NoticeRecord(**body)
