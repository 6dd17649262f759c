"""Feeds as OPML, the list that feed readers exchange. Pure.

Of a list that is read only its ``outline`` elements with an ``xmlUrl`` count, at whatever depth; no address of it is asked, and a list
that declares entities is refused whole. What Contractwatch knows of a feed beyond its address and name stands in attributes of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from bot.config_sections import PROJECT_PAGE, FeedSection
from bot.markup import clean

MOST_BYTES = 2_000_000
MOST_FEEDS = 2_000
_LONGEST_NAME = 100
_OURS = f"{PROJECT_PAGE}#opml"
_KEYS = ("id", "kind", "every")  # of a configured feed


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed of a list, as it stands there: nothing of it was checked. ``keys``: what Contractwatch wrote about it."""

    line: int
    url: str
    name: str
    keys: Mapping[str, str]


class OpmlError(ValueError):
    """A list that cannot be read, and why."""


def write_opml(feeds: Iterable[tuple[FeedSection, str]]) -> bytes:
    """The list of feeds, each with its pause between two polls as the configuration writes it."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<opml version={quoteattr('2.0')} xmlns:contractwatch={quoteattr(_OURS)}>"]
    lines += [f"<head><title>{escape('Contractwatch')}</title></head>", "<body>"]
    for feed, every in feeds:
        known = {"id": feed.id, "kind": feed.kind.value, "every": every}
        ours = " ".join(f"contractwatch:{key}={quoteattr(value)}" for key, value in known.items() if value)
        lines.append(f'<outline type="rss" text={quoteattr(feed.name or feed.id)} xmlUrl={quoteattr(feed.address)} {ours}/>')
    return "\n".join([*lines, "</body>", "</opml>", ""]).encode()


def read_opml(body: bytes) -> list[Outline]:
    """The feeds of a list, each address once.

    Raises:
        OpmlError: It is too long, declares entities, or is not OPML.
    """
    if len(body) > MOST_BYTES:
        raise OpmlError(f"the file is larger than {MOST_BYTES // 1_000_000} MB: send it in parts")
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError as error:
        raise OpmlError(f"line {error.lineno}: is not well-formed XML: {expat.errors.messages[error.code]}") from error
    except (LookupError, UnicodeError) as error:
        raise OpmlError("line 1: names an encoding that is not known: save it as UTF-8") from error
    return list(reader.found.values())


@dataclass(slots=True)
class _Reader:
    """What expat tells; it keeps no tree, so depth costs nothing."""

    found: dict[str, Outline] = field(default_factory=dict)
    parser: expat.XMLParserType = field(init=False)
    _begun: bool = False

    def __post_init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._started
        self.parser.EntityDeclHandler = self._declared

    def _declared(self, *_: object) -> None:
        raise OpmlError(f"line {self.parser.CurrentLineNumber}: declares entities of its own, which no list of feeds needs")

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if not self._begun and name.lower() != "opml":
            raise OpmlError(f"line {self.parser.CurrentLineNumber}: is not OPML: the first element is {clean(name)[:40]}")
        self._begun = True
        plain = {key.lower(): value for key, value in attributes.items() if " " not in key}
        url = plain.get("xmlurl", "").strip()
        if name.lower() != "outline" or not url or url in self.found:
            return
        if len(self.found) == MOST_FEEDS:
            raise OpmlError(f"line {self.parser.CurrentLineNumber}: has more than {MOST_FEEDS:,} feeds: send them in parts")
        title = clean(unicodedata.normalize("NFC", plain.get("text") or plain.get("title") or ""))[:_LONGEST_NAME].strip()
        keys = {key: value for key in _KEYS if (value := attributes.get(f"{_OURS} {key}", "").strip())}
        self.found[url] = Outline(self.parser.CurrentLineNumber, url, title, keys)
