"""Watches every connection while tests run: the program may make none but through its gate, and to Telegram's Bot API.

An audit hook cannot be passed by: it hears of every socket of the process, whoever opens it and with whatever library. A connection that
is none of those fails at once, and the test it belongs to as well. ``CONNECTIONS`` may name a file in which each is noted.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

ROOMS = ("bot", "storage", "watchers")
_GATE = "watchers.dial"
_TELEGRAM = ("telegram.request", "anyio._backends")  # python-telegram-bot's client, and the tasks in which that connects

foreign: list[str] = []
_of_the_gate: WeakSet[Any] = WeakSet()
_notes = os.environ.get("CONNECTIONS")


class ForeignConnectionError(OSError):
    """Something connects that may not."""


def watch() -> None:
    """Watch this process from now on, and those that are forked from it."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
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
        with open(_notes, "a", encoding="ascii") as notes:  # noqa: PTH123 -- pathlib opens with an event for each part
            notes.write(f"{who}\n")
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
