"""Alerts to show: the seed case as a view, and short ways to vary it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from storage.records import AlertView, MatchRecord, NoticeRecord, StoryEntry
from watchers.types import AlertClass, EventKind, Money, Role

AT = datetime(2026, 5, 21, 9, 12, tzinfo=UTC)


def report(number: int = 1, **more: Any) -> StoryEntry:
    made = StoryEntry(
        entry_id=number,
        feed=f"feed-{number}",
        feed_name=f"Outlet {number}",
        outlet=None,
        title="Mayor scraps £50m police contract with Palantir",
        url=f"https://news{number}.example.com/story",
        published=AT + timedelta(minutes=number),
        first_seen_at=AT + timedelta(hours=1),
        official=False,
    )
    return replace(made, **more)


def notice(**more: Any) -> NoticeRecord:
    made = NoticeRecord(
        number="032703-2026",
        type="UK12",
        url="https://www.find-tender.service.gov.uk/Notice/032703-2026",
        title="Data integration platform",
        publisher="Find a Tender",
        direct_award=False,
        supplier_from=None,
        supplier_unknown=False,
    )
    return replace(made, **more)


def match(**more: Any) -> MatchRecord:
    return replace(MatchRecord(watch_key="palantir", watch_name="Palantir", role=Role.SUPPLIER, proof="Palantir", flag=None), **more)


def alert_view(**more: Any) -> AlertView:
    """The mayor of London cancels the Metropolitan Police's contract with Palantir, as one outlet reports it."""
    made = AlertView(
        alert_id=7,
        story_id=3,
        reason="new",
        event=EventKind.CANCELLED,
        alert=AlertClass.CANCELLED,
        suppliers=("Palantir",),
        public_bodies=("Metropolitan Police",),
        value=Money(amount=Decimal(50_000_000), currency="GBP", printed="£50m"),
        happened_on=None,
        cancel_reason=None,
        sentence="The mayor has cancelled the force's £50m deal with Palantir.",
        spans=(),
        rule="cancelled",
        status="reported",
        notice=None,
        entries=(report(),),
        matches=(match(),),
        revision=1,
        created_at=AT,
        thread="story-3",
    )
    return replace(made, **more)
