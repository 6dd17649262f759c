"""The daemon: everything put together, started and stopped in order.

Starting: lock, recovery, configuration into the store, then those who work: Telegram, deliveries, ticks; ready only after that. Stopping,
the other way round: nothing new is claimed, what is under way is finished within ten seconds, and what is not stays a row that the next
start finds. Both orders can be read from top to bottom in ``Daemon._work``. A part that dies stops the daemon: half of one that nobody
notices is worse than none, and the supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot import notes
from bot.alarm import LOOK, SLACK, Alarm, stalled
from bot.config import Config
from bot.console import ConsoleTransport
from bot.deliver import Deliverer, Transport
from bot.facade import Rank
from bot.hands import tell_admins
from bot.health import HealthServer, Vitals
from bot.heartbeat import report_weeks
from bot.jobs import Jobs
from bot.list_news import tell_followers
from bot.parts import Parts, opened
from bot.polling import Polling
from bot.sdnotify import Notifier
from bot.shared_clock import REREAD
from bot.silences import explain_silences
from bot.token import Token, why_no_token
from bot.trouble import StoreTrouble
from bot.updates import Telegram
from bot.webhook import Webhook
from storage.exceptions import StoreError
from storage.records import ChannelKind
from watchers.exceptions import FetchError

log = logging.getLogger(__name__)

_GRACE = timedelta(seconds=8)  # of the ten seconds that stopping may take; the rest is for closing
_TICK = timedelta(seconds=0.5)  # the shortest interval of a feed is a second
_FAN_OUT = timedelta(seconds=2)
_MAINTENANCE = timedelta(minutes=10)
_LISTS = timedelta(minutes=1)
_AT_WORK = timedelta(minutes=1)  # how exactly a database that was set back is known to be
_PATIENCE = timedelta(minutes=3)  # ticks only begin polls and make rows: one that takes longer hangs
_DEAF = timedelta(minutes=10)  # without an answer from Telegram, whose longest poll takes one
_KEPT_UPDATES = timedelta(days=7)
_VITALS_SECONDS = 5


class Stop:
    """The wish to stop. The first signal asks for it, the second does not wait."""

    def __init__(self) -> None:
        self.wished = asyncio.Event()

    def listen(self) -> None:
        """Take SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)

    def _signalled(self, number: signal.Signals) -> None:
        if self.wished.is_set():
            log.warning("stopped at once by a second signal; what was under way is found at the next start")
            os._exit(128 + number)  # what is committed is on the disk, and nothing may hold this up
        log.info("stopping", extra={"signal": number.name})
        self.wished.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Team:
    """Who works in a running daemon."""

    parts: Parts
    jobs: Jobs
    polling: Polling
    deliverer: Deliverer
    trouble: StoreTrouble
    telegram: Telegram | None
    started_at: datetime


