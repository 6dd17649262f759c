"""What every reader of a news document hands over, before it is cleaned and keyed the same way for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class RawEntry:
    """One entry with its strings as the document has them: markup, entities and all. Empty strings where it says nothing."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    written: str = ""  # the date, as written
    published: datetime | None = None
    source: str = ""  # whose entry an aggregator says it is
    language: str = ""


@dataclass(slots=True)
class RawFeed:
    """One document. ``version`` is the format, empty when none was recognised; ``home`` is the page the feed belongs to."""

    entries: list[RawEntry]
    version: str
    home: str = ""
    language: str = ""
    ttl: timedelta | None = None
    problems: list[str] = field(default_factory=list)
