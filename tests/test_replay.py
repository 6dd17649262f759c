"""replay: today's rules over stored entries; what would appear, vanish or change, and why. It writes nothing and says the same twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from nursery import Child, Nursery
from storing import an_entry, save, set_up, told

from bot.facade import THREAD_RULES
from bot.replay import Replayed, replay
from bot.rules_overlay import faults
from storage.records import ConfigWatchlist
from storage.store import Store, open_store
from watchers.match import Matcher
from watchers.stories import Stories
from watchers.types import Entry, Organisation, Role, UnderstoodEntry, Watch
from watchers.understand import understand

PALANTIR = Watch(id="w/palantir", organisation=Organisation(name="Palantir"), role=Role.SUPPLIER)
RULES = Path(sys.modules["watchers.match"].__file__ or "").parent / "rules"
CANCELLED = "Met Police cancels £50m contract with Palantir"
AWARDED = "Leeds Council awards £3m contract to Palantir"
QUIET = "Library opens on Sundays"
Command = Callable[..., Child]


class Past:
    """A store in which some entries came, understood as the daemon does, or as a test says it once did."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.store, self.now = store, now
        set_up(store, now - timedelta(days=200))
        store.sync_config([ConfigWatchlist(id="w", name="W", watches=(PALANTIR,))], [], now - timedelta(days=200))

    def came(self, *titles: str, days_ago: float, instead: str | None = None, feed: str = "bbc", name: str = "", **changes: object) -> None:
        """Entries came; ``instead`` is the title that the rules of then took them for."""
        at = self.now - timedelta(days=days_ago)
        understood = [self._understood(title, instead, name or title, at, **changes) for title in titles]
        more = {"rules": Stories(), "threads": THREAD_RULES}
        save(self.store, feed, *understood, now=at, **more)

    def _understood(self, title: str, instead: str | None, name: str, at: datetime, **changes: object) -> UnderstoodEntry:
        entry = an_entry(name, title, published=at)
        return told(entry, *understand(_called(entry, instead or title), Matcher([PALANTIR])), **changes)

    def replayed(self, *, days: int = 90) -> Replayed:
        return replay(self.store, (PALANTIR,), self.now - timedelta(days=days))


def _called(entry: Entry, title: str) -> Entry:
    return an_entry("x", title, published=entry.published)


@pytest.fixture
def past(store: Store, now: datetime) -> Past:
    return Past(store, now)


def changes(found: Replayed) -> list[tuple[str, str]]:
    return [(one.change, one.one.title) for one in found.differences]


def test_the_same_rules_change_nothing(past: Past) -> None:
    past.came(CANCELLED, QUIET, days_ago=20)
    past.came("Palantir's £50m Met Police contract is scrapped", days_ago=19.9, feed="itv")
    past.came(AWARDED, days_ago=3)

    found = past.replayed()

    assert changes(found) == []
    assert (found.entries, found.before, found.after) == (4, 2, 2)


def test_an_alert_that_rules_of_today_would_make_appears_with_what_it_was_taken_for(past: Past) -> None:
    past.came(CANCELLED, days_ago=20, instead=QUIET)

    (one,) = past.replayed().differences

    assert (one.change, one.before, one.one.title) == ("appears", None, CANCELLED)
    assert re.match(r"was read as nothing about a contract, now as cancelled \(.+\)$", one.why)


def test_an_alert_that_rules_of_today_would_not_make_vanishes(past: Past) -> None:
    past.came(QUIET, days_ago=20, instead=CANCELLED)

    (one,) = past.replayed().differences

    assert (one.change, one.after) == ("vanishes", None)
    assert re.match(r"was read as cancelled \(.+\), now as nothing about a contract$", one.why)


def test_an_alert_whose_facts_differ_changes_and_says_from_what_to_what(past: Past) -> None:
    past.came(CANCELLED, days_ago=20, instead=CANCELLED.replace("50m", "40m").replace("Met Police", "Leeds Council"))

    (one,) = past.replayed().differences

    assert one.change == "changes"
    assert one.why == "public body: Leeds Council → Met Police; value: 40000000 GBP → 50000000 GBP"


def test_only_the_asked_time_is_told_and_what_began_before_it_is_not_new(past: Past) -> None:
    past.came(CANCELLED, days_ago=94, instead=QUIET)
    past.came(AWARDED, days_ago=91)
    past.came("Palantir awarded £3m contract by Leeds Council", days_ago=89, feed="itv")

    found = past.replayed(days=90)

    assert changes(found) == []
    assert (found.before, found.after) == (0, 0)


def test_what_was_kept_and_not_pushed_is_not_told_now_either(past: Past) -> None:
    past.came(CANCELLED, days_ago=20, told=False)

    assert past.replayed().differences == ()


def test_nobody_is_told_of_what_came_before_they_watched(past: Past, now: datetime) -> None:
    serco = Watch(id="w/serco", organisation=Organisation(name="Serco"))
    past.came("Met Police cancels £50m contract with Serco", days_ago=20)
    past.store.sync_config([ConfigWatchlist(id="w", name="W", watches=(PALANTIR, serco))], [], now - timedelta(days=1))

    assert replay(past.store, (PALANTIR, serco), now - timedelta(days=90)).differences == ()


