"""The configuration: one TOML file, read whole or not at all.

``load_config`` either returns a configuration in which every value is usable or raises one ``ConfigError`` with every mistake and its
line. Reading touches no network and no database. What cannot be wrong but is unwise is kept as ``warnings``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.config_checks import cross_check, warn
from bot.config_mistakes import ConfigError, Mistake, Mistakes, sentence
from bot.config_sections import (
    ChannelSection,
    ConfigFile,
    FeedSection,
    FetchSection,
    HealthSection,
    LogSection,
    TelegramSection,
    WatchlistSection,
)
from bot.toml_places import Path as Place
from bot.toml_places import places

DEFAULT_PATH = Path("config.toml")

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration that can be used: all paths are complete. ``warnings`` are what is unwise in it."""

    path: Path
    store_url: str = field(repr=False)  # may hold a password
    token_file: Path | None
    webhook_secret_file: Path | None
    telegram: TelegramSection
    fetch: FetchSection
    log: LogSection
    health: HealthSection
    feeds: tuple[FeedSection, ...]
    watchlists: tuple[WatchlistSection, ...]
    channels: tuple[ChannelSection, ...]
    warnings: tuple[Mistake, ...] = ()

    @property
    def store_path(self) -> Path | None:
        """The file of a SQLite database; None for a server."""
        prefix = "sqlite:///"
        return Path(self.store_url.removeprefix(prefix)) if self.store_url.startswith(prefix) else None


def load_config(path: Path) -> Config:
    """Read a configuration file. Raises ``ConfigError`` with every mistake in it."""
    return parse_config(_read(path), path)


def parse_config(text: str, path: Path) -> Config:
    """Understand the text of a configuration file that stands (or would stand) at ``path``."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_mistake(error, text, path.name)]) from error
    return config_from(data, path, places(text))


def config_from(data: Mapping[str, Any], path: Path, lines: dict[Place, int] | None = None) -> Config:
    """Understand the tables of a configuration; ``lines`` say where each key stands in the file they come from."""
    lines = lines or {}
    mistakes = Mistakes(path.name, data, lines)
    file: ConfigFile | None = None
    try:
        file = ConfigFile.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            known = _known_keys(detail["loc"][:-1]) if detail["type"] == "extra_forbidden" else ()
            mistakes.add(detail["loc"], sentence(detail, known))
    cross_check(data, mistakes)
    if file is None or mistakes.sorted():
        raise ConfigError(mistakes.sorted())
    warnings = Mistakes(path.name, data, lines)
    warn(file, warnings)
    return _completed(file, path, warnings.sorted())


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")  # editors of one large house put a mark before the first line
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8 text: save it again as UTF-8"
        raise ConfigError([Mistake(file=path.name, line=line, key="", message=message)]) from error
    except OSError as error:
        raise ConfigError([Mistake(file=str(path), line=1, key="", message=_unreadable(path, error))]) from error


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no configuration at {path}: `make run` writes one from config.example.toml, or name yours with --config"
    return f"cannot be read ({error.strerror}): name a file that this user may read with --config"


def _syntax_mistake(error: tomllib.TOMLDecodeError, text: str, name: str) -> Mistake:
    message = str(error)
    place = _TOML_PLACE.search(message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    said = _TOML_PLACE.sub("", message)
    column = f" (column {place[2]})" if place and place[2] else ""
    return Mistake(file=name, line=line, key="", message=f"is not valid TOML here: {said[:1].lower()}{said[1:]}{column}")


def _known_keys(place: tuple[str | int, ...]) -> list[str]:
    """The keys allowed at a place of the file."""
    model: Any = ConfigFile
    for key in place:
        if isinstance(key, int):
            continue
        annotation = model.model_fields[key].annotation
        model = next(iter(getattr(annotation, "__args__", ())), annotation)
    return list(model.model_fields)


def _completed(file: ConfigFile, path: Path, warnings: list[Mistake]) -> Config:
    folder = path.resolve().parent
    url = file.store.url
    if url.startswith("sqlite:///"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"  # an absolute path stays what it is
    webhook = file.telegram.webhook
    return Config(
        path=path,
        store_url=url,
        token_file=_secret_file(folder, file.telegram.token_file),
        webhook_secret_file=_secret_file(folder, webhook.secret_file if webhook else None),
        telegram=file.telegram,
        fetch=file.fetch,
        log=file.log,
        health=file.health,
        feeds=tuple(file.feeds),
        watchlists=tuple(file.watchlists),
        channels=tuple(file.channels),
        warnings=tuple(warnings),
    )


def _secret_file(folder: Path, name: str | None) -> Path | None:
    return folder / Path(name).expanduser() if name else None
