"""An entry in, findings out: what happened to which contract, between whom, for how much, and the words that say so.

Official notices carry their facts as data and go to ``watchers.notices``; texts are read by the grammar under ``watchers.text`` with the
language's rule files. Pure: no clock, no network, no files beyond the rule files, which are read once a process.
"""

from __future__ import annotations

from collections.abc import Sequence

from watchers.concern import concerned
from watchers.match import Matcher, Mention
from watchers.names import COMMON
from watchers.notices import understand_release
from watchers.text import spoken_weigh, tokens, weigh, words
from watchers.text.folder import folder
from watchers.text.language import languages
from watchers.text.naming import Name
from watchers.text.rules import rules
from watchers.text.tokens import Named, Sentence
from watchers.text.told import Told
from watchers.types import AwardParty, Entry, Evidence, Finding, Match, Party, Role, Span

GRAMMAR = "en"  # the one language with a grammar of its own; all others are read by clauses, from their folders
_KINDS = {Role.SUPPLIER: "supplier", Role.PUBLIC_BODY: "body"}


def understand(entry: Entry, matcher: Matcher, awards: Sequence[AwardParty] = ()) -> tuple[Finding, ...]:
    """The findings of an entry, most often none. ``awards`` are the stored suppliers an official notice may be joined to."""
    found = _understand_text(entry, matcher) if entry.release is None else understand_release(entry, awards, matcher)
    return tuple(concerned(entry, one, matcher) for one in found)


def _understand_text(entry: Entry, matcher: Matcher) -> tuple[Finding, ...]:
    language = languages().of(f"{entry.title}\n{entry.summary}", entry.language)
    if language is None:
        return ()
    mentions = {name: names_in(matcher, value) for name, value in (("title", entry.title), ("summary", entry.summary))}
    told = _told(entry, language, {name: as_named(found, matcher) for name, found in mentions.items()})
    if told is None:
        return ()
    suppliers = _parties(told.suppliers)
    bodies = _parties(told.bodies)
    matches = tuple(
        Match(
            watch=watch,
            role=role,
            proof=_field(entry, one.field)[hit.start : hit.end],
            span=Span(field=one.field, start=hit.start, end=hit.end),
            flag=hit.flag,
        )
        for role, parties in ((Role.SUPPLIER, suppliers), (Role.PUBLIC_BODY, bodies))
        for party in parties
        if (one := party.span) is not None
        for hit in mentions[one.field]
        if hit.start < one.end and one.start < hit.end
        for watch in matcher.watching(hit.watches, role)
    )
    return (
        Finding(
            event=told.event,
            suppliers=suppliers,
            public_bodies=bodies,
            value=told.money,
            evidence=_evidence(told, suppliers, bodies),
            matches=tuple(dict.fromkeys(matches)),
        ),
    )


def _told(entry: Entry, language: str, named: dict[str, list[Named]]) -> Told | None:
    """What the reader of the language makes of the title and the summary."""
    if language == GRAMMAR:
        english = rules(language)
        title = tokens.read("title", entry.title, english, named["title"])
        return weigh.read(title, tokens.read("summary", entry.summary, english, named["summary"]) if entry.summary else [], english)
    other = folder(language)
    title = words.read("title", entry.title, other, named["title"])
    return spoken_weigh.read(title, words.read("summary", entry.summary, other, named["summary"]) if entry.summary else [], other)


def names_in(matcher: Matcher, text: str) -> list[Mention]:
    """The mentions that are names: an ordinary word ("oracle", "circle") is one only with its capital, or where nothing has capitals."""
    lower = text.islower()
    return [
        one for one in matcher.mentions(text) if lower or text[one.start : one.end].lower() not in COMMON or not text[one.start].islower()
    ]


def as_named(mentions: Sequence[Mention], matcher: Matcher) -> list[Named]:
    """The mentions as the grammar asks for them, each with what those who watch it take it for."""
    return [Named(one.start, one.end, _KINDS.get(matcher.expected(one.watches), "")) for one in mentions]


def _field(entry: Entry, name: str) -> str:
    return entry.title if name == "title" else entry.summary


def _parties(found: Sequence[tuple[Sentence, Name]]) -> tuple[Party, ...]:
    """The parties as the entry writes them, each once."""
    parties: dict[str, Party] = {}
    for sentence, name in found:
        start, end = sentence.tokens[name.start].start, sentence.tokens[name.end - 1].end
        text = sentence.text[start - sentence.start : end - sentence.start]
        parties.setdefault(text.casefold(), Party(name=text, span=Span(field=sentence.field, start=start, end=end)))
    return tuple(parties.values())


def _evidence(told: Told, suppliers: tuple[Party, ...], bodies: tuple[Party, ...]) -> Evidence:
    sentence = told.clause.sentence
    tokens = sentence.tokens
    marks = [tokens[told.clause.trigger]]
    if told.clause.contract is not None:
        marks.append(tokens[told.clause.contract])
    if told.money_token is not None and sentence.start <= told.money_token.start < sentence.start + len(sentence.text):
        marks.append(told.money_token)
    spans = [Span(field=sentence.field, start=token.start, end=token.end) for token in marks]
    spans += [party.span for party in (*suppliers, *bodies) if party.span is not None]
    return Evidence(sentence=sentence.text, rule=told.rule, spans=tuple(dict.fromkeys(spans)))
