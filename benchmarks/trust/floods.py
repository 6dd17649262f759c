"""Feeds that flood and servers that play with the time (S10, S11)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, pairwise

from botapi import BotApi
from raw_server import answer
from spine import PALANTIR, PAUSE, Spine, a_spine, item, rss
from storing import a_feed
from telegramworld import World
from test_floods import ANN, Flood, follow

from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.stage import places
from bot.facade import StoreCalls
from storage.store import open_store
from watchers.workers import Workers

_POLLS, _EVERY = 12, timedelta(minutes=5)
_NEW = 3  # reports that are no flood


@asynccontextmanager
async def _flooded(run: Run) -> AsyncIterator[Flood]:
    """A person who watches Palantir, and who has heard nothing yet."""
    with open_store(f"sqlite:///{run.folder()}/flood.db") as store:
        async with Workers(processes=2) as workers, a_spine(store, workers, (PALANTIR,)) as spine, BotApi() as api:
            call = StoreCalls(1)
            api.add_chat(ANN)
            follow(spine, "Palantir")
            flood = Flood(spine, World(store, api, call))
            try:
                yield flood
            finally:
                await flood.world.deliverer.drain()
                await flood.world.telegram.close()
                call.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hour:
    """What a person got in an hour of polls after the first: messages of one alert, of several, and how many alerts are kept for them."""

    single: int
    together: int
    alerts: int

    def __str__(self) -> str:
        return f"{self.single} messages of one alert, {self.together} of several ({self.alerts} alerts kept)"


async def _hour(run: Run, document: Callable[[int], bytes]) -> _Hour:
    """Poll a feed that is another at each of its polls. The first tells nothing, as of any feed that is new."""
    async with _flooded(run) as flood:
        texts: list[str] = []
        flood.spine.add(a_feed("press", url=flood.spine.web.url("/press"), seeds=True))
        for poll in range(_POLLS):
            flood.spine.web.routes["/press"] = answer(document(poll), Content_Type="text/xml")
            texts += await flood.polled()
            flood.spine.now += _EVERY - PAUSE
        counts = flood.spine.store.counts(flood.spine.now)
    single = sum(text.startswith(("🔴 CANCELLED", "🟢 AWARDED")) for text in texts)
    return _Hour(single=single, together=len(texts) - single, alerts=counts.alerts)


@check(
    "S10",
    "feeds that rewrite all their entries at every poll of an hour: how many messages a person gets, and whether news is lost among them",
)
def floods(run: Run) -> Result:
    size = run.pick(60, 200)
    towns = places(size * _POLLS, random.Random(10))

    def entry(number: int, poll: int, *, link: str) -> str:
        return item(f"{towns[number]} Council cancels £{number + 2}m contract with Palantir", f"{number}{link}").replace(
            "<guid>", f"<guid>{poll}-"
        )

    def rewritten(poll: int) -> bytes:
        """New guids and the same links; and half-way three reports that are new."""
        return rss(*(entry(number, poll, link="") for number in range(size + (_NEW if poll >= _POLLS // 2 else 0))))

    def moved(poll: int) -> bytes:
        """New guids and new links."""
        return rss(*(entry(number, poll, link=f"-{poll}") for number in range(size + (_NEW if poll >= _POLLS // 2 else 0))))

    def invented(poll: int) -> bytes:
        """Contracts that nobody has heard of, each time."""
        return rss(*(entry(number, poll, link="") for number in range(poll * size, (poll + 1) * size)))

    hours = {form.__name__: asyncio.run(_hour(run, form)) for form in (rewritten, moved, *run.pick((), (invented,)))}
    figure = f"{_POLLS} polls of {size} entries: " + "; ".join(f"{name}: {hour}" for name, hour in hours.items())
    kept = [hours[name] for name in ("rewritten", "moved")]
    quiet = all(one.alerts == one.single == _NEW and one.together == 0 for one in kept)
    whole = "invented" not in hours or hours["invented"].alerts == size * (_POLLS - 1)
    return Result(figure=figure, passed=quiet and whole)


_ENOUGH = 60  # requests to one server
_YEARS = str(315_360_000)
_NEWS = rss(item("Library opens on Sundays", "1"))
_RUDE: dict[str, bytes] = {
    "429 for ten years": answer(b"", "429 Too Many Requests", Retry_After=_YEARS),
    "429 for less than nothing": answer(b"", "429 Too Many Requests", Retry_After="-5"),
    "429 for nothing": answer(b"", "429 Too Many Requests", Retry_After="0"),
    "503 until 1970": answer(b"", "503 Service Unavailable", Retry_After="Thu, 01 Jan 1970 00:00:00 GMT"),
    "503 until 9999": answer(b"", "503 Service Unavailable", Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"),
    "429 until soon": answer(b"", "429 Too Many Requests", Retry_After="soon"),
    "429 without a word": answer(b"", "429 Too Many Requests"),
    "403": answer(b"", "403 Forbidden"),
    "404": answer(b"", "404 Not Found"),
    "410": answer(b"", "410 Gone"),
    "500": answer(b"", "500 Internal Server Error"),
    "304 to whoever asked for nothing": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "fresh for years": answer(_NEWS, Cache_Control=f"max-age={_YEARS}", Content_Type="text/xml"),
    "fresh for less than nothing": answer(_NEWS, Cache_Control="max-age=-5", Content_Type="text/xml"),
    "ttl of years": answer(_NEWS.replace(b"<channel>", b"<channel><ttl>999999999</ttl>"), Content_Type="text/xml"),
    "ttl of less than nothing": answer(_NEWS.replace(b"<channel>", b"<channel><ttl>-1</ttl>"), Content_Type="text/xml"),
}


async def _asked(spine: Spine, days: int) -> list[timedelta]:
    """When the one feed was asked within so many days, by a daemon that polls what is due; the end is not later than enough requests."""
    began, since, seen = spine.now, spine.clock.time, 0
    times: list[timedelta] = []
    while spine.now - began < timedelta(days=days) and len(times) < _ENOUGH:
        await spine.polling.tick()
        while spine.polling.under_way:  # noqa: ASYNC110 -- the product need not tell anybody that a poll has ended
            await asyncio.sleep(0.001)
        spine.now = began + timedelta(seconds=spine.clock.time - since)  # who waited for a turn has let time pass
        times += [spine.now - began] * (len(spine.web.requests) - seen)
        seen = len(spine.web.requests)
        due = spine.store.next_due_at()
        spine.clock.time += max(1.0, 0.0 if due is None else (due - spine.now).total_seconds())
        spine.now = began + timedelta(seconds=spine.clock.time - since)
    return [*times, spine.now - began]


@check("S11", "servers that ask for years of pause, or for none: how soon and how often they are asked, and whether any is given up")
def politeness(run: Run) -> Result:
    days = run.pick(3, 30)
    numbers = count()

    async def body() -> dict[str, list[timedelta]]:
        asked = {}
        async with Workers(processes=1) as workers:
            for name, said in _RUDE.items():
                with open_store(f"sqlite:///{run.folder()}/{next(numbers)}.db") as store:
                    async with a_spine(store, workers, (PALANTIR,)) as spine:
                        spine.web.routes["/rude"] = said
                        spine.add(a_feed("rude", url=spine.web.url("/rude"), every=_EVERY))
                        asked[name] = await _asked(spine, days)
                run.say(name)
        return asked

    asked = asyncio.run(body())
    gaps = {name: [later - earlier for earlier, later in pairwise(times)] for name, times in asked.items()}
    soonest = min(min(found[:-1]) for found in gaps.values())
    longest = max(max(found) for found in gaps.values())
    stuck = [name for name, times in asked.items() if len(times) - 1 < min(days, _ENOUGH)]
    requests = sum(len(times) - 1 for times in asked.values())
    figure = (
        f"{len(_RUDE)} servers for {days} days, {requests} requests: never two within {soonest.total_seconds():.0f} s, never a pause of more than "
        f"{longest.total_seconds() / 3600:.1f} h, {len(stuck)} given up{' ' * bool(stuck)}{', '.join(stuck)}"
    )
    kept = soonest >= timedelta(seconds=60) and longest <= timedelta(hours=24, minutes=1) and not stuck
    return Result(figure=figure, passed=kept)
