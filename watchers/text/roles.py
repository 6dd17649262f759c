"""Who is the supplier and who the public body, by the grammar of the clause and by what the names are.

A slot (subject, object, "with", "from" ...) says which part stands there; the gazetteers say what a name can be. A name with a head of
its own ("Palantir rival", "ex-Palantir adviser", "Palantir-backed start-up") is somebody else and fills no part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from watchers.names import LEGAL_FORMS
from watchers.text.clauses import Clause, Phrase
from watchers.text.rules import UNKNOWN, Rules
from watchers.text.tokens import Sentence, Token

_GLUED = re.compile(r"-(?:backed|owned|linked|funded|founded|style|like|based|led|free|run|built|made)$|^(?:ex|anti|pro|non|former)-")


@dataclass(slots=True)
class Name:
    """A name in a sentence: tokens ``start``..``end`` (exclusive). ``kind``: body, place or supplier (anything that is not public)."""

    start: int
    end: int
    kind: str
    known: bool = False


@dataclass(slots=True)
class Parts:
    """The parts found; ``private`` says that a buyer is named who is not public."""

    suppliers: list[Name] = field(default_factory=list)
    bodies: list[Name] = field(default_factory=list)
    private: bool = False
    generic: bool = False  # a public buyer is plain though not named

    def add(self, role: str, name: Name) -> None:
        into = self.suppliers if role == "supplier" else self.bodies
        if all(known.start != name.start for known in (*self.suppliers, *self.bodies)):
            into.append(name)


def parts(clause: Clause, rules: Rules) -> Parts:
    """The parts of a clause."""
    found = Parts()
    frame = clause.frame
    for phrase in clause.left:
        _place(clause, phrase, _left_role(clause, phrase, rules), found, rules)
    if frame.subject in ("supplier", "either") or clause.passive:
        _pronoun(clause, found, rules)
    for phrase in clause.right:
        holds = clause.contract is not None and phrase.start <= clause.contract < phrase.end
        if holds:
            _inside(clause, phrase, found, rules)
        elif not phrase.prep:
            _place(clause, phrase, "supplier" if frame.object == "supplier" or frame.name == "give" else "", found, rules)
        else:
            _place(clause, phrase, _by_role(clause, phrase, rules), found, rules)
    tokens = clause.sentence.tokens
    found.generic = any(_plainly_public(clause.sentence, index, rules) for index in range(len(tokens)))
    return found


def _pronoun(clause: Clause, found: Parts, rules: Rules) -> None:
    """"X announced today that it has won ...": "it" is the subject of the sentence."""
    tokens = clause.sentence.tokens
    if not clause.left or not any("pronoun" in token.tags for token in tokens[clause.left[-1].start : clause.left[-1].end]):
        return
    for name in names(clause.sentence, 0, clause.left[0].start, rules)[:1]:
        if name.kind == "supplier" and not found.suppliers:
            found.suppliers.append(name)


def _plainly_public(sentence: Sentence, index: int, rules: Rules) -> bool:
    """Whether a word makes a public buyer plain; inside somebody's name it does not ("Mutual & Federal Insurance")."""
    token = sentence.tokens[index]
    if token.kind == "supplier":
        return any("works" in rules.tags(word) for word in token.low.split())
    if not token.tags & {"generic_body", "works"}:
        return False
    if not token.capital or sentence.title_case or index == 0:
        return True
    beside = [sentence.tokens[place] for place in (index - 1, index + 1) if 0 <= place < len(sentence.tokens)]
    return not any(other.capital and other.tags == UNKNOWN for other in beside)


def _left_role(clause: Clause, phrase: Phrase, rules: Rules) -> str:
    holds = clause.contract is not None and phrase.start <= clause.contract < phrase.end
    if holds:
        return "inside"
    if phrase.prep:
        return (
            rules.prepositions.get(phrase.prep, "")
            if clause.passive and clause.contract is not None and clause.contract < phrase.start
            else ""
        )
    if clause.frame.name == "give" and clause.bare and not clause.passive:
        return "giver_or_given"
    if clause.passive:
        return "supplier" if clause.frame.passive == "supplier" else ""
    return clause.frame.subject


