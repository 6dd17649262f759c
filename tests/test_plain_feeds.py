"""The quick reader reads what feedparser reads, or declines; and both stand up to documents from outside."""

from __future__ import annotations

import importlib.util
import json
import lzma
import random
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchers.exceptions import ParseError
from watchers.parsers import parse_feed, plainxml, xmlfeed
from watchers.parsers.documents import not_a_feed, prologue
from watchers.parsers.raw import RawFeed
from watchers.types import Feed, FeedKind, Response
from watchers.workers import Workers

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
FEED = Feed(id="a-feed", kind=FeedKind.NEWS, url="https://news.example.org/a/rss.xml", name="A feed", every=timedelta(minutes=15))
NAMESPACES = (
    "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:atom='http://www.w3.org/2005/Atom' "
    "xmlns:media='http://search.yahoo.com/mrss/' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
)


def response(body: str | bytes, content_type: str = "application/xml") -> Response:
    data = body if isinstance(body, bytes) else body.encode()
    return Response(url=FEED.url, status=200, headers={"content-type": content_type}, body=data, fetched_at=NOW)


def rss(inside: str, head: str = "") -> str:
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<rss version='2.0' {NAMESPACES}><channel><title>T</title>{head}<item>{inside}</item></channel></rss>"


def atom(inside: str, head: str = "") -> str:
    return f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en_GB'><title>T</title><id>https://x.example/</id>{head}<entry>{inside}</entry></feed>"


def without_version(feed: RawFeed) -> RawFeed:
    """The two name formats in their own way; that they know one is all that is used."""
    assert feed.version
    feed.version = ""
    return feed


def both(document: Response) -> tuple[RawFeed, RawFeed]:
    quick = plainxml.read(document)
    assert quick is not None
    return without_version(quick), without_version(xmlfeed.read(FEED, document))


@pytest.mark.parametrize(
    "inside",
    [
        "<title>A &amp; B</title><link>https://x.example/a?b=1&amp;c=2</link><guid>https://x.example/a</guid><description>&lt;p&gt;C&lt;/p&gt;</description>",
        "<title>  spaced\n out </title><link> ../b </link><guid>17</guid>",
        "<title>A</title><guid isPermaLink='true'>/c</guid>",
        "<title>A</title><guid isPermaLink='false'>c</guid>",
        "<title>A</title><guid>https://x.example/g</guid><link>https://x.example/l</link>",
        "<title>A</title><link/><guid>https://x.example/g</guid>",
        "<title>A</title><link>https://x.example/?&amp;copy;=1#</link>",
        "<title>A</title><link>tag:x,1</link><description/>",
        "<title><![CDATA[A <b>b</b> &amp; c]]></title><content:encoded><![CDATA[<p>full</p>]]></content:encoded>",
        "<content:encoded>full</content:encoded><description>short</description><title>A</title>",
        "<description></description><content:encoded>full</content:encoded><title>A</title>",
        "<title>Café – £5m – العقد</title>",
        "<title>A</title><atom:link rel='self' href='https://x.example/self'/><link>https://x.example/a</link>",
        "<title>A</title><atom:link href='d'/><category domain='x'>c</category><dc:creator>me</dc:creator><media:thumbnail url='t'/>",
        "<title>A</title><enclosure url='e' type='audio/mpeg' length='1'/><comments>https://x.example/c</comments><author>a@x.example (A)</author>",
        "<title>A</title><source url='https://s.example'>The Source</source>",
        "<description>S</description><media:content url='p'/><media:description>caption</media:description><title>A</title>",
        "<description>S</description><content:encoded>C</content:encoded><media:content url='p'><media:description type='plain'>caption</media:description></media:content>",
        "<description>S</description><media:content url='p'><media:description>one</media:description></media:content><media:content url='q'><media:description>two</media:description></media:content>",
        *(
            f"<title>A</title><pubDate>{date}</pubDate>"
            for date in ("Mon, 05 Oct 2026 10:00:00 GMT", "5 Oct 2026 10:00:00 +0130", "Mon, 05 Oct 2026 10:00 GMT", "Mon, 31 Feb 2026 10:00:00 GMT",
                         "Mon, 05 Oct 2026 10:00:00 BST", "Mon, 05 Okt 2026 10:00:00 GMT", "2026-10-05", "1756717200", "", "soon",
                         "Sat, 01 Jan 0001 00:00:00 +0100")
        ),
        *(f"<title>A</title><dc:date>{date}</dc:date>" for date in ("2026-10-05T10:00:00Z", "2026-10-05T10:00:00+01:00", "2026-02-30T10:00:00Z", "2026-10")),
        "<title>A</title><pubDate>Mon, 05 Oct 2026 10:00:00 GMT</pubDate><dc:date>2026-10-06T10:00:00Z</dc:date>",
        "",
    ],
)  # fmt: skip
def test_plain_rss_is_read_alike(inside: str) -> None:
    head = "<link>https://x.example/</link><language>en-gb</language><ttl>30</ttl><sy:updatePeriod>daily</sy:updatePeriod><image><title>I</title><link>i</link></image>"

    quick, thorough = both(response(rss(inside, head)))

    assert quick == thorough


@pytest.mark.parametrize(
    "inside",
    [
        "<title>A</title><id>tag:x,1</id><link href='/a'/><updated>2026-10-05T10:00:00Z</updated><summary>S</summary>",
        "<title type='html'>A &amp;amp; B</title><id>https://x.example/i</id><published>2026-10-04T10:00:00Z</published><updated>2026-10-05T10:00:00Z</updated>",
        "<title>A</title><id>i</id><link rel='enclosure' href='e'/><link rel='alternate' type='text/html' href='b'/><content type='html'>&lt;p&gt;C&lt;/p&gt;</content>",
        "<title>A</title><id>i</id><content>C</content><summary>S</summary><author><name>N</name><uri>https://n.example</uri></author><category term='c'/>",
        "<title>A</title><link href=''/><link rel='replies' href='r'/>",
    ],
)
@pytest.mark.parametrize("head", ["", "<link href='/home'/><link rel='self' href='/self'/>"])
def test_plain_atom_is_read_alike(inside: str, head: str) -> None:
    quick, thorough = both(response(atom(inside, head)))

    assert quick == thorough


