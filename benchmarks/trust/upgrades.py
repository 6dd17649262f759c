"""Upgrades that are killed: every migration by itself, and all of them at once on a large database (D11)."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.tested import tests
from storage import opening, schema
from storage.address import parse_address
from storage.engine import connect

_LONGEST = 30.0  # seconds for a database of 100 MiB
_FORK = multiprocessing.get_context("fork")  # nothing is imported anew: what is killed is the upgrade
_NOW = 1_772_443_800_000_000
_FEED = text("INSERT INTO feed (key, kind, url, name, every, created_at) VALUES ('f', 'news', 'u', 'n', 900000000, :now)")
_ENTRY = text(
    "INSERT INTO entry (feed_id, fingerprints, title, summary, told, first_seen_at) VALUES (1, :print, :title, :summary, true, :now)"
)


def _to(connection: Connection, version: str) -> None:
    made = schema.config()
    made.attributes["connection"] = connection
    command.upgrade(made, version)


def _make_first(url: str, rows: int) -> None:
    """A database of the first version with data: its tables are not those of the program any more, so it is filled by statements."""

    def fill(connection: Connection) -> None:
        _to(connection, "0001")
        connection.execute(_FEED, {"now": _NOW})
        entries = ({"title": f"Title {n} " * 9, "summary": f"Words {n} " * 30, "print": n.to_bytes(16, "big")} for n in range(rows))
        connection.execute(_ENTRY, [entry | {"now": _NOW} for entry in entries])

    database = connect(parse_address(url))
    database.write(fill)
    database.close()


def _upgrade(url: str, version: str, begun: Any) -> None:
    """What the program did when ``version`` was its newest."""
    opening.SCHEMA = version
    opening.migrate = lambda connection: _to(connection, version)
    begun.set()
    opening.upgrade(url)


def _versions() -> list[str]:
    """All versions of the schema, the first one first."""
    return [script.revision for script in reversed(list(ScriptDirectory.from_config(schema.config()).walk_revisions()))]


def _copied(old: Path, file: Path) -> None:
    for rest in file.parent.glob(f"{file.name}*"):
        rest.unlink()
    shutil.copy(old, file)


def _apart(body: Callable[..., None], *arguments: object) -> None:
    """In a process of its own: what it changes of the program touches nobody."""
    process = _FORK.Process(target=body, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == 0


def _upgraded(file: Path, version: str, kill_after: float | None = None) -> tuple[float, int | None]:
    """Upgrade a file; killed after so many seconds from its beginning. Says how long it lived, and its exit code."""
    begun = _FORK.Event()
    process = _FORK.Process(target=_upgrade, args=(f"sqlite:///{file}", version, begun))
    process.start()
    begun.wait(60)
    began = time.monotonic()
    process.join(kill_after)
    seconds = time.monotonic() - began
    process.kill()
    process.join()
    return seconds, process.exitcode


def _look(file: Path) -> tuple[str, int]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (version,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        (entries,) = database.execute("SELECT count(*) FROM entry").fetchone()
    return version, entries


@check("D11", "every migration with data, killed at random moments: the old schema or the new; all of them on a large database")
def killed_upgrades(run: Run) -> Result:
    kills, rows, dice = run.pick(3, 50), run.pick(2_000, 20_000), random.Random(11)
    folder, versions = run.folder(), _versions()
    old, file = folder / "old.db", folder / "contractwatch.db"
    _apart(_make_first, f"sqlite:///{old}", rows)
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
    mib, seconds = _large(run, versions[-1], run.pick(60_000, 240_000))
    passed, failed, _, _ = tests(run, "tests/test_migrations.py")
    figure = (
        f"{len(versions) - 1} migrations × {kills} kills with {rows} entries: {half} half done, {broken} broken, {finished} had finished; all at "
        f"once on {mib:.0f} MiB in {seconds:.1f} s; {passed} tests of migrations passed, {failed} failed"
    )
    sound = not (half or broken or failed) and finished < kills * (len(versions) - 1)
    return Result(figure=figure, passed=sound and mib >= run.pick(25, 100) and seconds <= _LONGEST)


def _large(run: Run, newest: str, rows: int) -> tuple[float, float]:
    """How long the way from the first version to the newest takes: (MiB, seconds)."""
    file = run.folder() / "contractwatch.db"
    _apart(_make_first, f"sqlite:///{file}", rows)
    mib = file.stat().st_size / 2**20
    seconds, code = _upgraded(file, newest)
    assert code == 0
    return mib, seconds
