"""Whether work stands still, and who is told when the daemon is not well: the admins in Telegram, and whoever waits for a sign of life.

The watchman is part of what it watches, so it cannot tell of its own end: for that there is ``[health] ping``, an address that is asked
three times a minute while all is well, and whose owner gives the alarm when that ends.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.records import Progress

log = logging.getLogger(__name__)

LOOK = timedelta(seconds=20)
SLACK = timedelta(seconds=15)  # beyond two intervals
_LOOKS = 2  # in a row: what mends itself at once is not told, nor that everything is late when the machine has slept


def stalled(progress: Progress, *, started_at: datetime, delivered_at: datetime | None, now: datetime) -> Iterator[str]:
    """Why nothing gets on: most feeds brought nothing for two of their intervals, or nothing was delivered for two of the middle feed's.

    One feed that fails is told elsewhere. ``delivered_at`` is when a delivery last went well; None where nobody is to be told.
    """
    if progress.interval is None:
        return
    limit = now - 2 * progress.interval - SLACK
    if progress.behind * 2 > progress.feeds and started_at < limit:
        cause = "" if progress.failing is None else f" ({progress.failing[0]}: {progress.failing[1]})"
        yield f"{progress.behind} of {progress.feeds} feeds brought nothing for two of their intervals{cause}"
    if delivered_at is not None and progress.waiting_since is not None:
        since = max(progress.waiting_since, delivered_at)
        if since < limit:
            yield f"no message could be delivered since {since:%Y-%m-%d %H:%M} UTC"


@dataclass(slots=True, kw_only=True)
class Alarm:
    """Tells once when it begins and once when it is over. ``tell`` and ``ping`` raise nothing; None where there is no bot, no address."""

    admins: Sequence[int]
    tell: Callable[[int, str], Awaitable[None]] | None
    ping: Callable[[], Awaitable[None]] | None
    _looks: int = 0

    async def look(self, ill: Sequence[str]) -> None:
        """One look at the reasons why the daemon is not well, if there are any; to be made every ``LOOK``."""
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
