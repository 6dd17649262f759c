"""The European register: what is asked, how the answer is read to its end, and what its notices mean."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from register_server import NOW, Register, entries, numbers, refusal, serving, walked

from watchers.exceptions import FetchError, ParseError
from watchers.notices import award_parties, describe_release, understand_release
from watchers.parsers.ocds import entry_of
from watchers.parsers.ted import EVERYTHING, question_of, release_of
from watchers.types import Feed, FeedKind, FeedState, Finding, Match, Party, Role

RECENT = FeedState(checkpoint="2026-08-11")


def notice(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An award notice as the Search API gives it; names are invented."""
    given: dict[str, Any] = {
        "publication-number": f"{number}-2026",
        "publication-date": "2026-08-11+02:00",
        "notice-type": "can-standard",
        "notice-identifier": f"9a3fe699-66d9-4d68-b046-{number:012}",
        "procedure-identifier": f"1b4fe699-66d9-4d68-b046-{number:012}",
        "notice-version": "01",
        "buyer-name": {"deu": ["Stadt Birkenau"], "eng": ["City of Birkenau"]},
        "title-proc": {"deu": "Straßenbeleuchtung", "eng": "Street &amp; park lighting"},
        "notice-title": {"eng": "Germany – Lighting – Street & park lighting"},
        "winner-name": {"deu": ["Laternenwerk GmbH", "Laternenwerk GmbH", "Funkelicht AG"]},
        "winner-selection-status": ["selec-w", "selec-w"],
        "winner-decision-date": ["2026-07-01+02:00", "2026-07-03+02:00"],
        "total-value": 1250000.5,
        "total-value-cur": ["EUR"],
        "links": {"html": {"ENG": f"https://ted.europa.eu/en/notice/-/detail/{number}-2026"}},
    }
    return given | changes


def answer(*notices: Any, total: int | None = None, token: str | None = "more", timed_out: bool = False) -> web.Response:
    return web.json_response(
        {
            "notices": list(notices),
            "totalNoticeCount": len(notices) if total is None else total,
            "iterationNextToken": token,
            "timedOut": timed_out,
        }
    )


def ted(register: Register, query: str = "?query=winner-name%20~%20%22Laternenwerk%22") -> Feed:
    return register.feed(FeedKind.TED, f"/v3/notices/search{query}")


class NobodyWatches:
    def parties(self, parties: Any, role: Role) -> tuple[Match, ...]:
        return ()


def finding(**changes: Any) -> Finding | None:
    found = understand_release(entry_of(release_of(notice(**changes))), (), NobodyWatches())
    return found[0] if found else None


# --- asking -------------------------------------------------------------------------------------------------------------------------------


async def test_the_query_of_the_address_is_asked_for_the_days_since_the_checkpoint() -> None:
    async with serving() as (register, fetcher):
        register.script(answer(notice()))
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert error is None
        assert register.asked[0].path_qs == "/v3/notices/search"
        assert register.bodies[0]["query"] == '(winner-name ~ "Laternenwerk") AND publication-date >= 20260808 SORT BY PD DESC'
        assert (register.bodies[0]["paginationMode"], register.bodies[0]["limit"]) == ("ITERATION", 250)
        assert pages[-1].state == FeedState(checkpoint="2026-08-12")


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", EVERYTHING),
        ("?query=FT%20~%20lamp%20SORT%20BY%20publication-date", "FT ~ lamp"),
        ("?query=buyer-name+~+%22A%22", 'buyer-name ~ "A"'),
    ],
)
def test_an_address_without_query_asks_for_all_awards_and_a_sort_order_is_ours(query: str, asked: str) -> None:
    feed = ted(Register(origin="http://x"), query)

    assert question_of(feed, date(2026, 8, 1)) == f"({asked}) AND publication-date >= 20260801 SORT BY PD DESC"


@pytest.mark.parametrize(("checkpoint", "since"), [(None, "20260805"), ("nonsense", "20260805"), ("2099-01-01", "20260809")])
async def test_a_checkpoint_that_cannot_be_does_no_harm(checkpoint: str | None, since: str) -> None:
    async with serving() as (register, fetcher):
        register.script(answer())
        await walked(register, fetcher, FeedState(checkpoint=checkpoint), feed=ted(register))

        assert f"publication-date >= {since}" in register.bodies[0]["query"]


