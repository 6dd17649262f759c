"""What official notices mean, case by case, and the measure on the real ones."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from register_server import NOTICES, release

from watchers.exceptions import RuleError
from watchers.notice_rules import PATH, notice_rules, read_rules
from watchers.notices import award_parties, describe_release, read_release, understand_release, wanted_awards
from watchers.parsers.ocds import entry_of, reduced
from watchers.types import AwardParty, EventKind, Finding, Match, Party, Role

BRIGHTWAY = "BRIGHTWAY LAMPS LIMITED"
NIGHTJAR = "Nightjar Electrical Ltd"
COUNCIL = "Thornbury District Council"
PROCESS = "ocds-h6vhtk-0a11ce"

# file → event, suppliers, sum as printed, its basis, the day it happened, reason
CASES: dict[str, tuple[str, str, str, str, str, str]] = {
    "uk4_tender": ("tender_opened", "", "£400,000", "net", "", ""),
    "uk4_tender_update": ("tender_opened", "", "", "", "", ""),
    "uk5_transparency": ("award_intended", BRIGHTWAY, "£400,000", "net", "2026-04-01", ""),
    "uk6_standstill": ("awarded", BRIGHTWAY, "£400,000", "net", "2026-03-02", ""),
    "uk6_decided_lots": ("awarded", f"{BRIGHTWAY}; {NIGHTJAR}", "£500,000.25 for 2 awards", "net", "2026-03-03", ""),
    "uk6_no_lot_awarded": ("cancelled", "", "", "", "", "All bids were above the budget"),
    "uk6_edited": ("awarded", BRIGHTWAY, "£400,000", "net", "2026-03-02", ""),
    "uk7_signed": ("awarded", BRIGHTWAY, "£400,000", "net", "2026-03-20", ""),
    "uk7_gross_only": ("awarded", BRIGHTWAY, "£52,600.32", "gross", "2026-03-20", ""),
    "uk7_zero_value": ("awarded", BRIGHTWAY, "", "", "2026-03-20", ""),
    "uk10_supplier_replaced": ("changed", NIGHTJAR, "£410,000", "net", "2026-05-05", ""),
    "uk10_proposed": ("changed", "", "£450,000", "net", "2026-05-05", ""),
    "uk11_completed": ("completed", "", "£390,000 at its end", "net", "2026-06-30", ""),
    "uk11_breach": ("terminated", "", "£390,000 at its end", "net", "2026-06-30", "breach of contract: The supplier stopped work in May."),
    "uk11_code_only": ("terminated", "", "£390,000 at its end", "net", "2026-06-30", "mutually agreed"),
    "uk12_procurement": ("cancelled", "", "", "", "2026-03-03", "No bids received."),
    "uk12_before_signature": ("cancelled", "", "", "", "2026-03-10", "Published in error."),
    "uk12_no_reason": ("cancelled", "", "", "", "", ""),
    "celex_award": ("awarded", NIGHTJAR, "£75,000", "net", "2026-02-27", ""),
    "celex_nothing_awarded": ("cancelled", "", "", "", "", "discontinued: Please note that this process is being abandoned."),
    "celex_some_lots": ("awarded", NIGHTJAR, "£75,000", "net", "2026-02-27", ""),
    "celex_modified": ("changed", NIGHTJAR, "£75,000", "net", "", ""),
    "celex_call": ("tender_opened", "", "€90,000", "net", "", ""),
    "cf_award": ("awarded", "S&P Cars Ltd", "£29,999.99", "net", "2026-03-01", ""),
    "cf_award_edited": ("awarded", "S&P Cars Ltd", "£29,999.99", "net", "2026-03-01", ""),
    "cf_cancelled": (
        "cancelled", "", "£30,000", "net", "", "This opportunity has been withdrawn because the route was not needed.",
    ),
    "cf_open": ("tender_opened", "", "£30,000", "net", "", ""),
    "ocds_termination_tag": ("terminated", "Faroles del Sur SA", "1,500,000 COP", "", "", ""),
    "ocds_award_cancelled": ("cancelled", "Faroles del Sur SA", "1,500,000 COP", "", "", ""),
    "ocds_ended_by_status": ("completed", "Faroles del Sur SA", "1,500,000 COP", "", "", ""),
    "ocds_contract": ("awarded", "Faroles del Sur SA", "1,500,000 COP", "", "2026-02-01", ""),
    "ocds_tender_cancelled": ("cancelled", "", "2,000,000 COP", "", "", ""),
    "pcs_without_id": ("tender_opened", "", "£5,710,000", "net", "", ""),
}  # fmt: skip
NOTHING_HAPPENED = ("uk2_planning", "uk9_performance", "uk15_market_members", "uk_without_type", "celex_corrected")
ALL = sorted(path.stem for path in NOTICES.glob("*.json"))


class NoMatches:
    """Knows no watch; remembers who was asked about."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], Role]] = []

    def parties(self, parties: Sequence[Party], role: Role) -> tuple[Match, ...]:
        self.asked.append((tuple(party.name for party in parties), role))
        return ()


