"""From the web to the store: what is told, how often, and what a failure costs. Real sockets, real workers, both databases."""

from __future__ import annotations

import asyncio
import copy
import gzip
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from raw_server import answer
from spine import PALANTIR, PROCESS, REGISTER, SERCO, START, Spine, a_spine, item, notice, package, renumbered, rss
from storing import a_feed

from storage.store import Store
from watchers.exceptions import ParseError
from watchers.types import AwardParty, Entry, EventKind, Finding, Watch
from watchers.workers import Workers

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUIET = item("Library opens on Sundays", "quiet")
CANCELLED = "Met Police cancels £50m contract with Palantir"
AWARDED = "Leeds Council awards £3m contract to Palantir"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(processes=2) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def spine(store: Store, workers: Workers) -> AsyncIterator[Spine]:
    async with a_spine(store, workers) as made:
        yield made


async def test_a_poll_that_takes_long_keeps_its_feed(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.polling._KEPT", timedelta(milliseconds=20))
    go = asyncio.Event()

    async def slowly(writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(answer(rss(QUIET), Content_Type="text/xml"))

    spine.route("/slow", slowly)
    lease, calls = timedelta(minutes=2), spine.polling.call
    await spine.polling.tick()
    spine.now += lease - timedelta(seconds=1)
    async with asyncio.timeout(20):
        while await calls(spine.store.next_due_at) != spine.now + lease:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)
    assert spine.store.claim_due_feeds(spine.now + timedelta(seconds=2), limit=1, owner="other", lease=lease) == []

    go.set()
    await spine.polling.stop(timedelta(seconds=20))
    assert spine.state("slow").last_ok_at is not None
    assert spine.store.next_due_at() == spine.state("slow").next_poll_at


# --- news ---------------------------------------------------------------------------------------------------------------------------------


async def test_an_entry_that_matches_is_told_once_however_often_it_is_polled(spine: Spine) -> None:
    spine.route("/bbc", answer(rss(item(CANCELLED, "a"), QUIET), Content_Type="text/xml"))
    first = await spine.round()
    again = await spine.round()
    spine.route("/bbc", answer(rss(QUIET), Content_Type="text/xml"))
    await spine.round()
    spine.route("/bbc", answer(rss(QUIET, item(CANCELLED, "a")), Content_Type="text/xml"))
    await spine.round()

    (alert,) = spine.alerts()
    assert (alert.event, alert.suppliers, alert.matches[0].watch_key) == (EventKind.CANCELLED, ("Palantir",), PALANTIR.id)
    assert [(first["bbc"].new, first["bbc"].alerts), (again["bbc"].new, again["bbc"].alerts)] == [(2, 1), (0, 0)]
    assert spine.store.counts(spine.now).entries == 2


async def test_a_headline_that_becomes_news_by_an_edit_is_told_once(spine: Spine) -> None:
    told = []
    for title in ("Met Police to make statement on Palantir contract", CANCELLED, f"{CANCELLED} after review", CANCELLED):
        spine.serve(bbc=rss(item(title, "a")))
        outcome = (await spine.round())["bbc"]
        told.append((outcome.new, outcome.changed, outcome.alerts))

    assert told == [(1, 0, 0), (0, 1, 1), (0, 1, 0), (0, 0, 0)]  # a text that was shown before is no change
    (alert,) = spine.alerts()
    assert [entry.title for entry in alert.entries] == [f"{CANCELLED} after review"]


async def test_the_first_poll_keeps_what_is_there_and_tells_what_comes(spine: Spine) -> None:
    spine.serve(bbc=rss(item(CANCELLED, "a")))
    spine.add(replace(spine.feeds[0], seeds=True))
    seeded = (await spine.round())["bbc"]
    spine.serve(bbc=rss(item(f"{CANCELLED} – live", "a"), item(AWARDED, "b")))
    later = (await spine.round())["bbc"]

    assert (seeded.new, seeded.alerts) == (1, 0)
    assert (later.new, later.changed, later.alerts) == (1, 1, 1)
    assert [alert.event for alert in spine.alerts()] == [EventKind.AWARDED]


async def test_a_feed_that_fails_at_first_seeds_when_it_works(spine: Spine) -> None:
    spine.route("/bbc", answer(b"", "503 Service Unavailable"))
    spine.add(replace(spine.feeds[0], seeds=True))
    await spine.round()
    spine.serve(bbc=rss(item(CANCELLED, "a")))
    await spine.round()

    assert spine.alerts() == []
    assert spine.state("bbc").seeded


async def test_an_entry_older_than_the_feeds_limit_is_kept_and_not_told(spine: Spine) -> None:
    spine.serve(bbc=rss(item(CANCELLED, "a", at=START - timedelta(days=31)), item(AWARDED, "b", at=START - timedelta(days=29))))
    outcome = (await spine.round())["bbc"]

    assert (outcome.new, outcome.alerts) == (2, 1)
    assert [alert.event for alert in spine.alerts()] == [EventKind.AWARDED]


async def test_a_watch_added_between_two_polls_is_told_what_comes_after_it(spine: Spine) -> None:
    spine.serve(bbc=rss(item("Leeds City Council awards £3m contract to Serco", "a")))
    await spine.round()
    spine.watch(PALANTIR, SERCO)
    spine.serve(
        bbc=rss(item("Leeds City Council awards £3m contract to Serco", "a"), item("Kent County Council cancels £9m Serco contract", "b"))
    )
    await spine.round()

    (alert,) = spine.alerts()
    assert (alert.event, alert.matches[0].watch_key) == (EventKind.CANCELLED, SERCO.id)


class Interrupted:
    """Understands as the workers do; something happens every time before the answer is there."""

    def __init__(self, workers: Workers, meanwhile: Callable[[], None], times: int = 1) -> None:
        self._workers, self._meanwhile, self._times = workers, meanwhile, times

    @property
    def version(self) -> int:
        return self._workers.version

    def set_watches(self, version: int, watches: Sequence[Watch]) -> None:
        self._workers.set_watches(version, watches)

    async def understand(self, entries: Sequence[Entry], awards: Sequence[Sequence[AwardParty]]) -> list[tuple[Finding, ...]]:
        found = await self._workers.understand(entries, awards)
        if self._times:
            self._times -= 1
            self._meanwhile()
        return found


async def test_a_watch_added_while_entries_are_understood_neither_loses_nor_doubles(spine: Spine, workers: Workers) -> None:
    spine.serve(bbc=rss(item(CANCELLED, "a"), item("Kent County Council awards £9m contract to Serco", "b")))
    spine.mind(Interrupted(workers, lambda: spine.watch(PALANTIR, SERCO)))
    outcome = (await spine.round())["bbc"]
    await spine.round()

    assert (outcome.new, outcome.alerts, outcome.error) == (2, 2, None)
    assert {alert.matches[0].watch_key for alert in spine.alerts()} == {PALANTIR.id, SERCO.id}


async def test_newer_watches_that_another_poll_brings_do_not_pass_for_those_that_were_used(spine: Spine, workers: Workers) -> None:
    def meanwhile() -> None:
        spine.watch(PALANTIR, SERCO)
        workers.set_watches(*spine.store.watches())

    spine.serve(bbc=rss(item("Kent County Council awards £9m contract to Serco", "b")))
    spine.mind(Interrupted(workers, meanwhile))
    await spine.round()

    assert [alert.matches[0].watch_key for alert in spine.alerts()] == [SERCO.id]


# --- stories ------------------------------------------------------------------------------------------------------------------------------


async def test_two_feeds_with_the_same_link_are_one_story(spine: Spine) -> None:
    spine.serve(
        bbc=rss(item("Palantir loses £50m Met Police contract", "same")), england=rss(item("Met Police scraps Palantir contract", "same"))
    )
    await spine.round()

    (alert,) = spine.alerts()
    assert {entry.feed for entry in alert.entries} == {"bbc", "england"}


async def test_four_outlets_and_the_notice_are_one_alert_that_is_confirmed(spine: Spine) -> None:
    spine.serve(
        bbc=rss(item("Thornbury District Council cancels £400,000 contract with Brightway Lamps", "1")),
        itv=rss(item("Brightway Lamps loses £400,000 street lighting contract with Thornbury District Council", "2")),
        sky=rss(item("Thornbury District Council scraps Brightway Lamps street lighting contract", "3")),
        sun=rss(item("Street lights: council axes £400,000 Brightway Lamps contract", "4")),
    )
    await spine.round()
    (reported,) = spine.alerts()
    spine.register(notice("uk12_before_signature"), notice("uk6_standstill"))
    # The award is history to the register's readers, as it is when it is read long before.
    await spine.round()

    (alert,) = [alert for alert in spine.alerts() if alert.event is EventKind.CANCELLED]
    assert (reported.status, reported.alert_id) == ("reported", alert.alert_id)
    assert {entry.feed for entry in alert.entries} == {"bbc", "itv", "sky", "sun", "register"}
    assert alert.status == "confirmed"
    assert alert.notice is not None
    assert (alert.notice.number, alert.notice.supplier_from) == ("000119-2026", "000105-2026")


async def test_award_and_cancellation_of_one_contract_are_two_alerts(spine: Spine) -> None:
    spine.serve(bbc=rss(item("Met Police awards £50m contract to Palantir", "a"), item(CANCELLED, "b")))
    await spine.round()

    assert {alert.event for alert in spine.alerts()} == {EventKind.AWARDED, EventKind.CANCELLED}


# --- the register -------------------------------------------------------------------------------------------------------------------------


def signed(number: int) -> dict[str, Any]:
    return notice("uk7_signed", number)


async def test_a_walk_that_fails_on_its_second_page_keeps_the_first_and_comes_again(spine: Spine) -> None:
    second = spine.web.url("/page-2")
    spine.register(signed(3), signed(2), following=second)
    spine.web.routes["/page-2"] = answer(b"", "500 Internal Server Error")
    broken = (await spine.round())["register"]
    kept = spine.state("register").checkpoint
    spine.web.routes["/page-2"] = package(signed(1))
    whole = (await spine.round())["register"]
    third = (await spine.round())["register"]

    assert (broken.new, broken.alerts) == (2, 2)
    assert broken.error == "answered 500: it is broken at the moment"
    assert kept == "2026-08-12T09:30:00"
    assert (whole.new, whole.alerts, whole.error) == (1, 1, None)
    assert spine.state("register").checkpoint == "2026-08-12T10:40:00"  # London's time of the third round
    assert third.new == 0
    assert len(spine.alerts()) == spine.store.counts(spine.now).entries == 3


def cancellation(spine: Spine) -> Any:
    (alert,) = [alert for alert in spine.alerts() if alert.event is EventKind.CANCELLED]
    return alert.suppliers, alert.notice and alert.notice.supplier_from


JOINED = (("BRIGHTWAY LAMPS LIMITED",), "000105-2026")
ASKED = f"{REGISTER}/{PROCESS}"


async def test_a_cancellation_is_joined_to_an_award_on_a_later_page(spine: Spine) -> None:
    spine.register(notice("uk12_before_signature"), following=spine.web.url("/page-2"))
    spine.web.routes["/page-2"] = package(notice("uk6_standstill"))
    await spine.round()

    assert cancellation(spine) == JOINED
    assert spine.asked(ASKED) == 0


async def test_a_cancellation_is_joined_to_an_award_read_long_before(spine: Spine) -> None:
    spine.register(notice("uk6_standstill"))
    await spine.round()
    spine.register(notice("uk12_before_signature"))
    await spine.round()

    assert cancellation(spine) == JOINED
    assert spine.asked(ASKED) == 0


async def test_the_award_of_a_cancellation_is_asked_for_and_is_no_news_itself(spine: Spine) -> None:
    spine.register(notice("uk12_before_signature"))
    spine.web.routes[ASKED] = package(notice("uk12_before_signature"), notice("uk6_standstill"))
    outcome = (await spine.round())["register"]
    await spine.round()

    assert (outcome.alerts, outcome.error) == (1, None)
    assert cancellation(spine) == JOINED
    assert len(spine.alerts()) == 1
    assert spine.asked(ASKED) == 1


async def test_a_walk_that_ends_early_still_asks_and_joins_with_the_next(spine: Spine) -> None:
    spine.register(notice("uk12_before_signature"), following=spine.web.url("/page-2"))
    spine.web.routes["/page-2"] = answer(b"", "500 Internal Server Error")
    await spine.round()
    spine.web.routes["/page-2"] = package(notice("uk6_standstill"))
    await spine.round()

    assert cancellation(spine) == JOINED
    assert spine.asked(ASKED) == 0


async def test_where_nobody_had_won_the_register_is_asked_once(spine: Spine) -> None:
    spine.register(notice("uk12_before_signature"))
    spine.web.routes[ASKED] = package(notice("uk12_before_signature"))
    for _ in range(4):
        await spine.round()

    assert spine.alerts() == []
    assert spine.asked(ASKED) == 1


async def test_a_register_that_is_away_is_asked_again_later(spine: Spine) -> None:
    spine.register(notice("uk12_before_signature"))
    spine.web.routes[ASKED] = answer(b"", "503 Service Unavailable", Retry_After="60")
    away = (await spine.round())["register"]
    spine.web.routes[ASKED] = package(notice("uk12_before_signature"), notice("uk6_standstill"))
    back = (await spine.round())["register"]

    assert (away.alerts, away.error) == (0, None)
    assert back.alerts == 1
    assert cancellation(spine) == JOINED


async def test_suppliers_learnt_later_do_not_make_news_of_what_was_seeded(spine: Spine) -> None:
    spine.register(notice("uk12_before_signature"), seeds=True)
    spine.web.routes[ASKED] = package(notice("uk12_before_signature"), notice("uk6_standstill"))
    await spine.round()
    await spine.round()

    assert spine.asked(ASKED) == 1
    assert spine.alerts() == []


@pytest.mark.parametrize("error", [ParseError("no parser process gets ready"), RuntimeError("a bug")])
async def test_a_look_up_that_breaks_leaves_the_walk_done_and_is_tried_later(spine: Spine, workers: Workers, error: Exception) -> None:
    def breaks() -> None:
        if spine.asked(ASKED):
            raise error

    spine.register(notice("uk12_before_signature"), seeds=True)
    spine.web.routes[ASKED] = package(notice("uk12_before_signature"), notice("uk6_standstill"))
    spine.mind(Interrupted(workers, breaks, times=2))
    await spine.round()
    after = spine.state("register")
    spine.register(notice("uk12_before_signature"), signed(7))
    second = (await spine.round())["register"]

    assert (after.seeded, after.checkpoint) == (True, "2026-08-12T10:00:00")
    assert (second.error, second.alerts) == (None, 1)
    assert spine.asked(ASKED) == 2


# --- what is not as it should be ----------------------------------------------------------------------------------------------------------


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("feed.xml", rss(QUIET))
    return file.getvalue()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss><channel>")
    with suppress(ConnectionError):
        while True:
            writer.write(b"<item><title>more</title></item>" * 1000)
            await writer.drain()


HTML = b"<!doctype html><html><head><title>Sign in</title></head><body>Sign in to read the news</body></html>"
BOMB = gzip.compress(b"<rss>" + b" " * 100_000_000, 1)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (answer(HTML, Content_Type="text/html"), "is an HTML page, not a feed"),
        (answer(archive(), Content_Type="application/zip"), "is an archive, a picture or the like, not a feed"),
        (answer(archive(), Content_Type="text/xml"), "archive"),
        (answer(b" " * 104_857_600, Content_Type="text/xml"), "announces more than 5 MiB"),
        (answer(BOMB, Content_Type="text/xml", Content_Encoding="gzip"), "sent a compressed document of more than 5 MiB when unpacked"),
        (endless, "sent more than 5 MiB"),
        (answer(b"", Content_Type="text/xml"), "empty"),
        (answer(rss(), Content_Type="text/xml"), "without a single entry"),
    ],
    ids=["html", "archive", "archive-in-disguise", "100-mb", "bomb", "endless", "empty", "no-entries"],
)
async def test_what_is_no_feed_is_one_sentence_and_other_feeds_go_on(spine: Spine, said: Any, sentence: str) -> None:
    spine.route("/odd", said)
    spine.serve(bbc=rss(item(CANCELLED, "a")))
    outcomes = await spine.round()
    spine.serve(odd=rss(item(AWARDED, "b")))
    spine.now += timedelta(days=1)
    mended = await spine.round()

    error = outcomes["odd"].error
    assert error is not None
    assert sentence in error
    assert "\n" not in error
    assert (outcomes["bbc"].alerts, mended["odd"].alerts, mended["odd"].error) == (1, 1, None)


