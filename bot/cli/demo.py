"""``demo``: the sample week, in a minute, without network or set-up."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

import click

from bot.cli.common import DONE, FAILED, json_option, notices
from bot.console import ConsoleTransport
from bot.demo import run_demo
from bot.resources import samples


@click.command()
@json_option
def demo(*, as_json: bool) -> int:
    """Watch the week of samples that comes with this program, and print its alerts.

    Invented feeds and notices of seven days are served on this machine and go through everything that real ones do: fetching, reading,
    understanding, the database (a temporary one), and the telling.
    """

    def day(now: datetime) -> None:
        notices().print(f"{now:%A %d %B %Y}", style="dim")

    rounds = asyncio.run(run_demo(samples(), ConsoleTransport(sys.stdout, as_json=as_json), on_day=day))
    new = sum(outcome.new for one in rounds for outcome in one.outcomes)
    alerts = sum(one.delivered for one in rounds)
    failed = [outcome for one in rounds for outcome in one.failed]
    for outcome in failed:
        notices().print(f"{outcome.feed}: {outcome.error}")
    notices().print(
        f"{new} entries in a week, {alerts} alerts. Next: `make run` watches real feeds; README.md says how to be told in Telegram."
    )
    return FAILED if failed else DONE
