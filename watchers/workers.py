"""Child processes in which documents are parsed and entries understood.

A document of 16 KiB can hold a parser's regular expression up for longer than anyone waits, a thread that does so holds up every other
(the ``re`` module keeps the interpreter's lock), and 22 of 1,000 hostile documents did. So strangers' text meets a parser only here: in a
process with a limit of time and memory, which is killed and replaced when it oversteps; the feed in question gets a ``ParseError``.

Invariants: one task at a time in each child, over its own socket, so that killing one child touches no other's task; a child that
overstepped is never used again; a child knows no secret (its environment is made, not inherited), opens no file and no connection of its
own, and dies with its parent.

Why not a process pool from a library: ``pebble`` (5.2) was measured beside it. It costs the parent a third more CPU a document, which would
not decide; but its children cannot be addressed, so that 100,000 watches would travel with each task or restart every child; it looks for
time-outs only ten times a second; and it starts children through ``multiprocessing``, which gives them the parent's whole environment and
imports its main module.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Self

from watchers.exceptions import ParseError, WatchError
from watchers.types import AwardParty, Entry, Feed, Finding, ParsedFeed, Response, Watch

log = logging.getLogger(__name__)

_HEADER = 4  # bytes of a message's length, most significant first
_PATIENCE = 15  # times its limit is a batch waited for by the clock on the wall
_START_SECONDS = 60.0  # a cold disk; imports take a quarter of a second on a warm one
_SNAPSHOT_SECONDS = 120.0  # 100,000 watches into a fresh automaton
_SECONDS_PER_ENTRY = 0.05  # on top of the limit: a page of 100 notices is not one document
_STOP_SECONDS = 2.0
_REAP_SECONDS = 2.0  # between the end of a killed child's socket and the end of the child
# What a Python child needs of the parent's environment. Everything else stays behind, above all the bot's token.
_ENVIRONMENT = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "TMPDIR", "TZ")


class Workers:
    """A few warm child processes that parse and understand.

    Args:
        processes: how many; the machine's cores are a sensible number.
        seconds: wall-clock limit for one document, which is fetched again when it was not read; processor time for one batch of entries,
            beside what each of them adds: an entry that is not understood is lost, so a busy machine must not decide it.
        memory_mb: address space a child may take beyond what it has after starting (and after building its matcher).

    """

    def __init__(self, *, processes: int = 2, seconds: float = 3.0, memory_mb: int = 256) -> None:
        self._seconds = seconds
        self._memory = memory_mb * 2**20
        self._processes = processes
        self._idle: deque[_Child] = deque()
        self._all: set[_Child] = set()
        self._free = asyncio.Semaphore(processes)
        self._version = -1  # of the store's watches: none are known yet
        self._watches: Sequence[Watch] = ()
        self._snapshot: asyncio.Future[bytes] | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def start(self) -> None:
        """Start the children now rather than with the first tasks."""
        while len(self._all) < self._processes:
            self._spawn()

    @property
    def version(self) -> int:
        """Version of the watches that entries are understood for; -1 before the first ``set_watches``."""
        return self._version

    def set_watches(self, version: int, watches: Sequence[Watch]) -> None:
        """Let entries be understood for these watches from the next batch on; each child builds its matcher when it first needs it."""
        if version != self._version:
            self._version = version
            self._watches = watches
            self._snapshot = None

    async def parse(self, feed: Feed, response: Response, now: datetime) -> ParsedFeed:
        """``watchers.parsers.parse_feed`` in a child.

        Raises:
            ParseError: the parser's own, or the document took more time or memory than a document may, or its parser crashed.

        """
        result = await self._run(feed.id, self._seconds, ("parse", self._seconds, feed, response, now))
        assert isinstance(result, ParsedFeed)
        return result

    async def understand(self, entries: Sequence[Entry], awards: Sequence[Sequence[AwardParty]] = ()) -> list[tuple[Finding, ...]]:
        """``watchers.understand.understand`` in a child, for every entry in turn with the current watches.

        An entry that oversteps the limits has no findings, and is logged: it would else keep its whole feed from ever being read again.
        What the machine is to blame for (no child gets ready, gets on, or lives) is raised: the same entries are read at the next poll.

        Args:
            entries: of one poll.
            awards: stored suppliers to join each entry to, in the order of the entries; empty for none at all.

        Raises:
            ParseError: the machine has no child for it.
            RuleError: a rule file is wrong.

        """
        if not entries:
            return []
        joined = tuple(awards) or ((),) * len(entries)
        seconds = self._seconds + _SECONDS_PER_ENTRY * len(entries)
        try:
            found = await self._run("", seconds, ("understand", seconds, tuple(entries), joined), with_watches=True)
        except _TaskError:
            if len(entries) > 1:
                single = [await self.understand([entry], [award]) for entry, award in zip(entries, joined, strict=True)]
                return [findings for (findings,) in single]
            log.exception("entry not understood title=%r url=%s", entries[0].title[:80], entries[0].url)
            return [()]
        assert isinstance(found, list)
        return found

    async def close(self) -> None:
        """Stop the children. Tasks still under way end with a ParseError."""
        self._closed = True
        idle = [self._idle.popleft() for _ in range(len(self._idle))]
        for busy in self._all.difference(idle):
            busy.hang_up()
        await asyncio.gather(*(child.stop() for child in idle))
        for _ in range(self._processes):  # until the last task has given its child back
            await self._free.acquire()
        for _ in range(self._processes):
            self._free.release()

    async def _run(self, about: str, seconds: float, task: tuple[Any, ...], *, with_watches: bool = False) -> object:
        """One task in one child. Whatever ends it early (time, memory, a crash, our own cancellation) costs this child only."""
        async with self._free:
            result = await self._attempts(about, seconds, task, with_watches=with_watches)
        if isinstance(result, WatchError):
            raise result
        if isinstance(result, MemoryError):
            raise _TaskError(f"reading it took more than {self._memory >> 20} MB of memory and was stopped", about=about)
        if isinstance(result, Exception):
            raise _TaskError(f"reading it failed ({type(result).__name__})", about=about) from result
        return result

    async def _attempts(self, about: str, seconds: float, task: tuple[Any, ...], *, with_watches: bool) -> object:
        """Try twice when the child is killed by somebody, as by the kernel when memory is short: perhaps it was not this task's doing."""
        for last in (False, True):
            try:
                return await self._attempt(task, seconds, with_watches=with_watches)
            except TimeoutError:
                if with_watches:
                    raise ParseError(f"reading it was not done in {seconds * _PATIENCE:g} s: the machine is too busy") from None
                raise _too_long(about, seconds) from None
            except _EndedError as error:
                if error.code == -signal.SIGPROF:
                    raise _too_long(about, seconds) from None
                if last and isinstance(error, _NotReadyError):
                    raise ParseError(f"no parser process gets ready, see its error above ({error})") from error
                if last:
                    raise error.blame(about) from error
        raise AssertionError

    async def _attempt(self, task: tuple[Any, ...], seconds: float, *, with_watches: bool) -> object:
        child = self._take_child()
        keep = False
        try:
            await self._prepare(child, with_watches=with_watches)
            async with asyncio.timeout(seconds * _PATIENCE if with_watches else seconds):
                keep, result = await child.run(task)
        finally:
            self._give_back(child, keep=keep)
        return result

    async def _prepare(self, child: _Child, *, with_watches: bool) -> None:
        """Wait for a child to be warm and to have the current watches; trouble with that is no entry's fault and has errors of its own."""
        try:
            await child.ready()
            if with_watches and child.version != self._version:
                version = self._version
                await child.take_watches(version, await self._pickled_watches())
        except TimeoutError as error:
            raise ParseError("a parser process did not get ready in time") from error
        except _EndedError as error:
            raise _NotReadyError(error.code) from error

    def _take_child(self) -> _Child:
        if self._closed:
            raise ParseError("the parser processes have been stopped")
        while self._idle:
            child = self._idle.popleft()
            if child.alive():
                return child
            self._discard(child)
        try:
            self._spawn()
        except OSError as error:
            raise ParseError(f"no parser process could be started: {error.strerror}") from error
        return self._idle.popleft()

    def _give_back(self, child: _Child, *, keep: bool) -> None:
        if keep and not self._closed:
            self._idle.append(child)
            return
        self._discard(child)
        if not self._closed:
            with suppress(OSError):  # told by the next task, which tries again
                self._spawn()  # at once, so that the next task finds it warm

    def _discard(self, child: _Child) -> None:
        self._all.discard(child)
        child.kill()

    def _spawn(self) -> None:
        child = _Child(self._memory)
        self._all.add(child)
        self._idle.append(child)

    async def _pickled_watches(self) -> bytes:
        """The watches as every child gets them, made once a version and off the event loop: 100,000 take half a second."""
        if self._snapshot is None:
            watches = tuple(self._watches)
            self._snapshot = asyncio.ensure_future(asyncio.to_thread(pickle.dumps, watches, pickle.HIGHEST_PROTOCOL))
        return await asyncio.shield(self._snapshot)


