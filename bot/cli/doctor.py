"""``doctor``: what is wrong with an installation, each cause by its name and with its mend.

``check`` looks at what is written; this also looks at the machine, at what the daemon has left in its database, and, asked to, outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import click

from bot.cli.check import ask_feeds
from bot.cli.common import DONE, FAILED, WRONG_USE, clock, config_option, counted, json_option, shown, start_logging
from bot.cli.findings import Finding, about_store, about_token, ask_telegram, read_config, right, show, unwise, wrong
from bot.cli.machine import about_machine, look
from bot.config import Config
from bot.feed_health import late
from bot.lockfile import holder
from bot.probe import Answer
from storage.exceptions import StoreError
from storage.records import ChannelKind, ChannelState, DeliveryState
from storage.store import Store, open_store

_CLOCK_OFF = timedelta(minutes=2)  # polls, digests and quiet hours are told by it; a certificate can fail by less than a day
_WAITS_LONG = timedelta(minutes=30)
_SHOWN = 5  # feeds or channels that are named; the rest is counted


@click.command()
@config_option
@click.option("--online", is_flag=True, help="Also ask Telegram and every feed.")
@json_option
def doctor(config_path: Path, *, online: bool, as_json: bool) -> int:
    """Find out why an installation does not do what it should, and say what to do about it.

    The exit code is 2 when the configuration is wrong, 1 when anything else is.
    """
    config, findings = read_config(config_path)
    if config is None:
        show(findings, as_json=as_json)
        return WRONG_USE
    start_logging(config, None)
    now = clock()
    token, about = about_token(config)
    stored = about_store(config)
    findings += about + stored + about_machine(look(config))
    if config.store_path is None or config.store_path.exists():
        findings += about_daemon(config, now) if all(finding.level == "ok" for finding in stored) else []
    if online:
        findings += asyncio.run(ask_telegram(config, token)) if token is not None else []
        findings += about_feeds(asyncio.run(ask_feeds(config, now)), now)
    show(findings, as_json=as_json)
    return FAILED if any(finding.level == "mistake" for finding in findings) else DONE


def about_daemon(config: Config, now: datetime) -> list[Finding]:
    """What the daemon left behind: whether it works, for whom, and what waits."""
    try:
        store = open_store(config.store_url, create=False)
    except StoreError as error:
        return [wrong("store", str(error))]
    with store:
        return [*_running(config, store, now), *_polls(store, now), *_places(store), *_waiting(store, now)]


def _running(config: Config, store: Store, now: datetime) -> list[Finding]:
    counts = store.counts(now)
    last = counts.last_poll_ok_at
    if last is not None and last > now + _CLOCK_OFF:
        return [wrong("machine", f"the clock is wrong: a feed was read on {shown(last)}, and it is only {shown(now)}")]
    process = holder(config.store_path) if config.store_path else None
    if process is not None:
        return [right("daemon", f"it runs, process {process}")]
    if config.store_path is None:
        return []  # several may share the database, and none of them holds a file
    return [wrong("daemon", f"it is not running, and no feed was read since {shown(last)}: start it with contractwatch run")]


def _polls(store: Store, now: datetime) -> list[Finding]:
    feeds = store.feeds()
    failing = [f"{feed.id} ({feed.state.last_error})" for feed in feeds if feed.state.fail_count]
    overdue = [feed.id for feed in feeds if late(feed.state, now)]
    moved = [f"{feed.id} is now {feed.state.moved_to}" for feed in feeds if feed.state.moved_to and not feed.state.fail_count]
    found = []
    if failing:
        found.append(wrong("feed", f"{counted(len(failing), 'feed')} failed when last asked: {_some(failing)}"))
    if overdue:
        message = f"{counted(len(overdue), 'feed is', 'feeds are')} long overdue ({_some(overdue)}): is the daemon stuck or not running?"
        found.append(wrong("daemon", message))
    if moved:
        found.append(unwise("feed", f"{counted(len(moved), 'feed')} moved for good, write the new address: {_some(moved)}"))
    return found or [right("feed", f"{counted(len(feeds), 'feed')}, none failing or overdue")]


def _places(store: Store) -> list[Finding]:
    channels = store.channels()
    if not channels:
        return [unwise("daemon", "nobody is told: add a [[channels]] table, or write /start to the bot")]
    _, watches = store.watches()
    found = [] if watches else [unwise("daemon", "nothing is watched: add a watch to a [[watchlists]] table, or send a name to the bot")]
    silent = [
        f"{channel.title} ({channel.state_reason or 'no reason kept'})"
        for channel in channels
        if channel.state is ChannelState.SUSPENDED and channel.kind is ChannelKind.TELEGRAM
    ]
    if silent:
        them = counted(len(silent), "channel", "channels")
        found.append(unwise("daemon", f"{them} cannot be written to; it goes on by itself when the bot is let in again: {_some(silent)}"))
    return found


def _waiting(store: Store, now: datetime) -> list[Finding]:
    counts = store.counts(now)
    waiting = counts.deliveries.get(DeliveryState.PENDING, 0) + counts.deliveries.get(DeliveryState.SENDING, 0)
    oldest = counts.oldest_pending_at
    if waiting and oldest is not None and now - oldest > _WAITS_LONG:
        since = shown(oldest)
        return [
            wrong("daemon", f"{counted(waiting, 'message waits', 'messages wait')} since {since}: is the daemon running, has it a token?")
        ]
    failed = counts.deliveries.get(DeliveryState.FAILED, 0)
    if failed:
        return [
            unwise("daemon", f"{counted(failed, 'message was', 'messages were')} refused for good: contractwatch ledger verify lists them")
        ]
    return []


def about_feeds(answers: Sequence[Answer], now: datetime) -> list[Finding]:
    """What the feeds answered just now, and whether their clocks agree with this machine's."""
    failing = [f"{answer.feed.id} ({answer.error})" for answer in answers if answer.error]
    found = [wrong("feed", f"{counted(len(failing), 'feed does', 'feeds do')} not answer: {_some(failing)}")] if failing else []
    offsets = [(answer.served_at - now).total_seconds() for answer in answers if answer.served_at is not None]
    if offsets and abs(off := median(offsets)) > _CLOCK_OFF.total_seconds():
        way = "behind" if off > 0 else "ahead of"
        found.append(wrong("machine", f"the clock is {abs(off) / 60:.0f} minutes {way} the servers': set it, and keep it set by NTP"))
    return found or [right("feed", f"{counted(len(answers), 'feed answers', 'feeds answer')}")]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return "; ".join(names[:_SHOWN]) + more
