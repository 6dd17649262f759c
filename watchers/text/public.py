"""Whether a clause is about a public contract: a public buyer, a thing that is a contract, and no word that makes it something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from watchers.text.implied import bought
from watchers.text.phrases import Clause
from watchers.text.roles import Parts
from watchers.text.rules import Rules
from watchers.text.tokens import Sentence, Token
from watchers.types import EventKind

CANCELS = frozenset({"dismiss", "cancel", "terminate", "strip", "lose", "insource", "doubt"})
_UNBLOCKABLE = frozenset({"account", "extension", "employment", "illness", "crime", "orders"})  # no public buyer makes these a contract

_SOUGHT = frozenset({"buy", "pick", "seek"})  # planned purchases and searches are told of without the firm
_ORDERED = frozenset({"win", "give", "cancel", "terminate", "sign", "approve"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands around a contract noun: a firm known for contracts, a sum, goods or works, the word for a firm."""

    known: bool
    money: bool
    goods: bool
    firm: bool


def admitted(clause: Clause, found: Parts, title: list[Sentence], rules: Rules) -> bool:
    """Whether nothing in the title or the sentence makes the clause something other than a public contract."""
    contract = clause.sentence.tokens[clause.contract or 0]
    strong = bool(contract.tags & {"strong", "tender"})
    blocked = blocked_by(title, clause.sentence, rules)
    named = any(name.kind == "body" for name in found.bodies) or (blocked != "sport" and bool(found.bodies))
    if (blocked == "extension" and clause.frame.event.alert is None) or (blocked == "account" and clause.frame.name in CANCELS):
        blocked = None
    if blocked and (blocked in _UNBLOCKABLE or not (strong and named)):
        return False
    if clause.frame.needs == "tender":
        return bool(contract.tags & {"tender", "bid"} or clause.implied)
    return True


def lenient(clause: Clause, found: Parts, sentences: list[Sentence]) -> bool:
    """What suffices for a kind nobody is alerted to: a contract with a supplier or something public about it."""
    strong = _strong(clause)
    if clause.implied:
        return bool(found.bodies or found.generic) if clause.frame.name in _SOUGHT else bought(clause, found, sentences)
    if clause.frame.event is EventKind.TENDER_OPENED and not found.private:
        return True  # who calls for tenders is public, or as good as
    return (strong and bool(found.suppliers or found.generic)) or _public(clause, found, sentences, strong=strong)


def strict(clause: Clause, found: Parts, title: list[Sentence], summary: list[Sentence]) -> bool:
    """What an alert needs: a public buyer and a contract; below a headline about something else also the buyer's name."""
    if _workers(clause) or any("privately" in token.tags for one in (*title, *summary) for token in one.tokens):
        return False
    if clause.frame.name == "approve" and _overseen(clause):
        return False
    if clause.implied:
        return bought(clause, found, [*title, *summary])
    own = clause.sentence
    if own.field == "summary" and not any(_body(token, one) for one in (*title, own) for token in one.tokens) and not found.bodies:
        return False  # background told below a headline about something else
    if _recalled(clause, found, title):
        return False
    strong = _strong(clause)
    return _public(clause, found, [*title, *summary], strong=strong) and (strong or _contractual(clause, found))


def _overseen(clause: Clause) -> bool:
    """Whether who approves only watches over others ("regulator clears contract")."""
    tokens = clause.sentence.tokens
    return any("overseers" in token.tags for phrase in clause.left for token in tokens[phrase.start : phrase.end])


def _recalled(clause: Clause, found: Parts, title: list[Sentence]) -> bool:
    """Whether a summary looks back ("recently won", "has already signed") below a headline that names none of the firms."""
    tokens = clause.sentence.tokens
    if clause.sentence.field != "summary" or not any(
        "recalls" in token.tags for token in tokens[max(0, clause.trigger - 2) : clause.trigger]
    ):
        return False
    headline = {token.low for sentence in title for token in sentence.tokens}
    return not any(tokens[name.start].low in headline for name in found.suppliers)


def _body(token: Token, sentence: Sentence) -> bool:
    """Whether a word names a public body or the kind of one; a capital makes it part of a name ("Federal Insurance")."""
    first = token is sentence.tokens[0] or sentence.title_case
    return token.kind == "body" or ("generic_body" in token.tags and (first or not token.capital))


def _strong(clause: Clause) -> bool:
    return bool(clause.sentence.tokens[clause.contract or 0].tags & {"strong", "tender"})