@pytest.mark.parametrize(
    "document",
    [
        rss("<title>A <b>b</b></title>"),
        rss("<title>A</title><title>B</title>"),
        rss("<title>A</title><media:title>B</media:title>"),
        rss("<title>A</title><media:description>caption</media:description>"),
        rss("<title>A</title><media:description>caption</media:description><description>S</description>"),
        rss("<title>A</title><description/><media:description>caption</media:description>"),
        rss("<description>S</description><media:description>one</media:description><media:description>two</media:description>"),
        rss("<description>S</description><content:encoded>C</content:encoded><media:description>caption</media:description>"),
        rss("<description>S</description><media:description><b>caption</b></media:description>"),
        rss("<title>A</title><x:y xmlns:x='https://x.example'>B</x:y>"),
        rss("<title>A</title><category><title>B</title></category>"),
        rss("<title>A & B</title>"),
        rss("<title>A&nbsp;B</title>"),
        rss("<title>caf\u00c3\u00a9</title>"),
        rss("<title>it\u0092s</title>"),
        rss("<title>A</title>").replace("UTF-8", "windows-1252"),
        rss("<title>A</title>").replace("<rss", "<!DOCTYPE rss><rss"),
        rss("<title>A</title>").replace("<channel>", "<channel xml:base='https://b.example/'>"),
        rss("<title>A</title>").encode("utf-16"),
        rss("<title>A</title>").replace("<item>", "<x>").replace("</item>", "</x>"),
        rss("<title>A</title>")[:-9],
        atom("<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A</div></title>"),
        atom("<title>A</title><content type='image/png'>AAAA</content>"),
        atom("<title>A</title><content src='https://x.example/a'/>"),
        atom("<title>A</title><source><title>B</title></source>"),
        "<opml><body/></opml>",
        "no XML at all",
        "",
    ],
)
def test_what_is_not_plain_is_declined(document: str | bytes) -> None:
    assert plainxml.read(response(document)) is None


def test_another_charset_in_the_header_is_declined() -> None:
    assert plainxml.read(response(rss("<title>A</title>"), "text/xml; charset=iso-8859-1")) is None
    assert plainxml.read(response(rss("<title>A</title>"), 'text/xml; charset="UTF-8"')) is not None


# ------------------------------------------------------------------ on documents from outside


def saved(archive: Path, largest: int) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as members:
        for member in members:
            if member.isfile() and member.size <= largest and not member.name.endswith((".tsv", ".md")):
                content = members.extractfile(member)
                assert content is not None
                yield member.name, content.read()


@pytest.mark.shared
def test_every_real_document_is_read_and_both_readers_agree(shared: Path) -> None:
    refused = {}
    compared = 0
    for name, body in saved(shared / "data/feeds/real.tar.xz", 40_000):
        document = response(body)
        try:
            assert parse_feed(FEED, document, NOW).entries
        except ParseError as error:
            refused[name] = error.message
        start = prologue(body)
        if start[:1] == b"<" and not not_a_feed(start) and plainxml.read(document):
            compared += 1
            quick, thorough = both(document)
            assert quick == thorough, name

    assert list(refused.values()) == ["the document is a gzip archive, not a feed"]
    assert compared > 40


@pytest.mark.shared
def test_test_documents_of_other_parsers_raise_nothing_but_parse_errors(shared: Path) -> None:
    read = 0
    for _, body in saved(shared / "data/feeds/suites.tar.xz", 1_000):
        try:
            read += bool(parse_feed(FEED, response(body), NOW).entries)
        except ParseError:
            continue

    assert read > 900


@pytest.mark.shared
@pytest.mark.parametrize(("history", "articles"), [("cnn_2020_21", 6_155), ("dailytelegraph_2020_21", 1_643)])
def test_a_recorded_history_of_polls_tells_every_article_once(shared: Path, history: str, articles: int) -> None:
    known: set[bytes] = set()
    told = 0
    with lzma.open(shared / f"data/feeds/polls/{history}.jsonl.xz", "rt") as polls:
        for line in polls:
            poll = json.loads(line)
            now = datetime.fromtimestamp(poll["t"], UTC)
            try:
                entries = parse_feed(FEED, response(poll["xml"]), now).entries
            except ParseError:
                continue
            for entry in entries:
                told += known.isdisjoint(entry.keys)
                known.update(entry.keys)

    assert told == articles


@pytest.mark.shared
async def test_hostile_documents_cost_a_parse_error_at_most(shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("hostile_feeds", shared / "tools/hostile/hostile_feeds.py")
    assert spec and spec.loader
    hostile = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = hostile  # its dataclasses look themselves up there
    spec.loader.exec_module(hostile)
    quick = {"entity", "xxe", "encoding", "wrong", "date", "link", "html", "identity"}
    cases = [case for case in hostile.CASES.values() if case.family in quick]
    refused = []
    async with Workers() as workers:
        for case in cases:
            try:
                await workers.parse(FEED, response(case.build(random.Random(1), 1), case.ctype), NOW)
            except ParseError:
                refused.append(case)

    assert [case.name for case in refused if case.expect == "parse"] == []
    assert [case.name for case in cases if case.expect == "reject" and case not in refused] == []
