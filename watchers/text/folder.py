"""The rule files of one language that the clause reader reads: the same files as the English folder has, in a form any language can fill.

A word stands in tables ("det", "modal", "strong"); a verb is written once with its paradigm (``adjudic+ar``) or form by form with slashes.
What differs between languages is data: which letters begin a name, what is glued to the front of a word, which endings make a noun a
contract or a body, where the parts of an event stand.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from watchers.exceptions import RuleError
from watchers.names import fold
from watchers.text.money import MoneyReader
from watchers.text.rules import FOLDER, Frame
from watchers.types import EventKind

STOP, COMMA, NUMBER, NAME, PLAIN = (frozenset(tags) for tags in (("stop",), ("comma",), ("num", "n"), ("name", "n"), ("n",)))
_SPECIAL = (STOP, COMMA, NUMBER, NAME, PLAIN)


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb in one spelling: its frame, the forms the spelling can be, and the particle that must (or must not) stand further on."""

    frame: Frame
    forms: str
    particle: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """A pattern beside an event's word that decides whether it has happened; ``before`` ends at the word, ``after`` begins behind it."""

    name: str
    result: str
    forms: str
    frames: frozenset[str]
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None


class Folder:
    """One language. ``tags(word)`` are the tables of a word as ``low`` spells it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.writing: dict[str, Any] = self._read("language.toml")["writing"]
        self.capitals: str = self.writing["capitals"]
        self.prefixes: tuple[str, ...] = tuple(sorted(self.writing["prefixes"].split(), key=len, reverse=True))
        self.article: str = self.writing.get("article", "")
        self.low: Callable[[str], str] = fold if self.writing.get("fold") else _lower
        self._tables: dict[str, set[str]] = defaultdict(set)
        self._endings: dict[str, str] = {}
        self.frames: dict[str, Frame] = {}
        self.slots: dict[str, dict[str, str]] = {}
        self.verbs: dict[str, tuple[Verb, ...]] = {}
        self._read_lexicon(self._read("lexicon.toml"))
        self._read_verbs(self._read("verbs.toml"))
        self.verbless = Verb(self.frames["noun"], "f") if "noun" in self.frames else None
        nominals = self._read("nominals.toml")
        self.heads: dict[str, str] = {word: kind for kind, text in nominals["heads"].items() for word in self.words(text)}
        self._read_nominals(nominals["nominal"])
        self._read_names()
        self._read_blockers(self._read("blockers.toml"))
        roles = self._read("roles.toml")
        self.not_itself_before = self.words(roles["descriptors"]["not_itself_before"])
        self.not_itself_after = self.words(roles["descriptors"]["not_itself_after"])
        sums = self._read("money.toml")
        self.money = MoneyReader(sums)
        self.countries: dict[str, dict[str, str]] = {
            unit: {self.spelt(word.replace("_", " ")): currency for words, currency in row.items() for word in words.split() or [""]}
            for unit, row in sums.get("countries", {}).items()
        }
        self.ambiguous = re.compile(rf"{re.escape(sums['decimal'])}\d{{3}}(?!\d)")  # "1,200 millones" is 1.2 in Madrid, 1200 in Mexico
        self.tables = {word: frozenset(tags) for word, tags in self._tables.items()}
        sets = {*self.tables.values(), *_SPECIAL, *(frozenset({tag, "n"}) for tag in self._endings.values())}
        self.codes = {tags: chr(0xE000 + index) for index, tags in enumerate(sorted(sets, key=sorted))}
        self.phrases = self._phrases()
        self.signs = tuple(self._sign(row) for row in self._read("moods.toml")["mood"])

    def _read(self, name: str) -> dict[str, Any]:
        path = FOLDER / self.language / name
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise RuleError(f"cannot be read ({error})", about=f"rules/{self.language}/{name}") from error

    def words(self, text: str) -> frozenset[str]:
        """The words of a table as they are looked up: blanks divide, ``_`` joins."""
        return frozenset(self.spelt(word.replace("_", " ")) for word in text.split())

    def spelt(self, phrase: str) -> str:
        """A phrase as its tokens are joined: folded, an elided article apart ("appel d' offres")."""
        words = [self.low(part) for part in phrase.split()]
        pairs = [(one, word[len(one) :]) for word, one in ((word, self._elided(word)) for word in words)]
        return " ".join(part for pair in pairs for part in pair if part)

    def _elided(self, word: str) -> str:
        return next((prefix for prefix in self.prefixes if prefix[-1] == "'" and word.startswith(prefix)), "")

    def _read_lexicon(self, sections: dict[str, Any]) -> None:
        sections.pop("stems")
        for tag, text in sections.pop("endings", {}).items():
            self._endings.update(dict.fromkeys(text.split(), tag))
        self._exempt = self.words(sections.pop("exempt", {}).get("words", ""))
        for rows in sections.values():
            for tag, text in rows.items():
                for word in self.words(text):
                    self._tables[word].add(tag)
        for tags in self._tables.values():
            if tags & {"strong", "tender", "weak", "firm", "office", "works", "arms"}:
                tags.add("n")

    def _read_verbs(self, rows: dict[str, Any]) -> None:
        paradigms = rows.pop("paradigms", {})
        for name, row in rows.items():
            kinds = EventKind(row["event"]), EventKind(row["proposed"])
            frame = Frame(name, *kinds, row.get("needs", "contract"), row["subject"], row["passive"], row.get("object", "contract"))
            self.frames[name], self.slots[name] = frame, row.get("slots", {})
            for line in row["verbs"].split():
                for spelling, form in self._spellings(line, paradigms):
                    self._verb(spelling, form, frame)

    def _spellings(self, line: str, paradigms: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
        """``stem+paradigm``, or the spellings of each form between slashes in the order of ``forms``."""
        stem, plus, paradigm = line.partition("+")
        if plus:
            ends = paradigms[paradigm]
            return [(stem + ("" if end == "-" else end), form) for form, text in ends.items() for end in text.split()]
        parts = zip(line.split("/"), self.writing["forms"], strict=False)
        return [(spelling, form) for text, form in parts for spelling in text.split(",") if spelling]

    def _verb(self, spelling: str, form: str, frame: Frame) -> None:
        spelling, _, never = spelling.partition("!")
        spelling, _, particle = spelling.partition("~")
        particle = particle.replace("_", " ")
        word = next(iter(self.words(spelling)))
        known = self.verbs.get(word, ())
        same = next((verb for verb in known if (verb.frame, verb.particle) == (frame, particle)), None)
        if same is None and any(not verb.particle and not particle for verb in known):
            return  # the first frame has the word
        rest = tuple(verb for verb in known if verb is not same)
        more = Verb(frame, (same.forms if same else "") + form, particle, never or (same.never if same else ""))
        self.verbs[word] = tuple(sorted((*rest, more), key=lambda verb: not verb.particle))  # "zieht ... zurück" before a bare "zieht"
        self._tables[word] |= {"ev", f"form_{form}"}
        if frame.name == "build":  # words for what a firm does
            begins = tuple(prefix.replace("_", " ") for prefix in self.writing.get("future_begins", "").split())
            self._tables[word] |= {"does", "to_be"} if begins and word.startswith(begins) else {"does"}

    def _read_nominals(self, rows: dict[str, str]) -> None:
        for name, text in rows.items():
            for word in self.words(text):
                self.verbs.setdefault(word, (Verb(self.frames[name], "n"),))
                self._tables[word] |= {"ev", "n", "form_n"}

    def _read_names(self) -> None:
        bodies = self._read("bodies.toml")
        shared = tomllib.loads((FOLDER / "suppliers.toml").read_text(encoding="utf-8"))["names"]
        self.known: dict[str, str] = {}
        for kind, text in (
            ("place", bodies["names"]["places"]),
            ("supplier", f"{shared['exact']} {shared['private']} {bodies['names'].get('suppliers', '')}"),
            ("body", bodies["names"]["exact"]),
        ):
            self.known.update({self._exact(word): kind for word in text.split()})
        self.body_heads = self.words(bodies["kinds"]["head"])
        self.body_links = self.words(bodies["kinds"]["links"])
        self.made_public = self.words(bodies["kinds"].get("any_head", "")), self.words(bodies["kinds"].get("public_too", ""))
        self.body_ends: tuple[str, ...] = tuple(bodies["kinds"].get("endings", "").split())

    def _exact(self, word: str) -> str:
        """A gazetteer's name as a text is compared with it: case by case, or as the script folds."""
        spelt = word.replace("_", " ")
        return " ".join(fold(part) for part in spelt.split()) if self.writing.get("fold") else spelt

    def _read_blockers(self, tables: dict[str, Any]) -> None:
        shapes = tables.pop("shapes")
        self.starts = self.words(shapes["starts"])
        self.blockers = {word: name for name, row in tables.items() for word in self.words(row["words"])}

    def _phrases(self) -> dict[str, list[tuple[str, ...]]]:
        """First word → the longer phrases it begins, longest first, of the tables, the names and the blockers."""
        found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        names = (self.spelt(name) for name in self.known)
        for phrase in {*self.tables, *names, *self.body_heads, *self.blockers, *self.starts}:
            parts = tuple(phrase.split())
            if len(parts) > 1:
                found[parts[0]].add(parts)
        return {first: sorted(rest, key=len, reverse=True) for first, rest in found.items()}

    def tags(self, word: str) -> frozenset[str]:
        """The tables of a word; of an unlisted one those its ending or its bare form without article gives."""
        found = self.tables.get(word)
        if found is None and self.article and word.startswith(self.article):
            found = self.tables.get(word[len(self.article) :])
            if found is not None and "ev" in found and "form_n" not in found:
                found = None  # a noun spelt as a verb: "العدل" is justice and not "he changed"
        if found is None and self._endings and word not in self._exempt:
            found = next((frozenset({tag, "n"}) for end, tag in self._endings.items() if word.endswith(end)), None)
        return PLAIN if found is None else found

    def _sign(self, row: dict[str, str]) -> Sign:
        before, after = row.get("before"), row.get("after")
        return Sign(
            row["name"],
            row["result"],
            row.get("forms", self.writing["forms"] + "n"),
            frozenset(row.get("frames", "").split()),
            self._compile(f"{before}$") if before is not None else None,
            self._compile(after) if after is not None else None,
        )

    def _compile(self, pattern: str) -> re.Pattern[str]:
        """``<a|b>`` is a word of either table, ``<!a|b>`` of neither."""

        def one(hit: re.Match[str]) -> str:
            names = frozenset(hit[2].split("|"))
            unknown = names - {tag for tags in self.codes for tag in tags}
            if unknown:
                raise RuleError(f"the pattern {pattern!r} names the tables {sorted(unknown)}, which no file has", about=self.language)
            return f"[{''.join(code for tags, code in self.codes.items() if bool(tags & names) != (hit[1] == '!'))}]"

        return re.compile(re.sub(r"<(!?)([\w|]+)>", one, pattern).replace(" ", ""))


def _lower(word: str) -> str:
    return word.lower().replace("’", "'")


@cache
def folder(language: str) -> Folder:
    """The rules of a language, read once a process."""
    return Folder(language)
