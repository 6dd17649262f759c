"""How fast Telegram may be spoken to.

Telegram's published limits are 1 message a second to a private chat, 20 a minute to a group or channel and about 30 a second in all.
Keeping them ourselves costs no extra package and, unlike the library's own limiter, holds: that one sent 60 messages in its first second
and opened its gate again while a ban still ran. The pause of one channel is durable (the store keeps it); what holds for a whole chat and
for all of Telegram is kept here, on a clock that wall time cannot turn back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from storage.records import Channel, ChannelKind

OVERALL_PER_SECOND = 25.0
FIRST_BACK_OFF = timedelta(seconds=2)
LONGEST_BACK_OFF = timedelta(minutes=10)
_MAX_DOUBLINGS = 12
_REMEMBERED_CHATS = 1024
_MADE_GOOD = 2  # turns that were missed


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
        self._open_at = 0.0

    def wait(self) -> float:
        """Seconds until the next message may leave; 0 when one may now."""
        return max(0.0, self._open_at - self._monotonic())

    def passed(self) -> None:
        """A message leaves now."""
        self._open_at = max(self._open_at, self._monotonic() - _MADE_GOOD * self._spacing) + self._spacing

    def close(self, pause: timedelta) -> None:
        """Nothing leaves for this long. A longer pause that already runs stays."""
        self._open_at = max(self._open_at, self._monotonic() + pause.total_seconds())


class Chats:
    """The pauses of whole chats: the topics of a forum are channels of their own and share one limit."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._free_at: dict[int, float] = {}
        self._busy: set[int] = set()

    def wait(self, channel: Channel) -> float:
        """Seconds until the chat may be written to; 0 when it may now."""
        if channel.chat_id is None:
            return 0.0
        left = max(0.0, self._free_at.get(channel.chat_id, 0.0) - self._monotonic())
        return max(left, 1.0) if channel.chat_id in self._busy else left

    def begin(self, channel: Channel) -> None:
        if channel.chat_id is not None:
            self._busy.add(channel.chat_id)

    def end(self, channel: Channel, pause: timedelta) -> None:
        """A send is over: the chat rests for ``pause`` from now on."""
        if channel.chat_id is None:
            return
        self._busy.discard(channel.chat_id)
        now = self._monotonic()
        if len(self._free_at) >= _REMEMBERED_CHATS:
            self._free_at = {chat: at for chat, at in self._free_at.items() if at > now}
        self._free_at[channel.chat_id] = max(self._free_at.get(channel.chat_id, 0.0), now + pause.total_seconds())
