"""Clauses: every word that may say an event, with the phrases around it, its voice and its mood.

A clause is read around its trigger (a verb of ``verbs.toml`` or a noun of ``nominals.toml``): the phrases to the left up to the border
of the clause are its subject, those to the right its objects, each with the preposition that leads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from watchers.text.rules import UNKNOWN, Frame, Rules
from watchers.text.tokens import Sentence, Token

PREPOSITIONS = ("to", "by", "with", "from", "for", "between", "of", "in", "worth")
_GROUP = frozenset({"adv", "be", "have", "modal", "will", "not", "do", "to"})
_HARD = frozenset(";:–—.!?()[]|…")
_GOVERNORS = frozenset({"say", "decide", "propose", "refuse", "be", "have", "modal", "will", "to", "not", "do"})


@dataclass(slots=True)
class Phrase:
    """Tokens ``start``..``end`` (exclusive) led by preposition ``prep``; empty for a bare noun phrase."""

    prep: str
    start: int
    end: int


@dataclass(slots=True)
class Clause:
    """A trigger with its surroundings. ``mood``: happened, future, proposed, negated or background; ``why`` names the rule."""

    sentence: Sentence
    trigger: int
    frame: Frame
    form: str
    passive: bool = False
    mood: str = "happened"
    why: str = ""
    left: list[Phrase] = field(default_factory=list)
    right: list[Phrase] = field(default_factory=list)
    contract: int | None = None
    head: str = "same"
    money_only: bool = False
    implied: bool = False  # a purchase told without a contract noun: "Poland orders 96 helicopters"; ``contract`` is then the verb
    bare: bool = False  # a participle without an auxiliary: "Capita awarded contract", "firm handed contract"


def clauses(sentence: Sentence, rules: Rules) -> Iterator[Clause]:
    """The clauses of a sentence whose trigger has a contract beside it."""
    inside = 0  # up to here the words belong to the object of a clause already read ("wins Soft Kill APS award")
    for index, token in enumerate(sentence.tokens):
        if token.kind != "word" or not token.tags & {"ev", "nominal"} or (index < inside and "noun" in token.tags):
            continue
        clause = _clause(sentence, index, token, rules)
        if clause is not None:
            if clause.contract is not None and clause.contract > index and not clause.implied:
                inside = max(inside, clause.contract + 1)
            yield clause


def _clause(sentence: Sentence, index: int, token: Token, rules: Rules) -> Clause | None:
    tokens = sentence.tokens
    if token.low in rules.nominals and not _verbal(tokens, index, token, title_case=sentence.title_case):
        return _nominal(sentence, index, rules)
    verb = rules.verbs.get(token.low)
    if verb is None or not _verbal(tokens, index, token, title_case=sentence.title_case):
        return None
    frame, forms = verb
    group, auxiliaries = _group(tokens, index)
    form, passive = _voice(forms, auxiliaries)
    clause = Clause(sentence, index, frame, form, passive)
    infinitive = any("to" in token.tags for token in auxiliaries)
    clause.left = _left(tokens, group, governed=infinitive or form == "g")
    if form == "g" and frame.name == "win" and group and "after" in tokens[group - 1].tags:
        clause.left = _left(tokens, group - 1, governed=True)
    clause.right = _right(tokens, index + 1, sentence)
    if clause.right and _complement(tokens, clause.right[-1].end) and not passive:
        clause.right = []  # "confirms contract has ended": what follows is a clause, not an object
    clause.bare = bare = form == "p" and not auxiliaries
    if not clause.passive and bare and not _object(tokens, clause.right):
        clause.passive = True
    _find_contract(clause, rules, bare=bare)
    if clause.contract is None:
        if frame.name not in ("buy", "pick") or ("paper" in token.tags and "order" not in token.tags):
            return None
        clause.contract, clause.implied = index, True
    _mood(clause, group, auxiliaries, rules)
    if bare and clause.mood == "happened" and _description(tokens, index, clause):
        clause.mood, clause.why = "background", "a description of the subject of another verb"
    return clause


def _verbal(tokens: list[Token], index: int, token: Token, *, title_case: bool) -> bool:
    """Whether the trigger is a verb here: a word that is also a noun is one only between a subject and an object."""
    previous = tokens[index - 1] if index else None
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if previous and previous.tags & {"to", "modal", "will", "not", "do"} and "ev" in token.tags:
        return True
    if previous and token.text[:1].isupper() and "noun" in token.tags and not title_case and previous.capital:
        return False  # a name: "Nitin Fire bags order"
    adjective = token.tags & {"form_p", "form_g"} and "noun" not in token.tags
    if previous and previous.tags & {"det", "gen", "of"} and following and "n" in following.tags:
        return False
    if previous is None and adjective and following and following.tags & {"n"} and not following.tags & {"det"}:
        return "form_g" in token.tags
    if "noun" not in token.tags:
        return "ev" in token.tags
    if token.tags & {"form_d", "form_p"} and not token.tags & {"form_b"}:
        return True
    if previous is None or previous.tags & {"det", "gen", "of", "in", "for", "with", "from", "by", "worth"} or previous.kind == "money":
        return False
    if following is None or following.kind == "stop":
        return "paper" in previous.tags
    return not following.tags & {"ev", "be", "have", "modal", "will", "of", "and", "by"} or "n" in following.tags


def _group(tokens: list[Token], index: int) -> tuple[int, list[Token]]:
    """Where the verb's own words begin ("has not yet been"), and those words."""
    start = index
    while (
        start > 0 and tokens[start - 1].kind == "word" and tokens[start - 1].tags & _GROUP and "n" not in tokens[start - 1].tags - {"noun"}
    ):
        start -= 1
    return start, tokens[start:index]


