"""The store: everything that Contractwatch keeps, behind one object.

Every public method is one transaction: all of what it says, or nothing. Methods may be called from any thread; on SQLite those that write
wait for each other. Anything that goes wrong with the database itself is a ``StoreError`` whose sentence names the mend.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from storage.awards import Awards
from storage.changes import Changes
from storage.channels import Channels
from storage.claims import Claims
from storage.complaints import Complaints
from storage.copies import copy_database
from storage.deliveries import Deliveries
from storage.ears import Ears
from storage.entries import Entries
from storage.evidence import EvidenceStore
from storage.exceptions import StoreUnavailable
from storage.exports import Exports
from storage.feeds import Feeds
from storage.groups import Groups
from storage.inbox import Inbox
from storage.ledger import LedgerStore
from storage.list_news import ListNewsStore
from storage.lock import single_instance
from storage.mutes import Mutes
from storage.named_watchlists import NamedWatchlists
from storage.opening import check, open_database, upgrade
from storage.operating import Operation
from storage.packs import Packs
from storage.parties import Parties
from storage.past import Past
from storage.regrouping import Regrouping
from storage.replaying import Replaying
from storage.reports import Reports
from storage.restores import Restores
from storage.silences import Silences
from storage.standstill import Standstill
from storage.status import Status
from storage.timetables import Timetables
from storage.versions import Meta
from storage.views import Views
from storage.watchlists import Watchlists

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from storage.engine import Database

__all__ = ["Store", "check", "open_store", "upgrade"]


class Store(
    Feeds,
    Entries,
    EvidenceStore,
    Exports,
    Awards,
    Watchlists,
    NamedWatchlists,
    ListNewsStore,
    Packs,
    Channels,
    Changes,
    Views,
    Deliveries,
    Claims,
    Groups,
    Mutes,
    Complaints,
    Timetables,
    Reports,
    Silences,
    Inbox,
    Operation,
    Parties,
    Past,
    Standstill,
    Status,
    LedgerStore,
    Regrouping,
    Replaying,
    Restores,
    Meta,
):
    """An open database. Close it, or use it as a context manager."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def __repr__(self) -> str:
        return f"<Store {self.address}>"

    @property
    def address(self) -> str:
        """The database's address as it may be printed: without its password."""
        return self._db.address.shown

    @property
    def engine(self) -> str:
        """The database program and its version: "SQLite 3.51.3"."""
        return self._db.version()

    def server_time(self) -> datetime | None:
        """What time it is to the PostgreSQL server that several daemons may share; None on SQLite, where there is only one."""
        return self._db.time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections. The last to close a SQLite file moves its write-ahead log into it."""
        self._db.close()

    def lock(self) -> AbstractContextManager[None]:
        """Hold the database as the only daemon on it; raises StoreLocked. PostgreSQL is shared by several, whose claims keep apart."""
        path = self._db.address.path
        return contextlib.nullcontext() if path is None else single_instance(path, self.address)

    def scrub(self) -> bool:
        """Leave nothing of what was deleted in the database's files; False when it must be tried again, because somebody is reading."""
        return self._db.scrub()

    def ears(self) -> Ears:
        """What decides which of the daemons on this database listens to Telegram."""
        return Ears(self._db)

    def backup(self, path: Path) -> None:
        """Write a whole copy of the database to a new file, while others go on working."""
        if not self._db.is_sqlite:
            raise StoreUnavailable("a PostgreSQL database is copied with its own program; use pg_dump", about=self.address)
        copy_database(self._db, path)


def open_store(url: str, *, create: bool = True) -> Store:
    """Open the database of an address. A missing SQLite file is made if its folder is there; nothing is ever made over a bad one.

    Raises:
        StoreUnavailable: it cannot be reached, read or written.
        StoreDamaged: it is broken, or not a database of Contractwatch.
        StoreVersionError: it needs ``contractwatch db upgrade``, or was written by a newer version.
    """
    return Store(open_database(url, create=create))