def test_a_rewritten_entry_is_replayed_with_the_texts_that_told_something(past: Past) -> None:
    past.came(CANCELLED, days_ago=20, name="a")
    past.came("Live: news of the day", days_ago=19, name="a")

    assert past.replayed().differences == ()


def test_a_replay_writes_nothing_and_says_the_same_twice(past: Past) -> None:
    past.came(CANCELLED, QUIET, days_ago=20, instead=AWARDED)
    before = dump(past.store)

    first, second = past.replayed(), past.replayed()

    assert first == second
    assert first.differences
    assert dump(past.store) == before


def dump(store: Store) -> list[object]:
    from storage.tables import metadata

    def read(connection: object) -> list[object]:
        return [list(connection.execute(table.select())) for table in metadata.sorted_tables]  # type: ignore[attr-defined]

    return store._db.read(read)


# --- the command --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, nursery: Nursery) -> Command:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "{sqlite_url}"\n[fetch]\ncontact = "me@example.org"\n')
    with open_store(sqlite_url) as store:
        past = Past(store, datetime.now(UTC))
        past.came(CANCELLED, days_ago=20)
        past.came(AWARDED, days_ago=10, instead=QUIET)

    def run(*arguments: str) -> Child:
        child = Child(nursery, tmp_path, ["replay", *arguments], environment={**os.environ, "COLUMNS": "200"})
        child.wait(60)
        return child

    return run


def test_the_command_shows_each_difference_with_its_reason(house: Command, tmp_path: Path) -> None:
    bytes_before = sha256((tmp_path / "contractwatch.db").read_bytes()).hexdigest()
    first, second = house("--since", "90d"), house("--since", "90d")

    assert (first.code, first.err) == (0, [])
    assert first.out == second.out
    lines = first.out
    assert re.match(r"\+ awarded, \d{4}-\d\d-\d\d \d\d:\d\d: " + AWARDED, lines[0])
    assert lines[1].startswith("    was read as nothing about a contract, now as awarded (")
    assert re.match(r"2 entries: 1 alert as stored, 2 by the rules \S+; 1 appears\.$", lines[2])
    assert sha256((tmp_path / "contractwatch.db").read_bytes()).hexdigest() == bytes_before


def test_the_command_prints_json_lines(house: Command) -> None:
    summary, one = map(json.loads, house("--since", "90d", "--json").out)

    assert (summary["entries"], summary["alerts_before"], summary["alerts_after"], summary["differences"]) == (2, 1, 2, 1)
    assert (one["change"], one["alert"], one["before"], one["after"]["kind"]) == ("appears", None, None, "awarded")
    assert len(house("--since", "12h", "--json").out) == 1


def test_a_watch_that_nobody_has_and_a_time_that_is_none_are_wrong_use(house: Command) -> None:
    assert house("--since", "90d", "--watch", "palantir ltd").code == 0
    for arguments in (
        ("--since", "90d", "--watch", "Serco"),
        ("--since", "soon"),
        ("--since", "-1d"),
        (),
        ("--since", "1d", "--rules", "no"),
    ):
        ended = house(*arguments)
        assert ended.code == 2, arguments
        assert "Error: " in "\n".join(ended.err)
        assert "Traceback" not in "\n".join(ended.err)


def test_rules_of_a_folder_decide_instead_of_the_programs_own(house: Command, tmp_path: Path) -> None:
    mine = tmp_path / "rules"
    shutil.copytree(RULES, mine)
    verbs = mine / "en" / "verbs.toml"
    text, forms = verbs.read_text(), "zancel/zancels/zancelled/zancelled/zancelling"
    verbs.write_text(re.sub(r"^cancel/.*$", forms, text, flags=re.MULTILINE))
    assert forms in verbs.read_text()

    ended = house("--since", "90d", "--rules", str(mine))

    assert ended.code == 0, ended.err
    assert re.search(r"^- alert 1, cancelled, .*" + CANCELLED, "\n".join(ended.out), re.MULTILINE)
    assert "1 appears, 1 vanishes" in "\n".join(ended.out)


def test_a_folder_that_is_no_copy_of_the_rules_is_refused_with_every_fault(house: Command, tmp_path: Path) -> None:
    mine = tmp_path / "rules"
    shutil.copytree(RULES, mine)
    (mine / "stories.toml").unlink()
    (mine / "notices.toml").write_text("a = ")

    ended = house("--since", "90d", "--rules", str(mine))

    assert ended.code == 2
    assert "stories.toml is missing" in "\n".join(ended.err)
    assert "notices.toml: " in "\n".join(ended.err)
    assert len(faults(tmp_path)) == 1


def test_rules_that_cannot_be_used_are_wrong_use_and_no_bug(house: Command, tmp_path: Path) -> None:
    mine = tmp_path / "rules"
    shutil.copytree(RULES, mine)
    (mine / "en" / "verbs.toml").write_text("nothing = 1\n")

    ended = house("--since", "90d", "--rules", str(mine))

    assert ended.code == 2
    assert f"the rules in {mine} cannot be used" in "\n".join(ended.err)
