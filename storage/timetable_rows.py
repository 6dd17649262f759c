"""Timetables, and when reports are made, as they stand in a row."""

from __future__ import annotations

from typing import Any

from storage.times import Heartbeat, Report, Rhythm, Times


def read_times(row: Any, prefix: str = "") -> Times:
    """Read when a channel is told from a row, in which the columns of its timetable may have a prefix."""
    rhythm, minute, weekday, start, end, urgent = (
        getattr(row, prefix + name) for name in ("rhythm", "minute", "weekday", "quiet_from", "quiet_until", "urgent")
    )
    return Times(rhythm=Rhythm(rhythm), minute=minute, weekday=weekday, quiet=None if start is None else (start, end), urgent=urgent)


def read_report(row: Any, prefix: str = "") -> Report:
    """Read what a channel is told about its watch from a row, in which the columns of its report may have a prefix."""
    heartbeat, minute, weekday, silences = (getattr(row, prefix + name) for name in ("heartbeat", "minute", "weekday", "silences"))
    return Report(heartbeat=Heartbeat(heartbeat), minute=minute, weekday=weekday, silences=silences)
