"""The commands as programs see them: what goes in, what comes out on which stream, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from house import AWARDED, CANCELLED, QUIET, House, Outside, rss
from nursery import Nursery

from bot.cli import cli
from bot.cli.common import plain, shown, span
from bot.resources import example_config


@pytest.fixture
def outside() -> Iterator[Outside]:
    with Outside() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, outside: Outside, nursery: Nursery) -> Iterator[House]:
    made = House(tmp_path, outside, nursery)
    yield made
    made.end()


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += commands(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]
    return found


def command(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cli
    for name in path:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), name) or found
    return found


# --- all of them ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", commands(cli), ids=" ".join)
def test_every_command_and_every_option_says_what_it_is_for(path: tuple[str, ...]):
    found = command(path)
    assert found.help
    assert all(option.help for option in found.params if isinstance(option, click.Option))


@pytest.mark.parametrize("path", [path for path in commands(cli) if path not in {("classify",), ("stories",)}], ids=" ".join)
def test_every_command_that_prints_results_prints_them_as_json_lines_too(path: tuple[str, ...]):
    assert "--json" in {name for option in command(path).params for name in option.opts}


@pytest.mark.parametrize(
    "path", [path for path in commands(cli) if path not in {("demo",), ("classify",), ("stories",), ("check",), ("doctor",)}], ids=" ".join
)
def test_every_command_tells_all_mistakes_of_a_configuration_on_stderr_and_ends_with_2(path: tuple[str, ...], house: House):
    (house.folder / "config.toml").write_text('[stor]\n[fetch]\ncontact = ""\n')
    rest = {
        ("backup",): ("x",),
        ("feeds", "add"): ("https://feed.example/rss",),
        ("feeds", "import"): ("config.toml",),
        ("watchlists", "import"): ("config.toml",),
        ("feeds", "test"): ("x",),
        ("story", "split"): ("1", "1"),
        ("story", "join"): ("1", "2"),
        ("replay",): ("--since", "1d"),
    }.get(path, ())
    ended = house.run(*path, *rest)
    assert ended.code == 2
    assert ended.out == []
    assert ended.err[0].startswith("Error: config.toml:1: stor: unknown key")
    assert ended.err[1].startswith("config.toml:3: fetch.contact: ")


@pytest.mark.parametrize("path", [("run",), ("status",), ("feeds", "list"), ("db", "check")], ids=" ".join)
def test_without_a_configuration_a_command_says_how_to_get_one(path: tuple[str, ...], house: House):
    ended = house.run(*path)
    assert ended.code == 2
    assert len(ended.err) == 1
    assert "make run" in ended.err[0]


def test_a_command_that_does_not_exist_ends_with_2(house: House):
    assert house.run("wotch").code == 2


def test_the_version_is_printed(house: House):
    ended = house.run("--version")
    assert (ended.code, ended.out) == (0, ["contractwatch 0.1.0"])


def test_an_unexpected_error_is_one_sentence_and_a_traceback_only_with_debug(house: House):
    house.write()
    broken = "import storage.store\nstorage.store.check = lambda url: 1 / 0\n"
    ended = house.start("db", "check", prelude=broken)
    assert ended.wait(60) == 1
    assert ended.err == ["Error: this is a bug in contractwatch (ZeroDivisionError): run it again with --debug to see where"]
    shown_where = house.start("--debug", "db", "check", prelude=broken)
    assert shown_where.wait(60) == 1
    assert shown_where.said("Traceback") == 1


# --- classify -------------------------------------------------------------------------------------------------------------------------


def test_classify_answers_each_line_in_order_and_goes_on_after_lines_it_cannot_read(house: House):
    lines = [
        json.dumps({"id": 1, "title": CANCELLED}),
        "not json",
        "",
        json.dumps({"id": "two", "title": AWARDED}),
        "[1]",
        json.dumps({"id": 3, "title": 7}),
        json.dumps({"id": 4, "title": QUIET}),
        "[" * 100_000,
        '{"id": "\\ud800", "title": "A title"}',
    ]
    ended = house.run("classify", stdin="\ufeff" + "\n".join(lines))
    assert ended.code == 1
    assert [(record["id"], record["alert"]) for record in ended.records] == [(1, "cancelled"), ("two", "awarded"), (4, None)]
    assert [line.split(":")[2].strip() for line in ended.err] == ["line 2", "line 5", "line 6", "line 8", "line 9"]
    assert set(ended.records[0]) == {"id", "alert", "event", "supplier", "public_body", "value", "evidence", "watches"}


def test_a_sum_that_is_no_number_is_missing_as_registers_write_some(house: House):
    """Find a Tender publishes sums such as 1e9999, which other programs pass on as Infinity."""
    buyer = {"id": "b", "name": "Northmere Council", "roles": ["buyer"]}
    award = {
        "id": "1",
        "status": "active",
        "suppliers": [{"id": "s", "name": "Serco Limited"}],
        "value": {"amount": "SUM", "currency": "GBP"},
    }
    release = {"id": "1-2026", "ocid": "ocds-x-1", "tag": ["award"], "parties": [buyer], "awards": [award], "tender": {"title": "T"}}
    line = json.dumps({"id": "SUM", "release": release})
    ended = house.run("classify", stdin="\n".join(line.replace('"SUM"', written) for written in ("Infinity", "1e9999", "NaN", "5")))
    assert ended.code == 0
    assert [(record["id"], record["alert"], record["value"]) for record in ended.records] == [
        (None, "awarded", None),
        (None, "awarded", None),
        (None, "awarded", None),
        (5, "awarded", {"amount": 5, "currency": "GBP"}),
    ]


def test_classify_knows_the_watches_only_of_a_configuration_it_is_given(house: House):
    house.write()
    line = json.dumps({"id": 1, "title": CANCELLED})
    (house.folder / "entries.jsonl").write_text(line)
    assert house.run("classify", "entries.jsonl").records[0]["watches"] == []
    assert house.run("classify", "--config", "config.toml", "entries.jsonl").records[0]["watches"] == ["w/palantir"]
    assert sorted(path.name for path in house.folder.iterdir() if not path.name.startswith("output")) == ["config.toml", "entries.jsonl"]


def test_classify_of_a_file_that_is_not_there_ends_with_2(house: House):
    assert house.run("classify", "nowhere.jsonl").code == 2


def test_a_reader_that_leaves_early_ends_classify_quietly(tmp_path: Path):
    entries = tmp_path / "entries.jsonl"
    entries.write_text("\n".join(json.dumps({"id": number, "title": QUIET}) for number in range(20_000)))
    with subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "classify", entries], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


# --- check ----------------------------------------------------------------------------------------------------------------------------


def test_check_of_the_example_finds_it_right(house: House):
    (house.folder / "config.toml").write_bytes(example_config().read_bytes())
    ended = house.run("check", "--json")
    assert ended.code == 0, ended.err
    assert [(record["level"], record["about"]) for record in ended.records] == [
        ("warning", "config"),
        ("ok", "store"),
        ("warning", "token"),
    ]
    assert not (house.folder / "contractwatch.db").exists()


def test_check_prints_every_mistake_with_its_place(house: House):
    (house.folder / "config.toml").write_text('[stor]\n[fetch]\ncontact = ""\n')
    ended = house.run("check", "--json")
    assert ended.code == 2
    assert [(record["level"], record["line"], record["key"]) for record in ended.records] == [
        ("mistake", 1, "stor"),
        ("mistake", 3, "fetch.contact"),
    ]
    assert any("config.toml:3: fetch.contact" in line for line in house.run("check").out)


def test_check_tells_a_bad_token_and_a_bad_database_together(house: House):
    house.write(more='[telegram]\ntoken_file = "telegram-token"\n[store]\nurl = "sqlite:///nowhere/cw.db"\n')
    (house.folder / "telegram-token").write_text("123456:AAabcdefghijkl")
    (house.folder / "telegram-token").chmod(0o644)
    ended = house.run("check", "--json")
    assert ended.code == 2
    assert {record["about"] for record in ended.records if record["level"] == "mistake"} == {"store", "token"}
    assert any("chmod 600" in record["message"] for record in ended.records)


def test_check_online_asks_telegram_and_every_feed_and_ends_with_3_when_some_fail(house: House, outside: Outside):
    outside.documents["a"] = rss(QUIET, AWARDED)
    house.write("a", "missing")
    ended = house.run("check", "--online", "--json")
    assert ended.code == 3
    feeds = {record["feed"]: record for record in ended.records if "feed" in record}
    assert (feeds["a"]["status"], feeds["a"]["entries"], feeds["a"]["error"]) == (200, 2, None)
    assert feeds["missing"]["status"] == 404
    assert feeds["missing"]["error"]
    with_token = house.start(
        "check", "--online", "--json", CONTRACTWATCH_TELEGRAM_TOKEN="123456789:AAmarkedmarkedmarkedmarkedmarkedmar", prelude=_api(outside)
    )
    assert with_token.wait(60) == 2
    assert any("refuses the token" in record.get("message", "") for record in with_token.records)
    assert not any("AAmarked" in line for line in [*with_token.out, *with_token.err])


def _api(outside: Outside) -> str:
    return f"import bot.config_sections as s\ns.TelegramSection.model_fields['api_base_url'].default = {outside.url('api')!r}\ns.TelegramSection.model_rebuild(force=True)\ns.ConfigFile.model_fields['telegram'].default = s.TelegramSection(api_base_url={outside.url('api')!r})\ns.ConfigFile.model_rebuild(force=True)"


# --- feeds, status, backup, db --------------------------------------------------------------------------------------------------------


def test_feeds_test_shows_what_would_be_told_and_keeps_nothing(house: House, outside: Outside):
    outside.documents["a"] = rss(QUIET, CANCELLED)
    house.write("a")
    ended = house.run("feeds", "test", "a", "--json")
    assert ended.code == 0, ended.err
    summary, *entries = ended.records
    assert summary == {"feed": "a", "status": 200, "entries": 2, "error": None, "moved_to": None}
    assert {entry["title"]: (entry["alert"], entry["watches"]) for entry in entries} == {
        QUIET: (None, []),
        CANCELLED: ("cancelled", ["w/palantir"]),
    }
    assert not (house.folder / "contractwatch.db").exists()
    by_address = house.run("feeds", "test", outside.url("a"))
    assert by_address.code == 0
    assert any("CANCELLED" in line for line in by_address.out)


def test_feeds_test_of_a_failing_feed_says_why_and_of_an_unknown_one_what_there_is(house: House):
    house.write("missing")
    failing = house.run("feeds", "test", "missing")
    assert failing.code == 1
    assert len(failing.err) == 1
    assert house.run("feeds", "test", "nothing").code == 2
    assert house.run("feeds", "test", "ftp://example.org/").code == 2


def test_status_and_feeds_list_say_how_each_feed_is(house: House, outside: Outside):
    outside.documents["a"] = rss(AWARDED)
    house.write("a", "missing")
    assert house.run("status").code == 1  # nothing was ever run
    assert [record["health"] for record in house.run("feeds", "list", "--json").records] == ["not polled yet", "not polled yet"]
    assert house.run("run", "--once").code == 3
    summary, *feeds = house.run("status", "--json").records
    assert (summary["entries"], summary["alerts"], summary["feeds"], summary["feeds_failing"]) == (1, 1, 2, 1)
    assert summary["deliveries"] == {"sent": 1}
    assert [feed["health"].split()[0] for feed in feeds] == ["well", "failing"]
    listed = house.run("feeds", "list", "--json").records
    assert [(feed["id"], feed["entries"], feed["every"]) for feed in listed] == [("a", 1, 1.0), ("missing", 0, 1.0)]
    text = "\n".join(house.run("status").out)
    assert "1 failing" in text
    assert "not running" in text


def test_a_backup_is_a_whole_database_made_while_the_daemon_runs(house: House, outside: Outside):
    outside.documents["a"] = rss(AWARDED)
    house.write("a")
    daemon = house.start().ready()
    daemon.until(lambda: daemon.out)
    made = house.run("backup", "copy.db", "--json")
    assert made.code == 0, made.err
    assert made.records[0]["bytes"] == (house.folder / "copy.db").stat().st_size
    again = house.run("backup", "copy.db")
    assert again.code == 1
    assert len(again.err) == 1
    assert daemon.stop() == 0
    (house.folder / "copy.db").replace(house.folder / "contractwatch.db")
    for remains in ("contractwatch.db-wal", "contractwatch.db-shm"):
        (house.folder / remains).unlink(missing_ok=True)
    assert house.run("db", "check").code == 0
    assert house.run("status", "--json").records[0]["entries"] == 1


def test_db_check_and_upgrade_say_what_they_found(house: House):
    house.write()
    missing = house.run("db", "check")
    assert missing.code == 1
    assert len(missing.out) == 1
    assert house.run("run", "--once").code == 0
    assert house.run("db", "check", "--json").records == []
    (record,) = house.run("db", "upgrade", "--json").records
    assert record["from"] == record["to"]


# --- the sample week ------------------------------------------------------------------------------------------------------------------


def test_the_demo_prints_its_alerts_and_nothing_else_on_stdout(house: House):
    ended = house.run("demo", "--json")
    assert ended.code == 0, ended.err
    assert {"alert", "reason", "kind", "supplier", "public_body", "value", "title", "url", "feeds"} <= set(ended.records[0])
    assert ended.err[-1].startswith("45 entries in a week")
    assert {path.name.partition("-")[0] for path in house.folder.iterdir()} == {"output"}  # its database was a temporary one


# --- cells and values -----------------------------------------------------------------------------------------------------------------


def test_a_cell_never_holds_what_would_move_the_cursor():
    assert shown("a\x1b[2Jb\nc\u202ed") == "a [2Jb c d"
    assert shown(None) == shown("") == "–"


def test_spans_are_written_as_the_configuration_writes_them():
    from datetime import timedelta

    assert [span(timedelta(seconds=seconds)) for seconds in (1, 90, 900, 3600, 86400)] == ["1s", "90s", "15m", "1h", "1d"]


def test_a_value_without_a_form_in_json_is_a_bug():
    with pytest.raises(TypeError):
        plain(object())
