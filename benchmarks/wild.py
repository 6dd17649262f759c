"""Every article of recorded polls and real feeds through understanding: hardly any is about a contract, so this shows false alarms.

    python -m benchmarks.wild FOLDER               the alerts that have no verdict yet, as JSON Lines, then how many of all were right
    python -m benchmarks.wild FOLDER --all         every alert with its verdict
    python -m benchmarks.wild FOLDER --silent 100  articles with a word for a contract that did not alert, always the same ones

FOLDER holds ``polls/*.jsonl.xz`` and ``real.tar.xz``. The verdicts are people's: ``wild_verdicts.toml`` says of every alert that was read
whether it was right, and why. An article is known by the hash of its text, because the text itself belongs to its publisher.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tarfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.polls import polls
from watchers.exceptions import ParseError
from watchers.match import Matcher
from watchers.parsers import parse_feed
from watchers.types import Entry, Feed, FeedKind, Finding, Response
from watchers.understand import understand

VERDICTS = Path(__file__).parent / "wild_verdicts.toml"
CONTRACT = re.compile(r"\b(contracts?|deals?|tenders?|procurement|outsourc\w+|framework)\b", re.IGNORECASE)
_SHOWN = 300  # characters of a summary
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # when a document without a date of its own was fetched, as far as anybody knows


def documents(folder: Path) -> Iterator[tuple[str, datetime, bytes]]:
    """Every recorded document with its feed's name and when it was fetched."""
    for path in sorted((folder / "polls").glob("*.jsonl.xz")):
        for at, body in polls(path):
            yield path.name.removesuffix(".jsonl.xz"), at, body
    with tarfile.open(folder / "real.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, _NEVER, file.read()


def articles(folder: Path) -> Iterator[tuple[str, Entry]]:
    """Distinct texts: an edited headline is read again, as the daemon does."""
    seen: set[bytes] = set()
    for name, at, body in documents(folder):
        feed = Feed(id=name, kind=FeedKind.NEWS, url="https://example.org/feed", name=name, every=timedelta(minutes=15))
        response = Response(url=feed.url, status=200, headers={}, body=body, fetched_at=at)
        try:
            entries = parse_feed(feed, response, at).entries
        except ParseError:
            continue
        for entry in entries:
            if entry.fingerprint not in seen:
                seen.add(entry.fingerprint)
                yield name, entry


def identity(entry: Entry) -> str:
    """Sixteen hexadecimal digits that an article's text always has."""
    return hashlib.sha256(f"{entry.title}\n{entry.summary}".encode()).hexdigest()[:16]


def shown(name: str, entry: Entry, finding: Finding | None = None) -> dict[str, Any]:
    """An article for reading, with what was understood."""
    row: dict[str, Any] = {"id": identity(entry), "feed": name, "date": f"{entry.published:%Y-%m-%d}" if entry.published else ""}
    if finding is not None:
        row |= {
            "alert": finding.alert,
            "supplier": "; ".join(party.name for party in finding.suppliers),
            "public_body": "; ".join(party.name for party in finding.public_bodies),
            "value": finding.value.printed if finding.value else None,
            "rule": finding.evidence.rule,
        }
    return row | {"title": entry.title, "summary": entry.summary[:_SHOWN]}


def read_verdicts(path: Path) -> dict[str, dict[str, Any]]:
    """The verdicts by article and class: one that is told as another thing later has to be read again."""
    if not path.exists():
        return {}
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return {f"{row['id']} {row['alert']}": row for row in data["alerts"]}


def summed_up(read: int, fired: list[str], verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """How many alerts were right, wrong and not yet read, and how many that were once read fire no more."""
    counts = Counter(verdicts[key]["verdict"] if key in verdicts else "unread" for key in fired)
    judged = counts["right"] + counts["wrong"]
    gone = Counter(row["verdict"] for key, row in verdicts.items() if key not in set(fired))
    share = f"{100 * counts['right'] / judged:.0f} % of those read are right" if judged else "none of them read"
    return (
        f"{read} articles, {len(fired)} alerts: {counts['right']} right, {counts['wrong']} wrong, {counts['unread']} not read yet; {share}. "
        f"Of those read before, {gone['wrong']} wrong and {gone['right']} right ones fire no more."
    )


def main() -> int:
    """Read every article, print what has to be read, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="print the alerts that have a verdict as well")
    parser.add_argument("--silent", type=int, default=0, help="print so many articles with a word for a contract that did not alert")
    parser.add_argument("--verdicts", type=Path, default=VERDICTS)
    options = parser.parse_args()
    verdicts = read_verdicts(options.verdicts)
    matcher, read = Matcher(()), 0
    fired: list[str] = []
    silent: list[tuple[str, str, Entry]] = []
    for name, entry in articles(options.folder):
        read += 1
        finding = next((one for one in understand(entry, matcher) if one.alert), None)
        if finding is not None:
            key = f"{identity(entry)} {finding.alert}"
            fired.append(key)
            if options.all or key not in verdicts:
                print(json.dumps({"verdict": verdicts.get(key, {}).get("verdict")} | shown(name, entry, finding), ensure_ascii=False))
        elif CONTRACT.search(f"{entry.title} {entry.summary}"):
            silent.append((identity(entry), name, entry))
    for _, name, entry in sorted(silent, key=lambda one: one[0])[: options.silent]:
        print(json.dumps({"alert": None} | shown(name, entry), ensure_ascii=False))
    print(summed_up(read, fired, verdicts), file=sys.stderr)
    print(f"{len(silent)} more have a word for a contract and did not alert.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
