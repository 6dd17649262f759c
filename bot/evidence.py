"""What an alert rests on, for people and for programs, and whether it is still what was written down when it was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.markup import host_of, join, quote
from bot.render import Message
from bot.speech import ENGLISH, Speech
from bot.texts import evidence as texts
from storage.evidence import AlertEvidence, KeptText
from watchers.types import EventKind

_MAX_WORDS = 400
_MAX_RULE = 80


def problems(evidence: AlertEvidence) -> list[str]:
    """What does not fit, a sentence each; empty when everything is as it was kept."""
    found = [
        f"the text of feed {one.feed} that was kept on {_moment(one.kept_at)} is not the one its SHA-256 was made of"
        for one in evidence.texts
        if not one.intact
    ]
    own = [one for one in evidence.texts if one.entry_id == evidence.entry_id]
    if not own:
        found.append("no text is kept of the entry whose words the alert quotes")
    elif not any(one.release is not None or _stands_in(evidence.sentence, one) for one in own):
        found.append("the words that the alert quotes do not stand in any text that is kept of their entry")
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


def as_text(evidence: AlertEvidence) -> str:
    """The whole evidence for people, as it stands in a file or on a terminal."""
    return "\n".join(_lines(evidence)) + "\n"


def _moment(at: datetime) -> str:
    return ENGLISH.published(at).plain


def _lines(evidence: AlertEvidence) -> Iterator[str]:
    yield f"Evidence of alert {evidence.alert_id}: {_kind(evidence.event)}, decided {_moment(evidence.created_at)}"
    yield ""
    yield "It rests on these words:"
    yield f"  “{_plain(evidence.sentence)}”"
    yield f"  read by the rule {_plain(evidence.rule)}"
    for number, one in enumerate(evidence.texts, 1):
        yield ""
        yield f"Text {number} of {len(evidence.texts)}, from {_plain(one.feed_name)}" + (
            "  (the one with these words)" if one.entry_id == evidence.entry_id else ""
        )
        yield from (f"  {label + ':':12}{text}" for label, text in _facts(one) if text)
    yield ""
    yield from ([f"WRONG: {said}." for said in problems(evidence)] or ["Every text is, to the letter, what its SHA-256 was made of."])


def _facts(one: KeptText) -> Iterator[tuple[str, str]]:
    yield "Title", _plain(one.title)
    yield "Summary", _plain(one.summary)
    yield "Address", _plain(one.url or "")
    yield "Published", _moment(one.published) if one.published else ""
    yield "Kept", _moment(one.kept_at)
    yield "SHA-256", f"{one.sha256} of this text" + ("" if one.intact else ": DOES NOT FIT")
    if one.document is None:
        yield "Fetched", "not remembered: it was stored by a version before evidence was kept"
    else:
        yield "Fetched", f"{_moment(one.document.fetched_at)}, {one.document.size:,} bytes"
        yield from ((label, _plain(url)) for label, url in zip(_steps(len(one.document.addresses)), one.document.addresses, strict=True))
        yield "SHA-256", f"{one.document.sha256} of the document that was fetched"
    for found in one.findings:
        yield "Says", f"{_kind(found.event)}, by the rule {_plain(found.rule)}" + (f" of the rules {one.rules}" if one.rules else "")
    if not one.findings:
        yield "Says", "nothing about a contract any more"
    if one.release is not None:
        yield "Notice", json.dumps(one.release, ensure_ascii=False, sort_keys=True, default=str)


def _steps(count: int) -> list[str]:
    return ["From"] if count == 1 else ["Asked", *["Sent on to"] * (count - 2), "Answered"]


def _kind(event: str) -> str:
    return EventKind(event).value.replace("_", " ")


def _plain(text: str) -> str:
    """Foreign text on one line of a terminal or file."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def as_message(evidence: AlertEvidence, speech: Speech) -> Message:
    """The evidence for a chat: the words, the rule and the first source; all of it in a file."""
    first = next((one for one in evidence.texts if one.entry_id == evidence.entry_id), None)
    wrong = problems(evidence)
    lines = [
        speech.say(texts.TITLE, number=speech.name(str(evidence.alert_id))),
        quote(speech.name(evidence.sentence, _MAX_WORDS)),
        speech.say(texts.RULE, rule=speech.name(evidence.rule, _MAX_RULE)),
    ]
    if first is not None and first.document is not None:
        host = host_of(first.document.addresses[-1]) or first.feed_name
        lines.append(speech.say(texts.READ, moment=speech.moment(first.document.fetched_at), host=host))
    lines.append(speech.say(texts.KEPT_WRONG if wrong else texts.KEPT, n=len(evidence.texts)))
    piece = speech.directed(join("\n", lines))
    return Message(html=piece.html, plain=piece.plain, file=(f"evidence-{evidence.alert_id}.txt", as_text(evidence).encode()))
