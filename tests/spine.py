"""The whole way from the web to the store on a workbench: the real fetcher, workers, rules and store, polled as the daemon polls.

What is made up is the outside web on loopback, and the time, which goes on twenty minutes with every round.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any, cast
from xml.sax.saxutils import escape

from raw_server import RawServer, answer
from register_server import HandClock
from register_server import release as stored_release
from storing import a_feed, console

from bot.facade import PollStore, StoreCalls
from bot.health import Metrics
from bot.polling import Polling
from storage.records import AlertView, ConfigWatchlist
from storage.store import Store
from storage.versions import WATCHES_VERSION
from watchers.fetch import Fetcher
from watchers.pacing import HostPacer
from watchers.pipeline import Poller, Understand
from watchers.stories import Stories
from watchers.types import Feed, FeedKind, FeedState, Organisation, PollOutcome, Role, Watch
from watchers.workers import Workers

START = datetime(2026, 8, 12, 9, 0, tzinfo=UTC)
PALANTIR = Watch(id="w/palantir", organisation=Organisation(name="Palantir"), role=Role.SUPPLIER)
BRIGHTWAY = Watch(id="w/brightway", organisation=Organisation(name="Brightway Lamps"), role=Role.SUPPLIER)
SERCO = Watch(id="w/serco", organisation=Organisation(name="Serco"), role=Role.SUPPLIER)

REGISTER = "/api/1.0/ocdsReleasePackages"
PAUSE = timedelta(minutes=20)  # between two rounds
PROCESS = "ocds-h6vhtk-0a11ce"

_versions = count(1000, 1000)  # workers outlive a test, and know watches by their version


@dataclass
class Spine:
    """``web.routes`` is the outside; ``await round()`` polls every feed once."""

    store: Store
    web: RawServer
    polling: Polling
    clock: HandClock
    feeds: list[Feed] = field(default_factory=list)
    now: datetime = START

    def serve(self, **documents: bytes) -> None:
        """Answer with these documents from now on; a feed that is new is polled from the next round on."""
        for name, document in documents.items():
            self.route(f"/{name}", answer(document, Content_Type="application/xml"))

    def route(self, path: str, said: Any) -> None:
        self.web.routes[path] = said
        name = path.strip("/")
        if "/" not in name and name not in {feed.id for feed in self.feeds}:
            self.add(a_feed(name, url=self.web.url(path), seeds=False))

    def add(self, feed: Feed, **state: Any) -> None:
        """Configure a feed, or configure it anew, and put it in a state."""
        self.feeds[:] = [other for other in self.feeds if other.id != feed.id] + [feed]
        self.store.sync_feeds(self.feeds, self.now)
        self.polling.feeds = {one.id: one for one in self.feeds}
        if state:
            self.store.save_state(feed.id, FeedState(**state), self.now)

    def register(self, *releases: Any, following: str | None = None, seeds: bool = False) -> None:
        """Serve one page of releases, to a walk that needs one window."""
        self.web.routes[REGISTER] = package(*releases, following=following)
        if "register" not in {feed.id for feed in self.feeds}:
            feed = a_feed("register", kind=FeedKind.FIND_A_TENDER, url=self.web.url(REGISTER), seeds=seeds)
            self.add(feed, checkpoint="2026-08-12T09:30:00", seeded=not seeds)

    def asked(self, path: str) -> int:
        return sum(request.target.partition("?")[0] == path for request in self.web.requests)

    def watch(self, *watches: Watch) -> None:
        self.store.sync_config([ConfigWatchlist(id="w", name="W", watches=watches)], [console("w")], self.now)

    async def round(self) -> dict[str, PollOutcome]:
        outcomes = await self.polling.poll_all(self.now, on_done=lambda _: None)
        self.now += PAUSE
        self.clock.time += PAUSE.total_seconds()
        return {outcome.feed: outcome for outcome in outcomes}

    def alerts(self) -> list[AlertView]:
        """What the console is to be told, newest first; every alert is one delivery."""
        self.store.fan_out(self.now)
        (channel,) = self.store.channels()
        found = self.store.latest(channel.id, 1000)
        assert sum(self.store.counts(self.now).deliveries.values()) == len(found)
        return found

    def mind(self, mind: Understand) -> None:
        """Let something stand between the poller and the workers."""
        self.polling.poller = replace(self.polling.poller, mind=mind)

    def state(self, feed: str) -> FeedState:
        return next(record.state for record in self.store.feeds() if record.id == feed)


@asynccontextmanager
async def a_spine(store: Store, workers: Workers, watches: Sequence[Watch] = (PALANTIR, BRIGHTWAY)) -> AsyncIterator[Spine]:
    """A store that nobody has used, with a console that watches some suppliers."""
    clock = HandClock()
    pacer = HostPacer(timedelta(0), clock)
    async with RawServer({}) as web, Fetcher(contact="", allow_networks=["127.0.0.0/8"], pacer=pacer) as fetcher:
        with assembled(store, workers, watches, web=web, fetcher=fetcher, clock=clock) as spine:
            yield spine


@contextmanager
def assembled(
    store: Store, workers: Workers, watches: Sequence[Watch], *, web: RawServer, fetcher: Fetcher, clock: HandClock
) -> Iterator[Spine]:
    """The parts put together, whoever made them."""
    store.set_meta(WATCHES_VERSION, str(next(_versions)))
    call = StoreCalls(1 if store.engine.startswith("SQLite") else 4)
    feeds: list[Feed] = []
    polling = Polling(
        store=store,
        call=call,
        poller=Poller(fetch=fetcher, parse=workers.parse, mind=workers, store=PollStore(store, call, Stories())),
        expand=lambda _: feeds,
        owner="test",
        now=lambda: spine.now,
        metrics=Metrics(),
        on_news=lambda: None,
        on_store_trouble=_raise,
    )
    spine = Spine(store=store, web=web, polling=polling, clock=clock, feeds=feeds)
    spine.watch(*watches)
    try:
        yield spine
    finally:
        call.close()


def _raise(error: Exception) -> None:
    raise error


# --- documents ----------------------------------------------------------------------------------------------------------------------------


def item(title: str, link: str, *, at: datetime = START, summary: str = "") -> str:
    """An entry of an RSS feed; its link is its guid."""
    url = f"https://outlet.example/{link}"
    return (
        f"<item><title>{escape(title)}</title><link>{url}</link><guid>{url}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<description>{escape(summary)}</description></item>"
    )


def rss(*items: str) -> bytes:
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Outlet</title>{''.join(items)}</channel></rss>".encode()


def notice(name: str, number: int | None = None, **changes: Any) -> dict[str, Any]:
    """One of the releases in ``data/notices``, published an hour before the first round: of one process, or with a number of its own."""
    made = stored_release(name, **{"date": (START - timedelta(hours=1)).isoformat(), **changes})
    return made if number is None else renumbered(made, made["id"], number)


def renumbered(release: dict[str, Any], old: str, number: int) -> dict[str, Any]:
    """The same release as another notice, of another process."""
    text = json.dumps(release).replace(old, f"{number:06}-2026").replace(PROCESS, f"ocds-h6vhtk-{number:06x}")
    return cast("dict[str, Any]", json.loads(text))


def package(*releases: Any, following: str | None = None) -> bytes:
    links = {"links": {"next": following}} if following else {}
    body = {"uri": "https://register.example/", "version": "1.1", "releases": list(releases)} | links
    return answer(json.dumps(body).encode(), Content_Type="application/json")
