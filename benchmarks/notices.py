"""How well official notices are read: every Find a Tender release in a folder against its table of expected events.

    python benchmarks/notices.py ../shared/data/procurement/find-a-tender [--all]

Prints the share of releases on which event, public body, suppliers, value and the direct-award flag agree, and every disagreement.
The table was made by rule from the same releases, so a disagreement is first a question of who is right.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

from watchers.classify import classify_record
from watchers.match import Matcher
from watchers.notices import read_release
from watchers.plaintext import plain
from watchers.types import EventKind

ASKED = ("event", "alert", "public body", "suppliers", "value")

# The table's events in our words. An edit tells of the event again: it joins that event's story.
EVENTS = {
    "planning": EventKind.NONE,
    "planning_updated": EventKind.NONE,
    "opportunity_opened": EventKind.TENDER_OPENED,
    "opportunity_updated": EventKind.TENDER_OPENED,
    "direct_award_intended": EventKind.AWARD_INTENDED,
    "award_announced": EventKind.AWARDED,
    "award_announced_standstill": EventKind.AWARDED,
    "award_notice_updated": EventKind.AWARDED,
    "contract_signed": EventKind.AWARDED,
    "contract_details_updated": EventKind.AWARDED,
    "contract_changed": EventKind.CHANGED,
    "contract_change_proposed": EventKind.CHANGED,
    "contract_completed": EventKind.COMPLETED,
    "contract_terminated_early": EventKind.TERMINATED,
    "procurement_cancelled": EventKind.CANCELLED,
    "award_cancelled_before_signature": EventKind.CANCELLED,
    "award_unsuccessful": EventKind.CANCELLED,
    "notice_corrected": EventKind.NONE,
    "performance_report": EventKind.NONE,
    "performance_failure": EventKind.NONE,
    "dynamic_market": EventKind.NONE,
}


@dataclass
class Report:
    """What was compared. ``unlike`` lists (release, what, expected, ours)."""

    releases: int = 0
    seconds: float = 0.0
    unlike: list[tuple[str, str, str, str]] = field(default_factory=list)

    def share(self, what: str) -> float:
        return 1 - sum(1 for _, asked, _, _ in self.unlike if asked == what) / max(self.releases, 1)


def measure(folder: Path) -> Report:
    """Compare every release found below ``folder`` with its row of ``expected_events.tsv``."""
    with (folder / "expected_events.tsv").open(encoding="utf-8", newline="") as file:
        expected = {row["release_id"]: row for row in csv.DictReader(file, delimiter="\t")}
    releases = {release["id"]: release for path in sorted(folder.rglob("*.json")) for release in _releases(path)}
    report = Report(releases=len(releases))
    started = perf_counter()
    for number, release in releases.items():
        if number not in expected:
            report.unlike.append((number, "event", "(no row)", ""))
            continue
        for what, theirs, ours in _compared(release, expected[number]):
            if theirs != ours:
                report.unlike.append((number, what, theirs, ours))
    report.seconds = perf_counter() - started
    return report


def _releases(path: Path) -> Iterator[dict[str, Any]]:
    document = json.loads(path.read_text(encoding="utf-8"))
    for package in document if isinstance(document, list) else [document]:
        yield from package.get("releases", [package] if "ocid" in package else [])


def _compared(release: Mapping[str, Any], row: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    ours = classify_record({"id": release["id"], "release": release}, Matcher(()))
    event = EVENTS[row["event"]]
    if row["event"] == "award_notice_updated" and row["notice_type"] == "UK5":
        event = EventKind.AWARD_INTENDED  # the table has one word for edits of both
    yield "event", str(event), ours["event"]
    yield "alert", str(event.alert), str(ours["alert"])
    yield "public body", plain(row["buyer"]), ours["public_body"] or ""
    yield "suppliers", _listed(plain(name) for name in row["suppliers"].split("|")), _listed((ours["supplier"] or "").split("; "))
    yield "value", *_values(release, row, ours["value"])
    yield "direct award", row["direct_award"], str(int(read_release(release).direct_award))


def _listed(names: Iterator[str] | list[str]) -> str:
    return "; ".join(sorted({name.strip() for name in names} - {""}))


def _values(release: Mapping[str, Any], row: Mapping[str, str], ours: Mapping[str, Any] | None) -> tuple[str, str]:
    """The table's sum on the basis that ours is on, and ours. The table writes 0 where a framework states nothing."""
    money = read_release(release).value
    column = "amount_gross" if money is not None and money.basis == "gross" else "amount_net"
    theirs = _figure(row[column], row["currency"])
    if ours is None or money is None:
        return theirs or _figure(row["amount_gross"], row["currency"]), ""
    return theirs, _figure(str(money.amount), money.currency)


def _figure(written: str, currency: str) -> str:
    figure = Decimal(written or 0).quantize(Decimal("0.01"))  # the table added floats
    return f"{figure} {currency}" if figure else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="list every disagreement, not the first twenty of each")
    options = parser.parse_args()
    report = measure(options.folder)
    print(f"{report.releases} releases in {report.seconds:.2f} s")
    for what in (*ASKED, "direct award"):
        print(f"{what:>13}  {report.share(what):8.2%}")
        unlike = [line for line in report.unlike if line[1] == what]
        for number, _, theirs, ours in unlike if options.all else unlike[:20]:
            print(f"               {number}: expected {theirs[:160]!r}, ours {ours[:160]!r}")
    return 0 if all(report.share(what) >= 0.995 for what in ASKED) else 1


if __name__ == "__main__":
    sys.exit(main())
