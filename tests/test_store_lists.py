"""Watches on their terms, watchlists with names, and drafts: what is told where, who may change what, and what ends with whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from storing import PALANTIR, SERCO, a_finding, an_entry, chat, claim, console, pounds, save, set_up, told

from storage.exceptions import LimitReached, NameTaken, NotFound
from storage.list_changes import (
    AddWatchlist,
    CopyWatchlist,
    DeleteWatchlist,
    FollowWatchlist,
    PutDraft,
    RenameWatchlist,
    ReplaceWatch,
    RouteWatchlist,
    SetTerms,
    ShareWatchlist,
    TakeDraft,
    UnfollowWatchlist,
)
from storage.operator_changes import Limits, SetLimits
from storage.records import AddWatch, ConfigWatchlist, EnsureChannel, ForgetChat, MigrateChat, RemoveWatch, Reply
from storage.times import SetTimes, Times
from watchers.types import EventKind, Money, Organisation, Role, Terms, Watch

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ANN, BOB, CAT = 7, 8, 9
EVERYTHING = Watch()
PAIR = Watch(
    organisation=Organisation(name="Palantir", aliases=("Palantir Technologies",), identifiers=("GB-COH-1",)),
    role=Role.SUPPLIER,
    partner=Organisation(name="Metropolitan Police", aliases=("Met Police",)),
    partner_role=Role.PUBLIC_BODY,
    area="London",
    direct=True,
    without=("football", "old trafford"),
)


def only(store, chat_id):
    """The one watch of a chat that watches one thing."""
    channel = store.channel(chat_id)
    assert channel is not None
    (record,) = store.channel_watches(channel.id)
    return record


def news(store, now, finding, name="one"):
    save(store, "bbc", told(an_entry(name), finding), now=now)
    return store.fan_out(now)


def euros(amount):
    return Money(amount=pounds(amount).amount, currency="EUR", printed=f"€{amount}")


def test_all_that_a_watch_asks_for_and_its_terms_are_kept(store, now):
    chat(store, ANN, now)
    terms = Terms(kinds=frozenset({EventKind.CANCELLED, EventKind.EXTENDED}), minimum=5, currency="EUR", without_sum=False, paused=True)
    store.apply([AddWatch(chat_id=ANN, watch=PAIR, terms=terms)], now=now)

    record = only(store, ANN)
    assert (record.watch, record.terms, record.mine) == (store.watches()[1][0], terms, True)
    assert [getattr(record.watch, name) for name in PAIR.__slots__ if name != "id"] == [
        getattr(PAIR, name) for name in PAIR.__slots__ if name != "id"
    ]


@pytest.mark.parametrize(
    ("terms", "finding", "is_told"),
    [
        (Terms(), {"event": EventKind.CANCELLED}, True),
        (Terms(kinds=frozenset({EventKind.AWARDED})), {"event": EventKind.CANCELLED}, False),
        (Terms(kinds=frozenset({EventKind.AWARDED})), {"event": EventKind.AWARDED}, True),
        (Terms(kinds=frozenset({EventKind.TERMINATED, EventKind.CANCELLED})), {"event": EventKind.TERMINATED}, True),
        (Terms(minimum=1000), {"value": pounds("999.99")}, False),
        (Terms(minimum=1000), {"value": pounds("1000")}, True),
        (Terms(minimum=1000), {"value": pounds("1E+7")}, True),
        (Terms(minimum=1000), {"value": None}, True),
        (Terms(minimum=1000, without_sum=False), {"value": None}, False),
        (Terms(minimum=1000, without_sum=False), {"value": euros("5000")}, False),
        (Terms(minimum=1000), {"value": euros("1")}, True),
        (Terms(minimum=1000, currency="EUR", without_sum=False), {"value": euros("5000")}, True),
        (Terms(paused=True), {}, False),
    ],
)
def test_a_place_is_told_what_its_terms_say(store, now, terms, finding, is_told):
    set_up(store, now)
    store.sync_config([ConfigWatchlist(id="all", name="All", watches=(PALANTIR,), terms=(terms,))], [console("all")], now)

    assert news(store, now + HOUR, a_finding(**finding)) == is_told
    assert len(store.latest(1, 5)) == is_told


def test_changed_terms_hold_for_what_waits_and_for_what_comes_and_touch_no_version(store, now):
    set_up(store, now, watches=())
    chat(store, ANN, now, "Palantir")
    mine = only(store, ANN)
    assert news(store, now + HOUR, a_finding(watches=(mine.watch,))) == 1
    version = store.watches()[0]

    store.apply([SetTerms(chat_id=ANN, watch_id=mine.id, terms=Terms(kinds=frozenset({EventKind.AWARDED})))], now=now + HOUR)

    assert store.watches()[0] == version
    assert claim(store, now + HOUR) is None
    assert news(store, now + 2 * HOUR, a_finding(EventKind.AWARDED, watches=(mine.watch,)), "two") == 1


def test_what_waits_for_a_watch_is_told_though_another_was_put_in_its_place(store, now):
    set_up(store, now, watches=())
    chat(store, ANN, now, "Palantir")
    mine = only(store, ANN)
    assert news(store, now + HOUR, a_finding(watches=(mine.watch,))) == 1

    narrower = replace(mine.watch, without=("football",))
    store.apply([ReplaceWatch(chat_id=ANN, watch_id=mine.id, watch=narrower)], now=now + HOUR)

    after = only(store, ANN)
    assert (after.watch.without, after.terms, after.created_at) == (("football",), mine.terms, mine.created_at)
    assert [one.name for one in store.watches()[1]] == ["Palantir"], "the other is nobody's any more"
    assert claim(store, now + HOUR) is not None
    with pytest.raises(NotFound):
        store.apply([ReplaceWatch(chat_id=ANN, watch_id=mine.id, watch=narrower)], now=now + HOUR)


def test_terms_of_the_configuration_follow_the_file(store, now):
    for terms in (Terms(minimum=5), Terms(), Terms(paused=True)):
        store.sync_config([ConfigWatchlist(id="all", name="All", watches=(PALANTIR, SERCO), terms=(terms,))], [console("all")], now)
        assert [(one.watch.name, one.terms) for one in store.channel_watches(1)] == [("Palantir", terms), ("Serco", Terms())]


def test_only_a_channels_own_watch_gets_other_terms(store, now):
    chat(store, ANN, now, "Palantir")
    chat(store, BOB, now, "Serco")

    with pytest.raises(NotFound):
        store.apply([SetTerms(chat_id=BOB, watch_id=only(store, ANN).id, terms=Terms(paused=True))], now=now)


@pytest.fixture
def shared(store, now):
    """Ann keeps a list "Outsourcers" with Serco on it and shares it; the number of the list."""
    set_up(store, now, watches=())
    for chat_id in (ANN, BOB, CAT):
        chat(store, chat_id, now)
    store.apply([AddWatchlist(chat_id=ANN, name="Outsourcers")], now=now)
    (mine,) = store.watchlists(store.channel(ANN).id)
    terms = Terms(minimum=10)
    store.apply(
        [
            AddWatch(chat_id=ANN, watch=Watch(organisation=Organisation(name="Serco")), terms=terms, watchlist_id=mine.id),
            ShareWatchlist(chat_id=ANN, watchlist_id=mine.id, token="t" * 22),
        ],
        now=now,
    )
    return mine.id


def names(store, chat_id):
    return [(one.watch.name, one.watchlist, one.mine, one.terms.minimum) for one in store.channel_watches(store.channel(chat_id).id)]


def test_a_followed_list_is_the_owners_list_in_every_moment(store, now, shared):
    store.apply([FollowWatchlist(chat_id=BOB, token="t" * 22)], now=now)
    assert names(store, BOB) == [("Serco", "Outsourcers", False, 10)]
    assert [one.chat_id for one in store.followers(shared)] == [BOB]
    (hers,), (his,) = (store.watchlists(store.channel(one).id) for one in (ANN, BOB))
    assert (hers.mine, hers.token, hers.followers, hers.watches) == (True, "t" * 22, 1, 1)
    assert (his.mine, his.token, his.followers, his.name) == (False, None, 0, "Outsourcers")

    capita = Watch(organisation=Organisation(name="Capita"))
    store.apply(
        [AddWatch(chat_id=ANN, watch=capita, watchlist_id=shared), RenameWatchlist(chat_id=ANN, watchlist_id=shared, name="Big")], now=now
    )
    serco = next(one.watch for one in store.channel_watches(store.channel(BOB).id) if one.watch.name == "Serco")
    assert [one[:2] for one in names(store, BOB)] == [("Capita", "Big"), ("Serco", "Big")]
    assert news(store, now + HOUR, a_finding(watches=(serco,), value=pounds("10"))) == 2  # Ann and Bob
    store.apply([UnfollowWatchlist(chat_id=BOB, watchlist_id=shared)], now=now + HOUR)
    assert store.counts(now).deliveries == {"pending": 1, "withheld": 1}


def test_a_copied_list_goes_its_own_way(store, now, shared):
    copy = CopyWatchlist(chat_id=BOB, watchlist_id=shared, name="Mine")
    follow, unfollow = FollowWatchlist(chat_id=BOB, token="t" * 22), UnfollowWatchlist(chat_id=BOB, watchlist_id=shared)
    store.apply([follow, copy, unfollow], now=now)
    store.apply([AddWatch(chat_id=ANN, watch=EVERYTHING, watchlist_id=shared)], now=now)

    assert names(store, BOB) == [("Serco", "Mine", True, 10)]
    assert store.followers(shared) == []


def test_a_link_that_is_taken_back_serves_nobody_new(store, now, shared):
    found, watches = store.shared_watchlist("t" * 22)
    assert (found.name, [one.watch.name for one in watches]) == ("Outsourcers", ["Serco"])
    store.apply([FollowWatchlist(chat_id=BOB, token="t" * 22), ShareWatchlist(chat_id=ANN, watchlist_id=shared, token=None)], now=now)

    assert store.shared_watchlist("t" * 22) is None
    assert names(store, BOB) != []
    for change in (FollowWatchlist(chat_id=CAT, token="t" * 22), CopyWatchlist(chat_id=CAT, watchlist_id=shared, name="Mine")):
        with pytest.raises(NotFound):
            store.apply([change], now=now)


def test_nobody_changes_a_list_that_somebody_else_keeps(store, now, shared):
    store.apply([FollowWatchlist(chat_id=BOB, token="t" * 22)], now=now)
    (watch,) = (one for one in store.channel_watches(store.channel(BOB).id))
    here = {"chat_id": BOB, "watchlist_id": shared}
    before = names(store, ANN)

    for change in (
        AddWatch(**here, watch=EVERYTHING),
        RemoveWatch(**here, watch_id=watch.id),
        SetTerms(**here, watch_id=watch.id, terms=Terms()),
        RenameWatchlist(**here, name="Mine"),
        DeleteWatchlist(**here),
        ShareWatchlist(**here, token="x"),
        UnfollowWatchlist(chat_id=ANN, watchlist_id=shared),
    ):
        with pytest.raises(NotFound):
            store.apply([change], now=now)
    assert names(store, ANN) == before


@pytest.mark.parametrize("end", ["deleted", "forgotten"])
def test_a_list_ends_for_all_who_follow_it(store, now, shared, end):
    store.apply([FollowWatchlist(chat_id=BOB, token="t" * 22)], now=now)
    serco = only(store, BOB).watch
    assert news(store, now + HOUR, a_finding(watches=(serco,), value=pounds("10"))) == 2
    store.apply([DeleteWatchlist(chat_id=ANN, watchlist_id=shared) if end == "deleted" else ForgetChat(chat_id=ANN)], now=now + HOUR)

    assert names(store, BOB) == []
    assert store.watches()[1] == ()
    assert "pending" not in store.counts(now).deliveries


def test_names_of_lists_are_given_once_and_lists_are_counted(store, now, shared):
    store.apply([SetLimits(limits=Limits(lists=2))], now=now)
    with pytest.raises(NameTaken):
        store.apply([AddWatchlist(chat_id=ANN, name="OUTSOURCERS")], now=now)
    store.apply([RenameWatchlist(chat_id=ANN, watchlist_id=shared, name="OUTSOURCERS"), AddWatchlist(chat_id=ANN, name="Two")], now=now)
    with pytest.raises(LimitReached):
        store.apply([AddWatchlist(chat_id=ANN, name="Three")], now=now)


def test_lists_terms_and_followers_move_with_a_group(store, now, shared):
    store.apply([FollowWatchlist(chat_id=BOB, token="t" * 22), AddWatch(chat_id=ANN, watch=PAIR, terms=Terms(minimum=3))], now=now)
    before = sorted(names(store, ANN))
    store.apply(
        [EnsureChannel(chat_id=-1001, type="supergroup", title="New", language="en"), MigrateChat(old_chat_id=ANN, new_chat_id=-1001)],
        now=now,
    )

    assert sorted(names(store, -1001)) == before
    assert [one.chat_id for one in store.followers(shared)] == [BOB]
    assert store.shared_watchlist("t" * 22) is not None


def test_a_draft_is_taken_once_by_the_chat_it_was_made_in_and_before_it_expires(store, now):
    body = {"watches": [{"name": "Palantir"}]}
    store.apply(
        [PutDraft(chat_id=ANN, draft_id=5, body=body, keep=HOUR), PutDraft(chat_id=BOB, draft_id=6, body={}, keep=2 * HOUR)], now=now
    )
    assert (store.draft(ANN, 5, now), store.draft(BOB, 5, now), store.draft(ANN, 5, now + HOUR)) == (body, None, None)
    with pytest.raises(NotFound):
        store.apply([TakeDraft(chat_id=BOB, draft_id=5)], now=now)

    chat(store, ANN, now)
    take = [TakeDraft(chat_id=ANN, draft_id=5), AddWatch(chat_id=ANN, watch=EVERYTHING)]
    store.apply(take, now=now)
    with pytest.raises(NotFound):
        store.apply(take, now=now)
    with pytest.raises(NotFound):
        store.apply([TakeDraft(chat_id=BOB, draft_id=6)], now=now + 2 * HOUR)
    store.apply([PutDraft(chat_id=ANN, draft_id=7, body=body, keep=HOUR), ForgetChat(chat_id=ANN)], now=now)
    assert store.draft(ANN, 7, now) is None


def followed_list(store, now):
    """Ann's list with Palantir and Serco, which Bob follows; says how it is named in a change."""
    for one in (ANN, BOB, CAT):
        chat(store, one, now)
    store.apply([AddWatchlist(chat_id=ANN, name="Big", watches=((PALANTIR, Terms()), (SERCO, Terms())))], now=now)
    (record,) = store.watchlists(store.channel(ANN).id)
    mine = {"chat_id": ANN, "watchlist_id": record.id}
    store.apply([ShareWatchlist(**mine, token="token"), FollowWatchlist(chat_id=BOB, token="token")], now=now)
    return mine


