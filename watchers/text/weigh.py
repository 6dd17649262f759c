"""The second look at a text: what the grammar says is weighed against everything else the text shows, and the parts are named.

The grammar (``events``) is exact and knows why, but it recalls only the ways of telling that somebody wrote down. The weights have seen
thousands of sentences and recall far more, but take a background sentence for news. So neither decides alone: an event of the grammar
needs a little weight on its side, a heavy text needs no grammar, and what the grammar reads as a plan, a change or a denial needs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchers.names import COMMON
from watchers.text.events import tell
from watchers.text.features import context, of_entry, paper
from watchers.text.naming import Name, itself
from watchers.text.phrases import Clause
from watchers.text.rules import Rules
from watchers.text.tokens import Sentence, Token
from watchers.text.told import Told
from watchers.text.weights import BIAS, Weights, network, ordinary, weights
from watchers.types import AlertClass, EventKind

_READ = 3  # sentences of a summary
_ENDINGS = (EventKind.CANCELLED, EventKind.TERMINATED)

# How sure the weights must be. Chosen on the written sentences, the visible labelled headlines and 29,985 articles of general news, of
# which hardly any tells of a contract.
PART_NEEDS = 0.50
_BARE = frozenset({"n"})  # what a word that stands in no table has
_SUM = 0.90  # a sum that is told wrongly is worse than one left out
_BETWEEN_OWNER = 2  # words between a genitive and the body it owns: "Malta's national statistics office"
_NEVER = 2.0
_TOLD = 0.30  # the grammar reads an event with its contract
_BARE_TOLD = 0.50  # the same where the noun may be of anything: an order
_IMPLIED = 0.85  # it reads one without a contract noun: "orders 300 trucks from Oshkosh", "Serco to run ferries"
_DOUBTED = 0.92  # the same for a choice where firm or body is missing, and for an approval
_WEIGHABLE = 3  # of what a contract has, so much is named (``Seen.named``) where only the weights see it
_ALONE = (0.98, 0.93, 0.85)  # and so sure they must be then: for 3, for 4, for more
_AGAINST = 0.13  # what is asked more when the grammar reads something else: a plan, a change, a denial


@dataclass(frozen=True, slots=True)
class Seen:
    """What an entry names.

    ``contract``: a contract or a tender; ``paper``: what is often one, a deal or an order. ``headed``: a firm in the title that is no
    ordinary word; ``name``: a capital where there need be none, which may be a firm that nobody has listed.
    """

    contract: bool
    paper: bool
    body: bool
    place: bool
    firm: bool
    headed: bool
    name: bool

    @property
    def named(self) -> int:
        """How much is named, 0 to 6: two for each of contract, body and firm, one for what only may be one."""
        contract = 2 if self.contract else 1 if self.paper else 0
        body = 2 if self.body else 1 if self.place else 0
        return contract + body + (2 if self.headed else 1 if self.firm or self.name else 0)

    @property
    def weighable(self) -> bool:
        """Whether the weights may tell an event that the grammar does not."""
        return self.named >= _WEIGHABLE


@dataclass(frozen=True, slots=True)
class Bar:
    """What is asked of the weights: the class in question, the chance it has, the chance it needs, and why so much."""

    alert: AlertClass
    has: float
    needs: float
    why: str

    @property
    def cleared(self) -> bool:
        """Whether the chance is enough."""
        return self.has >= self.needs


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the weights say of an entry: the chances by event, and the event they are enough for, if any."""

    chances: dict[str, float]
    features: frozenset[str]
    bar: Bar
    event: EventKind | None


def read(title: list[Sentence], summary: list[Sentence], rules: Rules) -> Told | None:
    """What an entry tells, with its parts; None when it tells nothing of a contract."""
    told = tell(title, summary, rules)
    if (told is None or told.event.alert is None) and not seen(title, summary, rules).weighable:
        return told  # whatever the weights said, it would not be enough: most of general news ends here, in two thirds of the time
    judged = judge(title, summary, told, rules)
    if judged.event is None:
        return told if told is not None and told.event.alert is None else None
    if told is None or told.event.alert is not judged.event.alert:
        told = _found(judged.event, judged.bar.has, title, summary, rules)
    name_parts(told, [*title, *summary[:_READ]], rules)
    return told


