"""Walks a register that answers release packages for a window of time, page after page.

Both British registers work alike: a window of publication times, 100 releases a page, newest first, ``links.next`` with a cursor, the end
where that link is absent. Faults that are known and what is done about them:

* long windows leave out releases that short ones return: no window is longer than six hours, and once a day two days are walked again;
* ``links.next`` vanished for weeks in June 2026: a full page without it is suspicious, and its window is walked again in halves;
* a page can repeat a release, and windows overlap: every release is yielded once a walk;
* a server can point anywhere: only the feed's own origin is followed, never an address twice, never more than 200 pages.

The checkpoint is the end of the last window that was walked whole. It moves only with the last page of a walk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit, urlunsplit

from watchers.documents import stamped
from watchers.exceptions import FetchError, ParseError
from watchers.notices import wanted_awards
from watchers.parsers.ocds import LONDON, Package, read_package
from watchers.parsers.pages import MAX_PAGE_BYTES, Fetch, Page
from watchers.types import Entry, Feed, FeedState, Response

LIMIT = 100  # releases a page; the registers refuse more
MAX_PAGES = 200
LONGEST_WINDOW = timedelta(hours=6)
FIRST_WINDOW = timedelta(hours=48)  # also the most that one poll catches up; a longer gap takes several polls
OVERLAP = timedelta(hours=2)  # covers late arrivals and the autumn hour that London has twice
_SHORTEST = timedelta(hours=1)

# The operator's own firewall: 12 requests in 120 s an address, counted over the paths of both registers; at 13 s between two requests,
# 123 of 123 were answered. Whether both hosts share one count is not known, so they share one turn.
LEAST = timedelta(seconds=13)
PACE_KEY = "uk-procurement-registers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A register to walk: its official address and how it writes a window."""

    address: str
    window: Callable[[datetime, datetime], Mapping[str, str]]


@dataclass(slots=True)
class _Walk:
    """What one walk has seen so far."""

    feed: Feed
    register: Register
    fetch: Fetch
    now: datetime
    releases: set[tuple[bytes, ...]] = field(default_factory=set)
    visited: set[str] = field(default_factory=set)
    waiting: list[Entry] = field(default_factory=list)  # notices that need an award: read after all pages, which may hold it
    pages: int = 0

    async def window(self, begin: datetime, end: datetime) -> AsyncIterator[tuple[Package, tuple[Entry, ...]]]:
        """The pages of one window, with those of their entries that were not yielded before."""
        url: str | None = address_of(self.feed, self.register.window(begin, end))
        here: set[str] = set()
        while url is not None:
            if url in here:
                raise ParseError(f"the register's pages go round in a circle at {url}", about=self.feed.id)
            if url in self.visited:
                return  # another window led here: what follows has been walked
            here.add(url)
            self.visited.add(url)
            package = await self._page(url)
            yield package, self._fresh(package)
            url = next_address(self.feed, self.register, package.next)

    async def _page(self, url: str) -> Package:
        self.pages += 1
        if self.pages > MAX_PAGES:
            raise ParseError(f"the register's answer goes on after {MAX_PAGES} pages; the walk was stopped", about=self.feed.id)
        return await get_package(url, feed=self.feed, fetch=self.fetch, now=self.now)

    def _fresh(self, package: Package) -> tuple[Entry, ...]:
        fresh = [entry for entry in package.entries if entry.keys not in self.releases]
        self.releases.update(entry.keys for entry in fresh)
        ready: list[Entry] = []
        for entry in fresh:
            needs_award = entry.release is not None and wanted_awards(entry.release) is not None
            (self.waiting if needs_award else ready).append(entry)
        return tuple(ready)

    def late(self) -> tuple[Entry, ...]:
        """The notices that waited for their awards, oldest first."""
        return tuple(sorted(self.waiting, key=lambda entry: entry.published or datetime.min.replace(tzinfo=UTC)))


