"""Who is who in a clause of any language with a folder: by what a name is, by the word that leads it, and by the frame's slots.

A body known by name or by its kind is the public body wherever it stands; the frame's ``slots`` say which part stands behind "to",
"with", "by", and ``subject`` and ``object`` which part stands without a preposition, so that word order needs no code of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from watchers.text.folder import Folder, Verb
from watchers.text.naming import Name
from watchers.text.tokens import Sentence, Token
from watchers.text.words import hard

_PREPOSITIONS = ("to", "with", "by", "from", "at", "of", "for", "over", "in")
_LEADS = frozenset(_PREPOSITIONS)
_LEAD = 5  # words between a preposition and the name it leads
_RUN = 4  # words of a name after the word for a firm, where nothing has capitals
_OPEN, _CLOSE = '«“"‹„', '»”"›“'
_NO_FIRM = frozenset({"ev", "office", "arms", "stop", "strong", "weak", "tender"})
_CARRIES = frozenset({"have", "modal", "will", "werden"})  # what carries a verb that stands at the end
_DESCRIBING = frozenset({"n", "adj", "nation", "firm"})
_BUYERS = frozenset({"public_body", "either"})


@dataclass(slots=True)
class Parties:
    """The parts of a clause.

    ``private``: a buyer is named who is not public; ``plain``: a public buyer is meant and not named; ``led``: the suppliers whose
    place in the clause says that they are ("bei ...", "à la société ...").
    """

    suppliers: list[Name] = field(default_factory=list)
    bodies: list[Name] = field(default_factory=list)
    private: bool = False
    plain: bool = False
    led: list[Name] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether a supplier is known to be a firm."""
        return any(name.known for name in self.suppliers)


@dataclass(frozen=True, slots=True)
class Said:
    """A word for an event between two marks: its verb and form, and the contract noun; ``contract`` is -1 when none is named."""

    sentence: Sentence
    trigger: int
    verb: Verb
    form: str
    contract: int
    left: int
    right: int
    passive: bool

    @property
    def tokens(self) -> list[Token]:
        return self.sentence.tokens[self.left : self.right]


def parties(said: Said, rules: Folder) -> Parties:
    """The parts of a clause."""
    found = Parties()
    for name in names(said.sentence, said.left, said.right, rules):
        if _itself(said.sentence.tokens, name, rules):
            tokens = said.sentence.tokens
            acronym = rules.capitals != "none" and name.end == name.start + 1 and tokens[name.start].text.isupper()
            led = acronym and rules.capitals == "names" and not name.known and bool(_lead(tokens, name.start, said.left))
            _assign(name, _role(said, name, rules), found, acronym=acronym, led=led)
    found.private = found.private or _firm_buys(said, rules)
    wins = said.verb.frame.subject == "supplier" and not found.suppliers and not said.passive
    if wins:
        found.bodies = [name for name in found.bodies if not _just_before(said, name)]  # a public firm that wins or loses is no buyer
    if rules.capitals == "nouns" and any(name.known for name in found.suppliers):
        found.suppliers = [name for name in found.suppliers if name.known]  # beside a known firm an unknown capital is a noun
    found.plain = any(
        token.tags & {"office", "works"} and token.kind == "word"
        for place, token in enumerate(said.tokens, said.left)
        if "works" in token.tags or place != said.trigger - 1 or not wins
    )
    return found


def _firm_buys(said: Said, rules: Folder) -> bool:
    """Whether a firm without a name stands where the buyer stands ("an order from a Brazilian brewer")."""
    slots, tokens = rules.slots[said.verb.frame.name], said.sentence.tokens
    return any(
        "firm" in tokens[place].tags and slots.get(_lead(tokens, place, said.left)) == "public_body"
        for place in range(said.left, said.right)
        if tokens[place].kind == "word"
    )


def _just_before(said: Said, name: Name) -> bool:
    between = said.sentence.tokens[name.end : said.trigger]
    if _lead(said.sentence.tokens, name.start, said.left):
        return False
    return name.end <= said.trigger and all("have" in token.tags for token in between)


def _assign(name: Name, role: str, found: Parties, *, acronym: bool, led: bool) -> None:
    """Puts a name into its part: a body is one anywhere, a place only where a buyer stands; an unlisted acronym may be either."""
    if name.kind == "body":
        if role != "ignore":
            found.bodies.append(name)
    elif name.kind == "place":
        if role in _BUYERS or (role == "other" and not found.bodies):
            found.bodies.append(name)
    elif role in ("supplier", "other", "either") or (name.known and role not in ("public_body", "ignore", "aside")):
        found.suppliers.append(name)
        if role == "supplier":
            found.led.append(name)
    elif role == "public_body" and led:
        found.bodies.append(name)  # "the fingerprint system of the PFA"
    elif role == "public_body" and not acronym:
        found.private = True


