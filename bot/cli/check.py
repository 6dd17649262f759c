"""``check``: everything that can be wrong before the daemon starts, told at once."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.cli.common import DONE, SOME_FEEDS_FAILED, WRONG_USE, clock, config_option, emit, json_option, show_table, start_logging
from bot.cli.findings import about_store, about_token, ask_telegram, read_config, show
from bot.cli.progress import progress
from bot.config import Config
from bot.config_rows import config_watches
from bot.feed_addresses import expand_feeds
from bot.polling import CONCURRENT_POLLS
from bot.probe import Answer, prober
from watchers.types import Feed


@click.command()
@config_option
@click.option("--online", is_flag=True, help="Also ask Telegram and every feed.")
@json_option
def check(config_path: Path, *, online: bool, as_json: bool) -> int:
    """Look for every mistake in the configuration, the database, the token and the feeds' addresses.

    The exit code is 2 when there is a mistake; with --online it is 3 when all is right but some feeds fail.
    """
    config, findings = read_config(config_path)
    if config is None:
        show(findings, as_json=as_json)
        return WRONG_USE
    start_logging(config, None)
    token, about = about_token(config)
    findings += about_store(config) + about
    if online and token is not None:
        findings += asyncio.run(ask_telegram(config, token))
    show(findings, as_json=as_json)
    mistaken = any(finding.level == "mistake" for finding in findings)
    failing = _online(config, as_json=as_json) if online else False
    return WRONG_USE if mistaken else SOME_FEEDS_FAILED if failing else DONE


def _online(config: Config, *, as_json: bool) -> bool:
    """Ask every feed and show what it answers; whether some failed."""
    answers = asyncio.run(ask_feeds(config, clock()))
    if as_json:
        emit(_record(answer) for answer in answers)
    else:
        show_table(
            ["Feed", "Status", "Entries", "Newest", "Answer"],
            ([answer.feed.id, answer.status, len(answer.entries), answer.newest, _said(answer)] for answer in answers),
        )
    return any(answer.error for answer in answers)


async def ask_feeds(config: Config, now: datetime) -> list[Answer]:
    """Ask every configured feed once."""
    chosen = expand_feeds(config.feeds, config_watches(config))
    slots = asyncio.Semaphore(CONCURRENT_POLLS)
    async with prober(config, processes=2) as asked:
        with progress("Asking feeds") as (total, advance):
            total(len(chosen))

            async def one(feed: Feed) -> Answer:
                async with slots:
                    answer = await asked.ask(feed, now)
                advance()
                return answer

            return await asyncio.gather(*map(one, chosen))


def _said(answer: Answer) -> str:
    if answer.error:
        return f"FAILS: {answer.error}"
    remarks = list(answer.problems)
    if answer.moved_to:
        remarks.append(f"moved for good: write {answer.moved_to}")
    if not answer.entries:
        remarks.append("no entry now")
    return "; ".join(remarks) or "well"


def _record(answer: Answer) -> dict[str, Any]:
    return {
        "feed": answer.feed.id,
        "url": answer.feed.url,
        "status": answer.status,
        "entries": len(answer.entries),
        "newest": answer.newest,
        "moved_to": answer.moved_to,
        "problems": list(answer.problems),
        "error": answer.error,
    }
