"""Who follows a watchlist is told at once when its owner deletes it; of changes on it tells ``bot.list_news``."""

from __future__ import annotations

from bot.commands.desk import Desk
from bot.speech import speech_for
from bot.texts.lists import OWNER_DELETED
from storage.records import ChannelState, Reply, WatchlistRecord


async def farewells(record: WatchlistRecord, desk: Desk) -> tuple[Reply, ...]:
    """What every follower that can be told is told of the end of a list, in its own language."""
    found = []
    for channel in await desk.call(desk.store.followers, record.id):
        if channel.chat_id is not None and channel.state is ChannelState.ACTIVE:
            speech = speech_for(channel.language, channel.zone)
            said = speech.directed(speech.say(OWNER_DELETED, name=record.name))
            found.append(Reply(chat_id=channel.chat_id, thread_id=channel.thread_id, text=said.html))
    return tuple(found)
