"""Which walk a feed of each kind takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from watchers.documents import stamped
from watchers.parsers import contracts_finder, find_a_tender, ted
from watchers.parsers.pages import Fetch, Page, Parse
from watchers.types import Feed, FeedKind, FeedState


def walk(feed: Feed, state: FeedState, *, fetch: Fetch, parse: Parse, now: datetime) -> AsyncIterator[Page]:
    """One poll of a feed as pages of entries; the last page carries the feed's new state.

    Args:
        feed: what to poll.
        state: what is remembered from the last poll.
        fetch: the web.
        parse: reads documents of news feeds, off the event loop.
        now: the time of day.

    Raises:
        FetchError: a document could not be had. Pages yielded before stay good; the checkpoint does not move.
        ParseError: a document is not what this kind of feed answers. Likewise.

    """
    match feed.kind:
        case FeedKind.FIND_A_TENDER:
            return find_a_tender.walk(feed, state, fetch=fetch, now=now)
        case FeedKind.CONTRACTS_FINDER:
            return contracts_finder.walk(feed, state, fetch=fetch, now=now)
        case FeedKind.TED:
            return ted.walk(feed, state, fetch=fetch, now=now)
        case _:
            return _document(feed, state, fetch=fetch, parse=parse, now=now)


async def _document(feed: Feed, state: FeedState, *, fetch: Fetch, parse: Parse, now: datetime) -> AsyncIterator[Page]:
    """A feed that is one document: asked for only if it changed."""
    response = await fetch.get(feed.url, about=feed.id, etag=state.etag, last_modified=state.last_modified, now=now)
    if response.not_modified:
        yield Page(entries=(), state=replace(state, moved_to=response.moved_to))
        return
    parsed = await parse(feed, response, now)
    yield Page(
        entries=stamped(parsed.entries, response),
        problems=parsed.problems,
        state=replace(
            state,
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
            ttl=parsed.ttl,
            moved_to=response.moved_to,
        ),
    )
