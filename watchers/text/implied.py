"""Contracts nobody names: a purchase, a choice of a firm, a firm shown the door, work that a firm gets.

Headlines often leave the contract out ("Bath picks Arcadis for flood scheme", "Shire sacks pool builder", "Kier to build prison"). Then the
verb stands for it, and the words around it must make up for the missing noun: who buys, that the other side is a firm, and what is bought.
"""

from __future__ import annotations

from watchers.text.phrases import Clause, has_object
from watchers.text.roles import Parts
from watchers.text.rules import UNKNOWN, Rules
from watchers.text.tokens import Sentence, Token

_ENDS = frozenset({"strip", "cancel", "terminate", "lose"})
_THINGS = frozenset({"goods", "works", "arms"})
_NO_PURCHASE = frozenset({"gift", "estate"})


def implied(clause: Clause, rules: Rules) -> int | None:
    """The word that stands for a contract nobody names: of a purchase its verb, of a search the firm that is sought."""
    name, run = clause.frame.name, _object(clause)
    if name == "seek" or (name == "strip" and any("manner" in token.tags for token in run)):
        start = clause.right[0].start if run else 0
        return next((start + place for place, token in enumerate(run) if "generic_supplier" in token.tags), None)
    if name in _ENDS and _drops_firm(clause, run):
        clause.frame = rules.frames["strip"]
        return clause.trigger
    stands = name == "buy" or (name in _STANDS and _STANDS[name](clause, run))
    if name == "win" and not stands and _new_firm(clause, run):
        clause.frame = rules.frames["pick"]
        return clause.trigger
    return clause.trigger if stands else None


def _stands_for_choice(clause: Clause, run: list[Token]) -> bool:
    tokens, index = clause.sentence.tokens, clause.trigger
    if any("candidate" in token.tags for token in tokens[index:]):
        return False
    firm = _firm(run) or (bool(run) and run[0].capital and clause.form in "sd")
    return "paper" not in tokens[index].tags or "order" in tokens[index].tags or firm


def _stands_for_signing(clause: Clause, run: list[Token]) -> bool:
    lead = clause.right[0] if clause.right and not run else None
    return lead is not None and lead.prep in ("with", "for") and not clause.passive


def _stands_for_giving(_clause: Clause, run: list[Token]) -> bool:
    return bool(_tags(run) & (_THINGS | {"scheme"})) and not _tags(run) & _NO_PURCHASE


def _stands_for_winning(clause: Clause, run: list[Token]) -> bool:
    """Of "bags radar upgrade from RAF" the verb."""
    tags = _tags(run)
    gets = "gets" in clause.sentence.tokens[clause.trigger].tags
    return not gets and not clause.passive and bool(tags & _THINGS) and not tags & _NO_PURCHASE


_STANDS = {"pick": _stands_for_choice, "sign": _stands_for_signing, "give": _stands_for_giving, "win": _stands_for_winning}


def _new_firm(clause: Clause, run: list[Token]) -> bool:
    """Whether somebody gets a firm: "town gets new bus operator" tells of a choice."""
    fresh = any("fresh" in token.tags for token in run) and "generic_supplier" in run[-1].tags
    return fresh and "gets" in clause.sentence.tokens[clause.trigger].tags


def _drops_firm(clause: Clause, run: list[Token]) -> bool:
    """Whether a firm is what is dropped: "council sacks pool builder", "dental company dropped by NT Health"."""
    tokens, tags = clause.sentence.tokens, clause.sentence.tokens[clause.trigger].tags
    if "deprives" in tags or ("drops" not in tags and clause.frame.name != "strip"):
        return False
    if clause.form == "g" and clause.trigger and tokens[clause.trigger - 1].kind == "stop":
        return False  # "lands contract, ousting Capita": the news is the new one
    if not clause.passive:
        return _firm(run) or any(token.capital for token in run)
    return _firm(_subject(clause))


def bought(clause: Clause, found: Parts, sentences: list[Sentence]) -> bool:
    """Whether what stands around the verb makes up for the contract nobody names; what an alert needs."""
    name = clause.frame.name
    theirs = name == "win" and any(token.kind == "place" for token in _object(clause)[:1])  # "to supply Chile with tankers"
    if found.private or not (theirs or found.bodies or found.generic or _public_elsewhere(clause, sentences)):
        return False
    checks = {"pick": _picked, "buy": _purchased, "sign": _signed, "give": _given, "win": _won}
    return checks.get(name, _dropped)(clause, found)


def _public_elsewhere(clause: Clause, sentences: list[Sentence]) -> bool:
    """Whether another sentence of the entry makes plain that the buyer is public ("... | The borough said ...")."""
    others = (sentence for sentence in sentences if sentence is not clause.sentence)
    return any(token.kind == "body" or "generic_body" in token.tags for sentence in others for token in sentence.tokens)


def _buys(clause: Clause, found: Parts) -> bool:
    """Whether the subject is the buyer: a public body, or a name nobody listed, which other words must then make public."""
    subject = _subject(clause)
    if any(name.start < clause.trigger for name in found.bodies) or "generic_body" in _tags(subject):
        return True
    return any(token.capital and token.tags == UNKNOWN and token.kind == "word" for token in subject) and not _firm(subject)


