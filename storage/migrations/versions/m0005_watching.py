"""Watches of more than a name, what of a watch is told in a place, watchlists with names of their own, drafts that wait for a yes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("watch", sa.Column("partner", sa.Text()))
    op.add_column("watch", sa.Column("area", sa.Text()))
    op.add_column("watch", sa.Column("direct", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("watch", sa.Column("without", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("watchlist_watch", sa.Column("kinds", sa.Text()))
    op.add_column("watchlist_watch", sa.Column("minimum", sa.BigInteger()))
    op.add_column("watchlist_watch", sa.Column("currency", sa.Text(), nullable=False, server_default="GBP"))
    op.add_column("watchlist_watch", sa.Column("without_sum", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("watchlist_watch", sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_story_first", "story", ["first_at"])
    op.create_table(
        "named_watchlist",
        sa.Column("watchlist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlist.id"], name=op.f("fk_named_watchlist_watchlist_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_named_watchlist_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watchlist_id", name=op.f("pk_named_watchlist")),
        sa.UniqueConstraint("token", name=op.f("uq_named_watchlist_token")),
    )
    op.create_index("ix_named_watchlist_channel", "named_watchlist", ["channel_id"])
    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index("ix_draft_chat", "draft", ["chat_id"])
    op.create_index("ix_draft_expires", "draft", ["expires_at"])
