"""Who follows a watchlist is told when its owner changes it: once for each command, however much it changes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.desk import Desk
from bot.markup import words
from bot.speech import Text, speech_for
from bot.texts.lists import OWNER_REMOVED
from bot.watch_words import describe
from storage.records import ChannelState, Reply, WatchRecord
from watchers.types import Terms, Watch

_SHOWN = 10


async def notes(watchlist_id: int, name: str, sentence: Text, changed: Sequence[tuple[Watch, Terms]], desk: Desk) -> tuple[Reply, ...]:
    """The sentence for every follower that can be told, in its own language; ``changed`` are its ``{watches}``."""
    found = []
    for channel in await desk.call(desk.store.followers, watchlist_id):
        if channel.chat_id is None or channel.state is not ChannelState.ACTIVE:
            continue
        speech = speech_for(channel.language, channel.zone)
        named = [describe(watch, speech, terms) for watch, terms in changed[:_SHOWN]]
        if len(changed) > _SHOWN:
            named.append(words("…"))
        said = speech.say(sentence, name=name, watches=speech.list(named)) if named else speech.say(sentence, name=name)
        found.append(Reply(chat_id=channel.chat_id, thread_id=channel.thread_id, text=speech.directed(said).html))
    return tuple(found)


async def removal_notes(gone: Sequence[WatchRecord], desk: Desk) -> tuple[Reply, ...]:
    """What followers of the lists that watches were taken from are told."""
    named = {one.list_id: one.watchlist for one in gone if one.mine and one.list_id is not None and one.watchlist is not None}
    return tuple(
        [
            note
            for number, name in named.items()
            for note in await notes(number, name, OWNER_REMOVED, [(one.watch, one.terms) for one in gone if one.list_id == number], desk)
        ]
    )
