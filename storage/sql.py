"""Small pieces of SQL that both databases know under different names, and pieces that several topics use."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Boolean, and_, literal_column, text
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import story, subscription
from watchers.types import AlertClass, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.engine import Connection

T = TypeVar("T")

MOST_PARAMETERS = 10_000  # in one statement: SQLite takes 32,766, PostgreSQL 65,535
_STORIES_LOCK = 0x636F6E7472616374  # "contract": the advisory lock under which stories are opened

# A partial index is used only where the query says the very words of its condition: a bound parameter says them too late.
PENDING: ColumnElement[str] = literal_column("'pending'")
SENDING: ColumnElement[str] = literal_column("'sending'")
SENT: ColumnElement[str] = literal_column("'sent'")
STALE = literal_column("delivery.stale AND delivery.state = 'sent'", Boolean)


def is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def insert_or_ignore(connection: Connection, table: Table) -> Any:
    """Insert rows and leave those alone that a unique index already has."""
    return _insert(connection.dialect.name, table).on_conflict_do_nothing()


@functools.cache
def _insert(dialect: str, table: Table) -> Any:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert(connection: Connection, table: Table) -> Any:
    """Begin an insert that can take ``on_conflict_do_update``."""
    return _insert(connection.dialect.name, table)


def lock_stories(connection: Connection) -> None:
    """Let one transaction at a time decide about stories: two daemons that see one event at once would open it twice.

    SQLite has one writer anyway. Taken before any row is touched, so that nobody who waits for it holds what the other needs.
    """
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STORIES_LOCK})


def chunks(items: Sequence[T], size: int = MOST_PARAMETERS) -> Iterator[Sequence[T]]:
    """Cut a list into parts that fit one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def wants_alert() -> list[Any]:
    """Conditions, one of which holds where a subscription wants to be told of a story: by the class of its event."""
    wanted = {AlertClass.AWARDED: subscription.c.awarded, AlertClass.CANCELLED: subscription.c.cancelled}
    return [and_(story.c.event.in_([kind.value for kind in EventKind if kind.alert is one]), column) for one, column in wanted.items()]
