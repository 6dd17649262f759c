"""``meta``: single values, among them the version of the watches.

The version grows with every change of what is watched. Entries are understood outside any transaction, with the watches as they were; the
transaction that saves them holds the version still and refuses if it has moved. So whoever was told "watching" before an entry was stored
has been matched against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from storage.exceptions import StaleWatches
from storage.sql import upsert
from storage.tables import meta
from storage.unit import reads, writes

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.engine import Database

WATCHES_VERSION = "watches_version"
_READ_VERSION = select(meta.c.value).where(meta.c.key == WATCHES_VERSION)
_HOLD_VERSION = _READ_VERSION.with_for_update(read=True)


class Meta:
    """The store's methods about single values."""

    _db: Database

    @reads
    def meta(self, connection: Connection, key: str) -> str | None:
        """Read a value that was kept under a name; None if there is none."""
        return read_meta(connection, key)

    @writes
    def set_meta(self, connection: Connection, key: str, value: str) -> None:
        """Keep a value under a name, in place of the one that was there."""
        keep_meta(connection, key, value)


def read_meta(connection: Connection, key: str) -> str | None:
    """Read a single value; None if there is none."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def keep_meta(connection: Connection, key: str, value: str) -> None:
    """Keep a single value in place of the one that was there."""
    new = upsert(connection, meta).values(key=key, value=value)
    connection.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def watches_version(connection: Connection, *, hold: bool = False) -> int:
    """Read the version. ``hold``: nobody changes the watches until this transaction ends."""
    return int(connection.execute(_HOLD_VERSION if hold else _READ_VERSION).scalar_one())


def require_version(connection: Connection, version: int) -> None:
    """Raise StaleWatches unless the watches are those that the entries were understood with."""
    current = watches_version(connection, hold=True)
    if current != version:
        raise StaleWatches(f"the watches changed (version {version} is now {current}); understand the entries again")


def lock_watches(connection: Connection) -> None:
    """Keep others from changing or relying on the watches until this transaction ends."""
    connection.execute(select(meta.c.value).where(meta.c.key == WATCHES_VERSION).with_for_update())


def bump_watches(connection: Connection) -> None:
    """Say that what is watched has changed."""
    version = str(watches_version(connection) + 1)
    connection.execute(update(meta).where(meta.c.key == WATCHES_VERSION).values(value=version))
