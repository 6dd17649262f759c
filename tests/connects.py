"""Watches every connection while tests run: the program may make none but through its gate, and to Telegram's Bot API.

An audit hook cannot be passed by: it hears of every socket of the process, whoever opens it and with whatever library. A connection that
is none of those fails at once, and the test it belongs to as well. ``CONNECTIONS`` may name a file in which each is noted, by every process
that is watched: what a program under test did in a process of its own is seen there, and counted at the end of the run.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

ROOMS = ("bot", "storage", "watchers")
_GATE = "watchers.dial"
_TELEGRAM = ("telegram.request", "anyio._backends")  # python-telegram-bot's client, and the tasks in which that connects

_EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg")  # a datagram needs no connection

foreign: list[str] = []
_of_the_gate: WeakSet[Any] = WeakSet()
_notes: str | None = None


class ForeignConnectionError(OSError):
    """Something connects that may not."""


def watch() -> None:
    """Watch this process from now on, and those that are forked from it."""
    global _notes  # noqa: PLW0603 -- there is one audit for a process, and it stays when the environment is changed
    _notes = os.environ.get("CONNECTIONS")
    sys.addaudithook(_hear)


@contextmanager
def expected(notes: str | None = None) -> Iterator[list[str]]:
    """Connections that a test makes to see that they are seen: they are lent, noted elsewhere or nowhere, and no fault of the test."""
    global _notes  # noqa: PLW0603
    before, _notes = _notes, notes
    try:
        yield foreign
    finally:
        _notes = before
        foreign.clear()


def read(notes: Path) -> tuple[Counter[str], list[str]]:
    """How many connections each kind of caller made, and what is to be known of the foreign ones."""
    lines = notes.read_text("utf-8").splitlines() if notes.exists() else []
    return Counter(line.partition(" ")[0] for line in lines), [line for line in lines if line.startswith("foreign ")]


def figure(made: Mapping[str, int]) -> str:
    """The sentence about a run."""
    return (
        f"{made.get('foreign', 0)} foreign of {sum(made.values())} connections "
        f"({made.get('gate', 0)} by the gate, {made.get('telegram', 0)} to the Bot API, {made.get('test', 0)} by tests)"
    )


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _EVENTS:
        _judge(arguments[0], arguments[1])
    elif event == "socket.__new__" and _GATE in _callers():
        _of_the_gate.add(arguments[0])


def _judge(socket: Any, address: Any) -> None:
    if not isinstance(address, tuple):  # a socket of this machine's: systemd's, a database's
        return
    who = _who(socket)
    if who == "foreign" or not _on_this_machine(str(address[0])):
        who = "foreign"
        foreign.append(f"{address[0]}:{address[1]} from {', '.join(dict.fromkeys(_callers()))}")
    if _notes:
        with open(_notes, "a", encoding="utf-8") as notes:  # noqa: PTH123 -- pathlib opens with an event for each part
            notes.write(f"foreign {foreign[-1]}\n" if who == "foreign" else f"{who}\n")
    if who == "foreign":
        raise ForeignConnectionError(f"a connection past the gate: {foreign[-1]}")


def _who(socket: Any) -> str:
    callers = set(_callers())
    if socket in _of_the_gate:
        return "gate"
    if any(name.startswith(_TELEGRAM) for name in callers):
        return "telegram"
    return "foreign" if any(name.partition(".")[0] in ROOMS for name in callers) else "test"


def _callers() -> Iterator[str]:
    frame = sys._getframe(2)
    while frame is not None:
        yield frame.f_globals.get("__name__", "")
        frame = frame.f_back  # type: ignore[assignment]


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in ("", "localhost")