def _workers(clause: Clause) -> bool:
    """Whether employees are a party: theirs are contracts of work."""
    tokens = clause.sentence.tokens
    sides = [phrase for phrase in clause.left if not phrase.prep] + [
        phrase for phrase in clause.right if phrase.prep in ("with", "between", "for")
    ]
    if any(_worker(tokens, index, clause) for phrase in sides for index in range(phrase.start, phrase.end)):
        return True
    if clause.frame.name == "pick" and any(
        _worker(tokens, index, clause) for phrase in clause.right if not phrase.prep for index in range(phrase.start, phrase.end)
    ):
        return True  # "appoints new chief executive on £180,000 contract"
    holder = clause.contract - 1 if clause.contract else 0
    text, start = clause.sentence.text, clause.sentence.start
    if "workers" in tokens[holder].tags and text[tokens[holder].end - start : tokens[holder].end - start + 1] in ("'", "’"):
        return True  # "approves teachers' contract"
    while holder > 0 and "n" in tokens[holder].tags and not tokens[holder].tags & {"gen"}:
        holder -= 1
    return holder > 0 and bool(tokens[holder].tags & {"gen"}) and bool(tokens[holder - 1].tags & {"workers"})


def _worker(tokens: list[Token], index: int, clause: Clause) -> bool:
    """Whether a word means employees; a capitalised one inside a sentence is a name ("start-up Faculty")."""
    name = index > 0 and tokens[index].capital and not clause.sentence.title_case
    return "workers" in tokens[index].tags and not name


def _contractual(clause: Clause, found: Parts) -> bool:
    """Whether a noun that need not be a contract is one here ("deal", "order", "award", "project"): by its supplier, goods or sum."""
    tokens, contract = clause.sentence.tokens, clause.sentence.tokens[clause.contract or 0]
    known = any(name.known for name in found.suppliers)
    phrases = [tokens[phrase.start : phrase.end] for phrase in (*clause.left, *clause.right)]
    near = next((run for run in phrases if contract in run), [contract])
    worth = [tokens[phrase.start : phrase.end] for phrase in clause.right if phrase.prep == "worth"]
    money = any(token.kind == "money" for run in (near, *worth) for token in run)
    behind = tokens[clause.trigger :]
    goods = any(token.tags & {"goods", "works", "arms"} for token in (*near, *behind))
    name = clause.frame.name
    sides = phrases[len(clause.left) :] if name == "approve" else phrases
    firm = any("generic_supplier" in token.tags for run in sides for token in run)
    if contract.kind == "money":
        return known or firm
    verdict = _of_kind(clause, found, Seen(known, money, goods, firm))
    if verdict is not None:
        return verdict
    buyer = bool(found.bodies) or any(token.kind == "body" for token in tokens) or (found.generic and (money or goods))
    if (buyer and (found.suppliers or firm) and name in ("give", "pick", "win")) or _for_goods(clause, found):
        return True
    if not found.bodies and not any("generic_body" in token.tags for token in tokens):
        return False
    arms = bool(found.bodies) and any("arms" in token.tags for token in behind)
    named = any(one.kind == "body" for one in found.bodies) and bool(found.suppliers)
    purchase = contract.low.startswith(("purchase", "buy")) and bool(found.bodies or found.generic)
    left = name in CANCELS and "weak" in contract.tags and "states" not in contract.tags and bool(found.suppliers)
    if left or (purchase and goods and name in ("approve", "sign")):
        return True  # "council tears up Dignity agreement": what a public body ends with a firm
    ended = name in CANCELS and (goods or firm) and (purchase or any(_body(token, clause.sentence) for token in tokens))
    return known or firm or arms or named or ended or (goods and money) or (bool(found.suppliers) and (goods or money))


def _of_kind(clause: Clause, found: Parts, seen: Seen) -> bool | None:
    """The verdict over nouns that are seldom a contract ("order", "award", "job", "project"); None for all others."""
    contract, name = clause.sentence.tokens[clause.contract or 0], clause.frame.name
    gives, ends = name in ("give", "pick", "win"), name in CANCELS
    things = seen.money or seen.goods
    buyer, party = bool(found.bodies or found.generic), bool(found.suppliers) or seen.firm
    named = any(one.kind == "body" for one in found.bodies) and party
    lets = "lets" in clause.sentence.tokens[clause.trigger].tags  # "lets firm resume work"
    verdicts = {
        "scheme": (ends and (seen.known or seen.money)) or (gives and buyer and party and things),
        "search": ends and buyer and (seen.money or seen.firm or bool(_before(clause) & {"goods", "arms", "works"}) or _for_things(clause)),
        "bid": (name in ("give", "approve") and (things or party or _awards(clause))) or (ends and buyer and things and _every(clause)),
        "order": _ordered(clause, found, goods=seen.goods, named=seen.money or seen.known),
        "award": (name == "win" and bool(found.bodies) and (seen.known or seen.money)) or (ends and (party or (buyer and things))),
        "job": (gives or ends) and ((buyer and party and things) or (name != "pick" and gives and named and not lets)),
    }
    return next((verdict for kind, verdict in verdicts.items() if kind in contract.tags), None)


