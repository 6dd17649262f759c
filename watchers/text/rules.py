"""The rule files of one language as one object: words with their parts of speech, verbs with their frames, patterns.

Everything that is true of a language stands in ``rules/<language>/*.toml``; this module only reads it. A word is *coded*: the set of
tables it stands in gets one private character, so a sentence becomes a string and a pattern over words becomes a regular expression
over that string (``<propose> <n>{0,5} <to>``).
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import ahocorasick_rs

from watchers.exceptions import RuleError
from watchers.text.money import MoneyReader
from watchers.types import EventKind

FOLDER = Path(__file__).parent.parent / "rules"
FORMS = "bsdpg"  # base, present, past, participle, -ing
UNKNOWN = frozenset({"n"})


@dataclass(frozen=True, slots=True)
class Frame:
    """What a group of verbs says and which parts stand where."""

    name: str
    event: EventKind
    proposed: EventKind
    needs: str
    subject: str
    passive: str
    object: str


@dataclass(frozen=True, slots=True)
class Mood:
    """A pattern that, standing before an event's word, decides whether the event has happened."""

    name: str
    pattern: re.Pattern[str]
    result: str
    forms: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """Words that make a contract something else, with the reason people are shown."""

    name: str
    words: frozenset[str]


class Rules:
    """One language. ``tags(word)`` are the tables it stands in; ``frame(word)`` what it says as a verb, ``forms`` in which inflection."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._tables: dict[str, set[str]] = defaultdict(set)
        self.frames: dict[str, Frame] = {}
        self.verbs: dict[str, tuple[Frame, str]] = {}
        self.nominals: dict[str, Frame] = {}
        lexicon = _read(language, "lexicon.toml")
        stems = " ".join(lexicon.pop("stems").values()).split()
        self._stems = ahocorasick_rs.AhoCorasick([stem.replace("_", " ") for stem in stems])
        self._read_lexicon(lexicon)
        self._read_verbs(_read(language, "verbs.toml"))
        nominals = _read(language, "nominals.toml")
        self._read_nominals(nominals)
        blockers = _read(language, "blockers.toml")
        self.explains = re.compile("|".join(sorted(map(re.escape, words(blockers["shapes"]["within"])))))
        pointers = "|".join(sorted(map(re.escape, words(blockers["shapes"]["pointers"]))))
        self.desk = re.compile(rf"(?:{'|'.join(map(str.upper, words(blockers['shapes']['desks'])))})(?: \d+)?-(?=\w)")
        self.pointers = re.compile(rf"[•▪■]\s*(?:{pointers})\s*:[^•▪■]*", re.IGNORECASE)
        self.labels = words(blockers["shapes"]["labels"])
        self.blockers, self.starts, self.asks = _blockers(blockers)
        self._read_names(_read(language, "bodies.toml"), _read(".", "suppliers.toml"), _read(".", "uk_councils.toml"))
        self.roles = _read(language, "roles.toml")
        self.money = MoneyReader(_read(language, "money.toml"))
        self.listed = {word: frozenset(tags) for word, tags in self._tables.items()}
        self.codes = self._number()
        self.phrases = self._phrases()
        self.moods = tuple(self._mood(entry) for entry in _read(language, "moods.toml")["mood"])
        self.heads = {head: name for name, text in nominals["heads"].items() for head in words(text)}
        self.announces = words(nominals["happened"]["verbs"])
        self.prepositions: dict[str, str] = self.roles["prepositions"]
        descriptors = self.roles["descriptors"]
        self.descriptors = words(descriptors["before"])
        self.not_itself_after = words(descriptors["not_itself_after"])
        self.not_itself_before = words(descriptors["not_itself_before"])
        self.glued = _glued(descriptors)

    def _read_lexicon(self, tables: dict[str, Any]) -> None:
        for section, rows in tables.items():
            for tag, text in rows.items():
                name = f"generic_{tag}" if section == "generic" and tag != "works" else tag
                for word in words(text):
                    self._tables[word].add(name)
                    if section in {"contract", "generic", "terms", "goods"} or tag in {
                        "det",
                        "gen",
                        "noun",
                        "quantity",
                        "workers",
                        "candidate",
                        "pronoun",
                    }:
                        self._tables[word].add("n")
                    if section == "contract":
                        self._tables[word].add("paper")

    def _read_verbs(self, frames: dict[str, Any]) -> None:
        for name, row in frames.items():
            frame = Frame(
                name,
                EventKind(row["event"]),
                EventKind(row["proposed"]),
                row["needs"],
                row["subject"],
                row["passive"],
                row.get("object", "contract"),
            )
            self.frames[name] = frame
            for line in row["verbs"].split("\n"):
                for form, spellings in zip(FORMS, line.strip().split("/"), strict=False):
                    for spelling in spellings.split(",") if spellings else ():
                        word = spelling.replace("_", " ")
                        known = self.verbs.get(word)
                        if known is None or known[0] is frame:
                            self.verbs[word] = (frame, (known[1] if known else "") + form)
                        self._tables[word] |= {"ev", f"form_{form}"}

    def _read_nominals(self, rows: dict[str, Any]) -> None:
        for name, text in rows["nominal"].items():
            for word in words(text):
                self.nominals[word] = self.frames[name]
                self._tables[word] |= {"nominal", "n"}

    def _read_names(self, bodies: dict[str, Any], suppliers: dict[str, Any], councils: dict[str, Any]) -> None:
        self.body_names = words(bodies["names"]["exact"], fold=False) | words(bodies["names"]["offices"], fold=False)
        self.place_names = words(bodies["names"]["places"], fold=False)
        self.council_places = words(councils["names"]["places"], fold=False)
        self.private_names = words(suppliers["names"]["private"], fold=False)
        self.supplier_names = words(suppliers["names"]["exact"], fold=False) | self.private_names
        agencies = product(words(bodies["kinds"]["national_head"], fold=False), words(bodies["kinds"]["nation"], fold=False))
        self.body_names |= {f"{head} {nation}" for head, nation in agencies}
        for group in _read(".", "public_bodies.toml").values():
            self.body_names |= words(group["names"], fold=False)
        self.body_tails = words(bodies["kinds"]["tail"], fold=False)
        self.lower_tails = words(bodies["kinds"]["lower_tail"])
        self.body_heads = words(bodies["kinds"]["head"], fold=False)

    def _number(self) -> dict[frozenset[str], str]:
        """Every set of tables a word can have, with its character (private use area)."""
        sets = {frozenset(tags) for tags in self._tables.values()} | {UNKNOWN, frozenset({"stop"}), frozenset({"n", "num"})}
        return {tags: chr(0xE000 + index) for index, tags in enumerate(sorted(sets, key=sorted))}

    def _phrases(self) -> dict[str, list[str]]:
        """First word → phrases beginning with it (lower case, longest first), of the lexicon and of the names."""
        phrases: dict[str, set[str]] = defaultdict(set)
        names = self.body_names | self.place_names | self.supplier_names | self.council_places | self.body_tails | self.lower_tails
        for phrase in {*self._tables, *(name.lower() for name in names)}:
            parts = phrase.replace("'s", " 's")
            if " " in parts:
                phrases[parts.split(" ", 1)[0]].add(parts)
        return {first: sorted(rest, key=len, reverse=True) for first, rest in phrases.items()}

    def _mood(self, row: dict[str, Any]) -> Mood:
        return Mood(row["name"], self.compile(row["before"] + "$"), row["result"], row.get("forms", FORMS + "n"))

    def may_tell(self, text: str) -> bool:
        """Whether a text holds a stem without which it tells of no contract; most entries of a news feed end here, after microseconds."""
        return bool(self._stems.find_matches_as_indexes(text.lower()))

    def tags(self, word: str) -> frozenset[str]:
        """The tables ``word`` (lower case) stands in; a word nobody listed is part of a noun phrase."""
        return self.listed.get(word, UNKNOWN)

    def compile(self, pattern: str) -> re.Pattern[str]:
        """A pattern over words as a regular expression over codes: ``<a|b>`` a word of either table, ``<!a|b>`` of neither."""

        def one(hit: re.Match[str]) -> str:
            negated, names = hit[1] == "!", frozenset(hit[2].split("|"))
            unknown = names - {tag for tags in self.codes for tag in tags}
            if unknown:
                raise RuleError(
                    f"the pattern {pattern!r} names the tables {sorted(unknown)}, which lexicon.toml has not", about=self.language
                )
            chosen = "".join(code for tags, code in self.codes.items() if bool(tags & names) != negated)
            return f"[{chosen}]"

        return re.compile(re.sub(r"<(!?)([\w|]+)>", one, pattern).replace(" ", ""))


def words(text: str, *, fold: bool = True) -> frozenset[str]:
    """The words and phrases of a table: blanks divide, ``_`` joins."""
    return frozenset((word.casefold() if fold else word).replace("_", " ") for word in text.split())


def _glued(rows: dict[str, str]) -> re.Pattern[str]:
    """What, glued to a name by a hyphen, makes it somebody else: "Palantir-backed", "ex-Palantir"."""
    return re.compile(rf"-(?:{'|'.join(rows['glued_after'].split())})$|^(?:{'|'.join(rows['not_itself_before'].split())})-")


def _blockers(tables: dict[str, Any]) -> tuple[tuple[Blocker, ...], frozenset[str], str]:
    shapes = tables.pop("shapes")
    rows = tuple(Blocker(name, words(row["words"])) for name, row in tables.items())
    return rows, words(shapes["starts"]), shapes["asks"].replace("_", " ")


def _read(language: str, name: str) -> dict[str, Any]:
    path = FOLDER / language / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise RuleError(f"cannot be read ({error})", about=str(path.relative_to(FOLDER.parent.parent))) from error


@cache
def rules(language: str) -> Rules:
    """The rules of a language, read once a process."""
    return Rules(language)
