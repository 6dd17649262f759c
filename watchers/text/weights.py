"""The trained weights: plain linear models over the features of ``watchers.text.features``, as tables of numbers.

They were fitted by ``benchmarks/fit.py`` on sentences written for that purpose (``benchmarks/corpus``); nothing is learnt while running.
A table has a line for each feature: its name and, after tabs, one whole number for each class, in hundredths. What is not in the table
weighs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from watchers.exceptions import RuleError
from watchers.text.rules import FOLDER

_HUNDREDTHS = 100
_MOST = 50.0  # what the exponential is given at most
BIAS = "*"  # the feature that every row has


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model: for each feature its weight for every class but the last, which says "none of these" and weighs nothing."""

    classes: tuple[str, ...]
    table: dict[str, tuple[int, ...]]

    def chances(self, features: Iterable[str]) -> dict[str, float]:
        """The probability of each class; they add up to 1."""
        rows = [row for feature in features if (row := self.table.get(feature)) is not None]
        powers = [math.exp(min(sum(column) / _HUNDREDTHS, _MOST)) for column in zip(*rows, strict=True)] or [1.0] * (len(self.classes) - 1)
        total = 1.0 + sum(powers)
        return {name: power / total for name, power in zip(self.classes, (*powers, 1.0), strict=True)}

    def strongest(self, features: Iterable[str], name: str, most: int) -> list[tuple[str, float]]:
        """The features that speak loudest for or against a class, with their weights."""
        place = self.classes.index(name)
        found = [(feature, self.table[feature][place] / _HUNDREDTHS) for feature in set(features) if feature in self.table]
        return sorted(found, key=lambda one: (-abs(one[1]), one[0]))[:most]


@cache
def weights(language: str, name: str) -> Weights:
    """The weights of a language's model (``entry`` or ``token``), read once a process."""
    path = FOLDER / language / f"{name}.weights"
    about = f"watchers/rules/{language}/{path.name}"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        classes = tuple(lines[0].split("\t")[1:])
        table = {}
        for line in lines[1:]:
            if line:
                feature, *numbers = line.split("\t")
                table[feature] = tuple(map(int, numbers))
    except (OSError, ValueError) as error:
        raise RuleError(f"cannot be read ({error})", about=about) from error
    if any(len(row) != len(classes) - 1 for row in table.values()):
        raise RuleError("has lines of different lengths: fit it again with benchmarks/fit.py", about=about)
    return Weights(classes, table)
