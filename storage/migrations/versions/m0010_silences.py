"""Feeds that fall silent, by what is usual for each; lists that have changed since their followers were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_entry_feed", "entry")  # nobody asks for the entries of a feed: what is usual for it is learned as they come
    op.drop_column("feed", "longest_gap")
    op.drop_column("feed", "learned_at")
    op.create_table(
        "habit",
        sa.Column("feed_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("longest", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("longest_before", sa.BigInteger()),
        sa.Column("times_before", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_habit_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_habit")),
    )
    op.drop_table("silence_told")  # nothing was ever written to either
    op.drop_table("silence")
    op.create_table(
        "silence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column("over_at", sa.BigInteger()),
        sa.CheckConstraint("reason IN ('quiet', 'failing')", name=op.f("ck_silence_reason")),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_silence_feed_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
    )
    op.create_index("ix_silence_feed", "silence", ["feed_id"])
    still = sa.text("over_at IS NULL")
    op.create_index("uq_silence_open", "silence", ["feed_id"], unique=True, sqlite_where=still, postgresql_where=still)
    op.create_table(
        "silence_told",
        sa.Column("silence_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("back", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["silence_id"], ["silence.id"], name=op.f("fk_silence_told_silence_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_silence_told_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("silence_id", "channel_id", name=op.f("pk_silence_told")),
    )
    op.create_index("ix_silence_told_channel", "silence_told", ["channel_id"])
    op.create_table(
        "list_told",
        sa.Column("watchlist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("watches", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlist.id"], name=op.f("fk_list_told_watchlist_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watchlist_id", name=op.f("pk_list_told")),
    )
    op.create_index("ix_list_told_changed", "list_told", ["changed_at"])
