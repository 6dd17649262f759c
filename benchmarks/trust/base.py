"""What a check is, and what it is given."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from nursery import Nursery

T = TypeVar("T")


class Skipped(Exception):  # noqa: N818 -- names what happens to the check
    """The check cannot be made here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a check found: the figure is a short text with numbers in it."""

    figure: str
    passed: bool


@dataclass(slots=True, kw_only=True)
class Run:
    """What a check may use while it runs; given back by ``close``."""

    long: bool = False
    botapi_program: Path | None = None
    _held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _nursery: Nursery | None = None

    def pick(self, short: T, long: T) -> T:
        """The size of the short form, or that of the long one."""
        return long if self.long else short

    def say(self, text: str) -> None:
        """How far it is, for a person who watches."""
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def folder(self) -> Path:
        """An empty folder that goes with the run."""
        return Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="trust-")))

    def hold(self, thing: contextlib.AbstractContextManager[T]) -> T:
        """Enter something that is left at the end of the run."""
        return self._held.enter_context(thing)

    @property
    def botapi(self) -> Path:
        """The program of a strict fake Telegram server."""
        if self.botapi_program is None or not self.botapi_program.exists():
            raise Skipped("there is no fake Telegram server: name its program with --botapi")
        return self.botapi_program

    @property
    def nursery(self) -> Nursery:
        """Where daemons are started from."""
        if self._nursery is None:
            self._nursery = self._held.enter_context(contextlib.closing(Nursery()))
        return self._nursery

    def postgresql(self) -> Any:
        """A temporary PostgreSQL server, as the tests have it."""
        import conftest

        installed = conftest.binaries()
        if installed is None or importlib.util.find_spec("psycopg") is None:
            raise Skipped("no PostgreSQL server or driver is installed")
        return self.hold(conftest.running_server(installed))

    def compiler(self) -> str:
        """A C compiler, for what must be seen from below Python."""
        found = shutil.which("cc") or shutil.which("gcc")
        if found is None:
            raise Skipped("there is no C compiler")
        return found

    def close(self) -> None:
        self._held.close()


Body = Callable[[Run], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the table. ``early``: it is begun before the others, which then need not wait for it alone."""

    id: str
    what: str
    body: Body
    early: bool


_CHECKS: dict[str, Check] = {}


def check(name: str, what: str, *, early: bool = False) -> Callable[[Body], Body]:
    """Mark a function as the check ``name``; ``what`` is what it tries out, in a few words; ``early`` for one that takes minutes."""

    def mark(body: Body) -> Body:
        assert name not in _CHECKS, name
        _CHECKS[name] = Check(id=name, what=what, body=body, early=early)
        return body

    return mark


def checks(package: ModuleType) -> Mapping[str, Check]:
    """All checks of all modules of a package, in the order of their letters and numbers."""
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("__"):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_CHECKS.items(), key=lambda one: (one[0][0], int("".join(filter(str.isdigit, one[0]))), one[0])))


def wait_for(what: str, condition: Callable[[], T], seconds: float = 60, pause: float = 0.1) -> T:
    """Ask until it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(pause)
    raise AssertionError(f"gave up after {seconds:g} s waiting for {what}")


@contextlib.contextmanager
def counted_time() -> Iterator[Callable[[], float]]:
    """How many seconds have passed since."""
    began = time.monotonic()
    yield lambda: time.monotonic() - began


def kept_waiting() -> float:
    """Seconds that this thread could have run in its life and did not, because others had the processors; 0 where Linux does not say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0
