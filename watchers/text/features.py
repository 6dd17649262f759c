"""What the trained weights see of a text: its words as the parts they play, in pairs and triples, and what the grammar makes of it.

Names, sums and places are replaced by what they are ("BODY hands FIRM $ contract"), so that what was learnt from one council's contract
holds for every council's. The words themselves are kept beside that, as stems, for idioms ("parts ways with").

Tried and rejected: words alone (they know no new names); word classes from the vectors of a language model (they mix "scraps" with "waste"
and "bags" with "toilets"); a small transformer fine-tuned on the same sentences. docs/understanding.md has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from watchers.text.clauses import clauses
from watchers.text.phrases import Clause
from watchers.text.public import admitted, blocked_by, strict
from watchers.text.roles import parts
from watchers.text.rules import Rules
from watchers.text.tokens import Sentence, Token
from watchers.text.told import Told

_READ = 3  # sentences of a summary
_NEAR = 10  # tokens between two key symbols that are looked at as a pair
_PAIRS = 5  # key symbols after one that are paired with it
_STEM = 9  # letters
_SHORT = 4  # letters; a shorter word is its own stem
_ENDING = re.compile(r"(?:ies|ing|ed|es|s|ly)$")
_KEY = re.compile(r"^(?:[$?#]|BODY|FIRM|PLACE|NAME|C:.*|gs|gb|.*\.[a-z]+)$")
_PAPERS = ("strong", "tender", "weak", "order", "award", "bid", "job", "scheme")
_FUNCTION = frozenset(
    {
        *("to", "by", "with", "from", "for", "between", "of", "in", "worth", "gen", "and", "but", "sub", "rel", "not"),
        *("modal", "will", "be", "have", "do", "about", "within", "pronoun"),
    }
)
_SAID_BY_WORD = frozenset({"in", "sub", "modal"})  # "on", "over"; "after", "despite"; "could", "should": each says something else
_KINDS = {"money": "$", "body": "BODY", "supplier": "FIRM", "place": "PLACE"}
_BORDERS = frozenset(":;?!–—-|,")


def stem(word: str) -> str:
    """A word (lower case) without its ending, so that "terminates" and "terminated" are one."""
    return word if len(word) <= _SHORT else _ENDING.sub("", word)[:_STEM] or word


def paper(token: Token) -> str:
    """Which kind of contract noun a token is, or "-"."""
    return next((kind for kind in _PAPERS if kind in token.tags), "-")


def symbol(token: Token, sentence: Sentence, rules: Rules) -> str:
    """The part a token plays; empty for a mark that says nothing."""
    if token.kind == "stop":
        return token.low if token.low in _BORDERS else ""
    if token.kind != "word":
        return _KINDS[token.kind]
    if listed := _listed(token, rules):
        return listed
    return "NAME" if token.capital and not sentence.title_case and not sentence.lower_case else stem(token.low)


def _listed(token: Token, rules: Rules) -> str:
    """The part of a word that stands in a table, by the table that says most; empty for a word in none."""
    tags = token.tags
    function = sorted(tags & _FUNCTION)
    verb = rules.verbs.get(token.low) if "ev" in tags else None
    parts = (
        ("num" in tags, "#"),
        ("paper" in tags, f"C:{paper(token)}{'v' if 'ev' in tags else ''}"),
        ("ev" in tags, f"{verb[0].name}.{verb[1]}" if verb else "ev"),
        ("generic_supplier" in tags, "gs"),
        ("generic_body" in tags, "gb"),
        (bool(function), token.low if len(function) == 1 and function[0] in _SAID_BY_WORD else "|".join(function)),
    )
    return next((part for holds, part in parts if holds), "")


def of_entry(title: list[Sentence], summary: list[Sentence], told: Told | None, rules: Rules) -> set[str]:
    """The features of an entry. ``told`` is what the grammar says of it."""
    found = {"nosum"} if not summary else set()
    for field, sentences in (("t", title), ("s", summary[:_READ])):
        for sentence in sentences:
            found.update(field + one for one in _of_sentence(sentence, rules))
            for clause in clauses(sentence, rules):
                found.update(field + one for one in _of_clause(clause, title, summary, rules))
    if title and (shape := blocked_by(title, title[0], rules)):
        found.add(f"block {shape}")
    return found.union(of_told(told))


def of_told(told: Told | None, more: str = "") -> Iterator[str]:
    """What the rules said of an entry, as features; ``more`` goes with which parts they found."""
    event = told.event.value if told else "none"
    yield f"g {event}"
    if told is not None:
        yield f"gr {told.clause.frame.name} {event}"
        yield f"gf {told.clause.sentence.field} {event}"
        yield f"gp {bool(told.suppliers):d}{bool(told.bodies):d}{more} {event}"


def of_symbols(symbols: Sequence[str], stems: Sequence[str]) -> Iterator[str]:
    """The features of a sentence in any language, by the parts its words play and by their stems."""
    row = ["<", *symbols, ">"]
    yield from (f"1 {one}" for one in row)
    yield from (f"2 {one} {other}" for one, other in pairwise(row))
    yield from (f"3 {one} {other} {third}" for one, other, third in zip(row, row[1:], row[2:], strict=False))
    keys = [(index, one) for index, one in enumerate(row) if _KEY.match(one)]
    for place, (index, one) in enumerate(keys):
        near = (other for at, other in keys[place + 1 : place + 1 + _PAIRS] if at - index <= _NEAR)
        yield from (f"k {one} {other}" for other in near)
    yield from (f"w {one}" for one in stems)
    yield from (f"ww {one} {other}" for one, other in pairwise(stems))


def _of_sentence(sentence: Sentence, rules: Rules) -> Iterator[str]:
    yield from of_symbols(_row(sentence, rules), [stem(token.low) for token in sentence.tokens if token.kind not in ("stop", "money")])
    shapes = (("TC", sentence.title_case), ("LC", sentence.lower_case), ("?", sentence.text.rstrip().endswith("?")))
    yield from (name for name, holds in shapes if holds)


def _row(sentence: Sentence, rules: Rules) -> list[str]:
    """The symbols of a sentence; articles are left out, a name of several words is one symbol."""
    row: list[str] = []
    for token in sentence.tokens:
        one = "" if token.kind == "word" and "det" in token.tags else symbol(token, sentence, rules)
        if one == "NAME" and (not row or row[-1] == "NAME"):
            one = "" if row else stem(token.low)  # a sentence begins with a capital
        if one:
            row.append(one)
    return row


def _of_clause(clause: Clause, title: list[Sentence], summary: list[Sentence], rules: Rules) -> Iterator[str]:
    noun = paper(clause.sentence.tokens[clause.contract]) if clause.contract is not None else "-"
    name, mood = clause.frame.name, clause.mood
    yield f"c {name} {mood} {noun}"
    yield f"c {name} {mood}"
    yield f"c {mood}: {clause.why}"
    if clause.head != "same":
        yield f"ch {name} {clause.head}"
    found = parts(clause, rules)
    yield f"cp {name} {mood} {bool(found.suppliers):d}{bool(found.bodies):d}{found.private:d}{found.generic:d}"
    public = admitted(clause, found, title, rules), strict(clause, found, title, summary)
    yield f"ca {clause.frame.event.alert} {mood} {public[0]:d}{public[1]:d}{found.private:d}"


def context(sentence: Sentence, event: str, grammar: dict[tuple[str, int], str], rules: Rules) -> Iterator[list[str]]:
    """The features of each token of a sentence, in their order, for telling who is the supplier, who the body and which sum the value.

    ``event`` is the alert class or "other"; ``grammar`` gives the part ("S", "P", "V") the grammar took a token for, by field and offset.
    """
    around = _Around(sentence, event, rules)
    for index, token in enumerate(sentence.tokens):
        taken = grammar.get((sentence.field, token.start), "-")
        yield [*around.near(index), *around.far(index), f"gram {taken} {event}", *([f"gram? {taken}"] if grammar else [])]


class _Around:
    """What stands around the tokens of one sentence."""

    def __init__(self, sentence: Sentence, event: str, rules: Rules) -> None:
        self._tokens = sentence.tokens
        self._sentence = sentence
        self._event = event
        self._row = [token.low if token.kind == "stop" else symbol(token, sentence, rules) for token in sentence.tokens]
        self._stems = [stem(token.low) for token in sentence.tokens]
        self._verbs = [
            (index, rules.verbs[token.low][0].name)
            for index, token in enumerate(sentence.tokens)
            if token.kind == "word" and "ev" in token.tags and token.low in rules.verbs
        ]
        self._papers = [index for index, one in enumerate(self._row) if one.startswith("C:")]

    def _symbol(self, index: int) -> str:
        return "<" if index < 0 else ">" if index >= len(self._row) else self._row[index]

    def _stem(self, index: int) -> str:
        return self._stems[index] if 0 <= index < len(self._stems) else "_"

    def near(self, index: int) -> list[str]:
        """The token itself and its neighbours."""
        token, at = self._tokens[index], self._symbol
        one, before, after = self._row[index], at(index - 1), at(index + 1)
        written = ("U" if token.text.isupper() and len(token.text) > 1 else "C" if token.capital else "l") + (
            "T" if self._sentence.title_case else "L" if self._sentence.lower_case else ""
        )
        return [
            "b",
            f"k {one} {written}",
            f"sh {written}",
            f"f {self._sentence.field[0]}{one}",
            f"w {self._stem(index)}",
            f"w- {self._stem(index - 1)}",
            f"w+ {self._stem(index + 1)}",
            f"s- {before}",
            f"s+ {after}",
            f"s-0 {before} {one}",
            f"s0+ {one} {after}",
            f"s-+ {before} {after}",
            f"s-- {at(index - 2)} {before}",
            f"s++ {after} {at(index + 2)}",
        ]

    def far(self, index: int) -> list[str]:
        """What stands beyond the name the token is part of, the verbs and contract nouns on both sides, the preposition that leads it."""
        left, right = self._name(index)
        token, at = self._tokens[index], self._symbol
        kind = "cap" if token.capital and not self._sentence.title_case else token.kind
        earlier = next((name for place, name in reversed(self._verbs) if place < index), "-")
        later = next((name for place, name in self._verbs if place > index), "-")
        lead = next((self._row[place] for place in range(left - 1, max(-1, left - 6), -1) if self._row[place] in _LEADS), "-")
        papers = f"{any(place < index for place in self._papers):d}{any(place > index for place in self._papers):d}"
        return [
            f"L {at(left - 1)} {kind}",
            f"LL {at(left - 2)} {at(left - 1)}",
            f"Lw {self._stem(left - 1)}",
            f"R {at(right + 1)} {kind}",
            f"RR {at(right + 1)} {at(right + 2)}",
            f"RRR {at(right + 1)} {at(right + 2)} {at(right + 3)}",
            f"Rw {self._stem(right + 1)}",
            f"LR {at(left - 1)} {at(right + 1)}",
            f"v- {earlier} {kind}",
            f"v+ {later} {kind}",
            f"v-+ {earlier} {later} {kind}",
            f"e {self._event} {kind}",
            f"ev {self._event} {later} {left == 0}",
            f"cc {papers} {kind}",
            f"p {lead} {kind}",
            f"pv {lead} {earlier}",
        ]

    def _name(self, index: int) -> tuple[int, int]:
        """The first and the last token of the run of names that a token stands in."""
        left = right = index
        while left and self._joins(left - 1):
            left -= 1
        while right + 1 < len(self._row) and self._joins(right + 1):
            right += 1
        return left, right

    def _joins(self, index: int) -> bool:
        return (self._row[index] in _NAMES and self._tokens[index].capital) or self._tokens[index].low == "&"


_NAMES = frozenset({"NAME", "FIRM", "PLACE", "BODY"})
_LEADS = frozenset(["to", "with", "from", "by", "for", "in", "on", "at", "of", "between", "gen", "under"])
