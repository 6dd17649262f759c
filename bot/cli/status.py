"""``status``: how the daemon, its feeds and its deliveries are, read from the store."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.cli.common import (
    Failed,
    clock,
    config_option,
    configured_store,
    counted,
    emit,
    json_option,
    people,
    show_table,
    shown,
    store_failures,
)
from bot.config import Config
from bot.feed_health import health
from bot.lockfile import holder
from storage.records import Counts, FeedRecord
from storage.store import open_store


@click.command()
@config_option
@json_option
def status(config_path: Path, *, as_json: bool) -> None:
    """Show what the store holds, how each feed is, and whether a daemon is running."""
    config = configured_store(config_path)
    if config.store_path is not None and not config.store_path.exists():
        raise Failed(f"{config.store_path} does not exist yet: the daemon makes it when it first runs")
    now = clock()
    with store_failures():
        store = open_store(config.store_url, create=False)
        try:
            counts, feeds = store.counts(now), store.feeds()
        finally:
            store.close()
    daemon = holder(config.store_path) if config.store_path else None
    if as_json:
        emit([_summary(config, counts, daemon)])
        emit(_feed(record, now) for record in feeds)
        return
    _show(config, counts, daemon)
    show_table(
        ["Feed", "Entries", "Last answer", "Next poll", "Health"],
        ([record.id, record.entries, record.state.last_ok_at, record.state.next_poll_at, health(record.state, now)] for record in feeds),
    )


def _summary(config: Config, counts: Counts, daemon: int | None) -> dict[str, Any]:
    return {
        "daemon_pid": daemon,
        "entries": counts.entries,
        "old_entries": counts.old_entries,
        "stories": counts.stories,
        "alerts": counts.alerts,
        "watches": counts.watches,
        "channels": counts.channels,
        "deliveries": dict(counts.deliveries),
        "oldest_pending_at": counts.oldest_pending_at,
        "feeds": counts.feeds,
        "feeds_failing": counts.feeds_failing,
        "last_poll_ok_at": counts.last_poll_ok_at,
        "database": "sqlite" if config.store_path else "postgresql",
    }


def _feed(record: FeedRecord, now: datetime) -> dict[str, Any]:
    return {
        "feed": record.id,
        "name": record.name,
        "kind": record.kind.value,
        "entries": record.entries,
        "health": health(record.state, now),
        "last_ok_at": record.state.last_ok_at,
        "next_poll_at": record.state.next_poll_at,
        "failures": record.state.fail_count,
        "error": record.state.last_error,
    }


def _show(config: Config, counts: Counts, daemon: int | None) -> None:
    waiting = counts.deliveries.get("pending", 0) + counts.deliveries.get("sending", 0)
    if config.store_path is None:
        running = "see your service manager (several may share a PostgreSQL database)"
    else:
        running = f"running, process {daemon}" if daemon else "not running"
    lines = [
        ("Daemon", running),
        ("Last answer of a feed", shown(counts.last_poll_ok_at)),
        ("Feeds", f"{counts.feeds}, {counts.feeds_failing} failing"),
        ("Entries", f"{counts.entries:,}" + (f", {counts.old_entries:,} too old to be told (feeds old)" if counts.old_entries else "")),
        ("Stories", f"{counts.stories:,}"),
        ("Alerts", f"{counts.alerts:,}"),
        ("Watches", f"{counts.watches:,} in {counted(counts.channels, 'channel')}"),
        ("Deliveries", ", ".join(f"{count:,} {state}" for state, count in sorted(counts.deliveries.items())) or "none"),
    ]
    if waiting:
        lines.append(("Oldest waiting since", shown(counts.oldest_pending_at)))
    for label, text in lines:
        people().print(f"{label + ':':23}{text}")
    people().print()
