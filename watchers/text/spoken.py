"""What an entry in any language with a folder says happened: the clause reader.

A clause is a word for an event and a noun for a contract between the same two marks, with a public buyer. What stands before and behind
the word decides whether it has happened (``moods.toml``), the frame and the prepositions who is who (``watchers.text.parties``). It knows
no word order: a folder says with slots what stands where. English has a grammar of its own, which reads more finely.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchers.text.folder import Folder, Sign, Verb
from watchers.text.grounds import Whole, enough
from watchers.text.naming import Name
from watchers.text.parties import Parties, Said, names, parties
from watchers.text.phrases import Clause
from watchers.text.sums import put_value
from watchers.text.tokens import Sentence, Token
from watchers.text.told import Told
from watchers.text.words import hard
from watchers.types import EventKind

_RANK = (
    EventKind.CANCELLED,
    EventKind.TERMINATED,
    EventKind.AWARDED,
    EventKind.NOT_CANCELLED,
    EventKind.PROPOSED_CANCEL,
    EventKind.SUSPENDED,
    EventKind.EXTENDED,
    EventKind.CHANGED,
    EventKind.PROPOSED_AWARD,
    EventKind.CHALLENGED,
    EventKind.TENDER_OPENED,
)
_FOR = 3  # words before the noun of a headline without a verb, and between "for" and the firm
_HELPERS = frozenset(
    {"have", "be", "modal", "will", "werden", "not", "propose", "refuse", "scrutiny", "after", "rel", "condition", "say", "over"}
)
_OTHER = frozenset({"extend", "suspend", "challenge"})
_REACH = 14  # words between an event and its contract
_HEAD_REACH = 4  # words between a contract and the noun whose genitive it is
_NO_GENITIVE = frozenset({"ev", "with", "to", "by", "weak", "strong", "tender"})  # no noun reaches over them to its genitive
_HEADS = {"extended": EventKind.EXTENDED, "changed": EventKind.CHANGED, "challenged": EventKind.CHALLENGED}
_CANCELS = (EventKind.CANCELLED, EventKind.TERMINATED)


def tell(title: list[Sentence], summary: list[Sentence], rules: Folder) -> Told | None:
    """The event of an entry, or None when it tells none."""
    first = next((token for sentence in title for token in sentence.tokens if token.kind != "stop"), None)
    if first is not None and first.low in rules.starts:
        return None
    whole = Whole(title, summary[:2])
    for group in (whole.title, whole.summary):
        told = [one for sentence in group for one in _clauses(sentence, whole, rules)]
        if told:
            if any(one.event is EventKind.CHALLENGED for one in told):
                told = [one for one in told if not one.clause.implied]  # a firm that was left out and sues
            best = min(told, key=lambda one: (_RANK.index(one.event), not one.suppliers, not one.bodies))
            best.suppliers = best.suppliers or next((one.suppliers for one in told if one.event is best.event and one.suppliers), [])
            best.bodies = best.bodies or next((one.bodies for one in told if one.event is best.event and one.bodies), [])
            complete(best, [*title, *summary], rules)
            return best
        if group is whole.title and _other(group, rules):
            return None  # the headline tells something else of a contract; the summary recalls how it came about
    return None


def _other(title: list[Sentence], rules: Folder) -> bool:
    """Whether a title with a contract tells of an extension, a suspension or a lawsuit."""
    papers = any(token.tags & {"strong", "tender", "weak"} for sentence in title for token in sentence.tokens)
    return papers and any(said.verb.frame.name in _OTHER for sentence in title for said in _events(sentence, rules))


def tell_as(event: EventKind, rule: str, title: list[Sentence], summary: list[Sentence], rules: Folder) -> Told:
    """An event that is known otherwise, with the parts that the entry names: by its own word, or another's, or none that is known."""
    whole = Whole(title, summary[:2])
    words = [said for sentence in whole.sentences for said in _events(sentence, rules)]
    said = next((one for one in words if one.verb.frame.event.alert is event.alert), None)
    if said is not None:
        told = _told(event, rule, said, parties(said, rules))
    else:
        frame = next(frame for frame in rules.frames.values() if frame.event.alert is event.alert)
        papers = (
            (sentence, index)
            for sentence in whole.sentences
            for index, token in enumerate(sentence.tokens)
            if token.tags & {"strong", "tender", "weak"}
        )
        sentence, index = next(papers, (whole.sentences[0], 0))
        told = Told(event, rule, Clause(sentence, index, frame, "s", contract=index, implied=True))
    complete(told, [*title, *summary], rules)
    return told


