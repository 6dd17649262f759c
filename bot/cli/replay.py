"""``replay``: which alerts today's rules would make of what is stored; sends nothing and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click

from bot.cli.common import (
    DONE,
    WRONG_USE,
    Failed,
    clock,
    config_option,
    configured_store,
    counted,
    emit,
    json_option,
    people,
    shown,
    store_failures,
)
from bot.cli.progress import progress
from bot.replay import Difference, Replayed, as_record, replay
from bot.rules_overlay import faults, given, run_with
from storage.store import Store, open_store
from watchers.names import normal_name
from watchers.rules_version import rules_version
from watchers.types import Watch

_SPAN = re.compile(r"(?P<count>[1-9]\d{0,4})(?P<unit>[hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SIGNS = {"appears": "+", "vanishes": "-", "changes": "~"}


def _since(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:  # noqa: ARG001 -- click's signature
    found = _SPAN.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no length of time; write it as 12h, 90d or 8w")
    return int(found["count"]) * _UNITS[found["unit"]]


@click.command("replay")
@config_option
@click.option("--since", callback=_since, required=True, metavar="TIME", help="How far back: 12h, 90d, 8w.")
@click.option("--watch", "name", help="Only alerts about this watch, by its name, an alias or its id.")
@click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Decide by the rules in this folder, an edited copy of watchers/rules, instead of the program's own.",
)
@json_option
@click.pass_context
def replay_command(ctx: click.Context, config_path: Path, since: timedelta, name: str | None, rules: Path | None, *, as_json: bool) -> int:
    """Decide again, with today's rules, about all entries stored since a time, and show which alerts would appear, vanish or change.

    Nothing is sent and nothing is written. Of an entry that was edited, the texts that were part of an alert are decided about, and the
    last one. With nothing new stored, the same call prints the same bytes.
    """
    if rules is not None:
        if wrong := faults(rules):
            raise Failed("\nError: ".join(wrong), WRONG_USE)
        return run_with(rules, _arguments(ctx, config_path, name, as_json=as_json))
    config = configured_store(config_path)
    with store_failures():
        store = open_store(config.store_url, create=False)
        try:
            _, watches = store.watches()
            wanted = _wanted(watches, name)
            with progress("Deciding again") as (total, advance):
                found = _replay(store, wanted, clock() - since, total, advance)
        finally:
            store.close()
    _print(found, as_json=as_json)
    return DONE


def _replay(
    store: Store, watches: tuple[Watch, ...], since: datetime, total: Callable[[int], None], advance: Callable[[], None]
) -> Replayed:
    try:
        return replay(store, watches, since, on_start=total, on_entry=advance)
    except (LookupError, ValueError, TypeError, AttributeError, OSError) as error:
        if (folder := given()) is None:
            raise
        raise Failed(f"the rules in {folder} cannot be used ({type(error).__name__}: {error})", WRONG_USE) from error


def _arguments(ctx: click.Context, config_path: Path, name: str | None, *, as_json: bool) -> list[str]:
    """The same call without the folder."""
    debug = ["--debug"] if ctx.find_root().params.get("debug") else []
    since = ctx.params["since"]
    hours = f"{int(since / timedelta(hours=1))}h"
    watch = ["--watch", name] if name is not None else []
    return [*debug, "replay", "--config", str(config_path), "--since", hours, *watch, *(["--json"] if as_json else [])]


def _wanted(watches: tuple[Watch, ...], name: str | None) -> tuple[Watch, ...]:
    if name is None:
        return watches
    meant = normal_name(name)
    found = tuple(
        one
        for one in watches
        if name == one.id or meant in {normal_name(known) for side, _ in one.sides for known in (side.name, *side.aliases)}
    )
    if not found:
        raise Failed(f"nobody watches {name!r}", WRONG_USE)
    return found


def _print(found: Replayed, *, as_json: bool) -> None:
    if as_json:
        counts = {"entries": found.entries, "alerts_before": found.before, "alerts_after": found.after, "rules": rules_version()}
        emit([counts | {"differences": len(found.differences)}])
        emit(map(as_record, found.differences))
        return
    for one in found.differences:
        _show(one)
    people().print(
        f"{counted(found.entries, 'entry', 'entries')}: {counted(found.before, 'alert')} as stored, {found.after:,} by the rules "
        f"{rules_version()}; {_difference(found)}."
    )


def _difference(found: Replayed) -> str:
    if not found.differences:
        return "none would differ"
    counts = [(sum(one.change == change for one in found.differences), change) for change in _SIGNS]
    return ", ".join(f"{count:,} {change if count == 1 else change.removesuffix('s')}" for count, change in counts if count)


def _show(one: Difference) -> None:
    alert = f"alert {one.before.alert_id}, " if one.before else ""
    people().print(f"{_SIGNS[one.change]} {alert}{one.one.event}, {shown(one.one.at)}: {shown(one.one.title)}", soft_wrap=True)
    people().print(f"    {shown(one.why)}", soft_wrap=True)
