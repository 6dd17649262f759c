"""Why an entry was understood as it was: the path of the decision, for people.

Reads an entry as ``watchers.understand`` does and keeps what is thrown away there: the language and what spoke for it, every clause with
its mood, what the grammar says alone, the chances of the weights and what they had to be, and of every watched name in the entry why it
matched or did not. Pure; several times slower than understanding, for it is meant for the entries somebody asks about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from watchers.explain_watches import in_notice, in_text
from watchers.match import Matcher
from watchers.notices import Reading, read_release
from watchers.parsers.ocds import objects, text_of, texts
from watchers.text import events, spoken, spoken_weigh, tokens, weigh, words
from watchers.text.clauses import clauses
from watchers.text.folder import folder
from watchers.text.language import languages
from watchers.text.naming import Name
from watchers.text.phrases import Clause
from watchers.text.public import admitted, blocked_by, lenient, strict
from watchers.text.roles import parts
from watchers.text.rules import Rules, rules
from watchers.text.tokens import Sentence, Token
from watchers.text.told import Told
from watchers.text.weights import network
from watchers.types import AlertClass, Entry, EventKind, Finding, Party
from watchers.understand import GRAMMAR, as_named, names_in, understand

_READ = 3  # sentences of a summary that are read for clauses
_LOUDEST = 10
_LEAST = 0.005  # a smaller chance is not worth a word
_NOT_ENOUGH = "too little for a public contract: its buyer, its supplier or the word for it does not do"
_BY_LANGUAGE = 6  # words shown that speak for a language

Path = dict[str, Any]


def explain(entry: Entry, matcher: Matcher) -> Path:
    """The path that led to what ``understand`` says of an entry, as plain data for JSON."""
    findings = understand(entry, matcher)
    if entry.release is not None:
        return _notice(entry, read_release(entry.release), findings, matcher)
    text = f"{entry.title}\n{entry.summary}"
    language = languages().of(text, entry.language)
    mentions = {field: names_in(matcher, value) for field, value in (("title", entry.title), ("summary", entry.summary))}
    named = {field: as_named(found, matcher) for field, found in mentions.items()}
    path: Path = {"language": _language(text, language, entry.language)}
    grammar: Told | None = None
    if language == GRAMMAR:
        english = rules(language)
        title = tokens.read("title", entry.title, english, named["title"])
        summary = tokens.read("summary", entry.summary, english, named["summary"]) if entry.summary else []
        grammar = events.tell(title, summary, english)
        path |= _english(title, summary, grammar, english)
    elif language is not None:
        other = folder(language)
        title = words.read("title", entry.title, other, named["title"])
        summary = words.read("summary", entry.summary, other, named["summary"]) if entry.summary else []
        grammar = spoken.tell(title, summary, other)
        read = list(spoken.readings(title, summary, other))
        path |= {"sentences": _sentences([*title, *summary]), "clauses": [_read_clause(one) for one in read], "grammar": _said(grammar)}
        path["weights"] = _weights(spoken_weigh.judge(title, summary, grammar, other), spoken_weigh.SHARED)
    answers = in_text(entry, findings, mentions, matcher)
    return path | _decision(findings, grammar) | {"watches": [asdict(one) for one in answers]}


def _decision(findings: Sequence[Finding], grammar: Told | None) -> Path:
    """What was decided in the end, by which rule, and who found each part."""
    finding = findings[0] if findings else None
    if finding is None:
        return {"event": EventKind.NONE.value, "rule": None, "parts": []}
    by_grammar = {
        part: {_span(sentence, name) for sentence, name in found}
        for part, found in (("supplier", grammar.suppliers if grammar else []), ("public_body", grammar.bodies if grammar else []))
    }
    named = [
        {"part": part, "name": party.name, "stands_in": party.span.field if party.span else None, "named_by": _by(party, by_grammar[part])}
        for part, parties in (("supplier", finding.suppliers), ("public_body", finding.public_bodies))
        for party in parties
    ]
    if finding.value is not None:
        same = grammar is not None and grammar.money == finding.value
        named.append({"part": "value", "name": finding.value.printed, "stands_in": None, "named_by": "grammar" if same else "weights"})
    return {"event": finding.event.value, "rule": finding.evidence.rule, "parts": named}


def _span(sentence: Sentence, name: Name) -> tuple[str, int, int]:
    return sentence.field, sentence.tokens[name.start].start, sentence.tokens[name.end - 1].end


def _by(party: Party, grammar: set[tuple[str, int, int]]) -> str:
    return "grammar" if party.span and (party.span.field, party.span.start, party.span.end) in grammar else "weights"


def _language(text: str, language: str | None, stated: str | None) -> Path:
    """The language and what spoke for each that was in question."""
    seen = {
        name: {"contract_words": list(stems[:_BY_LANGUAGE]), "small_words": list(small[:_BY_LANGUAGE])}
        for name, (stems, small) in languages().seen(text).items()
    }
    worded = [name for name, one in seen.items() if one["contract_words"]]
    if not worded:
        why = "no word that tells of a contract in any language there are rules for"
    elif language is None:
        why = "the words for contracts are of a language that the rest of the text is not in"
    elif languages().of(text) != language:
        why = "the words leave it open; the feed says so"
    else:
        why = "the only language with words for contracts" if len(worded) == 1 else "most small words and words for contracts"
    return {"read_as": language, "stated": stated, "why": why, "seen": seen}


def _sentences(read: Sequence[Sentence]) -> list[Path]:
    return [{"field": sentence.field, "text": sentence.text} for sentence in read]


def _said(told: Told | None) -> Path | None:
    return None if told is None else {"event": told.event.value, "rule": told.rule, "sentence": told.clause.sentence.text}


# --- English: the grammar, then the weights


def _english(title: list[Sentence], summary: list[Sentence], told: Told | None, english: Rules) -> Path:
    seen = list(_clauses(title, summary, english))
    path: Path = {"sentences": _sentences([*title, *summary]), "clauses": seen, "grammar": _said(told)}
    if told is None and any(one["refused"] is None and one["mood"] != "background" for one in seen):
        path["grammar_refused"] = "the headline or the first words explain, ask or list instead of reporting, or the mood tells no event"
    return path | {"weights": _weights(weigh.judge(title, summary, told, english), english.language)}


def _clauses(title: list[Sentence], summary: list[Sentence], english: Rules) -> Iterator[Path]:
    for sentence in (*title, *summary[:_READ]):
        for clause in clauses(sentence, english):
            yield _clause(clause, sentence, english) | {"refused": _refused(clause, title, summary, english)}


def _clause(clause: Clause, sentence: Sentence, english: Rules) -> Path:
    found = parts(clause, english)
    return {
        "field": sentence.field,
        "word": sentence.tokens[clause.trigger].text,
        "frame": clause.frame.name,
        "event": clause.frame.event.value,
        "mood": clause.mood,
        "why": clause.why,
        "contract": None if clause.contract is None or clause.implied else sentence.tokens[clause.contract].text,
        "suppliers": [_words(sentence, name) for name in found.suppliers],
        "public_bodies": [_words(sentence, name) for name in found.bodies],
    }


def _refused(clause: Clause, title: list[Sentence], summary: list[Sentence], english: Rules) -> str | None:
    """What makes a clause tell nothing of a public contract; None where nothing does."""
    found = parts(clause, english)
    if not admitted(clause, found, title, english):
        group = blocked_by(title, clause.sentence, english)
        return f"a word beside it is of another matter: {group}" if group else "not about a tender"
    alerts = clause.frame.event.alert is not None and clause.mood in ("happened", "future")
    enough = strict(clause, found, title, summary) if alerts else lenient(clause, found, [*title, *summary])
    if enough:
        return None
    missing = [what for what, there in (("buyer", found.bodies), ("supplier", found.suppliers)) if not there]
    return f"too little for a public contract ({', '.join(f'no {one} named' for one in missing)})" if missing else _NOT_ENOUGH


def _weights(judged: weigh.Judgement, language: str) -> Path:
    """The chances, what they had to be, and what speaks loudest for and against the class that leads."""
    model = network(language)
    asked = judged.bar.alert
    name = asked.value if asked is AlertClass.AWARDED or judged.chances["cancelled"] >= judged.chances["terminated"] else "terminated"
    loudest = [{"feature": feature, "weight": weight} for feature, weight in model.strongest(judged.features, name, _LOUDEST)]
    return {
        "chances": {kind: round(chance, 3) for kind, chance in judged.chances.items() if chance >= _LEAST},
        "asked": asked.value,
        "has": round(judged.bar.has, 3),
        "needs": judged.bar.needs,
        "because": judged.bar.why,
        "enough": judged.event is not None,
        "loudest": loudest,
    }


# --- other languages: the clause reader


def _read_clause(one: spoken.Reading) -> Path:
    sentence, tokens_ = one.said.sentence, one.said.sentence.tokens
    return {
        "field": sentence.field,
        "word": tokens_[one.said.trigger].text,
        "frame": one.said.verb.frame.name,
        "event": None if one.event is None else one.event.value,
        "mood": one.mood,
        "why": one.why,
        "contract": _text(tokens_, one.said.contract),
        "suppliers": [_words(at, name) for at, name in one.told.suppliers] if one.told else [],
        "public_bodies": [_words(at, name) for at, name in one.told.bodies] if one.told else [],
        "refused": _why_refused(one),
    }


def _why_refused(one: spoken.Reading) -> str | None:
    if one.told is not None or one.event is None:
        return None
    return "a word beside it is of another matter" if one.blocked else _NOT_ENOUGH


def _text(row: Sequence[Token], place: int) -> str | None:
    return row[place].text if place >= 0 else None


def _words(sentence: Sentence, name: Name) -> str:
    start, end = sentence.tokens[name.start].start, sentence.tokens[name.end - 1].end
    return sentence.text[start - sentence.start : end - sentence.start]


# --- official notices


def _notice(entry: Entry, reading: Reading, findings: Sequence[Finding], matcher: Matcher) -> Path:
    decision = reading.decision
    listed = [
        (" and ".join(texts(party.get("roles"))) or "no part", Party(name=text_of(party.get("name"))))
        for party in objects(reading.release.get("parties"))
        if text_of(party.get("name"))
    ]
    found = [("supplier", party) for party in reading.suppliers] + [("public_body", party) for party in reading.public_bodies]
    return {
        "notice": {
            "type": decision.type,
            "process": reading.ocid or None,
            "rule": decision.rule,
            "value_from": decision.value,
            "suppliers_missing": bool(reading.joins),
            "reason": reading.reason,
        },
        "event": decision.event.value,
        "rule": decision.rule,
        "parts": [{"part": part, "name": one.name, "identifiers": list(one.identifiers), "named_by": "notice"} for part, one in found],
        "watches": [asdict(one) for one in in_notice(entry, findings, listed, matcher)],
    }
