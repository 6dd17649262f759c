"""Sentences and words: a text cut into sentences, each a row of tokens with their tables, names and sums already found.

Headlines are telegraphic, so the cutter knows colons, dashes and bars as borders, strips datelines, and never trusts capitals in a
headline that capitalises everything (``title_case``) or nothing (``lower_case``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from watchers.text.rules import UNKNOWN, Rules
from watchers.types import Money

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9£$€])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Lt|Col|Sgt|Maj|Capt|St|Jr|Sr|Inc|Ltd|Corp|Co|No|vs|Sept|Oct|Nov|Dec|Jan|Feb|Aug|Rs|Ariz|Dept|Govt|etc|approx|est)|\b[A-Z]\.[A-Z])\.$"
)
# where and when a wire story was filed: a place in capitals or with its state, a date, a dash
_PLACE = r"[A-Z][A-Z .,'’/]{3,40}[A-Z.](?:,? ?\(?[A-Z][\w .]{0,20}\)?)?(?:,? [A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?)?"
_DATELINE = re.compile(rf"^(?:{_PLACE}|[A-Z][a-z]+, [A-Z]{{2}}|[A-Z ]+ ,.{{3,25}}) *(?:–|—|--|-) +")
_LEFT_AFTER_DATELINE = 20  # characters; less is no sentence, so it was none
_READ = 4  # sentences of a field: what a feed item tells stands at its head, the rest is background
_LONGEST = 200  # tokens of a sentence; what goes on longer is no sentence, and clauses cost the square of their length
_LONG_WORD = 3  # letters; shorter words are small in every title
_TITLE_WORDS = 4
_TITLE_SHARE = 0.8
_NAME_LENGTH = 7  # words before "Council"
_HEAD_LENGTH = 3  # words before "Ministry"
_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:[.&’'/-][^\W_]+|,\d{3}(?!\d))*(?:\.(?=[A-Za-z]\b))?|[‘’“”\"'.,;:!?()\[\]–—|&]|-+|…|\S")
_DIGIT = re.compile(r"\d")
_STOP = frozenset({"stop"})
_NUMBER = frozenset({"n", "num"})
_POSSESSIVE = re.compile(r"^(.+)(['’]s)$", re.IGNORECASE)
_QUOTES = frozenset("‘’“”\"'«»„")


@dataclass(slots=True)
class Token:
    """A word, a name or a sum. ``kind``: word, stop, money, body, place, supplier. Offsets are those of the field."""

    start: int
    end: int
    text: str
    low: str
    tags: frozenset[str]
    kind: str = "word"
    money: Money | None = None
    watched: bool = False

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital or a figure glued to one (``G4S``, ``3M``)."""
        return self.text[:1].isupper() or (self.text[:1].isdigit() and any(char.isupper() for char in self.text))


@dataclass(frozen=True, slots=True)
class Named:
    """A watched name in a field (code points). ``kind`` is ``supplier`` or ``body`` where all who watch it watch for that; else empty."""

    start: int
    end: int
    kind: str = ""


@dataclass(slots=True)
class Sentence:
    """A sentence of a field: its text, offset and tokens; ``codes`` has one character a token."""

    field: str
    start: int
    text: str
    tokens: list[Token]
    codes: str = ""
    title_case: bool = False
    lower_case: bool = False


def sentences(text: str) -> list[tuple[int, str]]:
    """``text`` cut into sentences with their offsets; abbreviations and initials do not end one."""
    found, start = [], 0
    for hit in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[max(start, hit.start() - 12) : hit.start()]):
            continue
        found.append((start, text[start : hit.start()]))
        start = hit.end()
    found.append((start, text[start:]))
    return [(offset, part) for offset, part in found if part.strip()]


def read(name: str, text: str, rules: Rules, mentions: Sequence[Named] = ()) -> list[Sentence]:
    """The sentences of a field, tokenised. ``mentions`` are the watched names in ``text``. What points to other pages is left out."""
    text = rules.pointers.sub(lambda hit: " " * len(hit[0]), text)
    return [_sentence(name, start, part, rules, mentions) for start, part in sentences(text)[:_READ]]


def _sentence(name: str, start: int, text: str, rules: Rules, mentions: Sequence[Named]) -> Sentence:
    dateline = rules.desk.match(text) or _DATELINE.match(text)
    begin = dateline.end() if dateline and len(text) - dateline.end() > _LEFT_AFTER_DATELINE else 0
    tokens = _without_asides(_tokens(text, begin, start, rules))
    tokens = _merge(tokens, text, start, rules, mentions)
    sentence = Sentence(name, start, text, tokens)
    long = [
        token
        for token in tokens
        if token.kind in ("word", "supplier", "body", "place") and len(token.low) > _LONG_WORD and token.text[0].isalpha()
    ]
    capitals = sum(token.text[0].isupper() for token in long)
    sentence.title_case = len(long) >= _TITLE_WORDS and capitals >= _TITLE_SHARE * len(long)
    sentence.lower_case = not any(token.text[0].isupper() for token in tokens)
    sentence.tokens = tokens = _bodies(tokens, text, start, rules, lower=sentence.lower_case, title_case=sentence.title_case)[:_LONGEST]
    sentence.codes = "".join(rules.codes.get(token.tags) or rules.codes[UNKNOWN] for token in tokens)
    return sentence


