"""What polling and delivering are made of, put together once for the daemon, for ``run --once`` and for the demo."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.config import Config
from bot.config_rows import config_channels, config_watchlists
from bot.deliver import Deliverer, Settings, Transport
from bot.facade import STORY_RULES, PollStore, Rank, StoreCalls
from bot.feed_addresses import expand_feeds
from bot.fetching import open_fetcher
from bot.health import Metrics
from bot.outcomes import Outcome, Wait
from bot.packs import packs
from bot.polling import CONCURRENT_POLLS, Polling
from bot.render import Message
from bot.shared_clock import SharedClock
from bot.verdicts import OnUnknown, Policy
from storage.exceptions import StoreUnavailable
from storage.records import ChannelKind, Claim
from storage.store import Store, open_store
from watchers.pipeline import Poller
from watchers.workers import Workers

log = logging.getLogger(__name__)

_POSTGRESQL_THREADS = 4
_MOST_PROCESSES = 4  # parsing takes a few milliseconds a document: more would only take memory
_NO_BOT_PAUSE = timedelta(hours=1)


class NoBot:
    """Stands in for Telegram while there is no token: what is meant for it waits in the store."""

    async def send(self, claim: Claim, message: Message) -> Outcome:  # noqa: ARG002 -- a transport's signature
        return Wait(_NO_BOT_PAUSE, "there is no Telegram token")

    async def answers(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """An opened store with everything that works on it."""

    config: Config
    store: Store
    call: StoreCalls
    poller: Poller
    now: SharedClock
    owner: str
    metrics: Metrics = field(default_factory=Metrics)

    def polling(
        self, *, on_news: Callable[[], None], on_store_trouble: Callable[[StoreUnavailable], None], concurrent: int = CONCURRENT_POLLS
    ) -> Polling:
        return Polling(
            store=self.store,
            call=self.call,
            poller=self.poller,
            expand=lambda watches: expand_feeds(self.config.feeds, watches),
            owner=self.owner,
            now=self.now,
            metrics=self.metrics,
            on_news=on_news,
            on_store_trouble=on_store_trouble,
            concurrent=concurrent,
        )

    def deliverer(self, transports: Mapping[ChannelKind, Transport]) -> Deliverer:
        everyone: dict[ChannelKind, Transport] = dict(transports)
        policy = Policy(on_unknown=OnUnknown(self.config.telegram.on_unknown))
        if ChannelKind.TELEGRAM not in everyone:
            # Nothing is asked of Telegram, so what waits for it must not hold up the console as a long pause of Telegram's would.
            everyone[ChannelKind.TELEGRAM] = NoBot()
            policy = replace(policy, overall_wait=_NO_BOT_PAUSE)
        call, settings = self.call.ranked(Rank.PEOPLE), Settings(policy=policy)
        return Deliverer(self.store, call, everyone, owner=self.owner, now=self.now, settings=settings)

    async def fan_out(self) -> int:
        """Make a delivery of every alert that is due for every channel that is to be told, and release what was held until now.

        Says how many deliveries were made, and how many channels had something due.
        """
        turned = await self.call(self.store.turn_timetables, self.now())
        return turned + await self.call(self.store.fan_out, self.now())


@asynccontextmanager
async def opened(config: Config, own: Callable[[], datetime], *, telegram: bool) -> AsyncIterator[Parts]:
    """Open the store under its lock, recover what a crash left, bring the configuration into it, and start the workers.

    ``own`` is this machine's clock; that of the parts is the one that all daemons of the database share.

    Raises:
        StoreLocked: another daemon has it.
        StoreError: it cannot be used.

    """
    async with AsyncExitStack() as stack:
        store = open_store(config.store_url)
        stack.callback(store.close)
        stack.enter_context(store.lock())
        call = StoreCalls(1 if config.store_url.startswith("sqlite") else _POSTGRESQL_THREADS)
        stack.callback(call.close)
        now = SharedClock(store, call, own)
        await now.read()
        await call(store.recover, now())
        if (since := await call(store.begin, now())) is not None:
            log.warning(
                "the database was set back to an older copy: what was told since then may be told a second time, marked and together; "
                "changes of watches since then are lost",
                extra={"since": since},
            )
        await call(store.sync_config, config_watchlists(config), config_channels(config, telegram=telegram), now())
        await call(store.sync_packs, tuple(packs().values()), now())
        fetcher = await stack.enter_async_context(open_fetcher(config))
        workers = await stack.enter_async_context(Workers(processes=min(os.cpu_count() or 1, _MOST_PROCESSES)))
        poller = Poller(fetch=fetcher, parse=workers.parse, mind=workers, store=PollStore(store, call, STORY_RULES))
        yield Parts(config=config, store=store, call=call, poller=poller, now=now, owner=f"{socket.gethostname()}:{os.getpid()}")
