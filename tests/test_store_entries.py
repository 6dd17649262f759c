"""What is known, what a poll keeps, and that it keeps all of it or nothing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import event
from storing import LEASE, Rules, a_feed, a_finding, a_notice, an_entry, claim, must_claim, save, send, set_up, told

from storage.exceptions import StaleWatches
from storage.store import open_store
from watchers.types import AwardParty, EventKind, FeedState, Party

HOUR = timedelta(hours=1)


@pytest.fixture
def ready(store, now):
    set_up(store, now)
    return store


def test_an_entry_is_new_until_it_was_saved(ready, now):
    one = an_entry("one")
    assert ready.unseen("bbc", [one]) == ((one,), ())

    result = save(ready, "bbc", told(one), now=now)

    assert (result.new, result.changed) == (1, 0)
    assert ready.unseen("bbc", [one]) == ((), ())
    assert ready.unseen("itv", [one]) == ((one,), ())


def test_any_key_makes_an_entry_known_and_brings_its_other_keys(ready, now):
    save(ready, "bbc", told(an_entry("one", "A", keys=["link", "guid"])), now=now)
    moved = an_entry("one", "A", keys=["new link", "guid"])
    assert ready.unseen("bbc", [moved]) == ((), ())

    save(ready, "bbc", told(moved), now=now)

    assert ready.unseen("bbc", [an_entry("one", "A", keys=["new link", "new guid"])]) == ((), ())


def test_a_known_entry_with_another_text_is_changed_once(ready, now):
    save(ready, "bbc", told(an_entry("one", "Talks on contract")), now=now)
    edited = an_entry("one", "Contract scrapped")
    assert ready.unseen("bbc", [edited]) == ((), (edited,))

    result = save(ready, "bbc", told(edited), now=now)

    assert (result.new, result.changed) == (0, 1)
    assert ready.unseen("bbc", [edited]) == ((), ())


def test_one_article_under_two_headlines_in_one_document_is_one_entry_that_comes_to_rest(ready, now):
    both = [an_entry("one", "First headline", keys=["link", "#1"]), an_entry("one", "Second headline", keys=["link", "#8"])]
    result = save(ready, "bbc", *map(told, both), now=now)

    assert (result.new, result.changed) == (1, 1)
    assert ready.unseen("bbc", both) == ((), ())
    assert ready.counts(now).entries == 1


def test_saving_the_same_poll_again_changes_nothing(ready, now):
    poll = [told(an_entry("one"), a_finding()), told(an_entry("two"), a_finding(EventKind.AWARDED))]
    first = save(ready, "bbc", *poll, now=now)
    before = ready.counts(now)
    second = save(ready, "bbc", *poll, now=now)

    assert (first.new, first.stories, first.alerts) == (2, 2, 2)
    assert (second.new, second.changed, second.stories, second.alerts) == (0, 0, 0, 0)
    assert ready.counts(now) == before


def test_the_state_of_the_feed_moves_with_the_entries_or_not_at_all(ready, now):
    class Broken(Rules):
        def decide(self, entry, finding, cards, now):
            raise RuntimeError("the rules have a bug")

    ready.claim_due_feeds(now, limit=1, owner="daemon", lease=LEASE)
    with pytest.raises(RuntimeError, match="bug"):
        save(ready, "bbc", told(an_entry("one")), told(an_entry("two"), a_finding()), now=now, rules=Broken(), state=FeedState(etag="new"))

    assert ready.counts(now).entries == 0
    assert ready.feeds()[0].state.etag is None
    assert ready.unseen("bbc", [an_entry("one")])[0]


def test_a_page_in_the_middle_keeps_the_claim_and_the_old_state(ready, now):
    ready.save_state("itv", FeedState(next_poll_at=now + HOUR), now)
    ready.claim_due_feeds(now, limit=1, owner="daemon", lease=LEASE)
    save(ready, "bbc", told(an_entry("one")), now=now, state=None)

    assert ready.feeds()[0].state == FeedState()
    assert ready.claim_due_feeds(now, limit=1, owner="other", lease=LEASE) == []
    assert ready.counts(now).entries == 1


def test_entries_understood_with_old_watches_are_not_kept(ready, now):
    version = ready.watches()[0]
    set_up(ready, now, watches=())

    with pytest.raises(StaleWatches, match=rf"version {version} is now {version + 1}"):
        save(ready, "bbc", told(an_entry("one")), now=now, watches_version=version)
    assert ready.counts(now).entries == 0


def test_text_that_a_database_refuses_is_kept_with_its_offsets(ready, now):
    bad = "Palantir\0 \ud83d contract \U0001f6a8"
    save(ready, "bbc", told(replace(an_entry("one"), title=bad), a_finding()), now=now)
    ready.fan_out(now)
    (view,) = ready.latest(1, 5)

    assert view.entries[0].title == "Palantir\ufffd \ufffd contract \U0001f6a8"
    assert len(view.entries[0].title) == len(bad)


def test_a_release_comes_back_digit_for_digit(ready, now):
    release = {
        "value": {"amount": Decimal("1234567.10")},
        "tags": ["award"],
        "note": "a\0b \ud83d",
        "odd": {"$decimal": "none"},
        "n": 5e300,
    }
    notice = a_notice(supplier_unknown=True)
    save(ready, "bbc", told(an_entry("one", release=release), a_finding(notice=notice, matches=())), now=now)

    (kept,) = ready.lookups_due("bbc", now, limit=5)
    assert kept == an_entry("one", release=release)


def test_a_supplier_is_asked_for_five_times_with_growing_pauses(ready, now):
    entry = an_entry("cancelled")
    save(ready, "bbc", told(entry, a_finding(notice=a_notice(supplier_unknown=True), suppliers=(), matches=())), now=now)
    tries, at = [], now
    for _ in range(100):
        if ready.lookups_due("bbc", at, limit=5):
            tries.append(at)
            ready.lookup_failed("bbc", entry, at)
        at += timedelta(minutes=30)

    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) == 5
    assert pauses == sorted(pauses)
    assert pauses[-1] >= timedelta(hours=6)


def test_saving_a_notice_again_with_its_supplier_ends_the_asking_and_raises_the_alert(ready, now):
    entry = an_entry("cancelled")
    first = save(ready, "bbc", told(entry, a_finding(notice=a_notice(supplier_unknown=True), suppliers=(), matches=())), now=now)
    second = save(ready, "bbc", told(entry, a_finding(notice=a_notice(supplier_from="000100-2026"))), now=now + HOUR, state=None)

    assert (first.stories, first.alerts) == (1, 0)
    assert (second.stories, second.alerts) == (0, 1)
    assert ready.lookups_due("bbc", now + HOUR, limit=5) == ()
    assert ready.latest(1, 1)[0].suppliers == ("Palantir",)


def test_a_lookup_that_is_no_longer_there_cannot_fail(ready, now):
    ready.lookup_failed("bbc", an_entry("never saved"), now)

    assert ready.lookups_due("bbc", now, limit=5) == ()


def test_suppliers_of_awards_are_found_by_process_and_award(ready, now):
    def party(award, name, number="1", identifiers=()):
        return AwardParty(ocid="ocds-1", award_id=award, supplier=Party(name=name, identifiers=identifiers), notice_number=number)

    save(ready, "bbc", told(an_entry("award"), awards=(party("1", "Palantir"), party("2", "Serco"))), now=now)
    save(ready, "bbc", told(an_entry("again"), awards=(party("1", "Palantir", "2", ("GB-COH-07042994",)),)), now=now)

    assert ready.award_parties("ocds-1", ["1"]) == (party("1", "Palantir", "2", ("GB-COH-07042994",)),)
    assert [one.supplier.name for one in ready.award_parties("ocds-1", [])] == ["Palantir", "Serco"]
    assert ready.award_parties("ocds-2", []) == ()


def test_two_daemons_that_save_one_document_at_once_keep_it_once(store_url, now):
    with open_store(store_url) as one, open_store(store_url) as other:
        set_up(one, now)
        poll = [told(an_entry(f"entry-{number}"), a_finding(supplier=f"Firm {number % 3}")) for number in range(12)]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda store: save(store, "bbc", *poll, now=now), (one, other)))

        assert sum(result.new for result in results) == 12
        assert sum(result.stories for result in results) == 3
        assert one.counts(now).entries == 12


def test_two_daemons_that_hear_of_one_event_at_once_open_one_story(store_url, now):
    with open_store(store_url) as one, open_store(store_url) as other:
        set_up(one, now)
        for number in range(10):
            finding = a_finding(supplier=f"Firm {number}")
            with ThreadPoolExecutor(2) as pool:
                polls = [(one, "bbc"), (other, "itv")]
                list(pool.map(lambda who: save(who[0], who[1], told(an_entry(f"{who[1]} {number}"), finding), now=now), polls))  # noqa: B023

        assert one.counts(now).stories == 10
        assert one.counts(now).alerts == 10


def test_no_step_of_a_poll_or_a_delivery_reads_a_table_that_grows(sqlite_url, now):
    """Judged by the plans of the queries, so that it holds for any size."""
    queues = ("ix_alert_fan_out", "ix_delivery_due", "ix_delivery_stale")  # partial: they hold only what waits
    statements = []
    with open_store(sqlite_url) as store:
        set_up(store, now)
        save(store, "bbc", *(told(an_entry(f"old {number}"), a_finding()) for number in range(30)), now=now)
        for engine in (store._db._writer, store._db._reader):
            event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, values, *_: statements.append((statement, values)))
        store.unseen("bbc", [an_entry("old 1")])
        poll = told(an_entry("old 1", "edited"), a_finding()), told(an_entry("new"), a_finding(supplier="Serco"))
        save(store, "bbc", *poll, now=now, watches_version=2)
        store.fan_out(now)
        send(store, must_claim(store, now), now)
        claim(store, now)
        store.lookups_due("bbc", now, limit=5)
        store.next_delivery_at(now)
        store.next_due_at()
        store.latest(1, 5)
        with store._db._writer.connect() as connection:
            plans = {
                statement: [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
                for statement, values in statements.copy()
                if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT INTO delivery (channel_id, alert_id"))
            }

    assert len(plans) > 25
    scans = {step for plan in plans.values() for step in plan if step.startswith("SCAN") and not any(queue in step for queue in queues)}
    small = {"feed", "channel", "meta", "mute", "CONSTANT", "near", "anon_1"}  # of mutes, which end, the first is enough
    assert {step.split()[1] for step in scans} <= small, scans


@pytest.mark.slow
def test_a_poll_is_as_quick_with_two_hundred_thousand_entries_as_with_ten_thousand(sqlite_url, now):
    def seconds(store, mark):
        times = []
        for number in range(30):
            poll = [told(an_entry(f"{mark} {number} {each}")) for each in range(25)]
            start = time.process_time()
            store.unseen("bbc", [one.entry for one in poll])
            save(store, "bbc", *poll, now=now)
            times.append(time.process_time() - start)
        return sorted(times)[len(times) // 2]

    with open_store(sqlite_url) as store:
        store.sync_feeds([a_feed("bbc")], now)
        for size in (10_000, 200_000):
            while (have := store.counts(now).entries) < size:
                some = range(have, min(size, have + 5_000))
                save(store, "bbc", *(told(an_entry(f"filling {number}")) for number in some), now=now)
            taken = seconds(store, size)
            if size == 10_000:
                small = taken

    assert taken < 2 * small


def test_a_poll_without_keys_to_look_up_is_saved(ready, now):
    result = save(ready, "bbc", now=now, state=FeedState(etag="empty"))

    assert (result.new, result.changed) == (0, 0)
    assert ready.feeds()[0].state.etag == "empty"
    assert ready.unseen("bbc", []) == ((), ())


def test_a_very_long_document_is_looked_up_in_parts(ready, now):
    many = [an_entry(f"entry {number}") for number in range(12_000)]
    save(ready, "bbc", *map(told, many[:10]), now=now)

    new, changed = ready.unseen("bbc", many)
    assert (len(new), changed) == (11_990, ())


def test_entries_in_one_feed_with_findings_of_none_open_no_story(ready, now):
    result = save(ready, "bbc", told(an_entry("one"), replace(a_finding(), event=EventKind.NONE)), now=now)

    assert (result.stories, result.alerts) == (0, 0)
