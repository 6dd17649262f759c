"""Every article of recorded polls and real feeds through understanding: hardly any is about a contract, so this shows false alarms.

    python benchmarks/wild.py FOLDER [--missed 100]

FOLDER holds ``polls/*.jsonl.xz`` and ``real.tar.xz``. Prints each distinct article that would alert, with what was understood, as JSON
Lines; ``--missed`` adds that many articles which have a word for a contract and did not, drawn evenly. Read them: the verdicts are yours.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.polls import polls
from watchers.exceptions import ParseError
from watchers.match import Matcher
from watchers.parsers import parse_feed
from watchers.types import Entry, Feed, FeedKind, Response
from watchers.understand import understand

CONTRACT = re.compile(r"\b(contracts?|deals?|tenders?|procurement|outsourc\w+|framework)\b", re.IGNORECASE)


def documents(folder: Path) -> Iterator[tuple[str, datetime, bytes]]:
    for path in sorted((folder / "polls").glob("*.jsonl.xz")):
        for at, body in polls(path):
            yield path.name, at, body
    now = datetime.now(UTC)
    with tarfile.open(folder / "real.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, now, file.read()


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missed", type=int, default=0)
    options = parser.parse_args()
    matcher, read, told, silent = Matcher(()), 0, 0, []
    for name, entry in articles(options.folder):
        read += 1
        findings = [finding for finding in understand(entry, matcher) if finding.alert]
        for finding in findings:
            told += 1
            row = {
                "feed": name,
                "alert": finding.alert,
                "supplier": "; ".join(party.name for party in finding.suppliers),
                "public_body": "; ".join(party.name for party in finding.public_bodies),
                "value": finding.value.printed if finding.value else None,
                "title": entry.title,
                "summary": entry.summary[:300],
                "rule": finding.evidence.rule,
            }
            print(json.dumps(row, ensure_ascii=False))
        if not findings and CONTRACT.search(f"{entry.title} {entry.summary}"):
            silent.append((name, entry))
    step = max(1, len(silent) // options.missed) if options.missed else 0
    for name, entry in silent[::step][: options.missed] if step else ():
        print(json.dumps({"feed": name, "alert": None, "title": entry.title, "summary": entry.summary[:300]}, ensure_ascii=False))
    print(f"{read} articles, {told} alerts, {len(silent)} more with a word for a contract", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
