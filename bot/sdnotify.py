"""What systemd is told: ready, stopping, what is going on, and that the daemon is alive.

The protocol is one datagram to the socket named in NOTIFY_SOCKET; without that variable nothing happens, so callers need not ask.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import timedelta


class Notifier:
    """Speaks to the service manager that started this process, if one did."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._watchdog = _watchdog(environ)

    @property
    def watchdog(self) -> timedelta | None:
        """How long the manager waits for ``alive()`` before it restarts us; None when it does not watch this process."""
        return self._watchdog

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        """The last thing that is said: what is under way may still finish and would report on itself."""
        self._send("STOPPING=1")
        self._address = ""

    def alive(self) -> None:
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send("STATUS=" + " ".join(text.split()))

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A leading @ stands for the null byte of Linux's abstract sockets.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
                wire.setblocking(False)
                wire.connect(address)
                wire.send(message.encode())
        except OSError:
            return  # a manager that does not listen is no reason to stop watching


def _watchdog(environ: Mapping[str, str]) -> timedelta | None:
    microseconds, process = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or (process and process != str(os.getpid())):
        return None
    return timedelta(microseconds=int(microseconds))
