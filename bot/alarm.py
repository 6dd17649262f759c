"""Whether work stands still, and who is told when the daemon is not well: the admins in Telegram, and whoever waits for a sign of life.

The watchman is part of what it watches, so it cannot tell of its own end: for that there is ``[health] ping``, an address that is asked
every minute while all is well, and whose owner gives the alarm when that ends.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

log = logging.getLogger(__name__)

_SHORTEST_PATIENCE = timedelta(minutes=2)
_UNDELIVERED = timedelta(minutes=10)
_LOOKS = 2  # in a row, a minute apart: what mends itself at once is not told


def stands_still(*, due_at: datetime | None, worked_at: datetime, every: timedelta, now: datetime) -> bool:
    """Whether polls have been due for two intervals and none was made in that time; ``every`` is the shortest interval of a feed."""
    patience = max(2 * every, _SHORTEST_PATIENCE)
    return due_at is not None and max(due_at, worked_at) < now - patience


def undelivered(*, oldest: datetime | None, worked_at: datetime, now: datetime) -> bool:
    """Whether messages wait and none has left for ten minutes."""
    return oldest is not None and max(oldest, worked_at) < now - _UNDELIVERED


@dataclass(slots=True, kw_only=True)
class Alarm:
    """Tells once when it begins and once when it is over. ``tell`` and ``ping`` raise nothing; None where there is no bot, no address."""

    admins: Sequence[int]
    tell: Callable[[int, str], Awaitable[None]] | None
    ping: Callable[[], Awaitable[None]] | None
    _looks: int = 0

    async def look(self, ill: Sequence[str]) -> None:
        """One look at the reasons why the daemon is not well, if there are any; to be made once a minute."""
        if not ill:
            if self._looks >= _LOOKS:
                await self._say("Contractwatch is well again.")
            self._looks = 0
            if self.ping is not None:
                await self.ping()
            return
        self._looks += 1
        if self._looks == _LOOKS:
            reasons = "\n".join(f"• {reason}" for reason in ill)
            log.error("the daemon is not well", extra={"reasons": "; ".join(ill)})
            await self._say(f"Contractwatch is not well:\n{reasons}\nOn its machine, contractwatch doctor says what to do.")

    async def _say(self, text: str) -> None:
        for admin in self.admins if self.tell is not None else ():
            assert self.tell is not None
            await self.tell(admin, text)
