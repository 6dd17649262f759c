"""``contractwatch demo`` as a stranger runs it: alerts for people on the terminal. What it tells with ``--json`` is in test_samples."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from bot.resources import samples

EXPECTED: list[dict[str, Any]] = tomllib.loads((samples() / "expected.toml").read_text(encoding="utf-8"))["alerts"]


def _heads(line: str, expected: dict[str, Any]) -> bool:
    """Whether the first line of an alert says what happened, to whose contract, with whom."""
    word, *rest = line.split(" · ")
    bodies = expected["public_body"]
    return (
        ("AWARDED" if expected["kind"] == "awarded" else "CANCELLED") in word
        and ("ended early" in word) == (expected["kind"] == "terminated")
        and any(body in rest for body in bodies)
        and ("supplier" in expected) == (expected.get("supplier", "").casefold() in [part.casefold() for part in rest])
    )


def test_the_demo_shows_people_exactly_the_expected_alerts_anywhere(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("contractwatch")
    done = subprocess.run([program, "demo"], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    alerts = done.stdout.strip().split("\n\n")
    found = [[number for number, expected in enumerate(EXPECTED) if _heads(alert.splitlines()[0], expected)] for alert in alerts]
    assert sorted(found) == [[number] for number in range(len(EXPECTED))], done.stdout
    for alert in alerts:
        assert "“" in alert or "Official notice " in alert  # what it rests on
        assert "https://" in alert
        assert "Watched: " in alert
    assert f"{len(EXPECTED)} alerts" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []  # its database was a temporary one
