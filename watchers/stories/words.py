"""The words of a headline as stories compare them: stems, names, sums, figures, what is done and whether it has happened.

Pure, and the same for every language. What the words mean is data (``rules/stories.toml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise, takewhile

from watchers.names import fold
from watchers.stories.lexicon import lexicon, stem
from watchers.text.folder import folder
from watchers.text.language import languages
from watchers.text.money import MoneyReader
from watchers.text.rules import rules
from watchers.types import Money

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|&")
_LISTED = {"one": "1", "and": "", "&": "", "et": "", "und": "", "y": ""}  # the lexicon's numbers leave "one" a pronoun
_NUMBER = re.compile(r"\d{1,3}|[A-Z]|[IVX]+")  # of several things of a kind; what is longer is a sum or a year
_POSSESSIVE = re.compile(r"['’]s?$|['’]s\b")
_LONGEST_PHRASE = 3
_SUM = 1000  # units of a currency: less is a price
_MOOD_REACH = 8  # words between "may" and what may happen
_MOOD_AFTER = 3  # words between what is considered and "being considered"
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
    neighbours; ``lead`` what stands before the first act; ``numbered`` which of a kind are named ("Ward 3"); ``unreal`` says whether it
    considers, demands or denies anything at all.
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
    numbered: Mapping[str, frozenset[str]]
    unreal: bool


@lru_cache(maxsize=32768)
def read(text: str) -> Text:
    """Read a headline."""
    tokens = [_POSSESSIVE.sub("", hit.group()) for hit in _TOKEN.finditer(text)]
    tokens = _scaled([token for token in tokens if token])
    folded = [fold(token) for token in tokens]
    meanings = _Meanings([stem(word) for word in folded])
    capitals, first_act = _capitals(tokens), meanings.first_act
    words = frozenset(word for _, word in meanings.words)
    return Text(
        words=words,
        names=frozenset(word for place, word in meanings.words if place in capitals),
        figures=frozenset(word for word in words if word[0].isdigit()),
        sums=_sums(text),
        acts={act: frozenset(moods) for act, moods in meanings.acts.items()},
        acronyms=frozenset(fold(token) for token in tokens if token.isupper() and len(token) in _ACRONYM and not text.isupper()),
        initials=_initials(tokens, folded),
        pairs=frozenset(pairwise(word for _, word in meanings.words)),
        lead=frozenset(word for place, word in meanings.words if place < first_act),
        numbered=_numbered(tokens, folded),
        unreal=meanings.unreal,
    )


def other_number(one: Text, other: Text) -> bool:
    """Whether two headlines name different ones of a kind: "Ward 3" and "Ward 5"."""
    return any(not one.numbered[kind] & other.numbered[kind] for kind in one.numbered.keys() & other.numbered.keys())


def _numbered(tokens: list[str], folded: list[str]) -> dict[str, frozenset[str]]:
    """The numbers, Roman numbers and letters that stand right behind a kind of which there are several."""
    found: dict[str, frozenset[str]] = {}
    for place, kind in enumerate(map(stem, folded)):
        if kind in lexicon().numbered:
            behind = takewhile(lambda at: _NUMBER.fullmatch(tokens[at]) or folded[at] in _LISTED, range(place + 1, len(tokens)))
            numbers = {_LISTED.get(folded[at], folded[at]) for at in behind} - {""}
            found[kind] = found.get(kind, frozenset()) | numbers
    return {kind: numbers for kind, numbers in found.items() if numbers}


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
    """The words of a text, each with its place and synonyms in one form, and the acts with their moods."""

    def __init__(self, stems: list[str]) -> None:
        self._stems = stems
        self._unreal = self._moods()
        self.words: list[tuple[int, str]] = []
        self.acts: dict[str, set[bool]] = {}
        place = 0
        while place < len(stems):
            place += self._read(place)

    @property
    def unreal(self) -> bool:
        return bool(self._unreal)

    @property
    def first_act(self) -> int:
        """The place of the first act; before it stands who does it."""
        return next((place for place, word in self.words if word[0] == "!"), 0)

    def _phrases(self, place: int) -> list[tuple[str, ...]]:
        """What may be a phrase at a place, the longest first; none where no phrase begins so."""
        if self._stems[place] not in lexicon().beginnings:
            return []
        longest = min(_LONGEST_PHRASE, len(self._stems) - place)
        return [tuple(self._stems[place : place + size]) for size in range(longest, 0, -1)]

    def _moods(self) -> set[int]:
        """The places of what is only considered, demanded or denied."""
        unreal: set[int] = set()
        for place in range(len(self._stems)):
            for phrase in self._phrases(place):
                if lexicon().unreal(phrase):
                    unreal.update(range(place + len(phrase), place + len(phrase) + _MOOD_REACH))
                if lexicon().unreal_before(phrase):
                    unreal.update(range(place - _MOOD_AFTER, place))
        return unreal

    def _read(self, place: int) -> int:
        """Read the longest phrase at a place; says how many words it has."""
        known = lexicon()
        phrases = self._phrases(place)
        self.words += [(place, f"={whole}") for phrase in phrases if (whole := known.whole(phrase))]
        for phrase in phrases:
            acts, synonym = known.acts(phrase), known.synonym(phrase)
            for act in acts:
                self.acts.setdefault(act, set()).add(place in self._unreal)
            self.words += [(place, f"!{act}") for act in acts]
            if synonym:
                self.words.append((place, f"={synonym}"))
            if acts or synonym:
                return len(phrase)
        if self._stems[place] not in known.small:
            self.words.append((place, self._stems[place]))
        return 1


def _capitals(tokens: list[str]) -> frozenset[int]:
    """The places of capitals that tell a name: not the first word, and not where every word has one."""
    long = [token for token in tokens[1:] if len(token) > _SHORT and token[0].isalpha()]
    if not long or sum(token[0].isupper() for token in long) > _MOST_CAPITALS * len(long):
        return frozenset()
    return frozenset(place for place, token in enumerate(tokens) if place and token[0].isupper())


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
