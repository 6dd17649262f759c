"""What ``check`` and ``doctor`` look at before anything runs: the configuration, the database, the token; one sentence for each finding."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.text import Text
from telegram import WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.cli.common import emit, people
from bot.config import Config, load_config
from bot.config_mistakes import ConfigError, Mistake
from bot.config_sections import WebhookSection
from bot.telegram_api import READ_TIMEOUT, make_bot, make_request
from bot.token import Token, TokenError, read_token, read_webhook_secret, why_no_token
from bot.webhook import why_not_brought
from storage import store as storage
from storage.address import inspect_file
from storage.exceptions import StoreError
from storage.records import ChannelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``level`` is "mistake", "warning" or "ok"; a mistake's message ends with its mend."""

    level: str
    about: str  # "config", "store", "token", "webhook", "machine", "daemon", "feed"
    message: str
    file: str | None = None
    line: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else f"{self.about}: "
        return place + (f"{self.key}: " if self.key else "") + self.message


def wrong(about: str, message: str) -> Finding:
    """Something that does not work, or will not."""
    return Finding(level="mistake", about=about, message=message)


def unwise(about: str, message: str) -> Finding:
    """Something that works, and should be looked at."""
    return Finding(level="warning", about=about, message=message)


def right(about: str, message: str) -> Finding:
    """Something that was looked at and is well."""
    return Finding(level="ok", about=about, message=message)


def show(findings: Iterable[Finding], *, as_json: bool) -> None:
    """Print findings, a line each."""
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


def read_config(path: Path) -> tuple[Config | None, list[Finding]]:
    """The configuration with what is unwise in it, or none with every mistake."""
    try:
        config = load_config(path)
    except ConfigError as error:
        return None, [_from_config("mistake", mistake) for mistake in error.mistakes]
    return config, [_from_config("warning", warning) for warning in config.warnings]


def _from_config(level: str, mistake: Mistake) -> Finding:
    return Finding(level=level, about="config", message=mistake.message, file=mistake.file, line=mistake.line, key=mistake.key or None)


def about_store(config: Config) -> list[Finding]:
    """A SQLite database that does not exist yet is made by the daemon; everything else must be usable as it is."""
    path = config.store_path
    try:
        if path is not None and not inspect_file(path, str(path), create=True):
            return [right("store", f"{path} does not exist yet: the daemon makes it")]
        problems = storage.check(config.store_url)
    except StoreError as error:
        problems = [str(error)]
    return [wrong("store", problem) for problem in problems] or [right("store", "the database is well")]


def about_token(config: Config) -> tuple[Token | None, list[Finding]]:
    """The token, where there is one that can be used, and what is to be said of it."""
    try:
        token = read_token(config.token_file, os.environ)
    except TokenError as error:
        return None, [wrong("token", str(error))]
    if token is not None:
        return token, [right("token", "there is a token, and it looks like one"), *_about_secret(config)]
    waiting = any(channel.kind is ChannelKind.TELEGRAM for channel in config.channels)
    hint = "; what is meant for the Telegram channels of the configuration waits until there is one" if waiting else ""
    return None, [unwise("token", why_no_token(config.token_file) + hint)]


def _about_secret(config: Config) -> list[Finding]:
    if config.telegram.webhook is None:
        return []
    try:
        read_webhook_secret(config.webhook_secret_file, os.environ)
    except TokenError as error:
        return [wrong("webhook", str(error))]
    return [right("webhook", "there is a secret, and it is long enough")]


async def ask_telegram(config: Config, token: Token) -> list[Finding]:
    """Whether Telegram knows the bot, and whether anything else takes its updates away."""
    address = config.telegram.api_base_url
    requests = make_request(READ_TIMEOUT, connections=1), make_request(READ_TIMEOUT, connections=1)
    bot = make_bot(token.reveal(), address, sends=requests[0], polls=requests[1])
    try:
        async with bot:
            known = right("token", f"Telegram knows the bot: @{bot.username}")
            hook = await bot.get_webhook_info()
    except InvalidToken:
        return [wrong("token", f"{address} refuses the token: it was revoked or mistyped; get a valid one from @BotFather")]
    except TelegramError as error:
        return [wrong("token", f"{address} cannot be asked: {error.message}")]
    return [known, *about_webhook(config.telegram.webhook, hook)]


def about_webhook(wanted: WebhookSection | None, found: WebhookInfo) -> list[Finding]:
    """Whether updates come to this daemon the way that the configuration says."""
    if wanted is None:
        if not found.url:
            return []
        message = (
            f"the bot has a webhook at {_host(found)}, so no command reaches a daemon that asks for them: this one takes away at its start "
            "what it set itself; what another program set, let that delete, or get a token of its own from @BotFather"
        )
        return [wrong("webhook", message)]
    if not found.url:
        return [unwise("webhook", "Telegram brings no updates yet: the daemon sets the webhook when it starts")]
    if found.url != wanted.url:
        message = (
            f"Telegram brings updates to {_host(found)}: another program uses the token, or the daemon was not started since the change"
        )
        return [wrong("webhook", message)]
    if trouble := why_not_brought(found, None):
        return [wrong("webhook", f"{trouble}; your proxy must hand {wanted.url} on to {wanted.listen}, and the daemon must run")]
    return [right("webhook", f"Telegram brings updates to {found.url}")]


def _host(found: WebhookInfo) -> str:
    """Where a webhook is; many programs put the bot's token into the rest of its address."""
    return urlsplit(found.url).hostname or "an address without a host"
