"""``contractwatch story``: what an admin is shown of a story, and says of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from house import House, Outside
from storing import PALANTIR, a_finding, an_entry, save, set_up, told

from bot.facade import STORY_RULES
from storage.store import open_store
from watchers.types import Party


@pytest.fixture
def filled(tmp_path, nursery, now):
    """A house with two outlets' reports that were taken for one story."""
    with Outside() as outside:
        house = House(tmp_path, outside, nursery)
        house.write()
        _fill(house, now)
        yield house
        house.end()


def _fill(house, now):
    with open_store(f"sqlite:///{house.folder}/contractwatch.db") as store:
        set_up(store, now - timedelta(days=1), watches=(PALANTIR,))
        for feed in ("bbc", "itv"):
            finding = a_finding(public_bodies=(Party(name="Leeds Council"),))
            entry = an_entry(feed, f"Leeds Council cancels Palantir contract, {feed} learns", published=now)
            save(store, feed, told(entry, finding), now=now, rules=STORY_RULES)
    return house


def test_a_story_is_shown_split_and_joined_again_with_the_reasons(filled: House):
    (shown,) = filled.run("story", "show", "alert:1", "--json").records
    assert (shown["story"], shown["kind"], shown["alerts"], shown["joined"]) == (1, "cancelled", [1], [])
    assert [(one["entry"], one["feed"], one["reason"]) for one in shown["entries"]] == [
        (1, "bbc", "no story of this event is known"),
        (2, "itv", "supplier agrees, public body agrees, titles agree"),
    ]

    parted = filled.run("story", "split", "1", "2", "--json")
    assert [(one["story"], [each["entry"] for each in one["entries"]]) for one in parted.records] == [(1, [1]), (2, [2])]
    assert parted.err[-1].endswith("Undo: contractwatch story join 1 2")

    joined = filled.run("story", "join", "2", "1", "--json")
    assert [(one["story"], one["joined"], len(one["entries"])) for one in joined.records] == [(1, [2], 2)]
    assert joined.err[-1].endswith("Undo: contractwatch story split 1 2")

    people = "\n".join(filled.run("story", "show", "1").out)
    assert "Story 1 · cancelled · reported · Palantir · Leeds Council · 2 entries" in people
    assert "with story 2, by an admin" in people
    assert "story 1" in "\n".join(filled.run("story", "show", "2").out)
    assert [record["story"] for record in filled.run("story", "show", "--json").records] == [1]


def test_what_cannot_be_done_is_said_in_a_sentence(filled: House):
    for arguments, code, said in (
        (("show", "7"), 1, "there is no story 7"),
        (("show", "alert:7"), 1, "there is no alert 7"),
        (("show", "seven"), 2, "'seven' is no story: write its number, or alert:17"),
        (("split", "1", "9"), 1, "entry 9 is not in story 1"),
        (("split", "1", "1", "2"), 1, "these are all entries of story 1"),
        (("join", "1", "1"), 1, "story 1 cannot be joined to itself"),
    ):
        process = filled.run("story", *arguments)

        assert (process.code, process.out) == (code, [])
        assert said in process.err[-1]