def findings(name: str, joined: Sequence[AwardParty] = (), **changes: Any) -> tuple[Finding, ...]:
    return understand_release(entry_of(release(name, **changes)), joined, NoMatches())


def finding(name: str, joined: Sequence[AwardParty] = (), **changes: Any) -> Finding:
    (found,) = findings(name, joined, **changes)
    return found


def named(number: str, *names: str, award: str = "1", ocid: str = PROCESS, identifiers: tuple[str, ...] = ()) -> list[AwardParty]:
    return [
        AwardParty(ocid=ocid, award_id=award, supplier=Party(name=name, identifiers=identifiers), notice_number=number) for name in names
    ]


def test_every_sample_is_a_case() -> None:
    assert set(ALL) == set(CASES) | set(NOTHING_HAPPENED)


@pytest.mark.parametrize("name", CASES)
def test_a_notice_says_what_happened_to_whom_for_how_much_and_why(name: str) -> None:
    found = finding(name)
    value, day = found.value, found.happened_on

    assert CASES[name] == (
        str(found.event),
        "; ".join(party.name for party in found.suppliers),
        value.printed if value else "",
        value.basis if value else "",
        f"{day:%Y-%m-%d}" if day else "",
        found.reason or "",
    )
    assert len(found.public_bodies) == 1
    assert found.notice is not None


@pytest.mark.parametrize("name", NOTHING_HAPPENED)
def test_plans_reports_corrections_and_member_lists_are_no_event(name: str) -> None:
    assert findings(name) == ()
    assert describe_release(release(name))["event"] == "none"


def test_what_has_no_event_is_still_described() -> None:
    assert describe_release(release("uk2_planning")) == {
        "alert": None,
        "event": "none",
        "supplier": None,
        "public_body": COUNCIL,
        "value": {"amount": 400000, "currency": "GBP"},
    }


@pytest.mark.parametrize("tag", [["planning"], ["tenderCancellation"], ["contractTermination"], [], None, "award"])
def test_the_tag_of_a_procurement_act_notice_decides_nothing(tag: object) -> None:
    assert finding("uk7_signed", tag=tag).event is EventKind.AWARDED


def test_a_tender_status_of_cancelled_does_not_make_a_procurement_act_award_a_cancellation() -> None:
    tender = release("uk7_signed")["tender"] | {"status": "cancelled"}

    assert finding("uk7_signed", tender=tender).event is EventKind.AWARDED


def test_a_termination_for_several_reasons_of_which_one_is_not_completion_is_a_termination() -> None:
    contracts = release("uk11_completed")["contracts"]
    contracts[0]["terminationRationaleClassifications"].append({"id": "breachOfContract"})

    assert finding("uk11_completed", contracts=contracts).event is EventKind.TERMINATED


