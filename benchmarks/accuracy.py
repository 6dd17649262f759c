"""Accuracy of understanding text, beside a keyword filter, on labelled headlines.

    python benchmarks/accuracy.py ../shared/data/headlines/dev.jsonl [--language en] [--part all|visible|unread]

Prints precision, recall and F1 of each alert class for this product and for the keyword filter in the same run, then the accuracy of
events, parts and sums, and the share of tempting negatives that alert. A quarter of the labelled items (by hash of their id) is the
*unread* part: rules are written without reading it, so its figures are the honest ones; ``visible`` is the rest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from watchers.classify import classify_record
from watchers.match import Matcher

Row = dict[str, Any]
CLASSES = ("awarded", "cancelled")
_AWARD = re.compile(r"\b(award\w*|wins?|won|contract signed|signs?|signed|bags?|lands?|secures?|clinch\w*)\b", re.IGNORECASE)
_CANCEL = re.compile(r"\b(cancel\w*|terminat\w*|scrap\w*|axe[sd]?|revok\w*|end(s|ed)|tears? up)\b", re.IGNORECASE)


def keywords(row: Row) -> Row:
    """What a keyword filter says: any cancelling word cancels, else any awarding word awards."""
    text = f"{row['title']}. {row.get('summary') or ''}"
    alert = "cancelled" if _CANCEL.search(text) else "awarded" if _AWARD.search(text) else None
    return {"alert": alert, "event": alert or "none"}


def product(row: Row) -> Row:
    """What this product says, without any watch."""
    return classify_record({key: row.get(key) for key in ("id", "title", "summary")}, Matcher(()))


def unread(identifier: str) -> bool:
    """Whether an item belongs to the quarter nobody reads while writing rules."""
    return int(hashlib.sha256(identifier.encode()).hexdigest(), 16) % 4 == 0


def rates(right: int, said: int, there: int) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    precision, recall = right / said if said else 0.0, right / there if there else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0


def print_alerts(name: str, rows: list[Row], answers: list[Row]) -> None:
    """One line for each alert class."""
    for kind in CLASSES:
        right = sum(row["alert"] == kind == answer["alert"] for row, answer in zip(rows, answers, strict=True))
        said, there = sum(answer["alert"] == kind for answer in answers), sum(row["alert"] == kind for row in rows)
        precision, recall, f1 = rates(right, said, there)
        print(
            f"{name:10s} {kind:10s} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}   ({right} right of {said} told, {there} to tell)"
        )
    hard = [answer for row, answer in zip(rows, answers, strict=True) if row.get("hard")]
    if hard:
        fired = sum(bool(answer["alert"]) for answer in hard)
        print(f"{name:10s} tempting negatives that alert: {fired} of {len(hard)} ({100 * fired / len(hard):.0f} %)")


def same(one: str, other: str) -> bool:
    """Whether two names share all words of the shorter."""
    first, second = ({*re.findall(r"\w+", name.casefold())} - {"the"} for name in (one, other))
    return bool(first) and bool(second) and (first <= second or second <= first)


def print_parts(rows: list[Row], answers: list[Row]) -> None:
    """Events, parts and sums; parts and sums on the items that are alerted rightly."""
    events = sum(row["event"] == answer["event"] for row, answer in zip(rows, answers, strict=True))
    print(f"event right: {events} of {len(rows)} ({100 * events / len(rows):.1f} %)")
    hits = [(row, answer) for row, answer in zip(rows, answers, strict=True) if row["alert"] and row["alert"] == answer["alert"]]
    for part in ("supplier", "public_body"):
        named = [(row[part], answer[part]) for row, answer in hits if answer[part]]
        right = sum(bool(gold) and any(same(a, b) for a in said.split(";") for b in gold.split(";")) for gold, said in named)
        silent = sum(bool(row[part]) and not answer[part] for row, answer in hits)
        print(f"{part} right: {right} of {len(named)} named; {silent} left out")
    sums = [(row["value"], answer["value"]) for row, answer in hits]
    right = sum(bool(gold) and bool(said) and Decimal(str(gold["amount"])) == Decimal(str(said["amount"])) for gold, said in sums)
    wrong = sum(bool(said) for _, said in sums) - right
    print(f"value right: {right} of {sum(bool(gold) for gold, _ in sums)} stated; {wrong} told wrongly")


def print_confusions(rows: list[Row], answers: list[Row]) -> None:
    """The most frequent wrong events."""
    wrong = Counter((row["event"], answer["event"]) for row, answer in zip(rows, answers, strict=True) if row["event"] != answer["event"])
    for (gold, said), count in wrong.most_common(10):
        print(f"   {gold} told as {said}: {count}")


def answer_all(rows: list[Row], method: Callable[[Row], Row]) -> list[Row]:
    """The answers of a method, with its time."""
    started = time.process_time()
    answers = [method(row) for row in rows]
    print(f"{method.__name__}: {1e6 * (time.process_time() - started) / max(1, len(rows)):.0f} µs an entry")
    return answers


def load(path: Path, language: str | None, part: str) -> list[Row]:
    """The items asked for."""
    rows: Iterable[Row] = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    chosen = [row for row in rows if language is None or row["lang"] == language]
    return [row for row in chosen if part == "all" or unread(row["id"]) == (part == "unread")]


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="labelled items, JSON Lines")
    parser.add_argument("--language", default="en", help="only items of this language (all: every language)")
    parser.add_argument("--part", choices=["all", "visible", "unread"], default="all")
    arguments = parser.parse_args()
    rows = load(arguments.gold, None if arguments.language == "all" else arguments.language, arguments.part)
    print(f"{len(rows)} items, language {arguments.language}, part {arguments.part}")
    product(rows[0])  # the rule files are read once, outside the clock
    ours, theirs = answer_all(rows, product), answer_all(rows, keywords)
    print_alerts("keywords", rows, theirs)
    print_alerts("product", rows, ours)
    print_parts(rows, ours)
    print_confusions(rows, ours)


if __name__ == "__main__":
    main()
