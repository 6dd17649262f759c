"""``watchlists``: those of the configuration, in the forms of /export and /import. What chats watch is theirs to read, not the admin's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bot.cli.common import DONE, FAILED, Failed, config_option, configured_store, counted, emit, json_option, notices, show_table, shown
from bot.cli.writing import file_argument, print_option, put, read_given
from bot.config import Config
from bot.config_rows import config_watchlists
from bot.exchange import Asked, Wrong, keys_of, write_csv, write_toml
from bot.importing import MOST_BYTES, Imported, read_watches

_NAMELESS = "watches"


@click.group()
def watchlists() -> None:
    """Look at the watchlists of the configuration, add some, and exchange them with other programs."""


@watchlists.command("list")
@config_option
@json_option
def list_watchlists(config_path: Path, *, as_json: bool) -> int:
    """Show the watchlists of the configuration and the channels that are told about each.

    What people watch in their chats is not shown here: it can put them at risk. They have it with /export.
    """
    config = configured_store(config_path)
    rows = [
        {"id": one.id, "name": one.name or one.id, "watches": len(one.watches), "channels": _told(config, one.id)}
        for one in config.watchlists
    ]
    if as_json:
        emit(rows)
    else:
        show_table(["Watchlist", "Name", "Watches", "Told"], ([row["id"], row["name"], row["watches"], row["channels"]] for row in rows))
    return DONE


@watchlists.command("export")
@config_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="A table for a spreadsheet, in place of TOML.")
@click.argument("wanted", metavar="[WATCHLIST]…", nargs=-1)
def export_watchlists(config_path: Path, wanted: tuple[str, ...], *, as_json: bool, as_csv: bool) -> int:
    """Print watchlists of the configuration, all or those with these ids, in a form that /import and ``watchlists import`` read."""
    config = configured_store(config_path)
    lists = _configured(config)
    unknown = [one for one in wanted if one not in lists]
    if unknown:
        raise click.UsageError(f"there is no watchlist {unknown[0]!r} in {config.path}: `contractwatch watchlists list` shows them")
    chosen = {name: lists[one] for one, name in _names(config).items() if not wanted or one in wanted}
    if as_json:
        emit({"list": name, **keys_of(one)} for name, watches in chosen.items() for one in watches)
    else:
        click.echo(write_csv(chosen) if as_csv else write_toml(chosen), nl=False)
    return DONE


@watchlists.command("import")
@config_option
@json_option
@print_option
@file_argument
def import_watchlists(config_path: Path, file: Path, *, as_json: bool, only_print: bool) -> int:
    """Put the watchlists of a file into the configuration: TOML, a CSV table, or JSON that /export made; ``-`` reads standard input.

    Watches that a configured list of the same name has already are left out. What is wrong is named with its line; the exit code is 1
    then, and the rest is put there.
    """
    config = configured_store(config_path)
    body = read_given(file, MOST_BYTES)
    imported, wrong = read_watches(file.name, body) if len(body) <= MOST_BYTES else (None, ())
    if imported is None and not wrong:
        raise Failed(f"{file.name}: holds no watches: TOML with [[watchlists]], a table whose first line is “name”, or JSON of /export")
    new = dict(_new(config, imported)) if imported else {}
    put(config, write_toml(new, taken=[one.id for one in config.watchlists]), only_print=only_print, as_json=as_json)
    if as_json:
        emit({"list": name, **keys_of(one)} for name, watches in new.items() for one in watches)
    _remark(new, imported, wrong, config, only_print=only_print)
    return FAILED if wrong else DONE


def _remark(new: dict[str, list[Asked]], imported: Imported | None, wrong: tuple[Wrong, ...], config: Config, *, only_print: bool) -> None:
    """Say on standard error what was wrong, what was there already, and what is to be done."""
    for one in wrong:
        notices().print(shown(str(one)))
    count = sum(map(len, new.values()))
    there = sum(map(len, imported.lists.values())) - count if imported else 0
    if there:
        notices().print(f"{counted(there, 'watch', 'watches')} left out: there already.")
    if count and not only_print:
        notices().print(
            f"{counted(count, 'watch', 'watches')} added to {config.path}. Name the list in a channel's watchlists to have it told there; "
            "a daemon that runs reads it when it is restarted."
        )


def _new(config: Config, imported: Imported) -> Iterator[tuple[str, list[Asked]]]:
    """The lists of a file with what the configured lists of the same name do not have."""
    here: dict[str, list[Asked]] = {}
    for identifier, watches in _configured(config).items():
        here.setdefault(_names(config)[identifier].casefold(), []).extend(watches)
    for name, listed in imported.lists.items():
        known = here.get((name or _NAMELESS).casefold(), [])
        if new := [one for one in listed if keys_of(one) not in map(keys_of, known)]:
            yield name or "", new


def _configured(config: Config) -> dict[str, list[Asked]]:
    """What is on each configured list, by its id."""
    return {one.id: list(zip(one.watches, one.terms, strict=True)) for one in config_watchlists(config)}


def _names(config: Config) -> dict[str, str]:
    """What the lists are called in a file, by their ids: the id itself where two have one name."""
    count = Counter(one.name or one.id for one in config.watchlists)
    return {one.id: one.name if one.name and count[one.name] == 1 else one.id for one in config.watchlists}


def _told(config: Config, watchlist: str) -> list[Any]:
    """The channels of the configuration that are told about a list: chats by their numbers."""
    return [one.chat_id or one.name or one.kind.value for one in config.channels if watchlist in one.watchlists]