@pytest.mark.parametrize(
    ("name", "changes", "event"),
    [
        ("celex_call", {"tender": {"title": "T", "status": "unsuccessful", "legalBasis": {"scheme": "CELEX"}}}, "cancelled"),
        ("celex_award", {"awards": [], "contracts": []}, "awarded"),
        ("celex_award", {"awards": [{"id": "1", "status": "cancelled"}]}, "cancelled"),
        ("celex_award", {"tag": ["somethingNew"]}, "none"),
        ("cf_award", {"awards": [{"id": "1", "status": "unsuccessful"}]}, "cancelled"),
        ("cf_award", {"tag": "award"}, "awarded"),
        ("ocds_contract", {"awards": [{"id": "1", "status": "unsuccessful"}]}, "cancelled"),
        ("ocds_contract", {"contracts": [{"id": "1", "status": "cancelled"}]}, "cancelled"),
        ("ocds_contract", {"contracts": [{"id": "1", "status": "cancelled"}, {"id": "2", "status": "active"}]}, "awarded"),
        ("ocds_contract", {"tag": ["contractTermination", "award"]}, "terminated"),
        ("ocds_contract", {"tag": ["contractAmendment"], "tender": {"title": "T", "status": "cancelled"}}, "changed"),
        ("ocds_contract", {"tag": None}, "none"),
    ],
)
def test_where_there_is_no_notice_type_the_strongest_word_of_tags_and_statuses_decides(
    name: str, changes: dict[str, Any], event: str
) -> None:
    assert describe_release(release(name, **changes))["event"] == event


def test_an_entry_without_release_is_none_of_our_business() -> None:
    entry = replace(entry_of(release("uk7_signed")), release=None)

    assert understand_release(entry, (), NoMatches()) == ()


@pytest.mark.parametrize("written", ["yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-10:00", 7, None, "2026-13-01"])
def test_a_date_that_is_none_is_not_told(written: object) -> None:
    contracts = [release("uk7_signed")["contracts"][0] | {"dateSigned": written}]
    entry = entry_of(release("uk7_signed", date=written))

    assert entry.published is None
    found = finding("uk7_signed", contracts=contracts).happened_on
    assert found is None or found.hour == 12


def test_edits_and_the_signature_speak_of_the_award_that_was_announced() -> None:
    told = [finding(name) for name in ("uk6_standstill", "uk6_edited", "uk7_signed")]

    assert {(found.event, found.notice.ocid, found.notice.award_ids) for found in told if found.notice} == {
        (EventKind.AWARDED, PROCESS, ("1",))
    }


def test_a_direct_award_is_flagged_in_every_regime() -> None:
    flagged = {name for name in CASES if (notice := finding(name).notice) is not None and notice.direct_award}

    assert flagged == {"uk5_transparency", "celex_award", "cf_award", "cf_award_edited", "cf_cancelled", "cf_open"}


def test_an_organisation_has_all_identifiers_that_are_known_outside_the_register() -> None:
    (supplier,) = finding("uk7_signed").suppliers
    (body,) = finding("uk7_signed").public_bodies
    (driver,) = finding("cf_award").suppliers
    (local,) = finding("celex_award").suppliers

    assert supplier.identifiers == ("GB-COH-01234567", "GB-PPON-PBRI-2345-BCDE")
    assert body == Party(name=COUNCIL, identifiers=("GB-PPON-PTHO-1234-ABCD",))
    assert driver.identifiers == ("GB-COH-00987654",)  # the buyer had dropped the leading zeros
    assert local.identifiers == ()


@pytest.mark.parametrize("written", ["n/a", "0", "Not applicable", "", None, 7, ["x"]])
def test_what_is_written_where_an_identifier_should_be_is_none(written: object) -> None:
    parties = [{"name": "A", "id": "1", "roles": ["buyer"], "identifier": {"scheme": "GB-COH", "id": written}}]
    (body,) = finding("uk7_signed", parties=parties, buyer={"id": "1", "name": "A"}).public_bodies

    assert body.identifiers == (("GB-COH-00000007",) if written == 7 else ())


