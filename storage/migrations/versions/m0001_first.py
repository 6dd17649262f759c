"""The first schema.

Types are those of the database, not of ``storage.columns``: what this migration makes must not change when those do.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PENDING = sa.text("state = 'pending'")
_SENDING = sa.text("state = 'sending'")
_STALE = sa.text("stale AND state = 'sent'")
_DUE = sa.text("fan_out_due")


def upgrade() -> None:
    _meta_and_feeds()
    _entries()
    _stories()
    _channels()
    _watches()
    _delivery()
    _inbox()
    _first_values()


def _meta_and_feeds() -> None:
    """What is configured and remembered of the watching itself."""
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "feed",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("next_poll_at", sa.BigInteger()),
        sa.Column("fail_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_failed_at", sa.BigInteger()),
        sa.Column("last_ok_at", sa.BigInteger()),
        sa.Column("last_error", sa.Text()),
        sa.Column("seeded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("checkpoint", sa.Text()),
        sa.Column("moved_to", sa.Text()),
        sa.Column("ttl", sa.BigInteger()),
        sa.Column("entries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("touched_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("key", name=op.f("uq_feed_key")),
    )


def _entries() -> None:
    """What feeds published and what it says."""
    op.create_table(
        "entry",
        sa.Column("id", _ID, nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprints", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("link_key", sa.LargeBinary()),
        sa.Column("outlet", sa.Text()),
        sa.Column("published", sa.BigInteger()),
        sa.Column("language", sa.Text()),
        sa.Column("release", sa.LargeBinary()),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_entry_feed_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
    )
    op.create_table(
        "entry_key",
        sa.Column("feed_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_entry_key_entry_id")),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_entry_key_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "key", name=op.f("pk_entry_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_finding_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_finding")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "award",
        sa.Column("id", _ID, nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("award_id", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.Column("notice_number", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award")),
        sa.UniqueConstraint("ocid", "award_id", "supplier", name=op.f("uq_award_ocid_award_id_supplier")),
    )
    op.create_table(
        "lookup",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_keys", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_lookup_entry_id")),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_lookup_feed_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_lookup")),
    )
    op.create_index("ix_lookup_due", "lookup", ["feed_id", "next_at"])


def _stories() -> None:
    """What happened, and what is told of it."""
    op.create_table(
        "story",
        sa.Column("id", _ID, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("suppliers", sa.Text(), nullable=False),
        sa.Column("public_bodies", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("happened_on", sa.BigInteger()),
        sa.Column("cancel_reason", sa.Text()),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("evidence_entry_id", sa.BigInteger(), nullable=False),
        sa.Column("notice", sa.Text()),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text()),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('reported', 'official', 'confirmed')", name=op.f("ck_story_status")),
        sa.ForeignKeyConstraint(["evidence_entry_id"], ["entry.id"], name=op.f("fk_story_evidence_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
    )
    op.create_table(
        "story_key",
        sa.Column("story_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_key_story_id")),
        sa.PrimaryKeyConstraint("story_id", "key", name=op.f("pk_story_key")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_key_newest", "story_key", ["key", "last_at"])
    op.create_table(
        "story_entry",
        sa.Column("id", _ID, nullable=False),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_story_entry_entry_id")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_entry_story_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_entry")),
        sa.UniqueConstraint("story_id", "entry_id", name=op.f("uq_story_entry_story_id_entry_id")),
    )
    op.create_index("ix_story_entry_entry", "story_entry", ["entry_id"])
    op.create_table(
        "alert",
        sa.Column("id", _ID, nullable=False),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fan_out_due", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_alert_story_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("story_id", "reason", name=op.f("uq_alert_story_id_reason")),
    )
    op.create_index("ix_alert_fan_out", "alert", ["id"], sqlite_where=_DUE, postgresql_where=_DUE)


def _channels() -> None:
    """Who can be told."""
    op.create_table(
        "channel",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("thread_id", sa.BigInteger()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("added_by", sa.BigInteger()),
        sa.Column("transient", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("touched_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'suspended')", name=op.f("ck_channel_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("key", name=op.f("uq_channel_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_channel_chat", "channel", ["chat_id"])
    op.create_table(
        "tombstone",
        sa.Column("id", _ID, nullable=False),
        sa.Column("forgotten_on", sa.Text(), nullable=False),
        sa.Column("watches", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
    )


def _watches() -> None:
    """What is watched, and by whom."""
    op.create_table(
        "watch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch")),
        sa.UniqueConstraint("key", name=op.f("uq_watch_key")),
    )
    op.create_table(
        "watchlist",
        sa.Column("id", _ID, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_watchlist_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_watchlist_channel_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_watchlist_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "watchlist_watch",
        sa.Column("watchlist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("watch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_watchlist_watch_watch_id")),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlist.id"], name=op.f("fk_watchlist_watch_watchlist_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watchlist_id", "watch_id", name=op.f("pk_watchlist_watch")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_watchlist_watch_watch", "watchlist_watch", ["watch_id"])
    op.create_table(
        "subscription",
        sa.Column("id", _ID, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("watchlist_id", sa.BigInteger(), nullable=False),
        sa.Column("awarded", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_subscription_channel_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlist.id"], name=op.f("fk_subscription_watchlist_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("channel_id", "watchlist_id", name=op.f("uq_subscription_channel_id_watchlist_id")),
    )
    op.create_index("ix_subscription_watchlist", "subscription", ["watchlist_id"])
    op.create_table(
        "story_match",
        sa.Column("story_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("watch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("flag", sa.Text()),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_match_story_id")),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_story_match_watch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("story_id", "watch_id", name=op.f("pk_story_match")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_match_watch", "story_match", ["watch_id", "story_id"])


def _delivery() -> None:
    """What is sent."""
    op.create_table(
        "delivery",
        sa.Column("id", _ID, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.BigInteger()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("dedup_key", sa.Text()),
        sa.Column("payload", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("maybe_sent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("editing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stale", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("revision", sa.Integer()),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.CheckConstraint("(state = 'sending') = (owner IS NOT NULL)", name=op.f("ck_delivery_owned")),
        sa.CheckConstraint("state IN ('pending', 'sending', 'sent', 'uncertain', 'failed', 'withheld')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_delivery_alert_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_delivery_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("alert_id", "channel_id", name=op.f("uq_delivery_alert_id_channel_id")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_delivery_dedup_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_channel_state", "delivery", ["channel_id", "state"])
    op.create_index("ix_delivery_due", "delivery", ["rank", "id"], sqlite_where=_PENDING, postgresql_where=_PENDING)
    op.create_index("ix_delivery_stale", "delivery", ["touched_at"], sqlite_where=_STALE, postgresql_where=_STALE)
    op.create_index("ix_delivery_state", "delivery", ["state"])
    op.create_index("ix_delivery_waiting", "delivery", ["channel_id", "rank", "id"], sqlite_where=_PENDING, postgresql_where=_PENDING)
    op.create_index("uq_delivery_one_in_flight", "delivery", ["channel_id"], unique=True, sqlite_where=_SENDING, postgresql_where=_SENDING)


def _inbox() -> None:
    """What Telegram sent."""
    op.create_table(
        "inbox",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("raw", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.CheckConstraint("state IN ('pending', 'done', 'failed')", name=op.f("ck_inbox_state")),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_pending", "inbox", ["update_id"], sqlite_where=_PENDING, postgresql_where=_PENDING)
    op.create_index("ix_inbox_received", "inbox", ["received_at", "update_id"])


def _first_values() -> None:
    """Whose database this is, and that nothing is watched yet."""
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.Text))
    values = {"application": "contractwatch", "instance": secrets.token_hex(8), "watches_version": "1"}
    op.bulk_insert(meta, [{"key": key, "value": value} for key, value in values.items()])
