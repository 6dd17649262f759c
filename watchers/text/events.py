"""What an entry says happened: its clauses weighed against each other, the title before the summary, and what is not a public contract put aside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from watchers.text.clauses import clauses
from watchers.text.naming import Name, names
from watchers.text.phrases import Clause, Phrase, behind
from watchers.text.roles import Parts, parts
from watchers.text.rules import Rules
from watchers.text.tokens import Sentence, Token
from watchers.types import EventKind, Money

_RANK = (
    EventKind.CANCELLED,
    EventKind.TERMINATED,
    EventKind.AWARDED,
    EventKind.SUSPENDED,
    EventKind.EXTENDED,
    EventKind.CHANGED,
    EventKind.PROPOSED_CANCEL,
    EventKind.NOT_CANCELLED,
    EventKind.PROPOSED_AWARD,
    EventKind.CHALLENGED,
    EventKind.TENDER_OPENED,
)
_CANCELS = frozenset({"cancel", "terminate", "strip", "lose"})
_HEADS = {
    "extended": EventKind.EXTENDED,
    "changed": EventKind.CHANGED,
    "challenged": EventKind.CHALLENGED,
}


@dataclass(slots=True)
class Told:
    """What a text tells: the event, its clause, the parts with the sentence each stands in, the sum, and the rule that decided."""

    event: EventKind
    rule: str
    clause: Clause
    suppliers: list[tuple[Sentence, Name]] = field(default_factory=list)
    bodies: list[tuple[Sentence, Name]] = field(default_factory=list)
    money: Money | None = None
    money_token: Token | None = None


def tell(title: list[Sentence], summary: list[Sentence], rules: Rules) -> Told | None:
    """The event of an entry, or None when it tells none."""
    if _shape(title, summary, rules):
        return None
    for group in (title, summary[:3]):
        told = [one for sentence in group for clause in clauses(sentence, rules) if (one := _told(clause, title, summary, rules))]
        if told:
            best = min(told, key=lambda one: _RANK.index(one.event))
            _complete(best, [*title, *summary[:4]], rules)
            return best
    return None


def _shape(title: list[Sentence], summary: list[Sentence], rules: Rules) -> bool:
    """Whether the entry explains, asks or lists instead of reporting."""
    first = next((token for sentence in title for token in sentence.tokens if token.kind != "stop"), None)
    if first is None:
        return True
    if first.low in rules.starts and (title[0].text.rstrip().endswith("?") or not first.tags & {"be", "do", "modal"}):
        return True
    return any(sentence.text.lower().startswith(rules.asks) for sentence in summary[:1])


def _told(clause: Clause, title: list[Sentence], summary: list[Sentence], rules: Rules) -> Told | None:
    event = _event(clause)
    if event is None:
        return None
    sentence = clause.sentence
    found = parts(clause, rules)
    assert clause.contract is not None
    contract = sentence.tokens[clause.contract]
    strong = bool(contract.tags & {"strong", "tender"})
    blocked = _blocked(title, sentence, rules)
    named = any(name.kind == "body" for name in found.bodies)
    if blocked and not (blocked not in ("employment", "illness", "crime", "orders") and strong and named):
        return None
    if clause.frame.needs == "tender" and "tender" not in contract.tags:
        return None
    if _workers(clause):
        return None
    if event.alert is None:
        if not (strong and (found.suppliers or found.generic)) and not _public(clause, found, [*title, *summary], strong=strong):
            return None
    elif clause.implied:
        if not _bought(clause, found):
            return None
    elif sentence.field == "summary" and not found.bodies and not _about_contract(title):
        return None  # background told below a headline about something else
    elif not _public(clause, found, [*title, *summary], strong=strong) or not (strong or _contractual(clause, found, contract)):
        return None
    told = Told(event, f"{clause.frame.name}: {clause.why}", clause)
    told.suppliers = [(sentence, name) for name in found.suppliers]
    told.bodies = [
        (sentence, name) for name in found.bodies if name.kind == "body" or not any(other.kind == "body" for other in found.bodies)
    ]
    return told


def _about_contract(title: list[Sentence]) -> bool:
    return any(
        token.kind == "supplier" or ("paper" in token.tags and token.kind == "word") for sentence in title for token in sentence.tokens
    )


def _bought(clause: Clause, found: Parts) -> bool:
    """Whether a purchase without a contract noun is one: a named public body buys from, or picks, a firm known for public contracts, or buys arms and trains."""
    tokens = clause.sentence.tokens
    if not any(name.start < clause.trigger or clause.frame.name == "pick" for name in found.bodies):
        return False
    known = any(name.known for name in found.suppliers)
    if clause.frame.name == "pick":
        end = clause.right[-1].end if clause.right else clause.trigger + 1
        return known and (any(phrase.prep == "for" for phrase in clause.right) or (end < len(tokens) and "to" in tokens[end].tags))
    goods = [tokens[phrase.start : phrase.end] for phrase in clause.right if not phrase.prep]
    return known or (clause.frame.name == "buy" and not clause.passive and any("arms" in token.tags for run in goods for token in run))


def _workers(clause: Clause) -> bool:
    """Whether employees are a party: theirs are contracts of work."""
    tokens = clause.sentence.tokens
    sides = [phrase for phrase in clause.left if not phrase.prep] + [
        phrase for phrase in clause.right if phrase.prep in ("with", "between", "for")
    ]
    if any(token.tags & {"workers"} for phrase in sides for token in tokens[phrase.start : phrase.end]):
        return True
    holder = clause.contract - 1 if clause.contract else 0
    while holder > 0 and "n" in tokens[holder].tags and not tokens[holder].tags & {"gen"}:
        holder -= 1
    return holder > 0 and bool(tokens[holder].tags & {"gen"}) and bool(tokens[holder - 1].tags & {"workers"})


def _contractual(clause: Clause, found: Parts, contract: Token) -> bool:
    """Whether a noun that need not be a contract ("deal", "order", "award", "project") is one here: by its supplier, its goods or its sum."""
    tokens = clause.sentence.tokens
    known = any(name.known for name in found.suppliers)
    phrases = [tokens[phrase.start : phrase.end] for phrase in (*clause.left, *clause.right)]
    near = next((run for run in phrases if contract in run), [contract])
    worth = [tokens[phrase.start : phrase.end] for phrase in clause.right if phrase.prep == "worth"]
    money = any(token.kind == "money" for run in (near, *worth) for token in run)
    behind = [token for token in tokens if token.start >= tokens[clause.trigger].start]
    goods = any(token.tags & {"goods", "works", "arms"} for run in (near, behind) for token in run)
    arms = any("arms" in token.tags for token in behind)
    firm = any(token.tags & {"generic_supplier"} for run in phrases for token in run)
    if contract.kind == "money":
        return known or firm
    if "scheme" in contract.tags:
        return clause.frame.name in _CANCELS and (known or money)
    if "bid" in contract.tags:
        return clause.frame.name in ("give", "approve") and (money or bool(found.suppliers))
    if "order" in contract.tags:
        return clause.frame.name in ("win", "give", "cancel", "terminate", "sign", "approve") and (money or known or goods)
    if "award" in contract.tags:
        return clause.frame.name == "win" and bool(found.bodies) and (known or money)
    if not found.bodies and not any("generic_body" in token.tags for token in tokens):
        return False
    return known or firm or (arms and bool(found.bodies)) or (goods and bool(found.suppliers or money)) or (money and bool(found.suppliers))


def _event(clause: Clause) -> EventKind | None:
    """The kind by frame and mood."""
    frame, mood = clause.frame, clause.mood
    if mood == "background":
        return None
    if clause.sentence.text.rstrip().endswith("?"):
        mood = "proposed"
    if clause.head in _HEADS and mood in ("happened", "future"):
        return _HEADS[clause.head]
    cancels = frame.name in _CANCELS
    if clause.head == "proposed":
        return EventKind.PROPOSED_AWARD if not cancels else None
    if mood == "negated":
        return EventKind.NOT_CANCELLED if cancels else None
    if mood == "future":
        return frame.event if cancels and not _quoted(clause) else frame.proposed
    if mood == "proposed":
        return frame.proposed
    if cancels and clause.contract is not None and "tender" in clause.sentence.tokens[clause.contract].tags:
        return EventKind.CANCELLED
    return frame.event


def _quoted(clause: Clause) -> bool:
    """A plan in quotation marks is somebody's word, not a decision ("franchise 'to be scrapped'")."""
    sentence = clause.sentence
    end = sentence.tokens[clause.trigger].end - sentence.start
    return bool(re.search(r"['‘\"“](?:to|will) [^'’\"”]*$", sentence.text[:end]))