async def test_an_answer_is_followed_by_its_token_until_all_notices_are_there() -> None:
    async with serving() as (register, fetcher):
        register.script(answer(notice(3), notice(2), total=3), answer(notice(2), total=3))
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert error is None
        assert [body.get("iterationNextToken") for body in register.bodies] == [None, "more"]
        assert numbers(pages) == ["2-2026", "3-2026"]
        assert [page.state is None for page in pages] == [True, False]


@pytest.mark.parametrize("last", [{"token": None}, {"notices": ()}])
async def test_an_answer_that_stops_short_keeps_the_checkpoint(last: dict[str, Any]) -> None:
    async with serving() as (register, fetcher):
        register.script(answer(notice(1), total=9), answer(*last.get("notices", (notice(2),)), total=9, token=last.get("token", "more")))
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert isinstance(error, FetchError)
        assert "of 9 notices" in str(error)
        assert not any(page.state for page in pages)


async def test_a_search_without_end_is_left_after_two_hundred_pages() -> None:
    async with serving() as (register, fetcher):
        register.answer = lambda _: answer(notice(1), total=10**9)
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert isinstance(error, ParseError)
        assert len(register.bodies) == 200
        assert numbers(pages) == ["1-2026"]


async def test_an_answer_that_ran_out_of_time_is_asked_for_again() -> None:
    async with serving() as (register, fetcher):
        register.script(answer(notice(1), timed_out=True), answer(notice(1), notice(2)))
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert error is None
        assert sorted(numbers(pages)) == ["1-2026", "2-2026"]


async def test_a_search_that_always_runs_out_of_time_fails() -> None:
    async with serving() as (register, fetcher):
        register.answer = lambda _: answer(notice(1), timed_out=True)
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert isinstance(error, FetchError)
        assert len(register.bodies) == 3
        assert pages == []


async def test_fields_that_the_api_no_longer_knows_are_given_up() -> None:
    async with serving() as (register, fetcher):
        register.script(web.json_response({"message": "Unknown field"}, status=400), answer(notice(1), total=2), answer(notice(2), total=2))
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert error is None
        assert ["winner-selection-status" in body["fields"] for body in register.bodies] == [True, False, False]
        assert len(numbers(pages)) == 2


async def test_a_query_that_the_api_refuses_is_a_fetch_error() -> None:
    async with serving() as (register, fetcher):
        register.answer = lambda _: web.json_response({"message": "Syntax error"}, status=400)
        _, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert isinstance(error, FetchError)
        assert error.status == 400


async def test_a_refusal_says_when_to_come_back() -> None:
    async with serving() as (register, fetcher):
        register.script(refusal(429, 60))
        _, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert isinstance(error, FetchError)
        assert error.retry_at is not None
        assert error.retry_at > NOW


async def test_an_answer_without_notices_is_one_clear_sentence() -> None:
    async with serving() as (register, fetcher):
        register.script(web.json_response({"results": []}))
        _, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert isinstance(error, ParseError)
        assert str(error) == "register: the answer has no list of notices"


async def test_a_notice_that_cannot_be_read_is_named_and_left_out_alone() -> None:
    async with serving() as (register, fetcher):
        register.script(answer(notice(1), {"notice-type": "can-standard"}, {"publication-number": "5-2026"}, None))
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert error is None
        assert numbers(pages) == ["1-2026"]
        assert pages[-1].problems == (
            "notice number 2 of the page was left out: it has no publication number",
            "notice 5-2026 was left out: it has no title",
            "notice number 4 of the page was left out: it has no publication number",
        )


# --- understanding ------------------------------------------------------------------------------------------------------------------------


