"""Watchlists with names as people meet them: made, filled, shared by a link, followed, copied, renamed and ended; and who may."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from telegramworld import World, a_world, bare

from bot.list_news import changes, tell_followers
from bot.packs import packs as shipped_packs
from bot.texts import answers, packs
from bot.texts import lists as texts
from bot.texts.settings import BACK
from storage.list_news import ListNews
from storage.times import Rhythm
from watchers.types import Organisation, Terms, Watch

ANN, BOB, GROUP, CHANNEL = 7, 8, -1001001, -1002002
MINUTE = timedelta(minutes=1)
LIST = "/list Outsourcers\nSerco\nCapita as supplier"


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(ANN)
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        yield made


async def shared(world: World, chat: str = "") -> str:
    """Ann makes a list, of hers or of the chat, and shares it; says what its link carries."""
    await world.ask(ANN, LIST.replace("/list", f"/list {chat}"))
    await world.ask(ANN, f"/lists {chat}")
    await world.press(ANN, ANN, label="1. Outsourcers")
    await world.api.until(lambda: "Capita (supplier)" in bare(world.api.shown(ANN)[-1]))
    await world.press(ANN, ANN, label=texts.SHARE)
    await world.api.until(lambda: "?start=l_" in world.api.shown(ANN)[-1])
    return bare(world.api.shown(ANN)[-1]).split("?start=")[1].split()[0]


async def test_a_list_is_made_and_filled_and_nothing_is_done_by_halves(world: World) -> None:
    assert await world.ask(ANN, LIST) == "✅ Made the list Outsourcers: 2 watches. /lists shows it and shares it."
    assert await world.ask(ANN, "/list outsourcers\nG4S\nx") == "Line 3: ❌ x: a name has at least 2 letters."
    assert await world.ask(ANN, "/list outsourcers\nG4S") == "✅ Added to Outsourcers: 1 watch."
    assert await world.ask(ANN, "/unwatch Serco") == "Stopped watching Serco."

    assert sorted(world.names(ANN)) == ["Capita", "G4S"]
    assert "1. Outsourcers: 2 watches" in await world.ask(ANN, "/lists")


async def test_a_link_is_followed_in_one_tap_and_the_owners_changes_reach_the_follower_who_is_told_of_them_together(world: World) -> None:
    payload = await shared(world)
    answer = await world.ask(BOB, f"/start {payload}")
    assert answer.startswith("✅ You follow the list Outsourcers: 2 watches.")
    assert sorted(world.names(BOB)) == ["Capita", "Serco"]

    await world.ask(ANN, "/list Outsourcers\nG4S\nMitie\nAtos")
    await world.ask(ANN, "/unwatch Serco\nAtos")
    await world.ask(ANN, "/without 1 football")
    assert await followers_told(world, 4 * MINUTE) == 1
    await world.api.until(lambda: len(world.api.shown(BOB)) == 2)
    assert bare(world.api.shown(BOB)[-1]).split("\n") == [
        "The list Outsourcers, which you follow, has more now: G4S, Mitie.",
        "The list Outsourcers, which you follow, has less now: without Serco.",
        "Changed on the list Outsourcers, which you follow: Capita (supplier) · without: football.",
    ]
    assert await followers_told(world, 9 * MINUTE) == 0

    assert sorted(world.names(BOB)) == ["Capita", "G4S", "Mitie"]
    assert "comes with the list Outsourcers" in await world.ask(BOB, "/unwatch Mitie")
    assert "somebody else's list" in await world.ask(BOB, "/list Outsourcers\nMine")


async def followers_told(world: World, later: timedelta) -> int:
    """How many are told of changed lists some time from now."""
    world.now_ahead = later
    told = await tell_followers(world.store, world.call, world.now())
    world.wake()
    return told


async def test_a_copy_goes_its_own_way_and_a_deleted_list_ends_for_its_followers(world: World) -> None:
    payload = await shared(world)
    await world.ask(BOB, f"/start {payload}")
    await world.ask(BOB, "/list Outsourcers")
    await world.press(BOB, BOB, label=texts.COPY)
    await world.ask(ANN, "/list Outsourcers\nG4S")
    assert sorted(world.names(BOB)) == ["Capita", "Serco"]

    await world.ask(BOB, f"/start {payload}")
    await world.ask(ANN, "/list Outsourcers")
    await world.press(ANN, ANN, label=texts.DELETE)
    await world.api.until(lambda: "Delete Outsourcers?" in bare(world.api.shown(ANN)[-1]))
    await world.press(ANN, ANN, label=texts.YES)
    await world.api.until(lambda: "was deleted" in bare(world.api.shown(BOB)[-1]))

    assert (world.names(ANN), sorted(world.names(BOB))) == ([], ["Capita", "Serco"])
    assert await world.ask(BOB, f"/start {payload}") == texts.LINK_GONE


async def test_a_list_is_renamed_and_followed_no_more(world: World) -> None:
    payload = await shared(world)
    await world.ask(BOB, f"/start {payload}")
    assert await world.ask(ANN, "/list Outsourcers → Big ones") == "✅ Outsourcers is called Big ones now."
    await world.ask(BOB, "/list big ones")
    assert await world.press(BOB, BOB, label=texts.UNFOLLOW) == "You no longer follow Big ones."

    assert world.names(BOB) == []


async def test_in_a_group_only_admins_change_lists_and_a_forged_button_reaches_nobody_elses(world: World) -> None:
    payload = await shared(world, str(GROUP))
    data = world.api.last(ANN)["reply_markup"]["inline_keyboard"][-2][0]["callback_data"]
    await world.ask(ANN, "/start", chat_id=GROUP)

    assert await world.ask(BOB, "/list Mine\nSerco", chat_id=GROUP) == answers.ADMINS_ONLY
    assert await world.press(BOB, GROUP, data=data) == answers.ADMINS_ONLY_TOAST
    assert await world.press(BOB, GROUP, data=data.replace(str(GROUP), str(BOB))) == answers.ADMINS_ONLY_TOAST
    await world.ask(BOB, "/lists")
    await world.ask(BOB, "/start")
    assert await world.press(BOB, BOB, data=data.replace(str(GROUP), str(BOB))) == answers.STALE_BUTTON
    assert await world.ask(BOB, f"/start {payload}x") == texts.LINK_GONE
    assert len(world.names(GROUP)) == 2


async def test_a_ready_made_list_is_followed_in_one_tap_kept_as_it_ships_and_ended(world: World) -> None:
    await world.ask(BOB, "/lists")
    for label in (packs.READY, "Surveillance suppliers"):
        await world.press(BOB, BOB, label=label)
        await world.api.until(lambda label=label: label == packs.READY or "Why these" in world.api.shown(BOB)[-1])
        await world.api.until(lambda: "Consultancies" in str(world.api.last(BOB)) or packs.FOLLOW in str(world.api.last(BOB)))
    await world.press(BOB, BOB, label=packs.FOLLOW)
    assert "Cellebrite" in world.names(BOB)

    (shipped,) = (one for number, one in shipped_packs().items() if number == "surveillance")
    world.store.sync_packs([replace(shipped, watches=shipped.watches[:2])], world.now())
    assert sorted(world.names(BOB)) == ["Clearview AI", "Palantir"]

    await world.ask(BOB, "/list surveillance suppliers")
    await world.press(BOB, BOB, label=texts.UNFOLLOW)
    assert world.names(BOB) == []
    assert world.store.watches()[1] == ()


async def test_a_ready_made_list_sets_a_channel_up_that_asked_for_nothing_yet(world: World) -> None:
    world.api.add_chat(CHANNEL, type="channel", title="Alerts", username="alerts", members={ANN: "creator"}, bot="administrator")
    await world.ask(ANN, "/lists @alerts")
    for label in (packs.READY, "Surveillance suppliers"):
        await world.press(ANN, ANN, label=label)
        await world.api.until(lambda label=label: (packs.FOLLOW if label != packs.READY else "Consultancies") in str(world.api.last(ANN)))

    assert await world.press(ANN, ANN, label=packs.FOLLOW) != answers.STALE_BUTTON
    assert "Cellebrite" in world.names(CHANNEL)


async def pressed(world: World, label: str, shows: str) -> None:
    """Ann presses a button of the last message of her chat, which then shows something else."""
    await world.press(ANN, ANN, label=label)
    await world.api.until(lambda: shows in str(world.api.last(ANN)))


def places_told(world: World) -> set[tuple[int | None, int | None]]:
    """Where the list Outsourcers of the group is told."""
    keeper = world.store.channel(GROUP)
    assert keeper is not None
    told = world.store.told(next(one.id for one in world.store.watchlists(keeper.id) if one.name == "Outsourcers"))
    return {(one.chat_id, one.thread_id) for one in world.store.channels() if one.id in told}


async def test_the_alerts_of_a_list_are_sent_to_a_topic_and_back_from_outside_of_it(world: World) -> None:
    world.api.chats[GROUP].topics.add(11)
    await world.ask(ANN, LIST, chat_id=GROUP)
    link = f"https://t.me/c/{str(GROUP).removeprefix('-100')}"

    assert "The alerts of Outsourcers go to Desk, topic 11 from now on" in await world.ask(
        ANN, f"/list {GROUP} Outsourcers -> {link}/11/345"
    )
    assert places_told(world) == {(GROUP, 11)}
    assert sorted(world.names(GROUP)) == ["Capita", "Serco"]
    await world.ask(ANN, f"/list {GROUP} Outsourcers")
    await pressed(world, texts.WHERE_BUTTON, "✓ Desk, topic 11")
    await pressed(world, "✓ Desk, topic 11", "'Desk, topic 11'")
    await pressed(world, "Desk", "✓ Desk")

    assert places_told(world) == {(GROUP, None)}


async def test_only_an_admin_of_both_places_has_the_alerts_of_a_list_sent_from_one_to_the_other(world: World) -> None:
    world.api.add_chat(
        CHANNEL, type="channel", title="Alerts", username="alerts", members={BOB: "creator", ANN: "member"}, bot="administrator"
    )
    await world.ask(ANN, "/list Outsourcers\nSerco", chat_id=GROUP)
    await world.ask(BOB, "/start")

    assert await world.ask(ANN, f"/list {GROUP} Outsourcers -> @alerts") == "Only admins of @alerts can do this."
    assert await world.ask(ANN, f"/list {GROUP} Outsourcers -> https://t.me/alerts/5") == "Only admins of @alerts can do this."
    assert "I cannot see @nobody" in await world.ask(ANN, f"/list {GROUP} Outsourcers -> https://t.me/nobody/5")
    assert await world.ask(BOB, "/list Outsourcers -> @alerts", chat_id=GROUP) == answers.ADMINS_ONLY
    assert places_told(world) == {(GROUP, None)}


async def test_a_list_comes_in_a_rhythm_of_its_own(world: World) -> None:
    await world.ask(ANN, LIST)
    await world.ask(ANN, "/list Outsourcers")
    await pressed(world, "⏱ Its alerts come: as all others here", "✓ as all others here")
    await pressed(world, "once a day, together", "✓ once a day, together")

    channel = world.store.channel(ANN)
    assert channel is not None
    assert list(world.store.rhythms(channel.id).values()) == [Rhythm.DAILY]
    await pressed(world, BACK, "⏱ Its alerts come: once a day, together")


def test_every_ready_made_list_has_its_words_and_reasons() -> None:
    read = tomllib.loads(files("bot").joinpath("packs.toml").read_text())

    assert set(read) == set(packs.NAMES) == set(packs.REASONS) == set(shipped_packs())
    for number, one in read.items():
        assert (one["name"], one["reason"]) == (packs.NAMES[number], packs.REASONS[number])
        assert all(watch["reason"] for watch in one["watches"])


def test_what_was_undone_is_not_told_and_a_watch_that_asks_for_something_else_is_not_one_more_and_one_less() -> None:
    serco, capita = (Watch(organisation=Organisation(name=name)) for name in ("Serco", "Capita"))
    news = ListNews(watchlist_id=1, name="Big", before=((serco, Terms()),), after=(), followers=(), changed_at=datetime.now(UTC))

    def said(*after: tuple[Watch, Terms]) -> list[tuple[str, list[str]]]:
        return [(sentence, [one.name for one, _ in some]) for sentence, some in changes(replace(news, after=after))]

    assert said((serco, Terms())) == []
    assert said((capita, Terms())) == [(texts.OWNER_ADDED, ["Capita"]), (texts.OWNER_REMOVED, ["Serco"])]
    assert said((serco, Terms(paused=True))) == [(texts.OWNER_CHANGED, ["Serco"])]
    assert said((replace(serco, without=("football",)), Terms())) == [(texts.OWNER_CHANGED, ["Serco"])]
