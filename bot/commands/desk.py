"""Where requests are decided: what a decider may ask, and what it answers with."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.commands.asked import Asked, Membership, Place, Pressed
from bot.commands.rights import Rights
from bot.facade import Call
from bot.markup import Piece, join, tagless, units
from bot.speech import ENGLISH, Speech, Text, speech_for
from bot.texts import answers
from storage.operator_changes import Limits
from storage.records import Change, Channel, ChannelState, EnsureChannel, Reply, WatchRecord
from storage.store import Store

Buttons = tuple[tuple[tuple[str, str], ...], ...]  # rows of (label, callback data or https address)

_MAX_REPLY = 3500  # units: below Telegram's 4,096 with room for what markup adds
_MAX_NUMBERED = 50
_MINUTE = timedelta(minutes=1)
_REMEMBERED_PEOPLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be changed and said; both are written in one transaction before anything is confirmed.

    ``toast`` answers a pressed button (``loud``: in a box that must be closed); ``close`` takes the buttons away that were pressed;
    ``edit`` is what stands in the place of their message from now on.
    """

    changes: tuple[Change, ...] = ()
    replies: tuple[Reply, ...] = ()
    toast: str = ""
    loud: bool = False
    close: bool = False
    edit: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What deciders may ask, and how they speak to the chat that asks. They change nothing themselves."""

    store: Store
    call: Call
    rights: Rights
    username: str  # the bot's own, for links
    speech: Speech = ENGLISH
    admins: tuple[int, ...] = ()  # private chats of those who run this

    async def speaking_to(self, request: Asked | Pressed | Membership) -> Desk:
        """The desk that speaks the chat's language; until one is kept for it, or for the chat of a topic, that of the person who asks."""
        place = request.place
        channel = await self.channel(place) or await self.call(self.store.channel, place.chat_id, None)
        return replace(self, speech=speech_for(request.language) if channel is None else speech_for(channel.language, channel.zone))

    def reply(self, place: Place, *messages: Piece | Text, buttons: Buttons = ()) -> tuple[Reply, ...]:
        """Replies at this place, one for each message; the buttons go with the last."""
        last = len(messages) - 1
        return tuple(
            Reply(
                chat_id=place.chat_id,
                thread_id=place.thread_id,
                text=self.speech.directed(message if isinstance(message, Piece) else self.speech.say(message)).html,
                buttons=buttons if number == last else (),
            )
            for number, message in enumerate(messages)
        )

    async def channel(self, place: Place) -> Channel | None:
        return await self.call(self.store.channel, place.chat_id, place.thread_id)

    async def private_chat(self, user_id: int) -> Channel | None:
        """The private chat with somebody, if they ever wrote to the bot there and have not blocked it: to others it cannot write."""
        channel = await self.call(self.store.channel, user_id, None)
        return channel if channel is not None and channel.state is ChannelState.ACTIVE else None

    async def watches(self, place: Place) -> list[WatchRecord]:
        """What the place follows, in the order that /watches numbers it by: as it was added, then by name."""
        channel = await self.channel(place)
        records = [] if channel is None else await self.call(self.store.channel_watches, channel.id)
        return sorted(records, key=lambda record: (record.created_at, record.watch.name.casefold(), record.watch.role))


def pages(head: Piece | None, lines: Sequence[Piece]) -> list[Piece]:
    """A heading and lines as few messages as they fit in; a line is never parted."""
    result, current = [], head
    for line in lines:
        if current is not None and units(tagless(current.html)) + units(tagless(line.html)) > _MAX_REPLY:
            result.append(current)
            current = line
        else:
            current = line if current is None else join("\n", [current, line])
    return result if current is None else [*result, current]


def ensure(place: Place, speech: Speech, *, user_id: int | None) -> EnsureChannel:
    """The change that makes the place a channel that can be told, in the language it is answered in."""
    return EnsureChannel(
        chat_id=place.chat_id, thread_id=place.thread_id, type=place.type, title=place.title, language=speech.language, added_by=user_id
    )


class Allowed(Enum):
    """Whether somebody who asks a lot is heard."""

    YES = auto()
    TOLD = auto()  # no, and this once they are told
    NO = auto()


class Quota:
    """How often one person (or one channel) may ask within a minute, by the time they asked and not the time it is read."""

    def __init__(self, per_minute: int = Limits().requests) -> None:
        self.per_minute = per_minute
        self._times: dict[int, deque[datetime]] = {}
        self._told: dict[int, datetime] = {}

    def ask(self, who: int, at: datetime) -> Allowed:
        times = self._times.setdefault(who, deque())
        while times and times[0] <= at - _MINUTE:
            times.popleft()
        if len(times) < self.per_minute:
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


def numbered_button(number: int, name: str, speech: Speech) -> str:
    """The label of a button for a line of a list."""
    return f"{number}. {speech.short(name, _MAX_NUMBERED)}"


def too_many(place: Place, desk: Desk) -> Decision:
    said = desk.speech.say(answers.TOO_MANY_COMMANDS)
    return Decision(replies=desk.reply(place, said), toast=said.plain)


def stale(desk: Desk) -> Decision:
    """The answer to a button whose meaning is gone."""
    return Decision(toast=desk.speech.label(answers.STALE_BUTTON))


def refused(desk: Desk) -> Decision:
    """The answer to a button that only admins may press."""
    return Decision(toast=desk.speech.label(answers.ADMINS_ONLY_TOAST), loud=True)
