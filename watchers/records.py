"""One JSON record in, one entry out: what the commands that read JSON Lines are given (DESIGN.md §4). Pure."""

from __future__ import annotations

from typing import Any

from watchers.exceptions import ParseError
from watchers.keys import link_key
from watchers.parsers.dates import iso_moment
from watchers.types import Entry

_TEXTS = ("title", "summary", "url", "published", "language", "outlet")


def entry_of(record: dict[str, Any]) -> Entry:
    """The entry that a record with ``title`` (or ``summary``, or ``release``) and, where known, its other fields stands for.

    Raises ParseError naming the record's id and the key that is wrong.
    """
    about = str(record.get("id", "?"))
    release = record.get("release")
    if release is not None and not isinstance(release, dict):
        raise ParseError("'release' is not an object", about=about)
    for key in _TEXTS:
        if record.get(key) is not None and not isinstance(record[key], str):
            raise ParseError(f"{key!r} is not a text", about=about)
    if release is None and not record.get("title") and not record.get("summary"):
        raise ParseError("has neither 'title', 'summary' nor 'release'", about=about)
    return Entry(
        keys=(),
        fingerprint=b"",
        title=record.get("title") or "",
        summary=record.get("summary") or "",
        url=record.get("url"),
        link_key=link_key(record.get("url")),
        outlet=record.get("outlet"),
        published=iso_moment(record.get("published")),
        language=record.get("language"),
        release=release,
    )
