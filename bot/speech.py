"""How the bot speaks to one chat: its language and its time zone, as a value that is handed to whatever makes a text.

Sentences are marked where they are written (``bot/texts``) and spoken with ``Speech.say``; what is put into them is made safe there, once:
a string is foreign and is cleaned, cut, made inert, kept to its own direction and escaped; a ``Piece`` is ours and stands as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names, get_timezone_location
from babel.numbers import format_compact_decimal, format_currency, format_decimal, get_currency_name, get_currency_symbol, list_currencies

from bot.locale import SOURCE, nearest, translations
from bot.markup import Piece, clean, clip, foreign, isolate, link, paragraph, quote, tagless, words

_UTC = ZoneInfo("UTC")
_LOCALES = {"en": "en_GB"}  # what else a language is written like; others by their own rules
_RIGHT_TO_LEFT = ("ar",)
_CURRENCIES_BY_NAME = ("ar",)  # its symbols of foreign currencies are Latin letters and a sign ("UK£"), which nobody writes
_RIGHT_TO_LEFT_MARK = "\u200f"
_MAX_NAME = 90
_MAX_LABEL = 40
_MAX_DECIMALS = 3  # of a sum in millions: more is read more easily in full
_ISOLATED = re.compile("[\u2066-\u2068][^\u2069]*\u2069")
# In a sentence that runs from right to left: tags and placeholders are passed over, an example to copy is one run, tags and all.
_RUNS = re.compile(r"(?P<run><code>.*?</code>)|<[^>]*>|\{[^}]*\}|(?P<words>[/@]?[A-Za-z][\w@&.\-]*(?: £?[A-Za-z0-9][\w@&.\-]*)*)", re.ASCII)


class Text(str):
    """A sentence of ours in English, as Telegram HTML with ``{places}`` for values: the key of its translations."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """A sentence that depends on the number ``{n}``: for one, and for others. Each language has as many forms as it needs."""

    one: Text
    other: Text


def text(english: str) -> Text:
    """Mark a sentence, so that it is found for the catalogues."""
    return Text(english)


def counted(one: str, other: str) -> Counted:
    """Mark a sentence that depends on the number ``{n}``."""
    return Counted(Text(one), Text(other))


_LIST = text("{first}, {rest}")
_MOMENT = text("{date}, {time}")
_MOMENT_UTC = text("{date}, {time} UTC")


@dataclass(frozen=True, slots=True)
class Speech:
    """A language and a time zone, and how words, numbers, dates and sums are written in them."""

    language: str = SOURCE
    zone: ZoneInfo = _UTC

    @property
    def locale(self) -> str:
        return _LOCALES.get(self.language, self.language)

    @property
    def right_to_left(self) -> bool:
        return self.language in _RIGHT_TO_LEFT

    def say(self, sentence: Text | Counted, /, **values: str | int | Piece) -> Piece:
        """The sentence in this language. Strings are foreign; a ``Counted`` one is chosen by ``n``."""
        template, pieces = self._template(sentence, values), {name: self.piece(value) for name, value in values.items()}
        return Piece(
            template.format_map({name: piece.html for name, piece in pieces.items()}),
            tagless(template).format_map({name: piece.plain for name, piece in pieces.items()}),
        )

    def label(self, sentence: Text | Counted, /, *, limit: int = _MAX_LABEL, **values: str | int | Piece) -> str:
        """The sentence as plain words for a button or a toast, where nothing is clickable. ``limit`` is each string's, in UTF-16 units."""
        filled = {name: self.short(value, limit) if isinstance(value, str) else self.piece(value).plain for name, value in values.items()}
        return tagless(self._template(sentence, values)).format_map(filled)

    def piece(self, value: str | int | Piece) -> Piece:
        """A value as it stands in a message."""
        match value:
            case Piece():
                return value
            case int():
                return self.number(value)
            case str():
                return self.name(value)

    def name(self, text: str, limit: int = _MAX_NAME) -> Piece:
        """Words from a feed, a notice or a person, safe to stand anywhere in a message."""
        return foreign(text, limit, always=self.right_to_left)

    def quote(self, text: str, limit: int) -> Piece:
        """Words from a feed or a notice as a quote: a paragraph of its own, which runs the way they run."""
        return quote(words(paragraph(text, limit)))

    def short(self, text: str, limit: int = _MAX_LABEL) -> str:
        """Foreign words as plain text, for a button or a toast."""
        return self._isolate(clip(clean(text), limit))

    def link(self, label: Piece, url: str | None) -> Piece:
        """A label with the host it leads to, as a link; only the label when the address is not one that may be clicked."""
        return link(label, url, always=self.right_to_left)

    def number(self, number: int) -> Piece:
        return words(format_decimal(number, locale=self.locale))

    def list(self, pieces: Iterable[Piece]) -> Piece:
        """Pieces one after the other, as a list in a sentence is written."""
        first, *rest = pieces
        return self.say(_LIST, first=first, rest=self.list(rest)) if rest else first

    def short_date(self, day: date, *, year: bool) -> Piece:
        """A date in a line of dates, where the year is said when it changes."""
        return words(self._isolate(format_skeleton("yMMMd" if year else "MMMd", day, locale=self.locale)))

    def date(self, day: date) -> Piece:
        return words(self._isolate(format_date(day, "long", locale=self.locale)))

    def moment(self, at: datetime) -> Piece:
        """A time in the chat's zone, which is named only where nobody chose one."""
        here = at.astimezone(self.zone)
        written = format_time(here.time(), "short", locale=self.locale)
        sentence = _MOMENT_UTC if self.zone == _UTC else _MOMENT
        return self.say(sentence, date=self.date(here.date()), time=words(self._isolate(written)))

    def clock(self, shown: time) -> str:
        """What a clock shows, as plain words."""
        return self._isolate(format_time(shown, "short", locale=self.locale))

    def weekday(self, number: int) -> str:
        """The name of a day of the week, of which Monday is 0."""
        return str(get_day_names("wide", context="stand-alone", locale=self.locale)[number])

    def city(self, zone: str) -> str:
        """The city by whose clock a zone is named."""
        return "UTC" if zone == "UTC" else get_timezone_location(zone, locale=self.locale, return_city=True)

    def published(self, at: datetime) -> Piece:
        """When something was published: a bare date (midnight UTC, as feeds write those) without a time of day."""
        return self.date(at.astimezone(UTC).date()) if at.astimezone(UTC).time() == time(0) else self.moment(at)

    def money(self, amount: Decimal, currency: str, *, short: bool = False) -> Piece:
        """A sum, never rounded: one with more decimals than its currency has is written out. ``short``: in words ("2.4 billion")."""
        if currency not in list_currencies() or amount != round(amount, 2):
            return words(self._isolate(f"{format_decimal(amount, locale=self.locale, decimal_quantization=False)} {currency}"))
        if self.language in _CURRENCIES_BY_NAME:
            number = (self._in_words(amount) if short else None) or format_decimal(amount, locale=self.locale)
            return words(self._isolate(f"{number}\u00a0{get_currency_name(currency, amount, locale=self.locale)}"))
        pattern = Locale.parse(self.locale).currency_formats["standard"].pattern
        if short and (figure := self._in_words(amount)) is not None:
            symbol = get_currency_symbol(currency, locale=self.locale)
            return words(self._isolate(f"{symbol}{figure}" if pattern.startswith("¤") else f"{figure}\u00a0{symbol}"))
        if amount == amount.to_integral_value():
            pattern = pattern.replace(".00", "")
        return words(self._isolate(format_currency(amount, currency, pattern, locale=self.locale, currency_digits=False)))

    def _in_words(self, amount: Decimal) -> str | None:
        """A figure as "2.4 billion"; None when that would need too many decimals to be exact."""
        power = next((power for power in (12, 9, 6) if abs(amount) >= 10**power), None)
        if power is None or amount.scaleb(-power) != round(amount.scaleb(-power), _MAX_DECIMALS):
            return None
        return format_compact_decimal(amount, format_type="long", locale=self.locale, fraction_digits=_MAX_DECIMALS)

    def directed(self, message: Piece) -> Piece:
        """The message with every line beginning where the language begins, also those that are all names; quotes keep their own side."""
        if not self.right_to_left:
            return message
        return Piece(
            *(
                "\n".join(_RIGHT_TO_LEFT_MARK + line if _begins_left(line) else line for line in form.split("\n"))
                for form in (message.html, message.plain)
            )
        )

    def _template(self, sentence: Text | Counted, values: Mapping[str, str | int | Piece]) -> str:
        catalogue = translations(self.language)
        if isinstance(sentence, Counted):
            number = values["n"]
            assert isinstance(number, int)
            template = catalogue.ngettext(sentence.one, sentence.other, number)
        else:
            template = catalogue.gettext(sentence)
        return _latin_isolated(template) if self.right_to_left else template

    def _isolate(self, run: str) -> str:
        """Among letters from right to left everything that is put in is kept to its own direction: Latin names, figures, dates, sums."""
        return isolate(run, always=self.right_to_left)


ENGLISH = Speech()  # of the console and the command line


def speech_for(code: str | None, zone: str = "UTC") -> Speech:
    """How to speak to a chat whose language is ``code``, as near as we can."""
    return Speech(nearest(code), ZoneInfo(zone))


@lru_cache(maxsize=1024)
def _latin_isolated(template: str) -> str:
    """Latin words and commands in a sentence from right to left, kept to themselves: "/watch" would else be shown as "watch/"."""
    return _RUNS.sub(lambda found: f"\u2066{found[0]}\u2069" if found["run"] or found["words"] else found[0], template)


def _begins_left(line: str) -> bool:
    """Whether a client would take the line for one from left to right: its first letter outside of isolates is none of the other side."""
    if not line or line.startswith("<blockquote>"):
        return False
    directions = (unicodedata.bidirectional(letter) for letter in _ISOLATED.sub("", tagless(line)))
    return next((one for one in directions if one in ("L", "R", "AL")), "L") == "L"
