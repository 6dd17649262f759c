"""What a place may change about how it is told: the sound of alerts, what is muted, and what it says was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.times import Rhythm


class Sound(StrEnum):
    """Which alerts come with a sound; the others are there without one."""

    ALL = "all"
    CANCELLED = "cancelled"  # those of cancellations
    NONE = "none"


class MuteKind(StrEnum):
    """What is muted, and whose number the target of a mute is."""

    STORY = "story"
    CONTRACT = "contract"  # of this story: whatever is found to be of the same contract, now or later
    FEED = "feed"  # what nobody else reports
    WATCH = "watch"  # what concerns no other watch of the place


class Wrong(StrEnum):
    """Why somebody says that an alert is wrong."""

    NOT_A_CONTRACT = "not_a_contract"
    OTHER_ORGANISATION = "other_organisation"
    NOT_DECIDED = "not_decided"
    SUM = "sum"
    SEEN_BEFORE = "seen_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSound:
    """Which alerts come with a sound here."""

    chat_id: int
    thread_id: int | None = None
    sound: Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMute:
    """Tell nothing of this here for a while, or (``until`` None) for good; what waits is withheld. A second one replaces the first."""

    chat_id: int
    thread_id: int | None = None
    kind: MuteKind
    target: int
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMute:
    """Tell of it again from now on."""

    chat_id: int
    thread_id: int | None = None
    mute_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Complain:
    """Keep what somebody says was wrong with an alert. ``told``: what the alert stated then; ``entry_id``: whose text it rests on."""

    chat_id: int
    thread_id: int | None = None
    alert_id: int
    entry_id: int
    reason: Wrong
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMute:
    """Something that was muted, until a time or for good. ``of``: what ``storage.restoring.what_is_muted`` says of it."""

    kind: MuteKind
    of: Mapping[str, Any]
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRoute:
    """A place that a list is told in, and in which rhythm; None: as all else there."""

    chat_id: int
    thread_id: int | None
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSettings:
    """Mute what was muted, and tell lists in the rhythm they had: by their names, None for the nameless one.

    ``routes``: the places that lists of these names are told in, and no others; each must be set up.
    """

    chat_id: int
    thread_id: int | None = None
    mutes: tuple[KeptMute, ...] = ()
    rhythms: Mapping[str | None, Rhythm]
    routes: Mapping[str, tuple[KeptRoute, ...]] = field(default_factory=dict)


AlertChange = SetSound | AddMute | RemoveMute | Complain
