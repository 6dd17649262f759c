"""A procurement register on loopback for tests: real sockets, the real fetcher, scripted answers, and a clock that only moves when asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from watchers.exceptions import FetchError, ParseError
from watchers.fetch import Fetcher
from watchers.pacing import HostPacer
from watchers.parsers.find_a_tender import ADDRESS
from watchers.parsers.pages import Page
from watchers.parsers.walk import walk
from watchers.types import Entry, Feed, FeedKind, FeedState, ParsedFeed, Response

NOW = datetime(2026, 8, 12, 9, 0, tzinfo=UTC)
NOTICES = Path(__file__).parent / "data" / "notices"

Answer = Callable[[web.Request], web.StreamResponse]


def release(name: str, **changes: Any) -> dict[str, Any]:
    """One of the releases in ``data/notices``, with top-level parts replaced."""
    return json.loads((NOTICES / f"{name}.json").read_text(encoding="utf-8")) | changes


def package(*releases: Any, following: str | None = None, **more: Any) -> web.Response:
    """A release package as both registers answer it."""
    links = {"links": {"next": following}} if following else {}
    return web.json_response({"uri": "https://register.example/", "version": "1.1", "releases": list(releases)} | links | more)


def refusal(status: int, seconds: int | None = 120) -> web.Response:
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return web.Response(status=status, text="Rate limit of 12 exceeded. Please retry after 120 seconds.", headers=headers)


class HandClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = 1000.0

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += max(seconds, 0.0)


@dataclass
class Register:
    """What the server is to answer and what it was asked."""

    answer: Answer = lambda _: package()
    asked: list[web.Request] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    clock: HandClock = field(default_factory=HandClock)
    origin: str = ""

    def script(self, *answers: Answer | web.Response) -> None:
        """One answer after the other; then empty pages."""
        waiting = list(answers)

        def answer(request: web.Request) -> web.StreamResponse:
            now = waiting.pop(0) if waiting else package()
            return now(request) if callable(now) else now

        self.answer = answer

    def feed(self, kind: FeedKind = FeedKind.FIND_A_TENDER, path: str = "/api/1.0/ocdsReleasePackages", **changes: Any) -> Feed:
        feed = Feed(id="register", kind=kind, url=f"{self.origin}{path}", name="Register", every=timedelta(minutes=15))
        return replace(feed, **changes)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.asked_at.append(self.clock.monotonic())
        if request.method == "POST":
            self.bodies.append(await request.json())
        return self.answer(request)


@asynccontextmanager
async def serving(interval: timedelta = timedelta(0)) -> AsyncIterator[tuple[Register, Fetcher]]:
    """A register and a fetcher that may reach it. With an interval, requests are spaced as they are in the wild, on the hand clock."""
    register = Register()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", register.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    register.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with Fetcher(contact="", allow_networks=["127.0.0.0/8"], pacer=HostPacer(interval, register.clock)) as fetcher:
            yield register, fetcher
    finally:
        await runner.cleanup()


async def parse_nothing(feed: Feed, response: Response, now: datetime) -> ParsedFeed:
    raise AssertionError("no news feed is polled here")


async def walked(
    register: Register, fetcher: Fetcher, state: FeedState | None = None, *, feed: Feed | None = None, now: datetime = NOW
) -> tuple[list[Page], Exception | None]:
    """Every page of a walk, and the error that ended it."""
    pages: list[Page] = []
    try:
        async for page in walk(feed or register.feed(), state or FeedState(), fetch=fetcher, parse=parse_nothing, now=now):
            pages.append(page)  # noqa: PERF401 -- the pages before an error are what is tested
    except (FetchError, ParseError) as error:
        return pages, error
    return pages, None


def numbers(pages: list[Page]) -> list[str]:
    """The notice numbers of all entries, in the order they were yielded."""
    return [str((entry.release or {})["id"]) for entry in entries(pages)]


def entries(pages: list[Page]) -> list[Entry]:
    return [entry for page in pages for entry in page.entries]


def most_in(seconds: float, moments: list[float]) -> int:
    return max((sum(1 for other in moments if moment <= other < moment + seconds) for moment in moments), default=0)


class Recorded:
    """The recorded pages as a server: every day's pages in order, the first request refused as the register refused it once."""

    def __init__(self, folder: Path) -> None:
        self.pages = {}
        self.first = []
        for name in ("backfill/2026-08-10", "backfill/2026-08-11", "whole-stream", "probe"):
            paths = sorted((folder / name).glob("*.json"))
            for place, path in enumerate(paths):
                document = json.loads(path.read_text(encoding="utf-8"))
                following = paths[place + 1].stem if place + 1 < len(paths) else "end"
                document["links"] = {"next": f"{ADDRESS}?cursor={following}&day={name}"}
                self.pages[name, path.stem] = document
            self.first.append((name, paths[0].stem))
        self.refused = (folder / "probe" / "20-window-noZ-429.txt").read_text(encoding="utf-8")
        self.asked = 0

    def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if self.asked == 1:
            return web.Response(status=429, text=self.refused, headers={"Retry-After": "120"})
        if "cursor" in request.query:
            page = self.pages.get((request.query["day"], request.query["cursor"]))
            return package() if page is None else web.json_response(page)
        return web.json_response(self.pages[self.first.pop(0)]) if self.first else package()

    def numbers(self) -> set[str]:
        return {found["id"] for document in self.pages.values() for found in document["releases"]}
