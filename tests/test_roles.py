"""Who is the supplier and who the public body."""

from __future__ import annotations

import pytest

from watchers.match import Matcher
from watchers.types import Entry, Finding, Organisation, Role, Watch
from watchers.understand import understand

PALANTIR = Watch(id="palantir", organisation=Organisation(name="Palantir"), role=Role.SUPPLIER)
MET = Watch(id="met", organisation=Organisation(name="Metropolitan Police", aliases=("Met Police", "Met")), role=Role.PUBLIC_BODY)
ORACLE = Watch(id="oracle", organisation=Organisation(name="Oracle"), role=Role.SUPPLIER)
MATCHER = Matcher([PALANTIR, MET, ORACLE])


def read(title: str, summary: str = "") -> Finding:
    [finding] = understand(Entry(keys=(), fingerprint=b"", title=title, summary=summary), MATCHER)
    return finding


def fires(title: str, summary: str = "") -> set[str]:
    findings = understand(Entry(keys=(), fingerprint=b"", title=title, summary=summary), MATCHER)
    return {match.watch for finding in findings for match in finding.matches}


@pytest.mark.parametrize(
    "title",
    [
        "Met hands Palantir £500k contract",
        "Khan scraps Met Police £50m Palantir deal",
        "London's mayor cancels the Met police's £50m contract with Palantir",
        "Palantir wins £50m Met Police contract",
        "Palantir awarded £50m contract by the Metropolitan Police",
        "Metropolitan Police awards £50m contract to Palantir",
        "Met Police's contract with Palantir cancelled",
        "Palantir stripped of Met Police contract",
        "£50m contract between the Metropolitan Police and Palantir blocked by mayor",
    ],
)
def test_both_watches_fire_when_both_play_their_part(title: str) -> None:
    assert fires(title) == {"palantir", "met"}


@pytest.mark.parametrize(
    "title",
    [
        "Palantir rival wins NHS contract",
        "Ex-Palantir adviser wins NHS contract",
        "Palantir-backed start-up wins NHS contract",
        "Former Palantir executives win NHS contract",
        "NHS awards contract to Palantir rival Quantexa",
        "NHS ends contract with Capita as Palantir shares fall",
    ],
)
def test_a_watch_does_not_fire_for_somebody_elses_contract(title: str) -> None:
    assert "palantir" not in fires(title)


def test_a_watch_for_a_supplier_does_not_fire_for_a_buyer_of_the_name() -> None:
    matcher = Matcher([Watch(id="met", organisation=Organisation(name="Metropolitan Police"), role=Role.SUPPLIER)])
    findings = understand(Entry(keys=(), fingerprint=b"", title="Metropolitan Police awards contract to Serco"), matcher)
    assert [match for finding in findings for match in finding.matches] == []


def test_a_name_that_nobody_listed_is_recognised_because_it_is_watched() -> None:
    matcher = Matcher([Watch(id="x", organisation=Organisation(name="quexalot"))])
    [finding] = understand(Entry(keys=(), fingerprint=b"", title="Council hands quexalot £2m parking contract"), matcher)
    assert [match.watch for match in finding.matches] == ["x"]


def test_a_watch_of_a_common_word_needs_the_name() -> None:
    assert "oracle" not in fires("The oracle of Delphi contract awarded by council")
    assert fires("Birmingham City Council awards contract to Oracle") == {"oracle"}


def test_the_loser_is_the_supplier_of_a_lost_contract_and_not_the_winner() -> None:
    finding = read("Fujitsu loses HMRC contract to Accenture")
    assert [party.name for party in finding.suppliers] == ["Fujitsu"]
    assert [party.name for party in finding.public_bodies] == ["HMRC"]


@pytest.mark.parametrize(
    ("title", "supplier"),
    [
        ("Home Office awards contract to British outsourcing firm Mooncrest", "Mooncrest"),
        ("Home Office awards contract to Leeds-based software specialist The Fenwick Partnership", "Fenwick Partnership"),
        ("Home Office hands Mooncrest a £3m contract", "Mooncrest"),
        ("Mooncrest and Fairlight win Home Office contract", "Mooncrest"),
        ("US tech giant Mooncrest lands Home Office deal", "Mooncrest"),
    ],
)
def test_a_supplier_is_named_without_what_describes_it(title: str, supplier: str) -> None:
    assert read(title).suppliers[0].name.removeprefix("The ") == supplier


@pytest.mark.parametrize(
    "title",
    ["Local firm wins £3m council contract", "Council hands contract to outsourcing company", "Tory donor's firm given NHS contract"],
)
def test_who_has_no_name_is_not_named(title: str) -> None:
    assert read(title).suppliers == ()


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Serco wins Ministry of Justice contract", "Ministry of Justice"),
        ("Department for Work and Pensions ends Atos contract", "Department for Work and Pensions"),
        (
            "Serco wins contract from Hampshire and Isle of Wight Fire and Rescue Service",
            "Hampshire and Isle of Wight Fire and Rescue Service",
        ),
        (
            "Norfolk and Norwich University Hospitals NHS Foundation Trust awards contract to Serco",
            "Norfolk and Norwich University Hospitals NHS Foundation Trust",
        ),
        ("Wrexham council scraps contract with Serco", "Wrexham council"),
        ("Kenya's Ministry of Health cancels contract with Serco", "Ministry of Health"),
    ],
)
def test_bodies_are_known_by_the_shape_of_their_names(title: str, body: str) -> None:
    assert body in [party.name.removeprefix("Kenya's ") for party in read(title).public_bodies]


def test_every_party_is_written_as_in_the_entry_at_its_span() -> None:
    title, summary = "Met drops supplier", "The Metropolitan Police has cancelled its £50m contract with Palantir."
    entry = Entry(keys=(), fingerprint=b"", title=title, summary=summary)
    for finding in understand(entry, MATCHER):
        for party in (*finding.suppliers, *finding.public_bodies):
            assert party.span is not None
            assert getattr(entry, party.span.field)[party.span.start : party.span.end] == party.name


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Israel's defence ministry buys thousands of attack drones from local maker Xtend", "Israel's defence ministry"),
        ("Nigeria's tax agency signs contract with French firm Idemia", "Nigeria's tax agency"),
        ("Cork's airport contract awarded to Serco", "Cork's airport"),
        ("Norway's biggest contract awarded to Serco", "Norway"),
    ],
)
def test_a_body_that_a_place_owns_is_named_whole(title: str, body: str) -> None:
    assert [party.name for party in read(title).public_bodies] == [body]
