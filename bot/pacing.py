"""How fast Telegram may be spoken to.

Telegram's published limits are 1 message a second to a private chat, where short bursts are let pass, 20 a minute to a group or channel
and about 30 a second in all.
Keeping them ourselves costs no extra package and, unlike the library's own limiter, holds: that one sent 60 messages in its first second
and opened its gate again while a ban still ran. The pause of one channel is durable (the store keeps it); what holds for a whole chat and
for all of Telegram is kept here, on a clock that wall time cannot turn back.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from storage.records import Channel, ChannelKind

OVERALL_PER_SECOND = 25.0
BURST = 3  # messages that a chat takes at once, when it takes no more in three seconds
A_GROUPS_MINUTE = 20
_LEFT_TO_ANSWERS = 2
FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(minutes=10)
_MAX_DOUBLINGS = 12
_REMEMBERED_CHATS = 1024
_MADE_GOOD = 2  # turns that were missed
_A_SECOND = 1.05  # with what the way to Telegram may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """The least time between two messages to one channel, measured from the answer to the first."""

    private: timedelta = timedelta(seconds=1.05)
    group: timedelta = timedelta(seconds=3.05)  # 20 a minute; channels count as groups

    def after(self, channel: Channel) -> timedelta:
        if channel.kind is ChannelKind.CONSOLE:
            return timedelta(0)
        return self.private if channel.type == "private" else self.group


def back_off(failures: int) -> timedelta:
    """The pause after so many failures in a row (1 and more): doubling, never for ever."""
    doublings = min(max(failures, 1) - 1, _MAX_DOUBLINGS)
    return min(LONGEST_BACK_OFF, FIRST_BACK_OFF * (1 << doublings))


class Gate:
    """The one gate that all messages leave by. ``wait`` says how long until it is open; ``close`` holds it shut for a while.

    What a message leaves too late for its turn the next makes good, up to three of them: with each pause begun anew, the time that claims
    take was lost, a tenth of the pace. No second has more than 28 messages at 25 a second, of the 30 that Telegram takes.
    """

    def __init__(self, per_second: float = OVERALL_PER_SECOND, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._spacing = 1 / per_second
        self._monotonic = monotonic
        self._open_at = self._shut_until = -inf
        self._left: deque[float] = deque(maxlen=int(per_second) + _MADE_GOOD)

    def wait(self) -> float:
        """Seconds until the next message may be claimed; 0 when one may now."""
        return max(0.0, max(self._open_at, self._shut_until) - self._monotonic())

    def passed(self) -> None:
        """A message was claimed now."""
        self._open_at = max(self._open_at, self._monotonic() - _MADE_GOOD * self._spacing) + self._spacing

    def crowded(self) -> float:
        """Seconds until a claimed message may leave: what took long to be made ready must not leave in a crowd."""
        full = self._left[0] + _A_SECOND if len(self._left) == self._left.maxlen else -inf
        return max(0.0, max(full, self._shut_until) - self._monotonic())

    def left(self) -> None:
        """A message leaves now."""
        self._left.append(self._monotonic())

    def close(self, pause: timedelta) -> None:
        """Nothing leaves for this long. A longer pause that already runs stays."""
        self._shut_until = max(self._shut_until, self._monotonic() + pause.total_seconds())


@dataclass(slots=True)
class _Chat:
    """What a chat was sent lately, in seconds of the clock: the last messages, the last answer, and until when it is to be left alone."""

    sent: deque[float] = field(default_factory=lambda: deque(maxlen=A_GROUPS_MINUTE))
    answered: float = -inf
    shut_until: float = -inf
    busy: bool = False


class Chats:
    """How long whole chats rest: the topics of a forum are channels of their own and share one limit.

    Alerts keep the pace. An answer keeps it to the answer before, and goes out at once where an alert was told just now, for somebody is
    looking; in three paces there are still no more than three messages, and in a group in twenty no more than twenty, of which alerts leave
    two to answers.
    """

    def __init__(self, paces: Paces, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._paces, self._monotonic = paces, monotonic
        self._chats: dict[int, _Chat] = {}

    def wait(self, channel: Channel, *, answer: bool = False) -> float:
        """Seconds until the chat may be written to; 0 when it may now."""
        chat = self._chats.get(channel.chat_id) if channel.chat_id is not None else None
        if chat is None:
            return 0.0
        left = max(0.0, self._free_at(chat, channel, answer=answer) - self._monotonic())
        return max(left, 1.0) if chat.busy else left

    def _free_at(self, chat: _Chat, channel: Channel, *, answer: bool) -> float:
        pace, private, group = (one.total_seconds() for one in (self._paces.after(channel), self._paces.private, self._paces.group))
        last = chat.answered + private if answer else _ago(chat.sent, 1) + pace
        burst = _ago(chat.sent, BURST) + BURST * private
        most = A_GROUPS_MINUTE if answer else A_GROUPS_MINUTE - _LEFT_TO_ANSWERS
        minute = _ago(chat.sent, most) + A_GROUPS_MINUTE * group if pace == group else -inf
        return max(chat.shut_until, last, burst, minute)

    def begin(self, channel: Channel) -> None:
        if channel.chat_id is not None:
            self._forget()
            self._chats.setdefault(channel.chat_id, _Chat()).busy = True

    def end(self, channel: Channel, *, sent: bool, answer: bool, pause: timedelta = timedelta(0)) -> None:
        """A send is over; where it was refused, the chat is left alone for ``pause``."""
        if channel.chat_id is None:
            return
        chat, now = self._chats[channel.chat_id], self._monotonic()
        chat.busy = False
        if not sent:
            chat.shut_until = max(chat.shut_until, now + pause.total_seconds())
            return
        chat.sent.append(now)
        if answer:
            chat.answered = now

    def _forget(self) -> None:
        if len(self._chats) < _REMEMBERED_CHATS:
            return
        since = self._monotonic() - A_GROUPS_MINUTE * self._paces.group.total_seconds()
        self._chats = {
            number: chat for number, chat in self._chats.items() if chat.busy or max(_ago(chat.sent, 1), chat.shut_until) > since
        }


def _ago(sent: deque[float], number: int) -> float:
    """When the last message but so many was sent."""
    return sent[-number] if len(sent) >= number else -inf
