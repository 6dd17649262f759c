"""Accuracy of understanding text, beside a keyword filter, and the gate that keeps it.

    python -m benchmarks.accuracy [GOLD]                 measure, print, and fail (exit 1) when a figure fell by more than a point
    python -m benchmarks.accuracy [GOLD] --update        measure, print, and keep the figures in benchmarks/accuracy.json
    python -m benchmarks.accuracy GOLD --part unread --language en     one part alone, printed and not compared

GOLD holds labelled headlines (../shared/data/headlines/dev.jsonl). A quarter of them (by hash of the id) is the *unread* part: rules are
written without reading it, so its figures are the honest ones; ``visible`` is the rest. The project's own sentences (tests/data/cases and a
fixed sample of benchmarks/corpus) are measured everywhere. Rules were written and weights fitted on those, so their figures say nothing
about news: they guard against regressions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measures import Figures, confusions, falls, figures
from watchers.classify import classify_record
from watchers.match import Matcher
from watchers.text.folder import folder
from watchers.text.rules import rules

Row = dict[str, Any]
HERE = Path(__file__).parent
KEPT = HERE / "accuracy.json"
OTHERS = ("ar", "de", "es", "fr")
NOBODY = Matcher(())
_ALERTS = {"awarded": "awarded", "cancelled": "cancelled", "terminated": "cancelled"}
_CONFUSIONS = 10
_ONE_IN = 16  # of the corpus
_AWARD = re.compile(r"\b(award\w*|wins?|won|contract signed|signs?|signed|bags?|lands?|secures?|clinch\w*)\b", re.IGNORECASE)
_CANCEL = re.compile(r"\b(cancel\w*|terminat\w*|scrap\w*|axe[sd]?|revok\w*|end(s|ed)|tears? up)\b", re.IGNORECASE)


def keywords(row: Row) -> Row:
    """What a keyword filter says: any cancelling word cancels, else any awarding word awards."""
    text = f"{row['title']}. {row.get('summary') or ''}"
    alert = "cancelled" if _CANCEL.search(text) else "awarded" if _AWARD.search(text) else None
    return {"alert": alert, "event": alert or "none", "supplier": None, "public_body": None, "value": None}


def product(row: Row) -> Row:
    """What this product says, without any watch."""
    return classify_record({key: row.get(key) for key in ("id", "title", "summary")}, NOBODY)


def hashed(text: str) -> int:
    """A number that a text always has."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def unread(identifier: str) -> bool:
    """Whether an item belongs to the quarter nobody reads while writing rules."""
    return hashed(identifier) % 4 == 0


# --- the sets


def labelled(path: Path) -> Iterator[tuple[str, list[Row]]]:
    """The labelled headlines: English and the four other languages, each in its two parts."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for name, languages in (("English", ("en",)), ("ar de es fr", OTHERS)):
        for part in ("visible", "unread"):
            yield f"{name}, {part}", [row for row in rows if row["lang"] in languages and unread(row["id"]) == (part == "unread")]


def own(cases: Path, corpus: Path) -> Iterator[tuple[str, list[Row]]]:
    """The project's own sentences."""
    by_language = {path.stem: list(read_cases(path)) for path in sorted(cases.glob("*.psv"))}
    yield "own cases, English", by_language.pop("en", [])
    yield "own cases, ar de es fr", [row for rows in by_language.values() for row in rows]
    yield "own corpus, English, a sample", list(read_corpus(corpus / "en"))


def read_cases(path: Path) -> Iterator[Row]:
    """A file of cases: event | supplier | public_body | value as printed | title | summary."""
    money = (rules(path.stem) if path.stem == "en" else folder(path.stem)).money
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        event, supplier, body, value, title, *summary = [None if cell.strip() == "-" else cell.strip() for cell in line.split("|")]
        found = money.sums(value) if value else []
        yield {
            "id": title,
            "title": title,
            "summary": summary[0] if summary else None,
            "event": event,
            "alert": _ALERTS.get(event or ""),
            "supplier": supplier,
            "public_body": body,
            "value": {"amount": found[0].money.amount} if found and found[0].money else None,
            "partial": True,  # "-" leaves a part open
        }


