"""/settings: one screen, changed in place; who may, and what a press does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegramworld import World, a_world

from bot.commands.asked import Place
from bot.commands.settings import SETTINGS, Setting, _new
from bot.markup import tagless
from bot.speech import Speech
from bot.texts import answers
from bot.texts import settings as texts
from bot.texts import times as times_texts
from storage.alert_changes import SetSound, Sound
from storage.times import Rhythm, Times

ANN, BOB = 7, 8
GROUP = -1001


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        yield made


def labels(world: World, chat_id: int) -> list[str]:
    return [button["text"] for row in world.api.last(chat_id)["reply_markup"]["inline_keyboard"] for button in row]


async def test_a_setting_is_chosen_in_the_message_that_asked(world: World) -> None:
    await world.ask(ANN, "/settings")
    await world.press(ANN, ANN, label=texts.SOUND[Sound.ALL])
    await world.api.until(lambda: texts.BACK in labels(world, ANN))
    assert labels(world, ANN) == [f"✓ {texts.SOUND_CHOICES[Sound.ALL]}", *list(texts.SOUND_CHOICES.values())[1:], texts.BACK]

    assert await world.press(ANN, ANN, label=texts.SOUND_CHOICES[Sound.CANCELLED]) == texts.SET_TOAST
    await world.api.until(lambda: texts.SOUND[Sound.CANCELLED] in labels(world, ANN))
    await world.press(ANN, ANN, data=f"set:{ANN}:language:de")
    await world.api.until(lambda: Speech("de").label(texts.LANGUAGE, language="Deutsch") in labels(world, ANN))

    assert len(world.api.shown(ANN)) == 1, "everything happened in one message"
    channel = world.store.channel(ANN)
    assert channel is not None
    assert (channel.sound, channel.language) == (Sound.CANCELLED, "de")


@pytest.mark.parametrize(
    "data", ["set", "set:x", f"set:{GROUP}:sound:loud", f"set:{GROUP}:colour", f"set:{GROUP}:sound:all:all", "set:-9999999"]
)
async def test_forged_settings_change_nothing_and_are_answered(world: World, data: str) -> None:
    await world.ask(ANN, "/settings", chat_id=GROUP)

    assert await world.press(ANN, GROUP, data=data) in (answers.STALE_BUTTON, answers.ADMINS_ONLY_TOAST)
    assert world.store.channel(GROUP).sound is Sound.ALL  # type: ignore[union-attr]


async def test_only_admins_of_a_group_change_its_settings(world: World) -> None:
    assert await world.ask(BOB, "/settings", chat_id=GROUP) == answers.ADMINS_ONLY
    await world.ask(ANN, "/settings", chat_id=GROUP)

    assert await world.press(BOB, GROUP, data=f"set:{GROUP}:sound:none") == answers.ADMINS_ONLY_TOAST
    assert await world.press(ANN, GROUP, data=f"set:{BOB}:sound:none") == answers.ADMINS_ONLY_TOAST
    assert world.store.channel(GROUP).sound is Sound.ALL  # type: ignore[union-attr]


def test_the_data_of_every_choice_fits_a_button() -> None:
    channel = _new(Place(chat_id=-1009999999999999, thread_id=None, type="supergroup", title=""), Speech())
    choices = [
        f"set:{channel.chat_id}:{name}:{value}"
        for name, one in SETTINGS.items()
        if isinstance(one, Setting)
        for value, _, _ in one.choices(channel, Speech())
    ]

    assert choices
    assert all(len(data.encode()) <= 64 for data in choices)


@pytest.mark.parametrize(("sound", "silent"), [(Sound.ALL, False), (Sound.CANCELLED, False), (Sound.NONE, True)])
async def test_alerts_come_with_a_sound_or_without_as_was_chosen(world: World, sound: Sound, silent: bool) -> None:
    world.follow(ANN)
    world.store.apply([SetSound(chat_id=ANN, sound=sound)], now=world.now())
    world.publish("One")
    world.wake()
    await world.api.until(lambda: world.api.called("sendMessage"))

    assert (world.api.called("sendMessage")[0].get("disable_notification") == "true") is silent


async def test_digests_and_quiet_hours_are_set_on_the_screen_which_shows_what_matters(world: World) -> None:
    await world.ask(ANN, "/settings")
    assert not any("Digest" in label or "Cancellations in" in label for label in labels(world, ANN))

    for data in ("rhythm:weekly", "weekday:4", "hour:18", "quiet:22-7", "zone:4"):
        assert await world.press(ANN, ANN, data=f"set:{ANN}:{data}") == texts.SET_TOAST

    await world.api.until(lambda: "🌍 Clock: Berlin" in labels(world, ANN))
    assert labels(world, ANN)[1:10] == [
        "⏱ Alerts: once a week, together",
        "📅 Digest on Friday",
        "🕘 Digest at 18:00",
        "🌙 Quiet hours: 22:00 – 07:00",
        "💓 Weekly report: after weeks without alerts",
        "💓 Report on Monday",
        "💓 Report at 09:00",
        "🔇 Silent feeds: I say so",
        "🌍 Clock: Berlin",
    ]
    channel = world.store.channel(ANN)
    assert channel is not None
    assert channel.times == Times(rhythm=Rhythm.WEEKLY, weekday=4, minute=18 * 60, quiet=(22 * 60, 7 * 60))
    assert channel.zone == "Europe/Berlin"


async def test_a_clock_is_chosen_by_the_name_of_a_city(world: World) -> None:
    assert await world.ask(ANN, "/zone") == tagless(times_texts.HOW_ZONE)
    assert await world.ask(ANN, "/zone Atlantis") == tagless(times_texts.NO_SUCH_ZONE)
    assert "lives by the clock of New York" in await world.ask(ANN, "/zone new york")
    assert world.store.channel(ANN).zone == "America/New_York"  # type: ignore[union-attr]