class Daemon:
    """The daemon of one configuration. ``run`` returns its exit code when it was told to stop."""

    def __init__(
        self,
        config: Config,
        token: Token | None,
        webhook: Webhook | None,
        *,
        own: Callable[[], datetime],
        notifier: Notifier,
        as_json: bool = False,
    ) -> None:
        self._config, self._token, self._webhook = config, token, webhook
        self._own, self._notifier, self._as_json = own, notifier, as_json

    async def run(self) -> int:
        """Work until a signal says stop.

        Raises:
            StoreError: the store cannot be opened, or another daemon has it.
            TokenRefused: Telegram does not know the token.
            PlaceError: the place for /healthz or the webhook is taken.

        """
        stop = Stop()
        stop.listen()
        for warning in self._config.warnings:
            log.warning("%s", warning)
        if self._token is None:
            log.warning("%s", why_no_token(self._config.token_file))
        async with opened(self._config, self._own, telegram=self._token is not None) as parts:
            await self._work(self._gather(parts), stop)
        log.info("stopped")
        return 0

    def _gather(self, parts: Parts) -> _Team:
        """Put everybody together; nobody works yet."""
        transports: dict[ChannelKind, Transport] = {ChannelKind.CONSOLE: ConsoleTransport(sys.stdout, as_json=self._as_json)}
        telegram = None
        if self._token is not None:
            telegram = Telegram(
                self._token.reveal(),
                self._config.telegram.api_base_url,
                parts.store,
                parts.call.ranked(Rank.PEOPLE),
                now=parts.now,
                wake=lambda: team.deliverer.wake(),  # noqa: PLW0108 -- there is no team yet
                admins=self._config.telegram.admins,
                webhook=self._webhook,
            )
            transports[ChannelKind.TELEGRAM] = telegram.transport
        trouble = StoreTrouble(lambda: parts.call(parts.store.set_meta, "store_probe", parts.now().isoformat()))
        jobs = Jobs(trouble.begin)
        team = _Team(
            parts=parts,
            jobs=jobs,
            polling=parts.polling(on_news=lambda: jobs.wake("fan_out"), on_store_trouble=trouble.begin),
            deliverer=parts.deliverer(transports),
            trouble=trouble,
            telegram=telegram,
            started_at=parts.now(),
        )
        return team

    async def _work(self, team: _Team, stop: Stop) -> None:
        async with AsyncExitStack() as stack:
            if team.telegram is not None:
                stack.push_async_callback(team.telegram.close)
            await team.polling.sync(team.parts.now())
            await team.parts.fan_out()  # before anything is sent: quiet hours may have begun while nobody was at work
            await self._serve_health(team, stack)
            work = [asyncio.create_task(team.deliverer.run(), name="deliveries")]
            if team.telegram is not None:
                work.append(asyncio.create_task(team.telegram.run(), name="telegram"))
            self._schedule(team)
            self._notifier.ready()
            log.info("ready", extra={"feeds": len(team.polling.feeds), "store": team.parts.store.address})
            wished = asyncio.create_task(stop.wished.wait(), name="stop")
            await asyncio.wait([wished, *work], return_when=asyncio.FIRST_COMPLETED)

            self._notifier.stopping()
            stop.wished.set()  # from here on a signal does not wait, whoever ended the work
            await self._finish(team, work)
            for task in work:
                task.result()  # the error of whoever died is the daemon's

    async def _finish(self, team: _Team, work: list[asyncio.Task[None]]) -> None:
        """Claim nothing more, and let what is under way come to its end."""
        if team.telegram is not None:
            team.telegram.stop()
        await asyncio.gather(team.jobs.stop(_GRACE), team.polling.stop(_GRACE), team.deliverer.drain(_GRACE))
        _, late = await asyncio.wait(work, timeout=1)
        for task in late:
            task.cancel()
        await asyncio.wait(work)

    def _schedule(self, team: _Team) -> None:
        jobs = team.jobs

        async def poll() -> None:
            if await team.trouble.over():
                await team.polling.tick()

        async def fan_out() -> None:
            if team.trouble.error is None and await team.parts.fan_out():
                team.deliverer.wake()

        async def maintain() -> None:
            if team.trouble.error is None:
                await self._maintain(team)

        async def alive() -> None:
            hung = jobs.hung()
            if hung:
                log.error("the watchdog is not told that we live", extra={"hung": ", ".join(hung)})
            else:
                self._notifier.alive()

        jobs.every("poll", _TICK, poll, patience=_PATIENCE)
        jobs.every("fan_out", _FAN_OUT, fan_out, patience=_PATIENCE)
        jobs.every("clock", REREAD, partial(self._read_clock, team), patience=_PATIENCE)
        jobs.every("at_work", _AT_WORK, partial(self._say_at_work, team), patience=_PATIENCE)
        jobs.every("lists", _LISTS, partial(self._tell_followers, team), patience=_PATIENCE)
        jobs.every("maintenance", _MAINTENANCE, maintain, patience=_MAINTENANCE * 3)
        jobs.every("look", LOOK, partial(self._look, team, self._alarm(team)), patience=_PATIENCE)
        if self._notifier.watchdog is not None:
            jobs.every("watchdog", self._notifier.watchdog / 3, alive, patience=_PATIENCE)
        jobs.start()

    async def _read_clock(self, team: _Team) -> None:
        if team.trouble.error is None:
            await team.parts.now.read()

    async def _say_at_work(self, team: _Team) -> None:
        if team.trouble.error is None:
            await team.parts.call(team.parts.store.at_work, team.parts.now())

    async def _tell_followers(self, team: _Team) -> None:
        if team.trouble.error is None and await tell_followers(team.parts.store, team.parts.call, team.parts.now()):
            team.deliverer.wake()

    async def _maintain(self, team: _Team) -> None:
        """What has waited too long is withheld, what was answered long ago is forgotten, and the admin is told how things are."""
        call, store, now = team.parts.call, team.parts.store, team.parts.now()
        await call(store.expire, now)
        await notes.erase(store, call, now)
        await self._explain(team, now)
        await tell_admins(store, call, self._config.telegram.admins, now)
        await call(store.note_unconfirmed, now)
        await call(store.prune_updates, now - _KEPT_UPDATES)
        await call(store.scrub)
        counts = await call(store.counts, now)
        self._notifier.status(f"{counts.feeds} feeds, {counts.feeds_failing} failing; {counts.entries} entries, {counts.alerts} alerts")
        log.info(
            "working",
            extra={
                "feeds": counts.feeds,
                "feeds_failing": counts.feeds_failing,
                "entries": counts.entries,
                "alerts": counts.alerts,
                "waiting": counts.deliveries.get("pending", 0),
            },
        )

    async def _explain(self, team: _Team, now: datetime) -> None:
        """Tell chats how the watch goes that is kept for them; not while nothing goes out, for it would be old when it is read."""
        call, store = team.parts.call, team.parts.store
        if team.telegram is None or (team.telegram.deaf is None and now - (team.telegram.last_ok_at or team.started_at) > _DEAF):
            return
        if (await call(store.operating)).paused_deliveries:
            return
        told = await report_weeks(store, call, now) + await explain_silences(store, call, team.polling.feeds.values(), now)
        if told:
            team.deliverer.wake()

    def _alarm(self, team: _Team) -> Alarm:
        address, fetch = self._config.health.ping, team.parts.poller.fetch

        async def ping() -> None:
            assert address is not None
            with suppress(FetchError):  # the other side misses us then, as it is meant to
                await fetch.get(address, about="[health] ping", now=team.parts.now())

        tell = None if team.telegram is None else team.telegram.tell
        return Alarm(admins=self._config.telegram.admins, tell=tell, ping=None if address is None else ping)

    async def _look(self, team: _Team, alarm: Alarm) -> None:
        await alarm.look((await self._vitals(team)).ill)

    async def _serve_health(self, team: _Team, stack: AsyncExitStack) -> None:
        if self._config.health.listen is None:
            return
        server = HealthServer(self._config.health.listen, team.parts.metrics, lambda: self._vitals(team))
        stack.push_async_callback(server.stop)
        await server.start()
        log.info("health is served", extra={"port": server.port})

    async def _vitals(self, team: _Team) -> Vitals:
        now, counts, next_due = team.parts.now(), None, None
        ill = [f"job {name} hangs" for name in team.jobs.hung()]
        if team.trouble.error is not None:
            ill.append(f"the store is unavailable: {team.trouble.error}")
        if team.telegram is not None:
            heard = team.telegram.last_ok_at or team.started_at
            if team.telegram.deaf is not None:
                ill.append(team.telegram.deaf)
            elif now - heard > _DEAF and not team.telegram.another_listens:
                ill.append(f"Telegram has not answered since {heard:%Y-%m-%d %H:%M} UTC")
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_VITALS_SECONDS):
                counts = await team.parts.call(team.parts.store.counts, now)
                next_due = await team.parts.call(team.parts.store.next_due_at)
                progress = await team.parts.call(team.parts.store.progress, now, SLACK)
                told_at = None if team.telegram is None else team.deliverer.last_ok_at or team.started_at
                ill += stalled(progress, started_at=team.started_at, delivered_at=told_at, now=now)
        if counts is None and team.trouble.error is None:
            ill.append("the store does not answer")
        return Vitals(
            now=now,
            started_at=team.started_at,
            ill=tuple(ill),
            polling=team.polling.under_way,
            counts=counts,
            next_due_at=next_due,
            job_failures=team.jobs.failures,
        )
