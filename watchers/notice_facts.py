"""The facts of a release beside its event: who, how much, when, why. Expects a release as ``ocds.reduced``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from watchers.notice_events import Decision, rationales
from watchers.notice_rules import notice_rules
from watchers.parsers.ocds import day, mapping, objects, text_of, texts
from watchers.plaintext import shorten
from watchers.types import EventKind, Money, Party

_REASON = 300
_MOST = Decimal(10) ** 13  # a sum beyond ten trillion is a slip of the keyboard
_CURRENCY = re.compile(r"[A-Z]{3}")
_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "US$"}
_COMPANY_NUMBER = re.compile(r"\d{1,8}")
_SENTENCES = re.compile(r"(?<=[.!?])[\s*]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


# --- who ----------------------------------------------------------------------------------------------------------------------------------


def buyers(release: Mapping[str, Any]) -> tuple[Party, ...]:
    """The public bodies of a notice, the one that leads first. ``buyer`` is missing on three notice types; the parties never are."""
    lead = mapping(release.get("buyer"))
    named = parties_with_role(release, "buyer") or ([] if lead else parties_with_role(release, "procuringEntity"))
    if not text_of(lead.get("name")):
        return tuple(named)
    first = _resolved(release, lead)
    return (first, *(party for party in named if not same_organisation(party, first)))


def suppliers_of(release: Mapping[str, Any]) -> tuple[Party, ...]:
    """The suppliers a notice names, each once: those of its awards, else the parties in that role."""
    found: dict[tuple[str, tuple[str, ...]], Party] = {}
    for award in objects(release.get("awards")):
        if not failed(award):
            found.update({(party.name, party.identifiers): party for party in suppliers_of_award(release, award)})
    return tuple(found.values()) or parties_with_role(release, "supplier")


def suppliers_of_award(release: Mapping[str, Any], award: Mapping[str, Any]) -> tuple[Party, ...]:
    """The suppliers of one award, with the identifiers their parties carry."""
    return tuple(_resolved(release, supplier) for supplier in objects(award.get("suppliers")) if text_of(supplier.get("name")))


def parties_with_role(release: Mapping[str, Any], role: str) -> tuple[Party, ...]:
    """The parties that play a role, as the release orders them."""
    return tuple(
        _party(party) for party in objects(release.get("parties")) if role in texts(party.get("roles")) and text_of(party.get("name"))
    )


def same_organisation(one: Party, other: Party) -> bool:
    """Whether two parties are one: by a common identifier (43 of 43 pairs of one award), else by name (40 of 43)."""
    return bool(set(one.identifiers) & set(other.identifiers)) or one.name.casefold() == other.name.casefold()


def _resolved(release: Mapping[str, Any], reference: Mapping[str, Any]) -> Party:
    """The full party behind a reference. The id finds it; a reference whose id is empty or shared is found by its name."""
    name, number = text_of(reference.get("name")), text_of(reference.get("id"))
    same_id = [party for party in objects(release.get("parties")) if number and text_of(party.get("id")) == number]
    same_both = [party for party in same_id if text_of(party.get("name")) == name]
    for party in same_both or same_id or [p for p in objects(release.get("parties")) if text_of(p.get("name")) == name]:
        return Party(name=name, identifiers=_identifiers(party))
    return Party(name=name, identifiers=_identifiers(reference))


def _party(party: Mapping[str, Any]) -> Party:
    return Party(name=text_of(party.get("name")), identifiers=_identifiers(party))


def _identifiers(party: Mapping[str, Any]) -> tuple[str, ...]:
    """The identifiers of a party that name it outside this register: "GB-COH-07042994"."""
    rules = notice_rules()
    found: dict[str, None] = {}
    for identifier in (mapping(party.get("identifier")), *objects(party.get("additionalIdentifiers"))):
        scheme, number = text_of(identifier.get("scheme")), text_of(identifier.get("id")).strip()
        if not scheme or scheme in rules.local_schemes or number.casefold() in rules.not_identifiers:
            continue
        if scheme == "GB-COH" and _COMPANY_NUMBER.fullmatch(number):
            number = number.zfill(8)  # buyers drop the leading zeros that the companies' register writes
        found[f"{scheme}-{number}"] = None
    return tuple(found)


# --- how much -----------------------------------------------------------------------------------------------------------------------------


def amount(release: Mapping[str, Any], decision: Decision) -> Money | None:
    """The sum the notice is about, of all its awards or contracts together; None where it states none or several currencies."""
    awards, contracts = objects(release.get("awards")), objects(release.get("contracts"))
    tender = [mapping(mapping(release.get("tender")).get("value"))]
    places = {
        "tender": [tender],
        "awards": [_values(award for award in awards if not failed(award)), _values(contracts)],
        "contracts": [_values(contracts), _values(award for award in awards if not failed(award))],
        "amendments": [_values(_changes(contracts)), _values(contracts)],
        "final": [[mapping(mapping(contract.get("implementation")).get("finalValue")) for contract in contracts]],
        "any": [_values(contracts), _values(awards), tender],
    }.get(decision.value, [])
    for values in places:
        if (money := _sum([value for value in values if value], decision)) is not None:
            return money
    return None


def _values(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [mapping(item.get("value")) for item in items]


def _changes(contracts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [change for name in ("proposedAmendments", "amendments") for contract in contracts for change in objects(contract.get(name))]


def _sum(values: Sequence[Mapping[str, Any]], decision: Decision) -> Money | None:
    """Net of VAT where the notice says net as often as it says gross, else gross: the basis that leaves no award out, never a mixture."""
    currencies = {text_of(value.get("currency")).upper() for value in values}
    net = [figure for value in values if (figure := _figure(value.get("amount"))) is not None]
    gross = [figure for value in values if (figure := _figure(value.get("amountGross"))) is not None]
    chosen = net if len(net) >= len(gross) else gross
    total = sum(chosen, Decimal(0))
    if not total or total > _MOST or len(currencies) != 1:
        return None
    currency = currencies.pop()
    if not _CURRENCY.fullmatch(currency):
        return None
    # British registers mean net where they write one figure; elsewhere one figure stands without saying what it is.
    basis = "gross" if chosen is gross else "net" if gross or decision.type not in ("OCDS", "TED") else ""
    return Money(
        amount=total, currency=currency, printed=_printed(total, currency, len(chosen), final=decision.value == "final"), basis=basis
    )


def _figure(value: object) -> Decimal | None:
    """A sum above 0: 0 is what frameworks state when they state nothing (3 of 100 awards)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    figure = Decimal(str(value))  # reduced releases hold nothing that is no figure
    return figure if figure > 0 else None