def test_followers_are_told_once_a_list_has_settled_and_whoever_goes_on_changing_it_does_not_hold_that_up(store, now):
    mine = followed_list(store, now)
    begun = now + HOUR
    for minutes in range(0, 14, 2):
        store.apply([AddWatch(**mine, watch=SERCO, terms=Terms(minimum=minutes + 1))], now=begun + minutes * MINUTE)
        assert store.list_news(begun + (minutes + 1) * MINUTE) == []
    store.apply([FollowWatchlist(chat_id=CAT, token="token")], now=begun + 14 * MINUTE)
    store.apply([AddWatch(**mine, watch=SERCO, terms=Terms(minimum=99))], now=begun + 13 * MINUTE)
    assert store.list_news(begun + 14 * MINUTE) == []

    (found,) = store.list_news(begun + 15 * MINUTE)
    assert [terms.minimum for _, terms in found.before] == [None, None]
    assert sorted(terms.minimum or 0 for _, terms in found.after) == [0, 99]
    assert [one.chat_id for one in found.followers] == [BOB], "who came after the change saw it as it is"

    store.apply([RemoveWatch(**mine, watch_id=store.channel_watches(store.channel(ANN).id)[0].id)], now=begun + 15 * MINUTE)
    assert not store.tell_followers(found, [], begun + 15 * MINUTE), "it has changed again"
    (found,) = store.list_news(begun + 18 * MINUTE)
    assert store.tell_followers(found, [], begun + 18 * MINUTE)
    assert not store.tell_followers(found, [], begun + 18 * MINUTE)
    assert store.list_news(begun + HOUR) == []


