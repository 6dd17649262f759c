"""What counts as a source correcting itself: a fact that people were told of, and not its words.

Invariants: pure; whoever only rewrites, spells right, adds or shortens changes no fact.

1. The event: another class of event, or that it has not happened after all. An article that goes on from an award to its cancellation does
   not correct itself, it goes on: that is told as what it is.
2. The sum, where both can be compared and the old one no longer stands in the text: a text that grew may lead us to another of its sums,
   which is our reading and not its fact. Sums within two per cent are one, more or less exactly told.
3. Supplier and public body, where no name of the one side is a name of the other and the old one no longer stands in the text.
4. A withdrawal says so in words (``rules/threads.toml``), or is a notice by which the register takes back an earlier edition of it: not the
   contract is cancelled then, only what was published about it. That an entry is gone from a feed is none: feeds show their newest entries,
   and everything leaves them in time.

Tried and rejected: taking an edit after which nothing is understood for a withdrawal (headlines are rewritten to questions, and most of
these edits were that).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from watchers.names import folded
from watchers.notice_events import decide
from watchers.notice_facts import award_ids
from watchers.notice_rules import notice_rules
from watchers.parsers.ocds import text_of
from watchers.stories.told import names, same_party
from watchers.types import AlertClass, Entry, EventKind, Facts, Money, Party

__all__ = ["Corrections"]

PATH = Path(__file__).parent / "rules" / "threads.toml"

_CLASSES = sorted({str(kind.alert or kind) for kind in EventKind})
_REFINED = Decimal("0.02")
_NUMBER = re.compile(r"(?P<first>\d+)-(?P<year>\d{4})")
_NUMBERED = re.compile(r"(?P<stem>.+)-(?P<edit>\d+)")


class Corrections:
    """The rules of corrections, in the shape that the store asks for (``watchers.types.CorrectionRules``)."""

    def changed(self, before: Facts, after: Facts, entry: Entry) -> tuple[str, ...]:
        """The fields of ``Facts`` that a source has changed, by what its new text says."""
        return _changed(before, after, entry)

    def withdrawal(self, entry: Entry) -> str | None:
        """The words that take the entry back, or the notice that it is an edition of."""
        return _withdrawal(entry)

    def withdrawn(self, entry: Entry) -> tuple[str, ...]:
        """Keys of stories (``Stories.keys``) that rest on the notice which an official withdrawal takes back."""
        if entry.release is None or not decide(entry.release).withdraws:
            return ()
        process = text_of(entry.release.get("ocid"))
        return tuple(f"a:{kind}:{process}:{award}" for kind in _CLASSES for award in award_ids(entry.release))

    def newer(self, number: str, than: str) -> bool:
        """Whether a notice is a later one: "032703-2026" by year and number, "<id>-3" of Contracts Finder by the number of its edit."""
        return _newer(number, than)


def _changed(before: Facts, after: Facts, entry: Entry) -> tuple[str, ...]:
    found = []
    if _other_event(before.event, after.event):
        found.append("event")
    text = " ".join(folded(f"{entry.title}\n{entry.summary}"))
    if _other_sum(before.value, after.value, f"{entry.title}\n{entry.summary}"):
        found.append("value")
    if _other_party(before.suppliers, after.suppliers, text):
        found.append("suppliers")
    if _other_party(before.public_bodies, after.public_bodies, text):
        found.append("public_bodies")
    return tuple(found)


def _other_event(before: EventKind, after: EventKind) -> bool:
    if (before.alert or before) == (after.alert or after):
        return False
    return not (after.alert is AlertClass.CANCELLED and before.happens)


def _other_sum(before: Money | None, after: Money | None, text: str) -> bool:
    if before is None or after is None:
        return False
    if before.printed and _spaceless(before.printed) in _spaceless(text):
        return False
    if before.currency != after.currency:
        return True
    if before.basis and after.basis and before.basis != after.basis:
        return False
    return abs(before.amount - after.amount) > max(before.amount, after.amount) * _REFINED


def _spaceless(text: str) -> str:
    return "".join(text.casefold().split())


def _other_party(before: Sequence[str], after: Sequence[str], text: str) -> bool:
    ours, theirs = (names([Party(name=name) for name in side]) for side in (before, after))
    if same_party(ours, theirs) is not False:
        return False
    return not any(name in text for name in (" ".join(folded(one)) for one in before) if name)


def _withdrawal(entry: Entry) -> str | None:
    if entry.release is not None:
        return notice_rules().reasons["cancel"] if decide(entry.release).withdraws else None
    marks, phrases = _patterns()
    if marks.search(entry.title):
        return entry.title
    for text in (entry.title, entry.summary):
        if found := phrases.search(text):
            return found[0]
    return None


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = tomllib.loads(PATH.read_text(encoding="utf-8"))["withdrawal"]
    marks, phrases = (re.compile("|".join(f"(?:{one})" for one in table[name]), re.IGNORECASE) for name in ("marks", "phrases"))
    return marks, phrases


def _newer(number: str, than: str) -> bool:
    one, other = _NUMBER.fullmatch(number), _NUMBER.fullmatch(than)
    if one and other:
        return (int(one["year"]), int(one["first"])) > (int(other["year"]), int(other["first"]))
    one, other = _NUMBERED.fullmatch(number), _NUMBERED.fullmatch(than)
    return bool(one and other and one["stem"] == other["stem"] and int(one["edit"]) > int(other["edit"]))
