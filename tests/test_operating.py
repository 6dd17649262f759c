"""/admin: for whoever runs the bot and nobody else; feeds, pauses, the list of who may use it, announcements."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from telegramworld import World, a_world, bare

from bot.hands import tell_admins
from bot.markup import tagless
from bot.texts import answers
from bot.texts import operating as texts
from watchers.types import EventKind, FeedState

ADMIN, ANN, BOB = 5, 7, 8
GROUP = -1001001


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url, admins=(ADMIN,)) as made, made.running():
        made.api.add_chat(ADMIN)
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ADMIN: "administrator"}, topics={11, 12})
        yield made


async def test_to_others_there_is_no_such_command_and_to_the_admin_only_in_private(world: World) -> None:
    assert await world.ask(ANN, "/admin") == answers.NOT_UNDERSTOOD
    await world.quiet(world.api.write(ADMIN, "/admin", chat_id=GROUP))
    await world.ask(ANN, "/watch Palantir")
    assert await world.press(ANN, ANN, data="a:pause:deliveries") == answers.STALE_BUTTON

    assert "How the bot is" in await world.ask(ADMIN, "/admin")
    assert world.api.shown(GROUP) == []
    assert not world.store.operating().paused_deliveries


async def test_the_command_is_offered_in_the_chat_of_the_admin_and_nowhere_else(sqlite_url: str) -> None:
    async with a_world(sqlite_url, admins=(ADMIN,), menu_told=False) as world:
        world.api.add_chat(ADMIN)
        async with world.running():
            await world.api.until(lambda: world.store.meta("menu"))

        scopes = [json.loads(call["scope"]) for call in world.api.called("setMyCommands") if "admin" in call["commands"]]
        assert scopes == [{"type": "chat", "chat_id": ADMIN}]


async def test_a_story_is_shown_split_and_joined_again_by_who_runs_the_bot_and_its_message_follows(world: World) -> None:
    for chat in (ADMIN, ANN):
        world.follow(chat)
    for feed in ("feed", "other"):
        world.publish("Alpha", feed=feed)
    world.wake()
    await world.api.until(lambda: all("Alpha" in "".join(world.api.shown(chat)) for chat in (ADMIN, ANN)))
    first, second = (one.entry_id for one in world.store.story(1).entries)

    assert await world.ask(ANN, f"/story split 1 {second}") == answers.NOT_UNDERSTOOD
    assert "1 Alpha" in await world.ask(ADMIN, "/story")
    alert = next(one["message_id"] for one in world.api.messages if one["chat"]["id"] == ADMIN and "Alpha" in one["text"])
    shown = await world.ask(ADMIN, "/story", reply_to_message={"message_id": alert, "date": 0, "chat": {"id": ADMIN, "type": "private"}})
    assert shown.startswith("Story 1: 2 entries") and f"{second} " in shown
    parted = await world.ask(ADMIN, f"/story split alert:1 {second}")
    assert [[one.entry_id for one in world.store.story(number).entries] for number in (1, 2)] == [[first], [second]]
    joined = await world.ask(ADMIN, parted.partition("undo it: ")[2])
    assert joined.endswith(f"/story split 1 {second}")
    assert world.store.story(2).joined_to == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("split 1 2", "Entry 2 is not in story 1. /story 1 shows what is."),
        ("split 1 1", "These are all entries of story 1. Leave it at least one."),
        ("split seven 1", texts.HOW_STORY),
        ("split 1", texts.HOW_STORY),
        ("join 1 alert:1", texts.SAME_STORY),
        ("join 1 7", "There is no story 7. /story lists those told last."),
        ("entry:7", "There is no story entry:7. /story lists those told last."),
        ("join 1 2", "One message cannot tell both: one is about cancellations, the other about awards."),
    ],
)
async def test_what_cannot_be_done_with_stories_is_said_in_a_sentence(world: World, asked: str, said: str) -> None:
    world.follow(ANN)
    world.publish("Alpha")
    world.publish("Beta", event=EventKind.AWARDED)

    assert await world.ask(ADMIN, f"/story {asked}") == bare(tagless(said))


async def test_alerts_rest_and_go_on_while_people_are_answered(world: World) -> None:
    world.follow(ANN)
    await world.ask(ADMIN, "/admin")
    await world.press(ADMIN, ADMIN, label=texts.PAUSE_DELIVERIES)
    await world.api.until(lambda: texts.DELIVERIES_REST in world.api.shown(ADMIN)[-1])
    world.publish("Alpha")
    world.wake()
    assert await world.ask(ANN, "/watches") != ""
    assert world.states()["pending"] == 1

    await world.press(ADMIN, ADMIN, label=texts.RESUME_DELIVERIES)
    await world.api.until(lambda: "Alpha" in world.api.shown(ANN)[-1])


async def test_an_announcement_is_seen_first_and_reaches_each_chat_once(world: World) -> None:
    world.follow(ANN)
    for thread in (11, 12):
        world.follow(GROUP, kind="supergroup", thread_id=thread)
    assert "We move on <Monday>" in await world.ask(ADMIN, "/admin announce We move on <Monday>")
    message = dict(world.api.last(ADMIN))
    for _ in range(2):
        world.api.press(ADMIN, message, label="Send to 2 chats")
    await world.api.until(lambda: len(world.api.answers) == 2)
    await world.api.until(lambda: world.api.shown(ANN) and world.api.shown(GROUP))
    await world.api.until(lambda: set(world.states()) == {"sent"})

    assert [answer["text"] for answer in world.api.answers] == [texts.ANNOUNCED, answers.STALE_BUTTON]
    assert [len(world.api.shown(chat)) for chat in (ANN, GROUP)] == [1, 1]


async def test_only_those_on_the_list_are_served_and_everybody_may_leave(world: World) -> None:
    world.follow(BOB)
    assert "1 person or chat may use the bot." in await world.ask(ADMIN, f"/admin allow {ANN}")

    assert "Shall I watch this?" in await world.ask(ANN, "/watch Palantir")
    assert await world.ask(BOB, "/watch Capita") == answers.NOT_LISTED
    assert await world.ask(BOB, "Capita") == answers.NOT_LISTED
    assert "Shall I delete it?" in await world.ask(BOB, "/forget")
    await world.press(BOB, BOB, label="Yes, delete everything")
    await world.api.until(lambda: world.api.shown(BOB)[-1].startswith("Done."))  # said, so that it is no answer to what is asked next
    assert world.names(BOB) == []

    await world.ask(ADMIN, "/admin everybody")
    assert "Shall I watch this?" in await world.ask(BOB, "/watch Capita")


async def test_feeds_and_who_is_noisy_are_shown_in_numbers(world: World) -> None:
    world.follow(ANN)
    world.publish("Alpha", "Bravo")
    world.wake()
    await world.api.until(lambda: len(world.api.shown(ANN)) == 2)
    await world.ask(ADMIN, "/admin")
    await world.press(ADMIN, ADMIN, label=texts.FEEDS)
    await world.api.until(lambda: "The feed" in world.api.shown(ADMIN)[-1])
    await world.press(ADMIN, ADMIN, label=texts.BACK)
    await world.api.until(lambda: "How the bot is" in world.api.shown(ADMIN)[-1])
    await world.press(ADMIN, ADMIN, label=texts.NOISY)
    await world.api.until(lambda: "Chat 7: 2 messages" in world.api.shown(ADMIN)[-1])

    assert "The feed: 2 alerts" in world.api.shown(ADMIN)[-1]
    assert "Palantir" not in world.api.shown(ADMIN)[-1]


async def test_once_a_day_the_admin_is_told_what_needs_a_hand_and_nothing_else(world: World) -> None:
    await world.ask(ADMIN, "/start")
    world.follow(ANN)
    world.publish("Alpha")
    noon = world.now().replace(hour=12)
    await tell_admins(world.store, world.call, [ADMIN, BOB], noon)
    assert len(world.api.shown(ADMIN)) == 1, "nothing needs a hand"

    world.store.save_state("other", FeedState(fail_count=90, first_failed_at=noon - timedelta(days=2), last_error="HTTP 410"), noon)
    await tell_admins(world.store, world.call, [ADMIN], noon.replace(hour=7))
    for _ in range(2):
        await tell_admins(world.store, world.call, [ADMIN, BOB], noon)
    world.wake()
    await world.api.until(lambda: len(world.api.shown(ADMIN)) == 2)
    await world.api.until(lambda: set(world.states()) == {"sent"})

    assert "The other: failing since" in world.api.shown(ADMIN)[1]
    assert "waiting since" not in world.api.shown(ADMIN)[1]
    assert len(world.api.shown(ADMIN)) == 2
    assert BOB not in world.api.chats


async def test_how_much_there_may_be_is_seen_and_changed_and_holds_at_once(world: World) -> None:
    assert "200 chats of a person" in await world.ask(ADMIN, "/admin")
    for wrong in ("/admin limit", "/admin limit watches", "/admin limit colours 3", "/admin limit watches 0", "/admin limit watches 10001"):
        assert "a number from 1 to 10,000" in await world.ask(ADMIN, wrong)
    assert "At most 1 watches on a list" in await world.ask(ADMIN, "/admin limit watches 1")
    assert "1 chats of a person" in await world.ask(ADMIN, "/admin limit chats 1")

    assert "Watching" in await world.watch(ANN, "/watch Palantir")
    await world.ask(ANN, "/watch Serco")
    assert await world.press(ANN, ANN, label="✅ Save") == answers.LIMIT_REACHED
    world.api.add_chat(GROUP - 1, type="supergroup", title="Other", members={ANN: "administrator"})
    assert await world.ask(ANN, "/settings", chat_id=GROUP - 1) == answers.TOO_MANY_CHATS
    assert world.names(ANN) == ["Palantir"]

    await world.ask(ADMIN, "/admin limit requests 1")
    for _ in range(3):
        last = world.api.write(BOB, "/help")
    await world.quiet(last)
    await world.api.until(lambda: answers.TOO_MANY_COMMANDS in world.api.shown(BOB))
