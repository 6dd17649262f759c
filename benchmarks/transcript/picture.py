"""Messages as pictures: bubbles as a chat shows them, in SVG that needs nothing but a sans-serif font.

Words are broken into lines here, by the widths of Helvetica, which the fonts named here share; so a picture looks the same everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from zoneinfo import ZoneInfo

from benchmarks.transcript.marked import Line, Run, buttons_of, lines_of
from benchmarks.transcript.stage import Shown

_LONDON = ZoneInfo("Europe/London")
_WIDTH, _BUBBLE, _MARGIN, _PADDING = 520, 440, 16, 12
_INNER, _INSIDE = _BUBBLE - 2 * _PADDING, 12  # of a bubble; and what a quote keeps free on either side
_SIZE, _LEADING, _BUTTON, _GAP = 15, 21, 36, 4
_FONTS = "Arial, 'Liberation Sans', Helvetica, 'Noto Sans Arabic', sans-serif"
_MONO = "'SF Mono', Menlo, 'Liberation Mono', monospace"
_COLOURS = {
    "back": "#e8eef2",
    "bot": "#ffffff",
    "person": "#e3f7d5",
    "ink": "#1c1f22",
    "link": "#1a73c7",
    "pale": "#8a949c",
    "quote": "#eef5fb",
    "button": "#f7fafc",
}
_BOLD, _MONO_EM, _EMOJI, _SIGN, _OTHER, _SAFE = 1.08, 0.6, 1.3, 0.9, 0.56, 1.03
# Helvetica's widths in thousandths of the size, from the space to the tilde.
_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 "
    "1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 "
    "333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_OF = {chr(32 + number): int(width) / 1000 for number, width in enumerate(_WIDTHS.split())} | {
    "·": 0.278, "“": 0.333, "”": 0.333, "‘": 0.222, "’": 0.222, "–": 0.556, "…": 1.0, "•": 0.35, "‹": 0.333, "›": 0.333,
}  # fmt: skip
_SIGNS = {"🔴": "#d93025", "🟢": "#1e8e3e", "🟡": "#e8b100", "🟠": "#e8710a", "🔵": "#1a73e8", "⚪": "#b0b8bf"}
_OPEN, _CLOSE = "\u2066\u2067\u2068", "\u2069"


def write_pictures(shown: Sequence[Shown]) -> dict[str, str]:
    """The pictures by their names, each of one or more messages."""
    names = dict.fromkeys(one.picture for one in shown if one.picture)
    return {name: _picture([one for one in shown if one.picture == name]) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line as it is drawn. ``to_left``: it runs from right to left."""

    runs: tuple[Run, ...]
    to_left: bool = False

    @property
    def length(self) -> float:
        return sum(_width(run.text, run) for run in self.runs)


def _picture(shown: Sequence[Shown]) -> str:
    drawn: list[str] = []
    top = _MARGIN
    for one in shown:
        bubble, height = _person(one, top) if one.what == "written" else _bot(one, top)
        drawn += bubble
        top += height + 10
    height = top + _MARGIN - 10
    said = " ".join(line.text for one in shown for line in lines_of(_message(one)))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="{_FONTS}" font-size="{_SIZE}" role="img">'
    )
    return "\n".join([head, f"<title>{escape(said)}</title>", _box(0, 0, _WIDTH, height, "back", corner=0), *drawn, "</svg>"]) + "\n"


def _message(one: Shown) -> Mapping[str, object]:
    return one.message if one.what != "written" else {"text": one.text}


def _person(one: Shown, top: int) -> tuple[list[str], int]:
    rows = [row for line in lines_of(_message(one)) for row in _broken(line, _INNER - 60)]
    width = round(max(row.length for row in rows)) + 2 * _PADDING + 48
    left, height = _WIDTH - _MARGIN - width, len(rows) * _LEADING + 16
    words = [_words(row, left + _PADDING, left + width - _PADDING - 48, top + 8 + number * _LEADING) for number, row in enumerate(rows)]
    return [_box(left, top, width, height, "person", corner=14), *words, _time(one, left + width, top + height)], height


def _bot(one: Shown, top: int) -> tuple[list[str], int]:
    """The bubble of a message of the bot's with the buttons under it, and how high that is."""
    left, right = _MARGIN + _PADDING, _MARGIN + _BUBBLE - _PADDING
    drawn: list[str] = []
    at = top + 9
    for quoted, lines in groupby(lines_of(one.message), key=lambda line: line.quoted):
        rows = [row for line in lines for row in _broken(line, _INNER - 2 * _INSIDE * quoted)]
        if quoted:
            at += 3
            drawn += _quote(left, at, len(rows) * _LEADING + 6, to_left=rows[0].to_left)
        for row in rows:
            drawn.append(_words(row, left + _INSIDE * quoted, right - _INSIDE * quoted, at + 3 * quoted))
            at += _LEADING
        at += 11 * quoted
    height = at + 15 - top
    buttons = list(_buttons(one, top + height + _GAP))
    full = height + sum(_BUTTON + _GAP for _ in buttons_of(one.message))
    return [_box(_MARGIN, top, _BUBBLE, height, "bot", corner=14), *drawn, _time(one, _MARGIN + _BUBBLE, top + height), *buttons], full


