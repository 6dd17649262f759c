"""The Telegram side as a whole: a real store, the real bot and deliverer, and the fake server, with alerts to tell."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from botapi import TOKEN, BotApi

from bot.commands.menu import menu_version
from bot.deliver import Deliverer, Settings
from bot.facade import StoreCalls
from bot.markup import WORD_JOINER
from bot.pacing import Paces
from bot.updates import Telegram
from bot.verdicts import Policy
from bot.webhook import Webhook
from storage.operator_changes import Limits, SetLimits
from storage.records import AddWatch, ChannelKind, EnsureChannel
from storage.store import Store, open_store
from watchers.types import (
    Entry,
    EventKind,
    Evidence,
    Feed,
    FeedKind,
    FeedState,
    Finding,
    Match,
    Organisation,
    Party,
    Role,
    StoryCard,
    StoryDecision,
    UnderstoodEntry,
    Watch,
)

os.environ.setdefault("PTB_TIMEDELTA", "1")
PALANTIR = Organisation(name="Palantir")
QUICK = Settings(
    policy=Policy(
        paces=Paces(private=timedelta(milliseconds=150), group=timedelta(milliseconds=400)),
        unknown_pause=timedelta(milliseconds=200),
        unknown_growth=3,
    ),
    edit_pause=timedelta(milliseconds=100),
    per_second=500,
)


class ByTitle:
    """Entries with one title are one story."""

    def keys(self, entry: Entry, finding: Finding) -> tuple[str, ...]:
        return (entry.title,)

    def decide(self, entry: Entry, finding: Finding, cards: Sequence[StoryCard], now: datetime) -> StoryDecision:
        return StoryDecision(story=cards[0].id if cards else None, reason="title", keys=(entry.title,))


@dataclass
class World:
    store: Store
    api: BotApi
    call: StoreCalls
    settings: Settings = QUICK
    commands_per_minute: int = 1000
    admins: tuple[int, ...] = ()
    now_ahead: timedelta = timedelta(0)
    webhook: Webhook | None = None
    menu_told: bool = True  # as it is from a bot's second start on: telling it takes forty requests
    deliverer: Deliverer = field(init=False)
    telegram: Telegram = field(init=False)

    def __post_init__(self) -> None:
        self.store.apply([SetLimits(limits=Limits(requests=self.commands_per_minute))], now=self.now())
        if self.menu_told:
            self.store.set_meta("menu", menu_version(int(TOKEN.partition(":")[0]), self.admins))
        self.build()

    def build(self) -> None:
        """A daemon's parts, as after a start."""
        self.telegram = Telegram(
            TOKEN,
            self.api.url,
            self.store,
            self.call,
            now=self.now,
            wake=self.wake,
            admins=self.admins,
            poll_seconds=1,
            look_pause=0.05,
            webhook=self.webhook,
        )
        self.api.proxy = lambda: self.telegram.webhook_port
        transports = {ChannelKind.TELEGRAM: self.telegram.transport}
        self.deliverer = Deliverer(self.store, self.call, transports, owner=f"daemon-{id(self)}", now=self.now, settings=self.settings)

    async def restart(self) -> None:
        """A new daemon on the same store, as after an end of whatever kind."""
        await self.telegram.close()
        self.store.recover(self.now())
        self.build()

    def wake(self) -> None:
        self.deliverer.wake()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.now_ahead

    @asynccontextmanager
    async def running(self, *, hearing: bool = True) -> AsyncIterator[None]:
        """The daemon at work; it is stopped in order at the end."""
        tasks = [asyncio.create_task(self.deliverer.run())] + ([asyncio.create_task(self.telegram.run())] if hearing else [])
        try:
            yield
        finally:
            self.telegram.stop()
            await self.deliverer.drain()
            await asyncio.gather(*tasks)
            await self.telegram.close()

    async def ask(self, user_id: int, text: str, *, chat_id: int | None = None, **more: object) -> str:
        """Write something and wait for the answer in the same chat; it goes before the alerts that wait."""
        chat = user_id if chat_id is None else chat_id
        before = len(self.api.shown(chat))
        self.api.write(user_id, text, chat_id=chat_id, **more)
        await self.api.until(lambda: len(self.api.shown(chat)) > before)
        return bare(self.api.shown(chat)[before])

    async def watch(self, user_id: int, text: str, *, chat_id: int | None = None, **more: object) -> str:
        """Ask for a watch and save what is proposed; says what is answered then."""
        chat = user_id if chat_id is None else chat_id
        await self.ask(user_id, text, chat_id=chat_id, **more)
        before = len(self.api.shown(chat))
        await self.press(user_id, chat, label="✅ Save")
        await self.api.until(lambda: len(self.api.shown(chat)) > before)
        return bare(self.api.shown(chat)[before])

    async def press(self, user_id: int, chat_id: int, *, label: str | None = None, data: str | None = None) -> str:
        """Press a button under the last message of a chat that has some, and wait for the toast."""
        before = len(self.api.answers)
        shown = [message for message in self.api.messages if message["chat"]["id"] == chat_id and "reply_markup" in message]
        self.api.press(user_id, shown[-1], label=label, data=data)
        await self.api.until(lambda: len(self.api.answers) > before)
        return str(self.api.answers[-1].get("text", ""))

    async def quiet(self, update_id: int) -> None:
        """Wait until an update was handled."""
        await self.api.until(lambda: self.handled(update_id))

    def handled(self, update_id: int) -> bool:
        last = self.store.last_update_id()
        return last is not None and last >= update_id and not self.store.pending_updates(1)

    def names(self, chat_id: int, thread_id: int | None = None) -> list[str]:
        """What a chat follows."""
        channel = self.store.channel(chat_id, thread_id)
        return [] if channel is None else [record.watch.name for record in self.store.channel_watches(channel.id)]

    def follow(self, chat_id: int, *, kind: str = "private", thread_id: int | None = None) -> None:
        """The chat is there and follows Palantir."""
        if chat_id not in self.api.chats:
            self.api.add_chat(chat_id, type=kind, topics={thread_id} if thread_id else set())
        elif thread_id:
            self.api.chats[chat_id].topics.add(thread_id)
        place = {"chat_id": chat_id, "thread_id": thread_id}
        changes = [EnsureChannel(**place, type=kind, title="", language="en"), AddWatch(**place, watch=Watch(organisation=PALANTIR))]
        self.store.apply(changes, now=self.now() - timedelta(hours=1))

    def publish(self, *titles: str, feed: str = "feed", event: EventKind = EventKind.CANCELLED) -> None:
        """Outlets report cancellations (or what else happened), one a title; the deliveries are made."""
        now = self.now()
        version, watches = self.store.watches()
        self.store.sync_feeds([_feed(name) for name in ("feed", "other")], now)
        understood = [_understood(title, feed, watches[0].id, event, now) for title in titles]
        self.store.save_poll(feed, understood, FeedState(seeded=True), rules=ByTitle(), watches_version=version, now=now)
        self.store.fan_out(now)

    async def delivered(self) -> None:
        """Wait until nothing is left to be sent, so that what is asked next is answered last."""
        self.wake()
        await self.api.until(lambda: not {"pending", "sending"} & self.states().keys())

    def states(self) -> dict[str, int]:
        """How many deliveries there are in each state that has some."""
        return {str(state): count for state, count in self.store.counts(self.now()).deliveries.items() if count}


