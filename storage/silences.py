"""Feeds that are silent: what is noticed, whose watches rest on them, and who was told.

A feed is silent when it fails for a day, or answers and has had nothing new for longer than its habit explains. What we did not ask is no
silence of a feed: the one is counted up to its last good answer, the other only while it is asked on time. So a daemon that was down, or
polling that rests, is never taken for one. Each silence is a row; each channel is told of it once, and once that it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, or_, select, update

from storage.alert_changes import MuteKind
from storage.channels import WITH_TIMES, with_times
from storage.habits import read_habits
from storage.mutes import in_force
from storage.place_tables import mute
from storage.records import ChannelKind, ChannelState, DeliveryKind
from storage.replies import queue_reply
from storage.report_tables import report, silence, silence_told
from storage.sql import insert_many, insert_new
from storage.tables import channel, feed, subscription, watchlist_watch
from storage.unit import reads, writes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database
    from storage.habits import Habit
    from storage.records import Channel, Reply

_FAILING = timedelta(days=1)  # what is shorter mends itself
_KEPT = timedelta(days=30)  # after its end: whoever cannot be told until then need not hear of it any more
_PAUSE = timedelta(days=1)  # nobody is told of silences more often


class SilenceReason(StrEnum):
    """Why nothing comes from a feed."""

    QUIET = "quiet"  # it answers and has nothing new
    FAILING = "failing"  # it cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A feed that has been silent ``since`` a time; ``over``: it is not any more."""

    id: int
    feed_id: int
    name: str
    reason: SilenceReason
    since: datetime
    noticed_at: datetime
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A channel with watches that rest on feeds. ``told``: the silences it was told of, and whether also that they are over.

    ``told_at``: when it was last told of any. ``muted``: the feeds that it muted; ``since``: when it was set up.
    """

    channel: Channel
    told: Mapping[int, bool]
    told_at: datetime | None
    muted: frozenset[int]
    since: datetime


class Silences:
    """The store's methods about feeds that are silent."""

    _db: Database

    @writes
    def notice_silences(self, connection: Connection, feeds: Collection[str], now: datetime) -> None:
        """Note which of these feeds have fallen silent, and which are silent no more."""
        connection.execute(delete(silence).where(silence.c.over_at < now - _KEPT))
        habits = read_habits(connection)
        known: dict[int, list[Row[Any]]] = {}
        for row in connection.execute(select(silence).order_by(silence.c.id)):
            known.setdefault(row.feed_id, []).append(row)
        asked = {row.id: row for row in connection.execute(select(feed).where(feed.c.enabled).order_by(feed.c.id)) if row.key in feeds}
        gone = [number for number in known if number not in asked]
        connection.execute(delete(silence).where(silence.c.feed_id.in_(gone)))
        for number, row in asked.items():
            _notice(connection, row, habits.get(number), known.get(number, ()), now)

    @reads
    def silences(self, connection: Connection) -> list[Silence]:
        """List the feeds that are silent, or were lately."""
        return _silences(connection)

    @reads
    def listeners(self, connection: Connection, now: datetime, *, after: int = 0, limit: int = 200) -> list[Listener]:
        """List channels with a number above ``after`` that may have something to hear of silences, in the order of their numbers."""
        rows = connection.execute(_LISTENERS.where(_to_hear(now), channel.c.id > after).limit(limit)).all()
        numbers = [row.id for row in rows]
        told: dict[int, dict[int, bool]] = {number: {} for number in numbers}
        for one in connection.execute(select(silence_told).where(silence_told.c.channel_id.in_(numbers))):
            told[one.channel_id][one.silence_id] = one.back
        muted = muted_feeds(connection, numbers, now)
        return [
            Listener(channel=with_times(row), told=told[row.id], told_at=row.report_silence_at, muted=muted[row.id], since=row.created_at)
            for row in rows
        ]

    @writes
    def tell_silences(
        self, connection: Connection, listener: Listener, note: Reply, *, silent: Iterable[int], back: Iterable[int], now: datetime
    ) -> bool:
        """Queue what a channel is told of silences, so that it is told once; False if another daemon told it meanwhile."""
        number = listener.channel.id
        mine = update(report).where(report.c.channel_id == number, report.c.silence_at.is_not_distinct_from(listener.told_at))
        if not connection.execute(mine.values(silence_at=now)).rowcount:
            return False
        mark_told(connection, number, silent)
        over = update(silence_told).where(silence_told.c.channel_id == number, silence_told.c.silence_id.in_(list(back)))
        connection.execute(over.values(back=True))
        queue_reply(connection, note, DeliveryKind.NOTE, None, now)
        return True


def open_silences(connection: Connection) -> list[Silence]:
    """Read which feeds are silent now."""
    return [one for one in _silences(connection) if not one.over]