def _tokens(text: str, begin: int, offset: int, rules: Rules) -> list[Token]:
    """Words, sums and marks from ``begin`` on; the possessive is a token of its own, quotation marks are dropped."""
    sums = rules.money.sums(text) if _DIGIT.search(text) else []
    tokens: list[Token] = []
    position, queue = begin, iter([*sums, None])
    upcoming = next(queue)
    while position < len(text):
        if upcoming and upcoming.start <= position:
            if upcoming.end > position:
                tokens.append(_money(text, upcoming.start, upcoming.end, offset, upcoming.money))
                position = upcoming.end
            upcoming = next(queue)
            continue
        limit = upcoming.start if upcoming else len(text)
        hit = _TOKEN.search(text, position, limit)
        if hit is None:
            position = limit
            continue
        tokens.extend(_words(hit.group(), hit.start() + offset, rules))
        position = hit.end()
    return tokens


def _without_asides(tokens: list[Token]) -> list[Token]:
    """Without short brackets: "(DoD)", "($120 million)" repeat what stands before them and only part a clause."""
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        if tokens[index].text in ("(", "["):
            close = next((i for i in range(index + 1, min(index + 8, len(tokens))) if tokens[i].text in (")", "]")), None)
            if close is not None:
                index = close + 1
                continue
        kept.append(tokens[index])
        index += 1
    return kept


def _money(text: str, start: int, end: int, offset: int, money: Money | None) -> Token:
    return Token(start + offset, end + offset, text[start:end], text[start:end].lower(), _NUMBER, "money", money)


def _words(text: str, start: int, rules: Rules) -> list[Token]:
    """A hit of the token pattern as tokens: without its possessive, and hyphenated event words apart when nobody lists the whole."""
    if not text[0].isalnum():
        if text in _QUOTES:
            return []
        tags = rules.tags(text)
        return [Token(start, start + len(text), text, text, tags if tags is not UNKNOWN else _STOP, "stop" if tags is UNKNOWN else "word")]
    hit = _POSSESSIVE.match(text)
    if hit:
        cut = start + len(hit[1])
        return [_word(hit[1], start, rules), Token(cut, cut + 2, hit[2], "'s", rules.tags("'s"))]
    return [_word(text, start, rules)]


def _word(text: str, start: int, rules: Rules) -> Token:
    low = text.lower().replace("’", "'")
    tags = rules.tags(low)
    if tags is UNKNOWN and text[0].isdigit():
        tags = _NUMBER
    return Token(start, start + len(text), text, low, tags)


def _merge(tokens: list[Token], text: str, offset: int, rules: Rules, mentions: Sequence[Named]) -> list[Token]:
    """Phrases, known names and watched names become one token each, the longest first."""
    watched: dict[int, Named] = {}
    for one in mentions:
        watched.setdefault(one.start, one)
    merged: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        end, kind, phrase = index + 1, "", ""
        named = watched.get(token.start)
        if named is not None and token.end <= named.end:
            while end < len(tokens) and tokens[end].end <= named.end:
                end += 1
            kind = "watched"
        elif token.kind == "word":
            end, kind, phrase = _longest(tokens, index, text, offset, rules)
        words = text[token.start - offset : tokens[end - 1].end - offset]
        if kind == "watched" and named is not None:
            merged.append(_watched(tokens[index:end], words, rules, named))
        else:
            merged.append(_joined(tokens[index:end], words, rules, kind, phrase) if kind else token)
        index = end
    return merged


def _longest(tokens: list[Token], index: int, text: str, offset: int, rules: Rules) -> tuple[int, str, str]:
    """The longest phrase or name that begins at ``index``: (end, kind, its words); kind is empty when there is none."""
    first = tokens[index]
    for phrase in rules.phrases.get(first.low, ()):
        size = phrase.count(" ") + 1
        run = tokens[index : index + size]
        if len(run) == size and " ".join(token.low for token in run) == phrase:
            kind = _kind(text[first.start - offset : run[-1].end - offset], rules)
            words = text[first.start - offset : run[-1].end - offset]
            if index and "ev" in rules.tags(phrase) and tokens[index - 1].tags & {"det", "ev"} and not _noun(tokens[index - 1]):
                continue  # "the bid for the roof", "invites bids for trains": no verb
            if kind or phrase in rules.listed or words in rules.body_tails or words in rules.lower_tails:
                return index + size, kind or "phrase", phrase
    kind = _kind(first.text, rules) if first.text[0].isupper() or first.text[0].isdigit() else ""
    return index + 1, kind, first.low


def _noun(token: Token) -> bool:
    """Whether a verb's word is as likely a noun ("review bids for"); in the present it is the verb ("scraps bids for")."""
    return "noun" in token.tags and not ("form_s" in token.tags and "paper" not in token.tags)


