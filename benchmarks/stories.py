"""Marks of story grouping on headlines that people sorted into stories, beside title similarity in the same run.

    python benchmarks/stories.py ../shared/data/headlines/clusters_dev.jsonl

All headlines are grouped in one run, as ``contractwatch stories`` does. Printed for all of them, and for the two parts: a third of the
stories and near misses (by hash of their id) is *unread*: lexicon and weights are made without reading it, so its marks are the honest
ones. Recall is over pairs of headlines of one story; a near miss is a pair that looks alike and is not one story, by why it is not; wrong
joins are pairs of two stories at most 72 hours apart (or of unknown time). The baseline joins two titles when rapidfuzz's
``token_set_ratio`` reaches a threshold; no threshold finds most pairs of a story without joining near misses.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from watchers.records import entry_of
from watchers.stories.grouping import group_entries
from watchers.types import Entry

Gold = dict[str, Any]
Joined = Callable[[str, str], bool]
_NEAR_IN_TIME = timedelta(hours=72)
_THRESHOLDS = (60, 70, 85)


def unread(identifier: str) -> bool:
    """Whether a story or near miss belongs to the third nobody reads while making rules."""
    return int(hashlib.sha256(identifier.encode()).hexdigest(), 16) % 3 == 0


def load(path: Path) -> list[Gold]:
    """The stories and near misses, each with its headlines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def entries(gold: list[Gold]) -> dict[str, Entry]:
    """Every headline as an entry, addressed by its story's id and its place in it."""
    return {
        f"{one['id']}#{place}": entry_of({key: headline.get(key) for key in ("title", "published", "outlet", "url")})
        for one in gold
        for place, headline in enumerate(one["headlines"])
    }


def pairs(one: Gold) -> list[tuple[str, str]]:
    """The pairs of headlines of a story or near miss."""
    return list(itertools.combinations([f"{one['id']}#{place}" for place in range(len(one["headlines"]))], 2))


def far_apart(a: Entry, b: Entry) -> bool:
    """Whether two headlines are so far apart in time that nobody would take them for one story."""
    return a.published is not None and b.published is not None and abs(a.published - b.published) > _NEAR_IN_TIME


def print_marks(name: str, gold: list[Gold], found: dict[str, Entry], joined: Joined) -> None:
    """One line of marks."""
    there: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for one in gold:
        kind = one["topic"] if one["type"] == "same_story" else one["why"]
        there[kind] += len(pairs(one))
        hits[kind] += sum(joined(a, b) for a, b in pairs(one))
    stories = [key for key in found if key.partition("#")[0] in {one["id"] for one in gold if one["type"] == "same_story"}]
    crossing = [
        (a, b)
        for a, b in itertools.combinations(stories, 2)
        if a.partition("#")[0] != b.partition("#")[0] and found[a].title != found[b].title and not far_apart(found[a], found[b])
    ]
    wrong = sum(joined(a, b) for a, b in crossing)
    every = sum(hits[kind] for kind in ("public_contract", "other")) / max(1, sum(there[kind] for kind in ("public_contract", "other")))
    near = ("stage", "supplier", "buyer", "lookalike")
    print(
        f"{name:24s} public contract {hits['public_contract'] / max(1, there['public_contract']):.3f} "
        f"({hits['public_contract']} of {there['public_contract']})  all {every:.3f}  "
        f"near misses joined {sum(hits[kind] for kind in near)} of {sum(there[kind] for kind in near)} "
        f"({', '.join(f'{kind} {hits[kind]}/{there[kind]}' for kind in near)})  "
        f"wrong joins {wrong} of {len(crossing)} ({100 * wrong / max(1, len(crossing)):.3f} %)"
    )


def by_title(found: dict[str, Entry], threshold: float) -> Joined | None:
    """The baseline; None where rapidfuzz (dependency group ``bench``) is not installed."""
    try:
        from rapidfuzz import fuzz
    except ImportError:
        return None
    return lambda a, b: fuzz.token_set_ratio(found[a].title.lower(), found[b].title.lower()) >= threshold


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="stories and near misses, JSON Lines")
    gold = load(parser.parse_args().gold)
    found = entries(gold)
    group_entries([])  # the rule files are read once, outside the clock
    started = time.process_time()
    groups = dict(zip(found, group_entries(list(found.values())), strict=True))
    print(f"{len(found)} headlines grouped in {time.process_time() - started:.1f} s")
    parts = {"all": gold, "visible": [one for one in gold if not unread(one["id"])], "unread": [one for one in gold if unread(one["id"])]}
    for part, chosen in parts.items():
        print_marks(f"stories, {part}", chosen, found, lambda a, b: groups[a] == groups[b])
    for threshold in _THRESHOLDS:
        joined = by_title(found, threshold)
        if joined is None:
            print("titles: rapidfuzz is not installed (dependency group bench)")
            break
        for part, chosen in parts.items():
            print_marks(f"titles >= {threshold}, {part}", chosen, found, joined)


if __name__ == "__main__":
    main()