def _role(said: Said, name: Name, rules: Folder) -> str:
    """The part that a slot of the frame, or a place before or behind the verb, gives a name."""
    frame, slots = said.verb.frame, rules.slots[said.verb.frame.name]
    lead = _lead(said.sentence.tokens, name.start, said.left)
    if lead:
        return slots.get(lead, {"by": "public_body" if said.passive else "aside", "with": "other"}.get(lead, ""))
    if said.passive:
        return "supplier" if frame.passive == "supplier" and name.end <= said.trigger else ""
    tokens = said.sentence.tokens
    behind = name.start > said.trigger
    if frame.object == "supplier" and said.form in ("p", "i") and any(token.tags & _CARRIES for token in tokens[said.left : name.start]):
        return "supplier"  # "die Stadt hat Hübner beauftragt"
    subject_behind = rules.writing.get("verb_first") and name.end <= max(said.contract, said.trigger + 1) and frame.object != "supplier"
    if (not behind or subject_behind) and not -1 < said.contract < name.start < said.trigger:
        return frame.subject
    sure = (
        rules.capitals != "nouns"
        or frame.passive == "supplier"
        or name.known
        or name.end > name.start + 1
        or tokens[name.start].text.isupper()
    )
    return "supplier" if frame.object == "supplier" and behind and sure else ""


def names(sentence: Sentence, start: int, end: int, rules: Folder) -> list[Name]:
    """All names of a stretch of tokens."""
    tokens, found, index = sentence.tokens, [], start
    while index < end:
        token = tokens[index]
        if token.kind == "place" and (stop := _named_after(tokens, index, end, rules)) > index:
            found.append(Name(index, stop, "supplier"))  # "Kuwait Airways"
            index = stop
        elif token.kind in ("body", "place", "supplier"):
            stop = _run(tokens, index + 1, end, rules) if token.kind == "supplier" and not token.watched else index + 1
            found.append(Name(index, stop, token.kind, known=True))
            index = stop
        elif (
            index
            and rules.capitals == "names"
            and "firm" in token.tags
            and token.capital
            and _starts(tokens, min(index + 1, end - 1), rules)
        ):
            stop = _run(tokens, index + 1, end, rules)  # "Constructora Norte"
            found.append(Name(index, stop, "supplier", known=True))
            index = stop
        elif token.tags & {"firm", "nation"} and (firm := _firm(sentence, index, end, rules)) is not None:
            found.append(firm)
            index = firm.end
        elif rules.writing.get("quoted") and (stop := _quoted(sentence, index, end)) > index:
            found.append(Name(index, stop, "supplier", known=True))
            index = stop
        elif _starts(tokens, index, rules):
            stop = _run(tokens, index + 1, end, rules)
            if _likely(tokens, index, stop):
                found.append(Name(index, stop, "supplier"))
            index = stop
        else:
            index += 1
    return found


def _named_after(tokens: list[Token], index: int, end: int, rules: Folder) -> int:
    """Where a firm's name that has this place in it ends ("China Mobile", "Air Berlin", "Orange Egypt"); ``index`` when none has."""
    before = tokens[index - 1] if index else None
    if rules.capitals == "none":
        return index + 1 if before is not None and (before.kind == "supplier" or "firm" in before.tags) else index
    following = tokens[index + 1] if index + 1 < end else None
    if following is not None and following.kind == "word" and following.capital and following.tags == {"n"}:
        led = before is not None and before.tags & _LEADS
        return index if led and rules.capitals == "nouns" else _run(tokens, index + 1, end, rules)
    own = before is not None and before.kind == "word" and before.capital and before.tags == {"n"}
    joined = before is not None and rules.capitals == "nouns" and (own or before.kind in ("supplier", "place"))
    return index + 1 if joined else index


