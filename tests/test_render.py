"""What a message says, and that Telegram's own parser takes every message there can be."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alertviews import AT, alert_view, match, notice, report
from botapi import found_entities, tdjson
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wording import KINDS, MAX_TOAST, Bot, faults, notice_of, shows, view_of

from bot.locale import LANGUAGES
from bot.markup import WORD_JOINER, clip, host_of, join, shown, tagless, units
from bot.render import MAX_UNITS, render_alert, render_brief, render_json, render_payload
from bot.speech import ENGLISH, Speech
from bot.texts import alerts as texts
from storage.records import AlertView, Correction, FactChange
from storage.store import open_store
from watchers.types import AlertClass, EventKind, Money, Role

needs_judge = pytest.mark.skipif(tdjson is None, reason="tdjson, which judges as Telegram's server does, is not installed")


def seen(markup: str) -> str:
    """The text on the screen, without the joiners nobody sees."""
    return tagless(markup).replace(WORD_JOINER, "")


def bare(text: str) -> str:
    """The letters alone: without what keeps them still and in their direction."""
    return text.translate(dict.fromkeys(map(ord, f"{WORD_JOINER}\u2068\u2069")))


def brief(view: AlertView, speech: Speech = ENGLISH) -> str:
    return join("\n", list(render_brief(view, speech))).html


def first_line(**more: object) -> str:
    return seen(render_alert(alert_view(**more), ENGLISH).html).splitlines()[0]


def test_the_first_line_says_it_all() -> None:
    assert first_line() == "🔴 CANCELLED · Palantir · Metropolitan Police · £50m"


def test_in_another_language_the_sum_is_written_as_it_is_there_and_the_evidence_stays_as_printed() -> None:
    billions = Money(amount=Decimal(2_400_000_000), currency="GBP", printed="£2.4bn")
    view = alert_view(value=billions, sentence="The £2.4bn deal is off.")
    lines = seen(render_alert(view, Speech("de")).html).splitlines()

    assert lines[0] == "🔴 GESTOPPT · Palantir · Metropolitan Police · 2,4 Milliarden\u00a0£"
    assert "The £2.4bn deal is off." in lines


def test_a_sum_that_was_printed_in_another_language_is_written_for_who_reads_english() -> None:
    printed = Money(amount=Decimal(2_400_000_000), currency="EUR", printed="2,4 Milliarden Euro")

    assert first_line(value=printed).endswith(" · €2.4 billion")


def test_an_award_is_green() -> None:
    assert first_line(event=EventKind.AWARDED, alert=AlertClass.AWARDED).startswith("🟢 AWARDED · ")


def test_a_contract_that_ended_early_counts_as_cancelled_and_says_so() -> None:
    assert first_line(event=EventKind.TERMINATED).startswith("🔴 CANCELLED (ended early) · ")


def test_without_names_the_first_line_is_the_headline() -> None:
    line = first_line(suppliers=(), public_bodies=(), value=None)

    assert line == "🔴 CANCELLED · Mayor scraps £50m police contract with Palantir"


def test_without_a_supplier_the_first_line_says_what_the_contract_is_called_and_nothing_says_it_again() -> None:
    view = alert_view(
        suppliers=(), value=None, notice=notice(title="School meals"), sentence="School meals: no bids", cancel_reason="no bids"
    )

    assert seen(render_alert(view, ENGLISH).html).splitlines()[0] == "🔴 CANCELLED · School meals · Metropolitan Police"
    assert seen(render_alert(view, ENGLISH).html).count("School meals") == 1


def test_a_quote_runs_the_way_its_words_run() -> None:
    for language in ("en", "ar"):
        html = render_alert(alert_view(sentence="وزارة الصحة تلغي العقد"), Speech(language)).html

        assert "<blockquote>وزارة الصحة تلغي العقد</blockquote>" in html


def test_many_suppliers_are_counted() -> None:
    assert "A Ltd, B Ltd +2 more" in first_line(suppliers=("A Ltd", "B Ltd", "C Ltd", "D Ltd"))


def test_one_report_names_its_outlet_and_links_to_it_showing_the_host() -> None:
    message = render_alert(alert_view(), ENGLISH)

    assert 'Reported by <a href="https://news1.example.com/story">Outlet 1 (news1.example.com)</a>' in message.html


def test_what_a_feed_says_about_its_origin_never_replaces_the_configured_name() -> None:
    message = render_alert(alert_view(entries=(report(outlet="The Guardian", feed_name="Google News"),)), ENGLISH)

    assert "The Guardian via Google News (news1.example.com)" in seen(message.html)


def test_many_outlets_are_counted_once_each_and_six_are_linked() -> None:
    entries = (*(report(number) for number in range(1, 10)), report(1, entry_id=99, url="https://news1.example.com/second"))

    text = seen(render_alert(alert_view(entries=entries), ENGLISH).html)

    assert "Reported by 9 outlets" in text
    assert text.count("• Outlet") == 6
    assert "+3 more" in text
    assert "second" not in text


def test_an_official_notice_is_named_with_its_register() -> None:
    view = alert_view(status="official", notice=notice(), entries=(report(official=True),), cancel_reason="no bids received")

    text = seen(render_alert(view, ENGLISH).html)

    assert "Official notice 032703-2026 · Find a Tender (find-tender.service.gov.uk)" in text
    assert "Reason given: no bids received" in text
    assert "Contract: Data integration platform" in text
    assert "Reported" not in text


def test_a_reason_that_ends_the_evidence_is_said_once():
    view = alert_view(
        status="official",
        notice=notice(),
        entries=(report(official=True),),
        sentence="School meals: No bids received.",
        cancel_reason="No bids received.",
    )

    assert render_alert(view, ENGLISH).plain.count("No bids received.") == 1
    assert "“School meals”" in render_alert(view, ENGLISH).plain


def test_a_report_that_a_notice_confirmed_says_both() -> None:
    view = alert_view(status="confirmed", notice=notice(), entries=(report(), report(2, official=True)))

    assert "Reported by Outlet 1 (news1.example.com), confirmed by official notice 032703-2026" in seen(render_alert(view, ENGLISH).html)


def test_a_notice_that_outlets_took_up_says_so() -> None:
    view = alert_view(status="official", notice=notice(), entries=(report(official=True), report(2), report(3)))

    assert "Official notice 032703-2026 · Find a Tender (find-tender.service.gov.uk); also reported by 2 outlets" in seen(
        render_alert(view, ENGLISH).html
    )


def test_a_correction_says_what_was_told_what_is_said_now_and_by_whom() -> None:
    fifty = Money(amount=Decimal(50_000_000), currency="GBP", printed="£50m")
    changes = (
        FactChange(fact="event", before=EventKind.CANCELLED, after=EventKind.SUSPENDED),
        FactChange(fact="value", before=fifty, after=replace(fifty, amount=Decimal(40_000_000), printed="£40m")),
    )
    one = Correction(at=AT, entry_id=1, changes=changes, said="Met pauses £40m Palantir contract")

    answer = seen(render_alert(alert_view(reason="corrected", corrections=(one,)), ENGLISH).html)

    assert answer.splitlines()[0].startswith("✏️ CORRECTED · Palantir")
    assert "\nTold as CANCELLED, now SUSPENDED.\nSum: told as £50m, now £40m.\n" in answer
    assert "says now:\nMet pauses £40m Palantir contract" in answer
    alert = seen(render_alert(alert_view(corrections=(one,)), ENGLISH).html)
    assert "\nCorrected: told as CANCELLED before.\nCorrected: the sum was told as £50m before.\n" in alert


def test_what_a_source_took_back_is_marked_in_the_alert_and_said_in_the_answer() -> None:
    change = FactChange(fact="event", before=EventKind.CANCELLED, after=None)
    one = Correction(at=AT, entry_id=1, changes=(change,), said="This article has been removed", withdrawn=True)

    for view in (alert_view(withdrawn=True, corrections=(one,)), alert_view(reason="corrected", withdrawn=True, corrections=(one,))):
        lines = seen(render_alert(view, ENGLISH).html).splitlines()
        assert lines[0].startswith("⚪ TAKEN BACK · Palantir")
        assert "Told as CANCELLED. Its source has taken that back." in lines


def test_what_is_told_again_after_it_was_taken_back_says_so() -> None:
    again = FactChange(fact="event", before=EventKind.AWARDED, after=EventKind.AWARDED)
    one = Correction(at=AT, entry_id=1, changes=(again,), said="Published anew")

    answer = seen(render_alert(alert_view(reason="corrected", corrections=(one,)), ENGLISH).html)

    assert "\nTold as TAKEN BACK, now AWARDED.\n" in answer


def test_a_message_about_a_story_that_is_told_above_says_no_more_than_that() -> None:
    lines = seen(render_alert(alert_view(told_above=True), ENGLISH).html).splitlines()

    assert len(lines) == 2
    assert lines[1].startswith("This is the same story as in a message further up.")


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"direct_award": True}, "Direct award: without competition"),
        ({"supplier_from": "012345-2026"}, "Supplier known from notice 012345-2026"),
        ({"supplier_unknown": True}, "Supplier not named in the notice"),
    ],
)
def test_what_is_special_about_a_notice_has_its_line(more: dict[str, object], line: str) -> None:
    assert line in seen(render_alert(alert_view(status="official", notice=notice(**more)), ENGLISH).html).splitlines()


@pytest.mark.parametrize(
    ("value", "official", "text"),
    [
        (Money(amount=Decimal(2_379_600), currency="GBP", printed="2379600 GBP", basis="gross"), True, "£2,379,600 inc VAT"),
        (Money(amount=Decimal("2379600.5"), currency="GBP", printed="2379600.5", basis="net"), True, "£2,379,600.50 ex VAT"),
        (Money(amount=Decimal(500_000), currency="EUR", printed="500000", basis=""), True, "€500,000"),
        (Money(amount=Decimal("0.005"), currency="GBP", printed="0.005", basis=""), True, "0.005 GBP"),
        (Money(amount=Decimal(5), currency="ZZZ", printed="5", basis=""), True, "5 ZZZ"),
        (Money(amount=Decimal(50_000_000), currency="GBP", printed="£50m", basis=""), True, "£50m"),
        (Money(amount=Decimal(50_000_000), currency="GBP", printed="£50 million", basis=""), False, "£50 million"),
    ],
)
def test_sums_are_as_printed_or_as_people_write_them_and_never_rounded(value: Money, official: bool, text: str) -> None:
    view = alert_view(value=value, status="official" if official else "reported", notice=notice() if official else None)

    assert seen(render_alert(view, ENGLISH).html).splitlines()[0].endswith(f" · {text}")


@pytest.mark.parametrize(
    "written", [datetime(2026, 5, 20, 12, tzinfo=UTC), datetime(2026, 5, 19, 23, tzinfo=UTC)], ids=["noon", "midnight"]
)
def test_what_happened_has_a_date_and_what_was_published_a_time_in_its_zone(written: datetime) -> None:
    view = alert_view(event=EventKind.AWARDED, alert=AlertClass.AWARDED, happened_on=written)

    text = seen(render_alert(view, ENGLISH).html)

    assert "Date of the award: 20 May 2026\nFirst reported: 21 May 2026, 09:13 UTC" in text


def test_a_notice_published_on_a_bare_date_shows_no_time_of_day() -> None:
    noon = datetime(2026, 5, 21, 12, tzinfo=UTC)
    published = alert_view(status="official", notice=notice(), entries=(report(official=True, published=noon),))
    reported = alert_view(entries=(report(published=noon),))

    assert "Published: 21 May 2026\n" in seen(render_alert(published, ENGLISH).html) + "\n"
    assert "First reported: 21 May 2026, 12:00 UTC" in seen(render_alert(reported, ENGLISH).html)


def test_an_entry_without_a_date_says_when_it_was_seen() -> None:
    assert "First seen: 21 May 2026, 10:12 UTC" in seen(render_alert(alert_view(entries=(report(published=None),)), ENGLISH).html)


def test_look_alike_letters_are_pointed_out() -> None:
    text = seen(render_alert(alert_view(matches=(match(flag="look-alike letters", proof="Pаlantir"),)), ENGLISH).html)

    assert "⚠️ The name is written with look-alike letters: “Pаlantir”." in text


def test_the_watches_that_matched_are_named_with_their_part() -> None:
    matches = (match(), match(watch_name="Metropolitan Police", role=Role.PUBLIC_BODY), match())

    assert "Watched: Palantir (supplier), Metropolitan Police (public body)" in seen(
        render_alert(alert_view(matches=matches), ENGLISH).html
    )


def test_a_copy_that_may_be_the_second_is_marked_first_thing() -> None:
    message = render_alert(alert_view(), ENGLISH, again=True)

    assert message.html.startswith("↻ 🔴 ")
    assert message.plain.startswith("↻ 🔴 CANCELLED")
    assert texts.MAYBE_SECOND in message.plain
    assert render_payload({"text": "<b>Hi</b>"}, again=True).html == "↻ <b>Hi</b>"


def test_the_headline_is_not_repeated_when_the_evidence_is_the_headline() -> None:
    view = alert_view(sentence="Mayor scraps £50m police contract with Palantir")

    assert "Headline:" not in seen(render_alert(view, ENGLISH).html)
    assert "Headline:" in seen(render_alert(alert_view(), ENGLISH).html)


def test_the_plain_text_says_the_same_with_addresses_in_view() -> None:
    message = render_alert(alert_view(), ENGLISH)

    assert "<" not in message.plain
    assert "“The mayor has cancelled the force's £50m deal with Palantir.”" in message.plain
    assert "Outlet 1 (news1.example.com): https://news1.example.com/story" in message.plain


def test_the_record_is_as_the_design_says_it() -> None:
    record = json.loads(json.dumps(render_json(alert_view())))

    assert record | {} == record
    assert {key: record[key] for key in ("alert", "reason", "kind", "supplier", "public_body", "value", "feeds", "watches", "story")} == {
        "alert": "cancelled",
        "reason": "new",
        "kind": "cancelled",
        "supplier": "Palantir",
        "public_body": "Metropolitan Police",
        "value": {"amount": 50_000_000, "currency": "GBP"},
        "feeds": ["feed-1"],
        "watches": ["palantir"],
        "story": 3,
    }
    assert record["title"] == "Mayor scraps £50m police contract with Palantir"
    assert record["url"] == "https://news1.example.com/story"
    assert record["published"] == "2026-05-21T09:13:00+00:00"
    assert record["evidence"] == ["The mayor has cancelled the force's £50m deal with Palantir."]
    assert record["thread"] == "story-3"


def test_a_record_without_a_value_or_names_says_null() -> None:
    record = render_json(alert_view(value=None, suppliers=(), public_bodies=(), entries=()))

    assert (record["value"], record["supplier"], record["public_body"], record["url"], record["published"]) == (None,) * 5


def test_a_list_shows_an_alert_in_two_lines() -> None:
    assert seen(brief(alert_view())).splitlines() == [
        "🔴 CANCELLED · Palantir · Metropolitan Police · £50m",
        "21 May 2026, 09:13 UTC · Outlet 1 (news1.example.com)",
    ]
    assert "032703-2026 · Find a Tender" in seen(brief(alert_view(notice=notice(), status="official")))


# --- text that wants to be more than text


@pytest.mark.parametrize(
    "text",
    [
        "/stop",
        "say /stop now",
        "@durov",
        "#tag",
        "$GBP",
        "bbc.co.uk",
        "https://evil.example",
        "tg://resolve?domain=x",
        "ton://x",
        "a@b.com",
    ],
)
@needs_judge
def test_active_text_is_made_inert_and_reads_the_same(text: str) -> None:
    assert found_entities(text), "the judge must see what is to be stopped"

    assert found_entities(shown(text, 100)) == []
    assert shown(text, 100).replace(WORD_JOINER, "") == text


def test_sums_stay_as_they_are() -> None:
    assert shown("£2.4bn, $1.5m and 2,379,600.50.", 100) == "£2.4bn, $1.5m and 2,379,600.50."


def test_hidden_letters_and_directions_are_taken_out_and_right_to_left_is_kept_to_itself() -> None:
    assert shown("a\u202eb\u200bc\x00d\ne\ud800", 100) == "abc d e\ufffd"
    assert shown("שלום Ltd", 100) == "\u2068שלום Ltd\u2069"


def test_a_cut_falls_between_letters() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert clip("😀😀😀", 4) == "😀…"
    assert clip("e\u0301e\u0301", 3) == "e\u0301…"
    assert clip("one two three four", 16) == "one two three…"
    assert units(clip("👩\u200d👩\u200d👧" * 9, 20)) <= 20


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("http://münchen.example/x", "xn--mnchen-3ya.example"),
        ("https://bbc.co.uk@evil.example/", None),
        ("javascript:alert(1)", None),
        ("tg://resolve?domain=x", None),
        ("http://localhost/x", None),
        ("https://a b.example/", None),
        ("https://x.example/\u202etxt", None),
        ("https://x.example:port/", None),
        ("https://x.example/" + "a" * 2000, None),
        (None, None),
    ],
)
def test_only_addresses_that_may_be_clicked_become_links(url: str | None, host: str | None) -> None:
    assert host_of(url) == host


def test_a_link_that_may_not_be_clicked_leaves_its_label() -> None:
    message = render_alert(alert_view(entries=(report(url="javascript:alert(1)"),)), ENGLISH)

    assert "Reported by Outlet 1\n" in message.html


anything = st.text(alphabet=st.characters(), max_size=120) | st.sampled_from(
    [
        "</b>",
        '<a href="x">',
        "&amp;",
        "&lt;b&gt;",
        "/start@bot",
        "\u202e" * 9,
        "a.b.c.d",
        "😀" * 60,
        "\ud800",
        "é" * 3000,
        "<" * 5000,
        "x.com " * 900,
    ]
)
urls = anything | st.builds("https://{}.example/{}".format, st.from_regex("[a-z]{1,9}", fullmatch=True), anything)
sums = st.builds(
    lambda amount, currency, printed, basis: Money(amount=amount, currency=currency, printed=printed, basis=basis),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1e15, max_value=1e15),
    st.sampled_from(["GBP", "EUR", "JPY", "ZZZ", "<b>"]),
    anything,
    st.sampled_from(["", "net", "gross", "other"]),
)
names = st.lists(anything, max_size=5).map(tuple)
reports = st.lists(
    st.builds(
        lambda number, title, url, name, outlet, official: report(
            number, title=title, url=url, feed_name=name, outlet=outlet, official=official
        ),
        st.integers(1, 99),
        anything,
        urls | st.none(),
        anything,
        anything | st.none(),
        st.booleans(),
    ),
    max_size=12,
).map(tuple)
notices = st.builds(
    lambda number, url, title, publisher, supplier: notice(
        number=number, url=url, title=title, publisher=publisher, supplier_from=supplier
    ),
    anything,
    urls | st.none(),
    anything,
    anything,
    anything | st.none(),
)
views = st.builds(
    alert_view,
    suppliers=names,
    public_bodies=names,
    value=sums | st.none(),
    sentence=anything,
    cancel_reason=anything | st.none(),
    status=st.sampled_from(["reported", "official", "confirmed"]),
    event=st.sampled_from([EventKind.AWARDED, EventKind.CANCELLED, EventKind.TERMINATED]),
    reason=st.sampled_from(["new", "confirmed", "corrected"]),
    notice=notices | st.none(),
    entries=reports,
    matches=st.lists(
        st.builds(lambda name, proof, flag: match(watch_name=name, proof=proof, flag=flag), anything, anything, anything), max_size=8
    ).map(tuple),
    happened_on=st.none() | st.just(AT),
)


@needs_judge
@settings(max_examples=90, deadline=None)
@example(
    alert_view(suppliers=(), public_bodies=("", "", "", "", "😀" * 60), sentence="", entries=(), notice=notice(title="😀" * 60, number="")),
    "together: process",
    "ar",
)  # a long head, and so many alerts that they fill the message
@given(views, st.sampled_from(list(KINDS)), st.sampled_from(list(LANGUAGES)))
def test_telegram_takes_every_message_as_we_meant_it(view: AlertView, kind: str, language: str) -> None:
    """T2."""
    assert faults(KINDS[kind](view, Speech(language))) == []


@settings(max_examples=40, deadline=None)
@given(views)
def test_every_plain_text_fits_and_every_figure_stands_in_the_view(view: object) -> None:
    message = render_alert(view, ENGLISH)  # type: ignore[arg-type]

    assert units(message.plain) <= MAX_UNITS
    assert "\ud800" not in message.plain
    json.dumps(message.record, ensure_ascii=True)


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_every_figure_of_a_message_stands_in_what_it_was_made_from(sentence: str) -> None:
    """With words of our own that have no digits, each run of digits on the screen is one of the view's, or of its dates."""
    view = alert_view(sentence=sentence, value=None)
    source = f"{sentence} {view.entries[0].title} news1 Outlet 1 21 May 2026 09 13"

    for number in re.findall(r"[0-9]+", seen(render_alert(view, ENGLISH).html)):
        assert number in source


