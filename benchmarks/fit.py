"""Fits the weights of ``watchers/text/weights.py`` on the project's own sentences, and says how far they can be trusted.

    python -m benchmarks.fit [--language en | spoken] [--cross-check]

Reads ``benchmarks/corpus/<language>/*.jsonl`` (fields as in docs/languages.md: title, summary, event, supplier, public_body, value) and
writes ``watchers/rules/<language>/entry.weights`` and ``token.weights``; "spoken" stands for all languages that the clause reader reads,
which have the weights of the entries together and none of the tokens. ``--cross-check`` writes nothing: it fits on all files but one
and measures on that one, for each file in turn, so that no writer's habits are measured on themselves. The headlines that
``benchmarks.patterns`` makes and the cases of the tests are read as two more files, for the entries only.

Needs scikit-learn (dependency group ``bench``); what is fitted needs nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from benchmarks import network
from benchmarks.measures import KINDS
from benchmarks.patterns import headlines
from watchers.text import events, spoken, spoken_features, spoken_weigh, tokens, weigh, words
from watchers.text.features import context, of_entry
from watchers.text.folder import folder
from watchers.text.language import languages
from watchers.text.rules import FOLDER, Rules, rules
from watchers.text.tokens import Sentence
from watchers.text.told import Told
from watchers.text.weights import BIAS, Network, Weights
from watchers.understand import GRAMMAR

Row = dict[str, Any]
HERE = Path(__file__).parent
_CASES = "cases"
_MADE = "headlines"
_MADE_COUNTS = 0.15  # of a sentence: with more, the plain forms outweigh who is told to buy, and false alarms double
TOKEN = ("supplier", "body", "value", "none")
_ALERT = {"awarded": "awarded", "cancelled": "cancelled", "terminated": "cancelled"}
_LEAST = 3  # a feature seen less often says more about one sentence than about the language
_STRENGTH = 0.3  # C of the regression: how far weights may grow
_ORDINARY = 2  # times a word is written small before it is taken for an ordinary one
_NEVER_NAMES = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Subscribe Facebook Twitter LinkedIn WhatsApp Email Share Gov"
_HALF = 0.5
_SMALLEST = 2  # hundredths; a lighter weight is left out


@dataclass(slots=True)
class Item:
    """A corpus row, read: its sentences, what the grammar says of it, its features."""

    row: Row
    writer: str
    language: str
    title: list[Sentence]
    summary: list[Sentence]
    told: Told | None
    features: frozenset[str]

    def both(self, chances: dict[str, float]) -> str | None:
        """The alert that reader and weights tell together."""
        if self.language == GRAMMAR:
            bar = weigh.asked(self.told, chances, weigh.seen(self.title, self.summary, rules(self.language)))
        else:
            bar = spoken_weigh.asked(self.told, chances, spoken_weigh.named(self.title, self.summary))
        event = weigh.event(bar, self.told, chances)
        return _ALERT.get(event.value) if event else None


def load(language: str, corpus: Path) -> list[Item]:
    """The corpus of a language, or of all that the clause reader reads, each title once."""
    items: dict[str, Item] = {}
    for one in sorted(set(languages().folders) - {GRAMMAR}) if language == spoken_weigh.SHARED else [language]:
        rows = list(_rows(corpus / one))
        made = ((_MADE, row) for row in headlines(corpus / one, [row for _, row in rows]))
        for writer, row in (*rows, *made, *_cases(one)):
            if row["title"].casefold() not in items:
                items[row["title"].casefold()] = _read(row, writer, one)
                if len(items) % 1000 == 0:
                    print(f"  read {len(items)}", file=sys.stderr)
    return list(items.values())


def _read(row: Row, writer: str, language: str) -> Item:
    if language == GRAMMAR:
        english = rules(language)
        title = tokens.read("title", row["title"], english)
        summary = tokens.read("summary", row["summary"], english) if row.get("summary") else []
        told = events.tell(title, summary, english)
        return Item(row, writer, language, title, summary, told, frozenset(of_entry(title, summary, told, english)))
    other = folder(language)
    title = words.read("title", row["title"], other)
    summary = words.read("summary", row["summary"], other) if row.get("summary") else []
    told = spoken.tell(title, summary, other)
    return Item(row, writer, language, title, summary, told, frozenset(spoken_features.of_entry(title, summary, told, other)))


def _rows(folder: Path) -> Iterator[tuple[str, Row]]:
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            row = json.loads(line)
            if not row.get("event") or not row.get("title"):
                sys.exit(f"{path}:{number}: has no title or no event")
            yield path.stem, row


def _cases(language: str) -> Iterator[tuple[str, Row]]:
    """The cases of the tests: so the weights know how far the grammar may be trusted on what it was taught. Their parts are not complete."""
    for line in (HERE.parent / "tests" / "data" / "cases" / f"{language}.psv").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            event, _, _, _, title, *rest = (part.strip() for part in line.split("|"))
            yield _CASES, {"title": title, "summary": rest[0] if rest else None, "event": event}


def fit_linear(rows: Sequence[Iterable[str]], labels: Sequence[int], classes: tuple[str, ...]) -> Weights:
    """A multinomial regression, its numbers taken relative to the last class and rounded to hundredths."""
    rows = [frozenset(row) for row in rows]
    counts = Counter(feature for row in rows for feature in row)
    names = sorted(name for name, count in counts.items() if count >= _LEAST)
    index = {name: place for place, name in enumerate(names)}
    pairs = [(number, index[feature]) for number, row in enumerate(rows) for feature in row if feature in index]
    at = np.array(pairs, dtype=np.int32)
    matrix = csr_matrix((np.ones(len(at), dtype=np.float32), (at[:, 0], at[:, 1])), shape=(len(rows), len(names)))
    model = LogisticRegression(C=_STRENGTH, max_iter=300)
    model.fit(matrix, labels)
    table = np.rint(100 * (model.coef_[:-1] - model.coef_[-1])).astype(int)
    bias = np.rint(100 * (model.intercept_[:-1] - model.intercept_[-1])).astype(int)
    kept = {name: tuple(table[:, place].tolist()) for name, place in index.items() if abs(table[:, place]).max() >= _SMALLEST}
    return Weights(classes, kept | {BIAS: tuple(bias.tolist())})


def write_linear(model: Weights, path: Path) -> None:
    """The table as text, a feature a line."""
    lines = ["\t".join(("feature", *model.classes))]
    lines += ["\t".join((name, *map(str, row))) for name, row in sorted(model.table.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {len(model.table)} features, {path.stat().st_size / 1e6:.1f} MB")


def entry_model(items: Sequence[Item]) -> Network:
    """All kinds of events apart, so that what only looks like an award is learnt as what it is."""
    counts = [_MADE_COUNTS if item.writer == _MADE else 1 for item in items]
    return network.fit([item.features for item in items], [KINDS.index(item.row["event"]) for item in items], KINDS, weights=counts)


def token_model(items: Sequence[Item], language: Rules) -> Weights:
    """Fitted on everything that tells an event; each token is a row."""
    rows: list[list[str]] = []
    labels: list[int] = []
    for item in items:
        if item.row["event"] == "none" or item.writer in (_CASES, _MADE):
            continue
        event = _ALERT.get(item.row["event"], "other")
        grammar = weigh.taken(item.told) if item.told else {}
        for sentence in (*item.title, *item.summary[:3]):
            labels += _labels(item.row, sentence)
            rows += [[*features, BIAS] for features in context(sentence, event, grammar, language)]
    return fit_linear(rows, labels, TOKEN)


def write_ordinary(items: Sequence[Item], path: Path) -> None:
    """The words that sentences with ordinary capitals write small."""
    counts = Counter(
        token.text
        for item in items
        for sentence in (*item.title, *item.summary[:3])
        if not (sentence.title_case or sentence.lower_case)
        for token in sentence.tokens
        if token.kind == "word" and token.text.isalpha() and token.text.islower()
    )
    words = sorted(word for word, count in counts.items() if count >= _ORDINARY)
    path.write_text("\n".join((*_NEVER_NAMES.split(), *words)) + "\n", encoding="utf-8")


def _labels(row: Row, sentence: Sentence) -> Iterator[int]:
    """What each token of a sentence is, by the names and the sum the row states."""
    text = row[sentence.field] or ""
    spans = [
        (hit.start(), hit.end(), part)
        for part, key in enumerate(("supplier", "public_body"))
        for name in (row.get(key) or "").split(";")
        if name.strip()
        for hit in re.finditer(rf"(?<!\w){re.escape(name.strip())}(?!\w)", text, re.IGNORECASE)
    ]
    value = row.get("value")
    for token in sentence.tokens:
        part = next((part for start, end, part in spans if token.start < end and start < token.end), len(TOKEN) - 1)
        if value and token.money and token.money.amount == Decimal(str(value["amount"])):
            part = TOKEN.index("value")
        yield part


def cross_check(items: Sequence[Item]) -> None:
    """For each writer: the grammar alone, the weights alone and both, fitted without that writer."""
    for writer in sorted({item.writer for item in items}):
        model = entry_model([item for item in items if item.writer != writer])
        own = [item for item in items if item.writer == writer]
        chances = [model.chances(item.features) for item in own]
        said = {
            "grammar": [_ALERT.get(item.told.event.value) if item.told else None for item in own],
            "weights": [_leading(one) for one in chances],
            "both": [item.both(one) for item, one in zip(own, chances, strict=True)],
        }
        for name, answers in said.items():
            print(f"{writer:8s} {name:8s} {_rates([_ALERT.get(item.row['event']) for item in own], answers)}", flush=True)


def _leading(chances: dict[str, float]) -> str | None:
    by_class = {"awarded": chances["awarded"], "cancelled": chances["cancelled"] + chances["terminated"]}
    best = max(by_class, key=by_class.__getitem__)
    return best if by_class[best] >= _HALF else None


def _rates(gold: Sequence[str | None], answers: Sequence[str | None]) -> str:
    parts = []
    for kind in ("awarded", "cancelled"):
        right = sum(one == kind == other for one, other in zip(gold, answers, strict=True))
        said, there = answers.count(kind), gold.count(kind)
        parts.append(f"{kind} precision {right / max(1, said):.3f} recall {right / max(1, there):.3f} ({right} of {said}, {there})")
    return "   ".join(parts)


def main() -> None:
    """Read the arguments, fit, write or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", choices=(GRAMMAR, spoken_weigh.SHARED), default=GRAMMAR)
    parser.add_argument("--corpus", type=Path, default=HERE / "corpus", help="folder of the languages' sentences (default: %(default)s)")
    parser.add_argument("--cross-check", action="store_true", help="measure each writer with weights fitted without that writer")
    arguments = parser.parse_args()
    items = load(arguments.language, arguments.corpus)
    print(f"{len(items)} sentences")
    if arguments.cross_check:
        cross_check(items)
        return
    place = FOLDER / arguments.language
    network.write(entry_model(items), place / "entry.weights")
    if arguments.language == GRAMMAR:
        write_ordinary(items, place / "ordinary.txt")
        write_linear(token_model(items, rules(GRAMMAR)), place / "token.weights")


if __name__ == "__main__":
    main()
