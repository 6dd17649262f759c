"""When hosts are asked, and when feeds are polled next."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_server import FakeClock

from watchers.exceptions import FetchError, ParseError
from watchers.pacing import HostPacer, HostPausedError, PausedSignal, SystemClock, asked_pause, next_poll
from watchers.types import Feed, FeedKind, FeedState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEAST = timedelta(seconds=13)
HOUR = timedelta(hours=1)
JITTER = 1.1


def _feed(every: timedelta = timedelta(minutes=15), feed_id: str = "council") -> Feed:
    return Feed(id=feed_id, kind=FeedKind.NEWS, url="https://example.org/feed", name="Council", every=every)


async def _starts(pacer: HostPacer, clock: FakeClock, host: str, count: int, least: timedelta | None = None) -> list[float]:
    starts: list[float] = []

    async def ask() -> None:
        async with pacer.turn(host, least):
            starts.append(clock.now)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask() for _ in range(count)))
    return starts


async def test_a_register_is_never_asked_more_than_twelve_times_in_two_minutes() -> None:
    clock = FakeClock()
    starts = await _starts(HostPacer(timedelta(seconds=1), clock), clock, "registers", 60, LEAST)

    busiest = max(sum(1 for other in starts if start <= other < start + 120) for start in starts)
    assert len(starts) == 60
    assert busiest == 10


async def test_requests_to_one_host_never_overlap_and_keep_their_distance_from_the_end_of_the_last() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=1), clock)
    spans: list[tuple[float, float]] = []

    async def ask(seconds: float) -> None:
        async with pacer.turn("example.org"):
            began = clock.now
            await clock.sleep(seconds)
            spans.append((began, clock.now))

    await asyncio.gather(ask(0.0), ask(10.0), ask(0.5))

    assert all(later[0] >= earlier[1] + 1 for earlier, later in pairwise(spans))


async def test_hosts_do_not_wait_for_each_other() -> None:
    clock = FakeClock()
    pacer = HostPacer(HOUR, clock)

    async with pacer.turn("a.example"), pacer.turn("b.example"):
        pass

    assert clock.slept == []


async def test_without_an_interval_requests_run_at_once_and_a_demanded_one_is_ignored() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(0), clock)

    async with pacer.turn("own", LEAST), pacer.turn("own", LEAST):
        pass

    assert clock.slept == []


@pytest.mark.parametrize("interval", [0, 1])
async def test_a_host_that_asked_for_a_pause_gets_it(interval: int) -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=interval), clock)
    pacer.penalise("example.org", 120)
    pacer.penalise("example.org", 5)

    async with pacer.turn("example.org"):
        assert clock.now == pytest.approx(1120)


async def test_a_pause_beyond_the_callers_patience_is_not_waited_for() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=1), clock)
    pacer.penalise("example.org", 120)

    with pytest.raises(PausedSignal) as paused:
        async with pacer.turn("example.org", patience=timedelta(seconds=30)):
            pass

    assert paused.value.seconds == 120
    assert clock.slept == []


async def test_a_request_that_fails_gives_its_turn_back() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=1), clock)

    with pytest.raises(ValueError, match="broken"):
        async with pacer.turn("example.org"):
            raise ValueError("broken")

    async with asyncio.timeout(60), pacer.turn("example.org"):
        assert clock.now == pytest.approx(1001)


async def test_hosts_that_were_asked_long_ago_are_forgotten() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=1), clock)
    pacer.penalise("paused.example", 10_000_000)
    for number in range(5000):
        async with pacer.turn(f"{number}.example"):
            clock.now += 1

    assert len(pacer._hosts) < 5000
    assert "paused.example" in pacer._hosts


async def test_the_real_clock_goes_forward() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.001)

    assert clock.monotonic() > before


def test_after_a_good_poll_the_feed_is_due_after_its_interval_and_its_troubles_are_over() -> None:
    troubled = FeedState(fail_count=3, first_failed_at=NOW - HOUR, last_error="answered 500", etag='"a"', checkpoint="c", seeded=True)
    state = next_poll(_feed(), troubled, now=NOW)

    assert timedelta(minutes=15) <= _wait(state) <= timedelta(minutes=15) * JITTER
    assert (state.fail_count, state.first_failed_at, state.last_error, state.last_ok_at) == (0, None, None, NOW)
    assert (state.etag, state.checkpoint, state.seeded) == ('"a"', "c", True)


def test_jitter_is_the_same_for_a_feed_and_differs_between_feeds() -> None:
    waits = {feed_id: {_wait(next_poll(_feed(feed_id=feed_id), FeedState(), now=NOW)) for _ in range(3)} for feed_id in "abcdefgh"}

    assert all(len(wait) == 1 for wait in waits.values())
    assert len(set().union(*waits.values())) == len(waits)


@pytest.mark.parametrize(
    ("ttl", "at_least"),
    [
        (timedelta(minutes=5), timedelta(minutes=15)),
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(days=400), timedelta(hours=24)),
    ],
)
def test_a_feed_that_asks_for_a_longer_pause_gets_it_within_a_day(ttl: timedelta, at_least: timedelta) -> None:
    wait = _wait(next_poll(_feed(), FeedState(ttl=ttl), now=NOW))

    assert at_least <= wait <= at_least * JITTER


@pytest.mark.parametrize(
    ("ttl", "headers", "asked"),
    [
        (None, {}, None),
        (None, {"cache-control": "public, max-age=1800"}, timedelta(minutes=30)),
        (None, {"cache-control": 'MAX-AGE="1800"'}, timedelta(minutes=30)),
        (None, {"cache-control": "max-age=1800", "age": "600"}, timedelta(minutes=20)),
        (None, {"cache-control": "max-age=60", "age": "600"}, None),
        (None, {"cache-control": "max-age=31536000"}, timedelta(hours=6)),
        (None, {"cache-control": "s-maxage=1800"}, None),
        (None, {"cache-control": "no-cache", "age": "soon"}, None),
        (timedelta(hours=1), {"cache-control": "max-age=1800"}, timedelta(hours=1)),
        (timedelta(minutes=15), {"cache-control": "max-age=1800"}, timedelta(minutes=30)),
        (timedelta(days=9999), {}, timedelta(hours=24)),
        (timedelta(seconds=-5), {}, None),
    ],
)
def test_what_a_document_asks_for_is_the_longer_of_its_ttl_and_its_freshness(ttl, headers, asked) -> None:
    assert asked_pause(ttl, headers) == asked


def test_failures_double_the_wait_up_to_six_hours_and_never_end_the_polling() -> None:
    state = FeedState(seeded=True, last_ok_at=NOW)
    waits = []
    for _ in range(60):
        state = next_poll(_feed(feed_id="x"), state, now=NOW, error=FetchError("answered 500", about="x"))
        waits.append(_wait(state))

    assert [round(wait / waits[0]) for wait in waits[:5]] == [1, 2, 4, 8, 16]
    assert all(timedelta(hours=6) <= wait <= timedelta(hours=6) * JITTER for wait in waits[6:])
    assert (state.fail_count, state.first_failed_at, state.last_ok_at) == (60, NOW, NOW)


def test_a_document_that_is_no_feed_is_a_failure_like_any_other() -> None:
    state = next_poll(_feed(), FeedState(), now=NOW, error=ParseError("holds no entry" * 100, about="council"))

    assert state.fail_count == 1
    assert state.last_error is not None
    assert state.last_error.startswith("holds no entry")
    assert len(state.last_error) == 500


def test_a_daily_feed_that_fails_once_is_tried_again_within_the_hour_or_so() -> None:
    assert _wait(next_poll(_feed(every=timedelta(days=1)), FeedState(), now=NOW, error=FetchError("x"))) <= HOUR * JITTER


@pytest.mark.parametrize(
    ("asked", "waits"), [(HOUR, HOUR), (timedelta(seconds=60), timedelta(minutes=15)), (timedelta(days=99), timedelta(days=1))]
)
def test_a_moment_the_server_names_is_waited_for_within_a_day(asked: timedelta, waits: timedelta) -> None:
    state = next_poll(_feed(), FeedState(), now=NOW, error=FetchError("answered 429", status=429, retry_at=NOW + asked))

    assert waits <= _wait(state) <= waits * JITTER


def test_a_feed_that_is_gone_is_looked_at_once_a_day() -> None:
    state = next_poll(_feed(), FeedState(), now=NOW, error=FetchError("answered 410", status=410, gone=True))

    assert timedelta(hours=24) <= _wait(state) <= timedelta(hours=24) * JITTER


def test_a_feed_whose_host_is_pausing_is_not_blamed() -> None:
    before = FeedState(last_ok_at=NOW - HOUR)
    state = next_poll(_feed(), before, now=NOW, error=HostPausedError("was not asked", retry_at=NOW + HOUR))

    assert state.next_poll_at == NOW + HOUR
    assert (state.fail_count, state.last_error) == (0, None)


@given(
    every=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=7)),
    fails=st.integers(min_value=0, max_value=10**6),
    ttl=st.none() | st.timedeltas(),
    retry=st.none() | st.datetimes(timezones=st.just(UTC)),
    failing=st.booleans(),
)
def test_every_feed_is_due_again_after_now_and_soon_enough(every, fails, ttl, retry, failing) -> None:
    error = FetchError("x", retry_at=retry) if failing else None
    wait = _wait(next_poll(_feed(every=every), FeedState(fail_count=fails, ttl=ttl), now=NOW, error=error))

    assert timedelta(0) < wait <= max(every, timedelta(hours=24)) * JITTER


def _wait(state: FeedState) -> timedelta:
    assert state.next_poll_at is not None
    return state.next_poll_at - NOW
