"""News feeds and ModernGov's: a document in, clean entries with their keys out.

Invariants: titles and summaries are plain text; a link is http(s) or there is none; no two entries of a document share a key; a document
without a single entry is an error that says what the document is, never "nothing new".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from watchers.exceptions import ParseError
from watchers.keys import entry_keys, fingerprint, key, normal_guid, normal_link
from watchers.parsers import jsonfeed, plainxml, xmlfeed
from watchers.parsers.dates import within_reason
from watchers.parsers.documents import not_a_feed, prologue, without_entries
from watchers.parsers.raw import RawEntry, RawFeed
from watchers.plaintext import plain, shorten
from watchers.types import Entry, Feed, FeedKind, ParsedFeed, Response

TITLE_LIMIT = 500  # characters; the longest title of 22,151 real entries that was a title is shorter
SUMMARY_LIMIT = 4_000
_MARKUP_LIMIT = 16 * SUMMARY_LIMIT  # of a summary that is mostly tags; the rest is not looked at
_LINK_LIMIT = 2_000  # Google News' links reach 696
_TEXTS_AT_ONCE = 3
_PREFIX_LIMIT = 60  # "Decision sheet published"

_AGGREGATOR = "news.google.com"
_GOVUK_RETIRED = "this feed has ended"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z])")


def parse(feed: Feed, response: Response, now: datetime) -> ParsedFeed:
    """Read a document of a ``news`` or ``moderngov`` feed.

    Raises:
        ParseError: it is no feed, or holds no entry, or is GOV.UK's notice that the feed has ended.

    """
    start = prologue(response.body)
    if refusal := not_a_feed(start):
        raise ParseError(refusal, about=feed.id)
    raw = jsonfeed.read(feed, response) if start[:1] in b"{[" else plainxml.read(response) or xmlfeed.read(feed, response)
    if not raw.entries and not (raw.version and feed.may_be_empty):
        raise ParseError(without_entries(start, raw.version), about=feed.id)
    fronts = {normal_link(raw.home), normal_link(feed.url)}
    drafts = [draft for entry in raw.entries if (draft := _draft(feed, raw, entry, fronts, now))]
    if len(raw.entries) == 1 and drafts and drafts[0].entry.title.casefold() == _GOVUK_RETIRED:
        raise ParseError("GOV.UK has ended this feed: look for its successor on the page it belonged to", about=feed.id)
    if raw.entries and not drafts:
        raise ParseError("the document is a feed whose entries have neither a title nor a text nor a link", about=feed.id)
    return ParsedFeed(entries=tuple(_keyed(drafts)), ttl=raw.ttl, problems=tuple(raw.problems))


@dataclass(slots=True)
class _Draft:
    """A cleaned entry on its way to its keys. ``link`` and ``guid`` are normal, and empty once they are known not to identify."""

    entry: Entry
    link: str
    guid: str
    prefix: str
    written: str


_Uses = defaultdict[tuple[str, str], list[tuple[Entry, str]]]  # an identifier → the entries that carry it, each with its other identifier


def _draft(feed: Feed, raw: RawFeed, entry: RawEntry, fronts: set[str | None], now: datetime) -> _Draft | None:
    """Clean one entry; None when there is nothing in it at all. ``fronts``: normal links of pages that are no article's."""
    title = shorten(plain(entry.title[:_MARKUP_LIMIT]), TITLE_LIMIT)
    url = _shown_link(entry.link)
    outlet = None
    summary = entry.summary
    if url and _host(url) == _AGGREGATOR:
        # Only here is an entry's word taken for whose it is: anybody's feed may say <source>BBC News</source>. The description repeats the
        # headline and adds those of other outlets, whose contracts are not this entry's.
        title, outlet = _without_outlet(title, shorten(plain(entry.source), 80))
        summary = ""
    text = shorten(plain(summary[:_MARKUP_LIMIT]), SUMMARY_LIMIT) if summary else ""
    if text == title:
        text = ""
    link = normal_link(url) or ""
    guid = normal_guid(entry.guid[:_MARKUP_LIMIT]) or ""
    if not (title or text or link or guid):
        return None
    return _Draft(
        entry=Entry(
            keys=(),
            fingerprint=fingerprint(title, text),
            title=title,
            summary=text,
            url=url,
            outlet=outlet,
            published=within_reason(entry.published, now),
            language=_language(entry.language or raw.language),
        ),
        link="" if _is_front_page(link, fronts) else link,
        guid=guid,
        prefix=_prefix(title) if feed.kind is FeedKind.MODERNGOV else "",
        written=entry.written,
    )


