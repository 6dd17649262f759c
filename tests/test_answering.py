"""Answering: in each chat in order, several chats at once; and whoever writes without end costs the others nothing."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegramworld import World, a_world

from bot import answering, facade
from bot.facade import Rank, StoreCalls
from bot.texts import answers

ANN, BOB, GROUP = 7, 8, -1001
MOST = 5  # commands a minute


@pytest.fixture
async def world(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(answering, "_STORE_PAUSE", 0.05)  # how long an end waits for what is under way
    async with a_world(sqlite_url, commands_per_minute=MOST) as made:
        yield made


async def test_nobody_waits_for_what_somebody_else_asked(world: World) -> None:
    world.api.fail("getFile", "hold", seconds=3600)
    file = {"document": {"file_id": "list.csv", "file_unique_id": "u", "file_size": 10}}
    slow = world.api.write(ANN, None, **file)
    world.api.write(ANN, "/help")
    async with world.running():
        await world.api.until(lambda: world.api.called("getFile"))
        await world.ask(BOB, "/help")

        assert [one.update_id for one in world.store.pending_updates(9)] == [slow, slow + 1]
        assert world.api.shown(ANN) == [], "in one chat nothing overtakes"


async def test_every_chat_is_answered_in_the_order_it_asked(world: World) -> None:
    people = range(100, 106)
    for command in ("/help", "/privacy", "/lists"):
        for person in people:
            world.api.write(person, command)
    async with world.running():
        await world.api.until(lambda: all(len(world.api.shown(person)) == 3 for person in people), 60)

    first = world.api.shown(people[0])
    assert len(set(first)) == 3
    assert all(world.api.shown(person) == first for person in people)


async def test_what_is_not_answered_is_finished_many_at_once(world: World) -> None:
    calls: Counter[str] = Counter()
    plain = world.call

    async def counting(method: Any, *args: Any, **more: Any) -> Any:
        calls[method.__name__] += 1
        return await plain(method, *args, **more)

    world.call = counting  # type: ignore[assignment]
    world.build()
    world.api.add_chat(GROUP, type="supergroup", members={ANN: "member"})
    for number in range(60):
        world.api.write(ANN, f"/help {number}")
        world.api.write(ANN, "what a day", chat_id=GROUP)
    async with world.running():
        await world.ask(BOB, "/help")
        await world.api.until(lambda: not world.store.pending_updates(1))

    assert calls["apply"] == MOST + 1 + 1, "those within the quota, the one that says it is used up, and Bob's"
    assert calls["finish_updates"] <= 4
    assert world.store.last_update_id() == 1121
    with world.store._db._reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM inbox WHERE raw IS NOT NULL").scalar() == 0, "nothing said is kept"


async def test_a_button_that_is_pressed_too_often_says_so(world: World) -> None:
    async with world.running():
        await world.ask(ANN, "/start")
        for _ in range(MOST - 1):
            await world.press(ANN, ANN, data="gone")

        assert {await world.press(ANN, ANN, data="gone") for _ in range(3)} == {answers.TOO_MANY_COMMANDS}
        await world.api.until(lambda: answers.TOO_MANY_COMMANDS in world.api.shown(ANN))
        await world.delivered()
    assert world.api.shown(ANN).count(answers.TOO_MANY_COMMANDS) == 1


async def test_in_the_store_people_go_first_and_nobody_is_put_off_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, held, done = StoreCalls(1), threading.Event(), list[str]()
    people = calls.ranked(Rank.PEOPLE)

    async def ask(*asked: tuple[StoreCalls, str]) -> list[asyncio.Future[None]]:
        made = [asyncio.ensure_future(call(done.append, text)) for call, text in asked]
        await asyncio.sleep(0)
        return made

    first = asyncio.ensure_future(calls(held.wait))
    await asyncio.sleep(0)
    monkeypatch.setattr(facade, "_HEAD_START", 3600.0)
    rest = await ask((calls, "poll"), (people, "answer"), (people, "another"))
    monkeypatch.setattr(facade, "_HEAD_START", 0.0)  # as if that time was over
    rest += await ask((people, "late answer"))
    held.set()
    await asyncio.gather(first, *rest)

    assert done == ["answer", "another", "poll", "late answer"]
    calls.close()
    with pytest.raises(RuntimeError):
        await calls(done.append, "too late")


async def test_a_call_that_waits_when_the_store_is_closed_is_cancelled() -> None:
    calls, held = StoreCalls(1), threading.Event()
    running, waiting = asyncio.ensure_future(calls(held.wait)), asyncio.ensure_future(calls(held.is_set))
    await asyncio.sleep(0)
    threading.Timer(0.05, held.set).start()
    calls.close()

    assert await running
    with pytest.raises(asyncio.CancelledError):
        await waiting
