"""A daemon that stands still: when that is so, who is told, and that they are told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botapi import BotApi
from house import QUIET, House, Outside, rss
from nursery import Nursery
from storing import a_finding, an_entry, must_claim, save, set_up, told
from telegramworld import World

from bot.alarm import LOOK, SLACK, Alarm, stalled
from bot.facade import StoreCalls
from storage.store import Store, open_store
from watchers.types import FeedState

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
EVERY = timedelta(minutes=15)
FEEDS = ("bbc", "itv", "sky")


def ills(store: Store, now: datetime, *, delivered_at: datetime = NOW) -> list[str]:
    return list(stalled(store.progress(now, SLACK), started_at=NOW, delivered_at=delivered_at, now=now))


@pytest.fixture
def three(store: Store) -> Store:
    """Three feeds of a quarter of an hour, all read at NOW, and an alert that waits since."""
    set_up(store, NOW, feeds=FEEDS)
    save(store, "bbc", told(an_entry("one"), a_finding()), now=NOW)
    store.fan_out(NOW)
    read(store, *FEEDS)
    return store


def read(store: Store, *feeds: str, at: datetime = NOW, **state: Any) -> None:
    for name in feeds:
        store.save_state(name, FeedState(last_ok_at=at, **state), at)


def test_feeds_that_all_fail_for_two_intervals_are_a_standstill_whether_they_are_asked_or_not(three: Store) -> None:
    later = NOW + 2 * EVERY + SLACK + timedelta(seconds=1)
    read(three, "itv", "sky", fail_count=2, last_error="the host is gone")

    assert ills(three, later - timedelta(seconds=2), delivered_at=later) == []
    assert ills(three, later, delivered_at=later) == ["3 of 3 feeds brought nothing for two of their intervals (sky: the host is gone)"]


def test_one_feed_that_fails_and_feeds_that_ask_for_long_pauses_are_none(three: Store) -> None:
    later = NOW + 2 * EVERY + timedelta(minutes=1)
    read(three, "bbc", "itv", at=later)
    assert ills(three, later, delivered_at=later) == []

    read(three, *FEEDS, at=NOW, ttl=timedelta(hours=3))
    assert ills(three, NOW + timedelta(hours=5), delivered_at=NOW + timedelta(hours=5)) == []


def test_that_messages_wait_and_none_is_delivered_is_one(three: Store) -> None:
    later = NOW + 2 * EVERY + timedelta(minutes=1)
    read(three, *FEEDS, at=later)

    assert ills(three, later) == ["no message could be delivered since 2026-05-20 12:00 UTC"]
    assert ills(three, later, delivered_at=NOW + EVERY) == []
    must_claim(three, later)
    assert ills(three, later) == []  # nothing waits


def test_the_alarm_comes_within_a_minute_after_two_intervals() -> None:
    assert timedelta(minutes=1) >= SLACK + LOOK * 2


async def test_the_admins_are_told_once_and_when_it_is_over_and_the_sign_of_life_ends_meanwhile(sqlite_url: str) -> None:
    pinged = []

    async def ping() -> None:
        pinged.append(len(api.shown(7)))

    with open_store(sqlite_url) as store:
        call = StoreCalls(1)
        async with BotApi() as api:
            world = World(store, api, call)
            api.add_chat(7)
            alarm = Alarm(admins=[7, 8], tell=world.telegram.tell, ping=ping)  # 8 never wrote to the bot, which stops nobody
            for ill in ((), ("a",), (), ("a <b>",), ("a <b>",), ("a <b>", "c"), (), ()):
                await alarm.look(ill)
            await world.telegram.close()
        call.close()

    assert api.shown(7) == [
        "Contractwatch is not well:\n• a <b>\nOn its machine, contractwatch doctor says what to do.",
        "Contractwatch is well again.",
    ]
    assert pinged == [0, 0, 2, 2]


def test_the_daemon_gives_its_sign_of_life(nursery: Nursery, tmp_path: Path) -> None:
    with Outside() as outside:
        house = House(tmp_path, outside, nursery)
        outside.documents |= {"a": rss(QUIET), "alive": b"OK"}
        house.write("a", more=f'[health]\nping = "{outside.url("alive")}"\n')
        try:
            daemon = house.start("run", "--json").ready()
            daemon.until(lambda: "alive" in outside.asked)
        finally:
            house.end()
