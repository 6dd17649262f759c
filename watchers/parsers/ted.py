"""Tenders Electronic Daily, the European Union's register, through its Search API (version 3).

The server searches by name, so one query per watched name a day is enough; a feed's address carries it:
``?query=winner-name ~ "Palantir"``. A notice is brought into the shape of an OCDS release, with what only this register has under ``ted``.

Per-lot lists of an answer are not aligned with each other (a list of winners, a list of their numbers): they are never put side by side.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from watchers.documents import stamped
from watchers.exceptions import FetchError, ParseError
from watchers.parsers.ocds import entry_of, mapping, text_of, texts
from watchers.parsers.pages import Fetch, Page, read_json
from watchers.types import Entry, Feed, FeedState, Response

ADDRESS = "https://api.ted.europa.eu/v3/notices/search"

# What is asked for where the address carries no query: everything that awards, changes or announces a direct award.
EVERYTHING = "notice-type IN (can-standard can-social can-desg can-tran can-modif veat)"

_LIMIT = 250  # notices a page; the API refuses more
_MAX_PAGES = 200
_ATTEMPTS = 3
_FIRST_DAYS = 7
_OVERLAP_DAYS = 3  # an issue appears on weekday mornings; a weekend and a late issue are covered
_LEAST = timedelta(seconds=1)  # no limit is published; users who ask once a second are left alone
_BAD_REQUEST = 400

_FIELDS = (
    "publication-number", "notice-identifier", "procedure-identifier", "notice-type", "notice-version", "publication-date", "notice-title",
    "title-proc", "buyer-name", "total-value", "winner-name", "contract-conclusion-date", "links",
)  # fmt: skip
# Accepted by the API of 2026. One name it does not know makes it refuse the whole question, so these are given up when it does.
_MORE_FIELDS = (
    "winner-selection-status", "non-award-justification", "change-reason-code", "winner-decision-date", "total-value-cur",
)  # fmt: skip

_SORT = re.compile(r"\s+SORT\s+BY\s+.*$", re.IGNORECASE | re.DOTALL)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    entries: tuple[Entry, ...]
    received: int
    total: int
    token: str | None
    timed_out: bool
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Search:
    """One question and how far its answer was read."""

    feed: Feed
    fetch: Fetch
    now: datetime
    since: date
    fields: tuple[str, ...] = _FIELDS + _MORE_FIELDS
    seen: set[tuple[bytes, ...]] = field(default_factory=set)

    async def page(self, token: str | None) -> _Answer:
        """One page of the answer. An answer that ran out of time is incomplete and asked for again."""
        for _ in range(_ATTEMPTS):
            answer = await asyncio.to_thread(_read, await self._ask(token), self.feed.id)
            if not answer.timed_out:
                fresh = tuple(entry for entry in answer.entries if entry.keys not in self.seen)
                self.seen.update(entry.keys for entry in fresh)
                return replace(answer, entries=fresh)
        raise FetchError(f"the search ran out of time {_ATTEMPTS} times; a narrower query may help", about=self.feed.id)

    async def _ask(self, token: str | None) -> Response:
        parts = urlsplit(self.feed.url)
        address = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        try:
            return await self._post(address, token)
        except FetchError as error:
            if error.status != _BAD_REQUEST or self.fields == _FIELDS:
                raise
            self.fields = _FIELDS
            return await self._post(address, token)

    async def _post(self, address: str, token: str | None) -> Response:
        question: dict[str, Any] = {
            "query": question_of(self.feed, self.since),
            "fields": list(self.fields),
            "limit": _LIMIT,
            "scope": "ALL",
            "paginationMode": "ITERATION",
        }
        if token is not None:
            question["iterationNextToken"] = token
        return await self.fetch.post_json(address, question, about=self.feed.id, least=_LEAST, now=self.now)


async def walk(feed: Feed, state: FeedState, *, fetch: Fetch, now: datetime) -> AsyncIterator[Page]:
    """What was published since the last poll, as pages; the last one carries the new checkpoint (a day).

    Raises:
        FetchError: the search does not answer, or not in full.
        ParseError: its answer is not one.

    """
    search = _Search(feed, fetch, now, _since(state.checkpoint, now))
    done = replace(state, checkpoint=now.astimezone(UTC).date().isoformat())
    token, received = None, 0
    for _ in range(_MAX_PAGES):
        answer = await search.page(token)
        received += answer.received
        # A token is given on the last page too, so the count decides.
        if received >= answer.total:
            yield Page(entries=answer.entries, problems=answer.problems, state=done)
            return
        if not answer.received or answer.token is None:
            raise FetchError(f"the search gave {received} of {answer.total} notices and no more", about=feed.id)
        yield Page(entries=answer.entries, problems=answer.problems)
        token = answer.token
    raise ParseError(f"the search goes on after {_MAX_PAGES} pages; the walk was stopped", about=feed.id)


def question_of(feed: Feed, since: date) -> str:
    """The query of a feed's address, limited to what was published since a day. Sorting belongs into the query and is ours."""
    asked = " ".join(parse_qs(urlsplit(feed.url).query).get("query", [])).strip()
    wanted = _SORT.sub("", asked).strip() or EVERYTHING
    return f"({wanted}) AND publication-date >= {since:%Y%m%d} SORT BY PD DESC"


