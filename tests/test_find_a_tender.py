"""Walking Find a Tender: windows, pages, refusals and a server that misbehaves; and the recorded pages of the real one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from register_server import NOW, Recorded, entries, most_in, numbers, package, refusal, release, serving, walked

from watchers.exceptions import FetchError, ParseError
from watchers.notices import award_parties, understand_release, wanted_awards
from watchers.parsers.find_a_tender import ADDRESS, process_releases
from watchers.parsers.windows import windows_since
from watchers.types import FeedKind, FeedState, Match, Role

RECENT = FeedState(checkpoint="2026-08-12T09:30:00")  # half an hour before NOW, which is 10:00 in London


def signed(number: int) -> dict[str, Any]:
    return release("uk7_signed", id=f"{number:06}-2026", ocid=f"ocds-h6vhtk-{number:06x}")


# --- windows ------------------------------------------------------------------------------------------------------------------------------


def hours(written: str | None, now: datetime = NOW) -> list[float]:
    return [(end - begin) / timedelta(hours=1) for begin, end in windows_since(written, now)]


def test_the_first_walk_covers_two_days_in_windows_of_six_hours() -> None:
    assert hours(None) == [6.0] * 8


def test_a_later_walk_goes_back_two_hours_before_the_checkpoint() -> None:
    assert windows_since("2026-08-12T09:45:00", NOW) == [(datetime(2026, 8, 12, 6, 45, tzinfo=UTC), NOW)]


def test_the_first_walk_of_a_day_covers_two_more_days() -> None:
    windows = windows_since("2026-08-11T23:50:00", datetime(2026, 8, 11, 23, 5, tzinfo=UTC))

    assert windows[0][0] == datetime(2026, 8, 9, 22, 50, tzinfo=UTC)
    assert windows[-1][1] == datetime(2026, 8, 11, 23, 5, tzinfo=UTC)
    assert max(end - begin for begin, end in windows) == timedelta(hours=6)


def test_a_long_gap_is_caught_up_two_days_a_poll_without_a_hole() -> None:
    windows = windows_since("2026-08-01T10:00:00", NOW)

    assert windows[0][0] == datetime(2026, 8, 1, 7, tzinfo=UTC)
    assert windows[-1][1] == datetime(2026, 8, 3, 9, tzinfo=UTC)
    assert all(one[1] == next_one[0] for one, next_one in pairwise(windows))


@pytest.mark.parametrize("written", ["2027-01-01T00:00:00", "yesterday", ""])
def test_a_checkpoint_that_cannot_be_is_as_none(written: str) -> None:
    assert hours(written) == [6.0] * 8


def test_the_hour_that_london_has_twice_is_covered() -> None:
    windows = windows_since("2026-10-25T01:30:00", datetime(2026, 10, 25, 1, 45, tzinfo=UTC))  # 01:30 was at 00:30 and at 01:30 UTC

    assert windows[0][0] <= datetime(2026, 10, 24, 23, 30, tzinfo=UTC)


# --- pages --------------------------------------------------------------------------------------------------------------------------------


async def test_the_register_is_asked_for_a_window_in_london_time() -> None:
    async with serving() as (register, fetcher):
        pages, error = await walked(register, fetcher, RECENT)

        assert error is None
        assert [request.path_qs for request in register.asked] == [
            "/api/1.0/ocdsReleasePackages?updatedFrom=2026-08-12T07:30:00&updatedTo=2026-08-12T10:00:00&limit=100"
        ]
        assert [(page.entries, page.state) for page in pages] == [((), FeedState(checkpoint="2026-08-12T10:00:00"))]


async def test_pages_are_followed_verbatim_and_only_the_last_moves_the_checkpoint() -> None:
    async with serving() as (register, fetcher):
        cursor = f"{register.origin}/api/1.0/ocdsReleasePackages?cursor=dXA9PQ==&updatedTo=2026-08-12T10:00:00"
        register.script(package(signed(3), signed(2), following=cursor), package(signed(1)))
        pages, error = await walked(register, fetcher, RECENT)

        assert error is None
        assert register.asked[1].raw_path == "/api/1.0/ocdsReleasePackages?cursor=dXA9PQ==&updatedTo=2026-08-12T10:00:00"
        assert numbers(pages) == ["000002-2026", "000003-2026", "000001-2026"]
        assert [page.state and page.state.checkpoint for page in pages] == [None, "2026-08-12T10:00:00"]


async def test_a_release_that_is_repeated_in_a_page_or_in_a_later_window_is_yielded_once() -> None:
    async with serving() as (register, fetcher):
        register.answer = lambda _: package(signed(2), signed(2), signed(1))
        pages, _ = await walked(register, fetcher)

        assert len(register.asked) == 8
        assert numbers(pages) == ["000001-2026", "000002-2026"]


async def test_a_notice_that_needs_an_award_comes_after_every_page_that_may_hold_it() -> None:
    async with serving() as (register, fetcher):
        register.script(
            package(release("uk12_before_signature"), signed(5), following=f"{register.origin}/next"), package(release("uk6_standstill"))
        )
        pages, _ = await walked(register, fetcher, RECENT)

        assert numbers(pages) == ["000005-2026", "000105-2026", "000119-2026"]


async def test_a_refusal_in_the_middle_keeps_what_was_read_and_the_checkpoint() -> None:
    async with serving() as (register, fetcher):
        register.script(package(signed(2), release("uk12_before_signature"), following=f"{register.origin}/next"), refusal(429))
        pages, error = await walked(register, fetcher, RECENT)

        assert isinstance(error, FetchError)
        assert (error.status, error.retry_at) == (429, NOW + timedelta(seconds=120))
        assert numbers(pages) == ["000002-2026", "000119-2026"]
        assert [page.state for page in pages] == [None]


@pytest.mark.parametrize("status", [403, 503])
async def test_other_refusals_say_when_to_come_back(status: int) -> None:
    async with serving() as (register, fetcher):
        register.script(refusal(status, 90))
        _, error = await walked(register, fetcher, RECENT)

        assert isinstance(error, FetchError)
        assert (error.status, error.retry_at) == (status, NOW + timedelta(seconds=90))


async def test_after_a_refusal_the_next_walk_is_whole() -> None:
    async with serving() as (register, fetcher):
        register.script(refusal(429), package(signed(1)))
        first, _ = await walked(register, fetcher, RECENT)
        again, error = await walked(register, fetcher, RECENT)

        assert (numbers(first), numbers(again), error) == ([], ["000001-2026"], None)


async def test_links_to_the_official_register_are_followed_on_the_copy() -> None:
    async with serving() as (register, fetcher):
        register.script(package(signed(2), following=f"{ADDRESS}?cursor=abc"), package(signed(1)))
        pages, error = await walked(register, fetcher, RECENT, feed=register.feed(path="/copy"))

        assert error is None
        assert [request.path for request in register.asked] == ["/copy", urlsplit(ADDRESS).path]
        assert len(numbers(pages)) == 2


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("https://evil.example/api?cursor=1", "on another server (evil.example)"),
        ("http://169.254.169.254/latest", "on another server"),
        ("http://[", "no address"),
    ],
)
async def test_links_to_anywhere_else_are_not_followed(link: str, said: str) -> None:
    async with serving() as (register, fetcher):
        register.script(package(signed(1), following=link))
        pages, error = await walked(register, fetcher, RECENT)

        assert isinstance(error, ParseError)
        assert said in str(error)
        assert len(register.asked) == 1
        assert numbers(pages) == ["000001-2026"]


async def test_pages_that_go_round_in_a_circle_are_left() -> None:
    async with serving() as (register, fetcher):
        register.answer = lambda request: package(signed(1), following=f"{register.origin}/{'b' if request.path == '/a' else 'a'}")
        _, error = await walked(register, fetcher, RECENT)

        assert isinstance(error, ParseError)
        assert "circle" in str(error)
        assert len(register.asked) == 3


async def test_pages_without_end_are_left_after_two_hundred() -> None:
    async with serving() as (register, fetcher):
        register.answer = lambda _: package(following=f"{register.origin}/{len(register.asked)}")
        _, error = await walked(register, fetcher, RECENT)

        assert isinstance(error, ParseError)
        assert "200 pages" in str(error)
        assert len(register.asked) == 200


async def test_a_full_page_without_a_next_one_is_walked_again_in_halves() -> None:
    every = [signed(number) for number in range(1, 151)]

    def answer(request: web.Request) -> web.StreamResponse:
        whole = request.query["updatedFrom"] == "2026-08-12T07:30:00" and request.query["updatedTo"] == "2026-08-12T10:00:00"
        early = request.query["updatedTo"] < "2026-08-12T10:00:00"
        return package(*(every[50:] if whole else every[:80] if early else every[80:]))

    async with serving() as (register, fetcher):
        register.answer = answer
        pages, error = await walked(register, fetcher, RECENT)

        assert error is None
        assert sorted(numbers(pages)) == sorted(str(found["id"]) for found in every)
        assert [problem for page in pages for problem in page.problems] == [
            "a full page named no next one: 2026-08-12T07:30:00 to 2026-08-12T10:00:00 was walked again in halves"
        ]
        assert len(register.asked) == 3


async def test_a_copy_that_answers_every_window_alike_is_walked_once() -> None:
    def answer(request: web.Request) -> web.StreamResponse:
        last = request.query.get("cursor") == "2"
        return package(signed(1) if last else signed(2), following=None if last else f"{ADDRESS}?cursor=2")

    async with serving() as (register, fetcher):
        register.answer = answer
        pages, error = await walked(register, fetcher)

        assert error is None
        assert sorted(numbers(pages)) == ["000001-2026", "000002-2026"]
        assert len(register.asked) == 9  # eight windows, one second page


# --- what is not a page -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (web.Response(text="<!doctype html><title>Maintenance</title>", content_type="text/html"), "a web page"),
        (web.Response(text="", content_type="application/json"), "empty"),
        (web.Response(text='{"releases": [', content_type="application/json"), "(application/json) is not JSON"),
        (web.json_response({"publisher": {}}), "no list of releases"),
        (web.json_response({"error": "Not found", "status": 404}), "no list of releases but says 'Not found'"),
        (web.json_response([1, 2]), "no list of releases"),
        (web.json_response({"releases": {"a": 1}}), "no list of releases"),
        (web.Response(text="[" * 100_000, content_type="application/json"), "nested too deeply"),
        (web.Response(text=f'{{"releases": [{"9" * 5000}]}}', content_type="application/json"), "thousands of digits"),
    ],
)
async def test_what_is_not_a_page_is_one_clear_sentence(answer: web.Response, said: str) -> None:
    async with serving() as (register, fetcher):
        register.script(answer)
        pages, error = await walked(register, fetcher, RECENT)

        assert isinstance(error, ParseError)
        assert said in error.message
        assert error.about == "register"
        assert not any(page.state for page in pages)


async def test_a_release_that_cannot_be_read_is_named_and_left_out_alone() -> None:
    async with serving() as (register, fetcher):
        register.script(
            package(
                signed(2), {"id": "000009-2026"}, "nonsense", {"id": "000008-2026", "ocid": "ocds-h6vhtk-000008", "tender": None}, signed(1)
            )
        )
        pages, error = await walked(register, fetcher, RECENT)

        assert error is None
        assert numbers(pages) == ["000001-2026", "000002-2026"]
        assert pages[-1].problems == (
            "release 000009-2026 was left out: it has no ocid",
            "release number 3 of the page was left out: it has no ocid",
            "release 000008-2026 was left out: it has no title",
        )


async def test_many_unreadable_releases_do_not_flood_the_admin() -> None:
    async with serving() as (register, fetcher):
        register.script(package(*({"id": str(number)} for number in range(90))))
        pages, _ = await walked(register, fetcher, RECENT)

        assert len(pages[-1].problems) == 21
        assert pages[-1].problems[-1] == "and 70 more"


async def test_numbers_that_json_does_not_know_cost_their_sum_and_nothing_else() -> None:
    body = json.dumps({"releases": [signed(1), signed(2)]}).replace('"amountGross": 480000', '"amountGross": 1e9999', 1)
    body = body.replace('"amount": 400000', '"amount": 000', 1)
    async with serving() as (register, fetcher):
        register.script(web.Response(text=body, content_type="application/json"))
        pages, error = await walked(register, fetcher, RECENT)

        assert error is None
        assert pages[-1].problems == ("a number with leading zeros was read without them",)
        assert [(entry.release or {})["contracts"][0].get("value") for entry in entries(pages)] == [
            {"amount": 400000, "amountGross": 480000, "currency": "GBP"},
            {"amount": 0, "currency": "GBP"},
        ]


async def test_a_page_full_of_such_numbers_is_refused() -> None:
    async with serving() as (register, fetcher):
        register.script(web.Response(text='{"releases": [' + ",".join(["000"] * 99) + "]}", content_type="application/json"))
        _, error = await walked(register, fetcher, RECENT)

        assert isinstance(error, ParseError)
        assert "too many numbers" in str(error)


# --- one process --------------------------------------------------------------------------------------------------------------------------


async def test_the_releases_of_a_process_name_the_supplier_a_cancellation_leaves_out() -> None:
    async with serving() as (register, fetcher):
        process = "ocds-h6vhtk-0a11ce"
        register.script(package(release("uk12_before_signature"), release("uk6_standstill"), signed(1)))
        found = await process_releases(process, feed=register.feed(), fetch=fetcher, now=NOW)

        assert register.asked[0].path == f"/api/1.0/ocdsReleasePackages/{process}"
        assert [(entry.release or {})["id"] for entry in found] == ["000105-2026", "000119-2026"]


async def test_a_process_the_register_does_not_know_is_a_fetch_error() -> None:
    async with serving() as (register, fetcher):
        register.script(web.json_response({"error": "Not found"}, status=404))

        with pytest.raises(FetchError):
            await process_releases("ocds-h6vhtk-0a11ce", feed=register.feed(), fetch=fetcher, now=NOW)


@pytest.mark.parametrize("ocid", ["", "../x", "ocds-h6vhtk-0a11ce?limit=1", "https://evil.example"])
async def test_only_the_id_of_a_process_is_asked_for(ocid: str) -> None:
    async with serving() as (register, fetcher):
        with pytest.raises(ParseError):
            await process_releases(ocid, feed=register.feed(), fetch=fetcher, now=NOW)

        assert register.asked == []


# --- pacing and the recorded pages --------------------------------------------------------------------------------------------------------


async def test_both_registers_together_are_asked_at_most_twelve_times_in_two_minutes() -> None:
    async with serving(timedelta(seconds=1)) as (register, fetcher):
        await walked(register, fetcher)
        await walked(register, fetcher, feed=register.feed(FeedKind.CONTRACTS_FINDER, "/Published/Notices/OCDS/Search"))

        assert len(register.asked_at) == 16
        assert most_in(120, register.asked_at) <= 12


class NobodyWatches:
    def parties(self, parties: Any, role: Role) -> tuple[Match, ...]:
        return ()


@pytest.mark.shared
async def test_the_recorded_pages_give_every_release_once_within_the_rate_limit_and_joined(shared: Path) -> None:
    recorded = Recorded(shared / "data" / "procurement" / "find-a-tender" / "recorded-pages")
    async with serving(timedelta(seconds=1)) as (register, fetcher):
        register.answer = recorded.answer
        refused, error = await walked(register, fetcher)
        pages, none = await walked(register, fetcher, now=NOW + timedelta(seconds=120))

        assert isinstance(error, FetchError)
        assert numbers(refused) == []
        assert none is None
        assert len(numbers(pages)) == len(set(numbers(pages)))
        assert set(numbers(pages)) == recorded.numbers()
        assert most_in(120, register.asked_at) <= 12
        assert [problem for page in pages for problem in page.problems] == []

    # The award stands on a page after the notice that cancels it.
    assert _joined_as_the_pipeline_does(pages) == {"075684-2026": "075614-2026"}


def _joined_as_the_pipeline_does(pages: list[Any]) -> dict[str, str]:
    """Which notice got its supplier from which, when each page is saved before the next one is read."""
    stored: list[Any] = []
    joined = {}
    for page in pages:
        stored.extend(party for entry in page.entries for party in award_parties(entry.release or {}))
        for entry in page.entries:
            if wanted_awards(entry.release or {}) is None:
                continue
            for found in understand_release(entry, stored, NobodyWatches()):
                if found.notice is not None and found.notice.supplier_from is not None:
                    joined[found.notice.number] = found.notice.supplier_from
    return joined
