"""What the commands share that put tables from a file into the configuration."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.cli.common import Failed
from bot.config import Config
from bot.config_tables import append_tables

_STANDARD_INPUT = Path("-")

print_option = click.option("--print", "only_print", is_flag=True, help="Print the tables instead of putting them into the configuration.")


file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))


def read_given(file: Path, most: int) -> bytes:
    """What is in a file, or comes on standard input (``-``); of more than ``most`` bytes one more than that. Raises Failed."""
    try:
        if file == _STANDARD_INPUT:
            return sys.stdin.buffer.read(most + 1)
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror}") from error


def put(config: Config, tables: str, *, only_print: bool, as_json: bool) -> None:
    """Put tables behind what stands in the configuration, or on standard output.

    Raises ConfigError or Failed, and then nothing was written.
    """
    if not tables:
        return
    if only_print:
        if not as_json:
            click.echo(tables, nl=False)
        return
    try:
        append_tables(config.path, tables)
    except OSError as error:
        message = f"{config.path} cannot be written ({error.strerror}): with --print the tables are shown, to be put there by hand"
        raise Failed(message) from error
