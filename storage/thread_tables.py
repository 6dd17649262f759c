"""The tables of contracts (``storage.threads``)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table

from storage.columns import Foreign, Id, Instant
from storage.metadata import metadata

thread = Table(  # a contract
    "thread",
    metadata,
    Column("id", Id, primary_key=True),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

thread_key = Table(
    "thread_key",
    metadata,
    Column("thread_id", BigInteger, ForeignKey("thread.id"), primary_key=True, autoincrement=False),
    Column("key", Foreign, primary_key=True),
    Column("last_at", Instant, nullable=False),
    Index("ix_thread_key_newest", "key", "last_at"),
    sqlite_with_rowid=False,
)

thread_story = Table(  # a story is of one contract
    "thread_story",
    metadata,
    Column("story_id", BigInteger, ForeignKey("story.id"), primary_key=True, autoincrement=False),
    Column("thread_id", BigInteger, ForeignKey("thread.id"), nullable=False),
    Column("reason", Foreign, nullable=False),  # the features that decided
    Column("at", Instant, nullable=False),
    Index("ix_thread_story_thread", "thread_id", "story_id"),
    sqlite_with_rowid=False,
)
