"""Release packages of the Open Contracting Data Standard to entries.

What leaves this module is small and clean: a release keeps only what understanding reads, so that a stored release is understood again
exactly as it was the first time, and officers' names, telephone numbers and work e-mails are never stored. Payloads exceed their declared
schema everywhere (``buyerID: []``, ids that are numbers, lists that are null), so nothing is ever rejected for its shape: what is not as
expected is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from watchers.exceptions import ParseError
from watchers.keys import key, link_key
from watchers.notice_rules import notice_rules
from watchers.parsers.pages import read_json
from watchers.plaintext import plain, shorten
from watchers.types import Entry, Response

LONDON = ZoneInfo("Europe/London")
_SUMMARY = 500
_LONG = 1200  # reasons are cut to 300 where they are told; some are whole letters
_NAME = 300
_WORD = 200
_MAX_PROBLEMS = 20
_LARGEST = 10**15  # beyond any sum; databases refuse integers of a thousand digits

_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_EDIT_NUMBER = re.compile(r"-\d+$")
_HTTP = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)

_KEPT_ROLES: Final = frozenset({"buyer", "procuringEntity", "supplier", "removedSupplier"})

# The parts of a release that are read by watchers/notices.py. A number is the longest text kept; VALUE is a sum; a list keeps each element.
_SUM = object()
_VALUE: Final = {"amount": _SUM, "amountGross": _SUM, "currency": _WORD}
_CODED: Final = [{"id": _WORD, "scheme": _WORD}]
_CHANGES: Final = [{"date": _WORD, "description": _LONG, "rationale": _LONG, "rationaleClassifications": _CODED, "value": _VALUE}]
_DOCUMENTS: Final = [{"id": _WORD, "noticeType": _WORD, "documentType": _WORD, "url": 2000}]
_ORGANISATION: Final = {"id": _WORD, "name": _NAME}
_SHAPE: Final = {
    "ocid": _WORD,
    "id": _WORD,
    "date": _WORD,
    "tag": [_WORD],
    "language": _WORD,
    "description": _LONG,
    "buyer": _ORGANISATION,
    "parties": [
        _ORGANISATION | {"roles": [_WORD], "identifier": {"id": _WORD, "scheme": _WORD}, "additionalIdentifiers": _CODED},
    ],
    "planning": {"documents": _DOCUMENTS},
    "tender": {
        "id": _WORD,
        "title": 500,
        "description": _LONG,
        "status": _WORD,
        "statusDetails": _LONG,
        "legalBasis": {"id": _WORD, "scheme": _WORD},
        "procurementMethod": _WORD,
        "procurementMethodDetails": _NAME,
        "value": _VALUE,
        "documents": _DOCUMENTS,
    },
    "awards": [
        {
            "id": _WORD,
            "status": _WORD,
            "statusDetails": _LONG,
            "date": _WORD,
            "finalStatusDate": _WORD,
            "value": _VALUE,
            "suppliers": [_ORGANISATION],
            "documents": _DOCUMENTS,
            "milestones": [{"type": _WORD, "dueDate": _WORD}],
        }
    ],
    "contracts": [
        {
            "id": _WORD,
            "awardID": _WORD,
            "status": _WORD,
            "statusDetails": _LONG,
            "dateSigned": _WORD,
            "finalStatusDate": _WORD,
            "value": _VALUE,
            "documents": _DOCUMENTS,
            "terminationRationaleClassifications": _CODED,
            "implementation": {"endDate": _WORD, "finalValue": _VALUE},
            "amendments": _CHANGES,
            "proposedAmendments": _CHANGES,
        }
    ],
    # The European register's notices are brought into this shape by parsers/ted.py, with what only they have.
    "ted": {"noticeType": _WORD, "results": [_WORD], "reasons": [_WORD], "changes": [_WORD], "version": _WORD},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One page of releases. ``releases`` counts what the page held, repeats and unreadable ones included; ``next`` is as it was written."""

    entries: tuple[Entry, ...]
    releases: int
    next: str | None
    problems: tuple[str, ...]


class Reduced(dict[str, Any]):
    """A release that holds only what is understood. Its type says that it need not be reduced again; out of a store comes a plain dict."""


