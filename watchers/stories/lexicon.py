"""What the grouping of stories knows of words (``rules/stories.toml``), read once a process, and how rare words are."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_SUFFIXES = ("ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "en", "em", "s", "e", "n", "y")
_SHORT_SUFFIXES = ("s", "ed", "es")  # these may leave a stem that is one letter shorter
_SHORTEST = 4  # letters a stem keeps
_PRIOR_TEXTS = 4000  # the notional texts behind the frequencies a word has before any is counted
_PRIOR = {"small": 800.0, "frequent": 60.0, "": 2.0}


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The part of a folded word that its inflections share: rough, and only ever compared with other stems."""
    if len(word) <= _SHORTEST or word[0].isdigit():
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST - (suffix in _SHORT_SUFFIXES):
            cut = word[: -len(suffix)]
            doubled = len(cut) > _SHORTEST and cut[-1] == cut[-2] and cut[-1] not in "sl"
            return cut[:-1] if doubled and suffix not in ("ies", "ied") else cut
    return word


class Lexicon:
    """``rules/stories.toml``, read once."""

    def __init__(self) -> None:
        path = Path(__file__).parent.parent / "rules" / "stories.toml"
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        self.weights: dict[str, float] = tables["weights"]
        self.scales: dict[str, int] = tables["figures"]["scales"]
        self.numbers: dict[str, str] = {word: str(number) for number, word in enumerate(tables["figures"]["numbers"].split())}
        self.steps = frozenset(tables["steps"]["acts"].split())
        self.outcomes = frozenset(tables["steps"]["outcomes"].split())
        self.small = frozenset(stem(word) for word in tables["common"]["small"].split())
        self.frequent = frozenset(stem(word) for word in tables["common"]["frequent"].split())
        self._acts: dict[tuple[str, ...], tuple[str, ...]] = {}
        for act, line in tables["acts"].items():
            for phrase in _phrases({act: line}):
                self._acts[phrase] = (*self._acts.get(phrase, ()), act)
        self._synonyms = _phrases(tables["synonyms"])
        self._wholes = _phrases(tables["within"])
        self._states = {tuple(stem(part) for part in name.split("_")) for name in tables["states"]["names"].split()}
        self.numbered = frozenset(stem(kind) for kind in tables["numbered"]["kinds"].split())
        self.peers = frozenset(stem(kind) for kind in tables["peers"]["kinds"].split())
        self._tentative = _phrases({"tentative": tables["moods"]["tentative"]})
        self._negated = _phrases({"negated": tables["moods"]["negated"]})
        self._after = _phrases({"after": tables["moods"]["after"]})

        tables_of = (self._acts, self._synonyms, self._wholes, self._tentative, self._negated, self._after)
        self.beginnings = self.small | {phrase[0] for table in tables_of for phrase in table}

    def prior(self, word: str) -> float:
        """In how many of the notional texts a word stands before any is counted."""
        return _PRIOR["small" if word in self.small else "frequent" if word.lstrip("=") in self.frequent or word[:1] == "!" else ""]

    def acts(self, stems: tuple[str, ...]) -> tuple[str, ...]:
        """What a word or phrase says is done; "halts" is to delay or to cancel."""
        return self._acts.get(stems, ())

    def synonym(self, stems: tuple[str, ...]) -> str | None:
        return self._synonyms.get(stems)

    def whole(self, stems: tuple[str, ...]) -> str | None:
        """What a body is a part of, as a synonym."""
        return self._wholes.get(stems)

    def state(self, stems: tuple[str, ...]) -> bool:
        """Whether a buyer is only named by its state or government, which every body of it is a part of."""
        return stems in self._states

    def unreal(self, stems: tuple[str, ...]) -> bool:
        return stems in self._tentative or stems in self._negated

    def unreal_before(self, stems: tuple[str, ...]) -> bool:
        return stems in self._after


def _phrases(table: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    return {tuple(stem(part) for part in phrase.split("_") if part): name for name, line in table.items() for phrase in line.split()}


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once a process."""
    return Lexicon()


class Frequencies:
    """How rare words are: counted over the texts at hand, on top of a prior, so that a handful of texts is weighed sensibly too."""

    def __init__(self, texts: Iterable[frozenset[str]] = ()) -> None:
        self._counts: Counter[str] = Counter()
        self._total = _PRIOR_TEXTS
        for text in texts:
            self._counts.update(text)
            self._total += 1
        self._weights: dict[str, float] = {}
        self._wholes: dict[frozenset[str], float] = {}

    def weight(self, word: str) -> float:
        """The logarithm of how rare the word is; names are rarer than they look, figures are taken as they come."""
        known = self._weights.get(word)
        if known is None:
            known = self._weights[word] = math.log(self._total / (lexicon().prior(word) + self._counts[word]))
        return known

    def sum(self, words: Iterable[str]) -> float:
        """The weight of words together; ``fsum`` rounds once, so their order, which differs between runs, does not matter."""
        return math.fsum(map(self.weight, words))

    def whole(self, words: frozenset[str]) -> float:
        """``sum`` of a whole headline, which is asked again and again."""
        known = self._wholes.get(words)
        if known is None:
            known = self._wholes[words] = self.sum(words)
        return known
