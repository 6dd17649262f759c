"""One JSON record in, one JSON record out: what ``contractwatch classify`` prints for each line. Touches neither database nor network."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from watchers.match import Matcher
from watchers.notices import describe_release
from watchers.records import entry_of
from watchers.types import EventKind, Finding, Money, Party
from watchers.understand import understand


def classify_record(record: dict[str, Any], matcher: Matcher) -> dict[str, Any]:
    """The finding of an entry given as a dictionary with ``id``, ``title`` and, where known, its other fields (DESIGN.md §4).

    An entry with several findings is told by the one a subscriber would be alerted to, else by the first. Raises ParseError naming the
    record's id and the key that is wrong.
    """
    findings = understand(entry_of(record), matcher)
    chosen = next((finding for finding in findings if finding.alert), findings[0] if findings else None)
    if chosen is None:
        return _answer(record.get("id"), EventKind.NONE.value) | _facts(record)
    answer = _answer(record.get("id"), chosen.event.value)
    answer["alert"] = chosen.alert.value if chosen.alert else None
    if chosen.event is not EventKind.NONE:
        answer |= {"supplier": _joined(chosen.suppliers), "public_body": _joined(chosen.public_bodies), "value": _value(chosen.value)}
    answer["evidence"] = _words(record, chosen)
    answer["watches"] = list(dict.fromkeys(match.watch for match in chosen.matches))
    return answer | _facts(record)


def _facts(record: dict[str, Any]) -> dict[str, Any]:
    """What an official notice states as data, whether or not anything happened to a contract; nothing for a text."""
    return describe_release(record["release"]) if record.get("release") else {}


def _answer(identifier: Any, event: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "alert": None,
        "event": event,
        "supplier": None,
        "public_body": None,
        "value": None,
        "evidence": [],
        "watches": [],
    }


def _joined(parties: tuple[Party, ...]) -> str | None:
    return "; ".join(party.name for party in parties) or None


def _value(money: Money | None) -> dict[str, Any] | None:
    if money is None:
        return None
    amount = money.amount
    exact = int(amount) if amount == amount.to_integral_value() else float(amount) if Decimal(str(float(amount))) == amount else str(amount)
    return {"amount": exact, "currency": money.currency}


def _words(record: dict[str, Any], finding: Finding) -> list[str]:
    """The sentence the finding rests on, then the words in it that decided."""
    found = [finding.evidence.sentence] if finding.evidence.sentence else []
    for span in finding.evidence.spans:
        text = record.get(span.field) or ""
        if text[span.start : span.end]:
            found.append(text[span.start : span.end])
    return list(dict.fromkeys(found))
