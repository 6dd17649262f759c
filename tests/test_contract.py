"""A contract from the first notice to its end: one message for the first event, a reply for each later one, edits for the rest."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import pytest_asyncio
from botapi import TOKEN, BotApi
from raw_server import answer
from register_server import release
from spine import REGISTER, Spine, a_spine, item, package, rss
from storing import a_feed
from telegramworld import bare

from bot.deliver import Deliverer, Settings
from bot.facade import StoreCalls
from bot.pacing import Paces
from bot.updates import Telegram
from bot.verdicts import Policy
from storage.records import EVENTS, AddWatch, ChannelKind, EnsureChannel, SetEvents
from storage.store import Store
from watchers.types import FeedKind, Organisation, Role, Watch
from watchers.workers import Workers

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHAT = 7
HOUR = timedelta(hours=1)
AT_ONCE = Settings(policy=Policy(paces=Paces(private=timedelta(0))))


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 10, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(processes=1) as running:
        yield running


class Contract:
    """What newsrooms and the register publish, and what a chat has received."""

    def __init__(self, spine: Spine, api: BotApi, deliverer: Deliverer) -> None:
        self.spine, self.api, self.deliverer = spine, api, deliverer
        self.items = {name: [item("Library opens on Sundays", "quiet", at=on(1, 1))] for name in ("courier", "gazette")}
        self.notices: list[dict[str, Any]] = []

    async def report(self, at: datetime, title: str, *, by: str = "courier") -> None:
        self.items[by].append(item(title, f"{by}-{len(self.items[by])}", at=at))
        await self.come(at)

    async def notice(self, at: datetime, name: str, **instead: str) -> None:
        text = json.dumps(release(name, date=at.isoformat()))
        for old, new in instead.items():
            text = text.replace(old.removeprefix("_").replace("_", "-"), new)
        self.notices.append(cast("dict[str, Any]", json.loads(text)))
        await self.come(at)

    async def come(self, at: datetime) -> None:
        """Everything is polled an hour after the publication, and the chat is told."""
        self.spine.now = at + HOUR
        for name, items in self.items.items():
            self.spine.web.routes[f"/{name}"] = answer(rss(*items), Content_Type="text/xml")
        self.spine.web.routes[REGISTER] = package(*self.notices)
        await self.spine.round()
        self.spine.store.fan_out(self.spine.now)
        await self.deliverer.run_once(self.spine.now)
        self.spine.now += HOUR  # by then an edit is due
        await self.deliverer.run_once(self.spine.now)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [one for one in self.api.messages if one["chat"]["id"] == CHAT]

    def lines(self) -> list[list[str]]:
        return [bare(one["text"]).split("\n") for one in self.messages]


@asynccontextmanager
async def a_contract(store: Store, workers: Workers) -> AsyncIterator[Contract]:
    async with a_spine(store, workers) as spine, BotApi() as api:
        api.add_chat(CHAT)
        start = on(1, 1)
        brightway = AddWatch(chat_id=CHAT, watch=Watch(organisation=Organisation(name="Brightway Lamps"), role=Role.SUPPLIER))
        store.apply([EnsureChannel(chat_id=CHAT, type="private", title="", language="en"), brightway], now=start)
        store.apply([SetEvents(chat_id=CHAT, events=frozenset(EVENTS))], now=start)
        spine.now = start
        for name in ("courier", "gazette"):
            spine.add(a_feed(name, url=spine.web.url(f"/{name}"), seeds=False))
        spine.add(
            a_feed("register", kind=FeedKind.FIND_A_TENDER, url=spine.web.url(REGISTER)), checkpoint="2026-02-01T09:30:00", seeded=True
        )
        call = StoreCalls(1)
        telegram = Telegram(TOKEN, api.url, store, call, now=lambda: spine.now, wake=lambda: None)
        transports = {ChannelKind.TELEGRAM: telegram.transport}
        yield Contract(spine, api, Deliverer(store, call, transports, owner="test", now=lambda: spine.now, settings=AT_ONCE))
        await telegram.close()
        call.close()


async def test_eight_events_are_one_message_and_seven_replies_each_with_the_history(store: Store, workers: Workers) -> None:
    async with a_contract(store, workers) as contract:
        await contract.notice(on(2, 2), "uk5_transparency")
        await contract.report(on(3, 3), "Thornbury District Council awards £400,000 street lighting contract to Brightway Lamps")
        assert "Reported by COURIER (outlet.example)" in contract.lines()[1]
        await contract.report(
            on(3, 3), "Brightway Lamps wins £400,000 street lighting contract with Thornbury District Council", by="gazette"
        )
        await contract.notice(on(3, 4), "uk6_standstill")
        await contract.notice(on(4, 1), "uk7_signed")
        await contract.notice(on(5, 6), "uk10_proposed")
        await contract.report(on(5, 12), "Thornbury District Council suspends £400,000 street lighting contract with Brightway Lamps")
        await contract.report(on(6, 25), "Thornbury District Council cancels £400,000 street lighting contract with Brightway Lamps")
        await contract.notice(on(7, 2), "uk11_breach")
        await contract.report(on(7, 10), "Thornbury District Council reinstates £400,000 street lighting contract with Brightway Lamps")
        await contract.notice(on(10, 1), "uk11_completed", _2026_06_30="2026-09-30")

        numbers = [one["message_id"] for one in contract.messages]
        assert [one.get("reply_to_message", {}).get("message_id") for one in contract.messages] == [None, *numbers[:-1]]
        heads = [lines[0].split(" · ")[0] for lines in contract.lines()]
        assert heads == [
            "🔵 AWARD PLANNED",
            "🟢 AWARDED",
            "🔵 SIGNED",
            "🟡 CHANGED",
            "🟠 SUSPENDED",
            "🔴 CANCELLED (ended early)",
            "🟢 GOES ON AFTER ALL",
            "🔵 COMPLETED",
        ]
        said = "award planned 2 Feb 2026 · awarded 2 Mar · signed 20 Mar · changed 5 May · suspended 12 May · ended early 25 Jun · "
        said += "taken up again 10 Jul · completed 30 Sept"
        known = said.split(" · ")
        histories = [[line for line in lines if line.startswith("This contract: ")] for lines in contract.lines()]
        assert histories == [[], *([f"This contract: {' · '.join(known[: count + 1])}"] for count in range(1, 8))]
        # What reports said first, notices confirmed in the same message.
        confirmed = [
            index for index, lines in enumerate(contract.lines()) if any(", confirmed by official notice " in one for one in lines)
        ]
        assert confirmed == [1, 5]
