"""/start, /help, /latest, /status, /privacy and /forget (also called /stop); what is answered to whom; and how often."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from telegramworld import World, a_world, bare

from bot.commands import COMMANDS
from bot.commands.desk import Allowed, Quota
from bot.speech import Speech
from bot.texts import answers, menu
from bot.texts import talking as texts
from storage.records import ChannelState

ANN, BOB = 7, 8
GROUP = -1001


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url, commands_per_minute=20) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        yield made


async def test_start_welcomes_and_sets_the_chat_up(world: World) -> None:
    assert (await world.ask(ANN, "/start")).startswith("Hello!")

    channel = world.store.channel(ANN)
    assert channel is not None
    assert (channel.title, channel.type, channel.language) == ("", "private", "en"), "nobody's name is kept"


async def test_help_names_every_command(world: World) -> None:
    help_text = await world.ask(ANN, "/help")

    assert all(f"/{command}" in help_text for command in COMMANDS if command not in ("start", "help", "stop"))  # /stop is /forget
    assert await world.ask(ANN, "/start help") == help_text
    assert set(menu.READ) | set(menu.CHANGE) | {"start", "stop"} == set(COMMANDS)


async def test_the_menu_is_published_for_every_kind_of_chat_in_every_language_and_not_again_at_the_next_start(sqlite_url: str) -> None:
    async with a_world(sqlite_url, menu_told=False) as world:
        async with world.running():
            await world.api.until(lambda: world.store.meta("menu"))
        told = [(json.loads(one["scope"])["type"], one.get("language_code", "")) for one in world.api.called("setMyCommands")]
        kinds = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")

        assert sorted(told) == sorted(product(kinds, ["", "ar", "de", "es", "fr"]))

        await world.restart()
        async with world.running():
            await world.ask(ANN, "/help")

        assert len(world.api.called("setMyCommands")) == len(told)


async def test_the_language_is_that_of_who_begins_until_another_is_chosen(world: World) -> None:
    arabic = Speech("ar")

    assert await world.ask(ANN, "/start", language="ar") == bare(arabic.directed(arabic.say(texts.WELCOME)).plain)
    assert await world.ask(ANN, "/language") == bare(arabic.directed(arabic.say(texts.WHICH_LANGUAGE)).plain)

    await world.press(ANN, ANN, label="Deutsch")
    said = Speech("de").say(texts.LANGUAGE_SET, language="Deutsch").plain
    await world.api.until(lambda: world.api.shown(ANN)[-1] == said)

    assert await world.ask(ANN, "/latest", language="fr") == Speech("de").say(texts.NO_ALERTS).plain


async def test_only_admins_change_the_language_of_a_group_and_it_holds_for_its_topics(world: World) -> None:
    await world.ask(ANN, "/language", chat_id=GROUP)

    assert await world.press(BOB, GROUP, data=f"l:de:{GROUP}") == answers.ADMINS_ONLY_TOAST
    assert await world.press(BOB, GROUP, data=f"l:xx:{GROUP}") == answers.STALE_BUTTON

    await world.press(ANN, GROUP, data=f"l:de:{GROUP}")
    await world.api.until(lambda: "Deutsch" in world.api.shown(GROUP)[-1])
    topic = {"message_thread_id": 5, "is_topic_message": True}
    world.api.chats[GROUP].topics.add(5)

    assert await world.ask(ANN, "/latest", chat_id=GROUP, **topic) == Speech("de").say(texts.NO_ALERTS).plain


async def test_the_latest_alerts_are_listed_newest_first(world: World) -> None:
    assert await world.ask(ANN, "/latest") == texts.NO_ALERTS
    await world.watch(ANN, "/watch Palantir")
    world.publish("One", "Two")
    await world.delivered()
    answer = await world.ask(ANN, "/latest")

    assert answer.count("🔴 CANCELLED · Palantir · Metropolitan Police") == 2


async def test_the_status_is_in_kind_words(world: World) -> None:
    assert "I have just started" in await world.ask(ANN, "/status")
    await world.watch(ANN, "/watch Palantir")
    world.publish("One")
    await world.delivered()

    answer = await world.ask(ANN, "/status")

    assert "Watched here: 1." in answer
    assert not any(word in answer for word in ("Traceback", "Error", "sqlite", "http"))


async def test_privacy_says_what_is_kept(world: World) -> None:
    assert "What I keep" in await world.ask(ANN, "/privacy")


async def test_forget_asks_first_and_then_deletes_everything(world: World) -> None:
    await world.watch(ANN, "/watch Palantir")
    assert "Shall I delete it?" in await world.ask(ANN, "/forget")
    assert await world.press(ANN, ANN, label=texts.FORGET_NO) == texts.KEPT_TOAST
    assert world.names(ANN) == ["Palantir"]

    await world.ask(ANN, "/forget")
    assert await world.press(ANN, ANN, label=texts.FORGET_YES) == texts.FORGOTTEN_TOAST
    await world.api.until(lambda: world.api.shown(ANN)[-1].startswith("Done."))
    assert world.store.channel(ANN) is None
    assert await world.ask(ANN, "/forget") == "Nothing is kept about this chat."


async def test_only_an_admin_ends_it_in_a_group(world: World) -> None:
    await world.watch(ANN, "/watch Palantir", chat_id=GROUP)
    await world.ask(ANN, "/stop", chat_id=GROUP)

    assert await world.press(BOB, GROUP, label=texts.FORGET_YES) == answers.ADMINS_ONLY_TOAST
    assert world.names(GROUP) == ["Palantir"]
    assert await world.press(ANN, GROUP, label=texts.FORGET_YES) == texts.FORGOTTEN_TOAST
    assert world.names(GROUP) == []


async def test_an_unknown_command_gets_a_line_in_private_and_silence_in_groups(world: World) -> None:
    assert await world.ask(ANN, "/frobnicate") == answers.NOT_UNDERSTOOD
    await world.quiet(world.api.write(ANN, "/frobnicate", chat_id=GROUP))

    assert world.api.shown(GROUP) == []


@pytest.mark.parametrize("text", ["hello", "Palantir", "/watch@other_bot Palantir", "see /watch", None])
async def test_groups_are_not_answered_what_they_did_not_ask(world: World, text: str | None) -> None:
    await world.quiet(world.api.write(ANN, text, chat_id=GROUP))

    assert world.api.shown(GROUP) == []
    assert world.names(GROUP) == []


async def test_upper_case_and_our_own_name_are_heard(world: World) -> None:
    assert "✅" in await world.watch(ANN, "/WATCH@Watch_Bot Palantir")


async def test_an_edited_message_is_not_a_new_command(world: World) -> None:
    message = {
        "message_id": 5,
        "date": int(time.time()),
        "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
        "text": "/watch Palantir",
    }
    world.api.add_chat(ANN)
    await world.quiet(world.api.push("edited_message", message | {"from": {"id": ANN, "is_bot": False, "first_name": "Ann"}}))

    assert world.names(ANN) == []


async def test_who_asks_too_much_is_told_once_and_then_not_heard(world: World) -> None:
    for _ in range(30):
        last = world.api.write(ANN, "/help")
    await world.quiet(last)
    told = await world.api.until(lambda: [text for text in world.api.shown(ANN) if text == answers.TOO_MANY_COMMANDS])

    assert len(told) == 1
    assert len(world.api.shown(ANN)) == 21, "twenty answers, and that it was too much"
    assert (await world.ask(BOB, "/help")).startswith("I read newsrooms"), "nobody else waits for it"


def test_the_quota_counts_a_sliding_minute_of_each_person() -> None:
    quota, at = Quota(2), datetime(2026, 5, 21, tzinfo=UTC)

    assert [quota.ask(1, at) for _ in range(4)] == [Allowed.YES, Allowed.YES, Allowed.TOLD, Allowed.NO]
    assert quota.ask(2, at) is Allowed.YES
    assert quota.ask(1, at + timedelta(seconds=61)) is Allowed.YES


async def test_whoever_writes_after_having_blocked_us_is_answered(world: World) -> None:
    await world.watch(ANN, "/watch Palantir")
    await world.quiet(world.api.standing(ANN, "member", "kicked"))
    assert world.store.channel(ANN).state is ChannelState.SUSPENDED  # type: ignore[union-attr]
    world.api.chats[ANN].bot = "member"

    assert "1. Palantir" in await world.ask(ANN, "/watches")
    assert world.store.channel(ANN).state is ChannelState.ACTIVE  # type: ignore[union-attr]


async def test_blocking_rests_and_unblocking_goes_on_with_all_settings(world: World) -> None:
    await world.watch(ANN, "/watch Palantir")
    await world.quiet(world.api.standing(ANN, "member", "kicked"))
    await world.quiet(world.api.standing(ANN, "kicked", "member"))

    channel = world.store.channel(ANN)
    assert channel is not None
    assert (channel.state, world.names(ANN)) == (ChannelState.ACTIVE, ["Palantir"])


async def test_a_group_that_lets_us_in_gets_one_hint(world: World) -> None:
    await world.quiet(world.api.standing(GROUP, "left", "member"))
    await world.quiet(world.api.standing(GROUP, "member", "administrator"))
    await world.api.until(lambda: world.api.shown(GROUP))

    assert len(world.api.shown(GROUP)) == 1


@pytest.mark.parametrize("new", ["left", "kicked", "restricted"])
async def test_a_group_that_shuts_us_out_is_suspended(world: World, new: str) -> None:
    await world.watch(ANN, "/watch Palantir", chat_id=GROUP)
    await world.quiet(world.api.standing(GROUP, "member", new))

    channel = world.store.channel(GROUP)
    assert channel is not None
    assert (channel.state, channel.state_reason) == (ChannelState.SUSPENDED, new)


@pytest.mark.parametrize("order", ["old first", "new first"])
async def test_a_group_that_becomes_a_supergroup_keeps_its_watches(world: World, order: str) -> None:
    world.api.add_chat(-5, type="group", members={ANN: "creator"})
    world.api.add_chat(-1005, type="supergroup", members={ANN: "creator"})
    await world.watch(ANN, "/watch Palantir", chat_id=-5)
    services = [(-5, {"migrate_to_chat_id": -1005}), (-1005, {"migrate_from_chat_id": -5})]
    for chat, body in services if order == "old first" else reversed(services):
        await world.quiet(world.api.service(chat, **body))

    assert (world.names(-1005), world.store.channel(-5)) == (["Palantir"], None)