@dataclass(frozen=True, slots=True)
class Reading:
    """A word for an event as it was read, whether or not it tells one: for people who ask why.

    ``blocked``: a word beside it makes it something else than a public contract. ``told`` is None where it tells nothing.
    """

    said: Said
    mood: str
    why: str
    event: EventKind | None
    blocked: bool
    told: Told | None


def readings(title: list[Sentence], summary: list[Sentence], rules: Folder) -> Iterator[Reading]:
    """Every word for an event in what ``tell`` reads of an entry, in order."""
    whole = Whole(title, summary[:2])
    for sentence in whole.sentences:
        for said in _events(sentence, rules):
            mood, why = _mood(said, rules)
            event = _event(said, mood, _head(sentence.tokens, said.contract, rules))
            blocked = event is not None and _blocked([*title, sentence], event, rules, implied=said.contract < 0)
            yield Reading(said, mood, why, event, blocked, _clause(said, whole, rules))


def _clauses(sentence: Sentence, whole: Whole, rules: Folder) -> list[Told]:
    return [told for said in _events(sentence, rules) if (told := _clause(said, whole, rules)) is not None]


def _events(sentence: Sentence, rules: Folder) -> Iterator[Said]:
    for index, token in enumerate(sentence.tokens):
        known = rules.verbs.get(token.low, ()) if token.kind == "word" else ()
        verb = next((one for one in known if _is_verb(sentence.tokens, index, one, rules)), None)
        if verb is not None:
            yield _said(sentence, index, verb, rules)
        elif rules.verbless and sentence.field == "title" and "strong" in token.tags and token.kind == "word":
            said = _without_verb(sentence, index, rules)
            if said is not None:
                yield said


def _without_verb(sentence: Sentence, index: int, rules: Folder) -> Said | None:
    """A headline's "contract for Thales": no verb in the stretch, and a firm behind the noun that the contract is for."""
    tokens, verb = sentence.tokens, rules.verbless
    left, right = _borders(tokens, index)
    if index - left > _FOR or any(
        "ev" in token.tags or token.tags & _HELPERS for place, token in enumerate(tokens[left:right], left) if place != index
    ):
        return None
    bodies = rules.capitals == "names" and any(token.kind == "body" for token in tokens[left:right])
    for place in range(index + 1, right):
        named = tokens[place].kind == "supplier" or (bodies and tokens[place].kind == "word" and tokens[place].capital)
        if verb is not None and named and any(token.tags & {"for", "to"} for token in tokens[max(index, place - _FOR) : place]):
            return Said(sentence, index, verb, "f", index, left, right, passive=False)
    return None


def _is_verb(tokens: list[Token], index: int, verb: Verb, rules: Folder) -> bool:
    """Whether the word is a verb here, with its particle and without the one that makes it another verb."""
    token = tokens[index]
    if "f" in verb.forms and "n" not in verb.forms:
        if rules.capitals == "nouns" and token.capital and index and not hard(tokens[index - 1]):
            return False
        before = tokens[index - 1].tags if index else frozenset()
        if "noun_too" in token.tags and (
            before & {"det", "of", "to", "for"} or not index or (index + 1 < len(tokens) and "of" in tokens[index + 1].tags)
        ):
            return False
    behind = []
    for following in tokens[index + 1 :]:
        if following.kind == "stop":
            break
        behind.append(following.low)
    if verb.never and behind and verb.never == behind[-1]:
        return False
    return not verb.particle or verb.particle in behind


def _clause(said: Said, whole: Whole, rules: Folder) -> Told | None:
    sentence, tokens, frame = said.sentence, said.sentence.tokens, said.verb.frame
    result, why = _mood(said, rules)
    event = _event(said, result, _head(tokens, said.contract, rules))
    if event is None or _blocked([*whole.title, sentence], event, rules, implied=said.contract < 0):
        return None
    found = parties(said, rules)
    if not enough(event, said, found, whole):
        return None
    return _told(event, f"{frame.name}: {why}", said, found)


