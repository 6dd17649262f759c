"""The words of ``wishes.toml`` as patterns: how what is said behind a name is recognised, in every language the bot speaks.

What may repeat is bounded: people write the lines, and nobody waits for somebody else's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import bot

_DATA: dict[str, Any] = tomllib.loads(Path(bot.__file__).with_name("wishes.toml").read_text("utf-8"))
UNITS: dict[str, int] = {word: int(power) for power, words in _DATA.pop("units").items() for word in words}  # powers of ten
CURRENCIES: dict[str, str] = {word: code for code, words in _DATA.pop("currencies").items() for word in words}
_LANGUAGES: tuple[dict[str, Any], ...] = tuple(_DATA.values())
KIND_OF: dict[str, str] = {word: kind for language in _LANGUAGES for kind, words in language["kinds"].items() for word in words}


def _any(words: Iterable[str]) -> str:
    """One of the words, as a pattern: the longest first, for one may begin another."""
    return "|".join(re.escape(word).replace(r"\ ", " ") for word in sorted(set(words), key=len, reverse=True))


def _said(key: str) -> str:
    """One of the words that the data has under a key in any language."""
    return _any(word for language in _LANGUAGES for word in language[key])


_DIRECT = _said("direct")
_ONE = rf"(?:(?:{_DIRECT}) )?(?:{_any(KIND_OF)})(?: (?:{_DIRECT}))?(?!\w)"
KIND = re.compile(rf"(?P<before>(?:{_DIRECT}) )?(?P<kind>{_any(KIND_OF)})(?P<behind> (?:{_DIRECT}))?(?!\w)", re.IGNORECASE)
_LIST = rf"{_ONE}(?:\s*(?:[,،&]|\bو|\b(?:{_said('between')})\b)\s*{_ONE}){{0,11}}"
_ONLY = _said("only")
_SUM = (
    r"(?P<before>£|€|us\$|\$|[a-z]{3}\s)?\s*(?P<figure>\d{1,3}(?: \d{3}){1,4}(?:[.,٫]\d{1,4})?|\d[\d.,٫٬]{0,24}|(?=[^\W\d]{4}))"
    rf"(?:\s*(?P<unit>{_any(UNITS)}))?(?:\s*(?:de |d['’])?(?P<after>{_any(CURRENCIES)}|[a-z]{{3}}))?"
)
_BODIES = rf"(?:{_said('bodies')})"
_PLACE = r"(?P<area>[^\W\d][\w'’ .-]{1,40}"
_BY, _IN = _said("by"), _said("in")


def _sums() -> Iterator[tuple[str, str]]:
    """The patterns of a least sum, each with what parts thousands in its language behind the name of what they read."""
    for one in _LANGUAGES:
        name, begins = f"minimum{one['group']}", rf"[\s,،]+(?:(?:{_any(one['worth'])}) )?"
        yield rf"{begins}(?:{_any(one['over'])})\s+{_SUM}$", name
        yield rf"{begins}{_SUM}\s+(?:{_any(one['or_more'])})$", name


TAILS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        *_sums(),
        (rf"[\s,،]+(?:{_said('without')})\s+(?!(?:{_said('names')})\b)(?P<words>[^,]+(?:,[^,]+)*)$", "without"),
        (rf"[\s,،:]+(?:(?:{_ONLY})\s+(?P<one>{_LIST})|(?P<two>{_LIST})\s+(?:{_ONLY}))$", "kinds"),
        (rf"[,،:]\s*(?P<three>{_LIST})$", "kinds"),
        (rf"[\s,]+(?:{_BY}|in)\s+{_PLACE}?)\s+{_BODIES}$", "area"),
        (rf"[\s,]+(?:{_BY})\s+{_BODIES}\s+(?:{_IN})\s+{_PLACE})$", "area"),
    )
)
EVERY = re.compile(rf"(?:(?:{_said('each')})\s+)?(?P<kinds>{_LIST})", re.IGNORECASE)
EVERYTHING = re.compile(rf"(?:{_said('everything')})", re.IGNORECASE)
BETWEEN_WORDS = re.compile(rf"\s*(?:[,،]|\b(?:{_said('between')})\b)\s*", re.IGNORECASE)
