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

from bot.alert_buttons import alert_buttons
from bot.locale import SOURCE
from bot.markup import Piece, bold, join, tagless, units, words
from bot.speech import Speech, Text
from bot.texts import alerts as texts
from bot.texts import wishes
from storage.records import AlertView, Correction, FactChange, NoticeRecord, StoryEntry
from watchers.types import AlertClass, EventKind, Money, Role

MAX_UNITS = 4096  # Telegram counts code points here and units elsewhere: as many units are always few enough
AGAIN = "↻"  # the mark of a copy that may be the second one

_REGISTERS = ZoneInfo("Europe/London")  # noon (UTC), as a bare date of a notice is kept, is the same date in all of Europe
_BARE_DATE = time(12)
_MAX_NAME = 90
_MAX_OUTLET = 60
_MAX_SENTENCE = 700
_MAX_LINE = 300
_MAX_OUTLETS = 6
_MAX_PARTIES = 2
_MAX_WATCHES = 5
_MAX_HISTORY = 10
_PLAIN_FIGURE = re.compile(r"(?:[A-Z]{3}\s?)?[\d,.]+(?:\s?[A-Z]{3})?")
_IN_ENGLISH = re.compile(r"(?:[A-Z]{1,3} ?)?[£€$¥] ?[\d,.]+ ?-?(?:k|m|bn|b|tn|thousand|million|billion|trillion)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent. ``plain`` says the same as ``html`` for consoles, and for Telegram should it not accept the other.

    ``buttons`` are rows of (label, callback data or https address). ``record`` is the machine-readable form; ``revision`` the story's.
    ``tells``: the classes of the alerts in it.
    """

    html: str
    plain: str
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    tells: frozenset[AlertClass | None] = frozenset()
    record: Mapping[str, Any] | None = None
    revision: int | None = None
    reply_to: int | None = None  # message_id in the same chat that a new message answers
    file: tuple[str, bytes] | None = None  # its name and what it holds; the text is then its caption, of at most 1,024 units
    shown: Mapping[int, int] | None = None  # of several alerts in one message: the deliveries that can be read in it, and their revisions


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines that stand or fall together; the highest ``rank`` is left out first, 0 never."""

    rank: int
    piece: Piece


def render_alert(view: AlertView, speech: Speech, *, again: bool = False) -> Message:
    """The message about an alert for the channel the view was made for; ``again`` marks a copy that may be the second."""
    parts = [_Part(rank, speech.directed(piece)) for rank, piece in _parts(view, speech, again=again) if piece is not None]
    return Message(
        html=_fit(parts, lambda piece: piece.html, lambda piece: units(tagless(piece.html))),
        plain=_fit(parts, lambda piece: piece.plain, lambda piece: units(piece.plain)),
        buttons=alert_buttons(view.alert_id, speech),
        record=render_json(view),
        revision=view.revision,
        reply_to=view.reply_to,
        tells=frozenset([view.alert]),
    )


def render_payload(payload: Mapping[str, Any], *, again: bool = False) -> Message:
    """The message of a stored reply or note, whose text is markup of our own."""
    mark = f"{AGAIN} " if again else ""
    buttons = tuple(tuple((str(label), str(data)) for label, data in row) for row in payload.get("buttons") or ())
    return Message(html=mark + payload["text"], plain=mark + tagless(payload["text"]), buttons=buttons)


def render_brief(view: AlertView, speech: Speech) -> tuple[Piece, Piece]:
    """An alert in two lines, for lists: what happened, and when and where to read it."""
    entry = view.entries[0] if view.entries else None
    label, url = (_numbered(view.notice, speech), view.notice.url) if view.notice else (words(""), None)
    if entry is not None and (not url or not view.notice):
        label, url = outlet(entry, speech), entry.url
    at = min((entry.published for entry in view.entries if entry.published is not None), default=view.created_at)
    return _headline(view, speech, again=False), join(" · ", [speech.published(at), speech.link(label, url)])


def _parts(view: AlertView, speech: Speech, *, again: bool) -> Iterator[tuple[int, Piece | None]]:
    yield 0, _headline(view, speech, again=again)
    if view.told_above:
        yield 0, speech.say(texts.TOLD_ABOVE)
        return
    if view.reason == "corrected" and view.corrections:
        yield from _correction(view, view.corrections[-1], speech)
        yield 4, _watches(view, speech)
        yield 8, speech.say(texts.MAYBE_SECOND) if again else None
        return
    yield 1, _said(view, speech)
    yield 1, _told_before(view, speech)
    yield 2, speech.say(texts.UNCONFIRMED) if view.unconfirmed else None
    yield 1, _look_alikes(view, speech)
    yield 2, _history(view, speech)
    yield 7, _title(view, speech)
    yield 2, speech.quote(quoted, _MAX_SENTENCE) if (quoted := _quoted(view)) else None
    yield 3, _reason(view.cancel_reason, speech)
    yield 3, speech.say(texts.DIRECT_AWARD) if view.notice and view.notice.direct_award else None
    yield 3, _supplier_note(view.notice, speech)
    yield 5, _dates(view, speech)
    yield 6, _outlets(view, speech)
    yield 4, _watches(view, speech)
    yield 8, speech.say(texts.MAYBE_SECOND) if again else None


def _fit(parts: list[_Part], form: Callable[[Piece], str], seen: Callable[[Piece], int]) -> str:
    kept = list(parts)
    while len(kept) > 1 and sum(seen(part.piece) + 1 for part in kept) > MAX_UNITS:
        kept.remove(max(kept, key=lambda part: part.rank))
    return "\n".join(form(part.piece) for part in kept)


def _headline(view: AlertView, speech: Speech, *, again: bool) -> Piece:
    sign, label = sign_and_label(view)
    pieces = [bold(speech.say(label)), *parties(view, speech, _MAX_PARTIES)]
    mark = f"{AGAIN} " if again else ""
    return words(f"{mark}{sign} ") + join(" · ", pieces)


def parties(view: AlertView, speech: Speech, most: int) -> list[Piece]:
    """Who, whom and for how much; where no supplier is known what the contract is called, where nobody is what was reported."""
    title = _contract(view)
    pieces = [first_of([speech.name(name) for name in view.suppliers], most, speech)] if view.suppliers else []
    pieces += [speech.name(title)] if title and not view.suppliers else []
    pieces += [first_of([speech.name(name) for name in view.public_bodies], most, speech)] if view.public_bodies else []
    if not pieces:
        pieces.append(speech.name(view.entries[0].title if view.entries else view.sentence, _MAX_NAME * 2))
    if view.value is not None:
        pieces.append(money(view.value, speech, official=view.notice is not None))
    return pieces


def _contract(view: AlertView) -> str:
    """What an official notice calls the contract."""
    return "" if view.notice is None else view.notice.title.strip()


def sign_and_label(view: AlertView) -> tuple[str, Text]:
    """The mark and the word that a message begins with."""
    if view.withdrawn:
        return texts.TAKEN_BACK_SIGN, texts.TAKEN_BACK
    if view.reason == "corrected":
        return texts.CORRECTED_SIGN, texts.CORRECTED
    sign = texts.OTHER_SIGNS.get(view.event, texts.OTHER_SIGN) if view.alert is None else texts.SIGNS[view.alert]
    return sign, _label(view.event)


def _label(event: EventKind) -> Text:
    if event is EventKind.TERMINATED:
        return texts.ENDED_EARLY
    return texts.OTHER_LABELS[event] if event.alert is None else texts.LABELS[event.alert]


def _correction(view: AlertView, one: Correction, speech: Speech) -> Iterator[tuple[int, Piece | None]]:
    """What was told, what is said now, and by whom."""
    for change in one.changes:
        before, after = _before(change, view, speech), _fact(change.after, view, speech)
        if after is None or before is None:
            yield 1, speech.say(texts.NOT_SAID_ANY_MORE, told=before or speech.say(_label(view.event)))
        else:
            yield 1, speech.say(texts.CHANGED[change.fact], before=before, after=after)
    source = next((entry for entry in view.entries if entry.entry_id == one.entry_id), None)
    if source is not None:
        yield 2, speech.say(texts.SAYS_NOW, who=speech.link(outlet(source, speech), source.url))
    yield 2, speech.quote(one.said, _MAX_SENTENCE) if one.said.strip() else None


def _told_before(view: AlertView, speech: Speech) -> Piece | None:
    """What the message said before it was corrected last; of what was taken back, that it was."""
    if view.withdrawn:
        return speech.say(texts.NOT_SAID_ANY_MORE, told=speech.say(_label(view.event)))
    changes = view.corrections[-1].changes if view.corrections else ()
    told = [(change.fact, _before(change, view, speech)) for change in changes if change.after is not None]
    lines = [speech.say(texts.TOLD_BEFORE[fact], before=before) for fact, before in told if before is not None]
    return join("\n", lines) if lines else None


def _before(change: FactChange, view: AlertView, speech: Speech) -> Piece | None:
    """What was told last; of a fact that is told again, that it was taken back."""
    return speech.say(texts.TAKEN_BACK) if change.before == change.after else _fact(change.before, view, speech)


def _fact(value: EventKind | Money | tuple[str, ...] | None, view: AlertView, speech: Speech) -> Piece | None:
    match value:
        case None:
            return None
        case EventKind():
            return speech.say(_label(value))
        case Money():
            return money(value, speech, official=view.notice is not None)
        case _:
            return _names(value, speech)


def _history(view: AlertView, speech: Speech) -> Piece | None:
    """What happened to the contract in one line; nothing where this is all that is known of it."""
    told = [one for one in view.history if not one.withdrawn]
    if len(told) <= 1:
        return None
    days = [one.at.astimezone(_REGISTERS).date() for one in told]
    dates = [speech.short_date(day, year=not place or day.year != days[place - 1].year) for place, day in enumerate(days)]
    said = [speech.say(texts.IN_HISTORY[one.event], date=date) for one, date in zip(told, dates, strict=True)]
    if len(said) > _MAX_HISTORY:
        said = [*said[:2], words(texts.HISTORY_LEFT_OUT), *said[2 - _MAX_HISTORY :]]
    return speech.say(texts.HISTORY, events=join(" · ", said))


def _quoted(view: AlertView) -> str:
    """The words it rests on, but for what stands on lines of its own: the reason at their end, and a notice's name for the contract."""
    reason = view.cancel_reason or ""
    said = view.sentence.removesuffix(reason).rstrip(" :").strip() if reason else view.sentence.strip()
    return "" if said.casefold() == _contract(view).casefold() else said


def _names(names: tuple[str, ...], speech: Speech) -> Piece:
    return first_of([speech.name(name) for name in names], _MAX_PARTIES, speech)


def first_of(pieces: list[Piece], most: int, speech: Speech) -> Piece:
    """The first ``most`` of them as a list, and how many more there are."""
    shown = speech.list(pieces[:most])
    return speech.say(texts.AND_MORE, names=shown, n=len(pieces) - most) if len(pieces) > most else shown


def money(value: Money, speech: Speech, *, official: bool) -> Piece:
    """The sum as a newsroom printed it, where the chat reads that ("£2.4bn"); else written as in the chat's language, never rounded."""
    bare = _PLAIN_FIGURE.fullmatch(value.printed.strip()) is not None
    if not (official and (bare or value.basis or not value.printed.strip())):
        if not value.printed.strip() or (speech.language == SOURCE and _IN_ENGLISH.fullmatch(value.printed.strip())):
            return speech.name(value.printed)
        return speech.money(value.amount, value.currency, short=not bare)
    written = speech.money(value.amount, value.currency)
    basis = {"gross": texts.WITH_VAT, "net": texts.WITHOUT_VAT}.get(value.basis)
    return speech.say(basis, sum=written) if basis else written


def _said(view: AlertView, speech: Speech) -> Piece:
    """Who says so: outlets, a notice, or outlets whose report a notice confirmed."""
    reports = reports_of(view, speech)
    if view.notice is None:
        return speech.say(texts.REPORTED_BY, who=_who(reports, speech)) if reports else speech.say(texts.REPORTED)
    notice = notice_link(view.notice, speech)
    if not reports:
        return speech.say(texts.OFFICIAL, notice=notice)
    sentence = texts.CONFIRMED if view.status == "confirmed" else texts.OFFICIAL_REPORTED
    return speech.say(sentence, notice=notice, who=_who(reports, speech))


def _who(reports: list[StoryEntry], speech: Speech) -> Piece:
    only = reports[0] if len(reports) == 1 else None
    return speech.link(outlet(only, speech), only.url) if only else speech.say(texts.OUTLETS, n=len(reports))


def notice_link(notice: NoticeRecord, speech: Speech) -> Piece:
    """A notice by its number and register, as a link."""
    return speech.link(_numbered(notice, speech), notice.url)


def _numbered(notice: NoticeRecord, speech: Speech) -> Piece:
    return speech.name(f"{notice.number} · {notice.publisher}", _MAX_LINE)


def _look_alikes(view: AlertView, speech: Speech) -> Piece | None:
    flagged = [speech.name(f"“{match.proof}”") for match in view.matches if match.flag]
    return speech.say(texts.LOOK_ALIKE, names=speech.list(flagged[:_MAX_PARTIES])) if flagged else None


def _title(view: AlertView, speech: Speech) -> Piece | None:
    """What the contract is called, unless the first line says it; of a report its headline, unless the evidence does."""
    if title := _contract(view):
        return speech.say(texts.CONTRACT, title=speech.name(title, _MAX_LINE)) if view.suppliers else None
    headline = view.entries[0].title.strip() if view.entries else ""
    if not headline or headline.casefold().strip(" .") in view.sentence.casefold():
        return None
    return speech.say(texts.HEADLINE, title=speech.name(headline, _MAX_LINE))


def _reason(reason: str | None, speech: Speech) -> Piece | None:
    return speech.say(texts.REASON_GIVEN, reason=speech.name(reason, _MAX_LINE)) if reason and reason.strip() else None


def _supplier_note(notice: NoticeRecord | None, speech: Speech) -> Piece | None:
    if notice is None:
        return None
    if notice.supplier_from:
        return speech.say(texts.SUPPLIER_FROM, notice=notice.supplier_from)
    return speech.say(texts.SUPPLIER_UNKNOWN) if notice.supplier_unknown else None


def _dates(view: AlertView, speech: Speech) -> Piece | None:
    lines = []
    if view.happened_on is not None:
        lines.append(speech.say(texts.HAPPENED.get(view.event, texts.DATE), date=day_of(view.happened_on, speech)))
    published = [(entry.published, entry.official) for entry in view.entries if entry.published is not None]
    if published:
        at, official = min(published)
        written = day_of(at, speech) if official and at.astimezone(UTC).time() == _BARE_DATE else speech.published(at)
        lines.append(speech.say(texts.PUBLISHED if view.status == "official" else texts.FIRST_REPORTED, moment=written))
    elif view.entries:
        lines.append(speech.say(texts.FIRST_SEEN, moment=speech.moment(view.entries[0].first_seen_at)))
    return join("\n", lines) if lines else None


def day_of(at: datetime, speech: Speech) -> Piece:
    """The date of a decision or signature: notices state no time of day, and what they mean is the date where the register stands."""
    return speech.date(at.astimezone(_REGISTERS).date())


def _outlets(view: AlertView, speech: Speech) -> Piece | None:
    reports = reports_of(view, speech)
    if len(reports) <= 1:  # a single one stands in the line above
        return None
    lines = [words("• ") + speech.link(outlet(entry, speech), entry.url) for entry in reports[:_MAX_OUTLETS]]
    if len(reports) > _MAX_OUTLETS:
        lines.append(speech.say(texts.MORE, n=len(reports) - _MAX_OUTLETS))
    return join("\n", lines)


def reports_of(view: AlertView, speech: Speech) -> list[StoryEntry]:
    """The first report of each outlet, in order of arrival; notices are not reports."""
    first: dict[str, StoryEntry] = {}
    for entry in view.entries:
        if not entry.official and (view.withdrawn or not entry.gone):
            first.setdefault(outlet(entry, speech).plain.casefold(), entry)
    return list(first.values())


def outlet(entry: StoryEntry, speech: Speech) -> Piece:
    """The configured name of the feed, and whom the feed says it has it from: a feed does not get to name itself."""
    if not entry.outlet or entry.outlet.casefold() == entry.feed_name.casefold():
        return speech.name(entry.feed_name)
    return speech.say(texts.VIA, outlet=speech.name(entry.outlet, _MAX_OUTLET), feed=speech.name(entry.feed_name, _MAX_OUTLET))


def _watches(view: AlertView, speech: Speech) -> Piece | None:
    watched = dict.fromkeys((match.watch_name, Role.EITHER if match.watch.partner else match.role) for match in view.matches)
    names = [in_the_part(name or speech.say(wishes.ANY_CONTRACT), role if name else Role.EITHER, speech) for name, role in watched]
    return speech.say(texts.WATCHED, names=first_of(names, _MAX_WATCHES, speech)) if names else None


def in_the_part(name: str | Piece, role: Role, speech: Speech) -> Piece:
    """The name of an organisation with the part it must play, where it must."""
    sentence = texts.IN_THE_PART.get(role)
    return speech.say(sentence, name=name) if sentence else speech.piece(name)


def render_json(view: AlertView) -> dict[str, Any]:
    """The console's machine-readable form. ``supplier`` and ``public_body`` are the first named; all stand in the plural keys."""
    first = view.entries[0] if view.entries else None
    published = min((entry.published for entry in view.entries if entry.published is not None), default=None)
    return {
        "alert": view.alert.value if view.alert else None,
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