def _told(event: EventKind, rule: str, said: Said, found: Parties) -> Told:
    implied = said.contract < 0
    contract = said.trigger if implied else said.contract
    clause = Clause(said.sentence, said.trigger, said.verb.frame, said.form, said.passive, contract=contract, implied=implied)
    told = Told(event, rule, clause)
    told.suppliers = [(said.sentence, name) for name in found.suppliers]
    named = [name for name in found.bodies if name.kind == "body"]
    told.bodies = [(said.sentence, name) for name in named or found.bodies]
    return told


def _said(sentence: Sentence, index: int, verb: Verb, rules: Folder) -> Said:
    tokens = sentence.tokens
    left, right = _borders(tokens, index)
    form, contract = _form(tokens, index, verb), _contract(sentence, index, verb, rules.writing.get("reach", _REACH))
    passive = form == "p" and _passive(tokens, index, left)
    return Said(sentence, index, verb, form, -1 if contract is None else contract, left, right, passive)


def _borders(tokens: list[Token], index: int) -> tuple[int, int]:
    """The stretch around a word between two hard marks."""
    left = index
    while left > 0 and not hard(tokens[left - 1]):
        left -= 1
    right = index + 1
    while right < len(tokens) and not hard(tokens[right]):
        right += 1
    return left, right


def _contract(sentence: Sentence, index: int, verb: Verb, reach: int) -> int | None:
    """The nearest contract noun between the same commas, not one that is argued over ("nach Streit um Vertrag")."""
    near = [found for step in (1, -1) if (found := _search(sentence.tokens, index, step, reach)) is not None]
    best = min(near, key=lambda place: abs(place - index), default=None)
    tokens = sentence.tokens
    if (
        best is not None
        and verb.frame.object == "goods"
        and any("ev" in token.tags for token in tokens[min(index, best) + 1 : max(index, best)])
    ):
        return None  # the object of another event: "asks to cancel the contract"
    if best is not None and verb.frame.needs == "tender" and "tender" not in tokens[best].tags:
        return None
    return best


def _search(tokens: list[Token], index: int, step: int, reach: int) -> int | None:
    """The first contract noun in a direction; forwards an aside between commas is passed over, unless it has a verb of its own."""
    place, aside = index + step, False
    while 0 <= place < len(tokens) and abs(place - index) <= reach:
        token = tokens[place]
        if token.kind == "stop":
            if token.low not in ",،" or step < 0:
                return None
            aside = True
        elif token.tags & {"strong", "tender", "weak"} and token.kind == "word":
            return None if place and "over" in tokens[place - 1].tags else place
        elif "scrutiny" in token.tags or (aside and token.tags & {"rel", "ev"}):
            return None
        place += step
    return None


def _head(tokens: list[Token], contract: int, rules: Folder) -> str:
    """What a noun does whose genitive the contract is ("prolongation du contrat", "conditions du contrat")."""
    if contract < 0:
        return ""
    for place in range(contract - 1, max(-1, contract - _HEAD_REACH), -1):
        if tokens[place].low in rules.heads:
            return rules.heads[tokens[place].low]
        if tokens[place].kind == "stop" or (tokens[place].tags & _NO_GENITIVE and "det" not in tokens[place].tags):
            return ""
    following = tokens[contract + 1] if contract + 1 < len(tokens) else None
    return "none" if following is not None and following.low in rules.heads and rules.heads[following.low] == "none" else ""


def _mood(said: Said, rules: Folder) -> tuple[str, str]:
    """Whether it has happened, and by which pattern; the first that fits decides."""
    codes = said.sentence.codes
    before, after = codes[said.left : said.trigger], codes[said.trigger + 1 : said.right]
    fitting = (
        sign
        for sign in rules.signs
        if said.form in sign.forms and (not sign.frames or said.verb.frame.name in sign.frames) and _fits(sign, before, after)
    )
    sign = next(fitting, None)
    result, why = (sign.result, sign.name) if sign else ("happened", "told as done")
    if result == "happened" and _described(said):
        return "background", "a description of the object of another verb"
    if result in ("happened", "future") and said.sentence.text.rstrip().endswith(("?", "؟")):
        return "proposed", "a question"
    return result, why


def _described(said: Said) -> bool:
    """Whether a participle only describes the contract another verb has for its object: "defends the contract signed with"."""
    tokens, contract = said.sentence.tokens, said.contract
    if (
        said.form != "p"
        or said.verb.frame.passive == "supplier"
        or contract < said.left + 3
        or contract + 1 != said.trigger
        or "det" not in tokens[contract - 1].tags
    ):
        return False
    return tokens[contract - 2].kind == "word" and not any(
        token.tags & {"have", "be", "passive"} for token in tokens[contract : said.trigger]
    )


