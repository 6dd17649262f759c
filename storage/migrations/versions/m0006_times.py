"""When each chat is told: digests, quiet hours, the weekly report; how often a feed has news, and when it fell silent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("checks", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("feed", sa.Column("longest_gap", sa.BigInteger()))
    op.add_column("feed", sa.Column("learned_at", sa.BigInteger()))
    op.create_index("ix_entry_feed", "entry", ["feed_id", "id"])
    op.add_column("subscription", sa.Column("rhythm", sa.Text()))
    op.add_column("delivery", sa.Column("held", sa.Text()))
    op.create_table(
        "timetable",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Integer()),
        sa.Column("quiet_until", sa.Integer()),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("turns_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_timetable_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_timetable")),
    )
    op.create_index("ix_timetable_turns", "timetable", ["turns_at"])
    op.create_table(
        "report",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("heartbeat", sa.Text(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("silences", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("silence_at", sa.BigInteger()),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("checks", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_report_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_report")),
    )
    op.create_index("ix_report_next", "report", ["next_at"])
    op.create_table(
        "silence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column("over_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_silence_feed_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
    )
    op.create_index("ix_silence_feed", "silence", ["feed_id"])
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
