"""Contracts nobody names: a purchase, a choice of a firm, a firm shown the door, work that a firm gets.

Headlines often leave the contract out ("Bath picks Arcadis for flood scheme", "Shire sacks pool builder", "Kier to build prison"). Then the
verb stands for it, and the words around it must make up for the missing noun: who buys, that the other side is a firm, and what is bought.
"""

from __future__ import annotations

from watchers.text.phrases import Clause, has_object
from watchers.text.roles import Parts
from watchers.text.rules import UNKNOWN, Rules
from watchers.text.tokens import Sentence, Token

_ENDS = frozenset({"dismiss", "strip", "cancel", "terminate"})
_THINGS = frozenset({"goods", "works", "arms"})
_NO_PURCHASE = frozenset({"gift", "estate"})


def implied(clause: Clause, rules: Rules) -> int | None:
    """The word that stands for a contract nobody names: of a purchase its verb, of a search the firm that is sought."""
    name, run = clause.frame.name, _object(clause)
    if name == "seek" or (name == "strip" and any("manner" in token.tags for token in run)):
        start = clause.right[0].start if run else 0
        return next((start + place for place, token in enumerate(run) if "generic_supplier" in token.tags), None)
    if "parts" in clause.sentence.tokens[clause.trigger].tags:
        return clause.trigger if _firm(_subject(clause)) or len(clause.left) > 1 or _pair(clause) else None
    if name == "strip" and "takes" in clause.sentence.tokens[clause.trigger].tags:
        return clause.trigger  # "takes upkeep away from Babcock"
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
    if run and (_tags(run) & _THINGS or any(token.kind == "money" for token in run)):
        return any(phrase.prep == "with" for phrase in clause.right)  # "inks SEK 735m track renewal with Infranord"
    return lead is not None and lead.prep in ("with", "for") and not clause.passive


def _stands_for_giving(_clause: Clause, run: list[Token]) -> bool:
    paid = any(token.kind == "money" for token in run) and _purposeful(_clause)
    return (paid or bool(_tags(run) & (_THINGS | {"scheme"}))) and not _tags(run) & _NO_PURCHASE


def _stands_for_winning(clause: Clause, run: list[Token]) -> bool:
    """Of "bags radar upgrade from RAF" the verb."""
    tags = _tags(run)
    gets = "gets" in clause.sentence.tokens[clause.trigger].tags
    return not gets and not clause.passive and bool(tags & _THINGS) and not tags & _NO_PURCHASE


def _stands_for_going(clause: Clause, run: list[Token]) -> bool:
    """Of "hospital food goes to private caterer" the verb."""
    return bool(_tags(_subject(clause)) & {"works", "goods", "generic_body"}) and (_firm(run) or any(token.capital for token in run))


def _stands_for_approval(clause: Clause, run: list[Token]) -> bool:
    """Of "board approves $4m bus cameras from BusPatrol" the verb."""
    tags = _tags(run)
    seller = any(phrase.prep == "from" and _names(_words(clause, phrase.start, phrase.end)) for phrase in clause.right)
    chosen = any(phrase.prep == "for" for phrase in clause.right) and _names(run)
    return not clause.passive and (bool(seller and tags & _THINGS) or chosen) and not tags & _NO_PURCHASE


def _stands_for_return(clause: Clause, _run: list[Token]) -> bool:
    """Of "hospital cleaning to come back in-house" the verb."""
    return bool(_tags(clause.sentence.tokens) & {"works", "goods"})


_STANDS = {
    "insource": _stands_for_return,
    "approve": _stands_for_approval,
    "go": _stands_for_going,
    "pick": _stands_for_choice,
    "sign": _stands_for_signing,
    "give": _stands_for_giving,
    "win": _stands_for_winning,
}


def _new_firm(clause: Clause, run: list[Token]) -> bool:
    """Whether somebody gets a firm: "town gets new bus operator" tells of a choice."""
    fresh = any("fresh" in token.tags for token in run) and "generic_supplier" in run[-1].tags
    return fresh and "gets" in clause.sentence.tokens[clause.trigger].tags


