"""``feeds``: which feeds there are and how they are, and what one would bring."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.cli.common import (
    DONE,
    FAILED,
    Failed,
    clock,
    config_option,
    configured_store,
    emit,
    json_option,
    notices,
    show_table,
    span,
    store_failures,
)
from bot.cli.feed_files import add_feed, export_feeds, import_feeds
from bot.cli.progress import progress
from bot.config import Config
from bot.config_rows import config_watches
from bot.config_sections import FeedSection
from bot.feed_addresses import address_mistake, expand_feeds, is_template
from bot.feed_health import health
from bot.probe import Answer, Prober, prober
from storage.records import FeedRecord
from storage.store import open_store
from watchers.notices import award_parties
from watchers.types import Entry, Feed, FeedKind, Finding, Watch

_SHOWN_ENTRIES = 40
_SHOWN_OLD = 100


@click.group()
def feeds() -> None:
    """Look at the feeds, add some, and exchange them with other programs."""


for _command in (add_feed, import_feeds, export_feeds):
    feeds.add_command(_command)


@feeds.command("list")
@config_option
@json_option
def list_feeds(config_path: Path, *, as_json: bool) -> None:
    """Show every feed that is polled, and how it is."""
    config = configured_store(config_path)
    watches, records = _stored(config)
    now = clock()
    rows = [_row(feed, records.get(feed.id), now) for feed in expand_feeds(config.feeds, watches)]
    if as_json:
        emit(rows)
        return
    show_table(
        ["Feed", "Kind", "Every", "Entries", "Health", "Address"],
        ([row["id"], row["kind"], span(row["every"]), row["entries"], row["health"], row["url"]] for row in rows),
    )
    off = [section.id for section in config.feeds if not section.enabled]
    if off:
        notices().print(f"Switched off: {', '.join(off)}")


def _stored(config: Config) -> tuple[Sequence[Watch], dict[str, FeedRecord]]:
    """What the store knows, or the configuration alone while there is no store yet."""
    if config.store_path is not None and not config.store_path.exists():
        return config_watches(config), {}
    with store_failures():
        store = open_store(config.store_url, create=False)
        try:
            _, watches = store.watches()
            return watches or config_watches(config), {record.id: record for record in store.feeds()}
        finally:
            store.close()


def _row(feed: Feed, record: FeedRecord | None, now: datetime) -> dict[str, Any]:
    state = record.state if record else None
    return {
        "id": feed.id,
        "name": feed.name,
        "kind": feed.kind.value,
        "url": feed.url,
        "every": feed.every,
        "entries": record.entries if record else 0,
        "health": health(state, now),
        "last_ok_at": state.last_ok_at if state else None,
        "next_poll_at": state.next_poll_at if state else None,
        "failures": state.fail_count if state else 0,
        "error": state.last_error if state else None,
    }


@feeds.command("old")
@config_option
@json_option
def old_entries(config_path: Path, *, as_json: bool) -> None:
    """List the newest entries that were kept and never told because they were older than their feed's max_age when they came."""
    config = configured_store(config_path)
    with store_failures():
        store = open_store(config.store_url, create=False)
        try:
            count, entries = store.old_entries(_SHOWN_OLD)
        finally:
            store.close()
    if as_json:
        emit(asdict(one) for one in entries)
        return
    show_table(
        ["Feed", "Published", "Came", "Would tell", "Title"],
        ([one.feed, one.published, one.first_seen_at, ", ".join(one.events), one.title] for one in entries),
    )
    if count > len(entries):
        notices().print(f"The newest {len(entries)} of {count:,}.")


@feeds.command("test")
@config_option
@json_option
@click.option(
    "--kind", type=click.Choice([kind.value for kind in FeedKind]), default=FeedKind.NEWS.value, help="Of an address; news by default."
)
@click.argument("feed", metavar="ID|URL")
def test_feed(config_path: Path, kind: str, feed: str, *, as_json: bool) -> int:
    """Fetch one feed now and show its entries and what they would tell. Nothing is stored, nobody is told."""
    config = configured_store(config_path)
    answers = asyncio.run(_ask(config, _chosen(config, feed, kind)))
    for answer, findings in answers:
        _show(answer, findings, as_json=as_json)
    return FAILED if any(answer.error for answer, _ in answers) else DONE


