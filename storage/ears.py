"""Which of several daemons on one database listens to Telegram: Telegram answers one listener at a time, and the others would be refused.

On PostgreSQL it is the one that holds a lock of its session, which the server gives back when that daemon dies, however it dies. A SQLite
database has one daemon anyway (``storage.lock``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.engine import Database

_LOCK = 0x6C697374656E  # "listen"
_TRY = text("SELECT pg_try_advisory_lock(:key)")
_HELD = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid = :low")


class Ears:
    """The right to listen. Not for several threads at once."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._session: Connection | None = None

    def take(self) -> bool:
        """Whether this daemon may listen now; once it may, it may until its connection to the database is lost or ``close`` is called.

        Raises:
            StoreUnavailable: the server is gone, and with it the right.
        """
        if self._db.is_sqlite:
            return True
        with self._db.translated():
            try:
                return self._held() or self._try()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Give the right back."""
        session, self._session = self._session, None
        if session is not None:
            session.invalidate()  # not back into the pool: the lock belongs to the session
            session.close()

    def _held(self) -> bool:
        return self._session is not None and self._session.execute(_HELD, {"low": _LOCK & 0xFFFFFFFF}).scalar_one() > 0

    def _try(self) -> bool:
        session = self._session = self._session or self._db.session()
        taken = bool(session.execute(_TRY, {"key": _LOCK}).scalar_one())
        if not taken:
            self.close()
        return taken
