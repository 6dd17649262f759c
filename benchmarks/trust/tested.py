"""Checks that are tests already, or whose steps are: the same code, as often as a check asks for (D9, D16)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

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
    figure = f"{figures['damaged']}; {passed} tests of refusals passed, {failed} failed"
    return Result(figure=figure, passed=passed > 0 and not failed)


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