class _TaskError(ParseError):
    """A task overstepped its limits or crashed: it is to blame, not the machinery."""


def _too_long(about: str, seconds: float) -> _TaskError:
    return _TaskError(f"reading it took more than {seconds:g} s and was stopped", about=about)


class _EndedError(EOFError):
    """A child ended before it had answered. ``code``: negative for a signal; None for one that still runs."""

    def __init__(self, code: int | None) -> None:
        super().__init__("it closed its socket" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}")
        self.code = code

    def blame(self, about: str) -> ParseError:
        """Its task's fault, or that of the machine, which kills when memory is short: what a task does to itself ends in other ways."""
        kind = ParseError if self.code == -signal.SIGKILL else _TaskError
        return kind(f"the process that read it ended unexpectedly, twice ({self})", about=about)


class _NotReadyError(_EndedError):
    """It ended before it was given its task."""


class _Child:
    """One child process and our end of its socket."""

    def __init__(self, memory: int) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._socket = ours
        self._started = False
        self.version: int | None = None
        program = (
            f"import sys; sys.path[:] = {sys.path!r}; from watchers.worker import main; main({theirs.fileno()}, {memory}, {os.getpid()})"
        )
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        with theirs:
            # A new program instead of a fork: the parent has threads, whose locks a fork would copy in whatever state they are.
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with a program of ours
                [sys.executable, "-c", program],
                pass_fds=(theirs.fileno(),),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    async def ready(self) -> None:
        if not self._started:
            async with asyncio.timeout(_START_SECONDS):
                await self._receive()
            self._started = True

    async def take_watches(self, version: int, snapshot: bytes) -> None:
        async with asyncio.timeout(_SNAPSHOT_SECONDS):
            await self._send(snapshot)
            result = await self._receive()
        if isinstance(result, WatchError):  # a rule file that is wrong
            raise result
        if isinstance(result, Exception):
            raise ParseError(f"the watches could not be made ready for matching ({type(result).__name__})") from result
        self.version = version

    async def run(self, task: tuple[Any, ...]) -> tuple[bool, object]:
        """Whether the child may be used again, and its answer."""
        await self._send(pickle.dumps(task, pickle.HIGHEST_PROTOCOL))
        result = await self._receive()
        return not isinstance(result, MemoryError | RecursionError), result

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once. Only for whoever holds it: nobody else may be waiting at its socket."""
        self._process.kill()
        self._process.wait()
        self._socket.close()

    async def stop(self) -> None:
        """End it when nobody holds it; warm children leave by themselves when their socket ends, others would import to the end first."""
        self.hang_up()
        if self._started:
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, _STOP_SECONDS)
        self.kill()

    def hang_up(self) -> None:
        """End its socket: an idle child leaves, and whoever waits for a busy one's answer hears of it."""
        with suppress(OSError):  # it is dead already
            self._socket.shutdown(socket.SHUT_RDWR)

    async def _ending(self) -> _EndedError:
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, _REAP_SECONDS)
        return _EndedError(self._process.returncode)

    async def _send(self, message: bytes) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, len(message).to_bytes(_HEADER, "big") + message)
        except ConnectionError as error:
            raise await self._ending() from error

    async def _receive(self) -> object:
        header = await self._exactly(_HEADER)
        return pickle.loads(await self._exactly(int.from_bytes(header, "big")))  # noqa: S301 - written by our own child

    async def _exactly(self, size: int) -> bytearray:
        loop = asyncio.get_running_loop()
        message = bytearray(size)
        view = memoryview(message)
        got = 0
        while got < size:
            try:
                received = await loop.sock_recv_into(self._socket, view[got:])
            except ConnectionResetError:
                received = 0
            if not received:
                raise await self._ending()
            got += received
        return message