def mapping(value: object) -> Mapping[str, Any]:
    """``value`` if it is an object, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects in ``value`` if it is a list."""
    return [cast("Mapping[str, Any]", item) for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def texts(value: object) -> list[str]:
    """The texts in ``value``, which may be one text instead of a list."""
    items = value if isinstance(value, list | tuple) else [value]
    return [text for item in items if (text := text_of(item))]


def text_of(value: object, limit: int = _LONG) -> str:
    """Plain text of a value: a text without markup, a number in digits, else empty.

    Some registers escape more than once, so this goes on until nothing changes: a stored text read again must stay as it is.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)[: 20 * limit]
    for _ in range(6):
        cleaned = plain(text)
        if cleaned == text:
            break
        text = cleaned
    text = _EMAIL.sub("[e-mail removed]", text) if "@" in text else text
    # Three dots, because cleaning would make three of the one sign.
    return text if len(text) <= limit else f"{shorten(text, limit - 3)}..."


def reduced(release: Mapping[str, Any]) -> Reduced:
    """The part of a release that is understood and stored. Reducing twice changes nothing."""
    if isinstance(release, Reduced):
        return release
    kept = Reduced(cast("dict[str, Any]", _keep(release, _SHAPE) or {}))
    parties = [party for party in kept.pop("parties", ()) if _KEPT_ROLES.intersection(party.get("roles", ()))]
    if parties:
        kept["parties"] = parties
    for part in _with_documents(kept):
        # Of all documents only the notice itself is read: it carries the notice type and the address for people.
        documents = part.pop("documents")
        own = [document for document in documents if "id" in kept and document.get("id") == kept["id"]]
        notices = own or [document for document in documents if document.get("documentType", "").endswith("Notice")][:1]
        if notices:
            part["documents"] = notices
    return kept


def _with_documents(release: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (release.get("planning"), release.get("tender"), *release.get("awards", ()), *release.get("contracts", ())):
        if part and "documents" in part:
            yield part


def own_documents(release: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The documents of a reduced release: those that are the notice itself, else the first notice among them."""
    return [document for part in _with_documents(cast("dict[str, Any]", release)) for document in part["documents"]]


def _keep(value: object, shape: object) -> object:
    """The part of ``value`` that fits ``shape``; None when nothing does."""
    if shape is _SUM:
        return _number(value)
    if isinstance(shape, int):
        return text_of(value, shape) or None
    if isinstance(shape, list):
        items = value if isinstance(value, list | tuple) else [value] if isinstance(value, str) else []
        return [kept for item in items if (kept := _keep(item, shape[0])) is not None] or None
    if isinstance(shape, dict) and isinstance(value, Mapping):
        return {name: kept for name, inner in shape.items() if (kept := _keep(value.get(name), inner)) is not None} or None
    return None


def _number(value: object) -> int | float | str | None:
    """A sum that is one: JSON's infinities and texts that are no figures are missing sums."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        return text if re.fullmatch(r"\d{1,15}(\.\d{1,6})?", text) else None
    if isinstance(value, int | float) and abs(value) < _LARGEST:  # not so of infinity and of what is no number
        return value
    return None


def moment(value: object) -> datetime | None:
    """The moment (UTC) of an ISO 8601 text; without an offset it is London's time, as all four British registers write it."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value.strip())
        return (when if when.tzinfo else when.replace(tzinfo=LONDON)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(value: object) -> datetime | None:
    """The moment of a date.

    A date without a time is written as midnight, or as the last second of the day, where the register stands; it is kept as noon (UTC) of
    that day, so that a reader in another zone is not shown the day before.
    """
    if not isinstance(value, str):
        return None
    try:
        local = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if (local.hour, local.minute, local.second) in ((0, 0, 0), (23, 59, 59)):
        return datetime(local.year, local.month, local.day, 12, tzinfo=UTC)
    return moment(value)


def notice_url(release: Mapping[str, Any]) -> str | None:
    """Where people read the notice: the address in the notice's own document, else the one its register builds from the id."""
    ocid, number = text_of(release.get("ocid")), text_of(release.get("id"))
    publisher = notice_rules().publisher(ocid)
    if publisher.link and number:
        return publisher.link.format(id=number, guid=_EDIT_NUMBER.sub("", number))
    return next((url for document in own_documents(release) if _HTTP.fullmatch(url := document.get("url", ""))), None)


def release_id(release: Mapping[str, Any]) -> str:
    """The release's own id, or one made of its content: Public Contracts Scotland gives none (90 of 90 measured)."""
    return text_of(release.get("id")) or sha256(canonical(release)).hexdigest()


def canonical(value: object) -> bytes:
    """One spelling of a JSON value, for digests."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def entry_of(release: Mapping[str, Any]) -> Entry:
    """The entry of one release. Raises ValueError with what is missing when it cannot be known again or told."""
    kept = reduced(release)
    if not kept.get("ocid"):
        raise ValueError("it has no ocid")
    tender = mapping(kept.get("tender"))
    title = text_of(tender.get("title")) or text_of(kept.get("description"), _WORD)
    if not title:
        raise ValueError("it has no title")
    kept["id"] = release_id(kept)
    publisher = notice_rules().publisher(kept["ocid"])
    url = notice_url(kept)
    return Entry(
        keys=(key("notice", publisher.prefix or publisher.name, kept["id"]),),
        fingerprint=key("release", canonical(kept).decode("ascii")),
        title=title,
        summary=text_of(tender.get("description"), _SUMMARY),
        url=url,
        link_key=link_key(url),
        outlet=publisher.name,
        published=moment(kept.get("date")),
        language=kept.get("language"),
        release=kept,
    )


def read_package(response: Response, *, about: str) -> Package:
    """The releases of one page, oldest first, each once.

    A release that cannot be read becomes a problem that names it; nothing else stops. Registers answer newest first, and an award must be
    read before the notice that changes it.

    Raises:
        ParseError: the page is not JSON or not a release package.

    """
    document, problems = read_json(response.body, about=about, content_type=response.headers.get("content-type", ""))
    if not isinstance(document, dict) or not isinstance(document.get("releases"), list):
        raise ParseError(f"the page has no list of releases{_said(document)}", about=about)
    entries: dict[tuple[bytes, ...], Entry] = {}
    found = list(problems)
    for place, release in enumerate(document["releases"], start=1):
        try:
            entry = entry_of(mapping(release))
        except ValueError as error:
            named = text_of(mapping(release).get("id"), 60) or text_of(mapping(release).get("ocid"), 60) or f"number {place} of the page"
            found.append(f"release {named} was left out: {error}")
        else:
            entries.setdefault(entry.keys, entry)
    if len(found) > _MAX_PROBLEMS:
        found[_MAX_PROBLEMS:] = [f"and {len(found) - _MAX_PROBLEMS} more"]
    link = mapping(document.get("links")).get("next")
    return Package(
        entries=tuple(reversed(entries.values())),
        releases=len(document["releases"]),
        next=link if isinstance(link, str) and link else None,
        problems=tuple(found),
    )


def _said(document: object) -> str:
    """What an error document of a register says about itself."""
    said = text_of(mapping(document).get("error"), 80) or text_of(mapping(document).get("message"), 80)
    return f" but says {said!r}" if said else ""
