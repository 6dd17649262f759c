"""An alert as a message: what the view holds, and not a figure or a name more.

The first line is the whole story for a locked screen. Every part of a message is cut by itself before it is escaped; when they are too many
all the same, whole parts are left out, the least important first, so that no message is ever refused for its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, list_currencies

from bot import texts
from bot.markup import Piece, bold, foreign, join, link, quote, tagless, units, words
from storage.records import AlertView, NoticeRecord, StoryEntry
from watchers.types import EventKind, Money

MAX_UNITS = 4096  # Telegram counts code points here and units elsewhere: as many units are always few enough
AGAIN = "↻"  # the mark of a copy that may be the second one

_LOCALE = "en_GB"
_REGISTERS = ZoneInfo("Europe/London")  # noon (UTC), as a bare date of a notice is kept, is the same date in all of Europe
_BARE_DATE = time(12)
_MAX_NAME = 90
_MAX_SENTENCE = 700
_MAX_LINE = 300
_MAX_OUTLETS = 6
_MAX_PARTIES = 2
_MAX_WATCHES = 5
_PLAIN_FIGURE = re.compile(r"(?:[A-Z]{3}\s?)?[\d,.]+(?:\s?[A-Z]{3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent. ``plain`` says the same as ``html`` for consoles, and for Telegram should it not accept the other.

    ``buttons`` are rows of (label, callback data or https address). ``record`` is the machine-readable form; ``revision`` the story's.
    """

    html: str
    plain: str
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    record: Mapping[str, Any] | None = None
    revision: int | None = None
    file: tuple[str, bytes] | None = None  # its name and what it holds; the text is then its caption, of at most 1,024 units
    shown: Mapping[int, int] | None = None  # of several alerts in one message: the deliveries that can be read in it, and their revisions


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines that stand or fall together; the highest ``rank`` is left out first, 0 never."""

    rank: int
    piece: Piece


def render_alert(view: AlertView, *, again: bool = False) -> Message:
    """The message about an alert for the channel the view was made for; ``again`` marks a copy that may be the second."""
    parts = [_Part(rank, piece) for rank, piece in _parts(view, again=again) if piece is not None]
    return Message(
        html=_fit(parts, lambda piece: piece.html, lambda piece: units(tagless(piece.html))),
        plain=_fit(parts, lambda piece: piece.plain, lambda piece: units(piece.plain)),
        record=render_json(view),
        revision=view.revision,
    )


def render_payload(payload: Mapping[str, Any], *, again: bool = False) -> Message:
    """The message of a stored reply or note, whose text is markup of our own."""
    mark = f"{AGAIN} " if again else ""
    buttons = tuple(tuple((str(label), str(data)) for label, data in row) for row in payload.get("buttons") or ())
    return Message(html=mark + payload["text"], plain=mark + tagless(payload["text"]), buttons=buttons)


def render_brief(view: AlertView) -> str:
    """An alert in two lines of Telegram HTML, for lists: what happened, and when and where to read it."""
    entry = view.entries[0] if view.entries else None
    label, url = (texts.notice(view.notice.number, view.notice.publisher), view.notice.url) if view.notice else ("", None)
    if entry is not None and (not url or not view.notice):
        label, url = _outlet(entry), entry.url
    at = min((entry.published for entry in view.entries if entry.published is not None), default=view.created_at)
    return join("\n", [_headline(view, again=False), words(f"{moment(at)} · ") + link(label, _MAX_NAME, url)]).html


def _parts(view: AlertView, *, again: bool) -> Iterator[tuple[int, Piece | None]]:
    yield 0, _headline(view, again=again)
    yield 1, _status(view)
    yield 1, _look_alikes(view)
    yield 7, _title(view)
    yield 2, quote(foreign(quoted, _MAX_SENTENCE)) if (quoted := _quoted(view)) else None
    yield 3, _labelled(texts.REASON_GIVEN, view.cancel_reason)
    yield 3, words(texts.DIRECT_AWARD) if view.notice and view.notice.direct_award else None
    yield 3, _supplier_note(view.notice)
    yield 5, _dates(view)
    yield 6, _outlets(view)
    yield 4, _watches(view)
    yield 8, words(texts.MAYBE_SECOND) if again else None


def _fit(parts: list[_Part], form: Callable[[Piece], str], seen: Callable[[Piece], int]) -> str:
    kept = list(parts)
    while len(kept) > 1 and sum(seen(part.piece) + 1 for part in kept) > MAX_UNITS:
        kept.remove(max(kept, key=lambda part: part.rank))
    return "\n".join(form(part.piece) for part in kept)


def _headline(view: AlertView, *, again: bool) -> Piece:
    label = texts.LABELS[view.alert] + (texts.ENDED_EARLY if view.event is EventKind.TERMINATED else "")
    pieces = [bold(words(label))]
    pieces += [_names(names) for names in (view.suppliers, view.public_bodies) if names]
    if not view.suppliers and not view.public_bodies and view.entries:
        pieces.append(foreign(view.entries[0].title, _MAX_NAME * 2))
    if view.value is not None:
        pieces.append(foreign(money(view.value, official=view.notice is not None), _MAX_NAME))
    mark = f"{AGAIN} " if again else ""
    return words(mark + texts.SIGNS[view.alert] + " ") + join(" · ", pieces)


def _quoted(view: AlertView) -> str:
    """The evidence without the reason at its end, which has a line of its own below."""
    reason = view.cancel_reason or ""
    return view.sentence.removesuffix(reason).rstrip(" :").strip() if reason else view.sentence.strip()


def _names(names: tuple[str, ...]) -> Piece:
    shown = join(", ", [foreign(name, _MAX_NAME) for name in names[:_MAX_PARTIES]])
    return shown + words(texts.more(len(names) - _MAX_PARTIES)) if len(names) > _MAX_PARTIES else shown


def money(value: Money, *, official: bool) -> str:
    """The sum as a newsroom printed it, or, when a notice gave a bare figure, as people write it ("£2,379,600 inc VAT").

    The figure itself is never rounded: one with more decimals than the currency has is written out.
    """
    basis = texts.VAT.get(value.basis, "")
    bare = _PLAIN_FIGURE.fullmatch(value.printed.strip()) is not None
    if not (official and (bare or value.basis or not value.printed.strip())):
        return value.printed
    if value.currency not in list_currencies(_LOCALE) or value.amount != round(value.amount, 2):
        return f"{value.amount:,f} {value.currency}{basis}"
    if value.amount == value.amount.to_integral_value():
        return format_currency(value.amount, value.currency, "¤#,##0", locale=_LOCALE, currency_digits=False) + basis
    return format_currency(value.amount, value.currency, "¤#,##0.00", locale=_LOCALE, currency_digits=False) + basis


def _status(view: AlertView) -> Piece:
    """Who says so: outlets, a notice, or outlets whose report a notice confirmed."""
    reports, notice = _reports(view), _notice(view)
    said = words(texts.REPORTED_BY) + _who(reports) if reports else words(texts.REPORTED)
    corrected = words(texts.CORRECTED) if view.reason == "corrected" else words("")
    if notice is None:
        return corrected + said
    if view.status == "confirmed" and reports:
        return corrected + said + words(texts.CONFIRMED_BY) + notice
    return corrected + words(texts.OFFICIAL) + notice + (words(texts.ALSO_REPORTED_BY) + _who(reports) if reports else words(""))


def _who(reports: list[StoryEntry]) -> Piece:
    return link(_outlet(reports[0]), _MAX_NAME, reports[0].url) if len(reports) == 1 else words(texts.outlets(len(reports)))


def _notice(view: AlertView) -> Piece | None:
    if view.notice is None:
        return None
    return link(texts.notice(view.notice.number, view.notice.publisher), _MAX_LINE, view.notice.url)


def _look_alikes(view: AlertView) -> Piece | None:
    flagged = [foreign(f"“{match.proof}”", _MAX_NAME) for match in view.matches if match.flag]
    if not flagged:
        return None
    return words(texts.LOOK_ALIKE) + join(", ", flagged[:_MAX_PARTIES]) + words(texts.LOOK_ALIKE_ADVICE)


def _title(view: AlertView) -> Piece | None:
    """What the report or the contract is called, unless the evidence already says it."""
    if view.notice is not None and view.notice.title.strip():
        title, label = view.notice.title, texts.CONTRACT
    elif view.entries:
        title, label = view.entries[0].title, texts.HEADLINE
    else:
        return None
    known = view.sentence.casefold()
    return None if title.casefold().strip(" .") in known else _labelled(label, title)


def _supplier_note(notice: NoticeRecord | None) -> Piece | None:
    if notice is None:
        return None
    if notice.supplier_from:
        return words(texts.SUPPLIER_FROM) + foreign(notice.supplier_from, _MAX_NAME)
    return words(texts.SUPPLIER_UNKNOWN) if notice.supplier_unknown else None


def _dates(view: AlertView) -> Piece | None:
    lines = []
    if view.happened_on is not None:
        lines.append(f"{texts.HAPPENED.get(view.event, texts.DATE)}: {day(view.happened_on)}")
    published = [(entry.published, entry.official) for entry in view.entries if entry.published is not None]
    if published:
        at, official = min(published)
        written = day(at) if official and at.astimezone(UTC).time() == _BARE_DATE else moment(at)
        lines.append(f"{texts.PUBLISHED if view.status == 'official' else texts.FIRST_REPORTED}: {written}")
    elif view.entries:
        lines.append(f"{texts.FIRST_SEEN}: {moment(view.entries[0].first_seen_at)}")
    return words("\n".join(lines)) if lines else None


def day(at: datetime) -> str:
    """The date of a decision or signature: notices state no time of day, and what they mean is the date where the register stands."""
    return format_date(at.astimezone(_REGISTERS).date(), "d MMMM y", locale=_LOCALE)


def moment(at: datetime) -> str:
    """A time as people write it, in UTC; a bare date (midnight) without a time of day."""
    at = at.astimezone(UTC)
    if at.time() == time(0):
        return format_date(at.date(), "d MMMM y", locale=_LOCALE)
    return format_datetime(at, "d MMMM y, HH:mm 'UTC'", locale=_LOCALE)


def _outlets(view: AlertView) -> Piece | None:
    reports = _reports(view)
    if len(reports) <= 1:  # a single one stands in the line above
        return None
    lines = [words("• ") + link(_outlet(entry), _MAX_NAME, entry.url) for entry in reports[:_MAX_OUTLETS]]
    if len(reports) > _MAX_OUTLETS:
        lines.append(words(texts.more(len(reports) - _MAX_OUTLETS).strip()))
    return join("\n", lines)


def _reports(view: AlertView) -> list[StoryEntry]:
    """The first report of each outlet, in order of arrival; notices are not reports."""
    first: dict[str, StoryEntry] = {}
    for entry in view.entries:
        if not entry.official:
            first.setdefault(_outlet(entry).casefold(), entry)
    return list(first.values())


def _outlet(entry: StoryEntry) -> str:
    """The configured name of the feed, and whom the feed says it has it from: a feed does not get to name itself."""
    if not entry.outlet or entry.outlet.casefold() == entry.feed_name.casefold():
        return entry.feed_name
    return f"{entry.outlet}{texts.via(entry.feed_name)}"


def _watches(view: AlertView) -> Piece | None:
    names = {f"{match.watch_name}{texts.ROLES.get(match.role, '')}": None for match in view.matches}
    if not names:
        return None
    shown = join(", ", [foreign(name, _MAX_NAME) for name in list(names)[:_MAX_WATCHES]])
    rest = words(texts.more(len(names) - _MAX_WATCHES)) if len(names) > _MAX_WATCHES else words("")
    return words(texts.YOUR_WATCH) + shown + rest


def _labelled(label: str, text: str | None) -> Piece | None:
    return words(f"{label}: ") + foreign(text, _MAX_LINE) if text and text.strip() else None


def render_json(view: AlertView) -> dict[str, Any]:
    """The console's machine-readable form. ``supplier`` and ``public_body`` are the first named; all stand in the plural keys."""
    first = view.entries[0] if view.entries else None
    published = min((entry.published for entry in view.entries if entry.published is not None), default=None)
    return {
        "alert": view.alert.value,
        "reason": view.reason,
        "kind": view.event.value,
        "supplier": view.suppliers[0] if view.suppliers else None,
        "public_body": view.public_bodies[0] if view.public_bodies else None,
        "value": None if view.value is None else {"amount": figure(view.value.amount), "currency": view.value.currency},
        "title": first.title if first else "",
        "url": (first.url if first else None) or (view.notice.url if view.notice else None),
        "feeds": list(dict.fromkeys(entry.feed for entry in view.entries)),
        "published": published.astimezone(UTC).isoformat() if published else None,
        "evidence": [view.sentence] if view.sentence else [],
        "watches": sorted({match.watch_key for match in view.matches}),
        "story": view.story_id,
        "thread": view.thread,
        "status": view.status,
        "suppliers": list(view.suppliers),
        "public_bodies": list(view.public_bodies),
        "cancel_reason": view.cancel_reason,
        "notice": view.notice.number if view.notice else None,
    }


def figure(amount: Decimal) -> int | float:
    """A JSON number: whole where it is whole."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
