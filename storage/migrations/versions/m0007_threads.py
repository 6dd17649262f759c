"""Contract threads, corrections, and the kinds of event that a channel is told of.

Stories that are there become threads: those of one award of a process together, a story of a process without awards with the only contract
of that process, every other story by itself. Nothing is told anew by an upgrade.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNCONFIRMED = sa.text("status = 'reported' AND unconfirmed_at IS NULL AND withdrawn_at IS NULL")
_KINDS = frozenset(("s", "si", "b", "bi", "o", "a"))
_BATCH = 1000


def upgrade() -> None:
    _tables()
    for table, column, kind in (
        ("story", "stated_by", sa.Text()),
        ("story", "withdrawn_at", sa.BigInteger()),
        ("story", "unconfirmed_at", sa.BigInteger()),
        ("story_entry", "gone_at", sa.BigInteger()),
        ("alert", "detail", sa.Text()),
    ):
        op.add_column(table, sa.Column(column, kind))
    op.create_index("ix_story_unconfirmed", "story", ["first_at"], sqlite_where=_UNCONFIRMED, postgresql_where=_UNCONFIRMED)
    kinds = sa.Column("kinds", sa.Text(), nullable=False, server_default=" awarded cancelled terminated ")
    op.add_column("channel", kinds)
    for column in ("awarded", "cancelled"):  # nobody could set them
        op.drop_column("subscription", column)
    _fill()


def _tables() -> None:
    op.create_table(
        "thread",
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "thread_key",
        sa.Column("thread_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "key", name=op.f("pk_thread_key")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_thread_key_thread_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_thread_key_newest", "thread_key", ["key", "last_at"])
    op.create_table(
        "thread_story",
        sa.Column("story_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_thread_story")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_thread_story_story_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_thread_story_thread_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_thread_story_thread", "thread_story", ["thread_id", "story_id"])


def _fill() -> None:
    """Give every stored story its contract, and every contract the keys by which later stories find it."""
    connection = op.get_bind()
    stories = connection.execute(sa.text("SELECT id, thread, first_at, last_at FROM story ORDER BY id")).all()
    if not stories:
        return
    keys: dict[int, set[str]] = {}
    for story_id, key in connection.execute(sa.text("SELECT story_id, key FROM story_key")):
        if (kept := _key(key)) is not None:
            keys.setdefault(story_id, set()).add(kept)
    number_of = _contracts([(row.id, row.thread) for row in stories], keys)
    first: dict[int, int] = {}
    found: dict[tuple[int, str], int] = {}
    for row in stories:
        number = number_of[row.id]
        first[number] = min(first.get(number, row.first_at), row.first_at)
        for key in keys.get(row.id, set()):
            found[number, key] = max(found.get((number, key), 0), row.last_at)
    _insert(connection, "INSERT INTO thread (id, created_at) VALUES (:id, :at)", [{"id": one, "at": at} for one, at in first.items()])
    members = [
        {"story": row.id, "thread": number_of[row.id], "why": "as it was stored before contracts were", "at": row.first_at}
        for row in stories
    ]
    _insert(connection, "INSERT INTO thread_story (story_id, thread_id, reason, at) VALUES (:story, :thread, :why, :at)", members)
    rows = [{"thread": one, "key": key, "at": at} for (one, key), at in found.items()]
    _insert(connection, "INSERT INTO thread_key (thread_id, key, last_at) VALUES (:thread, :key, :at)", rows)
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('thread', 'id'), (SELECT max(id) FROM thread))"))


def _key(key: str) -> str | None:
    """A story's key ("s:cancelled:serco") as a contract's, which says nothing of the event ("s:serco")."""
    kind, _, rest = key.partition(":")
    name = rest.partition(":")[2]
    return f"{kind}:{name}" if kind in _KINDS and name and not name.startswith("~") else None


def _contracts(stories: list[tuple[int, str | None]], keys: dict[int, set[str]]) -> dict[int, int]:
    """The number of each story's contract: that of the first of its stories."""
    number_of: dict[int, int] = {}
    by_award: dict[str, int] = {}
    by_process: dict[str, set[int]] = {}
    for story, process in stories:
        awards = sorted(key for key in keys.get(story, set()) if key.startswith("a:"))
        if process is not None and not awards:
            continue
        number = next((by_award[award] for award in awards if award in by_award), story)
        number_of[story] = number
        for award in awards:
            by_award.setdefault(award, number)
        if process is not None:
            by_process.setdefault(process, set()).add(number)
    for story, process in stories:
        if story not in number_of and process is not None:
            known = by_process.setdefault(process, set())
            number_of[story] = next(iter(known)) if len(known) == 1 else story
            known.add(number_of[story])
    return number_of


def _insert(connection: sa.Connection, statement: str, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), _BATCH):
        connection.execute(sa.text(statement), rows[start : start + _BATCH])