def _public(clause: Clause, found: Parts, sentences: list[Sentence], *, strong: bool) -> bool:
    """Whether the buyer is public: named, or plain from what is bought, or named elsewhere in the entry."""
    if found.bodies:
        return True
    if found.private:
        return False
    near = clause.sentence
    if clause.frame.name == "buy":
        return False
    if any(token.kind == "body" for token in near.tokens):
        return True
    if clause.money_only:
        return False
    if found.generic:
        return True
    return strong and any(token.kind == "body" for sentence in sentences for token in sentence.tokens)


def _blocked(title: list[Sentence], sentence: Sentence, rules: Rules) -> str | None:
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


def _complete(told: Told, sentences: list[Sentence], rules: Rules) -> None:
    """Parts and sum that the deciding clause does not name, from the other mentions of the same contract."""
    told.money, told.money_token = _value(told.clause, sentences)
    if not told.suppliers or not told.bodies:
        _from_clauses(told, sentences, rules)
    if not told.suppliers or not told.bodies:
        for sentence in sentences:
            for index, token in enumerate(sentence.tokens):
                if "paper" in token.tags and token.kind == "word":
                    _mention(told, sentence, index, rules)
    if not told.suppliers and told.clause.sentence.field == "summary":
        _the_firm(told, sentences, rules)
    if not told.bodies:
        own = told.clause.sentence
        everywhere = [own, *(sentence for sentence in sentences if sentence is not own)]
        told.bodies = [(one, Name(i, i + 1, "body")) for one in everywhere for i, token in enumerate(one.tokens) if token.kind == "body"][
            :1
        ]


