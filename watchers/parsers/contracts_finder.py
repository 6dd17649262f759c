"""Contracts Finder: notices of English public bodies below the thresholds, as OCDS releases.

An edit of a notice comes into the window again under a new release id with the same award id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from watchers.exceptions import FetchError
from watchers.parsers.ocds import LONDON
from watchers.parsers.pages import Fetch, Page
from watchers.parsers.windows import LIMIT, Register, walk_register
from watchers.types import Feed, FeedState

ADDRESS = "https://www.contractsfinder.service.gov.uk/Published/Notices/OCDS/Search"

_FORBIDDEN = 403
_PAUSE = timedelta(minutes=5)


def _window(begin: datetime, end: datetime) -> Mapping[str, str]:
    """Local times with their offset: a bare "Z" means London's time here, which is an hour off in summer."""
    written = [moment.astimezone(LONDON).isoformat(timespec="seconds") for moment in (begin, end)]
    return {"publishedFrom": written[0], "publishedTo": written[1], "limit": str(LIMIT)}


_REGISTER = Register(address=ADDRESS, window=_window)


async def walk(feed: Feed, state: FeedState, *, fetch: Fetch, now: datetime) -> AsyncIterator[Page]:
    """What was published or edited since the last poll.

    Raises:
        FetchError: as ``windows.walk_register``. This register says 403 where others say 429: "no further requests until after 5 minutes".
        ParseError: likewise.

    """
    try:
        async for page in walk_register(feed, state, _REGISTER, fetch=fetch, now=now):
            yield page
    except FetchError as error:
        if error.status == _FORBIDDEN and error.retry_at is None:
            error.retry_at = now + _PAUSE
        raise
