"""The engine under the store: one writer and many readers on SQLite, a pool on PostgreSQL, and one table that translates errors.

Invariants.
* A unit of work is a function of a connection. It runs in one transaction: all of it is committed, or none.
* On SQLite a writing unit begins with BEGIN IMMEDIATE. With a deferred BEGIN, 678 of 800 concurrent read-then-write transactions failed
  with "database is locked" in spite of a busy timeout of 10 s; with IMMEDIATE none did.
* On SQLite there is one writing connection, and only it checkpoints: readers open the file read-only.
* synchronous is FULL. With NORMAL, a simulated power loss took acknowledged commits away in 829 of 1,000 cases.
* Any database error ends the unit. SQLite rolls back by itself when the disk is full; what came after would commit on its own.
* On PostgreSQL a unit that lost against another (serialisation failure, deadlock) is run again: units change nothing but the database.
"""

from __future__ import annotations

import contextlib
import random
import re
import sqlite3
import threading
import time
from datetime import UTC
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from storage.address import restore_hint
from storage.exceptions import StoreDamaged, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.address import Address

R = TypeVar("R")

_BUSY_SECONDS = 10.0
_PRAGMAS: tuple[tuple[str, str, object], ...] = (  # name, value to set, value it must then have
    ("busy_timeout", "10000", 10000),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("wal_autocheckpoint", "1000", 1000),
    ("trusted_schema", "OFF", 0),
    ("secure_delete", "ON", 1),  # what somebody wanted forgotten must not stay in free pages
)
_RETRY_SQLSTATES = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
_RETRIES = 8

# The one place where foreign errors become ours: the most specific prefix of SQLite's error name or of PostgreSQL's SQLSTATE wins.
_SQLITE_ERRORS: dict[str, tuple[type[StoreError], str]] = {
    "SQLITE_FULL": (StoreUnavailable, "there is no space left on the disk; free some, and it goes on by itself"),
    "SQLITE_BUSY": (StoreUnavailable, "another program is holding it for writing; close that program"),
    "SQLITE_LOCKED": (StoreUnavailable, "another program is holding it for writing; close that program"),
    "SQLITE_READONLY": (StoreUnavailable, "this user may not write it; change its owner or its rights"),
    "SQLITE_PERM": (StoreUnavailable, "this user may not use it; change its owner or its rights"),
    "SQLITE_CANTOPEN": (StoreUnavailable, "it cannot be opened; see that the file and its folder exist and may be written"),
    "SQLITE_IOERR": (StoreUnavailable, "the disk reports an error ({error}); see to the disk, and to the space left on it"),
    "SQLITE_CORRUPT": (StoreDamaged, "it is damaged; {restore}"),
    "SQLITE_NOTADB": (StoreDamaged, "it is not a SQLite database; {restore}"),
}
_POSTGRESQL_ERRORS: dict[str, tuple[type[StoreError], str]] = {
    "53100": (StoreUnavailable, "the server has no space left on its disk; free some, and it goes on by itself"),
    "53300": (StoreUnavailable, "the server has no connection left; close other programs or raise max_connections"),
    "53": (StoreUnavailable, "the server is short of resources ({error})"),
    "57": (StoreUnavailable, "the server is stopping or starting; it goes on by itself once the server is there"),
    "08": (StoreUnavailable, "the connection to the server was lost; it goes on by itself once the server is there"),
    "28": (StoreUnavailable, "the server refuses the user or the password; correct [store] url"),
    "3D": (StoreUnavailable, "the server has no such database; create it with createdb"),
    "42501": (StoreUnavailable, "the user has no right to do this; grant it the database and its schema"),
    "25006": (StoreUnavailable, "the server is read-only; give the address of the one that may be written"),
    "55P03": (StoreUnavailable, "another program is holding a lock for too long; close that program"),
    "58": (StoreUnavailable, "the server's disk reports an error ({error})"),
    "XX": (StoreDamaged, "the server reports damage ({error}); restore the database from a backup"),
    "": (StoreUnavailable, "the server cannot be reached ({error}); start it, or correct [store] url"),
}


# A server that refuses a connection says why in words only; in another language they are shown as they are.
_REFUSALS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"database .* does not exist"), "3D"),
    (re.compile(r"role .* does not exist|password authentication failed|no password supplied|pg_hba\.conf"), "28"),
    (re.compile(r"too many clients|connection slots"), "53300"),
    (re.compile(r"is starting up|is shutting down|in recovery mode"), "57"),
)


def translate(cause: BaseException | None, about: str, path: Path | None) -> StoreError | None:
    """Find our error for a foreign one; None for mistakes of this program (a constraint, a wrong statement), which must be seen."""
    if isinstance(cause, sqlite3.Error):
        known, code = _SQLITE_ERRORS, getattr(cause, "sqlite_errorname", "")
    else:
        known, code = _POSTGRESQL_ERRORS, getattr(cause, "sqlstate", None) or ""
        if not code:
            if type(cause).__name__ not in ("OperationalError", "InterfaceError", "ConnectionTimeout"):
                return None
            code = next((meaning for pattern, meaning in _REFUSALS if pattern.search(str(cause))), "")
    matching = [prefix for prefix in known if code.startswith(prefix) and (prefix or not code)]
    if not matching:
        return None
    kind, sentence = known[max(matching, key=len)]
    first_line = str(cause).strip().partition("\n")[0]
    return kind(sentence.format(error=first_line, restore=restore_hint(path) if path else ""), about=about)


def sqlite_version() -> tuple[int, int, int]:
    """The version of the SQLite library that Python was built with."""
    return sqlite3.sqlite_version_info


