"""What an alert rests on, for people and for programs, and whether it is still what was written down when it was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.markup import Piece, host_of, join, words
from bot.render import Message
from bot.speech import ENGLISH, Counted, Speech, Text
from bot.texts import evidence as texts
from storage.evidence import AlertEvidence, KeptFinding, KeptText
from watchers.types import EventKind

_MAX_WORDS = 400
_MAX_RULE = 80
_SHA = Text("SHA-256")  # the same in every language


def problems(evidence: AlertEvidence, speech: Speech = ENGLISH) -> list[str]:
    """What does not fit, a sentence each; empty when everything is as it was kept."""
    found = [
        speech.say(texts.NOT_INTACT, feed=_plain(one.feed), moment=speech.published(one.kept_at)).plain
        for one in evidence.texts
        if not one.intact
    ]
    own = [one for one in evidence.texts if one.entry_id == evidence.entry_id]
    if not own:
        found.append(speech.say(texts.NO_TEXT).plain)
    elif not any(one.release is not None or _stands_in(evidence.sentence, one) for one in own):
        found.append(speech.say(texts.NOT_IN_TEXT).plain)
    return found


def _stands_in(sentence: str, text: KeptText) -> bool:
    return sentence in text.title or sentence in text.summary


def as_record(evidence: AlertEvidence) -> dict[str, Any]:
    """The evidence for programs; ``problems`` is empty when all digests fit."""
    return {
        "alert": evidence.alert_id,
        "story": evidence.story_id,
        "reason": evidence.reason,
        "kind": evidence.event,
        "created_at": evidence.created_at,
        "words": evidence.sentence,
        "rule": evidence.rule,
        "problems": problems(evidence),
        "texts": [_text_record(one, quoted=one.entry_id == evidence.entry_id) for one in evidence.texts],
    }


def _text_record(one: KeptText, *, quoted: bool) -> dict[str, Any]:
    document = one.document
    return {
        "feed": one.feed,
        "outlet": one.outlet,
        "title": one.title,
        "summary": one.summary,
        "url": one.url,
        "published": one.published,
        "release": one.release,
        "quoted": quoted,
        "kept_at": one.kept_at,
        "sha256": one.sha256,
        "intact": one.intact,
        "rules": one.rules or None,
        "findings": [{"kind": found.event, "rule": found.rule, "words": found.sentence} for found in one.findings],
        "document": None
        if document is None
        else {
            "addresses": list(document.addresses),
            "fetched_at": document.fetched_at,
            "sha256": document.sha256,
            "bytes": document.size,
        },
    }


def as_text(evidence: AlertEvidence, speech: Speech = ENGLISH) -> str:
    """The whole evidence for people, as it stands in a file or on a terminal. What was read stands in it letter by letter."""
    return "\n".join(_lines(evidence, speech)) + "\n"


def _lines(evidence: AlertEvidence, speech: Speech) -> Iterator[str]:
    def say(sentence: Text | Counted, **values: str | int | Piece) -> str:
        return speech.say(sentence, **values).plain

    kind, at = speech.say(texts.KINDS[EventKind(evidence.event)]), speech.published(evidence.created_at)
    yield say(texts.DECIDED, number=str(evidence.alert_id), kind=kind, moment=at)
    yield ""
    yield say(texts.RESTS_ON)
    yield f"  “{_plain(evidence.sentence).plain}”"
    yield f"  {say(texts.BY_RULE, rule=_plain(evidence.rule))}"
    for number, one in enumerate(evidence.texts, 1):
        sentence = texts.TEXT_OF_THESE if one.entry_id == evidence.entry_id else texts.TEXT_OF
        facts = [(say(label), fact.plain) for label, fact in _facts(one, speech)]
        yield ""
        yield say(sentence, number=number, count=len(evidence.texts), feed=_plain(one.feed_name))
        yield from (f"  {label + ':':12}{fact}" for label, fact in facts if fact)
    yield ""
    yield from [say(texts.WRONG, problem=words(said)) for said in problems(evidence, speech)] or [say(texts.INTACT)]


def _facts(one: KeptText, speech: Speech) -> Iterator[tuple[Text, Piece]]:
    yield texts.LABEL_TITLE, _plain(one.title)
    yield texts.LABEL_SUMMARY, _plain(one.summary)
    yield texts.LABEL_ADDRESS, _plain(one.url or "")
    if one.published:
        yield texts.LABEL_PUBLISHED, speech.published(one.published)
    yield texts.LABEL_KEPT, speech.published(one.kept_at)
    yield _SHA, speech.say(texts.DIGEST_OF_TEXT if one.intact else texts.DIGEST_WRONG, digest=words(one.sha256))
    if one.document is None:
        yield texts.LABEL_FETCHED, speech.say(texts.NOT_REMEMBERED)
    else:
        at, addresses = speech.published(one.document.fetched_at), one.document.addresses
        yield texts.LABEL_FETCHED, speech.say(texts.FETCHED, moment=at, n=one.document.size)
        yield from ((label, _plain(url)) for label, url in zip(_steps(len(addresses)), addresses, strict=True))
        yield _SHA, speech.say(texts.DIGEST_OF_DOCUMENT, digest=words(one.document.sha256))
    yield from ((texts.LABEL_SAYS, _said(found, one.rules, speech)) for found in one.findings)
    if not one.findings:
        yield texts.LABEL_SAYS, speech.say(texts.SAYS_NOTHING)
    if one.release is not None:
        yield texts.LABEL_NOTICE, words(json.dumps(one.release, ensure_ascii=False, sort_keys=True, default=str))


def _said(found: KeptFinding, rules: str, speech: Speech) -> Piece:
    kind, rule = speech.say(texts.KINDS[EventKind(found.event)]), _plain(found.rule)
    return speech.say(texts.SAYS_OF, kind=kind, rule=rule, version=words(rules)) if rules else speech.say(texts.SAYS, kind=kind, rule=rule)


def _steps(count: int) -> list[Text]:
    return [texts.LABEL_FROM] if count == 1 else [texts.LABEL_ASKED, *[texts.LABEL_SENT_ON] * (count - 2), texts.LABEL_ANSWERED]


def _plain(foreign: str) -> Piece:
    """Foreign text on one line of a terminal or file, otherwise as it was read: nothing of it can be pressed there."""
    return words("".join(letter if letter.isprintable() else " " for letter in foreign))


def as_message(evidence: AlertEvidence, speech: Speech) -> Message:
    """The evidence for a chat: the words, the rule and the first source; all of it in a file."""
    first = next((one for one in evidence.texts if one.entry_id == evidence.entry_id), None)
    wrong = problems(evidence)
    lines = [
        speech.say(texts.TITLE, number=speech.name(str(evidence.alert_id))),
        speech.quote(evidence.sentence, _MAX_WORDS),
        speech.say(texts.RULE, rule=speech.name(evidence.rule, _MAX_RULE)),
    ]
    if first is not None and first.document is not None:
        host = host_of(first.document.addresses[-1]) or first.feed_name
        lines.append(speech.say(texts.READ, moment=speech.moment(first.document.fetched_at), host=host))
    lines.append(speech.say(texts.KEPT_WRONG if wrong else texts.KEPT, n=len(evidence.texts)))
    piece = speech.directed(join("\n", lines))
    return Message(html=piece.html, plain=piece.plain, file=(f"evidence-{evidence.alert_id}.txt", as_text(evidence, speech).encode()))
