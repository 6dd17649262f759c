"""What the strangers' harnesses call: one function for each thing they attack, which does what the daemon does and nothing more."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from watchers.exceptions import ParseError as FeedRejected
from watchers.fetch import Fetcher
from watchers.pacing import HostPacer, SystemClock
from watchers.parsers import parse_feed
from watchers.types import Entry, Feed, FeedKind, Response

__all__ = ["FeedRejected", "fetch_from_the_internet", "fetch_from_this_machine", "parse"]

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
FEED = Feed(id="hostile", kind=FeedKind.NEWS, url="https://council.example/rss", name="Council", every=timedelta(minutes=15))


def response(body: bytes, content_type: str) -> Response:
    """A document as the fetcher hands it on."""
    return Response(url=FEED.url, status=200, headers={"content-type": content_type}, body=body, fetched_at=NOW)


async def _fetched(url: str, networks: tuple[str, ...]) -> Response:
    pacer = HostPacer(timedelta(0), SystemClock())
    async with Fetcher(contact="", allow_networks=networks, pacer=pacer) as fetcher:
        return await fetcher.get(url, about=FEED.id, now=NOW)


async def fetch_from_the_internet(url: str) -> str:
    """A fetch as it is made where no network is one's own."""
    return (await _fetched(url, ())).body.decode("latin-1")


def fetch_from_this_machine(url: str) -> tuple[int, bytes]:
    """A fetch that may reach a server on loopback."""
    fetched = asyncio.run(_fetched(url, ("127.0.0.0/8",)))
    return fetched.status, fetched.body


def parse(body: bytes, headers: dict[str, Any]) -> tuple[Entry, ...]:
    """What a child process does with a document, here without the child."""
    return parse_feed(FEED, response(body, headers["content-type"]), NOW).entries
