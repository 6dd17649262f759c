"""Opening a database: making a new one, refusing one that is not ours, broken or of another version, and bringing an old one up to date."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select

from storage.address import Address, inspect_file, parse_address, restore_hint
from storage.copies import copy_database
from storage.engine import Database, connect
from storage.exceptions import StoreDamaged, StoreError, StoreUnavailable, StoreVersionError
from storage.lock import single_instance
from storage.schema import current_revision, known_revisions, migrate
from storage.tables import APPLICATION, SCHEMA, meta, metadata

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

_OURS = frozenset(metadata.tables)


def open_database(text: str, *, create: bool) -> Database:
    """Open what an address names, ready for use (``storage.store.open_store``)."""
    address = parse_address(text)
    if address.path is not None and not inspect_file(address.path, address.shown, create=create):
        _create_file(address, address.path)
    database = connect(address)
    try:
        _verify_whole(database)
        revision = _revision(database)
        if revision is None:
            if not create:
                raise StoreUnavailable("the database is empty; start the daemon once, or correct [store] url", about=address.shown)
            database.write(_migrate_empty)
        else:
            _require_current(revision, address.shown)
    except StoreError:
        database.close()
        raise
    return database


def upgrade(url: str) -> tuple[str, str]:
    """Bring a database to this version's schema; says from which to which. A copy of a SQLite file is put beside it first.

    All steps are one transaction: whatever happens, the schema is the old one or the new one. Raises StoreLocked while a daemon runs.
    """
    address = parse_address(url)
    if address.path is None:
        return _upgrade(address)
    if not inspect_file(address.path, address.shown, create=False):
        raise AssertionError("inspect_file raises for a missing file when none may be made")
    with single_instance(address.path, address.shown):
        return _upgrade(address)


def check(url: str) -> list[str]:
    """List what is wrong with a database, as sentences; empty if it is sound. Reads all of it, which takes a while when it is large."""
    try:
        database = open_database(url, create=False)
    except StoreError as error:
        return [str(error)]
    try:
        return database.read(_problems) if database.is_sqlite else []
    except StoreError as error:
        return [str(error)]
    finally:
        database.close()


def _create_file(address: Address, path: Path) -> None:
    """Make a new database under another name and move it into place whole: a start that is killed leaves no half-made one behind."""
    part = path.with_name(f"{path.name}.new-{secrets.token_hex(4)}")
    database = connect(Address(url=address.url, shown=address.shown, path=part))
    try:
        database.write(_migrate_empty)
        database.close()
        os.link(part, path)
    except FileExistsError:
        pass  # another start was quicker, and its database is as good
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be made ({error.strerror}); see to its folder", about=address.shown) from error
    finally:
        database.close()
        for end in ("", "-wal", "-shm"):
            part.with_name(part.name + end).unlink(missing_ok=True)


def _migrate_empty(connection: Connection) -> None:
    if current_revision(connection) is None:  # PostgreSQL: two daemons may meet at an empty database
        migrate(connection)


def _verify_whole(database: Database) -> None:
    """Refuse a broken file at the start, when nothing has been told yet: a tenth of a second per 100 MB."""
    if database.is_sqlite:
        try:
            answer = database.read(lambda connection: connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        except UnicodeDecodeError:
            answer = "its schema is no text"
        if answer != "ok" and database.address.path is not None:
            raise StoreDamaged(
                f"it is damaged ({_first_line(answer)}); {restore_hint(database.address.path)}", about=database.address.shown
            )


def _revision(database: Database) -> str | None:
    """Read which migration the database is at; None if it is empty. Raises StoreDamaged if somebody else's tables are in it."""

    def look(connection: Connection) -> tuple[set[str], str | None, str | None]:
        present = set(inspect(connection).get_table_names())
        whose = connection.execute(select(meta.c.value).where(meta.c.key == "application")).scalar() if "meta" in present else None
        return present, whose, current_revision(connection) if "alembic_version" in present else None

    try:
        present, whose, revision = database.read(look)
    except StoreError:
        raise
    except Exception as error:  # a table "meta" of some other shape raises what its driver likes
        raise _foreign(database) from error
    if not present:
        _refuse_no_tables(database)
        return None
    if whose != APPLICATION or revision is None:
        raise _foreign(database)
    return revision


def _refuse_no_tables(database: Database) -> None:
    """An empty PostgreSQL database is new; a SQLite file without tables has lost them, since ours are made whole."""
    path = database.address.path
    if path is not None:
        raise StoreDamaged(f"{path} holds no tables; {restore_hint(path)}", about=database.address.shown)


def _foreign(database: Database) -> StoreDamaged:
    return StoreDamaged("it is the database of another program; correct [store] url", about=database.address.shown)


def _require_current(revision: str, shown: str) -> None:
    if revision == SCHEMA:
        return
    if revision in known_revisions():
        raise StoreVersionError(f"its schema is {revision} and this version needs {SCHEMA}; run contractwatch db upgrade", about=shown)
    raise StoreVersionError(
        f"its schema {revision} is newer than this version's {SCHEMA}; install the newer contractwatch again", about=shown
    )


def _upgrade(address: Address) -> tuple[str, str]:
    database = connect(address)
    try:
        _verify_whole(database)
        revision = _revision(database)
        if revision == SCHEMA:
            return SCHEMA, SCHEMA
        if revision is not None and revision not in known_revisions():
            _require_current(revision, address.shown)
        if revision is not None and address.path is not None:
            copy_database(database, address.path.with_name(f"{address.path.name}.bak-{revision}-{SCHEMA}"), replace=True)
        database.write(migrate)
        return revision or "empty", SCHEMA
    finally:
        database.close()


def _problems(connection: Connection) -> list[str]:
    rows = [_first_line(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    found = [f"the file is damaged: {row}" for row in rows if row != "ok"]
    missing = sorted(_OURS - set(inspect(connection).get_table_names()))
    found += [f"the table {name} is missing" for name in missing]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    tables = sorted({row[0] for row in orphans})
    return found + [f"the table {name} has rows that point to nothing" for name in tables]


def _first_line(text: object) -> str:
    """The first line that says something: SQLite begins with ``*** in database main ***`` whatever is wrong."""
    lines = str(text).strip().splitlines()
    return next((line for line in lines if not line.startswith("***")), "")
