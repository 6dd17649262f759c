"""Upgrades that are killed: every migration by itself, and all of them at once on a large database (D11)."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from alembic.script import ScriptDirectory

from benchmarks.trust import ROOT
from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.tested import tests
from storage import schema

_LARGE_MIB, _LONGEST = 100, 30.0

# A database of the first version with data: its tables are not those of the program any more, so it is filled by statements.
_FIRST = """
import sys
from alembic import command
from sqlalchemy import text
from storage import schema
from storage.address import parse_address
from storage.engine import connect
def fill(connection):
    made = schema.config()
    made.attributes["connection"] = connection
    command.upgrade(made, "0001")
    now = 1_772_443_800_000_000
    connection.execute(text("INSERT INTO feed (key, kind, url, name, every, created_at) VALUES ('f', 'news', 'u', 'n', 900000000, :now)"), {"now": now})
    rows = [{"at": now, "title": f"Title {n} " * 9, "summary": f"Words {n} " * 30, "print": n.to_bytes(16, "big")} for n in range(int(sys.argv[2]))]
    columns = "feed_id, fingerprints, title, summary, told, first_seen_at"
    connection.execute(text(f"INSERT INTO entry ({columns}) VALUES (1, :print, :title, :summary, true, :at)"), rows)
database = connect(parse_address(sys.argv[1]))
database.write(fill)
database.close()
"""

# The program as it was when a version was its newest.
_UPGRADE = """
import sys
from alembic import command
from storage import opening, schema
def to_version(connection):
    made = schema.config()
    made.attributes["connection"] = connection
    command.upgrade(made, sys.argv[2])
opening.SCHEMA, opening.migrate = sys.argv[2], to_version
print("begun", flush=True)
opening.upgrade(sys.argv[1])
"""


def _python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


def _versions() -> list[str]:
    """All versions of the schema, the first one first."""
    return [script.revision for script in reversed(list(ScriptDirectory.from_config(schema.config()).walk_revisions()))]


def _copied(old: Path, file: Path) -> None:
    for rest in file.parent.glob(f"{file.name}*"):
        rest.unlink()
    shutil.copy(old, file)


def _upgraded(file: Path, version: str, kill_after: float | None = None) -> tuple[float, int]:
    """Upgrade a file; killed after so many seconds from its beginning. Says how long it lived, and its exit code."""
    with subprocess.Popen(_python(_UPGRADE, f"sqlite:///{file}", version), stdout=subprocess.PIPE, env=_environment()) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(kill_after)
        seconds = time.monotonic() - began
        process.send_signal(signal.SIGKILL)
        return seconds, process.wait()


def _look(file: Path) -> tuple[str, int]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (version,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        (entries,) = database.execute("SELECT count(*) FROM entry").fetchone()
    return version, entries


@check("D11", "every migration with data, killed at random moments: the old schema or the new; all of them on a large database")
def killed_upgrades(run: Run) -> Result:
    kills, rows, dice = run.pick(3, 50), run.pick(4_000, 20_000), random.Random(11)
    folder, versions = run.folder(), _versions()
    old, file = folder / "old.db", folder / "contractwatch.db"
    subprocess.run(_python(_FIRST, f"sqlite:///{old}", rows), check=True, env=_environment())
    half = broken = finished = 0
    for before, after in pairwise(versions):
        _copied(old, file)
        whole, code = _upgraded(file, after)
        assert (code, _look(file)) == (0, (after, rows)), f"{before} to {after}"
        for number in range(kills):
            _copied(old, file)
            _upgraded(file, after, dice.uniform(0, whole))
            version, entries = _look(file)
            finished += version == after
            half += version not in (before, after) or entries != rows
            _, code = _upgraded(file, after)
            broken += code != 0 or _look(file) != (after, rows)
            run.say(f"{before} to {after}: {number + 1} of {kills}")
        shutil.copy(file, old)
    mib, seconds = _large(run, versions[-1])
    passed, failed, _, _ = tests(run, "tests/test_migrations.py")
    figure = (
        f"{len(versions) - 1} migrations × {kills} kills with {rows} entries: {half} half done, {broken} broken, {finished} had finished; all at "
        f"once on {mib:.0f} MiB in {seconds:.1f} s; {passed} tests of migrations passed, {failed} failed"
    )
    sound = not (half or broken or failed) and finished < kills * (len(versions) - 1)
    return Result(figure=figure, passed=sound and mib >= _LARGE_MIB and seconds <= _LONGEST)


def _large(run: Run, newest: str) -> tuple[float, float]:
    """How long the way from the first version to the newest takes: (MiB, seconds)."""
    file = run.folder() / "contractwatch.db"
    subprocess.run(_python(_FIRST, f"sqlite:///{file}", 240_000), check=True, env=_environment())
    mib = file.stat().st_size / 2**20
    seconds, code = _upgraded(file, newest)
    assert code == 0
    return mib, seconds
