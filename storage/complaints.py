"""What people said was wrong with alerts: test cases to be. Nobody who reads them learns who said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from storage.alert_changes import Complain, Wrong
from storage.exceptions import NotFound
from storage.place_tables import complaint
from storage.sql import insert_new
from storage.tables import alert, delivery, entry, feed, story_entry
from storage.unit import reads

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A complaint with the text that the alert rests on, as it was when it became part of the story."""

    id: int
    alert_id: int
    reason: Wrong
    told: Mapping[str, Any]
    feed: str
    title: str
    summary: str
    url: str | None
    published: datetime | None
    language: str | None
    release: Mapping[str, Any] | None
    made_at: datetime


class Complaints:
    """The store's methods that read complaints."""

    _db: Database

    @reads
    def complaints(self, connection: Connection) -> list[Complaint]:
        """List all complaints, the oldest first."""
        found = (
            select(complaint, story_entry.c.title, story_entry.c.summary)
            .add_columns(entry.c.url, entry.c.published, entry.c.language, entry.c.release, feed.c.key.label("feed"))
            .join(alert, alert.c.id == complaint.c.alert_id)
            .join(entry, entry.c.id == complaint.c.entry_id)
            .join(feed, feed.c.id == entry.c.feed_id)
            .join(story_entry, (story_entry.c.entry_id == entry.c.id) & (story_entry.c.story_id == alert.c.story_id))
            .order_by(complaint.c.id)
        )
        return [
            Complaint(
                reason=Wrong(row.reason),
                **{name: getattr(row, name) for name in ("id", "alert_id", "told", "feed", "title", "summary", "url", "published")},
                **{name: getattr(row, name) for name in ("language", "release", "made_at")},
            )
            for row in connection.execute(found)
        ]

    @reads
    def complained(self, connection: Connection, alert_id: int, reason: Wrong) -> bool:
        """Whether somebody said this of an alert before."""
        same = (complaint.c.alert_id == alert_id) & (complaint.c.reason == reason.value)
        return connection.execute(select(complaint.c.id).where(same).limit(1)).first() is not None


def complain(connection: Connection, change: Complain, channel_id: int, now: datetime) -> None:
    """Keep a complaint; a second one of a place about the same alert replaces its reason. NotFound when the alert was not told there."""
    told_here = (delivery.c.alert_id == change.alert_id) & (delivery.c.channel_id == channel_id)
    if connection.execute(select(delivery.c.id).where(told_here)).first() is None:
        raise NotFound("this alert was not told here")
    row = {"alert_id": change.alert_id, "channel_id": channel_id, "entry_id": change.entry_id, "told": dict(change.told), "made_at": now}
    if not insert_new(connection, complaint, row | {"reason": change.reason.value}):
        same = (complaint.c.alert_id == change.alert_id) & (complaint.c.channel_id == channel_id)
        connection.execute(update(complaint).where(same).values(reason=change.reason.value))
