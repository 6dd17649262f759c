"""Which feeds are polled when, and what the admin is told about it.

The database says what is due; this claims it, polls a bounded number at once and never polls one feed twice at the same time. A failing
feed is told to the admin when it begins to fail, once more after a day, and when it works again: not at every poll.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.facade import Call
from bot.health import Metrics
from bot.jobs import finish
from storage.exceptions import StoreError, StoreUnavailable
from storage.store import Store
from storage.versions import WATCHES_VERSION
from watchers.exceptions import FetchError, ParseError
from watchers.pacing import next_poll
from watchers.pipeline import Poller
from watchers.types import Feed, FeedState, PollOutcome, Watch

log = logging.getLogger(__name__)

CONCURRENT_POLLS = 32
_LEASE = timedelta(minutes=2)  # so late another daemon on the database takes over what a daemon that died was polling
_KEPT = timedelta(seconds=30)  # and so often a poll that takes long says that it lives
_LONG_FAILURE = timedelta(hours=24)
# A document is fetched within 20 seconds; a host with many feeds gives each its turn. A walk over a register's backlog is slow by its
# operator's wish (12 requests in two minutes), so it may take long.
_DEADLINE = timedelta(minutes=5)
_WALK_DEADLINE = timedelta(hours=1)
_MAX_PROBLEMS = 5  # told of one poll


class Expand(Protocol):
    """Which feeds there are, given the watches of the moment."""

    def __call__(self, watches: Sequence[Watch]) -> list[Feed]: ...


@dataclass(slots=True, kw_only=True)
class Polling:
    """Polls feeds for one daemon. ``on_news`` is called when a poll decided an alert."""

    store: Store
    call: Call
    poller: Poller
    expand: Expand
    owner: str
    now: Callable[[], datetime]
    metrics: Metrics
    on_news: Callable[[], None]
    on_store_trouble: Callable[[StoreUnavailable], None]
    concurrent: int = CONCURRENT_POLLS
    feeds: dict[str, Feed] = field(default_factory=dict)
    _version: int | None = None
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _unreleased: dict[str, FeedState] = field(default_factory=dict)  # claims that could not be given back while the store was away
    _told: set[str] = field(default_factory=set)  # failing for a day, and told so

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    async def sync(self, now: datetime) -> None:
        """Make the stored feeds those of the configuration and the watches, if either changed since the last time."""
        if self._version is not None and str(self._version) == await self.call(self.store.meta, WATCHES_VERSION):
            return
        version, watches = await self.call(self.store.watches)
        if self._version is None:
            self._told = {record.id for record in await self.call(self.store.feeds) if _long(record.state, now)}
        self.poller.mind.set_watches(version, watches)
        feeds = self.expand(watches)
        await self.call(self.store.sync_feeds, feeds, now)
        self.feeds = {feed.id: feed for feed in feeds}
        self._version = version

    async def tick(self) -> None:
        """Begin to poll what is due, as much as there is room for."""
        now = self.now()
        await self._release(now)
        await self.sync(now)
        room = self.concurrent - len(self._under_way)
        if room <= 0 or (await self.call(self.store.operating)).paused_polling:
            return
        for feed_id, state in await self.call(self.store.claim_due_feeds, now, limit=room, owner=self.owner, lease=_LEASE):
            feed = self.feeds.get(feed_id)
            if feed is None or feed_id in self._under_way:
                continue  # the first ends with its lease; so had the second, while the store was away
            task = asyncio.create_task(self._poll_claimed(feed, state), name=f"poll {feed_id}")
            self._under_way[feed_id] = task
            task.add_done_callback(partial(self._ended, feed_id))

    def _ended(self, feed_id: str, _: asyncio.Task[None]) -> None:
        self._under_way.pop(feed_id, None)

    async def stop(self, within: timedelta) -> None:
        """Wait for the polls under way; cut short what takes longer: its feed is polled again after the next start."""
        await finish(list(self._under_way.values()), within)
        with suppress(StoreError):  # what cannot be given back now ends with its lease
            await self._release(self.now())

    async def poll_all(self, now: datetime, *, on_done: Callable[[PollOutcome], None]) -> list[PollOutcome]:
        """Poll every feed once, whatever is due."""
        await self.sync(now)
        slots = asyncio.Semaphore(self.concurrent)
        states = {record.id: record.state for record in await self.call(self.store.feeds)}

        async def one(feed: Feed) -> PollOutcome:
            async with slots:
                outcome = await self.poll(feed, states[feed.id], now)
            on_done(outcome)
            return outcome

        return await asyncio.gather(*map(one, self.feeds.values()))

    async def poll(self, feed: Feed, state: FeedState, now: datetime) -> PollOutcome:
        """Poll one feed within its deadline. Raises StoreUnavailable; any other error is a bug, which is told and pushed ahead."""
        deadline = _WALK_DEADLINE if feed.kind.official else _DEADLINE
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                outcome = await self.poller.poll(feed, state, now)
        except TimeoutError:
            outcome = await self._failed(feed, state, now, FetchError(f"took longer than {deadline}", about=feed.id))
        except StoreUnavailable:
            raise
        except Exception:
            # The feed is put off before its error is told: a feed that breaks us must not do so every second.
            outcome = await self._failed(feed, state, now, ParseError("broke this program; its log says where", about=feed.id))
            log.exception("a poll failed unexpectedly", extra={"feed": feed.id})
        self.metrics.polled(outcome)
        self._tell(feed, state, outcome, now)
        return outcome

    async def _poll_claimed(self, feed: Feed, state: FeedState) -> None:
        keeping = asyncio.create_task(self._keep(feed), name=f"keep {feed.id}")
        try:
            outcome = await self.poll(feed, state, self.now())
        except StoreUnavailable as error:
            self._unreleased[feed.id] = state
            self.on_store_trouble(error)
            return
        except asyncio.CancelledError:
            self._unreleased[feed.id] = state
            raise
        finally:
            keeping.cancel()
        if outcome.alerts:
            self.on_news()

    async def _keep(self, feed: Feed) -> None:
        """Keep the claim on a feed while it is polled."""
        while True:
            await asyncio.sleep(_KEPT.total_seconds())
            with suppress(StoreError):  # the poll will notice, and the claim ends with its lease
                await self.call(self.store.keep_feed, feed.id, self.now(), owner=self.owner, lease=_LEASE)

    async def _failed(self, feed: Feed, state: FeedState, now: datetime, error: FetchError | ParseError) -> PollOutcome:
        # What the poll had stored of the feed's state before it broke stays true: a walk that was finished is not walked again.
        states = {record.id: record.state for record in await self.call(self.store.feeds)}
        await self.call(self.store.save_state, feed.id, next_poll(feed, states.get(feed.id, state), now=now, error=error), now)
        return PollOutcome(feed=feed.id, error=error.message)

    async def _release(self, now: datetime) -> None:
        """Give back the claims of polls that the store could not keep: they are due as before."""
        for feed_id, state in list(self._unreleased.items()):
            await self.call(self.store.save_state, feed_id, state, now)
            del self._unreleased[feed_id]

    def _tell(self, feed: Feed, before: FeedState, outcome: PollOutcome, now: datetime) -> None:
        about = {"feed": feed.id}
        if outcome.error is None:
            if before.fail_count:
                log.warning("feed works again", extra=about | {"failed_since": before.first_failed_at, "failures": before.fail_count})
            self._told.discard(feed.id)
        elif before.first_failed_at is None:
            log.warning("feed fails", extra=about | {"error": outcome.error, "url": feed.url})
        elif _long(before, now) and feed.id not in self._told:
            self._told.add(feed.id)
            log.warning("feed has been failing for a day", extra=about | {"error": outcome.error, "since": before.first_failed_at})
        if outcome.problems and not before.seeded:
            log.info("feed has peculiarities", extra=about | {"problems": _few(outcome.problems)})
        log.debug(
            "polled", extra=about | {"new": outcome.new, "changed": outcome.changed, "alerts": outcome.alerts, "error": outcome.error}
        )


def _long(state: FeedState, now: datetime) -> bool:
    return state.first_failed_at is not None and now - state.first_failed_at >= _LONG_FAILURE


def _few(problems: tuple[str, ...]) -> str:
    """Each problem once, and the first few of many: windows of a register overlap, and a broken page has as many as it has releases."""
    different = list(dict.fromkeys(problems))
    rest = [f"and {len(different) - _MAX_PROBLEMS} more"] if len(different) > _MAX_PROBLEMS else []
    return "; ".join(different[:_MAX_PROBLEMS] + rest)
