"""Names as they compare: one organisation is written with and without its legal form, with other quotes, accents, scripts and tricks.

``fold`` brings a word to the letters it is compared by. ``normal_name`` brings a whole name to a key: two names with the same key are the
same organisation as far as letters can tell. ``skeletons`` reads look-alike letters (Unicode TR39) as the Latin ones they imitate;
whoever matches only that way is flagged, never trusted.
"""

from __future__ import annotations

import html
import re
import tomllib
import unicodedata
from functools import lru_cache
from itertools import product
from pathlib import Path

_RULES = Path(__file__).parent / "rules"
_LEGAL = tomllib.loads((_RULES / "names.toml").read_text(encoding="utf-8"))["legal"]
LEGAL_FORMS = frozenset(tuple(word.split("_")) for word in _LEGAL["suffixes"].split())
_LEGAL_ENDS = frozenset(form[-1] for form in LEGAL_FORMS)
_LEADING = frozenset(_LEGAL["leading"].split())
_TRADING = tuple(tuple(word.split("_")) for word in _LEGAL["trading_as"].split())
COMMON = frozenset(_LEGAL["common"].split())
ARABIC_PREFIXES = tuple(_LEGAL["arabic_prefixes"].split())

# letters that carry their sign inside, so that decomposing leaves them whole
_SPECIAL = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "ħ": "h",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
        "ŧ": "t",
        "ß": "ss",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ة": "ه",
        "ـ": None,
        "\u00ad": None,
    }
)
_HIDDEN = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x180E, 0x2061, 0x2062, 0x2063])
HIDDEN = re.compile("[\u200b-\u200d\u2060\ufeff\u180e\u2061-\u2063]")
WORD = re.compile(r"[^\W_]+|[&＆]")
# in texts with more than ASCII, combining marks and hidden characters belong to the word they stand in
WIDEWORD_ = re.compile(
    r"(?:[^\W_]|[\u00ad\u0300-\u036f\u200b-\u200d\u2060-\u2063\ufeff\u180e\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0e31-\u0e4e\u1ab0-\u1aff\u20d0-\u20ff])+|[&＆]"
)
_LOOKALIKE: dict[str, str] = {}
for _letter, _others in tomllib.loads((_RULES / "confusables.toml").read_text(encoding="utf-8"))["letters"].items():
    for _other in _others:
        _LOOKALIKE[_other] = _LOOKALIKE.get(_other, "") + _letter
_READINGS = 16  # of a word with ambiguous look-alikes
_DIGITS = {"0": "o", "1": "l"}


def words(text: str) -> list[tuple[int, int, str]]:
    """The words of a text with their offsets; "&" is a word."""
    pattern = WORD if text.isascii() else WIDEWORD_
    return [(hit.start(), hit.end(), hit.group()) for hit in pattern.finditer(text)]


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """The letters a word is compared by: NFKC, case, accents, hidden characters and Arabic spelling variants away; "&" is "and"."""
    if word.isascii():
        return "and" if word == "&" else word.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold().translate(_HIDDEN))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    bare = unicodedata.normalize("NFC", bare).casefold().translate(_SPECIAL)
    return "and" if bare == "&" else "".join(_digit(char) for char in bare)


def _digit(char: str) -> str:
    return str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char


def written(name: str) -> list[str]:
    """The words of a name as it writes them; entities that a feed escaped twice are read."""
    text = html.unescape(name) if "&" in name else name
    found: list[str] = (WORD if text.isascii() else WIDEWORD_).findall(text)
    return found


def folded(text: str) -> list[str]:
    """The folded words of a name."""
    return [one for word in written(text) if (one := fold(word))]


@lru_cache(maxsize=65536)
def normal_name(name: str) -> str:
    """The key of a name: folded words without legal form, leading "the" and what follows "t/a".

    A name that is nothing but such words keeps them ("The Company Ltd" → "company").
    """
    return normal_words(folded(name))


def normal_words(parts: list[str]) -> str:
    """The key of a name whose folded words are known."""
    for trading in _TRADING:
        if trading[0] in parts:
            for index in range(1, len(parts) - len(trading)):
                if tuple(parts[index : index + len(trading)]) == trading:
                    parts = parts[:index]
                    break
    return " ".join(_without_legal(parts))


def _without_legal(parts: list[str]) -> list[str]:
    if not parts or (parts[-1] not in _LEGAL_ENDS and parts[0] not in _LEADING):
        return parts
    while len(parts) > 1 and parts[0] in _LEADING:
        parts = parts[1:]
    shorter = True
    while shorter and len(parts) > 1:
        shorter = False
        for size in (4, 3, 2, 1):
            if len(parts) > size and tuple(parts[-size:]) in LEGAL_FORMS:
                parts, shorter = parts[:-size], True
                break
    return parts


def decorative(char: str) -> bool:
    """Whether a character is of the mathematical alphabets, which only decorate Latin and Greek letters and digits."""
    return "\U0001d400" <= char <= "\U0001d7ff"


@lru_cache(maxsize=4096)
def skeletons(word: str) -> tuple[str, ...]:
    """What a word with look-alike letters, hidden characters or a decorative alphabet imitates; empty when it has none of these.

    A letter that imitates two ("ӏ" is i or l) gives both readings, at most sixteen in all. A word wholly in another script that has no
    Latin letter and whose every letter is a look-alike is read too ("Сарісa"): a watch in that script matches by ``fold`` first.
    """
    plain = unicodedata.normalize("NFKC", word)
    decorated = plain != word and any(decorative(char) for char in word)
    marks = sum(bool(unicodedata.combining(char)) for char in word)
    tricks = bool(HIDDEN.search(word)) or decorated or marks > len(word) // 2
    strange = any(char in _LOOKALIKE for char in word)
    if not tricks and not strange:
        return ()
    choices: list[str] = []
    for char in (plain if decorated else word).translate(_HIDDEN):
        if char in _LOOKALIKE:
            choices.append(_LOOKALIKE[char])
        elif decorated and char in _DIGITS:
            choices.append(_DIGITS[char] + ("i" if char == "1" else ""))
        else:
            choices.append(char)
    readings = []
    for index, letters in enumerate(product(*choices)):
        if index == _READINGS:
            break
        readings.append(fold("".join(letters)))
    return tuple(dict.fromkeys(readings))
