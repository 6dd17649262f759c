"""``ledger``: whether every alert reached everybody it is for, or why not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from bot.cli.common import DONE, FAILED, clock, config_option, configured_store, counted, emit, json_option, show_table, store_failures
from storage.ledger import Ledger
from storage.store import open_store

_SAID = {
    "pending": "wait to be sent",
    "sending": "are under way",
    "sent": "were sent",
    "uncertain": "may have arrived, and are not sent again",
    "failed": "were refused for good",
    "withheld": "were withheld, with the reason",
}


@click.group()
def ledger() -> None:
    """Go through all alerts and whom they are for."""


@ledger.command()
@config_option
@json_option
def verify(config_path: Path, *, as_json: bool) -> int:
    """Verify that every alert has exactly one state for every channel it is for; exit code 1 when one is missing or doubled.

    What is wrong is named: the alert (contractwatch evidence shows it) and the channel. May be run while the daemon works.
    """
    config = configured_store(config_path)
    with store_failures():
        store = open_store(config.store_url, create=False)
        try:
            found = store.ledger(clock())
        finally:
            store.close()
    if as_json:
        emit([_summary(found)])
        emit(asdict(problem) for problem in found.problems)
    else:
        _show(found)
    return FAILED if found.problems else DONE


def _summary(found: Ledger) -> dict[str, object]:
    return {
        "alerts": found.alerts,
        "not_handed_out": found.not_handed_out,
        "pairs": found.pairs,
        "states": dict(found.states),
        "may_be_second": found.may_be_second,
        "problems": len(found.problems),
    }


def _show(found: Ledger) -> None:
    click.echo(f"{counted(found.alerts, 'alert')}, {counted(found.pairs, 'delivery', 'deliveries')} to channels:")
    for state, count in found.states.items():
        if count:
            click.echo(f"  {count:,} {_SAID[state]}")
    if found.not_handed_out:
        click.echo(f"{counted(found.not_handed_out, 'alert')} not yet handed out to channels.")
    if found.may_be_second:
        click.echo(f"{counted(found.may_be_second, 'message')} waiting may have arrived before, and will be marked.")
    if found.problems:
        show_table(
            ["Alert", "Channel", "Title", "Wrong", "What"],
            ([one.alert_id, one.channel_id, one.channel, one.kind, one.sentence] for one in found.problems),
        )
    else:
        click.echo("Every alert has exactly one state for every channel it is for.")
