"""A daemon that stands still: when that is so, who is told, and that they are told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botapi import BotApi
from house import QUIET, House, Outside, rss
from telegramworld import World

from bot.alarm import Alarm, stands_still, undelivered
from bot.facade import StoreCalls
from storage.store import open_store

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
EVERY = timedelta(minutes=15)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("due", "worked", "still"),
    [(31, 31, True), (31, 29, False), (29, 60, False), (None, 60, False), (-5, 60, False)],
)
def test_polls_stand_still_after_two_intervals_in_which_some_were_due(due: float | None, worked: float, still: bool) -> None:
    due_at = None if due is None else ago(due)

    assert stands_still(due_at=due_at, worked_at=ago(worked), every=EVERY, now=NOW) is still


def test_feeds_of_a_second_do_not_stand_still_for_a_hiccup() -> None:
    assert not stands_still(due_at=ago(1), worked_at=ago(1), every=timedelta(seconds=1), now=NOW)
    assert stands_still(due_at=ago(3), worked_at=ago(3), every=timedelta(seconds=1), now=NOW)


@pytest.mark.parametrize(("oldest", "worked", "ill"), [(11, 11, True), (11, 9, False), (9, 60, False), (None, 60, False)])
def test_messages_are_undelivered_when_some_wait_and_none_leaves(oldest: float | None, worked: float, ill: bool) -> None:
    assert undelivered(oldest=None if oldest is None else ago(oldest), worked_at=ago(worked), now=NOW) is ill


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


def test_the_daemon_gives_its_sign_of_life(nursery, tmp_path) -> None:
    with Outside() as outside:
        house = House(tmp_path, outside, nursery)
        outside.documents |= {"a": rss(QUIET), "alive": b"OK"}
        house.write("a", more=f'[health]\nping = "{outside.url("alive")}"\n')
        try:
            daemon = house.start("run", "--json").ready()
            daemon.until(lambda: "alive" in outside.asked)
        finally:
            house.end()