def _printed(total: Decimal, currency: str, parts: int, *, final: bool) -> str:
    """The sum in figures. A sum of several awards says so: each supplier got a part of it."""
    whole = total == total.to_integral_value()
    figure = f"{total:,.0f}" if whole else f"{total:,.2f}"
    printed = f"{_SYMBOLS[currency]}{figure}" if currency in _SYMBOLS else f"{figure} {currency}"
    if final:
        return f"{printed} at its end"
    return f"{printed} for {parts} awards" if parts > 1 else printed


# --- when ---------------------------------------------------------------------------------------------------------------------------------


def happened_on(release: Mapping[str, Any], decision: Decision) -> datetime | None:
    """When it was decided, signed or ended, as the notice says; the latest where awards differ. Notices lag by 11 days (median)."""
    awards, contracts = objects(release.get("awards")), objects(release.get("contracts"))
    ends = [mapping(contract.get("implementation")).get("endDate") for contract in contracts]
    finals = [item.get("finalStatusDate") for item in (*contracts, *awards)]
    signed = [contract.get("dateSigned") for contract in contracts]
    decided = [award.get("date") for award in awards]
    dates: Mapping[EventKind, list[list[object]]] = {
        EventKind.AWARDED: [signed, decided],
        EventKind.AWARD_INTENDED: [[stone.get("dueDate") for award in awards for stone in _signatures(award)]],
        EventKind.CHANGED: [[change.get("date") for change in _changes(contracts)]],
        EventKind.CANCELLED: [finals],
        EventKind.TERMINATED: [ends, finals],
        EventKind.COMPLETED: [ends, finals],
    }
    for written in dates.get(decision.event, []):
        if found := [moment for value in written if (moment := day(value)) is not None]:
            return max(found)
    return None


