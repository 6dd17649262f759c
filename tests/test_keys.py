"""What makes two copies of an entry one entry, and what must not."""

from __future__ import annotations

import pytest

from watchers.keys import entry_keys, fingerprint, key, link_key, normal_guid, normal_link


@pytest.mark.parametrize(
    ("copy", "other"),
    [
        ("http://www.example.org/a/", "https://example.org/a"),
        ("https://Example.ORG/a", "https://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org/a?utm_source=rss&utm_medium=feed", "https://example.org/a"),
        ("https://example.org/a?at_medium=RSS&at_campaign=rss", "https://example.org/a"),
        ("https://example.org/a?p=1&traffic_source=rss", "https://example.org/a?p=1"),
        ("https://example.org/a?CMP=share&p=1", "https://example.org/a?p=1"),
        ("https://example.org/a?oc=5", "https://example.org/a"),
        ("https://example.org/a?rss=1", "https://example.org/a"),
        ("https://example.org/a?source=rss-home", "https://example.org/a"),
        ("https://example.org/a?ref=rss", "https://example.org/a"),
        ("https://example.org/a#8", "https://example.org/a"),
        ("https://example.org/a#2026-09-28T09:00:00Z", "https://example.org/a"),
        ("https://example.org/a#2026-09-28T09:00:00+01:00", "https://example.org/a"),
        ("https://example.org/a#ref=rss", "https://example.org/a"),
        ("  https://example.org/a\n", "https://example.org/a"),
    ],
)
def test_copies_of_one_link_are_one(copy: str, other: str) -> None:
    assert normal_link(copy) == normal_link(other)
    assert link_key(copy) == link_key(other)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("https://blog.example/?p=1", "https://blog.example/?p=2"),
        ("https://council.example/ieListDocuments.aspx?CId=240&MId=8101", "https://council.example/ieListDocuments.aspx?CId=240&MId=8102"),
        ("https://council.example/mgIssueHistoryHome.aspx?IId=50041", "https://council.example/mgIssueHistoryHome.aspx?IId=50042"),
        ("https://example.org/?t=1790000000", "https://example.org/?t=1790000001"),
        ("https://hansard.example/wrans/?id=1#g27614.q0", "https://hansard.example/wrans/?id=1#g27614.r0"),
        ("https://council.example/plan?ref=24/00123", "https://council.example/plan?ref=24/00124"),
        ("https://example.org/a?source=leeds", "https://example.org/a?source=hull"),
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a#item-1204", "https://example.org/a#item-1205"),
        ("https://example.org/a", "https://news.example.org/a"),
    ],
)
def test_two_articles_stay_two(one: str, another: str) -> None:
    assert normal_link(one) != normal_link(another)


@pytest.mark.parametrize(
    "link", [None, "", "tag:example.org,2026:1", "javascript:alert(1)", "mailto:a@example.org", "http://", "https://[::1", "httpx://a/b"]
)
def test_what_is_no_web_address_is_no_link(link: str | None) -> None:
    assert normal_link(link) is None
    assert link_key(link) is None


def test_a_guid_that_is_a_link_is_treated_as_one() -> None:
    assert normal_guid("https://www.example.org/news/c0example1o#3") == normal_link("https://example.org/news/c0example1o?at_medium=RSS")


def test_a_guid_that_is_no_link_is_kept_letter_for_letter() -> None:
    assert normal_guid(" G-1 ") == "G-1" != normal_guid("g-1")


def test_a_guid_is_the_same_however_its_accents_are_composed() -> None:
    assert normal_guid("e\u0301-1") == normal_guid("\u00e9-1")


def test_an_entry_has_a_key_for_its_link_and_one_for_its_guid() -> None:
    both = entry_keys(link="example.org/a", guid="7")

    assert both == (*entry_keys(link="example.org/a", guid=None), *entry_keys(link=None, guid="7"))


def test_an_entry_whose_guid_is_its_link_has_one_key() -> None:
    assert len(entry_keys(link="example.org/a", guid="example.org/a")) == 1


def test_the_key_of_the_link_is_the_entrys_key_for_it() -> None:
    assert link_key("https://example.org/a?utm_source=x") in entry_keys(link="example.org/a", guid="7")


def test_one_page_with_two_events_has_two_keys() -> None:
    agenda = entry_keys(link="council.example/m", guid=None, prefix="agenda published")

    assert agenda != entry_keys(link="council.example/m", guid=None, prefix="decision sheet published")


def test_an_entry_with_neither_link_nor_guid_is_known_by_its_words() -> None:
    first = entry_keys(link=None, guid=None, otherwise=("Contract awarded", "3 March", "To A Ltd"))

    assert first == entry_keys(link="", guid="", otherwise=("Contract awarded", "3 March", "To A Ltd"))
    assert first != entry_keys(link="", guid="", otherwise=("Contract awarded", "3 March", "To B Ltd"))


def test_keys_are_sixteen_bytes_and_do_not_change_between_releases() -> None:
    # Stored for good: another digest would tell every entry of every feed again.
    assert key("id", "example.org/a").hex() == "e1365ea88426c2642c2e978f37c50c25"
    assert fingerprint("Title", "Summary").hex() == "9e5caaaf3b79e698a615174c4b0feeec"


def test_parts_of_a_key_do_not_run_into_each_other() -> None:
    assert key("text", "ab", "c") != key("text", "a", "bc")


def test_half_a_surrogate_pair_is_keyed_like_anything_else() -> None:
    assert len(key("id", "\ud800")) == 16


def test_an_edited_text_has_another_fingerprint() -> None:
    assert fingerprint("Mayor reviews deal", "") != fingerprint("Mayor cancels deal", "")
