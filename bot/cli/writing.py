"""What the commands share that put tables into the configuration."""

from __future__ import annotations

import click

from bot.cli.common import Failed
from bot.config import Config
from bot.config_tables import append_tables

print_option = click.option("--print", "only_print", is_flag=True, help="Print the tables instead of putting them into the configuration.")


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
