"""Watchlists with names as people meet them: made, filled, shared by a link, followed, copied, renamed and ended; and who may."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.resources import files

import pytest
from telegramworld import World, a_world, bare

from bot.packs import packs as shipped_packs
from bot.texts import answers, packs
from bot.texts import lists as texts

ANN, BOB, GROUP = 7, 8, -1001001
LIST = "/list Outsourcers\nSerco\nCapita as supplier"


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(ANN)
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        yield made


async def shared(world: World, chat_id: int = ANN) -> str:
    """Ann makes a list and shares it; says what its link carries."""
    await world.ask(ANN, LIST, chat_id=chat_id)
    await world.ask(ANN, "/lists", chat_id=chat_id)
    await world.press(ANN, chat_id, label="1. Outsourcers")
    await world.api.until(lambda: "Capita (supplier)" in bare(world.api.shown(chat_id)[-1]))
    await world.press(ANN, chat_id, label=texts.SHARE)
    await world.api.until(lambda: "?start=l_" in world.api.shown(chat_id)[-1])
    return bare(world.api.shown(chat_id)[-1]).split("?start=")[1].split()[0]


async def test_a_list_is_made_and_filled_and_nothing_is_done_by_halves(world: World) -> None:
    assert await world.ask(ANN, LIST) == "✅ Made the list Outsourcers: 2 watches. /lists shows it and shares it."
    assert await world.ask(ANN, "/list outsourcers\nG4S\nx") == "Line 3: ❌ x: a name has at least 2 letters."
    assert await world.ask(ANN, "/list outsourcers\nG4S") == "✅ Added to Outsourcers: 1 watch."
    assert await world.ask(ANN, "/unwatch Serco") == "Stopped watching Serco."

    assert sorted(world.names(ANN)) == ["Capita", "G4S"]
    assert "1. Outsourcers: 2 watches" in await world.ask(ANN, "/lists")


async def test_a_link_is_followed_in_one_tap_and_the_owners_changes_reach_the_follower_who_is_told_once_for_each(world: World) -> None:
    payload = await shared(world)
    answer = await world.ask(BOB, f"/start {payload}")
    assert answer.startswith("✅ You follow the list Outsourcers: 2 watches.")
    assert sorted(world.names(BOB)) == ["Capita", "Serco"]

    await world.ask(ANN, "/list Outsourcers\nG4S\nMitie")
    await world.api.until(lambda: len(world.api.shown(BOB)) == 2)
    assert bare(world.api.shown(BOB)[-1]) == "The list Outsourcers, which you follow, has more now: G4S, Mitie."
    await world.ask(ANN, "/unwatch Serco")
    await world.api.until(lambda: len(world.api.shown(BOB)) == 3)

    assert sorted(world.names(BOB)) == ["Capita", "G4S", "Mitie"]
    assert "comes with the list Outsourcers" in await world.ask(BOB, "/unwatch Mitie")
    assert "somebody else's list" in await world.ask(BOB, "/list Outsourcers\nMine")


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
    payload = await shared(world, GROUP)
    data = world.api.last(GROUP)["reply_markup"]["inline_keyboard"][-2][0]["callback_data"]

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


def test_every_ready_made_list_has_its_words_and_reasons() -> None:
    read = tomllib.loads(files("bot").joinpath("packs.toml").read_text())

    assert set(read) == set(packs.NAMES) == set(packs.REASONS) == set(shipped_packs())
    for number, one in read.items():
        assert (one["name"], one["reason"]) == (packs.NAMES[number], packs.REASONS[number])
        assert all(watch["reason"] for watch in one["watches"])
