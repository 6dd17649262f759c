"""Commands: effect, answer and done-mark together; being forgotten; a chat that moves. And the updates they came in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from storing import a_finding, an_entry, chat, chat_watch, claim, must_claim, save, send, set_up, told

from storage.exceptions import LimitReached, NotFound
from storage.operator_changes import Limits, SetLimits
from storage.records import AddWatch, ChannelState, EnsureChannel, ForgetChat, InboxUpdate, MigrateChat, Reply, SetChannelState
from storage.tables import inbox, metadata, tombstone
from storage.times import SetZone
from watchers.types import Organisation, Watch

HOUR = timedelta(hours=1)
START = EnsureChannel(chat_id=7, type="private", title="Ann", language="en", added_by=7)
WATCH = AddWatch(chat_id=7, watch=Watch(organisation=Organisation(name="Palantir")))
REPLY = Reply(chat_id=7, thread_id=None, text="Watching Palantir.")


def update(number, text="/watch Palantir"):
    return InboxUpdate(update_id=number, raw={"update_id": number, "message": {"text": text}})


def everything(store):
    """All rows of all tables: what a test of "nothing is left" looks through."""
    return store._db.read(lambda c: {name: c.execute(select(table)).all() for name, table in metadata.tables.items()})


def test_an_update_is_kept_once_until_it_is_done(store, now):
    store.save_updates([update(2), update(1)], now)
    store.save_updates([update(1, "given again"), update(3)], now)
    assert store.pending_updates(2) == [update(1), update(2)]

    store.apply([], update_id=1, now=now)

    assert store.pending_updates(10) == [update(2), update(3)]


def test_what_somebody_wrote_is_not_kept_beyond_its_effect(store, now):
    store.save_updates([update(1)], now)
    store.apply([START, WATCH], update_id=1, now=now)

    assert [row.raw for row in store._db.read(lambda c: c.execute(select(inbox)).all())] == [None]


def test_a_command_that_is_given_twice_has_its_effect_and_its_answer_once(store, now):
    store.save_updates([update(1)], now)
    for _ in range(2):
        store.apply([START, WATCH], update_id=1, replies=[REPLY, REPLY], now=now)

    assert store.watches()[0] == 2
    assert store.counts(now).deliveries == {"pending": 2}


def test_a_command_that_fails_has_no_effect_and_is_still_to_be_done(store, now):
    store.apply([SetLimits(limits=Limits(watches=5))], now=now)
    store.save_updates([update(1)], now)
    changes = [START, *(AddWatch(chat_id=7, watch=Watch(organisation=Organisation(name=f"{n}"))) for n in range(6))]
    before = everything(store)
    with pytest.raises(LimitReached):
        store.apply(changes, update_id=1, replies=[REPLY], now=now)

    assert everything(store) == before
    assert store.pending_updates(5) == [update(1)]


def test_an_update_must_be_saved_before_it_is_handled(store, now):
    with pytest.raises(NotFound, match="update 9 was not saved"):
        store.apply([START], update_id=9, now=now)
    assert store.channels() == []


def test_a_poisoned_update_is_put_aside_with_its_reason_and_blocks_nothing(store, now):
    store.save_updates([update(1), update(2)], now)
    store.update_failed(1, "KeyError: 'chat'", now)

    assert store.pending_updates(5) == [update(2)]
    assert {row.update_id: row.error for row in everything(store)["inbox"]} == {1: "KeyError: 'chat'", 2: None}


def test_a_failure_cannot_undo_what_is_done(store, now):
    store.save_updates([update(1)], now)
    store.apply([], update_id=1, now=now)
    store.update_failed(1, "too late", now)

    assert [row.state for row in everything(store)["inbox"]] == ["done"]


def test_the_last_update_is_the_one_that_came_last_not_the_highest(store, now):
    assert store.last_update_id() is None

    store.save_updates([update(900), update(901)], now)
    assert store.last_update_id() == 901

    store.save_updates([update(12)], now + timedelta(days=8))
    assert store.last_update_id() == 12


def test_old_updates_are_deleted_but_the_newest_and_those_that_wait(store, now):
    store.save_updates([update(1), update(2), update(3)], now)
    for number in (1, 3):
        store.apply([], update_id=number, now=now)

    assert store.prune_updates(now + HOUR) == 1
    assert (store.last_update_id(), store.pending_updates(5)) == (3, [update(2)])


def test_a_chat_is_set_up_once_and_brought_up_to_date(store, now):
    store.apply([START], now=now)
    store.apply([SetChannelState(chat_id=7, state=ChannelState.SUSPENDED, reason="blocked")], now=now)
    store.apply([EnsureChannel(chat_id=7, type="private", title="Ann B.", language="fr")], now=now)

    (channel,) = store.channels()
    assert (channel.title, channel.language, channel.state, channel.state_reason, channel.key) == (
        "Ann B.",
        "en",
        "active",
        None,
        "telegram:7",
    )


def test_a_chat_that_was_only_answered_before_is_set_up_properly(store, now):
    store.apply([], replies=[REPLY], now=now)
    store.apply([START, WATCH], now=now)
    send(store, must_claim(store, now), now)

    channel = store.channel(7)
    assert channel is not None
    assert len(store.channel_watches(channel.id)) == 1


def test_topics_of_a_group_are_channels_of_their_own_and_suspended_together(store, now):
    for thread in (None, 3, 4):
        store.apply([EnsureChannel(chat_id=-100, thread_id=thread, type="supergroup", title="Group", language="en")], now=now)
    store.apply([SetChannelState(chat_id=-100, state=ChannelState.SUSPENDED, reason="kicked")], now=now)

    assert [one.thread_id for one in store.channels()] == [None, 3, 4]
    assert {one.state for one in store.channels()} == {ChannelState.SUSPENDED}
    assert store.channel(-100, 3).key == "telegram:-100:3"


def test_who_asks_to_be_forgotten_leaves_numbers_and_gets_an_answer(store, now):
    set_up(store, now, watches=())
    chat(store, 424242, now, "Secret Ltd", "Palantir")
    chat(store, 8, now, "Palantir")
    watch = chat_watch(store, "Palantir")
    save(store, "bbc", told(an_entry("one"), a_finding(supplier="X", watches=(watch,))), now=now)
    store.fan_out(now)
    send(store, must_claim(store, now), now)
    save(store, "bbc", told(an_entry("two"), a_finding(supplier="Y", watches=(watch,))), now=now)
    store.fan_out(now)
    store.save_updates([InboxUpdate(update_id=1, raw={"chat": 424242})], now)
    store.apply([ForgetChat(chat_id=424242)], update_id=1, replies=[Reply(chat_id=424242, thread_id=None, text="Forgotten.")], now=now)

    assert store.channel(424242) is None
    assert [one.name for one in store.watches()[1]] == ["Palantir"]
    answer = must_claim(store, now)
    assert (answer.channel.chat_id, answer.payload) == (424242, {"text": "Forgotten.", "buttons": []})
    send(store, answer, now)
    left = repr(everything(store))
    assert "424242" not in left
    assert "Secret" not in left
    (stone,) = everything(store)["tombstone"]
    assert (stone.forgotten_on, stone.watches, stone.sent, stone.withheld) == ("2026-03-02", 2, 1, 1)
    assert must_claim(store, now).channel.chat_id == 8


def test_a_send_that_is_under_way_when_its_chat_is_forgotten_ends_quietly(store, now):
    set_up(store, now, watches=())
    chat(store, 7, now, "Palantir")
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(chat_watch(store, "Palantir"),))), now=now)
    store.fan_out(now)
    claimed = must_claim(store, now)
    store.apply([ForgetChat(chat_id=7)], now=now)

    assert store.sent(claimed.delivery_id, owner="daemon", message_id=1, revision=1, channel_pause_until=now, now=now) is False
    assert store.counts(now).deliveries == {}


def test_forgetting_an_unknown_chat_changes_nothing(store, now):
    before = everything(store)
    store.apply([ForgetChat(chat_id=5)], now=now)

    assert everything(store) == before
    assert store._db.read(lambda c: c.execute(select(tombstone)).all()) == []


def a_group(store, now):
    set_up(store, now, watches=())
    store.apply([EnsureChannel(chat_id=-5, type="group", title="Group", language="en")], now=now)
    store.apply([AddWatch(chat_id=-5, watch=Watch(organisation=Organisation(name="Palantir")))], now=now)
    return chat_watch(store, "Palantir")


def test_a_group_that_moves_takes_all_with_it_and_twice_is_once(store, now):
    watch = a_group(store, now)
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(watch,))), now=now)
    store.fan_out(now)
    for _ in range(2):
        store.apply([MigrateChat(old_chat_id=-5, new_chat_id=-1005)], now=now)

    assert store.channel(-5) is None
    channel = store.channel(-1005)
    assert (channel.chat_id, channel.key, channel.type) == (-1005, "telegram:-1005", "supergroup")
    assert [one.watch.name for one in store.channel_watches(channel.id)] == ["Palantir"]
    assert must_claim(store, now).channel.chat_id == -1005


def test_what_is_under_way_when_a_group_moves_can_still_be_recorded(store, now):
    watch = a_group(store, now)
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(watch,))), now=now)
    store.fan_out(now)
    claimed = must_claim(store, now)
    store.apply([MigrateChat(old_chat_id=-5, new_chat_id=-1005)], now=now)
    moved = {"not_before": now, "maybe_sent": False, "error": "the chat moved", "channel_pause_until": None}

    assert store.retry(claimed.delivery_id, owner="daemon", **moved, now=now) is True
    assert must_claim(store, now).channel.chat_id == -1005


@pytest.mark.parametrize("known", [False, True])
def test_what_a_chat_refuses_that_has_moved_is_sent_to_the_new_one_as_if_for_the_first_time(store, now, known):
    watch = a_group(store, now)
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(watch,))), now=now)
    if known:
        chat(store, -1005, now + HOUR, "Serco")
    store.fan_out(now)
    refused = {"owner": "daemon", "old_chat_id": -5, "new_chat_id": -1005, "maybe_sent": False, "now": now}
    assert store.moved(must_claim(store, now).delivery_id, **refused)

    again = must_claim(store, now)
    assert (again.channel.chat_id, again.maybe_sent) == (-1005, False)
    assert send(store, again, now)
    assert claim(store, now + HOUR) is None


def test_a_message_of_before_the_move_is_not_edited_in_the_new_chat(store, now):
    watch = a_group(store, now)
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(watch,))), now=now)
    store.fan_out(now)
    send(store, must_claim(store, now), now, message_id=77)
    store.apply([MigrateChat(old_chat_id=-5, new_chat_id=-1005)], now=now)
    save(store, "itv", told(an_entry("two"), a_finding(watches=(watch,))), now=now)

    assert claim(store, now + HOUR) is None


def test_a_group_that_moves_to_a_chat_that_is_there_is_merged_with_it(store, now):
    watch = a_group(store, now)
    save(store, "bbc", told(an_entry("one"), a_finding(supplier="X", watches=(watch,))), now=now)
    save(store, "bbc", told(an_entry("two"), a_finding(supplier="Y", watches=(watch,))), now=now)
    store.fan_out(now)
    later = now + HOUR
    chat(store, -1005, later, "Palantir", "Serco")
    save(store, "itv", told(an_entry("three"), a_finding(supplier="Y", watches=(watch,))), now=later)
    store.fan_out(later)
    under_way = [must_claim(store, later), must_claim(store, later)]
    assert {one.channel.chat_id for one in under_way} == {-5, -1005}
    store.apply([MigrateChat(old_chat_id=-5, new_chat_id=-1005)], now=later)

    assert store.channel(-5) is None
    channel = store.channel(-1005)
    assert {one.watch.name: one.created_at for one in store.channel_watches(channel.id)} == {"Palantir": now, "Serco": later}
    told_of = [(claimed.alert_id, False) for claimed in under_way if send(store, claimed, later)]
    while claimed := claim(store, later):
        told_of.append((claimed.alert_id, claimed.maybe_sent))
        send(store, claimed, later)
    # Story X was under way to the old id: it may have arrived. Story Y waited for both and goes once.
    assert sorted(told_of) == [(1, True), (2, False)]


def test_a_new_place_goes_by_the_clock_of_who_sets_it_up_and_a_topic_by_that_of_its_chat(store, now):
    chat(store, 7, now)
    store.apply([SetZone(chat_id=7, zone="Europe/London")], now=now)
    group = {"chat_id": -1001, "type": "supergroup", "title": "Desk", "language": "en"}
    store.apply([EnsureChannel(**group, added_by=7)], now=now)
    store.apply([SetZone(chat_id=-1001, zone="Asia/Riyadh"), EnsureChannel(**group, thread_id=11, added_by=7)], now=now)
    store.apply([EnsureChannel(**(group | {"chat_id": -1002}), added_by=8)], now=now)

    assert [store.channel(-1001, thread).zone for thread in (None, 11)] == ["Asia/Riyadh"] * 2
    assert store.channel(-1002).zone == "UTC"
