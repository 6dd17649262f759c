"""Watches in files: CSV for a spreadsheet, and TOML that is a ``[[watchlists]]`` table of the configuration. Pure.

Both have the keys of a configured watch and are read by the same rules. A list cell of CSV is itself a line of CSV with ``;`` between its
parts. Cells that a spreadsheet would take for a formula begin with an apostrophe, which is taken off again when the file is read.
What is right in a file is taken; the rest is said with its line.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.config_mistakes import sentence
from bot.config_rows import watch_and_terms
from bot.config_sections import WatchSection
from bot.config_tables import free_id, toml_value
from bot.feed_addresses import slug
from bot.toml_places import line_of, places
from watchers.types import EventKind, Role, Terms, Watch

MOST_BYTES = 200_000
MOST_ROWS = 500  # as many as a list of a chat holds
_MOST_PARTS = 50
NAMELESS = ""  # the list of a chat that has no name
_LIST = "list"
_KEYS = tuple(WatchSection.model_fields)
_LISTS = ("aliases", "identifiers", "without", "events")
_NUMBERS, _SWITCHES = ("minimum",), ("direct", "without_sum", "paused")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_TOML_LINE = re.compile(r"at line (\d+)")
_BARE_ID = "watches"

_TOML_TABLE = re.compile(r"^[ \t]*\[\[[ \t]*watchlists[ \t]*\]\][ \t]*(?:#.*)?$", re.MULTILINE)

Asked = tuple[Watch, Terms]
Lists = Mapping[str, Sequence[Asked]]  # by their names


@dataclass(frozen=True, slots=True)
class Wrong:
    """What of a file cannot be used: the line, from 1, and why, in a sentence of the configuration's."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Read:
    """What a file asks for."""

    lists: dict[str, list[Asked]]
    wrong: tuple[Wrong, ...]

    @property
    def watches(self) -> list[Asked]:
        return [one for watches in self.lists.values() for one in watches]


