"""The tables. Every promise that can be a constraint is one: what must not be doubled is a unique index, not a habit of the code.

`(feed, key)`, `(story, reason)`, `(alert, channel)`, one delivery under way in a channel, one reply per command and number, one row per
Telegram update. Keys (``entry_key``) are never deleted: articles return to feeds after more than a year.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from storage import place_tables, report_tables, thread_tables
from storage.columns import Bytes, Duration, Foreign, Id, Instant, Json, Packed
from storage.metadata import metadata
from storage.story_tables import document, evidence, story, story_apart, story_entry, story_key

__all__ = [
    "document",
    "evidence",
    "metadata",
    "place_tables",
    "report_tables",
    "story",
    "story_apart",
    "story_entry",
    "story_key",
    "thread_tables",
]

SCHEMA = "0010"  # the newest migration; a test holds it to what stands in migrations/versions
APPLICATION = "contractwatch"  # in ``meta``: whose database this is

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

feed = Table(
    "feed",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the id people gave it
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("name", Foreign, nullable=False),
    Column("every", Duration, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("etag", Foreign),
    Column("last_modified", Foreign),
    Column("next_poll_at", Instant),
    Column("fail_count", Integer, nullable=False, server_default="0"),
    Column("first_failed_at", Instant),
    Column("last_ok_at", Instant),
    Column("last_error", Foreign),
    Column("seeded", Boolean, nullable=False, server_default=false()),
    Column("checkpoint", Text),
    Column("moved_to", Foreign),
    Column("ttl", Duration),
    Column("entries", BigInteger, nullable=False, server_default="0"),  # counted as they come: nobody counts a large table
    Column("checks", BigInteger, nullable=False, server_default="0"),  # polls that came to an end
    Column("owner", Text),  # who is polling it
    Column("lease_until", Instant),
    Column("touched_at", Instant),  # when its state was written: later than now means that the clock went back
    Column("created_at", Instant, nullable=False),
)

_OLD = text("old")

entry = Table(
    "entry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", BigInteger, ForeignKey("feed.id"), nullable=False),
    Column("fingerprints", Bytes, nullable=False),  # of its last texts, 16 bytes each, the newest first
    Column("title", Foreign, nullable=False),
    Column("summary", Foreign, nullable=False),
    Column("url", Foreign),
    Column("link_key", Bytes),
    Column("outlet", Foreign),
    Column("published", Instant),
    Column("language", Foreign),
    Column("release", Packed),
    Column("told", Boolean, nullable=False),
    Column("old", Boolean, nullable=False, server_default=false()),  # dated over its feed's max_age when it came: kept, never pushed
    Column("first_seen_at", Instant, nullable=False),
    Column("changed_at", Instant),
    Index("ix_entry_old", "id", sqlite_where=_OLD, postgresql_where=_OLD),
)

entry_key = Table(
    "entry_key",
    metadata,
    Column("feed_id", BigInteger, ForeignKey("feed.id"), primary_key=True, autoincrement=False),
    Column("key", Bytes, primary_key=True),
    Column("entry_id", BigInteger, ForeignKey("entry.id"), nullable=False),
    sqlite_with_rowid=False,
)

finding = Table(
    "finding",
    metadata,
    Column("entry_id", BigInteger, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("found_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

award = Table(
    "award",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ocid", Foreign, nullable=False),
    Column("award_id", Foreign, nullable=False),
    Column("supplier", Foreign, nullable=False),
    Column("identifiers", Json, nullable=False),
    Column("notice_number", Foreign, nullable=False),
    UniqueConstraint("ocid", "award_id", "supplier"),
)

lookup = Table(  # an official notice whose supplier must be asked for
    "lookup",
    metadata,
    Column("entry_id", BigInteger, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    Column("feed_id", BigInteger, ForeignKey("feed.id"), nullable=False),
    Column("entry_keys", Bytes, nullable=False),  # the entry's keys, 16 bytes each: it is saved again under the same ones
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_at", Instant, nullable=False),
    Index("ix_lookup_due", "feed_id", "next_at"),
)


watch = Table(
    "watch",
    metadata,
    # Drawn at random: the number stands in links that people share, and one who counts through them must not read what others watch.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Foreign, nullable=False),  # empty: it names nobody
    Column("aliases", Json, nullable=False),
    Column("identifiers", Json, nullable=False),
    Column("role", Text, nullable=False),
    Column("partner", Json),  # the other organisation of a pair, with its role
    Column("area", Foreign),
    Column("direct", Boolean, nullable=False, server_default=false()),
    Column("without", Json, nullable=False, server_default="[]"),
    Column("created_at", Instant, nullable=False),
)

story_match = Table(
    "story_match",
    metadata,
    Column("story_id", BigInteger, ForeignKey("story.id"), primary_key=True, autoincrement=False),
    Column("watch_id", BigInteger, ForeignKey("watch.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("role", Text, nullable=False),
    Column("proof", Foreign, nullable=False),
    Column("flag", Foreign),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),  # of the newest entry that matches: who subscribed before it was stored is told
    Index("ix_story_match_watch", "watch_id", "story_id"),
    sqlite_with_rowid=False,
)

channel = Table(
    "channel",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("chat_id", BigInteger),
    Column("thread_id", BigInteger),
    Column("title", Foreign, nullable=False),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Foreign),
    Column("suspended_at", Instant),  # since when it could not be told: what it missed is told when it is back
    Column("language", Text, nullable=False),
    Column("zone", Text, nullable=False, server_default="UTC"),  # an IANA name: times are shown in it
    Column("sound", Text, nullable=False, server_default="all"),  # which alerts come with one
    Column("added_by", BigInteger),
    Column("transient", Boolean, nullable=False, server_default=false()),  # only there to be answered; gone with its last reply
    Column("not_before", Instant),
    Column("touched_at", Instant),  # when not_before was written
    Column("kinds", Text, nullable=False, server_default=" awarded cancelled terminated "),  # of event that it is told of in general
    Column("burst_until", Instant),  # until then what waits is told together
    Column("created_at", Instant, nullable=False),
    Index("ix_channel_chat", "chat_id"),
    CheckConstraint("state IN ('active', 'suspended')", name="state"),
    sqlite_autoincrement=True,
)

watchlist = Table(
    "watchlist",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),  # "config:<id>", "channel:<number>" or "named:<random>"
    Column("name", Foreign, nullable=False),
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), unique=True),  # whose first, nameless one it is
    sqlite_autoincrement=True,
)

named_watchlist = Table(  # a watchlist that a channel named: it may have several, and others may follow them
    "named_watchlist",
    metadata,
    Column("watchlist_id", BigInteger, ForeignKey("watchlist.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),  # whose it is
    Column("token", Text, unique=True),  # whoever has it may follow or copy; none: not shared
    Column("created_at", Instant, nullable=False),
    Index("ix_named_watchlist_channel", "channel_id"),
)

list_told = Table(  # a list with a name that has changed since its followers were told what is on it
    "list_told",
    metadata,
    Column("watchlist_id", BigInteger, ForeignKey("watchlist.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("watches", Json, nullable=False),  # what was on it, with its terms
    Column("since", Instant, nullable=False),  # when it first changed
    Column("changed_at", Instant, nullable=False),  # when it last changed
    Index("ix_list_told_changed", "changed_at"),
)

watchlist_watch = Table(
    "watchlist_watch",
    metadata,
    Column("watchlist_id", BigInteger, ForeignKey("watchlist.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("watch_id", BigInteger, ForeignKey("watch.id"), primary_key=True, autoincrement=False),
    Column("created_at", Instant, nullable=False),
    Column("kinds", Text),  # of event, with a blank at either end: " awarded cancelled "; none: as the subscription says
    Column("minimum", BigInteger),  # whole units of the currency
    Column("currency", Text, nullable=False, server_default="GBP"),
    Column("without_sum", Boolean, nullable=False, server_default=true()),  # told although nobody stated a sum
    Column("paused", Boolean, nullable=False, server_default=false()),
    Index("ix_watchlist_watch_watch", "watch_id"),
    sqlite_with_rowid=False,
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("watchlist_id", BigInteger, ForeignKey("watchlist.id", ondelete="CASCADE"), nullable=False),
    Column("rhythm", Text),  # how soon what it brings is told; none: as the channel's timetable says
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("channel_id", "watchlist_id"),
    Index("ix_subscription_watchlist", "watchlist_id"),
)

timetable = Table(  # when a channel is told, where that is not at once and at any hour
    "timetable",
    metadata,
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("rhythm", Text, nullable=False),
    Column("minute", Integer, nullable=False),  # of the day in the channel's zone, for its digest
    Column("weekday", Integer, nullable=False),  # Monday is 0
    Column("quiet_from", Integer),  # minutes of the day
    Column("quiet_until", Integer),
    Column("urgent", Boolean, nullable=False),  # cancellations do not wait for the end of the quiet hours
    Column("quiet", Boolean, nullable=False, server_default=false()),  # the quiet hours have begun
    Column("looked_at", Instant, nullable=False),  # up to when everything that was due has been released
    Column("turns_at", Instant),  # when the next digest is due, or quiet hours begin or end
    Index("ix_timetable_turns", "turns_at"),
)

draft = Table(  # what somebody was asked to confirm
    "draft",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # drawn at random: it stands in buttons, which can be forged
    Column("chat_id", BigInteger, nullable=False),  # where it was asked for
    Column("body", Json, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_draft_chat", "chat_id"),
    Index("ix_draft_expires", "expires_at"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("story_id", BigInteger, ForeignKey("story.id"), nullable=False),
    Column("reason", Text, nullable=False),  # "new", or "corrected:" and the digest of what is true now: each state is told once
    Column("detail", Json),  # of a correction: what was told and what is true
    Column("fan_out_due", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("story_id", "reason"),
    Index("ix_alert_fan_out", "id", sqlite_where=text("fan_out_due"), postgresql_where=text("fan_out_due")),
)

_PENDING = text("state = 'pending'")
_LED = text("leader_id IS NOT NULL")
_LED_WAITING = text("leader_id IS NOT NULL AND state = 'pending'")
_SENDING = text("state = 'sending'")
_STALE = text("stale AND state = 'sent'")

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel_id", BigInteger, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("alert_id", BigInteger, ForeignKey("alert.id")),
    Column("kind", Text, nullable=False),
    Column("rank", Integer, nullable=False),  # 0 before 1: who asked is answered before others are told; above 1 it is held
    Column("held", Text),  # it was held until a time of the chat's, and for which reason
    Column("dedup_key", Text, unique=True),  # "reply:<update>:<n>"; an alert's is (alert, channel)
    Column("payload", Json),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("maybe_sent", Boolean, nullable=False, server_default=false()),
    Column("not_before", Instant, nullable=False),
    Column("owner", Text),
    Column("lease_until", Instant),
    Column("editing", Boolean, nullable=False, server_default=false()),  # what is under way is an edit of a message that was sent
    Column("stale", Boolean, nullable=False, server_default=false()),  # sent, and its story has changed since
    Column("leader_id", BigInteger),  # the delivery whose message tells this one too; what becomes of that becomes of this
    Column("message_id", BigInteger),
    Column("revision", Integer),  # of the story, as shown by the message
    Column("reason", Foreign),  # why it failed, was withheld or is tried again
    Column("created_at", Instant, nullable=False),
    Column("touched_at", Instant, nullable=False),
    Column("done_at", Instant),
    UniqueConstraint("alert_id", "channel_id"),
    Index("uq_delivery_one_in_flight", "channel_id", unique=True, sqlite_where=_SENDING, postgresql_where=_SENDING),
    Index("ix_delivery_due", "rank", "id", sqlite_where=_PENDING, postgresql_where=_PENDING),
    Index("ix_delivery_waiting", "channel_id", "rank", "id", sqlite_where=_PENDING, postgresql_where=_PENDING),
    Index("ix_delivery_stale", "touched_at", sqlite_where=_STALE, postgresql_where=_STALE),
    Index("ix_delivery_channel_state", "channel_id", "state"),
    Index("ix_delivery_leader", "leader_id", sqlite_where=_LED, postgresql_where=_LED),
    Index("ix_delivery_led_waiting", "state", "leader_id", sqlite_where=_LED_WAITING, postgresql_where=_LED_WAITING),
    Index("ix_delivery_state", "state"),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'uncertain', 'failed', 'withheld')", name="state"),
    CheckConstraint("(state = 'sending') = (owner IS NOT NULL)", name="owned"),
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("raw", Json),  # emptied when done: what people write is not kept
    Column("state", Text, nullable=False),
    Column("error", Foreign),
    Column("received_at", Instant, nullable=False),
    Column("done_at", Instant),
    Index("ix_inbox_pending", "update_id", sqlite_where=_PENDING, postgresql_where=_PENDING),
    Index("ix_inbox_received", "received_at", "update_id"),
    CheckConstraint("state IN ('pending', 'done', 'failed')", name="state"),
)

tombstone = Table(  # what remains of a chat that asked to be forgotten: numbers
    "tombstone",
    metadata,
    Column("id", Id, primary_key=True),
    Column("forgotten_on", Text, nullable=False),  # the day
    Column("watches", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("withheld", Integer, nullable=False),
)
