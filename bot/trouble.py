"""What the daemon does while its store cannot be written: nothing that could not be kept, told once, ended by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from storage.exceptions import StoreError, StoreUnavailable

log = logging.getLogger(__name__)

_FIRST_PAUSE = 15.0
_LONGEST_PAUSE = 300.0
_QUIET = 600.0  # seconds without trouble after which the next one counts as new


@dataclass(slots=True)
class StoreTrouble:
    """Whether the store is away (a full disk, a server that is gone) and when to look again.

    Nothing is fetched meanwhile, since it could not be kept, and nothing is sent, since no claim could be committed. ``probe`` writes
    something small; when that works, work goes on. A store that lets small things through and no large ones is looked at ever less often.
    """

    probe: Callable[[], Awaitable[object]]
    error: str | None = None
    _pause: float = _FIRST_PAUSE
    _next_look: float = 0.0
    _ended: float | None = None

    def begin(self, error: StoreUnavailable) -> None:
        """Note that the store is away; told once for each trouble."""
        if self.error is not None:
            return
        now = asyncio.get_running_loop().time()
        recurs = self._ended is not None and now - self._ended < _QUIET
        self._pause = min(self._pause * 2, _LONGEST_PAUSE) if recurs else _FIRST_PAUSE
        self._next_look = now + self._pause
        self.error = str(error)
        log.error("the store is unavailable: polling and deliveries wait", extra={"error": str(error), "next_look_seconds": self._pause})

    async def over(self) -> bool:
        """Whether work may go on; looks at the store when it is time to."""
        if self.error is None:
            return True
        now = asyncio.get_running_loop().time()
        if now < self._next_look:
            return False
        try:
            await self.probe()
        except StoreError as error:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            self._next_look = asyncio.get_running_loop().time() + self._pause
            log.debug("the store is still unavailable", extra={"error": str(error)})
            return False
        self.error, self._ended = None, now
        log.warning("the store is back: work goes on")
        return True