def test_an_award_names_winners_body_sum_and_day() -> None:
    found = finding()
    assert found is not None
    assert found.value is not None
    assert found.notice is not None

    assert str(found.event) == "awarded"
    assert [party.name for party in found.suppliers] == ["Laternenwerk GmbH", "Funkelicht AG"]
    assert [party.name for party in found.public_bodies] == ["City of Birkenau"]
    assert (found.value.printed, found.value.basis) == ("€1,250,000.50", "")
    assert found.happened_on is not None
    assert found.happened_on.date() == date(2026, 7, 3)
    assert (found.notice.type, found.notice.publisher) == ("TED", "Tenders Electronic Daily")
    assert found.notice.url == "https://ted.europa.eu/en/notice/-/detail/1-2026"
    assert found.notice.title == "Street & park lighting"


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"notice-type": "can-social"}, "awarded"),
        ({"winner-selection-status": None}, "awarded"),
        ({"winner-selection-status": ["clos-nw", "selec-w"]}, "awarded"),
        ({"winner-selection-status": ["clos-nw"], "winner-name": None}, "cancelled"),
        ({"winner-selection-status": ["clos-nw", "open-nw"], "winner-name": None}, "none"),
        ({"winner-selection-status": ["open-nw"], "winner-name": None}, "none"),
        ({"winner-selection-status": None, "winner-name": None}, "none"),
        ({"notice-type": "veat"}, "award_intended"),
        ({"notice-type": "can-modif"}, "changed"),
        ({"notice-type": "compl"}, "completed"),
        ({"notice-type": "cn-standard", "winner-name": None}, "tender_opened"),
        ({"notice-type": "pin-only", "winner-name": None}, "none"),
        ({"notice-type": "something-new"}, "none"),
        ({"notice-type": None}, "none"),
        ({"change-reason-code": "cancel"}, "none"),  # the notice is taken back; of its contract that says nothing
        ({"notice-type": "cn-standard", "winner-name": None, "change-reason-code": "cancel"}, "cancelled"),
        ({"change-reason-code": ["cor-buy"]}, "awarded"),
    ],
)
def test_the_notice_type_and_the_result_of_each_lot_decide(changes: dict[str, Any], event: str) -> None:
    assert describe_release(release_of(notice(**changes)))["event"] == event


@pytest.mark.parametrize(
    ("code", "reason"), [("no-rece", "no bids received"), ("ins-fund", "not enough money"), ("brand-newCode", "brand-new code")]
)
def test_a_lot_without_winner_says_why_in_plain_words(code: str, reason: str) -> None:
    found = finding(**{"winner-selection-status": ["clos-nw"], "winner-name": None, "non-award-justification": [code, code]})
    assert found is not None

    assert found.reason == reason


@pytest.mark.parametrize(
    "value", [{"total-value": [1, 2]}, {"total-value-cur": ["EUR", "NOK"]}, {"total-value": None}, {"total-value-cur": None}]
)
def test_sums_of_several_lots_are_not_put_beside_currencies_of_others(value: dict[str, Any]) -> None:
    found = finding(**value)
    assert found is not None

    assert found.value is None


def test_a_correction_speaks_of_the_same_award() -> None:
    first = award_parties(release_of(notice(1)))
    corrected = notice(1) | {"publication-number": "77-2026", "notice-version": "02"}

    assert {(party.ocid, party.award_id) for party in first} == {(p.ocid, p.award_id) for p in award_parties(release_of(corrected))}
    assert entry_of(release_of(corrected)).keys != entry_of(release_of(notice(1))).keys


def test_winners_numbers_are_not_put_beside_names_they_may_not_belong_to() -> None:
    found = finding(**{"winner-identifier": ["HRB 1", "HRB 2"]})
    assert found is not None

    assert found.suppliers[0] == Party(name="Laternenwerk GmbH")


def test_a_stored_notice_is_understood_as_it_was_the_first_time() -> None:
    entry = entry_of(release_of(notice()))

    assert entry_of(json.loads(json.dumps(entry.release))) == entry


@pytest.mark.shared
async def test_a_recorded_notice_of_the_real_register_is_read(shared: Path) -> None:
    path = shared / "data" / "procurement" / "ted" / "search-api-json" / "596416-2026_trimmed.json"
    async with serving() as (register, fetcher):
        register.script(web.json_response(json.loads(path.read_text(encoding="utf-8")) | {"totalNoticeCount": 1}))
        pages, error = await walked(register, fetcher, RECENT, feed=ted(register))

        assert error is None
        (entry,) = entries(pages)
        assert describe_release(entry.release or {})["event"] == "tender_opened"
        assert entry.published is not None
        assert entry.published.date() == date(2026, 8, 31)
        assert entry.title[:4] not in ("", "Pola")
