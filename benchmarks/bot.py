"""How long people wait for an answer while thousands of alerts are delivered and thousands of feeds polled.

    python -m benchmarks.bot --botapi FAKEBOTAPI.py [--short] [--feeds 2000] [--every 60] [--alerts 10000] [--chats 1000] [--latency 0.05]

The daemon itself runs against a fake Telegram server that enforces Telegram's limits, and a web server of this machine. ``--alerts`` go
to ``--chats`` (one in ten is a group) at the rate that Telegram allows, while ``--feeds`` are polled every ``--every`` seconds and a command
is sent every second, in turn from private chats and groups that are told alerts too. Beside it, in the same run: the loop that one writes
first, python-telegram-bot's own handlers and rate limiter with the same messages to the same chats, without feeds or a database.

Printed for both: answers, how long they took, refusals for too many requests that were provoked, messages lost and doubled; and for ours
polls that were late by more than an interval. A few refusals are made on purpose: none may be answered by asking again too early, and none
may lose or double a message. Exit status 1 when an answer in a hundred took longer than half a second, or anything else is not as it must be.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import itertools
import json
import multiprocessing
import multiprocessing.connection
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from benchmarks.poll import document
from benchmarks.trust.base import Run, wait_for
from benchmarks.trust.stage import TOKEN, Telegram, places
from storage.store import Store, open_store

LIMIT_MS = 500  # of the answer that 99 of 100 do not take longer than
FIRST_PERSON, FIRST_GROUP = 1_000_001, -1_001_000_000_001
ASKING = 20  # private chats that ask; half as many groups do
REFUSALS = 5  # made on purpose
REFUSED_FOR = 4  # seconds
PRIVATE = ("/help", "/status", "/watches", "/settings", "/watch Capita", "/lists", "/privacy", "Serco")
GROUP = ("/help@watch_bot", "/status@watch_bot", "/settings@watch_bot", "/watch@watch_bot Capita")
ALERT = re.compile("contract with Palantir")  # in every alert, and in no answer
_CONFIG = """
[store]
url = "sqlite:///contractwatch.db"
[telegram]
token_file = "token"
api_base_url = "{api}"
[fetch]
contact = "https://example.org/bench"
allow_networks = ["127.0.0.0/8"]
per_host_interval = "0s"
[[watchlists]]
id = "bench"
watches = [ {{ name = "Palantir" }} ]
[[feeds]]
id = "press"
kind = "news"
url = "{web}/press"
every = "2s"
"""
_FEED = '[[feeds]]\nid = "f{n}"\nkind = "news"\nurl = "{web}/feed/{n}"\nevery = "{every}s"\n'
_CHANNEL = '[[channels]]\nkind = "telegram"\nchat_id = {chat}\nwatchlists = ["bench"]\n'


# --- the outside web --------------------------------------------------------------------------------------------------------------------


def serve(feeds: int, every: float, titles: Sequence[str], ready: multiprocessing.connection.Connection) -> None:
    """Outlets of which every other knows 304, one in ten has news at a poll, and a press that publishes when it is told to."""
    documents = {number: document(number, 10) for number in range(feeds)}
    asked: dict[int, list[float]] = defaultdict(list)
    dice, published = random.Random(1), 0

    async def feed(request: web.Request) -> web.Response:
        number = int(request.match_info["n"])
        asked[number].append(time.monotonic())
        if dice.random() < 0.1:
            new = f"<item><title>Fire crews called to flat in road {dice.getrandbits(20)}</title><guid>{dice.getrandbits(60)}</guid></item>"
            documents[number] = documents[number].replace(b"<item>", f"{new}<item>".encode(), 1)
        version = f'"{len(documents[number])}"'
        if number % 2 and request.headers.get("If-None-Match") == version:
            return web.Response(status=304)
        return web.Response(body=documents[number], content_type="application/rss+xml", headers={"ETag": version} if number % 2 else {})

    async def press(_: web.Request) -> web.Response:
        items = "".join(f"<item><title>{title}</title><guid>{n}</guid></item>" for n, title in enumerate(titles[:published]))
        quiet = "<item><title>Weather: rain later</title><guid>w</guid></item>"
        return web.Response(text=f'<?xml version="1.0"?><rss version="2.0"><channel>{quiet}{items}</channel></rss>')

    async def publish(_: web.Request) -> web.Response:
        nonlocal published
        published = len(titles)
        return web.Response()

    async def polls(_: web.Request) -> web.Response:
        now = time.monotonic()
        gaps = [after - before for times in asked.values() for before, after in itertools.pairwise([*times, now])]
        late = [gap - every for gap in gaps if gap > 2 * every]
        seen = {"feeds": len(asked), "polls": sum(map(len, asked.values())), "late": len(late), "longest": max(gaps, default=0)}
        return web.json_response(seen)

    async def run() -> None:
        app = web.Application()
        app.add_routes([web.get("/feed/{n}", feed), web.get("/press", press), web.post("/_publish", publish), web.get("/_polls", polls)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


@contextlib.contextmanager
def outside(feeds: int, every: float, titles: Sequence[str]) -> Iterator[str]:
    listen, ready = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(feeds, every, titles, ready), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{listen.recv()}"
    finally:
        server.terminate()


def ask(url: str, **body: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or "null")


# --- who asks, and what came of it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chats:
    """Everybody who is told: people, then groups. Each group has one person who runs it."""

    people: range
    groups: range

    @classmethod
    def of(cls, number: int) -> Chats:
        groups = max(1, number // 10)
        return cls(range(FIRST_PERSON, FIRST_PERSON + number - groups), range(FIRST_GROUP, FIRST_GROUP - groups, -1))

    @property
    def all(self) -> list[int]:
        return [*self.people, *self.groups]

    def arrive(self, telegram: Telegram) -> None:
        """They are all there, and what they did for that is not heard by anybody."""
        for person in self.people:
            telegram.control("start", user_id=person, bot="watch_bot")
        for group in self.groups:
            runs = FIRST_PERSON + abs(group) % 1000
            telegram.control("chat", id=group, type="supergroup", title="G", admins=[runs], bots={"watch_bot": "member"})
        ask(f"{telegram.base}/bot{TOKEN}/deleteWebhook?drop_pending_updates=true")

    def turns(self) -> Iterator[tuple[int, int, str]]:
        """For ever: who asks, in which chat, and what. Groups ask half as often as people."""
        people, groups = itertools.cycle(self.people[:ASKING]), itertools.cycle(self.groups[: ASKING // 2])
        private, group = itertools.cycle(PRIVATE), itertools.cycle(GROUP)
        while True:
            for person in (next(people), next(people)):
                yield person, person, next(private)
            chat = next(groups)
            yield FIRST_PERSON + abs(chat) % 1000, chat, next(group)


@dataclass
class Asking:
    """Sends a command every second until it is told to stop, and remembers when."""

    telegram: Telegram
    chats: Chats
    pause: float
    asked: list[tuple[float, int, str]] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def _go_on(self) -> None:
        for person, chat, text in self.chats.turns():
            if self._end.wait(self.pause):
                return
            self.asked.append((time.monotonic(), chat, text))
            self.telegram.control("message", user_id=person, chat_id=chat, text=text, bot="watch_bot")

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        thread = threading.Thread(target=self._go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the fake server saw. ``waits`` are of the commands that were answered, in milliseconds; ``slowest`` says of which."""

    asked: int
    waits: tuple[float, ...]
    slowest: tuple[str, ...]
    twice: int
    provoked: int
    made: int
    too_early: int
    told: int
    doubled: int
    seconds: float

    def at(self, share: float) -> float:
        ranked = sorted(self.waits)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("inf")

    def line(self, name: str, alerts: int) -> str:
        return (
            f"{name:15} {len(self.waits):5} of {self.asked} answered, {self.twice} twice; p50 {self.at(0.5):.0f} ms, p99 {self.at(0.99):.0f} ms, max "
            f"{self.at(1):.0f} ms; 429: {self.provoked} provoked, {self.made} made, {self.too_early} asked again too early; alerts: {self.told} "
            f"of {alerts} told in {self.seconds:.0f} s ({self.told / max(self.seconds, 1):.1f}/s), {self.doubled} doubled"
        )


