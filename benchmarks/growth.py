"""The work of one poll while the store grows: 10 thousand, 100 thousand, 1 million stored entries.

    python benchmarks/growth.py [--sizes 10000,100000,1000000] [--polls 60] [--keep FOLDER] [--postgresql URL]

The store is filled as polls fill it, but for their understanding: entries with keys and texts, one in fifty of them telling of a contract,
with its story, alert and evidence. Then the same polls are made at every size: a feed of 30 entries of which 25 are known, four are new and
one is new and tells of a contract, through the pipeline and the store, in turns at each size so that all suffer alike from what else the
machine does. Printed: the median and the ninetieth percentile of the wall time of a poll, and of its work in the database. Filling a
million takes about ten minutes; ``--keep`` leaves the filled files for the next time. ``--postgresql`` names a database of a server (…/growth)
where growth_10000 and so on are made beside it, and stay. Exit status 1 when the largest takes more than 1.5 times as long as the smallest.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from bot.facade import THREAD_RULES, PollStore, StoreCalls
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
TURNS = 5
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


def grow(store: Store, size: int) -> None:
    """Fill the store to ``size`` entries."""
    version, _ = store.watches()
    rules = Stories()
    for start in range(0, size, BATCH):
        entries = [entry_of(number) for number in range(start, min(start + BATCH, size))]
        now = entries[-1].published
        assert now is not None
        understood = [UnderstoodEntry(entry=entry, findings=findings_of(entry)) for entry in entries]
        feed = feed_of(start // BATCH % FEEDS).id
        store.save_poll(feed, understood, FeedState(seeded=True), rules=rules, threads=THREAD_RULES, watches_version=version, now=now)
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


def filled(url: str, size: int) -> Store:
    """Open a store of ``size`` entries, filling what is missing."""
    store = open_store(url)
    store.sync_config([ConfigWatchlist(id="all", name="All", watches=(WATCH,))], [], START)
    store.sync_feeds([feed_of(number) for number in range(FEEDS)], START)
    if store.counts(START).entries < size:
        grow(store, size)
    return store


@dataclass
class Times:
    """The polls that were timed at one size, in seconds: in all, and in the store."""

    whole: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)

    def add(self, times: Sequence[tuple[float, float]]) -> None:
        self.whole += [whole for whole, _ in times]
        self.inside += [inside for _, inside in times]

    @property
    def median(self) -> float:
        return statistics.median(self.whole)

    def shown(self, size: int, stories: int, first: float) -> str:
        ninety = statistics.quantiles(self.whole, n=10)[-1]
        return (
            f"{size:>10,} entries {stories:>7,} stories: a poll takes {self.median * 1e3:6.2f} ms (p90 {ninety * 1e3:6.2f}), "
            f"of it in the store {statistics.median(self.inside) * 1e3:6.2f} ms; {self.median / first:.2f} times the first"
        )


def in_turns(urls: Mapping[int, str], count: int) -> float:
    """Measure a database for each size; the largest's time as a multiple of the smallest's."""
    sizes = list(urls)
    stores = {size: filled(url, size) for size, url in urls.items()}
    times = {size: Times() for size in sizes}
    fresh = 20_000_000 + time.time_ns() // 10**9 % 4000 * 30_000  # beyond what earlier runs have added
    for turn in range(TURNS + 1):
        for size, store in stores.items():
            measured = asyncio.run(polls(store, size, count, fresh))
            fresh += count * SHARE
            if turn:  # the first only warms
                times[size].add(measured)
    print(stores[sizes[0]].engine)
    for size, store in stores.items():
        print(times[size].shown(size, store.counts(START).stories, times[sizes[0]].median), flush=True)
        store.close()
    return times[sizes[-1]].median / times[sizes[0]].median


def made(url: str, sizes: Sequence[int]) -> dict[int, str]:
    """Make a database for each size on the server of ``url``, where none is there from an earlier run."""
    import psycopg

    server = make_url(url)
    names = {size: f"{server.database}_{size}" for size in sizes}
    with psycopg.connect(server.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True) as connection:
        known = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in names.values():
            if name not in known:
                connection.execute(f'CREATE DATABASE "{name}"')
    return {size: server.set(database=name).render_as_string(hide_password=False) for size, name in names.items()}


def files(folder: Path, sizes: Sequence[int]) -> dict[int, str]:
    return {size: f"sqlite:///{folder / f'growth-{size}.db'}" for size in sizes}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--polls", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="folder to keep the filled SQLite files in")
    parser.add_argument("--postgresql", metavar="URL", help="measure on this server instead, in databases named after URL's")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    if options.postgresql:
        ratio = in_turns(made(options.postgresql, sizes), options.polls)
    elif options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        ratio = in_turns(files(options.keep, sizes), options.polls)
    else:
        with tempfile.TemporaryDirectory() as folder:
            ratio = in_turns(files(Path(folder), sizes), options.polls)
    return 1 if ratio > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
