"""An entry in, findings out: evidence, matches, flags, and never an error."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from watchers.match import FLAG, Matcher
from watchers.types import Entry, EventKind, Organisation, Watch
from watchers.understand import understand

MATCHER = Matcher([Watch(id="palantir", organisation=Organisation(name="Palantir"))])


def entry(title: str, summary: str = "", **fields: object) -> Entry:
    return Entry(keys=(), fingerprint=b"", title=title, summary=summary, **fields)  # type: ignore[arg-type]


def test_the_seed_case_is_told_with_its_evidence() -> None:
    title = "London's mayor cancels the Met police's £50m contract with Palantir"
    [finding] = understand(entry(title), MATCHER)
    assert finding.event is EventKind.CANCELLED
    assert finding.evidence.sentence == title
    assert finding.evidence.rule == "cancel: told as done"
    assert {title[span.start : span.end] for span in finding.evidence.spans} >= {"cancels", "contract", "£50m", "Palantir"}
    assert finding.value is not None
    assert finding.value.printed in title


def test_the_calls_that_follow_the_seed_case_alert_nobody() -> None:
    [finding] = understand(entry("Calls to cancel all contracts with Palantir grow"), MATCHER)
    assert finding.event is EventKind.PROPOSED_CANCEL
    assert finding.alert is None


def test_an_initial_is_no_supplier() -> None:
    [finding] = understand(entry("Norway signs contract to buy S. Korean-made rocket launchers"), MATCHER)
    assert (finding.event, finding.suppliers, [one.name for one in finding.public_bodies]) == (EventKind.AWARDED, (), ["Norway"])


def test_a_match_in_borrowed_letters_carries_its_flag() -> None:
    [finding] = understand(entry("Met hands P\u0430lantir £500k contract"), MATCHER)
    assert [(match.watch, match.flag) for match in finding.matches] == [("palantir", FLAG)]


def test_a_release_is_read_as_a_notice_and_not_as_text() -> None:
    assert understand(entry("Met hands Palantir £500k contract", release={"ocid": "x", "tag": ["planning"]}), MATCHER) == ()


def test_an_entry_about_something_else_has_no_finding() -> None:
    assert understand(entry("Storm closes roads", "Palantir is not mentioned in a contract."), MATCHER) == ()


words = st.sampled_from(
    [
        "Palantir",
        "contract",
        "contracts",
        "Met",
        "Police",
        "council",
        "awards",
        "awarded",
        "to",
        "cancels",
        "cancelled",
        "be",
        "will",
        "not",
        "could",
        "the",
        "of",
        "with",
        "from",
        "by",
        "£50m",
        ",",
        ".",
        ":",
        ";",
        "'",
        "’",
        "?",
        "and",
        "that",
        "after",
        "to",
        "NHS",
        "(",
        "",
        ")",
        "—",
        "deal",
        "order",
        "wins",
        "hands",
        "Serco",
        "а",
        "\u200b",
    ]
)


@given(st.lists(words, max_size=40).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_no_row_of_words_breaks_understanding_and_what_is_told_stands_in_the_entry(text: str) -> None:
    one = entry(text, text)
    for finding in understand(one, MATCHER):
        assert finding.evidence.sentence in text
        for party in (*finding.suppliers, *finding.public_bodies):
            assert party.span is not None
            assert party.name in text
        if finding.value is not None:
            assert finding.value.printed in text


@given(st.text(max_size=200))
@settings(deadline=None)
def test_no_text_breaks_understanding(text: str) -> None:
    understand(entry(text, f"contract {text}"), MATCHER)


def test_a_long_hostile_text_takes_no_more_than_moments() -> None:
    started = time.process_time()
    understand(entry("calls for " * 2000 + "contract to cancel", "council, " * 3000 + "awards contract"), MATCHER)
    assert time.process_time() - started < 5
