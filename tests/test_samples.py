"""The sample week is what its README says: whole, in the real formats, written by us, and consistent with what is expected of it."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nursery import Child, Nursery

from bot.resources import example_config, samples

FOLDER = samples()
WEEK: dict[str, Any] = tomllib.loads((FOLDER / "week.toml").read_text(encoding="utf-8"))
EXPECTED: dict[str, Any] = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))
FEEDS = [feed["id"] for feed in WEEK["feeds"]]
DOCUMENTS = sorted(path for feed in FEEDS for path in (FOLDER / feed).iterdir() if path.suffix in {".xml", ".atom"})
PACKAGES = sorted((FOLDER / WEEK["find_a_tender"]["folder"]).glob("*.json"))
RELEASES = [release for path in PACKAGES for release in json.loads(path.read_text(encoding="utf-8"))["releases"]]


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def test_the_files_that_ship_with_the_code_are_found() -> None:
    assert example_config().read_text(encoding="utf-8").strip()
    assert (FOLDER / "README.md").is_file()


def test_the_week_has_seven_polls_a_day_apart() -> None:
    times = [poll["at"] for poll in WEEK["polls"]]

    assert len(times) == 7
    assert {(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)} == {86400}


def test_every_document_is_served_and_every_served_document_is_there() -> None:
    served = {(feed, name) for poll in WEEK["polls"] for feed, name in poll["documents"].items()}

    assert {name for _, name in served} == {_name(path) for path in DOCUMENTS}
    assert all(name.startswith(f"{feed}/") for feed, name in served)


def test_every_feed_has_a_document_from_the_first_poll_on() -> None:
    without_documents = {feed for feed in FEEDS if feed not in WEEK["polls"][0]["documents"]}

    assert without_documents == {"find-a-tender"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_a_document_is_small_and_links_to_invented_places_only(path: Path) -> None:
    text = path.read_bytes().decode("utf-8-sig")
    hosts = set(re.findall(r"https?://([^/\s<\"]+)", text))

    assert len(text) < 8_000
    assert {host for host in hosts if not host.endswith(".example")} <= {"purl.org", "search.yahoo.com", "www.w3.org"}  # names of formats


def test_councils_documents_have_the_quirks_of_the_real_ones() -> None:
    for feed in (feed["id"] for feed in WEEK["feeds"] if feed["kind"] == "moderngov"):
        documents = [path.read_bytes() for path in DOCUMENTS if path.parent.name == feed]

        assert all(body.startswith(b"\xef\xbb\xbf<?xml") for body in documents)
        assert all(b"&amp;#39;" in body for body in documents)


def test_one_article_changes_headline_and_guid_under_one_link() -> None:
    texts = [(FOLDER / "kingdom-news" / name).read_text(encoding="utf-8") for name in ("3-wednesday.xml", "4-thursday.xml")]
    guids = [re.findall(r"articles/(c5kn0data00o#\d)", text) for text in texts]
    titles = [re.search(r"CDATA\[([^]]+)\]\]></title>\s*<description>[^\n]*\n\s*<link>[^<]*c5kn0data00o", text) for text in texts]

    assert guids == [["c5kn0data00o#0"], ["c5kn0data00o#3"]]
    assert [title and title[1] for title in titles] == [
        "Mayor to make statement on Met Police data contract",
        "Mayor of London cancels £50m Palantir contract with Met Police",
    ]


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.name)
def test_a_release_is_of_the_shape_of_find_a_tender(path: Path) -> None:
    package = json.loads(path.read_text(encoding="utf-8"))

    assert package["version"] == "1.1"
    for release in package["releases"]:
        documents = [
            document
            for place in (release.get("planning"), release["tender"], *release.get("awards", ()), *release.get("contracts", ()))
            for document in (place or {}).get("documents", ())
            if document["id"] == release["id"]
        ]
        kind = path.stem.split("-")[2]

        assert re.fullmatch(r"99\d{4}-20\d\d", release["id"])
        assert re.fullmatch(r"ocds-h6vhtk-fff[0-9a-f]{3}", release["ocid"])
        assert path.stem.startswith(release["id"])
        assert [document["noticeType"] for document in documents] == [kind]
        assert documents[0]["url"].endswith(f"/Notice/{release['id']}")
        assert any("buyer" in party["roles"] for party in release["parties"])
        assert datetime.fromisoformat(release["date"]).tzinfo is not None


def test_notices_that_end_something_name_neither_buyer_nor_supplier_in_their_own_fields() -> None:
    ending = [release for release in RELEASES if {"contractTermination", "tenderCancellation"} & set(release["tag"])]

    assert len(ending) == 5
    for release in ending:
        assert "buyer" not in release
        assert not any("supplier" in party["roles"] for party in release["parties"])
        assert not any("suppliers" in award for award in release.get("awards", ()))


def test_some_suppliers_are_named_only_before_the_week() -> None:
    first = WEEK["polls"][0]["at"]
    before = {release["ocid"] for release in RELEASES if datetime.fromisoformat(release["date"]).astimezone(UTC) < first.replace(hour=0)}

    assert {release["ocid"] for release in RELEASES if release["id"] in {"990501-2026", "990502-2026"}} <= before


def test_every_expected_alert_and_every_silence_has_its_reason_and_its_entry() -> None:
    texts = {feed: " ".join(path.read_text(encoding="utf-8-sig") for path in DOCUMENTS if path.parent.name == feed) for feed in FEEDS}
    texts["find-a-tender"] = json.dumps(RELEASES, ensure_ascii=False)
    times = {poll["at"] for poll in WEEK["polls"]}
    watches = {watch["name"] for watchlist in WEEK["watchlists"] for watch in watchlist["watches"]}

    for alert in EXPECTED["alerts"]:
        assert alert["why"]
        assert alert["at"] in times
        assert set(alert["watches"]) <= watches
        assert set(alert["feeds_at_first"]) | set(alert.get("feeds_later", ())) <= set(FEEDS)
        assert not set(alert["feeds_at_first"]) & set(alert.get("feeds_later", ()))
        assert ("find-a-tender" in alert["feeds_at_first"]) == ("notice" in alert)
    for silent in EXPECTED["silent"]:
        assert silent["why"]
        assert silent["text"] in texts[silent["feed"]]


def test_every_watched_name_of_the_week_is_alerted_once_at_least() -> None:
    watches = {watch["name"] for watchlist in WEEK["watchlists"] for watch in watchlist["watches"]}

    assert {name for alert in EXPECTED["alerts"] for name in alert["watches"]} == watches


@pytest.fixture(scope="module")
def told(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The alerts of ``contractwatch demo --json``, in the order in which they were told; made once for all processes of tests."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    kept = folder / "demo.jsonl"
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            demo = Child(nursery, folder, ["demo", "--json"], environment=dict(os.environ))
            assert demo.wait(120) == 0, demo.err
            kept.write_text("\n".join(demo.out), encoding="utf-8")
    return [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]


def _is(alert: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether an alert is the expected one: what happened to whose contract, which sum, on whose word, for whom."""
    amount = alert["value"]["amount"] if alert["value"] else None
    return (
        alert["kind"] == expected["kind"]
        and [name.casefold() for name in alert["suppliers"]] == ([expected["supplier"].casefold()] if "supplier" in expected else [])
        and any(name in expected["public_body"] for name in alert["public_bodies"])
        and ("amount" not in expected or amount == expected["amount"])
        and alert["notice"] == expected.get("notice")
        and sorted(alert["feeds"]) == expected["feeds_at_first"]
        and {watch.rpartition("/")[2] for watch in alert["watches"]} == {name.lower().replace(" ", "-") for name in expected["watches"]}
    )


