"""Where requests are decided: what a decider may ask, and what it answers with."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from bot import texts
from bot.commands.asked import Place
from bot.commands.rights import Rights
from bot.facade import Call
from bot.markup import tagless, units
from storage.records import Change, Channel, EnsureChannel, Reply, WatchRecord
from storage.store import Store

_MAX_REPLY = 3500  # units: below Telegram's 4,096 with room for what markup adds
_MINUTE = timedelta(minutes=1)
_REMEMBERED_PEOPLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be changed and said; both are written in one transaction before anything is confirmed.

    ``toast`` answers a pressed button (``loud``: in a box that must be closed); ``close`` takes the buttons away that were pressed.
    """

    changes: tuple[Change, ...] = ()
    replies: tuple[Reply, ...] = ()
    toast: str = ""
    loud: bool = False
    close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What deciders may ask. They change nothing themselves."""

    store: Store
    call: Call
    rights: Rights
    username: str  # the bot's own, for links

    async def channel(self, place: Place) -> Channel | None:
        return await self.call(self.store.channel, place.chat_id, place.thread_id)

    async def watches(self, place: Place) -> list[WatchRecord]:
        """What the place follows, in the order that /watches numbers it by: as it was added, then by name."""
        channel = await self.channel(place)
        records = [] if channel is None else await self.call(self.store.channel_watches, channel.id)
        return sorted(records, key=lambda record: (record.created_at, record.organisation.name.casefold(), record.role))


def say(place: Place, *texts_: str, buttons: tuple[tuple[tuple[str, str], ...], ...] = ()) -> tuple[Reply, ...]:
    """Replies at this place, one for each text; the buttons go with the last."""
    last = len(texts_) - 1
    return tuple(
        Reply(chat_id=place.chat_id, thread_id=place.thread_id, text=text, buttons=buttons if number == last else ())
        for number, text in enumerate(texts_)
    )


def pages(head: str, lines: Sequence[str]) -> list[str]:
    """A heading and lines as few messages as they fit in; a line is never parted."""
    result, current = [], head
    for line in lines:
        if units(tagless(current)) + units(tagless(line)) > _MAX_REPLY:
            result.append(current)
            current = line
        else:
            current = f"{current}\n{line}" if current else line
    return [*result, current]


def ensure(place: Place, *, language: str, user_id: int | None) -> EnsureChannel:
    """The change that makes the place a channel that can be told."""
    return EnsureChannel(
        chat_id=place.chat_id, thread_id=place.thread_id, type=place.type, title=place.title, language=language, added_by=user_id
    )


class Allowed(Enum):
    """Whether somebody who asks a lot is heard."""

    YES = auto()
    TOLD = auto()  # no, and this once they are told
    NO = auto()


class Quota:
    """How often one person (or one channel) may ask within a minute, by the time they asked and not the time it is read."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: dict[int, deque[datetime]] = {}
        self._told: dict[int, datetime] = {}

    def ask(self, who: int, at: datetime) -> Allowed:
        times = self._times.setdefault(who, deque())
        while times and times[0] <= at - _MINUTE:
            times.popleft()
        if len(times) < self._per_minute:
            times.append(at)
            self._forget(at)
            return Allowed.YES
        if at - self._told.get(who, at - _MINUTE) < _MINUTE:
            return Allowed.NO
        self._told[who] = at
        return Allowed.TOLD

    def _forget(self, at: datetime) -> None:
        if len(self._times) > _REMEMBERED_PEOPLE:
            self._times = {who: times for who, times in self._times.items() if times and times[-1] > at - _MINUTE}
            self._told = {who: told for who, told in self._told.items() if told > at - _MINUTE}


def too_many(place: Place) -> Decision:
    return Decision(replies=say(place, texts.TOO_MANY_COMMANDS), toast=texts.TOO_MANY_COMMANDS)
