"""Kill the daemon at random moments and count what a subscriber received.

    python benchmarks/kills.py --botapi FAKEBOTAPI.py [--kills 100] [--restarts 20] [--entries 120] [--feeds 4] [--seed 1]

A subscriber writes /watch to a Telegram server of this machine (a strict fake, run from the file named), feeds on this machine publish
one cancellation after another, and the daemon is killed with SIGKILL at random moments, then stopped in order and started again. Printed:
alerts lost (must be 0), second copies (each must be marked), unmarked second copies (must be 0), and second copies after orderly stops
(must be 0). Exit status 1 when one of them is not what it must be.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any

TOKEN = "111111:AAkillkillkillkillkillkillkillkillkillki"  # of the fake server
SUBSCRIBER = 501
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
        with self.lock:
            self.published = min(len(self.places), self.published + count)

    def document(self, feed: int) -> bytes:
        with self.lock:
            out = [(n, place) for n, place in enumerate(self.places[: self.published]) if n % self.feeds == feed]
        at = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        items = "".join(
            f"<item><title>{place} Council cancels £{n + 2}m contract with Palantir</title>"
            f"<link>https://press.example.org/{n}</link><guid>{n}</guid><pubDate>{at}</pubDate></item>"
            for n, place in out
        )
        opening = "<item><title>Weather: rain later</title><link>https://press.example.org/weather</link></item>"
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Press {feed}</title>{opening}{items}</channel></rss>'.encode()

    @contextmanager
    def serving(self) -> Iterator[int]:
        press = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = press.document(int(self.path.rsplit("/", 1)[1]))
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


class Telegram:
    """The fake server and its control side."""

    def __init__(self, program: Path, port: int, log: Path) -> None:
        self.base = f"http://127.0.0.1:{port}"
        command = [sys.executable, str(program), "--port", str(port), "--bot", f"{TOKEN}=watch_bot", "--rate-limits", "off"]
        self.process = subprocess.Popen(command, stdout=log.open("wb"), stderr=subprocess.STDOUT)
        wait_for("the fake Telegram server", lambda: self.control("health"))

    def control(self, name: str, **parameters: Any) -> Any:
        request = urllib.request.Request(
            f"{self.base}/_control/{name}", json.dumps(parameters).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            return None

    def messages(self) -> list[str]:
        shown = self.control("visible", chat_id=SUBSCRIBER) or []
        rows = shown.get("messages", shown) if isinstance(shown, dict) else shown
        return [row.get("text", "") for row in rows if row.get("from", {}).get("is_bot", True)]


def wait_for(what: str, condition: Any, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise SystemExit(f"gave up waiting for {what}")


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CONFIG = """
[store]
url = "sqlite:///contractwatch.db"
[telegram]
token_file = "token"
api_base_url = "{api}"
[fetch]
contact = "https://example.org/kills"
allow_networks = ["127.0.0.0/8"]
per_host_interval = "0s"
"""
FEED = """
[[feeds]]
id = "press-{n}"
kind = "news"
url = "http://127.0.0.1:{port}/{n}"
every = "1s"
first_poll = "seed"
"""


class Daemon:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "daemon.log").open("ab") as log:
            command = [sys.executable, "-m", "bot", "run", "--config", str(self.folder / "config.toml")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(timeout=30)


def copies(messages: list[str]) -> tuple[Counter[str], Counter[str]]:
    """Messages by place, and those of them that are marked as a possible second copy."""
    alerts = [text for text in messages if "CANCELLED" in text]
    every: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for text in alerts:
        for place in set(_COUNCIL.findall(text)):  # several in one message, where more came at once than are told one by one
            every[place] += 1
            marked[place] += text.startswith("↻")
    return every, marked


def run(options: argparse.Namespace, folder: Path) -> int:
    dice = random.Random(options.seed)
    press = Press(places(options.entries, dice), options.feeds)
    telegram = Telegram(options.botapi, free_port(), folder / "telegram.log")
    with press.serving() as port:
        config = CONFIG.format(api=telegram.base) + "".join(FEED.format(n=n, port=port) for n in range(options.feeds))
        (folder / "config.toml").write_text(config)
        (folder / "token").write_text(TOKEN)
        (folder / "token").chmod(0o600)
        daemon = Daemon(folder)
        daemon.start()
        telegram.control("start", user_id=SUBSCRIBER, bot="watch_bot")
        telegram.control("message", user_id=SUBSCRIBER, bot="watch_bot", text="/watch Palantir")
        wait_for("the answer to /watch", lambda: any("Palantir" in text for text in telegram.messages()))
        time.sleep(2)  # the first polls seed
        after_kills = trouble(daemon, press, dice, times=options.kills, how=signal.SIGKILL, until=options.entries * 2 // 3)
        settle(telegram, press, "kills")
        every, marked = copies(telegram.messages())
        before = sum(every.values())
        trouble(daemon, press, dice, times=options.restarts, how=signal.SIGTERM, until=options.entries)
        press.publish(options.entries)
        settle(telegram, press, "restarts")
        daemon.end(signal.SIGTERM)
    every, marked = copies(telegram.messages())
    telegram.process.terminate()
    lost = [place for place in press.places if not every[place]]
    seconds = sum(every.values()) - len(every)
    unmarked = sum(max(0, every[place] - marked[place] - 1) for place in every)
    orderly = sum(every.values()) - before - (options.entries - after_kills)
    print(
        f"{options.kills} kills, {options.restarts} orderly restarts, {options.entries} events: lost {len(lost)}, second copies {seconds} "
        f"(marked {seconds - unmarked}), unmarked {unmarked}, second copies after orderly stops {orderly}"
    )
    return 1 if lost or unmarked or orderly else 0


def trouble(daemon: Daemon, press: Press, dice: random.Random, *, times: int, how: signal.Signals, until: int) -> int:
    """End and start the daemon so often, while events are published evenly; how many were published at the end."""
    first = press.published
    for n in range(times):
        time.sleep(dice.uniform(0.3, 2.5))
        press.publish(first + (until - first) * (n + 1) // times - press.published)
        time.sleep(dice.uniform(0, 0.8))
        daemon.end(how)
        daemon.start()
        if sys.stderr.isatty():
            print(f"\r{how.name} {n + 1} of {times}, {press.published} events", end="", file=sys.stderr)
    return press.published


def settle(telegram: Telegram, press: Press, after: str) -> None:
    """Wait until every published event arrived, or until nothing has come for two minutes."""
    quiet, shown = time.monotonic(), -1
    while time.monotonic() - quiet < 120:
        every, _ = copies(telegram.messages())
        if all(every[place] for place in press.places[: press.published]):
            time.sleep(20)  # what a kill left behind is sent again at the next start
            return
        if sum(every.values()) != shown:
            quiet, shown = time.monotonic(), sum(every.values())
        time.sleep(0.5)
    print(f"after the {after}: not everything arrived", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--botapi", type=Path, required=True, help="program of the fake Telegram server")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--entries", type=int, default=120)
    parser.add_argument("--feeds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder to keep database and logs in")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return run(options, options.keep.resolve())
    with tempfile.TemporaryDirectory() as folder:
        return run(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
