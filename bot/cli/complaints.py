"""``complaints``: what people said was wrong with alerts, as test cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.common import DONE, config_option, configured_store, emit, json_option, show_table, store_failures
from storage.complaints import Complaint
from storage.store import open_store


@click.command()
@config_option
@json_option
def complaints(config_path: Path, *, as_json: bool) -> int:
    """Show what people said was wrong with alerts, the oldest first: the text, what was told of it, and the reason they gave.

    Who said so is not shown. With --json each line can be given to classify, to see what today's rules make of it.
    """
    config = configured_store(config_path)
    with store_failures():
        store = open_store(config.store_url, create=False)
        try:
            found = store.complaints()
        finally:
            store.close()
    if as_json:
        emit(_case(one) for one in found)
    elif found:
        show_table(
            ["Alert", "Said", "Wrong", "Feed", "Title"], ([one.alert_id, one.made_at, one.reason, one.feed, one.title] for one in found)
        )
    else:
        click.echo("Nobody has said that an alert is wrong.")
    return DONE


def _case(one: Complaint) -> dict[str, Any]:
    text: dict[str, Any] = {
        "id": f"complaint-{one.id}",
        "title": one.title,
        "summary": one.summary,
        "url": one.url,
        "published": one.published,
    }
    text |= {"language": one.language, "release": one.release}
    return {name: value for name, value in text.items() if value} | {
        "feed": one.feed,
        "alert_id": one.alert_id,
        "told": one.told,
        "wrong": one.reason.value,
        "said_at": one.made_at,
    }