def _chosen(config: Config, wanted: str, kind: str) -> list[Feed]:
    """The feeds meant by an id (a template: one for each name) or an address."""
    watches = config_watches(config)
    if "://" in wanted:
        mistake = None if is_template(wanted) else address_mistake(wanted)
        if mistake:
            raise click.UsageError(mistake)
        section = FeedSection(id="test", kind=FeedKind(kind), url=wanted)
        found = expand_feeds([section], watches)
    else:
        everything = expand_feeds(config.feeds, watches)
        found = [feed for feed in everything if wanted in (feed.id, feed.id.partition(":")[0])]
    if not found:
        raise click.UsageError(f"there is no feed {wanted!r} in {config.path}: `contractwatch feeds list` shows them")
    return found


async def _ask(config: Config, chosen: list[Feed]) -> list[tuple[Answer, list[tuple[Finding, ...]]]]:
    now = clock()
    answers = []
    async with prober(config, processes=1) as asked:
        asked.workers.set_watches(0, config_watches(config))
        with progress("Asking") as (total, advance):
            total(len(chosen))
            for feed in chosen:
                answer = await asked.ask(feed, now)
                answers.append((answer, await _understood(asked, answer.entries)))
                advance()
    return answers


async def _understood(asked: Prober, entries: Sequence[Entry]) -> list[tuple[Finding, ...]]:
    return await asked.workers.understand(entries, [award_parties(entry.release) if entry.release else () for entry in entries])


def _show(answer: Answer, findings: list[tuple[Finding, ...]], *, as_json: bool) -> None:
    if as_json:
        emit(
            [
                {
                    "feed": answer.feed.id,
                    "status": answer.status,
                    "entries": len(answer.entries),
                    "error": answer.error,
                    "moved_to": answer.moved_to,
                }
            ]
        )
        emit(_entry(answer.feed, entry, found) for entry, found in zip(answer.entries, findings, strict=True))
        return
    if answer.error:
        raise Failed(f"{answer.feed.id}: {answer.error}")
    told = sum(1 for found in findings if _tells(found))
    notices().print(f"{answer.feed.id}: {len(answer.entries)} entries, {told} would alert ({answer.feed.url})")
    for problem in answer.problems:
        notices().print(f"  {problem}")
    rows = [[entry.published, _said(found), entry.title] for entry, found in zip(answer.entries, findings, strict=True)]
    show_table(["Published", "Event", "Entry"], rows[:_SHOWN_ENTRIES])
    if len(rows) > _SHOWN_ENTRIES:
        notices().print(f"… and {len(rows) - _SHOWN_ENTRIES} more; --json shows all.")


def _tells(found: Sequence[Finding]) -> bool:
    return any(finding.alert is not None and finding.matches for finding in found)


def _said(found: Sequence[Finding]) -> str:
    """The events of an entry; those that somebody would be told about in capitals."""
    return ", ".join(finding.event.value.upper() if _tells([finding]) else finding.event.value for finding in found)


def _entry(feed: Feed, entry: Entry, found: Sequence[Finding]) -> dict[str, Any]:
    return {
        "feed": feed.id,
        "title": entry.title,
        "url": entry.url,
        "published": entry.published,
        "alert": next((finding.alert for finding in found if _tells([finding])), None),
        "events": [finding.event.value for finding in found],
        "suppliers": [party.name for finding in found for party in finding.suppliers],
        "public_bodies": [party.name for finding in found for party in finding.public_bodies],
        "evidence": [finding.evidence.sentence for finding in found],
        "watches": sorted({match.watch for finding in found for match in finding.matches}),
    }