@pytest.mark.shared
@needs_judge
def test_hostile_texts_pass_the_judge_and_keep_their_letters(shared: Path) -> None:
    """T1, one kind of message for each text; ``make trust`` tries all of them with each."""
    lines = (shared / "data/hostile/telegram_html_injections.txt").read_text(encoding="utf-8").splitlines()
    payloads = [json.loads(line.split("\t")[2]) for line in lines if line and not line.startswith("#")]
    kinds = list(KINDS)
    wrong = []
    for number, payload in enumerate(payloads):
        kind = kinds[number % len(kinds)]
        said = KINDS[kind](view_of(payload, notice=notice_of(payload) if number % 2 else None), ENGLISH)
        wrong += [(payload, kind, fault) for fault in faults(said)]
        wrong += [] if shows(said, payload) or kind == "alert told above" else [(payload, kind, "its letters are not there")]

    assert len(payloads) > 100
    assert wrong == []


@needs_judge
async def test_whatever_things_and_people_are_called_every_message_is_taken_as_it_was_meant(sqlite_url: str) -> None:
    """Every kind of message there is: all commands, and every button of all answers."""
    text = '</b><a href="https://evil.example">x</a> &amp; {n} @admin #tag evil.example \u202eمستشفى\u202c \u2067b' + "😀é\u0301<" * 900
    with open_store(sqlite_url) as store:
        bot = Bot(store, text, "ar")
        await bot.live()

    assert [(said.what, fault) for said in bot.said for fault in faults(said)] == []
    assert all(units(toast) <= MAX_TOAST for toast in bot.toasts)
    assert all(shows(said, text) for said in bot.said if said.what in ("alert", "alert with a notice", "digest", "button i"))
