"""The weekly report: what a channel is told about the watch that is kept for it when nothing happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select, update

from storage.channels import WITH_TIMES, with_times
from storage.named_watchlists import channel_number
from storage.records import Channel, ChannelKind, DeliveryKind, DeliveryState
from storage.replies import queue_reply
from storage.report_tables import report
from storage.silences import Silence, mark_told, muted_feeds, open_silences
from storage.sql import insert_many, insert_new
from storage.tables import channel, delivery, feed, subscription
from storage.times import AS_USUAL, Report, SetReport, next_weekly
from storage.unit import reads, writes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database
    from storage.records import Reply

_CHECKS = select(func.coalesce(func.sum(feed.c.checks), 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of a channel, for its report: alerts it was told, how often feeds were read, and how many of them answer now.

    ``silent``: the feeds that are silent now, of those that it did not mute; none where it does not want to hear of them.
    """

    channel: Channel
    alerts: int
    checks: int
    feeds: int
    healthy: int
    silent: tuple[Silence, ...] = ()


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
    def weeks_over(self, connection: Connection, now: datetime, *, after: int = 0, limit: int = 100) -> list[Week]:
        """List weeks that are over, of channels with a number above ``after``, in the order of their numbers."""
        due = WITH_TIMES.where(report.c.next_at <= now, channel.c.id > after).order_by(channel.c.id)
        rows = connection.execute(due.limit(limit)).all()
        if not rows:
            return []
        checks = int(connection.execute(_CHECKS).scalar_one())
        silent, muted = open_silences(connection), muted_feeds(connection, [row.id for row in rows], now)
        feeds, healthy = connection.execute(
            select(func.count(), func.count().filter(feed.c.fail_count == 0)).select_from(feed).where(feed.c.enabled)
        ).one()
        return [
            Week(
                channel=with_times(row),
                alerts=_told(connection, row),
                checks=checks - row.report_checks,
                feeds=feeds,
                healthy=healthy,
                silent=tuple(one for one in silent if row.report_silences and one.feed_id not in muted[row.id]),
            )
            for row in rows
        ]

    @writes
    def report_week(self, connection: Connection, week: Week, note: Reply | None, now: datetime) -> bool:
        """Queue what is to be said about a week, if anything, and begin the next one; False if another daemon did."""
        number = week.channel.id
        row = connection.execute(
            select(report, channel.c.zone)
            .join(channel, channel.c.id == report.c.channel_id)
            .where(report.c.channel_id == number, report.c.next_at <= now)
            .with_for_update(of=report)
        ).one_or_none()
        if row is None:
            return False
        values = {
            "since": now,
            "checks": int(connection.execute(_CHECKS).scalar_one()),
            "next_at": next_weekly(row.weekday, row.minute, ZoneInfo(row.zone), now),
        }
        connection.execute(update(report).where(report.c.channel_id == number).values(**values))
        if note is not None:
            queue_reply(connection, note, DeliveryKind.NOTE, None, now)
            mark_told(connection, number, [one.id for one in week.silent])
        return True


def set_report(connection: Connection, change: SetReport, now: datetime) -> None:
    """Choose what a channel is told about the watch that is kept for it, and when; raises NotFound."""
    number = channel_number(connection, change.chat_id, change.thread_id)
    zone = connection.execute(select(channel.c.zone).where(channel.c.id == number)).scalar_one()
    insert_new(connection, report, _new(number, zone, int(connection.execute(_CHECKS).scalar_one()), now))
    connection.execute(update(report).where(report.c.channel_id == number).values(**_chosen(change.report, zone, now)))


def follow_clock(connection: Connection, chat_id: int, now: datetime) -> None:
    """Let the weeks of a chat that are not over end by the clock that it lives by now."""
    rows = select(report, channel.c.zone).join(channel, channel.c.id == report.c.channel_id)
    for row in connection.execute(rows.where(channel.c.chat_id == chat_id, report.c.next_at > now)).all():
        next_at = next_weekly(row.weekday, row.minute, ZoneInfo(row.zone), now)
        connection.execute(update(report).where(report.c.channel_id == row.channel_id).values(next_at=next_at))


def _new(channel_id: int, zone: str, checks: int, now: datetime) -> dict[str, Any]:
    return {"channel_id": channel_id, "since": now, "checks": checks} | _chosen(AS_USUAL, zone, now)


def _chosen(chosen: Report, zone: str, now: datetime) -> dict[str, Any]:
    when = {"minute": chosen.minute, "weekday": chosen.weekday}
    next_at = next_weekly(chosen.weekday, chosen.minute, ZoneInfo(zone), now)
    return {"heartbeat": chosen.heartbeat.value, "silences": chosen.silences, "next_at": next_at} | when


def _told(connection: Connection, row: Row[Any]) -> int:
    """Count the alerts that a channel was told in its week."""
    mine = select(func.count()).where(delivery.c.channel_id == row.id, delivery.c.done_at >= row.report_since)
    told = mine.where(delivery.c.state == DeliveryState.SENT.value, delivery.c.kind == DeliveryKind.ALERT.value)
    return connection.execute(told).scalar_one()
