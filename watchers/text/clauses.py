"""Clauses: every word that may say an event, with the phrases around it, its voice, its mood and the contract it is about.

A clause is read around its trigger (a verb of ``verbs.toml`` or a noun of ``nominals.toml``). What was tried and rejected: patterns over
the whole sentence (they break on every inserted phrase), and a window of words around a contract noun (it cannot tell who does what).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from watchers.text.framing import framed
from watchers.text.implied import implied
from watchers.text.mood import decide, described
from watchers.text.phrases import HARD, Clause, Phrase, before, behind, complement, has_object
from watchers.text.rules import UNKNOWN, Rules
from watchers.text.tokens import Sentence, Token

_SHAPES = frozenset({"purpose", "done", "in", "for", "ended"})
_FINITE = frozenset({"form_s", "form_d", "be", "have", "modal", "other"})
_VERBS = _FINITE | {"ev", "to", "propose", "decide", "scrutiny"}
_TELLS = _FINITE | {"ev", "propose", "decide", "scrutiny", "not"}
_HEAD = 5  # words before a headline's "in"
_JOBS = frozenset(
    {"give", "win", "pick", "strip", "lose", "insource", "dismiss"}
)  # work is given and won; what ends or is signed is a contract
_INTRANSITIVE = frozenset({"terminate", "change", "doubt", "open"})
_BREAKS = frozenset({"sub", "rel", "but", "be", "have", "modal", "will"})
_GROUP = frozenset({"adv", "be", "have", "modal", "will", "not", "do", "to"})


def clauses(sentence: Sentence, rules: Rules) -> Iterator[Clause]:
    """The clauses of a sentence whose trigger has a contract beside it."""
    inside = 0  # up to here the words belong to the object of a clause already read ("wins Soft Kill APS award")
    for index, token in enumerate(sentence.tokens):
        if token.tags & _SHAPES and (found := _shaped(sentence, index, rules)) is not None:
            yield found
            continue
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
    frame, forms = framed(tokens, index, verb[0], rules), verb[1]
    group, auxiliaries = _group(tokens, index)
    form, passive = _voice(forms, auxiliaries)
    clause = Clause(sentence, index, frame, form, passive)
    infinitive = any("to" in token.tags for token in auxiliaries)
    clause.left = before(tokens, group, governed=infinitive or form == "g")
    if form == "g" and frame.name == "win" and group and "after" in tokens[group - 1].tags:
        clause.left = before(tokens, group - 1, governed=True)
    clause.right = behind(tokens, index + 1, sentence)
    if clause.right and complement(tokens, clause.right[-1].end) and not passive:
        clause.right = []  # "confirms contract has ended": what follows is a clause, not an object
    clause.bare = bare = form == "p" and all("adv" in word.tags for word in auxiliaries)
    if not clause.passive and bare and (not has_object(tokens, clause.right) or _made(clause)):
        clause.passive = True
    _find_contract(clause, rules, bare=bare)
    _find_raised(clause, group, auxiliaries, rules)
    if _about_another(clause):
        return None
    if clause.contract is None:
        clause.contract, clause.implied = implied(clause, rules), True
        if clause.contract is None:
            return None
    decide(clause, group, auxiliaries, rules)
    if bare and clause.mood == "happened" and described(tokens, index, clause.contract):
        clause.mood, clause.why = "background", "a description of the subject of another verb"
    return clause


def _shaped(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """A telling without a verb of giving or ending: by what is to be done, in a headline without a verb, or by "is over"."""
    tags = sentence.tokens[index].tags
    found = _undertaking(sentence, index, rules) if "purpose" in tags else None
    if found is None and "done" in tags:
        found = _done_by(sentence, index, rules)
    if found is None and "in" in tags and sentence.field == "title":
        found = _verbless(sentence, index, rules)
    if found is None and "for" in tags and sentence.field == "title":
        found = _for_firm(sentence, index, rules)
    return _over(sentence, index, rules) if found is None and "ended" in tags else found


def _done_by(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """Work that is to be done by somebody: "trains to be built by Alstom"."""
    tokens = sentence.tokens
    if index <= 1 or index + 1 >= len(tokens) or "by" not in tokens[index + 1].tags or "be" not in tokens[index - 1].tags:
        return None
    if not tokens[index - 2].tags & {"to", "will"}:
        return None
    clause = Clause(sentence, index, rules.frames["win"], "p", passive=True, why="work that is to be done by somebody")
    clause.left, clause.right = before(tokens, index - 2, governed=False), behind(tokens, index + 1, sentence)
    clause.contract, clause.implied = index, True
    return clause if clause.left else None


def _verbless(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """A headline without a verb: "Qatar in $400m deal with Aselsan"."""
    tokens = sentence.tokens
    ahead = tokens[:index]
    if tokens[index].low != "in" or not 0 < index <= _HEAD or any(token.tags & _VERBS or token.kind == "stop" for token in ahead):
        return None
    clause = Clause(sentence, index, rules.frames["sign"], "s", why="a headline without a verb")
    clause.left, clause.right = before(tokens, index, governed=False), behind(tokens, index + 1, sentence)
    if len(clause.left) != 1 or not clause.right or clause.right[0].prep or not _paper(tokens, clause.right[0], clause, rules):
        return None
    after = tokens[clause.right[-1].end :]
    parties = len(clause.right) > 1 and clause.right[1].prep in ("with", "for", "to") and "order" not in tokens[clause.contract or 0].tags
    settled = clause.head == "same" and not any(token.tags & _FINITE for token in after)
    return clause if settled and parties else None


def _for_firm(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """A headline without a verb that says whose a contract is: "£5m police cleaning contract for Mitie"."""
    tokens = sentence.tokens
    firm = tokens[index + 1] if index + 1 < len(tokens) else None
    named = firm is not None and (firm.kind == "supplier" or (firm.capital and firm.tags == UNKNOWN and not sentence.title_case))
    if not named or any(token.tags & _TELLS and "paper" not in token.tags for token in tokens):
        return None
    clause = Clause(sentence, index, rules.frames["go"], "s", why="a headline without a verb")
    clause.left, clause.right = before(tokens, index, governed=False), behind(tokens, index + 1, sentence)
    if [(one.prep, one.end) for one in clause.left] != [("", index)] or not _paper(tokens, clause.left[0], clause, rules):
        return None
    clause.right[0].prep = "to"
    public = any(token.kind == "body" or "generic_body" in token.tags for token in tokens)
    return clause if public and clause.contract == index - 1 and clause.head == "same" else None


def _over(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """A contract that "is over", "is dead", is "off after ..."."""
    tokens = sentence.tokens
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if index == 0 or (following is not None and following.kind != "stop" and not following.tags & {"sub", "adv", "for"}):
        return None
    start = index - 1
    while start > 0 and tokens[start].tags & {"be", "adv", "not"}:
        start -= 1
    if start == index - 1 and start and "paper" in tokens[start - 1].tags and tokens[start].low.endswith("s"):
        return None  # "contract rolls over"
    clause = Clause(sentence, index, rules.frames["terminate"], "p", passive=True)
    clause.left, clause.right = before(tokens, start + 1, governed=False), []
    if not any(_paper(tokens, phrase, clause, rules) for phrase in clause.left if phrase.prep in ("", "of")):
        return None
    decide(clause, start + 1, tokens[start + 1 : index], rules)
    return clause


def _undertaking(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """A firm that is to do something under a contract has won it: "Eddie Stobart to run army warehouses under £78m contract"."""
    tokens = sentence.tokens
    if index <= 1 or not tokens[index - 1].tags & {"to", "will"}:
        return None
    firm = tokens[index - 2]
    unknown = firm.capital and firm.tags == UNKNOWN and firm.kind == "word"
    if firm.kind != "supplier" and "generic_supplier" not in firm.tags and not unknown:
        return None
    clause = Clause(sentence, index, rules.frames["win"], "b", why="a firm that is to do something under a contract")
    clause.left, clause.right = before(tokens, index - 1, governed=False), behind(tokens, index + 1, sentence)
    if len(clause.left) != 1 or clause.left[0].prep or clause.left[0].end != index - 1:
        return None
    under = (phrase for phrase in clause.right if phrase.prep == "in" and "within" in tokens[phrase.start - 1].tags)
    if any(_paper(tokens, phrase, clause, rules) for phrase in under) or _after_purpose(clause, rules):
        return clause
    clause.contract, clause.implied = index, True
    told = sentence.field == "title" and "scrutiny" not in tokens[index].tags and _heads(tokens, clause.left[0].start)
    return clause if told else None


def _heads(tokens: list[Token], start: int) -> bool:
    """Whether a phrase begins its headline, be it behind a label ("Ferries: Serco to run ...")."""
    return start == 0 or tokens[start - 1].low in HARD


def _made(clause: Clause) -> bool:
    """Whether the object only says what the subject is made ("Lloyd Group named builder of council's pavilion")."""
    run = clause.sentence.tokens[clause.right[0].start : clause.right[0].end]
    return (
        clause.frame.object == "supplier"
        and any("generic_supplier" in token.tags for token in run)
        and not any(token.capital or token.kind == "supplier" for token in run)
    )


def _about_another(clause: Clause) -> bool:
    """Whether the verb is about something else ("drops investigation into contracts"), or lacks the words that make it tell of a contract
    ("brings contract back in-house", "puts contract out to tender").
    """
    tokens, wanted = clause.sentence.tokens, clause.frame.needs.removeprefix("+")
    if clause.contract is not None and any("scrutiny" in token.tags for token in tokens[clause.trigger + 1 : clause.contract - 1]):
        return True
    return wanted != clause.frame.needs and not any(wanted in token.tags for token in tokens[clause.trigger + 1 :])


def _verbal(tokens: list[Token], index: int, token: Token, *, title_case: bool) -> bool:
    """Whether the trigger is a verb here: a word that is also a noun is one only between a subject and an object."""
    previous = tokens[index - 1] if index else None
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if previous and previous.tags & {"to", "modal", "will", "not", "do"} and "ev" in token.tags:
        return True
    if previous and "form_p" in token.tags and _passive(previous, following):
        return True
    if previous and token.capital and "noun" in token.tags and not title_case and previous.capital:
        return False  # a name: "Nitin Fire bags order"
    before_noun = following is not None and "n" in following.tags
    if previous and previous.tags & {"det", "gen", "of", "in", "for", "with", "from"} and before_noun and "form_g" not in token.tags:
        return False  # "the cancelled contract", "firm behind axed project"
    if "noun" in token.tags:
        return _verb_not_noun(token, previous, following)
    described = previous is None and before_noun and token.tags & {"form_p", "form_g"} and following and not following.tags & {"det"}
    return "ev" in token.tags and ("form_g" in token.tags or not described)


def _passive(previous: Token, following: Token | None) -> bool:
    """Whether a word whose base, past and participle may be one stands as a participle ("has been let by", "contract let by")."""
    if previous.kind == "word" and previous.tags & {"be", "have"}:
        return True
    return "paper" in previous.tags and following is not None and "by" in following.tags


def _verb_not_noun(token: Token, previous: Token | None, following: Token | None) -> bool:
    """Of a word that is also a noun ("awards", "orders"): whether its neighbours make it a verb."""
    if token.tags & {"form_d", "form_p"} and not token.tags & {"form_b"}:
        return True
    if previous is None or previous.tags & {"det", "gen", "of", "in", "for", "with", "from", "by", "worth"} or previous.kind == "money":
        return False
    if "ev" in previous.tags and "generic_supplier" in (following.tags if following else ()):
        return False  # "stands by bin contractor"
    if following is None or following.kind == "stop":
        return "paper" in previous.tags
    if "nominal" in token.tags and following.tags & {"to", "of", "from", "about"}:
        return False  # "hears challenge to contract", "call for end to contract"
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


def _find_contract(clause: Clause, rules: Rules, *, bare: bool) -> None:
    """The contract the verb is about: in its object, or, of a passive, in its subject."""
    tokens, frame = clause.sentence.tokens, clause.frame
    if not (clause.passive and frame.passive == "contract") and (_extension_to(clause, rules) or _in_object(clause, rules)):
        return
    told = [token for phrase in clause.left for token in tokens[phrase.start : phrase.end] if "nominal" in token.tags]
    if any("award" not in token.tags or frame.name not in ("cancel", "terminate") for token in told):
        return  # "cancellation of the contract was announced" is told by the noun
    intransitive = frame.name in _INTRANSITIVE and clause.form in "sdpb" and not has_object(tokens, clause.right)
    if clause.passive or bare or intransitive or frame.subject == "contract":
        for phrase in clause.left:
            held = phrase.prep in ("", "of") or (frame.name == "suspend" and phrase.prep == "in")  # "work on contract halted"
            if held and _paper(tokens, phrase, clause, rules):
                clause.passive = True
                return


def _find_raised(clause: Clause, group: int, auxiliaries: list[Token], rules: Rules) -> None:
    """The contract between another verb and a passive infinitive: "calls for the contract to be scrapped"."""
    if clause.contract is None and clause.passive and any("to" in token.tags for token in auxiliaries):
        clause.left = before(clause.sentence.tokens, group, governed=False)
        _find_contract(clause, rules, bare=False)


def _in_object(clause: Clause, rules: Rules) -> bool:
    """Whether the contract stands behind the verb, or a sum that somebody wins."""
    tokens, frame = clause.sentence.tokens, clause.frame
    allowed = _led_by(clause)
    for phrase in clause.right:
        if phrase.prep == "of" and not _amount(tokens, phrase, clause):
            break
        if phrase.prep == "in" and frame.name not in ("challenge", "bid") and not _held(tokens, phrase, clause):
            break  # "wins appeal over contract"
        if phrase.prep in allowed and _paper(tokens, phrase, clause, rules):
            _award_of(clause, rules)
            return True
        if phrase.prep not in {*allowed, "for", "by"} and not (phrase.prep == "to" and frame.name == "give"):
            break
    if frame.object == "supplier" and _after_purpose(clause, rules):
        return True
    first = clause.right[0] if frame.name == "win" and clause.right and not clause.right[0].prep else None
    if first and _has_money(tokens, first):
        clause.contract = next(i for i in range(first.start, first.end) if tokens[i].kind == "money")
        clause.money_only = True
    return clause.money_only


def _won(tokens: list[Token]) -> bool:
    """Whether somebody won or lost the case: then it is no new one."""
    return any("settled" in token.tags for token in tokens)


def _led_by(clause: Clause) -> set[str]:
    """The prepositions that may stand before the contract a verb is about."""
    frame, noun = clause.frame, "noun" in clause.sentence.tokens[clause.trigger].tags
    if frame.object == "supplier":
        return {"", "of", "to", "for", "from", "in"}  # "picks Atos for contract", "appointed to framework"
    if frame.name == "change":
        return {"", "of", "to"}  # "adds $200m to destroyer contract"
    if "beats" in clause.sentence.tokens[clause.trigger].tags:
        return {"", "to", "for", "in"}  # "beats Lockheed to trainer contract"
    if frame.name in ("give", "win", "cancel", "terminate"):
        return {"", "of", "in"}  # "awards $13bn in contracts"
    if frame.name in ("challenge", "bid") and not noun:
        return {"", "of", "in", "to", "with"}  # "sues government over contract", "in talks with Mitie over contract"
    return {"", "of"}


def _held(tokens: list[Token], phrase: Phrase, clause: Clause) -> bool:
    """Whether a contract "in", "on" or "under" which something stands is what the verb is about; "over" and "against" only tell why."""
    lead = tokens[phrase.start - 1]
    if "about" in lead.tags:
        return False
    if clause.frame.object == "supplier" or _has_share(tokens, clause.right[0]):
        return True
    return clause.frame.name in ("give", "buy", "sign") and "within" in lead.tags


def _after_purpose(clause: Clause, rules: Rules) -> bool:
    """Whether the contract stands behind what it is for: "picks Urbaser to empty bins in eight-year deal"."""
    tokens = clause.sentence.tokens
    end = clause.right[-1].end if clause.right else clause.trigger + 1
    if end >= len(tokens) or "to" not in tokens[end].tags:
        return False
    for index in range(end + 1, len(tokens)):
        if tokens[index].low in HARD or tokens[index].low == "," or tokens[index].tags & _BREAKS:
            return False
        if "within" in tokens[index].tags:
            for phrase in behind(tokens, index + 1, clause.sentence)[:1]:
                if not phrase.prep and _paper(tokens, phrase, clause, rules):
                    clause.right.append(Phrase("in", phrase.start, phrase.end))
                    return True
    return False


def _extension_to(clause: Clause, rules: Rules) -> bool:
    """Whether a head before the contract decides: "wins extension to council contract", "awarded modification to the contract"."""
    tokens = clause.sentence.tokens
    for phrase, following in pairwise(clause.right):
        head = rules.heads.get(tokens[phrase.end - 1].low, "same")
        if (
            not phrase.prep
            and head in ("extended", "changed")
            and following.prep in ("to", "of", "in", "for")
            and _paper(tokens, following, clause, rules)
        ):
            clause.head = head
            return True
    return False


def _award_of(clause: Clause, rules: Rules) -> None:
    """In "announces the award of a contract" the contract is the noun behind "of"."""
    tokens = clause.sentence.tokens
    if clause.contract is not None and "award" in tokens[clause.contract].tags:
        for phrase in clause.right:
            if phrase.prep == "of" and _paper(tokens, phrase, clause, rules):
                return


def _amount(tokens: list[Token], phrase: Phrase, clause: Clause) -> bool:
    """Whether "of" follows an amount ("the majority of its contract") or the verb takes it ("stripped of contract")."""
    return clause.frame.name == "strip" or any(
        token.tags & {"quantity", "candidate_won"} or token.kind == "money" for token in tokens[clause.trigger + 1 : phrase.start]
    )


def _has_share(tokens: list[Token], phrase: Phrase) -> bool:
    """Whether "in" or "on" a contract is part of it ("$13bn in contracts", "place on framework")."""
    return _has_money(tokens, phrase) or any("share_of" in token.tags for token in tokens[phrase.start : phrase.end])


def _has_money(tokens: list[Token], phrase: Phrase) -> bool:
    return any(token.kind == "money" for token in tokens[phrase.start : phrase.end])


def _paper(tokens: list[Token], phrase: Phrase, clause: Clause, rules: Rules) -> bool:
    """Sets the contract noun of a phrase when one heads it; what follows it may change what is said ("contract extension")."""
    for index in range(phrase.end - 1, phrase.start - 1, -1):
        token = tokens[index]
        if "paper" not in token.tags or token.kind != "word" or ("job" in token.tags and not _work(token, clause)):
            continue
        if "award" in token.tags and index > phrase.start and "paper" in tokens[index - 1].tags:
            continue  # "contract award": the contract is the noun before
        following = tokens[index + 1] if index + 1 < phrase.end else None
        head = rules.heads.get(following.low, "same") if following is not None and following.kind == "word" else "same"
        if head == "none":
            continue
        clause.contract, clause.head = index, head
        return True
    return False


def _work(token: Token, clause: Clause) -> bool:
    """Whether "job" or "work" is what a verb gives or takes away; "jobs" that are lost are people's."""
    name = clause.frame.name
    return name in _JOBS and (token.low != "jobs" or name in ("give", "win", "pick"))


def _nominal(sentence: Sentence, index: int, rules: Rules) -> Clause | None:
    """An event named by a noun ("cancellation of the contract", "contract award"): it counts only when something announces it."""
    tokens = sentence.tokens
    token = tokens[index]
    clause = Clause(sentence, index, rules.nominals[token.low], "n", passive=True)
    clause.left = before(tokens, index, governed=True)
    clause.right = behind(tokens, index + 1, sentence)
    challenge = clause.frame.name == "challenge" and not _won(tokens[:index])
    about = {"of", "from", "to"} | ({"in"} if challenge else set())
    ahead = [phrase for phrase in clause.right if phrase.prep in about][:1]
    if not any(_paper(tokens, phrase, clause, rules) for phrase in ahead):
        if index == 0 or "paper" not in tokens[index - 1].tags:
            return None
        clause.contract = index - 1
    context = [*tokens[max(0, index - 8) : index], *tokens[index + 1 : index + 15]]
    decide(clause, index, [], rules)
    if clause.mood == "happened" and not challenge and not any(before.low in rules.announces for before in context):
        clause.mood, clause.why = "background", "an event named, not told"
    return clause
