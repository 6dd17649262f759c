"""Is the daemon well, and what has it done: ``/healthz`` for a supervisor, ``/metrics`` for Prometheus, on this machine only.

The text format of Prometheus is a dozen lines to write, so no client library is needed. Numbers that live in the database are read when
they are asked for; the others are counted here since the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from bot.serving import HttpServer
from storage.records import Counts
from watchers.types import PollOutcome

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Metrics:
    """What was done since the start."""

    polls: Counter[str] = field(default_factory=Counter)  # by outcome: ok, not_modified, failed
    entries_new: int = 0
    entries_changed: int = 0
    alerts: int = 0

    def polled(self, outcome: PollOutcome) -> None:
        self.polls["failed" if outcome.error else "not_modified" if outcome.not_modified else "ok"] += 1
        self.entries_new += outcome.new
        self.entries_changed += outcome.changed
        self.alerts += outcome.alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """The state of a daemon at one moment. ``ill`` are the reasons why it is not well: none means it is."""

    now: datetime
    started_at: datetime
    ill: tuple[str, ...]
    polling: int  # polls under way
    counts: Counts | None  # None while the store is unavailable
    next_due_at: datetime | None
    job_failures: Mapping[str, int] = field(default_factory=dict)


def metrics_text(metrics: Metrics, vitals: Vitals) -> str:
    """All numbers in the text format of Prometheus."""
    return "".join(_lines(metrics, vitals))


def _lines(metrics: Metrics, vitals: Vitals) -> Iterator[str]:
    yield from _family("up", "gauge", "1 when the daemon is well, as /healthz says", [({}, int(not vitals.ill))])
    yield from _family("uptime_seconds", "gauge", "Seconds since the start", [({}, (vitals.now - vitals.started_at).total_seconds())])
    polls = [({"outcome": outcome}, metrics.polls[outcome]) for outcome in ("ok", "not_modified", "failed")]
    yield from _family("polls_total", "counter", "Polls of feeds since the start", polls)
    yield from _family("polls_under_way", "gauge", "Polls under way", [({}, vitals.polling)])
    yield from _family("entries_new_total", "counter", "Entries seen for the first time since the start", [({}, metrics.entries_new)])
    yield from _family(
        "entries_changed_total", "counter", "Known entries whose text changed since the start", [({}, metrics.entries_changed)]
    )
    yield from _family("alerts_total", "counter", "Alerts decided since the start", [({}, metrics.alerts)])
    failures = [({"job": job}, count) for job, count in vitals.job_failures.items()]
    yield from _family("job_failures_total", "counter", "Jobs that ended by an unexpected error since the start", failures)
    overdue = _seconds(vitals.now, vitals.next_due_at)
    yield from _family("oldest_overdue_feed_seconds", "gauge", "How long the longest overdue feed waits for its poll", [({}, overdue)])
    if vitals.counts is not None:
        yield from _stored(vitals.counts, vitals.now)


def _stored(counts: Counts, now: datetime) -> Iterator[str]:
    for name, what, value in (
        ("entries", "Entries in the store", counts.entries),
        ("stories", "Stories in the store", counts.stories),
        ("alerts", "Alerts in the store", counts.alerts),
        ("watches", "Watches in the store", counts.watches),
        ("channels", "Channels in the store", counts.channels),
        ("feeds", "Feeds that are polled", counts.feeds),
        ("feeds_failing", "Feeds whose last poll failed", counts.feeds_failing),
    ):
        yield from _family(name, "gauge", what, [({}, value)])
    states = [({"state": state}, count) for state, count in sorted(counts.deliveries.items())]
    yield from _family("deliveries", "gauge", "Deliveries in the store by state", states)
    age = _seconds(now, counts.oldest_pending_at)
    yield from _family("queue_age_seconds", "gauge", "How long the oldest delivery has been waiting", [({}, age)])
    if counts.last_poll_ok_at is not None:
        at = counts.last_poll_ok_at.timestamp()
        yield from _family("last_successful_poll_timestamp_seconds", "gauge", "When a poll last went well", [({}, at)])


def _family(name: str, kind: str, what: str, samples: Sequence[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    yield f"# HELP contractwatch_{name} {what}.\n# TYPE contractwatch_{name} {kind}\n"
    for labels, value in samples:
        inside = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
        yield f"contractwatch_{name}{f'{{{inside}}}' if inside else ''} {value:.15g}\n"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(now: datetime, since: datetime | None) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0


class HealthServer(HttpServer):
    """Answers on a loopback address. ``vitals`` is asked at every request."""

    def __init__(self, listen: str, metrics: Metrics, vitals: Callable[[], Awaitable[Vitals]]) -> None:
        self._metrics, self._vitals = metrics, vitals
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/metrics", self._serve_metrics)
        super().__init__(app, listen, about="health")

    async def _healthz(self, request: web.Request) -> web.Response:  # noqa: ARG002 -- aiohttp's signature
        vitals = await self._vitals()
        body = {"status": "failing" if vitals.ill else "ok", "reasons": list(vitals.ill)}
        return web.json_response(body, status=503 if vitals.ill else 200)

    async def _serve_metrics(self, request: web.Request) -> web.Response:  # noqa: ARG002 -- aiohttp's signature
        return web.Response(body=metrics_text(self._metrics, await self._vitals()).encode(), headers={"Content-Type": _TEXT})