def judge(title: list[Sentence], summary: list[Sentence], told: Told | None, rules: Rules) -> Judgement:
    """Weigh an entry. ``event`` is set when an alert is due."""
    features = frozenset(of_entry(title, summary, told, rules))
    chances = network(rules.language).chances(features)
    bar = asked(told, chances, seen(title, summary, rules))
    return Judgement(chances, features, bar, event(bar, told, chances))


def seen(title: Sequence[Sentence], summary: Sequence[Sentence], rules: Rules) -> Seen:
    """What an entry names in what is read of it."""
    sentences = (*title, *summary[:_READ])
    tokens = [token for sentence in sentences for token in sentence.tokens]
    words = [token for token in tokens if token.kind == "word"]
    papers = [token for token in words if "paper" in token.tags]
    headed = any(_is_firm(token) and token.low not in COMMON for sentence in title for token in sentence.tokens)
    return Seen(
        contract=any(token.tags & {"strong", "tender"} for token in papers),
        paper=any(paper(token) != "-" for token in words),
        body=any(token.kind == "body" or "generic_body" in token.tags for token in tokens),
        place=any(token.kind == "place" for token in tokens),
        firm=headed or any(_is_firm(token) for token in tokens),
        headed=headed,
        name=any(_is_name(token, one, rules) for one in sentences for token in one.tokens),
    )


def _is_name(token: Token, sentence: Sentence, rules: Rules) -> bool:
    """Whether a word may be somebody's name: by a capital where there need be none, elsewhere by being none that people write small."""
    if token.kind != "word" or token.tags != _BARE:
        return False
    if token is sentence.tokens[0] or sentence.title_case or sentence.lower_case:
        return token.low.isalpha() and token.low not in ordinary(rules.language)
    return token.capital


def _is_firm(token: Token) -> bool:
    return token.kind == "supplier" or "generic_supplier" in token.tags


def asked(told: Told | None, chances: dict[str, float], seen: Seen) -> Bar:
    """The class the weights are asked for, and how sure they must be of it."""
    by_class = {AlertClass.AWARDED: chances["awarded"], AlertClass.CANCELLED: chances["cancelled"] + chances["terminated"]}
    leads = max(by_class, key=by_class.__getitem__)
    said = told.event.alert if told else None
    if told is not None and said is not None:
        needs, why = _implied(told, seen) if told.clause.implied else (_plain(told, seen), "the grammar tells it")
        if by_class[said] >= needs or said is leads:
            return Bar(said, by_class[said], needs, why)
    if not seen.weighable:
        return Bar(leads, by_class[leads], _NEVER, "the weights see it alone, and too little is named")
    needs = _ALONE[min(seen.named - _WEIGHABLE, len(_ALONE) - 1)]
    why = "the weights see it alone"
    if told is not None and said is None:
        needs, why = min(needs + _AGAINST, 0.99), f"the grammar reads {told.event.value}"
    return Bar(leads, by_class[leads], needs, why)


def _plain(told: Told, seen: Seen) -> float:
    """What an event with its noun needs: who approves a mere "order" may approve anything."""
    if seen.contract:
        return _TOLD
    return _IMPLIED if told.clause.frame.name == "approve" else _BARE_TOLD


def _implied(told: Told, seen: Seen) -> tuple[float, str]:
    """What an event without a contract noun needs: a purchase is one, an ending or a choice may be of anything."""
    frame = told.clause.frame.name
    if frame == "strip" and not seen.firm:
        return _NEVER, "neither contract nor firm is named"
    plain = frame in ("buy", "strip") or (frame != "approve" and seen.firm and seen.body)
    needs = _IMPLIED if plain else _DOUBTED
    return needs, "the grammar tells it without a contract"


def event(bar: Bar, told: Told | None, chances: dict[str, float]) -> EventKind | None:
    """The event that is due an alert, if its class has cleared the bar."""
    if not bar.cleared:
        return None
    if told is not None and told.event.alert is bar.alert:
        return told.event
    kinds = (EventKind.AWARDED,) if bar.alert is AlertClass.AWARDED else _ENDINGS
    return max(kinds, key=lambda kind: chances[kind.value])


