"""Names compare by their letters, whatever legal form, accents, scripts and tricks they are written with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.names import fold, normal_name, skeletons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Palantir Technologies UK, Ltd.", "PALANTIR TECHNOLOGIES UK LIMITED"),
        ("The Phoenix Partnership", "Phoenix Partnership"),
        ("Serco Group plc", "Serco Group PLC."),
        ("Ørsted A/S", "Orsted AS"),
        ("Marks & Spencer", "Marks and Spencer"),
        ("Sodexo S.A.", "Sodexo SA"),
        ("Société Générale SA", "Societe Generale"),
        ("J Smith Ltd t/a Smith Cleaning", "J Smith Limited"),
        ("Škoda a.s.", "S\u030ckoda"),
        ("Marks &amp; Spencer plc", "Marks & Spencer"),
        ("Rolls\u2011Royce Holdings plc", "Rolls-Royce"),
        ("Siemens Mobility GmbH", "SIEMENS MOBILITY GMBH"),
    ],
)
def test_spellings_of_one_organisation_have_one_key(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Kier Group", "Kier"), ("Serco", "Sercon"), ("Capita Business Services", "Capita"), ("A4e", "A4"), ("Palantir", "Palantír Studios")],
)
def test_different_organisations_have_different_keys(one: str, other: str) -> None:
    assert normal_name(one) != normal_name(other)


def test_a_name_of_nothing_but_legal_words_keeps_one_of_them() -> None:
    assert normal_name("The Company Ltd") == "company"
    assert normal_name("PLC") == "plc"


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("İstanbul", "istanbul"),
        ("ışık", "isik"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", fold("Σίσυφος")),
        ("١٢٣", "123"),
        ("Ｇ４Ｓ", "g4s"),
        ("T\u00adech", "tech"),
    ],
)
def test_letters_fold_in_every_script(word: str, folded: str) -> None:
    assert fold(word) == folded


@pytest.mark.parametrize("word", ["P\u0430lantir", "Pala\u200dntir", "\U0001d40fa\U0001d7cfantir", "\u03a1alantir", "Palant\u0456r"])
def test_borrowed_letters_read_as_the_word_they_imitate(word: str) -> None:
    assert "palantir" in skeletons(word)


@pytest.mark.parametrize("word", ["Palantir", "Générale", "Škoda", "naïve"])
def test_honest_words_imitate_nothing(word: str) -> None:
    assert skeletons(word) == ()


@given(st.text(alphabet="abcdeéøßÆ &.-'’,()", max_size=60))
def test_a_key_is_its_own_key(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)


@given(st.text(max_size=40))
def test_any_word_folds_and_reads_without_an_error(word: str) -> None:
    fold(word)
    assert len(skeletons(word)) <= 16