def read_corpus(path: Path) -> Iterator[Row]:
    """One in sixteen sentences of the corpus, by the hash of the title, so that it is the same sample everywhere."""
    for file in sorted(path.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if hashed(row["title"]) % _ONE_IN == 0:
                yield row | {"id": row["title"], "alert": _ALERTS.get(row["event"])}


# --- printing


def measured(name: str, rows: list[Row]) -> Figures:
    """Measure a set and print what came of it."""
    print(f"\n== {name}: {len(rows)} items")
    theirs, _ = answered(rows, keywords)
    ours, seconds = answered(rows, product)
    print_alerts("keywords", figures(rows, theirs))
    found = figures(rows, ours)
    print_alerts("product", found)
    print(f"{'product':9s} {1e6 * seconds / max(1, len(rows)):.0f} µs an item, event right {found['event']['share']:.3f}")
    for kind, one in found["events"].items():
        print(f"   {kind:16s} {_rates(one)}")
    for key, what in _SHARES:
        if key in found and found[key]["of"]:
            print(f"   {what}: {found[key]['share']:.3f} of {found[key]['of']}")
    wrong = confusions(rows, ours, _CONFUSIONS)
    if wrong:
        print("   confused: " + "; ".join(f"{gold} told as {said} {count}×" for gold, said, count in wrong))
    return found


_SHARES = (
    ("supplier", "supplier right where one is named"),
    ("supplier_found", "supplier named where there is one"),
    ("public_body", "public body right where one is named"),
    ("public_body_found", "public body named where there is one"),
    ("value", "value right where one is stated"),
    ("value_told", "value right where one is told"),
    ("invented", "value told where none is stated"),
    ("negatives", "negatives that alert"),
    ("tempting", "tempting negatives that alert"),
)


def answered(rows: Sequence[Row], method: Callable[[Row], Row]) -> tuple[list[Row], float]:
    """The answers of a method, and its seconds."""
    started = time.process_time()
    answers = [method(row) for row in rows]
    return answers, time.process_time() - started


def print_alerts(who: str, found: Figures) -> None:
    """One line for each alert class."""
    for kind, one in found["alerts"].items():
        print(f"{who:9s} {kind:10s} {_rates(one)}")
    if "tempting" in found:
        print(f"{who:9s} tempting negatives that alert: {found['tempting']['share']:.3f} of {found['tempting']['of']}")


def _rates(one: Figures) -> str:
    return (
        f"precision {one['precision']:.3f}  recall {one['recall']:.3f}  F1 {one['f1']:.3f}   ({one['told']} told, {one['there']} to tell)"
    )


# --- the gate


def gate(now: dict[str, Figures], kept: dict[str, Figures]) -> list[str]:
    """What fell by more than a point, as sentences; sets that could not be measured here are passed over."""
    found = []
    for name, before in kept.items():
        fallen = falls(before, now[name]) if name in now else []
        if fallen and before["items"] != now[name]["items"]:
            found.append(
                f"{name}: {before['items']} items are kept and {now[name]['items']} measured now, so it may be they that are harder"
            )
        found += [f"{name}: {fall}" for fall in fallen]
    return found


def keep(now: dict[str, Figures], kept: dict[str, Figures], path: Path) -> None:
    """Write the figures, with those of sets that could not be measured here as they were."""
    path.write_text(json.dumps(kept | now, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"\nkept in {path}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure, print, compare or keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="?", help="labelled headlines, JSON Lines")
    parser.add_argument("--language", help="only these of GOLD, neither compared nor kept (all: every language)")
    parser.add_argument("--part", choices=["all", "visible", "unread"], help="only this part of GOLD, neither compared nor kept")
    parser.add_argument("--update", action="store_true", help="keep the figures instead of comparing them")
    parser.add_argument("--kept", type=Path, default=KEPT)
    parser.add_argument("--cases", type=Path, default=HERE.parent / "tests" / "data" / "cases")
    parser.add_argument("--corpus", type=Path, default=HERE / "corpus")
    options = parser.parse_args(arguments)
    product({"id": "", "title": "Council awards Serco contract"})  # the rule files are read once, outside the clock
    if options.gold and (options.language or options.part):
        measured(
            f"{options.language or 'en'}, {options.part or 'all'}", chosen(options.gold, options.language or "en", options.part or "all")
        )
        return 0
    now: dict[str, Figures] = {}
    if options.gold and options.gold.exists():
        now = {name: measured(name, rows) for name, rows in labelled(options.gold)}
    else:
        print(f"{options.gold or 'the labelled headlines'}: not here, so only the project's own sentences are measured")
    print(
        "\nThe project's own sentences: rules and weights come from them, so these figures guard against regressions and measure nothing."
    )
    now |= {name: measured(name, rows) for name, rows in own(options.cases, options.corpus) if rows}
    kept = json.loads(options.kept.read_text(encoding="utf-8")) if options.kept.exists() else {}
    if options.update:
        keep(now, kept, options.kept)
        return 0
    if not kept:
        print(f"\nnothing is kept in {options.kept} yet: --update keeps these")
    fallen = gate(now, kept)
    print(f"\nfigures that fell by more than a point against {options.kept.name}:", *(fallen or ["none"]), sep="\n   ")
    if fallen:
        print("Where that is meant, keep the new figures with --update.", file=sys.stderr)
    return 1 if fallen else 0


def chosen(gold: Path, language: str, part: str) -> list[Row]:
    """The labelled items of a language and a part."""
    rows = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if language in ("all", row["lang"]) and (part == "all" or unread(row["id"]) == (part == "unread"))]


if __name__ == "__main__":
    sys.exit(main())