def _kind(text: str, rules: Rules) -> str:
    if text in rules.body_names:
        return "body"
    if text in rules.supplier_names:
        return "supplier"
    return "place" if text in rules.place_names or text in rules.council_places else ""


def _joined(run: list[Token], words: str, rules: Rules, kind: str, phrase: str) -> Token:
    start, end = run[0].start, run[-1].end
    if kind == "phrase":
        return Token(start, end, words, phrase, rules.tags(phrase))
    return Token(start, end, words, words.lower(), UNKNOWN, kind)


def _watched(run: list[Token], words: str, rules: Rules, named: Named) -> Token:
    """A watched name. What it is, the lists know; else who watches it does; else its shape ("Northmere Council") tells."""
    kind = _kind(words, rules) or named.kind or ("body" if _shaped_like_a_body(words.split(), rules) else "supplier")
    return Token(run[0].start, run[-1].end, words, words.lower(), UNKNOWN, kind, None, watched=True)


def _shaped_like_a_body(words: list[str], rules: Rules) -> bool:
    return words[-1] in rules.body_tails or words[-1] in rules.lower_tails or words[0] in rules.body_heads


def _bodies(tokens: list[Token], text: str, offset: int, rules: Rules, *, lower: bool, title_case: bool) -> list[Token]:
    """Names that have the shape of a public body ("... County Council", "Ministry of ...") become one token."""
    if lower:
        return [_lower_name(token, rules) for token in tokens]
    index = 0
    while index < len(tokens):
        token = tokens[index]
        span = None
        if (token.text in rules.body_tails and not _goes_on(tokens, index, title_case=title_case)) or (
            token.text in rules.lower_tails and index and _part(tokens[index - 1]) and tokens[index - 1].kind != "body"
        ):
            span = _tail(tokens, index)
        if span is None and token.text in rules.body_heads:
            span = _head(tokens, index)
        if span:
            first, last = span
            start, end = tokens[first].start, tokens[last].end
            name = text[start - offset : end - offset]
            watched = any(part.watched for part in tokens[first : last + 1])
            tokens[first : last + 1] = [Token(start, end, name, name.lower(), UNKNOWN, "body", None, watched)]
            index = first
        index += 1
    return tokens


def _goes_on(tokens: list[Token], index: int, *, title_case: bool) -> bool:
    """Whether a name goes on after what looked like its end ("Ingerois Board Mill")."""
    if title_case or index + 1 >= len(tokens):
        return False
    following = tokens[index + 1]
    return following.kind == "word" and following.capital and following.tags == UNKNOWN


def _lower_name(token: Token, rules: Rules) -> Token:
    """In a feed without capitals ("us awards iraqi contract") only abbreviations nobody mistakes for a word are names."""
    if token.kind == "word" and token.text.upper() in rules.body_names and token.tags in (UNKNOWN, frozenset({"n"})):
        return Token(token.start, token.end, token.text, token.low, UNKNOWN, "body")
    return token


def _part(token: Token) -> bool:
    """Whether a token can be part of a capitalised name."""
    if token.kind in ("place", "body"):
        return True
    return (
        token.kind == "word"
        and token.capital
        and not token.tags & {"ev", "paper", "propose", "decide", "refuse", "say", "det", "sub", "modal"}
    )


def _tail(tokens: list[Token], index: int) -> tuple[int, int] | None:
    """Leftwards from "Council": capitalised words, "and"/"of"/"&" between two of them."""
    first = index
    while first > 0 and index - first < _NAME_LENGTH:
        previous = tokens[first - 1]
        if _part(previous) or (previous.tags == frozenset({"n", "num"}) and previous.kind == "word"):
            first -= 1
        elif previous.low in ("and", "of", "&", "'s") and first > 1 and _part(tokens[first - 2]) and tokens[first - 2].kind != "body":
            first -= 2
        else:
            break
    if first == index:
        return None
    last = index
    while last + 2 < len(tokens) and tokens[last + 1].low == "of" and _part(tokens[last + 2]):
        last += 2
    return first, last


def _head(tokens: list[Token], index: int) -> tuple[int, int] | None:
    """Rightwards from "Ministry": "of" or "for", "the", capitalised words with "and" or a comma list before "and"."""
    last = index + 1
    if last >= len(tokens) or tokens[last].low not in ("of", "for"):
        return None
    last += 1
    if last < len(tokens) and tokens[last].low == "the":
        last += 1
    if last >= len(tokens) or not _part(tokens[last]):
        return None
    while last + 1 < len(tokens):
        following = tokens[last + 1]
        if _part(following):
            last += 1
        elif following.low in ("and", "&", "of") and last + 2 < len(tokens) and _part(tokens[last + 2]):
            last += 2
        else:
            break
    first = index
    while first > 0 and _part(tokens[first - 1]) and tokens[first - 1].kind in ("place", "body", "word") and index - first < _HEAD_LENGTH:
        first -= 1
    return first, last
