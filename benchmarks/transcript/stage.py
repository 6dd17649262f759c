"""The stage: the sample week, the real bot in this process, a fake Telegram server that writes down what is shown, and a clock set by hand.

One thing happens at a time: somebody writes or presses, the bot answers, everything that is due is delivered, and only then the next comes.
So what is written down stands in the same order every time.
"""

from __future__ import annotations

import asyncio
import copy
import json
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from botapi import ANONYMOUS, BotApi
from telegramworld import QUICK, World, bare

from bot import notes
from bot.demo import Week, served
from bot.hands import tell_admins
from bot.heartbeat import report_weeks
from bot.list_news import tell_followers
from bot.pacing import Paces
from bot.parts import Parts, opened
from bot.polling import Polling
from bot.resources import samples
from bot.silences import explain_silences
from storage.exceptions import StoreUnavailable

_NO_PAUSE = timedelta(0)
_AT_ONCE = replace(QUICK, senders=1, per_second=10**6, policy=replace(QUICK.policy, paces=Paces(private=_NO_PAUSE, group=_NO_PAUSE)))
_PATIENCE = timedelta(seconds=10)  # what becomes due so soon is waited for on the spot
_THINKING = timedelta(seconds=20)  # between two things that people do


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Something that people see in a chat. ``what``: "message", "edit", "buttons", "toast", "written", "pressed" or "note"."""

    what: str
    chat: int
    at: datetime
    who: str = ""
    text: str = ""
    message: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    loud: bool = False  # a toast that must be closed
    silent: bool = False
    file: bytes = b""
    picture: str = ""  # the name under which it is drawn


class Papers:
    """What the feeds serve: the documents of the sample week, and reports of our own as documents of a feed each."""

    def __init__(self, week: Week, news: Path) -> None:
        own = tomllib.loads(news.read_text("utf-8"))
        self._week, self._reports = week, own["reports"]
        self._polls = list(week.data["polls"])
        week.data["feeds"] = [*week.data["feeds"], *own["feeds"]]
        self.names = {feed["id"]: feed["name"] for feed in own["feeds"]}

    def times(self, before: datetime) -> list[datetime]:
        """When our own feeds said something new before a time."""
        return sorted({report["at"] for report in self._reports if report["at"] < before})

    def print(self, now: datetime) -> None:
        """Serve what was published until now."""
        for poll in [one for one in self._polls if one["at"] <= now]:
            self._week.turn_to(poll)
        self._week.now = now
        for feed, name in self.names.items():
            said = [one for one in self._reports if one["feed"] == feed and one["at"] <= now]
            self._week.documents[feed] = _rss(feed, name, said).encode()
            self._week.types[feed] = "application/rss+xml"


def _rss(feed: str, name: str, reports: Sequence[Mapping[str, Any]]) -> str:
    """The reports as a document, the newest first."""
    items = [
        f"<item><title>{escape(one['title'])}</title><link>https://{feed}.example/{one['at']:%Y/%m/%d}/{number}</link>"
        f"<description>{escape(one.get('summary', ''))}</description><pubDate>{format_datetime(one['at'])}</pubDate></item>"
        for number, one in enumerate(reports, 1)
    ]
    return f'<rss version="2.0"><channel><title>{escape(name)}</title>{"".join(reversed(items))}</channel></rss>'


class Clock:
    """A clock that stands still until it is moved on."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class WrittenDown(BotApi):
    """The server, which keeps everything that is shown, in order."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.shown_so_far: list[Shown] = []

    def _message(self, chat: Any, text: str | None, person: dict[str, Any] | None) -> dict[str, Any]:
        return super()._message(chat, text, person) | {"date": int(self.clock.at.timestamp())}

    def add(self, what: str, chat: int, **more: Any) -> None:
        self.shown_so_far.append(Shown(what=what, chat=chat, at=self.clock.at, **more))

    async def _send_message(self, parameters: dict[str, Any]) -> Any:
        message = await super()._send_message(parameters)
        silent = parameters.get("disable_notification") == "true"
        self.add("message", message["chat"]["id"], message=copy.deepcopy(message), silent=silent)
        return message

    async def _send_document(self, parameters: dict[str, Any]) -> Any:
        answer = await super()._send_document(parameters)
        message = self.messages[-1]
        self.add("message", message["chat"]["id"], message=copy.deepcopy(message), file=self.files[message["document"]["file_name"]])
        return answer

    async def _edit_message_text(self, parameters: dict[str, Any]) -> Any:
        before = copy.deepcopy(self._own(parameters))
        message = await super()._edit_message_text(parameters)
        self.add("edit", message["chat"]["id"], message=copy.deepcopy(message), before=before)
        return message

    async def _edit_message_reply_markup(self, parameters: dict[str, Any]) -> Any:
        message = await super()._edit_message_reply_markup(parameters)
        self.add("buttons", message["chat"]["id"], message=copy.deepcopy(message))
        return message

    async def _answer_callback_query(self, parameters: dict[str, Any]) -> Any:
        answer = await super()._answer_callback_query(parameters)
        if parameters.get("text"):
            loud = parameters.get("show_alert") == "true"
            self.add("toast", self.pressed_in, text=parameters["text"], loud=loud)
        return answer

    pressed_in = 0  # the chat of the button that was pressed last


@dataclass
class Set(World):
    """The world with the stage's clock."""

    clock: Clock = field(default_factory=lambda: Clock(datetime(2026, 1, 1, tzinfo=UTC)))

    def now(self) -> datetime:
        return self.clock.at