def _form(tokens: list[Token], index: int, verb: Verb) -> str:
    """Which of its forms a spelling is here: an infinitive under "to" or a modal, a participle behind "have"."""
    if len(verb.forms) == 1:
        return verb.forms[0]
    start = index
    while start > 0 and tokens[start - 1].kind != "stop":
        start -= 1
    around = {tag for token in (*tokens[start:index], *tokens[index + 1 : index + 3]) for tag in token.tags}
    for form, leads in (("i", {"infinitive", "modal", "will", "may"}), ("p", {"have", "be", "passive"})):
        if form in verb.forms and around & leads:
            return form
    return verb.forms[0]


def _fits(sign: Sign, before: str, after: str) -> bool:
    return (sign.before is None or bool(sign.before.search(before))) and (sign.after is None or bool(sign.after.match(after)))


def _passive(tokens: list[Token], index: int, left: int) -> bool:
    """Whether a participle's subject suffers: no "have" carries it."""
    around = tokens[left : min(len(tokens), index + 3)]
    if any("passive" in token.tags for token in around):
        return True
    return not any("have" in token.tags for token in around)


def _event(said: Said, result: str, head: str) -> EventKind | None:
    """The kind by frame, mood and the noun that governs the contract."""
    frame = said.verb.frame
    cancels = frame.event in _CANCELS
    if result == "future":
        result = "happened" if cancels else "proposed"
    if result == "happened" and head in _HEADS:
        return _HEADS[head]
    if result == "background" or head == "none":
        return None
    if head == "proposed":
        return None if cancels else EventKind.PROPOSED_AWARD
    if result == "negated":
        return EventKind.NOT_CANCELLED if cancels else EventKind.TERMINATED if frame.event is EventKind.EXTENDED else None
    if result == "proposed":
        return frame.proposed
    tags = said.sentence.tokens[said.contract].tags if said.contract >= 0 else frozenset()
    return EventKind.CANCELLED if cancels and "tender" in tags and "strong" not in tags else frame.event


def _blocked(sentences: list[Sentence], event: EventKind, rules: Folder, *, implied: bool) -> bool:
    """Whether a word makes it another matter; what a court looks into is an old award, but a cancellation may follow from it."""
    spared = {"probe": event is not EventKind.AWARDED, "unnamed": not implied}
    for token in (token for one in sentences for token in one.tokens):
        name = rules.blockers.get(token.low) or rules.blockers.get(_plain(token, rules))
        kinds = token.tags & {"blocked", "unnamed"} | ({name} if name else set())
        if any(not spared.get(kind, False) for kind in kinds):
            return True
    return False


def _plain(token: Token, rules: Folder) -> str:
    return token.low.removeprefix(rules.article) if rules.article else token.low


def complete(told: Told, sentences: list[Sentence], rules: Folder) -> None:
    """The parts and the sum that the deciding clause leaves out, from beside the other mentions of the contract."""
    put_value(told, sentences, rules)
    if not told.suppliers:
        told.suppliers = [(one, name) for one in sentences for name in _with(one, rules)][:1]
    if not told.suppliers:
        known = (
            (one, name) for one in sentences[:2] for name in names(one, 0, len(one.tokens), rules) if name.known and name.kind == "supplier"
        )
        told.suppliers = list(known)[:1]
    if not any(name.kind == "body" for _, name in told.bodies):
        own = [told.clause.sentence, *(one for one in sentences if one is not told.clause.sentence)]
        named = [(one, Name(at, at + 1, "body")) for one in own for at, token in enumerate(one.tokens) if token.kind == "body"]
        told.bodies = named[:1] if named and (not told.bodies or told.clause.frame.subject == "supplier") else told.bodies


def _with(sentence: Sentence, rules: Folder) -> list[Name]:
    """The names led by "with" in a sentence that has a contract."""
    if not any(token.tags & {"strong", "tender", "weak"} for token in sentence.tokens):
        return []
    tokens = sentence.tokens
    return [
        name
        for name in names(sentence, 0, len(tokens), rules)
        if name.kind == "supplier" and any("with" in token.tags for token in tokens[max(0, name.start - 2) : name.start])
    ]