class Database:
    """Runs units of work. Made by ``connect``; ``close`` it when done."""

    def __init__(self, address: Address, writer: Engine, reader: Engine, lock: contextlib.AbstractContextManager[object]) -> None:
        self.address = address
        self._writer = writer
        self._reader = reader
        self._lock = lock

    @property
    def is_sqlite(self) -> bool:
        return self.address.path is not None

    def write(self, work: Callable[[Connection], R]) -> R:
        """Run a unit that writes. It may be run more than once, always from the beginning."""
        for attempt in range(_RETRIES):
            try:
                with self.translated(), self._lock, self._writer.begin() as connection:
                    return work(connection)
            except _LostToAnotherError as lost:
                if attempt == _RETRIES - 1:
                    raise StoreUnavailable(
                        "other programs keep changing the same rows; run fewer of them", about=self.address.shown
                    ) from lost
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311
        raise AssertionError("unreachable")

    def read(self, work: Callable[[Connection], R]) -> R:
        """Run a unit that only reads, on one snapshot of the database (SQLite) or of each statement (PostgreSQL)."""
        with self.translated(), self._reader.connect() as connection:
            return work(connection)

    @contextlib.contextmanager
    def outside_transactions(self) -> Iterator[sqlite3.Connection]:
        """Lend a reading SQLite connection in which no transaction is begun, for VACUUM INTO."""
        with self.translated(), self._reader.connect() as connection:
            yield connection.connection.driver_connection  # type: ignore[misc]

    def scrub(self) -> bool:
        """Put the write-ahead log into the database and empty it, so that what was deleted stands in neither; False while somebody reads.

        A PostgreSQL server reuses the space of deleted rows by itself (autovacuum) and its log is the server's admin's business.
        """
        if not self.is_sqlite:
            return True
        with self.translated(), self._lock, self._writer.connect() as connection:
            driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
            driver.execute("PRAGMA busy_timeout = 0")  # everybody who writes waits behind this: it is tried again rather than waited for
            try:
                busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                driver.execute(f"PRAGMA busy_timeout = {_PRAGMAS[0][1]}")
        return not busy

    def session(self) -> Connection:
        """Open a connection to keep, in which every statement is a transaction of its own; the caller closes it."""
        return self._reader.connect().execution_options(isolation_level="AUTOCOMMIT")

    def version(self) -> str:
        """Name the database program and its version."""
        if self.is_sqlite:
            return f"SQLite {sqlite3.sqlite_version}"
        return f"PostgreSQL {self.read(lambda connection: connection.exec_driver_sql('SHOW server_version').scalar())}"

    def time(self) -> datetime | None:
        """Read a server's clock; None where the database is a file."""
        if self.is_sqlite:
            return None
        found: datetime = self.read(lambda connection: connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one())
        return found.astimezone(UTC)

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's errors into the store's."""
        try:
            yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in _RETRY_SQLSTATES:
                raise _LostToAnotherError(str(error.orig)) from error
            ours = translate(error.orig, self.address.shown, self.address.path)
            if ours is None:
                raise
            raise ours from error
        except sqlite3.Error as error:
            ours = translate(error, self.address.shown, self.address.path)
            if ours is None:
                raise
            raise ours from error

    def close(self) -> None:
        self._reader.dispose()  # readers first: the writer's last checkpoint then leaves one whole file
        self._writer.dispose()


class _LostToAnotherError(Exception):
    """PostgreSQL chose this transaction to give way."""


def connect(address: Address) -> Database:
    """Connect to a database that is there; raises StoreUnavailable or StoreDamaged."""
    return _connect_sqlite(address, address.path) if address.path else _connect_postgresql(address)


def _connect_sqlite(address: Address, path: Path) -> Database:
    def open_writer() -> sqlite3.Connection:
        # isolation_level=None: Python's own BEGIN comes too late (not before DDL, not before reads). SQLAlchemy's event sends it.
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _set_pragmas(connection, address.shown)
        except BaseException:
            connection.close()
            raise
        return connection

    def open_reader() -> sqlite3.Connection:
        uri = f"{path.as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection

    writer = create_engine("sqlite://", creator=open_writer, poolclass=StaticPool, hide_parameters=True)
    reader = create_engine("sqlite://", creator=open_reader, poolclass=QueuePool, pool_size=4, max_overflow=12, hide_parameters=True)
    event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE") and None)
    event.listen(reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN") and None)
    database = Database(address, writer, reader, threading.Lock())
    try:
        with database.translated():
            writer.connect().close()
    except UnicodeDecodeError as error:  # SQLite quotes a damaged file's own words in its complaint, and they are no text
        database.close()
        raise StoreDamaged(f"it is damaged; {restore_hint(path)}", about=address.shown) from error
    except StoreError:
        database.close()
        raise
    return database


def _set_pragmas(connection: sqlite3.Connection, shown: str) -> None:
    for name, value, wanted in _PRAGMAS:
        connection.execute(f"PRAGMA {name} = {value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise StoreUnavailable(
                f"SQLite keeps {name} at {found!r} where {wanted!r} is needed; use a local disk or another SQLite", about=shown
            )


def _connect_postgresql(address: Address) -> Database:
    try:
        engine = create_engine(
            address.url,
            pool_size=4,
            max_overflow=12,
            pool_pre_ping=True,
            hide_parameters=True,  # what people write and watch does not belong into a traceback
            connect_args={
                "connect_timeout": 10,
                "options": "-c synchronous_commit=on -c lock_timeout=30s",
                "application_name": "contractwatch",
            },
        )
    except ModuleNotFoundError as error:
        raise StoreUnavailable("the PostgreSQL driver is not installed; install contractwatch[postgres]", about=address.shown) from error
    database = Database(address, engine, engine, contextlib.nullcontext())
    try:
        database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    except StoreError:
        database.close()
        raise
    return database
