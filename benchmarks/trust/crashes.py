"""Daemons that are killed at random moments, and daemons that are stopped in order, under load (D1, D14, D18)."""

from __future__ import annotations

import signal
import time

from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.stage import Stage, Telegram, trouble

SENDERS = 8  # sends under way at once in one daemon: bot.deliver.Settings
FAULTS = {"hang": 0.005, "reset_after": 0.005, "reset_before": 0.01, "http": 0.01, "retry_after": 0.005}


def make_faults(telegram: Telegram) -> None:
    for seed, (kind, probability) in enumerate(FAULTS.items()):
        telegram.fault(kind, probability, seed=seed)


def verdict(stage: Stage, kills: int, *, settled: bool, senders: int = SENDERS) -> Result:
    """What was lost and doubled, against the bound of the contract: U + K × S."""
    told, unknown = stage.told(), stage.telegram.unknown_fates()
    bound = unknown + kills * senders
    ledger = stage.command("ledger", "verify")
    figure = (
        f"{kills} kills, {told.pairs} pairs: lost {told.lost}, second copies {told.copies} (bound {bound}), unmarked {told.unmarked}, "
        f"ledger {'sound' if ledger.code == 0 else 'WRONG'}"
    )
    return Result(figure=figure, passed=settled and not told.lost and not told.unmarked and told.copies <= bound and ledger.code == 0)


@check("D1", "kill -9 at random moments under load, with a line that fails", early=True)
def kills(run: Run) -> Result:
    count = run.pick(30, 500)
    stage = Stage(run, events=run.pick(40, 200), subscribers=run.pick(8, 25))
    daemon = stage.start()
    stage.subscribe()
    store = stage.open()
    stage.seeded(store)
    make_faults(stage.telegram)

    def kill(number: int) -> None:
        nonlocal daemon
        time.sleep(stage.dice.uniform(0.02, 1.2))
        stage.end(daemon)
        daemon = stage.start(ready=number % 4 != 0)  # some die while they start

    trouble(stage, count, kill, until=len(stage.press.places))
    settled = stage.settled(store)
    stage.end(daemon, signal.SIGTERM)
    return verdict(stage, count, settled=settled)


@check("D14", "SIGTERM under load: nothing lost, nothing doubled, stopped in time")
def orderly_stops(run: Run) -> Result:
    count = run.pick(10, 100)
    stage = Stage(run, events=run.pick(40, 200), subscribers=run.pick(8, 25))
    daemon = stage.start()
    stage.subscribe()
    store = stage.open()
    stage.seeded(store)
    times: list[float] = []

    def stop(_: int) -> None:
        nonlocal daemon
        time.sleep(stage.dice.uniform(0.3, 1.5))
        began = time.monotonic()
        stage.end(daemon, signal.SIGTERM)
        times.append(time.monotonic() - began)
        daemon = stage.start()

    trouble(stage, count, stop, until=len(stage.press.places))
    settled = stage.settled(store)
    stage.end(daemon, signal.SIGTERM)
    told = stage.told()
    slowest = sorted(times)[max(0, int(len(times) * 0.99) - 1)]
    figure = f"{count} stops, {told.pairs} pairs: lost {told.lost}, second copies {told.copies}, p99 of stopping {slowest:.1f} s"
    return Result(figure=figure, passed=settled and not told.lost and not told.copies and slowest <= 10)


# Clocks of machines that nobody sets; the database's own is the one that counts.
_HOURS_AHEAD = (0, 3, -2, 30)


@check("D18", "four daemons on one PostgreSQL database, whose clocks differ by hours: undisturbed, then killed in turn", early=True)
def four_daemons(run: Run) -> Result:
    server = run.postgresql()
    url = run.hold(server.database())
    count = run.pick(12, 200)
    stage = Stage(run, events=run.pick(40, 250), subscribers=run.pick(6, 25), store=url)
    stage.start(prelude=ahead(_HOURS_AHEAD[0]))
    stage.subscribe()
    for hours in _HOURS_AHEAD[1:]:
        time.sleep(run.pick(0.2, 1))
        stage.start(prelude=ahead(hours))
    store = stage.open()
    stage.seeded(store)
    stage.press.publish(len(stage.press.places) // 4)
    settled = stage.settled(store)
    undisturbed = stage.told()
    make_faults(stage.telegram)

    def kill(_: int) -> None:
        time.sleep(stage.dice.uniform(0.1, 1.5))
        stage.end(stage.dice.choice(stage.daemons))
        stage.start(prelude=ahead(stage.dice.choice(_HOURS_AHEAD)))

    trouble(stage, count, kill, until=len(stage.press.places))
    settled = stage.settled(store, quiet=200) and settled  # a lease of two minutes must run out
    heard = _still_heard(stage)
    for daemon in list(stage.daemons):
        stage.end(daemon, signal.SIGTERM)
    result = verdict(stage, count, settled=settled)
    before = f"undisturbed: lost {undisturbed.lost}, second copies {undisturbed.copies} of {undisturbed.pairs}; "
    late = f", commands {'heard' if heard else 'NOT heard'} after the kills"
    sound = result.passed and heard and not undisturbed.lost and not undisturbed.copies
    return Result(figure=before + result.figure + late, passed=sound)


def ahead(hours: int) -> str:
    """To be done in a daemon before it begins: its machine's clock is wrong."""
    return f"import bot.cli.run as run, datetime\nown = run.clock\nrun.clock = lambda: own() + datetime.timedelta(hours={hours})\n"


def _still_heard(stage: Stage, seconds: float = 60) -> bool:
    """Whether somebody who asks now is answered, although whoever listened at first was killed."""
    person = stage.people[0]
    before = len(stage.telegram.messages(person))
    stage.telegram.say(person, "/watches")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if len(stage.telegram.messages(person)) > before:
            return True
        time.sleep(0.2)
    return False
