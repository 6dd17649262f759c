"""The tables of stories (``storage.stories``) and of what they rest on (``storage.evidence``)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from storage.columns import Bytes, Foreign, Id, Instant, Json, Packed
from storage.metadata import metadata

_JOINED = text("joined_to IS NOT NULL")
_UNCONFIRMED = text("status = 'reported' AND unconfirmed_at IS NULL AND withdrawn_at IS NULL")

story = Table(
    "story",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event", Text, nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("suppliers", Json, nullable=False),
    Column("public_bodies", Json, nullable=False),
    Column("value", Json),
    Column("happened_on", Instant),
    Column("cancel_reason", Foreign),
    Column("sentence", Foreign, nullable=False),
    Column("spans", Json, nullable=False),
    Column("rule", Text, nullable=False),
    Column("evidence_entry_id", BigInteger, ForeignKey("entry.id"), nullable=False),
    Column("notice", Json),
    Column("titles", Json, nullable=False),  # of its first entries, for the rules that group
    Column("thread", Foreign),  # the process (ocid), where a notice tells it; the contract is in ``thread_story``
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Index("ix_story_first", "first_at"),
    Column("stated_by", Json),  # of a fact that another entry than the evidence's stated, the entry: {"value": 17}
    Column("withdrawn_at", Instant),  # when the last of its sources took it back
    Column("unconfirmed_at", Instant),  # when it was said that no official notice had come
    Column("joined_to", BigInteger),  # an admin said that it is this story: told there, found under its own keys
    CheckConstraint("status IN ('reported', 'official', 'confirmed')", name="status"),
    Index("ix_story_joined_to", "joined_to", sqlite_where=_JOINED, postgresql_where=_JOINED),
    Index("ix_story_unconfirmed", "first_at", sqlite_where=_UNCONFIRMED, postgresql_where=_UNCONFIRMED),
)

story_key = Table(
    "story_key",
    metadata,
    Column("story_id", BigInteger, ForeignKey("story.id"), primary_key=True, autoincrement=False),
    Column("key", Foreign, primary_key=True),
    Column("last_at", Instant, nullable=False),  # the story's, repeated: the newest of a much used key are found without reading the old
    Index("ix_story_key_newest", "key", "last_at"),
    sqlite_with_rowid=False,
)

story_entry = Table(
    "story_entry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("story_id", BigInteger, ForeignKey("story.id"), nullable=False),
    Column("entry_id", BigInteger, ForeignKey("entry.id"), nullable=False),
    Column("title", Foreign, nullable=False),  # the text that made it part of the story: outlets rewrite, evidence must stay
    Column("summary", Foreign, nullable=False),
    Column("official", Boolean, nullable=False),
    Column("reason", Foreign, nullable=False),  # the features that decided
    Column("at", Instant, nullable=False),
    Column("gone_at", Instant),  # when the entry ceased to say so
    Column("came_from", BigInteger),  # the story whose it was before an admin joined that to this one
    UniqueConstraint("story_id", "entry_id"),
    Index("ix_story_entry_entry", "entry_id"),
)

story_apart = Table(  # an admin said that the entry is none of this story: it never joins it again
    "story_apart",
    metadata,
    Column("story_id", BigInteger, ForeignKey("story.id"), primary_key=True, autoincrement=False),
    Column("entry_id", BigInteger, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Index("ix_story_apart_entry", "entry_id"),
    sqlite_with_rowid=False,
)

document = Table(  # fetched, and something in it became part of a story
    "document",
    metadata,
    Column("id", Id, primary_key=True),
    Column("addresses", Json, nullable=False),  # asked for, each redirect, and where it came from
    Column("fetched_at", Instant, nullable=False),
    Column("sha256", Bytes, nullable=False),
    Column("size", Integer, nullable=False),
)

evidence = Table(  # a text that an entry of a story had: never changed, gone only with the story
    "evidence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", BigInteger, ForeignKey("entry.id"), nullable=False),
    Column("document_id", BigInteger, ForeignKey("document.id")),  # none: stored before documents were remembered
    Column("title", Foreign, nullable=False),
    Column("summary", Foreign, nullable=False),
    Column("url", Foreign),
    Column("outlet", Foreign),
    Column("published", Instant),
    Column("release", Packed),
    Column("findings", Json, nullable=False),  # what it was taken to say, and by which rule
    Column("sha256", Bytes, nullable=False),  # of the text itself
    Column("rules", Text, nullable=False),  # the version of the rules that decided
    Column("kept_at", Instant, nullable=False),
    UniqueConstraint("entry_id", "sha256"),
    Index("ix_evidence_text", "sha256"),
)
