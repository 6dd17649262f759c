"""What happened to a contract, by mood, tense, negation and shape: the project's own cases, and single rules one by one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from watchers.match import Matcher
from watchers.text.language import languages
from watchers.text.rules import rules
from watchers.types import AlertClass, Entry, EventKind, Finding, Money
from watchers.understand import understand

CASES = Path(__file__).parent / "data" / "cases"
LANGUAGES = sorted(path.stem for path in CASES.glob("*.psv"))
NOBODY = Matcher(())


@dataclass(frozen=True)
class Case:
    event: EventKind
    supplier: str
    body: str
    value: str
    title: str
    summary: str


def cases(language: str) -> list[Case]:
    rows = []
    for line in (CASES / f"{language}.psv").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            event, supplier, body, value, title, *summary = [cell.strip() for cell in line.split("|")]
            rows.append(Case(EventKind(event), supplier, body, value, title, summary[0] if summary else ""))
    return rows


def read(title: str, summary: str = "") -> Finding | None:
    findings = understand(Entry(keys=(), fingerprint=b"", title=title, summary=summary), NOBODY)
    return findings[0] if findings else None


def kind(title: str, summary: str = "") -> str:
    finding = read(title, summary)
    return finding.event.value if finding else "none"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_event_and_the_parts_of_every_case_are_told(language: str) -> None:
    """One test over all cases of a language: they are thousands, and a test of its own for each took longer than what it tested."""
    wrong = {case.title: told for case in cases(language) if (told := misread(case))}

    assert wrong == {}


def misread(case: Case) -> str:
    """What is told wrongly of a case; empty when nothing is."""
    finding = read(case.title, case.summary)
    event = finding.event if finding else EventKind.NONE
    if event is not case.event:
        return f"{event}, not {case.event}"
    if finding is None or case.event.alert is None:
        return ""
    suppliers = " ; ".join(party.name for party in finding.suppliers)
    bodies = " ; ".join(party.name for party in finding.public_bodies)
    printed = finding.value.printed if finding.value else None
    if not all(name.strip().casefold() in suppliers.casefold() for name in case.supplier.split(";") if name != "-"):
        return f"supplier {suppliers!r}, not {case.supplier!r}"
    if case.body != "-" and case.body.casefold() not in bodies.casefold():
        return f"public body {bodies!r}, not {case.body!r}"
    return f"value {printed!r}, not {case.value!r}" if case.value not in ("-", printed) else ""


def test_there_are_cases_for_every_kind_and_enough_of_them() -> None:
    kinds = {case.event for case in cases("en")}
    assert len(cases("en")) >= 300
    told_by_notices_or_by_what_came_before = {EventKind.AWARD_INTENDED, EventKind.COMPLETED, EventKind.SIGNED, EventKind.REINSTATED}
    assert kinds >= set(EventKind) - told_by_notices_or_by_what_came_before


def test_every_language_with_a_folder_has_cases_a_third_of_which_must_not_alert() -> None:
    assert sorted(languages().folders) == LANGUAGES
    for language in LANGUAGES:
        rows = cases(language)
        assert len(rows) >= 40
        assert 3 * sum(case.event.alert is None for case in rows) >= len(rows)


def test_the_language_is_told_by_script_and_small_words_and_a_neighbour_is_left_unread() -> None:
    told = languages().of
    assert told("Serco wins council contract") == "en"
    assert told("Stadt vergibt Auftrag") == "de"
    assert told("La ville attribue le marché à Veolia") == "fr"
    assert told("El alcalde cancela el contrato") == "es"
    assert told("وزارة الصحة تلغي عقدا مع شركة") == "ar"
    assert told("A prefeitura cancelou o contrato com a empresa que não fez as obras do município") is None
    assert told("شرکت پالانتیر عقد قرارداد") is None
    assert told("Минобороны отменило контракт") is None


def test_what_a_feed_says_of_its_language_settles_only_what_the_words_leave_open() -> None:
    told = languages().of
    assert told("Council cancels the contract with Capita for the schools", "fr") == "en"
    assert told("Contrat Veolia, Contrato Veolia", "es") == "es"
    assert told("Contrat Veolia, Contrato Veolia", "fr") == "fr"


def test_the_keyword_trap_of_cancel_is_told_apart_by_mood_alone() -> None:
    assert kind("Council cancels Capita contract") == "cancelled"
    for title in (
        "Council could cancel Capita contract",
        "Council urged to cancel Capita contract",
        "Council threatens to cancel Capita contract",
        "Council considers cancelling Capita contract",
        "Council to vote on cancelling Capita contract",
        "Calls for council to cancel Capita contract",
        "Will council cancel Capita contract?",
        "Council will cancel Capita contract unless service improves",
        "Council wants Capita contract cancelled",
        "Council should cancel Capita contract, says MP",
    ):
        assert kind(title) == "proposed_cancel", title
    for title in (
        "Council will not cancel Capita contract",
        "Council refuses to cancel Capita contract",
        "Council rules out cancelling Capita contract",
    ):
        assert kind(title) == "not_cancelled", title


def test_a_decision_has_happened_whatever_its_form() -> None:
    for title in (
        "Council votes to end Capita contract",
        "Council decides to terminate contract with Capita",
        "Council has terminated its contract with Capita",
        "Council is terminating its contract with Capita",
        "Council will terminate its contract with Capita in May",
        "Capita contract to be terminated, council announces",
        "Contract with Capita terminated by council",
        "Capita council contract is terminated",
    ):
        assert kind(title) == "terminated", title


def test_background_is_no_news() -> None:
    for title in (
        "Firm that won council contract goes bust",
        "Firm awarded council contract faces fraud inquiry",
        "A year after council awarded Capita contract, problems remain",
        "Row over council's award of contract to Capita",
        "Auditors question how council awarded Capita contract",
    ):
        assert kind(title) == "none", title


def test_a_summary_tells_what_a_title_leaves_open() -> None:
    finding = read("New software for police", "The Metropolitan Police has awarded Palantir a £500,000 contract to analyse data.")
    assert finding is not None
    assert finding.event is EventKind.AWARDED
    assert finding.value == Money(amount=Decimal(500000), currency="GBP", printed="£500,000")


def test_the_cancellation_wins_over_the_award_that_follows_it() -> None:
    assert kind("Council ends Capita contract and hands it to Serco") == "terminated"


def test_a_sum_of_another_phrase_is_not_the_contracts() -> None:
    finding = read("Council pays £8m to end Capita contract")
    assert finding is not None
    assert finding.alert is AlertClass.CANCELLED
    assert finding.value is None


def test_every_pattern_of_the_language_is_read_and_every_word_of_a_pattern_is_known() -> None:
    english = rules("en")
    assert english.moods
    assert {"awarded", "cancelled", "terminated"} <= {frame.event.value for frame in english.frames.values()}


def test_a_text_without_a_stem_is_not_read_further() -> None:
    assert not rules("en").may_tell("Rain keeps most people at home")
    assert kind("Rain keeps most people at home") == "none"
