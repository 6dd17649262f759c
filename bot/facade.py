"""The store as coroutines: its methods are synchronous and must not stand in the way of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

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


class StoreCalls:
    """Threads for the store: one for SQLite, which has one writer anyhow; several for PostgreSQL."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")

    async def __call__(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(method, *args, **kwargs))

    def close(self) -> None:
        """Wait for what is under way: a half-written unit is rolled back by the database, a finished one is kept."""
        self._pool.shutdown(wait=True, cancel_futures=True)


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
