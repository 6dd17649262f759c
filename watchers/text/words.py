"""Sentences of a text in any language with a folder: words with their tables, sums, and the names in them.

A name is what the gazetteer knows, what follows the word for a kind of body ("Ayuntamiento de ...", "وزارة ...") or for a firm
("empresa ...", "شركة ..."), or a run of capitalised words, as far as the language writes only names with capitals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from watchers.text.folder import COMMA, NAME, NUMBER, PLAIN, STOP, Folder
from watchers.text.tokens import Named, Sentence, Token

_READ = 4  # sentences of a field
_SENTENCE_END = re.compile(r"(?<=[.!?؟…])[\"'”’»)\]]*\s+(?=\S)")
_MARKS = "\u064b-\u065f\u0670"
_TOKEN = re.compile(rf"(?:[^\W_]|[{_MARKS}])+(?:[.&’'/-](?:[^\W_]|[{_MARKS}])+)*['’]?|[^\w\s]")
_QUOTES = frozenset("‘’“”\"'«»„‚‹›`")
_HARD = frozenset(";:–—.!?؟()[]|…؛")
_JOINED = 4  # words of a name after the word for its kind
_ASIDE = 8  # words and marks
_WORK, _KINDS = frozenset({"weak", "job", "works", "order"}), frozenset({"office", "firm", "strong", "tender", "ev"})
_SPARE = frozenset({"n", "num", "office", "works", "arms"})  # tables of words that are parts of a body's name
_NAMED = _SPARE | {"weak", "job", "order"}  # "وزارة الأشغال" is named after what it does
_SUFFIXED = frozenset({"ev", "strong", "weak", "tender"})
_NO_TAGS: frozenset[str] = frozenset()
_DRAWN = "\u0640"  # draws a line between a prefix and a figure ("بـ600")
_SHORT = 2  # letters; a prefix is cut only from a longer word


def read(name: str, text: str, rules: Folder, mentions: Sequence[Named] = ()) -> list[Sentence]:
    """The sentences of a field, tokenised. ``mentions`` are the watched names in ``text``."""
    return [_sentence(name, start, part, rules, mentions) for start, part in _sentences(text, rules)[:_READ]]


def _sentences(text: str, rules: Folder) -> list[tuple[int, str]]:
    found, start = [], 0
    short = tuple(f"{word}." for word in rules.writing["abbreviations"].split())
    for hit in _SENTENCE_END.finditer(text):
        if text[: hit.start()].endswith(short) or (hit.start() > 1 and text[hit.start() - 2].isdigit() and text[hit.start() - 1] == "."):
            continue
        found.append((start, text[start : hit.start()]))
        start = hit.end()
    found.append((start, text[start:]))
    return [(offset, part) for offset, part in found if part.strip()]


def _sentence(name: str, start: int, text: str, rules: Folder, mentions: Sequence[Named]) -> Sentence:
    tokens = _merge(_tokens(text, start, rules), text, start, rules, mentions)
    tokens = _bodies(_proper(tokens) if rules.capitals == "names" else tokens, text, start, rules)
    sentence = Sentence(name, start, text, tokens)
    sentence.codes = "".join(
        rules.codes.get(NAME if token.kind in ("body", "supplier", "place") else token.tags, "") or rules.codes[STOP] for token in tokens
    )
    return sentence


def _tokens(text: str, offset: int, rules: Folder) -> list[Token]:
    tokens: list[Token] = []
    sums = {one.start: one for one in rules.money.sums(text.replace(_DRAWN, " "))}
    place = 0
    while hit := _TOKEN.search(text, place):
        one = next((sums[at] for at in range(place, hit.end()) if at in sums and at >= hit.start()), None)
        if one is not None and one.start == hit.start():
            money = None if one.money is not None and rules.ambiguous.search(one.money.printed) else one.money
            tokens.append(Token(offset + one.start, offset + one.end, text[one.start : one.end], "sum", NUMBER, "money", money))
            place = one.end
            continue
        place = hit.end()
        tokens += _words(hit.group(), offset + hit.start(), rules)
    return _without_asides(tokens)


def _without_asides(tokens: list[Token]) -> list[Token]:
    """Without a few words in brackets ("the transports of Frankfurt (VGF)"): they would cut the clause in two."""
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        closing = next((place for place in range(index + 1, min(index + _ASIDE, len(tokens))) if tokens[place].low == ")"), None)
        if tokens[index].low == "(" and closing is not None:
            index = closing
        else:
            kept.append(tokens[index])
        index += 1
    return kept


def _words(text: str, start: int, rules: Folder) -> list[Token]:
    """One word as tokens: its prefixes ("l'", "و", "ل") apart, a compound with a hyphen apart when its last part is a contract."""
    if not text[0].isalnum():
        if text in _QUOTES:
            return []
        kind = COMMA if text in ",،" else STOP
        return [Token(start, start + len(text), text, text, kind, "stop")]
    if text[-1] in "'’" and rules.low(text) not in rules.prefixes:
        text = text[:-1]
    low = rules.low(text)
    if low in rules.tables or low in rules.verbs:
        return [Token(start, start + len(text), text, low, rules.tags(low))]
    for prefix in rules.prefixes:
        rest = text[len(prefix) :]
        if (
            low.startswith(prefix)
            and len(rest) > (1 if prefix[-1] == "'" else _SHORT)
            and (prefix[-1] == "'" or rules.tags(rules.low(rest)) - {"n"} or rules.low(rest) in rules.known)
        ):
            cut = start + len(prefix)
            return [Token(start, cut, text[: len(prefix)], prefix, rules.tags(prefix)), *_words(rest, cut, rules)]
    low = _without_suffix(low, rules) or low
    head, hyphen, tail = text.rpartition("-")
    if hyphen and head and rules.tags(rules.low(tail)) & {"strong", "tender", "weak"}:
        cut = start + len(head)
        return [Token(start, cut, head, rules.low(head), rules.tags(rules.low(head))), *_words(tail, cut + 1, rules)]
    tags = NUMBER if text[0].isdigit() and low not in rules.tables else rules.tags(low)
    return [Token(start, start + len(text), text, low, tags)]


def _without_suffix(low: str, rules: Folder) -> str:
    """A verb or a contract without the pronoun glued to its end ("تكلفها", "عقدها"); empty when there is none."""
    for suffix in rules.writing.get("suffixes", "").split():
        if low.endswith(suffix) and len(low) > len(suffix) + _SHORT:
            rest = low[: -len(suffix)]
            for bare in (rest, f"{rest[:-1]}ه" if rest.endswith("ت") else rest):
                if rules.tables.get(bare, _NO_TAGS) & _SUFFIXED:
                    return bare
    return ""


def _merge(tokens: list[Token], text: str, offset: int, rules: Folder, mentions: Sequence[Named]) -> list[Token]:
    """Phrases, known names and watched names become one token each, the longest first."""
    watched = {one.start: one for one in reversed(mentions)}
    merged: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        named = watched.get(token.start)
        end, kind = index + 1, ""
        if named is not None:
            while end < len(tokens) and tokens[end].end <= named.end:
                end += 1
            kind = _known(tokens[index:end], text, offset, rules) or named.kind or "supplier"
        elif token.kind == "word":
            end, kind = _longest(tokens, index, text, offset, rules)
        if kind or end > index + 1:
            words = text[token.start - offset : tokens[end - 1].end - offset]
            low = " ".join(part.low for part in tokens[index:end])
            tags = rules.tags(low)
            merged.append(Token(token.start, tokens[end - 1].end, words, low, tags, kind or "word", None, watched=named is not None))
        else:
            merged.append(token)
        index = end
    return merged


def _known(run: list[Token], text: str, offset: int, rules: Folder) -> str:
    words = text[run[0].start - offset : run[-1].end - offset]
    return rules.known.get(" ".join(token.low for token in run) if rules.capitals == "none" else words, "") or rules.known.get(words, "")


def _proper(tokens: list[Token]) -> list[Token]:
    """Words for work and works as parts of names: two with capitals in a row inside a sentence ("Gestión Sanitaria")."""
    capital = [token.kind == "word" and token.capital and not token.text.isupper() for token in tokens]
    return [
        Token(token.start, token.end, token.text, token.low, PLAIN)
        if index
        and capital[index]
        and token.tags & _WORK
        and not token.tags & _KINDS
        and any(capital[place] for place in (index + 1,) if place < len(tokens))
        else token
        for index, token in enumerate(tokens)
    ]


def _longest(tokens: list[Token], index: int, text: str, offset: int, rules: Folder) -> tuple[int, str]:
    for phrase in rules.phrases.get(tokens[index].low, ()):
        run = tokens[index : index + len(phrase)]
        if tuple(token.low for token in run) == phrase:
            kind = _known(run, text, offset, rules)
            if kind or any(" ".join(phrase) in listed for listed in (rules.tables, rules.body_heads, rules.blockers, rules.starts)):
                return index + len(phrase), kind
    return index + 1, _known(tokens[index : index + 1], text, offset, rules)


def _bodies(tokens: list[Token], text: str, offset: int, rules: Folder) -> list[Token]:
    """The word for a kind of body with the name behind it becomes one token; so does a compound that ends in one."""
    index, out = 0, []
    while index < len(tokens):
        token = tokens[index]
        end = _after_head(tokens, index, rules) if token.kind == "word" and _is_head(token, rules) else index
        end = max(end, _made_public(tokens, index, rules))
        compound = (
            token.kind == "word"
            and token.capital
            and bool(rules.body_ends)
            and token.low.endswith(rules.body_ends)
            and "strong" not in token.tags
        )
        if end > index or compound:
            end = max(end, index + 1)
            words = text[token.start - offset : tokens[end - 1].end - offset]
            watched = any(part.watched for part in tokens[index:end])
            out.append(Token(token.start, tokens[end - 1].end, words, words.lower(), NAME, "body", None, watched))
        else:
            out.append(token)
            end = index + 1
        index = end
    return out


def _made_public(tokens: list[Token], index: int, rules: Folder) -> int:
    """Where a body ends that an adjective makes public ("الشركة الوطنية للسكك"); ``index`` when there is none."""
    heads, public = rules.made_public
    bare = [token.low.removeprefix(rules.article) for token in tokens[index : index + 2] if token.kind == "word"]
    if not heads or len(bare) < _SHORT or bare[0] not in heads or bare[1] not in public:
        return index
    end = index + 2
    while end < len(tokens) and end - index <= _JOINED and tokens[end].kind == "word":
        first = tokens[end].low.startswith(rules.writing["for_the"]) and end == index + 2
        if not first and not (
            end > index + 2 and tokens[end].low.startswith(rules.article) and not tokens[end].tags - {"n", "works", "office", "job", "weak"}
        ):
            break
        end += 1
    return end


def _is_head(token: Token, rules: Folder) -> bool:
    return token.low in rules.body_heads or bool(rules.article and token.low.removeprefix(rules.article) in rules.body_heads)


def _after_head(tokens: list[Token], index: int, rules: Folder) -> int:
    """Where the name that a kind of body begins ends; ``index`` when no name follows."""
    if rules.capitals == "none":
        return _definite(tokens, index, rules)
    end = index + 1
    while end < len(tokens) and tokens[end].low in rules.body_links:
        end += 1
    first = end
    if first == index + 1 and "title" in tokens[index].tags:
        return index  # "alcalde Pedro Ruiz" is a person
    while end < len(tokens) and end - first < _JOINED and (_capital(tokens[end]) or _body_too(tokens, end, first, index, rules)):
        end += 1
        links = end
        while links < len(tokens) and links - end < _SHORT and (tokens[links].low in rules.body_links or "and" in tokens[links].tags):
            links += 1
        if rules.capitals == "names" and end < links < len(tokens) and _capital(tokens[links]):
            end = links
    return end if end > first else index


def _body_too(tokens: list[Token], place: int, first: int, head: int, rules: Folder) -> bool:
    """Whether the name is one that stands for the body alone as well ("Ministerio de Defensa", "Defensa")."""
    return rules.capitals == "names" and place == first > head + 1 and tokens[place].kind == "body"


def _definite(tokens: list[Token], index: int, rules: Folder) -> int:
    """Where no capitals are: the word behind a kind of body and the words with an article that describe it."""
    end = index + 1
    while end < len(tokens) and end - index <= _JOINED:
        token = tokens[end]
        joined = "and" in token.tags and end + 1 < len(tokens) and tokens[end + 1].low.startswith(rules.article) and end > index + 1
        named = token.kind == "body" and end == index + 1 and not token.watched  # "وزارة الدفاع", "الدفاع"
        first = end == index + 1 and not token.tags & {"strong", "tender"} and token.tags <= _NAMED
        spare = token.tags <= _SPARE or first or "adj" in token.tags
        plain = token.kind == "place" or (token.kind == "word" and spare)
        described = end == index + 1 and not tokens[index].low.startswith(rules.article)
        if joined and not tokens[end + 1].tags - {"n"}:
            end += 2
        elif named or (plain and (described or token.low.startswith(rules.article) or "adj" in token.tags) and "num" not in token.tags):
            end += 1
        else:
            break
    return end if end > index + 1 else index


def _capital(token: Token) -> bool:
    if token.kind != "word":
        return token.kind == "place"
    return token.capital and not token.tags & {"strong", "tender", "weak", "ev", "firm"}


def hard(token: Token) -> bool:
    """Whether a mark ends a clause."""
    return token.kind == "stop" and token.low in _HARD
