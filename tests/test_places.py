"""Chats that close a topic, shut us out, let us in again or move: who is told, what is kept, and what they get when they are back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from telegramworld import PALANTIR, World, a_world

from bot import notes
from bot.texts import places as texts
from storage.records import AddWatch, ChannelState, EnsureChannel
from watchers.types import Watch

ANN = 7
FORUM = -1001007


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made:
        made.api.add_chat(ANN)
        made.api.add_chat(FORUM, type="supergroup", title="Desk", topics={11, 12}, members={ANN: "administrator"})
        made.store.apply([EnsureChannel(chat_id=ANN, type="private", title="", language="en")], now=made.now())
        for thread in (11, 12):
            place = {"chat_id": FORUM, "thread_id": thread}
            ensure = EnsureChannel(**place, type="supergroup", title="Desk", language="en", added_by=ANN)
            made.store.apply([ensure, AddWatch(**place, watch=Watch(organisation=PALANTIR))], now=made.now() - timedelta(hours=1))
        yield made


def alerts(world: World, chat: int) -> int:
    return sum("CANCELLED ·" in text for text in world.api.shown(chat))


async def test_what_is_for_a_closed_topic_comes_to_the_chat_which_is_told_so_once(world: World) -> None:
    world.api.chats[FORUM].closed = {11}
    async with world.running():
        for title in ("Alpha", "Bravo"):
            world.publish(title)
            world.wake()
            await world.api.until(lambda title=title: sum(title in text for text in world.api.shown(FORUM)) == 2)
        await world.api.until(lambda: texts.TOPIC_SHUT in world.api.shown(FORUM))
        await world.api.until(lambda: set(world.states()) == {"sent"})

    assert world.api.shown(FORUM).count(texts.TOPIC_SHUT) == 1
    topics = [message.get("message_thread_id") for message in world.api.messages if "CANCELLED ·" in message["text"]]
    assert sorted(topics, key=str) == [12, 12, None, None]


async def test_where_general_is_closed_too_who_set_it_up_is_told_once_and_an_opened_topic_gets_what_it_missed(world: World) -> None:
    world.api.chats[FORUM].closed = {0, 11}
    async with world.running():
        world.publish("Alpha")
        world.wake()
        await world.api.until(lambda: world.api.shown(ANN))
        assert world.store.channel(FORUM, 11).state is ChannelState.SUSPENDED  # type: ignore[union-attr]
        assert world.store.channel(FORUM, 12).state is ChannelState.ACTIVE  # type: ignore[union-attr]
        world.publish("Bravo")
        world.wake()
        await world.api.until(lambda: alerts(world, FORUM) == 2)

        world.api.chats[FORUM].closed = {0}
        world.api.service(FORUM, forum_topic_reopened={}, message_thread_id=11, is_topic_message=True)
        await world.api.until(lambda: alerts(world, FORUM) == 4)

    (said,) = world.api.shown(ANN)
    assert said.startswith("I may not write in Desk any more")


@pytest.mark.parametrize("how", ["kicked", "blocked", "deleted"])
async def test_a_chat_that_shuts_us_out_is_asked_once_and_gets_everything_when_it_is_back(world: World, how: str) -> None:
    """T11."""
    chat = ANN if how == "blocked" else FORUM
    if how == "blocked":
        world.follow(ANN)
    elsewhere = world.api.chats[chat]
    if how == "deleted":
        del world.api.chats[chat]
    else:
        elsewhere.bot = "kicked"
    async with world.running():
        for title in ("Alpha", "Bravo", "Charlie"):
            world.publish(title)
            world.wake()
            await world.api.until(lambda: not world.store.counts(world.now()).deliveries.get("sending"))
        await world.api.until(lambda: world.store.channel(chat, None if how == "blocked" else 12).state is ChannelState.SUSPENDED)  # type: ignore[union-attr]
        asked = sum(call["chat_id"] == str(chat) for call in world.api.called("sendMessage"))
        world.api.chats[chat] = elsewhere
        world.api.standing(chat, "kicked", "member")
        expected = 3 if how == "blocked" else 6
        await world.api.until(lambda: alerts(world, chat) == expected)

    assert asked == 1
    assert len(world.api.shown(ANN)) == (3 if how == "blocked" else 1)


async def test_what_is_kept_of_a_chat_that_shut_us_out_is_erased_after_90_days_and_who_set_it_up_is_told(world: World) -> None:
    async with world.running():
        await world.quiet(world.api.standing(FORUM, "member", "kicked"))
        await world.api.until(lambda: len(world.api.shown(ANN)) == 1)
        world.now_ahead = timedelta(days=89)
        await notes.erase(world.store, world.call, world.now())
        assert world.names(FORUM, 11) == ["Palantir"]

        world.now_ahead = timedelta(days=91)
        await notes.erase(world.store, world.call, world.now())
        world.wake()
        await world.api.until(lambda: len(world.api.shown(ANN)) == 2)

    assert [one.chat_id for one in world.store.channels()] == [ANN]
    assert world.api.shown(ANN)[1].startswith("I could not write in Desk for 90 days.")
