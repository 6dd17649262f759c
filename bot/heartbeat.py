"""The weekly report of a chat: that nothing happened, and that somebody looked. Scheduled by ``bot.app``, with the clock handed in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.facade import Call
from bot.markup import Piece, join
from bot.silences import names
from bot.speech import Speech, speech_for
from bot.texts import times as texts
from storage.records import ChannelState, Reply
from storage.reports import Week
from storage.store import Store
from storage.times import Heartbeat, quiet_until


async def report_weeks(store: Store, call: Call, now: datetime) -> int:
    """Say of every week that is over what is to be said, and begin the next; says how many were told. In quiet hours a report waits."""
    await call(store.begin_reports, now)
    told, last = 0, 0
    while weeks := await call(store.weeks_over, now, after=last):
        for week in weeks:
            last = week.channel.id
            if quiet_until(week.channel.times, ZoneInfo(week.channel.zone), now) is None:
                note = _note(week)
                told += await call(store.report_week, week, note, now) and note is not None
    return told


def _note(week: Week) -> Reply | None:
    """What is said of a week: nothing where there were alerts, unless that is wanted too."""
    place, wanted = week.channel, week.channel.report.heartbeat
    if wanted is Heartbeat.NEVER or place.chat_id is None or place.state is not ChannelState.ACTIVE:
        return None
    if week.alerts and wanted is not Heartbeat.ALWAYS:
        return None
    speech = speech_for(place.language, place.zone)
    return Reply(chat_id=place.chat_id, thread_id=place.thread_id, text=speech.directed(_said(week, speech)).html)


def _said(week: Week, speech: Speech) -> Piece:
    alerts = speech.say(texts.WEEK_ALERTS, n=week.alerts) if week.alerts else speech.say(texts.NO_MATCHES)
    checks = speech.say(texts.CHECKS, n=week.checks)
    silent = [speech.say(texts.SILENT_NOW, names=names(week.silent, speech))] if week.silent else []
    said = speech.say(texts.WEEK, alerts=alerts, checks=checks, healthy=week.healthy, n=week.feeds)
    return join("\n", [said, *silent, speech.say(texts.WEEK_HOW)])
