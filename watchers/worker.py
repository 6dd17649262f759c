"""The program of one child process (see ``watchers.workers``): read a task, do it, answer, until the socket ends.

Messages are a length of four bytes and a pickle, both ways. A task is ``("parse", seconds, feed, response, now)`` or ``("understand",
seconds, entries, awards)``; a tuple of watches instead of a task replaces the matcher. The answer is the result, or the exception; a task
that works for more than its ``seconds`` is ended with the whole program, by SIGPROF.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from watchers.parsers import parse_feed
from watchers.types import Entry, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchers.match import Matcher
    from watchers.types import AwardParty, Finding

_HEADER = 4
_PR_SET_PDEATHSIG = 1
_FIRST = Entry(keys=(), fingerprint=b"", title="Leeds City Council awards £5m contract to the first firm")


def main(descriptor: int, memory: int, parent: int) -> None:
    """Serve the socket ``descriptor``; take at most ``memory`` bytes beyond what is taken when the imports are done."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the whole process group gets them; the parent decides when a child stops
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends us in the middle of a regular expression too
    _die_with(parent)
    _Worker(socket.socket(fileno=descriptor), memory).serve()


class _Worker:
    def __init__(self, channel: socket.socket, memory: int) -> None:
        self._channel = channel
        self._memory = memory
        self._matcher: Matcher | None = None

    def serve(self) -> None:
        self._limit_memory()
        self._answer(None)
        while (task := self._next_task()) is not None:
            try:
                result = self._do(task)
            except MemoryError as error:
                self._lift_limit()  # to be able to say so; the parent ends us when it has heard it
                result = error
            except Exception as error:  # noqa: BLE001 - the parent tells what it means for the feed
                result = error
            self._answer(result)

    def _do(self, task: tuple[Any, ...]) -> object:
        if not task or isinstance(task[0], Watch):
            self._take_watches(task)
            return None
        kind, seconds, *given = task
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            return parse_feed(*given) if kind == "parse" else self._understand(*given)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _understand(self, entries: Sequence[Entry], awards: Sequence[Sequence[AwardParty]]) -> list[tuple[Finding, ...]]:
        from watchers.understand import understand  # noqa: PLC0415 - with its rules and automaton only where it is needed

        assert self._matcher is not None  # the parent sends the watches first
        return [understand(entry, self._matcher, joined) for entry, joined in zip(entries, awards, strict=True)]

    def _take_watches(self, watches: tuple[Watch, ...]) -> None:
        """Build the matcher and read the rules without a limit: their size is the admin's doing and ours, not a stranger's."""
        from watchers.match import Matcher  # noqa: PLC0415 - as above

        self._lift_limit()
        self._matcher = None
        self._matcher = Matcher(watches)
        self._understand([_FIRST], [()])
        self._limit_memory()

    @staticmethod
    def _lift_limit() -> None:
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))

    def _limit_memory(self) -> None:
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = _address_space() + self._memory
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))

    def _next_task(self) -> tuple[Any, ...] | None:
        header = self._exactly(_HEADER)
        if header is None:
            return None
        message = self._exactly(int.from_bytes(header, "big"))
        return None if message is None else pickle.loads(message)  # noqa: S301 - written by our own parent

    def _exactly(self, size: int) -> bytearray | None:
        message = bytearray(size)
        view = memoryview(message)
        got = 0
        while got < size:
            received = self._channel.recv_into(view[got:])
            if not received:
                return None
            got += received
        return message

    def _answer(self, result: object) -> None:
        try:
            message = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - an exception that does not pickle, or no memory left to do it in
            message = pickle.dumps(MemoryError() if isinstance(error, MemoryError) else RuntimeError(type(result).__name__))
        try:
            self._channel.sendall(len(message).to_bytes(_HEADER, "big") + message)
        except (BrokenPipeError, ConnectionResetError):  # the parent has given up on us
            sys.exit(0)


def _die_with(parent: int) -> None:
    """Be killed when the parent is (``kill -9`` closes our socket, but a busy child does not look).

    Linux only, and there it is the thread that started us whose end counts: the event loop's, which lives as long as the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(0)


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell, which the limit then allows for with a gigabyte."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - read before every limit; nothing to join
            return int(statm.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return 2**30
