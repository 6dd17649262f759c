"""A stage with chats of every kind, and the judges that every check here is judged by besides its own."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from house import Process

from benchmarks.trust.base import Result, Run, wait_for
from benchmarks.trust.stage import MARK, TOKEN, Press, Stage
from storage.records import Channel
from storage.store import Store

SECRET = TOKEN.partition(":")[2].encode()
STRANGER = 9_001
GROUP, CHANNEL = -1_001_000_000, -1_002_000_000  # the first of each kind is one below
_OWNERS = 40_000
_NAME = "Palantir"


class Scene(Stage):
    """Private chats, supergroups and channels that all watch Palantir. ``people`` are all of them."""

    def __init__(
        self,
        run: Run,
        *,
        events: int,
        private: int = 1,
        groups: int = 0,
        channels: int = 0,
        feeds: int = 1,
        press: Callable[[list[str], int], Press] = Press,
        prelude: str = "",
    ) -> None:
        super().__init__(run, events=events, feeds=feeds, subscribers=private, press=press)
        self.private = list(self.people)
        self.groups = [GROUP - 1 - number for number in range(groups)]
        self.channels = [CHANNEL - 1 - number for number in range(channels)]
        self.people: Sequence[int] = [*self.private, *self.groups, *self.channels]
        self.prelude, self._starts = prelude, 0
        self.store: Store

    def owner(self, chat: int) -> int:
        """Who set a chat up."""
        return chat if chat > 0 else _OWNERS + self.people.index(chat)

    def begin(self) -> Process:
        """The first daemon, with everybody subscribed and every feed read once."""
        daemon = self.start()
        self.store = self.open()
        self.subscribe()
        self.seeded(self.store)
        return daemon

    def start(self, *, prelude: str = "", ready: bool = True, debug: bool | None = None) -> Process:
        """One daemon more, in turn at INFO and at DEBUG."""
        self._starts += 1
        return super().start(prelude=self.prelude + prelude, ready=ready, debug=self._starts % 2 == 0 if debug is None else debug)

    def subscribe(self, seconds: float = 60) -> None:
        """Each chat is set up as people do it: groups by a command there, channels from the private chat of who owns them."""
        for chat in self.people:
            self.open_chat(chat)
            if chat in self.groups:
                self.write(chat, self.owner(chat), f"/watch@watch_bot {_NAME}")
            else:
                self.telegram.say(self.owner(chat), f"/watch {chat if chat < 0 else ''} {_NAME}")
        for chat in self.people:
            asked_in = chat if chat in self.groups else self.owner(chat)
            wait_for(
                "the question after /watch",
                lambda chat=chat, where=asked_in: self.telegram.save(self.owner(chat), _NAME, chat=where),
                seconds,
            )
        wait_for("the watches", lambda: all(self.watched(chat) for chat in self.people), seconds)

    def open_chat(self, chat: int) -> None:
        """The chat is there, with its owner and with us in it."""
        if chat in self.groups:
            self.telegram.control(
                "chat", id=chat, type="supergroup", title=f"Group {chat}", creator=self.owner(chat), bots={"watch_bot": "member"}
            )
            return
        if chat in self.channels:
            bots = {"watch_bot": "administrator"}
            self.telegram.control("chat", id=chat, type="channel", title=f"Channel {chat}", creator=self.owner(chat), bots=bots)
        self.telegram.control("start", user_id=self.owner(chat), bot="watch_bot")

    def write(self, chat: int, person: int, text: str, **more: Any) -> None:
        """A message of somebody in a group."""
        self.telegram.control("message", user_id=person, chat_id=chat, text=text, **more)

    def channel(self, chat: int, thread: int | None = None) -> Channel | None:
        return self.store.channel(chat, thread)

    def watched(self, chat: int, thread: int | None = None) -> list[str]:
        """The names that a chat watches, as they are kept."""
        found = self.channel(chat, thread)
        return [] if found is None else sorted(one.watch.name for one in self.store.channel_watches(found.id))

    def shows(self, chat: int, place: str) -> int:
        """In how many messages of a chat a place can be read."""
        return sum(f"{place} Council" in text for text in self.telegram.messages(chat))

    def publish(self, count: int = 1) -> list[str]:
        """Publish so many more; the places they are about."""
        before = self.press.published
        self.press.publish(count)
        return self.press.out[before:]

    def arrived(self, places: Sequence[str], chats: Sequence[int] | None = None, seconds: float = 60) -> None:
        """Wait until all of them can be read in these chats, or everywhere."""
        for chat in self.people if chats is None else chats:
            for place in places:
                wait_for(f"{place} in {chat}", lambda chat=chat, place=place: self.shows(chat, place), seconds)

    def calls(self, method: str = "sendMessage", **wanted: Any) -> list[dict[str, Any]]:
        """What the server was asked, oldest first; ``t`` in seconds."""
        found: list[dict[str, Any]] = self.telegram.control("calls", method=method, **wanted)
        return found

    def copies(self) -> Counter[int]:
        """How many chat × event were told how often, each copy but the first with its mark; key -1: out of order or unmarked."""
        counts: Counter[int] = Counter()
        for chat in self.people:
            texts = self.telegram.messages(chat)
            firsts = []
            for place in self.press.out:
                found = [number for number, text in enumerate(texts) if f"{place} Council" in text]
                counts[len(found)] += 1
                counts[-1] += sum(not texts[number].startswith(MARK) for number in found[1:])
                firsts += found[:1]
            counts[-1] += sum(later < earlier for earlier, later in pairwise(firsts))
        return counts

    def judged(self, figure: str, *, passed: bool, during_ban: bool = True) -> Result:
        """The result of a check, with what the server and the files say about it. ``during_ban`` False: the check itself asks for bans."""
        lint = Counter(one["kind"] for one in self.telegram.control("lint"))
        banned = sum(one["scope"] == "during_ban" for one in self.telegram.control("violations")) if during_ban else 0
        refused = [one["error"] for one in self.calls("*", status=400) if any(bug in str(one.get("error", "")) for bug in _OUR_MISTAKES)]
        shown = self.token_shown()
        found = [f"lint {dict(lint)}"] * bool(lint) + [f"{banned} sends during a pause"] * bool(banned)
        found += [f"refused: {reason}" for reason in refused[:1]] + [f"THE TOKEN stands in {name}" for name in shown]
        return Result(figure="; ".join([figure, *found]), passed=passed and not found)

    def token_shown(self) -> list[str]:
        """Which files that a daemon wrote hold the token."""
        written = [path for path in self.folder.iterdir() if path.is_file() and path.name not in ("token", "telegram.log")]
        return [path.name for path in written if SECRET in path.read_bytes()]


def buttons_of(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The label and data of each button under a message that has data."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [(button["text"], button["callback_data"]) for row in rows for button in row if "callback_data" in button]


def data_of(message: Mapping[str, Any], label: str) -> str:
    """The data of the first button whose label has these words."""
    return next(data for text, data in buttons_of(message) if label in text)


@dataclass(slots=True)
class Expected:
    """What is expected, one after the other; a call says whether it is so, and what is wrong otherwise."""

    count: int = 0
    wrong: list[str] = field(default_factory=list)

    def __call__(self, good: object, otherwise: str) -> None:
        self.count += 1
        self.wrong += [] if good else [otherwise]

    def __str__(self) -> str:
        return f"{len(self.wrong)} of {self.count} things went wrong" + (f": {'; '.join(self.wrong)}" if self.wrong else "")


_OUR_MISTAKES = ("parse entities", "too long", "BUTTON_DATA_INVALID", "must be non-empty", "text is empty")


class Line:
    """The line to the server, which can be cut: connections are broken off, and new ones refused."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: list[socket.socket] = []
        self._server: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """There is a line again, on the same port."""
        self._server = socket.create_server(("127.0.0.1", self.port))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def cut(self) -> None:
        """There is no line any more."""
        server, self._server = self._server, None
        for one in [*([server] if server else []), *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    close = cut

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = server.accept()
                there = socket.create_connection(("127.0.0.1", self._to))
                self._open += [here, there]
                threading.Thread(target=self._carry, args=(here, there), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while True:
                ready, _, _ = select.select([here, there], [], [])
                for one in ready:
                    sent = one.recv(65536)
                    (there if one is here else here).sendall(sent)
                    if not sent:
                        return


def stopped(scene: Scene, daemon: Process) -> tuple[float, int]:
    """Stop a daemon in order: the seconds that took, and its exit code."""
    began = time.monotonic()
    code = scene.end(daemon, signal.SIGTERM)
    return time.monotonic() - began, code