def _from_clauses(told: Told, sentences: list[Sentence], rules: Rules) -> None:
    """What other clauses of the entry say about the same kind of event."""
    need_supplier, need_body = not told.suppliers, not told.bodies
    for sentence in sentences:
        for clause in clauses(sentence, rules):
            if clause is told.clause or (sentence is told.clause.sentence and clause.trigger == told.clause.trigger):
                continue
            found = parts(clause, rules)
            if need_supplier and not told.suppliers:
                told.suppliers = [(sentence, name) for name in found.suppliers]
            if need_body and not told.bodies:
                told.bodies = [(sentence, name) for name in found.bodies if name.kind == "body"]


def _the_firm(told: Told, sentences: list[Sentence], rules: Rules) -> None:
    """ "The firm has been awarded ..." in the summary is the name that heads the title."""
    own = told.clause.sentence.tokens
    if not any("generic_supplier" in token.tags for phrase in told.clause.left for token in own[phrase.start : phrase.end]):
        return
    title = sentences[0]
    first = next(iter(names(title, 0, min(8, len(title.tokens)), rules)), None)
    if first is not None and first.kind == "supplier":
        told.suppliers.append((title, first))


def _mention(told: Told, sentence: Sentence, index: int, rules: Rules) -> None:
    """The parties a contract noun has beside it: "£50m contract with Palantir", "deal between the Met Police and an AI firm"."""
    tokens = sentence.tokens
    need_supplier, need_body = not told.suppliers, not told.bodies
    start = index
    while start > 0 and "n" in tokens[start - 1].tags:
        start -= 1
    stretches = [("", Phrase("", start, index))]
    stretches += [
        (phrase.prep, phrase) for phrase in behind(sentence.tokens, index + 1, sentence) if phrase.prep in ("with", "between", "to")
    ]
    for prep, phrase in stretches:
        for name in names(sentence, phrase.start, phrase.end, rules, before_noun=not prep):
            if name.kind == "body" and need_body:
                told.bodies.append((sentence, name))
            elif name.kind == "supplier" and need_supplier and (name.known or prep in ("with", "between")):
                told.suppliers.append((sentence, name))


def _value(clause: Clause, sentences: list[Sentence]) -> tuple[Money | None, Token | None]:
    """The sum of the contract: beside its noun in the deciding clause, else beside a contract noun elsewhere in the entry.

    A sum in another phrase is something else ("paid £8m to end the contract", "fined £2m").
    """
    tokens = clause.sentence.tokens
    for phrase in (*clause.right, *clause.left):
        holds = clause.contract is not None and phrase.start <= clause.contract < phrase.end
        gives = not phrase.prep and clause.frame.event is EventKind.AWARDED and phrase in clause.right
        if (
            holds
            or gives
            or phrase.prep in ("worth", "in")
            or (phrase.prep == "for" and clause.contract is not None and clause.contract < phrase.start)
        ):
            for token in tokens[phrase.start : phrase.end]:
                if token.money is not None:
                    return token.money, token
    for sentence in sentences:
        for index, token in enumerate(sentence.tokens):
            if token.money is not None and _beside_contract(sentence.tokens, index):
                return token.money, token
    return None, None


def _beside_contract(tokens: list[Token], index: int) -> bool:
    """Whether a sum belongs to a contract noun: "a £330m NHS contract", "contract worth £7.8 million"."""
    for token in tokens[index + 1 : index + 7]:
        if "paper" in token.tags and token.kind == "word":
            return True
        if "n" not in token.tags or token.kind == "money":
            break
    before = tokens[max(0, index - 4) : index]
    return any(token.tags & {"worth"} for token in before) and any("paper" in token.tags for token in tokens[max(0, index - 14) : index])