def test_followers_are_told_after_their_quiet_hours(store, now):
    mine = followed_list(store, now)
    store.apply([SetTimes(chat_id=BOB, times=Times(quiet=(9 * 60, 11 * 60)))], now=now)  # it is half past nine
    store.apply([AddWatch(**mine, watch=PAIR)], now=now + MINUTE)
    (found,) = store.list_news(now + 4 * MINUTE)
    assert store.tell_followers(found, [Reply(chat_id=BOB, thread_id=None, text="more")], now + 4 * MINUTE)

    assert claim(store, now + 5 * MINUTE) is None
    store.turn_timetables(now + 90 * MINUTE)
    assert claim(store, now + 90 * MINUTE).payload["text"] == "more"


def test_nothing_is_kept_of_changes_that_nobody_follows_and_nothing_outlives_its_list(store, now):
    mine = followed_list(store, now)
    store.apply([UnfollowWatchlist(chat_id=BOB, watchlist_id=mine["watchlist_id"])], now=now)
    store.apply([AddWatch(**mine, watch=EVERYTHING)], now=now + HOUR)
    assert store.list_news(now + 2 * HOUR) == []

    store.apply([FollowWatchlist(chat_id=BOB, token="token")], now=now + 2 * HOUR)
    store.apply([AddWatch(**mine, watch=PAIR)], now=now + 3 * HOUR)
    store.apply([ForgetChat(chat_id=ANN)], now=now + 3 * HOUR)
    assert store.list_news(now + 4 * HOUR) == []


def test_what_a_list_brings_goes_where_its_keeper_says_and_the_list_stays_with_the_keeper(store, now, shared):
    keeper, there = store.channel(ANN).id, store.channel(BOB).id
    route = {"chat_id": ANN, "watchlist_id": shared, "to_thread_id": None}
    store.apply([RouteWatchlist(**route, to_chat_id=BOB, told=True), RouteWatchlist(**route, to_chat_id=ANN, told=False)], now=now)

    assert store.told(shared) == {there}
    assert [(one.name, one.mine) for one in store.watchlists(keeper)] == [("Outsourcers", True)]
    assert names(store, ANN) == [("Serco", "Outsourcers", True, 10)]
    assert news(store, now + HOUR, a_finding(watches=(only(store, BOB).watch,), value=pounds("10"))) == 1
    assert claim(store, now + HOUR).channel.chat_id == BOB
    for refused in (
        {**route, "to_chat_id": 99, "told": True},  # was never set up
        {**route, "to_chat_id": ANN, "told": False},  # is not told
        {**route, "chat_id": BOB, "to_chat_id": BOB, "told": False},  # is not the list's keeper
    ):
        with pytest.raises(NotFound):
            store.apply([RouteWatchlist(**refused)], now=now)
