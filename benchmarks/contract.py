"""One contract, eight events, a daemon that is killed between any two of them: what a subscriber has on the screen at the end.

    python -m benchmarks.contract --botapi FAKEBOTAPI.py [--rounds 3] [--anywhere 3] [--edits] [--seed 1]

Newsrooms and a register of this machine publish what happens to one contract, from the intention to award it to its end. ``--rounds`` times
the daemon is killed with SIGKILL whenever an event has been told, ``--anywhere`` times at random moments between publication and message.
Printed: messages, replies that answer the message before, history lines that are whole, second copies (only a kill while a message is
under way can make one, and it is marked), and with ``--edits``, which waits for them, the messages that say who confirmed what only one
outlet had reported at first. Exit status 1 when one of them is not what it must be.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.trust.base import wait_for
from benchmarks.trust.stage import FIRST_SUBSCRIBER as SUBSCRIBER
from benchmarks.trust.stage import TOKEN, Telegram

CONFIG = """
[store]
url = "sqlite:///contractwatch.db"
[telegram]
token_file = "token"
api_base_url = "{api}"
[fetch]
contact = "https://example.org/contract"
allow_networks = ["127.0.0.0/8"]
per_host_interval = "0s"
[[feeds]]
id = "courier"
kind = "news"
url = "{web}/courier"
name = "Evening Courier"
every = "1s"
[[feeds]]
id = "gazette"
kind = "news"
url = "{web}/gazette"
name = "Borough Gazette"
every = "1s"
[[feeds]]
id = "register"
kind = "find-a-tender"
url = "{web}/register"
every = "1s"
[[watchlists]]
id = "lamps"
watches = [ {{ name = "Brightway Lamps", role = "supplier" }} ]
[[channels]]
kind = "telegram"
chat_id = {chat}
watchlists = ["lamps"]
events = ["award_intended", "awarded", "signed", "changed", "suspended", "cancelled", "terminated", "reinstated", "completed"]
"""
COUNCIL = {"id": "GB-PPON-PTHO-1234-ABCD", "name": "Thornbury District Council", "roles": ["buyer"]}
SUPPLIER = {"id": "GB-COH-01234567", "name": "BRIGHTWAY LAMPS LIMITED", "roles": ["supplier"]}
DEAL = "£400,000 street lighting contract with Brightway Lamps"

# What each event is published as: a notice by its type, or a headline by its outlet; the others of a row tell the same event once more.
SCRIPT: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("AWARD PLANNED", (("register", "UK5"),)),
    (
        "AWARDED",
        (
            ("courier", "Thornbury District Council awards £400,000 street lighting contract to Brightway Lamps"),
            ("gazette", "Brightway Lamps wins £400,000 street lighting contract with Thornbury District Council"),
            ("register", "UK6"),
        ),
    ),
    ("SIGNED", (("register", "UK7"),)),
    ("CHANGED", (("register", "UK10"),)),
    ("SUSPENDED", (("courier", f"Thornbury District Council suspends {DEAL}"),)),
    ("CANCELLED", (("gazette", f"Thornbury District Council cancels {DEAL}"), ("register", "UK11"))),
    ("GOES ON AFTER ALL", (("courier", f"Thornbury District Council reinstates {DEAL}"),)),
    ("COMPLETED", (("register", "UK11 completed"),)),
)
CONFIRMED = ("AWARDED", "CANCELLED")
HISTORY = ("award planned", "awarded", "signed", "changed", "suspended", "ended early", "taken up again", "completed")
_LAST_WORDS = 4000  # letters
_DAYS = {"UK6": -20, "UK7": -15, "UK10": -10}  # when it was decided, counted from now


def release(number: int, code: str, now: datetime) -> dict[str, Any]:
    """A notice of the Procurement Act about the one award of the process, as Find a Tender writes it."""
    kind, _, completed = code.partition(" ")
    day = (now + timedelta(days=_DAYS.get(kind, 0))).isoformat()
    value = {"amount": 400000, "amountGross": 480000, "currency": "GBP"}
    named = kind in ("UK5", "UK6", "UK7")
    award = {"id": "1", "status": "pending" if named else "active", "suppliers": [{k: SUPPLIER[k] for k in ("id", "name")}]}
    contract: dict[str, Any] = {"id": "1", "awardID": "1", "value": value}
    if kind == "UK7":
        contract |= {"status": "active", "dateSigned": day}
    elif kind == "UK10":
        contract |= {"amendments": [{"id": f"{number:06}-2026", "date": day}]}
    elif kind == "UK11":
        reason = "contractCompleted" if completed else "breach"
        contract |= {"status": "terminated", "terminationRationaleClassifications": [{"id": reason, "description": reason}]}
    return {
        "ocid": "ocds-h6vhtk-0a11ce",
        "id": f"{number:06}-2026",
        "date": now.isoformat(),
        "tag": ["award"],
        "language": "en",
        "parties": [COUNCIL, SUPPLIER] if named else [COUNCIL],
        "buyer": {k: COUNCIL[k] for k in ("id", "name")},
        "tender": {
            "id": "T-1",
            "title": "Street lighting maintenance",
            "legalBasis": {"id": "2023/54", "scheme": "UKPGA"},
            "documents": [{"id": f"{number:06}-2026", "noticeType": kind}],
        },
        **({"awards": [award | {"value": value, "date": day}]} if named else {}),
        **({"contracts": [contract]} if kind in ("UK7", "UK10", "UK11") else {}),
    }


@dataclass
class Outside:
    """What has been published so far."""

    items: dict[str, list[str]] = field(default_factory=lambda: {"courier": [], "gazette": []})
    releases: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, where: str, what: str) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        with self.lock:
            if where == "register":
                self.releases.append(release(100 + len(self.releases), what, now))
            else:
                link = f"https://{where}.example.org/{len(self.items[where])}"
                at = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
                self.items[where].append(f"<item><title>{what}</title><link>{link}</link><guid>{link}</guid><pubDate>{at}</pubDate></item>")

    def document(self, name: str) -> tuple[str, bytes]:
        with self.lock:
            if name == "register":
                return "application/json", json.dumps({"uri": "x", "version": "1.1", "releases": self.releases}).encode()
            quiet = f"<item><title>Library opens on Sundays</title><link>https://{name}.example.org/library</link></item>"
            items = "".join(self.items[name])
        return "application/rss+xml", f'<?xml version="1.0"?><rss version="2.0"><channel>{quiet}{items}</channel></rss>'.encode()

    @contextmanager
    def serving(self) -> Iterator[str]:
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = outside.document(self.path.strip("/").partition("?")[0])
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class Daemon:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> None:
        with (self.folder / "daemon.log").open("ab") as log:
            command = [sys.executable, "-m", "bot", "run", "--config", str(self.folder / "config.toml")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(timeout=30)


def shown(telegram: Telegram) -> list[dict[str, Any]]:
    """The bot's messages about the contract, oldest first, as the subscriber sees them now."""
    answer = telegram.control("visible", chat_id=SUBSCRIBER)
    rows = answer.get("messages", answer) if isinstance(answer, dict) else answer
    return [row for row in rows if row.get("from", {}).get("is_bot") and "Brightway" in row["text"].title()]


