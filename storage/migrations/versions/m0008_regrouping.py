"""Stories that an admin joined or split: which story is told with which, where its entries came from, and what must stay apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_JOINED = sa.text("joined_to IS NOT NULL")


def upgrade() -> None:
    op.add_column("story", sa.Column("joined_to", sa.BigInteger()))
    op.add_column("story_entry", sa.Column("came_from", sa.BigInteger()))
    op.create_index("ix_story_joined_to", "story", ["joined_to"], sqlite_where=_JOINED, postgresql_where=_JOINED)
    op.create_table(
        "story_apart",
        sa.Column("story_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", "entry_id", name=op.f("pk_story_apart")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_apart_story_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_story_apart_entry_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_apart_entry", "story_apart", ["entry_id"])
