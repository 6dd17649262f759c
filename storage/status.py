"""Numbers about the store, for ``status``, metrics and /status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from storage.records import Counts
from storage.sql import PENDING
from storage.tables import alert, channel, delivery, entry, feed, story, watch
from storage.timetables import ALERT_RANK
from storage.unit import reads

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection

    from storage.engine import Database


_OLD = text("entry.old")  # the words of the partial index


class Status:
    """The store's methods that count."""

    _db: Database

    @reads
    def counts(self, connection: Connection, now: datetime) -> Counts:  # noqa: ARG002 - "now" is what windows of time will be counted from
        """Count what is kept. Entries are counted as they come, so that this stays quick."""
        entries = connection.execute(select(func.coalesce(func.sum(feed.c.entries), 0))).scalar_one()
        feeds = connection.execute(select(func.count(), func.max(feed.c.last_ok_at)).where(feed.c.enabled)).one()
        failing = connection.execute(select(func.count()).where(feed.c.enabled, feed.c.fail_count > 0)).scalar_one()
        states = connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))
        due = select(func.min(delivery.c.created_at)).where(delivery.c.state == PENDING, delivery.c.rank <= ALERT_RANK)
        return Counts(
            entries=int(entries),
            stories=_count(connection, story),
            alerts=_count(connection, alert),
            watches=_count(connection, watch),
            channels=connection.execute(select(func.count()).where(~channel.c.transient)).scalar_one(),
            deliveries={row[0]: row[1] for row in states},
            oldest_pending_at=connection.execute(due).scalar(),
            feeds=feeds[0],
            feeds_failing=failing,
            last_poll_ok_at=feeds[1],
            old_entries=connection.execute(select(func.count()).select_from(entry).where(_OLD)).scalar_one(),
        )


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
