"""Ask one feed once and say what it answers, keeping nothing: for ``check --online`` and ``feeds test``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from bot.config import Config
from bot.fetching import open_fetcher
from watchers.exceptions import FetchError, ParseError
from watchers.fetch import Fetcher
from watchers.parsers.pages import MAX_PAGE_BYTES
from watchers.parsers.walk import walk
from watchers.types import Entry, Feed, FeedState, Response
from watchers.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a feed answered. ``status`` is the last HTTP status, None when no answer came; ``error`` is the sentence when it failed."""

    feed: Feed
    status: int | None
    entries: tuple[Entry, ...] = ()
    moved_to: str | None = None
    problems: tuple[str, ...] = ()
    error: str | None = None
    served_at: datetime | None = None  # what the server's own clock said

    @property
    def newest(self) -> datetime | None:
        return max((entry.published for entry in self.entries if entry.published is not None), default=None)


class Prober:
    """Asks feeds as the daemon would: the same gate, pacing and parsing."""

    def __init__(self, fetcher: Fetcher, workers: Workers) -> None:
        self._fetcher, self.workers = fetcher, workers

    async def ask(self, feed: Feed, now: datetime) -> Answer:
        """The first page of a feed. Expected failures are part of the answer."""
        noting = _Noting(self._fetcher)
        pages = walk(feed, FeedState(), fetch=noting, parse=self.workers.parse, now=now)
        try:
            async for page in pages:
                moved_to = page.state.moved_to if page.state else None
                return Answer(
                    feed=feed,
                    status=noting.status,
                    entries=page.entries,
                    moved_to=moved_to,
                    problems=page.problems,
                    served_at=noting.served_at,
                )
        except (FetchError, ParseError) as error:
            return Answer(feed=feed, status=noting.status, error=error.message)
        return Answer(feed=feed, status=noting.status, served_at=noting.served_at)


@asynccontextmanager
async def prober(config: Config, *, processes: int) -> AsyncIterator[Prober]:
    """A prober with its connections and child processes."""
    async with AsyncExitStack() as stack:
        fetcher = await stack.enter_async_context(open_fetcher(config))
        yield Prober(fetcher, await stack.enter_async_context(Workers(processes=processes)))


class _Noting:
    """A fetcher that notes the status and the time of its last answer: pages do not carry them."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self.status: int | None = None
        self.served_at: datetime | None = None

    def _note(self, response: Response) -> Response:
        self.status, self.served_at = response.status, _date(response.headers.get("date"))
        return response

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
    ) -> Response:
        try:
            return self._note(
                await self._fetcher.get(
                    url,
                    about=about,
                    etag=etag,
                    last_modified=last_modified,
                    accept=accept,
                    least=least,
                    max_bytes=max_bytes,
                    now=now,
                    pace_key=pace_key,
                )
            )
        except FetchError as error:
            self.status = error.status
            raise

    async def post_json(
        self, url: str, payload: Mapping[str, Any], *, about: str, least: timedelta | None = None, now: datetime
    ) -> Response:
        try:
            return self._note(await self._fetcher.post_json(url, payload, about=about, least=least, now=now))
        except FetchError as error:
            self.status = error.status
            raise


def _date(header: str | None) -> datetime | None:
    """The moment of a ``Date`` header; None where there is none that can be read."""
    try:
        found = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return found if found.tzinfo else None  # "-0000" says that the zone is not known
