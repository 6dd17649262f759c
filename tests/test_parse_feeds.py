"""News feeds and councils' feeds: documents in every form they come in, and everything that is none."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchers.exceptions import ParseError
from watchers.keys import link_key
from watchers.parsers import parse_feed
from watchers.types import Entry, Feed, FeedKind, ParsedFeed, Response

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
URL = "https://news.example.org/feeds/rss.xml"


def feed(kind: FeedKind = FeedKind.NEWS, *, url: str = URL, may_be_empty: bool = False) -> Feed:
    return Feed(id="a-feed", kind=kind, url=url, name="A feed", every=timedelta(minutes=15), may_be_empty=may_be_empty)


def parse(document: str | bytes, kind: FeedKind = FeedKind.NEWS, *, content_type: str = "application/xml", **options: object) -> ParsedFeed:
    body = document if isinstance(document, bytes) else document.encode()
    response = Response(url=URL, status=200, headers={"content-type": content_type}, body=body, fetched_at=NOW)
    return parse_feed(feed(kind, **options), response, NOW)  # type: ignore[arg-type]


def item(title: str = "Council awards contract", *, link: str = "", guid: str = "", more: str = "") -> str:
    parts = f"<link>{link}</link>" if link else ""
    parts += f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return f"<item><title>{title}</title>{parts}{more}</item>"


def rss(*items: str, head: str = "") -> str:
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>T</title>{head}"
        f"<link>https://news.example.org/news</link>{''.join(items)}</channel></rss>"
    )


def only(parsed: ParsedFeed) -> Entry:
    (entry,) = parsed.entries
    return entry


def titles(parsed: ParsedFeed) -> list[str]:
    return [entry.title for entry in parsed.entries]


class TestFormats:
    def test_rss(self) -> None:
        document = rss(
            item(
                "Mayor cancels &amp;pound;50m deal",
                link="https://news.example.org/a?utm_source=rss",
                guid="7",
                more="<pubDate>Mon, 05 Oct 2026 09:30:00 +0100</pubDate><description>&lt;p&gt;The deal is &lt;b&gt;off&lt;/b&gt;.&lt;/p&gt;</description>",
            ),
            head="<language>en-GB</language>",
        )

        entry = only(parse(document))

        assert (entry.title, entry.summary, entry.language) == ("Mayor cancels £50m deal", "The deal is off.", "en")
        assert entry.url == "https://news.example.org/a?utm_source=rss"
        assert entry.published == datetime(2026, 10, 5, 8, 30, tzinfo=UTC)
        assert entry.link_key == link_key("https://news.example.org/a")
        assert (entry.outlet, entry.release) == (None, None)

    def test_atom(self) -> None:
        document = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB"><title>T</title><id>x</id><entry><id>tag:gov.example,2005:/news/1</id>
            <updated>2026-10-01T10:00:00+01:00</updated><link rel="alternate" type="text/html" href="/news/1"/><title>Statement</title>
            <summary type="html">The Secretary of State&amp;#39;s decision.</summary></entry></feed>"""

        entry = only(parse(document))

        assert (entry.title, entry.summary, entry.language) == ("Statement", "The Secretary of State's decision.", "en")
        assert entry.url == "https://news.example.org/news/1"
        assert entry.published == datetime(2026, 10, 1, 9, tzinfo=UTC)
        assert len(entry.keys) == 2

    def test_rdf(self) -> None:
        document = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
            xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title></channel><item rdf:about="https://news.example.org/1">
            <title>Award notice</title><link>https://news.example.org/1</link><dc:date>2026-09-30</dc:date></item></rdf:RDF>"""

        entry = only(parse(document))

        assert (entry.title, entry.url) == ("Award notice", "https://news.example.org/1")
        assert entry.published == datetime(2026, 9, 30, tzinfo=UTC)

    def test_json_feed(self) -> None:
        document = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "T",
            "language": "ar",
            "items": [
                {"id": "1", "url": "/a", "title": "Award", "content_html": "<p>To A Ltd</p>", "date_published": "2026-10-01T10:00:00Z"},
                {"id": 2, "external_url": "https://other.example/b", "title": "", "content_text": "a < b & c > d"},
            ],
        }

        award, text = parse(json.dumps(document), content_type="application/feed+json").entries

        assert (award.title, award.summary, award.language) == ("Award", "To A Ltd", "ar")
        assert award.url == "https://news.example.org/a"
        assert award.published == datetime(2026, 10, 1, 10, tzinfo=UTC)
        assert (text.title, text.summary, text.url) == ("", "a < b & c > d", "https://other.example/b")

    @pytest.mark.parametrize(
        "body",
        [
            "\ufeff" + rss(item("Café £5m")),
            "\n\n  " + rss(item("Café £5m")),
            rss(item("Café £5m")).replace("'utf-8'", "'utf-16'").encode("utf-16"),
            rss(item("Café £5m")).replace("'utf-8'", "'iso-8859-1'").encode(),  # declared wrongly
            rss(item("Café £5m")).encode("cp1252"),  # declared wrongly the other way
            rss(item("Café £5m")).replace("'utf-8'", "'windows-1252'").encode("cp1252"),
        ],
        ids=["byte order mark", "blank lines first", "utf-16", "utf-8 declared as latin-1", "cp1252 declared as utf-8", "cp1252"],
    )
    def test_letters_come_out_right(self, body: str | bytes) -> None:
        assert titles(parse(body)) == ["Café £5m"]

    def test_a_broken_document_gives_what_it_has_and_says_so(self) -> None:
        broken = rss(item("Marks & Spencer wins R&D contract", link="https://news.example.org/?a=1&b=2")).replace(
            "</channel></rss>", "<item><tit"
        )

        parsed = parse(broken)

        assert parsed.entries[0].title == "Marks & Spencer wins R&D contract"
        assert parsed.entries[0].url == "https://news.example.org/?a=1&b=2"
        assert parsed.problems == ("the document is not well-formed XML; its entries were read all the same",)

    def test_a_wellformed_document_has_no_problem(self) -> None:
        assert parse(rss(item("A", link="https://news.example.org/a"))).problems == ()

    def test_full_text_stands_in_for_a_missing_summary(self) -> None:
        document = rss(item("A", more="<content:encoded>&lt;p&gt;Whole text&lt;/p&gt;</content:encoded>")).replace(
            "version='2.0'", "version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'"
        )

        assert only(parse(document)).summary == "Whole text"

    def test_a_body_that_names_a_file_is_not_opened(self, tmp_path: Path) -> None:
        inside = tmp_path / "feed.xml"
        inside.write_text(rss(item("From the disk")))

        with pytest.raises(ParseError):
            parse(str(inside))


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "empty document"),
            (b"\xef\xbb\xbf \r\n\t", "empty document"),
            (b"<!DOCTYPE html><html><head><title>Not found</title></head></html>", "is an HTML page"),
            (b"\n <HTML lang=en><body>", "is an HTML page"),
            (b"<!doctype html><title>Just a moment...</title>", "bot wall"),
            (b"<html><body>Please complete the CAPTCHA", "bot wall"),
            (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "is an HTML page"),
            (gzip.compress(rss(item()).encode()), "is a gzip archive"),
            (b"PK\x03\x04\x14\x00", "is a zip archive"),
            (b"%PDF-1.7\n", "is a PDF"),
            (b'{"error": "no such feed"}', "JSON, but no JSON Feed"),
            (b"[1, 2]", "JSON, but no JSON Feed"),
            (b'{"version": ', "begins like JSON and is not"),
            (b"[" * 100_000, "begins like JSON and is not"),
            (b'{"version": "https://jsonfeed.org/version/1", "items": []}', "valid feed without a single entry"),
            (rss().encode(), "valid feed without a single entry"),
            (rss("<item/><item><pubDate>x</pubDate></item>").encode(), "neither a title nor a text nor a link"),
            (b"<?xml version='1.0'?><opml version='2.0'><body/></opml>", "neither RSS nor Atom nor RDF"),
            (b"429 Too many requests", "neither RSS, Atom, RDF nor JSON Feed"),
        ],
    )  # fmt: skip
    def test_what_is_no_feed_is_called_what_it_is(self, body: bytes, says: str) -> None:
        with pytest.raises(ParseError, match=f"^a-feed: .*{says}"):
            parse(body)

    def test_a_feed_that_govuk_has_ended_is_an_error(self) -> None:
        with pytest.raises(ParseError, match=r"GOV\.UK has ended this feed"):
            parse(rss(item("This feed has ended", link="https://www.gov.example/ended")))

    def test_a_search_may_find_nothing(self) -> None:
        assert parse(rss(), may_be_empty=True).entries == ()

    def test_a_page_is_no_answer_to_a_search(self) -> None:
        with pytest.raises(ParseError, match="HTML"):
            parse("<html>", may_be_empty=True)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
    @pytest.mark.parametrize("doctype", ['<!DOCTYPE rss [<!ENTITY a "b">]>', "<!doctype rss SYSTEM 'x>y' [\n]>"])
    def test_a_document_that_declares_entities_is_refused(self, doctype: str, encoding: str) -> None:
        with pytest.raises(ParseError, match="declares entities"):
            parse(rss(item("&a;")).replace("<rss", doctype + "<rss").replace("'utf-8'", f"'{encoding}'").encode(encoding))

    def test_a_doctype_alone_is_no_offence(self) -> None:
        doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "https://news.example.org/rss-0.91.dtd">'

        assert titles(parse(rss(item("[A]")).replace("<rss", doctype + "<rss"))) == ["[A]"]

    @pytest.mark.parametrize("encoding", ["undefined", "punycode", "nul\x00nul"])
    def test_no_exception_of_the_parser_gets_out(self, encoding: str) -> None:
        try:
            parse(rss(item()).replace("utf-8", encoding))
        except ParseError as error:
            assert str(error).startswith("a-feed: ")

    def test_pages_of_notices_are_not_documents(self) -> None:
        with pytest.raises(ParseError, match="page by page"):
            parse(rss(item()), FeedKind.FIND_A_TENDER)


