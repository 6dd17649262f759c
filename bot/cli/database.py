"""``backup`` and ``db``: the database as a whole."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import DONE, FAILED, config_option, configured_store, emit, json_option, store_failures
from storage import store as storage


@click.command()
@config_option
@json_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(config_path: Path, file: Path, *, as_json: bool) -> None:
    """Write a copy of the database to FILE, also while the daemon runs. FILE must not exist yet."""
    config = configured_store(config_path)
    with store_failures():
        store = storage.open_store(config.store_url, create=False)
        try:
            store.backup(file)
        finally:
            store.close()
    if as_json:
        emit([{"backup": file.resolve(), "bytes": file.stat().st_size}])
    else:
        click.echo(f"{file}: {file.stat().st_size:,} bytes")


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@config_option
@json_option
def upgrade(config_path: Path, *, as_json: bool) -> None:
    """Bring the database to this program's version. A SQLite database is copied to a backup first."""
    config = configured_store(config_path)
    with store_failures():
        before, after = storage.upgrade(config.store_url)
    if as_json:
        emit([{"from": before, "to": after}])
    elif before == after:
        click.echo(f"The database is up to date (version {after}).")
    else:
        click.echo(f"The database was brought from version {before} to {after}.")


@db.command("check")
@config_option
@json_option
def check_database(config_path: Path, *, as_json: bool) -> int:
    """Look for damage and for a wrong version; exit code 1 when something is wrong."""
    config = configured_store(config_path)
    with store_failures():
        problems = storage.check(config.store_url)
    if as_json:
        emit([{"problem": problem} for problem in problems])
    else:
        click.echo("\n".join(problems) or "The database is well.")
    return FAILED if problems else DONE