def _drops_firm(clause: Clause, run: list[Token]) -> bool:
    """Whether a firm is what is dropped: "council sacks pool builder", "dental company dropped by NT Health"."""
    tokens, tags = clause.sentence.tokens, clause.sentence.tokens[clause.trigger].tags
    run = [token for token in run if "dismissal" not in token.tags]
    if "deprives" in tags or ("drops" not in tags and clause.frame.name not in ("strip", "dismiss")):
        return False
    if clause.form == "g" and clause.trigger and tokens[clause.trigger - 1].kind == "stop":
        return False  # "lands contract, ousting Capita": the news is the new one
    if _tags(run) & {"gift"} or (any(token.tags & {"works", "arms"} for token in run) and not _firm(run)):
        return False  # "cuts off Huawei's access", "quits space station"
    if not clause.passive:
        return _headed(run)
    return _headed(_subject(clause))


def bought(clause: Clause, found: Parts, sentences: list[Sentence]) -> bool:
    """Whether what stands around the verb makes up for the contract nobody names; what an alert needs."""
    name = clause.frame.name
    behind = clause.sentence.tokens[clause.trigger + 1 :]
    named = any(token.kind == "body" for token in behind) or any(token.kind == "place" for token in _object(clause)[:1])
    theirs = name == "win" and "purpose" in clause.sentence.tokens[clause.trigger].tags and named  # "to supply Chile with tankers"
    named = any(token.kind == "body" for token in clause.sentence.tokens)
    if found.private or not (theirs or named or found.bodies or found.generic or _public_elsewhere(clause, sentences)):
        return False
    if clause.frame.name == "insource":
        return True
    if clause.form == "p" and "done" in clause.sentence.tokens[clause.trigger].tags and name == "win":
        maker = [token for one in clause.right if one.prep == "by" for token in _words(clause, one.start, one.end)]
        return (bool(found.suppliers) or _firm(maker)) and (bool(found.bodies) or "works" in _tags(_subject(clause)))
    checks = {"approve": _given_leave, "go": _went, "pick": _picked, "buy": _purchased, "sign": _signed, "give": _given, "win": _won}
    return checks.get(name, _dropped)(clause, found)


def _public_elsewhere(clause: Clause, sentences: list[Sentence]) -> bool:
    """Whether another sentence of the entry makes plain that the buyer is public ("... | The borough said ...")."""
    others = (sentence for sentence in sentences if sentence is not clause.sentence)
    return any(token.kind == "body" or "generic_body" in token.tags for sentence in others for token in sentence.tokens)


def _buys(clause: Clause, found: Parts) -> bool:
    """Whether the subject is the buyer: a public body, or a name nobody listed, which other words must then make public."""
    subject = _subject(clause)
    if any(name.start < clause.trigger for name in found.bodies) or _tags(subject) & {"generic_body", "works"}:
        return True
    return any(token.capital and token.tags == UNKNOWN and token.kind == "word" for token in subject) and not _firm(subject)


def _named_buyer(clause: Clause) -> bool:
    return any(token.kind in ("body", "place") or "generic_body" in token.tags for token in _subject(clause))


def _picked(clause: Clause, found: Parts) -> bool:
    """A firm is chosen for something; verbs that mostly choose people need the thing or the firm to be plain."""
    tokens, run = clause.sentence.tokens, _object(clause)
    firm = _firm(run) or (clause.passive and _firm(_subject(clause)[-1:]))
    known = any(name.known for name in found.suppliers)
    if clause.sentence.title_case and not (known or firm):
        return False  # a name in a title that capitalises everything is none
    things = bool(_tags(tokens if clause.passive else tokens[clause.trigger + 1 :]) & _THINGS)
    money = any(token.kind == "money" for token in tokens[clause.trigger :])
    purpose = _purposeful(clause)
    if _new_firm(clause, run) if run else False:
        return things
    if "names_people" in tokens[clause.trigger].tags:
        does = any("performs" in token.tags for token in tokens[clause.trigger + 1 :]) or any(
            one.end - one.start == 1 for one in found.suppliers
        )
        return ((known or firm) and (things or money or purpose)) or (bool(found.suppliers) and purpose and (money or (things and does)))
    if "form_g" in _tags(run[:1]):
        return False  # "turns to using an app"
    return _chosen(clause, found, firm=firm, things=things, money=money)


