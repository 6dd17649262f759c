"""Where in a TOML file each key stands.

``tomllib`` reads the values and forgets the lines, and a person who made three mistakes in two hundred lines wants the lines. This scanner
runs after ``tomllib`` has accepted the text, so it may assume valid TOML: it follows keys, headers, arrays and inline tables, and skips
over everything else. It never decides what a value is.
"""

from __future__ import annotations

import re
from bisect import bisect

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPES = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_LETTERS = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def places(text: str) -> dict[Path, int]:
    """The line (from 1) of every table, array item and key of ``text``; the path () is line 1."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of ``path``, or of the nearest thing around it that stands in the file (for a key that is missing)."""
    while path not in found and path:
        path = path[:-1]
    return found.get(path, 1)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.found: dict[Path, int] = {(): 1}
        self.counts: dict[Path, int] = {}  # items of each [[array]] so far

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            table = self._header() if self.text[self.at] == "[" else self._pair(table)
            self._skip(_BLANK)
        return self.found

    def _header(self) -> Path:
        line = self._line()
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        keys = self._keys()
        self.at += 2 if array else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self._last((*path, key))
        path = (*path, keys[-1])
        self.found.setdefault(path, line)
        if array:
            self.counts[path] = self.counts.get(path, -1) + 1
            path = self._last(path)
            self.found[path] = line
        return path

    def _last(self, path: Path) -> Path:
        """A name that stands for an [[array]] means its newest item."""
        return (*path, self.counts[path]) if path in self.counts else path

    def _pair(self, table: Path) -> Path:
        line = self._line()
        path = (*table, *self._keys())
        for end in range(len(table) + 1, len(path) + 1):
            self.found.setdefault(path[:end], line)
        self.at += 1  # "="
        self._value(path)
        return table

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _key(self) -> str:
        if self.text[self.at] in "\"'":
            start, quote = self.at, self.text[self.at]
            self._string()
            inner = self.text[start + 1 : self.at - 1]
            return _ESCAPES.sub(_unescape, inner) if quote == '"' else inner
        match = _BARE.match(self.text, self.at)
        assert match is not None, "tomllib accepted what has no key"
        self.at = match.end()
        return match.group()

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._next_item("]"):
            item = (*path, index)
            self.found.setdefault(item, self._line())
            self._value(item)
            index += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._next_item("}"):
            self._pair(path)

    def _next_item(self, closing: str) -> bool:
        """Step over blanks and a comma; False, and past it, when the closing bracket follows."""
        self._skip(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self._skip(_BLANK)
        if self.text[self.at] != closing:
            return True
        self.at += 1
        return False

    def _string(self) -> None:
        quote = self.text[self.at]
        triple = quote * 3
        if not self.text.startswith(triple, self.at):
            self.at = self._closing(quote, self.at + 1) + 1
            return
        self.at = self._closing(triple, self.at + 3) + 3
        while self.text.startswith(quote, self.at):  # up to two quotes may stand before the closing three
            self.at += 1

    def _closing(self, mark: str, start: int) -> int:
        at = start
        while not self.text.startswith(mark, at):
            at += 2 if mark[0] == '"' and self.text[at] == "\\" else 1
        return at

    def _line(self) -> int:
        return bisect(self.newlines, self.at - 1) + 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        assert match is not None
        self.at = match.end()


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if code[0] in "uU" and len(code) > 1 else _LETTERS.get(code, code)
