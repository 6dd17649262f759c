"""One clock for all daemons of a database.

Leases, pauses and the times of polls are written by one daemon and judged by another. With clocks of their own, a daemon that is ahead
takes over what another is just sending, and waits for what another wrote are hours long. So daemons that share a PostgreSQL database go by
its server's clock; on SQLite there is one daemon, and its own clock is the only one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.facade import Call
from storage.store import Store

REREAD = timedelta(seconds=10)  # how long clocks may drift apart, and a virtual machine that was halted goes by an old time


class SharedClock:
    """Call it for the time. ``read`` asks the server, and is repeated every ``REREAD``; in between counts a clock that nobody sets."""

    def __init__(self, store: Store, call: Call, own: Callable[[], datetime]) -> None:
        self._store, self._call, self._own = store, call, own
        self._read: tuple[datetime, float] | None = None  # the server's time, and when it was read on the clock that counts

    async def read(self) -> None:
        """Ask the server. The answer counts from when it came, so this clock is never ahead of the server's. Raises StoreUnavailable."""
        server = await self._call(self._store.server_time)
        self._read = None if server is None else (server, _counted())

    def __call__(self) -> datetime:
        if self._read is None:
            return self._own()
        server, at = self._read
        return server + timedelta(seconds=_counted() - at)


def _counted() -> float:
    """Seconds from some moment on, those in which the machine slept included, where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()
