"""How a chat hears of alerts: with or without a sound, what it muted, and what it said was wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel", sa.Column("sound", sa.Text(), nullable=False, server_default="all"))
    op.create_table(
        "mute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('story', 'contract', 'feed', 'watch')", name=op.f("ck_mute_kind")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_mute_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
        sa.UniqueConstraint("channel_id", "kind", "target", name=op.f("uq_mute_channel_id_kind_target")),
    )
    op.create_table(
        "complaint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_complaint_channel_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_complaint_alert_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_complaint_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("alert_id", "channel_id", name=op.f("uq_complaint_alert_id_channel_id")),
    )
    op.create_index("ix_complaint_channel", "complaint", ["channel_id"])