def _found(event: EventKind, chance: float, title: list[Sentence], summary: list[Sentence], rules: Rules) -> Told:
    """An event without a clause of the grammar: the sentence and the word that speak loudest for it stand in."""
    frames = [frame for frame in rules.frames.values() if frame.event.alert is event.alert]
    names = {frame.name for frame in frames}
    best: tuple[int, Sentence, int] | None = None
    for sentence in (*title, *summary[:_READ]):
        for index, token in enumerate(sentence.tokens):
            rank = _rank(token, names, rules)
            if best is None or rank > best[0]:
                best = (rank, sentence, index)
    assert best is not None
    _, sentence, trigger = best
    verb = rules.verbs.get(sentence.tokens[trigger].low)
    frame = verb[0] if verb and verb[0] in frames else frames[0]
    contract = next((index for index, token in enumerate(sentence.tokens) if token.kind == "word" and paper(token) != "-"), None)
    clause = Clause(sentence, trigger, frame, "s", why=f"weighed as {event} ({chance:.2f})", contract=contract)
    return Told(event, f"weights: {clause.why}", clause)


def _rank(token: Token, names: set[str], rules: Rules) -> int:
    """How well a word stands for an event: its verb, then any verb, then a contract noun."""
    verb = rules.verbs.get(token.low) if token.kind == "word" else None
    if verb is not None:
        return 3 if verb[0].name in names else 1
    return 2 if token.kind == "word" and paper(token) != "-" else 0


def name_parts(told: Told, sentences: Sequence[Sentence], rules: Rules) -> None:
    """Name the supplier, the body and the sum by the weights; the grammar's stand where the weights find none."""
    own = [sentence for sentence in sentences if sentence.field == "title" or sentence is told.clause.sentence]
    found = _named(told, own, rules)
    told.bodies = [one for one in told.bodies if not _bare(*one)]
    if rest := [sentence for sentence in sentences if sentence not in own]:
        further = _named(told, rest, rules)
        if found.bodies and all(_place(*one) for one in found.bodies):
            found.bodies += [one for one in further.bodies if not _place(*one)]
        found = _Found(found.suppliers or further.suppliers, found.bodies or further.bodies, found.sums or further.sums)
    if told.clause.frame.name != "lose" or not told.suppliers:  # who gets what another loses is not the supplier
        told.suppliers = found.suppliers or told.suppliers
    if not _share(told.bodies, found.bodies):  # of "mayor cancels Met Police contract" the grammar knows whose contract it is
        told.bodies = found.bodies or told.bodies
    told.bodies = [(sentence, _whole(sentence.tokens, name)) for sentence, name in _owner(told) or told.bodies]
    if told.money is None and found.sums:
        told.money_token = max(found.sums, key=lambda one: one[0])[1]
        told.money = told.money_token.money


def _owner(told: Told) -> list[tuple[Sentence, Name]]:
    """Whose the contract is by its genitive, where somebody else is named: of "mayor cancels police's £50m contract" the police."""
    place, tokens = told.clause.contract, told.clause.sentence.tokens
    if place is None or told.clause.implied or not told.bodies:
        return []
    place -= 1
    while place > 0 and "gen" not in tokens[place].tags and (tokens[place].money is not None or "n" in tokens[place].tags):
        place -= 1
    if place < 1 or "gen" not in tokens[place].tags or not (tokens[place - 1].kind == "body" or "generic_body" in tokens[place - 1].tags):
        return []
    return [(told.clause.sentence, Name(place - 1, place, "body"))]


def _whole(tokens: Sequence[Token], name: Name) -> Name:
    """The name with the body that it owns: of "Israel's defence ministry" not Israel alone."""
    place = name.end
    if place >= len(tokens) or "gen" not in tokens[place].tags:
        return name
    last = min(len(tokens), place + 2 + _BETWEEN_OWNER)
    while place + 1 < last and tokens[place + 1].kind == "word" and not tokens[place + 1].tags - _BARE:
        place += 1
    owned = place + 1 < last and "generic_body" in tokens[place + 1].tags
    return Name(name.start, place + 2, name.kind, name.known) if owned else name


def _share(ours: Sequence[tuple[Sentence, Name]], theirs: Sequence[tuple[Sentence, Name]]) -> bool:
    """Whether a name of the one stands where one of the other does."""
    return any(one is other and a.start < b.end and b.start < a.end for one, a in ours for other, b in theirs)


@dataclass(slots=True)
class _Found:
    """The names and sums of some sentences."""

    suppliers: list[tuple[Sentence, Name]]
    bodies: list[tuple[Sentence, Name]]
    sums: list[tuple[float, Token]]