@dataclass(kw_only=True)
class Stage:
    """What ``days`` is told with."""

    world: Set
    api: WrittenDown
    parts: Parts
    polling: Polling
    papers: Papers
    clock: Clock

    # --- what people do

    async def write(self, person: Person, text: str, *, chat: int | None = None, **more: Any) -> None:
        """Somebody writes, in private unless a chat is named; everything that follows at once is done when this returns."""
        where = person.id if chat is None else chat
        self.think()
        self.api.add("written", where, who=person.name, text=text, message=more)
        hidden = {"sender_chat": self.api.chats[where].json()} if person.hidden else {}
        await self.settle(self.api.write(person.sender, text, chat_id=chat, language=person.language, **hidden, **more))

    async def press(self, person: Person, label: str, *, chat: int | None = None, on: str = "") -> None:
        """Somebody presses the button that begins so, of the last message that has it (and these words, where some are given)."""
        where = person.id if chat is None else chat
        message, full = self._button(where, label, on)
        self.think()
        self.api.pressed_in = where
        self.api.add("pressed", where, who=person.name, text=full)
        await self.settle(self.api.press(person.id, message, label=full))

    async def arrive(self, chat: int, by: Person, old: str, new: str, **rights: Any) -> None:
        """The bot is let into a chat, or made an admin of it."""
        self.think()
        await self.settle(self.api.standing(chat, old, new, actor=by.id, **rights))

    def say(self, chat: int, text: str) -> None:
        """What the page says beside, to who reads it."""
        self.api.add("note", chat, text=text)

    def draw(self, name: str, chat: int, *, last: int = 1) -> None:
        """The last messages that a chat shows are drawn under this name."""
        drawn = ("message", "edit", "written")
        seen = [number for number, one in enumerate(self.api.shown_so_far) if one.chat == chat and one.what in drawn]
        for number in seen[-last:]:
            self.api.shown_so_far[number] = replace(self.api.shown_so_far[number], picture=name)

    def answering(self, person: Person, words: str) -> dict[str, Any]:
        """What makes a message an answer to the last one with these words in the person's chat."""
        found = next(one for one in reversed(self.api.messages) if one["chat"]["id"] == person.id and words in bare(one["text"]))
        return {"reply_to_message": {name: found[name] for name in ("message_id", "date", "chat")}}

    # --- time

    def think(self) -> None:
        self.clock.at += _THINKING

    async def until(self, at: datetime) -> None:
        """Let it be a later time, at which what has fallen due is told."""
        self.clock.at = at
        await self.maintain()
        await self._deliver()

    async def maintain(self) -> None:
        """What the daemon does beside: releases what was held, and writes reports and what people must know."""
        store, call, now = self.world.store, self.world.call, self.clock.at
        await self.parts.fan_out()
        await tell_followers(store, call, now)
        await report_weeks(store, call, now)
        await explain_silences(store, call, self.polling.feeds.values(), now)
        await tell_admins(store, call, self.world.admins, now)
        await notes.erase(store, call, now)

    async def poll(self, *feeds: str) -> None:
        """Read the feeds (all of them where none is named) and tell what there is to tell."""
        self.papers.print(self.clock.at)
        await self.polling.sync(self.clock.at)
        states = {record.id: record.state for record in self.world.store.feeds()}
        for name, feed in self.polling.feeds.items():
            if not feeds or name in feeds:
                await self.polling.poll(feed, states[name], self.clock.at)
        await self.maintain()
        await self._deliver()

    async def settle(self, update: int) -> None:
        """Wait until the bot has answered an update to the end, and deliver what is due."""
        await self.world.quiet(update)
        await self.api.until(lambda: not self.world.telegram._answering._lanes)  # noqa: SLF001 - the last edit is seen nowhere else
        await self._deliver()

    async def _deliver(self) -> None:
        while True:
            await self.world.deliverer.run_once(self.clock.at)
            due = self.world.store.next_delivery_at(self.clock.at, edit_pause=_AT_ONCE.edit_pause)
            if due is None or due - self.clock.at > _PATIENCE:
                return
            self.clock.at = max(self.clock.at, due)

    # --- helpers

    def _button(self, chat: int, label: str, on: str) -> tuple[dict[str, Any], str]:
        for message in reversed([one for one in self.api.messages if one["chat"]["id"] == chat]):
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            found = [one["text"] for row in rows for one in row if one["text"].startswith(label)]
            if found and on in bare(message["text"]):
                return message, found[0]
        raise LookupError(f"no button “{label}” in chat {chat}: {json.dumps(self.api.last(chat), ensure_ascii=False, indent=1)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a Telegram account; ``hidden``: an admin of a group who writes in its name."""

    id: int
    name: str
    language: str = "en"
    hidden: bool = False

    @property
    def sender(self) -> int:
        return ANONYMOUS if self.hidden else self.id


@asynccontextmanager
async def a_stage(news: Path, begin: datetime, *, admins: Sequence[int]) -> AsyncIterator[Stage]:
    """An installation that has read the reports of ``news`` for months, on the day somebody writes to its bot for the first time."""
    week = Week.read(samples())
    papers, clock = Papers(week, news), Clock(begin)
    async with WrittenDown(clock) as api, served(week) as shipped:
        config = replace(shipped, watchlists=(), channels=())
        papers.print(begin)
        async with opened(config, clock.now, telegram=True) as parts:
            world = Set(parts.store, api, parts.call, _AT_ONCE, admins=tuple(admins), clock=clock)
            polling = parts.polling(on_news=lambda: None, on_store_trouble=_give_up, concurrent=1)
            stage = Stage(world=world, api=api, parts=parts, polling=polling, papers=papers, clock=clock)
            hearing = asyncio.create_task(world.telegram.run())
            try:
                for at in papers.times(begin):
                    clock.at = at + timedelta(hours=1)
                    await stage.poll(*papers.names)
                clock.at = begin
                yield stage
            finally:
                world.telegram.stop()
                await world.deliverer.drain()
                await hearing
                await world.telegram.close()


def _give_up(error: StoreUnavailable) -> None:
    raise error
