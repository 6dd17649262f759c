"""Who is the supplier and who the public body, by the grammar of the clause and by what the names are.

A slot (subject, object, "with", "from" ...) says which part stands there; the gazetteers say what a name can be. A name with a head of
its own ("Palantir rival", "ex-Palantir adviser", "Palantir-backed start-up") is somebody else and fills no part.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from watchers.names import LEGAL_FORMS
from watchers.text.naming import Name, names
from watchers.text.phrases import Clause, Phrase
from watchers.text.rules import Rules
from watchers.text.tokens import Sentence, Token
from watchers.types import AlertClass, EventKind

_PLAIN = frozenset({"n", "goods", "private_kind"})
_NATIONAL = frozenset({"us", "u.s.", "uk", "u.k.", "eu"})  # "US airline" is none of the US
_ABBREVIATION = range(3, 8)  # letters


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
            _place(
                clause, phrase, "supplier" if frame.object == "supplier" or frame.name == "give" or _rid_of(clause) else "", found, rules
            )
        else:
            _place(clause, phrase, _by_role(clause, phrase, rules), found, rules)
            run = clause.sentence.tokens[phrase.start : phrase.end]
            if phrase.prep == "from" and frame.name == "win" and any("generic_supplier" in token.tags for token in run):
                found.private = True  # "wins deal from UK insurer"
    if _private_buyer(clause):
        found.private = True
    _contract_body(clause, found)
    _purpose_body(clause, found)
    tokens = clause.sentence.tokens
    found.generic = any(_plainly_public(clause.sentence, index, rules) for index in range(len(tokens))) or _national(tokens)
    return found


def _private_buyer(clause: Clause) -> bool:
    """Whether a private kind of buyer stands in the buyer's place: "miner picks ...", "wins order from Fjord Line"."""
    tokens, wins = clause.sentence.tokens, clause.frame.name in ("win", "lose")
    buyers = [phrase for phrase in clause.left if not phrase.prep and not clause.passive and not wins]
    buyers += [phrase for phrase in clause.right if phrase.prep == "by" or (wins and phrase.prep in ("from", "with", "for"))]
    return any(_private_kind(tokens[phrase.start : phrase.end]) for phrase in buyers)


def _private_kind(run: list[Token]) -> bool:
    """Whether a private kind of buyer heads the words, and no public body is named among them ("city's bank")."""
    plain = [token for token in run if token.kind != "stop"]
    public = any((token.kind == "body" and token.low not in _NATIONAL) or "generic_body" in token.tags for token in plain)
    return bool(plain) and not public and "private_kind" in plain[-1].tags


def _rid_of(clause: Clause) -> bool:
    """Whether the object of a verb of ending is the firm itself: "ditches Fujitsu"."""
    return clause.implied and clause.frame.event.alert is AlertClass.CANCELLED


def _contract_body(clause: Clause, found: Parts) -> None:
    """Of "mayor cancels Met Police contract" the public body is whose contract it is; who decides is one only when no other is named."""
    if clause.frame.event.alert is AlertClass.CANCELLED and not clause.passive:
        own = [name for name in found.bodies if name.start > clause.trigger and name.kind == "body"]
        found.bodies = own or _owner(clause) or found.bodies


def _owner(clause: Clause) -> list[Name]:
    """Of "mayor cancels police's contract" the police, whom a word for their kind names."""
    tokens = clause.sentence.tokens
    held = next((one for one in clause.right if clause.contract is not None and one.start <= clause.contract < one.end), None)
    if held is None or clause.implied:
        return []
    places = range(held.start, clause.contract or 0)
    return [Name(i, i + 1, "body") for i in places if "generic_body" in tokens[i].tags and "gen" in tokens[i + 1].tags][:1]


def _purpose_body(clause: Clause, found: Parts) -> None:
    """Whom the work is for ("deal to supply the Royal Air Force", "contract to build HMRC's system"), when no buyer stands in a slot."""
    tokens = clause.sentence.tokens
    end = clause.right[-1].end if clause.right else clause.trigger + 1
    if found.bodies or found.private or end >= len(tokens) or "to" not in tokens[end].tags:
        return
    for index in range(end + 1, min(end + 12, len(tokens))):
        if tokens[index].kind == "stop":
            return
        if tokens[index].kind == "body":
            found.add("public_body", Name(index, index + 1, "body", known=True))
            return


def _pronoun(clause: Clause, found: Parts, rules: Rules) -> None:
    """Whom "it" stands for: the subject of the sentence ("X announced today that it has won ...")."""
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
    sides = (index + 1,) if "works" in token.tags else (index - 1, index + 1)  # "Bruce Highway" is a road, "Federal Insurance" a firm
    beside = [sentence.tokens[place] for place in sides if 0 <= place < len(sentence.tokens)]
    return not any(other.capital and other.tags <= _PLAIN for other in beside)


def _national(tokens: list[Token]) -> bool:
    """Whether arms are a nation's ("Slovenian helicopter order"): nobody else buys them."""
    return any(
        "demonym" in token.tags and any("arms" in other.tags for other in tokens[place + 1 : place + 4])
        for place, token in enumerate(tokens)
    )


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
    if clause.frame.name in ("give", "strip") and clause.bare and not clause.passive:
        return "giver_or_given"
    if clause.passive:
        return "supplier" if clause.frame.passive == "supplier" or _rid_of(clause) else ""
    return clause.frame.subject


