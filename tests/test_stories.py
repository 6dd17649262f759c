"""Stories: one event is one story, another event is another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from watchers.stories import Stories
from watchers.types import Entry, EventKind, Evidence, Finding, Money, Notice, Party, StoryCard

NOW = datetime(2026, 5, 21, 12, tzinfo=UTC)
RULES = Stories()


def entry(title: str, *, hours: float = 0, link: bytes | None = None) -> Entry:
    return Entry(keys=(b"k" * 16,), fingerprint=b"f" * 16, title=title, published=NOW + timedelta(hours=hours), link_key=link)


def money(text: str) -> Money:
    return Money(amount=Decimal(text), currency="GBP", printed=f"£{text}")


def said(
    event: EventKind,
    supplier: str | None = None,
    body: str | None = None,
    value: str | None = None,
    notice: Notice | None = None,
) -> Finding:
    return Finding(
        event=event,
        suppliers=(Party(name=supplier),) if supplier else (),
        public_bodies=(Party(name=body),) if body else (),
        value=money(value) if value else None,
        evidence=Evidence(sentence="…", rule="test"),
        notice=notice,
    )


def notice(ocid: str, *awards: str) -> Notice:
    return Notice(number="1-2026", type="UK7", ocid=ocid, award_ids=awards, url=None, title="t", publisher="Find a Tender")


def card(opening: Entry, finding: Finding, number: int = 1) -> StoryCard:
    """The stored story that this entry opened."""
    at = opening.published or NOW
    return StoryCard(
        id=number,
        event=finding.event,
        keys=frozenset(RULES.keys(opening, finding)),
        value=finding.value,
        official=finding.notice is not None,
        first_at=at,
        last_at=at,
        titles=(opening.title,),
    )


C, A, T = EventKind.CANCELLED, EventKind.AWARDED, EventKind.TERMINATED

ONE_STORY = [
    ("same names and sum", (C, "Palantir", "Met Police", "50000000"), (C, "Palantir", "Met Police", "50000000")),
    ("one outlet leaves the sum out", (C, "Palantir", "Met Police", "50000000"), (C, "Palantir", "Met Police", None)),
    ("one outlet leaves the body out", (C, "Palantir", "Met Police", "50000000"), (C, "Palantir", None, "50000000")),
    ("a longer form of the supplier's name", (C, "Palantir", "Met Police", None), (C, "Palantir Technologies UK Ltd", "Met Police", None)),
    ("cancelled and terminated are one alert", (C, "Palantir", "Met Police", None), (T, "Palantir", "Met Police", None)),
    ("sums rounded differently", (A, "Serco", "Home Office", "49800000"), (A, "Serco", "Home Office", "50000000")),
    (
        "the mayor and the police, one supplier, one sum",
        (C, "Palantir", "Mayor of London", "50000000"),
        (C, "Palantir", "Met Police", "50000000"),
    ),
    ("a cancellation told without its body", (C, "Palantir", "Met Police", "50000000"), (C, "Palantir", None, None)),
]

TWO_STORIES = [
    (
        "two councils end contracts of about one size",
        (C, "Palantir", "Fenham Council", "19000000"),
        (C, "Palantir", "Delham Council", "20000000"),
    ),
    ("award and cancellation of one contract", (A, "Palantir", "Met Police", "50000000"), (C, "Palantir", "Met Police", "50000000")),
    ("same supplier, another body", (A, "Capita", "Army", None), (A, "Capita", "Barnet Council", None)),
    ("another contract of the same body", (A, "Capita", "Barnet Council", "1000000"), (A, "Capita", "Barnet Council", "9000000")),
    ("same body, another supplier", (A, "Capita", "Barnet Council", None), (A, "Serco", "Barnet Council", None)),
    ("an award without its body may be any award", (A, "Capita", "Barnet Council", None), (A, "Capita", None, None)),
    ("a body alone is too little", (C, None, "Home Office", None), (C, None, "Home Office", None)),
]


@pytest.mark.parametrize(("first", "second"), [case[1:] for case in ONE_STORY], ids=[case[0] for case in ONE_STORY])
def test_one_event_is_one_story_however_it_is_told(first, second):
    opened = entry("First words about it")
    told = entry("Quite another headline", hours=5)

    decision = RULES.decide(told, said(*second), [card(opened, said(*first))], NOW + timedelta(hours=6))

    assert decision.story == 1
    assert decision.reason


@pytest.mark.parametrize(("first", "second"), [case[1:] for case in TWO_STORIES], ids=[case[0] for case in TWO_STORIES])
def test_different_events_stay_apart(first, second):
    opened = entry("First words about it")
    told = entry("Quite another headline", hours=5)

    assert RULES.decide(told, said(*second), [card(opened, said(*first))], NOW + timedelta(hours=6)).story is None


def test_last_years_award_is_another_story():
    opened = entry("Capita wins Barnet contract", hours=-24 * 300)
    told = entry("Capita wins Barnet contract")

    assert RULES.decide(told, said(A, "Capita", "Barnet Council"), [card(opened, said(A, "Capita", "Barnet Council"))], NOW).story is None


def test_a_notice_weeks_later_confirms_the_report():
    opened = entry("Capita wins £10m Barnet deal")
    finding = said(A, "Capita plc", "Barnet Council", "8400000", notice("ocds-h6vhtk-000001", "1"))

    decision = RULES.decide(
        entry("Back-office services", hours=24 * 30),
        finding,
        [card(opened, said(A, "Capita", "Barnet Council", "10000000"))],
        NOW + timedelta(days=30),
    )

    assert decision.story == 1
    assert decision.confirms


def test_the_signature_of_an_award_joins_the_award_and_another_lot_does_not():
    opened = said(A, "Northgate", "Dacorum Council", "100", notice("ocds-h6vhtk-000001", "1"))
    cards = [card(entry("Weighbridge"), opened)]

    signed = said(A, "Northgate", "Dacorum Council", "100", notice("ocds-h6vhtk-000001", "1"))
    other_lot = said(A, "Northgate", "Dacorum Council", "100", notice("ocds-h6vhtk-000001", "2"))
    other_process = said(A, "Northgate", "Dacorum Council", "100", notice("ocds-h6vhtk-000002", "1"))

    assert RULES.decide(entry("Weighbridge", hours=200), signed, cards, NOW + timedelta(days=9)).story == 1
    assert RULES.decide(entry("Weighbridge"), other_lot, cards, NOW).story is None
    assert RULES.decide(entry("Weighbridge"), other_process, cards, NOW).story is None


def test_one_award_in_two_registers_is_one_story():
    opened = said(A, "Northgate", "Dacorum Council", "100", notice("ocds-h6vhtk-000001", "1"))
    copy = said(A, "Northgate", "Dacorum Council", "100", notice("ocds-b5fd17-aaaa-bbbb", "x"))

    assert RULES.decide(entry("Weighbridge"), copy, [card(entry("Weighbridge"), opened)], NOW).story == 1


def test_one_page_in_two_feeds_is_one_story_though_nobody_is_named():
    opened = entry("Contract scrapped", link=b"l" * 16)
    told = entry("Contract scrapped over failings", link=b"l" * 16, hours=1)

    assert RULES.decide(told, said(C), [card(opened, said(C))], NOW + timedelta(hours=1)).story == 1


def test_of_several_candidates_the_one_that_shares_most_is_joined():
    capita, other = said(A, "Capita", "Barnet Council", "5000000"), said(A, "Capita", None, "5000000")
    cards = [card(entry("Capita wins deal"), other, 1), card(entry("Capita wins Barnet deal"), capita, 2)]

    assert RULES.decide(entry("Barnet hands Capita deal", hours=1), capita, cards, NOW).story == 2
