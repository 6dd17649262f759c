"""Which public bodies are of a place, by their names (``rules/areas.toml``): neither reports nor most notices say it any other way."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from watchers.names import folded

_FILE = Path(__file__).parent / "rules" / "areas.toml"


@dataclass(frozen=True, slots=True)
class _Area:
    name: str
    phrases: tuple[str, ...]  # rows of folded words with a blank at either end


def area_named(text: str) -> str:
    """The name of a place as the rules know it ("greater london" is "London"), else as it was written."""
    known = _known().get(_row(text))
    return known.name if known is not None else " ".join(text.split())


@lru_cache(maxsize=65536)
def in_area(area: str, body: str) -> bool:
    """Whether a public body of this name is one of the place."""
    row = _row(body)
    return any(phrase in row for phrase in _phrases(area))


def phrases_of(area: str) -> tuple[str, ...]:
    """The words by which bodies of a place are known, folded: one of them stands in the name of each."""
    return tuple(phrase.strip() for phrase in _phrases(area))


@lru_cache(maxsize=1024)
def _phrases(area: str) -> tuple[str, ...]:
    known = _known().get(_row(area))
    return known.phrases if known is not None else (_row(area),)


@cache
def _known() -> Mapping[str, _Area]:
    """The places of the rules, by each of the names people write for them."""
    found: dict[str, _Area] = {}
    for table in tomllib.loads(_FILE.read_text(encoding="utf-8")).values():
        also = [word.replace("_", " ") for word in table["also"].split()]
        bodies = [word.replace("_", " ") for word in table["bodies"].split()]
        area = _Area(table["name"], tuple(dict.fromkeys(_row(one) for one in (table["name"], *also, *bodies))))
        found.update(dict.fromkeys((_row(one) for one in (table["name"], *also)), area))
    return found


def _row(text: str) -> str:
    return f" {' '.join(folded(text))} "
