"""What becomes one story, what is shown of it, when it is told and when it keeps silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from storing import (
    PALANTIR,
    SERCO,
    Rules,
    a_finding,
    a_notice,
    an_entry,
    chat,
    chat_watch,
    digest,
    must_claim,
    pounds,
    save,
    send,
    set_up,
    told,
)

from storage.exceptions import NotFound
from watchers.types import EventKind, Evidence, Party, Span, StoryDecision

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ready(store, now):
    set_up(store, now - DAY, watches=(PALANTIR, SERCO))
    return store


def view(store, number=1):
    return store.alert_view(number, 1)


def test_reports_of_one_event_are_one_story_and_one_alert(ready, now):
    results = [
        save(ready, feed, told(an_entry(f"{feed} report", outlet=feed.title(), published=now), a_finding()), now=now)
        for feed in ("bbc", "itv")
    ]

    assert [(one.stories, one.alerts) for one in results] == [(1, 1), (0, 0)]
    assert [(one.feed, one.feed_name, one.outlet, one.published) for one in view(ready).entries] == [
        ("bbc", "BBC", "Bbc", now),
        ("itv", "ITV", "Itv", now),
    ]


def test_a_view_holds_all_that_the_finding_stated(ready, now):
    finding = a_finding(
        public_bodies=(Party(name="Met Police"),), value=pounds("500000.00"), happened_on=now - DAY, reason="no bids received"
    )
    save(ready, "bbc", told(an_entry("one", url="https://bbc.example/1"), finding), now=now)

    shown = view(ready)
    assert (shown.event, shown.alert, shown.status, shown.reason) == ("cancelled", "cancelled", "reported", "new")
    assert (shown.suppliers, shown.public_bodies, shown.value) == (("Palantir",), ("Met Police",), pounds("500000.00"))
    assert (shown.happened_on, shown.cancel_reason, shown.thread) == (now - DAY, "no bids received", "contract-1")
    assert (shown.sentence, shown.rule, shown.spans) == ("Palantir: cancelled", "verb", (Span(field="title", start=0, end=8),))
    assert (shown.evidence_entry_id, shown.revision, shown.created_at) == (shown.entries[0].entry_id, 1, now)
    assert [(one.watch_key, one.watch_name, one.role, one.proof, one.flag) for one in shown.matches] == [
        ("surveillance/palantir", "Palantir", "supplier", "Palantir", None)
    ]


def test_what_a_report_leaves_out_a_later_one_adds_and_what_it_stated_stays(ready, now):
    save(ready, "bbc", told(an_entry("one"), a_finding(value=pounds("50"))), now=now)
    save(ready, "itv", told(an_entry("two"), a_finding(value=pounds("60"), public_bodies=(Party(name="Met Police"),))), now=now)

    shown = view(ready)
    assert (shown.value, shown.public_bodies, shown.revision) == (pounds("50"), ("Met Police",), 2)


def test_an_official_notice_confirms_what_was_reported_and_its_words_count(ready, now):
    save(ready, "bbc", told(an_entry("report"), a_finding(value=pounds("50"), reason="rumoured")), now=now)
    evidence = Evidence(sentence="The procurement is cancelled.", rule="UK12")
    notice = a_finding(suppliers=(Party(name="Palantir"), Party(name="Serco")), value=pounds("48.5"), notice=a_notice(), evidence=evidence)
    save(ready, "itv", told(an_entry("notice"), notice), now=now + HOUR)

    shown = view(ready)
    assert (shown.status, shown.suppliers, shown.value, shown.thread) == ("confirmed", ("Palantir", "Serco"), pounds("48.5"), "contract-1")
    assert (shown.sentence, shown.evidence_entry_id) == ("The procurement is cancelled.", shown.entries[1].entry_id)
    assert shown.cancel_reason == "rumoured"
    assert shown.notice is not None
    assert (shown.notice.number, shown.notice.type, shown.notice.publisher) == ("000111-2026", "UK12", "Find a Tender")
    assert [one.official for one in shown.entries] == [False, True]


def test_a_report_that_follows_a_notice_changes_nothing_the_notice_states(ready, now):
    save(ready, "bbc", told(an_entry("notice"), a_finding(notice=a_notice(), value=pounds("48.5"))), now=now)
    save(ready, "itv", told(an_entry("report"), a_finding(value=pounds("50"))), now=now)

    shown = view(ready)
    assert (shown.status, shown.value, len(shown.entries)) == ("official", pounds("48.5"), 2)


def test_an_edit_that_still_tells_the_event_renews_the_words_and_opens_nothing(ready, now):
    save(ready, "bbc", told(an_entry("one", "Palantir deal axed"), a_finding()), now=now)
    evidence = Evidence(sentence="Palantir's deal was scrapped", rule="verb", spans=(Span(field="title", start=0, end=8),))
    # Even the name in the finding may have changed: it is the same entry and the only event in it.
    edited = a_finding(supplier="Palantir UK", evidence=evidence)
    result = save(ready, "bbc", told(an_entry("one", "Palantir UK deal scrapped"), edited), now=now + HOUR)

    shown = view(ready)
    assert (result.changed, result.stories, result.alerts) == (1, 0, 0)
    assert (shown.sentence, shown.entries[0].title, shown.suppliers, shown.revision) == (
        "Palantir's deal was scrapped", "Palantir UK deal scrapped", ("Palantir UK",), 2,
    )  # fmt: skip


def test_an_edit_that_tells_another_event_opens_another_story_and_leaves_the_first_its_evidence(ready, now):
    save(ready, "bbc", told(an_entry("one", "Palantir wins deal"), a_finding(EventKind.AWARDED)), now=now)
    result = save(ready, "bbc", told(an_entry("one", "Palantir deal scrapped"), a_finding(EventKind.CANCELLED)), now=now + HOUR)

    assert (result.stories, result.alerts) == (1, 1)
    assert [view(ready, number).entries[0].title for number in (1, 2)] == ["Palantir wins deal", "Palantir deal scrapped"]


def test_an_edit_that_tells_nothing_any_more_leaves_the_story_as_it_was_told(ready, now):
    save(ready, "bbc", told(an_entry("one", "Palantir deal scrapped"), a_finding()), now=now)
    before = view(ready)
    save(ready, "bbc", told(an_entry("one", "Palantir: a correction")), now=now + HOUR)

    assert view(ready) == before


def test_several_events_in_one_entry_find_their_own_stories_again(ready, now):
    def both():
        return a_finding(EventKind.AWARDED), a_finding(EventKind.AWARDED, "Serco", watches=(SERCO,))

    save(ready, "bbc", told(an_entry("one", "Palantir and Serco win"), *both()), now=now)
    result = save(ready, "bbc", told(an_entry("one", "Palantir and Serco win places"), *both()), now=now)

    assert (result.changed, result.stories) == (1, 0)
    assert [view(ready, number).suppliers for number in (1, 2)] == [("Palantir",), ("Serco",)]


def test_what_a_first_poll_finds_is_kept_and_never_told(ready, now):
    result = save(ready, "bbc", told(an_entry("old"), a_finding(), told=False), now=now)

    assert (result.new, result.stories, result.alerts) == (1, 1, 0)
    assert ready.fan_out(now) == 0


def test_a_new_report_of_a_silent_story_tells_it(ready, now):
    save(ready, "bbc", told(an_entry("old"), a_finding(), told=False), now=now)
    result = save(ready, "itv", told(an_entry("new"), a_finding()), now=now + HOUR)

    assert (result.stories, result.alerts) == (0, 1)
    assert ready.fan_out(now + HOUR) == 1
    assert len(view(ready).entries) == 2


def test_an_edit_of_an_old_entry_does_not_break_the_silence_of_its_story(ready, now):
    save(ready, "bbc", told(an_entry("old", "Palantir deal axed"), a_finding(), told=False), now=now)
    result = save(ready, "bbc", told(an_entry("old", "Palantir deal scrapped"), a_finding()), now=now + HOUR)

    assert (result.changed, result.alerts) == (1, 0)


def test_an_untold_report_joins_a_told_story_without_telling_it_again(ready, now):
    save(ready, "bbc", told(an_entry("new"), a_finding()), now=now)
    ready.fan_out(now)
    save(ready, "itv", told(an_entry("old"), a_finding(), told=False), now=now + HOUR)

    assert ready.fan_out(now + HOUR) == 0
    assert len(view(ready).entries) == 2


def test_a_story_that_concerns_nobody_raises_no_alert_until_it_does(ready, now):
    first = save(ready, "bbc", told(an_entry("one"), a_finding(supplier="Capita", watches=())), now=now)
    second = save(ready, "itv", told(an_entry("two"), a_finding(supplier="Capita", watches=(SERCO,))), now=now)

    assert [(one.stories, one.alerts) for one in (first, second)] == [(1, 0), (0, 1)]


@pytest.mark.parametrize("event", [one for one in EventKind if one.alert is None])
def test_what_happened_without_being_told_makes_a_story_and_what_is_only_proposed_makes_none(ready, now, event):
    result = save(ready, "bbc", told(an_entry("one"), a_finding(event)), now=now)

    assert (result.stories, result.alerts) == (int(event.happens), 0)


def test_a_story_that_becomes_an_award_is_told_then_with_the_words_that_say_so(ready, now):
    class Loose(Rules):
        def keys(self, entry, finding):
            return ("one contract",)

    intended, awarded = a_finding(EventKind.AWARD_INTENDED), a_finding(EventKind.AWARDED)
    first = save(ready, "bbc", told(an_entry("one"), intended), now=now, rules=Loose())
    second = save(ready, "itv", told(an_entry("two"), awarded), now=now, rules=Loose())

    shown = view(ready)
    assert (first.alerts, second.alerts) == (0, 1)
    assert (shown.event, shown.sentence, shown.evidence_entry_id) == ("awarded", "Palantir: awarded", shown.entries[1].entry_id)


def test_only_stories_of_the_last_45_days_are_candidates_and_at_most_fifty(ready, now):
    class Curious(Rules):
        seen: list[int] = []  # noqa: RUF012 - for one test

        def decide(self, entry, finding, cards, now):
            self.seen.append(len(cards))
            return StoryDecision(story=None, reason="always another", keys=("extra key",))

    for number in range(60):
        save(ready, "bbc", told(an_entry(f"{number}"), a_finding()), now=now, rules=Curious())
    save(ready, "bbc", told(an_entry("much later"), a_finding()), now=now + 46 * DAY, rules=Curious())

    assert Curious.seen[:3] == [0, 1, 2]
    assert Curious.seen[-5:] == [50, 50, 50, 50, 0]


def test_candidates_are_told_by_what_is_stored_of_them(ready, now):
    class Curious(Rules):
        def decide(self, entry, finding, cards, now):
            if cards:
                self.cards = cards
            return StoryDecision(story=None, reason="", keys=("a key of the decision",))

    rules = Curious()
    save(ready, "bbc", told(an_entry("one", "First title"), a_finding(value=pounds("50"), notice=a_notice())), now=now, rules=rules)
    save(ready, "bbc", told(an_entry("two"), a_finding()), now=now + HOUR, rules=rules)

    (card,) = rules.cards
    assert (card.event, card.value, card.official, card.first_at, card.last_at) == ("cancelled", pounds("50"), True, now, now)
    assert (card.titles, card.keys) == (("First title",), {"cancelled:Palantir", "a key of the decision"})


def test_a_message_that_shows_an_older_revision_is_edited_and_one_that_shows_this_one_is_not(ready, now):
    save(ready, "bbc", told(an_entry("one"), a_finding()), now=now)
    ready.fan_out(now)
    send(ready, must_claim(ready, now), now, message_id=77)
    later = now + HOUR
    assert ready.claim_delivery(later, owner="daemon", lease=HOUR, edit_pause=HOUR) is None

    save(ready, "itv", told(an_entry("two"), a_finding()), now=later)

    edit = ready.claim_delivery(later, owner="daemon", lease=HOUR, edit_pause=HOUR)
    assert edit is not None
    assert (edit.edits, edit.alert_id) == (77, 1)
    send(ready, edit, later, message_id=77)
    assert ready.claim_delivery(later + DAY, owner="daemon", lease=HOUR, edit_pause=HOUR) is None


def test_an_alert_that_does_not_exist_is_not_found(ready):
    with pytest.raises(NotFound, match="42: there is no such alert"):
        ready.alert_view(42, 1)


def test_a_channel_sees_its_own_matches_and_nobody_elses(ready, now):
    from storing import console

    from storage.records import ConfigWatchlist

    lists = [ConfigWatchlist(id="a", name="A", watches=(PALANTIR,)), ConfigWatchlist(id="b", name="B", watches=(SERCO,))]
    ready.sync_config(lists, [console("a", name="first"), console("b", name="second")], now)
    save(ready, "bbc", told(an_entry("one"), a_finding(watches=(PALANTIR, SERCO))), now=now)
    first, second = (one.id for one in ready.channels() if one.state == "active")

    assert [one.watch_name for one in ready.alert_view(1, first).matches] == ["Palantir"]
    assert [one.watch_name for one in ready.alert_view(1, second).matches] == ["Serco"]


def test_the_latest_alerts_are_those_about_what_a_channel_watches_newest_first(ready, now):
    for number, supplier in enumerate(("A", "B", "C")):
        watches = (SERCO,) if supplier == "B" else (PALANTIR, SERCO)
        save(ready, "bbc", told(an_entry(supplier), a_finding(supplier=supplier, watches=watches)), now=now + number * HOUR)

    assert [one.suppliers for one in ready.latest(1, 2)] == [("C",), ("B",)]
    assert ready.latest(99, 5) == []


@pytest.mark.parametrize("again", ["under new links", "long after, elsewhere"])
def test_what_only_comes_again_is_not_told_to_who_began_to_watch_since(store, now, again):
    set_up(store, now - DAY, watches=())
    report = an_entry("one", "Council drops Serco")
    save(store, "bbc", told(report, a_finding(supplier="Serco", watches=())), now=now)
    chat(store, 7, now + DAY, "Serco")
    matching = a_finding(supplier="Serco", watches=(chat_watch(store, "Serco"),))
    if again == "under new links":
        save(store, "bbc", told(replace(report, keys=(digest("another link"),)), matching), now=now + 2 * DAY, strangers=True)
    else:
        save(store, "itv", told(replace(report, keys=(digest("elsewhere"),)), matching, told=False, old=True), now=now + 2 * DAY)

    assert store.fan_out(now + 2 * DAY) == 0

    save(store, "itv", told(an_entry("two"), matching), now=now + 3 * DAY)
    assert store.fan_out(now + 3 * DAY) == 1
