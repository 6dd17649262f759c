"""What the commands share: options, exit codes, and the two ways of printing results: tables for people, JSON Lines for programs.

Results go to stdout. Progress, notices and logs go to stderr, so that ``contractwatch … --json | program`` reads results alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.config import DEFAULT_PATH, Config, load_config
from bot.logs import setup_logging
from bot.token import Token, TokenError, read_token, read_webhook_secret
from storage.exceptions import StoreDamaged, StoreError, StoreLocked

DONE, FAILED, WRONG_USE, SOME_FEEDS_FAILED = 0, 1, 2, 3
# What a supervisor needs to tell apart (sysexits.h): a second daemon, a damaged database, a token that must be mended by hand.
EX_DATAERR, EX_TEMPFAIL, EX_CONFIG = 65, 75, 78

Command = TypeVar("Command", bound=Callable[..., Any])

_WIDE = 220  # columns when nobody's terminal says otherwise: files and pipes are not cut

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=DEFAULT_PATH,
    show_default=True,
    help="The configuration file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print results as JSON Lines.")


class Failed(click.ClickException):
    """Ends a command with one sentence and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance as well


def exit_code_of(error: Exception) -> int:
    """The exit code of the daemon for an error that ends it: those a supervisor must tell apart have their own."""
    codes = ((StoreLocked, EX_TEMPFAIL), (StoreDamaged, EX_DATAERR), (TokenError, EX_CONFIG))
    return next((code for kind, code in codes if isinstance(error, kind)), FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a daemon must know and never show; None where there is no bot, no webhook."""

    token: Token | None
    webhook: Token | None


def configured(path: Path) -> tuple[Config, Secrets]:
    """Read the configuration and the secrets, and send logs where it says; raises ConfigError or TokenError."""
    config = load_config(path)
    token = read_token(config.token_file, os.environ)
    wanted = token is not None and config.telegram.webhook is not None
    secrets = Secrets(token=token, webhook=read_webhook_secret(config.webhook_secret_file, os.environ) if wanted else None)
    start_logging(config, secrets)
    return config, secrets


def configured_store(path: Path) -> Config:
    """Read the configuration for a command that needs the store alone: a token that is wrong is not its business."""
    config = load_config(path)
    start_logging(config, None)
    return config


def start_logging(config: Config, known: Secrets | None) -> None:
    """Logs as the configuration wants them; ``--debug`` wants more."""
    context = click.get_current_context(silent=True)
    debug = bool(context and context.find_root().params.get("debug"))
    daemon = bool(context and context.info_name == "run")
    level = "debug" if debug else config.log.level
    password = urlsplit(config.store_url).password
    tokens = [token.reveal() for token in (known.token, known.webhook) if token] if known else []
    secrets = [*tokens, *([password] if password else [])]
    setup_logging(level, config.log.format, secrets=secrets, tracebacks=debug or daemon)


def clock() -> datetime:
    """The time of day. Only commands and scheduled jobs read it; everything below them is told."""
    return datetime.now(UTC)


def emit(records: Iterable[Mapping[str, Any]]) -> None:
    """Print records as JSON Lines; each line is written whole before the next is made."""
    for record in records:
        click.echo(json.dumps(record, ensure_ascii=False, default=plain))


def plain(value: Any) -> Any:
    """A value of ours as JSON has it: times in ISO 8601 UTC, spans in seconds, sums as numbers."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def people() -> Console:
    """Stdout for people."""
    return Console(markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE)


def notices() -> Console:
    """Stderr for people: progress and remarks."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False, width=None if sys.stderr.isatty() else _WIDE)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. Cells are texts from anywhere: they are shown as they are, never as markup."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*[Text(shown(cell), overflow="fold") for cell in row])
    people().print(table)


def counted(number: int, thing: str, things: str = "") -> str:
    """``1 alert``, ``2 alerts``; ``things`` where an s does not do."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def shown(value: object) -> str:
    """A cell: dashes for nothing, minutes for times, no control characters."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, timedelta):
        return span(value)
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def span(value: timedelta) -> str:
    """A time span as the configuration writes it."""
    seconds = int(value.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


@contextmanager
def store_failures() -> Iterator[None]:
    """Turn a store's refusal into its sentence and exit code 1; only the daemon tells a supervisor more."""
    try:
        yield
    except StoreError as error:
        raise Failed(str(error)) from error
