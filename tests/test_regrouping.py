"""An admin splits and joins stories: what chats have been told follows, nobody is told twice, and each decision is undone by the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storing import PALANTIR, SERCO, Rules, a_finding, an_entry, chat, chat_watch, claim, must_claim, save, send, set_up, told

from storage.exceptions import NotFound, NotPossible
from watchers.types import EventKind, Party

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = Rules()


@pytest.fixture
def ready(store, now):
    set_up(store, now - DAY, watches=(PALANTIR, SERCO))
    store.sync_config([], [], now - DAY)  # chats alone: a console is never edited
    return store


def report(store, feed, at, *, supplier="Palantir", body="Met Police", watches, title=""):
    """An outlet's report; says the number of its entry."""
    finding = a_finding(supplier=supplier, public_bodies=(Party(name=body),), watches=watches)
    save(store, feed, told(an_entry(f"{feed} {supplier} {body} {at}", title), finding), now=at)
    return max(one.entry_id for number in range(1, 9) for one in entries(store, number))


def entries(store, number):
    try:
        return store.story(number).entries
    except NotFound:
        return ()


def deliver(store, now, *, first=100):
    """Send all that is due; says (channel, message, is it an edit, first body or None, told above) of each."""
    sent = []
    while (one := claim(store, now)) is not None:
        shown = store.alert_view(one.alert_id, one.channel.id)
        message = one.edits or first + len(sent)
        assert send(store, one, now, message_id=message)
        sent.append((one.channel.id, message, one.edits is not None, shown.public_bodies, len(shown.entries), shown.told_above))
    return sent


def test_what_is_split_off_is_told_by_itself_and_the_message_shows_what_remains(ready, now):
    ann = chat(ready, 11, now - DAY, "Palantir")
    mine = (chat_watch(ready, "Palantir"),)
    report(ready, "bbc", now, watches=mine)
    other = report(ready, "itv", now + HOUR, body="Leeds", watches=mine)
    ready.fan_out(now + HOUR)
    assert deliver(ready, now + HOUR) == [(ann, 100, False, ("Met Police",), 2, False)]

    number = ready.split_story(1, [other], rules=RULES, now=now + 2 * HOUR)
    ready.fan_out(now + 2 * HOUR)

    assert [one.entry_id for one in ready.story(number).entries] == [other]
    assert ready.story(number).entries[0].reason == "split off from story 1 by an admin"
    (alert,) = ready.story(number).alerts
    assert ready.alert_view(alert, ann).created_at == now + HOUR  # as if it had been decided so when it came
    assert sorted(deliver(ready, now + 3 * HOUR, first=200)) == [
        (ann, 100, True, ("Met Police",), 1, False),
        (ann, 200, False, ("Leeds",), 1, False),
    ]
    assert deliver(ready, now + 9 * HOUR) == []


def test_what_was_split_off_never_joins_again_whatever_its_text_becomes(ready, now):
    mine = (PALANTIR,)
    report(ready, "bbc", now, watches=mine)
    other = report(ready, "itv", now + HOUR, body="Leeds", watches=mine)
    number = ready.split_story(1, [other], rules=RULES, now=now + 2 * HOUR)
    entry = an_entry(f"itv Palantir Leeds {now + HOUR}", "Rewritten")

    save(ready, "itv", told(entry, a_finding(supplier="Palantir"), a_finding(EventKind.AWARDED, supplier="Serco")), now=now + 3 * HOUR)
    save(ready, "itv", told(entry, a_finding(supplier="Serco")), now=now + 4 * HOUR)

    assert [one.entry_id for one in ready.story(1).entries] == [1]
    assert {one.entry_id for one in ready.story(number).entries} == {other}


