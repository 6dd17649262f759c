"""Which language an entry is written in: its script first, then the small words of each language that has a folder.

Every language is a folder ``rules/<language>`` with a ``language.toml``; ``rules/languages.toml`` adds the small words of neighbours nobody
has written rules for (Portuguese is no Spanish), so that they are told apart and left unread. A text without a stem of any language tells
of no contract, and most entries of a feed end there: one automaton holds the stems of all languages.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache
from typing import Any

import ahocorasick_rs

from watchers.text.folder import folder
from watchers.text.rules import FOLDER

_FOREIGN = re.compile(r"[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufaff]")  # letters that are not Latin
_ARABIC = re.compile(r"[\u0620-\u064a]{2}")
_MARKS = re.compile(r"[\u064b-\u065f\u0670]")  # vowels, which a verb may be printed with
_NOT_ARABIC = re.compile(r"[پچژگکیےٹڈڑھہۇۆې]")  # Persian, Urdu, Kurdish, Uighur
_SHARE = 4  # one letter in so many makes a text one of another script; a single borrowed letter makes a look-alike
_ENOUGH = 2  # small words that make a text one of its language though it quotes another script
_SHORT = 3  # letters; a shorter verb is a word of too many languages
_WORDS = 32  # of a text are counted: enough to tell, and 10 µs


class Languages:
    """All languages there are folders for."""

    def __init__(self) -> None:
        self.folders = sorted(path.parent.name for path in FOLDER.glob("*/language.toml"))
        self._small: dict[str, tuple[str, ...]] = {}
        self._stems: list[tuple[str, str]] = []
        for name in self.folders:
            self._learn(name, _table(f"{name}/language.toml")["small_words"])
            stems = " ".join(_table(f"{name}/lexicon.toml")["stems"].values()).split()
            self._stems += [(stem.replace("_", " "), name) for stem in stems]
            if "writing" in _table(f"{name}/language.toml"):  # one that the clause reader reads
                self._stems += [(f" {word} ", name) for word in folder(name).verbs if len(word) > _SHORT]
        for name, text in _table("languages.toml")["small_words"].items():
            self._learn(name, text)
        self._automaton = ahocorasick_rs.AhoCorasick([stem for stem, _ in self._stems])

    def _learn(self, name: str, text: str) -> None:
        for word in text.split():
            self._small[word] = (*self._small.get(word, ()), name)

    def of(self, text: str, prior: str | None = None) -> str | None:
        """The language to read ``text`` in; None when it has no stem of it or is in a language nobody wrote rules for.

        ``prior`` is what its feed says of itself; feeds are often wrong, so it only settles what the words leave open.
        """
        lower = f" {text.lower()} "
        if not text.isascii():
            lower = _MARKS.sub("", lower)
        hits = self._automaton.find_matches_as_indexes(lower, overlapping=True)
        if not hits:
            return None
        stems: Counter[str] = Counter()
        for stem, name in {self._stems[hit[0]] for hit in hits}:
            stems[name] += len(stem)
        # A small word with a capital is a part of a name ("by De La Rue"), except at the beginning and where all is written in capitals.
        found = self._guess(text.lower() if text.isupper() else text[:1].lower() + text[1:], stems, (prior or "")[:2].lower())
        return found if found in stems else None

    def seen(self, text: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """What speaks for each language in a text, for people who ask why: the stems of contract words, and the small words."""
        lower = text.lower()
        stems = sorted({self._stems[hit[0]] for hit in self._automaton.find_matches_as_indexes(lower, overlapping=True)})
        small = dict.fromkeys(lower.split(None, _WORDS)[:_WORDS])
        names = dict.fromkeys([*(name for _, name in stems), *(name for word in small for name in self._small.get(word, ()))])
        return {
            name: (
                tuple(stem for stem, one in stems if one == name),
                tuple(word for word in small if name in self._small.get(word, ())),
            )
            for name in names
        }

    def _guess(self, text: str, stems: Counter[str], prior: str) -> str | None:
        counts = dict.fromkeys(stems, 1)
        small = self._small
        for word in text.split(None, _WORDS)[:_WORDS]:
            if word in small:
                for name in small[word]:
                    counts[name] = counts.get(name, 0) + 1
        if not text.isascii() and len(_FOREIGN.findall(text)) * _SHARE > len(text) and max(counts.values()) <= _ENOUGH:
            return "ar" if _ARABIC.search(text) and not _NOT_ARABIC.search(text) else None
        if prior in counts:
            counts[prior] += 1
        best = max(counts.values())
        ahead = [name for name, count in counts.items() if count == best]
        if len(ahead) == 1:
            return ahead[0]
        return prior if prior in ahead else max(ahead, key=lambda name: (stems[name], name == "en"))  # the one with more letters of stems


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def languages() -> Languages:
    """The languages, read once a process."""
    return Languages()
