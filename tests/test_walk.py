"""A feed that is one document: asked for only if it changed, and read elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiohttp import web
from register_server import NOW, serving

from watchers.keys import fingerprint, key
from watchers.parsers.walk import walk
from watchers.types import Entry, Feed, FeedKind, FeedState, ParsedFeed, Response

ENTRY = Entry(keys=(key("id", "x"),), fingerprint=fingerprint("Title", ""), title="Title")


async def parse(feed: Feed, response: Response, now: datetime) -> ParsedFeed:
    return ParsedFeed(entries=(ENTRY,), ttl=timedelta(hours=1), problems=(response.body.decode(),))


async def test_a_document_becomes_one_page_that_remembers_its_validators() -> None:
    async with serving() as (register, fetcher):
        register.script(web.Response(text="body", headers={"ETag": '"1"', "Last-Modified": "Wed, 12 Aug 2026 08:00:00 GMT"}))
        feed = register.feed(FeedKind.NEWS, "/rss")
        (page,) = [page async for page in walk(feed, FeedState(checkpoint="kept"), fetch=fetcher, parse=parse, now=NOW)]

        assert (page.entries, page.problems) == ((ENTRY,), ("body",))
        assert page.state == FeedState(etag='"1"', last_modified="Wed, 12 Aug 2026 08:00:00 GMT", ttl=timedelta(hours=1), checkpoint="kept")


async def test_a_document_that_did_not_change_is_an_empty_page_and_forgets_nothing() -> None:
    async with serving() as (register, fetcher):
        register.script(web.Response(status=304))
        state = FeedState(etag='"1"', last_modified="then", ttl=timedelta(hours=1))
        feed = register.feed(FeedKind.NEWS, "/rss")
        (page,) = [page async for page in walk(feed, state, fetch=fetcher, parse=parse, now=NOW)]

        assert register.asked[0].headers["If-None-Match"] == '"1"'
        assert (page.entries, page.state) == ((), state)
