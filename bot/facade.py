"""The store as coroutines: its methods are synchronous and must not stand in the way of the event loop."""

from __future__ import annotations

import asyncio
import copy
import itertools
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from enum import Enum, auto
from functools import partial
from queue import PriorityQueue
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from storage.exceptions import StaleWatches
from watchers.corrections import Corrections
from watchers.pipeline import StaleKnowledge
from watchers.rules_version import rules_version
from watchers.stories import Stories
from watchers.threads import Threads
from watchers.types import AwardParty, Entry, FeedState, StoryRules, UnderstoodEntry, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.records import SaveResult
    from storage.store import Store

# What polls, replays and admins decide by: it must be the same.
STORY_RULES = Stories()
THREAD_RULES = Threads()
CORRECTION_RULES = Corrections()

P = ParamSpec("P")
T = TypeVar("T")


class Call(Protocol):
    """``await call(store.method, …)`` runs a method of the store away from the event loop."""

    async def __call__(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...


class Rank(Enum):
    """Who waits for a call of the store."""

    PEOPLE = auto()  # somebody looks at a screen: commands, and the messages that answer them
    NOBODY = auto()  # polls, and all other work


_HEAD_START = 2.0  # seconds that a call for people may come later and is still made first; so whatever else waits is not put off for ever


class StoreCalls:
    """Threads for the store: one for SQLite, which has one writer anyhow; several for PostgreSQL.

    An answer takes some ten calls, one after another. Did each wait behind those of thirty polls, a command would take seconds.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._waiting: PriorityQueue[tuple[float, int, Future[Any], partial[Any]]] = PriorityQueue()
        self._numbers = itertools.count()
        self._rank = Rank.NOBODY

    def ranked(self, rank: Rank) -> StoreCalls:
        """The same threads, for calls of this rank."""
        calls = copy.copy(self)
        calls._rank = rank  # noqa: SLF001 - it is one of us
        return calls

    async def __call__(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        future: Future[T] = Future()
        turn = time.monotonic() - (_HEAD_START if self._rank is Rank.PEOPLE else 0.0)
        self._waiting.put((turn, next(self._numbers), future, partial(method, *args, **kwargs)))
        self._pool.submit(self._run_next)  # not this call, but the first of those that wait when a thread is free
        return await asyncio.wrap_future(future)

    def _run_next(self) -> None:
        *_, future, work = self._waiting.get_nowait()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the call is awaited
            future.set_exception(error)

    def close(self) -> None:
        """Wait for what is under way: a half-written unit is rolled back by the database, a finished one is kept."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._waiting.empty():
            self._waiting.get_nowait()[2].cancel()


class PollStore:
    """What a poll asks of the store (``watchers.pipeline.PollStore``)."""

    def __init__(self, store: Store, call: Call, rules: StoryRules) -> None:
        self._store = store
        self._call = call
        self._rules = rules

    async def unseen(self, feed: str, entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        return await self._call(self._store.unseen, feed, entries)

    async def watches(self) -> tuple[int, tuple[Watch, ...]]:
        return await self._call(self._store.watches)

    async def award_parties(self, ocid: str, award_ids: Sequence[str]) -> tuple[AwardParty, ...]:
        return await self._call(self._store.award_parties, ocid, award_ids)

    async def lookups_due(self, feed: str, now: datetime, limit: int) -> tuple[Entry, ...]:
        return await self._call(self._store.lookups_due, feed, now, limit=limit)

    async def lookup_failed(self, feed: str, entry: Entry, now: datetime, *, for_good: bool) -> None:
        await self._call(self._store.lookup_failed, feed, entry, now, for_good=for_good)

    async def save(
        self,
        feed: str,
        understood: Sequence[UnderstoodEntry],
        state: FeedState | None,
        *,
        version: int,
        now: datetime,
        strangers: bool = False,
    ) -> SaveResult:
        try:
            return await self._call(
                self._store.save_poll,
                feed,
                understood,
                state,
                rules=self._rules,
                threads=THREAD_RULES,
                corrects=CORRECTION_RULES,
                watches_version=version,
                now=now,
                rules_version=rules_version(),
                strangers=strangers,
            )
        except StaleWatches as error:
            raise StaleKnowledge from error

    async def save_state(self, feed: str, state: FeedState, now: datetime) -> None:
        await self._call(self._store.save_state, feed, state, now)