def _awards(clause: Clause) -> bool:
    """Whether a bid is awarded and not "given the green light": that is how boards give work to a firm."""
    return clause.sentence.tokens[clause.trigger].low.startswith("award")


def _before(clause: Clause) -> set[str]:
    """The tables of the words right before the contract noun: "an electric van order"."""
    contract = clause.contract or 0
    return {tag for token in clause.sentence.tokens[max(0, contract - 3) : contract] for tag in token.tags}


def _every(clause: Clause) -> bool:
    """Whether it is all bids that are turned down."""
    tokens, contract = clause.sentence.tokens, clause.contract or 0
    return tokens[contract].low != "bid" or any("whole" in token.tags for token in tokens[max(0, contract - 2) : contract])


def _ordered(clause: Clause, found: Parts, *, goods: bool, named: bool) -> bool:
    """Whether an order is one for goods and not a court's or a governor's; ``named``: with its sum or a firm known for contracts."""
    if named or (clause.frame.name == "give" and bool(found.suppliers) and any(one.kind == "body" for one in found.bodies)):
        return True
    if clause.frame.name in CANCELS:
        return _for_things(clause) or bool(_before(clause) & {"goods", "arms"})
    won = clause.frame.name == "win" and not clause.passive and bool(found.bodies and found.suppliers)
    return won or (goods and clause.frame.name in _ORDERED)


def _for_goods(clause: Clause, found: Parts) -> bool:
    """Whether a public buyer gives a firm years of work, or signs for something: "pick Urbaser to empty bins in eight-year deal",
    "Kent Police signs five-year deal for 300 electric cars".
    """
    tokens, name = clause.sentence.tokens, clause.frame.name
    if name in ("give", "pick"):
        years = any("term" in token.tags for token in tokens[clause.trigger :])
        return years and bool(found.suppliers) and found.generic
    plain = any("generic_body" in token.tags for token in tokens[: clause.trigger])
    if name not in ("sign", "approve") or not (plain or any(one.kind == "body" and one.start < clause.trigger for one in found.bodies)):
        return False
    return _for_things(clause)


def _for_things(clause: Clause) -> bool:
    """Whether "for" leads what is bought."""
    bought = [clause.sentence.tokens[phrase.start : phrase.end] for phrase in clause.right if phrase.prep == "for"]
    return any(token.tags & {"goods", "works"} for run in bought for token in run)


def _public(clause: Clause, found: Parts, sentences: list[Sentence], *, strong: bool) -> bool:
    """Whether the buyer is public: named, or plain from what is bought, or named elsewhere in the entry."""
    if found.bodies:
        return True
    if found.private or clause.frame.name == "buy":
        return False
    tokens = clause.sentence.tokens
    for index, token in enumerate(tokens):
        if token.kind == "body" and not any("generic_supplier" in other.tags for other in tokens[index + 1 : index + 3]):
            return True  # not the US of "US retailer"
    if clause.money_only:
        return False
    if found.generic:
        return True
    own = clause.sentence
    return any(_body(token, one) if strong else token.kind == "body" for one in sentences if one is not own for token in one.tokens)


def blocked_by(title: list[Sentence], sentence: Sentence, rules: Rules) -> str | None:
    """The blocker group of a word in the title or in the sentence; a capitalised word inside a sentence is a name ("Grant Shapps")."""
    pattern, groups = _blocker_pattern(rules)
    for one in (*title, sentence):
        for hit in pattern.finditer(one.text.lower()):
            name = one.text[hit.start()].isupper() and hit.start() > 0 and not one.title_case and " " not in hit.group()
            if not name or groups[hit.group()] == "sport":
                return groups[hit.group()]
    return None


@cache
def _blocker_pattern(rules: Rules) -> tuple[re.Pattern[str], dict[str, str]]:
    groups = {word: blocker.name for blocker in rules.blockers for word in blocker.words}
    either = "|".join(sorted(map(re.escape, groups), key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])"), groups
