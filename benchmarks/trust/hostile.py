"""Hostile addresses, servers and documents: what they may reach, how long they take, whom they hold up (S1, S3 to S6, S8).

The attacks are not a part of the project: they lie beside the checkout, with harnesses that seal the network off.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import random
import re
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any

from benchmarks.trust import ROOT
from benchmarks.trust.base import Result, Run, Skipped, check, kept_waiting, wait_for
from benchmarks.trust.stage import free_port
from benchmarks.trust.targets import FEED, NOW, FeedRejected, response
from watchers.workers import Workers

_TOOLS = ROOT.parent / "shared/tools/hostile"
_LONGEST, _MOST_MIB = 5.0, 256  # of one document
_STALL = 0.25  # seconds that the event loop may stand still
_FAMILIES_THAT_HANG = {"quadratic", "depth", "size"}


def _tools() -> Path:
    if not _TOOLS.is_dir():
        raise Skipped("the hostile inputs are not beside this checkout (../shared/tools/hostile)")
    return _TOOLS


def hostile_feeds() -> Any:
    """The module of the strangers' that makes hostile documents."""
    if str(_tools()) not in sys.path:
        sys.path.insert(0, str(_tools()))
    return importlib.import_module("hostile_feeds")


def _cases(count: int, seed: int) -> list[Any]:
    return list(hostile_feeds().all_cases(count, seed))


def _harness(run: Run, program: str, *arguments: str) -> str:
    """Run one of the strangers' harnesses on our targets, and hand back what it says."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, str(_tools() / program), *arguments]
    done = subprocess.run(command, cwd=run.folder(), env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout


@contextlib.contextmanager
def _hostile_server() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, str(_tools() / "hostile_feeds.py"), "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        wait_for("the hostile server", lambda: _listens(port))
        try:
            yield port
        finally:
            server.kill()


def _listens(port: int) -> bool:
    with socket(AF_INET, SOCK_STREAM) as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


@check("S1", "addresses that are not the internet, straight and through redirects: none is connected to", early=True)
def addresses(run: Run) -> Result:
    with _hostile_server() as port:
        target = "benchmarks.trust.targets:fetch_from_the_internet"
        said = _harness(run, "run_ssrf.py", "--target", target, "--redirects", "--hostile-port", str(port), "--verbose")
    summary = said.splitlines()[0].split(": ", 1)[1]
    numbers = [int(number) for number in re.findall(r"\d+", summary)]
    if numbers[1]:
        print(said, file=sys.stderr)
    return Result(figure=summary, passed=numbers[0] > 1000 and not any(numbers[1:]))


@check("S6", "servers that break the rules: none holds a fetch up, fills the memory, or passes a broken document off as one", early=True)
def servers(run: Run) -> Result:
    with _hostile_server() as port:
        arguments = ("--base", f"http://127.0.0.1:{port}", "--target", "benchmarks.trust.targets:fetch_from_this_machine")
        said = _harness(run, "run_routes.py", *arguments).splitlines()
    routes, broken = (int(number) for number in re.findall(r"(\d+) routes, (\d+) break", said[-1])[0])
    worst = max(float(row.split(" s ")[0].split()[-1]) for row in said[:-1])
    largest = max(float(row.split(" MB ")[0].split()[-1]) for row in said[:-1])
    if broken:
        print("\n".join(said), file=sys.stderr)
    return Result(
        figure=f"{broken} of {routes} servers break a limit; longest fetch {worst:.1f} s, most memory {largest:.0f} MiB",
        passed=routes >= 70 and not broken,
    )


# --- documents ----------------------------------------------------------------------------------------------------------------------------


class _Judge:
    """What became of documents in the parse stage."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self.broken: list[str] = []

    async def parse(self, workers: Workers, name: str, body: bytes, content_type: str) -> None:
        began = time.monotonic()
        try:
            await workers.parse(FEED, response(body, content_type), NOW)
            outcome = "read"
        except FeedRejected:
            outcome = "refused"
        except Exception as error:  # noqa: BLE001 -- that nothing else comes out is what is tried
            outcome = type(error).__name__
            self.broken.append(f"{name}: {outcome}")
        took = time.monotonic() - began
        self.seconds.append(took)
        self.outcomes[outcome] += 1
        if took > _LONGEST:
            self.broken.append(f"{name}: {took:.1f} s")


async def _all(cases: Sequence[Any], judge: _Judge, workers: Workers, *, at_once: int, run: Run) -> None:
    """Parse all documents, as many at a time as there are children: waiting for one is no part of a parse."""
    waiting = iter(cases)

    async def some() -> None:
        for case in waiting:
            body = await asyncio.to_thread(case.build, random.Random(1), 8)
            await judge.parse(workers, case.name, body, case.ctype)
            run.say(f"{len(judge.seconds)} of {len(cases)}")

    await asyncio.gather(*(some() for _ in range(at_once)))


