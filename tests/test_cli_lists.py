"""``feeds add|import|export`` and ``watchlists list|export|import``: what goes into the configuration, and what comes out of it."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from bot.cli import _run
from bot.config import load_config
from bot.config_rows import config_watchlists

CONFIG = """[fetch]
contact = "me@example.org"
[[feeds]]
id = "kingdom"
kind = "news"
url = "https://kingdom.example/rss"
name = "Kingdom & \\"Co\\""
every = "30m"
[[feeds]]
id = "find-a-tender"
kind = "find-a-tender"
[[watchlists]]
id = "out"
name = "Outsourcers"
watches = [{ name = "Serco", aliases = ["=Serco Group"], minimum = 1000000 }]  # no end of line here"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    path.chmod(0o640)
    return path


def opml(*urls: str, head: str = "") -> str:
    outlines = "\n".join(f'<outline text="Feed {number}"><outline xmlUrl={quoteattr(url)}/></outline>' for number, url in enumerate(urls))
    return f'<?xml version="1.0"?>\n{head}<opml version="1.0"><body>\n{outlines}\n</body></opml>'


def run(config: Path, *arguments: str | Path) -> int:
    return _run([*map(str, arguments), "--config", str(config)])


def lines(text: str) -> Sequence[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_feed_is_added_behind_what_stands_in_the_configuration(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "feeds", "add", "https://www.borough.example/news.xml", "--every", "1h", "--name", "The Borough") == 0
    assert "1 feed added" in capsys.readouterr().err

    assert config.read_text().startswith(CONFIG + "\n")
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    added = load_config(config).feeds[-1]
    assert (added.id, added.name, added.url) == ("the-borough", "The Borough", "https://www.borough.example/news.xml")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["ftp://example.org/x"], "ftp"),
        (["https://example.org/{name}"], "placeholder"),
        (["http://127.0.0.1/rss"], "127.0.0.1"),
        (["https://example.org/x", "--id", "kingdom"], 'id: "kingdom" is taken'),
        (["https://example.org/x", "--every", "often"], "every: "),
        (["https://me:secret@example.org/x"], "…@example.org"),
    ],
)
def test_what_cannot_be_a_feed_changes_nothing(
    config: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert run(config, "feeds", "add", *arguments) == 1

    said = capsys.readouterr().err
    assert problem in said and "secret" not in said
    assert config.read_text() == CONFIG


def test_of_a_list_of_feeds_the_right_ones_are_taken_and_the_others_named_with_their_lines(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = [
        "https://a.example/rss",
        "https://a.example/rss",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "https://kingdom.example/rss",
        'https://b.example/"]\n[telegram]\nadmins=[1]',
        "https://c.example/rss",
    ]
    file = config.with_name("feeds.opml")
    file.write_text(opml(*urls))

    assert run(config, "feeds", "import", file, "--json") == 1

    records = lines(capsys.readouterr().out)
    assert [one["url"] for one in records if one["added"]] == ["https://a.example/rss", "https://c.example/rss"]
    assert [one["line"] for one in records] == [3, 5, 6, 7, 8, 9, 10]
    read = load_config(config)
    assert [one.id for one in read.feeds] == ["kingdom", "find-a-tender", "a-example-rss", "c-example-rss"]
    assert read.telegram.admins == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (opml("https://a.example/", head='<!DOCTYPE o [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>'), "line 2: declares entities"),
        (opml("https://a.example/", head='<!DOCTYPE o [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>'), "line 2: declares entities"),
        ("<rss/>", "line 1: is not OPML"),
        ("<opml><body>", "line 1: is not well-formed XML"),
        ('<?xml version="1.0" encoding="x"?><opml/>', "encoding"),
        ("", "line 1: is not well-formed XML"),
        (opml(*(f"https://a.example/{number}" for number in range(2001))), "more than 2,000 feeds"),
        ("<opml>" + " " * 2_000_000 + "</opml>", "larger than 2 MB"),
    ],
    ids=["entities", "outside entity", "a feed", "half of it", "encoding", "empty", "too many", "too big"],
)
def test_a_hostile_list_of_feeds_is_refused_whole(config: Path, capsys: pytest.CaptureFixture[str], body: str, problem: str) -> None:
    file = config.with_name("feeds.opml")
    file.write_text(body)

    assert run(config, "feeds", "import", file) == 1
    assert problem in capsys.readouterr().err
    assert config.read_text() == CONFIG


def test_depth_costs_nothing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config.with_name("feeds.opml")
    file.write_text(f"<opml><body>{'<outline>' * 50_000}<outline xmlUrl='https://a.example/'/>{'</outline>' * 50_000}</body></opml>")

    assert run(config, "feeds", "import", file, "--print") == 0
    assert 'url = "https://a.example/"' in capsys.readouterr().out
    assert config.read_text() == CONFIG


def test_what_is_exported_as_opml_is_the_same_feed_elsewhere(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "feeds", "export") == 0
    printed = capsys.readouterr()
    (tmp_path / "out.opml").write_text(printed.out)
    (tmp_path / "other.toml").write_text("[fetch]\n")
    assert run(tmp_path / "other.toml", "feeds", "import", tmp_path / "out.opml") == 0

    assert "find-a-tender" in printed.err
    assert load_config(tmp_path / "other.toml").feeds == load_config(config).feeds[:1]


@pytest.mark.parametrize("form", [(), ("--csv",)], ids=["toml", "csv"])
def test_watchlists_are_handed_on_as_they_are(
    config: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    assert run(config, "watchlists", "export", "out", *form) == 0
    (tmp_path / "w").write_text(capfd.readouterr().out)
    (tmp_path / "other.toml").write_text("[fetch]\n")
    assert run(tmp_path / "other.toml", "watchlists", "import", tmp_path / "w") == 0
    assert run(tmp_path / "other.toml", "watchlists", "import", tmp_path / "w") == 0
    assert "1 watch left out: there already." in capfd.readouterr().err

    here, there = config_watchlists(load_config(config)), config_watchlists(load_config(tmp_path / "other.toml"))
    assert [(one.name, [(watch.organisation, watch.role) for watch in one.watches], one.terms) for one in there] == [
        (one.name, [(watch.organisation, watch.role) for watch in one.watches], one.terms) for one in here
    ]


def test_of_a_table_of_watches_the_right_ones_are_taken_into_a_list_of_their_own(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config.with_name("watches.csv")
    file.write_text("list,name,role\nOutsourcers,Capita,supplier\nOutsourcers,Atos,boss\n,Palantir,\n")

    assert run(config, "watchlists", "import", file) == 1

    assert "line 3: role: " in capsys.readouterr().err
    assert [(one.name, [watch.name for watch in one.watches]) for one in config_watchlists(load_config(config))] == [
        ("Outsourcers", ["Serco"]), ("Outsourcers", ["Capita"]), ("watches", ["Palantir"])
    ]  # fmt: skip


def test_lists_are_shown_with_who_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(f'{CONFIG}\n[[channels]]\nkind = "console"\nwatchlists = ["out"]\n')

    assert run(config, "watchlists", "list", "--json") == 0
    assert lines(capsys.readouterr().out) == [{"id": "out", "name": "Outsourcers", "watches": 1, "channels": ["console"]}]
