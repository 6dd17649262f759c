"""Runs the checks of a package, each in a process of its own, and prints the table."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from benchmarks.trust import ROOT
from benchmarks.trust.base import Run, Skipped, checks

_MEMORY = Path("/dev/shm")
_LONGEST = {False: 900, True: 4 * 3600}  # seconds of one check, short and long, on a machine that has much else to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the table. ``passed`` is None for a check that was skipped; ``worked`` are the seconds of processor it took."""

    id: str
    figure: str
    passed: bool | None
    seconds: float = 0.0
    worked: float = 0.0

    def __str__(self) -> str:
        verdict = {True: "pass", False: "FAIL", None: "skip"}[self.passed]
        return f"{self.id:4} {verdict}  {self.figure}  ({self.seconds:.0f} s, {self.worked:.0f} s of work)"


def one(name: str, package: ModuleType, run: Run) -> Line:
    """Make one check of a package in this process."""
    began = time.monotonic()
    try:
        result = checks(package)[name].body(run)
        figure, passed = result.figure, result.passed
    except Skipped as reason:
        figure, passed = str(reason), None
    except Exception as error:  # noqa: BLE001 -- a check that breaks is one that fails
        traceback.print_exc()
        figure, passed = f"broke: {type(error).__name__}: {error}".splitlines()[0], False
    try:
        run.close()
    except Exception:  # noqa: BLE001 -- what was found is worth more than a clean end
        traceback.print_exc()
    return Line(id=name, figure=figure, passed=passed, seconds=time.monotonic() - began, worked=_worked())


def _worked() -> float:
    """Seconds of processor that this process took, and all of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def apart(name: str, package: ModuleType, options: argparse.Namespace) -> Line:
    """Make one check in a process of its own, so that what it leaves behind touches no other."""
    command = [sys.executable, "-m", package.__name__, "--alone", name, *(["--long"] if options.long else [])]
    command += ["--botapi", str(options.botapi)] if options.botapi else []
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
    if _MEMORY.is_dir():
        environment["TMPDIR"] = str(_MEMORY)  # no check here needs a disk that is slow
    began = time.monotonic()
    errors = None if options.verbose else subprocess.PIPE
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False, env=environment, timeout=_LONGEST[options.long]
        )
    except subprocess.TimeoutExpired:
        return Line(id=name, figure="was not done in time", passed=False, seconds=time.monotonic() - began)
    try:
        line = Line(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        line = Line(id=name, figure=f"ended with {done.returncode} and said nothing", passed=False, seconds=time.monotonic() - began)
    if line.passed is False and done.stderr:
        print(done.stderr.rstrip(), file=sys.stderr)
    return line


def table(names: list[str], package: ModuleType, options: argparse.Namespace) -> list[Line]:
    """Make the checks, some at a time; each line is printed when it is known."""
    lines = []
    known = checks(package)
    with ThreadPoolExecutor(options.jobs) as pool:
        order = sorted(names, key=lambda name: not known[name].early)
        for done in as_completed([pool.submit(apart, name, package, options) for name in order]):
            lines.append(done.result())
            print(f"{len(lines)} of {len(names)}: {lines[-1]}", file=sys.stderr, flush=True)
    return sorted(lines, key=lambda line: names.index(line.id))


def main(package: ModuleType, description: str) -> int:
    """Make the checks of a package that the command line asks for; 1 when one of them fails."""
    parser = argparse.ArgumentParser(prog=f"python -m {package.__name__}", description=description)
    parser.add_argument("names", nargs="*", metavar="ID", help="only these checks")
    parser.add_argument("--long", action="store_true", help="the full forms, which take hours")
    parser.add_argument("--jobs", type=int, default=3, help="checks at a time (3: most of them wait more than they work)")
    parser.add_argument("--botapi", type=Path, help="program of a strict fake Telegram server")
    parser.add_argument("--list", action="store_true", help="say which checks there are")
    parser.add_argument("--verbose", action="store_true", help="show what the checks say while they run")
    parser.add_argument("--alone", metavar="ID", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        line = one(options.alone, package, Run(long=options.long, botapi_program=options.botapi))
        print(json.dumps({name: getattr(line, name) for name in ("id", "figure", "passed", "seconds", "worked")}))
        return 0
    known = checks(package)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"there is no check {', '.join(unknown)}; --list shows them")
    names = [name for name in known if not options.names or name in options.names]
    if options.list:
        print("\n".join(f"{name:4} {known[name].what}" for name in names))
        return 0
    began = time.monotonic()
    lines = table(names, package, options)
    print("\n".join(map(str, lines)))
    print(f"{len(lines)} checks in {time.monotonic() - began:.0f} s, with {sum(line.worked for line in lines):.0f} s of work")
    return 1 if any(line.passed is False for line in lines) else 0
