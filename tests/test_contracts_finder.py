"""Walking Contracts Finder: its windows, its refusals, its letters."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from register_server import NOW, Register, entries, numbers, package, refusal, release, serving, walked

from watchers.exceptions import FetchError
from watchers.types import Feed, FeedKind, FeedState

RECENT = FeedState(checkpoint="2026-08-12T09:30:00")
PATH = "/Published/Notices/OCDS/Search"


def finder(register: Register) -> Feed:
    return register.feed(FeedKind.CONTRACTS_FINDER, PATH)


async def test_the_register_is_asked_with_the_offset_of_london() -> None:
    async with serving() as (register, fetcher):
        pages, _ = await walked(register, fetcher, RECENT, feed=finder(register))

        assert dict(register.asked[0].query) == {
            "publishedFrom": "2026-08-12T07:30:00+01:00",
            "publishedTo": "2026-08-12T10:00:00+01:00",
            "limit": "100",
        }
        assert [page.state and page.state.checkpoint for page in pages] == ["2026-08-12T10:00:00"]


async def test_a_parameter_of_the_configured_address_is_kept() -> None:
    async with serving() as (register, fetcher):
        await walked(register, fetcher, RECENT, feed=register.feed(FeedKind.CONTRACTS_FINDER, f"{PATH}?stages=award"))

        assert register.asked[0].query["stages"] == "award"
        assert "publishedFrom" in register.asked[0].query


async def test_forbidden_means_come_back_in_five_minutes() -> None:
    async with serving() as (register, fetcher):
        register.script(refusal(403, None))
        _, error = await walked(register, fetcher, RECENT, feed=finder(register))

        assert isinstance(error, FetchError)
        assert error.status == 403
        assert error.retry_at is not None
        assert error.retry_at >= NOW + timedelta(minutes=5)


async def test_too_many_requests_means_what_the_header_says() -> None:
    async with serving() as (register, fetcher):
        register.script(refusal(429, 120))
        _, error = await walked(register, fetcher, RECENT, feed=finder(register))

        assert isinstance(error, FetchError)
        assert error.retry_at == NOW + timedelta(seconds=120)


async def test_bytes_that_are_not_utf_8_are_read_as_latin_1_and_entities_as_letters() -> None:
    body = json.dumps({"releases": [release("cf_award", tender={"title": "Caf\u00e9 &apos;Rose&apos; &amp; bar"})]}, ensure_ascii=False)
    async with serving() as (register, fetcher):
        register.script(web.Response(body=body.encode("iso-8859-1"), content_type="application/json"))
        pages, error = await walked(register, fetcher, RECENT, feed=finder(register))

        assert error is None
        assert [entry.title for entry in entries(pages)] == ["Caf\u00e9 'Rose' & bar"]
        assert pages[-1].problems == ("the page is not UTF-8 and was read as Latin-1",)


async def test_an_edit_is_an_entry_of_its_own() -> None:
    async with serving() as (register, fetcher):
        register.script(package(release("cf_award_edited"), release("cf_award")))
        pages, _ = await walked(register, fetcher, RECENT, feed=finder(register))

        assert len(set(numbers(pages))) == 2
        assert len({entry.link_key for entry in entries(pages)}) == 1


@pytest.mark.shared
async def test_a_recorded_page_of_the_real_register_is_read_whole(shared: Path) -> None:
    path = shared / "data" / "procurement" / "contracts-finder" / "cfserver1_releases.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    async with serving() as (register, fetcher):
        register.script(web.json_response(document))
        pages, error = await walked(register, fetcher, RECENT, feed=finder(register))

        assert error is None
        assert set(numbers(pages)) == {found["id"] for found in document["releases"]}
        assert all(entry.published and entry.url and entry.outlet == "Contracts Finder" for entry in entries(pages))