def test_stories_that_are_joined_are_one_message_and_the_later_one_says_so_until_they_are_parted(ready, now):
    both, only = chat(ready, 11, now - DAY, "Palantir"), chat(ready, 12, now - DAY, "Serco")
    chat(ready, 11, now - DAY, "Serco")
    palantir, serco = (chat_watch(ready, name) for name in ("Palantir", "Serco"))
    report(ready, "bbc", now, watches=(palantir,))
    second = report(ready, "itv", now + HOUR, supplier="Serco", body="Leeds", watches=(serco,))
    ready.fan_out(now + HOUR)
    before = deliver(ready, now + HOUR)
    assert {(one[0], one[3]) for one in before} == {(both, ("Met Police",)), (both, ("Leeds",)), (only, ("Leeds",))}
    messages = {(one[0], one[3]): one[1] for one in before}

    assert ready.join_stories(2, 1, rules=RULES, now=now + 2 * HOUR) == 1
    ready.fan_out(now + 2 * HOUR)
    assert ready.fan_out(now + 2 * HOUR) == 0

    assert sorted(deliver(ready, now + 3 * HOUR)) == sorted(
        [
            (both, messages[both, ("Met Police",)], True, ("Met Police",), 2, False),
            (both, messages[both, ("Leeds",)], True, ("Met Police",), 2, True),
            (only, messages[only, ("Leeds",)], True, ("Met Police",), 2, False),  # it had no other message: its own goes on
        ]
    )
    third = report(ready, "bbc", now + 4 * HOUR, supplier="Serco", body="Leeds", watches=(serco,))
    ready.fan_out(now + 4 * HOUR)
    assert [(one.entry_id, one.came_from) for one in ready.story(1).entries] == [(1, None), (second, 2), (third, None)]
    assert {one[2] for one in deliver(ready, now + 4 * HOUR)} == {True}

    assert ready.split_story(1, [second], rules=RULES, now=now + 5 * HOUR) == 2
    assert ready.split_story(1, [third], rules=RULES, now=now + 5 * HOUR) == 3
    ready.join_stories(2, 3, rules=RULES, now=now + 5 * HOUR)
    ready.fan_out(now + 5 * HOUR)
    after = deliver(ready, now + 6 * HOUR, first=300)
    assert {(one[0], one[1], one[3]) for one in after if one[1] < 300} == {(one[0], one[1], one[3]) for one in before}
    assert [one for one in after if one[1] >= 300] == []


def test_what_waits_is_told_once_in_the_message_of_the_other_and_waits_again_when_they_are_parted(ready, now):
    ann = chat(ready, 11, now - DAY, "Palantir", "Serco")
    palantir, serco = (chat_watch(ready, name) for name in ("Palantir", "Serco"))
    report(ready, "bbc", now, watches=(palantir,))
    ready.fan_out(now)
    second = report(ready, "itv", now + HOUR, supplier="Serco", body="Leeds", watches=(serco,))
    ready.fan_out(now + HOUR)

    ready.join_stories(1, 2, rules=RULES, now=now + HOUR)
    ready.fan_out(now + HOUR)
    assert deliver(ready, now + HOUR) == [(ann, 100, False, ("Met Police",), 2, False)]

    ready.split_story(1, [second], rules=RULES, now=now + 2 * HOUR)
    ready.fan_out(now + 2 * HOUR)
    assert sorted(deliver(ready, now + 3 * HOUR, first=200)) == [
        (ann, 100, True, ("Met Police",), 1, False),
        (ann, 200, False, ("Leeds",), 1, False),
    ]


def test_of_two_messages_that_is_kept_which_is_there_already(ready, now):
    """The older story waits, the later one has been told: nothing new is sent."""
    ann = chat(ready, 11, now - DAY, "Palantir", "Serco")
    palantir, serco = (chat_watch(ready, name) for name in ("Palantir", "Serco"))
    report(ready, "bbc", now, watches=())
    report(ready, "itv", now, supplier="Serco", body="Leeds", watches=(serco,))
    ready.fan_out(now)
    second = must_claim(ready, now)  # under way while they are joined
    report(ready, "itv", now + HOUR, watches=(palantir,))
    ready.fan_out(now + HOUR)

    ready.join_stories(1, 2, rules=RULES, now=now + HOUR)
    ready.fan_out(now + HOUR)
    ready.sent(second.delivery_id, owner="daemon", message_id=7, revision=1, channel_pause_until=now, now=now + HOUR)

    assert deliver(ready, now + 3 * HOUR) == [(ann, 7, True, ("Met Police",), 3, False)]


def test_what_cannot_be_done_says_why_and_changes_nothing(ready, now):
    report(ready, "bbc", now, watches=(PALANTIR,))
    report(ready, "itv", now, body="Leeds", watches=(PALANTIR,))
    save(ready, "itv", told(an_entry("award"), a_finding(EventKind.AWARDED, supplier="Serco", watches=(SERCO,))), now=now)
    before = [ready.story(number) for number in (1, 2)]

    for wrong, error, words in (
        (lambda: ready.split_story(9, [1], rules=RULES, now=now), NotFound, "there is no story 9"),
        (lambda: ready.split_story(1, [1, 3], rules=RULES, now=now), NotFound, "entry 3 is not in story 1"),
        (lambda: ready.split_story(1, [1, 2], rules=RULES, now=now), NotPossible, "all entries of story 1"),
        (lambda: ready.join_stories(1, 9, rules=RULES, now=now), NotFound, "there is no story 9"),
        (lambda: ready.join_stories(1, 1, rules=RULES, now=now), NotPossible, "cannot be joined to itself"),
        (lambda: ready.join_stories(1, 2, rules=RULES, now=now), NotPossible, "of the kind awarded"),
        (lambda: ready.story_of_alert(99), NotFound, "there is no alert 99"),
    ):
        with pytest.raises(error, match=words):
            wrong()

    assert [ready.story(number) for number in (1, 2)] == before
