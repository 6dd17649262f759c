"""A file of watches read: what /export made, or a table. Pure; nothing of it is believed before it is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bot.exchange import Wrong, read_file
from bot.exporting import FORMAT
from bot.locale import LANGUAGES
from storage.alert_changes import KeptMute, KeptRoute, MuteKind, RestoreSettings, SetSound, Sound
from storage.records import Change, SetEvents, SetLanguage
from storage.times import Heartbeat, Report, Rhythm, SetReport, SetTimes, SetZone, Times
from storage.watch_rows import read_terms, read_watch
from watchers.types import EventKind, Role, Terms, Watch

MOST_BYTES = 1_000_000
_Name = Annotated[str, Field(min_length=2, max_length=200)]
_Number = Annotated[int, Field(gt=-(2**63), lt=2**63)]  # that every database takes
_Words = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """``lists``: what is on each, under its name; None: what stood on no list. What a file does not say is None, or empty."""

    lists: Mapping[str | None, tuple[tuple[Watch, Terms], ...]]
    language: str | None = None
    zone: str | None = None
    sound: Sound | None = None
    events: frozenset[EventKind] | None = None
    times: Times | None = None
    report: Report | None = None
    rhythms: Mapping[str | None, Rhythm] = field(default_factory=dict)
    mutes: tuple[KeptMute, ...] = ()
    chat_id: int | None = None  # whose export it is
    routes: Mapping[str, tuple[KeptRoute, ...]] = field(default_factory=dict)  # of lists by name; nobody was asked about them

    def settings(self, chat_id: int, thread_id: int | None, routes: Mapping[str, tuple[KeptRoute, ...]]) -> tuple[Change, ...]:
        """The changes that set all of it but the lists, with those routes; none where the file says nothing of it."""
        changes: list[Change] = []
        if self.language is not None:
            changes.append(SetLanguage(chat_id=chat_id, language=self.language))
        if self.zone is not None:
            changes.append(SetZone(chat_id=chat_id, zone=self.zone))
        if self.sound is not None:
            changes.append(SetSound(chat_id=chat_id, thread_id=thread_id, sound=self.sound))
        if self.events is not None:
            changes.append(SetEvents(chat_id=chat_id, thread_id=thread_id, events=self.events))
        if self.times is not None:
            changes.append(SetTimes(chat_id=chat_id, thread_id=thread_id, times=self.times))
        if self.report is not None:
            changes.append(SetReport(chat_id=chat_id, thread_id=thread_id, report=self.report))
        if self.mutes or self.rhythms or routes:
            kept = RestoreSettings(chat_id=chat_id, thread_id=thread_id, mutes=self.mutes, rhythms=self.rhythms, routes=routes)
            changes.append(kept)
        return tuple(changes)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Organisation(_Strict):
    name: _Words
    aliases: Annotated[list[_Name], Field(max_length=50)]
    identifiers: Annotated[list[_Words], Field(max_length=50)]
    role: Role


class _Watch(_Organisation):
    partner: _Organisation | None
    area: _Words | None
    direct: bool
    without: Annotated[list[_Name], Field(max_length=50)]


class _Terms(_Strict):
    kinds: str | None
    minimum: Annotated[int, Field(gt=0, lt=10**15)] | None
    currency: Annotated[str, Field(pattern="[A-Z]{3}")]
    without_sum: bool
    paused: bool


class _Listed(_Strict):
    list: Annotated[str, Field(min_length=2, max_length=60)] | None
    mine: bool
    watch: _Watch
    terms: _Terms


class _Channel(BaseModel):
    chat_id: _Number | None = None
    language: str | None = None
    zone: str | None = None
    sound: Sound | None = None
    kinds: str | None = None


class _Timetable(BaseModel):
    rhythm: Rhythm
    minute: int
    weekday: int
    quiet_from: int | None
    quiet_until: int | None
    urgent: bool


class _Report(BaseModel):
    heartbeat: Heartbeat
    minute: int
    weekday: int
    silences: bool


class _ListName(BaseModel):
    list: str | None


class _Subscription(BaseModel):
    rhythm: Rhythm | None = None
    of: _ListName | None = None  # files of before did not say it


class _Route(BaseModel):
    chat_id: _Number
    thread_id: _Number | None
    rhythm: Rhythm | None = None


class _Told(BaseModel):
    told: Annotated[list[_Route], Field(max_length=100)] = []
    list: str | None


class _NamedList(BaseModel):
    of: _Told | None = None  # files of before did not say it


class _Muted(BaseModel):
    watch: _Words | None = None
    feed: _Words | None = None
    story: _Number | None = None
    words: str | None = None


class _Mute(BaseModel):
    kind: MuteKind
    until: AwareDatetime | None
    of: _Muted = _Muted()


class _Kept(BaseModel):
    """The rows of an export that are settings; there are others, which are not read."""

    channel: list[_Channel] = []
    timetable: list[_Timetable] = []
    report: list[_Report] = []
    subscription: Annotated[list[_Subscription], Field(max_length=1_000)] = []
    named_watchlist: Annotated[list[_NamedList], Field(max_length=1_000)] = []
    mute: Annotated[list[_Mute], Field(max_length=1_000)] = []


class _File(BaseModel):
    format: Literal[FORMAT]  # type: ignore[valid-type]
    watches: Annotated[list[_Listed], Field(max_length=5_000)]
    kept: _Kept


def read_watches(name: str, body: bytes) -> tuple[Imported | None, tuple[Wrong, ...]]:
    """An export, or watches in a table or in TOML (what it is, its name may say); of those what is right, and beside it what is not."""
    if body.lstrip()[:1] == b"{":
        return read_export(body), ()
    read = read_file(name, body)
    lists = {name or None: tuple(watches) for name, watches in read.lists.items()}
    return (Imported(lists=lists) if lists else None), read.wrong


def read_export(body: bytes) -> Imported | None:
    """What a file asks for; None when it is not what /export makes."""
    try:
        read = _File.model_validate(json.loads(body))
        found: dict[str | None, list[tuple[Watch, Terms]]] = {}
        for one in read.watches:
            found.setdefault(one.list, []).append(_watch(one))
        return _with_settings({name: tuple(watches) for name, watches in found.items()}, read.kept)
    except (ValueError, KeyError, RecursionError, ValidationError):
        return None


def _with_settings(lists: Mapping[str | None, tuple[tuple[Watch, Terms], ...]], kept: _Kept) -> Imported:
    """Raises ValueError for times that no clock shows and kinds of event that there are not."""
    channel = kept.channel[0] if kept.channel else _Channel()
    times = None
    if kept.timetable:
        row = kept.timetable[0]
        quiet = None if row.quiet_from is None or row.quiet_until is None else (row.quiet_from, row.quiet_until)
        times = Times(rhythm=row.rhythm, minute=row.minute, weekday=row.weekday, quiet=quiet, urgent=row.urgent)
    return Imported(
        lists=lists,
        language=channel.language if channel.language in LANGUAGES else None,
        zone=channel.zone if channel.zone in available_timezones() else None,
        sound=channel.sound,
        events=None if channel.kinds is None else frozenset(map(EventKind, channel.kinds.split())),
        times=times,
        report=Report(**kept.report[0].model_dump()) if kept.report else None,
        rhythms={one.of.list: one.rhythm for one in kept.subscription if one.of is not None and one.rhythm is not None},
        chat_id=channel.chat_id,
        routes={one.of.list: _routes(one.of) for one in kept.named_watchlist if one.of is not None and one.of.list and one.of.told},
        mutes=tuple(KeptMute(kind=one.kind, until=one.until, of=one.of.model_dump(exclude_none=True)) for one in kept.mute),
    )


def _routes(one: _Told) -> tuple[KeptRoute, ...]:
    return tuple(KeptRoute(**route.model_dump()) for route in one.told)


def _watch(one: _Listed) -> tuple[Watch, Terms]:
    terms = one.terms.model_dump()
    if one.terms.kinds is not None:
        terms["kinds"] = " ".join(EventKind(kind) for kind in one.terms.kinds.split())
    return read_watch(one.watch.model_dump(), ""), read_terms(terms)