def _chosen(clause: Clause, found: Parts, *, firm: bool, things: bool, money: bool) -> bool:
    """A firm is chosen: known as one, or by a buyer that chooses, for a purpose, things or a sum."""
    tokens, known, purpose = clause.sentence.tokens, any(name.known for name in found.suppliers), _purposeful(clause)
    if known or firm:
        chosen = (clause.passive and (things or bool(found.bodies))) or (not clause.passive and (known or things) and _buys(clause, found))
        return purpose or chosen or money or "strong" in _tags(tokens)
    named = any(one.kind == "body" for one in found.bodies)
    if "chooses" in tokens[clause.trigger].tags and found.suppliers and not clause.passive:
        return purpose or (_buys(clause, found) and bool(found.bodies or "generic_body" in _tags(_subject(clause))))
    return bool(found.suppliers) and purpose and (things or money or named)


def _purchased(clause: Clause, found: Parts) -> bool:
    """A public body buys from a firm, or buys arms, trains or ambulances."""
    run = _object(clause)
    if clause.passive:
        return _bought_by(clause, found)
    if not _buys(clause, found) or "estate" in _tags(run):
        return False
    if "commands" in clause.sentence.tokens[clause.trigger].tags and _commanded(clause, run):
        return False
    if "spends" in clause.sentence.tokens[clause.trigger].tags:
        bought = [token for phrase in clause.right if phrase.prep in ("in", "for") for token in _words(clause, phrase.start, phrase.end)]
        paid = any(token.kind == "money" for token in run)
        return paid and ("arms" in _tags(bought) or bool(found.suppliers and _tags(bought) & _THINGS))
    seller = any(_firm(_words(clause, phrase.start, phrase.end)) for phrase in clause.right if phrase.prep == "from")
    things = bool(_tags(run) & _THINGS) and any(token.kind == "money" or "num" in token.tags for token in clause.sentence.tokens)
    return seller or things or "arms" in _tags(run) or bool(found.suppliers) or any(token.kind == "supplier" for token in run)


def _bought_by(clause: Clause, found: Parts) -> bool:
    """Whether public things were bought: "court software bought by Nevada", "two ferries ordered from Turkish yard"."""
    seller = any(_firm(_words(clause, phrase.start, phrase.end)) for phrase in clause.right if phrase.prep == "from")
    buyer = any(name.start > clause.trigger for name in found.bodies) or _public_by(clause)
    tags = _tags(_subject(clause))
    return bool(tags & _THINGS) and not tags & _NO_PURCHASE and (buyer or seller or bool(found.suppliers and found.bodies))


def _commanded(clause: Clause, run: list[Token]) -> bool:
    """Whether an order is a command: to somebody ("orders hospitals to report"), or by a judge ("judge orders body cameras")."""
    tokens = clause.sentence.tokens
    end = clause.right[-1].end if clause.right else clause.trigger + 1
    if not _named_buyer(clause) and not any(one.prep == "from" for one in clause.right):
        return True
    verb = end + 1 < len(tokens) and "to" in tokens[end].tags
    counted = any(token.tags & {"num", "fresh", "quantity", "arms"} for token in run) or any(one.prep == "from" for one in clause.right)
    return verb or "judges" in _tags(_subject(clause)) or any(token.kind == "body" for token in run) or not counted


def _signed(clause: Clause, found: Parts) -> bool:
    """A public body signs with a firm, or for arms."""
    bought = {tag for phrase in clause.right if phrase.prep == "for" for tag in _tags(_words(clause, phrase.start, phrase.end))}
    return _buys(clause, found) and (bool(bought & _THINGS) or any(name.start > clause.trigger for name in found.suppliers))


def _given(clause: Clause, found: Parts) -> bool:
    """Public work is handed to a firm."""
    to = [token for phrase in clause.right if phrase.prep == "to" for token in _words(clause, phrase.start, phrase.end)]
    firm = (bool(found.suppliers) and not clause.sentence.title_case) or _firm(to) or (clause.passive and _firm(_subject(clause)))
    return firm and (bool(found.bodies) or (not clause.passive and _buys(clause, found)))


