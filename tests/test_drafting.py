"""Before a watch is saved: what it would have brought, Save, Change, Cancel; after restarts, twice, by others, and too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from storing import a_finding, an_entry, save, set_up, told
from telegramworld import World, a_world, bare

from bot.commands.drafting import KEEP
from bot.texts import watching
from bot.texts import wishes as texts
from storage.times import Rhythm
from watchers.types import EventKind, Party, Role, Terms, Watch

ANN, BOB, GROUP = 7, 8, -1001001


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made:
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        yield made


def past(world: World, count: int = 3) -> None:
    """A week in which Palantir was told of, more than a week ago the first time."""
    now = world.now()
    set_up(world.store, now - timedelta(days=14), watches=())
    for number in range(count):
        body = (Party(name=f"Council {number}"),)
        finding = a_finding(EventKind.CANCELLED if number else EventKind.AWARDED, f"Palantir {number}", watches=(), public_bodies=body)
        save(world.store, "bbc", told(an_entry(f"n{number}", f"Title {number}"), finding), now=now - timedelta(days=10 - number % 9))


def watches(world: World, chat_id: int = ANN) -> list[tuple[Watch, Terms]]:
    channel = world.store.channel(chat_id)
    return [] if channel is None else [(one.watch, one.terms) for one in world.store.channel_watches(channel.id)]


async def until(world: World, words: str, chat_id: int = ANN) -> str:
    await world.api.until(lambda: words in bare(world.api.shown(chat_id)[-1]))
    return bare(world.api.shown(chat_id)[-1])


async def choose(world: World, label: str) -> None:
    """Press a button as soon as the message has it."""
    await world.api.until(lambda: f"'{label}'" in str(world.api.last(ANN).get("reply_markup")))
    await world.press(ANN, ANN, label=label)


async def test_the_question_says_what_the_watch_would_have_brought(world: World) -> None:
    past(world)
    async with world.running():
        answer = await world.ask(ANN, "/watch Palantir")

    assert "In the last 10 days this would have brought 3 alerts: about 2 a week." in answer
    assert "By kind: 2 cancellations, 1 award." in answer
    assert next(line for line in answer.splitlines() if "Title" in line).endswith(": Title 2")
    assert watches(world) == []


async def test_a_flood_is_warned_of(world: World) -> None:
    past(world, 50)
    async with world.running():
        assert texts.TOO_MUCH in await world.ask(ANN, "everything")
        await world.press(ANN, ANN, label=texts.SAVE_DIGEST)
        await world.api.until(lambda: texts.DAILY_NOW in world.api.shown(ANN)[-1])
        channel = world.store.channel(ANN)
        assert channel is not None
        assert channel.times.rhythm is Rhythm.DAILY
        await world.ask(ANN, "everything over £1")
        assert texts.SAVE_DIGEST not in str(world.api.last(ANN)), "it is told once a day already"
        await world.press(ANN, ANN, label=texts.SAVE)
        await world.api.until(lambda: watching.WILL_TELL_TOGETHER in world.api.shown(ANN)[-1])


async def test_choices_are_made_in_the_message_itself_and_saved_after_a_restart(world: World) -> None:
    past(world)
    async with world.running():
        await world.ask(ANN, "/watch Palantir")
        for label in (texts.CHANGE, texts.AS_SUPPLIER, texts.ONLY_CANCELLATIONS, "£1 million", texts.BACK):
            await choose(world, label)
        assert "2 alerts" in await until(world, "In the last 10 days")
    await world.restart()
    async with world.running():
        await choose(world, texts.SAVE)
        said = await until(world, "✅ Watching")

    assert said.startswith(
        "✅ Watching Palantir (supplier) · only: cancellations, early ends · from £1,000,000, also when no sum is stated."
    )
    assert len(world.api.shown(ANN)) == 2  # the question, edited at each choice, and the answer
    ((watch, terms),) = watches(world)
    assert (watch.role, terms) == (Role.SUPPLIER, Terms(kinds=frozenset({EventKind.CANCELLED, EventKind.TERMINATED}), minimum=1_000_000))


async def test_of_two_presses_one_saves_and_what_was_cancelled_cannot_be_saved(world: World) -> None:
    async with world.running():
        await world.ask(ANN, "/watch Palantir\nSerco")
        message = dict(world.api.last(ANN))
        for label in (texts.SAVE, texts.SAVE, texts.CANCEL):
            world.api.press(ANN, message, label=label)
        await world.api.until(lambda: len(world.api.answers) == 3)
        assert [one.get("text", "") for one in world.api.answers] == ["", texts.DRAFT_GONE, texts.DRAFT_GONE]
        await world.ask(BOB, "/watch Palantir")
        message = dict(world.api.last(BOB))
        for label in (texts.CANCEL, texts.SAVE):
            world.api.press(BOB, message, label=label)
        await world.api.until(lambda: len(world.api.answers) == 5)

    assert len(watches(world)) == 2
    assert watches(world, BOB) == []


async def test_a_question_expires(world: World) -> None:
    async with world.running():
        await world.ask(ANN, "/watch Palantir")
        world.now_ahead = KEEP
        assert await world.press(ANN, ANN, label=texts.SAVE) == texts.DRAFT_GONE

    assert watches(world) == []


async def test_nobody_answers_the_question_of_another_chat_or_without_the_right(world: World) -> None:
    async with world.running():
        await world.ask(ANN, "/watch Palantir", chat_id=GROUP)
        message = dict(world.api.last(GROUP))
        data = message["reply_markup"]["inline_keyboard"][-1][0]["callback_data"]
        await world.press(BOB, GROUP, label=texts.SAVE)
        await world.ask(BOB, "/watch Serco")
        assert await world.press(BOB, BOB, data=data) == texts.DRAFT_GONE

    assert (watches(world, GROUP), watches(world, BOB)) == ([], [])


async def test_what_is_watched_already_is_said_and_not_asked(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch cancellations by London bodies")
        answer = await world.ask(ANN, "/watch cancellations by London bodies")

    assert answer == "Already watching Every contract · public bodies of London · only: cancellations, early ends."
