"""The weekly report: what a channel is told about the watch that is kept for it when nothing happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select, update

from storage.channels import read_channel
from storage.named_watchlists import channel_number
from storage.records import Channel, ChannelKind, ChannelState, DeliveryKind, DeliveryState
from storage.replies import queue_reply
from storage.sql import insert_many, insert_new
from storage.tables import channel, delivery, feed, report, subscription
from storage.times import MORNING, Heartbeat, SetHeartbeat, next_weekly
from storage.unit import reads, writes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database
    from storage.records import Reply

_CHECKS = select(func.coalesce(func.sum(feed.c.checks), 0))
_MONDAY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of a channel, for its report: alerts it was told, how often feeds were read, and how many of them answer now."""

    channel: Channel
    alerts: int
    checks: int
    feeds: int
    healthy: int
    heartbeat: Heartbeat


class Reports:
    """The store's methods about weekly reports."""

    _db: Database

    @writes
    def begin_reports(self, connection: Connection, now: datetime) -> int:
        """Begin the week of channels that follow something and have none yet; says how many."""
        follows = exists().where(subscription.c.channel_id == channel.c.id)
        reported = exists().where(report.c.channel_id == channel.c.id)
        wanted = select(channel.c.id, channel.c.zone).where(channel.c.kind == ChannelKind.TELEGRAM.value, ~channel.c.transient)
        rows = connection.execute(wanted.where(follows, ~reported)).all()
        if rows:
            checks = int(connection.execute(_CHECKS).scalar_one())
            insert_many(connection, report, [_new(row.id, row.zone, checks, now) for row in rows], ignore=True)
        return len(rows)

    @reads
    def weeks_over(self, connection: Connection, now: datetime, *, limit: int = 100) -> list[Week]:
        """List weeks that are over, of channels that can be told."""
        due = select(channel, *[one.label(f"report_{one.name}") for one in report.c]).join(report, report.c.channel_id == channel.c.id)
        rows = connection.execute(due.where(report.c.next_at <= now).order_by(report.c.next_at).limit(limit)).all()
        if not rows:
            return []
        checks = int(connection.execute(_CHECKS).scalar_one())
        feeds, healthy = connection.execute(
            select(func.count(), func.count().filter(feed.c.fail_count == 0)).select_from(feed).where(feed.c.enabled)
        ).one()
        return [_week(connection, row, checks, feeds, healthy) for row in rows]

    @writes
    def report_week(self, connection: Connection, channel_id: int, note: Reply | None, now: datetime) -> bool:
        """Queue what is to be said about a week, if anything, and begin the next one; False if another daemon did."""
        row = connection.execute(
            select(report, channel.c.zone)
            .join(channel, channel.c.id == report.c.channel_id)
            .where(report.c.channel_id == channel_id, report.c.next_at <= now)
            .with_for_update(of=report)
        ).one_or_none()
        if row is None:
            return False
        values = {
            "since": now,
            "checks": int(connection.execute(_CHECKS).scalar_one()),
            "next_at": next_weekly(row.weekday, row.minute, ZoneInfo(row.zone), now),
        }
        connection.execute(update(report).where(report.c.channel_id == channel_id).values(**values))
        if note is not None:
            queue_reply(connection, note, DeliveryKind.NOTE, None, now)
        return True


def set_heartbeat(connection: Connection, change: SetHeartbeat, now: datetime) -> None:
    """Choose whether a channel gets a weekly report; raises NotFound."""
    number = channel_number(connection, change.chat_id, change.thread_id)
    zone = connection.execute(select(channel.c.zone).where(channel.c.id == number)).scalar_one()
    insert_new(connection, report, _new(number, zone, int(connection.execute(_CHECKS).scalar_one()), now))
    connection.execute(update(report).where(report.c.channel_id == number).values(heartbeat=change.heartbeat.value))


def _new(channel_id: int, zone: str, checks: int, now: datetime) -> dict[str, Any]:
    first = next_weekly(_MONDAY, MORNING, ZoneInfo(zone), now)
    times = {"minute": MORNING, "weekday": _MONDAY, "next_at": first, "since": now, "checks": checks}
    return {"channel_id": channel_id, "heartbeat": Heartbeat.QUIET_WEEKS.value, "silences": True} | times


def _week(connection: Connection, row: Row[Any], checks: int, feeds: int, healthy: int) -> Week:
    told = select(func.count()).where(
        delivery.c.channel_id == row.id,
        delivery.c.state == DeliveryState.SENT.value,
        delivery.c.kind == DeliveryKind.ALERT.value,
        delivery.c.done_at >= row.report_since,
    )
    heartbeat = Heartbeat(row.report_heartbeat) if row.state == ChannelState.ACTIVE.value else Heartbeat.NEVER
    return Week(
        channel=read_channel(row),
        alerts=connection.execute(told).scalar_one(),
        checks=checks - row.report_checks,
        feeds=feeds,
        healthy=healthy,
        heartbeat=heartbeat,
    )
