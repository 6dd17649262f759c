"""Channels: the places that can be told, read one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from storage.alert_changes import Sound
from storage.records import Channel, ChannelKind, ChannelState, channel_key
from storage.report_tables import report
from storage.tables import channel, timetable
from storage.timetable_rows import read_report, read_times
from storage.unit import reads
from watchers.types import EventKind

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database


class Channels:
    """The store's methods that read channels."""

    _db: Database

    @reads
    def channel(self, connection: Connection, chat_id: int, thread_id: int | None = None) -> Channel | None:
        """Read the channel of a chat, or of a topic in it; None if it was never set up, or was forgotten."""
        wanted = WITH_TIMES.where(channel.c.key == channel_key(chat_id, thread_id), ~channel.c.transient)
        row = connection.execute(wanted).one_or_none()
        return None if row is None else with_times(row)

    @reads
    def channels(self, connection: Connection) -> list[Channel]:
        """List every channel, in the order they were set up."""
        return [with_times(row) for row in connection.execute(WITH_TIMES.where(~channel.c.transient).order_by(channel.c.id))]


WITH_TIMES = (  # channels with when they are told, as ``with_times`` reads them
    select(
        channel,
        *[one.label(f"report_{one.name}") for one in report.c],
        *[one.label(f"times_{one.name}") for one in timetable.c],
    )
    .outerjoin(timetable, timetable.c.channel_id == channel.c.id)
    .outerjoin(report, report.c.channel_id == channel.c.id)
)


def with_times(row: Row[Any]) -> Channel:
    """Read a channel from a row of ``WITH_TIMES``."""
    known = read_channel(row)
    if row.report_channel_id is not None:
        known = replace(known, report=read_report(row, "report_"))
    return known if row.times_channel_id is None else replace(known, times=read_times(row, "times_"))


def read_channel(row: Row[Any], prefix: str = "") -> Channel:
    """Read a channel from a row, in which its columns may have a prefix."""
    values = {
        name: getattr(row, prefix + name)
        for name in ("id", "key", "chat_id", "thread_id", "title", "type", "state_reason", "language", "zone", "added_by")
    }
    kind, state = getattr(row, f"{prefix}kind"), getattr(row, f"{prefix}state")
    events = frozenset(map(EventKind, getattr(row, f"{prefix}kinds").split()))
    sound = Sound(getattr(row, f"{prefix}sound"))
    return Channel(kind=ChannelKind(kind), state=ChannelState(state), events=events, sound=sound, **values)