def _signatures(award: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [stone for stone in objects(award.get("milestones")) if text_of(stone.get("type")) == "futureSignatureDate"]


# --- which awards, and why ----------------------------------------------------------------------------------------------------------------


def failed(award: Mapping[str, Any]) -> bool:
    """Whether an award came to nothing: a lot without winner."""
    return text_of(award.get("status")) in notice_rules().award_failed


def award_ids(release: Mapping[str, Any]) -> tuple[str, ...]:
    """The awards a notice is about: those its contracts come from, else its awards; sorted, each once."""
    contracts = objects(release.get("contracts"))
    found = {text_of(contract.get("awardID")) or text_of(contract.get("id")) for contract in contracts}
    found = found or {text_of(award.get("id")) for award in objects(release.get("awards"))}
    return tuple(sorted(found - {""}))


def reason_of(release: Mapping[str, Any], decision: Decision) -> str | None:
    """Why, as the notice states it: its own words, else its codes in plain ones; at most 300 characters."""
    stated = _stated(release)
    coded = [words for code in _codes(release) if (words := _words(code))]
    if not stated and decision.event is EventKind.CANCELLED:
        stated = _from_description(release, decision)
    new = [words for words in dict.fromkeys(coded) if words.casefold() not in stated.casefold()]
    # The code of a termination sums up what may be a whole letter; it comes first, so that cutting cannot lose it.
    reason = ": ".join(part for part in (", ".join(new), stated) if part)
    if not reason:
        return None
    return reason if len(reason) <= _REASON else f"{shorten(reason, _REASON - 1)}…"


def _stated(release: Mapping[str, Any]) -> str:
    rules = notice_rules()
    contracts, awards = objects(release.get("contracts")), objects(release.get("awards"))
    said = [text_of(item.get("statusDetails")) for item in (*contracts, *awards)]
    said += [text_of(change.get(name)) for change in _changes(contracts) for name in ("description", "rationale")]
    kept = [
        text for text in dict.fromkeys(said) if text.casefold().strip(" .") not in rules.no_reason and text not in rules.reasons and text
    ]
    return " ".join(kept[:2])


def _codes(release: Mapping[str, Any]) -> list[str]:
    """The codes that stand for reasons: of terminations, of changes, of lots without winner, and statuses that are one."""
    rules = notice_rules()
    changes = _changes(objects(release.get("contracts")))
    codes = sorted(rationales(release) - rules.completed_rationales)
    codes += [text_of(code.get("id")) for change in changes for code in objects(change.get("rationaleClassifications"))]
    codes += [said for award in objects(release.get("awards")) if (said := text_of(award.get("statusDetails"))) in rules.reasons]
    status = text_of(mapping(release.get("tender")).get("status"))
    codes += [status] if status in rules.reasons else []
    ted = mapping(release.get("ted"))
    return codes + texts(ted.get("reasons")) + sorted(rules.ted_withdrawn.intersection(texts(ted.get("changes"))))


def _words(code: str) -> str:
    """A code in plain words; one that is not listed is read as the words it is made of."""
    rules = notice_rules()
    return rules.reasons[code] if code in rules.reasons else _CAMEL.sub(" ", code).lower()


def _from_description(release: Mapping[str, Any], decision: Decision) -> str:
    """The sentence of the description that tells of the cancelling: notices under the directives have no other place for it."""
    if decision.type not in ("CELEX", "CF"):
        return ""
    words = notice_rules().reason_words
    return next((sentence for sentence in _described(release) if any(word in sentence.casefold() for word in words)), "")


def intention_of(release: Mapping[str, Any], decision: Decision) -> str | None:
    """The sentence in which an award under the directives says that it is not made yet; the form has no other place for it."""
    if decision.type != "CELEX" or decision.event is not EventKind.AWARDED:
        return None
    sentences = _described(release)
    for words in notice_rules().intention_words:
        for sentence in sentences:
            if words in sentence.casefold():
                return sentence
    return None


def _described(release: Mapping[str, Any]) -> list[str]:
    """The sentences of the notice's descriptions."""
    descriptions = (text_of(mapping(release.get("tender")).get("description")), text_of(release.get("description")))
    return [sentence.strip(" *") for text in descriptions for sentence in _SENTENCES.split(text)]
