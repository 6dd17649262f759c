"""What is due, who polls it, and what a changed configuration makes untrue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from storing import LEASE, a_feed

from storage.exceptions import NotFound
from watchers.types import FeedKind, FeedState

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def due(store, now, owner="daemon", limit=10):
    return [feed for feed, _ in store.claim_due_feeds(now, limit=limit, owner=owner, lease=LEASE)]


def test_a_new_feed_is_due_at_once_and_claimed_once(store, now):
    store.sync_feeds([a_feed("bbc")], now)

    assert due(store, now) == ["bbc"]
    assert due(store, now, "other") == []


def test_a_state_comes_back_as_it_was_saved_and_ends_the_claim(store, now):
    store.sync_feeds([a_feed("bbc")], now)
    due(store, now)
    state = FeedState(
        etag='W/"1"', last_modified="Mon", next_poll_at=now + 15 * MINUTE, fail_count=2, first_failed_at=now - HOUR, last_ok_at=now - 2 * HOUR,
        last_error="503", seeded=True, checkpoint="2026-03-02T09:00", moved_to="https://new.example/", ttl=HOUR,
    )  # fmt: skip
    store.save_state("bbc", state, now)

    assert [one.state for one in store.feeds()] == [state]
    assert due(store, now + 14 * MINUTE) == []
    assert due(store, now + 15 * MINUTE) == ["bbc"]


def test_the_longest_overdue_is_polled_first_and_no_more_than_asked_for(store, now):
    store.sync_feeds([a_feed(name) for name in ("a", "b", "c", "d")], now)
    for name, late in (("a", 1), ("b", 3), ("c", 2)):
        store.save_state(name, FeedState(next_poll_at=now - late * MINUTE), now)

    assert due(store, now, limit=3) == ["d", "b", "c"]
    assert due(store, now, limit=3) == ["a"]


def test_a_claim_whose_lease_ended_is_taken_over(store, now):
    store.sync_feeds([a_feed("bbc")], now)
    due(store, now)

    assert due(store, now + LEASE - MINUTE, "other") == []
    assert due(store, now + LEASE, "other") == ["bbc"]


def test_a_claim_that_is_kept_is_not_taken_over(store, now):
    store.sync_feeds([a_feed("bbc")], now)
    due(store, now)
    store.keep_feed("bbc", now + LEASE - MINUTE, owner="daemon", lease=LEASE)

    assert due(store, now + LEASE, "other") == []
    assert due(store, now + 2 * LEASE - MINUTE, "other") == ["bbc"]


def test_a_claim_that_ended_or_was_taken_over_is_not_kept(store, now):
    store.sync_feeds([a_feed("bbc")], now)
    due(store, now)
    store.save_state("bbc", FeedState(next_poll_at=now), now)
    store.keep_feed("bbc", now, owner="daemon", lease=LEASE)
    assert due(store, now, "other") == ["bbc"]

    store.keep_feed("bbc", now + MINUTE, owner="daemon", lease=LEASE)
    assert due(store, now + LEASE, "third") == ["bbc"]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=3650)])
def test_a_clock_that_goes_back_delays_a_feed_by_no_more_than_its_interval_and_a_little(store, now, back):
    store.sync_feeds([a_feed("bbc")], now)
    future = now + back
    due(store, future)
    store.save_state("bbc", FeedState(next_poll_at=future + 15 * MINUTE), future)

    assert due(store, now) == ["bbc"]


def test_a_claim_made_before_the_clock_went_back_does_not_hold_its_feed_for_years(store, now):
    store.sync_feeds([a_feed("bbc")], now)
    due(store, now + timedelta(days=3650))

    assert due(store, now) == ["bbc"]


def test_a_long_pause_that_a_server_asked_for_is_kept(store, now):
    store.sync_feeds([a_feed("bbc")], now)
    store.save_state("bbc", FeedState(next_poll_at=now + timedelta(hours=24)), now)

    assert due(store, now + timedelta(hours=23)) == []


def test_the_next_due_time_looks_past_feeds_that_are_being_polled(store, now):
    assert store.next_due_at() is None

    store.sync_feeds([a_feed("bbc"), a_feed("itv")], now)
    assert store.next_due_at() == now

    store.save_state("itv", FeedState(next_poll_at=now + HOUR), now)
    due(store, now)
    assert store.next_due_at() == now + LEASE


def test_a_feed_that_is_no_longer_configured_rests_and_keeps_what_is_known(store, now):
    state = FeedState(etag="1", seeded=True, next_poll_at=now)
    store.sync_feeds([a_feed("bbc"), a_feed("itv")], now)
    store.save_state("bbc", state, now)
    store.sync_feeds([a_feed("itv")], now)
    assert [one.id for one in store.feeds()] == ["itv"]
    assert due(store, now) == ["itv"]

    store.sync_feeds([a_feed("bbc"), a_feed("itv")], now)
    assert store.feeds()[0].state == state


@pytest.mark.parametrize(
    ("change", "etag", "seeded", "checkpoint"),
    [
        ({"name": "Other"}, "1", True, "c"),
        ({"url": "http://bbc.example/rss"}, None, True, "c"),
        ({"url": "https://moved.example/rss"}, None, True, "c"),
        ({"url": "https://other.example/rss"}, None, False, None),
        ({"kind": FeedKind.MODERNGOV}, None, False, None),
    ],
)
def test_another_document_is_a_first_poll_again_and_the_same_one_elsewhere_is_not(store, now, change, *, etag, seeded, checkpoint):
    store.sync_feeds([a_feed("bbc")], now)
    state = FeedState(etag="1", seeded=True, checkpoint="c", moved_to="https://moved.example/rss", next_poll_at=now + HOUR)
    store.save_state("bbc", state, now)
    store.sync_feeds([a_feed("bbc", **change)], now)

    found = store.feeds()[0].state
    assert (found.etag, found.seeded, found.checkpoint) == (etag, seeded, checkpoint)


def test_a_shorter_interval_counts_from_now(store, now):
    store.sync_feeds([a_feed("bbc", every=timedelta(hours=6))], now)
    store.save_state("bbc", FeedState(next_poll_at=now + timedelta(hours=6)), now)
    store.sync_feeds([a_feed("bbc", every=5 * MINUTE)], now)

    assert store.next_due_at() == now + 5 * MINUTE


def test_a_feed_that_does_not_exist_is_said_by_name(store, now):
    with pytest.raises(NotFound, match="nowhere: there is no such feed"):
        store.save_state("nowhere", FeedState(), now)


def test_several_daemons_never_poll_one_feed_at_once(store, now):
    names = [f"feed-{number}" for number in range(60)]
    store.sync_feeds([a_feed(name) for name in names], now)

    def take(owner):
        taken = []
        while some := due(store, now, owner, limit=4):
            taken += some
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [name for some in pool.map(take, "abcd") for name in some]

    assert sorted(taken) == sorted(names)


def test_a_time_without_a_zone_is_refused(store, now):
    with pytest.raises(Exception, match="without a zone"):
        store.sync_feeds([a_feed("bbc")], now.replace(tzinfo=None))


def test_recovering_frees_the_feeds_of_a_daemon_that_died(sqlite_url, now):
    from storage.store import open_store

    with open_store(sqlite_url) as store:
        store.sync_feeds([a_feed("bbc")], now)
        due(store, now)
        store.recover(now)

        assert due(store, now) == ["bbc"]


def test_states_of_feeds_differ_only_in_what_was_saved(store, now):
    store.sync_feeds([a_feed("bbc"), a_feed("itv")], now)
    store.save_state("bbc", replace(FeedState(), last_error="500"), now)

    assert [one.state.last_error for one in store.feeds()] == ["500", None]
