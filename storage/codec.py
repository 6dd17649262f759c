"""Findings and what belongs to them as plain structures for JSON columns, and back."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from storage.records import NoticeRecord
from watchers.types import Money, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from watchers.types import Finding, Notice


def finding_body(finding: Finding) -> dict[str, Any]:
    """Write all of a finding but its event, which has a column."""
    body = asdict(finding)
    del body["event"]
    return {name: value for name, value in body.items() if value not in (None, ())}


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