def label(message: dict[str, Any]) -> str:
    """What the message says happened."""
    return next((name for name, _ in SCRIPT if name in message["text"].split("\n")[0]), "?")


def tell(telegram: Telegram, outside: Outside, daemon: Daemon, dice: random.Random | None) -> None:
    """Publish one event after the other and kill the daemon: when each was told, or with ``dice`` whenever they say."""
    for name, published in SCRIPT:
        for where, what in published:
            outside.publish(where, what)
            if dice is not None:
                time.sleep(dice.uniform(0, 3))
                daemon.end(signal.SIGKILL)
                daemon.start()
            wait_for(f"the message {name}", lambda name=name: any(label(one) == name for one in shown(telegram)), 120)
        if dice is None:
            time.sleep(1)  # its outcome is recorded by then
            daemon.end(signal.SIGKILL)
            daemon.start()


def judge(messages: list[dict[str, Any]]) -> dict[str, int]:
    """The figures of one round."""
    firsts: dict[str, dict[str, Any]] = {}
    for one in messages:
        firsts.setdefault(label(one), one)
    marked = sum(one["text"].startswith("↻") for one in messages)
    place = {one["message_id"]: index for index, one in enumerate(messages)}
    replies = histories = 0
    for index, (name, _) in enumerate(SCRIPT):
        one = firsts.get(name, {})
        answered = place.get(one.get("reply_to_message", {}).get("message_id"))
        replies += bool(index and answered is not None and label(messages[answered]) == SCRIPT[index - 1][0])
        line = next((line for line in one.get("text", "").split("\n") if line.startswith("This contract: ")), "")
        told = [word for word in HISTORY[: index + 1] if index and word != "ended early"]  # the first message has no history yet
        histories += all(word in line for word in told) and bool(line) == bool(index)
    return {
        "messages": len(messages),
        "events told": len(firsts.keys() & {name for name, _ in SCRIPT}),
        "in order": int([name for name, _ in SCRIPT] == list(firsts)),
        "roots": sum("reply_to_message" not in one for one in firsts.values()),
        "replies to the message before": replies,
        "whole histories": histories,
        "second copies": len(messages) - len(firsts),
        "marked as such": marked,
        "confirmed in the message": sum("confirmed by official notice" in firsts.get(name, {}).get("text", "") for name in CONFIRMED),
    }


