"""Feeds that fall silent: what is unusual for each, told once to those whose watches rest on it, and once when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from storing import a_feed, an_entry, chat, must_claim, save, send, set_up, told

from bot.facade import StoreCalls
from bot.hands import tell_admins
from bot.heartbeat import report_weeks
from bot.markup import tagless
from bot.silences import News, explain_silences, news_for
from storage.alert_changes import AddMute, MuteKind
from storage.habits import Habit
from storage.records import Channel, ChannelKind, ChannelState, SetChannelState
from storage.silences import Listener, Silence, SilenceReason
from storage.store import Store
from storage.times import Report, SetReport, Times
from watchers.types import FeedState

ANN, BOB = 7, 8
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2026, 6, 1, 9, tzinfo=UTC)  # a Monday
END = BEGIN + 15 * DAY
FEEDS = [a_feed("bbc"), a_feed("itv")]


# --- what is usual --------------------------------------------------------------------------------------------------------------------------


def learned(moments: Iterable[datetime]) -> Habit:
    first, *rest = moments
    known = Habit(last_at=first, since=first)
    for one in rest:
        known = known.after(one)
    return known


def working_hours(days: int) -> list[datetime]:
    every = [BEGIN + day * DAY + hour * HOUR for day in range(days) for hour in range(9)]
    return [one for one in every if one.weekday() < 5]


@pytest.mark.parametrize(
    ("moments", "patience"),
    [
        (working_hours(19), timedelta(hours=128)),  # from Friday 17:00 to Monday 9:00, and as long again: Easter is shorter
        ([BEGIN + number * HOUR for number in range(24 * 15)], timedelta(hours=25)),  # all day long: at least a day
        ([BEGIN + number * 7 * DAY for number in range(10)], 14 * DAY),
        (working_hours(12), None),  # less than two weeks
        ([BEGIN + number * 7 * DAY for number in range(9)], None),  # too few to tell
        ([BEGIN] * 20, None),  # pages of one poll are one piece of news
    ],
)
def test_twice_its_longest_pause_is_unusual_once_a_feed_is_known(moments: list[datetime], patience: timedelta | None) -> None:
    assert learned(moments).patience == patience


def test_a_habit_is_forgotten_in_the_season_after_the_next_and_a_clock_that_goes_back_teaches_nothing() -> None:
    slow = learned([BEGIN + number * 5 * DAY for number in range(13)])
    quick = [slow.last_at + number * DAY for number in range(1, 125)]
    assert learned([BEGIN, *quick[:59]]).patience is not None

    known = slow
    seen = []
    for one in quick:
        known = known.after(one)
        seen.append(known.patience)
    assert seen[0] == 10 * DAY
    assert seen[58] == 10 * DAY
    assert seen[-1] == 2 * DAY
    assert known.after(BEGIN).patience == known.patience


# --- who is told what -----------------------------------------------------------------------------------------------------------------------


def silences(count: int, **changes: object) -> list[Silence]:
    one = Silence(id=1, feed_id=1, name="BBC", reason=SilenceReason.QUIET, since=BEGIN, noticed_at=END, over=False)
    return [replace(one, id=number, feed_id=number, **changes) for number in range(1, count + 1)]  # type: ignore[arg-type]


def listener(**changes: object) -> Listener:
    ann = Channel(
        id=1,
        kind=ChannelKind.TELEGRAM,
        key="telegram:7",
        chat_id=ANN,
        thread_id=None,
        title="",
        type="private",
        state=ChannelState.ACTIVE,
        state_reason=None,
        language="en",
    )
    values = {"channel": ann, "told": {}, "told_at": None, "muted": frozenset(), "since": BEGIN} | changes
    return Listener(**values)  # type: ignore[arg-type]


def test_the_more_silences_a_chat_knows_of_the_later_it_is_told_of_the_next() -> None:
    ten = silences(10)
    assert news_for(listener(), ten, END) == News(silent=tuple(ten), back=()), "all in one message"
    knows = listener(told=dict.fromkeys(range(1, 4), False), told_at=END)

    assert news_for(knows, ten, END + 3 * DAY - MINUTE) is None
    assert news_for(knows, ten, END + 3 * DAY) == News(silent=tuple(ten[3:]), back=())
    over = silences(3, over=True)
    assert news_for(knows, over, END + DAY) == News(silent=(), back=tuple(over)), "that it is over is told soon"
    assert news_for(replace(knows, told_at=END + 100 * DAY), over, END) is not None, "a clock that went back silences nobody"


def test_nothing_is_told_in_quiet_hours_of_muted_feeds_or_of_what_was_so_when_the_chat_was_set_up() -> None:
    two = silences(2)
    night = replace(listener().channel, times=Times(quiet=(8 * 60, 10 * 60)))
    assert news_for(listener(channel=night), two, END) is None
    assert news_for(listener(channel=night), two, END + HOUR) is not None
    assert news_for(listener(muted=frozenset({1})), two, END) == News(silent=(two[1],), back=())
    assert news_for(listener(since=END + MINUTE), two, END + HOUR) is None
    assert news_for(listener(told={1: True, 2: True}), silences(2, over=True), END + DAY) is None, "nothing is told twice"


# --- with a store ---------------------------------------------------------------------------------------------------------------------------


def news(store: Store, feed: str, now: datetime) -> None:
    save(store, feed, told(an_entry(f"{feed} {now}")), now=now, state=answered(now))


def answered(now: datetime) -> FeedState:
    return FeedState(seeded=True, last_ok_at=now, next_poll_at=now + HOUR)


def failed(since: datetime, now: datetime) -> FeedState:
    return FeedState(seeded=True, fail_count=9, first_failed_at=since, last_ok_at=since, next_poll_at=now + HOUR)


def lived(store: Store) -> None:
    """Two feeds with news every day for two weeks, and Ann who watches something."""
    set_up(store, BEGIN)
    chat(store, ANN, BEGIN, "Palantir")
    store.begin_reports(BEGIN)
    for day in range(16):
        for feed in ("bbc", "itv"):
            news(store, feed, BEGIN + day * DAY)


async def told_now(store: Store, now: datetime, feeds: Sequence[object] = FEEDS) -> list[str]:
    """What chats are told of silences at a time."""
    call = StoreCalls(1)
    try:
        count = await explain_silences(store, call, feeds, now)  # type: ignore[arg-type]
    finally:
        call.close()
    return [said(store, now) for _ in range(count)]


async def told_to_admins(store: Store, now: datetime) -> str:
    """What whoever runs the bot is told to look at, on a day."""
    call = StoreCalls(1)
    try:
        await tell_admins(store, call, [ANN], now)
    finally:
        call.close()
    return said(store, now) if store.counts(now).deliveries.get("pending") else ""


def said(store: Store, now: datetime) -> str:
    claimed = must_claim(store, now)
    assert claimed.payload is not None
    send(store, claimed, now)
    return tagless(claimed.payload["text"])


async def test_a_feed_that_is_quiet_beyond_its_habit_is_told_once_and_once_when_it_is_back(store: Store) -> None:
    lived(store)
    chat(store, BOB, BEGIN)  # who watches nothing
    store.begin_reports(BEGIN)
    store.save_state("bbc", answered(END + 2 * DAY), END + 2 * DAY)
    assert await told_now(store, END + 2 * DAY) == [], "two days is what it is given"
    assert await told_now(store, END + 9 * DAY) == [], "nobody asked it since"

    late = END + 2 * DAY + MINUTE
    store.save_state("bbc", answered(late), late)
    (text,) = await told_now(store, late)
    assert text.split("\n")[:2] == ["🔇 A feed has fallen silent", "• BBC: nothing new since 16 June 2026, which is unusual for it"]
    assert await told_now(store, late + 2 * DAY) == []
    assert "• BBC: nothing new since 16 June 2026" in await told_to_admins(store, late)
    assert await told_to_admins(store, late + DAY) == "", "that is told once"

    news(store, "bbc", late + 2 * DAY)
    assert await told_now(store, late + 2 * DAY) == ["✅ Back again: BBC"]
    assert await told_now(store, late + 4 * DAY) == []


async def test_a_feed_that_fails_for_a_day_is_told_while_it_is_asked_and_is_not_quiet_when_it_answers(store: Store) -> None:
    lived(store)
    store.save_state("itv", failed(END, END + 20 * HOUR), END + 20 * HOUR)
    assert await told_now(store, END + 20 * HOUR) == []
    assert await told_now(store, END + 5 * DAY) == [], "the daemon was down and has not asked it yet"

    now = END + 5 * DAY
    store.save_state("itv", failed(END, now), now)
    assert "• ITV: cannot be read since 16 June 2026" in (await told_now(store, now))[0]
    store.sync_feeds([FEEDS[0], replace(FEEDS[1], url="https://itv.example/new")], now + DAY)
    assert await told_now(store, now + DAY) == [], "a new address is no answer"
    store.save_state("itv", answered(now + DAY), now + DAY)
    assert await told_now(store, now + DAY) == ["✅ Back again: ITV"]
    store.save_state("itv", answered(now + 2 * DAY), now + 2 * DAY)
    assert await told_now(store, now + 2 * DAY) == [], "it has only just begun to be quiet"
    store.save_state("itv", answered(now + 4 * DAY), now + 4 * DAY)
    assert "• ITV: nothing new since 16 June 2026" in (await told_now(store, now + 4 * DAY))[0]


async def test_who_wants_to_hear_nothing_cannot_be_told_or_muted_the_feed_is_told_nothing_and_searches_are_none(store: Store) -> None:
    lived(store)
    now = END + 3 * DAY
    for feed in ("bbc", "itv"):
        store.save_state(feed, answered(now), now)
    assert await told_now(store, now, [replace(one, may_be_empty=True) for one in FEEDS]) == []

    store.apply([SetReport(chat_id=ANN, report=Report(silences=False))], now=now)
    assert await told_now(store, now) == []
    store.apply([SetReport(chat_id=ANN, report=Report()), SetChannelState(chat_id=ANN, state=ChannelState.SUSPENDED)], now=now)
    assert await told_now(store, now) == []
    store.apply([SetChannelState(chat_id=ANN, state=ChannelState.ACTIVE)], now=now)
    bbc = store.silences()[0].feed_id
    store.apply([AddMute(chat_id=ANN, kind=MuteKind.FEED, target=bbc, until=None)], now=now)
    (text,) = await told_now(store, now)
    assert "ITV" in text
    assert "BBC" not in text

    store.sync_feeds([FEEDS[0]], now + DAY)
    assert await told_now(store, now + DAY, FEEDS[:1]) == [], "a feed that was taken out is not back"
    assert [one.name for one in store.silences()] == ["BBC"]


async def test_the_weekly_report_names_what_is_silent_and_that_counts_as_told(store: Store) -> None:
    lived(store)
    now = END + 6 * DAY  # a Monday morning
    for feed in ("bbc", "itv"):
        store.save_state(feed, answered(now), now)
    store.notice_silences({"bbc", "itv"}, now)
    call = StoreCalls(1)
    try:
        assert await report_weeks(store, call, now) == 1
    finally:
        call.close()

    assert said(store, now).split("\n")[1] == "Silent just now: BBC, ITV."
    assert await told_now(store, now) == []