def _given_leave(clause: Clause, found: Parts) -> bool:
    """A board approves a purchase from a firm, or a firm for the work."""
    seller = any(_names(_words(clause, phrase.start, phrase.end)) for phrase in clause.right if phrase.prep == "from")
    known = _firm(_object(clause)) or any(name.known for name in found.suppliers)
    things = bool(_tags(clause.sentence.tokens[clause.trigger + 1 :]) & {"works", "goods"})
    return _buys(clause, found) and (seller or (known and things))


def _went(clause: Clause, found: Parts) -> bool:
    """Public work goes to a firm."""
    return _firm(_object(clause)) or (bool(found.suppliers) and bool(_tags(_subject(clause)) & {"works", "generic_body"}))


def _won(clause: Clause, found: Parts) -> bool:
    """A firm gets public work: a firm that is to do it, or one that "bags" an upgrade from a public body."""
    tokens = clause.sentence.tokens
    if "purpose" in tokens[clause.trigger].tags:
        if "performs" not in tokens[clause.trigger].tags or _goes_on(clause) or _private_customer(clause):
            return False
        behind = tokens[clause.trigger + 1 :]
        named = any(token.kind == "body" for token in behind) or any(token.kind == "place" for token in _object(clause)[:1])
        label = not behind and "works" in _tags(tokens[: clause.left[0].start])  # "Lowestoft bridge: Farrans to build"
        return named or label or bool(_tags(behind) & {"works", "generic_body"})
    known = any(name.known for name in found.suppliers) or _firm(_subject(clause))
    money = any(token.kind == "money" for token in tokens)
    if not found.bodies:
        return known and "works" in _tags(_object(clause))  # "local company scores sewage plant upgrade"
    return bool(found.suppliers or known) and (known or money)


def _dropped(clause: Clause, found: Parts) -> bool:
    """A public body is rid of a firm; a name alone may be a person's."""
    tokens = clause.sentence.tokens
    by = any(phrase.prep == "by" for phrase in clause.right)
    if clause.passive and by and not any(name.start > clause.trigger for name in found.bodies) and not _public_by(clause):
        return False
    sides = [*_object(clause), *(_subject(clause) if clause.passive or "parts" in tokens[clause.trigger].tags else [])]
    if _firm(sides) or any(name.known for name in found.suppliers):
        return True
    end = clause.right[-1].end if clause.right else clause.trigger + 1
    things = _tags(tokens[clause.trigger + 1 : end]) & (_THINGS | {"scheme", "strong"})
    return not clause.sentence.title_case and bool(found.suppliers and things)


def _names(run: list[Token]) -> bool:
    """Whether a firm stands there, be it only by a name nobody listed."""
    return _firm(run) or any(token.capital and token.tags == UNKNOWN and token.kind == "word" for token in run)


def _headed(run: list[Token]) -> bool:
    """Whether a firm or a name heads the words, and does not only describe what does ("Unisys founder's grandson")."""
    return bool(run) and (_firm(run[-1:]) or (run[-1].capital and run[-1].kind in ("word", "place")))


def _public_by(clause: Clause) -> bool:
    return any("generic_body" in _tags(_words(clause, phrase.start, phrase.end)) for phrase in clause.right if phrase.prep == "by")


def _private_customer(clause: Clause) -> bool:
    """Whether a firm's own customer is a firm: "to supply engines to Color Line ferry"."""
    for phrase in clause.right:
        run = _words(clause, phrase.start, phrase.end)
        public = any(token.kind in ("body", "place") or token.tags & {"generic_body", "demonym", "works"} for token in run)
        named = any(token.capital and "private_kind" in token.tags for token in run)
        if phrase.prep in ("to", "for") and (named or (_names(run) and not public)):
            return True
    return False


def _goes_on(clause: Clause) -> bool:
    """Whether a firm only goes on with what it does ("to run ferries until 2030", "for two more years")."""
    tokens = clause.sentence.tokens
    return any("goes_on" in token.tags for token in tokens[clause.trigger + 1 :]) or "a" in {token.low for token in _subject(clause)[:1]}


def _pair(clause: Clause) -> bool:
    """Whether two of them part: "BART, Cubic to part ways"."""
    tokens = clause.sentence.tokens
    return any(token.tags & {"and"} or token.low == "," for token in tokens[: clause.trigger]) and _firm(tokens[: clause.trigger])


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