def one_round(options: argparse.Namespace, folder: Path, dice: random.Random | None) -> bool:
    outside, number = Outside(), len(SCRIPT)
    telegram = Telegram(options.botapi, folder / "telegram.log")
    daemon = Daemon(folder)
    try:
        with outside.serving() as web:
            (folder / "config.toml").write_text(CONFIG.format(api=telegram.base, web=web, chat=SUBSCRIBER), encoding="utf-8")
            (folder / "token").write_text(TOKEN)
            (folder / "token").chmod(0o600)
            telegram.control("start", user_id=SUBSCRIBER, bot="watch_bot")
            daemon.start()
            wait_for("the first polls", lambda: _seeded(folder), 180)
            began = time.monotonic()
            tell(telegram, outside, daemon, dice)
            if options.edits:
                both = len(CONFIRMED)
                wait_for("the edits", lambda: judge(shown(telegram))["confirmed in the message"] == both, 200)
            else:
                time.sleep(3)  # for what must not come
            daemon.end(signal.SIGTERM)
            messages = shown(telegram)
    except AssertionError:
        print((folder / "daemon.log").read_text("utf-8")[-_LAST_WORDS:], file=sys.stderr)  # why the daemon did not do it
        raise
    finally:
        telegram.close()
    found = judge(messages)
    if options.show:
        print("\n\n".join(one["text"] for one in messages))
    print(json.dumps({"killed": "between events" if dice is None else "anywhere", "seconds": round(time.monotonic() - began)} | found))
    want = {"events told": number, "in order": 1, "roots": 1, "replies to the message before": number - 1, "whole histories": number}
    good = all(found[name] == count for name, count in want.items())
    copies = found["second copies"] == 0 if dice is None else found["second copies"] <= found["marked as such"]
    return good and copies and (not options.edits or found["confirmed in the message"] == len(CONFIRMED))


def _seeded(folder: Path) -> bool:
    """Whether every feed was read once: what was there before is not news."""
    try:
        with closing(sqlite3.connect(f"file:{folder}/contractwatch.db?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM feed WHERE seeded").fetchone()[0] == 3
    except sqlite3.OperationalError:  # the daemon has not made it yet
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--botapi", type=Path, required=True, help="program of the fake Telegram server")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--anywhere", type=int, default=3)
    parser.add_argument("--edits", action="store_true", help="wait until reports are confirmed in their messages: some minutes a round")
    parser.add_argument("--show", action="store_true", help="print the messages as well")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    good = True
    for chosen in [None] * options.rounds + [dice] * options.anywhere:
        with tempfile.TemporaryDirectory() as folder:
            good &= one_round(options, Path(folder), chosen)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
