"""When an entry says it was published, and how long its feed asks to be left alone.

A feed's date is shown and compared with the feed's ``max_age``; it never identifies an entry and never orders anything, because dates of
real feeds move (a third of the BBC's do) and hostile ones are free.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import struct_time

from feedparser.datetimes import _parse_date as parsed_date  # what feedparser itself puts into published_parsed

_OLDEST = timedelta(days=20 * 365)
_NEWEST = timedelta(days=1)
_UNIX_SECONDS = 10  # digits of a moment between 2001 and 2286
_UNIX_MILLISECONDS = 13
_RFC822 = re.compile(r"(?:\w{3}, )?(\d\d?) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UT|Z|([+-])(\d\d)(\d\d))", re.ASCII)
_MONTHS = {"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12}
_ISO8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_LONGEST_PAUSE = timedelta(days=1)  # "monthly" would make us deaf
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}  # hours; RSS 1.0 module Syndication
_COMPACT = re.compile(r"\d{8}T\d{4,6}")

# feedparser knows the zone names of North America and takes every other one for UTC: the news of a British summer evening would be dated an
# hour after it was read. Hours east of Greenwich. "BST" is British Summer Time, because these are feeds about British public bodies; "IST"
# is left out, because India and Ireland both mean theirs.
_ZONES = {
    "bst": 1, "wet": 0, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "trt": 3, "gst": 4, "pkt": 5, "sgt": 8,
    "hkt": 8, "awst": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "sast": 2,
}  # fmt: skip


def within_reason(moment: datetime | None, now: datetime) -> datetime | None:
    """``moment`` if it lies between twenty years ago and tomorrow; anything else is a mistake of the feed's ("1756717200" → year 1756)."""
    return moment if moment is not None and now - _OLDEST <= moment <= now + _NEWEST else None


def moment_of(written: str, parsed: struct_time | None) -> datetime | None:
    """The moment (UTC) that ``written`` stands for, given what feedparser read out of it."""
    moment = _written_in_digits(written)
    if moment is not None or parsed is None:
        return moment
    try:
        moment = datetime(*parsed[:6], tzinfo=UTC)
        if written[-1:].isalpha():
            moment -= timedelta(hours=_ZONES.get(written.rsplit(None, 1)[-1].lower(), 0))
    except (ValueError, OverflowError):  # a second 60, the year 0
        return None
    return moment


def moment_written(written: str) -> datetime | None:
    """``moment_of`` without feedparser having read it: the two ways most feeds write are read here, the others as feedparser does."""
    if found := _RFC822.fullmatch(written):
        day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
        with suppress(KeyError, ValueError, OverflowError):
            moment = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
            return moment - int(f"{sign}1") * timedelta(hours=int(hours), minutes=int(minutes)) if sign else moment
    if _ISO8601.fullmatch(written) and (exact := iso_moment(written)):
        return exact
    return moment_of(written, parsed_date(written)) if written else None


def asked_pause(minutes: str, period: str, frequency: str) -> timedelta | None:
    """The longest pause a document asks for, up to a day: ``<ttl>`` in minutes, ``sy:updatePeriod`` divided by ``sy:updateFrequency``."""
    asked = [timedelta(minutes=_number(minutes))]
    if hours := _PERIODS.get(period.lower()):
        asked.append(timedelta(hours=hours) / (_number(frequency) or 1))
    return min(max(asked), _LONGEST_PAUSE) or None


def iso_moment(written: object) -> datetime | None:
    """The moment (UTC) an ISO 8601 string stands for; without an offset it is taken for UTC."""
    if not isinstance(written, str):
        return None
    try:
        moment = datetime.fromisoformat(written.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # the year 9999, moved over the edge by its offset
        return None


def _number(written: str) -> int:
    """A whole number of up to six digits, else 0."""
    return int(written[:6]) if written.isdecimal() else 0


def _written_in_digits(written: str) -> datetime | None:
    """Unix time and compact ISO 8601 ("20260901T100000Z"), which feedparser reads as a year and as a date without its time."""
    text = written.strip()
    if not text[:8].isdecimal() or not text.isascii():
        return None
    if text.isdecimal() and len(text) in (_UNIX_SECONDS, _UNIX_MILLISECONDS):
        return datetime.fromtimestamp(int(text[:_UNIX_SECONDS]), UTC)
    return iso_moment(text) if _COMPACT.match(text) else None
