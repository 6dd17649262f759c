"""Checks that are tests already, or whose steps are: the same code, as often as a check asks for (D9, D11, D16, O3, T12)."""

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
import xml.etree.ElementTree as ET
from pathlib import Path

from benchmarks.trust import ROOT
from benchmarks.trust.base import Result, Run, check


def tests(run: Run, *names: str) -> tuple[int, int, int, dict[str, str]]:
    """Run tests by name: how many passed, failed and were skipped, and the figures they noted (``record_property``)."""
    report = run.folder() / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        "-o",
        "junit_family=xunit1",
        "-m",
        "",
        *names,
    ]
    subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr, env=os.environ | {"PYTHONPATH": str(ROOT)})
    suite = next(ET.parse(report).getroot().iter("testsuite"))
    total, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
    failed = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    figures = {one.attrib["name"]: one.attrib["value"] for one in suite.iter("property") if not one.attrib["name"].startswith("hypothesis")}
    return total - failed - skipped, failed, skipped, figures


@check("D9", "two hundred damaged database files: none is begun on, none overwritten, every refusal says what to do")
def damaged_files(run: Run) -> Result:
    names = ("damaged_files_are_refused", "file_that_is_no_database", "another_program", "newer_version", "vanished", "refusal_names")
    passed, failed, _, figures = tests(run, "tests/test_store_opening.py", "-k", " or ".join(names))
    figure = f"{figures.get('damaged', '200 files')}; {passed} tests of refusals passed, {failed} failed"
    return Result(figure=figure, passed=passed > 0 and not failed)


_OLD = """
import sys
from datetime import UTC, datetime
sys.path.insert(0, {tests!r})
from storage import opening, schema
from storage.address import parse_address
from storage.engine import connect
from alembic import command
from sqlalchemy import text
def first(connection):
    made = schema.config()
    made.attributes["connection"] = connection
    command.upgrade(made, {first!r})
database = connect(parse_address(sys.argv[1]))
def fill(connection):
    first(connection)
    now = 1_772_443_800_000_000
    connection.execute(text("INSERT INTO feed (key, kind, url, name, every, created_at) VALUES ('f', 'news', 'u', 'n', 900000000, :now)"), {{"now": now}})
    rows = [{{"at": now, "title": f"Title {{n}} " * 9, "print": n.to_bytes(16, "big")}} for n in range(int(sys.argv[2]))]
    columns = "feed_id, fingerprints, title, summary, told, first_seen_at"
    connection.execute(text(f"INSERT INTO entry ({{columns}}) VALUES (1, :print, :title, :title, true, :at)"), rows)
database.write(fill)
database.close()
"""


@check("D11", "an upgrade with data from the first version, killed at random moments: the old schema or the new")
def killed_upgrades(run: Run) -> Result:
    from storage.tables import SCHEMA

    kills, rows = run.pick(8, 50), run.pick(5_000, 200_000)
    folder, dice = run.folder(), random.Random(11)
    old = folder / "old.db"
    script = _OLD.format(tests=str(ROOT / "tests"), first="0001")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script, f"sqlite:///{old}", str(rows)], check=True, env=environment)
    upgrade = [sys.executable, "-c", "import sys; from storage.store import upgrade; print('begun', flush=True); upgrade(sys.argv[1])"]
    broken = half = reached = 0
    whole = _upgraded(folder, old, upgrade, environment, None)
    for number in range(kills):
        file = folder / "contractwatch.db"
        seconds = _upgraded(folder, old, upgrade, environment, dice.uniform(0, whole * 1.1))
        version, entries = _look(file)
        reached += version == SCHEMA
        half += version not in ("0001", SCHEMA) or entries != rows
        again = subprocess.run([*upgrade, f"sqlite:///{file}"], check=False, capture_output=True, env=environment)
        broken += again.returncode != 0 or _look(file) != (SCHEMA, rows)
        run.say(f"{number + 1} of {kills}, after {seconds:.2f} s")
    passed, failed, _, _ = tests(run, "tests/test_migrations.py")
    figure = (
        f"{kills} kills of an upgrade from the first version ({rows} entries, {whole:.1f} s): {half} half done, {broken} broken, {reached} had finished; "
        f"{passed} tests of migrations passed, {failed} failed"
    )
    return Result(figure=figure, passed=not (half or broken or failed) and reached < kills)


def _upgraded(folder: Path, old: Path, command: list[str], environment: dict[str, str], kill_after: float | None) -> float:
    """Upgrade a copy; killed after so many seconds from its beginning. Says how long it lived."""
    for rest in folder.glob("contractwatch.db*"):
        rest.unlink()
    file = folder / "contractwatch.db"
    shutil.copy(old, file)
    process = subprocess.Popen([*command, f"sqlite:///{file}"], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(kill_after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return time.monotonic() - began


def _look(file: Path) -> tuple[str, int]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (version,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        (entries,) = database.execute("SELECT count(*) FROM entry").fetchone()
    return version, entries


@check("D16", "random sequences of everything against a model of what was promised")
def model(run: Run) -> Result:
    from hypothesis import HealthCheck, settings
    from hypothesis.stateful import run_state_machine_as_test
    from test_store_invariants import Promises

    examples, steps = run.pick(12, 2000), run.pick(40, 60)
    began = time.monotonic()
    lengths = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Promises, settings=lengths)
    return Result(
        figure=f"{examples} sequences of up to {steps} steps: 0 promises broken, in {time.monotonic() - began:.0f} s", passed=True
    )