def _voice(forms: str, auxiliaries: list[Token]) -> tuple[str, bool]:
    """The form in this place, and whether it is a plain passive ("was cancelled", "to be scrapped")."""
    tags = {tag for token in auxiliaries for tag in token.tags}
    if "be" in tags and "p" in forms and auxiliaries[-1].tags & {"be", "adv", "not"}:
        return "p", True
    if tags & {"to", "modal", "will", "do"} and "b" in forms:
        return "b", False
    if "have" in tags and "p" in forms:
        return "p", False
    if "p" in forms:
        return "p", False
    for form in "sdgb":
        if form in forms:
            return form, False
    return forms[0], False


def _left(tokens: list[Token], group: int, *, governed: bool) -> list[Phrase]:
    """The phrases of the subject, from the border of the clause.

    An infinitive or -ing form shares the subject of the verb before it ("council votes to end"), so the subject ends at the first verb;
    a finite form has its own after the last one ("council confirms Amey has won").
    """
    end = group
    if end and tokens[end - 1].low == ",":
        end = _before_aside(tokens, end - 1)
    start = end
    while start > 0 and (not _border(tokens, start - 1) or _names_before(tokens, start - 1)):
        start -= 1
    verbs = [index for index in range(start, end) if tokens[index].tags & _GOVERNORS and "n" not in tokens[index].tags and not _purpose(tokens, index)]
    if verbs and governed:
        end = verbs[0]
    elif verbs:
        start = verbs[-1] + 1
    return _split(tokens, start, end)


def _names_before(tokens: list[Token], comma: int) -> bool:
    """Whether a comma parts names of one list ("SpaceX, ULA, Blue Origin clinch")."""
    if tokens[comma].low != "," or comma == 0 or comma + 1 >= len(tokens):
        return False
    return all(token.capital and token.kind in ("word", "supplier", "body") and not token.tags & {"ev", "det"} for token in (tokens[comma - 1], tokens[comma + 1])) and comma <= 8


def _purpose(tokens: list[Token], index: int) -> bool:
    """Whether "to" says what a contract is for ("contract to run migrant centre awarded ...")."""
    return index > 0 and "to" in tokens[index].tags and "paper" in tokens[index - 1].tags


def _before_aside(tokens: list[Token], comma: int) -> int:
    """The end of the subject before an aside between commas, or before a relative clause."""
    for index in range(comma - 1, -1, -1):
        if tokens[index].tags & {"rel"}:
            return index - 1 if index and tokens[index - 1].low == "," else index
        if tokens[index].low == ",":
            return index
        if tokens[index].low in _HARD:
            break
    return comma


def _border(tokens: list[Token], index: int) -> bool:
    token = tokens[index]
    return token.low in _HARD or token.low == "," or bool(token.tags & {"sub", "rel", "but", "say"} and "n" not in token.tags)


