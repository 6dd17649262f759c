"""Names in a stretch of words: those the gazetteers know, and runs of capitalised words nobody listed."""

from __future__ import annotations

from dataclasses import dataclass

from watchers.text.rules import UNKNOWN, Rules
from watchers.text.tokens import Sentence, Token

_NO_NAME = frozenset(
    [
        "det",
        "paper",
        "gen",
        "generic_supplier",
        "generic_body",
        "ev",
        "propose",
        "decide",
        "refuse",
        "say",
        "and",
        "adv",
        "sub",
        "rel",
    ]
)
_PLACE_AND_ONE = 2  # words
_LOWER_LENGTH = 2  # without capitals, longer phrases are descriptions


@dataclass(slots=True)
class Name:
    """A name in a sentence: tokens ``start``..``end`` (exclusive). ``kind``: body, place or supplier (anything that is not public)."""

    start: int
    end: int
    kind: str
    known: bool = False


def names(sentence: Sentence, start: int, end: int, rules: Rules, *, before_noun: bool = False) -> list[Name]:
    """The names in a stretch of tokens: known ones, and runs of capitalised words nobody listed."""
    tokens = sentence.tokens
    found: list[Name] = []
    index = start
    while index < end:
        token = tokens[index]
        if token.kind in ("body", "place", "supplier"):
            firm = token.kind == "place" and _named_after(sentence, index, end, rules)
            goes_on = (token.kind == "supplier" or firm) and not before_noun and not token.watched
            stop = _run(sentence, index, end, rules) if goes_on else index + 1
            name = Name(index, stop, "supplier", known=False) if firm and goes_on else Name(index, stop, token.kind, known=True)
            if itself(tokens, name, rules):
                found.append(name)
            index = name.end
        elif _unknown(token, sentence, rules) and not (before_noun and sentence.title_case):
            stop = _run(sentence, index, end, rules)
            first = _without_descriptors(tokens, index, stop, rules)
            if (
                first < stop
                and itself(tokens, Name(first, stop, "supplier"), rules)
                and (before_noun or not _modifies(sentence, stop, end))
            ):
                found.append(Name(first, stop, "supplier"))
            index = stop
        else:
            index += 1
    if before_noun and found and found[0].end == 1 and not found[0].known:
        found = found[1:]  # a sentence begins with a capital: "Ferry contract scrapped"
    if sentence.lower_case and not found and not before_noun:
        found = _lower(tokens, start, end, rules)
    return found


def _named_after(sentence: Sentence, index: int, end: int, rules: Rules) -> bool:
    """Whether a firm is named after a place ("Harlow Roofing", "Lincoln Electric")."""
    return index + 1 < end and not sentence.title_case and _unknown(sentence.tokens[index + 1], sentence, rules)


def _unknown(token: Token, sentence: Sentence, rules: Rules) -> bool:
    if token.kind != "word" or not token.capital or sentence.lower_case or rules.glued.search(token.low):
        return False
    return not token.tags & _NO_NAME and (not sentence.title_case or "works" not in token.tags)


def _run(sentence: Sentence, start: int, end: int, rules: Rules) -> int:
    """The end of a run of capitalised words; "of" and "&" join two of them, generic words inside do not break it."""
    tokens = sentence.tokens
    index = start + 1
    while index < end:
        token = tokens[index]
        if token.kind in ("supplier", "place") or _unknown(token, sentence, rules) or _capital_noun(token, sentence):
            index += 1
        elif (
            (token.tags & {"of", "gen"} or token.low == "&")
            and index + 1 < end
            and _unknown(tokens[index + 1], sentence, rules)
            and not sentence.title_case
        ):
            index += 2
        else:
            break
    return index


def _capital_noun(token: Token, sentence: Sentence) -> bool:
    """A capitalised common noun inside a name ("The Phoenix Partnership", "Compass Group", "Oshkosh Defense")."""
    nouns = {"generic_supplier", "works", "goods"} | (set() if sentence.title_case else {"paper"})
    return token.capital and token.kind == "word" and bool(token.tags & nouns) and not token.tags & {"ev", "generic_body"}


def _without_descriptors(tokens: list[Token], start: int, stop: int, rules: Rules) -> int:
    while start < stop and (
        tokens[start].low in rules.descriptors
        or rules.glued.search(tokens[start].low)
        or (tokens[start].kind == "place" and stop - start > _PLACE_AND_ONE)  # "Lincoln Electric" is one name
    ):
        start += 1
    return start


def itself(tokens: list[Token], name: Name, rules: Rules) -> bool:
    """Whether the name stands for itself and not for its rival, adviser or workers; "US tech firm" is not the US, "S. Korean" is no S."""
    previous = tokens[name.start - 1] if name.start else None
    if _initial(tokens, name) or (previous is not None and previous.low in rules.not_itself_before):
        return False
    place = name.end + 1 if name.end < len(tokens) and "gen" in tokens[name.end].tags else name.end
    if place < len(tokens) and tokens[place].low in rules.not_itself_after:
        return False
    if name.kind == "place" and place > name.end and place < len(tokens) and _owned(tokens[place]):
        return False  # "Norway's Equinor"
    if name.kind == "supplier" or place > name.end:
        return True
    for token in tokens[name.end : name.end + 4]:
        if token.tags & {"generic_supplier"} or rules.glued.search(token.low):
            return False
        if token.kind != "word" or not token.tags & {"n", "public_word"} or token.tags & {"paper", "form_s"}:
            break
    return True


def _initial(tokens: list[Token], name: Name) -> bool:
    return name.end - name.start == len(tokens[name.start].text) == 1 and name.end < len(tokens) and tokens[name.end].text == "."


def _owned(token: Token) -> bool:
    return token.kind == "supplier" or (token.kind == "word" and token.capital and token.tags == UNKNOWN)


def _modifies(sentence: Sentence, stop: int, end: int) -> bool:
    """Whether an unknown name only describes the noun behind it ("Belfast shipyard", "Tory donor's firm")."""
    if stop >= end or sentence.title_case:
        return False
    following = sentence.tokens[stop]
    return following.kind == "word" and "n" in following.tags and not following.capital and not following.tags & {"det", "gen"}


def _lower(tokens: list[Token], start: int, end: int, rules: Rules) -> list[Name]:
    """Without capitals a short bare phrase is taken as a name ("varley", "albury firm" is not one)."""
    while start < end and (tokens[start].tags & {"det"} or tokens[start].low in rules.descriptors):
        start += 1
    run = tokens[start:end]
    if not run or len(run) > _LOWER_LENGTH or any(token.tags != frozenset({"n"}) for token in run):
        return []
    return [Name(start, end, "supplier")]