def test_all_buyers_of_a_joint_notice_are_told_and_the_leading_one_first() -> None:
    parties = release("uk7_signed")["parties"]
    parties.insert(0, {"name": "Aldham Town Council", "id": "x", "roles": ["buyer"]})
    found = finding("uk7_signed", parties=parties)

    assert [body.name for body in found.public_bodies] == [COUNCIL, "Aldham Town Council"]
    assert describe_release(release("uk7_signed", parties=parties))["public_body"] == COUNCIL


def amounts(*values: dict[str, Any]) -> str:
    awards = [{"id": str(place), "status": "active", "value": value} for place, value in enumerate(values)]
    awards[0]["documents"] = [{"id": "000106-2026", "documentType": "awardNotice", "noticeType": "UK6"}]
    value = finding("uk6_decided_lots", awards=awards).value
    return f"{value.printed} {value.basis}" if value else "none"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([{"amount": 10, "currency": "GBP"}, {"amount": 5, "amountGross": 6, "currency": "GBP"}], "£15 for 2 awards net"),
        ([{"amountGross": 12, "currency": "GBP"}, {"amount": 5, "amountGross": 6, "currency": "GBP"}], "£18 for 2 awards gross"),
        ([{"amount": 10, "currency": "GBP"}, {"amount": 10, "currency": "EUR"}], "none"),
        ([{"amount": 0.1, "currency": "USD"}, {"amount": 0.2, "currency": "USD"}], "US$0.30 for 2 awards net"),
        ([{"amount": float("inf"), "currency": "GBP"}], "none"),
        ([{"amount": float("nan"), "amountGross": 3, "currency": "GBP"}], "£3 gross"),
        ([{"amount": -5, "currency": "GBP"}], "none"),
        ([{"amount": True, "currency": "GBP"}], "none"),
        ([{"amount": "1200.50", "currency": "gbp"}], "£1,200.50 net"),
        ([{"amount": "about 5", "currency": "GBP"}], "none"),
        ([{"amount": 10}], "none"),
        ([{"amount": 10, "currency": "pounds"}], "none"),
        ([{"amount": 10**20, "currency": "GBP"}], "none"),
        ([{"amount": 10**400, "currency": "GBP"}], "none"),
    ],
)
def test_sums_are_added_on_one_basis_in_one_currency_or_not_told(values: list[dict[str, Any]], said: str) -> None:
    assert amounts(*values) == said


def test_a_day_is_the_same_day_for_a_reader_in_any_zone() -> None:
    assert finding("uk10_supplier_replaced").happened_on == datetime(2026, 5, 5, 12, tzinfo=UTC)
    assert finding("uk10_proposed").happened_on == datetime(2026, 5, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("N/A", None),
        (" none. ", None),
        ("<p>Not&nbsp;enough   bids</p>", "Not enough bids"),
        ("Ask j.smith@council.example about it", "Ask [e-mail removed] about it"),
        ("word " * 400, f"{'word ' * 59}word…"),
    ],
)
def test_a_reason_is_told_as_stated_in_plain_text_and_short(stated: str, reason: str | None) -> None:
    awards = [{"id": "1", "status": "cancelled", "statusDetails": stated}]

    assert finding("uk12_procurement", awards=awards).reason == reason


def test_a_code_without_words_of_its_own_is_read_as_the_words_it_is_made_of() -> None:
    contracts = release("uk11_code_only")["contracts"]
    contracts[0]["terminationRationaleClassifications"] = [{"id": "someNewRationale"}]

    assert finding("uk11_code_only", contracts=contracts).reason == "some new rationale"


