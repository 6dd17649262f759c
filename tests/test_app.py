"""The daemon as a process: what it does with its store, its signals, its supervisor and a web that misbehaves."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from house import AWARDED, CANCELLED, NAME, QUIET, House, Outside, rss
from nursery import Nursery

from storage.records import AddWatch, EnsureChannel
from storage.store import open_store
from watchers.types import Organisation, Watch


@pytest.fixture
def outside() -> Iterator[Outside]:
    with Outside() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, outside: Outside, nursery: Nursery) -> Iterator[House]:
    made = House(tmp_path, outside, nursery)
    yield made
    made.end()


def test_the_daemon_tells_what_comes_and_stops_when_told_and_tells_nothing_twice(house: House, outside: Outside):
    outside.documents["a"] = rss(QUIET)
    house.write("a")
    daemon = house.start().ready()
    daemon.until(lambda: outside.asked)
    outside.documents["a"] = rss(QUIET, CANCELLED)
    daemon.until(lambda: daemon.out)
    assert daemon.stop() == 0
    assert [(alert["alert"], alert["supplier"]) for alert in daemon.records] == [("cancelled", NAME)]
    assert daemon.said("event=stopped") == 1

    again = house.start().ready()
    before = len(outside.asked)
    again.until(lambda: len(outside.asked) > before + 1)
    assert again.stop(signal.SIGINT) == 0
    assert again.out == []


def test_a_second_daemon_is_refused_at_once_with_the_process_that_has_the_database(house: House):
    house.write()
    daemon = house.start().ready()
    second = house.run("run")
    assert second.code == 75
    assert f"process {daemon.pid}" in "\n".join(second.err)
    status = house.run("status", "--json")
    assert status.records[0]["daemon_pid"] == daemon.pid
    assert daemon.stop() == 0
    assert house.run("status", "--json").records[0]["daemon_pid"] is None


def test_a_damaged_database_ends_the_daemon_with_65_and_is_left_as_it_is(house: House):
    house.write()
    file = house.folder / "contractwatch.db"
    file.write_bytes(b"this is no database, and somebody may want it back" * 100)
    before = file.read_bytes()
    ended = house.run("run")
    assert ended.code == 65
    assert ended.said("Error: ") == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize(("token", "mode"), [("no token", 0o600), ("123456:AAabcdefghijkl", 0o644)])
def test_a_token_that_cannot_be_used_ends_the_daemon_with_78(house: House, token: str, mode: int):
    house.write(more='[telegram]\ntoken_file = "telegram-token"\n')
    file = house.folder / "telegram-token"
    file.write_text(token)
    file.chmod(mode)
    ended = house.run("run")
    assert ended.code == 78
    assert ended.said("telegram-token")
    assert not ended.said(token)


def test_a_token_that_telegram_refuses_ends_the_daemon_with_78(house: House, outside: Outside):
    outside.documents["a"] = rss(QUIET)
    house.write("a", more=f'[telegram]\napi_base_url = "{outside.url("api")}"\n')
    daemon = house.start(CONTRACTWATCH_TELEGRAM_TOKEN="123456789:AAmarkedmarkedmarkedmarkedmarkedmar")
    assert daemon.wait(60) == 78
    assert not daemon.said("AAmarked")
    assert daemon.said("refuses the bot's token")


def test_a_hanging_feed_holds_up_neither_the_others_nor_the_stop(house: House, outside: Outside):
    outside.documents["a"] = rss(AWARDED)
    house.write("hangs", "a")
    daemon = house.start("run", "--json", prelude="import bot.app, datetime; bot.app._GRACE = datetime.timedelta(seconds=1)").ready()
    daemon.until(lambda: daemon.out and "hangs" in outside.asked)
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began >= 1  # the hanging poll is given its time
    assert daemon.said("work under way was cut short") == 1


def test_a_second_signal_does_not_wait(house: House, outside: Outside):
    house.write("hangs")
    daemon = house.start().ready()
    daemon.until(lambda: "hangs" in outside.asked)
    os.kill(daemon.pid, signal.SIGTERM)
    daemon.until(lambda: daemon.said("event=stopping"))
    assert daemon.stop() == 128 + signal.SIGTERM


def test_a_daemon_killed_in_the_middle_goes_on_where_it_was(house: House, outside: Outside):
    outside.documents["a"] = rss(AWARDED)
    house.write("a", "hangs")
    daemon = house.start().ready()
    daemon.until(lambda: "hangs" in outside.asked and house.ask("SELECT count(*) FROM delivery WHERE state = 'sent'") == 1)
    daemon.stop(signal.SIGKILL)
    outside.documents["a"] = rss(AWARDED, CANCELLED)
    outside.asked.clear()
    again = house.start().ready()
    again.until(lambda: again.out and "hangs" in outside.asked)  # the claims of the dead one hold nothing up
    again.stop(signal.SIGKILL)  # an orderly stop would wait for the hanging one
    assert [alert["alert"] for alert in again.records] == ["cancelled"]


def test_the_service_manager_hears_ready_alive_and_stopping(house: House, tmp_path: Path):
    house.write()
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        manager.settimeout(60)
        daemon = house.start(NOTIFY_SOCKET=str(place), WATCHDOG_USEC="1500000")
        heard = []
        while heard.count("WATCHDOG=1") < 2 or not any(one.startswith("STATUS=") for one in heard):
            heard.append(manager.recv(200).decode())
        assert daemon.stop() == 0
        manager.settimeout(0.2)
        while True:
            try:
                heard.append(manager.recv(200).decode())
            except TimeoutError:
                break
    assert heard[0] == "READY=1"
    assert heard[-1] == "STOPPING=1"
    assert any(re.fullmatch(r"STATUS=0 feeds, 0 failing; .*", one) for one in heard)


def test_health_is_served_where_it_is_configured(house: House, outside: Outside):
    outside.documents["a"] = rss(AWARDED)
    house.write("a", more='[health]\nlisten = "127.0.0.1:0"\n')
    daemon = house.start().ready()
    daemon.until(lambda: daemon.out)
    port = next(int(match[1]) for line in daemon.err if (match := re.search(r"health is served.* port=(\d+)", line)))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
        assert json.loads(answer.read()) == {"status": "ok", "reasons": []}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    assert "contractwatch_alerts_total 1" in lines
    assert "contractwatch_feeds 1" in lines
    assert daemon.stop() == 0


def test_a_failing_feed_is_told_once_when_it_begins_and_once_when_it_ends(house: House, outside: Outside):
    house.write("a")
    daemon = house.start().ready()
    daemon.until(lambda: len(outside.asked) >= 2)
    outside.documents["a"] = rss(QUIET)
    daemon.until(lambda: daemon.said("feed works again"))
    asked = len(outside.asked)
    daemon.until(lambda: len(outside.asked) >= asked + 2)
    assert daemon.stop() == 0
    told = [said for line in daemon.err for said in ("feed fails", "feed works again") if said in line]
    assert told[:2] == ["feed fails", "feed works again"]
    assert all(earlier != later for earlier, later in pairwise(told))  # on a busy machine a later poll may fail as well
    assert not daemon.said("level=error")


def test_a_full_disk_is_told_once_and_loses_nothing(house: House, outside: Outside):
    outside.documents["a"] = rss(QUIET)
    house.write("a")
    daemon = house.start(
        "run", "--json", prelude="import bot.trouble; bot.trouble._FIRST_PAUSE = 0.5; bot.trouble._LONGEST_PAUSE = 0.5"
    ).ready()
    daemon.until(lambda: len(outside.asked) >= 2)
    _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (4096, hard))  # as a disk without room: no file grows any more
    outside.documents["a"] = rss(QUIET, *(f"{CANCELLED} number {number}" for number in range(5)))
    daemon.until(lambda: daemon.said("the store is unavailable"))
    time.sleep(2)
    assert daemon.out == []
    asked = len(outside.asked)
    time.sleep(1.5)
    assert len(outside.asked) == asked  # what could not be kept is not fetched
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (hard, hard))
    daemon.until(lambda: daemon.out)
    assert daemon.said("the store is unavailable") == 1
    assert daemon.said("the store is back") == 1
    assert daemon.stop() == 0
    with sqlite3.connect(house.folder / "contractwatch.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_one_round_polls_delivers_and_ends_and_the_next_tells_nothing_again(house: House, outside: Outside):
    outside.documents |= {"a": rss(AWARDED), "b": rss(QUIET)}
    house.write("a", "b")
    first = house.run("run", "--once", "--json")
    assert first.code == 0
    assert [record["alert"] for record in first.records] == ["awarded"]
    assert "2 feeds polled, 0 failed; 2 new entries, 1 alert, 1 message delivered." in first.err
    second = house.run("run", "--once", "--json")
    assert (second.code, second.out) == (0, [])
    assert sorted(outside.asked) == ["a", "a", "b", "b"]  # whatever is due


def test_one_round_with_a_failing_feed_tells_the_rest_and_ends_with_3(house: House, outside: Outside):
    outside.documents["a"] = rss(AWARDED)
    house.write("a", "missing")
    ended = house.run("run", "--once")
    assert ended.code == 3
    assert any("AWARDED" in line for line in ended.out)
    assert ended.said("missing: ")


def test_a_template_follows_the_watches_of_the_configuration(house: House, outside: Outside):
    house.write()
    config = house.folder / "config.toml"
    config.write_text(
        config.read_text() + f'[[feeds]]\nid = "s"\nkind = "news"\nurl = "{outside.url("search/{supplier}")}"\nevery = "1s"\n'
    )
    outside.documents["search/Palantir"] = rss(QUIET)
    assert house.run("run", "--once").code == 0
    outside.documents["search/Serco"] = rss(QUIET)
    config.write_text(config.read_text().replace(f'{{ name = "{NAME}" }}', f'{{ name = "{NAME}" }}, {{ name = "Serco" }}'))
    assert house.run("run", "--once").code == 0
    assert outside.asked == ["search/Palantir", "search/Palantir", "search/Serco"]


def hours_ahead(hours: int) -> str:
    """To be done in a daemon before it begins: the clock of its machine is wrong."""
    return f"import bot.cli.run as run, datetime\nown = run.clock\nrun.clock = lambda: own() + datetime.timedelta(hours={hours})"


def test_two_daemons_share_a_postgresql_database_and_its_clock_and_tell_everything_once(house: House, outside: Outside, postgresql: Any):
    outside.documents["a"] = rss(QUIET)
    with postgresql.database() as url:
        house.write("a", more=f'[store]\nurl = "{url}"\n')
        first = house.start(prelude=hours_ahead(2)).ready()
        second = house.start(prelude=hours_ahead(5)).ready()
        for number in range(3):
            outside.documents["a"] = rss(QUIET, *(f"{CANCELLED} in {place}" for place in ("Leeds", "Hull", "York")[: number + 1]))
            first.until(lambda number=number: len(first.out) + len(second.out) >= 1 and outside.asked.count("a") > 2 * number)
        assert house.run("status", "--json").records[0]["database"] == "postgresql"
        assert (first.stop(), second.stop()) == (0, 0)
        told = [record["story"] for record in (*first.records, *second.records)]
        assert len(told) == len(set(told)) >= 1
        assert not first.said("level=error")
        assert not second.said("level=error")
        with open_store(url) as store:
            (feed,), now = store.feeds(), store.server_time()
        assert feed.state.last_ok_at is not None
        assert now is not None
        assert feed.state.last_ok_at <= now


def test_a_template_is_polled_for_a_name_as_soon_as_somebody_watches_it(house: House, outside: Outside):
    house.write()
    config = house.folder / "config.toml"
    config.write_text(
        config.read_text() + f'[[feeds]]\nid = "s"\nkind = "news"\nurl = "{outside.url("search/{supplier}")}"\nevery = "1s"\n'
    )
    daemon = house.start().ready()
    daemon.until(lambda: "search/Palantir" in outside.asked)
    with open_store(f"sqlite:///{house.folder}/contractwatch.db") as store:
        chat = EnsureChannel(chat_id=7, type="private", title="", language="en")
        store.apply([chat, AddWatch(chat_id=7, watch=Watch(organisation=Organisation(name="Serco")))], now=datetime.now(UTC))
    daemon.until(lambda: "search/Serco" in outside.asked)
    assert daemon.stop() == 0
