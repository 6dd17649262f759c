"""Mood: whether an event has happened, by what stands before its word and around its clause.

The patterns of ``moods.toml`` are read first; then the borders of the clause: a condition proposes, a relative clause and "after" look
back, a row or an inquiry tells of something told before.
"""

from __future__ import annotations

import re

from watchers.text.phrases import HARD, Clause
from watchers.text.rules import Rules
from watchers.text.tokens import Token
from watchers.types import EventKind

_A_YEAR = re.compile(r"(?:19|20)\d\d")
_YEAR = re.compile(r"^\W*\w+ (?:19|20)\d\d\b")


def decide(clause: Clause, group: int, auxiliaries: list[Token], rules: Rules) -> None:
    """Whether it has happened, by what stands before it in its clause; sets ``mood`` and ``why``."""
    sentence, index = clause.sentence, clause.trigger
    tokens = sentence.tokens
    start = index
    while start > 0 and tokens[start - 1].low not in HARD:
        start -= 1
    context = sentence.codes[start:index]
    for mood in rules.moods:
        if clause.form in mood.forms and mood.pattern.search(context):
            clause.mood, clause.why = mood.result, mood.name
            break
    else:
        clause.why = "told as done"
        _bare_forms(clause, group, auxiliaries)
    if clause.mood == "future" and _conditional(clause):
        clause.mood, clause.why = "proposed", "a condition follows"
    if _YEAR.search(sentence.text) and "in" in tokens[0].tags:
        clause.mood, clause.why = "background", "begins with a year gone by"
    if clause.mood in ("happened", "future"):
        _around(clause, group)
    if clause.mood in ("happened", "future"):
        _subordinate(clause, group)


def _around(clause: Clause, group: int) -> None:
    """What the words around an event that seems told make of it."""
    if _runs_out(clause):
        clause.mood, clause.why = "background", "it runs out in due time"
    elif _none(clause):
        clause.mood, clause.why = "negated", "no contract"
    elif clause.mood == "future":
        return
    elif _looked_back_on(clause, group):
        clause.mood, clause.why = "background", "told as something done before, or in somebody's own words"
    elif clause.why == "decision with infinitive" and clause.frame.event is EventKind.AWARDED and _sets_out(clause, group):
        clause.mood, clause.why = "proposed", "a move to buy, not the purchase"
    elif _dated(clause):
        clause.mood, clause.why = "background", "told with the year it happened in"
    elif _of_an_object(clause, group):
        clause.mood, clause.why = "background", "a description of the object of another verb"


def _looked_back_on(clause: Clause, group: int) -> bool:
    """Whether an award is told in the past perfect ("had been awarded the contract, but") or by one who remembers ("I signed").

    What is said or learnt stands in that tense though it is news ("said it had won").
    """
    tokens = clause.sentence.tokens
    if clause.frame.event is not EventKind.AWARDED:
        return False
    if group and tokens[group - 1].low == "i":
        return True
    if not any("had" in token.tags for token in tokens[group : clause.trigger]):
        return False
    return not any(token.tags & {"say", "rel", "decide"} for token in tokens[:group])


def _sets_out(clause: Clause, group: int) -> bool:
    return any("sets_out" in token.tags for token in clause.sentence.tokens[:group])


def _dated(clause: Clause) -> bool:
    """Whether a past event has its year beside it ("was cancelled in 2019"): news of the day names none."""
    tokens = clause.sentence.tokens
    if clause.form not in "pd":
        return False
    end = clause.right[-1].end if clause.right else clause.trigger + 1
    if any("long_ago" in token.tags for token in tokens[clause.trigger : end + 2]):
        return True
    if end + 1 < len(tokens) and tokens[end].low == "since" and _A_YEAR.fullmatch(tokens[end + 1].text):
        return True
    return any(phrase.prep == "in" and _A_YEAR.fullmatch(tokens[phrase.start].text) for phrase in clause.right)


def _runs_out(clause: Clause) -> bool:
    """Whether a contract ends of itself ("contract ends in June"); early, or with a reason, somebody ended it."""
    tokens = clause.sentence.tokens
    if clause.frame.name != "terminate" or clause.contract is None or clause.implied:
        return False
    after = tokens[clause.trigger + 1 :]
    if any("in_time" in token.tags for token in after):
        return True
    if "runs_out" not in tokens[clause.trigger].tags or clause.contract > clause.trigger or clause.form == "p":
        return False
    let = any("lets" in token.tags for token in tokens[: clause.trigger])  # "lets contract lapse"
    return not let and not any("early" in token.tags for token in after)


def _none(clause: Clause) -> bool:
    """Whether there is no contract it could have happened to ("no contract has been signed", "none of the contracts will be renewed")."""
    tokens = clause.sentence.tokens
    held = [
        phrase for phrase in (*clause.left, *clause.right) if clause.contract is not None and phrase.start <= clause.contract < phrase.end
    ]
    first = (phrase.start - 2 if phrase.prep == "of" and phrase.start > 1 else phrase.start for phrase in held)
    return any("nobody" in tokens[index].tags for start in first for index in range(start, clause.contract or 0))