async def walk_register(feed: Feed, state: FeedState, register: Register, *, fetch: Fetch, now: datetime) -> AsyncIterator[Page]:
    """All that was published since the checkpoint, as pages; the last one carries the new checkpoint.

    Notices that must be joined to an award come with the last page: their award may stand on any page before it.

    Raises:
        FetchError: a page could not be had; pages yielded before it stay good, the checkpoint does not move.
        ParseError: a page is not one; likewise.

    """
    walk = _Walk(feed, register, fetch, now)
    windows = deque(windows_since(state.checkpoint, now))
    reached = windows[-1][1]
    last = Page(entries=())
    try:
        while windows:
            begin, end = windows.popleft()
            package, fresh = None, 0
            async for package, entries in walk.window(begin, end):
                if last.entries or last.problems:
                    yield last
                last = Page(entries=entries, problems=package.problems)
                fresh += len(entries)
            if package is not None and package.next is None and package.releases >= LIMIT and fresh:
                said = f"a full page named no next one: {_written(begin, end)} was walked again in halves"
                last = replace(last, problems=(*last.problems, said))
                windows.extendleft(_halves(begin, end))
    except (FetchError, ParseError):
        # What was read is kept; the checkpoint stays, so the next walk comes here again.
        yield Page(entries=last.entries + walk.late(), problems=last.problems)
        raise
    yield Page(entries=last.entries + walk.late(), problems=last.problems, state=replace(state, checkpoint=checkpoint(reached)))


def _halves(begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The two halves of a window, the later one first; none of one that is short already."""
    if end - begin < _SHORTEST:
        return []
    middle = begin + (end - begin) / 2
    return [(middle, end), (begin, middle)]


async def get_package(url: str, *, feed: Feed, fetch: Fetch, now: datetime) -> Package:
    """One page. It is read in a thread: a page has about a megabyte."""
    response = await fetch.get(
        url, about=feed.id, accept="application/json", least=LEAST, pace_key=PACE_KEY, max_bytes=MAX_PAGE_BYTES, now=now
    )
    return await asyncio.to_thread(_read, response, feed.id)


def _read(response: Response, about: str) -> Package:
    package = read_package(response, about=about)
    return replace(package, entries=stamped(package.entries, response))


def windows_since(written: str | None, now: datetime) -> list[tuple[datetime, datetime]]:
    """The windows of one poll, oldest first, each at most six hours long.

    Without a checkpoint: the last 48 hours. With one: from two hours before it. The first poll of a day in London goes back 48 hours, which
    heals what long windows or vanished links left out. A gap longer than a day is caught up 48 hours a poll.
    """
    since = _moment(written)
    if since is None or since > now:  # a clock that was wrong, or none yet
        begin = now - FIRST_WINDOW
    elif now - since < timedelta(days=1) and since.astimezone(LONDON).date() != now.astimezone(LONDON).date():
        begin = since - FIRST_WINDOW
    else:
        begin = since - OVERLAP
    limit = now if since is None or since > now else min(now, since + FIRST_WINDOW)
    windows = []
    while begin < limit:
        end = min(begin + LONGEST_WINDOW, limit)
        windows.append((begin, end))
        begin = end
    return windows


def checkpoint(moment: datetime) -> str:
    """A moment as the registers write it: London's time, to the second."""
    return moment.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M:%S")


def _moment(written: str | None) -> datetime | None:
    if not written:
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=LONDON).astimezone(UTC)
    except ValueError:
        return None


def address_of(feed: Feed, parameters: Mapping[str, str]) -> str:
    """The feed's address with ``parameters`` added to what its query already says."""
    parts = urlsplit(feed.url)
    query = "&".join(part for part in (parts.query, urlencode(parameters, safe=":,")) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def next_address(feed: Feed, register: Register, link: str | None) -> str | None:
    """Where ``links.next`` leads: verbatim on the feed's own origin.

    A copy of the register under another address (a mirror, recorded pages) still names the official one in its links; those are followed
    on the copy, so that a replay never leaves it.

    Raises:
        ParseError: the link leads to neither.

    """
    if link is None:
        return None
    try:
        target = urlsplit(urljoin(feed.url, link))
        ours = urlsplit(feed.url)
        if _origin(target) == _origin(ours):
            return urlunsplit((*target[:4], ""))
        if _origin(target) == _origin(urlsplit(register.address)):
            return urlunsplit((ours.scheme, ours.netloc, target.path, target.query, ""))
    except ValueError as error:
        raise ParseError(f"the register names a next page that is no address: {link[:200]!r}", about=feed.id) from error
    raise ParseError(f"the register names a next page on another server ({target.netloc[:100]}); it was not followed", about=feed.id)


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _written(begin: datetime, end: datetime) -> str:
    return f"{checkpoint(begin)} to {checkpoint(end)}"
