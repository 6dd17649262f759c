"""Headlines as newspapers have always printed them, made by filling the slots of patterns: ``{B} awards {S} {V} {W} contract``.

Writers vary; papers repeat. Sentences written one by one lack the plain forms that most real headlines have, so these stand beside them.
``benchmarks/corpus/<language>/headlines.patterns`` holds one pattern a line, ``event ||| title ||| summary`` (the summary may be empty):

* ``{B}`` a public body, ``{b}`` a word for one, ``{C}`` a country or state that buys, ``{M}`` a politician,
* ``{S}`` the supplier, ``{s}`` a word for one, ``{R}`` another firm, ``{X}`` a firm that buys for itself,
* ``{V}`` a sum, ``{T}`` a term, ``{W}`` a service, ``{O}`` goods, ``{L}`` a place,
* ``[won|lands|]`` one of these.

``headlines.toml`` beside it holds what fills the slots, and how sums are printed (text, currency, unit); the names come from the sentences
of the corpus. The same patterns give the same headlines on every machine.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
EACH = 4  # headlines of a pattern
_NAMES = {"B": "public_body", "S": "supplier", "R": "supplier"}
_LOWER = 0.10  # share of the headlines without any capital
_TITLE = {"en": 0.12}  # and with all: an English fashion
_CHOICE, _SLOT, _BLANKS = re.compile(r"\[([^\[\]]*)\]"), re.compile(r"\{(\w)\}"), re.compile(r"\s+")
_SMALL = re.compile(r"(?<!\S)[a-z](?=[a-z]{3})")
_PLAIN_NAME = re.compile(r"[^,;()]{3,38}")
_NUMBERS = [*range(1, 11), *range(12, 31, 3), *range(35, 61, 5), 75, 80, 90, 120, 150, 180, 240, 300, 450, 600]


def headlines(folder: Path, rows: Sequence[Row]) -> Iterator[Row]:
    """The headlines of a language's patterns, labelled like its sentences (``rows``), which lend their names; none without patterns."""
    path = folder / "headlines.patterns"
    if not path.exists():
        return
    fillings = {slot: [one.replace("_", " ") for one in text.split()] for slot, text in _table(path.with_suffix(".toml")).items()}
    sums = [one.split("|") for one in fillings.pop("V")]
    fillings |= {slot: _names(rows, key, but=fillings["C"]) for slot, key in _NAMES.items()}
    source = random.Random(1)
    for line in path.read_text(encoding="utf-8").splitlines():
        event, title, summary = (part.strip() for part in (line + " ||| ||| ").split("|||")[:3])
        for _ in range(EACH):
            chosen = {slot: source.choice(words) for slot, words in fillings.items()}
            texts = [_CHOICE.sub(lambda hit: source.choice(hit[1].split("|")), text) for text in (title, summary)]
            number, (form, currency, unit) = source.choice(_NUMBERS), source.choice(sums)
            chosen["V"] = form.format(number)
            value = {"amount": number * int(unit), "currency": currency}
            yield _filled((event, *texts), chosen, value, _style(folder.name, summary, source))


def _table(path: Path) -> dict[str, str]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _names(rows: Sequence[Row], key: str, *, but: Sequence[str]) -> list[str]:
    """The names that sentences give as supplier or public body, as they write them in running text."""
    named = {name.strip() for row in rows for name in (row.get(key) or "").split(";")}
    return sorted(name for name in named - set(but) if _PLAIN_NAME.fullmatch(name) and not name[0].islower())


def _style(language: str, summary: str, source: random.Random) -> str:
    share = source.random()
    if share < _LOWER:
        return "" if summary else "lower"
    return "title" if share > 1 - _TITLE.get(language, 0) else ""


def _filled(pattern: Sequence[str], chosen: dict[str, str], value: Row, style: str) -> Row:
    event, title, summary = pattern
    slots = set(_SLOT.findall(title + summary))
    texts = [_sentence(text, chosen) for text in (title, summary)]
    if style == "lower":
        texts, chosen = [text.lower() for text in texts], {slot: text.lower() for slot, text in chosen.items()}
    elif style == "title":
        texts[0] = _SMALL.sub(lambda hit: hit[0].upper(), texts[0])
    told = event != "none"
    return {
        "title": texts[0],
        "summary": texts[1] or None,
        "event": event,
        "supplier": chosen["S"] if told and "S" in slots else None,
        "public_body": next((chosen[slot] for slot in "BC" if slot in slots), None) if told else None,
        "value": value if told and "V" in slots else None,
    }


def _sentence(text: str, chosen: dict[str, str]) -> str:
    """A text with its slots filled; each of its sentences begins with a capital."""
    text = _BLANKS.sub(" ", _SLOT.sub(lambda hit: chosen[hit[1]], text)).strip()
    return ". ".join(one[:1].upper() + one[1:] for one in text.split(". "))