def _right(tokens: list[Token], start: int, sentence: Sentence) -> list[Phrase]:
    """The phrases after the verb up to the border of the clause."""
    end = start
    while end < len(tokens):
        token = tokens[end]
        if token.low == "," and (_listing(tokens, end) or _adjectives(tokens, start, end)):
            end += 1
            continue
        if "sub" in token.tags and _as_contractor(tokens, end):
            end += 1
            continue
        if token.low in _HARD or token.low == "," or token.tags & {"sub", "rel", "but", "be", "have", "modal", "will", "do", "not"}:
            break
        if "to" in token.tags and _infinitive(tokens, end, sentence):
            break
        if "n" not in token.tags and token.tags & {"ev", "say"} and not _adjective(tokens, end):
            break
        end += 1
    return _split(tokens, start, end)


def after(sentence: Sentence, index: int) -> list[Phrase]:
    """The phrases behind a noun, up to the border of the clause."""
    return _right(sentence.tokens, index + 1, sentence)


def _complement(tokens: list[Token], end: int) -> bool:
    """Whether a finite verb follows the words after the verb, so that they are its subject."""
    return end < len(tokens) and bool(tokens[end].tags & {"be", "have", "modal", "will"}) and tokens[end].kind == "word"


def _as_contractor(tokens: list[Token], index: int) -> bool:
    """"As" before a part ("named Kier as contractor for ...") goes on, "as" before a clause does not."""
    return tokens[index].low == "as" and any("generic_supplier" in token.tags for token in tokens[index + 1 : index + 4])


def _listing(tokens: list[Token], comma: int) -> bool:
    """Whether a comma stands in a list of names ("to SpaceX, ULA and Blue Origin")."""
    if comma + 2 >= len(tokens) or not tokens[comma + 1].capital or not tokens[comma - 1].capital:
        return False
    return any(token.low in ("and", "&") for token in tokens[comma + 1 : comma + 6])


def _adjectives(tokens: list[Token], start: int, comma: int) -> bool:
    """Whether a comma stands between words before the contract noun ("a five year, £200m estates contract")."""
    if any("paper" in token.tags or token.tags & {"to", "with", "for", "from", "by"} for token in tokens[start:comma]):
        return False
    for token in tokens[comma + 1 : comma + 9]:
        if "paper" in token.tags:
            return True
        if token.kind != "money" and "n" not in token.tags and "and" not in token.tags:
            return False
    return False


def _infinitive(tokens: list[Token], index: int, sentence: Sentence) -> bool:
    """Whether "to" leads a verb ("contract to build") rather than a recipient."""
    if index + 1 >= len(tokens):
        return True
    following = tokens[index + 1]
    if following.kind != "word" or following.tags & {"det", "paper"}:
        return False
    if "form_b" in following.tags or "purpose" in following.tags:
        return True
    for token in tokens[index + 1 : index + 6]:
        if "paper" in token.tags:
            return False  # "appointed to flood framework"
        if "n" not in token.tags:
            break
    return not following.capital and not sentence.lower_case and not following.tags & {"generic_supplier", "generic_body", "adv"}


