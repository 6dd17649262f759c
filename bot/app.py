"""The daemon: everything put together, started and stopped in order.

Starting: lock, recovery, configuration into the store, then those who work: Telegram, deliveries, ticks; ready only after that. Stopping,
the other way round: nothing new is claimed, what is under way is finished within ten seconds, and what is not stays a row that the next
start finds. The order can be read from top to bottom in ``Daemon._work``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.config import Config
from bot.console import ConsoleTransport
from bot.deliver import Transport
from bot.health import HealthServer, Vitals
from bot.jobs import Jobs
from bot.parts import Parts, opened
from bot.sdnotify import Notifier
from bot.telegram_api import TelegramTransport, make_bot
from bot.token import Token, why_no_token
from bot.trouble import StoreTrouble
from bot.updates import Telegram
from storage.exceptions import StoreError
from storage.records import ChannelKind

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=10)  # for what is under way when the daemon is told to stop
_TICK = timedelta(seconds=1)
_FAN_OUT = timedelta(seconds=2)
_MAINTENANCE = timedelta(minutes=10)
# A tick only begins polls and makes rows; one that takes minutes hangs.
_PATIENCE = timedelta(minutes=3)


class Stop:
    """The wish to stop. The first signal asks for it, the second does not wait."""

    def __init__(self) -> None:
        self.wished = asyncio.Event()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)

    def _signalled(self, number: signal.Signals) -> None:
        if self.wished.is_set():
            log.warning("stopped at once by a second signal; what was under way is found at the next start")
            os._exit(128 + number)  # every commit is on the disk, and no handler may hold this up
        log.info("stopping", extra={"signal": number.name})
        self.wished.set()
