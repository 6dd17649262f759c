"""One cache of compiled SQL for all the stores that a process of tests opens.

A program opens one store and compiles each statement once; tests open thousands, and compiling took them a quarter of their time. SQLAlchemy
keeps what it compiled with the engine, by its dialect, so here all dialects of a kind are one to it, and their engines have one cache.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine

_cache: dict[Any, Any] = {}


class _Shared:
    """Equal to every dialect of its class. Nobody here makes two with different options, or for different servers."""

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_cache)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class SQLite(_Shared, SQLiteDialect_pysqlite):
    supports_statement_cache = True


class PostgreSQL(_Shared, PGDialect_psycopg):
    supports_statement_cache = True


def share() -> None:
    """From now on. The databases are named as the program names them."""
    registry.register("sqlite", __name__, SQLite.__name__)
    registry.register("postgresql.psycopg", __name__, PostgreSQL.__name__)
