"""Clocks that jump, and feeds that hang: what is due is polled (D8, D17)."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.trust.base import Result, Run, check
from bot.facade import PollStore, StoreCalls
from bot.health import Metrics
from bot.polling import Polling
from storage.store import open_store
from watchers.exceptions import FetchError
from watchers.pipeline import Poller
from watchers.stories import Stories
from watchers.types import AwardParty, Entry, Feed, FeedKind, Finding, ParsedFeed, Response, Watch

_START = datetime(2026, 3, 28, 9, 0, tzinfo=UTC)  # the day before clocks change in Europe
_EVERY = timedelta(minutes=5)
_STEP = timedelta(seconds=30)


class _Mind:
    """Nothing is to be understood here."""

    version = -1

    def set_watches(self, version: int, watches: Sequence[Watch]) -> None:
        self.version = version

    async def understand(self, entries: Sequence[Entry], awards: Sequence[Sequence[AwardParty]]) -> list[tuple[Finding, ...]]:
        return [() for _ in entries]


@dataclass
class _Web:
    """Notes who asked when, in time that really passed; some addresses never answer."""

    hanging: frozenset[str] = frozenset()
    passed: timedelta = timedelta(0)
    asked: dict[str, list[timedelta]] = field(default_factory=lambda: defaultdict(list))
    patience: float = 0.5

    async def get(self, url: str, *, now: datetime, **_: Any) -> Response:
        self.asked[url].append(self.passed)
        if url in self.hanging:
            await asyncio.sleep(self.patience)
            raise FetchError("was not done answering in time", about=url)
        return Response(url=url, status=200, headers={}, body=b"", fetched_at=now)

    async def post_json(self, url: str, payload: Any, **_: Any) -> Response:
        raise AssertionError(url)


async def _parse(*_: object) -> ParsedFeed:
    return ParsedFeed(entries=())


@dataclass
class _Clock:
    now: datetime = _START


@contextlib.asynccontextmanager
async def _polling(run: Run, web: _Web, clock: _Clock, feeds: int) -> AsyncIterator[Polling]:
    store = run.hold(open_store(f"sqlite:///{run.folder()}/clock.db"))
    call = StoreCalls(1)
    made = [
        Feed(id=f"f{n}", kind=FeedKind.NEWS, url=f"https://f{n}.example/rss", name=f"f{n}", every=_EVERY, seeds=False) for n in range(feeds)
    ]
    polling = Polling(
        store=store,
        call=call,
        poller=Poller(fetch=web, parse=_parse, mind=_Mind(), store=PollStore(store, call, Stories())),
        expand=lambda _: made,
        owner="daemon",
        now=lambda: clock.now,
        metrics=Metrics(),
        on_news=lambda: None,
        on_store_trouble=_raise,
    )
    try:
        yield polling
    finally:
        await polling.stop(timedelta(seconds=5))
        call.close()


def _raise(error: Exception) -> None:
    raise error


async def _rest(polling: Polling) -> None:
    """Let what a tick began come to its end, and what was no room for follow."""
    while True:
        await polling.tick()
        if not polling.under_way:
            return
        await _quiet(polling)


async def _quiet(polling: Polling) -> None:
    while polling.under_way:  # noqa: ASYNC110 -- the product need not tell anybody that a poll has ended
        await asyncio.sleep(0.002)


JUMPS = {
    "+1 h": lambda now: now + timedelta(hours=1),
    "-1 h": lambda now: now - timedelta(hours=1),
    "+10 y": lambda now: now + timedelta(days=3652),
    "-10 y": lambda now: now - timedelta(days=3652),
    "1970": lambda _: datetime(1970, 1, 1, 1, tzinfo=UTC),
    "2026 again": lambda _: _START + timedelta(days=1),
    "2200": lambda _: datetime(2200, 1, 1, tzinfo=UTC),
}


@check("D8", "clocks that jump by hours and years: no feed is forgotten, none is asked without end")
def clock_jumps(run: Run) -> Result:
    async def body() -> Result:
        web, clock, feeds = _Web(), _Clock(), run.pick(40, 200)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        jumps: list[timedelta] = []
        async with _polling(run, web, clock, feeds) as polling:
            for jump in (None, *JUMPS):
                if jump is not None:
                    clock.now = JUMPS[jump](clock.now)
                    jumps.append(web.passed)
                for _ in range(int(4 * _EVERY / _STEP)):
                    await _rest(polling)
                    web.passed, clock.now = web.passed + _STEP, clock.now + _STEP
                run.say(f"{jump}: {sum(map(len, web.asked.values()))} polls")
        return _judged(web, jumps, feeds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

    return asyncio.run(body())


def _judged(web: _Web, jumps: list[timedelta], feeds: int, kib: int) -> Result:
    longest, extra = timedelta(0), 0
    for times in web.asked.values():
        gaps = [later - earlier for earlier, later in zip(times, [*times[1:], web.passed], strict=True)]
        longest = max(longest, *gaps)
        for at in jumps:  # polls within one interval after a jump, beyond the one that is due
            extra = max(extra, sum(at <= one < at + _EVERY * 0.9 for one in times) - 1)
    polled = len(web.asked)
    figure = (
        f"{len(jumps)} jumps, {polled} of {feeds} feeds: longest gap {longest / _EVERY:.1f} intervals, at most {max(0, extra)} extra polls a feed "
        f"and jump, {kib / 1024:.0f} MiB more"
    )
    return Result(figure=figure, passed=polled == feeds and longest <= _EVERY * 2 and extra <= 1 and kib < 20 * 1024)


@check("D17", "thousands of feeds due at once, ten that hang, a tick slower than its interval")
def all_at_once(run: Run) -> Result:
    feeds, hung = run.pick(600, 2000), 10

    async def body() -> tuple[int, int, float]:
        web, clock = _Web(hanging=frozenset(f"https://f{n}.example/rss" for n in range(hung))), _Clock()
        async with _polling(run, web, clock, feeds) as polling:
            began = asyncio.get_running_loop().time()
            while len(web.asked) < feeds and asyncio.get_running_loop().time() - began < 120:
                await polling.tick()
                await asyncio.sleep(0.01)
            seconds = asyncio.get_running_loop().time() - began
            for _ in range(2):  # due again, twice
                clock.now += _EVERY + timedelta(seconds=40)
                await _rest(polling)
        healthy = [times for url, times in web.asked.items() if url not in web.hanging]
        return len(web.asked), sum(len(times) < 3 for times in healthy), seconds

    polled, skipped, seconds = asyncio.run(body())
    late = seconds / _EVERY.total_seconds()
    figure = f"{feeds} feeds due at once, {hung} hung: {polled} polled within {seconds:.1f} s, {skipped} skipped in 3 rounds, late {late:.2f} intervals"
    return Result(figure=figure, passed=polled == feeds and not skipped and late <= 1)
