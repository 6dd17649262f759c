"""Daemons among themselves, with their commands, their disk and their first polls (D5, D6, D7, D15)."""

from __future__ import annotations

import contextlib
import json
import random
import resource
import signal
import sqlite3
import time

from house import House, Outside, rss

from benchmarks.trust.base import Result, Run, check, wait_for
from benchmarks.trust.stage import MARK, Stage, places

_PEOPLE = 15  # commands of one person are limited to 20 a minute


@check("D5", "commands while the daemon is killed: effect once, answer at least once")
def commands(run: Run) -> Result:
    return commanded(Stage(run, events=1, feeds=1), run.pick(2, 10))


def commanded(stage: Stage, each: int) -> Result:
    """Everybody adds so many watches while the daemon is killed: what was lost, repeated, or told twice without a mark."""
    daemon = stage.start()
    people = range(700, 700 + _PEOPLE)
    for person in people:
        stage.telegram.control("start", user_id=person, bot="watch_bot")
    sent = killed = 0
    for number in range(each):
        for person in people:
            stage.telegram.say(person, f"/watch Supplier {person} of Part {number}")
        for place, person in enumerate(people):
            named = f"Supplier {person} of Part {number}"
            wait_for("the question", lambda person=person, named=named: stage.telegram.save(person, named), 60)
            sent += 2
            if place == stage.dice.randrange(len(people)) or place == len(people) - 1:
                time.sleep(stage.dice.uniform(0.0, 0.3))
                stage.end(daemon)
                daemon = stage.start(ready=bool(number % 2))
                killed += 1
    store = stage.open()
    wait_for("the last command", lambda: not store.pending_updates(1) and (store.last_update_id() or 0) > 0, 60)
    asked = {person: [f"Supplier {person} of Part {number}" for number in range(each)] for person in people}

    def answered(person: int) -> int:
        return sum(f"Watching Supplier {person} of Part" in text for text in stage.telegram.messages(person))

    with contextlib.suppress(AssertionError):
        wait_for("the answers", lambda: all(answered(person) >= each for person in people), 120, 1.0)
    kept = {}
    for person in people:
        channel = store.channel(person)
        kept[person] = [] if channel is None else [one.watch.name for one in store.channel_watches(channel.id)]
    lost = sum(len(set(asked[person]) - set(kept[person])) for person in people)
    repeated = sum(len(kept[person]) - len(set(kept[person])) for person in people)
    silent = sum(max(0, each - answered(person)) for person in people)
    unmarked = sum(_unmarked_answers(stage.telegram.messages(person)) for person in people)
    stage.end(daemon, signal.SIGTERM)
    figure = f"{sent} commands and presses, {killed} kills: lost {lost}, effects repeated {repeated}, without an answer {silent}, unmarked copies {unmarked}"
    return Result(figure=figure, passed=not (lost or repeated or silent or unmarked))


def _unmarked_answers(texts: list[str]) -> int:
    seen: set[str] = set()
    wrong = 0
    for text in texts:
        bare = text.removeprefix(MARK).strip()
        wrong += bare in seen and not text.startswith(MARK)
        seen.add(bare)
    return wrong


@check("D6", "six daemons on one database, the holder killed; two databases with one token")
def instances(run: Run) -> Result:
    stage = Stage(run, events=6, feeds=1)
    holder = stage.start()
    stage.subscribe()
    store = stage.open()
    stage.seeded(store)
    late, codes = [], []
    for _ in range(5):
        began = time.monotonic()
        second = stage.start(ready=False)
        stage.daemons.remove(second)
        codes.append(second.wait(30))
        late.append(time.monotonic() - began)
    named = second.said(f"process {holder.pid}")
    stage.press.publish(3)
    time.sleep(0.5)
    stage.end(holder)
    began = time.monotonic()
    stage.start()
    taken = time.monotonic() - began
    stage.press.publish(3)
    settled = stage.settled(store)
    told = stage.told()
    heard = _two_databases(stage)
    figure = (
        f"5 more daemons: exit codes {sorted(set(codes))} after at most {max(late):.1f} s; taken over in {taken:.1f} s; lost {told.lost}, second "
        f"copies unmarked {told.unmarked}; two databases, one token: {heard}"
    )
    quick = max(late) <= 2 * _slowness(run) and taken <= 3 * _slowness(run)
    sound = settled and set(codes) == {75} and named and not told.lost and not told.unmarked
    return Result(figure=figure, passed=bool(sound and quick and heard.startswith("one gave way")))


def _slowness(run: Run) -> float:
    """How much slower than alone this machine is just now: what is promised in seconds is promised of one that is free."""
    began, used = time.monotonic(), time.process_time()
    while time.process_time() - used < 0.2:
        pass
    run.say("")
    return max(1.0, (time.monotonic() - began) / 0.2)


