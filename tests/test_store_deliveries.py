"""Who is sent what, in which order, once; and what is left of a send that nobody saw the end of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from storing import LEASE, PALANTIR, PAUSE, SERCO, a_finding, an_entry, chat, chat_watch, claim, must_claim, save, send, set_up, told

from storage.records import DEFAULT_EVENTS, ChannelState, DeliveryKind, Reply, SetChannelState, SetEvents
from storage.store import open_store
from watchers.types import EventKind

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ready(store, now):
    set_up(store, now)
    return store


def raise_alerts(store, now, *suppliers, watches=(PALANTIR,)):
    for supplier in suppliers:
        save(store, "bbc", told(an_entry(f"about {supplier}"), a_finding(supplier=supplier, watches=watches)), now=now)
    return store.fan_out(now)


def states(store, now):
    return dict(store.counts(now).deliveries)


def answer(store, chat_id, now, text="hello"):
    store.apply([], replies=[Reply(chat_id=chat_id, thread_id=None, text=text)], now=now)


def steps(store, work):
    """How many steps SQLite takes for something, by thousands: what it costs on any machine."""
    counted = 0

    def count():
        nonlocal counted
        counted += 1

    with store._db._writer.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_progress_handler(count, 1000)
        work()
        driver.set_progress_handler(None, 0)
    return counted


# who is told


def test_an_alert_goes_to_every_channel_that_watches_and_once(ready, now):
    for chat_id in (7, 8):
        chat(ready, chat_id, now, "Palantir")
    chat(ready, 9, now, "Serco")
    made = raise_alerts(ready, now, "A", watches=(PALANTIR, chat_watch(ready, "Palantir")))

    assert made == 3
    assert ready.fan_out(now) == 0
    assert ready.counts(now).oldest_pending_at == now


def test_more_alerts_than_one_transaction_takes_are_all_fanned_out(ready, now):
    raise_alerts(ready, now)
    for number in range(7):
        save(ready, "bbc", told(an_entry(f"{number}"), a_finding(supplier=f"{number}")), now=now)

    assert ready.fan_out(now, limit=3) == 7


def test_a_suspended_channel_is_not_told_and_keeps_what_waited(ready, now):
    number = chat(ready, 7, now, "Palantir")
    watch = chat_watch(ready, "Palantir")
    raise_alerts(ready, now, "A", watches=(watch,))
    ready.apply([SetChannelState(chat_id=7, state=ChannelState.SUSPENDED, reason="blocked")], now=now)
    assert raise_alerts(ready, now, "B", watches=(watch,)) == 0
    assert claim(ready, now) is None
    assert ready.next_delivery_at(now) is None

    ready.apply([SetChannelState(chat_id=7, state=ChannelState.ACTIVE)], now=now)
    assert must_claim(ready, now).channel.id == number


def test_a_subscription_is_told_the_kinds_it_asks_for_and_awards_and_cancellations_at_first(ready, now):
    number = chat(ready, 7, now, "Palantir")
    watch = chat_watch(ready, "Palantir")

    def made(name, event):
        save(ready, "bbc", told(an_entry(f"{name} {event}"), a_finding(event, supplier=f"{name} {event}", watches=(watch,))), now=now)
        return ready.fan_out(now)

    default = {kind for kind in EventKind if made("first", kind)}
    assert default == ready.channel(7).events == {EventKind.AWARDED, EventKind.CANCELLED, EventKind.TERMINATED}
    assert len(ready.latest(number, 9)) == 3

    asked = frozenset({EventKind.SUSPENDED, EventKind.AWARDED})
    ready.apply([SetEvents(chat_id=7, events=asked)], now=now)
    assert {kind for kind in EventKind if made("second", kind)} == ready.channel(7).events == asked
    # Of what waited, only what is still asked for goes out: the first award, and what came after.
    waiting = [must_claim(ready, now) for _ in range(1)]
    assert states(ready, now) == {"sending": 1, "pending": 2, "withheld": 2}
    assert [ready.alert_view(one.alert_id, number).event for one in waiting] == [EventKind.AWARDED]


def test_what_is_asked_for_before_anything_is_watched_holds_for_what_is_watched_then(ready, now):
    chat(ready, 7, now)
    assert ready.channel(7).events == DEFAULT_EVENTS
    ready.apply([SetEvents(chat_id=7, events=frozenset())], now=now)
    chat(ready, 7, now, "Palantir")

    assert raise_alerts(ready, now, "A", watches=(chat_watch(ready, "Palantir"),)) == 0


# order


def test_a_claim_says_all_that_a_sender_needs(ready, now):
    raise_alerts(ready, now, "A")
    claimed = must_claim(ready, now)

    assert (claimed.kind, claimed.attempts, claimed.maybe_sent, claimed.alert_id, claimed.edits, claimed.created_at) == (
        DeliveryKind.ALERT, 1, False, 1, None, now,
    )  # fmt: skip
    assert claimed.channel == ready.channels()[0]


def test_a_channel_is_told_in_order_and_one_at_a_time(ready, now):
    raise_alerts(ready, now, "A", "B", "C")
    order = []
    while claimed := claim(ready, now):
        assert claim(ready, now) is None
        order.append(claimed.alert_id)
        send(ready, claimed, now)

    assert order == [1, 2, 3]
    assert states(ready, now) == {"sent": 3}


def test_channels_do_not_wait_for_each_other(ready, now):
    chat(ready, 7, now, "Palantir")
    raise_alerts(ready, now, "A", watches=(PALANTIR, chat_watch(ready, "Palantir")))

    assert {must_claim(ready, now).channel.key for _ in range(2)} == {"console:console", "telegram:7"}


def test_an_answer_goes_before_alerts_that_waited_longer(ready, now):
    chat(ready, 7, now, "Palantir")
    raise_alerts(ready, now, "A", watches=(chat_watch(ready, "Palantir"),))
    answer(ready, 7, now + MINUTE)

    first = must_claim(ready, now + MINUTE)
    assert (first.kind, first.payload) == (DeliveryKind.REPLY, {"text": "hello", "buttons": []})


def test_an_alert_that_is_tried_again_later_holds_back_those_behind_it_and_not_answers(ready, now):
    chat(ready, 7, now, "Palantir")
    raise_alerts(ready, now, "A", "B", watches=(chat_watch(ready, "Palantir"),))
    first = must_claim(ready, now)
    retry = {"owner": "daemon", "not_before": now + HOUR, "maybe_sent": False, "error": "429", "channel_pause_until": None}
    ready.retry(first.delivery_id, **retry, now=now)
    assert claim(ready, now) is None
    assert ready.next_delivery_at(now) == now + HOUR

    answer(ready, 7, now)
    assert must_claim(ready, now).kind is DeliveryKind.REPLY
    ready.recover(now)
    assert must_claim(ready, now + HOUR + LEASE).kind is DeliveryKind.REPLY


def test_what_waits_in_chats_that_rest_makes_a_claim_no_dearer(sqlite_url, now):
    with open_store(sqlite_url) as store:
        set_up(store, now)
        for chat_id in range(100, 160):
            chat(store, chat_id, now, "Palantir")
        watches = (PALANTIR, chat_watch(store, "Palantir"))
        raise_alerts(store, now, "A", watches=watches)
        while claimed := claim(store, now):
            send(store, claimed, now, pause=HOUR)
        raise_alerts(store, now, "B", watches=watches)
        few = steps(store, lambda: claim(store, now))
        raise_alerts(store, now, *"CDEFGHIJK", watches=watches)
        for chat_id in range(100, 105):
            answer(store, chat_id, now)

        assert 0 < steps(store, lambda: claim(store, now)) <= 3 * few + 3


def test_a_channel_rests_until_its_pause_is_over(ready, now):
    raise_alerts(ready, now, "A", "B")
    send(ready, must_claim(ready, now), now, pause=3 * MINUTE)

    assert claim(ready, now + 2 * MINUTE) is None
    assert ready.next_delivery_at(now) == now + 3 * MINUTE
    assert must_claim(ready, now + 3 * MINUTE).alert_id == 2


def test_an_answer_goes_ahead_of_the_pause_that_alerts_keep(ready, now):
    chat(ready, 7, now, "Palantir")
    raise_alerts(ready, now, "A", "B", watches=(chat_watch(ready, "Palantir"),))
    send(ready, must_claim(ready, now), now, pause=3 * MINUTE)
    answer(ready, 7, now)
    early = {"owner": "daemon", "lease": LEASE, "edit_pause": PAUSE, "ahead": 2 * MINUTE}

    assert ready.next_delivery_at(now, ahead=2 * MINUTE) == now + MINUTE
    assert ready.claim_delivery(now + MINUTE - timedelta(seconds=1), **early) is None
    assert send(ready, (first := ready.claim_delivery(now + MINUTE, **early)), now + MINUTE, pause=3 * MINUTE)
    assert first.kind is DeliveryKind.REPLY
    assert ready.claim_delivery(now + 3 * MINUTE, **early) is None, "alerts keep the whole pause"


def test_a_clock_that_goes_back_holds_nothing_for_more_than_an_hour(ready, now):
    raise_alerts(ready, now, "A", "B")
    future = now + 3650 * DAY
    send(ready, must_claim(ready, future), future, pause=MINUTE)
    assert must_claim(ready, now).alert_id == 2

    retry = {"owner": "daemon", "maybe_sent": False, "error": "429", "channel_pause_until": None}
    ready.retry(2, not_before=future, **retry, now=future)
    assert must_claim(ready, now).alert_id == 2


def test_a_long_pause_that_telegram_asked_for_is_kept(ready, now):
    raise_alerts(ready, now, "A")
    first = must_claim(ready, now)
    pause = now + 5 * HOUR
    ready.retry(first.delivery_id, owner="daemon", not_before=pause, maybe_sent=False, error="429", channel_pause_until=pause, now=now)

    assert claim(ready, now + 4 * HOUR) is None
    assert must_claim(ready, pause).attempts == 2


# what became of it


def test_a_result_is_only_taken_from_the_owner_of_the_claim_and_only_once(ready, now):
    raise_alerts(ready, now, "A")
    claimed = must_claim(ready, now)

    assert send(ready, claimed, now, owner="somebody else") is False
    assert send(ready, claimed, now) is True
    assert send(ready, claimed, now) is False
    late = {"owner": "daemon", "now": now}
    assert ready.failed(claimed.delivery_id, reason="late", suspend=True, **late) is False
    assert ready.uncertain(claimed.delivery_id, error="late", **late) is False
    assert ready.withheld(claimed.delivery_id, reason="late", **late) is False
    assert ready.retry(claimed.delivery_id, not_before=now, maybe_sent=True, error="late", channel_pause_until=now, **late) is False
    assert states(ready, now) == {"sent": 1}
    assert ready.channels()[0].state is ChannelState.ACTIVE


@pytest.mark.parametrize("end", ["failed", "uncertain", "withheld"])
def test_what_ended_is_not_claimed_again(ready, now, end):
    raise_alerts(ready, now, "A")
    claimed = must_claim(ready, now)
    how = {"failed": {"reason": "no rights", "suspend": False}, "uncertain": {"error": "timeout"}, "withheld": {"reason": "expired"}}[end]

    assert getattr(ready, end)(claimed.delivery_id, owner="daemon", now=now, **how) is True
    assert states(ready, now) == {end: 1}
    assert claim(ready, now + DAY) is None


def test_a_place_that_cannot_be_told_is_suspended_with_the_reason(ready, now):
    raise_alerts(ready, now, "A", "B")
    ready.failed(must_claim(ready, now).delivery_id, owner="daemon", reason="bot was blocked by the user", suspend=True, now=now)

    (channel,) = ready.channels()
    assert (channel.state, channel.state_reason) == (ChannelState.SUSPENDED, "bot was blocked by the user")
    assert claim(ready, now) is None
    assert states(ready, now) == {"failed": 1, "pending": 1}


def test_a_send_of_unknown_fate_is_marked_when_it_is_sent_again(ready, now):
    raise_alerts(ready, now, "A")
    unknown = {"not_before": now + MINUTE, "maybe_sent": True, "error": "read timeout", "channel_pause_until": None}
    ready.retry(must_claim(ready, now).delivery_id, owner="daemon", **unknown, now=now)

    again = must_claim(ready, now + MINUTE)
    assert (again.maybe_sent, again.attempts) == (True, 2)


def test_what_waits_longer_than_a_week_is_withheld_as_expired(ready, now):
    raise_alerts(ready, now, "A")
    raise_alerts(ready, now + 6 * DAY, "B")

    assert ready.expire(now + 8 * DAY) == 1
    assert states(ready, now) == {"pending": 1, "withheld": 1}


# crashes and leases


def test_a_claim_whose_lease_ended_may_have_arrived(ready, now):
    raise_alerts(ready, now, "A")
    must_claim(ready, now, "dead")
    assert claim(ready, now + LEASE, "other") is None
    assert ready.next_delivery_at(now) == now + LEASE

    taken = must_claim(ready, now + LEASE + MINUTE, "other")

    assert (taken.maybe_sent, taken.attempts) == (True, 2)
    assert send(ready, taken, now, owner="dead") is False
    assert send(ready, taken, now, owner="other") is True


def test_recovering_takes_back_what_a_dead_daemon_had_claimed(sqlite_url, now):
    with open_store(sqlite_url) as store:
        set_up(store, now)
        raise_alerts(store, now, "A", "B")
        must_claim(store, now)

    with open_store(sqlite_url) as store:
        assert store.recover(now) == 1
        assert store.recover(now) == 0
        again = must_claim(store, now)
        assert (again.alert_id, again.maybe_sent) == (1, True)
        send(store, again, now)
        assert must_claim(store, now).maybe_sent is False


def test_recovering_on_a_shared_database_leaves_the_claims_of_living_daemons(store, now):
    set_up(store, now)
    raise_alerts(store, now, "A")
    must_claim(store, now)
    if store.address.startswith("sqlite"):
        pytest.skip("a SQLite database has one daemon")

    assert store.recover(now) == 0
    assert store.recover(now + 2 * LEASE) == 1


def test_daemons_that_share_a_database_send_everything_once(store_url, now):
    with open_store(store_url) as one, open_store(store_url) as other:
        set_up(one, now)
        for chat_id in range(1, 9):
            chat(one, chat_id, now, "Palantir")
        raise_alerts(one, now, *"ABCDE", watches=(PALANTIR, chat_watch(one, "Palantir")))
        waiting = states(one, now)["pending"]

        def work(which):
            store, owner = which
            done = []
            for _ in range(10 * waiting):
                claimed = claim(store, now, owner)
                if claimed is None:
                    if states(store, now) == {"sent": waiting}:
                        break
                    continue
                assert claimed.maybe_sent is False
                done.append((claimed.channel.id, claimed.alert_id))
                assert send(store, claimed, now, owner=owner)
            return done

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(work, [(one, "a"), (one, "b"), (other, "c"), (other, "d")]))

        done = [delivery for result in results for delivery in result]
        assert waiting == 45
        assert (len(done), len(set(done))) == (45, 45)
        assert states(one, now) == {"sent": 45}


# edits


@pytest.fixture
def outdated(ready, now):
    """A message, number 77, whose story has changed since."""
    raise_alerts(ready, now, "A")
    send(ready, must_claim(ready, now), now, message_id=77)
    save(ready, "itv", told(an_entry("more"), a_finding(supplier="A")), now=now)
    return ready


def test_a_message_is_edited_once_in_a_pause(outdated, now):
    assert claim(outdated, now + PAUSE - MINUTE) is None
    assert outdated.next_delivery_at(now, edit_pause=PAUSE) == now + PAUSE

    edit = must_claim(outdated, now + PAUSE)
    assert (edit.edits, edit.maybe_sent) == (77, False)
    send(outdated, edit, now + PAUSE, message_id=77)
    assert outdated.next_delivery_at(now + PAUSE) is None


def test_new_messages_go_before_edits(outdated, now):
    raise_alerts(outdated, now, "B")

    assert must_claim(outdated, now + HOUR).edits is None


def test_a_story_that_changes_while_its_message_is_sent_is_edited_afterwards(ready, now):
    raise_alerts(ready, now, "A")
    claimed = must_claim(ready, now)
    shown = ready.alert_view(1, 1).revision
    save(ready, "itv", told(an_entry("more"), a_finding(supplier="A")), now=now)
    ready.sent(claimed.delivery_id, owner="daemon", message_id=5, revision=shown, channel_pause_until=now, now=now)

    assert must_claim(ready, now + PAUSE).edits == 5


def test_a_message_without_a_number_cannot_be_edited(ready, now):
    raise_alerts(ready, now, "A")
    send(ready, must_claim(ready, now), now, message_id=None)
    save(ready, "itv", told(an_entry("more"), a_finding(supplier="A")), now=now)

    assert claim(ready, now + DAY) is None
    assert ready.next_delivery_at(now) is None


@pytest.mark.parametrize("end", ["failed", "uncertain", "withheld"])
def test_an_edit_that_comes_to_nothing_leaves_the_message_sent(outdated, now, end):
    edit = must_claim(outdated, now + HOUR)
    how = {"failed": {"reason": "too old", "suspend": False}, "uncertain": {"error": "timeout"}, "withheld": {"reason": "gone"}}[end]
    getattr(outdated, end)(edit.delivery_id, owner="daemon", now=now + HOUR, **how)

    assert states(outdated, now) == {"sent": 1}
    assert claim(outdated, now + DAY) is None


def test_an_edit_that_is_put_off_is_edited_later_and_never_sent_anew(outdated, now):
    at = now + HOUR
    edit = must_claim(outdated, at)
    later = {"not_before": at + HOUR, "maybe_sent": True, "error": "timeout", "channel_pause_until": at}
    outdated.retry(edit.delivery_id, owner="daemon", **later, now=at)
    assert claim(outdated, at + MINUTE) is None

    again = must_claim(outdated, at + HOUR)
    assert (again.edits, again.maybe_sent) == (77, False)


def test_an_edit_whose_daemon_died_is_due_again_as_an_edit(outdated, now):
    must_claim(outdated, now + HOUR, "dead")
    again = must_claim(outdated, now + 2 * HOUR, "other")

    assert (again.edits, again.maybe_sent) == (77, False)


# channels that are there only to be answered


def test_a_chat_that_is_not_set_up_is_answered_and_not_remembered(ready, now):
    answer(ready, 99, now, "first")
    answer(ready, 99, now, "second")
    assert ready.channel(99) is None
    assert ready.counts(now).channels == 1

    for text in ("first", "second"):
        claimed = must_claim(ready, now)
        assert (claimed.channel.chat_id, claimed.payload["text"]) == (99, text)
        send(ready, claimed, now, message_id=None)

    assert states(ready, now) == {}


def test_a_note_is_queued_once(ready, now):
    note = Reply(chat_id=1, thread_id=None, text="The feed moved", buttons=((("Open", "https://example.org"),),))

    assert [ready.add_note(note, key="moved:bbc", now=now) for _ in range(2)] == [True, False]
    claimed = must_claim(ready, now)
    assert (claimed.kind, claimed.payload) == (
        DeliveryKind.NOTE,
        {"text": "The feed moved", "buttons": [[["Open", "https://example.org"]]]},
    )


def test_counts_tell_how_things_stand(ready, now):
    chat(ready, 7, now, "Capita")
    raise_alerts(ready, now, "A", watches=(PALANTIR, SERCO))
    counts = ready.counts(now)

    assert (counts.entries, counts.stories, counts.alerts, counts.watches, counts.channels) == (1, 1, 1, 2, 2)
    assert (counts.feeds, counts.feeds_failing, counts.last_poll_ok_at, counts.deliveries) == (2, 0, None, {"pending": 1})