async def test_a_server_that_is_not_there_is_one_sentence_and_other_feeds_go_on(spine: Spine) -> None:
    spine.serve(bbc=rss(item(CANCELLED, "a")))
    spine.add(a_feed("nobody", url="http://127.0.0.1:1/rss"))
    outcomes = await spine.round()

    assert outcomes["nobody"].error is not None
    assert "127.0.0.1, port 1" in outcomes["nobody"].error
    assert spine.state("nobody").fail_count == 1
    assert outcomes["bbc"].alerts == 1


async def test_text_that_no_database_takes_costs_no_other_entry(spine: Spine) -> None:
    titles = ("a\x00b", "half \ud83d of a letter", "\ufffe\uffff", CANCELLED)
    items = [{"id": str(number), "title": title, "url": f"https://x.example/{number}"} for number, title in enumerate(titles)]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items}).encode()
    spine.route("/odd", answer(body, Content_Type="application/feed+json"))
    outcome = (await spine.round())["odd"]

    assert (outcome.error, outcome.alerts) == (None, 1)


ODD: tuple[Any, ...] = (None, "x", [None], {"id": []}, -1, "\ud800\x00")
ODD_DATES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30", "yesterday", 17)
ODD_SUMS = (10**400, -1, 0.1, "1,000", True, 1e308)


