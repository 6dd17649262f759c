"""Tables of a configuration as text: made, and put behind what stands in the file. What stands there is never rewritten."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.config import Config, parse_config
from bot.config_mistakes import sentence
from bot.config_sections import FeedSection

_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')


def toml_value(value: Any) -> str:
    """A text, number, switch or list as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(toml_value, value))}]"
        case str():
            return '"' + _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}" if found[0] not in '"\\' else f"\\{found[0]}", value) + '"'
    return str(value)


def table(name: str, keys: Mapping[str, Any]) -> str:
    """One more table of a list of tables; keys without a value are left out."""
    lines = [f"{key} = {toml_value(value)}" for key, value in keys.items() if value is not None]
    return "\n".join([f"[[{name}]]", *lines, ""])


def free_id(wanted: str, used: Collection[str]) -> str:
    """The id, with a number behind it where it is used already."""
    found, count = wanted, 1
    while found in used:
        count += 1
        found = f"{wanted}-{count}"
    return found


def read_feed(keys: Mapping[str, Any]) -> tuple[FeedSection | None, str]:
    """A table of feeds, or what is wrong with it."""
    try:
        return FeedSection.model_validate(keys), ""
    except ValidationError as error:
        known = tuple(FeedSection.model_fields)
        return None, "; ".join(f"{detail['loc'][0]}: {sentence(detail, known)}" for detail in error.errors(include_url=False))


def append_tables(path: Path, tables: str) -> Config:
    """Put tables behind what the configuration holds, if it is right with them. It is the same file then, with its owner and its rights.

    Raises:
        ConfigError: With them it would hold a mistake. Nothing was written.
        OSError: It cannot be written.
    """
    text = path.read_text("utf-8-sig")
    added = f"{'' if text.endswith(chr(10)) or not text else chr(10)}\n{tables}"
    config = parse_config(text + added, path)
    with path.open("ab") as file:
        file.write(added.encode())
    return config
