"""A message's text with its entities, as lines of runs in one style each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.markup import WORD_JOINER

_PORT = re.compile(r"(127\.0\.0\.1):\d+")  # the stage's own web, on another port every time
_TOKEN = re.compile(r"(start(?:=|%3D| )[lw]_)[\w-]+")  # of what is shared, which nobody can guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words in one style. ``url``: where they lead."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a message; ``quoted``: it stands in a quote."""

    runs: tuple[Run, ...]
    quoted: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


def steady(text: str) -> str:
    """The text without what differs each time it is made, and without the letters nobody sees that keep words from being links."""
    return _TOKEN.sub(r"\1Zm9yIEdVUw", _PORT.sub(r"\1", text.replace(WORD_JOINER, "")))


def lines_of(message: Mapping[str, Any]) -> list[Line]:
    """The lines of a message as Telegram has it: a text, and entities whose offsets count UTF-16 units."""
    styles: list[dict[str, Any]] = []
    for place, letter in enumerate(_letters(message["text"])):
        style: dict[str, Any] = {}
        for entity in message.get("entities", ()):
            if entity["offset"] <= place < entity["offset"] + entity["length"]:
                style |= {"text_link": {"url": entity.get("url", "")}}.get(entity["type"], {entity["type"]: True})
        styles.append({"letter": letter, **style})
    lines: list[list[dict[str, Any]]] = [[]]
    for one in styles:
        if one["letter"] == "\n":
            lines.append([])
        else:
            lines[-1].append(one)
    return [_line(line) for line in lines]


def _letters(text: str) -> list[str]:
    """One for each UTF-16 unit; of a letter of two units the second is empty."""
    return [part for letter in text for part in ([letter] if ord(letter) <= 0xFFFF else [letter, ""])]


def _line(letters: list[dict[str, Any]]) -> Line:
    runs: list[Run] = []
    for one in letters:
        style = {"bold": "bold" in one, "italic": "italic" in one, "code": "code" in one, "url": steady(one.get("url", ""))}
        if runs and runs[-1] == Run(text=runs[-1].text, **style):
            runs[-1] = Run(text=runs[-1].text + one["letter"], **style)
        else:
            runs.append(Run(text=one["letter"], **style))
    cleaned = tuple(Run(text=steady(run.text), bold=run.bold, italic=run.italic, code=run.code, url=run.url) for run in runs if run.text)
    return Line(runs=cleaned, quoted=bool(letters) and all("blockquote" in one for one in letters))


def buttons_of(message: Mapping[str, Any]) -> list[list[str]]:
    """The labels under a message, in rows; one that opens an address has a mark."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [[steady(one["text"]) + (" ↗" if "url" in one else "") for one in row] for row in rows]
