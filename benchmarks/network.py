"""Fits the network of ``watchers.text.weights``: one hidden layer over the features that are present, by Adam with dropout.

It is the mean of several that began at different numbers, their units side by side: what one of them is wrongly sure of, the others seldom are.

Needs numpy and scipy (they come with scikit-learn, dependency group ``bench``); what is fitted needs nothing. The same rows in the same order give the
same numbers on one machine.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from watchers.text.weights import Network, packed, unpacked

UNITS = 24  # of each
_MEAN_OF = 2  # networks
_LEAST = 5  # a feature seen less often says more about one sentence than about the language
_EPOCHS = 10
_BATCH = 128
_RATE, _SLOWER = 3e-3, 0.8  # the step, and how much smaller it gets with each epoch
_DROP = 0.3  # of the features, and of the units
_SMOOTH = 0.1  # how far labels are doubted: without it the network is sure of texts unlike all it has read
_FIRST, _SECOND, _TINY = 0.9, 0.999, 1e-8  # Adam's
_LARGEST = 127


def fit(
    rows: Sequence[Iterable[str]], labels: Sequence[int], classes: tuple[str, ...], *, weights: Sequence[float] | None = None
) -> Network:
    """A network for the rows. ``weights`` says how much each row counts."""
    counts = Counter(feature for row in rows for feature in set(row))
    names = sorted(name for name, count in counts.items() if count >= _LEAST)
    index = {name: place for place, name in enumerate(names)}
    matrix, counted = _matrix(rows, index), np.ones(len(rows)) if weights is None else np.array(weights)
    found = _mean([_descend(matrix, np.array(labels), len(classes), counted, seed) for seed in range(_MEAN_OF)])
    steps = np.maximum(np.abs(found["table"]).max(axis=0) / _LARGEST, _TINY)
    table = np.rint(found["table"] / steps).astype(int)
    return Network(
        classes,
        {name: packed(table[place].tolist()) for name, place in index.items() if table[place].any()},
        *(tuple(round(float(one), 6) for one in row) for row in (steps, found["bias"])),
        tuple(tuple(round(float(one), 4) for one in row) for row in found["output"].T),
        tuple(round(float(one), 4) for one in found["output_bias"]),
    )


def _matrix(rows: Sequence[Iterable[str]], index: dict[str, int]) -> Any:
    places = [sorted(index[feature] for feature in set(row) if feature in index) for row in rows]
    starts = np.cumsum([0, *map(len, places)])
    ones = np.ones(starts[-1], dtype=np.float32)
    return csr_matrix((ones, np.array([place for row in places for place in row], dtype=np.int32), starts), shape=(len(rows), len(index)))


def _mean(networks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The network whose odds (logarithms) are the means of theirs."""
    number = len(networks)
    return {
        "table": np.hstack([one["table"] for one in networks]),
        "bias": np.concatenate([one["bias"] for one in networks]),
        "output": np.vstack([one["output"] for one in networks]) / number,
        "output_bias": sum(one["output_bias"] for one in networks) / number,
    }


def _descend(matrix: Any, labels: Any, classes: int, counts: Any, seed: int) -> dict[str, Any]:
    """The parameters, by stochastic descent on the cross entropy."""
    source = np.random.default_rng(seed)
    now = {
        "table": source.normal(0, 0.02, (matrix.shape[1], UNITS)),
        "bias": np.zeros(UNITS),
        "output": source.uniform(-1, 1, (UNITS, classes)) / np.sqrt(UNITS),
        "output_bias": np.zeros(classes),
    }
    now = {name: one.astype(np.float32) for name, one in now.items()}
    first, second = ({name: np.zeros_like(one) for name, one in now.items()} for _ in range(2))
    wanted = np.full((len(labels), classes), _SMOOTH / classes)
    wanted[np.arange(len(labels)), labels] += 1 - _SMOOTH
    rate, step = _RATE, 0
    for _ in range(_EPOCHS):
        order = source.permutation(len(labels))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            step += 1
            for name, slope in _slopes(now, matrix[batch], wanted[batch], counts[batch], source).items():
                first[name] += (1 - _FIRST) * (slope - first[name])
                second[name] += (1 - _SECOND) * (slope * slope - second[name])
                now[name] -= rate * (first[name] / (1 - _FIRST**step)) / (np.sqrt(second[name] / (1 - _SECOND**step)) + _TINY)
        rate *= _SLOWER
    return now


def _slopes(now: dict[str, Any], rows: Any, wanted: Any, counts: Any, source: Any) -> dict[str, Any]:
    """The slopes of a batch's loss, with some of the features and of the units left out."""
    rows = csr_matrix(((source.random(rows.nnz) >= _DROP).astype(np.float32), rows.indices, rows.indptr), shape=rows.shape)
    sums = rows @ now["table"] + now["bias"]
    open_ = ((source.random(sums.shape) >= _DROP) / (1 - _DROP) * (sums > 0)).astype(np.float32)
    units = sums * open_
    odds = units @ now["output"] + now["output_bias"]
    chances = np.exp(odds - odds.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    wrong = ((chances - wanted) * (counts / len(counts))[:, None]).astype(np.float32)
    back = (wrong @ now["output"].T) * open_
    return {"table": rows.T.tocsr() @ back, "bias": back.sum(axis=0), "output": units.T @ wrong, "output_bias": wrong.sum(axis=0)}


def write(model: Network, path: Path) -> None:
    """The network as ``watchers.text.weights.network`` reads it."""
    head = {"classes": model.classes, "steps": model.steps, "bias": model.bias, "output": model.output, "output_bias": model.output_bias}
    lines = [json.dumps(head)]
    for name, row in sorted(model.table.items()):
        numbers = bytes(number % 256 for number in unpacked(row, len(model.steps)))
        lines.append(f"{name}\t{b2a_base64(numbers, newline=False).decode()}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {len(model.table)} features, {path.stat().st_size / 1e6:.1f} MB")