def _keyed(drafts: list[_Draft]) -> Iterable[Entry]:
    """The entries with their keys; one entry where the document has the same article twice (the BBC's "#1" and "#8")."""
    _drop_what_does_not_identify(drafts)
    places: dict[bytes, int] = {}
    entries: list[Entry] = []
    for draft in drafts:
        entry = draft.entry
        otherwise = (entry.title, draft.written, entry.summary)
        keys = entry_keys(link=draft.link, guid=draft.guid, prefix=draft.prefix, otherwise=otherwise)
        place = next((places[known] for known in keys if known in places), None)
        if place is None:
            place = len(entries)
            entries.append(replace(entry, keys=keys, link_key=key("id", draft.link, draft.prefix) if draft.link else None))
        else:
            first = entries[place]
            entries[place] = replace(first, keys=tuple(dict.fromkeys(first.keys + keys)))
        places.update(dict.fromkeys(keys, place))
    return entries


def _drop_what_does_not_identify(drafts: list[_Draft]) -> None:
    """Forget links and guids that stand in entries of different titles: a podcast's home page, one guid for all.

    A link in two headlines of one guid still identifies, and the other way round: that is one article under two headlines.
    """
    links: _Uses = defaultdict(list)
    guids: _Uses = defaultdict(list)
    for draft in drafts:
        links[draft.link, draft.prefix].append((draft.entry, draft.guid))
        guids[draft.guid, draft.prefix].append((draft.entry, draft.link))
    shared_links = {place for place, uses in links.items() if _are_different(uses)}
    shared_guids = {place for place, uses in guids.items() if _are_different(uses)}
    for draft in drafts:
        place = (draft.link, draft.prefix)
        if (draft.guid, draft.prefix) in shared_guids:
            draft.guid = ""
        if place in shared_links:
            draft.link = ""


def _are_different(uses: list[tuple[Entry, str]]) -> bool:
    """Whether the entries with one identifier are different articles: other titles, and no other identifier that says they are one.

    More than three texts are not one article whatever the identifiers say: a newsletter's issues 1 to 111 are fragments of one page.
    """
    if len(uses) == 1:
        return False
    if len({entry.fingerprint for entry, _ in uses}) > _TEXTS_AT_ONCE:
        return True
    others = {other for _, other in uses}
    return (len(others) > 1 or "" in others) and len({entry.title.casefold() for entry, _ in uses}) > 1


def _shown_link(link: str) -> str | None:
    """The link as people may click it: http(s), with a host, without a user name before it ("https://bbc.co.uk@example.net"), printable."""
    link = link.strip()
    if link[:4].lower() != "http" or len(link) > _LINK_LIMIT or not link.isprintable():
        return None
    try:
        parts = urlsplit(link)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            return None
    except ValueError:  # "http://[::1"
        return None
    return link.replace(" ", "%20")


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _is_front_page(link: str, fronts: set[str | None]) -> bool:
    """Whether every entry of such a feed links to one page: its second entry would be taken for its first."""
    return link in fronts or ("/" not in link and "?" not in link)


def _without_outlet(title: str, source: str) -> tuple[str, str | None]:
    """The headline and its outlet, which Google News writes behind it: "Headline - Outlet"."""
    return title.removesuffix(f" - {source}") if source else title, source or None


def _prefix(title: str) -> str:
    """What happened to a council's page ("Agenda published", "Decision sheet published"), before the colon: the page stays the same."""
    head, colon, _ = title.partition(":")
    return head.strip().casefold() if colon and len(head) <= _PREFIX_LIMIT else ""


def _language(tag: str) -> str | None:
    found = _LANGUAGE.match(tag.strip())
    return found[0].lower() if found else None