def _adjective(tokens: list[Token], index: int) -> bool:
    """Whether a participle stands before a noun it describes ("the proposed contract")."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return (
        bool(tokens[index].tags & {"form_p", "form_g"}) and following is not None and "n" in following.tags and not following.tags & {"det"}
    )


def _split(tokens: list[Token], start: int, end: int) -> list[Phrase]:
    phrases: list[Phrase] = []
    prep, begin = "", start
    for index in range(start, end):
        lead = next((name for name in PREPOSITIONS if name in tokens[index].tags), None) if tokens[index].kind == "word" else None
        if lead:
            if index > begin or prep:
                phrases.append(Phrase(prep, begin, index))
            prep, begin = lead, index + 1
    if end > begin:
        phrases.append(Phrase(prep, begin, end))
    return phrases


def _object(tokens: list[Token], right: list[Phrase]) -> bool:
    return bool(right) and not right[0].prep and any("n" in token.tags for token in tokens[right[0].start : right[0].end])


def _find_contract(clause: Clause, rules: Rules, *, bare: bool) -> None:
    """The contract the verb is about: in its object, or, of a passive, in its subject."""
    tokens, frame = clause.sentence.tokens, clause.frame
    allowed = (
        {"", "of"}
        | ({"in"} if frame.name in ("give", "win") else set())
        | ({"to", "for", "from", "in"} if frame.object == "supplier" else set())
    )
    if not (clause.passive and frame.passive == "contract"):
        if _extension_to(clause, rules):
            return
        for phrase in clause.right:
            if phrase.prep == "of" and not _amount(tokens, phrase, clause):
                break
            if phrase.prep in allowed and _paper(tokens, phrase, clause, rules):
                _award_of(clause, rules)
                return
            if phrase.prep and phrase.prep not in allowed and phrase.prep not in ("for", "by"):
                break
        if frame.name == "win" and clause.right and not clause.right[0].prep and _has_money(tokens, clause.right[0]):
            clause.contract = next(i for i in range(clause.right[0].start, clause.right[0].end) if tokens[i].kind == "money")
            clause.money_only = True
            return
    if any("nominal" in token.tags for phrase in clause.left for token in tokens[phrase.start : phrase.end]):
        return  # "cancellation of the contract was announced" is told by the noun
    intransitive = frame.name == "terminate" and clause.form in "sdp" and not _object(tokens, clause.right)
    if clause.passive or bare or intransitive or frame.subject == "contract":
        for phrase in clause.left:
            if phrase.prep in ("", "of") and _paper(tokens, phrase, clause, rules):
                clause.passive = True
                return


def _extension_to(clause: Clause, rules: Rules) -> bool:
    """"Wins extension to council contract", "awarded modification to the contract": the head decides, the contract stands behind it."""
    tokens = clause.sentence.tokens
    for phrase, following in zip(clause.right, clause.right[1:], strict=False):
        head = rules.heads.get(tokens[phrase.end - 1].low, "same")
        if not phrase.prep and head in ("extended", "changed") and following.prep in ("to", "of", "in", "for") and _paper(tokens, following, clause, rules):
            clause.head = head
            return True
    return False


def _award_of(clause: Clause, rules: Rules) -> None:
    """"Announces the award of a contract": the contract is the noun behind "of"."""
    tokens = clause.sentence.tokens
    if clause.contract is not None and "award" in tokens[clause.contract].tags:
        for phrase in clause.right:
            if phrase.prep == "of" and _paper(tokens, phrase, clause, rules):
                return


def _amount(tokens: list[Token], phrase: Phrase, clause: Clause) -> bool:
    """Whether "of" follows an amount ("the majority of its contract") or the verb takes it ("stripped of contract")."""
    return clause.frame.name == "strip" or any(token.tags & {"quantity"} or token.kind == "money" for token in tokens[clause.trigger + 1 : phrase.start])


def _has_money(tokens: list[Token], phrase: Phrase) -> bool:
    return any(token.kind == "money" for token in tokens[phrase.start : phrase.end])


def _paper(tokens: list[Token], phrase: Phrase, clause: Clause, rules: Rules) -> bool:
    """Sets the contract noun of a phrase when one heads it; what follows it may change what is said ("contract extension")."""
    for index in range(phrase.end - 1, phrase.start - 1, -1):
        token = tokens[index]
        if "paper" not in token.tags or token.kind != "word":
            continue
        if "award" in token.tags and index > phrase.start and "paper" in tokens[index - 1].tags:
            continue  # "contract award": the contract is the noun before
        following = tokens[index + 1] if index + 1 < phrase.end else None
        head = "same"
        if (
            following is not None
            and following.kind == "word"
            and "n" in following.tags
            and not following.capital
            and "and" not in following.tags
        ):
            verb = index + 2 < phrase.end and following.tags == UNKNOWN and following.low.endswith("s")
            head = rules.heads.get(following.low, "same" if verb else "")
        elif following is not None and following.kind == "word" and following.low in rules.heads:
            head = rules.heads[following.low]
        if not head:
            continue
        clause.contract, clause.head = index, head
        return True
    return False


def _nominal(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """ "Cancellation of the contract", "contract award": an event only when something announces it."""
    tokens = sentence.tokens
    token = tokens[index]
    clause = Clause(sentence, index, rules.nominals[token.low], "n", passive=True)
    clause.left = _left(tokens, index, governed=True)
    clause.right = _right(tokens, index + 1, sentence)
    ahead = [phrase for phrase in clause.right if phrase.prep in ("of", "from")][:1]
    if not any(_paper(tokens, phrase, clause, rules) for phrase in ahead):
        if index == 0 or "paper" not in tokens[index - 1].tags:
            return None
        clause.contract = index - 1
    context = [*tokens[max(0, index - 8) : index], *tokens[index + 1 : index + 15]]
    _mood(clause, index, [], rules)
    if clause.mood == "happened" and not any(before.low in rules.announces for before in context):
        clause.mood, clause.why = "background", "an event named, not told"
    return clause


def _mood(clause: Clause, group: int, auxiliaries: list[Token], rules: Rules) -> None:
    """Whether it has happened, by what stands before it in its clause; sets ``mood`` and ``why``."""
    sentence, index = clause.sentence, clause.trigger
    tokens = sentence.tokens
    start = index
    while start > 0 and tokens[start - 1].low not in _HARD:
        start -= 1
    context = sentence.codes[start:index]
    for mood in rules.moods:
        if clause.form in mood.forms and mood.pattern.search(context):
            clause.mood, clause.why = mood.result, mood.name
            break
    else:
        clause.why = "told as done"
        _bare_forms(clause, group, auxiliaries)
    if clause.mood in ("happened", "future"):
        _subordinate(clause, group)


def _bare_forms(clause: Clause, group: int, auxiliaries: list[Token]) -> None:
    """Base and -ing forms without an auxiliary: "Cancel the contract" asks, "after cancelling" looks back."""
    tokens = clause.sentence.tokens
    if clause.frame.name == "win" and clause.form == "g" and group and "after" in tokens[group - 1].tags:
        return
    if clause.form == "b" and not auxiliaries and not clause.left:
        clause.mood, clause.why = "proposed", "imperative"
    elif clause.form == "g" and not any("be" in token.tags for token in auxiliaries) and not (group and tokens[group - 1].low == ","):
        clause.mood, clause.why = "background", "an -ing form that no verb carries"


def _subordinate(clause: Clause, group: int) -> None:
    """A condition is a proposal; a relative clause and "after", "despite" tell background."""
    tokens = clause.sentence.tokens
    if group and tokens[group - 1].tags & {"rel"} and not (group > 1 and tokens[group - 2].tags & {"say", "decide", "propose"}):
        clause.mood, clause.why = "background", "relative clause"
        return
    if any("candidate" in token.tags for phrase in clause.right if not phrase.prep for token in tokens[phrase.start : phrase.end]):
        clause.mood, clause.why = "proposed", "a candidate, not the winner"
        return
    start = clause.left[0].start if clause.left else group
    for index in range(group - 1, -1, -1):
        if tokens[index].low in _HARD or tokens[index].low == ",":
            break
        if "scrutiny" in tokens[index].tags:
            clause.mood, clause.why = "background", f"told about before: {tokens[index].low}"
            return
    for index in range(start - 1, -1, -1):
        token = tokens[index]
        if token.low in _HARD or token.low == ",":
            return
        if "condition" in token.tags:
            clause.mood, clause.why = "proposed", f"condition: {token.low}"
            return
        if "past" in token.tags:
            clause.mood, clause.why = "background", f"looking back: {token.low}"
            return
        if "sub" in token.tags:
            if not _news(tokens, index, clause):
                clause.mood, clause.why = "background", f"clause with {token.low}"
            return


def _news(tokens: list[Token], index: int, clause: Clause) -> bool:
    """Whether a subordinate clause is the news all the same: "shares surge after ...", "to maintain sonars after winning ..."."""
    if tokens[index].low in ("as", "so"):
        return True
    if clause.frame.name == "win" and clause.form == "g" and "after" in tokens[index].tags:
        return True
    return any("market" in word.tags for word in tokens[:index])


def _description(tokens: list[Token], index: int, clause: Clause) -> bool:
    """ "Firm handed contract faces inquiry": a finite verb later in the clause takes the sentence; the participle only describes."""
    for token in tokens[index + 1 :]:
        if token.low in _HARD or token.low == "," or token.tags & {"sub", "rel", "but", "and"}:
            return False
        if token.kind == "word" and token.tags & {"other", "modal", "will", "have"} and "n" not in token.tags:
            return True
    return False
