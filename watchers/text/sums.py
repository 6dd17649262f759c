"""Which sum of an entry is the contract's, in any language with a folder, and in whose currency.

A sum counts in the clause or a sentence that names the contract; elsewhere only when it is the one sum of the entry and a word beside it
says that it is the price. A word that several countries have for their money ("dinars", "pesos") is read by the countries the entry
names; where none is named and the folder has no default for it, the sum is left out.
"""

from __future__ import annotations

from dataclasses import replace

from watchers.text.folder import Folder
from watchers.text.tokens import Sentence, Token
from watchers.text.told import Told
from watchers.types import AlertClass, Money

_CONTRACT = frozenset({"strong", "tender", "weak", "order"})
_BEFORE, _BEHIND = 5, 4  # words around a sum in which a fine or a debt is named
_UNKNOWN = "?"  # begins the name of a unit that several countries use


def put_value(told: Told, sentences: list[Sentence], rules: Folder) -> None:
    """Puts the contract's sum into ``told``; leaves it empty when there is none or its currency is open."""
    for token in _candidates(told, sentences):
        money = _in_currency(token.money, sentences, rules) if token.money is not None else None
        if money is not None:
            told.money, told.money_token = money, token
            return


def _candidates(told: Told, sentences: list[Sentence]) -> list[Token]:
    """The first sum that can be the contract's: beside the contract, else in an award's own clause, else the only one there is."""
    clause = told.clause
    own = [clause.sentence, *(one for one in sentences if one is not clause.sentence)]
    beside = [token for one in own if _has(one, _CONTRACT) for token in _sums(one)]
    if not beside and clause.frame.event.alert is AlertClass.AWARDED and clause.implied:
        beside = _sums(clause.sentence)
    if beside:
        return beside[:1]
    every = [(one, token) for one in sentences for token in _sums(one)]
    return [every[0][1]] if len(every) == 1 and _has(every[0][0], frozenset({"cost"})) else []


def _has(sentence: Sentence, tags: frozenset[str]) -> bool:
    return any(token.tags & tags for token in sentence.tokens)


def _sums(sentence: Sentence) -> list[Token]:
    """The sums of a sentence that are no fine, debt or saving."""
    tokens = sentence.tokens
    return [
        token
        for index, token in enumerate(tokens)
        if token.money is not None
        and token.money.amount
        and not any("not_value" in one.tags for one in tokens[max(0, index - _BEFORE) : index + _BEHIND])
    ]


def _in_currency(money: Money, sentences: list[Sentence], rules: Folder) -> Money | None:
    """The sum with its currency told by the countries of the entry; None when it stays open."""
    countries = rules.countries.get(money.currency)
    if countries is None:
        return money
    text = " ".join(rules.spelt(one.text) for one in sentences)
    found = {currency for word, currency in countries.items() if word and word in text}
    if len(found) == 1:
        return replace(money, currency=found.pop())
    default = countries.get("", "")
    return replace(money, currency=default) if default and not found else None
