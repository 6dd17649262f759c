"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), which feedparser does not read."""

from __future__ import annotations

import html
import json
from typing import Any
from urllib.parse import urljoin

from watchers.exceptions import ParseError
from watchers.parsers.dates import iso_moment
from watchers.parsers.raw import RawEntry, RawFeed
from watchers.types import Feed, Response


def read(feed: Feed, response: Response) -> RawFeed:
    """Read a document that begins with ``{`` or ``[``.

    Raises:
        ParseError: it is no JSON, or JSON that is no JSON Feed.

    """
    document = load(feed, response.body)
    if not isinstance(document, dict) or "jsonfeed.org/version/" not in str(document.get("version", "")):
        raise ParseError("the document is JSON, but no JSON Feed", about=feed.id)
    items = document.get("items")
    return RawFeed(
        entries=[_entry(item, response.url) for item in items if isinstance(item, dict)] if isinstance(items, list) else [],
        version="json",
        home=_string(document.get("home_page_url")),
        language=_string(document.get("language")),
    )


def load(feed: Feed, body: bytes) -> Any:
    """``body`` as JSON; bytes that are no UTF-8 are read as what they look like (``json`` knows UTF-16 and UTF-32)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise ParseError("the document begins like JSON and is not: it is broken or was cut off", about=feed.id) from error


def _entry(item: dict[str, Any], base: str) -> RawEntry:
    link = _string(item.get("url")) or _string(item.get("external_url"))
    published = _string(item.get("date_published")) or _string(item.get("date_modified"))
    text = _string(item.get("summary")) or _string(item.get("content_html"))
    return RawEntry(
        guid=str(item["id"]) if isinstance(item.get("id"), str | int | float) else "",
        link=_join(base, link) if link else "",
        title=_string(item.get("title")),
        summary=text or html.escape(_string(item.get("content_text"))),
        written=published,
        published=iso_moment(published),
        language=_string(item.get("language")),
    )


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:  # "http://[" is no address
        return ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
