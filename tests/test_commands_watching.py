"""/watch, /unwatch, /watches and their buttons, asked of the real bot through a real store."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from botapi import ANONYMOUS
from telegramworld import World, a_world, bare

from bot.commands.names import Unusable, Wanted, read_name
from bot.texts import answers, lists, places, talking, watch_menu
from bot.texts import wishes as speech
from storage.operator_changes import Limits, SetLimits
from watchers.types import Role

ANN, BOB = 7, 8
GROUP, CHANNEL = -1001001, -1001002


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"}, topics={11})
        made.api.add_chat(CHANNEL, type="channel", title="Alerts", username="alerts", members={ANN: "creator"}, bot="administrator")
        yield made


# --- private chats


async def test_watching_is_confirmed_and_kept(world: World) -> None:
    assert "✅ Watching Palantir." in await world.watch(ANN, "/watch Palantir")
    assert world.names(ANN) == ["Palantir"]


async def test_an_alert_comes_to_who_watches(world: World) -> None:
    await world.watch(ANN, "/watch Palantir")
    world.publish("Met cancels deal")
    world.wake()

    await world.api.until(lambda: "CANCELLED" in world.api.shown(ANN)[-1])


async def test_several_names_are_answered_line_by_line(world: World) -> None:
    await world.watch(ANN, "/watch Palantir")

    answer = await world.ask(ANN, "/watch Palantir\nMetropolitan Police as public body\n“Capita plc”\nx")
    await world.press(ANN, ANN, label=speech.SAVE)
    await world.api.until(lambda: "2 watches saved" in world.api.shown(ANN)[-1])

    assert "Already watching Palantir." in answer
    assert "• Metropolitan Police (public body)" in answer
    assert "• Capita plc" in answer
    assert "Line 4: ❌ x: a name has at least 2 letters." in answer
    assert set(world.names(ANN)) == {"Palantir", "Metropolitan Police", "Capita plc"}


async def test_without_a_name_an_example_is_shown(world: World) -> None:
    assert "/watch Palantir" in await world.ask(ANN, "/watch")


async def test_a_name_alone_is_offered_to_be_watched(world: World) -> None:
    assert "• palantir.com Ltd" in await world.ask(ANN, "palantir.com Ltd")
    await world.press(ANN, ANN, label=speech.SAVE)
    await world.api.until(lambda: "Watching" in world.api.shown(ANN)[-1])

    assert world.names(ANN) == ["palantir.com Ltd"]
    await world.api.until(lambda: "reply_markup" not in world.api.messages[0])  # an answered question has no buttons


async def test_an_offer_pressed_twice_watches_once(world: World) -> None:
    await world.ask(ANN, "Palantir")
    message = dict(world.api.last(ANN))
    for _ in range(2):
        world.api.press(ANN, message, label=speech.SAVE)
    await world.api.until(lambda: len(world.api.answers) == 2)

    assert world.names(ANN) == ["Palantir"]


@pytest.mark.parametrize("text", ["a story\nin two lines", "x" * 200, "!!"])
async def test_text_that_is_no_name_gets_one_helpful_line(world: World, text: str) -> None:
    assert "/help" in await world.ask(ANN, text)


async def test_unwatching_by_name_by_number_and_by_button(world: World) -> None:
    await world.watch(ANN, "/watch Palantir\nCapita\nSerco\nBAE Systems")

    assert "Stopped watching capita" in (await world.ask(ANN, "/unwatch CAPITA")).replace("Capita", "capita")
    assert "Stopped watching BAE Systems." in await world.ask(ANN, "/unwatch 1"), "those added at once are in the order of their names"
    assert "❌ Nobody is not watched here." in await world.ask(ANN, "/unwatch Nobody")
    await world.ask(ANN, "/unwatch")
    assert await world.press(ANN, ANN, label="2. Serco") == "Stopped watching Serco."
    assert world.names(ANN) == ["Palantir"]
    assert await world.press(ANN, ANN, label="2. Serco") == answers.STALE_BUTTON


async def test_unwatching_where_nothing_is_watched_says_so(world: World) -> None:
    assert await world.ask(ANN, "/unwatch 1") == "Nothing is watched here yet. Start with /watch Palantir."
    assert await world.ask(ANN, "/watches") == "Nothing is watched here yet. Start with /watch Palantir."


async def test_a_name_in_one_part_is_unwatched_in_that_part(world: World) -> None:
    await world.watch(ANN, "/watch Capita as supplier\nCapita as public body")
    await world.ask(ANN, "/unwatch Capita as supplier")

    channel = world.store.channel(ANN)
    assert channel is not None
    assert [record.watch.role for record in world.store.channel_watches(channel.id)] == [Role.PUBLIC_BODY]


async def test_the_list_is_numbered_and_its_links_share_a_watch(world: World) -> None:
    await world.watch(ANN, "/watch Palantir as supplier\nCapita")

    assert await world.ask(ANN, "/watches") == "Watched here\n1. Capita · share\n2. Palantir (supplier) · share\nPress one to change it."
    links = [entity["url"] for entity in world.api.last(ANN)["entities"] if entity["type"] == "text_link"]
    assert all(re.fullmatch(r"https://t\.me/watch_bot\?start=w_\d+", link) for link in links)
    assert "✅ Watching Palantir (supplier)." in await world.ask(BOB, f"/start {links[1].split('=')[1]}")
    assert world.names(BOB) == ["Palantir"]
    assert "Already watching" in await world.ask(BOB, f"/start {links[1].split('=')[1]}")


@pytest.mark.parametrize("payload", ["w_1", "w_99999999999999999999", "w_x", "w_1'--"])
async def test_a_link_to_nothing_shares_nothing(world: World, payload: str) -> None:
    await world.ask(ANN, f"/start {payload}")

    assert world.names(ANN) == []


async def test_a_watch_too_many_is_refused_in_a_sentence_and_changes_nothing(world: World) -> None:
    world.store.apply([SetLimits(limits=Limits(watches=4, requests=100))], now=world.now())
    await world.watch(ANN, "/watch " + "\n".join(f"Company {number}x" for number in range(3)))

    await world.ask(ANN, "/watch Palantir\nCapita")
    assert await world.press(ANN, ANN, label=speech.SAVE) == answers.LIMIT_REACHED
    assert len(world.names(ANN)) == 3


# --- groups


async def test_an_admin_of_a_group_sets_it_up(world: World) -> None:
    assert "✅" in await world.watch(ANN, "/watch@watch_bot Palantir", chat_id=GROUP)
    assert world.names(GROUP) == ["Palantir"]


@pytest.mark.parametrize("command", ["/watch Palantir", "/unwatch 1", "/stop", "/start w_5"])
async def test_who_is_no_admin_changes_nothing_in_a_group(world: World, command: str) -> None:
    assert await world.ask(BOB, command, chat_id=GROUP) == answers.ADMINS_ONLY
    assert world.names(GROUP) == []


async def test_an_admin_who_hides_is_an_admin(world: World) -> None:
    sender = world.api.chats[GROUP].json()

    assert "Shall I watch this?" in await world.ask(ANONYMOUS, "/watch Palantir", chat_id=GROUP, sender_chat=sender)


@pytest.mark.parametrize("writer", [ANONYMOUS, 136817688, 777000, ANN])
async def test_who_writes_in_the_name_of_another_chat_is_no_admin(world: World, writer: int) -> None:
    stranger = {"id": -1009, "type": "channel", "title": "Elsewhere"}

    assert await world.ask(writer, "/watch Palantir", chat_id=GROUP, sender_chat=stranger) == answers.ADMINS_ONLY


LISTINGS = ("/watches", "/lists", "/list Outsourcers", "/unwatch", "/without 1 football", "/mutes")


async def test_what_a_topic_of_a_group_watches_is_shown_to_its_admins_alone_and_in_private(world: World) -> None:
    topic = {"chat_id": GROUP, "message_thread_id": 11, "is_topic_message": True}
    await world.ask(ANN, "/start")
    await world.watch(ANN, "/watch Palantir", **topic)
    await world.ask(ANN, "/list Outsourcers\nSerco", **topic)
    read_by_all = len(world.api.shown(GROUP))
    for command in LISTINGS:
        assert await world.ask(BOB, command, **topic) == answers.ADMINS_SEE
        before = len(world.api.shown(ANN))
        assert await world.ask(ANN, command, **topic) == places.SENT_IN_PRIVATE
        await world.api.until(lambda before=before: len(world.api.shown(ANN)) > before)

    told = bare(" ".join(world.api.shown(ANN)))
    assert all(
        name in told for name in ("Palantir · without: football", "Outsourcers: 1 watch", "Which one should I stop watching?", "Serco")
    )
    assert not any(name in " ".join(world.api.shown(GROUP)[read_by_all:]) for name in ("Palantir", "Serco", "Outsourcers"))
    await world.ask(ANN, f"/watches {GROUP}_11")
    await world.press(ANN, ANN, label="1. Palantir")
    await world.api.until(lambda: watch_menu.REMOVE in str(world.api.last(ANN)["reply_markup"]))
    await world.press(ANN, ANN, label=watch_menu.REMOVE)
    await world.api.until(lambda: world.names(GROUP, 11) == ["Serco"])


async def test_an_admin_who_cannot_be_written_to_gets_a_link_to_what_their_chat_watches(world: World) -> None:
    async def opened(said: str, *asking: object, **more: object) -> str:
        assert await world.ask(*asking, chat_id=GROUP, **more) == said  # type: ignore[arg-type]
        ((button,),) = world.api.last(GROUP)["reply_markup"]["inline_keyboard"]
        return await world.ask(ANN, f"/start {button['url'].partition('?start=')[2]}")

    await world.watch(ANN, "/watch Palantir", chat_id=GROUP)
    assert "Only its admins can see" in await opened(places.NOT_STARTED, ANN, "/watches")
    hidden = {"sender_chat": {"id": GROUP, "type": "supergroup", "title": "Desk"}}
    assert "Only its admins can see" in await opened(places.NOBODY_KNOWS_WHO, ANONYMOUS, "/watches", **hidden)
    await world.press(ANN, ANN, label=places.WATCHED)

    await world.api.until(lambda: "1. Palantir" in bare(world.api.shown(ANN)[-1]))


async def test_a_list_of_before_that_stands_in_a_group_is_gone_on_with_in_private(world: World) -> None:
    await world.watch(ANN, "/watch Palantir", chat_id=GROUP)
    await world.ask(ANN, "/watches", chat_id=GROUP)
    before = world.api.shown(GROUP)

    assert await world.press(ANN, GROUP, data=f"w:p:{GROUP}:0") == places.START_FIRST
    await world.ask(ANN, "/start")
    assert await world.press(ANN, GROUP, data=f"w:p:{GROUP}:0") == places.SENT_IN_PRIVATE
    await world.api.until(lambda: "1. Palantir" in bare(world.api.shown(ANN)[-1]))
    assert world.api.shown(GROUP) == before


async def test_buttons_of_a_group_are_for_its_admins_at_the_moment_of_the_press(world: World) -> None:
    await world.watch(ANN, "/watch Palantir", chat_id=GROUP)
    await world.ask(ANN, "/start", chat_id=GROUP)
    await world.ask(ANN, f"/unwatch {GROUP}")
    data = world.api.last(ANN)["reply_markup"]["inline_keyboard"][0][0]["callback_data"]

    assert await world.press(BOB, GROUP, data=data) == answers.ADMINS_ONLY_TOAST
    world.api.chats[GROUP].members[ANN] = "member"
    assert await world.press(ANN, GROUP, data=data) == answers.ADMINS_ONLY_TOAST
    assert world.names(GROUP) == ["Palantir"]
    world.api.chats[GROUP].members[ANN] = "administrator"
    assert await world.press(ANN, GROUP, data=data) == "Stopped watching Palantir."


async def test_a_topic_is_a_place_of_its_own(world: World) -> None:
    await world.watch(ANN, "/watch Palantir", chat_id=GROUP, message_thread_id=11, is_topic_message=True)

    assert (world.names(GROUP, 11), world.names(GROUP)) == (["Palantir"], [])
    assert world.api.last(GROUP)["message_thread_id"] == 11


async def test_when_telegram_does_not_tell_the_rights_nothing_is_changed(world: World) -> None:
    world.api.fail("getChatMember", "http", code=502)

    assert await world.ask(ANN, "/watch Palantir", chat_id=GROUP) == answers.COULD_NOT_CHECK
    assert world.names(GROUP) == []


# --- channels


async def test_a_post_in_a_channel_is_its_admins_word(world: World) -> None:
    world.api.post(CHANNEL, "/watch Palantir")
    await world.api.until(lambda: world.api.shown(CHANNEL))

    assert world.names(CHANNEL) == ["Palantir"]


@pytest.mark.parametrize("name", ["@alerts", str(CHANNEL)])
async def test_a_channel_is_managed_from_its_admins_private_chat(world: World, name: str) -> None:
    assert await world.watch(ANN, f"/watch {name} Palantir") == (
        "✅ Watching Palantir in Alerts.\nI will tell you as soon as something is published."
    )
    assert world.names(CHANNEL) == ["Palantir"]
    assert "Watched in Alerts\n1. Palantir" in await world.ask(ANN, f"/watches {name}")
    await world.ask(ANN, f"/unwatch {name}")
    assert await world.press(ANN, ANN, label="1. Palantir") == "Stopped watching Palantir."
    assert (world.names(CHANNEL), world.names(ANN), world.api.shown(CHANNEL)) == ([], [], [])


async def test_whoever_lets_the_bot_into_a_channel_manages_it_from_their_private_chat_without_its_number(world: World) -> None:
    await world.ask(ANN, "/start")
    world.api.standing(CHANNEL, "left", "administrator", actor=ANN, can_post_messages=True)
    await world.api.until(lambda: "I may post in" in world.api.shown(ANN)[-1])
    assert await world.press(BOB, ANN, label=places.MANAGE_HERE) == answers.ADMINS_ONLY_TOAST
    await world.press(ANN, ANN, label=places.MANAGE_HERE)
    await world.api.until(lambda: f"/watch {CHANNEL} Palantir" in world.api.shown(ANN)[-1])
    await world.watch(ANN, f"/watch {CHANNEL} Palantir")
    await world.ask(ANN, f"/settings {CHANNEL}")

    assert world.names(CHANNEL) == ["Palantir"]
    assert world.api.shown(CHANNEL) == []


async def test_a_link_to_manage_a_chat_is_good_once_for_ten_minutes_and_for_its_admins_alone(world: World) -> None:
    async def link() -> str:
        await world.ask(ANN, "/start", chat_id=GROUP)
        ((button,),) = world.api.last(GROUP)["reply_markup"]["inline_keyboard"]
        return f"/start {button['url'].partition('?start=')[2]}"

    first, second = await link(), await link()
    assert await world.ask(BOB, first) == "Only admins of Desk can do this."
    assert await world.ask(BOB, "/start", chat_id=GROUP) == await world.ask(ANN, "/start", chat_id=GROUP)
    assert "reply_markup" not in [one for one in world.api.messages if one["chat"]["id"] == GROUP][-2]
    assert f"/watch {GROUP} Palantir" in await world.ask(ANN, first)
    assert {await world.ask(ANN, one) for one in (first, first[:-1], f"/start m_{GROUP}_", "/start m_x_1")} == {lists.LINK_GONE}
    await world.delivered()  # else what was just sent would be taken for something whose fate is not known
    world.now_ahead = timedelta(minutes=11)
    assert await world.ask(ANN, second) == lists.LINK_GONE


async def test_what_is_said_of_another_chat_names_it(world: World) -> None:
    await world.watch(ANN, "/watch @alerts Palantir")

    assert await world.ask(ANN, "/unwatch @alerts Capita") == "❌ Capita is not watched in Alerts. /watches lists what is."
    assert await world.ask(ANN, "/unwatch @alerts Palantir") == "Stopped watching Palantir in Alerts."
    await world.ask(ANN, "/stop @alerts")
    await world.press(ANN, ANN, label=talking.FORGET_YES)
    await world.api.until(lambda: world.api.shown(ANN)[-1].startswith("Done. Everything about Alerts is deleted"))


@pytest.mark.parametrize(
    "command", ["/watch @alerts Capita", "/unwatch @alerts Palantir", "/watches @alerts", "/stop @alerts", "/latest @alerts"]
)
async def test_that_the_bot_is_an_admin_proves_nothing_about_who_asks(world: World, command: str) -> None:
    await world.watch(ANN, "/watch @alerts Palantir")

    assert await world.ask(BOB, command) == "Only admins of @alerts can do this."
    assert world.names(CHANNEL) == ["Palantir"]


async def test_a_channel_where_the_bot_may_not_post_is_not_set_up(world: World) -> None:
    world.api.chats[CHANNEL].bot = "left"

    assert "I may not write in @alerts" in await world.ask(ANN, "/watch @alerts Palantir")
    assert "I cannot see @nowhere" in await world.ask(ANN, "/watch @nowhere Palantir")


async def test_a_made_up_button_reaches_no_other_chat(world: World) -> None:
    await world.watch(ANN, "/watch @alerts Palantir")
    watch = world.store.channel_watches(world.store.channel(CHANNEL).id)[0].id  # type: ignore[union-attr]
    await world.ask(BOB, "Palantir")
    forged = [
        f"u:{watch}:{CHANNEL}",
        f"u:{watch}:{ANN}",
        f"x:yes:{CHANNEL}",
        f"x:yes:{ANN}",
        "x:yes:",
        "u:",
        "w:z",
        "",
        ":::",
        "zz:1",
        f"u:{watch}:{BOB}",
    ]

    toasts = {data: await world.press(BOB, BOB, data=data) for data in forged if data}

    assert set(toasts.values()) <= {answers.ADMINS_ONLY_TOAST, answers.STALE_BUTTON}
    assert (world.names(CHANNEL), world.names(BOB)) == (["Palantir"], [])


# --- names


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("Palantir", Wanted("Palantir", Role.EITHER)),
        (' "Palantir" as supplier', Wanted("Palantir", Role.SUPPLIER)),
        ("Palantir, as a supplier.", Wanted("Palantir", Role.SUPPLIER)),
        ("«Met Police» as the public body", Wanted("Met Police", Role.PUBLIC_BODY)),
        ("Capita as buyer", Wanted("Capita", Role.PUBLIC_BODY)),
        ("Palantir als Auftragnehmer", Wanted("Palantir", Role.SUPPLIER)),
        ("Mairie de Lyon comme organisme public", Wanted("Mairie de Lyon", Role.PUBLIC_BODY)),
        ("بالانتير كمورّد", Wanted("بالانتير", Role.SUPPLIER)),
        ("BT", Wanted("BT", Role.EITHER)),
        ("bt", Unusable("bt", "short")),
        ("3M", Unusable("3M", "letters")),
        ("a" * 81, Unusable("a" * 80, "long")),
        ("Pal\u200bantir\x07", Wanted("Palantir", Role.EITHER)),
        ("Caf\u0065\u0301 Ltd", Wanted("Café Ltd", Role.EITHER)),
        ("Seen as supplier of choice", Wanted("Seen as supplier of choice", Role.EITHER)),
        ("/etc", Unusable("/etc", "command")),
    ],
)
def test_a_line_is_read_as_a_name_and_its_part(line: str, wanted: Wanted | Unusable) -> None:
    assert read_name(line) == wanted
