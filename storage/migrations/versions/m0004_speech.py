"""The time zone of each chat: times are shown in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel", sa.Column("zone", sa.Text(), nullable=False, server_default="UTC"))
