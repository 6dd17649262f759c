"""Watched names are found as whole words, in every honest spelling, and flagged in dishonest ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from watchers.match import FLAG, Matcher
from watchers.types import Organisation, Party, Role, Watch


def watch(name: str, *aliases: str, key: str = "w", role: Role = Role.EITHER, identifiers: tuple[str, ...] = ()) -> Watch:
    return Watch(id=key, organisation=Organisation(name=name, aliases=aliases, identifiers=identifiers), role=role)


def found(name: str, text: str) -> list[tuple[str, str | None]]:
    return [(text[one.start : one.end], one.flag) for one in Matcher([watch(name)]).mentions(text)]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Palantir", "Palantir’s contract cancelled", "Palantir"),
        ("Palantir", "NHS “Palantir” deal", "Palantir"),
        ("Palantir Technologies", "PALANTIR\u00a0TECHNOLOGIES wins", "PALANTIR\u00a0TECHNOLOGIES"),
        ("Rolls-Royce", "Rolls Royce signs", "Rolls Royce"),
        ("Rolls-Royce", "Rolls\u2011Royce signs", "Rolls\u2011Royce"),
        ("Balfour Beatty plc", "Balfour Beatty wins", "Balfour Beatty"),
        ("Marks & Spencer", "Marks and Spencer loses", "Marks and Spencer"),
        ("G4S", "G4S's prison", "G4S"),
        ("EY", "EY LLP wins audit", "EY"),
        ("Kier", "KIER WINS ROAD CONTRACT", "KIER"),
        ("Zürich", "Zuerich signs", "Zuerich"),
        ("삼성", "삼성전자 계약", "삼성"),
        ("بالانتير", "وبالانتير", "وبالانتير"),
    ],
)
def test_a_name_is_found_as_it_is_written(name: str, text: str, words: str) -> None:
    assert found(name, text) == [(words, None)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Capita", "per capital spending on capitals"),
        ("Palantir", "Palantirian lore"),
        ("EY", "they ey"),
        ("Met", "they met a metre away"),
        ("Kier", "Kiera Jones"),
        ("BT", "a debt"),
        ("3M", "13M pounds"),
        ("a.b", "axb"),
        ("Circle Health", "A circle. Health improves"),
        ("Huawei", "华为"),
        ("a", "a contract"),
        (" ", "a b"),
        ("\u200b", "a\u200bb"),
        ("%", "50% off"),
    ],
)
def test_a_name_is_not_found_in_other_words(name: str, text: str) -> None:
    assert found(name, text) == []


@pytest.mark.parametrize("written", ["P\u0430lantir", "Pala\u200bntir", "\u03a1alantir", "Palant\u0456r"])
def test_a_name_in_borrowed_letters_is_found_and_flagged(written: str) -> None:
    assert found("Palantir", f"{written} wins contract") == [(written, FLAG)]


def test_a_soft_hyphen_is_ordinary_and_not_flagged() -> None:
    assert found("Palantir", "Palan\u00adtir wins") == [("Palan\u00adtir", None)]


def test_a_name_in_its_own_script_is_not_a_look_alike() -> None:
    assert found("Москва", "Москва подписала контракт") == [("Москва", None)]


def test_offsets_point_into_the_text_as_given_even_through_escaped_entities() -> None:
    text = "Deal: M&amp;S wins"
    mention = Matcher([watch("M&S")]).mentions(text)[0]
    assert text[mention.start : mention.end] == "M&amp;S"


def test_two_watches_of_one_name_are_both_told() -> None:
    matcher = Matcher([watch("Serco", key="one"), watch("Serco Group plc", "Serco", key="two")])
    assert matcher.mentions("Serco wins")[0].watches == ("one", "two")


def test_the_longest_name_comes_first() -> None:
    matcher = Matcher([watch("Serco", key="short"), watch("Serco Leisure", key="long")])
    assert [one.watches for one in matcher.mentions("Serco Leisure wins")] == [("long",), ("short",)]


def test_parties_match_by_identifier_before_name_and_only_in_their_role() -> None:
    matcher = Matcher([watch("Palantir", key="p", role=Role.SUPPLIER, identifiers=("GB-COH-07042994",)), watch("Other Ltd", key="o")])
    party = Party(name="PALANTIR TECHNOLOGIES UK, LTD.", identifiers=("gb-coh-07042994",))
    assert [(one.watch, one.proof) for one in matcher.parties([party], Role.SUPPLIER)] == [("p", "gb-coh-07042994")]
    assert matcher.parties([party], Role.PUBLIC_BODY) == ()
    assert [one.watch for one in matcher.parties([Party(name="The Other Limited")], Role.PUBLIC_BODY)] == ["o"]
    assert matcher.parties([Party(name="Another Ltd")], Role.SUPPLIER) == ()


def test_no_watches_find_nothing() -> None:
    assert Matcher(()).mentions("Palantir wins") == []


@pytest.mark.parametrize("name", ["AT&T", "Marks & Spencer", "O2", "a_b Systems", "Acme Ltd", "3M"])
def test_a_text_with_marks_beyond_ascii_alone_finds_what_one_with_foreign_letters_finds(name: str) -> None:
    """The first is searched byte by byte before any offset is computed, the second letter by letter."""
    for text in (f"“{name}” wins £5m—deal", f"Who? {name}…", f"•{name}•"):
        assert found(name, text)[0] == (name, None)
        assert found(name, f"{text} café") == found(name, text)


def test_a_watch_with_many_spellings_of_one_name_is_told_once() -> None:
    one = watch("Acme Ltd", "ACME LIMITED", "The Acme", "Acme", "acme")
    assert [mention.watches for mention in Matcher([one]).mentions("Acme wins")] == [("w",)]
    assert [match.watch for match in Matcher([one]).parties([Party(name="ACME plc")], Role.SUPPLIER)] == ["w"]


def test_many_watches_are_searched_in_one_pass() -> None:
    watches = [watch(f"Organisation {number} Services Ltd", key=str(number)) for number in range(20_000)]
    assert Matcher(watches).mentions("Council hands Organisation 777 Services a contract")[0].watches == ("777",)


@pytest.mark.shared
def test_the_hostile_names_are_read_rightly(shared: Path, record_property: Callable[[str, object], None]) -> None:
    wrong, missed, flagged, matches, flags = [], [], 0, 0, 0
    for line in (shared / "data/hostile/unicode_names.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        number, name, text, expect = line.split("\t")[:4]
        mentions = Matcher([watch(json.loads(name))]).mentions(json.loads(text))
        matches += expect != "nomatch"
        flags += expect == "flag"
        flagged += expect == "flag" and bool(mentions) and all(one.flag for one in mentions)
        if expect == "nomatch" and mentions:
            wrong.append(number)
        if expect != "nomatch" and not mentions:
            missed.append(number)
    record_property("names", f"{len(wrong)} wrong, {len(missed)} of {matches} missed, {flagged} of {flags} flagged")
    assert wrong == []
    assert len(missed) <= 0.02 * matches, missed
    assert flagged >= 0.95 * flags