@asynccontextmanager
async def a_world(url: str, **more: object) -> AsyncIterator[World]:
    async with BotApi() as api:
        with open_store(url) as store:
            call = StoreCalls(1)
            try:
                yield World(store, api, call, **more)  # type: ignore[arg-type]
            finally:
                call.close()


def bare(text: str) -> str:
    """The text as people read it."""
    return text.replace(WORD_JOINER, "")


def _feed(name: str) -> Feed:
    return Feed(id=name, kind=FeedKind.NEWS, url=f"https://{name}.example/rss", name=f"The {name}", every=timedelta(minutes=15))


def _understood(title: str, feed: str, watch: str, event: EventKind, now: datetime) -> UnderstoodEntry:
    def digest(text: str) -> bytes:
        return blake2b(text.encode(), digest_size=16).digest()

    entry = Entry(
        keys=(digest(title + feed),),
        fingerprint=digest(title),
        title=title,
        url=f"https://{feed}.example/{digest(title).hex()}",
        published=now,
    )
    finding = Finding(
        event=event,
        suppliers=(Party(name="Palantir"),),
        public_bodies=(Party(name="Metropolitan Police"),),
        evidence=Evidence(sentence=title, rule="cancelled"),
        matches=(Match(watch=watch, role=Role.SUPPLIER, proof="Palantir"),),
    )
    return UnderstoodEntry(entry=entry, findings=(finding,))


def with_policy(settings: Settings = QUICK, **more: object) -> Settings:
    return replace(settings, policy=replace(settings.policy, **more))  # type: ignore[arg-type]
