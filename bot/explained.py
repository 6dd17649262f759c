"""The path of a decision (``watchers.explain``) as lines a person reads on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_MARGIN = "  "
_PARTS = {"supplier": "supplier", "public_body": "public body", "value": "value"}
_FIELDS = {"t": "title", "s": "summary"}
_SHAPES: dict[str, Callable[[str], str]] = {"1": str, "2": str, "3": str, "w": str, "ww": str, "k": lambda pair: pair.replace(" ", " … ")}


def explained(answer: dict[str, Any], path: dict[str, Any]) -> Iterator[str]:
    """The lines for one record: what was answered, then why. Texts are shown as they are, without control characters."""
    alert = f"alert: {answer['alert']}" if answer["alert"] else "no alert"
    yield _plain(f"{answer['id']}: {alert}; event: {answer['event']}" + (f"; rule: {path['rule']}" if path["rule"] else ""))
    for line in (*_language(path), *_notice(path), *_sentences(path), *_clauses(path), *_judged(path), *_parts(path), *_watches(path)):
        yield _MARGIN + _plain(line)


def _language(path: dict[str, Any]) -> Iterator[str]:
    if "language" not in path:
        return
    language = path["language"]
    read_as = f"read as {language['read_as']}" if language["read_as"] else "not read"
    yield f"language: {read_as}: {language['why']}"
    for name, seen in language["seen"].items():
        words = ", ".join(f"“{word.strip()}”" for word in (*seen["contract_words"], *seen["small_words"]))
        yield f"{_MARGIN}{name}: {words}"


def _notice(path: dict[str, Any]) -> Iterator[str]:
    if "notice" not in path:
        return
    notice = path["notice"]
    yield f"official notice {notice['type']}" + (f" of process {notice['process']}" if notice["process"] else "")
    yield f"rule of the table: {notice['rule']}: {path['event']}"
    yield f"value taken from: {notice['value_from']}"
    if notice["suppliers_missing"]:
        yield "names no supplier: earlier notices of the process may"
    if notice["reason"]:
        yield f"reason stated: {notice['reason']}"


def _sentences(path: dict[str, Any]) -> Iterator[str]:
    for number, sentence in enumerate(path.get("sentences", ()), 1):
        yield f"sentence {number} ({sentence['field']}): {sentence['text']}"


def _clauses(path: dict[str, Any]) -> Iterator[str]:
    if "clauses" in path and not path["clauses"]:
        yield "clauses: no word for an event with a contract beside it"
    for clause in path.get("clauses", ()):
        about = f" about “{clause['contract']}”" if clause["contract"] else ""
        yield f"clause: “{clause['word']}” ({clause['field']}){about}: {clause['frame']}, {clause['mood']}: {clause['why']}"
        named = [
            f"{_PARTS[part]} {name}" for part, key in (("supplier", "suppliers"), ("public_body", "public_bodies")) for name in clause[key]
        ]
        if named:
            yield f"{_MARGIN}{', '.join(named)}"
        if clause["refused"]:
            yield f"{_MARGIN}refused: {clause['refused']}"


def _judged(path: dict[str, Any]) -> Iterator[str]:
    if "grammar" in path:
        said = path["grammar"]
        yield f"grammar: {said['event']} by {said['rule']}" if said else "grammar: tells nothing of a contract"
    if "grammar_refused" in path:
        yield f"{_MARGIN}{path['grammar_refused']}"
    if "weights" not in path:
        return
    weights = path["weights"]
    yield "weights: " + ", ".join(f"{kind} {chance:.2f}" for kind, chance in weights["chances"].items())
    verdict = "enough" if weights["enough"] else "too little"
    yield f"{_MARGIN}{weights['asked']} has {weights['has']:.2f} and needs {weights['needs']:.2f}, because {weights['because']}: {verdict}"
    for side, name in ((1, "for"), (-1, "against")):
        loud = [f"{_feature(one['feature'])} {one['weight']:+.2f}" for one in weights["loudest"] if one["weight"] * side > 0]
        if loud:
            yield f"{_MARGIN}loudest {name} it: {'; '.join(loud)}"


def _feature(name: str) -> str:
    """A feature of ``watchers.text.features`` in words where there are any: "title “win.s … BODY”"; the others stay as they are."""
    field, kind, rest = _FIELDS.get(name[:1]), *name[1:].partition(" ")[::2]
    if field is None or not rest or kind not in _SHAPES:
        return name
    return f"{field} “{_SHAPES[kind](rest)}”"


def _parts(path: dict[str, Any]) -> Iterator[str]:
    for part in path["parts"]:
        registered = f" ({', '.join(part['identifiers'])})" if part.get("identifiers") else ""
        where = f", in the {part['stands_in']}" if part.get("stands_in") else ""
        yield f"{_PARTS[part['part']]}: {part['name']}{registered}{where}, named by the {part['named_by']}"


def _watches(path: dict[str, Any]) -> Iterator[str]:
    for watch in path["watches"]:
        yield f"watch {watch['watch']}: {'matches' if watch['matched'] else 'does not match'}: “{watch['named']}” {watch['why']}"


def _plain(line: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in line)
