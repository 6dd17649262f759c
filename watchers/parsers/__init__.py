"""Documents to entries: one module per kind of document, chosen by the feed's kind.

Parsing is pure (a document and the time in, values out) and happens in a child process (``watchers.workers``), because a document of a few
kilobytes can hold a parser up for minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from watchers.exceptions import ParseError
from watchers.parsers import feeds, parliament
from watchers.types import Feed, FeedKind, ParsedFeed, Response

_PARSERS: dict[FeedKind, Callable[[Feed, Response, datetime], ParsedFeed]] = {
    FeedKind.NEWS: feeds.parse,
    FeedKind.MODERNGOV: feeds.parse,
    FeedKind.PARLIAMENT: parliament.parse,
}


def parse_feed(feed: Feed, response: Response, now: datetime) -> ParsedFeed:
    """Read one fetched document of a feed whose whole state is one document.

    Raises:
        ParseError: the document is not what this kind of feed answers; the sentence says what it is instead.

    """
    parse = _PARSERS.get(feed.kind)
    if parse is None:
        raise ParseError(f"a feed of the kind {feed.kind} is walked page by page, not read as one document", about=feed.id)
    return parse(feed, response, now)
