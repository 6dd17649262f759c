"""``run``: the daemon, or one round of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import click
from rich.text import Text

from bot.app import Daemon
from bot.cli.common import (
    DONE,
    EX_CONFIG,
    SOME_FEEDS_FAILED,
    Failed,
    Secrets,
    clock,
    config_option,
    configured,
    counted,
    exit_code_of,
    json_option,
    notices,
)
from bot.cli.progress import progress
from bot.config import Config
from bot.console import ConsoleTransport
from bot.deliver import Transport
from bot.once import Round, run_round
from bot.outcomes import TokenRefused
from bot.parts import opened
from bot.sdnotify import Notifier
from bot.serving import PlaceError
from bot.token import Token, TokenError, why_no_token
from bot.updates import Telegram
from bot.webhook import Webhook
from storage.exceptions import StoreError
from storage.records import ChannelKind

_TERMINATED = 143  # 128 and SIGTERM, as a shell reports it


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Poll every feed once, deliver what is pending, and stop.")
@json_option
def run(config_path: Path, *, once: bool, as_json: bool) -> int:
    """Watch the feeds, and tell the channels.

    The daemon runs until SIGTERM or Ctrl-C; a second one ends it at once. With --once the exit code is 3 when some feeds failed.
    """
    try:
        config, secrets = configured(config_path)
        if once:
            return asyncio.run(_once(config, secrets.token, as_json=as_json))
        daemon = Daemon(config, secrets.token, _webhook(config, secrets), own=clock, notifier=Notifier(os.environ), as_json=as_json)
        return asyncio.run(daemon.run())
    except (StoreError, TokenError) as error:
        raise Failed(str(error), exit_code_of(error)) from error
    except PlaceError as error:
        raise Failed(str(error)) from error
    except TokenRefused as error:
        raise Failed(str(error), EX_CONFIG) from error
    except asyncio.CancelledError as error:
        raise Failed("stopped before the round was over: what is left is done by the next", _TERMINATED) from error


def _webhook(config: Config, secrets: Secrets) -> Webhook | None:
    section = config.telegram.webhook
    if section is None or secrets.webhook is None:
        return None
    return Webhook(url=section.url, listen=section.listen, secret=secrets.webhook)


async def _once(config: Config, token: Token | None, *, as_json: bool) -> int:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    transports: dict[ChannelKind, Transport] = {ChannelKind.CONSOLE: ConsoleTransport(sys.stdout, as_json=as_json)}
    async with AsyncExitStack() as stack:
        if token is None:
            notices().print(why_no_token(config.token_file), style="dim")
        parts = await stack.enter_async_context(opened(config, clock, telegram=token is not None))
        if token is not None:
            telegram = Telegram(token.reveal(), config.telegram.api_base_url, parts.store, parts.call, now=parts.now, wake=lambda: None)
            stack.push_async_callback(telegram.close)
            transports[ChannelKind.TELEGRAM] = telegram.transport
        with progress("Polling feeds") as (total, advance):
            done = await run_round(parts, transports, on_start=lambda feeds: total(len(feeds)), on_done=lambda _: advance())
    _tell(done)
    return SOME_FEEDS_FAILED if done.failed else DONE


def _tell(done: Round) -> None:
    """What the round did, on stderr: stdout belongs to the alerts."""
    new, alerts = sum(outcome.new for outcome in done.outcomes), sum(outcome.alerts for outcome in done.outcomes)
    for outcome in done.failed:
        notices().print(Text(f"{outcome.feed}: {outcome.error}"))
    polled = f"{counted(len(done.outcomes), 'feed')} polled, {len(done.failed)} failed"
    found = f"{counted(new, 'new entry', 'new entries')}, {counted(alerts, 'alert')}"
    notices().print(f"{polled}; {found}, {counted(done.delivered, 'message')} delivered.")
