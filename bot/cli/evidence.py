"""``evidence``: what an alert rests on, and whether it still is what was read."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import DONE, FAILED, Failed, config_option, configured_store, emit, json_option, show_table, store_failures
from bot.evidence import as_record, as_text, problems
from storage.exceptions import NotFound
from storage.store import Store, open_store

_NEWEST = 20


@click.command()
@config_option
@json_option
@click.argument("alert", type=click.IntRange(min=1), required=False)
def evidence(config_path: Path, alert: int | None, *, as_json: bool) -> int:
    """Show what ALERT rests on: the texts as they were read, when and from where, the rule, and SHA-256 digests, which are verified.

    Without ALERT the newest alerts are listed with their numbers. The page itself may be gone: what is shown is what was kept. The exit
    code is 1 when a text is not what its digest was made of.
    """
    config = configured_store(config_path)
    with store_failures():
        store = open_store(config.store_url, create=False)
        try:
            return _list(store, as_json=as_json) if alert is None else _show(store, alert, as_json=as_json)
        finally:
            store.close()


def _list(store: Store, *, as_json: bool) -> int:
    alerts = store.newest_alerts(_NEWEST)
    if as_json:
        emit({"alert": number, "created_at": at, "kind": event, "words": words} for number, at, event, words in alerts)
    elif alerts:
        show_table(["Alert", "Made", "Kind", "Words"], alerts)
    else:
        click.echo("There is no alert yet.")
    return DONE


def _show(store: Store, alert: int, *, as_json: bool) -> int:
    try:
        found = store.evidence(alert)
    except NotFound:
        raise Failed(f"there is no alert {alert}; contractwatch evidence lists the newest") from None
    if as_json:
        emit([as_record(found)])
    else:
        click.echo(as_text(found), nl=False)
    return FAILED if problems(found) else DONE
