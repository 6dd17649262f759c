"""What an entry says happened: its clauses weighed against each other, the title before the summary."""

from __future__ import annotations

import re

from watchers.text.clauses import clauses
from watchers.text.phrases import Clause
from watchers.text.public import CANCELS, admitted, lenient, strict
from watchers.text.roles import parts
from watchers.text.rules import Rules
from watchers.text.tokens import Sentence
from watchers.text.told import Told, complete
from watchers.types import EventKind

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
_HEADS = {
    "extended": EventKind.EXTENDED,
    "changed": EventKind.CHANGED,
    "challenged": EventKind.CHALLENGED,
}


def tell(title: list[Sentence], summary: list[Sentence], rules: Rules) -> Told | None:
    """The event of an entry, or None when it tells none."""
    if _shape(title, summary, rules):
        return None
    for group in (title, summary[:3]):
        told = [one for sentence in group for clause in clauses(sentence, rules) if (one := _told(clause, title, summary, rules))]
        if told:
            best = min(told, key=lambda one: _RANK.index(one.event))
            if group is title and best.event is EventKind.PROPOSED_AWARD:
                best = _decided(best, title, summary, rules)
            complete(best, [*title, *summary[:4]], rules)
            return best
    return None


def _decided(plan: Told, title: list[Sentence], summary: list[Sentence], rules: Rules) -> Told:
    """The award a summary tells below a title that sounds like a plan: "Town to get new caterer | The council has awarded ..."."""
    for sentence in summary[:3]:
        for clause in clauses(sentence, rules):
            told = None if clause.implied else _told(clause, title, summary, rules)
            if told is not None and told.event is EventKind.AWARDED:
                return told
    return plan


def _shape(title: list[Sentence], summary: list[Sentence], rules: Rules) -> bool:
    """Whether the entry explains, asks or lists instead of reporting."""
    first = next((token for sentence in title for token in sentence.tokens if token.kind != "stop"), None)
    if first is None:
        return True
    if any(rules.explains.search(sentence.text.lower()) for sentence in title) or first.low.partition("-")[0] in rules.labels:
        return True
    if first.low in rules.starts and (title[0].text.rstrip().endswith("?") or not first.tags & {"be", "do", "modal"}):
        return True
    return any(sentence.text.lower().startswith(rules.asks) for sentence in summary[:1])


def _told(clause: Clause, title: list[Sentence], summary: list[Sentence], rules: Rules) -> Told | None:
    event = _event(clause)
    if event is None:
        return None
    found = parts(clause, rules)
    if not admitted(clause, found, title, rules):
        return None
    enough = strict(clause, found, title, summary) if event.alert else lenient(clause, found, [*title, *summary])
    if not enough:
        return None
    sentence = clause.sentence
    told = Told(event, f"{clause.frame.name}: {clause.why}", clause)
    told.suppliers = [(sentence, name) for name in found.suppliers]
    named = [name for name in found.bodies if name.kind == "body"]
    told.bodies = [(sentence, name) for name in named or found.bodies]
    return told


def _event(clause: Clause) -> EventKind | None:
    """The kind by frame and mood."""
    frame, cancels = clause.frame, clause.frame.name in CANCELS
    mood = "proposed" if clause.mood != "background" and clause.sentence.text.rstrip().endswith("?") else clause.mood
    if mood == "future":
        mood = "happened" if cancels and not _quoted(clause) else "proposed"
    if mood == "happened" and clause.head in _HEADS:
        return _HEADS[clause.head]
    if mood != "background" and clause.head == "proposed":
        return None if cancels else EventKind.PROPOSED_AWARD
    kept = EventKind.NOT_CANCELLED if cancels else None
    kinds = {
        "background": None,
        "undone": kept or EventKind.CANCELLED,  # "quashes the decision to award"
        "negated": EventKind.TERMINATED if frame.event is EventKind.EXTENDED else kept,  # what is not renewed ends
        "proposed": frame.proposed,
        "happened": EventKind.CANCELLED if cancels and _of_tender(clause) else frame.event,
    }
    return kinds[mood]


def _of_tender(clause: Clause) -> bool:
    """A procurement is cancelled, never terminated: nothing ran yet."""
    return clause.contract is not None and "tender" in clause.sentence.tokens[clause.contract].tags


def _quoted(clause: Clause) -> bool:
    """A plan in quotation marks is somebody's word, not a decision ("franchise 'to be scrapped'")."""
    sentence = clause.sentence
    end = sentence.tokens[clause.trigger].end - sentence.start
    return bool(re.search(r"['‘\"“](?:to|will) [^'’\"”]*$", sentence.text[:end]))
