"""Child processes for strangers' documents: what a document may take, and that it costs nobody else anything."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from watchers.exceptions import ParseError
from watchers.keys import entry_keys, fingerprint
from watchers.types import Entry, Feed, FeedKind, Organisation, ParsedFeed, Response, Watch
from watchers.workers import Workers

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
FEED = Feed(id="a-feed", kind=FeedKind.NEWS, url="https://news.example.org/rss", name="A feed", every=timedelta(minutes=15))
FINE = (
    b"<rss version='2.0'><channel><title>T</title><item><title>Award</title><link>https://news.example.org/a</link></item></channel></rss>"
)
HANGS = b"<?" + b"encoding='" * 1_600 + FINE  # 16 KiB that keep a regular expression of the parser's busy for more than ten seconds
HUNGRY = FINE.replace(b"<item>", b"<item><title>x</title></item><item>" * 20_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(processes=2, seconds=0.7, memory_mb=192) as running:
        yield running


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", autouse=True)
def _secret() -> None:
    os.environ["CONTRACTWATCH_TELEGRAM_TOKEN"] = "123:secret"


async def parse(workers: Workers, body: bytes = FINE) -> ParsedFeed:
    return await workers.parse(FEED, Response(url=FEED.url, status=200, headers={}, body=body, fetched_at=NOW), NOW)


def pids(workers: Workers) -> set[int]:
    return {child._process.pid for child in workers._all}


def entry(title: str) -> Entry:
    return Entry(keys=entry_keys(link=None, guid=title), fingerprint=fingerprint(title, ""), title=title)


def watch(number: int, name: str) -> Watch:
    return Watch(id=f"w{number}", organisation=Organisation(name=name))


async def test_a_document_is_parsed(workers: Workers) -> None:
    assert [found.title for found in (await parse(workers)).entries] == ["Award"]


async def test_the_parsers_own_error_arrives(workers: Workers) -> None:
    with pytest.raises(ParseError, match=r"^a-feed: the document is an HTML page"):
        await parse(workers, b"<html>")


async def test_a_document_that_hangs_the_parser_is_stopped_and_others_go_on(workers: Workers) -> None:
    hanging = asyncio.ensure_future(parse(workers, HANGS))
    others = await asyncio.gather(*(parse(workers) for _ in range(20)))

    with pytest.raises(ParseError, match=r"^a-feed: reading it took more than 0\.7 s and was stopped"):
        await hanging

    assert len(others) == 20
    assert (await parse(workers)).entries


async def test_the_event_loop_is_free_while_documents_hang(workers: Workers) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.ensure_future(beat())
    await asyncio.gather(*(parse(workers, HANGS) for _ in range(3)), return_exceptions=True)
    beating.cancel()

    assert beats > 3  # a loop that each of the documents held up would beat between them at most


async def test_a_document_that_takes_too_much_memory_is_stopped() -> None:
    async with Workers(processes=1, seconds=30, memory_mb=6) as small:
        with pytest.raises(ParseError, match=r"^a-feed: reading it took more than 6 MB of memory and was stopped"):
            await parse(small, HUNGRY)

        assert (await parse(small)).entries


async def test_a_child_that_is_killed_costs_its_own_task_only(workers: Workers) -> None:
    before = pids(workers)
    running = [asyncio.ensure_future(parse(workers, HANGS)) for _ in range(2)]
    await asyncio.sleep(0.2)
    os.kill(min(before), signal.SIGKILL)

    results = await asyncio.gather(*running, return_exceptions=True)

    assert [str(result).split(" and ")[0] for result in results] == [
        "a-feed: reading it took more than 0.7 s"
    ] * 2  # the killed one was tried again
    assert not pids(workers) & before
    assert (await parse(workers)).entries


async def test_a_document_whose_child_is_killed_every_time_is_given_up(workers: Workers) -> None:
    running = asyncio.ensure_future(parse(workers, HANGS))
    while not running.done():
        await asyncio.sleep(0.05)
        for child in workers._all:
            if child._started and child not in workers._idle:
                os.kill(child._process.pid, signal.SIGKILL)

    with pytest.raises(ParseError, match=r"^a-feed: the process that read it ended unexpectedly, twice \(signal 9\)"):
        await running
    assert (await parse(workers)).entries


async def test_a_child_that_was_killed_while_idle_is_replaced(workers: Workers) -> None:
    await parse(workers)
    for pid in pids(workers):
        os.kill(pid, signal.SIGKILL)

    results = await asyncio.gather(*(parse(workers) for _ in range(4)), return_exceptions=True)

    assert [isinstance(result, ParsedFeed) for result in results] == [True] * 4


async def test_a_cancelled_task_leaves_no_answer_to_the_next(workers: Workers) -> None:
    task = asyncio.ensure_future(parse(workers, HANGS))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [found.title for found in (await parse(workers)).entries] == ["Award"]


async def test_children_ignore_the_signals_that_stop_the_daemon(workers: Workers) -> None:
    await asyncio.gather(parse(workers), parse(workers))
    before = pids(workers)
    for pid in before:
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)

    await asyncio.gather(parse(workers), parse(workers))

    assert pids(workers) == before


async def test_a_machine_that_is_busy_with_others_costs_no_entry_its_meaning() -> None:
    news = entry("Norvane wins £5m contract from Leeds City Council")
    async with Workers(processes=1, seconds=0.2) as workers:
        workers.set_watches(1, [watch(1, "Norvane")])
        first = await workers.understand([news])  # the rules are read by then: that takes longer than an entry may
        (child,) = workers._all
        child._process.send_signal(signal.SIGSTOP)  # as if it got no part of a core
        asyncio.get_running_loop().call_later(0.7, child._process.send_signal, signal.SIGCONT)

        second = await workers.understand([news])

        assert [_watched(found) for found in (*first, *second)] == [{"w1"}, {"w1"}]


async def test_entries_whose_children_are_killed_from_outside_are_left_for_the_next_poll() -> None:
    async with Workers(processes=1, seconds=5) as workers:
        workers.set_watches(1, [watch(1, "Norvane")])
        running = asyncio.ensure_future(
            workers.understand([entry(f"Norvane wins £{n}m contract from Leeds City Council") for n in range(3000)])
        )
        while not running.done():
            await asyncio.sleep(0.05)
            for child in workers._all:
                if child.version is not None and child not in workers._idle:
                    child._process.kill()

        with pytest.raises(ParseError, match=r"ended unexpectedly, twice \(signal 9\)"):
            await running


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_children_know_no_secret_and_hold_no_foreign_file(workers: Workers) -> None:
    await asyncio.gather(parse(workers), parse(workers))

    for pid in pids(workers):
        environment, opened = _inside(pid)
        assert b"secret" not in environment
        assert len([name for name in opened if name.startswith("socket:")]) == 1
        assert not [name for name in opened if name.startswith("/") and not name.startswith("/dev/")]


def _inside(pid: int) -> tuple[bytes, list[str]]:
    """The environment and command line of a process, and what it has open (but for stderr: its errors go where ours go)."""
    proc = Path(f"/proc/{pid}")
    opened = [str(link.readlink()) for link in (proc / "fd").iterdir() if link.name != "2"]
    return (proc / "environ").read_bytes() + (proc / "cmdline").read_bytes(), opened


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy child ends with its task")
async def test_busy_children_die_with_a_parent_that_is_killed() -> None:
    program = (
        "import asyncio, tests.test_workers as t\n"
        "async def main():\n"
        "    async with t.Workers(processes=1, seconds=60) as workers:\n"
        "        await t.parse(workers)\n"
        "        task = asyncio.ensure_future(t.parse(workers, t.HANGS))\n"
        "        await asyncio.sleep(0.2)\n"
        "        print(*t.pids(workers), flush=True)\n"
        "        await task\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[1]
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=root, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    child = int(await parent.stdout.readline())
    assert _runs(child)

    parent.kill()
    await parent.wait()

    async with asyncio.timeout(60):
        while _runs(child):  # noqa: ASYNC110 - another's child has no event of ours
            await asyncio.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_close_stops_idle_and_busy_children() -> None:
    workers = Workers(processes=2, seconds=60)
    workers.start()
    await parse(workers)
    children = pids(workers)
    task = asyncio.ensure_future(parse(workers, HANGS))
    await asyncio.sleep(0.1)

    await workers.close()

    with pytest.raises(ParseError):
        await task
    assert not [pid for pid in children if _runs(pid)]
    with pytest.raises(ParseError, match="have been stopped"):
        await parse(workers)


async def test_entries_are_understood_for_the_current_watches(workers: Workers) -> None:
    entries = [
        entry("Norvane wins £5m contract from Leeds City Council"),
        entry("Rain expected"),
        entry("Quellstone wins £2m NHS contract"),
    ]

    workers.set_watches(1, [watch(1, "Norvane")])
    first = await workers.understand(entries)
    workers.set_watches(2, [watch(1, "Norvane"), watch(2, "Quellstone")])
    second = await asyncio.gather(*(workers.understand(entries) for _ in range(4)))

    assert [_watched(findings) for findings in first] == [{"w1"}, set(), set()]
    assert [[_watched(findings) for findings in found] for found in second] == [[{"w1"}, set(), {"w2"}]] * 4


def _watched(findings: tuple[object, ...]) -> set[str]:
    return {match.watch for finding in findings for match in finding.matches}  # type: ignore[attr-defined]


async def test_nothing_to_understand_asks_no_child() -> None:
    workers = Workers()

    assert await workers.understand([]) == []
    assert not workers._all


async def test_an_entry_that_cannot_be_understood_costs_no_other(workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    workers.set_watches(3, [watch(1, "Norvane")])
    fine = entry("Norvane wins £5m contract from Leeds City Council")
    poison = Entry(keys=fine.keys, fingerprint=b"", title="poison contract", summary=object())  # type: ignore[arg-type]

    found = await workers.understand([fine, poison, fine])

    assert [_watched(findings) for findings in found] == [{"w1"}, set(), {"w1"}]
    assert "poison" in caplog.text


async def test_children_that_cannot_start_are_no_entrys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    async with Workers(processes=1) as workers:
        with pytest.raises(ParseError, match=r"no parser process gets ready, see its error above \(exit code 1\)"):
            await workers.understand([entry("One"), entry("Two")])


async def test_the_memory_limit_leaves_room_for_a_great_watchlist() -> None:
    async with Workers(processes=1, seconds=5, memory_mb=48) as workers:
        workers.set_watches(1, [watch(n, f"Norvane {n} Holdings") for n in range(20_000)])

        (found,) = await workers.understand([entry("Norvane 19999 Holdings wins £5m contract from Leeds City Council")])

        assert "w19999" in _watched(found)