def _named(told: Told, sentences: Sequence[Sentence], rules: Rules) -> _Found:
    model = weights(rules.language)
    found = _Found([], [], [])
    grammar = taken(told)
    for sentence in sentences:
        row = [_part(model, features) for features in context(sentence, str(told.event.alert or "other"), grammar, rules)]
        for start, end, part in _runs([part for part, _ in row]):
            if part == "value":
                sums = [(row[index][1], sentence.tokens[index]) for index in range(start, end) if sentence.tokens[index].money]
                found.sums += [one for one in sums if one[0] >= _SUM]
                continue
            name = _trimmed(sentence.tokens, start, end, part)
            if name is None or not itself(sentence.tokens, name, rules) or not _named_at_all(sentence, name, rules):
                continue
            if not _bare(sentence, name):
                (found.suppliers if part == "supplier" else found.bodies).append((sentence, name))
    return found


def taken(told: Told) -> dict[tuple[str, int], str]:
    """What the grammar took the tokens of an entry for: their field and offset with "S", "P" or "V"."""
    found = {
        (sentence.field, sentence.tokens[index].start): part
        for part, names in (("S", told.suppliers), ("P", told.bodies))
        for sentence, name in names
        for index in range(name.start, name.end)
    }
    if told.money_token is not None:
        found[told.clause.sentence.field, told.money_token.start] = "V"
    return found


def _part(model: Weights, features: list[str]) -> tuple[str, float]:
    chances = model.chances([BIAS, *features])
    best = max(chances, key=chances.__getitem__)
    return (best, chances[best]) if chances[best] >= PART_NEEDS else (model.classes[-1], chances[best])


def _place(sentence: Sentence, name: Name) -> bool:
    """Whether a body is named by its place alone: of "Chile" buses may be bought by whoever the next sentence names."""
    return all(one.kind == "place" for one in sentence.tokens[name.start : name.end])


def _bare(sentence: Sentence, name: Name) -> bool:
    """Whether a body is no name but a mere word for one: "the council", "City" at the head of a title."""
    own = sentence.tokens[name.start : name.end]
    return name.kind == "body" and all(one.kind == "word" and "generic_body" in one.tags and " " not in one.low for one in own)


def _named_at_all(sentence: Sentence, name: Name, rules: Rules) -> bool:
    """Whether a run may be a name: not where each word is an ordinary one whose capital says nothing ("Use", "Supply Services")."""
    own, common = sentence.tokens[name.start : name.end], ordinary(rules.language)
    following = sentence.tokens[name.end] if name.end < len(sentence.tokens) else None
    if name.kind == "body" and following is not None and following.text == "-" and following.start == own[-1].end:
        return False  # "U.S.-built jets"
    if any(token.kind == name.kind for token in own):
        return True
    words = [token for token in own if token.kind == "word" and token.tags <= _BARE]
    if name.kind == "body":
        return bool(words) or any(token.kind == "place" or "generic_body" in token.tags for token in own)
    led = name.start == 0 or sentence.tokens[name.start - 1].kind == "stop"
    shown = not (sentence.title_case or sentence.lower_case) and (not led or len(own) > 1)
    return any(token.low not in common or (shown and token.capital and token.text not in common) for token in words)


def _runs(row: Sequence[str]) -> list[tuple[int, int, str]]:
    """Neighbouring tokens of one part, as (start, end, part)."""
    found: list[tuple[int, int, str]] = []
    for index, part in enumerate(row):
        if part == "none":
            continue
        if found and found[-1][1] == index and found[-1][2] == part:
            found[-1] = (found[-1][0], index + 1, part)
        else:
            found.append((index, index + 1, part))
    return found


def _trimmed(tokens: Sequence[Token], start: int, end: int, part: str) -> Name | None:
    """A run without articles and marks at its ends."""
    edge = frozenset({"det", "gen", "of", "and", "to", "with", "for", "by", "in"})
    while start < end and (tokens[start].kind == "stop" or tokens[start].tags & edge):
        start += 1
    while start < end and (tokens[end - 1].kind == "stop" or tokens[end - 1].tags & edge):
        end -= 1
    kind = "supplier" if part == "supplier" else "body"
    return Name(start, end, kind, known=True) if start < end else None
