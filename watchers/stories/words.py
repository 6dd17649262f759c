"""The words of a headline as stories compare them: stems, names, sums, figures, what is done and whether it has happened.

Pure, and the same for every language. What the words mean is data (``rules/stories.toml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from watchers.names import fold
from watchers.stories.lexicon import lexicon, stem
from watchers.text.folder import folder
from watchers.text.language import languages
from watchers.text.money import MoneyReader
from watchers.text.rules import rules
from watchers.types import Money

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|&")
_POSSESSIVE = re.compile(r"['’]s?$|['’]s\b")
_LONGEST_PHRASE = 3
_SUM = 1000  # units of a currency: less is a price
_MOOD_REACH = 8  # words between "may" and what may happen
_MOOD_AFTER = 3  # words between what is considered and "being considered"
_LEAD = 3  # words at the beginning, among which stands who acts
_SHORT = 3  # letters of words whose capitals are not counted
_MOST_CAPITALS = 0.6  # share of words with a capital from which capitals tell no names
_ACRONYM = range(2, 7)  # letters
_INITIALS = range(3, 6)
_IN_NAMES = frozenset(("of", "and", "for", "the", "&", "in"))


@dataclass(frozen=True, slots=True)
class Text:
    """A headline as it is compared.

    ``words`` are the stems, synonyms (``=``) and acts (``!``); ``names`` those written as names; ``acts`` what is done, with True for
    what is only considered, demanded or denied; ``initials`` of the runs of words that an acronym elsewhere may stand for; ``pairs``
    neighbours; ``lead`` what it begins with.
    """

    words: frozenset[str]
    names: frozenset[str]
    figures: frozenset[str]
    sums: tuple[Money, ...]
    acts: Mapping[str, frozenset[bool]]
    acronyms: frozenset[str]
    initials: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    lead: frozenset[str]


@lru_cache(maxsize=32768)
def read(text: str) -> Text:
    """Read a headline."""
    tokens = [_POSSESSIVE.sub("", hit.group()) for hit in _TOKEN.finditer(text)]
    tokens = _scaled([token for token in tokens if token])
    folded = [fold(token) for token in tokens]
    stems = [stem(word) for word in folded]
    meanings = _Meanings(stems)
    return Text(
        words=frozenset(meanings.words),
        names=_names(tokens, stems),
        figures=frozenset(word for word in meanings.words if word[0].isdigit()),
        sums=_sums(text),
        acts=meanings.acts,
        acronyms=frozenset(fold(token) for token in tokens if token.isupper() and len(token) in _ACRONYM and not text.isupper()),
        initials=_initials(tokens, folded),
        pairs=frozenset(pairwise(word for word in stems if word not in lexicon().small)),
        lead=frozenset(_Meanings(stems[:_LEAD]).words),
    )


def _scaled(tokens: list[str]) -> list[str]:
    """The tokens with every figure in full: "25,000" and "25 thousand" are 25000, "two" is 2."""
    out: list[str] = []
    for token in tokens:
        low = token.casefold()
        scale = lexicon().scales.get(low)
        if scale is not None and out and out[-1][0].isdigit():
            out[-1] = format((Decimal(out[-1]) * 10**scale).normalize(), "f")
        else:
            out.append(_figure(token) if token[0].isdigit() else lexicon().numbers.get(low, token))
    return out


def _figure(token: str) -> str:
    """A figure without the signs that group its digits, its decimals behind a point."""
    parts = re.split(r"[.,]", token)
    if len(parts) > 1 and all(len(part) == 3 for part in parts[1:]):  # noqa: PLR2004 -- groups of thousands
        return "".join(parts)
    return "".join(parts[:-1]) + "." + parts[-1] if len(parts) > 1 else token


class _Meanings:
    """Words with their synonyms in one form, and the acts with their moods."""

    def __init__(self, stems: list[str]) -> None:
        self._stems = stems
        self._places: dict[int, str] = {}
        self._acts: dict[str, set[bool]] = {}
        self._unreal_until = -1
        self.words: set[str] = set()
        index = 0
        while index < len(stems):
            index += self._read(index)

    @property
    def acts(self) -> dict[str, frozenset[bool]]:
        return {act: frozenset(moods) for act, moods in self._acts.items()}

    def _read(self, index: int) -> int:
        """Read the longest phrase at a place; says how many words it has."""
        known = lexicon()
        phrases = [tuple(self._stems[index : index + size]) for size in range(min(_LONGEST_PHRASE, len(self._stems) - index), 0, -1)]
        for phrase in phrases:
            self._read_mood(index, phrase)
            if whole := known.whole(phrase):
                self.words.add(f"={whole}")
        for phrase in phrases:
            act, synonym = known.act(phrase), known.synonym(phrase)
            if act:
                self._acts.setdefault(act, set()).add(index < self._unreal_until)
                self._places[index] = act
                self.words.add(f"!{act}")
            if synonym:
                self.words.add(f"={synonym}")
            if act or synonym:
                return len(phrase)
        if self._stems[index] not in known.small:
            self.words.add(self._stems[index])
        return 1

    def _read_mood(self, index: int, phrase: tuple[str, ...]) -> None:
        if lexicon().unreal(phrase):
            self._unreal_until = max(self._unreal_until, index + len(phrase) + _MOOD_REACH)
        if lexicon().unreal_before(phrase):
            for place in range(index - _MOOD_AFTER, index):
                if place in self._places:
                    self._acts[self._places[place]] = {True}


def _names(tokens: list[str], stems: list[str]) -> frozenset[str]:
    """Words with a capital where capitals tell something: not first, and not where every word has one."""
    long = [token for token in tokens[1:] if len(token) > _SHORT and token[0].isalpha()]
    if not long or sum(token[0].isupper() for token in long) > _MOST_CAPITALS * len(long):
        return frozenset()
    return frozenset(one for token, one in zip(tokens[1:], stems[1:], strict=True) if token[0].isupper())


def _initials(tokens: list[str], folded: list[str]) -> frozenset[str]:
    """The initials of every run of words with capitals, small words between them left out, as an acronym would have them."""
    runs: list[list[str]] = [[]]
    for token, word in zip(tokens, folded, strict=True):
        if token[0].isupper():
            runs[-1].append(word[0])
        elif word not in _IN_NAMES:
            runs.append([])
    return frozenset("".join(run[at : at + size]) for run in runs for size in _INITIALS for at in range(len(run) - size + 1))


def _sums(text: str) -> tuple[Money, ...]:
    """The sums that are stated; small ones are prices rather than values."""
    return tuple(one.money for one in _reader(text).sums(text) if one.money is not None and one.money.amount >= _SUM)


def _reader(text: str) -> MoneyReader:
    language = languages().of(text)
    return folder(language).money if language not in (None, "en") else rules("en").money
