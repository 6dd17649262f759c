"""Feeds that fall silent: told once to those whose watches rest on them, and once when they are back. The clock is handed in.

Every feed stands behind every watch, but for searches: one is there for a single name, so what it is called would tell what others watch,
and that it finds nothing is usual. A feed that a chat muted is none of its own.

Who knows of many silences is told of the next ones later, so that a holiday, or an outage of ours, is a message or two and no flood.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.facade import Call
from bot.markup import Piece, join
from bot.speech import Speech, speech_for
from bot.texts import times as texts
from storage.records import Reply
from storage.silences import Listener, Silence, SilenceReason
from storage.store import Store
from storage.times import quiet_until
from watchers.types import Feed

_SHOWN = 8
_MANY = 5
_DAY = timedelta(days=1)
_LONGEST_PAUSE = 7  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a chat is to be told of silences."""

    silent: tuple[Silence, ...]
    back: tuple[Silence, ...]


async def explain_silences(store: Store, call: Call, feeds: Iterable[Feed], now: datetime) -> int:
    """Notice which feeds are silent and tell those who are to know; says how many were told."""
    await call(store.notice_silences, {feed.id for feed in feeds if not feed.may_be_empty}, now)
    told, last = 0, 0
    silences = await call(store.silences)
    while silences and (listeners := await call(store.listeners, now, after=last)):
        for one in listeners:
            last = one.channel.id
            news = news_for(one, silences, now)
            note = None if news is None else _note(one, news)
            if news is not None and note is not None:
                silent, back = [one.id for one in news.silent], [one.id for one in news.back]
                told += await call(store.tell_silences, one, note, silent=silent, back=back, now=now)
    return told


def news_for(listener: Listener, silences: Sequence[Silence], now: datetime) -> News | None:
    """What a chat is to be told now, if anything: never in its quiet hours, and the later the more silences it knows of that last."""
    lasting = sum(not one.over and one.id in listener.told for one in silences)
    pause = _DAY * min(max(lasting, 1), _LONGEST_PAUSE)
    if listener.told_at is not None and listener.told_at <= now < listener.told_at + pause:
        return None
    if quiet_until(listener.channel.times, ZoneInfo(listener.channel.zone), now) is not None:
        return None
    heard = [one for one in silences if one.feed_id not in listener.muted]
    silent = tuple(one for one in heard if not one.over and one.id not in listener.told and one.noticed_at >= listener.since)
    back = tuple(one for one in heard if one.over and listener.told.get(one.id) is False)
    return News(silent=silent, back=back) if silent or back else None


def names(silences: Sequence[Silence], speech: Speech) -> Piece:
    """The names of feeds, the first few of many."""
    shown = [speech.name(one.name) for one in silences[:_SHOWN]]
    more = len(silences) - len(shown)
    return speech.list([*shown, speech.say(texts.SILENT_MORE, n=more)] if more else shown)


def silent_line(silence: Silence, speech: Speech) -> Piece:
    """A line about a feed that is silent."""
    sentence = texts.SILENT_QUIET if silence.reason is SilenceReason.QUIET else texts.SILENT_FAILING
    return speech.say(sentence, name=silence.name, date=speech.date(silence.since.astimezone(speech.zone).date()))


def _note(listener: Listener, news: News) -> Reply | None:
    place = listener.channel
    if place.chat_id is None:
        return None
    speech = speech_for(place.language, place.zone)
    lines = _silent(news.silent, speech) if news.silent else []
    lines += [speech.say(texts.BACK_AGAIN, names=names(news.back, speech))] if news.back else []
    return Reply(chat_id=place.chat_id, thread_id=place.thread_id, text=speech.directed(join("\n", lines)).html)


def _silent(silences: Sequence[Silence], speech: Speech) -> list[Piece]:
    lines = [speech.say(texts.SILENT, n=len(silences))]
    lines += [silent_line(one, speech) for one in silences[:_SHOWN]]
    if more := len(silences[_SHOWN:]):
        lines.append(speech.say(texts.SILENT_MORE, n=more))
    if len(silences) >= _MANY:
        lines.append(speech.say(texts.SILENT_MANY))
    return [*lines, speech.say(texts.SILENT_HOW)]
