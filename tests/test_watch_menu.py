"""/watches as a menu that is changed in place, and /without: paging, what a press changes, undo, rights, forged and old buttons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegramworld import World, a_world, bare

from bot.commands.watch_menu import ROWS
from bot.texts import answers, wishes
from bot.texts import watch_menu as texts
from storage.records import WatchRecord
from watchers.types import EventKind, Role

ANN, BOB = 7, 8
GROUP, CHANNEL = -1001001, -1001002


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made:
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        made.api.add_chat(CHANNEL, type="channel", title="Alerts", username="alerts", members={ANN: "creator"}, bot="administrator")
        yield made


def buttons(world: World, chat_id: int) -> list[tuple[str, str]]:
    rows: list[list[dict[str, Any]]] = world.api.last(chat_id).get("reply_markup", {}).get("inline_keyboard", [])
    return [(button["text"], button["callback_data"]) for row in rows for button in row]


def data_of(world: World, chat_id: int, label: str) -> str:
    return next(data for text, data in buttons(world, chat_id) if text == label)


def records(world: World, chat_id: int) -> list[WatchRecord]:
    channel = world.store.channel(chat_id)
    return [] if channel is None else world.store.channel_watches(channel.id)


async def opened(world: World, label: str, *, chat_id: int = ANN) -> None:
    """Press a button of the menu and wait for the next screen."""
    before = buttons(world, chat_id)
    await world.press(ANN, chat_id, label=label)
    await world.api.until(lambda: buttons(world, chat_id) != before)


async def test_a_long_list_is_paged_in_one_message_and_a_watch_opened_and_left_to_its_page(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch " + "\n".join(f"{'Company ' * 9}{number:02}x" for number in range(2 * ROWS + 1)))
        await world.ask(ANN, "/watches")
        messages = len(world.api.shown(ANN))

        assert [label for label, _ in buttons(world, ANN)][-3:] == ["‹", "1 / 3", "›"]
        await opened(world, "‹")
        assert "25. " in bare(world.api.shown(ANN)[-1])
        assert len(buttons(world, ANN)) == 1 + 3, "the last page has what is left"
        await opened(world, buttons(world, ANN)[0][0])
        await opened(world, texts.BACK)

        assert "3 / 3" in [label for label, _ in buttons(world, ANN)]
        assert len(world.api.shown(ANN)) == messages, "everything happened in one message"
        assert all(len(data.encode()) <= 64 for _, data in buttons(world, ANN))


async def test_a_watch_is_changed_in_place_and_old_buttons_of_it_find_nothing(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch Palantir\nSerco")
        await world.ask(ANN, "/watches")
        await opened(world, "1. Palantir")
        old = data_of(world, ANN, wishes.AS_BODY)
        await opened(world, wishes.AS_SUPPLIER)
        assert await world.press(ANN, ANN, data=old) == answers.STALE_BUTTON
        await opened(world, wishes.ONLY_CANCELLATIONS)
        await opened(world, "£1 million")
        await opened(world, f"● {wishes.WITHOUT_SUM}")
        assert await world.press(ANN, ANN, label=texts.PAUSE) == texts.PAUSED_TOAST
        await world.api.until(lambda: texts.RESUME in dict(buttons(world, ANN)))

        shown = bare(world.api.shown(ANN)[-1])
        assert "Palantir (supplier) · only: cancellations, early ends · from £1,000,000, only where a sum is stated · paused" in shown
        mine = next(one for one in records(world, ANN) if one.watch.name == "Palantir")
        assert mine.watch.role is Role.SUPPLIER
        assert mine.terms.kinds == {EventKind.CANCELLED, EventKind.TERMINATED}
        assert (mine.terms.minimum, mine.terms.without_sum, mine.terms.paused) == (1_000_000, False, True)
        assert len(records(world, ANN)) == 2


async def test_words_are_excluded_by_a_command_and_taken_back_by_a_button(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch Palantir\nSerco")
        assert "Serco · without: football, ice hockey" in await world.ask(ANN, "/without 2 football, ice hockey")
        await opened(world, "Excluded words: 2")
        assert "/without 2 football, cricket" in bare(world.api.shown(ANN)[-1])
        await opened(world, "✖ football")

        assert [one.watch.without for one in records(world, ANN)] == [(), ("ice hockey",)]
        for wrong in ("/without", "/without 3 football", "/without football", "/without 1"):
            assert "press the watch in /watches" in await world.ask(ANN, wrong)
        assert "at most 10 words" in await world.ask(ANN, "/without 1 " + ",".join(f"word{number}" for number in range(11)))


async def test_what_was_removed_comes_back_once_by_undo_also_after_a_restart(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch Palantir over £1m without football, cancellations only")
        kept = records(world, ANN)
        await world.ask(ANN, "/watches")
        await opened(world, "1. Palantir")
        assert await world.press(ANN, ANN, label=texts.REMOVE) == "Stopped watching Palantir."
        await world.api.until(lambda: texts.UNDO in dict(buttons(world, ANN)))
        assert records(world, ANN) == []
        undo = data_of(world, ANN, texts.UNDO)
    await world.restart()
    async with world.running():
        assert await world.press(ANN, ANN, data=undo.rpartition(":")[0] + ":1") == texts.UNDO_GONE
        assert await world.press(ANN, ANN, data=undo) == texts.BACK_AGAIN
        assert await world.press(ANN, ANN, data=undo) == texts.UNDO_GONE

        assert [(one.watch, one.terms) for one in records(world, ANN)] == [(one.watch, one.terms) for one in kept]


async def test_members_open_nothing_in_a_group_and_forged_buttons_change_nothing(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch Palantir", chat_id=GROUP)
        await world.watch(ANN, "/watch Serco")
        await world.ask(ANN, f"/watches {GROUP}")
        data = data_of(world, ANN, "1. Palantir")
        await world.ask(ANN, "/start", chat_id=GROUP)
        assert await world.press(BOB, GROUP, data=data) == answers.ADMINS_ONLY_TOAST
        assert await world.press(BOB, GROUP, data=data.replace(":o:", ":d:")) == answers.ADMINS_ONLY_TOAST
        before = records(world, GROUP), records(world, ANN)
        _, _, _, list_id, digest = data.split(":")
        for forged in (
            "w",
            "w:p:x:0",
            f"w:p:{GROUP}:-1",
            f"w:d:{GROUP}:{list_id}:000000000000",
            f"w:d:{GROUP}:{int(list_id) + 1}:{digest}",
            f"w:d:{ANN}:{list_id}:{digest}",
            f"w:h:{GROUP}:{list_id}:{digest}:2",
            f"w:x:{GROUP}:{list_id}:{digest}:0",
            f"w:m:{GROUP}:{list_id}:{digest}:12345",
            f"w:r:{GROUP}:{list_id}:{digest}:b:b",
        ):
            assert await world.press(ANN, GROUP, data=forged) in (answers.STALE_BUTTON, answers.ADMINS_ONLY_TOAST), forged

        assert (records(world, GROUP), records(world, ANN)) == before


async def test_the_watches_of_a_channel_are_changed_from_a_private_chat(world: World) -> None:
    async with world.running():
        await world.watch(ANN, "/watch @alerts Palantir")
        assert "Watched in Alerts" in await world.ask(ANN, "/watches @alerts")
        await opened(world, "1. Palantir")
        await opened(world, texts.PAUSE)
        await opened(world, texts.EXCLUDED)

        assert f"/without {CHANNEL} 1 football" in bare(world.api.shown(ANN)[-1])
        assert [one.terms.paused for one in records(world, CHANNEL)] == [True]
        assert "without: football" in await world.ask(ANN, f"/without {CHANNEL} 1 football")


def test_every_kind_that_may_be_asked_for_has_words() -> None:
    asked_for = {kind for kind in EventKind if kind.happens}

    assert asked_for == set(wishes.KINDS) == set(wishes.COUNTS)