def muted_feeds(connection: Connection, channels: Iterable[int], now: datetime) -> dict[int, frozenset[int]]:
    """Read which feeds each of these channels has muted."""
    numbers = list(channels)
    feeds = select(mute.c.channel_id, mute.c.target).where(mute.c.kind == MuteKind.FEED.value, in_force(now))
    muted: dict[int, set[int]] = {number: set() for number in numbers}
    for number, target in connection.execute(feeds.where(mute.c.channel_id.in_(numbers))):
        muted[number].add(target)
    return {number: frozenset(targets) for number, targets in muted.items()}


def mark_told(connection: Connection, channel_id: int, silences: Iterable[int]) -> None:
    """Note that a channel was told of silences; those that are forgotten meanwhile are left out."""
    there = connection.execute(select(silence.c.id).where(silence.c.id.in_(list(silences)))).scalars()
    rows = [{"silence_id": number, "channel_id": channel_id} for number in there]
    if rows:
        insert_many(connection, silence_told, rows, ignore=True)


def _silences(connection: Connection) -> list[Silence]:
    found = select(silence, feed.c.name).join(feed, feed.c.id == silence.c.feed_id).order_by(silence.c.since, silence.c.id)
    return [
        Silence(
            id=row.id,
            feed_id=row.feed_id,
            name=row.name,
            reason=SilenceReason(row.reason),
            since=row.since,
            noticed_at=row.noticed_at,
            over=row.over_at is not None,
        )
        for row in connection.execute(found)
    ]


def _notice(connection: Connection, row: Row[Any], known: Habit | None, before: Collection[Row[Any]], now: datetime) -> None:
    """Open a silence of a feed that has fallen silent, or end the one that is over."""
    for one in before:
        if one.over_at is None:
            if _over(one, row, known):
                connection.execute(update(silence).where(silence.c.id == one.id).values(over_at=now))
            return  # whatever else is the matter with it now, it was told that nothing comes from it
    found = _fallen_silent(row, known, max((one.over_at for one in before), default=None), now)
    if found is not None:
        reason, since = found
        insert_new(connection, silence, {"feed_id": row.id, "reason": reason.value, "since": since, "noticed_at": now})


def _fallen_silent(row: Row[Any], known: Habit | None, back_at: datetime | None, now: datetime) -> tuple[SilenceReason, datetime] | None:
    """Why a feed is to be called silent, and since when; ``back_at``: when it last was no more."""
    if row.fail_count:
        on_time = row.next_poll_at is not None and row.next_poll_at > now
        failing = on_time and row.first_failed_at is not None and now - row.first_failed_at >= _FAILING
        return (SilenceReason.FAILING, row.first_failed_at) if failing else None
    patience = None if known is None else known.patience
    if known is None or patience is None or row.last_ok_at is None:
        return None
    counted_from = known.last_at if back_at is None else max(known.last_at, back_at)
    return (SilenceReason.QUIET, known.last_at) if row.last_ok_at - counted_from > patience else None


def _over(one: Row[Any], row: Row[Any], known: Habit | None) -> bool:
    if one.reason == SilenceReason.FAILING.value:
        return not row.fail_count and row.last_ok_at is not None and row.last_ok_at > one.since
    return known is not None and known.last_at > one.since


_FOLLOWS = (
    exists()
    .where(subscription.c.channel_id == channel.c.id, watchlist_watch.c.watchlist_id == subscription.c.watchlist_id)
    .where(~watchlist_watch.c.paused)
)
_HEARD = exists().where(silence_told.c.silence_id == silence.c.id, silence_told.c.channel_id == channel.c.id).correlate(silence, channel)
_NEWLY_SILENT = exists().where(silence.c.over_at.is_(None), silence.c.noticed_at >= channel.c.created_at, ~_HEARD).correlate(channel)
_NEWLY_BACK = (
    exists()
    .where(silence_told.c.channel_id == channel.c.id, ~silence_told.c.back)
    .where(silence.c.id == silence_told.c.silence_id, silence.c.over_at.is_not(None))
    .correlate(channel)
)
_LISTENERS = (
    WITH_TIMES.where(channel.c.kind == ChannelKind.TELEGRAM.value, channel.c.state == ChannelState.ACTIVE.value, ~channel.c.transient)
    .where(report.c.silences, _FOLLOWS, or_(_NEWLY_SILENT, _NEWLY_BACK))
    .order_by(channel.c.id)
)


def _to_hear(now: datetime) -> Any:
    """Hold where a channel was not told of silences lately. A time to come is one of a clock that went back."""
    last = report.c.silence_at
    return or_(last.is_(None), last <= now - _PAUSE, last > now)
