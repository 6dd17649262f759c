"""Small pieces of SQL that both databases know under different names, and pieces that several topics use."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Numeric, and_, cast, func, literal, literal_column, not_, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Text

from storage.tables import channel, story, subscription, watchlist_watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.engine import Connection, Dialect

T = TypeVar("T")

MOST_PARAMETERS = 10_000  # in one statement: SQLite takes 32,766, PostgreSQL 65,535
_STORIES_LOCK = 0x636F6E7472616374  # "contract": the advisory lock under which stories are opened

# A partial index is used only where the query says the very words of its condition: a bound parameter says them too late.
PENDING: ColumnElement[str] = literal_column("'pending'")
SENDING: ColumnElement[str] = literal_column("'sending'")
SENT: ColumnElement[str] = literal_column("'sent'")
STALE = text("delivery.stale AND delivery.state = 'sent'")


def is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def insert_or_ignore(connection: Connection, table: Table) -> Any:
    """Insert rows and leave those alone that a unique index already has."""
    return _ignoring(connection.dialect.name, table)


@functools.cache
def _counted(dialect: str, table: Table) -> Any:
    # Without inline PostgreSQL is also asked for the new number; without preserve_rowcount nobody asks how many rows there were.
    return _ignoring(dialect, table).inline().execution_options(preserve_rowcount=True)


@functools.cache
def _ignoring(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing()


@functools.cache
def _insert(dialect: str, table: Table) -> Any:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless a unique index has it already; says whether it was inserted."""
    return connection.execute(_counted(connection.dialect.name, table), row).rowcount == 1


def insert_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, ignore: bool = False) -> None:
    """Insert many rows that have the same columns, in one call of the driver.

    The values go through the same types as everywhere; what is left out is SQLAlchemy's own handling of each row, which took longer than
    the database did. ``ignore``: rows that a unique index already has are left alone.
    """
    names = tuple(rows[0])
    sql, order, processors = _prepared(connection.dialect, table, names, ignore)
    columns = [_processed([row[name] for row in rows], processors[name]) for name in order]
    values = list(zip(*columns, strict=True))
    if is_sqlite(connection):
        connection.exec_driver_sql(sql, values)
    else:
        connection.exec_driver_sql(sql, [dict(zip(order, row, strict=True)) for row in values])


def _processed(values: list[Any], processor: Any) -> list[Any]:
    return values if processor is None else [processor(value) for value in values]


@functools.lru_cache(maxsize=64)
def _prepared(dialect: Dialect, table: Table, names: tuple[str, ...], ignore: bool) -> tuple[str, list[str], dict[str, Any]]:
    statement = _ignoring(dialect.name, table) if ignore else table.insert()
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    processors = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names}
    return str(compiled), list(getattr(compiled, "positiontup", None) or names), processors


def upsert(connection: Connection, table: Table) -> Any:
    """Begin an insert that can take ``on_conflict_do_update``."""
    return _insert(connection.dialect.name, table)


def lock_stories(connection: Connection) -> None:
    """Let one transaction at a time decide about stories: two daemons that see one event at once would open it twice.

    SQLite has one writer anyway. Taken before any row is touched, so that nobody who waits for it holds what the other needs.
    """
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STORIES_LOCK})


def new_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Draw numbers for rows to come. SQLite's one writer may simply count on from the highest."""
    if is_sqlite(connection):
        highest = connection.execute(_highest(table)).scalar_one()
        return list(range(highest + 1, highest + 1 + count))
    return list(connection.execute(_DRAW, {"name": table.name, "count": count}).scalars())


_DRAW = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")


@functools.cache
def _highest(table: Table) -> Any:
    return select(func.coalesce(func.max(table.c.id), 0))


def chunks(items: Sequence[T], size: int = MOST_PARAMETERS) -> Iterator[Sequence[T]]:
    """Cut a list into parts that fit one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class member(GenericFunction[str]):  # noqa: N801 - named as the functions of SQLAlchemy are
    """The text of a member of a JSON column: ``member(story.c.value, "amount")``."""

    type = Text()
    inherit_cache = True


@compiles(member, "sqlite")
def _sqlite_member(element: Any, compiler: Any, **kw: Any) -> str:
    column, name = element.clauses
    return f"json_extract({compiler.process(column, **kw)}, '$.' || {compiler.process(name, **kw)})"


@compiles(member, "postgresql")
def _postgresql_member(element: Any, compiler: Any, **kw: Any) -> str:
    column, name = element.clauses
    return f"(CAST({compiler.process(column, **kw)} AS JSON) ->> {compiler.process(name, **kw)})"


def sum_of(column: Any) -> ColumnElement[Any]:
    """The amount of a JSON column that holds a sum, as a number that compares."""
    return cast(member(column, literal("amount", Text)), Numeric)


def currency_of(column: Any) -> ColumnElement[str]:
    """The currency of a JSON column that holds a sum."""
    return member(column, literal("currency", Text))


_place = channel.alias("place")


def wanted() -> ColumnElement[bool]:
    """Hold where a place wants to be told of a story for a watch on a list: of ``story``, ``subscription`` and ``watchlist_watch``.

    A watch's own kinds of event come before those of the place. A sum in another currency is no sum: nothing here knows the rates.
    """
    item = watchlist_watch.c
    in_general = select(_place.c.kinds).where(_place.c.id == subscription.c.channel_id).scalar_subquery()
    kinds = func.coalesce(item.kinds, in_general).like(literal("% ").concat(story.c.event).concat(" %"))
    comparable = and_(story.c.value.is_not(None), currency_of(story.c.value) == item.currency)
    enough = or_(
        item.minimum.is_(None),
        and_(comparable, sum_of(story.c.value) >= item.minimum),
        and_(item.without_sum, or_(story.c.value.is_(None), currency_of(story.c.value) != item.currency)),
    )
    return and_(not_(item.paused), kinds, enough)
