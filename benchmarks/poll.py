"""Poll 1,000 feeds of 25 entries from a server on this machine into the store, understanding every entry for 1,000 watches.

    python benchmarks/poll.py [--feeds 1000] [--entries 25] [--watches 1000] [--only ours|reader]

Beside it, in the same run and from the same server, ``reader`` 3.26 updates the same feeds into its own SQLite database. It parses and
stores, and understands nothing; its threads are set to ten, its own recommendation. Printed for both: feeds a second, seconds of CPU of
the process and its children, and peak memory; last the ratio, which is the only figure that means something on a shared machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

PLACES = ["Harrow", "Dorset", "Leeds", "Kent", "Camden", "Fife", "Powys", "Derry", "Hull", "Bath"]
PLAIN = [
    "Residents of {place} object to plans for {n} new homes by the river",
    "Storm damage closes school in {place} for the {n}th day running",
    "{place} museum opens exhibition on {n} years of rail travel",
    "Police appeal after collision on the A{n} near {place}",
    "How {place} became the home of {n} independent bakeries",
    "{place} United sign midfielder on a {n}-year contract",
    "Calls to scrap the £{n}m waste contract in {place} grow",
]
EVENTS = [
    "{place} Council awards £{n}m highways contract to {supplier}",
    "{supplier} wins £{n}m NHS contract in {place}",
    "{place} Council scraps £{n}m IT contract with {supplier}",
]
SHARE = 0.02  # of entries that tell of a contract: still many times what recorded feeds carry
SUMMARY = "The decision, first reported by the local paper, follows months of argument about cost and quality. A spokesperson said more will follow. "


def supplier(number: int) -> str:
    return f"Norvane {number} Services"


def document(number: int, entries: int) -> bytes:
    """One RSS document; a share of the entries tells of an award or a cancellation, the rest of anything else."""
    dice = random.Random(number)
    items = []
    for n in range(entries):
        shapes = EVENTS if dice.random() < SHARE else PLAIN
        title = dice.choice(shapes).format(place=dice.choice(PLACES), n=dice.randint(2, 90), supplier=supplier(dice.randint(0, 3000)))
        link = f"https://outlet{number}.example.org/news/{n}-{dice.getrandbits(32):x}"
        at = (datetime.now(UTC) - timedelta(minutes=7 * n)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        items.append(
            f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{at}</pubDate>"
            f"<description>&lt;p&gt;{SUMMARY * dice.randint(1, 3)}&lt;/p&gt;</description></item>"
        )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Outlet {number}</title>{"".join(items)}</channel></rss>'.encode()


def serve(feeds: int, entries: int, ready: multiprocessing.connection.Connection) -> None:
    """The outside web: a process of its own, so that its CPU is nobody's."""
    documents = [document(number, entries) for number in range(feeds)]

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=documents[int(request.match_info["n"])], content_type="application/rss+xml")

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/feed/{n}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def measure(name: str, feeds: int, work: list[str]) -> dict[str, float]:
    """Run one side in a process of its own and read what the kernel counted for it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, *work], check=True, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = json.loads(done.stdout.splitlines()[-1])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    row = {"seconds": figures["seconds"], "cpu": cpu, "peak_mb": figures["peak_mb"], "entries": figures["entries"]}
    print(
        f"{name:14} {feeds / row['seconds']:8.1f} feeds/s {row['seconds']:8.2f} s {row['cpu']:8.2f} s CPU {row['peak_mb']:7.0f} MB peak "
        f"{row['entries']:7.0f} entries kept   ({seconds:.1f} s with start-up)",
        flush=True,
    )
    if figures.get("said"):
        print(f"{'':14} {figures['said']}")
    return row


def peak_mb() -> float:
    """Peak memory: this process and the largest of its children."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return kilobytes / 1024


def run_reader(base: str, feeds: int, folder: Path) -> None:
    import reader

    library = reader.make_reader(str(folder / "reader.db"))
    for number in range(feeds):
        library.add_feed(f"{base}/feed/{number}")
    started = time.perf_counter()
    library.update_feeds(workers=10)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), "entries": library.get_entry_counts().total}))


async def run_ours(base: str, feeds: int, watches: int, folder: Path) -> None:
    from bot.facade import PollStore, StoreCalls
    from storage.records import ConfigWatchlist
    from storage.store import open_store
    from watchers.fetch import Fetcher
    from watchers.pacing import HostPacer, SystemClock
    from watchers.pipeline import Poller
    from watchers.stories import Stories
    from watchers.types import Feed, FeedKind, FeedState, Organisation, Role, Watch
    from watchers.workers import Workers

    now = datetime.now(UTC)
    store = open_store(f"sqlite:///{folder / 'ours.db'}")
    watched = tuple(Watch(id=f"bench:{n}", organisation=Organisation(name=supplier(n)), role=Role.SUPPLIER) for n in range(watches))
    store.sync_config([ConfigWatchlist(id="bench", name="Bench", watches=watched)], [], now)
    configured = [
        Feed(id=f"f{n}", kind=FeedKind.NEWS, url=f"{base}/feed/{n}", name=f"Outlet {n}", every=timedelta(minutes=15), seeds=False)
        for n in range(feeds)
    ]
    store.sync_feeds(configured, now)
    call = StoreCalls(threads=1)
    workers = Workers()
    clock = SystemClock()
    pacer = HostPacer(per_host_interval=timedelta(0), clock=clock)
    async with Fetcher(contact="https://example.org/bench", allow_networks=["127.0.0.0/8"], pacer=pacer) as fetch:
        poller = Poller(fetch=fetch, parse=workers.parse, mind=workers, store=PollStore(store, call, Stories()))
        gate = asyncio.Semaphore(32)

        async def one(feed: Feed) -> int:
            async with gate:
                outcome = await poller.poll(feed, FeedState(), now)
                assert outcome.error is None, outcome
                return outcome.alerts

        await poller.mind.understand([], [])
        started = time.perf_counter()
        alerts = sum(await asyncio.gather(*(one(feed) for feed in configured)))
        seconds = time.perf_counter() - started
    await workers.close()
    call.close()
    counts = store.counts(now)
    store.close()
    said = f"{counts.stories} stories, {alerts} alerts for {watches} watches"
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), "entries": counts.entries, "said": said}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=25)
    parser.add_argument("--watches", type=int, default=1000)
    parser.add_argument("--only", choices=["ours", "reader"])
    parser.add_argument("--inside", nargs=2, metavar=("SIDE", "BASE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        side, base = options.inside
        with tempfile.TemporaryDirectory() as folder:
            if side == "reader":
                run_reader(base, options.feeds, Path(folder))
            else:
                asyncio.run(run_ours(base, options.feeds, options.watches, Path(folder)))
        return
    listen, ready = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(options.feeds, options.entries, ready), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{listen.recv()}"
    rows = {}
    for side in ("reader", "ours"):
        if options.only in (None, side):
            arguments = ["--inside", side, base, "--feeds", str(options.feeds), "--watches", str(options.watches)]
            rows[side] = measure("reader 3.26" if side == "reader" else "contractwatch", options.feeds, arguments)
    if len(rows) == 2:
        print(f"ratio          {rows['reader']['seconds'] / rows['ours']['seconds']:.2f} times as many feeds a second as reader")
    server.terminate()


if __name__ == "__main__":
    main()
