"""Noticing that an older copy was put in the database's place, so that what it has forgotten is not told all over again.

The database cannot know what it has forgotten, and Telegram gives out no history. What can be known is that it happened, and from when on:
the daemon writes every minute, in the database and beside it, that it is at work, and a database that is behind was set back. (On
PostgreSQL nothing lies beside it; there, tables made anew by a restore have other numbers.) What is then seen as new although it was out
before is told late, together, marked as a possible second copy, and in few messages (``storage.recipients``, ``storage.groups``).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from storage.columns import Instant
from storage.lock import beat, last_beat
from storage.recipients import SET_BACK, SetBack, set_back
from storage.sql import is_sqlite
from storage.unit import reads, writes
from storage.versions import keep_meta, read_meta

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.engine import Database

_AT_WORK = "at_work"
_HOME = "home"
_TABLES = text("SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text || ':' || 'delivery'::regclass::oid::text")


class Restores:
    """The store's methods by which a daemon says that it is at work."""

    _db: Database

    def begin(self, now: datetime) -> datetime | None:
        """Say, at the start, that a daemon is at work. Returns the last time the database knows of if it was set back since, else None."""
        path = self._db.address.path
        beside = None if path is None else last_beat(path)
        found = self._begin(now, beside)
        if path is not None:
            beat(path, Instant.number(now))
        return found

    def at_work(self, now: datetime) -> None:
        """Say, while at work, that it goes on."""
        self._at_work(now)
        if self._db.address.path is not None:
            beat(self._db.address.path, Instant.number(now))

    @reads
    def set_back(self, connection: Connection) -> SetBack | None:
        """Read when the database was last found to be set back; None if it never was."""
        return set_back(connection)

    @writes
    def _begin(self, connection: Connection, now: datetime, beside: int | None) -> datetime | None:
        written = read_meta(connection, _AT_WORK)
        last = None if written is None else datetime.fromisoformat(written)
        if is_sqlite(connection):
            # Nothing beside it: it was moved or restored without its lock file, and nobody can tell which.
            behind = last is not None and (beside is None or beside > Instant.number(last))
        else:
            home, here = read_meta(connection, _HOME), str(connection.execute(_TABLES).scalar_one())
            behind = home is not None and home != here
            keep_meta(connection, _HOME, here)
        keep_meta(connection, _AT_WORK, now.isoformat())
        if last is None or not behind:
            return None
        keep_meta(connection, SET_BACK, json.dumps([last.isoformat(), now.isoformat()]))
        return last

    @writes
    def _at_work(self, connection: Connection, now: datetime) -> None:
        keep_meta(connection, _AT_WORK, now.isoformat())