def test_the_evidence_is_the_notices_own_words_and_the_rule_that_decided() -> None:
    found = finding("uk12_procurement")

    assert found.evidence.sentence == "Street lighting maintenance: No bids received."
    assert found.evidence.rule == "notice UK12, procurement termination notice without contracts: the procurement was cancelled"
    assert finding("uk6_decided_lots").evidence.sentence == "Street lighting maintenance"


def test_a_release_given_without_an_entrys_title_is_told_under_its_own() -> None:
    (found,) = understand_release(replace(entry_of(release("uk12_procurement")), title=""), (), NoMatches())

    assert found.evidence.sentence == "Street lighting maintenance: No bids received."
    assert found.evidence.spans == ()


def test_an_award_that_says_it_is_not_made_yet_is_shown_with_these_words() -> None:
    said = "This contract has not yet formally been awarded; this notice serves as an intention to award."
    found = finding("celex_award", description=f"This is an intention to award notice.<br/><br/>{said} Write to us.")

    assert found.evidence.sentence == f"Theatre lighting: {said}"
    assert found.reason is None


def test_the_notice_is_named_as_people_quote_it() -> None:
    fts, cf, elsewhere = (finding(name).notice for name in ("uk12_procurement", "cf_award", "ocds_contract"))
    assert fts is not None
    assert cf is not None
    assert elsewhere is not None

    assert (fts.number, fts.type, fts.publisher) == ("000118-2026", "UK12", "Find a Tender")
    assert fts.url == "https://www.find-tender.service.gov.uk/Notice/000118-2026"
    assert (cf.type, cf.publisher) == ("CF", "Contracts Finder")
    assert cf.url == "https://www.contractsfinder.service.gov.uk/Notice/aaaa1111-bbbb-4ccc-8ddd-eeeeffff0000"
    assert (elsewhere.publisher, elsewhere.url) == ("register ocds-xxxxx1", None)


# --- joins --------------------------------------------------------------------------------------------------------------------------------


def test_a_cancellation_gets_its_supplier_from_the_award_it_cancels() -> None:
    awards = award_parties(release("uk6_standstill"))
    found = finding("uk12_before_signature", awards)

    assert wanted_awards(release("uk12_before_signature")) == (PROCESS, ("1",))
    assert [party.name for party in found.suppliers] == [BRIGHTWAY]
    assert found.suppliers[0].identifiers == ("GB-COH-01234567", "GB-PPON-PBRI-2345-BCDE")
    assert found.notice is not None
    assert found.notice.supplier_from == "000105-2026"
    assert not found.notice.supplier_unknown


def test_a_notice_whose_supplier_nobody_named_says_so() -> None:
    notice = finding("uk12_before_signature").notice
    assert notice is not None

    assert notice.supplier_unknown
    assert notice.supplier_from is None


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("uk12_procurement", "uk12_before_signature", "uk12_no_reason")])
def test_only_changes_and_ends_of_contracts_look_for_their_supplier(name: str) -> None:
    wanted = wanted_awards(release(name)) is not None

    assert wanted == (name in ("uk10_proposed", "uk11_completed", "uk11_breach", "uk11_code_only", "cf_cancelled", "ocds_tender_cancelled"))


def test_awards_of_other_processes_and_other_lots_are_not_joined() -> None:
    awards = named("000001-2026", "Stranger Ltd", ocid="ocds-h6vhtk-ffffff") + named("000001-2026", "Other Lot Ltd", award="2")

    assert finding("uk11_breach", awards).suppliers == ()


def test_the_newest_notice_before_this_one_names_the_supplier() -> None:
    awards = named("000900-2025", "First Ltd") + named("000002-2026", "Second Ltd", "Partner Ltd") + named("999999-2026", "Third Ltd")
    found = finding("uk11_breach", awards)

    assert [party.name for party in found.suppliers] == ["Second Ltd", "Partner Ltd"]
    assert found.notice is not None
    assert found.notice.supplier_from == "000002-2026"


def test_a_younger_notice_names_the_supplier_where_no_older_one_is_known() -> None:
    assert [party.name for party in finding("uk11_breach", named("999999-2026", "Edited Ltd")).suppliers] == ["Edited Ltd"]


