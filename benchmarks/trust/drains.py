"""Tens of thousands of messages that wait: how long they take to a server that keeps Telegram's limits (D12)."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import defaultdict, deque
from itertools import pairwise

from botapi import Fault
from telegramworld import World, a_world

from benchmarks.trust.base import Result, Run, check
from bot.deliver import Settings
from bot.pacing import OVERALL_PER_SECOND

_OVERALL = (30, 1.0)  # messages in so many seconds
_PRIVATE = (1, 1.0)
_GROUP = (20, 60.0)
_NUMBER = re.compile(r"Alert (\d+)")


class _Limits:
    """Telegram's limits, kept without mercy: what comes too soon is refused for the time that is left."""

    def __init__(self, world: World) -> None:
        self.all: deque[float] = deque()
        self.of: dict[int, deque[float]] = defaultdict(deque)
        self.refused = self.asked = 0
        world.api._fault = self.judge  # type: ignore[method-assign]

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


@check("D12", "tens of thousands of messages that wait, to a server that keeps Telegram's limits: time, refusals, order")
def drain(run: Run) -> Result:
    logging.disable(logging.WARNING)
    chats, alerts = run.pick((100, 12), (2500, 20))  # no more than a chat is told one by one

    async def body() -> tuple[float, int, World, _Limits]:
        async with a_world(f"sqlite:///{run.folder()}/drain.db", settings=Settings()) as world:
            for number in range(1, chats + 1):
                group = number % 10 == 0
                world.follow(-number if group else number, kind="supergroup" if group else "private")
            world.publish(*(f"Alert {number}" for number in range(alerts)))
            limits = _Limits(world)
            began = time.monotonic()
            async with world.running(hearing=False):
                while (sent := world.states().get("sent", 0)) < chats * alerts and time.monotonic() - began < chats * alerts / 5:
                    run.say(f"{sent} of {chats * alerts}")
                    await asyncio.sleep(0.5)
            return time.monotonic() - began, sent, world, limits

    seconds, sent, world, limits = asyncio.run(body())
    disorder = sum(_out_of_order(world.api.shown(chat)) for chat in world.api.chats)
    best = chats * alerts / OVERALL_PER_SECOND
    figure = (
        f"{sent} of {chats * alerts} messages to {chats} chats in {seconds:.0f} s, {seconds / best - 1:+.1%} of what {OVERALL_PER_SECOND:g} a "
        f"second allow; {limits.refused} of {limits.asked} refused by 429; {disorder} out of order"
    )
    whole = sent == chats * alerts and not disorder and limits.refused < limits.asked / 1000
    return Result(figure=figure, passed=whole and seconds <= best * 1.1 + 1)


def _out_of_order(texts: list[str]) -> int:
    numbers = [int(found) for text in texts for found in _NUMBER.findall(text)[:1]]
    return sum(earlier >= later for earlier, later in pairwise(numbers))