def _picked(clause: Clause, found: Parts) -> bool:
    """A firm is chosen for something; verbs that mostly choose people need the thing or the firm to be plain."""
    tokens, run = clause.sentence.tokens, _object(clause)
    firm = _firm([*run, *_subject(clause)] if clause.passive else run)
    known = any(name.known for name in found.suppliers)
    if clause.sentence.title_case and not (known or firm):
        return False  # a name in a title that capitalises everything is none
    things = bool(_tags(tokens if clause.passive else tokens[clause.trigger + 1 :]) & _THINGS)
    money = any(token.kind == "money" for token in tokens[clause.trigger :])
    purpose = _purposeful(clause)
    if _new_firm(clause, run) if run else False:
        return things
    if "names_people" in tokens[clause.trigger].tags:
        return (known or firm or bool(found.suppliers)) and (things or money) and (purpose or known or firm)
    if known or firm:
        chosen = (clause.passive and firm and things) or (known and not clause.passive and _buys(clause, found))
        return purpose or chosen or money or "strong" in _tags(tokens)
    named = any(one.kind == "body" for one in found.bodies)
    return bool(found.suppliers) and purpose and (things or money or named)


def _purchased(clause: Clause, found: Parts) -> bool:
    """A public body buys from a firm, or buys arms, trains or ambulances."""
    run = _object(clause)
    if not _buys(clause, found) or clause.passive or _tags(run) & _NO_PURCHASE:
        return False
    if "commands" in clause.sentence.tokens[clause.trigger].tags and _commanded(clause, run):
        return False
    seller = any(_firm(_words(clause, phrase.start, phrase.end)) for phrase in clause.right if phrase.prep == "from")
    return seller or "arms" in _tags(run) or bool(found.suppliers)


def _commanded(clause: Clause, run: list[Token]) -> bool:
    """Whether an order is a command: to somebody ("orders hospitals to report"), or by a judge ("judge orders body cameras")."""
    tokens = clause.sentence.tokens
    end = clause.right[-1].end if clause.right else clause.trigger + 1
    verb = end + 1 < len(tokens) and "to" in tokens[end].tags
    counted = any(token.tags & {"num", "fresh", "quantity", "arms"} for token in run)
    return verb or "judges" in _tags(_subject(clause)) or any(token.kind == "body" for token in run) or not counted


def _signed(clause: Clause, found: Parts) -> bool:
    """A public body signs with a firm, or for arms."""
    arms = any("arms" in _tags(_words(clause, phrase.start, phrase.end)) for phrase in clause.right if phrase.prep == "for")
    return _buys(clause, found) and (arms or any(name.start > clause.trigger for name in found.suppliers))


def _given(clause: Clause, found: Parts) -> bool:
    """Public work is handed to a firm."""
    to = [token for phrase in clause.right if phrase.prep == "to" for token in _words(clause, phrase.start, phrase.end)]
    firm = bool(found.suppliers) or _firm(to) or (clause.passive and _firm(_subject(clause)))
    return firm and (bool(found.bodies) or (not clause.passive and _buys(clause, found)))


def _won(clause: Clause, found: Parts) -> bool:
    """A firm gets public work: a firm that is to do it, or one that "bags" an upgrade from a public body."""
    tokens = clause.sentence.tokens
    if "purpose" in tokens[clause.trigger].tags:
        behind = tokens[clause.trigger + 1 :]
        named = any(token.kind == "body" for token in behind) or any(token.kind == "place" for token in _object(clause)[:1])
        return named or bool(_tags(behind) & {"works", "generic_body"})
    known = any(name.known for name in found.suppliers) or _firm(_subject(clause))
    money = any(token.kind == "money" for token in tokens)
    if not found.bodies:
        return known and "works" in _tags(_object(clause))  # "local company scores sewage plant upgrade"
    return bool(found.suppliers or known) and (known or money)


def _dropped(clause: Clause, found: Parts) -> bool:
    """A public body is rid of a firm; a name alone may be a person's."""
    tokens = clause.sentence.tokens
    sides = [*_object(clause), *(_subject(clause) if clause.passive else [])]
    if _firm(sides) or any(name.known for name in found.suppliers):
        return True
    things = _tags(tokens[clause.trigger + 1 :]) & (_THINGS | {"scheme", "strong"})
    return not clause.sentence.title_case and bool(found.suppliers and things)


def _object(clause: Clause) -> list[Token]:
    first = clause.right[0] if clause.right and not clause.right[0].prep else None
    return clause.sentence.tokens[first.start : first.end] if first and has_object(clause.sentence.tokens, clause.right) else []


def _subject(clause: Clause) -> list[Token]:
    return [token for phrase in clause.left if not phrase.prep for token in _words(clause, phrase.start, phrase.end)]


def _words(clause: Clause, start: int, end: int) -> list[Token]:
    return clause.sentence.tokens[start:end]


def _tags(run: list[Token]) -> set[str]:
    return {tag for token in run for tag in token.tags}


def _firm(run: list[Token]) -> bool:
    return any(token.kind == "supplier" or "generic_supplier" in token.tags for token in run)


def _purposeful(clause: Clause) -> bool:
    """Whether it is said what for: "for 500 trains", "to run the ferries", "as builder of"."""
    tokens = clause.sentence.tokens
    end = clause.right[-1].end if clause.right else clause.trigger + 1
    if any(phrase.prep in ("for", "worth") for phrase in clause.right):
        return True
    if any("manner" in token.tags for token in tokens[clause.trigger + 1 : end + 1]):
        return True
    places = range(clause.trigger, min(end + 1, len(tokens) - 1))
    return any("to" in tokens[place].tags and _may_be_verb(tokens[place + 1]) for place in places)


def _may_be_verb(token: Token) -> bool:
    return bool(token.tags & {"purpose", "form_b"}) or (token.tags == UNKNOWN and not token.capital)
