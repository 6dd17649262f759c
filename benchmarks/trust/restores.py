"""Backups that are restored at random ages (D10)."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botapi import BotApi
from spine import PALANTIR, START, Spine, a_spine, item, rss
from telegramworld import World
from test_floods import ANN, Flood, follow

from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.stage import MARK, places
from bot.facade import StoreCalls
from storage.store import open_store
from watchers.workers import Workers

_COUNCIL = re.compile(r"(\w+) Council")
_PAGE = re.compile(r"\d+( to \d+)? of \d+")  # of a list that somebody opened
_MOST_ROUNDS = 5  # between two restores; a backup is made after each


@dataclass
class _Life:
    """A daemon's database with its backups, the press it reads, and the one person it tells."""

    folder: Path
    towns: list[str]
    workers: Workers
    dice: random.Random = field(default_factory=lambda: random.Random(10))
    now: datetime = START
    published: list[str] = field(default_factory=list)  # items of the feed, the newest last
    backups: list[Path] = field(default_factory=list)
    oldest: int = 0  # rounds, of a backup that was restored
    opened: set[int] = field(default_factory=set)  # messages whose list was opened

    @property
    def file(self) -> Path:
        return self.folder / "life.db"

    async def goes_on(self, api: BotApi, *, restored: bool) -> None:
        """From a start of the daemon to its end."""
        with open_store(f"sqlite:///{self.file}") as store:
            async with a_spine(store, self.workers, (PALANTIR,)) as spine:
                call = StoreCalls(1)
                flood = Flood(spine, World(store, api, call))
                spine.now = self.now
                known = store.begin(spine.now)
                assert (known is not None) == restored, f"a restored database: {restored}; taken for one: {known}"
                if not self.backups:
                    follow(spine, "Palantir")
                for _ in range(self.dice.randint(2, _MOST_ROUNDS)):
                    await self._round(spine, flood)
                self.now = spine.now
                await flood.world.deliverer.drain()
                await flood.world.telegram.close()
                call.close()

    async def _round(self, spine: Spine, flood: Flood) -> None:
        for _ in range(self.dice.randint(1, 4)):
            town = self.towns[len(self.published)]
            title = f"{town} Council cancels £{len(self.published) + 2}m contract with Palantir"
            self.published.append(item(title, town, at=spine.now))
        spine.serve(press=rss(*self.published[-60:]))
        await flood.polled()
        await _read_all(flood, self.opened)
        spine.store.at_work(spine.now)
        backup = self.folder / f"backup-{len(self.backups)}.db"
        spine.store.backup(backup)
        self.backups.append(backup)

    def restore(self) -> None:
        """Put one of the last backups in the database's place, as the operations page says."""
        age = self.dice.randint(1, min(8, len(self.backups) - 1))
        self.oldest = max(self.oldest, age)
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copy(self.backups[-1 - age], self.file)


async def _read_all(flood: Flood, opened: set[int]) -> None:
    """Press the button under each message that tells of more than it shows, until all of it has been read."""
    api = flood.world.api
    while lists := [one for one in api.messages if one["message_id"] not in opened and _more(one)]:
        before = len(api.shown(ANN))
        opened.add(lists[0]["message_id"])
        async with flood.world.running():
            api.press(ANN, lists[0], label=_more(lists[0]))
            await api.until(lambda before=before: len(api.shown(ANN)) > before)  # type: ignore[misc]
        flood.world.build()
    flood.new()


def _more(message: dict[str, Any]) -> str:
    """The label of the button that opens the rest; empty where there is none."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return next((button["text"] for row in rows for button in row if button["text"].startswith("+")), "")


@check("D10", "backups restored at random ages: what is lost, and what is told again without saying so")
def restored_backups(run: Run) -> Result:
    logging.disable(logging.WARNING)
    restores = run.pick(4, 20)

    async def body() -> tuple[_Life, list[str]]:
        async with Workers(processes=1) as workers, BotApi() as api:
            api.add_chat(ANN)
            life = _Life(run.folder(), places(restores * _MOST_ROUNDS * 4 + 40, random.Random(10)), workers)
            await life.goes_on(api, restored=False)
            for number in range(restores):
                life.restore()
                await life.goes_on(api, restored=True)
                run.say(f"{number + 1} of {restores}")
            return life, api.shown(ANN)

    life, texts = asyncio.run(body())
    seen: set[str] = set()
    copies = unmarked = 0
    for text in texts:
        named = set(_COUNCIL.findall(text))
        if named & seen and not _PAGE.match(text):
            copies += 1
            unmarked += not text.startswith(MARK)
        seen |= named
    lost = len(life.published) - len(seen & set(life.towns[: len(life.published)]))
    figure = (
        f"{restores} restores of backups up to {life.oldest} polls old, {len(life.published)} alerts: lost {lost}, messages that repeat {copies}, "
        f"unmarked {unmarked}"
    )
    return Result(figure=figure, passed=not lost and not unmarked and copies > 0)
