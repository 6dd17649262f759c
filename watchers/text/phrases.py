"""Phrases: what stands to the left and to the right of a word up to the borders of its clause, each led by its preposition."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchers.text.rules import Frame
from watchers.text.tokens import Sentence, Token

PREPOSITIONS = ("to", "by", "with", "from", "for", "between", "of", "in", "worth")
HARD = frozenset(";:–—.!?()[]|…")
_GOVERNORS = frozenset({"say", "decide", "propose", "refuse", "be", "have", "modal", "will", "to", "not", "do"})
_LISTED = 8  # a list of subjects stands at the head of the sentence


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


def before(tokens: list[Token], group: int, *, governed: bool) -> list[Phrase]:
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
    verbs = [
        index
        for index in range(start, end)
        if tokens[index].tags & _GOVERNORS and "n" not in tokens[index].tags and not _purpose(tokens, index)
    ]
    if verbs and governed:
        end = verbs[0]
    elif verbs:
        start = verbs[-1] + 1
    return _split(tokens, start, end)


def _names_before(tokens: list[Token], comma: int) -> bool:
    """Whether a comma parts names of one list ("SpaceX, ULA, Blue Origin clinch")."""
    if tokens[comma].low != "," or comma == 0 or comma + 1 >= len(tokens):
        return False
    return (
        all(
            token.capital and token.kind in ("word", "supplier", "body") and not token.tags & {"ev", "det"}
            for token in (tokens[comma - 1], tokens[comma + 1])
        )
        and comma <= _LISTED
    )


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
        if tokens[index].low in HARD:
            break
    return comma


def _border(tokens: list[Token], index: int) -> bool:
    token = tokens[index]
    return token.low in HARD or token.low == "," or bool(token.tags & {"sub", "rel", "but", "say", "past"} and "n" not in token.tags)


def behind(tokens: list[Token], start: int, sentence: Sentence) -> list[Phrase]:
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
        if token.low in HARD or token.low == "," or token.tags & {"sub", "rel", "but", "be", "have", "modal", "will", "do", "not"}:
            break
        if ("to" in token.tags and _infinitive(tokens, end, sentence)) or (end > start and _resumed(tokens, end)):
            break
        if "n" not in token.tags and token.tags & {"ev", "say"} and not _adjective(tokens, end):
            break
        end += 1
    return _split(tokens, start, end)


def _resumed(tokens: list[Token], index: int) -> bool:
    """Whether a clause without "that" describes what stands before ("590 contracts it had paused")."""
    return "pronoun" in tokens[index].tags and index + 1 < len(tokens) and bool(tokens[index + 1].tags & {"have", "be", "will", "modal"})


def _as_contractor(tokens: list[Token], index: int) -> bool:
    """Whether "as" stands before a part ("named Kier as contractor for ...") and not before a clause."""
    return "manner" in tokens[index].tags and any("generic_supplier" in token.tags for token in tokens[index + 1 : index + 4])


def _listing(tokens: list[Token], comma: int) -> bool:
    """Whether a comma stands in a list of names ("to SpaceX, ULA and Blue Origin")."""
    if comma + 2 >= len(tokens) or not tokens[comma + 1].capital or not tokens[comma - 1].capital:
        return False
    return any("and" in token.tags for token in tokens[comma + 1 : comma + 6])


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


def complement(tokens: list[Token], end: int) -> bool:
    """Whether a finite verb follows the words after the verb, so that they are its subject; behind "and" it is a second verb."""
    if end and "and" in tokens[end - 1].tags:
        return False
    return end < len(tokens) and bool(tokens[end].tags & {"be", "have", "modal", "will"}) and tokens[end].kind == "word"


def has_object(tokens: list[Token], right: list[Phrase]) -> bool:
    return bool(right) and not right[0].prep and any("n" in token.tags for token in tokens[right[0].start : right[0].end])
