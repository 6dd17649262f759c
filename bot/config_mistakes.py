"""What is wrong with a configuration, said so that the person who wrote it can mend it: the line, the key, the mistake, the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from bot.toml_places import Path as Place
from bot.toml_places import line_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SHOWN = 80  # letters of a value that are shown
_CHOICE = 12  # more than these are not listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing that is wrong (or, as a warning, unwise). ``key`` is the path a person would say: ``feeds[bbc-uk].every``."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: "
        return f"{place}{self.key}: {self.message}" if self.key else place + self.message


class ConfigError(Exception):
    """A configuration that cannot be used. Carries every mistake; ``str()`` is one line for each."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


class Mistakes:
    """Collects what is wrong with one file."""

    def __init__(self, file: str, data: Mapping[str, Any], lines: dict[Place, int]) -> None:
        self._file = file
        self._data = data
        self._lines = lines
        self._found: dict[tuple[Place, str], Mistake] = {}

    def add(self, place: Place, message: str) -> None:
        """Note a mistake at a key path. The same mistake at the same place is told once."""
        line = line_of(self._lines, place)
        self._found.setdefault((place, message), Mistake(file=self._file, line=line, key=self._label(place), message=message))

    def sorted(self) -> list[Mistake]:
        return sorted(self._found.values(), key=lambda mistake: mistake.line)

    def _label(self, place: Place) -> str:
        """``feeds[bbc-uk].every``: items of a list by their id or name, else counted from 1 as people count."""
        label, here = "", self._data  # type: str, Any
        for key in place:
            here = _inside(here, key)
            if isinstance(key, int):
                name = here.get("id", here.get("name")) if isinstance(here, dict) else None
                label += f"[{name}]" if isinstance(name, str) and name else f"[{key + 1}]"
            else:
                label += f".{key}" if label else key
        return label


def _inside(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Say "; did you mean "every"?", or the whole choice when nothing is near and the choice is short."""
    choice = sorted(known)
    near = difflib.get_close_matches(word.lower(), choice, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    return "; known here: " + ", ".join(choice) if len(choice) <= _CHOICE else ""


_EXPECTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list in [square brackets]",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
}


def sentence(error: ErrorDetails, known: Iterable[str]) -> str:
    """What a pydantic error says, in words for the person who wrote the file. ``known`` are the keys allowed where it happened."""
    kind, value = error["type"], error["input"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "unknown key" + did_you_mean(str(error["loc"][-1]), known)
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in _EXPECTED:
        return f"must be {_EXPECTED[kind]}, not {described(value)}"
    return f"{error['msg'][:1].lower()}{error['msg'][1:]} (it is {described(value)})"


def described(value: Any) -> str:
    """A value from the file as a person would name it: long ones are shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= _SHOWN else f'"{value[: _SHOWN - 1]}…"'
    if isinstance(value, datetime | date | time):
        return f"the date {value}"
    return "a list" if isinstance(value, list) else "a table"
