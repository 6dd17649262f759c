"""Sums are read exactly as printed, and a range is no sum."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.text.rules import rules

ENGLISH = rules("en").money


@pytest.mark.parametrize(
    ("text", "amount", "currency", "printed"),
    [
        ("a £50m deal", "50000000", "GBP", "£50m"),
        ("a £50million deal", "50000000", "GBP", "£50million"),
        ("$1.2bn contract", "1200000000", "USD", "$1.2bn"),
        ("wins $2.29B to", "2290000000", "USD", "$2.29B"),
        ("50 million pounds", "50000000", "GBP", "50 million pounds"),
        ("a 500 million pound contract", "500000000", "GBP", "500 million pound"),
        ("worth Rs 4,000 crore", "40000000000", "INR", "Rs 4,000 crore"),
        ("a Rs 3,500-crore order", "35000000000", "INR", "Rs 3,500-crore"),
        ("€3.5 million", "3500000", "EUR", "€3.5 million"),
        ("A$220 million", "220000000", "AUD", "A$220 million"),
        ("2.5 mln eur", "2500000", "EUR", "2.5 mln eur"),
        ("EUR2m", "2000000", "EUR", "EUR2m"),
        ("valued at £7,094,110.25 in all", "7094110.25", "GBP", "£7,094,110.25"),
        ("$53,859,843,289 modification", "53859843289", "USD", "$53,859,843,289"),
        ("£500k", "500000", "GBP", "£500k"),
        ("worth up to £7m", "7000000", "GBP", "£7m"),
        ("SEK 1.5bn", "1500000000", "SEK", "SEK 1.5bn"),
        ("US$400 million", "400000000", "USD", "US$400 million"),
        ("a R1.2bn tender", "1200000000", "ZAR", "R1.2bn"),
        ("the P310-million award", "310000000", "PHP", "P310-million"),
        ("its N2.1bn road", "2100000000", "NGN", "N2.1bn"),
        ("a J$94m survey", "94000000", "JMD", "J$94m"),
        ("a CZK 3.4bn tram contract", "3400000000", "CZK", "CZK 3.4bn"),
        ("a NIS 3.8b deal", "3800000000", "ILS", "NIS 3.8b"),
        ("Tk 1,233 crore", "12330000000", "BDT", "Tk 1,233 crore"),
        ("worth SFr600m", "600000000", "CHF", "SFr600m"),
        ("94 million kroner", "94000000", "NOK", "94 million kroner"),
        ("£5m a year", "5000000", "GBP", "£5m"),
        ("a S$562mil job", "562000000", "SGD", "S$562mil"),
        ("Dh100m of road contracts", "100000000", "AED", "Dh100m"),
        ("above SR714 million", "714000000", "SAR", "SR714 million"),
    ],
)
def test_a_sum_is_read(text: str, amount: str, currency: str, printed: str) -> None:
    [found] = ENGLISH.sums(text)
    assert found.money is not None
    assert (found.money.amount, found.money.currency, found.money.printed) == (Decimal(amount), currency, printed)
    assert text[found.start : found.end] == printed


@pytest.mark.parametrize("text", ["£5m-£7m", "£5m to £7m", "between £5m and £7m", "£5-7m", "5-7 million euros"])
def test_a_range_is_no_sum(text: str) -> None:
    assert all(found.money is None for found in ENGLISH.sums(text))


@pytest.mark.parametrize("text", ["salt at $71 a ton", "60,000 laptops at £1,340 apiece", "$118,000 below the next bid", "€2m each"])
def test_the_price_of_a_part_and_a_difference_are_no_sum(text: str) -> None:
    assert [found.money for found in ENGLISH.sums(text)] == [None]


@pytest.mark.parametrize(
    "text",
    [
        "1,000 trains",
        "a five-year deal",
        "12 million people",
        "Windows 11",
        "A4 paper",
        "multimillion-pound",
        "3M",
        "R2",
        "in r5 m",
        "to try 100 buses",
        "PHP 8.4",
    ],
)
def test_other_figures_are_no_money(text: str) -> None:
    assert ENGLISH.sums(text) == []


def test_two_currencies_for_one_sum_are_both_found_in_order() -> None:
    assert [one.money.currency for one in ENGLISH.sums("£50 million ($67 million)") if one.money] == ["GBP", "USD"]


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader_and_every_sum_stands_in_it(text: str) -> None:
    for found in ENGLISH.sums(text):
        assert text[found.start : found.end].strip()