def figures(log: Path, offset: float, asked: Sequence[tuple[float, int, str]]) -> Figures:
    """Read the server's log. ``offset``: what its clock is behind the one the commands were timed with."""
    rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    sends = [row for row in rows if row["method"].lower() == "sendmessage"]
    answers: dict[int, list[float]] = defaultdict(list)
    alerts: list[tuple[float, int, str]] = []
    for row in sends:
        if row["status"] == 200:
            chat, text, at = int(row["params"]["chat_id"]), row["params"]["text"], row["t"] + offset
            if ALERT.search(text):
                alerts.append((at, chat, text))
            else:
                answers[chat].append(at)
    questions: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for at, chat, text in asked:
        questions[chat].append((at, f"{text} in {'a group' if chat < 0 else 'private'}"))
    pairs = [pair for chat, ones in questions.items() for pair in zip(ones, answers[chat], strict=False)]  # a chat is answered in order
    waits = [(1000 * (answered - at), what) for (at, what), answered in pairs]
    twice = sum(max(0, len(answers[chat]) - len(ones)) for chat, ones in questions.items())
    refused = [row for row in sends if row["status"] == 429]
    made = [row for row in refused if row.get("fault")]
    early = sum(
        one["t"] < other["t"] < one["t"] + REFUSED_FOR and other["params"]["chat_id"] == one["params"]["chat_id"]
        for one in made
        for other in sends
    )
    copies = Counter((chat, text) for _, chat, text in alerts)
    return Figures(
        asked=len(asked),
        waits=tuple(wait for wait, _ in waits),
        slowest=tuple(f"{what} {wait:.0f} ms" for wait, what in sorted(waits, reverse=True)[:5]),
        twice=twice,
        provoked=len(refused) - len(made),
        made=len(made),
        too_early=early,
        told=len(copies),
        doubled=sum(copies.values()) - len(copies),
        seconds=alerts[-1][0] - alerts[0][0] if alerts else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Server:
    """A fake Telegram that enforces limits, and where it writes what it was asked."""

    telegram: Telegram
    log: Path
    offset: float

    @classmethod
    @contextlib.contextmanager
    def running(cls, program: Path, folder: Path, chats: Chats, latency: float) -> Iterator[Server]:
        log = folder / "calls.jsonl"
        more = ("--rate-limits", "enforce", "--log", str(log), "--latency", str(latency))
        with contextlib.closing(Telegram(program, folder / "telegram.log", *more)) as telegram:
            before = time.monotonic()
            ask(f"{telegram.base}/bot{TOKEN}/getMe")
            offset = (before + time.monotonic() - latency) / 2 - json.loads(log.read_text("utf-8").splitlines()[0])["t"]
            chats.arrive(telegram)
            yield cls(telegram, log, offset)


# --- ours -------------------------------------------------------------------------------------------------------------------------------


def ours(options: argparse.Namespace, chats: Chats, titles: Sequence[str]) -> bool:
    """Run the daemon; print its line, and say whether all is as it must be."""
    from house import Process

    with contextlib.closing(Run(botapi_program=options.botapi)) as run:
        folder, nursery = run.folder(), run.nursery
        server = run.hold(Server.running(run.botapi, folder, chats, options.latency))
        site = run.hold(outside(options.feeds, options.every, titles))
        config = _CONFIG.format(api=server.telegram.base, web=site)
        config += "".join(_FEED.format(n=n, web=site, every=options.every) for n in range(options.feeds))
        (folder / "config.toml").write_text(config + "".join(_CHANNEL.format(chat=chat) for chat in chats.all))
        (folder / "token").write_text(TOKEN)
        (folder / "token").chmod(0o600)
        prelude = "" if options.prelude is None else options.prelude.read_text()
        daemon = Process(nursery, folder, ["run"], prelude=prelude, environment={"PATH": os.environ["PATH"]})
        run.hold(_ending(daemon))
        daemon.until(lambda: daemon.said("event=ready"), 120)
        wait_for("the first polls", lambda: ask(f"{site}/_polls")["feeds"] >= options.feeds, 300)
        store = run.hold(open_store(f"sqlite:///{folder}/contractwatch.db", create=False))
        wait_for("the first polls to be kept", lambda: all(record.state.seeded for record in store.feeds()), 120, 1.0)
        before = ask(f"{site}/_polls")["polls"]
        ask(f"{site}/_publish", go=1)
        wait_for("the first alert", lambda: "contract with Palantir" in server.log.read_text("utf-8"), 60)
        if options.refusals:
            server.telegram.fault("retry_after", 0.01, times=options.refusals, seconds=REFUSED_FOR, contains="contract with Palantir")
        asking = Asking(server.telegram, chats, options.pause)
        with asking.under_way():
            _until_told(store, options.alerts)
        time.sleep(2)
        polls, memory = ask(f"{site}/_polls"), _memory(daemon.pid)
        refused = Counter(one["scope"] for one in server.telegram.control("violations"))
        seen = figures(server.log, server.offset, asking.asked)
    print(seen.line("contractwatch", options.alerts))
    print(
        f"{'':15} slowest: {'; '.join(seen.slowest)}\n{'':15} {polls['polls'] - before} polls of {options.feeds} feeds, {polls['late']} late by more than "
        f"an interval of {options.every} s, longest gap {polls['longest']:.0f} s; {memory:.0f} MiB of memory; refused because of {dict(refused) or 'nothing'}"
    )
    whole = seen.told == options.alerts and not (seen.doubled or seen.twice or seen.provoked or seen.too_early)
    return whole and len(seen.waits) == seen.asked and seen.at(0.99) <= LIMIT_MS and not polls["late"]


def _until_told(store: Store, alerts: int) -> None:
    """Wait until all was told, with some patience beyond what the rate needs."""
    deadline = time.monotonic() + 120 + alerts / 10
    while time.monotonic() < deadline:
        deliveries = store.counts(datetime.now(UTC)).deliveries
        if sys.stderr.isatty():
            print(f"\r\033[K{dict(deliveries)}", end="", file=sys.stderr, flush=True)
        if deliveries.get("sent", 0) >= alerts and not deliveries.get("pending", 0):
            return
        time.sleep(1)


def _memory(pid: int) -> float:
    """Mebibytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


@contextlib.contextmanager
def _ending(daemon: Any) -> Iterator[None]:
    yield
    with contextlib.suppress(ProcessLookupError, AssertionError):
        daemon.stop(signal.SIGTERM, 30)


# --- the loop that one writes first -----------------------------------------------------------------------------------------------------


async def naive(base: str, messages: Sequence[str], chats: Sequence[int]) -> None:
    """python-telegram-bot with its own rate limiter, at its documented settings but for tries, of which it makes none by itself."""
    from telegram import Update
    from telegram.error import TelegramError
    from telegram.ext import AIORateLimiter, ApplicationBuilder, ContextTypes, MessageHandler, filters

    async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.effective_message is not None
        await update.effective_message.reply_text(f"You asked: {update.effective_message.text}")

    limiter = AIORateLimiter(max_retries=3)
    app = ApplicationBuilder().token(TOKEN).base_url(f"{base}/bot").rate_limiter(limiter).concurrent_updates(True).build()
    app.add_handler(MessageHandler(filters.TEXT, answer))
    async with app:
        assert app.updater is not None
        await app.updater.start_polling()
        await app.start()
        print("ready", flush=True)
        for message in messages:
            for chat in chats:
                with contextlib.suppress(TelegramError):
                    await app.bot.send_message(chat, message)
        print("done", flush=True)
        await asyncio.sleep(2)
        await app.updater.stop()
        await app.stop()


def baseline(options: argparse.Namespace, chats: Chats) -> None:
    """Run the naive loop in a process of its own; print its line."""
    if importlib.util.find_spec("aiolimiter") is None:
        print("AIORateLimiter  not measured: its package aiolimiter is not installed (dependency group bench)")
        return
    with contextlib.closing(Run(botapi_program=options.botapi)) as run:
        server = run.hold(Server.running(run.botapi, run.folder(), chats, options.latency))
        command = [sys.executable, "-m", "benchmarks.bot", "--botapi", str(options.botapi), "--inside", server.telegram.base]
        command += ["--alerts", str(options.alerts), "--chats", str(options.chats)]
        loop = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert loop.stdout is not None
        loop.stdout.readline()
        asking = Asking(server.telegram, chats, options.pause)
        with asking.under_way():
            loop.stdout.readline()
        loop.wait(60)
        print(figures(server.log, server.offset, asking.asked).line("AIORateLimiter", options.alerts))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--botapi", type=Path, required=True, help="program of the fake Telegram server")
    parser.add_argument("--short", action="store_true", help="200 feeds and 500 alerts: a minute")
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--every", type=int, default=60, help="seconds between two polls of a feed")
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--chats", type=int, default=1000, help="that are told, a tenth of them groups")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two commands")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that Telegram takes for an answer")
    parser.add_argument("--refusals", type=int, default=REFUSALS, help="429 answers made on purpose")
    parser.add_argument("--only", choices=["ours", "baseline"])
    parser.add_argument("--prelude", type=Path, help="Python that the daemon runs before it starts, to look at it from within")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.short:
        options.feeds, options.every, options.alerts, options.chats, options.pause = 200, 6, 500, 100, 0.25
    chats, events = Chats.of(options.chats), options.alerts // options.chats
    titles = [f"{place} Council cancels £{n + 2}m contract with Palantir" for n, place in enumerate(places(events, random.Random(1)))]
    if options.inside:
        asyncio.run(naive(options.inside, titles, chats.all))
        return 0
    good = True
    if options.only != "baseline":
        good = ours(options, chats, titles)
    if options.only != "ours":
        baseline(options, chats)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
