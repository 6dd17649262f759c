"""When a channel is told, as a value: how soon, at which hour, and not in its quiet hours.

All of it is a matter of the channel's own clock, so it is the same hour in summer and in winter. A time that the clocks leave out in
spring is the same moment an hour of the clock later; one that comes twice in autumn means the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_WEEK = 7
MINUTES = 24 * 60  # in a day
MORNING = 9 * 60


class Rhythm(StrEnum):
    """How soon an alert is told. What comes in one message is a digest."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When a channel is told. ``minute`` of the day and ``weekday`` (Monday is 0) are those of its digest.

    ``quiet`` hours are minutes of the day, from and until, over midnight if the second is the smaller; a digest that falls into them comes
    at their end. ``urgent``: alerts of cancellations that are told at once are told in them too.
    """

    rhythm: Rhythm = Rhythm.AT_ONCE
    minute: int = MORNING
    weekday: int = 0
    quiet: tuple[int, int] | None = None
    urgent: bool = True

    def __post_init__(self) -> None:
        minutes = (self.minute, *(self.quiet or ()))
        if not all(0 <= one < MINUTES for one in minutes) or not 0 <= self.weekday < _WEEK or len(set(self.quiet or (0, 1))) == 1:
            raise ValueError(f"no times that a clock shows: {self}")


AT_ANY_TIME = Times()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimes:
    """Tell a channel at other times; what waits for a time that it has no more is told at the next occasion."""

    chat_id: int
    thread_id: int | None = None
    times: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRhythm:
    """Tell what one of a channel's watchlists brings sooner or later than the rest; None: as the rest."""

    chat_id: int
    thread_id: int | None = None
    watchlist_id: int | None = None  # None: its nameless one
    rhythm: Rhythm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetZone:
    """A chat, with all its topics, lives by another clock. ``zone``: an IANA name."""

    chat_id: int
    zone: str


class Heartbeat(StrEnum):
    """When a channel gets a weekly report."""

    QUIET_WEEKS = "quiet_weeks"  # after weeks without alerts
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a channel is told about the watch that is kept for it: the weekly report, with its hour of the channel's clock, and silences.

    ``minute`` of the day, ``weekday``: Monday is 0. ``silences``: it is told once of a feed that falls silent, and once when it is back.
    """

    heartbeat: Heartbeat = Heartbeat.QUIET_WEEKS
    minute: int = MORNING
    weekday: int = 0
    silences: bool = True

    def __post_init__(self) -> None:
        if not (0 <= self.minute < MINUTES and 0 <= self.weekday < _WEEK):
            raise ValueError(f"no time that a clock shows: {self}")


AS_USUAL = Report()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetReport:
    """Tell a channel more or less about the watch that is kept for it, or at another time."""

    chat_id: int
    thread_id: int | None = None
    report: Report


TimeChange = SetTimes | SetRhythm | SetZone


def at(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The moment at which the clock shows a time of a day."""
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def quiet_until(times: Times, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the quiet hours end in which ``now`` lies; None if it lies in none."""
    return next((end for start, end in _quiets(times, zone, now) if start <= now < end), None)


def last_due(rhythm: Rhythm, times: Times, zone: ZoneInfo, now: datetime) -> datetime:
    """When what is told in a rhythm was last due."""
    return max(moment for moment in _dues(rhythm, times, zone, now) if moment <= now)


def next_turn(rhythms: set[Rhythm], times: Times, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When there is next something to do: a digest is due, quiet hours begin or end. None: never."""
    moments = [moment for one in rhythms - {Rhythm.AT_ONCE} for moment in _dues(one, times, zone, now)]
    moments += [moment for hours in _quiets(times, zone, now) for moment in hours]
    return min((moment for moment in moments if moment > now), default=None)


def next_weekly(weekday: int, minute: int, zone: ZoneInfo, now: datetime) -> datetime:
    """The next time that the clock shows a time of a weekday."""
    return min(moment for moment in _weekly(weekday, minute, zone, now) if moment > now)


def _dues(rhythm: Rhythm, times: Times, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Moments around ``now`` at which a rhythm is due: one that is past at least, and one to come."""
    here = now.astimezone(zone)
    match rhythm:
        case Rhythm.AT_ONCE:
            return [now]
        case Rhythm.HOURLY:
            full = now - timedelta(minutes=here.minute, seconds=here.second, microseconds=here.microsecond)
            return [full, full + timedelta(hours=1)]
        case Rhythm.DAILY:
            return [at(zone, here.date() + days * _DAY, times.minute) for days in (-1, 0, 1)]
        case Rhythm.WEEKLY:
            return _weekly(times.weekday, times.minute, zone, now)


def _weekly(weekday: int, minute: int, zone: ZoneInfo, now: datetime) -> list[datetime]:
    today = now.astimezone(zone).date()
    last = today - _DAY * ((today.weekday() - weekday) % _WEEK)
    return [at(zone, last + weeks * _WEEK * _DAY, minute) for weeks in (-1, 0, 1)]


def _quiets(times: Times, zone: ZoneInfo, now: datetime) -> list[tuple[datetime, datetime]]:
    """Quiet hours around ``now``: of the night before, of today and of tomorrow."""
    if times.quiet is None:
        return []
    start, end = times.quiet
    today = now.astimezone(zone).date()
    days = [today + days * _DAY for days in (-1, 0, 1)]
    hours = [(at(zone, day, start), at(zone, day if start < end else day + _DAY, end)) for day in days]
    return [(first, last) for first, last in hours if first < last]  # in spring an hour can be all that there was of them
