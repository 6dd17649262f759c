"""/healthz, /metrics, and how a feed is in words."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.feed_health import health
from bot.health import HealthServer, Metrics, Vitals, metrics_text
from bot.serving import PlaceError
from storage.records import Counts
from watchers.types import FeedState, PollOutcome

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
COUNTS = Counts(
    entries=10,
    stories=3,
    alerts=2,
    watches=1,
    channels=1,
    deliveries={"pending": 1, "sent": 4},
    oldest_pending_at=NOW - timedelta(seconds=90),
    feeds=5,
    feeds_failing=1,
    last_poll_ok_at=NOW,
)


def vitals(*ill: str, counts: Counts | None = COUNTS) -> Vitals:
    return Vitals(
        now=NOW,
        started_at=NOW - timedelta(hours=1),
        ill=ill,
        polling=2,
        counts=counts,
        next_due_at=NOW - timedelta(seconds=7),
        job_failures={'po"ll\n': 1},
    )


def test_metrics_are_valid_prometheus_text_and_say_what_was_counted():
    metrics = Metrics()
    for outcome in (PollOutcome(feed="a", new=3, alerts=1), PollOutcome(feed="a", not_modified=True), PollOutcome(feed="b", error="no")):
        metrics.polled(outcome)
    text = metrics_text(metrics, vitals())
    line = re.compile(r'(# (HELP|TYPE) contractwatch_\w+ .+|contractwatch_\w+(\{\w+="([^"\\\n]|\\[\\"n])*"(,\w+="[^"]*")*\})? -?[\d.e+]+)')
    assert all(line.fullmatch(one) for one in text.splitlines())
    assert text.endswith("\n")
    for expected in (
        "contractwatch_up 1",
        'contractwatch_polls_total{outcome="ok"} 1',
        'contractwatch_polls_total{outcome="not_modified"} 1',
        'contractwatch_polls_total{outcome="failed"} 1',
        "contractwatch_entries_new_total 3",
        "contractwatch_alerts_total 1",
        "contractwatch_feeds_failing 1",
        'contractwatch_deliveries{state="pending"} 1',
        "contractwatch_queue_age_seconds 90",
        "contractwatch_oldest_overdue_feed_seconds 7",
        'contractwatch_job_failures_total{job="po\\"ll\\n"} 1',
        f"contractwatch_last_successful_poll_timestamp_seconds {int(NOW.timestamp())}",
    ):
        assert expected in text.splitlines()


def test_metrics_are_served_while_the_store_is_away():
    assert "contractwatch_entries " not in metrics_text(Metrics(), vitals("the store is unavailable", counts=None))


@pytest.mark.parametrize(("ill", "status"), [((), 200), (("job poll hangs",), 503)])
async def test_healthz_says_whether_the_daemon_is_well_and_why_not(ill: tuple[str, ...], status: int):
    async def ask() -> Vitals:
        return vitals(*ill)

    server = HealthServer("127.0.0.1:0", Metrics(), ask)
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as web:
            async with web.get("/healthz") as answer:
                assert (answer.status, await answer.json()) == (status, {"status": "failing" if ill else "ok", "reasons": list(ill)})
            async with web.get("/metrics") as answer:
                assert answer.content_type == "text/plain"
                assert "contractwatch_up" in await answer.text()
    finally:
        await server.stop()


async def test_a_port_that_is_taken_is_one_sentence():
    async def ask() -> Vitals:
        return vitals()

    with socket.create_server(("127.0.0.1", 0)) as other:
        server = HealthServer(f"127.0.0.1:{other.getsockname()[1]}", Metrics(), ask)
        with pytest.raises(PlaceError, match="choose another port"):
            await server.start()
        await server.stop()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "not polled yet"),
        (FeedState(), "not polled yet"),
        (FeedState(last_ok_at=NOW, next_poll_at=NOW), "well"),
        (
            FeedState(last_ok_at=NOW, moved_to="https://new.example.org/"),
            "well, but moved for good: write its new address https://new.example.org/",
        ),
        (FeedState(last_ok_at=NOW, next_poll_at=NOW - timedelta(hours=3)), "due since 2026-05-20 09:00: is the daemon running?"),
        (FeedState(fail_count=1, first_failed_at=NOW, last_error="answered 404"), "failing since 2026-05-20 12:00: answered 404"),
        (FeedState(fail_count=2, first_failed_at=NOW, last_error="answered 404"), "failing since 2026-05-20 12:00 (2 times): answered 404"),
    ],
)
def test_a_feeds_health_is_a_sentence(state: FeedState | None, said: str):
    assert health(state, NOW) == said
