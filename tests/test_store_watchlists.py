"""Who watches what: the configuration's lists, a chat's own, and the version that holds understanding and saving together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event
from storing import PALANTIR, SERCO, a_finding, an_entry, chat, chat_watch, claim, console, save, set_up, told

from storage.exceptions import LimitReached, NotFound
from storage.operator_changes import Limits, SetLimits
from storage.records import AddWatch, ChannelKind, ChannelState, ConfigChannel, ConfigWatchlist, RemoveWatch
from watchers.types import DEFAULT_TERMS, Organisation, Role, Terms, Watch

HOUR = timedelta(hours=1)


def lists(*watches, name="all"):
    return [ConfigWatchlist(id=name, name=name.title(), watches=watches)]


def test_the_version_moves_with_what_is_watched_and_with_nothing_else(store, now):
    def version():
        return store.watches()[0]

    seen = [version()]
    for wanted in ((), (PALANTIR,), (PALANTIR,), (PALANTIR, SERCO), (replace(PALANTIR, role=Role.EITHER), SERCO), (SERCO,)):
        store.sync_config(lists(*wanted), [console("all")], now)
        seen.append(version())

    assert [later - earlier for earlier, later in pairwise(seen)] == [0, 1, 0, 1, 1, 1]


def test_configured_watches_keep_their_ids(store, now):
    store.sync_config(lists(PALANTIR, SERCO), [console("all")], now)

    assert store.watches()[1] == (SERCO, PALANTIR)


def test_one_id_for_two_watches_is_two_watches(store, now):
    both = (replace(PALANTIR, role=Role.SUPPLIER), replace(PALANTIR, role=Role.PUBLIC_BODY))
    for _ in range(2):
        store.sync_config(lists(*both), [console("all")], now)

    assert [(one.id, one.role) for one in store.watches()[1]] == [(PALANTIR.id, Role.SUPPLIER), (f"{PALANTIR.id}#2", Role.PUBLIC_BODY)]


def test_a_watchlist_that_is_no_longer_configured_ends_and_what_waits_for_it_is_withheld(store, now):
    set_up(store, now)
    save(store, "bbc", told(an_entry("one"), a_finding()), now=now)
    store.fan_out(now)
    store.sync_config([], [console()], now)

    assert store.watches()[1] == ()
    assert store.counts(now).deliveries == {"withheld": 1}
    assert store.channel_watches(1) == []


def test_a_restart_with_the_same_configuration_keeps_what_is_owed(store, now):
    set_up(store, now)
    save(store, "bbc", told(an_entry("one"), a_finding()), now=now)
    set_up(store, now + HOUR)

    assert store.fan_out(now + HOUR) == 1
    assert claim(store, now + HOUR) is not None


def test_a_console_that_is_no_longer_configured_is_suspended_and_comes_back(store, now):
    store.sync_config(lists(PALANTIR), [console("all")], now)
    store.sync_config(lists(PALANTIR), [], now)
    assert [(one.state, one.state_reason) for one in store.channels()] == [(ChannelState.SUSPENDED, "no longer in the configuration")]

    store.sync_config(lists(PALANTIR), [console("all")], now)
    assert [(one.state, one.state_reason) for one in store.channels()] == [(ChannelState.ACTIVE, None)]


def test_a_configured_chat_is_the_channel_that_the_chat_itself_sets_up(store, now):
    configured = ConfigChannel(
        key="telegram:-1001", kind=ChannelKind.TELEGRAM, chat_id=-1001, thread_id=None, title="News room", watchlists=("all",)
    )
    number = chat(store, -1001, now, "Capita")
    store.sync_config(lists(PALANTIR), [configured], now)
    assert [(one.id, one.key) for one in store.channels()] == [(number, "telegram:-1001")]
    assert [(one.watch.name, one.watchlist) for one in store.channel_watches(number)] == [("Capita", None), ("Palantir", "All")]

    store.sync_config(lists(PALANTIR), [], now)
    assert [one.watch.name for one in store.channel_watches(number)] == ["Capita"]
    assert [one.state for one in store.channels()] == [ChannelState.ACTIVE]


def test_chat_numbers_of_64_bits_are_kept_whole(store, now):
    for chat_id in (9_007_199_254_740_993, -9_223_372_036_854_775_808):
        chat(store, chat_id, now)

    assert [one.chat_id for one in store.channels()] == [9_007_199_254_740_993, -9_223_372_036_854_775_808]


def test_a_chat_adds_and_removes_its_own_watches(store, now):
    number = chat(store, 7, now, "Palantir", "Serco", "Palantir")
    first, second = store.channel_watches(number)
    assert (first.watch.name, second.watch.name, first.created_at) == ("Palantir", "Serco", now)

    version = store.watches()[0]
    store.apply([RemoveWatch(chat_id=7, watch_id=first.id)], now=now)

    assert [one.id for one in store.channel_watches(number)] == [second.id]
    assert store.watches()[0] == version + 1
    assert store.shared_watch(first.id) is None


def test_chats_that_watch_the_same_share_one_watch_and_not_their_lists(store, now):
    ann, bob = chat(store, 7, now, "Palantir"), chat(store, 8, now, "Palantir")
    (watch,) = store.channel_watches(ann)
    assert len(store.watches()[1]) == 1

    store.apply([RemoveWatch(chat_id=7, watch_id=watch.id)], now=now)

    assert store.channel_watches(ann) == []
    assert [one.id for one in store.channel_watches(bob)] == [watch.id]
    assert store.shared_watch(watch.id).watch == watch.watch


def test_shared_numbers_cannot_be_counted_through(store, now):
    number = chat(store, 7, now, *(f"Firm {each}" for each in range(20)))
    numbers = [one.id for one in store.channel_watches(number)]

    assert len({one // 2**40 for one in numbers}) > 10
    assert store.shared_watch(1) is None


def test_a_watch_too_many_is_refused_and_changes_nothing(store, now):
    store.apply([SetLimits(limits=Limits(watches=5))], now=now)
    names = [f"Firm {number}" for number in range(5)]
    number = chat(store, 7, now, *names)
    version = store.watches()

    with pytest.raises(LimitReached, match="5 watches; remove one before adding Capita"):
        chat(store, 7, now, "Capita")
    assert store.watches() == version
    chat(store, 7, now, "Firm 3")
    assert len(store.channel_watches(number)) == 5


def test_only_a_channels_own_watch_can_be_removed(store, now):
    chat(store, 7, now)
    chat(store, 8, now, "Serco")
    (other,) = store.watches()[1]

    with pytest.raises(NotFound, match="not one of the channel's own"):
        store.apply([RemoveWatch(chat_id=7, watch_id=12345)], now=now)
    assert store.watches()[1] == (other,)


def test_a_watch_needs_a_channel(store, now):
    with pytest.raises(NotFound, match="telegram:7:3: there is no such channel"):
        store.apply([AddWatch(chat_id=7, thread_id=3, watch=Watch(organisation=Organisation(name="Serco")))], now=now)
    assert store.watches()[1] == ()


def test_unwatching_withholds_what_waits_only_because_of_it(store, now):
    set_up(store, now, watches=())
    number = chat(store, 7, now, "Palantir", "Serco")
    palantir, serco = (chat_watch(store, name) for name in ("Palantir", "Serco"))
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(palantir,))), now=now)
    save(store, "bbc", told(an_entry("two"), a_finding(supplier="Both", watches=(palantir, serco))), now=now)
    store.fan_out(now)
    store.apply([RemoveWatch(chat_id=7, watch_id=store.channel_watches(number)[0].id)], now=now)

    assert store.counts(now).deliveries == {"pending": 1, "withheld": 1}
    assert [one.suppliers for one in store.latest(number, 5)] == [("Both",)]


def test_a_watch_is_told_of_entries_stored_after_it_was_added_and_of_none_before(store, now):
    set_up(store, now, watches=(SERCO,))
    save(store, "bbc", told(an_entry("before"), a_finding(watches=(SERCO,))), now=now)
    number = chat(store, 7, now + HOUR, "Palantir")
    watch = chat_watch(store, "Palantir")
    store.fan_out(now + HOUR)
    assert store.latest(number, 5) == []

    save(store, "itv", told(an_entry("after"), a_finding(watches=(SERCO, watch))), now=now + 2 * HOUR)

    assert store.fan_out(now + 2 * HOUR) == 1
    assert len(store.latest(number, 5)) == 1


def test_who_subscribes_later_is_told_by_the_next_report_and_not_by_an_edit(store, now):
    set_up(store, now)
    number = chat(store, 7, now, "Palantir")
    watch = chat_watch(store, "Palantir")
    save(store, "bbc", told(an_entry("one", "Deal axed"), a_finding(watches=(watch,))), now=now)
    late = chat(store, 8, now + HOUR, "Palantir")
    save(store, "bbc", told(an_entry("one", "Deal scrapped"), a_finding(watches=(watch,))), now=now + 2 * HOUR)
    assert store.fan_out(now + 2 * HOUR) == 1

    save(store, "itv", told(an_entry("two"), a_finding(watches=(watch,))), now=now + 3 * HOUR)

    assert store.fan_out(now + 3 * HOUR) == 1
    assert [len(store.latest(one, 5)) for one in (number, late)] == [1, 1]


def test_watches_with_the_same_name_and_other_identifiers_are_different(store, now):
    organisations = [
        Organisation(name="Serco"),
        Organisation(name="Serco", identifiers=("GB-COH-1",)),
        Organisation(name="Serco", aliases=("S",)),
    ]
    number = chat(store, 7, now)
    store.apply([AddWatch(chat_id=7, watch=Watch(organisation=one)) for one in organisations], now=now)

    assert {one.watch.organisation for one in store.channel_watches(number)} == set(organisations)
    assert {type(one) for one in store.watches()[1]} == {Watch}


def test_many_watches_at_once_cost_few_statements_and_the_same_ones_again_make_no_double(store, now):
    number = chat(store, 7, now)
    said = []
    for engine in {store._db._writer, store._db._reader}:
        event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, *_: said.append(statement))
    firms = [Watch(organisation=Organisation(name=f"Firm {one}")) for one in range(300)]
    for terms in (DEFAULT_TERMS, DEFAULT_TERMS, Terms(minimum=5)):
        said.clear()
        store.apply([AddWatch(chat_id=7, watch=one, terms=terms) for one in (*firms, firms[0])], now=now)
        assert len(said) < 20

    kept = store.channel_watches(number)
    assert {one.watch.organisation for one in kept} == {one.organisation for one in firms}
    assert (len(kept), len(store.watches()[1]), {one.terms for one in kept}) == (300, 300, {Terms(minimum=5)})
