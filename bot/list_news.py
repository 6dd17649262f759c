"""Who follows a watchlist is told when its owner changed it: once for all that changed within some minutes. The clock is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.facade import Call
from bot.markup import Piece, join, words
from bot.speech import Speech, Text, speech_for
from bot.texts import lists as texts
from bot.watch_words import describe
from storage.list_news import ListNews
from storage.records import ChannelState, Reply
from storage.store import Store
from watchers.types import Organisation, Terms, Watch

_SHOWN = 10


async def tell_followers(store: Store, call: Call, now: datetime) -> int:
    """Tell followers of the lists that have changed and are settled; says how many were told."""
    told = 0
    for news in await call(store.list_news, now):
        notes = _notes(news)
        if await call(store.tell_followers, news, notes, now):
            told += len(notes)
    return told


def _notes(news: ListNews) -> list[Reply]:
    """What each follower that can be told is told, in its own language; nothing where all is as it was."""
    found = changes(news)
    notes = []
    for place in news.followers:
        if found and place.chat_id is not None and place.state is ChannelState.ACTIVE:
            speech = speech_for(place.language, place.zone)
            said = join("\n", [_said(sentence, news.name, changed, speech) for sentence, changed in found])
            notes.append(Reply(chat_id=place.chat_id, thread_id=place.thread_id, text=speech.directed(said).html))
    return notes


def changes(news: ListNews) -> list[tuple[Text, list[tuple[Watch, Terms]]]]:
    """What is to be said of a list. A watch of the same names that asks for something else is not one more and one less."""
    before, after = dict(news.before), dict(news.after)
    gone = [one for one in news.before if one[0] not in after]
    new = [one for one in news.after if one[0] not in before]
    altered = {_names(one) for one, _ in gone} & {_names(one) for one, _ in new} - {_NOBODY}
    changed = [(one, terms) for one, terms in news.after if before.get(one) != terms and (one in before or _names(one) in altered)]
    found = [
        (texts.OWNER_ADDED, [one for one in new if _names(one[0]) not in altered]),
        (texts.OWNER_REMOVED, [one for one in gone if _names(one[0]) not in altered]),
        (texts.OWNER_CHANGED, changed),
    ]
    return [(sentence, some) for sentence, some in found if some]


_NOBODY = (None, None)


def _names(watch: Watch) -> tuple[Organisation | None, Organisation | None]:
    return watch.organisation, watch.partner


def _said(sentence: Text, name: str, changed: Sequence[tuple[Watch, Terms]], speech: Speech) -> Piece:
    named = [describe(one, speech, terms) for one, terms in changed[:_SHOWN]]
    if len(changed) > _SHOWN:
        named.append(words("…"))
    return speech.say(sentence, name=name, watches=speech.list(named))
