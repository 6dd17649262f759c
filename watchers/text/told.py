"""What a text tells, and what other sentences of the entry add to it: the parts and the sum its own clause leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchers.text.clauses import clauses
from watchers.text.naming import Name, names
from watchers.text.phrases import Clause, Phrase, behind
from watchers.text.roles import parts
from watchers.text.rules import Rules
from watchers.text.tokens import Sentence, Token
from watchers.types import EventKind, Money


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


def complete(told: Told, sentences: list[Sentence], rules: Rules) -> None:
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
    """Whom "the firm has been awarded ..." in the summary means: the name that heads the title."""
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
