"""What the weights of the clause reader's languages see of a text: the same in each, so that what was learnt of one serves the others.

Words that stand in a table are replaced by the table or the frame ("give.f", "C:strong"), names and sums by what they are. The words
themselves stand beside that, shortened, for idioms. English has features of its own (``watchers.text.features``), which know its clauses.
"""

from __future__ import annotations

from collections.abc import Iterator

from watchers.text import spoken
from watchers.text.features import of_symbols, of_told
from watchers.text.folder import Folder
from watchers.text.tokens import Sentence, Token
from watchers.text.told import Told

READ = 2  # sentences of a summary: as many as the clause reader reads
_STEM = 7  # letters; endings differ from language to language, beginnings carry the meaning in all four
_BORDERS = frozenset(":;?!–—-|,،؛؟")
_KINDS = {"money": "$", "body": "BODY", "supplier": "FIRM", "place": "PLACE"}
_PAPERS = frozenset({"strong", "tender", "weak", "office", "works", "arms"})
_SILENT = frozenset({"n", "ev", "det", "form_f", "form_p", "form_i", "form_u", "form_n", "stop", "comma", "name"})
_WORD = "_"  # any run of words that stand in no table


def symbol(token: Token, rules: Folder) -> str:
    """The part a token plays; empty for a mark or an article, which say nothing."""
    if token.kind == "stop":
        return token.low if token.low in _BORDERS else ""
    if token.kind != "word":
        return _KINDS[token.kind]
    if "ev" in token.tags and token.low in rules.verbs:
        verb = rules.verbs[token.low][0]
        return f"{verb.frame.name}.{verb.forms[0]}"
    papers, tables = token.tags & _PAPERS, token.tags - _SILENT
    if papers or tables:
        return f"C:{'+'.join(sorted(papers))}" if papers else "|".join(sorted(tables))
    if "det" in token.tags:
        return ""
    return "NAME" if token.capital and rules.capitals == "names" else _WORD


def of_entry(title: list[Sentence], summary: list[Sentence], told: Told | None, rules: Folder) -> set[str]:
    """The features of an entry. ``told`` is what the clause reader says of it."""
    found = {"nosum"} if not summary else set()
    for field, sentences in (("t", title), ("s", summary[:READ])):
        for sentence in sentences:
            found.update(field + one for one in _of_sentence(sentence, rules))
    for reading in spoken.readings(title, summary, rules):
        found.add(f"c {reading.said.verb.frame.name} {reading.mood} {reading.said.contract >= 0:d}")
        found.add(f"c {reading.mood}: {reading.why}")
        found.add(f"ce {reading.event} {reading.blocked:d} {reading.told is not None:d}")
    return found.union(of_told(told, f"{told.clause.implied:d}" if told else ""))


def _of_sentence(sentence: Sentence, rules: Folder) -> Iterator[str]:
    yield from of_symbols(_row(sentence, rules), [token.low[:_STEM] for token in sentence.tokens if token.kind not in ("stop", "money")])
    if sentence.text.rstrip().endswith(("?", "؟")):
        yield "?"


def _row(sentence: Sentence, rules: Folder) -> list[str]:
    """The symbols of a sentence; a name of several words and a run of unlisted words are one symbol."""
    row: list[str] = []
    for token in sentence.tokens:
        one = symbol(token, rules)
        if one and not (one in ("NAME", _WORD) and row and row[-1] == one):
            row.append(one)
    return row
