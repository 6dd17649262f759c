"""Written questions of the UK Parliament: ``questions-statements-api.parliament.uk/api/writtenquestions/questions`` (JSON, no key).

A question is identified by the day it was tabled and its number (UIN), which starts again every session. It is published twice, without
and with its answer: the second time it is a known entry with another text, and is understood again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from watchers.exceptions import ParseError
from watchers.keys import fingerprint, key, link_key
from watchers.parsers.dates import iso_moment, within_reason
from watchers.parsers.documents import not_a_feed, prologue
from watchers.parsers.feeds import SUMMARY_LIMIT, TITLE_LIMIT
from watchers.parsers.jsonfeed import load
from watchers.plaintext import plain, shorten
from watchers.types import Entry, Feed, ParsedFeed, Response

_PAGE = "https://questions-statements.parliament.uk/written-questions/detail"


def parse(feed: Feed, response: Response, now: datetime) -> ParsedFeed:
    """Read one page of search results. No result is an answer here, not an error: the reply says how many there are.

    Raises:
        ParseError: the document is not the API's.

    """
    if refusal := not_a_feed(prologue(response.body)):
        raise ParseError(refusal, about=feed.id)
    document = load(feed, response.body)
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, list):
        raise ParseError("the document is JSON, but not Parliament's list of written questions (it has no “results”)", about=feed.id)
    questions = [result.get("value") for result in results if isinstance(result, dict)]
    read = [_entry(question, now) for question in questions if isinstance(question, dict)]
    entries = tuple(entry for entry in read if entry is not None)
    unread = len(results) - len(entries)
    problems = (f"{unread} of {len(results)} written questions could not be read",) if unread else ()
    if results and not entries:
        raise ParseError(f"none of the {len(results)} written questions has a date, a number and a text", about=feed.id)
    return ParsedFeed(entries=entries, problems=problems)


def _entry(question: dict[str, Any], now: datetime) -> Entry | None:
    """One question; None when it lacks what identifies it or its words."""
    tabled = iso_moment(question.get("dateTabled"))
    number = str(question.get("uin") or "")
    asked = _plain(question, "questionText")
    if tabled is None or not number or not asked:
        return None
    body = _plain(question, "answeringBodyName")
    heading = _plain(question, "heading") or "Written question"
    title = shorten(f"{body}: {heading}" if body else heading, TITLE_LIMIT)
    summary = shorten(" ".join(part for part in (asked, _plain(question, "answerText")) if part), SUMMARY_LIMIT)
    url = f"{_PAGE}/{tabled:%Y-%m-%d}/{number}"
    return Entry(
        keys=(key("parliament", f"{tabled:%Y-%m-%d}", number),),
        fingerprint=fingerprint(title, summary),
        title=title,
        summary=summary,
        url=url,
        link_key=link_key(url),
        published=within_reason(iso_moment(question.get("dateAnswered")) or tabled, now),
        language="en",
    )


def _plain(question: dict[str, Any], name: str) -> str:
    value = question.get(name)
    return plain(value) if isinstance(value, str) else ""