def test_one_supplier_of_several_awards_is_named_once_however_it_is_spelt() -> None:
    awards = named("000001-2026", "British Lamps", award="1", identifiers=("GB-COH-1",))
    awards += named("000001-2026", "THE BRITISH LAMPS LIMITED", award="2", identifiers=("GB-PPON-X", "GB-COH-1"))
    contracts = release("uk11_breach")["contracts"]
    contracts.append({"id": "2", "awardID": "2", "status": "terminated"})

    assert [party.name for party in finding("uk11_breach", awards, contracts=contracts).suppliers] == ["British Lamps"]


def test_members_of_a_market_and_lots_without_winner_are_no_suppliers_to_join() -> None:
    assert award_parties(release("uk15_market_members")) == ()
    assert {party.award_id for party in award_parties(release("uk6_decided_lots"))} == {"1", "2"}


def test_watches_are_sought_among_suppliers_bodies_and_the_supplier_who_was_replaced() -> None:
    match = NoMatches()
    (found,) = understand_release(entry_of(release("uk10_supplier_replaced")), (), match)

    assert [party.name for party in found.suppliers] == [NIGHTJAR]
    assert match.asked == [((NIGHTJAR, BRIGHTWAY), Role.SUPPLIER), ((COUNCIL,), Role.PUBLIC_BODY)]


# --- what is stored -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_a_stored_release_is_understood_as_it_was_the_first_time(name: str) -> None:
    entry = entry_of(release(name))
    stored = json.loads(json.dumps(entry.release))

    assert reduced(stored) == stored == entry.release
    assert entry_of(stored) == entry
    assert read_release(stored) == read_release(entry.release or {})


@pytest.mark.parametrize("name", ALL)
def test_officers_and_their_addresses_are_never_stored(name: str) -> None:
    entry = entry_of(release(name))
    kept = json.dumps(entry.release) + entry.title + entry.summary

    assert "@" not in kept
    assert "contactPoint" not in kept
    assert "Officer" not in kept


def test_a_release_without_id_is_known_by_its_content() -> None:
    one, other = entry_of(release("pcs_without_id")), entry_of(release("pcs_without_id", date="2026-03-05T00:00:00Z"))

    assert one.keys == entry_of(release("pcs_without_id")).keys
    assert one.keys != other.keys


def test_an_edit_of_the_same_release_has_another_fingerprint_and_the_same_key() -> None:
    first, second = entry_of(release("uk7_signed")), entry_of(release("uk7_signed", contracts=[]))

    assert first.keys == second.keys
    assert first.fingerprint != second.fingerprint


def test_half_a_letter_and_a_null_byte_in_a_release_do_not_reach_the_store() -> None:
    entry = entry_of(release("uk7_signed", description="a\x00b", tender=release("uk7_signed")["tender"] | {"title": "Lamps \ud800!"}))

    assert entry.title == "Lamps !"
    assert "\\u0000" not in json.dumps(entry.release)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("cancelled") | st.just("9" * 40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "value", "name", "amount", "x"]), inner, max_size=3),
    max_leaves=6,
)


def _paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in inner for found in _paths(child, (*path, key)))] if path else [
        found for key, child in inner for found in _paths(child, (key,))
    ]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_release_however_wrong_its_parts_breaks_understanding(data: st.DataObject) -> None:
    broken = release(data.draw(st.sampled_from(ALL)))
    *way, last = data.draw(st.sampled_from(_paths(broken)))
    place: Any = broken
    for key in way:
        place = place[key]
    place[last] = data.draw(ANYTHING)
    try:
        entry = entry_of(broken)
    except ValueError:
        return  # without title or process: left out with a problem that says so

    found = understand_release(entry, named("000001-2026", "Someone Ltd"), NoMatches())

    assert len(found) <= 1
    assert reduced(entry.release or {}) == entry.release
    json.dumps(entry.release, allow_nan=False)
    describe_release(broken)
    award_parties(broken)


