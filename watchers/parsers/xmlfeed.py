"""RSS, Atom and RDF through feedparser, the only parser that read all of 568 saved real feeds with the right letters.

How it is called is as measured there: from ``BytesIO`` only (given bytes or a string it opens files and addresses that the text names),
with the address the document came from (relative links), without its sanitiser (half of its time; our own stripping is needed anyway).
"""

from __future__ import annotations

import io
import re
from html.entities import html5
from typing import Any
from xml.sax import SAXException

import feedparser

from watchers.exceptions import ParseError
from watchers.parsers.dates import asked_pause, moment_of
from watchers.parsers.documents import declares_entities
from watchers.parsers.raw import RawEntry, RawFeed
from watchers.types import Feed, Response

_INVENTED_SEMICOLON = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")


def read(feed: Feed, response: Response) -> RawFeed:
    """Read a document that is none of the things ``documents`` knows.

    Raises:
        ParseError: it declares entities of its own, or feedparser could not cope with it.

    """
    if declares_entities(response.body):
        raise ParseError(
            "the document declares entities of its own (a DOCTYPE with an internal subset), which no feed needs", about=feed.id
        )
    headers = {"content-location": response.url, "content-type": response.headers.get("content-type", "application/xml")}
    try:
        document = feedparser.parse(
            io.BytesIO(_from_declaration(response.body)), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except MemoryError:  # the child process is told to stop (watchers.workers)
        raise
    except Exception as error:  # hostile and broken documents raised seven kinds out of it, from KeyError to UnicodeError
        raise ParseError(f"the parser could not cope with the document ({type(error).__name__})", about=feed.id) from error
    broken = isinstance(document.get("bozo_exception"), SAXException)
    head = document["feed"]
    return RawFeed(
        entries=[_entry(entry, mend=broken) for entry in document["entries"]],
        version=document.get("version") or "",
        home=_string(head, "link"),
        language=_string(head, "language"),
        ttl=asked_pause(_string(head, "ttl"), _string(head, "sy_updateperiod"), _string(head, "sy_updatefrequency")),
        problems=["the document is not well-formed XML; its entries were read all the same"] if broken else [],
    )


def _from_declaration(body: bytes) -> bytes:
    """``body`` without white space before ``<?xml``, for which XML refuses the document and leaves it to the lenient parser."""
    return body if b"\0" in body[:4] else body.lstrip()


def _entry(entry: dict[str, Any], *, mend: bool) -> RawEntry:
    """One entry of feedparser's.

    Read with ``dict.get``: the ``get`` of its class answers for missing keys with others, warns, and on broken documents raises.
    """
    written = _string(entry, "published")
    parsed = dict.get(entry, "published_parsed")
    if not written:
        written = _string(entry, "updated") or _string(entry, "created")
        parsed = dict.get(entry, "updated_parsed") or dict.get(entry, "created_parsed")
    title = _string(entry, "title")
    summary = _string(entry, "summary") or _content(entry)
    source = dict.get(entry, "source")
    return RawEntry(
        guid=_string(entry, "id"),
        link=_string(entry, "link"),
        title=_mended(title) if mend else title,
        summary=_mended(summary) if mend else summary,
        written=written,
        published=moment_of(written, parsed),
        source=_string(source, "title") if isinstance(source, dict) else "",
    )


def _string(values: dict[str, Any], name: str) -> str:
    value = dict.get(values, name)
    return value if isinstance(value, str) else ""


def _content(entry: dict[str, Any]) -> str:
    """The first full text, for entries without a summary."""
    contents = dict.get(entry, "content")
    return _string(contents[0], "value") if isinstance(contents, list) and contents else ""


def _mended(text: str) -> str:
    """Undo the lenient parser's semicolon after a bare ampersand: it reads "R&D contract" as "R&D; contract"."""
    return _INVENTED_SEMICOLON.sub(lambda found: found[0] if f"{found[1]};" in html5 else f"&{found[1]}", text)
