"""Hearing: nothing lost, nothing done twice, nothing that stands in the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from botapi import TOKEN
from telegramworld import World, a_world

from bot.outcomes import TokenRefused
from storage.store import open_store

ANN = 7


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made:
        yield made


async def test_an_update_nobody_can_read_is_put_aside_and_the_next_is_heard(world: World) -> None:
    async with world.running():
        world.api.push("message", {"message_id": "x", "chat": []})
        world.api.push("my_chat_member", {"chat": {"id": 1, "type": "private"}})
        assert "Palantir" in await world.ask(ANN, "/watch Palantir")

    assert world.store.pending_updates(9) == []


async def test_an_update_is_stored_before_it_is_confirmed(world: World) -> None:
    update = world.api.write(ANN, "/watch Palantir")
    async with world.running():
        await world.api.until(lambda: any(int(call.get("offset", 0)) > update for call in world.api.called("getUpdates")))

        assert world.store.last_update_id() == update


async def test_commands_survive_stops_at_any_moment_and_have_their_effect_once(world: World) -> None:
    people = list(range(100, 140))
    world.follow(ANN)
    (shared,) = world.store.channel_watches(world.store.channel(ANN).id)
    for person in people:
        world.api.write(person, f"/start w_{shared.id}")
    for _ in range(12):
        task = asyncio.create_task(world.telegram.run())
        await asyncio.sleep(0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await world.restart()
    async with world.running():
        await world.api.until(lambda: all(world.api.shown(person) for person in people))

    assert [world.names(person) for person in people] == [["Palantir"]] * 40
    assert [len(world.api.shown(person)) for person in people] == [1] * 40


async def test_commands_that_waited_while_we_were_away_are_heard(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch Palantir")
    await world.telegram.close()
    world.api.write(ANN, "/unwatch Palantir")
    await world.restart()
    async with world.running():
        await world.api.until(lambda: world.names(ANN) == [])


async def test_numbers_that_begin_anew_after_a_quiet_week_are_heard(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch Palantir")
        world.api._next_update = 10
        assert "Capita" in await world.ask(ANN, "/watch Capita")
        before = len(world.api.called("getUpdates"))
        await asyncio.sleep(0.3)

        assert len(world.api.called("getUpdates")) - before <= 2, "and they are confirmed, not asked for without end"


async def test_telegram_that_is_not_there_at_the_start_is_waited_for(world: World) -> None:
    await world.api.leave()
    async with world.running():
        await asyncio.sleep(0.2)
        await world.api.serve(world.api.port)
        await world.api.until(lambda: world.api.called("getMe"))

        assert "Palantir" in await world.ask(ANN, "/watch Palantir")
        assert world.telegram.last_ok_at is not None


@pytest.mark.parametrize("kind", ["http", "reset", "garbage"])
async def test_a_poll_that_fails_is_made_again_without_haste(world: World, kind: str) -> None:
    world.api.fail("getUpdates", kind, times=1)
    async with world.running():
        await world.api.until(lambda: world.api.called("getUpdates"))
        await asyncio.sleep(0.5)
        assert len(world.api.called("getUpdates")) == 1
        assert "Palantir" in await world.ask(ANN, "/watch Palantir")


async def test_a_token_that_is_revoked_ends_it_with_a_sentence(world: World) -> None:
    running = asyncio.create_task(world.telegram.run())
    await world.api.until(lambda: world.telegram.last_ok_at or world.api.called("getUpdates"))
    world.api.revoked = True

    with pytest.raises(TokenRefused, match="BotFather"):
        await asyncio.wait_for(running, 60)
    await world.telegram.close()


async def test_what_another_listener_leaves_lying_is_heard_again_when_it_is_gone(world: World) -> None:
    world.api.conflict = True
    async with world.running():
        await world.api.until(lambda: world.telegram.deaf)
        looks = len(world.api.called("getWebhookInfo"))
        await world.api.until(lambda: len(world.api.called("getWebhookInfo")) > looks + 5)
        assert len(world.api.called("getUpdates")) == 1, "as long as the other one fetches what comes, it is left alone"

        world.api.conflict = False
        assert "Palantir" in await world.ask(ANN, "/watch Palantir")
        assert world.telegram.deaf is None


async def test_another_listener_ends_listening_loudly_and_alerts_go_on(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.follow(ANN)
    world.api.conflict = True
    async with world.running():
        await world.api.until(lambda: world.telegram.deaf)
        polls = len(world.api.called("getUpdates"))
        world.publish("News")
        world.wake()
        await world.api.until(lambda: world.api.shown(ANN))

        assert len(world.api.called("getUpdates")) == polls == 1
    assert any(record.levelno == logging.CRITICAL for record in caplog.records)


async def test_neither_the_token_nor_what_people_write_is_logged_by_us(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    async with world.running():
        world.api.fail("getUpdates", "http")
        world.api.push("message", {"chat": "broken", "text": "my secret words"})
        await world.ask(ANN, "my secret words")

    ours = "\n".join(record.getMessage() + str(record.exc_text) for record in caplog.records if record.name.startswith("bot"))
    assert "secret words" not in ours
    assert TOKEN not in ours
    assert TOKEN not in f"{world.telegram!r} {world.deliverer!r}"


async def test_a_database_that_is_away_delays_a_command_and_loses_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import answering
    from storage.exceptions import StoreUnavailable

    monkeypatch.setattr(answering, "_STORE_PAUSE", 0.05)
    broken = 3
    plain = world.call

    async def failing(method: object, *args: object, **more: object) -> object:
        nonlocal broken
        if getattr(method, "__name__", "") in ("save_updates", "apply") and broken:
            broken -= 1
            raise StoreUnavailable("the disk is full")
        return await plain(method, *args, **more)  # type: ignore[arg-type]

    world.call = failing  # type: ignore[assignment]
    world.build()
    async with world.running():
        assert "Palantir" in await world.ask(ANN, "/watch Palantir")

    assert (broken, len(world.api.shown(ANN))) == (0, 1)


async def test_of_several_daemons_one_listens_and_another_goes_on_when_that_one_dies(
    postgresql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot import updates

    monkeypatch.setattr(updates, "_EARS_PAUSE", 0.05)
    with postgresql.database() as url:
        async with a_world(url) as first:
            with open_store(url) as store:
                second = World(store, first.api, first.call)
                listening = asyncio.create_task(first.telegram.run())
                await first.api.until(lambda: first.api.called("getUpdates"))
                async with second.running():
                    await first.api.until(lambda: second.telegram.another_listens)
                    assert not first.telegram.another_listens
                    first.telegram._ears._session.invalidate()  # type: ignore[union-attr]
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
                    assert "Palantir" in await second.ask(ANN, "/watch Palantir")
                await first.telegram.close()