class TestEntries:
    def test_a_link_is_a_web_address_or_none(self) -> None:
        links = [
            "javascript:alert(1)",
            "https://bbc.example@evil.example/",
            "ftp://a.example/b",
            "https://a.example/\u202ex",
            "https://[::1",
            "h" * 3000,
        ]

        assert [only(parse(rss(item(link=link)))).url for link in links] == [None] * len(links)

    def test_a_relative_link_is_completed_from_where_the_document_came(self) -> None:
        assert only(parse(rss(item(link="../ieDecisionDetails.aspx?ID=9")))).url == "https://news.example.org/ieDecisionDetails.aspx?ID=9"

    def test_long_texts_are_cut_between_words(self) -> None:
        entry = only(parse(rss(item("title " * 1000, more=f"<description>{'word ' * 100_000}</description>"))))

        assert len(entry.title) <= 500
        assert 3_900 < len(entry.summary) <= 4_000
        assert entry.summary.endswith("word")

    def test_a_picture_without_words_is_an_entry(self) -> None:
        entry = only(parse(rss(item("", link="https://news.example.org/a", more="<description>&lt;img src='x'&gt;</description>"))))

        assert (entry.title, entry.summary, entry.url) == ("", "", "https://news.example.org/a")

    def test_a_summary_that_repeats_the_title_is_left_out(self) -> None:
        assert only(parse(rss(item("Award", more="<description>Award</description>")))).summary == ""

    def test_only_an_aggregator_is_believed_about_whose_entry_it_is(self) -> None:
        ours = item("Deal off - The Daily", link="https://news.example.org/a", more="<source url='https://x.example'>The Daily</source>")
        theirs = item(
            "Deal off - again - The Daily",
            link="https://news.google.com/rss/articles/CBMi1?oc=5",
            more="<source url='https://x.example'>The Daily</source><description>&lt;ol&gt;&lt;li&gt;Other headline&lt;/li&gt;&lt;/ol&gt;</description>",
        )

        plain, aggregated = parse(rss(ours, theirs)).entries

        assert (plain.title, plain.outlet) == ("Deal off - The Daily", None)
        assert (aggregated.title, aggregated.outlet, aggregated.summary) == ("Deal off - again", "The Daily", "")

    @pytest.mark.parametrize(
        ("written", "moment"),
        [
            ("Mon, 05 Oct 2026 10:00:00 GMT", datetime(2026, 10, 5, 10, tzinfo=UTC)),
            ("Mon, 05 Oct 2026 10:00:00 BST", datetime(2026, 10, 5, 9, tzinfo=UTC)),
            ("Mon, 05 Oct 2026 10:00:00 CEST", datetime(2026, 10, 5, 8, tzinfo=UTC)),
            ("Mon, 05 Oct 2026 06:00:00 EDT", datetime(2026, 10, 5, 10, tzinfo=UTC)),
            ("2026-10-05T10:00:00+01:00", datetime(2026, 10, 5, 9, tzinfo=UTC)),
            ("20260901T100000Z", datetime(2026, 9, 1, 10, tzinfo=UTC)),
            ("1756717200", datetime(2025, 9, 1, 9, tzinfo=UTC)),
            ("1756717200000", datetime(2025, 9, 1, 9, tzinfo=UTC)),
            ("Tue, 06 Oct 2026 11:00:00 GMT", datetime(2026, 10, 6, 11, tzinfo=UTC)),
            ("Tue, 06 Oct 2026 13:00:00 GMT", None),  # more than a day ahead
            ("Mon, 05 Oct 1998 10:00:00 GMT", None),
            ("01/09/2026 10:00", None),
            ("9999-12-31T23:59:59-14:00", None),
            ("0001-01-01T00:00:00+14:00", None),
            ("yesterday", None),
            ("", None),
        ],
    )
    def test_dates(self, written: str, moment: datetime | None) -> None:
        assert only(parse(rss(item(more=f"<pubDate>{written}</pubDate>")))).published == moment

    @pytest.mark.parametrize(
        ("head", "ttl"),
        [
            ("", None),
            ("<ttl>15</ttl>", timedelta(minutes=15)),
            ("<ttl>0</ttl>", None),
            ("<ttl>soon</ttl>", None),
            ("<ttl>999999999999</ttl>", timedelta(days=1)),
            ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", timedelta(minutes=30)),
            ("<ttl>15</ttl><sy:updatePeriod> daily </sy:updatePeriod>", timedelta(days=1)),
            ("<sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", timedelta(days=1)),
        ],
    )
    def test_the_pause_a_document_asks_for(self, head: str, ttl: timedelta | None) -> None:
        document = rss(item(), head=head).replace("version='2.0'", "version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'")

        assert parse(document).ttl == ttl