def _by_role(clause: Clause, phrase: Phrase, rules: Rules) -> str:
    if phrase.prep == "by":
        return "actor" if clause.passive else ""
    contract = clause.sentence.tokens[clause.contract] if clause.contract is not None else None
    if phrase.prep == "from" and (clause.frame.name == "buy" or bool(contract is not None and (contract.tags & {"bid"} or contract.low.startswith("purchase")))):
        return "supplier"
    if phrase.prep == "to" and clause.frame.name == "lose":
        return ""  # the winner is not whose contract ended
    return rules.prepositions.get(phrase.prep, "")


def _place(clause: Clause, phrase: Phrase, role: str, found: Parts, rules: Rules) -> None:
    """Puts the names of a phrase into the parts."""
    if role == "inside":
        _inside(clause, phrase, found, rules)
        return
    if not role:
        return
    for name in names(clause.sentence, phrase.start, phrase.end, rules):
        _assign(clause, role, name, found)


def _assign(clause: Clause, role: str, name: Name, found: Parts) -> None:
    public = name.kind == "body" or (name.kind == "place" and role not in ("public_body_if_known",))
    selling = clause.frame.name in ("win", "lose")
    if role == "giver_or_given":
        if public:
            found.add("public_body", name)
        else:
            found.add("supplier", name)
    elif role == "supplier":
        if name.kind == "body" and not selling:
            found.add("public_body", name)
        elif name.kind != "place":
            found.add("supplier", name)
    elif role in ("public_body", "actor"):
        if public:
            found.add("public_body", name)
        elif _abbreviation(clause, name):
            found.add("public_body", Name(name.start, name.end, "body"))
        elif clause.frame.event.value == "awarded" and (role == "actor" or clause.frame.name in ("win", "lose") or _firm(clause, name)):
            found.private = True
    elif role == "public_body_if_known":
        if name.kind == "body":
            found.add("public_body", name)
    elif public:
        found.add("public_body", name)
    elif role == "counterparty" and selling:
        found.private = True
    elif name.kind != "place":
        found.add("supplier", name)


def _firm(clause: Clause, name: Name) -> bool:
    """Whether a buyer's name is that of a firm: a known one, or one with its legal form or the word for one."""
    tokens = clause.sentence.tokens
    around = tokens[max(0, name.start - 1) : name.end + 1]
    return name.known or any("generic_supplier" in token.tags or (token.low,) in LEGAL_FORMS for token in around)


def _abbreviation(clause: Clause, name: Name) -> bool:
    """Whether an unknown buyer goes by capitals ("NAVWAR awards"): firms that do are in the gazetteer, agencies are countless."""
    tokens = clause.sentence.tokens
    text = tokens[name.start].text
    if name.start and "generic_supplier" in tokens[name.start - 1].tags:
        return False  # "construction group YIT"
    shouting = clause.sentence.text.isupper()
    return not name.known and name.end - name.start == 1 and text.isupper() and text.isalpha() and 2 < len(text) < 8 and not shouting  # noqa: PLR2004


def _inside(clause: Clause, phrase: Phrase, found: Parts, rules: Rules) -> None:
    """The names before the contract noun in its own phrase: "hands Palantir £500k contract", "Met Police £50m Palantir deal"."""
    assert clause.contract is not None
    tokens = clause.sentence.tokens
    for name in names(clause.sentence, phrase.start, clause.contract, rules, before_noun=True):
        if name.kind == "body":
            found.add("public_body", name)
        elif name.kind == "place":
            following = tokens[name.end] if name.end < len(tokens) else None
            if following is not None and following.tags & {"gen"}:
                found.add("public_body", name)
        elif clause.frame.name not in ("win", "lose") and (name.known or _recipient(clause, phrase, name)):
            found.add("supplier", name)