def write_csv(lists: Lists) -> bytes:
    """One line a watch, with a mark before the first that tells spreadsheets that it is UTF-8."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow((_LIST, *_KEYS))
    for name, watches in lists.items():
        for one in watches:
            keys = keys_of(one)
            rows.writerow((_safe(name), *(_cell(keys.get(key)) for key in _KEYS)))
    return out.getvalue().encode("utf-8-sig")


def write_toml(lists: Lists, *, taken: Iterable[str] = ()) -> str:
    """A ``[[watchlists]]`` table for each list, to be put into a configuration as it is; ``taken``: ids that it has already."""
    tables, used = [], set(taken)
    for name, watches in lists.items():
        identifier = free_id(slug(name)[:50] if name else _BARE_ID, used)
        used.add(identifier)
        lines = ["[[watchlists]]", f"id = {toml_value(identifier)}", *([f"name = {toml_value(name)}"] if name else []), "watches = ["]
        lines += [f"  {{ {', '.join(f'{key} = {toml_value(value)}' for key, value in keys_of(one).items())} }}," for one in watches]
        tables.append("\n".join([*lines, "]\n"]))
    return "\n".join(tables)


def read_file(name: str, body: bytes) -> Read:
    """Read a file; what it is, its name says, else its text."""
    if len(body) > MOST_BYTES:
        return _unread(1, f"the file is larger than {MOST_BYTES // 1000} KB: send it in parts")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _unread(body.count(b"\n", 0, error.start) + 1, "is not UTF-8 text: save the file again as UTF-8")
    toml = name.lower().endswith(".toml") or (not name.lower().endswith(".csv") and _TOML_TABLE.search(text) is not None)
    return _read_all(_toml_rows(text) if toml else _csv_rows(text))


@dataclass(frozen=True, slots=True)
class _Row:
    """A watch as it stands in a file. ``lines``: where its keys stand, if not all in one line."""

    line: int
    list_name: str
    keys: Mapping[str, Any]
    lines: Mapping[str, int]


def _read_all(rows: Iterable[_Row | Wrong]) -> Read:
    lists: dict[str, list[Asked]] = {}
    names: dict[str, str] = {}  # as a chat sees them: one name, however it is capitalised
    wrong: list[Wrong] = []
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            wrong.append(Wrong(row.line, f"only the first {MOST_ROWS} watches of a file are read: send the rest in another"))
            break
        if isinstance(row, Wrong):
            wrong.append(row)
            continue
        read = _read_row(row)
        if isinstance(read, tuple):
            on_list = lists.setdefault(names.setdefault(row.list_name.casefold(), row.list_name), [])
            on_list += [] if read in on_list else [read]
        else:
            wrong += read
    return Read(lists, tuple(wrong))


def _read_row(row: _Row) -> Asked | list[Wrong]:
    if row.keys.get("name") is None and row.keys.get("partner") is not None:
        return [Wrong(row.lines.get("partner", row.line), 'partner: stands alone: a pair has a "name" as well')]
    if any(isinstance(part, list) and len(part) > _MOST_PARTS for part in row.keys.values()):
        return [Wrong(row.line, f"a list of a watch has at most {_MOST_PARTS} parts")]
    if row.list_name and not re.fullmatch(r"[^\x00-\x1f\x7f]{2,60}", row.list_name):
        return [Wrong(row.line, "list: its name has 2 to 60 letters")]
    try:
        return watch_and_terms(WatchSection.model_validate(dict(row.keys)), "")
    except ValidationError as error:
        return [
            Wrong(row.lines.get(key, row.line), f"{key}: {sentence(detail, _KEYS)}")
            for detail in error.errors(include_url=False)
            for key in (str(detail["loc"][0]) if detail["loc"] else "watch",)
        ]


def _csv_rows(text: str) -> Iterator[_Row | Wrong]:
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    head: list[str] = []
    try:
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if head:
                yield _csv_row(head, cells, rows.line_num)
                continue
            head = [cell.strip().lower() for cell in cells]
            if mistake := _head_mistake(head):
                yield Wrong(rows.line_num, mistake)
                return
    except csv.Error as error:
        yield Wrong(rows.line_num, f"is not valid CSV here: {error}")


def _head_mistake(head: Sequence[str]) -> str:
    unknown = [cell for cell in head if cell not in (_LIST, *_KEYS)]
    if not unknown and set(head) & set(_KEYS):
        return ""
    return (
        f'the first line must name the columns, "name" for one; known are {", ".join((_LIST, *_KEYS))}, and not "{", ".join(unknown)[:80]}"'
    )


def _csv_row(head: Sequence[str], cells: Sequence[str], line: int) -> _Row | Wrong:
    if len(cells) > len(head):
        return Wrong(line, f"has {len(cells)} cells, and the first line {len(head)}")
    found = {key: cell.strip() for key, cell in zip(head, cells, strict=False) if cell.strip()}
    try:
        keys = {key: _value(key, cell) for key, cell in found.items() if key != _LIST}
    except (ValueError, csv.Error) as error:
        return Wrong(line, str(error))
    return _Row(line, _bare(found.get(_LIST, "")), keys, {})


def _value(key: str, cell: str) -> Any:
    """What a cell says; raises ValueError where it cannot be that."""
    if key in _LISTS:
        return [_bare(part.strip()) for part in next(csv.reader([cell], delimiter=";", strict=True)) if part.strip()]
    cell = _bare(cell)
    if key in _NUMBERS:
        if not re.fullmatch(r"\d{1,15}", cell, re.ASCII):
            raise ValueError(f'{key}: must be a whole number, not "{cell[:40]}"')
        return int(cell)
    if key in _SWITCHES:
        if cell.lower() not in _TRUE + _FALSE:
            raise ValueError(f'{key}: must be true or false, not "{cell[:40]}"')
        return cell.lower() in _TRUE
    return cell


def _toml_rows(text: str) -> Iterator[_Row | Wrong]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = _TOML_LINE.search(str(error))
        yield Wrong(int(said[1]) if said else text.count("\n") + 1, f"is not valid TOML here: {error}")
        return
    except RecursionError:
        yield Wrong(1, "has lists within lists without an end")
        return
    lines = places(text)
    tables = data.get("watchlists")
    if not isinstance(tables, list):
        yield Wrong(1, "has no [[watchlists]] table")
        return
    for index, table in enumerate(tables):
        watches = table.get("watches") if isinstance(table, dict) else None
        if not isinstance(watches, list):
            yield Wrong(line_of(lines, ("watchlists", index)), "this watchlist has no watches = [ … ]")
            continue
        name = table.get("name")
        for number, keys in enumerate(watches):
            place = ("watchlists", index, "watches", number)
            if not isinstance(keys, dict):
                yield Wrong(line_of(lines, place), 'a watch is a table: { name = "…" }')
                continue
            where = {key: line_of(lines, (*place, key)) for key in keys}
            yield _Row(line_of(lines, place), name.strip() if isinstance(name, str) else NAMELESS, keys, where)


def keys_of(asked: Asked) -> dict[str, Any]:
    """The keys of a configured watch that say this one; what is as it is without them is left out."""
    watch, terms = asked
    organisation, partner = watch.organisation, watch.partner
    keys = {
        "name": organisation.name if organisation else None,
        "role": watch.role.value if watch.role is not Role.EITHER else None,
        "aliases": list(organisation.aliases) if organisation else None,
        "identifiers": list(organisation.identifiers) if organisation else None,
        "partner": partner.name if partner else None,
        "partner_role": watch.partner_role.value if watch.partner_role is not Role.EITHER else None,
        "area": watch.area,
        "direct": watch.direct,
        "without": list(watch.without),
        "events": None if terms.kinds is None else [kind.value for kind in EventKind if kind in terms.kinds],
        "minimum": terms.minimum,
        "currency": terms.currency if terms.minimum is not None else None,
        "without_sum": None if terms.without_sum == (organisation is not None) else terms.without_sum,
        "paused": terms.paused,
    }
    kept = {key: value for key, value in keys.items() if (value and value is not None) or (key == "without_sum" and value is not None)}
    return kept or {"without_sum": terms.without_sum}  # who watches everything says nothing of it, and an empty line is no watch


def _cell(value: Any) -> str:
    if isinstance(value, list):
        out = io.StringIO()
        csv.writer(out, delimiter=";", lineterminator="").writerow([_safe(part) for part in value])
        return out.getvalue()
    return "" if value is None else str(value).lower() if isinstance(value, bool) else _safe(str(value))


def _safe(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _unread(line: int, message: str) -> Read:
    return Read({}, (Wrong(line, message),))
