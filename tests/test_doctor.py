"""doctor: installations that are broken in one way each, and whether the cause is named with its mend."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from house import QUIET, Outside, rss
from storing import a_feed, chat

from bot.cli import cli
from bot.cli.doctor import about_feeds
from bot.cli.machine import Machine, about_machine
from bot.probe import Answer
from storage.records import ChannelState, SetChannelState
from storage.store import Store, open_store
from watchers.types import FeedState

CONFIG = """
[fetch]
contact = "me@example.org"
allow_networks = ["127.0.0.0/8"]
per_host_interval = "0s"
[[feeds]]
id = "bbc"
kind = "news"
url = "https://news.example.org/rss"
[[watchlists]]
id = "mine"
watches = [{ name = "Palantir" }]
[[channels]]
kind = "console"
watchlists = ["mine"]
"""
TOKEN = "123456789:AAmarkedmarkedmarkedmarkedmarkedmar"
WELL = Machine(
    sqlite=(3, 51, 3),
    expat=(2, 6, 4),
    free=2**40,
    file_system="ext4",
    open_files=1024,
    mode=0o100600,
    secret_in_config=False,
    uses_sqlite=True,
)


@dataclass
class Place:
    """A folder with an installation that is well but for what a test breaks."""

    folder: Path
    empty: Path  # a migrated, empty database to copy

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def database(self) -> Path:
        return self.folder / "contractwatch.db"

    def write(self, old: str = "", new: str = "", *, more: str = "") -> None:
        assert old in CONFIG
        self.config.write_text(CONFIG.replace(old, new) + more, "utf-8")

    def token(self, text: str, mode: int = 0o600) -> None:
        self.write(more='[telegram]\ntoken_file = "telegram-token"\n')
        (self.folder / "telegram-token").write_text(text)
        (self.folder / "telegram-token").chmod(mode)

    def store(self, arrange: Callable[[Store, datetime], object] = lambda *_: None) -> None:
        self.database.write_bytes(self.empty.read_bytes())
        with open_store(f"sqlite:///{self.database}") as store:
            store.sync_feeds([a_feed("bbc")], now())
            arrange(store, now())

    def sql(self, statement: str) -> None:
        self.store()
        with sqlite3.connect(self.database) as connection:
            connection.execute(statement)
        connection.close()

    def ask(self, *options: str, **environment: str) -> tuple[int, Result]:
        """The exit code and all the rest. Under its group a command returns its code, and ``main`` ends the process with it."""
        ended = CliRunner(env=environment).invoke(cli, ["doctor", "--config", str(self.config), *options], standalone_mode=False)
        return ended.return_value, ended


@pytest.fixture
def place(tmp_path: Path, migrated_file: Path) -> Place:
    made = Place(tmp_path, migrated_file)
    made.write()
    return made


def now() -> datetime:
    return datetime.now(UTC)


def polled(**state: object) -> Callable[[Store, datetime], object]:
    return lambda store, at: store.save_state("bbc", FeedState(**state), at)  # type: ignore[arg-type]


def waiting(store: Store, at: datetime) -> None:
    from storing import a_finding, an_entry, save, set_up, told

    set_up(store, at - timedelta(days=1), feeds=("bbc",))
    save(store, "bbc", told(an_entry("one"), a_finding()), now=at - timedelta(hours=3))
    store.fan_out(at - timedelta(hours=3))


def blocked(store: Store, at: datetime) -> None:
    chat(store, 7, at, "Serco")
    store.apply([SetChannelState(chat_id=7, state=ChannelState.SUSPENDED, reason="bot was blocked by the user")], now=at)


def hour(number: int) -> datetime:
    return now() + timedelta(hours=number)


# What is broken, how, and words of the sentence that must name it.
BROKEN: list[tuple[str, Callable[[Place], object], str]] = [
    ("no configuration", lambda p: p.config.unlink(), "config.toml"),
    ("a configuration that is no TOML", lambda p: p.config.write_text("[fetch\n"), "not valid TOML"),
    ("a configuration that is no text", lambda p: p.config.write_bytes(b"\xff\xfe[fetch]"), "config.toml"),
    ("a section that is misspelt", lambda p: p.write("[fetch]", "[fetsch]"), "fetch"),
    ("a key of the wrong type", lambda p: p.write('"0s"', "7"), "per_host_interval"),
    ("two feeds with one id", lambda p: p.write(more='[[feeds]]\nid = "bbc"\nkind = "news"\nurl = "https://x.org/r"\n'), "already the id"),
    ("a feed of no kind", lambda p: p.write('kind = "news"', 'kind = "newz"'), "news"),
    ("a feed in a private network", lambda p: p.write("https://news.example.org/rss", "http://10.0.0.1/rss"), "allow_networks"),
    (
        "a channel with a watchlist that is not there",
        lambda p: p.write('watchlists = ["mine"]', 'watchlists = ["his"]'),
        'no watchlist "his"',
    ),
    ("no channel at all", lambda p: (p.write('[[channels]]\nkind = "console"\nwatchlists = ["mine"]\n'), p.store()), "nobody is told"),
    ("no feed at all", lambda p: p.config.write_text('[fetch]\ncontact = "me@example.org"\n'), "no feed"),
    ("a token with a quote", lambda p: p.token(f'"{TOKEN}"'), "without quotes"),
    ("a token that others may read", lambda p: p.token(TOKEN, 0o644), "chmod 600"),
    ("an empty token file", lambda p: p.token("\n"), "is empty"),
    ("no token file", lambda p: p.write(more='[telegram]\ntoken_file = "nowhere"\n'), "no Telegram token"),
    ("a folder that is not there", lambda p: p.write(more='[store]\nurl = "sqlite:///nowhere/cw.db"\n'), "nowhere does not exist"),
    ("a database that is a folder", lambda p: p.database.mkdir(), "is not a file"),
    ("a database of nothing", lambda p: p.database.touch(), "is empty"),
    ("a database that is something else", lambda p: p.database.write_text("hello" * 9), "is not a SQLite database"),
    ("a lost database", lambda p: (p.folder / "contractwatch.db-wal").write_text("x"), "write-ahead log"),
    ("a cut database", lambda p: (p.store(), os.truncate(p.database, 8192)), "damaged"),
    ("another program's database", lambda p: p.sql("UPDATE meta SET value = 'other' WHERE key = 'application'"), "another program"),
    ("an older schema", lambda p: p.sql("UPDATE alembic_version SET version_num = '0001'"), "db upgrade"),
    ("a newer schema", lambda p: p.sql("UPDATE alembic_version SET version_num = '9999'"), "newer contractwatch"),
    ("an address of no database", lambda p: p.write(more='[store]\nurl = "mysql://x/y"\n'), "is not the address of a database"),
    (
        "a server that is not there",
        lambda p: p.write(more=f'[store]\nurl = "postgresql+psycopg://me:secret@/cw?host={p.folder}"\n'),
        "cannot be reached",
    ),
    ("a daemon that does not run", lambda p: p.store(), "is not running"),
    ("a feed that fails", lambda p: p.store(polled(fail_count=3, last_error="404 Not Found", last_ok_at=hour(-9))), "bbc (404 Not Found)"),
    ("a feed that is overdue", lambda p: p.store(polled(last_ok_at=hour(-9), next_poll_at=hour(-8))), "long overdue (bbc)"),
    (
        "a feed that moved",
        lambda p: p.store(polled(last_ok_at=hour(-1), moved_to="https://new.example.org/rss")),
        "https://new.example.org/rss",
    ),
    ("a clock that went back", lambda p: p.store(polled(last_ok_at=hour(9))), "the clock is wrong"),
    ("messages that wait", lambda p: p.store(waiting), "1 message waits since"),
    ("a chat that blocked the bot", lambda p: p.store(blocked), "bot was blocked by the user"),
]


@pytest.mark.parametrize(("break_it", "words"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_what_is_broken_is_named(place: Place, break_it: Callable[[Place], object], words: str) -> None:
    break_it(place)

    code, ended = place.ask("--json")

    found = [json.loads(line) for line in ended.stdout.splitlines()]
    said = [" ".join(str(value) for value in record.values()) for record in found if record["level"] != "ok"]
    assert any(words in sentence for sentence in said), found
    assert code in (0, 1, 2)
    assert (code == 0) == all(record["level"] != "mistake" for record in found)
    assert "secret" not in ended.output
    assert TOKEN not in ended.output


MACHINES = [
    (replace(WELL, free=2**20), "only 1 MiB"),
    (replace(WELL, open_files=64), "ulimit -n"),
    (replace(WELL, secret_in_config=True, mode=0o100644, uses_sqlite=False), "chmod 600"),
    (replace(WELL, file_system="tmpfs"), "lies in memory"),
    (replace(WELL, sqlite=(3, 50, 6)), "SQLite 3.50.6"),
    (replace(WELL, expat=(2, 5, 0)), "expat 2.5.0"),
]


@pytest.mark.parametrize(("machine", "words"), MACHINES, ids=[words for _, words in MACHINES])
def test_what_the_machine_lacks_is_named(machine: Machine, words: str) -> None:
    [finding] = about_machine(machine)

    assert words in finding.message
    assert finding.level != "ok"


def test_a_machine_that_is_well_is_left_alone() -> None:
    for sqlite in ((3, 51, 3), (3, 52, 0), (3, 50, 7), (3, 44, 6)):
        [finding] = about_machine(replace(WELL, sqlite=sqlite))
        assert finding.level == "ok"


def test_an_installation_that_is_well_has_nothing_wrong(place: Place) -> None:
    place.store(polled(last_ok_at=hour(0), next_poll_at=hour(1)))
    with place.database.with_name("contractwatch.db.lock").open("w") as lock:
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, ended = place.ask("--json")

    levels = {(json.loads(line)["about"], json.loads(line)["level"]) for line in ended.stdout.splitlines()}
    assert code == 0, ended.output
    assert {("store", "ok"), ("daemon", "ok"), ("feed", "ok")} <= levels


def test_what_only_the_outside_knows_is_asked_when_wanted(place: Place) -> None:
    with Outside() as outside:
        outside.documents["a"] = rss(QUIET)
        feeds = f'[[feeds]]\nid = "gone"\nkind = "news"\nurl = "{outside.url("gone")}"\n'
        place.write("https://news.example.org/rss", outside.url("a"), more=feeds + f'[telegram]\napi_base_url = "{outside.url("api")}"\n')
        code, ended = place.ask("--online", CONTRACTWATCH_TELEGRAM_TOKEN=TOKEN)

    assert code == 1
    assert "refuses the token" in ended.stdout
    assert "1 feed does not answer: gone (" in ended.stdout
    assert TOKEN not in ended.output


def test_a_clock_that_differs_from_the_servers_is_told_with_its_direction() -> None:
    feed = a_feed()
    answers = [Answer(feed=feed, status=200, served_at=now() + timedelta(minutes=minutes)) for minutes in (30, 31, -900)]

    [finding] = about_feeds(answers, now())

    assert "30 minutes behind" in finding.message
    assert about_feeds([Answer(feed=feed, status=200)], now())[0].level == "ok"
