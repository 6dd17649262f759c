"""When to ask: the turns of requests to one host, and the moment of a feed's next poll.

Invariants: two requests to one host never run at once and never start sooner after each other than the host's interval; a host that asked
for a pause gets it; no failure, however long it lasts, stops a feed for ever.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol

from watchers.exceptions import FetchError, ParseError
from watchers.types import Feed, FeedState

LONGEST_BACK_OFF = timedelta(hours=6)
LONGEST_PAUSE = timedelta(hours=24)  # of Retry-After and ttl, whatever a server says
LONGEST_MAX_AGE = timedelta(hours=6)  # servers often give all their files a year: nobody said that about this feed
GONE_INTERVAL = timedelta(hours=24)
FIRST_RETRY = timedelta(hours=1)  # a daily feed that fails once is not silent until tomorrow
_JITTER = 0.1  # part of the interval that feeds are spread over, so that those started together drift apart
_MAX_DOUBLINGS = 20
_MAX_ERROR = 500  # characters of a stored error
_REMEMBERED_HOSTS = 4096
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,10})", re.IGNORECASE)
_AGE = re.compile(r"[0-9]{1,10}")


class Clock(Protocol):
    """Time as pacing sees it: it only ever goes forward, whatever happens to the wall clock."""

    def monotonic(self) -> float:
        """Seconds from some fixed moment."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The real clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HostPausedError(FetchError):
    """The host asked for a pause that is longer than the caller waits; this feed was not asked, so it is no failure of the feed."""


class PausedSignal(Exception):  # noqa: N818 - no error in itself
    """Tells the fetcher, which alone knows the feed and the time of day, that a host's pause is longer than one waits."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    last_end: float | None = None
    paused_until: float = float("-inf")


class HostPacer:
    """Gives each host's requests their turns.

    ``per_host_interval`` is the least time between the end of one request and the start of the next to the same host. Exactly zero is
    for servers of one's own: any number of requests may run at once then, and ``least`` is ignored.
    """

    def __init__(self, per_host_interval: timedelta, clock: Clock) -> None:
        self._interval = per_host_interval.total_seconds()
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str, least: timedelta | None = None, patience: timedelta | None = None) -> AsyncIterator[None]:
        """Wait for the host's turn and hold it: ``async with pacer.turn("example.org"): request``.

        Spacing counts from the end of a request, so however long one waited for a connection, two never arrive closer together.

        Args:
            host: the host's name, or any key that several hosts of one operator share.
            least: a longer interval that this host's operator demands.
            patience: the longest pause asked for by the host that is waited for; None waits for any.

        Raises:
            PausedSignal: the host's pause is longer than ``patience``.
        """
        gap = max(self._interval, least.total_seconds() if least is not None else 0.0)
        if self._interval == 0:
            if (known := self._hosts.get(host)) is not None:
                await self._wait(known, 0.0, patience)
            yield
            return
        state = self._hosts.setdefault(host, _Host())
        state.users += 1
        try:
            async with state.lock:
                await self._wait(state, gap, patience)
                try:
                    yield
                finally:
                    state.last_end = self._clock.monotonic()
        finally:
            state.users -= 1
            self._forget_idle()

    def penalise(self, host: str, seconds: float) -> None:
        """Pause a host: it answered that it is asked too often. A longer pause already running stands."""
        state = self._hosts.setdefault(host, _Host())
        state.paused_until = max(state.paused_until, self._clock.monotonic() + seconds)

    async def _wait(self, state: _Host, gap: float, patience: timedelta | None) -> None:
        while True:
            now = self._clock.monotonic()
            pause = state.paused_until - now
            if patience is not None and pause > patience.total_seconds():
                raise PausedSignal(pause)
            spacing = state.last_end + gap - now if state.last_end is not None else 0.0
            delay = max(pause, spacing)
            if delay <= 0:
                return
            await self._clock.sleep(delay)

    def _forget_idle(self) -> None:
        """Redirects can name any number of hosts; only those that still have something to wait for are kept."""
        if len(self._hosts) <= _REMEMBERED_HOSTS:
            return
        now = self._clock.monotonic()
        longest = max(self._interval, 60.0)
        self._hosts = {
            host: state
            for host, state in self._hosts.items()
            if state.users or state.paused_until > now or (state.last_end is not None and state.last_end + longest > now)
        }


def next_poll(
    feed: Feed,
    state: FeedState,
    *,
    now: datetime,
    error: FetchError | ParseError | None = None,
) -> FeedState:
    """What is remembered after a poll: when to come back, and how it went.

    Args:
        feed: what was polled.
        state: as the walker left it; its ``etag``, ``checkpoint`` and so on are kept, its ``ttl`` is obeyed within reason.
        now: the time of the poll.
        error: why it failed; a document without entries is a ``ParseError`` and a failure like any other.
    """
    if isinstance(error, HostPausedError):  # the feed itself has done nothing wrong
        return replace(state, next_poll_at=error.retry_at or now + feed.every)
    if error is not None:
        return _failed(feed, state, error, now)
    interval = max(feed.every, min(state.ttl or timedelta(0), LONGEST_PAUSE))
    return replace(
        state,
        next_poll_at=now + _spread(feed.id, interval),
        fail_count=0,
        first_failed_at=None,
        last_error=None,
        last_ok_at=now,
    )


def asked_pause(ttl: timedelta | None, headers: Mapping[str, str]) -> timedelta | None:
    """The least pause a document asks for, to be kept as its state's ``ttl``: its own ``ttl``, or for how long its response stays fresh.

    Freshness is ``max-age`` less the ``Age`` the response already had in a cache (RFC 9111 §4.2). Header names are lower-case.
    """
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    age = headers.get("age", "").strip()
    fresh = int(found[1]) - (int(age) if _AGE.fullmatch(age) else 0) if found is not None else 0
    longest = max(min(timedelta(seconds=fresh), LONGEST_MAX_AGE), min(ttl or timedelta(0), LONGEST_PAUSE))
    return longest if longest > timedelta(0) else None


def _failed(feed: Feed, state: FeedState, error: FetchError | ParseError, now: datetime) -> FeedState:
    count = state.fail_count + 1
    first = min(feed.every, FIRST_RETRY)
    delay = min(first * 2 ** min(count - 1, _MAX_DOUBLINGS), LONGEST_BACK_OFF)
    at = now + _spread(feed.id, delay)
    if isinstance(error, FetchError):
        if error.gone:
            at = now + _spread(feed.id, max(GONE_INTERVAL, feed.every))
        if error.retry_at is not None:
            at = max(at, min(error.retry_at, now + LONGEST_PAUSE))
    return replace(
        state,
        next_poll_at=at,
        fail_count=count,
        first_failed_at=state.first_failed_at or now,
        last_error=error.message[:_MAX_ERROR],
    )


def _spread(feed_id: str, interval: timedelta) -> timedelta:
    """The interval and up to a tenth more, always the same for a feed; what is not asked for longer than a day is asked within a day."""
    part = int.from_bytes(blake2b(feed_id.encode(), digest_size=4).digest(), "big") / 2**32
    return max(interval, min(interval * (1 + _JITTER * part), LONGEST_PAUSE))
