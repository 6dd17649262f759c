"""Starts programs under test quickly: one process imports everything once and forks a fresh one for each.

Run as a program it is that process. It reads requests as JSON Lines and answers each with one line: ``{"start": …}`` with the process id,
``{"poll": pid}`` with the exit code (negative for a signal, null while it runs).
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import connects

from watchers.text.rules import rules

_COMMANDS = ["check", "classify", "database", "demo", "doctor", "evidence", "feeds", "ledger", "replay", "run", "status", "stories"]


class Nursery:
    """A started nursery; close it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lock = threading.Lock()

    def ask(self, request: dict[str, Any]) -> Any:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


class Child:
    """``contractwatch`` with some arguments, in a process of its own; its output goes to files beside each other."""

    def __init__(
        self, nursery: Nursery, folder: Path, arguments: list[str], *, prelude: str = "", stdin: str = "", environment: dict[str, str]
    ) -> None:
        self._nursery = nursery
        name = f"output-{time.monotonic_ns()}"
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        request = {
            "folder": str(folder),
            "arguments": arguments,
            "environment": environment,
            "prelude": prelude,
            "stdin": stdin,
            "out": str(self._out),
            "err": str(self._err),
        }
        self.pid: int = nursery.ask({"start": request})
        self._code: int | None = None

    @property
    def code(self) -> int | None:
        if self._code is None:
            self._code = self._nursery.ask({"poll": self.pid})
        return self._code

    @property
    def out(self) -> list[str]:
        return self._out.read_text("utf-8").splitlines()

    @property
    def err(self) -> list[str]:
        return self._err.read_text("utf-8").splitlines()

    def wait(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while self.code is None:
            assert time.monotonic() < deadline, "\n".join(["still running", *self.out, *self.err])
            time.sleep(0.02)
        return self.code


def _start(request: dict[str, Any]) -> int:
    for name in ("out", "err"):
        Path(request[name]).touch()
    pid = os.fork()
    if pid:
        return pid
    reading, writing = os.pipe()
    if os.fork() == 0:  # what is written to the program's standard input, by somebody who does not wait for it
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(request["stdin"].encode())
        os._exit(0)
    os.close(writing)
    os.dup2(reading, 0)
    os.dup2(os.open(request["out"], os.O_WRONLY | os.O_APPEND), 1)
    os.dup2(os.open(request["err"], os.O_WRONLY | os.O_APPEND), 2)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    code = 1
    try:
        exec(request["prelude"])
        from bot.cli import main

        main(request["arguments"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _poll(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _serve() -> None:
    connects.watch()
    for name in _COMMANDS:
        __import__(f"bot.cli.{name}")
    rules("en")
    gc.freeze()  # what all of them share is not looked through for garbage in each
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in os.fdopen(os.dup(0)):
        request = json.loads(line)
        answer = _start(request["start"]) if "start" in request else _poll(request["poll"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
