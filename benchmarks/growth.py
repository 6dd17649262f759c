"""The work of one poll while the store grows: 10 thousand, 100 thousand, 1 million stored entries.

    python benchmarks/growth.py [--sizes 10000,100000,1000000] [--polls 60] [--postgresql URL]

The store is filled as polls fill it, but for their understanding: entries with keys and texts, one in fifty of them telling of a contract,
with its story, alert and evidence. Then the same polls are made at every size: a feed of 30 entries of which 25 are known, four are new and
one is new and tells of a contract, through the pipeline and the store. Printed: the median and the ninetieth percentile of the wall time of
a poll, and of its work in the database. ``--postgresql`` names a new, empty database. Exit status 1 when the largest takes more than 1.5
times as long as the smallest.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from bot.facade import PollStore, StoreCalls
from storage.records import ConfigWatchlist
from storage.store import Store, open_store
from watchers.pipeline import Poller
from watchers.stories import Stories
from watchers.types import (
    AwardParty,
    Document,
    Entry,
    EventKind,
    Evidence,
    Feed,
    FeedKind,
    FeedState,
    Finding,
    Match,
    Organisation,
    ParsedFeed,
    Party,
    Response,
    Role,
    UnderstoodEntry,
    Watch,
)

FEEDS = 200
KNOWN, NEW, TELLING = 25, 4, 1
SHARE = 50  # of so many stored entries, one tells of a contract
BATCH = 500
MOST = 1.5
START = datetime(2025, 1, 1, tzinfo=UTC)
WATCH = Watch(id="everybody", organisation=Organisation(name="Everybody"), role=Role.SUPPLIER)
SUMMARY = "The decision, first reported by the local paper, follows months of argument about cost and quality. " * 3
WORDS = (
    "waste",
    "parking",
    "schools",
    "roads",
    "cleaning",
    "lighting",
    "software",
    "catering",
    "housing",
    "transport",
    "energy",
    "security",
)


def feed_of(number: int) -> Feed:
    name = f"feed-{number}"
    return Feed(id=name, kind=FeedKind.NEWS, url=f"https://{name}.example/rss", name=name, every=timedelta(minutes=15), seeds=False)


def entry_of(number: int) -> Entry:
    """One of a million different entries."""
    telling = number % SHARE == 0
    work = f"{WORDS[number % len(WORDS)]} {WORDS[number // 7 % len(WORDS)]}"
    title = f"Council {number % 9973} awards {work} contract to Firm {number}" if telling else f"Report {number} about {work}"
    link = f"https://outlet.example/{number}"
    return Entry(
        keys=(digest(f"link {link}"), digest(f"guid {number}")),
        fingerprint=digest(title),
        title=title,
        summary=SUMMARY,
        url=link,
        link_key=digest(link),
        published=START + timedelta(seconds=30 * number),
        document=Document(addresses=(link,), fetched_at=START, sha256=digest(link) * 2, size=47_000),
    )


def digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def findings_of(entry: Entry) -> tuple[Finding, ...]:
    body, _, supplier = entry.title.partition(" contract to ")
    if not supplier:
        return ()
    return (
        Finding(
            event=EventKind.AWARDED,
            suppliers=(Party(name=supplier),),
            public_bodies=(Party(name=" ".join(body.split()[:2])),),
            evidence=Evidence(sentence=entry.title, rule="award"),
            matches=(Match(watch=WATCH.id, role=Role.SUPPLIER, proof=supplier),),
        ),
    )


class Mind:
    """Stands in for understanding, which does not know the store and costs the same at every size."""

    version = -1

    def set_watches(self, version: int, watches: Sequence[Watch]) -> None:
        self.version = version

    async def understand(self, entries: Sequence[Entry], awards: Sequence[Sequence[AwardParty]]) -> list[tuple[Finding, ...]]:
        return [findings_of(entry) for entry in entries]


class Web:
    async def get(self, url: str, *, now: datetime, **_: Any) -> Response:
        return Response(url=url, status=200, headers={}, body=b"", fetched_at=now)

    async def post_json(self, url: str, payload: Any, **_: Any) -> Response:
        raise AssertionError(url)


class Timed(StoreCalls):
    """Adds up the seconds that the store itself takes."""

    seconds = 0.0

    async def __call__(self, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return await super().__call__(method, *args, **kwargs)
        finally:
            self.seconds += time.perf_counter() - started


def grow(store: Store, size: int, have: int) -> None:
    """Fill the store to ``size`` entries."""
    version, _ = store.watches()
    rules = Stories()
    for start in range(have, size, BATCH):
        entries = [entry_of(number) for number in range(start, min(start + BATCH, size))]
        now = entries[-1].published
        assert now is not None
        understood = [UnderstoodEntry(entry=entry, findings=findings_of(entry)) for entry in entries]
        feed = feed_of(start // BATCH % FEEDS).id
        store.save_poll(feed, understood, FeedState(seeded=True), rules=rules, watches_version=version, now=now)
        if sys.stderr.isatty() and start % 20_000 == 0:
            print(f"\rfilling: {start:,} of {size:,}", end="", file=sys.stderr)


async def polls(store: Store, size: int, count: int, fresh: int) -> list[tuple[float, float]]:
    """Poll ``count`` feeds; the seconds of each, in all and in the store. ``fresh``: the number of the first new entry."""
    call, seconds = Timed(threads=1), []
    now = START + timedelta(seconds=30 * size)
    documents: dict[str, tuple[Entry, ...]] = {}
    for number in range(count):
        block = (size // BATCH - 1 - number) % (size // BATCH) * BATCH
        known = [entry_of(block + place) for place in range(1, KNOWN + 1)]
        first = fresh + number * SHARE
        new = [entry_of(first - first % SHARE + place) for place in range(NEW + TELLING)]
        documents[feed_of(block // BATCH % FEEDS).url] = tuple(replace(one, published=now) for one in (*known, *new))

    async def parse(feed: Feed, response: Response, at: datetime) -> ParsedFeed:  # noqa: ARG001 -- the signature of a parser
        return ParsedFeed(entries=documents[feed.url])

    poller = Poller(fetch=Web(), parse=parse, mind=Mind(), store=PollStore(store, call, Stories()))
    feeds = {feed_of(number).url: feed_of(number) for number in range(FEEDS)}
    for url in documents:
        call.seconds, started = 0.0, time.perf_counter()
        outcome = await poller.poll(feeds[url], FeedState(seeded=True), now)
        seconds.append((time.perf_counter() - started, call.seconds))
        assert outcome.alerts == TELLING, outcome
        assert outcome.new == NEW + TELLING, outcome
    call.close()
    return seconds


def measure(url: str, sizes: Sequence[int], count: int) -> float:
    """Print a line for each size; the largest's time as a multiple of the smallest's."""
    medians: list[float] = []
    have = 0
    fresh = 10 * max(sizes)
    with open_store(url) as store:
        store.sync_config([ConfigWatchlist(id="all", name="All", watches=(WATCH,))], [], START)
        store.sync_feeds([feed_of(number) for number in range(FEEDS)], START)
        print(store.engine)
        for size in sizes:
            started = time.perf_counter()
            grow(store, size, have)
            have, filled = size, time.perf_counter() - started
            asyncio.run(polls(store, size, min(20, count), fresh))  # what a poll right after the filling waits for is not its own work
            fresh += 20 * SHARE
            times = asyncio.run(polls(store, size, count, fresh))
            fresh += count * SHARE
            whole, inside = zip(*times, strict=True)
            medians.append(statistics.median(whole))
            ninety = statistics.quantiles(whole, n=10)[-1]
            counts = store.counts(START)
            print(
                f"{size:>10,} entries {counts.stories:>7,} stories: a poll takes {medians[-1] * 1e3:6.2f} ms (p90 {ninety * 1e3:6.2f}), "
                f"of it in the store {statistics.median(inside) * 1e3:6.2f} ms; {medians[-1] / medians[0]:.2f} times the first"
                f"   (filled in {filled:.0f} s)",
                flush=True,
            )
    return medians[-1] / medians[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--polls", type=int, default=60)
    parser.add_argument("--postgresql", metavar="URL", help="also measure on this new, empty database")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        ratios = [measure(f"sqlite:///{Path(folder) / 'growth.db'}", sizes, options.polls)]
    if options.postgresql:
        ratios.append(measure(options.postgresql, sizes, options.polls))
    return 1 if max(ratios) > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