def _firm(sentence: Sentence, index: int, end: int, rules: Folder) -> Name | None:
    """The name behind "the company": capitalised words, words in quotation marks, or plain words where nothing has capitals."""
    tokens, first = sentence.tokens, index + 1
    if first >= end:
        return None
    if tokens[first].kind == "supplier":
        return None
    if rules.capitals == "none" and ("firms" in tokens[index].tags or tokens[index].low.startswith(rules.article)):
        return None  # "the Turkish company": an adjective follows, not a name
    if rules.capitals != "none":
        while rules.capitals == "names" and first < min(end - 1, index + _RUN) and _describes(tokens[first]):
            first += 1  # "la société belge Jan De Nul"
        stop = _run(tokens, first, end, rules) if _starts(tokens, first, rules, after_firm=True) else first
        return Name(first, stop, "supplier", known=True) if stop > first else None
    stop = first
    quote = sentence.text[tokens[first].start - sentence.start - 1] in "\"“«'‘" if tokens[first].start > sentence.start else False
    while stop < end and stop - first < _RUN and tokens[stop].kind == "word":
        if not quote and (tokens[stop].tags - {"n", "adj_name"} or "num" in tokens[stop].tags):
            break
        stop += 1
        closing = sentence.text[tokens[stop - 1].end - sentence.start :][:1]
        if quote and closing and closing in "\"”»'’":
            break
    return Name(first, stop, "supplier", known=True) if stop > first else None


def _describes(token: Token) -> bool:
    return token.kind == "word" and not token.capital and token.tags <= _DESCRIBING


def _quoted(sentence: Sentence, index: int, end: int) -> int:
    """Where a name in quotation marks that begins here ends; ``index`` when none begins, or what it names is a kind of goods."""
    tokens, text, offset = sentence.tokens, sentence.text, sentence.start
    if not text[: tokens[index].start - offset].endswith(tuple(_OPEN)) or (index and "arms" in tokens[index - 1].tags):
        return index
    for stop in range(index + 1, min(index + 1 + _RUN, end + 1)):
        token = tokens[stop - 1]
        if token.kind != "word" or token.tags & _NO_FIRM:
            return index
        if text[token.end - offset :].startswith(tuple(_CLOSE)):
            return stop
    return index


def _starts(tokens: list[Token], index: int, rules: Folder, *, after_firm: bool = False) -> bool:
    """Whether a capitalised word nobody listed stands here; where nouns have capitals it must have no article before it."""
    token = tokens[index]
    if token.kind != "word" or not token.capital or token.tags - ({"n", "firm"} if after_firm else {"n"}):
        return False
    if rules.capitals == "nouns" and not after_firm:
        return not (index and tokens[index - 1].tags & {"det", "adj"}) and not token.low.endswith(
            tuple(rules.writing["noun_endings"].split())
        )
    return bool(index) or not rules.writing.get("strict_start")


def _run(tokens: list[Token], index: int, end: int, rules: Folder) -> int:
    while index < end:
        token = tokens[index]
        joins = (
            token.low in ("&", "+")
            or (
                rules.capitals == "names"
                and token.low in rules.body_links
                and token.capital
                and index + 1 < end
                and tokens[index + 1].capital
            )
            or (token.kind == "place" and rules.capitals == "names")
            or (token.kind == "word" and token.capital and not token.tags - {"n", "num", "firm", "common"})
        )
        if not joins or (rules.capitals == "nouns" and token.low.endswith(tuple(rules.writing["noun_endings"].split()))):
            break
        index += 1
    return index


def _likely(tokens: list[Token], start: int, stop: int) -> bool:
    """Whether capitalised words are a name and not the first word of a sentence."""
    if start and not hard(tokens[start - 1]):
        return True
    following = tokens[stop] if stop < len(tokens) else None
    return (
        stop - start > 1 or tokens[start].text.isupper() or (following is not None and bool(following.tags & {"ev", "have", "be", "modal"}))
    )


def _lead(tokens: list[Token], start: int, border: int) -> str:
    """The preposition that leads a name, over its article and the words that describe it; empty when there is none."""
    for index in range(start - 1, max(border, start - _LEAD) - 1, -1):
        tags = tokens[index].tags
        found = next((name for name in _PREPOSITIONS if name in tags), "")
        if found == "of" and "det" in tags and index > border and tokens[index - 1].tags & _LEADS:
            continue  # an article behind another preposition: "aus der Türkei"
        if found:
            return found
        if tags & {"and"} or tokens[index].kind in ("supplier", "body"):
            continue  # a list shares its preposition
        if not tags & {"det", "firm", "adj", "office"}:
            return ""
    return ""


def _itself(tokens: list[Token], name: Name, rules: Folder) -> bool:
    """Whether a name stands for itself and not for its rival or its former adviser."""
    if name.start and "title" in tokens[name.start - 1].tags and tokens[name.start].kind == "word":
        return False  # "Minister Keller" is a person
    before = [token.low for token in tokens[max(0, name.start - 3) : name.start]]
    after = tokens[name.end].low if name.end < len(tokens) else ""
    return not rules.not_itself_before & set(before) and after not in rules.not_itself_after