def _two_databases(stage: Stage) -> str:
    """A second daemon with a database of its own and the same token: one listens on, the other says so; both deliver."""
    config = (stage.folder / "config.toml").read_text()
    (stage.folder / "config.toml").write_text(config.replace("contractwatch.db", "other.db"))
    other = stage.start()
    first = stage.daemons[0]
    try:
        wait_for("a conflict", lambda: first.said("another program listens") + other.said("another program listens"), 30)
        time.sleep(1)
        gave_way = bool(first.said("another program listens")) + bool(other.said("another program listens"))
    except AssertionError:
        return "nobody noticed"
    else:
        return "one gave way, loudly" if gave_way == 1 and first.code is None and other.code is None else "both gave way"
    finally:
        (stage.folder / "config.toml").write_text(config)


@check("D7", "a full disk: nothing is sent without a durable claim, and work goes on by itself")
def full_disk(run: Run) -> Result:
    stage = Stage(run, events=run.pick(20, 200), feeds=2, subscribers=3)
    soon = "import bot.trouble\nbot.trouble._FIRST_PAUSE = 1.0\nbot.trouble._LONGEST_PAUSE = 5.0\n"
    daemon = stage.start(prelude=soon)
    stage.subscribe()
    store = stage.open()
    stage.seeded(store)
    stage.press.publish(4)
    stage.settled(store)
    _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (4096, hard))  # no file grows any more: to SQLite a disk without room
    stage.press.publish(len(stage.press.places))
    wait_for("the daemon to notice", lambda: daemon.said("the store is unavailable"), 60)
    before = len([one for person in stage.people for one in stage.telegram.messages(person)])
    time.sleep(run.pick(5, 60))
    unclaimed = len([one for person in stage.people for one in stage.telegram.messages(person)]) - before
    readable = stage.command("status").code == 0
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (hard, hard))
    began = time.monotonic()
    wait_for("the daemon to go on", lambda: daemon.said("the store is back"), 60)
    back = time.monotonic() - began
    settled = stage.settled(store)
    code = stage.end(daemon, signal.SIGTERM)
    told = stage.told()
    with contextlib.closing(sqlite3.connect(stage.folder / "contractwatch.db")) as database:
        whole = database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    said = "told once" if daemon.said("the store is unavailable") == 1 else f"told {daemon.said('the store is unavailable')} times"
    figure = (
        f"sends without a claim {unclaimed}, lost {told.lost} of {told.pairs}, unmarked {told.unmarked}, ended with {code}, back after {back:.0f} s, "
        f"{said}, status {'readable' if readable else 'NOT readable'}, file {'whole' if whole else 'BROKEN'}"
    )
    return Result(
        figure=figure, passed=settled and whole and readable and back <= 60 and not (unclaimed or told.lost or told.unmarked or code)
    )


_TOLD = 100  # of a feed's old entries that tell of a contract, each in every feed


@check("D15", "the first poll of feeds that hold much tells nothing; what is new afterwards is told")
def first_polls(run: Run) -> Result:
    feeds, entries = 50, run.pick(20, 1000)
    outside = run.hold(Outside())
    house = House(run.folder(), outside, run.nursery)
    names = places(entries + feeds, random.Random(15))  # names with numbers in them are not told apart
    told = [f"{name} Council cancels £{number + 2}m contract with Palantir" for number, name in enumerate(names[: min(entries, _TOLD)])]
    quiet = [f"{name} library opens on Sundays" for name in names[len(told) : entries]]
    old = {f"f{n}": [*told, *quiet[: len(quiet) * (n + 1) // feeds]] for n in range(feeds)}
    outside.documents |= {name: rss(*titles) for name, titles in old.items()}
    house.write(*old)
    config = house.folder / "config.toml"
    config.write_text(config.read_text().replace('first_poll = "alert"', 'first_poll = "seed"'))
    backlog = _once(house)
    new = {name: f"{names[entries + number]} Council cancels £{number + 3}m contract with Palantir" for number, name in enumerate(old)}
    # Each under an address of its own: one page is one story, whoever links to it.
    outside.documents |= {
        name: rss(*titles, new[name]).replace(f"/{len(titles)}<".encode(), f"/{name}<".encode()) for name, titles in old.items()
    }
    fresh = _once(house)
    figure = f"{feeds} feeds of {len(old['f0'])} to {entries} entries: {len(backlog)} alerts for the backlog, {len(set(fresh))} of {feeds} for what is new"
    return Result(figure=figure, passed=not backlog and len(fresh) == feeds and set(fresh) == set(new.values()))


def _once(house: House) -> list[str]:
    process = house.start("run", "--once", "--json")
    process.wait(1800)
    assert process.code == 0, process.err[-3:]
    return [json.loads(line)["title"] for line in process.out]
