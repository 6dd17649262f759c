"""What every walk yields and what it asks for. A walk turns one poll of a feed into pages of entries; it never touches a store.

Invariant: only the last page of a walk carries a state, so a walk that fails half way leaves the feed's checkpoint where it was, and the
pages before the failure are kept all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from watchers.exceptions import ParseError
from watchers.types import Entry, Feed, FeedState, ParsedFeed, Response

MAX_PAGE_BYTES = 32 * 1024 * 1024  # a page holds 100 releases; the largest release measured has 130 kB, a usual page 1.4 MB
_MAX_REPAIRS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entries of one document, oldest first. ``state`` is None while more pages follow; ``problems`` are told to the admin, not fatal."""

    entries: tuple[Entry, ...]
    state: FeedState | None = None
    problems: tuple[str, ...] = ()


class Fetch(Protocol):
    """What a walk needs of the web. Both raise FetchError when there is no document."""

    async def get(
        self,
        url: str,
        *,
        about: str,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str | None = None,
        least: timedelta | None = None,
        max_bytes: int = MAX_PAGE_BYTES,
        now: datetime,
        pace_key: str | None = None,
    ) -> Response: ...

    async def post_json(
        self, url: str, payload: Mapping[str, Any], *, about: str, least: timedelta | None = None, now: datetime
    ) -> Response: ...


class Parse(Protocol):
    """Reads a document of a news feed, in a child process that may be stopped. Raises ParseError."""

    async def __call__(self, feed: Feed, response: Response, now: datetime) -> ParsedFeed: ...


def read_json(body: bytes, *, about: str, content_type: str = "") -> tuple[Any, tuple[str, ...]]:
    """The JSON document in ``body`` and what had to be mended to read it.

    Registers answer with bytes that are not UTF-8 (Contracts Finder: declared otherwise and in fact Latin-1) and with numbers that JSON
    does not know (`` 000,``); the first are read as Latin-1, the second without their leading zeros. ``1e9999`` reads as infinity, which
    every reader of sums treats as missing.

    Raises:
        ParseError: it is not JSON; the sentence says what it seems to be instead.

    """
    problems: list[str] = []
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("iso-8859-1")
        problems.append("the page is not UTF-8 and was read as Latin-1")
    for _ in range(_MAX_REPAIRS):
        try:
            return json.loads(text), tuple(dict.fromkeys(problems))
        except json.JSONDecodeError as error:
            at = error.pos
            if text[at : at + 1].isdigit() and text[at - 1 : at] == "0":
                text = text[: at - 1] + text[at:]
                problems.append("a number with leading zeros was read without them")
                continue
            raise ParseError(_not_json(text, content_type, error), about=about) from error
        except RecursionError as error:
            raise ParseError("the answer is nested too deeply to be read", about=about) from error
        except ValueError as error:
            raise ParseError("the answer holds a number of thousands of digits", about=about) from error
    raise ParseError("the answer holds too many numbers that JSON does not know", about=about)


def _not_json(text: str, content_type: str, error: json.JSONDecodeError) -> str:
    start = text.lstrip()[:1]
    if not start:
        return "the answer is empty; a page of notices was expected"
    if start == "<":
        return "the answer is a web page, not a page of notices: is the address right?"
    kind = f" ({content_type.partition(';')[0].strip()})" if content_type else ""
    return f"the answer{kind} is not JSON: {error.msg} at character {error.pos}"
