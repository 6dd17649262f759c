"""Find a Tender: all public procurement notices of the United Kingdom above the thresholds, as OCDS releases.

The whole stream is walked (about 370 releases a day). Its ``stages`` filter is never used: it drops all notices of the Procurement Act and
every cancellation without saying so.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from watchers.exceptions import ParseError
from watchers.parsers.pages import Fetch, Page
from watchers.parsers.windows import LIMIT, Register, checkpoint, get_package, walk_register
from watchers.types import Entry, Feed, FeedState

ADDRESS = "https://www.find-tender.service.gov.uk/api/1.0/ocdsReleasePackages"

_PROCESS = re.compile(r"ocds-[a-z0-9]{6}-[0-9a-z-]{1,64}")


def _window(begin: datetime, end: datetime) -> Mapping[str, str]:
    """London's time in 19 characters: seconds are mandatory, and a trailing "Z" is accepted and ignored, so none is written."""
    return {"updatedFrom": checkpoint(begin), "updatedTo": checkpoint(end), "limit": str(LIMIT)}


_REGISTER = Register(address=ADDRESS, window=_window)


def walk(feed: Feed, state: FeedState, *, fetch: Fetch, now: datetime) -> AsyncIterator[Page]:
    """What was published since the last poll. Raises FetchError and ParseError as ``windows.walk_register``."""
    return walk_register(feed, state, _REGISTER, fetch=fetch, now=now)


async def process_releases(ocid: str, *, feed: Feed, fetch: Fetch, now: datetime) -> tuple[Entry, ...]:
    """All releases of one process, oldest first, to learn the suppliers that a later notice leaves out. One request of the twelve.

    Raises:
        FetchError: the register does not answer, or does not know the process (404).
        ParseError: its answer is no release package, or ``ocid`` is no process id.

    """
    if not _PROCESS.fullmatch(ocid):
        raise ParseError(f"{ocid[:80]!r} is not the id of a process", about=feed.id)
    parts = urlsplit(feed.url)
    url = urlunsplit((parts.scheme, parts.netloc, f"{parts.path.rstrip('/')}/{ocid}", "", ""))
    package = await get_package(url, feed=feed, fetch=fetch, now=now)
    return tuple(entry for entry in package.entries if entry.release is not None and entry.release.get("ocid") == ocid)