def _since(checkpoint: str | None, now: datetime) -> date:
    today = now.astimezone(UTC).date()
    try:
        last = date.fromisoformat(checkpoint or "")
    except ValueError:
        return today - timedelta(days=_FIRST_DAYS)
    return min(last, today) - timedelta(days=_OVERLAP_DAYS)


def _read(response: Response, about: str) -> _Answer:
    document, problems = read_json(response.body, about=about, content_type=response.headers.get("content-type", ""))
    notices = mapping(document).get("notices")
    if not isinstance(notices, list):
        raise ParseError("the answer has no list of notices", about=about)
    entries, found = [], list(problems)
    for place, notice in enumerate(notices, start=1):
        try:
            entries.append(entry_of(release_of(mapping(notice))))
        except ValueError as error:
            number = text_of(mapping(notice).get("publication-number"), 60) or f"number {place} of the page"
            found.append(f"notice {number} was left out: {error}")
    total, token = mapping(document).get("totalNoticeCount"), mapping(document).get("iterationNextToken")
    return _Answer(
        entries=stamped(reversed(entries), response),
        received=len(notices),
        total=total if isinstance(total, int) else len(notices),
        token=token if isinstance(token, str) and token else None,
        timed_out=mapping(document).get("timedOut") is True,
        problems=tuple(found),
    )


def release_of(notice: Mapping[str, Any]) -> dict[str, Any]:
    """A notice of the search's answer in the shape of an OCDS release. Raises ValueError when it has no number."""
    number = text_of(notice.get("publication-number"))
    if not number:
        raise ValueError("it has no publication number")
    buyers, winners = _names(notice.get("buyer-name")), _names(notice.get("winner-name"))
    notice_id = text_of(notice.get("notice-identifier"))
    award: dict[str, Any] = {
        "id": notice_id or number,  # corrections keep the identifier and have another number
        "suppliers": [{"name": name} for name in winners],
        "date": _latest_day(notice.get("winner-decision-date")) or _latest_day(notice.get("contract-conclusion-date")),
        "value": _value(notice),
    }
    return {
        "ocid": f"ted-{text_of(notice.get('procedure-identifier')) or notice_id or number}",
        "id": number,
        "date": _latest_day(notice.get("publication-date")),
        "buyer": {"name": buyers[0]} if buyers else None,
        "parties": [{"name": name, "roles": ["buyer"]} for name in buyers] + [{"name": name, "roles": ["supplier"]} for name in winners],
        "tender": {"title": _title(notice)},
        "awards": [award] if winners else [],
        "ted": {
            "noticeType": notice.get("notice-type"),
            "results": _distinct(notice.get("winner-selection-status")),
            "reasons": _distinct(notice.get("non-award-justification")),
            "changes": _distinct(notice.get("change-reason-code")),
            "version": notice.get("notice-version"),
        },
    }


def _distinct(value: object) -> list[str]:
    return list(dict.fromkeys(texts(value)))


def _in_one_language(value: object) -> list[str]:
    """The texts of one language: English where there is one, else the first. A text without languages stands for itself."""
    languages = mapping(value)
    if not languages:
        return _distinct(value)
    chosen = languages.get("eng") or next((text for text in languages.values() if text), None)
    return _distinct(chosen)


def _names(value: object) -> list[str]:
    return _in_one_language(value)


def _title(notice: Mapping[str, Any]) -> str:
    """The procedure's own title; else the register's, which puts country and subject before it ("Poland – Cleaning services – …")."""
    for value in (notice.get("title-proc"), notice.get("notice-title")):
        if found := _in_one_language(value):
            return found[0]
    return ""


def _value(notice: Mapping[str, Any]) -> dict[str, Any] | None:
    """The total of the notice, where it is one sum in one currency."""
    sums, currencies = notice.get("total-value"), _distinct(notice.get("total-value-cur"))
    figures = sums if isinstance(sums, list) else [sums]
    if len(figures) != 1 or len(currencies) != 1 or isinstance(figures[0], Mapping):
        return None
    return {"amount": figures[0], "currency": currencies[0]}


def _latest_day(value: object) -> str | None:
    """The latest of the days written, as noon: "2026-08-31+02:00" is a day, not a moment."""
    days = [found[1] for text in texts(value) if (found := _DAY.match(text))]
    return f"{max(days)}T12:00:00+00:00" if days else None
