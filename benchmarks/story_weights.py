"""Fit the weights of ``watchers/rules/stories.toml`` to headlines that people sorted into stories.

    python benchmarks/story_weights.py ../shared/data/headlines/clusters_dev.jsonl

A logistic regression over the features of ``watchers.stories.judging`` on the pairs of the visible part (``benchmarks/stories.py``): pairs
of one story, near misses, and pairs of two stories that share words. Pairs that something stated parts are left out, because no weight
is asked about them. Prints the ``[weights]`` table; the same input prints the same table.

Not fitted but set: what agreement of the parties, the sum and the class of event is worth. Headlines of one fortnight hold too few
contracts to learn it, and the daemon's promises (``tests/test_stories.py``) follow from it: supplier and body are enough without a shared
word, an award needs more than its supplier. ``undated`` is set because few headlines have no date, and most that have none are near misses.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
from collections import defaultdict
from pathlib import Path

from benchmarks.stories import entries, load, pairs, unread
from watchers.match import Matcher
from watchers.stories.grouping import understood
from watchers.stories.judging import features, parts
from watchers.stories.lexicon import Frequencies
from watchers.stories.told import Told

Example = tuple[dict[str, float], bool, float]  # features, whether they are one story, how much the pair counts

SET = {"supplier_agrees": 1.8, "body_agrees": 1.0, "sum_agrees": 1.05, "cancelled": 0.8, "undated": -1.6}
_NOT_NEGATIVE = {"act_agrees", "step_agrees", "figures_agree"}
_NOT_POSITIVE = {"act_differs", "step_differs", "names_missing", "figures_differ", "lead_differs", "sum_one_sided", "later"}
_SHARED = 6.0  # weight of words that makes two headlines of two stories worth learning from
_NEAR_MISS, _CONTRACT, _CROSSING = 4.0, 2.0, 0.15  # a near miss counts for more than the many pairs of a large story
_ROUNDS, _STEP, _SHRINK = 60, 0.3, 0.0005


def examples(path: Path) -> list[Example]:
    """The pairs of the visible part that are judged by weights."""
    gold = [one for one in load(path) if not unread(one["id"])]
    matcher = Matcher(())
    found = {key: understood(entry, matcher) for key, entry in entries(gold).items()}
    of = Frequencies(one.title.words for one in found.values())
    out: list[Example] = []

    def add(a: Told, b: Told, *, same: bool, counts: float) -> None:
        if parts(a, b) is None:
            out.append((features(a, b, of), same, counts))

    for one in gold:
        same = one["type"] == "same_story"
        counts = (_CONTRACT if one.get("topic") == "public_contract" else 1.0) / len(pairs(one)) ** 0.5 if same else _NEAR_MISS
        for a, b in pairs(one):
            add(found[a], found[b], same=same, counts=counts)
    stories = [(one["id"], f"{one['id']}#{place}") for one in gold if one["type"] == "same_story" for place in range(len(one["headlines"]))]
    for (x, a), (y, b) in itertools.combinations(stories, 2):
        if x != y and of.sum(found[a].title.words & found[b].title.words) >= _SHARED:
            add(found[a], found[b], same=False, counts=_CROSSING)
    return out


def fit(found: list[Example]) -> dict[str, float]:
    """Weights by gradient descent with a step of its own for each; signs that would contradict a feature's name are not learnt."""
    weights = defaultdict(float, SET)
    seen: defaultdict[str, float] = defaultdict(lambda: 1e-6)
    order = random.Random(1)
    found = list(found)
    for turn in range(_ROUNDS):
        order.shuffle(found)
        for values, same, counts in found:
            odds = math.fsum(weights[name] * value for name, value in values.items())
            miss = (1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))) - same) * counts
            for name, value in values.items():
                if name in SET:
                    continue
                slope = miss * value + _SHRINK * counts * weights[name]
                seen[name] += slope * slope
                weights[name] -= _STEP / (1 + turn / 10) * slope / math.sqrt(seen[name])
                if (name in _NOT_NEGATIVE and weights[name] < 0) or (name in _NOT_POSITIVE and weights[name] > 0):
                    weights[name] = 0.0
    return dict(weights)


def main() -> None:
    """Read the arguments, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="stories and near misses, JSON Lines")
    weights = fit(examples(parser.parse_args().gold))
    print("[weights]")
    for name in sorted(weights):
        print(f"{name} = {weights[name]:.2f}")


if __name__ == "__main__":
    main()
