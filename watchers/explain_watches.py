"""Why a watched name that stands in an entry matched or did not: for people, never for deciding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from watchers.concern import why_not
from watchers.match import Matcher, Mention, watch_of
from watchers.types import Entry, Finding, Party, Role, Span

_PARTS = {Role.SUPPLIER: "the supplier", Role.PUBLIC_BODY: "the public body"}
_PARTS_PLAYED = {
    Role.SUPPLIER: "is the supplier",
    Role.PUBLIC_BODY: "is the public body",
    Role.EITHER: "fits a watch that names nobody",
}
_NOT_THE_PART = {
    Role.SUPPLIER: "is named, but not as the supplier",
    Role.PUBLIC_BODY: "is named, but not as the public body",
    Role.EITHER: "is named, but neither as the supplier nor as the public body",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a watch whose name stands in an entry; ``named`` is how it is written there."""

    watch: str
    named: str
    matched: bool
    why: str


def in_text(entry: Entry, findings: Sequence[Finding], names: Mapping[str, Sequence[Mention]], matcher: Matcher) -> list[Answer]:
    """The watches whose names stand in a text. ``names``: by field, the mentions that are names and no ordinary words."""
    found = _matched(findings)
    matched = frozenset(found)
    for field, text in (("title", entry.title), ("summary", entry.summary)):
        for mention in matcher.mentions(text):
            span = Span(field=field, start=mention.start, end=mention.end)
            for side in (one for one in mention.watches if one not in found and watch_of(one) not in matched):
                why = _why_not(side, span, entry, findings, matcher) if mention in names[field] else "stands there as an ordinary word"
                found[side] = Answer(watch=watch_of(side), named=text[mention.start : mention.end], matched=False, why=why)
    return list(found.values())


def in_notice(entry: Entry, findings: Sequence[Finding], parties: Iterable[tuple[str, Party]], matcher: Matcher) -> list[Answer]:
    """The watches whose names stand in a notice. ``parties``: everybody it lists, with the part each plays."""
    found = _matched(findings)
    matched = frozenset(found)
    for part, party in parties:
        for mention in matcher.mentions(party.name):
            whole = (mention.start, mention.end) == (0, len(party.name))
            for side in (one for one in mention.watches if watch_of(one) not in matched):
                why = f"is listed as {part}" if whole else f"is only a part of the name of {part}, “{party.name}”"
                if not findings:
                    why += ", and nothing happened to a contract"
                elif whole and (more := _asks_more(side, entry, findings[0], matcher)):
                    why += f", but {more}"
                named = party.name[mention.start : mention.end]
                found.setdefault(side, Answer(watch=watch_of(side), named=named, matched=False, why=why))
    for text in (entry.title, entry.summary):
        for mention in matcher.mentions(text):
            for side in (one for one in mention.watches if watch_of(one) not in matched):
                named = text[mention.start : mention.end]
                why = "stands in the notice's text, and the notice lists it in no part"
                found.setdefault(side, Answer(watch=watch_of(side), named=named, matched=False, why=why))
    return list(found.values())


def _matched(findings: Sequence[Finding]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for finding in findings:
        for match in finding.matches:
            why = _PARTS_PLAYED[match.role] + (f" ({match.flag})" if match.flag else "")
            found.setdefault(match.watch, Answer(watch=match.watch, named=match.proof, matched=True, why=why))
    return found


def _why_not(side: str, span: Span, entry: Entry, findings: Sequence[Finding], matcher: Matcher) -> str:
    if not findings:
        return "is named, but the entry tells nothing of a contract"
    wanted = matcher.expected([side])
    for finding in findings:
        for role, parties in ((Role.SUPPLIER, finding.suppliers), (Role.PUBLIC_BODY, finding.public_bodies)):
            if any(_overlap(party.span, span) for party in parties):
                if wanted in (role, Role.EITHER) and (more := _asks_more(side, entry, finding, matcher)):
                    return f"is {_PARTS[role]}, but {more}"
                return f"is {_PARTS[role]}, and watched as {_PARTS[wanted]}"
    return _NOT_THE_PART[wanted]


def _asks_more(side: str, entry: Entry, finding: Finding, matcher: Matcher) -> str | None:
    """What else the watch asks for that is not there, when one of its names plays its part."""
    watch = matcher.selective.get(watch_of(side))
    if watch is None:
        return None
    reason = why_not(entry, finding, watch)
    if reason is None and watch.partner is not None:
        reason = f"not both of {watch.name} play a part"
    return reason


def _overlap(one: Span | None, other: Span) -> bool:
    return one is not None and one.field == other.field and one.start < other.end and other.start < one.end
