"""Sums of money as a text prints them: exact decimals with the printed words, never computed and never guessed.

A range ("£5m-£7m") is not a value, nor is the price of a part ("£2m each"); "up to £7m" is, because that is the sum a contract is printed
with. What a language writes before and after a figure is data (``rules/<language>/money.toml``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from watchers.types import Money


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum found in a text: offsets of its printed words; ``money`` is None for one end of a range and the price of a part."""

    start: int
    end: int
    money: Money | None


class MoneyReader:
    """Finds sums; built once from a language's ``money.toml``."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self._decimal: str = rules["decimal"]
        self._group: str = rules["group"]
        self._symbols = {key.casefold(): value for key, value in (rules["symbols"] | rules.get("letters", {})).items()}
        self._words = {key.casefold(): value for key, value in rules["words"].items()}
        self._scales = {key.casefold(): Decimal(value) for key, value in rules["scales"].items()}
        self._range = "|".join(re.escape(word) for word in rules["ranges"].split())
        number = (
            rf"\d{{1,3}}(?:[{re.escape(rules['group'])}]\d{{2,3}})+(?:{re.escape(self._decimal)}\d+)?|\d+(?:{re.escape(self._decimal)}\d+)?"
        )
        symbols, words, scales = (_either(table) for table in (rules["symbols"], rules["words"], rules["scales"]))
        letters = _either(rules["letters"]) if "letters" in rules else "(?!)"
        scale = rf"(?:[\s-]?(?P<{{}}>{scales})(?![^\W\d_]))?"
        whole = r"(?![^\W_]|[.,]\d)"  # "£5xyz" is of a size nobody knows
        prefixed = rf"(?<![^\W_])(?P<symbol>{symbols})\s?(?P<figure>{number}){scale.format('scale')}{whole}"
        suffixed = rf"(?<![\w.,])(?P<figure2>{number}){scale.format('scale2')}[\s-]?(?P<word>{words})(?![^\W_])"
        lettered = rf"(?<![^\W_])(?P<letter>(?-i:{letters}))(?P<figure3>{number})[\s-]?(?P<scale3>{scales})(?![^\W\d_])"
        self._pattern = re.compile(rf"(?:{prefixed})|(?:{suffixed})|(?:{lettered})", re.IGNORECASE)
        self._part_after = re.compile(
            rf"\s?(?:{_either([one.replace('_', ' ') for one in rules['parts'].split()])})(?![^\W_])", re.IGNORECASE
        )
        self._range_after = re.compile(rf"\s?(?:{self._range})\s?$", re.IGNORECASE)
        self._bare_before = re.compile(rf"(?:{number})\s?(?:{scales})?\s?(?:{self._range})\s?$", re.IGNORECASE)
        self._bare_after = re.compile(rf"\s?[-–]\s?(?:{symbols})?(?:{number})", re.IGNORECASE)

    def sums(self, text: str) -> list[Sum]:
        """All sums of ``text`` in order. Both ends of a range and the prices of parts are found, without a value."""
        found = []
        for hit in self._pattern.finditer(text):
            group = hit.groupdict()
            printed = text[hit.start() : hit.end()]
            symbol = group["symbol"] or group["letter"] or ""
            currency = self._symbols.get(symbol.casefold()) or self._words[group["word"].casefold()]
            amount = Decimal(self._digits(group["figure"] or group["figure2"] or group["figure3"]))
            scale = group["scale"] or group["scale2"] or group["scale3"]
            if scale:
                amount *= self._scales[scale.casefold()]
            found.append(Sum(hit.start(), hit.end(), Money(amount=_plain(amount), currency=currency, printed=printed)))
        whole = [self._without_range(text, found, index) for index in range(len(found))]
        return [Sum(one.start, one.end, None) if self._part_after.match(text, one.end) else one for one in whole]

    def _digits(self, figure: str) -> str:
        return "".join(sign for sign in figure if sign not in self._group).replace(self._decimal, ".")

    def _without_range(self, text: str, found: list[Sum], index: int) -> Sum:
        """The sum, or the sum without a value when it is an end of a range ("£5m to £7m", "5-7 million euros")."""
        this = found[index]
        joined_before = index > 0 and re.fullmatch(rf"\s?(?:{self._range})\s?", text[found[index - 1].end : this.start], re.IGNORECASE)
        joined_after = index + 1 < len(found) and re.fullmatch(
            rf"\s?(?:{self._range})\s?", text[this.end : found[index + 1].start], re.IGNORECASE
        )
        ranged = joined_before or joined_after or self._bare_before.search(text[max(0, this.start - 20) : this.start])
        ranged = ranged or self._bare_after.match(text, this.end)
        return Sum(this.start, this.end, None) if ranged else this


def _plain(amount: Decimal) -> Decimal:
    """Without an exponent or trailing zeros behind the point: 1.20E+6 is 1200000."""
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()


def _either(keys: Iterable[str]) -> str:
    """The keys as an alternation, longest first, spaces free."""
    return "|".join(re.escape(key).replace(r"\ ", r"\s") for key in sorted(keys, key=len, reverse=True))
