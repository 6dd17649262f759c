"""Replay recorded poll histories of real feeds, poll after poll, through the parser and the store.

    python benchmarks/polls.py FOLDER [--feed NAME] [--most POLLS]

FOLDER holds ``*.jsonl.xz``, one ``{"t": unix time, "xml" or "b64": body}`` a line. Every article is taken for news here, so that each
must be alerted exactly once: too many alerts is an identity that broke (an edited headline, a rewritten guid), too few is an article
that was lost. Beside it, in the same run, what the usual identities would have sent. Exit status 1 when an alert is too many or lost.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import lzma
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from bot.facade import PollStore, StoreCalls
from storage.records import ConfigWatchlist
from storage.store import open_store
from watchers.parsers import parse_feed
from watchers.pipeline import Poller
from watchers.stories import Stories
from watchers.types import (
    AwardParty,
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
    Watch,
)

WATCH = Watch(id="everything", organisation=Organisation(name="Everything"), role=Role.SUPPLIER)


class EverythingIsNews:
    """Stands in for understanding: each article tells of an award of its own."""

    version = -1

    def set_watches(self, version: int, watches: Sequence[Watch]) -> None:
        self.version = version

    async def understand(self, entries: Sequence[Entry], awards: Sequence[Sequence[AwardParty]]) -> list[tuple[Finding, ...]]:
        return [(_finding(entry),) for entry in entries]


def _finding(entry: Entry) -> Finding:
    return Finding(
        event=EventKind.AWARDED,
        suppliers=(Party(name=f"article {min(entry.keys).hex()}"),),
        evidence=Evidence(sentence=entry.title, rule="everything is news"),
        matches=(Match(watch=WATCH.id, role=Role.SUPPLIER, proof="everything"),),
    )


@dataclass
class Identities:
    """What other ways of knowing an article again would have sent, counted beside ours."""

    union: set[bytes] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    title_dates: set[tuple[str, Any]] = field(default_factory=set)
    previous: set[bytes] = field(default_factory=set)
    sent: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("union of keys", "title", "title and date", "last poll only"), 0))

    def see(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.sent["union of keys"] += not self.union.intersection(entry.keys)
            self.union.update(entry.keys)
            self.sent["title"] += entry.title.casefold() not in self.titles
            self.titles.add(entry.title.casefold())
            self.sent["title and date"] += (entry.title, entry.published) not in self.title_dates
            self.title_dates.add((entry.title, entry.published))
            self.sent["last poll only"] += not self.previous.intersection(entry.keys)
        if entries:
            self.previous = {key for entry in entries for key in entry.keys}


def polls(path: Path) -> Iterator[tuple[datetime, bytes]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            poll = json.loads(line)
            body = base64.b64decode(poll["b64"]) if "b64" in poll else poll["xml"].encode()
            yield datetime.fromtimestamp(poll["t"], UTC), body


class Recorded:
    """The outside web: answers the body of the poll under way."""

    def __init__(self) -> None:
        self.body = b""
        self.at = datetime.now(UTC)

    async def get(self, url: str, **_: Any) -> Response:
        return Response(url=url, status=200, headers={"content-type": "text/xml"}, body=self.body, fetched_at=self.at)

    async def post_json(self, url: str, payload: Any, **_: Any) -> Response:
        raise AssertionError(f"a recorded feed is only read: {url}")


async def replay(path: Path, database: str, most: int | None = None) -> tuple[int, int, int, Identities]:
    """Polls, stored entries, alerts, and what other identities would have sent. ``most``: only so many polls."""
    store = open_store(database)
    web, identities, count = Recorded(), Identities(), 0
    name = path.name.removesuffix(".jsonl.xz")
    feed = Feed(
        id=name,
        kind=FeedKind.NEWS,
        url=f"https://example.org/{name}.xml",
        name=name,
        every=timedelta(minutes=15),
        seeds=False,
        max_age=timedelta(days=36500),
    )
    call = StoreCalls(threads=1)
    state = FeedState()
    started = None

    async def parse(feed: Feed, response: Response, now: datetime) -> ParsedFeed:
        parsed = parse_feed(feed, response, now)
        identities.see(parsed.entries)
        return parsed

    for at, body in islice(polls(path), most):
        if started is None:
            started = at
            store.sync_config([ConfigWatchlist(id="all", name="All", watches=(WATCH,))], [], at)
            store.sync_feeds([feed], at)
        web.body, web.at = body, at
        poller = Poller(fetch=web, parse=parse, mind=EverythingIsNews(), store=PollStore(store, call, Stories()))
        await poller.poll(feed, state, at)
        count += 1
        if count % 200 == 0 and sys.stderr.isatty():
            print(f"\r{name}: {count} polls", end="", file=sys.stderr)
    counts = store.counts(web.at)
    call.close()
    store.close()
    return count, counts.entries, counts.alerts, identities


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--feed", help="only the histories whose file name contains this")
    parser.add_argument("--most", type=int, help="only so many polls of each history")
    options = parser.parse_args()
    worst = 0
    for path in sorted(options.folder.glob("*.jsonl.xz")):
        if options.feed and options.feed not in path.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            count, entries, alerts, identities = asyncio.run(replay(path, f"sqlite:///{folder}/polls.db", options.most))
        articles = identities.sent["union of keys"]
        wrong = alerts - articles
        others = ", ".join(f"{name} {sent - articles:+d}" for name, sent in identities.sent.items() if name != "union of keys")
        print(
            f"{path.name:36} {count:5} polls {articles:6} articles {entries:6} stored {alerts:6} alerts: {wrong:+d}   "
            f"(by {others})   {time.perf_counter() - started:.0f} s",
            flush=True,
        )
        worst = max(worst, abs(wrong), abs(entries - articles))
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
