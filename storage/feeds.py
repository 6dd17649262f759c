"""Feeds as rows: what is configured, what is remembered between polls, and who is polling.

What is due stands in ``feed.next_poll_at``, not in a scheduler. Feeds are disabled and never deleted: their keys say what is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, bindparam, case, func, literal, or_, select, type_coerce, update

from storage.columns import Instant
from storage.exceptions import NotFound
from storage.records import FeedRecord
from storage.tables import feed
from storage.unit import reads, writes
from watchers.types import FeedKind, FeedState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database
    from watchers.types import Feed

_STATE_FIELDS = (
    "etag",
    "last_modified",
    "next_poll_at",
    "fail_count",
    "first_failed_at",
    "last_ok_at",
    "last_error",
    "seeded",
    "checkpoint",
    "moved_to",
    "ttl",
)
_FRESH: dict[str, Any] = dict.fromkeys(("etag", "last_modified", "next_poll_at", "first_failed_at", "last_error", "moved_to", "ttl")) | {
    "fail_count": 0
}
_FIND_FEED = select(feed.c.id).where(feed.c.key == bindparam("feed_key"))
_LOCK_FEED = _FIND_FEED.with_for_update()
_WRITE_STATE = update(feed).where(feed.c.id == bindparam("of_id")).values(owner=None, lease_until=None, checks=feed.c.checks + 1)
# Clocks of daemons that share a database differ by less than this. A time that lies an interval and this ahead, written "later" than now,
# comes from a clock that went back: waiting for it would leave a feed unread for as long as the clock was set back.
CLOCK_SLACK_US = 300_000_000


class Feeds:
    """The store's methods about feeds."""

    _db: Database

    @writes
    def sync_feeds(self, connection: Connection, feeds: Sequence[Feed], now: datetime) -> None:
        """Make the stored feeds those that are configured. A feed that is no longer configured is disabled; its keys and state stay."""
        stored = {row.key: row for row in connection.execute(select(feed))}
        for one in feeds:
            old = stored.pop(one.id, None)
            if old is None:
                connection.execute(feed.insert().values(key=one.id, **_configured(one), created_at=now))
                continue
            changed = _configured(one) | _forgotten(old, one, now)
            if any(getattr(old, name) != value for name, value in changed.items()):
                connection.execute(update(feed).where(feed.c.id == old.id).values(**changed))
        gone = [row.id for row in stored.values() if row.enabled]
        if gone:
            connection.execute(update(feed).where(feed.c.id.in_(gone)).values(enabled=False, owner=None, lease_until=None))

    @writes
    def claim_due_feeds(
        self, connection: Connection, now: datetime, *, limit: int, owner: str, lease: timedelta
    ) -> list[tuple[str, FeedState]]:
        """Claim up to ``limit`` feeds that are due, the longest overdue first.

        A claim ends with ``save_state`` or ``save_poll``, or with its lease. A feed whose time lies more than its interval and five minutes
        ahead although its state was written "later" than now is due as well: the clock went back, and the old time may be years away.
        """
        due = (
            select(feed)
            .where(feed.c.enabled, or_(feed.c.next_poll_at.is_(None), feed.c.next_poll_at <= now, _clock_went_back(now)))
            .where(or_(feed.c.lease_until.is_(None), feed.c.lease_until <= now, feed.c.touched_at > now))
            .order_by(feed.c.next_poll_at.asc().nulls_first(), feed.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = connection.execute(due).all()
        if rows:
            claimed = update(feed).where(feed.c.id.in_([row.id for row in rows]))
            connection.execute(claimed.values(owner=owner, lease_until=now + lease, touched_at=now))
        return [(row.key, _state(row)) for row in rows]

    @writes
    def keep_feed(self, connection: Connection, feed_id: str, now: datetime, *, owner: str, lease: timedelta) -> None:
        """Lengthen the claim on a feed whose poll is still under way; one that ended, or that another daemon took over, stays as it is."""
        kept = update(feed).where(feed.c.key == feed_id, feed.c.owner == owner)
        connection.execute(kept.values(lease_until=now + lease, touched_at=now))

    @reads
    def feeds(self, connection: Connection) -> list[FeedRecord]:
        """List the feeds that are configured, in the order they were first configured."""
        rows = connection.execute(select(feed).where(feed.c.enabled).order_by(feed.c.id))
        return [
            FeedRecord(id=row.key, kind=FeedKind(row.kind), url=row.url, name=row.name, state=_state(row), entries=row.entries)
            for row in rows
        ]

    @reads
    def next_due_at(self, connection: Connection) -> datetime | None:
        """Say when the next feed is due: a time that is past if one is due now, None if there is no feed to wait for.

        A feed that is being polled is due again when its lease ends.
        """
        poll = func.coalesce(feed.c.next_poll_at, feed.c.created_at)
        when = case((feed.c.lease_until > poll, feed.c.lease_until), else_=poll)
        return connection.execute(select(func.min(when, type_=Instant)).where(feed.c.enabled)).scalar()

    @writes
    def save_state(self, connection: Connection, feed_id: str, state: FeedState, now: datetime) -> None:
        """Remember how a poll without new entries ended (a failure, a 304), and release the claim."""
        write_state(connection, feed_number(connection, feed_id), state, now)


def feed_number(connection: Connection, feed_id: str, *, lock: bool = False) -> int:
    """Find a feed by the id people gave it. ``lock``: until the transaction ends no other daemon saves entries of this feed."""
    number = connection.execute(_LOCK_FEED if lock else _FIND_FEED, {"feed_key": feed_id}).scalar()
    if number is None:
        raise NotFound("there is no such feed", about=feed_id)
    return int(number)


def write_state(connection: Connection, number: int, state: FeedState, now: datetime) -> None:
    """Remember a feed's state and release the claim on it."""
    values = {name: getattr(state, name) for name in _STATE_FIELDS}
    connection.execute(_WRITE_STATE, {"of_id": number, "touched_at": now, **values})


def _clock_went_back(now: datetime) -> Any:
    latest = literal(Instant.number(now) + CLOCK_SLACK_US, BigInteger) + type_coerce(feed.c.every, BigInteger)
    return and_(feed.c.touched_at > now, type_coerce(feed.c.next_poll_at, BigInteger) > latest)


def _configured(one: Feed) -> dict[str, Any]:
    return {"kind": one.kind.value, "url": one.url, "name": one.name, "every": one.every, "enabled": True}


def _forgotten(old: Row[Any], new: Feed, now: datetime) -> dict[str, Any]:
    """Say what a changed configuration makes untrue of the remembered state.

    Another address answers with other validators, and what it holds at first is a backlog; the same document elsewhere (a redirect that was
    followed, http that became https) is not. Another kind has another checkpoint.
    """
    if old.kind != new.kind.value:
        return _FRESH | {"checkpoint": None, "seeded": False}
    if old.url != new.url:
        same_document = new.url == old.moved_to or new.url.partition("://")[2] == old.url.partition("://")[2]
        return dict(_FRESH) if same_document else _FRESH | {"checkpoint": None, "seeded": False}
    sooner = old.next_poll_at is not None and not old.fail_count and new.every < old.every and old.next_poll_at > now + new.every
    return {"next_poll_at": now + new.every} if sooner else {}


def _state(row: Row[Any]) -> FeedState:
    return FeedState(**{name: getattr(row, name) for name in _STATE_FIELDS})
