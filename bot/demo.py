"""The sample week: seven days of feeds, served on loopback and watched by the real pipeline, with a clock that jumps from day to day.

Nothing is imitated but the web and the time. ``samples/README.md`` says what is served when and why.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.config import Config, config_from
from bot.deliver import Transport
from bot.once import Round, run_round
from bot.parts import opened
from storage.records import ChannelKind
from watchers.types import Feed, PollOutcome

_LONDON = ZoneInfo("Europe/London")
_TYPES = {".xml": "application/rss+xml", ".atom": "application/atom+xml"}


@dataclass(slots=True, kw_only=True)
class Week:
    """What is served: the documents of the moment, and the register's releases until the moment."""

    folder: Path
    data: dict[str, Any]
    now: datetime
    documents: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    releases: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Week:
        data = tomllib.loads((folder / "week.toml").read_text("utf-8"))
        week = cls(folder=folder, data=data, now=data["polls"][0]["at"])
        for file in sorted((folder / data["find_a_tender"]["folder"]).glob("*.json")):
            week.releases += json.loads(file.read_text("utf-8"))["releases"]
        return week

    def turn_to(self, poll: Mapping[str, Any]) -> None:
        """Let it be the time of a poll; feeds that it does not name serve what they served before."""
        self.now = poll["at"]
        for feed, name in poll.get("documents", {}).items():
            self.documents[feed] = (self.folder / name).read_bytes()
            self.types[feed] = _TYPES[Path(name).suffix]

    def published(self) -> list[dict[str, Any]]:
        """The register's releases until now, newest first."""
        known = [release for release in self.releases if datetime.fromisoformat(release["date"]) <= self.now]
        return sorted(known, key=lambda release: datetime.fromisoformat(release["date"]), reverse=True)


def _web(week: Week) -> web.Application:
    async def feed(request: web.Request) -> web.Response:
        name = request.match_info["feed"]
        body = week.documents.get(name)
        if body is None:
            raise web.HTTPNotFound
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=body, headers={"ETag": tag, "Content-Type": week.types[name]})

    async def window(request: web.Request) -> web.Response:
        begin, end = (_london(request.query.get(name)) for name in ("updatedFrom", "updatedTo"))
        inside = [release for release in week.published() if begin <= datetime.fromisoformat(release["date"]) <= end]
        return web.json_response({"uri": str(request.url), "version": "1.1", "releases": inside})

    async def process(request: web.Request) -> web.Response:
        found = [release for release in week.published() if release["ocid"] == request.match_info["ocid"]]
        if not found:
            raise web.HTTPNotFound
        return web.json_response({"uri": str(request.url), "version": "1.1", "releases": found})

    path = week.data["find_a_tender"]["path"]
    app = web.Application()
    app.add_routes([web.get("/feeds/{feed}", feed), web.get(path, window), web.get(path + "/{ocid}", process)])
    return app


def _london(text: str | None) -> datetime:
    """A time as the register takes it: London's, without an offset. Anything else is a bad request there as well."""
    if text is None or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        raise web.HTTPBadRequest(text="a time is written 2026-05-18T18:00:00")
    return datetime.fromisoformat(text).replace(tzinfo=_LONDON)


@asynccontextmanager
async def _served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _config(week: Week, server: str, folder: Path) -> Config:
    sections = {name: week.data[name] for name in ("feeds", "watchlists", "channels")}
    feeds = [{**feed, "url": feed["url"].replace("{server}", server)} for feed in sections.pop("feeds")]
    fetch = {"allow_networks": ["127.0.0.0/8"], "per_host_interval": "0s"}
    return config_from({**sections, "feeds": feeds, "fetch": fetch}, folder / "config.toml")


@asynccontextmanager
async def served(week: Week) -> AsyncIterator[Config]:
    """The week on loopback, and a configuration that watches it from a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="contractwatch-demo-") as name:
        async with _served(_web(week)) as server:
            yield _config(week, server, Path(name))


async def run_demo(
    samples: Path,
    transport: Transport,
    *,
    on_day: Callable[[datetime], None] = lambda _: None,
    on_start: Callable[[list[Feed]], None] = lambda _: None,
    on_done: Callable[[PollOutcome], None] = lambda _: None,
) -> list[Round]:
    """Watch the sample week; alerts go to ``transport``. One round for each day."""
    week = Week.read(samples)
    rounds = []
    async with served(week) as config, opened(config, lambda: week.now, telegram=False) as parts:
        for poll in week.data["polls"]:
            week.turn_to(poll)
            on_day(week.now)
            # One feed after the other, so that the same outlet is the first with a story each time.
            done = await run_round(
                parts,
                {ChannelKind.CONSOLE: transport},
                on_start=on_start,
                on_done=on_done,
                patience=timedelta(0),
                concurrent=1,
            )
            rounds.append(done)
    return rounds
