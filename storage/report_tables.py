"""The tables of what channels are told about the watch that is kept for them: weekly reports, and feeds that fall silent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, false, text, true

from storage.columns import Duration, Id, Instant
from storage.metadata import metadata

_OPEN = text("over_at IS NULL")

report = Table(  # what a channel is told about the watch that is kept for it
    "report",
    metadata,
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("heartbeat", Text, nullable=False),
    Column("minute", Integer, nullable=False),  # of the day in the channel's zone
    Column("weekday", Integer, nullable=False),
    Column("silences", Boolean, nullable=False, server_default=true()),
    Column("silence_at", Instant),  # when it was last told of feeds that are silent, or back
    Column("next_at", Instant, nullable=False),
    Column("since", Instant, nullable=False),  # the week began
    Column("checks", BigInteger, nullable=False),  # of all feeds, when the week began
    Index("ix_report_next", "next_at"),
)

habit = Table(  # how often a feed has news (``storage.habits``)
    "habit",
    metadata,
    Column("feed_id", BigInteger, ForeignKey("feed.id"), primary_key=True, autoincrement=False),
    Column("last_at", Instant, nullable=False),  # when it last had some
    Column("since", Instant, nullable=False),  # when the season began in which it is watched now
    Column("longest", Duration, nullable=False),  # its longest pause in this season
    Column("times", Integer, nullable=False),  # how often it had news in this season
    Column("longest_before", Duration),  # the same of the season before
    Column("times_before", Integer, nullable=False),
)

silence = Table(  # a feed that fails, or has had nothing new for longer than it ever does
    "silence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", BigInteger, ForeignKey("feed.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("noticed_at", Instant, nullable=False),
    Column("over_at", Instant),
    Index("ix_silence_feed", "feed_id"),
    Index("uq_silence_open", "feed_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    CheckConstraint("reason IN ('quiet', 'failing')", name="reason"),
)

silence_told = Table(
    "silence_told",
    metadata,
    Column("silence_id", BigInteger, ForeignKey("silence.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("back", Boolean, nullable=False, server_default=false()),  # that it is over was told too
    Index("ix_silence_told_channel", "channel_id"),
)
