"""Sends of unknown fate: every way a request can end, many sends, through the real deliverer and over real sockets (D4)."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from botapi import Fault
from telegramworld import QUICK, World, a_world, with_policy

from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.stage import MARK

CHATS = 25
_SHARE = 0.05  # of the sends, for each kind of fault
_KINDS = (
    ("reset", True, {}),
    ("slow", True, {"seconds": 0.05}),
    ("garbage", True, {}),
    ("http", True, {"code": 502}),
    ("reset", False, {}),
    ("http", False, {"code": 500}),
)
_ROUND = 6  # alerts at once: fewer than are told together
_NUMBER = re.compile(r"Alert (\d+)")


class _Dice:
    """Faults drawn for each send, in place of a list of faults to come."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice, self.unknown, self.waits, self.early = world, random.Random(seed), 0, 0, 0
        self.until: dict[int, float] = {}
        world.api._fault = self.draw  # type: ignore[method-assign]

    def draw(self, method: str, parameters: dict[str, str]) -> Fault | None:
        if method != "sendMessage":
            return None
        chat, now = int(parameters["chat_id"]), asyncio.get_running_loop().time()
        self.early += now < self.until.get(chat, 0)
        roll = self.dice.random()
        if roll < len(_KINDS) * _SHARE:
            kind, after, more = _KINDS[int(roll / _SHARE)]
            self.unknown += 1
            return Fault(method, kind, after=after, **more)  # type: ignore[arg-type]
        if roll > 1 - _SHARE:
            self.waits += 1
            self.until[chat] = now + 1
            return Fault(method, "error", code=429, description="Too Many Requests: retry after 1", parameters={"retry_after": 1})
        return None


@check("D4", "sends of unknown fate, 429, chats that block and move, a server that is away for a while", early=True)
def unknown_fates(run: Run) -> Result:
    logging.disable(logging.ERROR)

    async def body() -> Result:
        settings = with_policy(replace(QUICK, senders=8), unknown_growth=1)
        async with a_world(f"sqlite:///{run.folder()}/fates.db", settings=settings) as world:
            for chat in range(1, CHATS + 1):
                world.follow(chat)
            return await _tell(run, world, run.pick(CHATS * 12, 10_000) // CHATS)

    return asyncio.run(body())


async def _tell(run: Run, world: World, alerts: int) -> Result:
    dice = _Dice(world, 4)
    async with world.running(hearing=False):
        for start in range(0, alerts, _ROUND):
            world.publish(*(f"Alert {number}" for number in range(start, min(start + _ROUND, alerts))))
            world.wake()
            if start == _ROUND:  # gone for a while, and nobody is there
                await world.api.leave()
                await asyncio.sleep(run.pick(1, 20))
                await world.api.serve(world.api.port)
            await _until_sent(world, min(start + _ROUND, alerts) * CHATS)
            run.say(f"{start} of {alerts} alerts")
        world.api.chats[1].bot = "kicked"
        world.publish("Alert 999999")
        world.wake()
        await _until_sent(world, (alerts + 1) * CHATS - 1)
    return _judge(world, dice, alerts)


async def _until_sent(world: World, count: int) -> None:
    async with asyncio.timeout(300):
        while world.states().get("sent", 0) < count:  # noqa: ASYNC110 -- asked from outside
            await asyncio.sleep(0.1)


def _judge(world: World, dice: _Dice, alerts: int) -> Result:
    lost = copies = unmarked = disorder = 0
    for chat in range(1, CHATS + 1):
        first: list[int] = []
        for text in world.api.shown(chat):
            numbers = [int(found) for found in _NUMBER.findall(text)]
            if set(numbers) <= set(first):
                copies += 1
                unmarked += not text.startswith(MARK)
            first += [number for number in dict.fromkeys(numbers) if number not in first]
        lost += alerts - len([number for number in first if number < alerts])
        disorder += sum(earlier > later for earlier, later in pairwise(first))
    problems = world.store.ledger(world.now() + timedelta(seconds=1)).problems
    figure = (
        f"{alerts * CHATS} sends, {dice.unknown} of unknown fate, {dice.waits} times 429: lost {lost}, second copies {copies}, unmarked {unmarked}, "
        f"out of order {disorder}, sent during a pause {dice.early}, ledger problems {len(problems)}"
    )
    sound = not (lost or unmarked or disorder or dice.early or problems)
    return Result(figure=figure, passed=sound and copies <= dice.unknown)
