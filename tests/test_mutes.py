"""What is muted is not told, says so in the ledger, and is told of again when the mute is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storing import a_finding, an_entry, chat, chat_watch, claim, save, set_up, told

from storage.alert_changes import AddMute, MuteKind, RemoveMute
from storage.exceptions import NotFound
from storage.mutes import MUTED
from storage.records import MigrateChat
from watchers.types import EventKind

DAY = timedelta(days=1)
ANN, BOB = 7, 8


@pytest.fixture
def here(store, now):
    """Ann and Bob watch Palantir and Serco; the number of Ann's channel."""
    set_up(store, now)
    channel = chat(store, ANN, now, "Palantir", "Serco")
    chat(store, BOB, now, "Palantir", "Serco")
    return channel


def news(store, now, supplier="Palantir", *, feed="bbc", name="one", event=EventKind.CANCELLED):
    """A feed reports something of a supplier; says the state and reason of each chat's deliveries, by chat."""
    finding = a_finding(event, supplier, watches=[chat_watch(store, one) for one in ("Palantir", "Serco") if one in supplier])
    save(store, feed, told(an_entry(name), finding), now=now)
    store.fan_out(now)
    return states(store)


def states(store):
    rows = store._db.read(
        lambda connection: connection.exec_driver_sql(
            "SELECT c.chat_id, d.state, d.reason FROM delivery d JOIN channel c ON c.id = d.channel_id"
            " WHERE c.chat_id IS NOT NULL AND d.alert_id IS NOT NULL ORDER BY d.id"
        ).all()
    )
    return {chat: [(state, reason) for who, state, reason in rows if who == chat] for chat in (ANN, BOB)}


WAITS, SILENT = ("pending", None), ("withheld", MUTED)


def numbers(store, table):
    return dict(store._db.read(lambda connection: connection.exec_driver_sql(f"SELECT {table[1]}, id FROM {table[0]}").all()))


def mute(store, now, kind, target, *, until=None):
    store.apply([AddMute(chat_id=ANN, kind=kind, target=target, until=until)], now=now)


def test_a_muted_feed_is_not_told_until_another_reports_the_same(store, now, here):
    mute(store, now, MuteKind.FEED, numbers(store, ("feed", "key"))["bbc"])

    assert news(store, now) == {ANN: [SILENT], BOB: [WAITS]}
    assert news(store, now, feed="itv", name="two") == {ANN: [WAITS], BOB: [WAITS]}


def test_a_muted_watch_is_not_told_unless_another_watch_is_meant_too(store, now, here):
    mute(store, now, MuteKind.WATCH, numbers(store, ("watch", "name"))["Palantir"])

    assert news(store, now)[ANN] == [SILENT]
    assert news(store, now, "Palantir and Serco", name="both")[ANN] == [SILENT, WAITS]


def test_a_muted_contract_is_not_told_what_happens_to_it_next(store, now, here):
    news(store, now, event=EventKind.AWARDED)
    story = max(numbers(store, ("story", "id")))
    mute(store, now, MuteKind.CONTRACT, story)

    assert states(store) == {ANN: [SILENT], BOB: [WAITS]}, "what waited is withheld too"

    save(store, "itv", told(an_entry("two"), a_finding(watches=[chat_watch(store, "Palantir")])), now=now + DAY)
    second = max(numbers(store, ("story", "id")))
    store._db.write(
        lambda connection: connection.exec_driver_sql(
            f"UPDATE thread_story SET thread_id = (SELECT thread_id FROM thread_story WHERE story_id = {story}) WHERE story_id = {second}"
        )
    )
    store.fan_out(now + DAY)

    assert states(store) == {ANN: [SILENT, SILENT], BOB: [WAITS, WAITS]}


def test_a_mute_ends_by_itself_or_is_undone_and_a_new_one_replaces_it(store, now, here):
    watch = numbers(store, ("watch", "name"))["Serco"]
    mute(store, now, MuteKind.WATCH, watch, until=now + DAY)
    mute(store, now, MuteKind.WATCH, watch, until=now + 2 * DAY)
    (one,) = store.mutes(here, now)
    assert (one.kind, one.name, one.until) == (MuteKind.WATCH, "Serco", now + 2 * DAY)

    assert store.mutes(here, now + 2 * DAY) == []
    assert news(store, now + 3 * DAY, "Serco")[ANN] == [WAITS]

    mute(store, now, MuteKind.WATCH, watch)
    (one,) = store.mutes(here, now)
    with pytest.raises(NotFound):
        store.apply([RemoveMute(chat_id=BOB, mute_id=one.id)], now=now)
    store.apply([RemoveMute(chat_id=ANN, mute_id=one.id)], now=now)
    assert store.mutes(here, now) == []


def test_a_group_that_moved_has_muted_what_it_had(store, now, here):
    watch = numbers(store, ("watch", "name"))["Serco"]
    mute(store, now, MuteKind.WATCH, watch)
    mute(store, now, MuteKind.FEED, numbers(store, ("feed", "key"))["bbc"])
    store.apply([AddMute(chat_id=BOB, kind=MuteKind.WATCH, target=watch, until=now + DAY)], now=now)
    store.apply([MigrateChat(old_chat_id=ANN, new_chat_id=BOB)], now=now)

    muted = {one.kind: one.until for one in store.mutes(store.channel(BOB).id, now)}
    assert muted == {MuteKind.WATCH: now + DAY, MuteKind.FEED: None}


def test_a_message_about_a_muted_story_is_not_edited(store, now, here):
    news(store, now)
    while (claimed := claim(store, now)) is not None:
        store.sent(claimed.delivery_id, owner="daemon", message_id=5, revision=1, channel_pause_until=now, now=now)
    mute(store, now, MuteKind.STORY, max(numbers(store, ("story", "id"))))
    news(store, now, feed="itv", name="two")
    later = now + DAY
    edited = []
    while (claimed := store.claim_delivery(later, owner="daemon", lease=DAY, edit_pause=timedelta(0))) is not None:
        edited.append(claimed.channel.chat_id)
        store.sent(claimed.delivery_id, owner="daemon", message_id=5, revision=2, channel_pause_until=later, now=later)

    assert ANN not in edited
    assert BOB in edited
