"""Markup to plain text, by the cases real and hostile feeds contain."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.plaintext import plain, shorten


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("Council awards £5m contract", "Council awards £5m contract"),
        ("  two\n lines\tand\u00a0more ", "two lines and more"),
        ("Housing &amp; Repairs", "Housing & Repairs"),
        ("Chair&amp;#39;s report", "Chair's report"),
        ("&lt;b&gt;Palantir&lt;/b&gt; wins", "Palantir wins"),
        ("<p>First.</p><p>Second.</p>", "First. Second."),
        ("line<br/>break", "line break"),
        ("<b>Pal</b>antir", "Palantir"),
        ('<a href="https://example.org/?a=1&b=2">Marks & Spencer</a> wins', "Marks & Spencer wins"),
        ("R&D contract", "R&D contract"),
        ("contracts < £5m and > £1m", "contracts < £5m and > £1m"),
        ("before<script>var x = '<p>no</p>';</script>after", "before after"),
        ("before<style>p { color: red }</style> after", "before after"),
        ("before<!-- <p>hidden</p> -->after", "before after"),
        ("before --> after", "before --> after"),
        ("<script>never closed", ""),
        ("cut off <a href='https://exa", "cut off"),
        ("Pal\u200bantir", "Palantir"),
        ("Pal\u00adantir", "Palantir"),
        ("\u202etfeL ot thgir", "tfeL ot thgir"),
        ("Palantir\ufeff", "Palantir"),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("half \ud800 pair", "half pair"),
        (f"&#{'9' * 5000};&#x{'0' * 5000}41;", "\ufffd\ufffd"),
        ("&#xD800;half", "\ufffdhalf"),
        ("\uff30\uff41\uff4c\uff41\uff4e\uff54\uff49\uff52", "Palantir"),
        ("cafe\u0301", "caf\u00e9"),
        ("ألغت البلدية العقد", "ألغت البلدية العقد"),
        ("", ""),
        ("<img src='x'>", ""),
    ],
)
def test_what_is_left_of_markup(markup: str, words: str) -> None:
    assert plain(markup) == words


@given(st.text(alphabet=st.sampled_from("ab <>&;#!-/\"'=x1\u200b\u00ad\u202e\ud800\x00\n\u00e9\u0301"), max_size=60))
def test_no_invisible_character_and_no_double_space_survives(markup: str) -> None:
    text = plain(markup)

    assert text == " ".join(text.split())
    assert not set(text) & set("\u200b\u00ad\u202e\ud800\x00\n")
    text.encode()


@pytest.mark.parametrize(
    "flood",
    ["<", "<a", "<!--", "<script>", "</script>", "&", "&amp;", "&lt;", "<a b='", "--", "-->", "&#", " ", "\u0301", "<a <a ", "&amp;lt;!--"],
)
def test_a_flood_costs_no_more_than_its_length(flood: str) -> None:
    started = time.process_time()
    plain(flood * (60_000 // len(flood)))

    assert time.process_time() - started < 0.5


def test_text_is_cut_between_words() -> None:
    assert shorten("one two three", 9) == "one two"
    assert shorten("one two three", 7) == "one two"
    assert shorten("one two", 7) == "one two"
    assert shorten("unbroken", 4) == "unbr"
