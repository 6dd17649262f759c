"""A stage for daemons: feeds that publish, a Telegram server with subscribers, processes that are killed, and what the subscribers saw.

Everything but Telegram's server and the outside web is the program itself, in processes of its own.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any

from house import Process

from benchmarks.trust.base import Run, wait_for
from storage.records import Counts
from storage.store import Store, open_store

TOKEN = "111111:AAtrusttrusttrusttrusttrusttrusttrusttrustt"  # of the fake server
FIRST_SUBSCRIBER = 501
MARK = "↻"
_START = 120.0  # seconds for a start, on a machine that has much else to do
_SAVE = "✅ Save"
_COUNCIL = re.compile(r"(\w+) Council")
_SYLLABLES = ("bar", "cor", "dun", "el", "fen", "gar", "hol", "ing", "kel", "lan", "mor", "nor", "os", "pen", "rad", "sel", "tor", "wen")


def places(count: int, dice: random.Random) -> list[str]:
    """Councils that do not exist, each with a name of its own."""
    names: dict[str, None] = {}
    while len(names) < count:
        names.setdefault(("".join(dice.choice(_SYLLABLES) for _ in range(3)) + "ham").capitalize())
    return list(names)


@dataclass
class Press:
    """Feeds that publish one event after another; each event stands in one of them, under a place of its own."""

    places: list[str]
    feeds: int
    published: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, count: int) -> None:
        """Publish so many more."""
        with self.lock:
            self.published = min(len(self.places), self.published + count)

    def publish_until(self, count: int) -> None:
        self.publish(max(0, count - self.published))

    @property
    def out(self) -> list[str]:
        """The places that were published about."""
        return self.places[: self.published]

    def document(self, feed: int) -> bytes:
        with self.lock:
            out = [(n, place) for n, place in enumerate(self.out) if n % self.feeds == feed]
        items = "".join(self.item(n, place) for n, place in out)
        opening = "<item><title>Weather: rain later</title><link>https://press.example.org/weather</link></item>"
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Press {feed}</title>{opening}{items}</channel></rss>'.encode()

    def item(self, number: int, place: str) -> str:
        """One entry as it stands in a feed."""
        at = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return (
            f"<item><title>{place} Council cancels £{number + 2}m contract with Palantir</title>"
            f"<link>https://press.example.org/{number}</link><guid>{number}</guid><pubDate>{at}</pubDate></item>"
        )

    @contextlib.contextmanager
    def serving(self) -> Iterator[int]:
        press = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = press.document(int(self.path.rsplit("/", 1)[1]))
                with contextlib.suppress(ConnectionError):  # whoever asked was killed
                    self.send_response(200)
                    self.send_header("Content-Type", "application/rss+xml")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
        server.server_close()


class Telegram:
    """The fake server and its control side."""

    def __init__(self, program: Path, log: Path, *options: str) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        command = [sys.executable, str(program), "--port", str(port), "--bot", f"{TOKEN}=watch_bot", *(options or ("--rate-limits", "off"))]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        wait_for("the fake Telegram server", self._healthy)

    def _healthy(self) -> bool:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            return bool(self.control("health"))
        return False

    def control(self, name: str, /, **parameters: Any) -> Any:
        request = urllib.request.Request(
            f"{self.base}/_control/{name}", json.dumps(parameters).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def fault(self, kind: str, probability: float = 1.0, *, times: int | None = None, **more: Any) -> None:
        """Let sends fail, each with a probability."""
        self.control("fault", kind=kind, method=more.pop("method", "sendMessage"), probability=probability, times=times, **more)

    def well(self) -> None:
        """No more faults."""
        request = urllib.request.Request(f"{self.base}/_control/fault", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    def say(self, person: int, text: str) -> None:
        self.control("message", user_id=person, bot="watch_bot", text=text)

    def save(self, person: int, name: str, *, chat: int | None = None) -> bool:
        """Press the button under the question whether a name is to be watched; False while there is no such question."""
        asked = [
            row
            for row in self.rows(chat or person)
            if name in row.get("text", "") and _SAVE in json.dumps(row.get("reply_markup"), ensure_ascii=False)
        ]
        if asked:
            self.press(person, chat or person, asked[-1]["message_id"], button=_SAVE)
        return bool(asked)

    def press(self, person: int, chat: int, message_id: int, **which: Any) -> None:
        """Press a button of a message, by its label (``button``) or its ``data``."""
        self.control("callback", chat_id=chat, message_id=message_id, user_id=person, bot="watch_bot", **which)

    def messages(self, chat: int) -> list[str]:
        """What the bot said in a chat, as it can be read there now."""
        return [row.get("text", "") for row in self.rows(chat)]

    def rows(self, chat: int) -> list[dict[str, Any]]:
        """The bot's messages in a chat as Telegram has them, oldest first."""
        try:
            shown = self.control("visible", chat_id=chat)
        except urllib.error.HTTPError:  # nobody has spoken there yet
            return []
        rows = shown.get("messages", shown) if isinstance(shown, dict) else shown
        return [row for row in rows if row.get("from", {}).get("is_bot", True)]

    def unknown_fates(self) -> int:
        """Sends whose sender could not know what became of them, by the faults that were made."""
        calls = self.control("calls", method="sendMessage")
        calls = calls.get("calls", calls) if isinstance(calls, dict) else calls
        return sum(bool(one["fault"]) and one["fault"]["kind"] not in ("retry_after", "error") for one in calls)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_CONFIG = """
[store]
url = "{store}"
[telegram]
token_file = "token"
api_base_url = "{api}"
[fetch]
contact = "https://example.org/trust"
allow_networks = ["127.0.0.0/8"]
per_host_interval = "0s"
"""
_FEED = """
[[feeds]]
id = "press-{n}"
kind = "news"
url = "http://127.0.0.1:{port}/{n}"
every = "1s"
first_poll = "seed"
"""
_AT_ONCE, _PRESSED_EVERY = 4, 4  # buttons, and seconds between all others: who asks more than twenty times in a minute is asked to wait
# One child is enough for documents this small, and what has an unknown fate need not wait for a minute here.
QUICK = (
    "import bot.parts, bot.verdicts, datetime, functools\n"
    "bot.parts._MOST_PROCESSES = 1\n"
    "bot.parts.Policy = functools.partial(bot.verdicts.Policy, unknown_pause=datetime.timedelta(seconds=5))\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of every event × subscriber. ``copies`` and ``unmarked`` count messages that tell what the chat had been told."""

    pairs: int
    lost: int
    copies: int
    unmarked: int


class Stage:
    """Some daemons on one database, the press they read and the people they tell."""

    def __init__(
        self,
        run: Run,
        *,
        events: int,
        feeds: int = 4,
        subscribers: int = 1,
        store: str = "",
        more: str = "",
        seed: int = 1,
        press: Callable[[list[str], int], Press] = Press,
    ) -> None:
        self.run, self.folder, self.dice = run, run.folder(), random.Random(seed)
        self.press = press(places(events, self.dice), feeds)
        self.people: Sequence[int] = range(FIRST_SUBSCRIBER, FIRST_SUBSCRIBER + subscribers)
        self.telegram = run.hold(contextlib.closing(Telegram(run.botapi, self.folder / "telegram.log")))
        port = run.hold(self.press.serving())
        self.store_url = store or f"sqlite:///{self.folder}/contractwatch.db"
        config = _CONFIG.format(api=self.telegram.base, store=self.store_url)
        (self.folder / "config.toml").write_text(config + more + "".join(_FEED.format(n=n, port=port) for n in range(feeds)))
        (self.folder / "token").write_text(TOKEN)
        (self.folder / "token").chmod(0o600)
        self.daemons: list[Process] = []
        self._opened: set[tuple[int, str]] = set()
        assert run.nursery  # there before we are, so that it goes after us
        run.hold(contextlib.closing(self))

    def start(self, *, prelude: str = "", ready: bool = True, debug: bool = False) -> Process:
        """One daemon more."""
        arguments = ["--debug", "run"] if debug else ["run"]
        daemon = Process(self.run.nursery, self.folder, arguments, prelude=QUICK + prelude, environment={"PATH": "/usr/bin:/bin"})
        self.daemons.append(daemon)
        if ready:
            daemon.until(lambda: daemon.said("event=ready"), seconds=_START)
        return daemon

    def end(self, daemon: Process, number: signal.Signals = signal.SIGKILL) -> int:
        self.daemons.remove(daemon)
        with contextlib.suppress(ProcessLookupError):
            return daemon.stop(number, 30)
        return daemon.wait(5)

    def open(self) -> Store:
        return self.run.hold(open_store(self.store_url, create=False))

    def subscribe(self, seconds: float = 60) -> None:
        """Everybody writes /watch, and presses the button that saves it."""
        for person in self.people:
            self.telegram.control("start", user_id=person, bot="watch_bot")
            self.telegram.say(person, "/watch Palantir")
        for person in self.people:
            wait_for("the question after /watch", lambda person=person: self.telegram.save(person, "Palantir"), seconds)
        for person in self.people:
            wait_for("the watch", lambda person=person: any("Watching Palantir" in one for one in self.telegram.messages(person)), seconds)

    def seeded(self, store: Store, seconds: float = 30) -> None:
        """Wait until every feed was read once: what is published from now on is news."""
        wait_for("the first polls", lambda: all(record.state.seeded for record in store.feeds()), seconds)

    def settled(self, store: Store, quiet: float = 120) -> bool:
        """Wait until everything that was published is decided and nothing waits; False when nothing has moved for so long."""
        since, last = time.monotonic(), None
        while time.monotonic() - since < quiet:
            counts = store.counts(datetime.now(UTC))
            waiting = _waiting(counts)
            if counts.alerts >= self.press.published and not waiting and _made(counts) >= self.press.published * len(self.people):
                self._open_all()
                return True
            now = (counts.alerts, waiting, tuple(sorted(counts.deliveries.items())))
            if now != last:
                since, last = time.monotonic(), now
            self.run.say(f"{counts.alerts} of {self.press.published} alerts, {waiting} messages wait")
            time.sleep(0.3)
        return False

    def owner(self, chat: int) -> int:
        """Who presses in a chat: of a private one the person it is with."""
        return chat

    def _open_all(self) -> None:
        """Let everybody press the button under each message that tells of more than it shows, until all of it can be read."""
        for person in self.people:
            while rest := [one for row in self.telegram.rows(person) for one in _rest_of(row) if (person, one[1]) not in self._opened]:
                self._opened.add((person, rest[0][1]))
                before = len(self.telegram.rows(person))
                self.telegram.press(self.owner(person), person, rest[0][0], data=rest[0][1])
                wait_for("the rest of a message", lambda person=person, before=before: len(self.telegram.rows(person)) > before, 120)
                if sum(one == person for one, _ in self._opened) > _AT_ONCE:
                    time.sleep(_PRESSED_EVERY)

    def told(self) -> Told:
        """What everybody has on their screen."""
        lost = copies = unmarked = 0
        for person in self.people:
            seen: set[str] = set()
            for text in self.telegram.messages(person):
                named = set(_COUNCIL.findall(text)) if "CANCELLED" in text.upper() else set()
                if named & seen:
                    copies += 1
                    unmarked += not text.startswith(MARK)
                seen |= named
            missing = set(self.press.out) - seen
            lost += len(missing)
            if missing:
                print(f"chat {person} was not told of {sorted(missing)}", file=sys.stderr)
        return Told(pairs=self.press.published * len(self.people), lost=lost, copies=copies, unmarked=unmarked)

    def command(self, *arguments: str) -> Process:
        """Run a command of the program to its end."""
        process = Process(self.run.nursery, self.folder, list(arguments), environment={"PATH": "/usr/bin:/bin"})
        process.wait(120)
        return process

    def close(self) -> None:
        for daemon in list(self.daemons):
            with contextlib.suppress(AssertionError):
                self.end(daemon)


def _rest_of(row: dict[str, Any]) -> list[tuple[int, str]]:
    """The button of a message that shows the rest of it: (message, data)."""
    buttons = [button for line in row.get("reply_markup", {}).get("inline_keyboard", []) for button in line]
    return [(row["message_id"], button["callback_data"]) for button in buttons if button["text"].startswith("+")]


def _waiting(counts: Counts) -> int:
    return counts.deliveries.get("pending", 0) + counts.deliveries.get("sending", 0)


def _made(counts: Counts) -> int:
    return sum(counts.deliveries.values())


def trouble(stage: Stage, times: int, end: Callable[[int], None], *, until: int) -> None:
    """Call ``end`` so often, while events are published evenly until there are so many."""
    first = stage.press.published
    for n in range(times):
        stage.press.publish_until(first + (until - first) * (n + 1) // times)
        end(n)
        stage.run.say(f"{n + 1} of {times}, {stage.press.published} events")
