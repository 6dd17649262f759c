"""What is said in each language: every sentence, whole, safe to send, and running in the direction it is read."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message
from babel.numbers import parse_decimal
from botapi import found_entities, parse_html, tdjson

from bot.commands.names import Unusable
from bot.commands.wishes import Wish, read_wish
from bot.locale import LANGUAGES, SOURCE, path_of, read_catalogue
from bot.locale.__main__ import as_file, missing, sentences, updated
from bot.markup import Piece, join, tagless, units, words
from bot.speech import ENGLISH, Counted, Speech, Text, counted, nearest, speech_for
from bot.texts import menu, talking

TRANSLATED = [language for language in LANGUAGES if language != SOURCE]
ARABIC = Speech("ar")
NAME = Text("Watched: {names}")
HOSTILE = (
    "</b><a href='tg://user?id=1'>x</a> & {n} {0.__class__} /start@bot @channel #tag example.com https://example.com",
    "\u202eمستشفى\u202c \u2067<i>شركة بالانتير</i>\u2069 & Co",
    "😀" * 200,
    "\ud800",
)
# Everything that turns the text around it and that Telegram's server takes out, so that it would turn the rest.
EMBEDDINGS = re.compile("[\u202a-\u202e]")


def all_of(catalogue: object) -> list[Message]:
    return [message for message in catalogue if message.id]  # type: ignore[attr-defined]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def places(sentence: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


def tags(sentence: str) -> Counter[str]:
    return Counter(re.findall(r"<[^>]*>", sentence))


def commands(sentence: str) -> list[str]:
    return sorted(re.findall(r"(?<![<\w])/[a-z]+\b|@[a-z]+\b", sentence))


def marked() -> Iterator[Text | Counted]:
    for message in all_of(sentences()):
        yield Text(message.id) if isinstance(message.id, str) else counted(*message.id)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_in_every_catalogue_and_translated(language: str) -> None:
    """``make texts`` brings a catalogue up to date and lists what is missing."""
    now = updated(language)

    assert missing(now) == []
    assert path_of(language).read_bytes() == as_file(now)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_the_tags_and_the_forms_of_its_sentence(language: str) -> None:
    """A form that is for one number only need not show it: "two notices" is a word of its own in Arabic."""
    catalogue = read_catalogue(language)
    rule = catalogue.plural_expr
    numbers = Counter(_form(rule, number) for number in range(1000))
    for message in all_of(catalogue):
        english = message.id if isinstance(message.id, str) else message.id[1]
        assert not message.fuzzy, english
        for number, said in enumerate(forms(message)):
            if not said:
                continue
            single = not isinstance(message.id, str) and numbers[number] == 1
            assert {*places(said)} <= {*places(english)}, said
            assert {*places(english)} - {*places(said)} <= ({"n"} if single else set()), said
            assert tags(said) == tags(english), said
            assert (said[:1].isspace(), said[-1:].isspace()) == (english[:1].isspace(), english[-1:].isspace()), said
            assert commands(said) == commands(english), said
        assert isinstance(message.id, str) or len(forms(message)) == catalogue.num_plurals


def _form(rule: str, number: int) -> int:
    from gettext import c2py  # type: ignore[attr-defined]

    return int(c2py(rule)(number))


@pytest.mark.skipif(tdjson is None, reason="tdjson, which judges as Telegram's server does, is not installed")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_with_any_value_is_read_by_telegram_as_it_was_meant(language: str) -> None:
    speech = Speech(language)
    for sentence in marked():
        names = places(sentence.other if isinstance(sentence, Counted) else sentence)
        number: dict[str, str | int | Piece] = {"n": 3} if isinstance(sentence, Counted) else {}
        linked = {name: words("https://t.me/bot?start=w_1") for name in names if name == "link"}
        harmless: dict[str, str | int | Piece] = dict.fromkeys(names, "x")
        ours = found_entities(speech.say(sentence, **harmless | number | linked).plain)
        for value in HOSTILE:
            piece = speech.directed(speech.say(sentence, **dict.fromkeys(names, value) | number | linked))
            text, entities = parse_html(piece.html.replace("\ud800", ""))

            assert text == tagless(piece.html)
            assert {one["type"] for one in entities} <= {"bold", "italic", "code", "text_link"}, piece.html
            assert piece.html.count("<a ") == sum(one["type"] == "text_link" for one in entities)
            assert found_entities(text) == ours, "nothing else can be pressed"
            assert not EMBEDDINGS.search(text)
            assert "\ud800" not in text
            assert text.count("\u2068") + text.count("\u2066") == text.count("\u2069")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_telegram_shows_of_the_bot_is_of_the_length_it_takes(language: str) -> None:
    speech = Speech(language)

    assert all(units(speech.label(shown)) <= 256 for shown in (*menu.READ.values(), *menu.CHANGE.values()))
    assert units(speech.label(menu.SHORT_DESCRIPTION)) <= 120
    assert units(speech.label(menu.DESCRIPTION)) <= 512
    assert units(join("\n", [speech.say(one) for one in talking.HELP]).plain) < 3500


def without_words(wish: Wish | Unusable) -> Wish:
    """The wish without the words it excludes, which are other words in another language."""
    assert isinstance(wish, Wish)
    return replace(wish, watch=replace(wish.watch, without=()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_parts_are_asked_for_in_the_words_that_help_teaches(language: str) -> None:
    lines = [tagless(Speech(language).say(one).plain) for one in talking.HELP]
    found = [re.match("/watch (.+?)\\s*:", re.sub("[\u2066-\u2069]", "", line)) for line in lines]
    taught = (
        "Palantir",
        "Palantir as supplier over £1m without football",
        "Palantir AND Metropolitan Police",
        "cancellations by London bodies",
    )

    wanted = [read_wish(line) for line in taught]
    understood = [read_wish(line[1]) for line in found if line]
    assert [without_words(one) for one in understood] == [without_words(one) for one in wanted]
    assert [len(one.watch.without) for one in understood if isinstance(one, Wish)] == [0, 1, 0, 0]


@pytest.mark.parametrize(("code", "language"), [("de", "de"), ("de-AT", "de"), ("AR_eg", "ar"), ("pt-br", "en"), ("", "en"), (None, "en")])
def test_the_language_is_the_nearest_that_is_spoken(code: str | None, language: str) -> None:
    assert nearest(code) == language


def test_a_sentence_without_a_translation_is_english() -> None:
    assert Speech("de").say(Text("Nobody translated this.")).plain == "Nobody translated this."


def test_each_language_counts_in_its_own_forms() -> None:
    notices = counted("{n} notice", "{n} notices")

    assert [ENGLISH.say(notices, n=n).plain for n in (0, 1, 2, 1200)] == ["0 notices", "1 notice", "2 notices", "1,200 notices"]
    assert [ARABIC.say(notices, n=n).plain for n in (1, 2, 3, 11, 100)] == ["إشعار واحد", "إشعاران", "3 إشعارات", "11 إشعارًا", "100 إشعار"]
    assert [Speech("fr").say(notices, n=n).plain for n in (0, 1200)] == ["0 avis", "1\u202f200 avis"]


def test_in_arabic_whatever_is_put_in_keeps_its_own_direction_and_every_line_begins_at_the_right() -> None:
    line = ARABIC.say(NAME, names="Palantir (UK)").plain
    example = ARABIC.say(talking.WELCOME_GROUP)
    taught = ARABIC.say(Text("/watch Palantir as supplier over £1m without football: جزء منه فقط")).plain
    list_ = ARABIC.directed(join("\n", [words("• ") + ARABIC.name("Outlet 1"), words("1. ") + ARABIC.name("شركة")]))

    assert line == "المتابَع هنا: \u2068Palantir (UK)\u2069"
    assert "\u2066<code>/watch Palantir</code>\u2069" in example.html, "what is copied has no marks in it"
    assert "\u2066/watch Palantir as supplier over £1m without football\u2069" in taught, "a sum does not cut a command in two"
    assert list_.plain == "\u200f• \u2068Outlet 1\u2069\n\u200f1. \u2068شركة\u2069"
    assert ARABIC.date(datetime(2026, 5, 21, tzinfo=UTC).date()).plain == "\u206821 مايو 2026\u2069"


def test_an_arabic_name_among_words_from_left_to_right_keeps_its_own_direction() -> None:
    assert ENGLISH.say(NAME, names="شركة بالانتير").plain == "Watched: \u2068شركة بالانتير\u2069"
    assert ENGLISH.directed(words("• x")).plain == "• x"


def test_times_are_the_chats_own_on_both_sides_of_the_change_of_clocks() -> None:
    berlin = speech_for("de", "Europe/Berlin")
    before, after = datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    assert [berlin.moment(at).plain for at in (before, after)] == ["29. März 2026, 01:30 Uhr", "29. März 2026, 03:30 Uhr"]
    assert ENGLISH.moment(before).plain == "29 March 2026, 00:30 UTC"
    assert berlin.published(datetime(2026, 3, 29, tzinfo=UTC)).plain == "29. März 2026", "a bare date is the same date everywhere"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("amount", ["2400000000", "50000000", "1234567890.12", "1234567", "12345000", "999.5", "0.005"])
def test_a_sum_is_written_as_each_language_does_and_never_rounded(language: str, amount: str) -> None:
    speech = Speech(language, ZoneInfo("UTC"))
    written = speech.money(Decimal(amount), "EUR", short=True).plain
    figure = re.search(r"\d[\d.,\u202f\u00a0]*\d|\d", written)

    assert figure is not None
    assert Decimal(amount) / parse_decimal(figure[0], locale=speech.locale) in (1, 10**6, 10**9)


def test_a_sum_stands_where_readers_expect_its_currency() -> None:
    billions = Decimal(2400000000)
    said = {language: Speech(language).money(billions, "EUR", short=True).plain for language in ("en", "de", "fr")}

    assert said == {"en": "€2.4 billion", "de": "2,4 Milliarden\u00a0€", "fr": "2,4 milliards\u00a0€"}
    assert Speech("de").money(Decimal("2379600.50"), "GBP").plain == "2.379.600,50\u00a0£"