def _by_role(clause: Clause, phrase: Phrase, rules: Rules) -> str:
    if phrase.prep == "by":
        return _by(clause)
    contract = clause.sentence.tokens[clause.contract] if clause.contract is not None else None
    if phrase.prep in ("from", "by") and "purpose" in clause.sentence.tokens[clause.trigger].tags and not clause.passive:
        return ""  # "to take over tagging from Serco"
    if phrase.prep == "from" and _rid_of(clause):
        return "supplier"  # "takes upkeep away from Babcock"
    if phrase.prep == "from" and (
        clause.frame.name in ("buy", "pick", "approve")
        or (clause.frame.name != "win" and contract is not None and (contract.tags & {"bid"} or contract.low.startswith("purchase")))
    ):
        return "supplier"
    if phrase.prep == "to" and clause.frame.name == "lose":
        return ""  # the winner is not whose contract ended
    return rules.prepositions.get(phrase.prep, "")


def _by(clause: Clause) -> str:
    if clause.frame.name in ("win", "lose"):
        return "supplier" if clause.passive else ""  # "contract won by Meggitt"
    return "actor" if clause.passive or (clause.bare and clause.frame.name == "give") else ""


def _place(clause: Clause, phrase: Phrase, role: str, found: Parts, rules: Rules) -> None:
    """Puts the names of a phrase into the parts."""
    if role == "inside":
        _inside(clause, phrase, found, rules)
        return
    if not role:
        return
    for name in names(clause.sentence, phrase.start, phrase.end, rules):
        _assign(clause, role, name, found, rules)


def _assign(clause: Clause, role: str, name: Name, found: Parts, rules: Rules) -> None:
    """Puts one name into its part, by its slot and by what it is."""
    if role in ("public_body", "actor"):
        _buyer(clause, role, name, found, rules)
    elif role == "public_body_if_known":
        if name.kind == "body":
            found.add("public_body", name)
    elif role == "supplier":
        if name.kind == "body" and clause.frame.name not in ("win", "lose"):
            found.add("public_body", name)
        elif name.kind != "place":
            found.add("supplier", name)
    elif name.kind in ("body", "place"):
        found.add("public_body", name)
    elif role == "counterparty" and clause.frame.name in ("win", "lose"):
        found.private = True
    else:
        found.add("supplier", name)


def _buyer(clause: Clause, role: str, name: Name, found: Parts, rules: Rules) -> None:
    """A name in the buyer's place: a public body, an agency by its abbreviation, or somebody private."""
    if name.kind in ("body", "place"):
        found.add("public_body", name)
    elif clause.sentence.tokens[name.start].text in rules.private_names:
        found.private = True  # "Ryanair cancels order for 30 jets"
    elif _abbreviation(clause, name):
        found.add("public_body", Name(name.start, name.end, "body"))
    elif (start := _public_words(clause, name)) is not None:
        found.add("public_body", Name(start, name.end, "body"))
    elif clause.frame.event is EventKind.AWARDED and (role == "actor" or clause.frame.name in ("win", "lose") or _firm(clause, name)):
        found.private = True


def _public_words(clause: Clause, name: Name) -> int | None:
    """Where an unknown buyer's name begins whose own words say that it is public ("Defence Infrastructure Organisation"), else None."""
    tokens = clause.sentence.tokens
    start = name.start
    while start and tokens[start - 1].capital and tokens[start - 1].kind == "word":
        start -= 1
    run = tokens[start : name.end]
    public = len(run) > 1 and any(token.tags & {"generic_body", "works", "public_word"} for token in run)
    return start if public and not name.known and clause.frame.name != "buy" else None


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
    return (
        not name.known and name.end - name.start == 1 and text.isupper() and text.isalpha() and len(text) in _ABBREVIATION and not shouting
    )


def _inside(clause: Clause, phrase: Phrase, found: Parts, rules: Rules) -> None:
    """The names before the contract noun in its own phrase: "hands Palantir £500k contract", "Met Police £50m Palantir deal"."""
    assert clause.contract is not None
    for name in names(clause.sentence, phrase.start, clause.contract, rules, before_noun=True):
        if name.kind == "body":
            found.add("public_body", name)
        elif name.kind == "place":
            if _buys_there(clause, name):
                found.add("public_body", name)
        elif clause.frame.name not in ("win", "lose") and (name.known or _recipient(clause, phrase, name)):
            found.add("supplier", name)


def _buys_there(clause: Clause, name: Name) -> bool:
    """Whether a place before the contract noun is the buyer: "Kent highways deal", "Kent community services contract"."""
    assert clause.contract is not None
    between = clause.sentence.tokens[name.end : clause.contract]
    if not between:
        return clause.frame.name == "give"  # "handed £125m Northern Ireland contract"; a firm "wins Texas contract" from anybody
    plain = all(token.kind == "word" and not token.capital and "generic_supplier" not in token.tags for token in between)
    ends = plain and clause.frame.event is EventKind.TERMINATED  # nobody loses a contract of a place but a public one
    services = plain and any(token.tags & {"goods", "works"} for token in between)
    return bool(between[0].tags & {"gen", "works"}) or between[0].kind == "money" or services or ends


def _recipient(clause: Clause, phrase: Phrase, name: Name) -> bool:
    """Whether an unknown name before the contract noun is a party: first after "hands", or beside "contract" when that is cancelled."""
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
    return clause.frame.event.alert is AlertClass.CANCELLED and "paper" in following.tags
