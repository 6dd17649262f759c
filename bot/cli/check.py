"""``check``: everything that can be wrong before the daemon starts, told at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from rich.text import Text
from telegram.error import InvalidToken, TelegramError

from bot.cli.common import DONE, SOME_FEEDS_FAILED, WRONG_USE, clock, config_option, emit, json_option, people, show_table, start_logging
from bot.cli.progress import progress
from bot.config import Config, load_config
from bot.config_mistakes import ConfigError, Mistake
from bot.config_rows import config_watches
from bot.feed_addresses import expand_feeds
from bot.polling import CONCURRENT_POLLS
from bot.probe import Answer, prober
from bot.telegram_api import READ_TIMEOUT, make_bot, make_request
from bot.token import Token, TokenError, read_token, why_no_token
from storage import store as storage
from storage.exceptions import StoreError
from storage.records import ChannelKind
from watchers.types import Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``level`` is "mistake", "warning" or "ok"."""

    level: str
    about: str  # "config", "store", "token"
    message: str
    file: str | None = None
    line: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else f"{self.about}: "
        return place + (f"{self.key}: " if self.key else "") + self.message


@click.command()
@config_option
@click.option("--online", is_flag=True, help="Also ask Telegram and every feed.")
@json_option
def check(config_path: Path, *, online: bool, as_json: bool) -> int:
    """Look for every mistake in the configuration, the database, the token and the feeds' addresses.

    The exit code is 2 when there is a mistake; with --online it is 3 when all is right but some feeds fail.
    """
    try:
        config = load_config(config_path)
    except ConfigError as error:
        _tell([_from_config("mistake", mistake) for mistake in error.mistakes], as_json=as_json)
        return WRONG_USE
    start_logging(config, None)
    findings = [_from_config("warning", warning) for warning in config.warnings]
    findings += _store(config)
    token, about_token = _token(config)
    findings += about_token
    if online and token is not None:
        findings += asyncio.run(_telegram(config, token))
    _tell(findings, as_json=as_json)
    wrong = any(finding.level == "mistake" for finding in findings)
    failing = _online(config, as_json=as_json) if online else False
    return WRONG_USE if wrong else SOME_FEEDS_FAILED if failing else DONE


def _from_config(level: str, mistake: Mistake) -> Finding:
    return Finding(level=level, about="config", message=mistake.message, file=mistake.file, line=mistake.line, key=mistake.key or None)


def _store(config: Config) -> list[Finding]:
    """A SQLite database that does not exist yet is made by the daemon; everything else must be usable as it is."""
    if config.store_path is not None and not config.store_path.exists() and config.store_path.parent.is_dir():
        return [Finding(level="ok", about="store", message=f"{config.store_path} does not exist yet: the daemon makes it")]
    try:
        problems = storage.check(config.store_url)
    except StoreError as error:
        problems = [str(error)]
    if problems:
        return [Finding(level="mistake", about="store", message=problem) for problem in problems]
    return [Finding(level="ok", about="store", message="the database is well")]


def _token(config: Config) -> tuple[Token | None, list[Finding]]:
    try:
        token = read_token(config.token_file, os.environ)
    except TokenError as error:
        return None, [Finding(level="mistake", about="token", message=str(error))]
    if token is not None:
        return token, [Finding(level="ok", about="token", message="there is a token, and it looks like one")]
    waiting = any(channel.kind is ChannelKind.TELEGRAM for channel in config.channels)
    hint = "; what is meant for the Telegram channels of the configuration waits until there is one" if waiting else ""
    return None, [Finding(level="warning", about="token", message=why_no_token(config.token_file) + hint)]


async def _telegram(config: Config, token: Token) -> list[Finding]:
    requests = make_request(READ_TIMEOUT, connections=1), make_request(READ_TIMEOUT, connections=1)
    bot = make_bot(token.reveal(), config.telegram.api_base_url, sends=requests[0], polls=requests[1])
    try:
        async with bot:
            return [Finding(level="ok", about="token", message=f"Telegram knows the bot: @{bot.username}")]
    except InvalidToken:
        message = f"{config.telegram.api_base_url} refuses the token: it was revoked or mistyped; get a valid one from @BotFather"
    except TelegramError as error:
        message = f"{config.telegram.api_base_url} cannot be asked: {error.message}"
    return [Finding(level="mistake", about="token", message=message)]


def _tell(findings: Iterable[Finding], *, as_json: bool) -> None:
    if as_json:
        emit({key: value for key, value in asdict(finding).items() if value is not None} for finding in findings)
        return
    marks = {
        "mistake": Text("wrong   ", style="bold red"),
        "warning": Text("unwise  ", style="yellow"),
        "ok": Text("right   ", style="green"),
    }
    for finding in findings:
        people().print(Text.assemble(marks[finding.level], str(finding)), soft_wrap=True)


def _online(config: Config, *, as_json: bool) -> bool:
    """Ask every feed and show what it answers; whether some failed."""
    chosen = expand_feeds(config.feeds, config_watches(config))
    answers = asyncio.run(_ask(config, chosen))
    if as_json:
        emit(_record(answer) for answer in answers)
    else:
        show_table(
            ["Feed", "Status", "Entries", "Newest", "Answer"],
            ([answer.feed.id, answer.status, len(answer.entries), answer.newest, _said(answer)] for answer in answers),
        )
    return any(answer.error for answer in answers)


async def _ask(config: Config, chosen: list[Feed]) -> list[Answer]:
    now = clock()
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
