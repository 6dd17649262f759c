"""Figures of accuracy: what is measured of answers against labels, and when a figure has fallen too far. Pure.

A set's figures are plain data for JSON, rounded to thousandths, so that the kept file changes only where something changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Figures = dict[str, Any]

CLASSES = ("awarded", "cancelled")
KINDS = (
    "awarded",
    "cancelled",
    "terminated",
    "suspended",
    "extended",
    "changed",
    "challenged",
    "tender_opened",
    "proposed_award",
    "proposed_cancel",
    "not_cancelled",
    "none",
)
POINT = 0.01
_LESS_IS_BETTER = frozenset({"tempting", "negatives", "invented"})
_COUNTS = frozenset({"items", "there", "told", "of"})  # how many, not how well


@dataclass(frozen=True, slots=True)
class Fall:
    """A figure that is worse than the kept one by more than a point; ``now`` is None where it is not measured any more."""

    name: str
    kept: float
    now: float | None

    def __str__(self) -> str:
        return f"{self.name}: {self.kept:.3f} is kept, {'nothing' if self.now is None else f'{self.now:.3f}'} now"


def rates(right: int, told: int, there: int) -> Figures:
    """Precision, recall and F1; of what was never told or is not there to tell, the figure is 0."""
    precision, recall = right / told if told else 0.0, right / there if there else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3), "told": told, "there": there}


def by_label(key: str, labels: Sequence[str], rows: Sequence[Row], answers: Sequence[Row]) -> Figures:
    """The rates of each label of ``key`` that anybody told or should have."""
    found = {}
    for label in labels:
        right = sum(row[key] == label == answer[key] for row, answer in zip(rows, answers, strict=True))
        told, there = sum(answer[key] == label for answer in answers), sum(row[key] == label for row in rows)
        if told or there:
            found[label] = rates(right, told, there)
    return found


def figures(rows: Sequence[Row], answers: Sequence[Row]) -> Figures:
    """Everything that is kept of a set: alerts, events, parts and sums, and how many negatives alert.

    Parts and sums are measured where the alert is right: who is named in a false alarm is no question. A row that is ``partial`` leaves open
    what it does not state, so nothing that is told beyond it is wrong.
    """
    found: Figures = {"items": len(rows), "alerts": by_label("alert", CLASSES, rows, answers)}
    found["events"] = by_label("event", KINDS, rows, answers)
    found["event"] = _share(sum(row["event"] == answer["event"] for row, answer in zip(rows, answers, strict=True)), len(rows))
    hits = [(row, answer) for row, answer in zip(rows, answers, strict=True) if row["alert"] and row["alert"] == answer["alert"]]
    for part in ("supplier", "public_body"):
        named = [(row[part], answer[part]) for row, answer in hits if answer[part] and _states(row, part)]
        found[part] = _share(sum(any_same(gold, said) for gold, said in named), len(named))
        stated = [answer for row, answer in hits if row[part]]
        found[f"{part}_found"] = _share(sum(bool(answer[part]) for answer in stated), len(stated))
    sums = [(row["value"], answer["value"]) for row, answer in hits if _states(row, "value")]
    stated_sums = [(gold, said) for gold, said in sums if gold]
    told_sums = [(gold, said) for gold, said in sums if said]
    found["value"] = _share(sum(same_sum(gold, said) for gold, said in stated_sums), len(stated_sums))
    found["value_told"] = _share(sum(same_sum(gold, said) for gold, said in told_sums), len(told_sums))
    found["invented"] = _share(sum(not gold for gold, _ in told_sums), len(told_sums))
    negatives = [answer for row, answer in zip(rows, answers, strict=True) if not row["alert"]]
    found["negatives"] = _share(sum(bool(answer["alert"]) for answer in negatives), len(negatives))
    tempting = [answer for row, answer in zip(rows, answers, strict=True) if row.get("hard")]
    if tempting:
        found["tempting"] = _share(sum(bool(answer["alert"]) for answer in tempting), len(tempting))
    return found


def _states(row: Row, part: str) -> bool:
    return bool(row[part]) or not row.get("partial")


def _share(number: int, of: int) -> Figures:
    return {"share": round(number / of, 3) if of else 0.0, "of": of}


def any_same(gold: str | None, said: str) -> bool:
    """Whether one of the names told is one of those that are right."""
    return bool(gold) and any(same(one, other) for one in said.split(";") for other in (gold or "").split(";"))


def same(one: str, other: str) -> bool:
    """Whether two names share all words of the shorter."""
    first, second = ({*re.findall(r"\w+", name.casefold().replace(".", ""))} - {"the"} for name in (one, other))
    return bool(first) and bool(second) and (first <= second or second <= first)


def same_sum(gold: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> bool:
    return bool(gold) and bool(said) and Decimal(str(gold["amount"])) == Decimal(str(said["amount"]))  # type: ignore[index]


def confusions(rows: Sequence[Row], answers: Sequence[Row], most: int) -> list[tuple[str, str, int]]:
    """The most frequent wrong events, as (right, told, how often)."""
    wrong = Counter((row["event"], answer["event"]) for row, answer in zip(rows, answers, strict=True) if row["event"] != answer["event"])
    return [(gold, said, count) for (gold, said), count in sorted(wrong.items(), key=lambda one: (-one[1], one[0]))[:most]]


def falls(kept: Figures, now: Figures) -> list[Fall]:
    """The figures of a set that are worse than the kept ones by more than a point; those that nothing was there for are passed over."""
    measured = dict(_flat(now))
    found = []
    for name, before in _flat(kept):
        after = measured.get(name)
        worse = after is None or (after - before if _less(name) else before - after) > POINT + 1e-9
        if worse:
            found.append(Fall(name, before, after))
    return found


def _less(name: str) -> bool:
    return not _LESS_IS_BETTER.isdisjoint(name.split("."))


def _flat(tree: Figures, path: str = "") -> Iterator[tuple[str, float]]:
    """The figures by their path ("alerts.awarded.recall"), without counts. A label nobody had to tell has neither recall nor F1."""
    for key, value in tree.items():
        if isinstance(value, dict):
            if value.get("of") != 0:
                yield from _flat(value, f"{path}{key}.")
        elif key not in _COUNTS and not (tree.get("there") == 0 and key in ("recall", "f1")):
            yield f"{path}{key}", value
