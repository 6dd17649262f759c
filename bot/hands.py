"""Once a day, what needs a hand, to whoever runs the bot; nothing on a day when nothing does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.facade import Call
from bot.feed_health import health
from bot.markup import Piece, foreign, join
from bot.silences import silent_line
from bot.speech import Speech, speech_for
from bot.texts import operating as texts
from storage.records import Channel, ChannelState, FeedRecord, Reply
from storage.silences import Silence, SilenceReason
from storage.store import Store

_HOUR = 8  # of the admin's own clock
_DAY = timedelta(days=1)  # what is shorter mends itself
_STUCK = timedelta(hours=6)
_MOST = 15


async def tell_admins(store: Store, call: Call, admins: Sequence[int], now: datetime) -> None:
    """Write the day's digest for each admin who talks to us, when their morning has come. Called again and again, it is written once."""
    for admin in admins:
        private = await call(store.channel, admin)
        if private is None or private.state is not ChannelState.ACTIVE:
            continue
        local = now.astimezone(ZoneInfo(private.zone))
        if local.hour < _HOUR or not (lines := await _lines(private, store, call, now)):
            continue
        speech = speech_for(private.language, private.zone)
        said = speech.directed(join("\n", [speech.say(texts.NEEDS_A_HAND), *lines]))
        note = Reply(chat_id=admin, thread_id=None, text=said.html)
        await call(store.add_note, note, key=f"hands:{local:%Y-%m-%d}:{admin}", now=now)


async def _lines(private: Channel, store: Store, call: Call, now: datetime) -> list[Piece]:
    speech = speech_for(private.language, private.zone)
    lines = [line for feed in await call(store.feeds) if (line := _of_feed(feed, speech, now)) is not None][:_MOST]
    lines += [silent_line(one, speech) for one in await call(store.silences) if _newly_quiet(one, now)][:_MOST]
    paused = (await call(store.operating)).paused_deliveries
    oldest = await call(store.stuck_since, now - _STUCK)
    if oldest is not None and not paused:
        lines.append(speech.say(texts.WAITS_LONG, moment=speech.moment(oldest)))
    refused, unhandled = await call(store.given_up, now - _DAY)
    lines += [speech.say(texts.REFUSED, n=refused)] if refused else []
    lines += [speech.say(texts.UNHANDLED, n=unhandled)] if unhandled else []
    return lines


def _newly_quiet(silence: Silence, now: datetime) -> bool:
    return silence.reason is SilenceReason.QUIET and not silence.over and now - silence.noticed_at < _DAY


def _of_feed(feed: FeedRecord, speech: Speech, now: datetime) -> Piece | None:
    """What is to be done about a feed; nothing while it is well, or has failed for less than a day."""
    state = feed.state
    if state.first_failed_at is not None and now - state.first_failed_at > _DAY:
        return speech.say(texts.FAILING_LONG, name=feed.name, health=foreign(health(state, now), 160))
    return speech.say(texts.MOVED, name=feed.name, address=foreign(state.moved_to, 200)) if state.moved_to else None