def _children_mib() -> float:
    """The most memory that any child took which has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


@check("S3", "a thousand hostile documents through the parse stage: time, memory, exceptions")
def documents(run: Run) -> Result:
    cases, judge, children = _cases(1000, 1), _Judge(), 2

    async def body() -> float:
        async with Workers(processes=children) as workers:
            await judge.parse(workers, "warm", b"<rss><channel><item><title>t</title></item></channel></rss>", "text/xml")
        idle = _children_mib()
        async with Workers(processes=children) as workers:
            await _all(cases, judge, workers, at_once=children, run=run)
        return idle

    idle = asyncio.run(body())
    extra = _children_mib() - idle
    if judge.broken:
        print("\n".join(judge.broken), file=sys.stderr)
    figure = (
        f"{len(judge.broken)} of {len(cases)} documents break a limit; longest {max(judge.seconds):.1f} s, "
        f"{extra:.0f} MiB more; {judge.outcomes['read']} read, {judge.outcomes['refused']} refused"
    )
    return Result(figure=figure, passed=not judge.broken and extra <= _MOST_MIB)


@check("S4", "a mebibyte of each text that costs a parser more than its length: how long it is worked on")
def costly_texts(run: Run) -> Result:
    texts, judge = hostile_feeds().QUAD, _Judge()

    async def body() -> None:
        async with Workers(processes=2) as workers:
            for name, make in texts.items():
                content_type = "application/xml" if "codec" in name else "application/rss+xml"
                await judge.parse(workers, name, make(2**20), content_type)
                run.say(f"{len(judge.seconds)} of {len(texts)}")

    asyncio.run(body())
    figure = (
        f"{len(texts)} texts of 1 MiB: {judge.outcomes['read']} read, {judge.outcomes['refused']} refused or stopped after three seconds; longest "
        f"{max(judge.seconds):.1f} s"
    )
    return Result(figure=figure, passed=not judge.broken)


@check("S5", "the event loop while documents hang their parsers, and whether other feeds are late")
def event_loop(run: Run) -> Result:
    cases = [case for case in _cases(1000, 1) if case.family in _FAMILIES_THAT_HANG]
    cases = cases[:: run.pick(4, 1)]

    async def body() -> tuple[float, list[float], _Judge]:
        judge, healthy = _Judge(), _Judge()
        async with Workers(processes=2) as workers, Workers(processes=1) as other:
            for one in (workers, other):
                await healthy.parse(one, "warm", b"<rss><channel><item><title>t</title></item></channel></rss>", "text/xml")
            healthy.seconds.clear()
            async with _beating() as gaps:
                hostile = asyncio.create_task(_all(cases, judge, workers, at_once=2, run=run))
                while not hostile.done():
                    await healthy.parse(other, "healthy", _GOOD, "text/xml")
                    await asyncio.sleep(0.1)
                await hostile
        return max(gaps), healthy.seconds, judge

    longest, healthy, judge = asyncio.run(body())
    late = sum(seconds > _LONGEST for seconds in healthy)
    figure = (
        f"{len(cases)} documents that hang a parser ({judge.outcomes['refused']} stopped or refused): the loop stood still for at most "
        f"{longest * 1000:.0f} ms; {late} of {len(healthy)} polls of a healthy feed late, the slowest {max(healthy):.2f} s"
    )
    return Result(figure=figure, passed=longest <= _STALL and not late)


_GOOD = b"<rss version='2.0'><channel><title>t</title>%s</channel></rss>" % b"".join(
    b"<item><title>Council awards contract %d</title><link>https://council.example/%d</link></item>" % (n, n) for n in range(100)
)


@contextlib.asynccontextmanager
async def _beating() -> AsyncIterator[list[float]]:
    """How long the event loop was late for a beat of ten milliseconds, each time; without what others kept it from a processor."""
    gaps = [0.0]

    async def beat() -> None:
        while True:
            began, kept = time.monotonic(), kept_waiting()
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - began - 0.01 - (kept_waiting() - kept))

    task = asyncio.create_task(beat())
    try:
        yield gaps
    finally:
        task.cancel()


@check("S8", "documents that name files and addresses: no file is opened, nothing is connected to")
def contents(run: Run) -> Result:
    folder, hits = run.folder(), []
    left_out = set() if run.long else _FAMILIES_THAT_HANG  # those are about time, and take it
    with socket(AF_INET, SOCK_STREAM) as canary:
        canary.bind(("127.0.0.1", 0))
        canary.listen()
        threading.Thread(target=lambda: [hits.append(canary.accept()) for _ in range(100)], daemon=True).start()
        sealed = os.environ | {"CANARY_PORT": str(canary.getsockname()[1])}
        command = [sys.executable, str(_tools() / "hostile_feeds.py"), "write", str(folder), "--max-mb", "1"]
        subprocess.run(command, env=sealed, stdout=subprocess.DEVNULL, check=True)
        manifest = folder / "manifest.jsonl"
        kept = [line for line in manifest.read_text("utf-8").splitlines() if json.loads(line)["family"] not in left_out]
        manifest.write_text("\n".join(kept) + "\n", "utf-8")
        out = folder / "results.jsonl"
        _harness(run, "run_static.py", str(folder), "--target", "benchmarks.trust.targets:parse", "--timeout", "4", "--out", str(out))
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    opened = [(row["name"], row["opened"]) for row in rows if row["opened"]]
    connected = [(row["name"], row["conns"]) for row in rows if row["conns"]]
    if opened or connected:
        print(opened, connected, file=sys.stderr)
    figure = f"{len(rows)} documents: {len(opened)} opened a file, {len(connected)} looked for an address, {len(hits)} reached the canary"
    return Result(figure=figure, passed=len(rows) == len(kept) > 700 and not (opened or connected or hits))
