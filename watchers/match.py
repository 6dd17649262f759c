"""Watched names in texts: one automaton for all watches, whole words, and a flag on names written with borrowed letters.

Texts are searched as rows of folded words joined by blanks, so punctuation, hyphens, possessives, typographic variants and accents need
no rules of their own. Names of four letters or fewer and acronyms keep their case ("EY" is not "ey", "Met" not "met"). Built for 100,000
watches: one pass over a text whatever their number.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

import ahocorasick_rs

from watchers.names import ARABIC_PREFIXES, HIDDEN, decorative, fold, folded, normal_name, normal_words, skeletons, words, written
from watchers.types import Match, Party, Role, Watch

_Added = TypeVar("_Added")

FLAG = "look-alike letters"
PARTNER = "\x1f"  # behind the id of a pair: its second side. A pair matches when both do (``watchers.concern``)
_SHORT = 4  # letters: such names keep their case
_LEAST = 2  # letters: shorter names are refused
_UNBROKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_BORDER = re.compile(r"[;:!?]|\.\s+[^\W\d_]")


# Marks that only part words: a text that has no other characters beyond ASCII is searched the quick way, byte by byte.
_LETTERS_BEYOND = re.compile(r"[^\x00-\x7f‘’“”«»–—…•£€\u00a0\u2009\u202f]")
_BLANKED = bytes(byte if chr(byte).isalnum() or chr(byte) == "&" else ord(" ") for byte in bytes(range(128)).lower()).ljust(256)


@dataclass(frozen=True, slots=True)
class Mention:
    """A watched name in a text: which sides of watches it belongs to, where it stands (code points), whether its letters are borrowed."""

    watches: tuple[str, ...]
    start: int
    end: int
    flag: str | None = None


class _Pattern(NamedTuple):  # a plain tuple: 100,000 of them are made and compared
    watch: str
    cased: tuple[str, ...]  # the words as they must be written; empty: any case


class Matcher:
    """All watches at once. Immutable; build a new one when the watches change.

    What is found are sides: a watch that names one organisation is its own only side, the second of a pair is its id and ``PARTNER``.
    """

    def __init__(self, watches: Sequence[Watch]) -> None:
        self.selective = {watch.id: watch for watch in watches if _selective(watch)}  # a name alone does not decide
        self.unnamed = tuple(watch for watch in watches if watch.organisation is None)
        self._roles: dict[str, Role] = {}
        self._patterns: list[list[_Pattern]] = []
        self._names: dict[str, list[str]] = defaultdict(list)
        self._identifiers: dict[str, list[str]] = defaultdict(list)
        index: dict[str, int] = {}
        for watch in watches:
            for side, (organisation, role) in zip((watch.id, watch.id + PARTNER), watch.sides, strict=False):
                self._roles[side] = role
                for identifier in organisation.identifiers:
                    self._identifiers[_identifier(identifier)].append(side)
                for name in (organisation.name, *organisation.aliases):
                    self._add(side, name, index)
        self._keys = list(index)
        self._automaton = (
            ahocorasick_rs.AhoCorasick(self._keys, matchkind=ahocorasick_rs.MatchKind.Standard, store_patterns=False) if index else None
        )

    def _add(self, watch: str, name: str, index: dict[str, int]) -> None:
        run = written(name)
        parts = [one for word in run if (one := fold(word))]
        letters = "".join(parts)
        if len(letters) < _LEAST or not any(char.isalpha() or char.isdigit() for char in letters):
            return  # a name of one letter or none would match everything; the commands refuse it too
        key = normal_words(parts)
        _append(self._names[key], watch)
        pattern = _Pattern(watch, _cased(run))
        for spelled in _spellings(name, parts, key):
            slot = index.setdefault(spelled, len(self._patterns))
            if slot == len(self._patterns):
                self._patterns.append([])
            _append(self._patterns[slot], pattern)

    def mentions(self, text: str) -> list[Mention]:
        """Every watched name in ``text``, longest first where two begin at one place, in order of the text."""
        if self._automaton is None or not text:
            return []
        source, shift = _unescaped(text)
        if (source.isascii() or not _LETTERS_BEYOND.search(source)) and not self._automaton.find_matches_as_indexes(_line(source)):
            return []  # nearly every text ends here, before any offset is computed
        found: dict[tuple[int, int], tuple[dict[str, None], bool]] = {}
        tokens = words(source)
        self._search(source, tokens, [fold(word) for _, _, word in tokens], found, flagged=False)
        if not source.isascii():
            self._search_skeletons(source, tokens, found)
        return _longest(found, shift)

    def _search(
        self,
        text: str,
        tokens: list[tuple[int, int, str]],
        row: list[str],
        found: dict[tuple[int, int], tuple[dict[str, None], bool]],
        *,
        flagged: bool,
    ) -> None:
        assert self._automaton is not None
        line = " " + " ".join(row) + " "
        hits = self._automaton.find_matches_as_indexes(line, overlapping=True)
        if not hits:
            return
        starts, position = [], 1
        for word in row:
            starts.append(position)
            position += len(word) + 1
        for pattern, start, end in hits:
            begin = start + 1 if line[start] == " " else start
            unbroken = bool(_UNBROKEN.match(line[end - 1]))
            if line[end : end + 1] != " " and not unbroken:
                continue
            first, last = bisect_right(starts, begin) - 1, bisect_right(starts, end - 1) - 1
            run = tokens[first : last + 1]
            if any(_BORDER.search(text[left[1] : right[0] + 1]) for left, right in pairwise(run)):
                continue
            tricky = flagged or (
                any(HIDDEN.search(word) or skeletons(word) for _, _, word in run if not word.isascii()) and not _own_script(run)
            )
            owners = [one.watch for one in self._patterns[pattern] if not one.cased or _case_fits(one.cased, run)]
            if owners:
                span = (
                    run[0][0] + (begin - starts[first] if unbroken else 0),
                    run[-1][1] - (0 if not unbroken else starts[last] + len(row[last]) - end),
                )
                known, was_flagged = found.get(span, ({}, tricky))
                found[span] = ({**known, **dict.fromkeys(owners)}, tricky and was_flagged)

    def _search_skeletons(
        self, text: str, tokens: list[tuple[int, int, str]], found: dict[tuple[int, int], tuple[dict[str, None], bool]]
    ) -> None:
        """Searches again as the look-alike letters read, once for each reading."""
        readings = [skeletons(word) for _, _, word in tokens]
        for number in range(max((len(one) for one in readings), default=0)):
            row = [one[min(number, len(one) - 1)] if one else fold(word) for one, (_, _, word) in zip(readings, tokens, strict=True)]
            extra: dict[tuple[int, int], tuple[dict[str, None], bool]] = {}
            self._search(text, tokens, row, extra, flagged=True)
            for span, (owners, _) in extra.items():
                inside = [word for start, end, word in tokens if span[0] <= start and end <= span[1]]
                if span not in found and any(skeletons(word) for word in inside):
                    found[span] = (owners, True)

    def expected(self, watches: Iterable[str]) -> Role:
        """The role that all of the watches watch for; ``EITHER`` when they differ."""
        roles = {self._roles[watch] for watch in watches}
        return roles.pop() if len(roles) == 1 else Role.EITHER

    def watching(self, watches: Iterable[str], role: Role) -> tuple[str, ...]:
        """Those of the watches that watch for an organisation in this role."""
        return tuple(watch for watch in watches if self._roles[watch] in (role, Role.EITHER))

    def parties(self, parties: Sequence[Party], role: Role) -> tuple[Match, ...]:
        """The watches of parties of an official notice: by identifier, else by the exact normalised name or alias."""
        matches: dict[str, Match] = {}
        for party in parties:
            for identifier in party.identifiers:
                for watch in self.watching(self._identifiers.get(_identifier(identifier), ()), role):
                    matches.setdefault(watch, Match(watch=watch, role=role, proof=identifier, span=party.span))
            for watch in self.watching(self._names.get(normal_name(party.name), ()), role):
                matches.setdefault(watch, Match(watch=watch, role=role, proof=party.name, span=party.span))
        return tuple(matches.values())


def watch_of(side: str) -> str:
    """The id of the watch that a side belongs to."""
    return side.removesuffix(PARTNER)


def _selective(watch: Watch) -> bool:
    return bool(watch.partner is not None or watch.area or watch.direct or watch.without)


def _append(found: list[_Added], one: _Added) -> None:
    """Adds what does not stand there last: a watch comes once for all of its names, so this keeps nearly every double out, at no cost."""
    if not found or found[-1] != one:
        found.append(one)


def _line(text: str) -> str:
    """A text without letters beyond ASCII as the row of words it is searched as."""
    row = text.encode("ascii", "replace").translate(_BLANKED).replace(b"&", b" and ").split()
    return f" {b' '.join(row).decode('ascii')} "


def _identifier(identifier: str) -> str:
    """Registers print one number with and without blanks, leading zeros kept: "GB-COH-07042994"."""
    return re.sub(r"\s", "", identifier).casefold()


def _spellings(name: str, parts: list[str], key: str) -> list[str]:
    """The rows of words a name is searched as: as it is, without its legal form (``key``), "ue" for "ü", with Arabic prefixes."""
    plain = " ".join(parts)
    rows = {plain: None, key: None}
    if name.isascii():
        return [" " + row for row in rows if row]
    if name.translate(_UMLAUTS) != name:
        rows[" ".join(folded(name.translate(_UMLAUTS)))] = None
    spelled = []
    for row in rows:
        if not row:
            continue
        if _UNBROKEN.match(row):
            spelled.append(row)
            continue
        spelled.append(" " + row)
        if _ARABIC.match(row):
            spelled += [f" {prefix}{row}" for prefix in ARABIC_PREFIXES]
    return spelled


def _cased(run: Sequence[str]) -> tuple[str, ...]:
    """The words whose case must be kept: those of a short name and of an acronym."""
    letters = "".join(run)
    short = len(letters) <= _SHORT
    if not short and (len(run) != 1 or len(letters) > _SHORT + 2 or not letters.isupper()):
        return ()
    return tuple(run) if letters.isascii() and any(char.isalpha() for char in letters) else ()


def _case_fits(cased: tuple[str, ...], run: list[tuple[int, int, str]]) -> bool:
    """The words as watched, or all in capitals as some headlines print them."""
    written = tuple(word for _, _, word in run)
    if written == cased or not all(word.isascii() for word in written):
        return True
    return written == tuple(word.upper() for word in cased)


def _own_script(run: list[tuple[int, int, str]]) -> bool:
    """Whether the words use no Latin letter at all and hide nothing: a name in its own script is not a look-alike."""
    text = "".join(word for _, _, word in run)
    return (
        not HIDDEN.search(text)
        and not any(char.isascii() and char.isalpha() for char in text)
        and not any(decorative(char) for char in text)
    )


def _unescaped(text: str) -> tuple[str, dict[int, int]]:
    """The text with doubly escaped entities read, and where each of its offsets lies in the original (empty: the same)."""
    if "&" not in text or ";" not in text:
        return text, {}
    pieces: list[str] = []
    places: list[int] = []
    last = 0
    for hit in re.finditer(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);", text):
        pieces.append(text[last : hit.start()])
        places += range(last, hit.start())
        value = html.unescape(hit.group())
        pieces.append(value)
        places += [hit.start()] * len(value)
        last = hit.end()
    if not last:
        return text, {}
    pieces.append(text[last:])
    places += range(last, len(text) + 1)
    return "".join(pieces), dict(enumerate(places))


def _longest(found: dict[tuple[int, int], tuple[dict[str, None], bool]], shift: dict[int, int]) -> list[Mention]:
    """All mentions in order of the text; of two that begin together the longer comes first."""
    ordered = sorted(found.items(), key=lambda one: (one[0][0], -one[0][1]))
    return [
        Mention(tuple(owners), shift.get(start, start), shift.get(end, end), FLAG if flagged else None)
        for (start, end), (owners, flagged) in ordered
    ]
