"""/export: everything that is kept about a chat, and nothing about anybody else; for whoever may change the chat, where others do not read."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator

import pytest
from telegramworld import World, a_world, bare

from bot.texts import answers
from storage.records import AddWatch
from watchers.types import Organisation, Watch

ANN, BOB, GROUP = 7_123_456_789, 8_123_456_789, -1_001_234_567_890


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        yield made


async def exported(world: World, text: str) -> tuple[dict[str, object], list[dict[str, str]]]:
    world.api.files.clear()
    await world.ask(ANN, text)
    await world.api.until(lambda: len(world.api.files) == 2)
    body = json.loads(world.api.files["contractwatch-export.json"])
    return body, list(csv.DictReader(world.api.files["contractwatch-watches.csv"].decode().splitlines()))


async def test_everything_about_the_chat_is_in_the_file_and_nothing_about_another(world: World) -> None:
    for chat, name in ((ANN, "Palantir"), (BOB, "Orrinmere")):
        await world.ask(chat, "/start")
        watch = Watch(organisation=Organisation(name=name, aliases=("=HYPERLINK(1)",)))
        world.store.apply([AddWatch(chat_id=chat, watch=watch)], now=world.now())
    await world.ask(ANN, "/list Outsourcers\nSerco over £1m\n=cmd as supplier")
    world.publish("One")
    await world.api.until(lambda: len(world.api.shown(ANN)) == 3)

    body, table = await exported(world, "/export")

    text = json.dumps(body)
    assert str(ANN) in text and str(BOB) not in text and "Orrinmere" not in text
    assert {"channel", "subscription", "named_watchlist", "delivery", "watchlist"} <= set(body["kept"])  # type: ignore[call-overload]
    assert {(row["list"], row["name"], row["minimum"]) for row in table} == {
        ("", "Palantir", ""), ("Outsourcers", "Serco", "1000000"), ("Outsourcers", "'=cmd", "")
    }  # fmt: skip


async def test_a_group_is_told_to_ask_in_private_and_there_only_its_admins_get_it(world: World) -> None:
    world.follow(GROUP, kind="supergroup")
    assert bare(await world.ask(ANN, "/export", chat_id=GROUP)).endswith(f"/export {GROUP}")
    assert await world.ask(BOB, "/export", chat_id=GROUP) == answers.ADMINS_ONLY
    await world.ask(BOB, "/start")
    assert "Only admins" in await world.ask(BOB, f"/export {GROUP}")

    body, table = await exported(world, f"/export {GROUP}")
    assert (str(GROUP) in json.dumps(body), [row["name"] for row in table]) == (True, ["Palantir"])
