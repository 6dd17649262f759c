"""What one person can take from all others (T8): commands without end, from hundreds of chats, and lists that are too long."""

from __future__ import annotations

import contextlib
import json
import resource
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from house import Process

from benchmarks.trust.base import Result, Run, check, wait_for
from benchmarks.trust.stage import TOKEN, Stage, Telegram

_GREEDY = 7  # who asks without end
_IMPORTS = 8  # who sends lists
_GROUPS, _FIRST_GROUP = 500, -1_002_000_000_001
_OTHERS = range(601, 611)
_A_MINUTE = 20  # commands that are answered, and one that says it was the last
_MOST_WATCHES = 500  # on a list
_LIMIT_MB, _LIMIT_SECONDS = 20, 2.0


@dataclass
class Others:
    """People who ask now and then, one after another, and how long each waited."""

    telegram: Telegram
    pause: float
    waits: list[float] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def ask(self, person: int, answers: int) -> float:
        """Ask, and wait until there are so many answers."""
        began = time.monotonic()
        self.telegram.say(person, "/help")
        answered = self.telegram.control("wait", method="sendMessage", chat_id=person, count=answers, timeout=25)["ok"]
        return time.monotonic() - began if answered else float("inf")

    def _go_on(self) -> None:
        for turn in range(1_000_000):
            for person in _OTHERS:
                if self._end.wait(self.pause):
                    return
                self.waits.append(self.ask(person, turn + 2))

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        thread = threading.Thread(target=self._go_on, daemon=True)
        thread.start()
        yield
        self._end.set()
        thread.join(60)

    @property
    def longest(self) -> float:
        """What 99 of 100 did not wait longer than."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(0.99 * len(self.waits)))]


@check("T8", "one person who asks without end, in 500 chats, and sends lists of 10,000 and 3,500 names")
def quotas(run: Run) -> Result:
    seconds = run.pick(10, 60)
    commands = 10_000 * seconds // 60
    stage = Stage(run, events=1, feeds=1)
    daemon = stage.start()
    telegram, others = stage.telegram, Others(stage.telegram, pause=0.5)
    for number in range(_GROUPS):
        group = {"id": _FIRST_GROUP - number, "type": "supergroup", "title": "G", "admins": [_GREEDY], "bots": {"watch_bot": "member"}}
        telegram.control("chat", **group)
    for person in (_GREEDY, _IMPORTS, *_OTHERS):
        others.ask(person, 1)  # what a first answer costs is not counted
    files = [_upload(telegram, "list.csv", _table(10_000)), _upload(telegram, "list.json", _export(3_500))]
    before, began = _memory(daemon), time.monotonic()
    with others.asking():
        for number in range(commands):
            time.sleep(max(0.0, began + number * seconds / commands - time.monotonic()))
            chat = _GREEDY if number % 2 else _FIRST_GROUP - number % _GROUPS
            telegram.control("message", user_id=_GREEDY, chat_id=chat, text="/watch@watch_bot Supplier Limited", bot="watch_bot")
        flooded = time.monotonic() - began
        for file in files:
            telegram.control("message", user_id=_IMPORTS, bot="watch_bot", extra={"document": file})
        wait_for("the lists to be answered", lambda: len(telegram.messages(_IMPORTS)) >= 1 + len(files), 120)
    store = stage.open()
    wait_for("everything to be handled", lambda: not store.pending_updates(1), 120)
    grown = _memory(daemon) - before
    answered = sum(len(telegram.messages(chat)) for chat in (_GREEDY, *range(_FIRST_GROUP, _FIRST_GROUP - _GROUPS, -1))) - 1
    beyond = max(0, answered - (_A_MINUTE + 1) * (int(flooded // 60) + 1))
    channel = store.channel(_IMPORTS)
    kept = {} if channel is None else _by_list(store.channel_watches(channel.id))
    beyond += sum(max(0, count - _MOST_WATCHES) for count in kept.values())
    figure = (
        f"{commands} commands in {flooded:.0f} s from one person in {_GROUPS + 1} chats: {answered} answered; {sum(kept.values())} watches of two lists kept; "
        f"{beyond} beyond the quota; {grown:.1f} MiB more; others waited at most {others.longest:.2f} s (99 of 100 of {len(others.waits)})"
    )
    return Result(figure=figure, passed=not beyond and grown < _LIMIT_MB and others.longest <= _LIMIT_SECONDS)


def _memory(process: Process) -> float:
    """Mebibytes that a process holds."""
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _by_list(records: Any) -> dict[str | None, int]:
    counts: dict[str | None, int] = {}
    for one in records:
        counts[one.watchlist] = counts.get(one.watchlist, 0) + 1
    return counts


def _table(names: int) -> bytes:
    return ("name\n" + "".join(f"Sup{number} Ltd\n" for number in range(names))).encode()


def _export(names: int) -> bytes:
    """As /export writes it, on ten lists."""
    from bot.exporting import FORMAT
    from storage.watch_rows import terms_body, watch_body
    from watchers.types import Organisation, Terms, Watch

    watches = [
        {
            "list": f"List {number % 10}",
            "mine": True,
            "watch": watch_body(Watch(organisation=Organisation(name=f"Trader {number}"))),
            "terms": terms_body(Terms()),
        }
        for number in range(names)
    ]
    return json.dumps({"format": FORMAT, "watches": watches, "kept": {}}, separators=(",", ":")).encode()


def _upload(telegram: Telegram, name: str, body: bytes) -> dict[str, Any]:
    """A file that somebody can send: the fake server knows those that a bot sent."""
    mark = b"----contractwatch"
    parts = [b"--" + mark, b'Content-Disposition: form-data; name="chat_id"', b"", str(_OTHERS[0]).encode(), b"--" + mark]
    parts += [f'Content-Disposition: form-data; name="document"; filename="{name}"'.encode(), b"Content-Type: text/plain", b"", body]
    headers = {"Content-Type": f"multipart/form-data; boundary={mark.decode()}"}
    request = urllib.request.Request(f"{telegram.base}/bot{TOKEN}/sendDocument", b"\r\n".join([*parts, b"--" + mark + b"--", b""]), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        document: dict[str, Any] = json.load(answer)["result"]["document"]
    return document
