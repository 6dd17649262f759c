"""The tables of what places say about the alerts they get: what they muted, and what they say was wrong."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from storage.columns import Id, Instant, Json
from storage.metadata import metadata

mute = Table(  # what a channel does not want to be told for a while, or for good
    "mute",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", BigInteger, nullable=False),  # the number of a story (also for its contract), a feed or a watch
    Column("until", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("channel_id", "kind", "target"),
    CheckConstraint("kind IN ('story', 'contract', 'feed', 'watch')", name="kind"),
)

complaint = Table(  # an alert that somebody says is wrong: a test case to be
    "complaint",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="SET NULL")),  # so that each says it once
    Column("alert_id", BigInteger, ForeignKey("alert.id"), nullable=False),
    Column("entry_id", BigInteger, ForeignKey("entry.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("told", Json, nullable=False),  # what the alert stated then
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("alert_id", "channel_id"),
    Index("ix_complaint_channel", "channel_id"),
)
