"""A source that changes what people were told of is corrected once, in an answer to the message; one that changes its words is not."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from storing import a_feed, an_entry, chat, chat_watch, claim, must_claim, save, send, told
from test_ted import notice

from bot.facade import CORRECTION_RULES, STORY_RULES, THREAD_RULES
from storage.exceptions import NotFound
from storage.store import Store, open_store
from watchers.match import Matcher
from watchers.parsers.ocds import entry_of
from watchers.parsers.ted import release_of
from watchers.types import EventKind, FeedKind, Money
from watchers.understand import understand

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CANCELS = "Leeds Council cancels £50m Palantir data contract"
DECIDE = {"rules": STORY_RULES, "threads": THREAD_RULES, "corrects": CORRECTION_RULES}


class Reader:
    """Somebody in a chat who watches Palantir and Serco, and feeds whose entries are edited."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.store, self.now = store, now
        store.sync_feeds([a_feed("bbc"), a_feed("itv"), a_feed("register", kind=FeedKind.FIND_A_TENDER)], now - DAY)
        self.channel = chat(store, 11, now - DAY, "Palantir", "Serco")
        self.matcher = Matcher(tuple(chat_watch(store, name) for name in ("Palantir", "Serco")))
        self.sent = 0

    def reads(self, title: str, *, feed: str = "bbc", summary: str = "", name: str = "one") -> None:
        """A poll finds the entry with this text."""
        self.now += HOUR
        entry = an_entry(f"{feed} {name}", title, summary=summary, published=self.now)
        save(self.store, feed, told(entry, *understand(entry, self.matcher)), now=self.now, **DECIDE)

    def notified(self, **changes: object) -> None:
        """A poll of the register finds this edition of the award notice, or another notice."""
        self.now += HOUR
        entry = entry_of(
            release_of(notice(**{"publication-date": f"{self.now:%Y-%m-%d}+00:00", "winner-name": {"eng": ["Palantir"]}} | changes))
        )
        save(self.store, "register", told(entry, *understand(entry, self.matcher)), now=self.now, **DECIDE)

    def told(self) -> list[tuple[str, int | None, list[tuple[str, object, object]]]]:
        """What arrives: new messages with their reason, what they answer, and what they say was changed."""
        self.store.fan_out(self.now)
        arrived = []
        while (one := claim(self.store, self.now)) is not None:
            try:
                view = self.store.alert_view(one.alert_id, one.channel.id)
            except NotFound as error:  # as the deliverer does
                self.store.withheld(one.delivery_id, owner="daemon", reason=str(error), now=self.now)
                continue
            self.sent += one.edits is None
            send(self.store, one, self.now, message_id=one.edits or self.sent)
            if one.edits is None:
                changes = [(each.fact, each.before, each.after) for each in view.corrections[-1].changes] if view.corrections else []
                arrived.append((view.reason, view.reply_to, changes))
        return arrived


@pytest.fixture
def reader(store, now):
    return Reader(store, now)


@pytest.fixture
def files(tmp_path, migrated_file, now):
    """Makes readers, each on a database of its own."""
    opened = []

    def another():
        path = tmp_path / f"{len(opened)}.db"
        shutil.copy(migrated_file, path)
        opened.append(open_store(f"sqlite:///{path}"))
        return Reader(opened[-1], now)

    yield another
    for store in opened:
        store.close()


def test_a_changed_fact_is_one_answer_to_the_message_and_is_told_once_each_way(reader):
    reader.reads(CANCELS)
    assert reader.told() == [("new", None, [])]

    reader.reads(CANCELS.replace("50m", "40m"))
    assert reader.told() == [("corrected", 1, [("value", pounds_in_millions(50), pounds_in_millions(40))])]
    reader.reads(CANCELS)
    assert reader.told() == [("corrected", 1, [("value", pounds_in_millions(40), pounds_in_millions(50))])]
    for _ in range(3):
        reader.reads(CANCELS.replace("50m", "40m"), summary=f"Edit at {reader.now}.")
        reader.reads(CANCELS, summary=f"Edit at {reader.now}.")
    assert reader.told() == []


def pounds_in_millions(number):
    return Money(amount=Decimal(number) * 10**6, currency="GBP", printed=f"£{number}m")


