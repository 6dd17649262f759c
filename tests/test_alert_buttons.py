"""The buttons under an alert: Why, More, Mute, Wrong; after a restart, in groups, and when their data is forged."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from telegramworld import World, a_world, bare

from bot.speech import Speech
from bot.texts import answers
from bot.texts import evidence as evidence_texts
from bot.texts import pressed as texts
from storage.alert_changes import MuteKind, Wrong

ANN, BOB, ADMIN = 7, 8, 99
GROUP, CHANNEL = -1001, -1002
TITLE = "Met Police scraps Palantir contract"


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url, admins=(ADMIN,)) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        made.api.add_chat(ADMIN)
        yield made


async def told(world: World, chat_id: int, *, kind: str = "private") -> None:
    """The chat was told an alert."""
    world.follow(chat_id, kind=kind)
    before = len(world.api.shown(chat_id))
    world.publish(TITLE)
    world.wake()
    await world.api.until(lambda: len(world.api.shown(chat_id)) > before)


def alert(world: World, chat_id: int) -> dict:  # type: ignore[type-arg]
    """The message of the alert in a chat."""
    return next(one for one in world.api.messages if one["chat"]["id"] == chat_id and TITLE in bare(one["text"]))


async def press(world: World, user_id: int, chat_id: int, *, label: str | None = None, data: str | None = None) -> str:
    """Press a button under the alert; the toast."""
    before = len(world.api.answers)
    world.api.press(user_id, alert(world, chat_id), label=label, data=data)
    await world.api.until(lambda: len(world.api.answers) > before)
    return str(world.api.answers[-1].get("text", ""))


def labels(world: World, chat_id: int) -> list[str]:
    return [one["text"] for row in alert(world, chat_id)["reply_markup"]["inline_keyboard"] for one in row]


ROW = [texts.WHY_BUTTON, texts.MUTE_BUTTON, texts.WRONG_BUTTON, texts.MORE_BUTTON]


async def test_why_and_more_say_what_an_alert_rests_on_after_a_restart_too(sqlite_url: str) -> None:
    async with a_world(sqlite_url) as world:
        async with world.running():
            await told(world, ANN)
        await world.restart()
        async with world.running():
            assert labels(world, ANN) == ROW
            await press(world, ANN, ANN, label=texts.WHY_BUTTON)
            await world.api.until(lambda: bare(world.api.shown(ANN)[-1]).startswith("Why you were told"))
            why = bare(world.api.shown(ANN)[-1])
            assert "Palantir is watched here, and “Palantir” stands in the report." in why
            assert "It came from this feed: The feed." in why
            await press(world, ANN, ANN, label=texts.MORE_BUTTON)
            await world.api.until(lambda: bare(world.api.shown(ANN)[-1]).startswith("All reports of it"))
            await world.press(ANN, ANN, label=texts.EVIDENCE_BUTTON)
            await world.api.until(lambda: world.api.files)


async def test_a_watch_is_muted_under_its_alert_and_told_again_from_the_list(world: World) -> None:
    await told(world, ANN)
    await press(world, ANN, ANN, label=texts.MUTE_BUTTON)
    watch = Speech().label(texts.MUTE[MuteKind.WATCH], name="Palantir")
    await world.api.until(lambda: watch in labels(world, ANN))
    await press(world, ANN, ANN, label=watch)
    await world.api.until(lambda: texts.FOR_GOOD in labels(world, ANN))
    assert await press(world, ANN, ANN, label=texts.FOR_GOOD) == texts.MUTED_TOAST
    await world.api.until(lambda: labels(world, ANN) == ROW)

    world.publish("Another report")
    assert world.states().get("withheld") == 1

    assert "1. Watch: Palantir" in await world.ask(ANN, "/mutes")
    assert await world.press(ANN, ANN, label="1. Palantir") == texts.UNMUTED_TOAST
    await world.api.until(lambda: world.api.shown(ANN)[-1] == texts.NOTHING_MUTED)


async def test_only_admins_of_a_group_mute_and_everybody_may_ask_why(world: World) -> None:
    await told(world, GROUP, kind="supergroup")
    number = alert(world, GROUP)["reply_markup"]["inline_keyboard"][0][0]["callback_data"].partition(":")[2]

    assert await press(world, BOB, GROUP, label=texts.MUTE_BUTTON) == answers.ADMINS_ONLY_TOAST
    assert await press(world, BOB, GROUP, data=f"m:{number}:story:1:g") == answers.ADMINS_ONLY_TOAST
    assert await press(world, BOB, GROUP, label=texts.WHY_BUTTON) == ""
    channel = world.store.channel(GROUP)
    assert channel is not None
    assert world.store.mutes(channel.id, world.now()) == []


@pytest.mark.parametrize(
    "data",
    [
        "y:999",
        "i:x",
        "i:",
        "m",
        "m:999",
        "m:{n}:watch:5:g",
        "m:{n}:story:1:x",
        "m:{n}:x",
        "k:999",
        "k:{n}:rude",
        "k:{n}:sum:sum",
        "mu:7:5",
        "mu:8",
    ],
)
async def test_forged_data_is_refused_with_a_toast_and_changes_nothing(world: World, data: str) -> None:
    await told(world, ANN)
    number = alert(world, ANN)["reply_markup"]["inline_keyboard"][0][0]["callback_data"].partition(":")[2]
    said = (answers.STALE_BUTTON, answers.ADMINS_ONLY_TOAST, bare(evidence_texts.NOT_HERE))

    assert await press(world, ANN, ANN, data=data.format(n=number)) in said
    assert world.store.complaints() == []
    assert world.store.mutes(world.store.channel(ANN).id, world.now()) == []  # type: ignore[union-attr]


async def test_what_is_wrong_is_kept_as_a_test_case_and_told_to_the_admin_once_without_a_name(world: World) -> None:
    await told(world, ANN)
    for _ in range(2):
        await press(world, ANN, ANN, label=texts.WRONG_BUTTON)
        await world.api.until(lambda: texts.WRONG[Wrong.NOT_DECIDED] in labels(world, ANN))
        assert await press(world, ANN, ANN, label=texts.WRONG[Wrong.NOT_DECIDED]) == texts.WRONG_TOAST
        await world.api.until(lambda: labels(world, ANN) == ROW)
    await world.api.until(lambda: world.api.shown(ADMIN))
    await world.ask(ANN, "/help")

    assert len(world.api.shown(ADMIN)) == 1
    assert "Somebody says an alert is wrong: Not decided yet" in bare(world.api.shown(ADMIN)[0])
    (one,) = world.store.complaints()
    assert (one.title, one.reason, one.told["kind"], one.told["found"]) == (TITLE, Wrong.NOT_DECIDED, "cancelled", ["Palantir"])
    assert str(ANN) not in json.dumps(one.told)
    assert world.store.ledger(world.now()).problems == ()


async def test_in_a_channel_who_presses_is_answered_aside_and_only_admins_change_anything(world: World) -> None:
    """What is posted there is everybody's to read, and the buttons are everybody's to press."""
    world.api.add_chat(CHANNEL, type="channel", title="News", members={ANN: "administrator"}, bot="administrator")
    await told(world, CHANNEL, kind="channel")
    posts = list(world.api.shown(CHANNEL))

    for reader in (ANN, BOB):
        for label in (texts.WHY_BUTTON, texts.MORE_BUTTON):
            assert (await press(world, reader, CHANNEL, label=label)).startswith(("Why you were told", "All reports of it"))
            assert world.api.answers[-1]["show_alert"] == "true"
    assert await press(world, BOB, CHANNEL, label=texts.WRONG_BUTTON) == answers.ADMINS_ONLY_TOAST
    assert labels(world, CHANNEL) == ROW
    await press(world, ANN, CHANNEL, label=texts.WRONG_BUTTON)
    await world.api.until(lambda: texts.WRONG[Wrong.SUM] in labels(world, CHANNEL))
    assert world.api.shown(CHANNEL) == posts
