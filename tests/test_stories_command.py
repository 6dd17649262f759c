"""``contractwatch stories``: JSON Lines of entries in, which of them tell one story out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House, Outside
from nursery import Nursery

NEWS = {
    "a1": ("Fenham council scraps £2m Serco parking contract", "2026-05-20T09:00:00Z"),
    "a2": ("Serco loses £2m parking deal as Fenham council pulls the plug", "2026-05-20T15:00:00Z"),
    "a3": ("Fenham Council axes Serco's parking contract", "2026-05-21"),
    "b1": ("Fenham council may scrap £2m Serco parking contract", "2026-05-19T09:00:00Z"),
    "c1": ("Delham council scraps £7m Serco leisure contract", "2026-05-20T10:00:00Z"),
    "d1": ("Lighthouse keeper Maud Tregaskis dies aged 104", "2026-05-20T10:00:00Z"),
    "d2": ("Maud Tregaskis, the last lighthouse keeper, has died at 104", "2026-05-20T12:00:00Z"),
    "e1": ("Storm closes coastal roads", None),
}


@pytest.fixture
def house(tmp_path: Path, nursery: Nursery) -> Iterator[House]:
    with Outside() as outside:
        made = House(tmp_path, outside, nursery)
        yield made
        made.end()


def line(identifier: str) -> str:
    title, published = NEWS[identifier]
    return json.dumps({"id": identifier, "title": title, "published": published, "outlet": "The Sentinel"})


def groups(records: list[dict]) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for record in records:
        found.setdefault(record["group"], set()).add(record["id"])
    return {frozenset(members) for members in found.values()}


def test_what_tells_one_story_has_one_group_and_what_does_not_has_its_own(house: House):
    ended = house.run("stories", stdin="\n".join(line(identifier) for identifier in NEWS))

    assert ended.code == 0, ended.err
    assert [record["id"] for record in ended.records] == list(NEWS)
    assert {frozenset(record) for record in ended.records} == {frozenset({"id", "group"})}
    assert groups(ended.records) == {frozenset(one) for one in ({"a1", "a2", "a3"}, {"b1"}, {"c1"}, {"d1", "d2"}, {"e1"})}


def test_the_order_of_the_lines_changes_no_group_and_the_same_input_gives_the_same_bytes(house: House):
    shuffled = list(NEWS)
    random.Random(4).shuffle(shuffled)
    first, again = (house.run("stories", stdin="\n".join(line(identifier) for identifier in NEWS)) for _ in range(2))
    other = house.run("stories", stdin="\n".join(line(identifier) for identifier in shuffled))

    assert first.out == again.out
    assert [record["id"] for record in other.records] == shuffled
    assert groups(other.records) == groups(first.records)


def test_a_line_that_cannot_be_read_is_named_once_and_the_others_are_answered(house: House):
    lines = [line("a1"), "not json", "", '{"id": "x"}', '{"id": "y", "title": 7}', "[]", line("a3")]

    ended = house.run("stories", stdin="\ufeff" + "\n".join(lines))

    assert ended.code == 1
    assert [record["id"] for record in ended.records] == ["a1", "a3"]
    assert [one.split(":")[2].strip() for one in ended.err] == ["line 2", "line 4", "line 5", "line 6"]


def test_nothing_in_is_nothing_out(house: House):
    ended = house.run("stories", stdin="")

    assert (ended.code, ended.out) == (0, [])
