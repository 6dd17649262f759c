"""Watches in files: what is written is read as it was, what is wrong is said with its line, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.config import parse_config
from bot.config_rows import config_watchlists
from bot.exchange import MOST_BYTES, MOST_ROWS, Asked, read_file, write_csv, write_toml
from watchers.types import EventKind, Organisation, Role, Terms, Watch

NAMES = (
    st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=3, max_size=40)
    .map(str.strip)
    .filter(lambda text: sum(letter.isalnum() for letter in text) > 1)
)
HOSTILE = st.sampled_from(["=cmd()|A1", "'=1+1", "''@x1", "a;=b1", 'say "no";x', "+44 Ltd", "-x1", "＝x1", 'back\\slash "1'])
ORGANISATIONS = st.builds(Organisation, name=NAMES | HOSTILE, aliases=st.lists(NAMES | HOSTILE, max_size=2).map(tuple))
WISHES = st.builds(
    lambda one, role, partner, without, terms: (
        Watch(
            organisation=one,
            role=role if one else Role.EITHER,  # who is not named plays no part
            partner=Organisation(name=partner) if partner and one else None,
            without=without,
            direct=bool(without),
        ),
        terms,
    ),
    st.none() | ORGANISATIONS,
    st.sampled_from(Role),
    st.none() | NAMES | HOSTILE,
    st.lists(NAMES | HOSTILE, max_size=2).map(tuple),
    st.builds(
        Terms,
        kinds=st.none() | st.frozensets(st.sampled_from([kind for kind in EventKind if kind.happens]), min_size=1),
        minimum=st.none() | st.integers(1, 10**14),
        without_sum=st.booleans(),
        paused=st.booleans(),
    ),
)


# A list has a watch once, whatever its terms.
LISTS = st.lists(WISHES, min_size=1, max_size=2, unique_by=lambda wish: wish[0])


@settings(max_examples=60, deadline=None, derandomize=True)
@example({"": [(Watch(), Terms(without_sum=False))]})  # everything
@example({"": [(Watch(organisation=Organisation(name="[[watchlists]]")), Terms())]})
@given(st.dictionaries(st.just("") | NAMES | HOSTILE, LISTS, min_size=1, max_size=2))
def test_what_is_written_is_read_as_it_was_and_no_cell_is_a_formula(lists: dict[str, list[Asked]]) -> None:
    as_csv, as_toml = write_csv(lists), write_toml(lists)

    for name, body in (("w.csv", as_csv), ("w.toml", as_toml.encode()), ("file", as_csv), ("file", as_toml.encode())):
        read = read_file(name, body)
        assert (read.lists, read.wrong) == (lists, ())
    cells = [cell for row in csv.reader(io.StringIO(as_csv.decode("utf-8-sig"), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t＝"))]


def test_what_is_exported_can_stand_in_the_configuration() -> None:
    pair = Watch(organisation=Organisation(name="Palantir"), partner=Organisation(name="Met Police"), partner_role=Role.PUBLIC_BODY)
    lists = {
        "": [(pair, Terms(kinds=frozenset({EventKind.CANCELLED}), paused=True))],
        "Firms & Co": [(Watch(area="London", direct=True), Terms(minimum=5, currency="EUR", without_sum=False))],
    }

    [first, second] = config_watchlists(parse_config(write_toml(lists), Path("config.toml")))

    assert (first.terms, second.name, second.terms) == ((lists[""][0][1],), "Firms & Co", (lists["Firms & Co"][0][1],))
    assert first.watches[0].sides == pair.sides
    assert second.watches[0].direct


@pytest.mark.parametrize(
    ("name", "body", "taken", "said"),
    [
        ("a.csv", b"name,role\nSerco,supplier\nCapita,boss\n,body\n", ["Serco"], ["line 3: role", "line 4: role"]),
        (
            "a.csv",
            b'Name;Minimum;Without\nSerco;1000;\nCapita;1e3;\nAtos;5;"a;b"\n',
            ["Serco", "Atos"],
            ["line 3: minimum: must be a whole number"],
        ),
        ("a.csv", b"name,direct\nSerco,maybe\nAtos,yes,no\n", [], ["line 2: direct", "line 3: has 3 cells"]),
        ("a.csv", b"Company\nSerco\n", [], ["line 1: the first line must name the columns"]),
        ("a.csv", b'name\nSerco\n"Capita', ["Serco"], ["line 3: is not valid CSV"]),
        ("a.csv", b"name,partner\n,Serco\n", [], ["line 2: partner: stands alone"]),
        ("a.csv", b"name\n\xff", [], ["line 2: is not UTF-8"]),
        ("a.csv", b"name\n" + b"x" * MOST_BYTES, [], ["line 1: the file is larger"]),
        (
            "a.toml",
            b'[[watchlists]]\nwatches = [\n {name = "Serco"},\n {name = "x"},\n {nam = "y"},\n 3]\n',
            ["Serco"],
            ["line 4: name", "line 5: nam: unknown key; did", "line 6: a watch is a table"],
        ),
        ("a.toml", b"[[watchlists]]\nid = 'a'\nwatches = 3\n", [], ["line 1: this watchlist has no watches"]),
        ("a.toml", b"watchlists = 1\n", [], ["line 1: has no [[watchlists]]"]),
        ("a.toml", b"\nx = = 1", [], ["line 2: is not valid TOML"]),
        ("a.toml", b"x = " + b"[" * 90_000, [], ["line 1: has lists within lists"]),
    ],
)
def test_what_is_right_is_taken_and_the_rest_is_said_with_its_line(name: str, body: bytes, taken: list[str], said: list[str]) -> None:
    read = read_file(name, body)

    assert [watch.name for watch, _ in read.watches] == taken
    assert len(read.wrong) == len(said)
    assert all(str(wrong).startswith(start) for wrong, start in zip(read.wrong, said, strict=True)), read.wrong


def test_a_file_of_very_many_watches_is_read_to_a_bound() -> None:
    read = read_file("a.csv", b"name\n" + b"".join(b"Company %dx\n" % number for number in range(MOST_ROWS + 1)))

    assert len(read.watches) == MOST_ROWS
    assert [wrong.line for wrong in read.wrong] == [MOST_ROWS + 2]


def test_tables_in_toml_are_of_the_length_of_their_lists() -> None:
    lists = {"Same name": [(Watch(organisation=Organisation(name="Serco")), Terms())], "same  NAME": []}

    assert [table["id"] for table in tomllib.loads(write_toml(lists))["watchlists"]] == ["same-name", "same-name-2"]
