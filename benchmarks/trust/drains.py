"""Tens of thousands of messages that wait: how long they take to a server that keeps Telegram's limits (D12)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from itertools import pairwise

from botapi import Fault
from telegramworld import World, a_world

from benchmarks.trust.base import Result, Run, check
from bot.deliver import Settings
from bot.pacing import OVERALL_PER_SECOND

_OVERALL = (30, 1.0)  # messages in so many seconds
_PRIVATE = (1, 1.0)
_GROUP = (20, 60.0)
_SLOWEST = 5  # messages a second; a round that is slower is given up
_BARE = 150  # turns of the bare loop
_NUMBER = re.compile(r"Alert (\d+)")


class _Limits:
    """Telegram's limits, kept without mercy: what comes too soon is refused for the time that is left."""

    def __init__(self, world: World) -> None:
        self.all: deque[float] = deque()
        self.of: dict[int, deque[float]] = defaultdict(deque)
        self.refused = self.asked = 0
        world.api._fault = self.judge  # type: ignore[method-assign]

    @property
    def taken(self) -> int:
        return self.asked - self.refused

    def judge(self, method: str, parameters: dict[str, str]) -> Fault | None:
        if method != "sendMessage":
            return None
        now, chat = time.monotonic(), int(parameters["chat_id"])
        self.asked += 1
        limits = ((self.all, _OVERALL), (self.of[chat], _GROUP if chat < 0 else _PRIVATE))
        wait = max(_until_free(times, *limit, now) for times, limit in limits)
        if wait <= 0:
            for times, _ in limits:
                times.append(now)
            return None
        self.refused += 1
        seconds = int(wait) + 1
        description = f"Too Many Requests: retry after {seconds}"
        return Fault(method, "error", code=429, description=description, parameters={"retry_after": seconds})


def _until_free(times: deque[float], most: int, window: float, now: float) -> float:
    while times and times[0] <= now - window:
        times.popleft()
    return 0.0 if len(times) < most else times[0] + window - now


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """Seconds that a message took: of the wall, of the processor, and of the wall for a bare loop that was run right after."""

    ours: float
    cost: float
    bare: float


async def _drained(world: World, limits: _Limits, count: int) -> tuple[float, float]:
    """Let the daemon send so many, or what is left; says how many seconds each took, of the wall and of the processor."""
    before, began, worked = limits.taken, time.monotonic(), time.process_time()
    async with world.running(hearing=False):
        with contextlib.suppress(TimeoutError):
            await world.api.until(lambda: limits.taken >= before + count, count / _SLOWEST)
        sent = max(1, limits.taken - before)
        took = (time.monotonic() - began) / sent, (time.process_time() - worked) / sent
    world.build()
    return took


async def _bare(cost: float) -> float:
    """Keep the pace with work that costs the processor as much, half of it in another thread, and decides nothing."""
    began = time.monotonic()
    for number in range(_BARE):
        await asyncio.sleep(max(0.0, began + number / OVERALL_PER_SECOND - time.monotonic()))
        _work(cost / 2)
        await asyncio.to_thread(_work, cost / 2)
    return (time.monotonic() - began) / _BARE


def _work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


@check("D12", "tens of thousands of messages that wait, to a server that keeps Telegram's limits: time, refusals, order", early=True)
def drain(run: Run) -> Result:
    """What else the machine does slows the daemon and the bare loop alike: they take turns, and the best turn counts."""
    logging.disable(logging.WARNING)
    chats, alerts, size = run.pick((100, 12, 300), (2500, 20, 5000))  # no more than a chat is told one by one
    total = chats * alerts

    async def body() -> tuple[list[_Round], int, World, _Limits]:
        async with a_world(f"sqlite:///{run.folder()}/drain.db", settings=Settings()) as world:
            for number in range(1, chats + 1):
                group = number % 10 == 0
                world.follow(-number if group else number, kind="supergroup" if group else "private")
            world.publish(*(f"Alert {number}" for number in range(alerts)))
            limits, rounds = _Limits(world), []
            for _ in range(total // size):
                ours, cost = await _drained(world, limits, min(size, total - limits.taken))
                rounds.append(_Round(ours=ours, cost=cost, bare=await _bare(cost)))
                run.say(f"{limits.taken} of {total}")
            return rounds, world.states().get("sent", 0), world, limits

    rounds, sent, world, limits = asyncio.run(body())
    disorder = sum(_out_of_order(world.api.shown(chat)) for chat in world.api.chats)
    best, cost = min(one.ours / one.bare for one in rounds) - 1, min(one.cost for one in rounds)
    figure = (
        f"{sent} of {total} messages to {chats} chats, the best of {len(rounds)} rounds {best:+.1%} of a bare loop beside it, "
        f"{min(one.ours for one in rounds) * OVERALL_PER_SECOND - 1:+.1%} of what {OVERALL_PER_SECOND:g} a second allow; {cost * 1000:.0f} ms of "
        f"processor each; {limits.refused} of {limits.asked} refused by 429; {disorder} out of order"
    )
    whole = sent == total and not disorder and limits.refused < limits.asked / 1000
    return Result(figure=figure, passed=whole and best <= 0.1 and cost < 1 / OVERALL_PER_SECOND)


def _out_of_order(texts: list[str]) -> int:
    numbers = [int(found) for text in texts for found in _NUMBER.findall(text)[:1]]
    return sum(earlier >= later for earlier, later in pairwise(numbers))