def _recipient(clause: Clause, phrase: Phrase, name: Name) -> bool:
    """Whether an unknown name before the contract noun is a party: the first word after "hands", or alone before "contract" of a cancellation."""
    tokens = clause.sentence.tokens
    following = tokens[name.end] if name.end < len(tokens) else None
    if following is None:
        return False
    gives = clause.frame.name == "give" and name.start == phrase.start
    if clause.frame.name == "give" and (following.kind == "money" or following.tags & {"det"}):
        return True
    if clause.sentence.title_case or tokens[name.start].text.isupper():
        return False
    if gives:
        return following.kind == "money" or bool(following.tags & {"det", "paper", "num"}) or following.tags == frozenset({"n"})
    return clause.frame.event.alert is not None and clause.frame.event.value != "awarded" and "paper" in following.tags


def names(sentence: Sentence, start: int, end: int, rules: Rules, *, before_noun: bool = False) -> list[Name]:
    """The names in a stretch of tokens: known ones, and runs of capitalised words nobody listed."""
    tokens = sentence.tokens
    found: list[Name] = []
    index = start
    while index < end:
        token = tokens[index]
        if token.kind in ("body", "place", "supplier"):
            name = Name(index, index + 1, token.kind, known=True)
            if _itself(tokens, name, rules):
                found.append(name)
            index = name.end
        elif _unknown(token, sentence) and not (before_noun and sentence.title_case):
            stop = _run(sentence, index, end)
            first = _without_descriptors(tokens, index, stop, rules)
            if first < stop and _itself(tokens, Name(first, stop, "supplier"), rules) and (before_noun or not _modifies(sentence, stop, end)):
                found.append(Name(first, stop, "supplier"))
            index = stop
        else:
            index += 1
    if sentence.lower_case and not found and not before_noun:
        found = _lower(tokens, start, end, rules)
    return found


def _unknown(token: Token, sentence: Sentence) -> bool:
    if token.kind != "word" or not token.capital or sentence.lower_case or _GLUED.search(token.low):
        return False
    return not token.tags & {
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
        "works",
        "and",
        "adv",
        "sub",
        "rel",
    }


def _run(sentence: Sentence, start: int, end: int) -> int:
    """The end of a run of capitalised words; "of" and "&" join two of them, generic words inside do not break it."""
    tokens = sentence.tokens
    index = start + 1
    while index < end:
        token = tokens[index]
        if (
            token.kind in ("supplier", "place")
            or _unknown(token, sentence)
            or (token.capital and token.kind == "word" and token.tags & {"generic_supplier"})
        ):
            index += 1
        elif token.low in ("of", "&", "'s") and index + 1 < end and _unknown(tokens[index + 1], sentence) and not sentence.title_case:
            index += 2
        else:
            break
    return index


def _capital_noun(token: Token, sentence: Sentence) -> bool:
    """A capitalised common noun inside a name ("The Phoenix Partnership", "Compass Group")."""
    return token.capital and token.kind == "word" and bool(token.tags & ({"generic_supplier"} if sentence.title_case else {"generic_supplier", "paper"}))


def _without_descriptors(tokens: list[Token], start: int, stop: int, rules: Rules) -> int:
    while start < stop and (
        tokens[start].low in rules.descriptors or tokens[start].low.endswith("-based") or tokens[start].kind == "place"
    ):
        start += 1
    return start


def _itself(tokens: list[Token], name: Name, rules: Rules) -> bool:
    """Whether the name stands for itself and not for its rival, adviser or workers; "US tech firm" is not the US."""
    previous = tokens[name.start - 1] if name.start else None
    if previous is not None and previous.low in rules.not_itself_before:
        return False
    place = name.end + 1 if name.end < len(tokens) and tokens[name.end].low == "'s" else name.end
    if place < len(tokens) and tokens[place].low in rules.not_itself_after:
        return False
    if name.kind == "supplier" or place > name.end:
        return True
    for token in tokens[name.end : name.end + 4]:
        if token.tags & {"generic_supplier"} or token.low.endswith("-based"):
            return False
        if token.kind != "word" or "n" not in token.tags or "paper" in token.tags:
            break
    return True


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
    if not run or len(run) > 2 or any(token.tags != frozenset({"n"}) for token in run):
        return []
    return [Name(start, end, "supplier")]
