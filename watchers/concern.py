"""Whom a finding concerns: what the matcher found by names, judged by all that each watch asks for.

The matcher finds sides: names in their roles. Here a pair needs both of its sides, a watch of an area a body of that place, one of direct
awards a notice that says so; what holds an excluded word does not count; and watches that name nobody get what fits the rest of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watchers.areas import in_area
from watchers.match import PARTNER, Matcher
from watchers.names import folded
from watchers.types import Entry, Finding, Match, Party, Role, Watch


def concerned(entry: Entry, finding: Finding, matcher: Matcher) -> Finding:
    """The finding with the watches it concerns in place of the sides that were found."""
    if not matcher.selective and not matcher.unnamed:
        return finding
    sides: dict[str, Match] = {}
    for one in finding.matches:
        sides.setdefault(one.watch, one)
    report = _Report(entry, finding)
    kept = [one for one in finding.matches if not one.watch.endswith(PARTNER) and one.watch not in matcher.selective]
    for number, first in sides.items():
        watch = matcher.selective.get(number)
        if watch is not None and report.why_not(watch) is None:
            second = sides.get(number + PARTNER)
            if watch.partner is None:
                kept.append(first)
            elif second is not None:
                kept.append(replace(first, proof=f"{first.proof}, {second.proof}", flag=first.flag or second.flag))
    if finding.event.happens:
        kept += [report.match(watch) for watch in matcher.unnamed if report.why_not(watch) is None]
    return replace(finding, matches=tuple(kept))


def why_not(entry: Entry, finding: Finding, watch: Watch) -> str | None:
    """Why a finding does not fit what a watch asks for beside its names, in words; None where it does."""
    return _Report(entry, finding).why_not(watch)


class _Report:
    """One finding, with what is computed of it at most once however many watches ask."""

    def __init__(self, entry: Entry, finding: Finding) -> None:
        self._entry = entry
        self._finding = finding
        self._row = ""
        self._bodies: dict[str, Party | None] = {}

    def why_not(self, watch: Watch) -> str | None:
        if watch.direct and (self._finding.notice is None or not self._finding.notice.direct_award):
            return "no notice says that it was awarded without competition"
        if watch.area and self._body(watch.area) is None:
            return f"no public body of {watch.area} plays a part"
        excluded = next((one for one in watch.without if self._holds(one)), None)
        return None if excluded is None else f"the report holds the excluded “{excluded}”"

    def match(self, watch: Watch) -> Match:
        """The match of a watch that names nobody: proved by the body of its area where it asks for one."""
        body = self._body(watch.area) if watch.area else None
        if body is None:
            return Match(watch=watch.id, role=Role.EITHER, proof="")
        return Match(watch=watch.id, role=Role.PUBLIC_BODY, proof=body.name, span=body.span)

    def _body(self, area: str) -> Party | None:
        if area not in self._bodies:
            self._bodies[area] = next((one for one in self._finding.public_bodies if in_area(area, one.name)), None)
        return self._bodies[area]

    def _holds(self, phrase: str) -> bool:
        self._row = self._row or row_of((self._entry.title, self._entry.summary))
        return row_of((phrase,)) in self._row


def row_of(texts: Sequence[str]) -> str:
    """Texts as one row of folded words, in which a phrase is found as whole words."""
    return f" {' '.join(word for text in texts for word in folded(text))} "
