"""Which events are of one contract: by what registers number, else by what agrees; and two that are alike stay two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from storing import a_notice, an_entry, pounds

from watchers.threads import Threads
from watchers.types import Entry, EventKind, Evidence, Facts, Finding, Notice, Party, ThreadCard, ThreadDecision, ThreadStory

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = Threads()
SERCO, MINISTRY = "Serco", "Home Office"


def says(event: EventKind, title: str, *, value: str | None = None, **more: Any) -> tuple[Entry, Finding]:
    """A report about Serco and the Home Office."""
    values: dict[str, Any] = {"suppliers": (Party(name=SERCO),), "public_bodies": (Party(name=MINISTRY),)} | more
    evidence = Evidence(sentence=title, rule="verb")
    return an_entry(title, title), Finding(event=event, value=pounds(value) if value else None, evidence=evidence, **values)


def known(number: int, *told: tuple[Entry, Finding], days_ago: float = 30) -> ThreadCard:
    """A contract of which this was told."""
    keys = {key for entry, finding in told for key in RULES.keys(entry, finding)}
    stories = [
        ThreadStory(
            id=number * 10 + place,
            facts=Facts(
                event=finding.event,
                suppliers=tuple(one.name for one in finding.suppliers),
                public_bodies=tuple(one.name for one in finding.public_bodies),
                value=finding.value,
            ),
            at=NOW - days_ago * DAY,
            reported=finding.notice is None,
            titles=(entry.title, *([finding.notice.title] if finding.notice else [])),
            notice_type=finding.notice.type if finding.notice else "",
        )
        for place, (entry, finding) in enumerate(told)
    ]
    return ThreadCard(id=number, keys=frozenset(keys), stories=tuple(stories))


def decided(one: tuple[Entry, Finding], *cards: ThreadCard) -> ThreadDecision:
    return RULES.decide(*one, cards, NOW)


def of_process(ocid: str = "ocds-h6vhtk-1", *awards: str, type_: str = "UK6", title: str = "Asylum housing") -> Notice:
    return a_notice(ocid=ocid, award_ids=awards, type=type_, title=title)


AWARD = says(EventKind.AWARDED, "Home Office awards £50m asylum housing contract to Serco", value="50000000")
PRISON = says(EventKind.AWARDED, "Home Office awards £9m prison escort contract to Serco", value="9000000")
CANCEL = EventKind.CANCELLED


@pytest.mark.parametrize(
    ("said", "cards", "of"),
    [
        # Three of four agree, and nothing parts.
        (says(CANCEL, "Home Office cancels £50m asylum housing contract with Serco", value="50000000"), [known(1, AWARD), known(2, PRISON)], 1),
        (says(CANCEL, "Home Office cancels Serco's asylum housing contract"), [known(1, AWARD, days_ago=400)], 1),
        # Two contracts of the same two: neither the sum nor the subject says which.
        (says(CANCEL, "Home Office cancels contract with Serco"), [known(1, AWARD), known(2, PRISON)], None),
        (says(CANCEL, "Home Office cancels contract with Serco"), [known(1, AWARD)], 1),
        (says(CANCEL, "Home Office cancels contract with Serco"), [known(1, AWARD, days_ago=61)], None),
        (says(CANCEL, "Home Office cancels asylum housing contract with Serco"), [known(1, AWARD), known(2, AWARD)], None),
        # What is stated and differs.
        (says(CANCEL, "Home Office cancels £20m asylum housing contract with Serco", value="20000000"), [known(1, AWARD)], None),
        (says(CANCEL, "Home Office cancels £50m asylum housing contract", value="50000000", suppliers=(Party(name="Mears"),)), [known(1, AWARD)], None),
        (says(CANCEL, "Kent cancels £50m asylum housing contract with Serco", value="50000000", public_bodies=(Party(name="Kent Council"),)), [known(1, AWARD)], None),
        (says(CANCEL, "Home Office cancels £50m asylum housing contract with Serco for Region 5", value="50000000"), [known(1, says(EventKind.AWARDED, "Home Office awards £50m asylum housing contract for Region 3 to Serco", value="50000000"))], None),
        # A change changes the sum.
        (says(EventKind.CHANGED, "Home Office raises asylum housing contract with Serco to £70m", value="70000000"), [known(1, AWARD)], 1),
        # Who wins again has won another contract; what ended does not end again.
        (AWARD, [known(1, AWARD)], None),
        (says(CANCEL, "Home Office cancels £50m asylum housing contract with Serco", value="50000000"), [known(1, AWARD, says(EventKind.TERMINATED, "Home Office ends Serco asylum housing contract"))], None),
        (AWARD, [known(1, says(EventKind.AWARD_INTENDED, "Asylum housing", value="50000000"))], 1),
    ],
)  # fmt: skip
def test_news_is_of_a_contract_that_enough_agrees_with(said: tuple[Entry, Finding], cards: list[ThreadCard], of: int | None) -> None:
    assert decided(said, *cards).thread == of


def noticed(event: EventKind, notice: Notice, **more: Any) -> tuple[Entry, Finding]:
    return says(event, notice.title, notice=notice, **more)


@pytest.mark.parametrize(
    ("notice", "cards", "of"),
    [
        (of_process("ocds-h6vhtk-1", "1"), [(1, of_process("ocds-h6vhtk-1", "1")), (2, of_process("ocds-h6vhtk-1", "2"))], 1),
        (of_process("ocds-h6vhtk-1", "3"), [(1, of_process("ocds-h6vhtk-1", "1")), (2, of_process("ocds-h6vhtk-1", "2"))], None),
        (of_process("ocds-h6vhtk-1", "1"), [(1, of_process("ocds-h6vhtk-1"))], 1),
        (of_process("ocds-h6vhtk-1"), [(1, of_process("ocds-h6vhtk-1", "1"))], 1),
        (of_process("ocds-h6vhtk-1"), [(1, of_process("ocds-h6vhtk-1", "1")), (2, of_process("ocds-h6vhtk-1", "2"))], None),
        (of_process("ocds-h6vhtk-2", "1"), [(1, of_process("ocds-h6vhtk-1", "1"))], None),  # of one register, and alike in all else
        (of_process("ocds-h6vhtk-1", "b-1"), [(1, of_process("ocds-h6vhtk-1", "a-1"))], 1),  # numbers of the directives never stay
    ],
)
def test_notices_are_of_the_contract_of_their_process_and_award(notice: Notice, cards: list[tuple[int, Notice]], of: int | None) -> None:
    told = [known(number, noticed(EventKind.AWARDED, one, value="50000000")) for number, one in cards]

    assert decided(noticed(EventKind.TERMINATED, notice, value="50000000"), *told).thread == of


def test_a_notice_that_comes_late_confirms_what_was_only_reported() -> None:
    ended = says(EventKind.TERMINATED, "Home Office ends Serco's asylum housing contract")
    contract = known(1, noticed(EventKind.AWARDED, of_process("ocds-h6vhtk-1", "1")), ended, days_ago=100)

    decision = decided(noticed(EventKind.TERMINATED, of_process("ocds-h6vhtk-1", "1", type_="UK11")), contract)

    assert (decision.thread, decision.story) == (1, 11)


@pytest.mark.parametrize(
    ("before", "notice", "kind"),
    [("UK6", "UK7", EventKind.SIGNED), ("UK7", "UK7", EventKind.AWARDED), (None, "UK7", EventKind.AWARDED), ("UK6", "UK6", EventKind.AWARDED)],
)  # fmt: skip
def test_a_contract_is_signed_where_a_notice_had_told_its_award(before: str | None, notice: str, kind: EventKind) -> None:
    told = noticed(EventKind.AWARDED, of_process("ocds-h6vhtk-1", "1", type_=before)) if before else AWARD
    now = noticed(EventKind.AWARDED, of_process("ocds-h6vhtk-1", "1", type_=notice))

    assert RULES.stage(*now, [known(1, told)], NOW) is kind


def test_what_is_not_cancelled_goes_on_only_where_its_contract_was_stopped() -> None:
    stopped = says(EventKind.SUSPENDED, "Home Office suspends Serco's asylum housing contract")
    goes_on = says(EventKind.NOT_CANCELLED, "Home Office resumes Serco's asylum housing contract")
    denial = says(EventKind.NOT_CANCELLED, "Home Office denies plan to scrap Serco's asylum housing contract")

    assert RULES.stage(*goes_on, [known(1, AWARD, stopped)], NOW) is EventKind.REINSTATED
    assert RULES.stage(*goes_on, [known(1, AWARD)], NOW) is EventKind.NOT_CANCELLED
    assert RULES.stage(*goes_on, [], NOW) is EventKind.NOT_CANCELLED
    assert RULES.stage(*denial, [known(1, AWARD, stopped)], NOW) is EventKind.NOT_CANCELLED