# --- the rules ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace('event = "tender_opened"', 'event = "opened"', 1), "'opened' is not a valid EventKind"),
        (lambda text: text.replace("[statuses]", "[status]"), "'statuses' is missing"),
        (lambda text: text + "\n[[[", "cannot be read"),
        (lambda _: "celex = 3\nuk = {}\nted = 1\nstatuses = 1\nwords = 1\nidentifiers = 1", "has another shape"),
    ],
)
def test_a_wrong_rule_file_is_named_with_what_is_wrong(spoil: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "notices.toml"
    path.write_text(spoil(PATH.read_text(encoding="utf-8")), encoding="utf-8")

    with pytest.raises(RuleError) as caught:
        read_rules(path)

    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_rule_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read"):
        read_rules(tmp_path / "none.toml")


def test_every_notice_type_of_the_act_has_a_rule() -> None:
    assert set(notice_rules().uk) == {f"UK{number}" for number in range(1, 18)}


# --- the measure --------------------------------------------------------------------------------------------------------------------------


def _benchmark() -> Any:
    path = Path(__file__).parent.parent / "benchmarks" / "notices.py"
    spec = importlib.util.spec_from_file_location("notices_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.shared
def test_real_notices_are_read_as_the_table_of_expected_events_says(shared: Path) -> None:
    benchmark = _benchmark()
    report = benchmark.measure(shared / "data" / "procurement" / "find-a-tender")

    assert report.releases > 1000
    assert {what: report.share(what) for what in benchmark.ASKED} == {
        "event": 1.0,
        "alert": 1.0,
        "public body": 1.0,
        "suppliers": pytest.approx(1.0, abs=0.002),  # the table stops after twenty suppliers of a notice
        "value": 1.0,
    }
    assert report.share("direct award") == 1.0


@pytest.mark.shared
def test_no_real_notice_stores_an_address_and_all_are_understood_again_as_before(shared: Path) -> None:
    folder = shared / "data" / "procurement" / "find-a-tender"
    count = size = raw = 0
    for path in sorted(folder.rglob("page-*.json")):
        for found in json.loads(path.read_text(encoding="utf-8"))["releases"]:
            entry = entry_of(found)
            text = json.dumps(entry.release)
            count, size, raw = count + 1, size + len(text), raw + len(json.dumps(found))

            assert re.search(r"\w@\w+\.\w", text) is None
            assert entry_of(json.loads(text)) == entry
            assert understand_release(entry, (), NoMatches()) == understand_release(entry_of(json.loads(text)), (), NoMatches())

    assert count > 1000
    assert size / raw < 0.5


@pytest.mark.shared
def test_other_publishers_are_read_in_the_order_tags_of_an_end_then_statuses(shared: Path) -> None:
    folder = shared / "data" / "procurement"
    colombia = json.loads((folder / "colombia-compra" / "spoonbill-test_2021-03-03.json").read_text(encoding="utf-8"))["releases"]
    portugal = json.loads((folder / "portugal-base" / "kingfisher-process_collection_file.json").read_text(encoding="utf-8"))[0]["releases"]
    finder = json.loads((folder / "contracts-finder" / "cfserver1_releases.json").read_text(encoding="utf-8"))["releases"]

    def events(releases: list[dict[str, Any]]) -> dict[str, int]:
        told = [describe_release(found)["event"] for found in releases]
        return {event: told.count(event) for event in sorted(set(told))}

    assert events(colombia) == {"awarded": 85, "cancelled": 4, "terminated": 11}
    assert events(portugal) == {"awarded": 92, "completed": 8}
    assert events(finder) == {"awarded": 147, "none": 7, "tender_opened": 46}


def test_sums_are_exact() -> None:
    value = finding("uk6_decided_lots").value
    assert value is not None

    assert value.amount == Decimal("500000.25")
