"""Channels that cannot be told for a while, and what they are owed when they are back.

Nothing is queued for a channel that is suspended: most never come back. When one does, what it missed is looked up (at most a month of it),
and what had failed or expired because of the suspension is due again. That is told in a few messages (``storage.groups``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, update

from storage.recipients import add_deliveries
from storage.records import ChannelState, DeliveryKind, DeliveryState
from storage.sql import PENDING
from storage.tables import alert, channel, delivery, story, story_match
from storage.timetables import hold_quiet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

EXPIRED = "not delivered in time"
OWED = timedelta(days=30)  # what is older is news no more; /latest still shows it


def suspend(connection: Connection, numbers: Sequence[int], reason: str | None, now: datetime) -> None:
    """Note that channels cannot be told any more; one that could not be told before keeps the time."""
    values = {"state": ChannelState.SUSPENDED.value, "state_reason": reason}
    rows = update(channel).where(channel.c.id.in_(numbers))
    connection.execute(rows.where(channel.c.state == ChannelState.ACTIVE.value).values(suspended_at=now, **values))
    connection.execute(rows.where(channel.c.state != ChannelState.ACTIVE.value).values(values))


def revive(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Note that a channel can be told again, and make due what it missed."""
    active = {"state": ChannelState.ACTIVE.value, "state_reason": None, "suspended_at": None}
    connection.execute(update(channel).where(channel.c.id == row.id).values(**active))
    if row.state == ChannelState.ACTIVE.value or row.suspended_at is None:
        return
    since = max(row.suspended_at, now - OWED)
    _reopen(connection, row, since, now)
    missed = and_(alert.c.reason == "new", story.c.withdrawn_at.is_(None), story_match.c.last_at >= since)
    add_deliveries(connection, missed, now, only=row.id)
    hold_quiet(connection, [row.id], now)


def _reopen(connection: Connection, row: Row[Any], since: datetime, now: datetime) -> None:
    """Let what came to nothing because of the suspension wait again, as if it had just been made: its week begins anew."""
    mine = and_(delivery.c.channel_id == row.id, delivery.c.kind == DeliveryKind.ALERT.value)
    ended = or_(
        delivery.c.state == DeliveryState.FAILED.value,  # since then nothing else can have failed here
        and_(delivery.c.state == DeliveryState.WITHHELD.value, delivery.c.reason == EXPIRED),
    )
    again = {"state": DeliveryState.PENDING.value, "reason": None, "done_at": None, "attempts": 0, "leader_id": None, "not_before": now}
    connection.execute(update(delivery).where(mine, ended, delivery.c.done_at >= since).values(created_at=now, touched_at=now, **again))
    connection.execute(update(delivery).where(mine, delivery.c.state == PENDING).values(created_at=now))


def channels_of(connection: Connection, chat_id: int) -> list[Row[Any]]:
    """Every channel of a chat: itself and its topics."""
    return list(connection.execute(select(channel).where(channel.c.chat_id == chat_id)).all())
