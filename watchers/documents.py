"""What is remembered of a fetched document, so that an alert can prove later what its feed said and where that was read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

from watchers.types import Document, Entry, Response

HIDDEN = "…"
_SECRET = re.compile(r"(?i)(?<![^&;])([^=&;]*(?:key|token|secret|passw|sig|auth|credential)[^=&;]*)=[^&;]*")


def document_of(response: Response) -> Document:
    """Name a document by the digest of its bytes, as they were parsed: decompressed, before anything was made of them."""
    return Document(
        addresses=tuple(shown_address(url) for url in response.addresses or (response.url,)),
        fetched_at=response.fetched_at,
        sha256=sha256(response.body).digest(),
        size=len(response.body),
    )


def stamped(entries: Iterable[Entry], response: Response) -> tuple[Entry, ...]:
    """The entries, each with the document it was read from."""
    document = document_of(response)
    return tuple(replace(entry, document=document) for entry in entries)


def shown_address(url: str) -> str:
    """An address as people may see it: evidence is shown in chats, and some feeds are asked for with the key of whoever set them up."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, _SECRET.sub(rf"\1={HIDDEN}", parts.query), ""))