def mutants(part: Any, put: Callable[[Any], Any]) -> Iterator[Any]:
    """Leave out every part of a document in turn, and put two things in its place that do not belong there."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(part, dict):
            yield put({name: other for name, other in part.items() if name != key})
        odd = ODD_DATES if "date" in str(key).lower() else ODD_SUMS if str(key).startswith("amount") else ODD

        def replaced(new: Any, key: Any = key) -> Any:
            changed = copy.copy(part)
            changed[key] = new
            return put(changed)

        for turn in (0, 3):
            yield replaced(odd[(len(str(key)) + turn) % len(odd)])
        if isinstance(value, dict | list):
            yield from mutants(value, replaced)


async def test_a_release_without_the_expected_keys_costs_only_itself(spine: Spine) -> None:
    whole = [notice(name) for name in ("uk6_standstill", "uk12_before_signature", "uk7_signed")]
    broken = [(each["id"], mutant) for each in whole for mutant in mutants(each, lambda mutant: mutant)]
    odd = [renumbered(mutant, own, number) for number, (own, mutant) in enumerate(broken[::5])]  # of every kind some, for time
    good = json.dumps(notice("uk6_standstill", 999_999)).replace("BRIGHTWAY LAMPS", "SERCO").replace("01234567", "07654321")
    spine.watch(PALANTIR, SERCO)
    half = len(odd) // 2
    spine.register(*odd[:half], "nonsense", json.loads(good), *odd[half:])
    outcome = (await spine.round())["register"]
    again = (await spine.round())["register"]

    assert outcome.error is None
    assert any("was left out: it has no" in problem for problem in outcome.problems)
    assert outcome.new > half > 50
    assert (again.error, again.new, again.changed) == (None, 0, 0)
    assert [alert.notice and alert.notice.number for alert in spine.alerts()] == ["999999-2026"]


async def test_a_failing_feed_is_left_alone_for_longer_and_longer_and_never_for_ever(spine: Spine) -> None:
    spine.route("/odd", answer(b"", "500 Internal Server Error"))
    pauses = []
    for _ in range(12):
        at = spine.now
        await spine.round()
        due = spine.state("odd").next_poll_at
        assert due is not None
        pauses.append(due - at)

    assert pauses == sorted(pauses)
    assert timedelta(hours=6) <= pauses[-1] < timedelta(hours=7)