def _of_an_object(clause: Clause, group: int) -> bool:
    """Whether a bare participle follows the object of another verb ("publishes list of firms awarded contracts")."""
    tokens = clause.sentence.tokens
    start = clause.left[0].start if clause.left else group
    return clause.bare and start > 0 and bool(tokens[start - 1].tags & {"to", "modal", "will"} - {"n"})


def _conditional(clause: Clause) -> bool:
    """Whether a condition follows ("will cancel unless service improves")."""
    tokens = clause.sentence.tokens
    start = clause.right[-1].end if clause.right else clause.trigger + 1
    return any("condition" in token.tags for token in tokens[start : start + 3])


def _bare_forms(clause: Clause, group: int, auxiliaries: list[Token]) -> None:
    """Base and -ing forms without an auxiliary: "Cancel the contract" asks, "after cancelling" looks back."""
    tokens = clause.sentence.tokens
    if clause.frame.name == "win" and clause.form == "g" and group and "after" in tokens[group - 1].tags:
        return
    if clause.form == "b" and not auxiliaries and not clause.left:
        clause.mood, clause.why = "proposed", "imperative"
    elif clause.form == "g" and _headline_progressive(clause, group):
        return
    elif clause.form == "g" and not any("be" in token.tags for token in auxiliaries) and not (group and tokens[group - 1].low == ","):
        clause.mood, clause.why = "background", "an -ing form that no verb carries"


def _headline_progressive(clause: Clause, group: int) -> bool:
    """Whether a headline leaves out "is": "Canada reviewing fighter contract"; with another verb behind, it only describes."""
    if clause.sentence.field != "title" or not clause.left or clause.left[0].start != 0 or clause.left[-1].end != group:
        return False
    tokens = clause.sentence.tokens
    named = any(token.kind in ("body", "place") or "generic_body" in token.tags for token in tokens[:group])
    return named and not any(
        token.tags & {"form_s", "form_d", "other", "be", "have", "modal"} and token.kind == "word" and "n" not in token.tags
        for token in tokens[clause.trigger + 1 :]
    )


def _subordinate(clause: Clause, group: int) -> None:
    """A condition is a proposal; a relative clause, a row about it and "after", "despite" tell background."""
    tokens = clause.sentence.tokens
    relative = group and tokens[group - 1].tags & {"rel"} and not (group > 1 and tokens[group - 2].tags & {"say", "decide", "propose"})
    if relative or (clause.left and clause.left[0].start and tokens[clause.left[0].start - 1].low == "whose"):
        clause.mood, clause.why = "background", "relative clause"
    elif any("candidate" in token.tags for phrase in clause.right if not phrase.prep for token in tokens[phrase.start : phrase.end]):
        clause.mood, clause.why = "proposed", "a candidate, not the winner"
    else:
        found = _scrutiny(tokens, group) or _leader(clause, clause.left[0].start if clause.left else group)
        if found:
            clause.mood, clause.why = found


def _scrutiny(tokens: list[Token], group: int) -> tuple[str, str] | None:
    """A row or an inquiry named in the clause before the verb."""
    for token in reversed(tokens[:group]):
        if token.low in HARD or token.low == ",":
            return None
        if "scrutiny" in token.tags:
            return "background", f"told about before: {token.low}"
    return None


def _leader(clause: Clause, start: int) -> tuple[str, str] | None:
    """What the word that leads the clause makes of it: "if", "after", "a year after"; None when it leaves it as it is."""
    tokens = clause.sentence.tokens
    for index in range(start - 1, -1, -1):
        token = tokens[index]
        if token.low in HARD or token.low == ",":
            return None
        if "condition" in token.tags:
            return "proposed", f"condition: {token.low}"
        if "past" in token.tags:
            return "background", f"looking back: {token.low}"
        if "embedded" in token.tags:
            return "background", f"asked or told about, not reported: {token.low}"
        if "sub" in token.tags:
            return None if _news(tokens, index, clause) else ("background", f"clause with {token.low}")
    return None


def _news(tokens: list[Token], index: int, clause: Clause) -> bool:
    """Whether a subordinate clause is the news all the same: "shares surge after ...", "to maintain sonars after winning ..."."""
    if "manner" in tokens[index].tags:
        return True
    if clause.frame.name == "win" and clause.form == "g" and "after" in tokens[index].tags:
        return True
    decided = clause.frame.name in ("approve", "give", "sign") and "after" in tokens[index].tags
    if decided and any(word.tags & {"will", "to"} and word.kind == "word" for word in tokens[:index]):
        return True  # "police will get cameras after council approved contract"
    return any("market" in word.tags for word in tokens[:index])


def described(tokens: list[Token], index: int, contract: int | None) -> bool:
    """Whether a finite verb later takes the sentence, so that the participle only describes: "firm handed contract faces inquiry"."""
    for place, token in enumerate(tokens[index + 1 :], index + 1):
        if token.low in HARD or token.low == "," or token.tags & {"sub", "rel", "but", "and", "past"}:
            return False
        noun = "n" in token.tags and place - 1 != contract  # right behind the contract "faces" is the verb
        if token.kind == "word" and token.tags & {"other", "modal", "will", "have"} and not noun:
            return True
    return False