def _buttons(one: Shown, top: int) -> Iterator[str]:
    for row in buttons_of(one.message):
        width = (_BUBBLE - _GAP * (len(row) - 1)) / len(row)
        for number, label in enumerate(row):
            left = _MARGIN + number * (width + _GAP)
            yield f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{_BUTTON}" rx="8" fill="{_COLOURS["button"]}"/>'
            shown = _cut(label, width - 12)
            middle = f'x="{left + width / 2:g}" y="{top + _BUTTON / 2 + 5:g}" text-anchor="middle"'
            yield f'<text {middle} fill="{_COLOURS["link"]}"{_direction(_to_left(shown))}>{escape(shown)}</text>'
        top += _BUTTON + _GAP


def _quote(left: int, top: int, height: int, *, to_left: bool) -> list[str]:
    """The ground of a quote, with its bar on the side where it begins."""
    bar = left + _INNER - 3 if to_left else left
    return [_box(left, top, _INNER, height, "quote", corner=4), _box(bar, top, 3, height, "link", corner=1)]


def _words(row: _Row, left: float, right: float, top: float) -> str:
    spans = "".join(map(_span, row.runs))
    begin = right if row.to_left else left
    return f'<text x="{begin:g}" y="{top + _LEADING - 6:g}" fill="{_COLOURS["ink"]}"{_direction(row.to_left)}>{spans}</text>'


def _direction(to_left: bool) -> str:
    return ' direction="rtl"' if to_left else ""


def _span(run: Run) -> str:
    """A run in its style; round signs are drawn in their own colours, since not every program that shows pictures has coloured letters."""
    style = [('font-weight="bold"', run.bold), ('font-style="italic"', run.italic), (f'font-family="{_MONO}" font-size="14"', run.code)]
    style.append((f'fill="{_COLOURS["link"]}"', bool(run.url) or run.code))
    said = " ".join(words for words, holds in style if holds)
    text = "".join(
        f'<tspan fill="{_SIGNS[letter]}" font-size="22">●</tspan>' if letter in _SIGNS else escape(letter) for letter in run.text
    )
    return f"<tspan {said}>{text}</tspan>" if said else text


def _time(one: Shown, right: float, bottom: float) -> str:
    edited = "edited " if one.what == "edit" else ""
    at = f"{edited}{one.at.astimezone(_LONDON):%H:%M}"
    return f'<text x="{right - 10:g}" y="{bottom - 7:g}" text-anchor="end" font-size="11" fill="{_COLOURS["pale"]}">{at}</text>'


def _box(left: float, top: float, width: float, height: float, colour: str, *, corner: int) -> str:
    return f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="{corner}" fill="{_COLOURS[colour]}"/>'


def _broken(line: Line, width: float) -> list[_Row]:
    """A line in as many rows as it needs; an isolate that goes on in the next row is closed and opened again."""
    to_left = _to_left(line.text)
    rows: list[list[Run]] = [[]]
    used, opened = 0.0, ""
    for run in line.runs:
        for word in _cut_words(run, width):
            wide = _width(word, run)
            if rows[-1] and used + _width(word.rstrip(), run) > width:
                rows[-1].append(replace(run, text=_CLOSE * len(opened)))
                rows.append([replace(run, text=opened)])
                used = 0.0
            rows[-1].append(replace(run, text=word))
            used += wide
            opened = _still_open(opened, word)
    return [_Row(runs=_joined(row), to_left=to_left) for row in rows]


def _cut_words(run: Run, width: float) -> Iterator[str]:
    """Words with the space behind them; one that is wider than a row in pieces."""
    for word in re.findall(r"\S+\s*|\s+", run.text):
        piece = ""
        for letter in word:
            if piece.strip() and _width((piece + letter).rstrip(), run) > width:
                yield piece
                piece = ""
            piece += letter
        yield piece


def _still_open(opened: str, word: str) -> str:
    for letter in word:
        if letter in _OPEN:
            opened += letter
        elif letter == _CLOSE:
            opened = opened[:-1]
    return opened


def _joined(row: Sequence[Run]) -> tuple[Run, ...]:
    joined: list[Run] = []
    for run in row:
        if joined and replace(joined[-1], text="") == replace(run, text=""):
            joined[-1] = replace(run, text=joined[-1].text + run.text)
        elif run.text:
            joined.append(run)
    return tuple(joined)


def _cut(label: str, width: float) -> str:
    """A label as far as its button is wide."""
    plain = Run(text=label)
    while _width(label, plain) > width:
        label = label.rstrip("…")[:-1].rstrip() + "…"
    return label


def _width(text: str, run: Run) -> float:
    size = 14 if run.code else _SIZE
    ems = sum(_MONO_EM if run.code and letter.isascii() else _em(letter) for letter in text)
    return ems * size * (_BOLD if run.bold else 1.0) * _SAFE


def _em(letter: str) -> float:
    if letter in _OF or letter in _SIGNS:
        return _OF.get(letter, _SIGN)
    if unicodedata.category(letter) in ("Cf", "Mn", "Me"):
        return 0.0
    if unicodedata.category(letter) == "So":
        return _EMOJI
    base = unicodedata.normalize("NFD", letter)[0]
    return _OF.get(base, _OTHER)


def _to_left(text: str) -> bool:
    """Whether a client takes the line for one from right to left: by its first letter outside of isolates that has a direction."""
    depth = 0
    for letter in text:
        if letter in _OPEN:
            depth += 1
        elif letter == _CLOSE:
            depth = max(0, depth - 1)
        elif not depth and (side := unicodedata.bidirectional(letter)) in ("L", "R", "AL"):
            return side != "L"
    return False
