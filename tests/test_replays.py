"""Recorded documents of real feeds through the whole way: nothing twice, nothing lost, no register asked too often."""

from __future__ import annotations

import importlib.util
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from raw_server import RawServer
from register_server import Recorded, most_in, serving
from spine import BRIGHTWAY, assembled
from sqlalchemy import select

from storage.store import Store, open_store
from storage.tables import entry
from watchers.workers import Workers


def stored_numbers(store: Store) -> list[str]:
    """The notice number of every stored release, in order."""
    return sorted(
        release["id"] for release in store._db.read(lambda connection: connection.execute(select(entry.c.release)).scalars().all())
    )


@pytest.mark.shared
async def test_the_recorded_pages_land_in_the_store_once_each_within_the_rate_limit(shared: Path, sqlite_url: str) -> None:
    folder = shared / "data" / "procurement" / "find-a-tender" / "recorded-pages"
    recorded, again = Recorded(folder), Recorded(folder)
    again.asked = 1  # the refusal is behind it
    async with Workers() as workers, serving(timedelta(seconds=1)) as (register, fetcher):
        register.answer = recorded.answer
        with (
            open_store(sqlite_url) as store,
            assembled(store, workers, [BRIGHTWAY], web=RawServer({}), fetcher=fetcher, clock=register.clock) as spine,
        ):
            spine.add(register.feed())
            refused, walked = [(await spine.round())["register"] for _ in range(2)]
            register.answer = again.answer
            repeated = (await spine.round())["register"]

            assert (refused.error or "").startswith("answered 429: it is asked too often")
            assert (walked.error, walked.problems, walked.new) == (None, (), len(recorded.numbers()))
            assert again.asked > 1
            assert (repeated.error, repeated.new, repeated.changed) == (None, 0, 0)
            assert stored_numbers(store) == sorted(recorded.numbers())
    assert most_in(120, register.asked_at) <= 12


def polls() -> ModuleType:
    path = Path(__file__).parent.parent / "benchmarks" / "polls.py"
    spec = importlib.util.spec_from_file_location("polls_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.shared
@pytest.mark.parametrize(("history", "most"), [("bbc_england", None), ("bbc_home_uk", 40)])
async def test_a_recorded_history_alerts_every_article_once(shared: Path, sqlite_url: str, history: str, most: int | None) -> None:
    path = shared / "data" / "feeds" / "polls" / f"{history}.jsonl.xz"
    count, entries, alerts, identities = await polls().replay(path, sqlite_url, most)

    assert count >= 40
    assert alerts == entries == identities.sent["union of keys"] > 80
