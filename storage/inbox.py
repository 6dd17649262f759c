"""Telegram's updates, stored before Telegram is told that they were received (it forgets them then)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from storage.records import InboxUpdate
from storage.sql import PENDING, insert_or_ignore
from storage.tables import inbox
from storage.unit import reads, writes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database


class Inbox:
    """The store's methods about updates that came in. ``Store.apply`` marks them done."""

    _db: Database

    @writes
    def save_updates(self, connection: Connection, updates: Sequence[InboxUpdate], now: datetime) -> None:
        """Keep a batch of updates. One that Telegram gives again changes nothing."""
        rows = [{"update_id": one.update_id, "raw": dict(one.raw), "state": "pending", "received_at": now} for one in updates]
        if rows:
            connection.execute(insert_or_ignore(connection, inbox), rows)

    @reads
    def pending_updates(self, connection: Connection, limit: int, *, but: Collection[int] = ()) -> list[InboxUpdate]:
        """List updates that wait to be handled, in Telegram's order, without some that are known."""
        wanted = select(inbox.c.update_id, inbox.c.raw).where(inbox.c.state == PENDING, inbox.c.update_id.not_in(but))
        wanted = wanted.order_by(inbox.c.update_id).limit(limit)
        return [InboxUpdate(update_id=row.update_id, raw=row.raw) for row in connection.execute(wanted)]

    @reads
    def last_update_id(self, connection: Connection) -> int | None:
        """Say which update came last: Telegram is asked for those after it.

        The last to come, not the highest: after a week without updates Telegram goes on with another number.
        """
        newest = select(inbox.c.update_id).order_by(inbox.c.received_at.desc(), inbox.c.update_id.desc()).limit(1)
        return connection.execute(newest).scalar()

    @writes
    def finish_updates(self, connection: Connection, update_ids: Collection[int], now: datetime) -> None:
        """Mark updates done that nothing is to be done about. Nothing of what they said is kept."""
        waiting = update(inbox).where(inbox.c.update_id.in_(update_ids), inbox.c.state == PENDING)
        connection.execute(waiting.values(state="done", raw=None, done_at=now))

    @writes
    def update_failed(self, connection: Connection, update_id: int, error: str, now: datetime) -> None:
        """Put aside an update that cannot be handled, with the reason: the ones after it go on."""
        failed = update(inbox).where(inbox.c.update_id == update_id, inbox.c.state == PENDING)
        connection.execute(failed.values(state="failed", error=error, done_at=now))

    @writes
    def prune_updates(self, connection: Connection, before: datetime) -> int:
        """Delete updates that were finished before a time, all but the newest; says how many."""
        newest = select(inbox.c.update_id).order_by(inbox.c.received_at.desc(), inbox.c.update_id.desc()).limit(1).scalar_subquery()
        old = delete(inbox).where(inbox.c.done_at < before, inbox.c.update_id != newest)
        return connection.execute(old).rowcount
