"""Daemons that die at named places, one after another on one database (D2)."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import dataclass

from failpoints import DEAD

from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place, and what must happen for a daemon to get there."""

    place: str
    count: int = 1
    stir: str = "news"


POINTS = (
    *(Point(place=f"{step}.{moment}") for step in ("claim_due_feeds", "save_poll", "fan_out") for moment in ("before", "inside", "after")),
    *(Point(place="save_poll.row", count=count) for count in (3, 8)),
    *(Point(place=f"claim_delivery.{moment}") for moment in ("before", "inside", "after")),
    Point(place="send.before"),
    Point(place="send.after"),
    *(Point(place=f"sent.{moment}") for moment in ("before", "inside", "after")),
    Point(place="sent.inside", stir="many"),
    Point(place="sent.after", stir="many", count=2),
    Point(place="retry.inside", stir="429"),
    Point(place="hear.after", stir="command"),
    *(Point(place=f"save_updates.{moment}", stir="command") for moment in ("inside", "after")),
    *(Point(place=f"apply.{moment}", stir="command") for moment in ("before", "inside", "after")),
    *(Point(place=f"{step}.inside", stir="start") for step in ("recover", "begin", "sync_config", "sync_feeds")),
)


class _Stir:
    """Makes happen what leads a daemon to a place."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.strangers: list[int] = []  # who wrote /watch, each once

    def __call__(self, what: str) -> None:
        stage = self._stage
        match what:
            case "many":
                stage.press.publish(25)
            case "command":
                self._stranger()
            case "429":
                stage.telegram.fault("retry_after", times=1, seconds=1)
                stage.press.publish(1)
            case "news":
                stage.press.publish(1)

    def _stranger(self) -> None:
        person = 9000 + len(self.strangers)
        self._stage.telegram.control("start", user_id=person, bot="watch_bot")
        self._stage.telegram.say(person, "/watch Brightway")
        self.strangers.append(person)


@check("D2", "death at named places: before, within and after every transaction, send and update", early=True)
def named_places(run: Run) -> Result:
    times = run.pick(1, 20)
    events = times * sum({"many": 25}.get(point.stir, 1) for point in POINTS)
    stage = Stage(run, events=events, feeds=1, subscribers=2)
    daemon = stage.start()
    stage.subscribe()
    store = stage.open()
    stage.seeded(store)
    stage.end(daemon, signal.SIGTERM)
    stir, missed = _Stir(stage), []
    for number in range(times):
        for point in POINTS:
            stir(point.stir)
            daemon = stage.start(prelude=f"import failpoints; failpoints.arm({point.place!r}, count={point.count})", ready=False)
            with contextlib.suppress(AssertionError):
                daemon.wait(20)
            stage.daemons.remove(daemon)
            if daemon.code != DEAD:
                missed.append(point.place)
                if daemon.code is None:
                    stage.daemons.append(daemon)
                    stage.end(daemon)
            run.say(f"round {number + 1} of {times}: {point.place}")
    daemon = stage.start()
    settled = stage.settled(store)
    silent = sum(not any("Brightway" in text for text in stage.telegram.messages(person)) for person in stir.strangers)
    stage.end(daemon, signal.SIGTERM)
    told, kills = stage.told(), times * len(POINTS)
    ledger = stage.command("ledger", "verify")
    figure = (
        f"{len(POINTS)} places × {times}, {len(missed)} not reached{': ' + ', '.join(missed[:4]) if missed else ''}; lost {told.lost} of "
        f"{told.pairs}, second copies {told.copies}, unmarked {told.unmarked}, commands lost {silent}, "
        f"ledger {'sound' if ledger.code == 0 else 'WRONG'}"
    )
    sound = settled and not (silent or missed or told.lost or told.unmarked)
    return Result(figure=figure, passed=sound and told.copies <= kills and ledger.code == 0)
