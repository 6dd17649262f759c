"""The weekly report: that nothing happened, and that somebody looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from storing import a_finding, an_entry, chat, chat_watch, must_claim, save, send, set_up, told

from bot.facade import StoreCalls
from bot.heartbeat import report_weeks
from bot.markup import tagless
from storage.store import Store
from storage.times import Heartbeat, Report, SetReport, SetTimes, SetZone, Times
from watchers.types import FeedState

ANN = 7
NOW = datetime(2026, 6, 1, 11, tzinfo=UTC)  # a Monday
MONDAY = datetime(2026, 6, 8, 9, tzinfo=UTC)
WEEK = timedelta(days=7)


async def weeks(store: Store, now: datetime) -> list[str]:
    """What is said at a time."""
    call = StoreCalls(1)
    try:
        count = await report_weeks(store, call, now)
    finally:
        call.close()
    said = []
    for _ in range(count):
        claimed = must_claim(store, now)
        assert claimed.payload is not None
        said.append(tagless(claimed.payload["text"]).split("\n")[0])
        send(store, claimed, now)
    return said


async def test_a_week_without_alerts_ends_with_a_few_words_and_once(store: Store) -> None:
    set_up(store, NOW)
    chat(store, ANN, NOW, "Palantir")
    assert await weeks(store, NOW) == []
    for _ in range(3):
        store.save_state("bbc", FeedState(seeded=True), NOW)
    store.save_state("itv", FeedState(fail_count=1), NOW)

    assert await weeks(store, MONDAY - timedelta(minutes=1)) == []
    assert await weeks(store, MONDAY) == ["This week: no matches. I looked 4 times; 1 of 2 feeds answer."]
    assert await weeks(store, MONDAY) == []
    assert await weeks(store, MONDAY + 3 * WEEK) == ["This week: no matches. I looked 0 times; 1 of 2 feeds answer."], "one, not three"


@pytest.mark.parametrize(
    ("heartbeat", "said"),
    [(Heartbeat.QUIET_WEEKS, []), (Heartbeat.NEVER, []), (Heartbeat.ALWAYS, ["This week: 1 alert. I looked 1 time; 2 of 2 feeds answer."])],
)
async def test_a_week_with_alerts_is_reported_only_where_that_is_wanted(store: Store, heartbeat: Heartbeat, said: list[str]) -> None:
    set_up(store, NOW)
    chat(store, ANN, NOW, "Palantir")
    store.apply([SetReport(chat_id=ANN, report=Report(heartbeat=heartbeat))], now=NOW)
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(chat_watch(store, "Palantir"),))), now=NOW)
    store.fan_out(NOW)
    send(store, must_claim(store, NOW), NOW)

    assert await weeks(store, MONDAY) == said
    channel = store.channel(ANN)
    assert channel is not None
    assert channel.report == Report(heartbeat=heartbeat)


async def test_a_report_comes_on_its_day_and_hour_of_the_chats_own_clock_and_not_in_its_quiet_hours(store: Store) -> None:
    set_up(store, NOW)
    chat(store, ANN, NOW, "Palantir")
    store.apply([SetReport(chat_id=ANN, report=Report(weekday=4, minute=18 * 60)), SetZone(chat_id=ANN, zone="America/New_York")], now=NOW)
    friday = datetime(2026, 6, 5, 22, tzinfo=UTC)  # 18:00 in New York
    assert await weeks(store, friday - timedelta(minutes=1)) == []
    assert await weeks(store, friday) != []

    store.apply([SetTimes(chat_id=ANN, times=Times(quiet=(17 * 60, 19 * 60)))], now=friday)
    assert await weeks(store, friday + WEEK + timedelta(minutes=59)) == []
    assert await weeks(store, friday + WEEK + timedelta(hours=1)) != []
