"""Whether anything gets on: how many feeds have brought nothing for two of their intervals, and since when a message waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, func, literal, select, true, type_coerce

from storage.columns import Instant
from storage.records import ChannelState, Progress
from storage.sql import PENDING
from storage.tables import channel, delivery, feed
from storage.timetables import ALERT_RANK
from storage.unit import reads

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from storage.engine import Database


class Standstill:
    """The store's method that looks for one."""

    _db: Database

    @reads
    def progress(self, connection: Connection, now: datetime, slack: timedelta) -> Progress:
        """Say what gets on. A feed is behind when its last good poll is two intervals and ``slack`` ago; one that asks for longer pauses
        is given them.
        """
        behind = _behind(now - slack)
        feeds = connection.execute(select(func.count()).where(feed.c.enabled)).scalar_one()
        middle = select(feed.c.every).where(feed.c.enabled).order_by(feed.c.every).offset(feeds // 2).limit(1)
        reason = select(feed.c.key, feed.c.last_error).where(behind, feed.c.last_error.is_not(None)).order_by(feed.c.id.desc()).limit(1)
        waiting = (
            select(func.min(delivery.c.created_at))
            .join(channel, channel.c.id == delivery.c.channel_id)
            .where(delivery.c.state == PENDING, delivery.c.rank <= ALERT_RANK, channel.c.state == ChannelState.ACTIVE.value)
        )
        return Progress(
            feeds=feeds,
            behind=connection.execute(select(func.count()).where(behind)).scalar_one(),
            interval=connection.execute(middle).scalar(),
            failing=next(((key, error) for key, error in connection.execute(reason)), None),
            waiting_since=connection.execute(waiting).scalar(),
        )


def _behind(limit: datetime) -> ColumnElement[bool]:
    last: Any = type_coerce(func.coalesce(feed.c.last_ok_at, feed.c.created_at), BigInteger)
    at = literal(Instant.number(limit), BigInteger)
    pauses = (type_coerce(feed.c.every, BigInteger), func.coalesce(type_coerce(feed.c.ttl, BigInteger), 0))
    longest = true()
    for pause in pauses:
        longest = longest & (last + 2 * pause < at)
    return feed.c.enabled & longest