@pytest.mark.parametrize(
    ("edited", "changes"),
    [
        ("Leeds Council pauses £50m Palantir data contract", [("event", EventKind.CANCELLED, EventKind.SUSPENDED)]),
        ("Leeds Council cancels £50m Serco data contract", [("suppliers", ("Palantir",), ("Serco",))]),
        ("York Council cancels £50m Palantir data contract", [("public_bodies", ("Leeds Council",), ("York Council",))]),
        ("Leeds Council denies cancelling Palantir data contract", [("event", EventKind.CANCELLED, None)]),
        ("This article has been withdrawn", [("event", EventKind.CANCELLED, None)]),
        ("[Withdrawn] Leeds Council cancels £50m Palantir data contract", [("event", EventKind.CANCELLED, None)]),
        ("Leeds Council scraps its £50m data contract with Palantir", None),  # other words
        ("Leeds Council cancels £50 million Palantir data contract", None),
        ("Leeds Council cancels £50.2m Palantir data contract", None),  # more exactly told
        ("Leeds Council cancels Palantir data contract after row", None),  # shorter
        ("LEEDS COUNCIL CANCELS £50M PALANTIR DATA CONTRACT - live", None),
        ("Why Leeds and Palantir parted: the inside story", None),  # nothing is said to have happened: headlines become questions
    ],
)
def test_what_an_edit_corrects_and_what_is_only_another_wording(files, edited, changes):
    reader = files()
    reader.reads(CANCELS)
    reader.told()

    reader.reads(edited)

    assert reader.told() == ([] if changes is None else [("corrected", 1, changes)])


def test_what_becomes_relevant_only_after_an_edit_is_told_once(files):
    reader = files()
    reader.reads("Leeds Council meets about Palantir")
    assert reader.told() == []
    reader.reads(CANCELS)
    reader.reads(CANCELS + " after row")
    assert reader.told() == [("new", None, [])]


def test_what_one_of_two_outlets_takes_back_stays_told_and_the_last_one_corrects_it(files):
    reader = files()
    reader.reads(CANCELS)
    reader.reads(CANCELS, feed="itv")
    assert len(reader.told()) == 1

    reader.reads("This story has been removed", feed="itv")
    assert reader.told() == []
    reader.reads("This story has been removed")
    assert reader.told() == [("corrected", 1, [("event", EventKind.CANCELLED, None)])]


def test_what_was_not_told_yet_is_told_as_it_is_now_and_not_at_all_when_it_was_taken_back(files):
    reader = files()
    reader.reads(CANCELS)
    reader.store.fan_out(reader.now)
    reader.reads(CANCELS.replace("50m", "40m"))
    assert reader.told() == [("new", None, [])]

    reader.reads("York Council cancels £9m Serco waste contract", name="two")
    reader.store.fan_out(reader.now)
    reader.reads("This article has been withdrawn", name="two")
    assert reader.told() == []


def test_a_correction_is_one_also_when_the_daemon_was_killed_while_the_message_was_under_way(files):
    reader = files()
    reader.reads(CANCELS)
    reader.store.fan_out(reader.now)
    must_claim(reader.store, reader.now)  # and nobody knows whether it arrived
    reader.reads(CANCELS.replace("50m", "40m"))
    reader.reads(CANCELS.replace("50m", "40m"))
    reader.store.recover(reader.now)

    assert [reason for reason, *_ in reader.told()] == ["new"]  # the second copy, which is marked as one, says what is true and what was


def test_an_award_notice_that_its_register_withdraws_is_taken_back_once_and_no_contract_is_called_cancelled(reader):
    taken_back = {"publication-number": "9-2026", "notice-version": "02", "change-reason-code": "cancel"}
    reader.notified()
    reader.notified(**{"publication-number": "5-2026", "notice-version": "02", "total-value": 1250000.5})  # a second edition
    assert reader.told() == [("new", None, [])]

    reader.notified(**taken_back)
    reader.notified(**taken_back)
    assert reader.told() == [("corrected", 1, [("event", EventKind.AWARDED, None)])]
    assert reader.store.counts(reader.now).stories == 1

    reader.notified(**{"publication-number": "12-2026", "notice-version": "03"})  # and published rightly
    assert reader.told() == [("corrected", 1, [("event", EventKind.AWARDED, EventKind.AWARDED)])]


def test_a_notice_that_is_withdrawn_takes_back_no_other_award(files):
    reader = files()
    other = {"notice-identifier": "another", "publication-number": "2-2026", "winner-name": {"eng": ["Serco"]}, "total-value": 9.0}
    reader.notified()
    reader.notified(**other)
    assert len(reader.told()) == 2
    reader.notified(**{"publication-number": "9-2026", "change-reason-code": "cancel"})

    assert reader.told() == [("corrected", 1, [("event", EventKind.AWARDED, None)])]


def test_an_award_that_a_newsroom_reports_as_well_stays_told_when_its_notice_is_withdrawn(files):
    reader = files()
    reader.notified()
    reader.reads("City of Birkenau awards €1.25m street lighting contract to Palantir")
    assert reader.told() == [("new", None, [])]

    reader.notified(**{"publication-number": "9-2026", "change-reason-code": "cancel"})
    assert reader.told() == []


def test_a_notice_withdrawn_before_it_was_told_is_not_told(files):
    reader = files()
    reader.notified()
    reader.notified(**{"publication-number": "9-2026", "change-reason-code": "cancel"})
    assert reader.told() == []
