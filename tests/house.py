"""A house to test the program in: a web outside that answers what a test says, a folder with a configuration, and its processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from nursery import Child, Nursery

NAME = "Palantir"


def rss(*items: str) -> bytes:
    entries = "".join(
        f"<item><title>{title}</title><link>https://outlet.example/{number}</link><guid>{number}</guid></item>"
        for number, title in enumerate(items)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Outlet</title>{entries}</channel></rss>'.encode()


QUIET = "Library opens on Sundays"
CANCELLED = f"Met Police cancels £50m contract with {NAME}"
AWARDED = f"Leeds Council awards £3m contract to {NAME}"


class Outside:
    """The outside web: what each path answers, and what was asked. A path without a document hangs when it is called "hangs"."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.asked: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path.strip("/")
        self.asked.append(path)
        if path == "hangs":
            await self._closing.wait()
        if path not in self.documents:
            raise web.HTTPNotFound
        return web.Response(body=self.documents[path], content_type="application/rss+xml")

    async def _refuse(self, _: web.Request) -> web.Response:
        """As Telegram answers a token that was revoked."""
        return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        app.router.add_post("/api/{path:.*}", self._refuse)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = runner.addresses[0][1]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()


class House:
    """A folder with a configuration, and the commands run in it."""

    def __init__(self, folder: Path, outside: Outside, nursery: Nursery) -> None:
        self.folder, self.outside, self._nursery = folder, outside, nursery
        self._running: list[Process] = []

    def write(self, *feeds: str, more: str = "") -> None:
        tables = "".join(
            f'[[feeds]]\nid = "{feed}"\nkind = "news"\nurl = "{self.outside.url(feed)}"\nevery = "1s"\nfirst_poll = "alert"\n'
            for feed in feeds
        )
        (self.folder / "config.toml").write_text(
            '[fetch]\ncontact = "me@example.org"\nallow_networks = ["127.0.0.0/8"]\nper_host_interval = "0s"\n'
            f'{tables}[[watchlists]]\nid = "w"\nwatches = [{{ name = "{NAME}" }}]\n[[channels]]\nkind = "console"\nwatchlists = ["w"]\n{more}'
        )

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> Process:
        """Run a command to its end."""
        process = self.start(*arguments, stdin=stdin, **environment)
        process.wait(60)
        return process

    def start(self, *arguments: str, prelude: str = "", stdin: str = "", **environment: str) -> Process:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONTRACTWATCH", "NOTIFY", "WATCHDOG"))}
        chosen = list(arguments or ("run", "--json"))
        process = Process(self._nursery, self.folder, chosen, prelude=prelude, stdin=stdin, environment=kept | environment)
        self._running.append(process)
        return process

    def ask(self, sql: str) -> Any:
        """One value from the database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/contractwatch.db?mode=ro", uri=True)) as database:
            return database.execute(sql).fetchone()[0]

    def end(self) -> None:
        for process in self._running:
            if process.code is None:
                os.kill(process.pid, signal.SIGKILL)
                process.wait(60)


class Process(Child):
    """A program under test."""

    @property
    def records(self) -> list[dict[str, Any]]:
        """What it printed as JSON Lines."""
        return [json.loads(line) for line in self.out]

    def said(self, text: str) -> int:
        """How many lines of its standard error hold a text."""
        return sum(text in line for line in self.err)

    def until(self, true: Callable[[], object], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "\n".join(["not in time", *self.out, *self.err])
            assert self.code is None, "\n".join([f"ended with {self.code}", *self.err])
            time.sleep(0.02)

    def ready(self) -> Process:
        self.until(lambda: self.said("event=ready"))
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 60) -> int:
        os.kill(self.pid, number)
        return self.wait(seconds)