class TestIdentity:
    def test_the_same_article_twice_is_one_entry_with_every_key(self) -> None:
        page = "https://www.bbc.example/news/articles/c0example1o"
        document = rss(
            item("Mayor cancels deal", link=f"{page}?at_medium=RSS", guid=f"{page}#1"),
            item(
                "Another",
                link="https://www.bbc.example/news/articles/c0example2o",
                guid="https://www.bbc.example/news/articles/c0example2o#0",
            ),
            item("Deal is off, says mayor", link=f"{page}?at_medium=RSS", guid=f"{page}#8"),
        )

        parsed = parse(document)

        assert titles(parsed) == ["Mayor cancels deal", "Another"]
        assert parsed.entries[0].keys == (link_key(page),)

    def test_a_moved_article_keeps_a_key_of_either_place(self) -> None:
        first = only(parse(rss(item("A", link="https://news.example.org/old-slug", guid="7"))))
        second = only(parse(rss(item("A", link="https://news.example.org/new-slug", guid="7"))))

        assert set(first.keys) & set(second.keys)

    def test_an_update_with_a_new_guid_is_the_same_page(self) -> None:
        page = "https://www.gov.example/government/publications/x"
        first = only(parse(rss(item("A", link=page, guid=f"{page}#2026-09-28T09:00:00Z"))))
        second = only(parse(rss(item("A", link=page, guid=f"{page}#2026-09-30T15:30:00Z"))))

        assert first.keys == second.keys

    def test_a_link_shared_by_two_articles_is_no_key(self) -> None:
        page = "https://podcast.example/episodes"
        parsed = parse(rss(item("One", link=page, guid="1"), item("Two", link=page, guid="2")))

        assert titles(parsed) == ["One", "Two"]
        assert [entry.link_key for entry in parsed.entries] == [None, None]
        assert {entry.url for entry in parsed.entries} == {page}

    @pytest.mark.parametrize("link", ["https://podcast.example/", "https://news.example.org/news", URL])
    def test_a_link_to_the_front_page_is_no_key_even_alone(self, link: str) -> None:
        first, second = only(parse(rss(item("One", link=link)))), only(parse(rss(item("Two", link=link))))

        assert not set(first.keys) & set(second.keys)

    def test_one_guid_for_all_is_no_key(self) -> None:
        parsed = parse(rss(*(item(f"Title {n}", link=f"https://news.example.org/{n}", guid="same") for n in range(9))))

        assert len(parsed.entries) == 9

    def test_issues_that_are_fragments_of_one_page_stay_apart(self) -> None:
        parsed = parse(
            rss(
                *(
                    item("Newsletter", link=f"https://news.example.org/all#{n}", more=f"<description>Issue {n}</description>")
                    for n in range(9)
                )
            )
        )

        assert len(parsed.entries) == 9

    def test_without_link_and_guid_the_words_identify(self) -> None:
        document = rss(
            item("Contract awarded", more="<description>To A Ltd</description>"),
            item("Contract awarded", more="<description>To B Ltd</description>"),
        )

        first, again = parse(document), parse(document)

        assert len({entry.keys for entry in first.entries}) == 2
        assert first.entries == again.entries

    def test_guids_that_differ_in_spaces_are_one(self) -> None:
        assert len(parse(rss(item("A", guid="g-1"), item("A", guid=" g-1\n"))).entries) == 1

    def test_an_edited_headline_changes_the_fingerprint_and_no_key(self) -> None:
        before = only(parse(rss(item("Mayor reviews deal", link="https://news.example.org/a"))))
        after = only(parse(rss(item("Mayor cancels deal", link="https://news.example.org/a"))))

        assert before.keys == after.keys
        assert before.fingerprint != after.fingerprint

    def test_on_a_councils_page_every_event_is_an_entry(self) -> None:
        page = "https://democracy.example/ieListDocuments.aspx?CId=240&amp;MId=8101"
        agenda = item("Agenda published: Meeting of 14 October 2026, Police Committee", link=page)
        minutes = item("Minutes published: Meeting of 14 October 2026, Police Committee", link=page)

        first = parse(rss(agenda), FeedKind.MODERNGOV)
        later = parse(rss(minutes, agenda), FeedKind.MODERNGOV)

        assert len(later.entries) == 2
        assert later.entries[1] == only(first)
        assert later.entries[0].link_key != later.entries[1].link_key
        assert len(parse(rss(minutes, agenda)).entries) == 2  # as news: the link is no key then, the words are

    def test_a_councils_reworded_entry_is_the_same_event(self) -> None:
        page = "https://democracy.example/ieDecisionDetails.aspx?ID=9001"
        before = only(parse(rss(item("Decision published: Approval of contract", link=page)), FeedKind.MODERNGOV))
        after = only(parse(rss(item("Decision published: Approval of the contract", link=page)), FeedKind.MODERNGOV))

        assert before.keys == after.keys
