"""The trained weights: models over the features of ``watchers.text.features`` and ``spoken_features``, as tables of numbers.

They were fitted by ``benchmarks/fit.py`` on sentences written for that purpose (``benchmarks/corpus``); nothing is learnt while running.
What is not in a table weighs nothing. Two shapes:

* ``Weights``, linear (``token.weights``): a line for each feature, its name and, after tabs, one whole number a class, in hundredths.
* ``Network``, with one hidden layer (``entry.weights``): the first line is JSON with the classes, the two biases, the step of each unit and
  the output layer; then a line for each feature, its name, a tab and its whole numbers (-128 to 127), one a unit, as bytes in base64.
"""

from __future__ import annotations

import json
import math
import struct
from binascii import a2b_base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul

from watchers.exceptions import RuleError
from watchers.text.rules import FOLDER

_HUNDREDTHS = 100
_MOST = 50.0  # what the exponential is given at most
_LANE = 4  # bytes of one unit in the sum: 16 million features may speak before one overflows
_OFFSET = 128  # added to every number so that none is negative
BIAS = "*"  # the feature that every row of a linear model has


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


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer: a unit adds up what the features give it and passes on what is above zero; the classes weigh the units.

    ``table``: the numbers of a feature side by side in one great whole number, a lane a unit, so that one addition adds all units at once.
    ``steps``: what 1 is worth in each unit. ``output``: for each class its weights of the units.
    """

    classes: tuple[str, ...]
    table: dict[str, int]
    steps: tuple[float, ...]
    bias: tuple[float, ...]
    output: tuple[tuple[float, ...], ...]
    output_bias: tuple[float, ...]

    def chances(self, features: Iterable[str]) -> dict[str, float]:
        """The probability of each class; they add up to 1."""
        units = [max(one, 0.0) for one in self._units(features)]
        sums = [sum(map(mul, units, row), start) for row, start in zip(self.output, self.output_bias, strict=True)]
        most = max(sums)
        powers = [math.exp(one - most) for one in sums]
        total = sum(powers)
        return {name: power / total for name, power in zip(self.classes, powers, strict=True)}

    def _units(self, features: Iterable[str]) -> list[float]:
        """What each unit has added up."""
        known = self.table.get
        rows = [row for feature in features if (row := known(feature)) is not None]
        sums = unpacked(sum(rows), len(self.steps), len(rows))
        return [one * step + start for one, step, start in zip(sums, self.steps, self.bias, strict=True)]

    def strongest(self, features: Iterable[str], name: str, most: int) -> list[tuple[str, float]]:
        """The features that speak loudest for or against a class beside the last ("none"), with what each adds to the odds (a logarithm).

        Exact for these features together: what they add, with the biases of the units that are awake, makes up the odds. A feature may
        weigh otherwise in another text, where other units are awake.
        """
        features = set(features)
        ours, none = self.output[self.classes.index(name)], self.output[-1]
        gives = [
            (one - other) * step if unit > 0 else 0.0
            for one, other, step, unit in zip(ours, none, self.steps, self._units(features), strict=True)
        ]
        found = [
            (feature, round(sum(map(mul, unpacked(row, len(gives)), gives)), 2))
            for feature in features
            if (row := self.table.get(feature)) is not None
        ]
        return sorted(found, key=lambda one: (-abs(one[1]), one[0]))[:most]


def packed(numbers: Sequence[int]) -> int:
    """The numbers of a feature (-128 to 127) in lanes."""
    return _packed(bytes(number % 256 for number in numbers))


def _packed(numbers: bytes) -> int:
    wide = bytearray(_LANE * len(numbers))
    wide[::_LANE] = numbers.translate(_SHIFTED)
    return int.from_bytes(wide, "little")


def unpacked(row: int, units: int, added: int = 1) -> list[int]:
    """The numbers in the lanes of a row, or of a sum of so many rows."""
    offset = _OFFSET * added
    return [lane - offset for lane in struct.unpack(f"<{units}I", row.to_bytes(_LANE * units, "little"))]


_SHIFTED = bytes((number + _OFFSET) % 256 for number in range(256))  # a signed byte to its number and the offset


@cache
def weights(language: str) -> Weights:
    """The weights that tell the parts of a language's tokens, read once a process."""
    lines, about = _lines(language, "token")
    try:
        classes = tuple(lines[0].split("\t")[1:])
        table = {feature: tuple(map(int, numbers)) for feature, *numbers in (line.split("\t") for line in lines[1:])}
    except (IndexError, ValueError) as error:
        raise RuleError(f"cannot be read ({error}): fit it again with benchmarks/fit.py", about=about) from error
    if any(len(row) != len(classes) - 1 for row in table.values()):
        raise RuleError("has lines of different lengths: fit it again with benchmarks/fit.py", about=about)
    return Weights(classes, table)


@cache
def network(language: str) -> Network:
    """The weights that tell what a language's entries say, read once a process."""
    lines, about = _lines(language, "entry")
    try:
        head = json.loads(lines[0])
        output = tuple(tuple(map(float, row)) for row in head["output"])
        read = Network(tuple(head["classes"]), {}, tuple(head["steps"]), tuple(head["bias"]), output, tuple(head["output_bias"]))
        widths = {len(read.steps), len(read.bias), *map(len, output)}
        for line in lines[1:]:
            feature, numbers = line.split("\t")
            row = a2b_base64(numbers)
            widths.add(len(row))
            read.table[feature] = _packed(row)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise RuleError(f"cannot be read ({error}): fit it again with benchmarks/fit.py", about=about) from error
    if len(widths) > 1 or not len(read.classes) == len(output) == len(read.output_bias):
        raise RuleError("has rows of different lengths: fit it again with benchmarks/fit.py", about=about)
    return read


@cache
def ordinary(language: str) -> frozenset[str]:
    """The words that a capital makes no name of in a headline; those that stand here with a capital are never one ("Monday")."""
    path = FOLDER / language / "ordinary.txt"
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, ValueError) as error:
        raise RuleError(f"cannot be read ({error})", about=f"watchers/rules/{language}/{path.name}") from error


def _lines(language: str, name: str) -> tuple[list[str], str]:
    """The lines of a file of weights, and what an error calls it."""
    path = FOLDER / language / f"{name}.weights"
    about = f"watchers/rules/{language}/{path.name}"
    try:
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line], about
    except (OSError, ValueError) as error:
        raise RuleError(f"cannot be read ({error})", about=about) from error
