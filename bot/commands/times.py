"""When a chat is told, as rows of /settings: how soon, at which hour of its clock, its quiet hours; /zone: by which clock it lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from bot.commands.asked import Asked
from bot.commands.desk import Decision, Desk, ensure
from bot.commands.rights import target_of
from bot.commands.setting import Setting
from bot.speech import Speech
from bot.texts import times as texts
from storage.records import Change, Channel
from storage.times import Heartbeat, Report, Rhythm, SetReport, SetTimes, SetZone, Times

_DIGESTS = (Rhythm.DAILY, Rhythm.WEEKLY)
_HOURS = range(24)
_WEEKDAYS = range(7)
_NONE = "none"
_QUIET = ((22, 7), (23, 7), (22, 8), (21, 9), (0, 7), (18, 9))  # what is offered, in hours
_YES, _NO = "yes", "no"
_ZONES = (
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Paris",
    "Europe/Berlin",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Athens",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Asia/Riyadh",
    "Asia/Dubai",
    "America/New_York",
    "America/Los_Angeles",
)


def _hour(minute: int, speech: Speech) -> str:
    return speech.clock(time(minute // 60, minute % 60))


def _quiet(times: Times, speech: Speech) -> str:
    if times.quiet is None:
        return speech.label(texts.NO_QUIET)
    return _span(times.quiet, speech)


def _span(quiet: tuple[int, int], speech: Speech) -> str:
    return speech.label(texts.FROM_UNTIL, start=_hour(quiet[0], speech), end=_hour(quiet[1], speech))


def _set(channel: Channel, times: Times) -> tuple[Change, Channel] | None:
    if channel.chat_id is None:
        return None
    return SetTimes(chat_id=channel.chat_id, thread_id=channel.thread_id, times=times), replace(channel, times=times)


def _choose_rhythm(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set(channel, replace(channel.times, rhythm=Rhythm(value))) if value in set(Rhythm) else None


def _choose_hour(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set(channel, replace(channel.times, minute=int(value) * 60)) if value in map(str, _HOURS) else None


def _choose_weekday(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set(channel, replace(channel.times, weekday=int(value))) if value in map(str, _WEEKDAYS) else None


def _choose_quiet(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    if value == _NONE:
        return _set(channel, replace(channel.times, quiet=None))
    hours = {f"{start}-{end}": (start * 60, end * 60) for start, end in _QUIET}.get(value)
    return _set(channel, replace(channel.times, quiet=hours)) if hours else None


def _choose_urgent(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set(channel, replace(channel.times, urgent=value == _YES)) if value in (_YES, _NO) else None


def _choose_zone(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    zone = {str(number): zone for number, zone in enumerate(_ZONES)}.get(value)
    if zone is None or channel.chat_id is None:
        return None
    return SetZone(chat_id=channel.chat_id, zone=zone), replace(channel, zone=zone)


def _set_report(channel: Channel, report: Report) -> tuple[Change, Channel] | None:
    if channel.chat_id is None:
        return None
    return SetReport(chat_id=channel.chat_id, thread_id=channel.thread_id, report=report), replace(channel, report=report)


def _choose_heartbeat(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set_report(channel, replace(channel.report, heartbeat=Heartbeat(value))) if value in set(Heartbeat) else None


def _choose_report_day(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set_report(channel, replace(channel.report, weekday=int(value))) if value in map(str, _WEEKDAYS) else None


def _choose_report_hour(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set_report(channel, replace(channel.report, minute=int(value) * 60)) if value in map(str, _HOURS) else None


def _choose_silences(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    return _set_report(channel, replace(channel.report, silences=value == _YES)) if value in (_YES, _NO) else None


def _reported(channel: Channel) -> bool:
    return channel.report.heartbeat is not Heartbeat.NEVER


def _yes_or_no(is_set: bool, speech: Speech) -> list[tuple[str, str, bool]]:
    return [(_YES, speech.label(texts.YES), is_set), (_NO, speech.label(texts.NO), not is_set)]


def _quiet_choices(channel: Channel, speech: Speech) -> list[tuple[str, str, bool]]:
    hours = [((start * 60, end * 60), f"{start}-{end}") for start, end in _QUIET]
    nothing = (_NONE, speech.label(texts.NO_QUIET), channel.times.quiet is None)
    return [nothing, *((value, _span(quiet, speech), channel.times.quiet == quiet) for quiet, value in hours)]


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "rhythm": Setting(
            label=lambda channel, speech: speech.label(texts.RHYTHM, rhythm=speech.say(texts.RHYTHMS[channel.times.rhythm])),
            question=texts.WHICH_RHYTHM,
            choices=lambda channel, speech: [(one.value, speech.label(texts.RHYTHMS[one]), one is channel.times.rhythm) for one in Rhythm],
            choose=_choose_rhythm,
        ),
        "weekday": Setting(
            label=lambda channel, speech: speech.label(texts.WEEKDAY, day=speech.weekday(channel.times.weekday)),
            question=texts.WHICH_WEEKDAY,
            choices=lambda channel, speech: [(str(one), speech.weekday(one), one == channel.times.weekday) for one in _WEEKDAYS],
            choose=_choose_weekday,
            columns=2,
            matters=lambda channel: channel.times.rhythm is Rhythm.WEEKLY,
        ),
        "hour": Setting(
            label=lambda channel, speech: speech.label(texts.HOUR, time=_hour(channel.times.minute, speech)),
            question=texts.WHICH_HOUR,
            choices=lambda channel, speech: [(str(one), _hour(one * 60, speech), one * 60 == channel.times.minute) for one in _HOURS],
            choose=_choose_hour,
            columns=4,
            matters=lambda channel: channel.times.rhythm in _DIGESTS,
        ),
        "quiet": Setting(
            label=lambda channel, speech: speech.label(texts.QUIET, hours=_quiet(channel.times, speech)),
            question=texts.WHICH_QUIET,
            choices=_quiet_choices,
            choose=_choose_quiet,
            columns=2,
        ),
        "urgent": Setting(
            label=lambda channel, speech: speech.label(texts.URGENT if channel.times.urgent else texts.NOT_URGENT),
            question=texts.WHETHER_URGENT,
            choices=lambda channel, speech: _yes_or_no(channel.times.urgent, speech),
            choose=_choose_urgent,
            matters=lambda channel: channel.times.quiet is not None and channel.times.rhythm is Rhythm.AT_ONCE,
        ),
        "heartbeat": Setting(
            label=lambda channel, speech: speech.label(texts.HEARTBEAT, when=speech.say(texts.HEARTBEATS[channel.report.heartbeat])),
            question=texts.WHICH_HEARTBEAT,
            choices=lambda channel, speech: [
                (one.value, speech.label(texts.HEARTBEATS[one]), one is channel.report.heartbeat) for one in Heartbeat
            ],
            choose=_choose_heartbeat,
        ),
        "reportday": Setting(
            label=lambda channel, speech: speech.label(texts.REPORT_DAY, day=speech.weekday(channel.report.weekday)),
            question=texts.WHICH_REPORT_DAY,
            choices=lambda channel, speech: [(str(one), speech.weekday(one), one == channel.report.weekday) for one in _WEEKDAYS],
            choose=_choose_report_day,
            columns=2,
            matters=_reported,
        ),
        "reporthour": Setting(
            label=lambda channel, speech: speech.label(texts.REPORT_HOUR, time=_hour(channel.report.minute, speech)),
            question=texts.WHICH_REPORT_HOUR,
            choices=lambda channel, speech: [(str(one), _hour(one * 60, speech), one * 60 == channel.report.minute) for one in _HOURS],
            choose=_choose_report_hour,
            columns=4,
            matters=_reported,
        ),
        "silences": Setting(
            label=lambda channel, speech: speech.label(texts.SILENCES if channel.report.silences else texts.NO_SILENCES),
            question=texts.WHETHER_SILENCES,
            choices=lambda channel, speech: _yes_or_no(channel.report.silences, speech),
            choose=_choose_silences,
        ),
        "zone": Setting(
            label=lambda channel, speech: speech.label(texts.ZONE, zone=speech.city(channel.zone)),
            question=texts.WHICH_ZONE,
            choices=lambda channel, speech: [(str(number), speech.city(one), one == channel.zone) for number, one in enumerate(_ZONES)],
            choose=_choose_zone,
            columns=2,
        ),
    }
)


async def zone(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/zone Berlin, from a private chat also /zone @channel Berlin: live by the clock of a city."""
    place, rest = await target_of(asked, desk.rights, change=True)
    found = _cities().get(_folded(rest))
    if found is None:
        return Decision(replies=desk.reply(asked.place, texts.HOW_ZONE if not rest.strip() else texts.NO_SUCH_ZONE))
    changes: Sequence[Change] = () if await desk.channel(place) is not None else (ensure(place, desk.speech, user_id=asked.user_id),)
    clock = desk.speech.clock(now.astimezone(ZoneInfo(found)).time())
    said = desk.speech.say(texts.ZONE_SET, zone=desk.speech.city(found), time=clock)
    return Decision(changes=(*changes, SetZone(chat_id=place.chat_id, zone=found)), replies=desk.reply(asked.place, said))


def _folded(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """Zones by their whole names and by their cities; of two of one city's name the first is meant."""
    names = sorted(one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "SystemV/", "posix", "right")))
    return {_folded(one.rpartition("/")[2]): one for one in reversed(names)} | {_folded(one): one for one in names} | {"utc": "UTC"}