@pytest.mark.parametrize("expected", EXPECTED["alerts"], ids=lambda alert: f"{alert['at']:%a}-{alert['kind']}-{alert['watches'][-1]}")
def test_the_demo_tells_each_expected_alert_once(told: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    matching = [alert for alert in told if _is(alert, expected)]

    assert len(matching) == 1, [alert for alert in told if alert["kind"] == expected["kind"]]


def test_the_demo_tells_nothing_else(told: list[dict[str, Any]]) -> None:
    unexpected = [alert for alert in told if not any(_is(alert, expected) for expected in EXPECTED["alerts"])]

    assert unexpected == []
    assert len(told) == len(EXPECTED["alerts"])


def test_the_demo_tells_in_the_order_of_the_week(told: list[dict[str, Any]]) -> None:
    days = [expected["at"] for alert in told for expected in EXPECTED["alerts"] if _is(alert, expected)]

    assert days == sorted(days)


def test_every_alert_of_the_demo_carries_its_evidence(told: list[dict[str, Any]]) -> None:
    for alert in told:
        assert alert["evidence"]
        assert alert["alert"] == ("awarded" if alert["kind"] == "awarded" else "cancelled")
        assert alert["url"].startswith("https://")
        assert alert["cancel_reason"] if alert["kind"] != "awarded" and alert["notice"] else alert["cancel_reason"] is None


@pytest.mark.parametrize("silent", [silent["text"] for silent in EXPECTED["silent"] if silent["feed"] != "find-a-tender"])
def test_what_looks_like_an_alert_is_not_what_an_alert_rests_on(told: list[dict[str, Any]], silent: str) -> None:
    assert silent not in {text for alert in told for text in (alert["title"], *alert["evidence"])}
