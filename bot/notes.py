"""What somebody must know once about a place: its topic is closed, we may not write there any more, what was kept of it is erased.

The chat itself is told where it can be; else the person who set it up, in their private chat with us. Nobody is written to who never
began to talk to us.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.facade import Call
from bot.outcomes import Gone, Outcome, Sent
from bot.speech import Text, speech_for
from bot.texts import places as texts
from storage.records import Channel, ChannelState, Claim, Reply
from storage.store import Store

KEPT = timedelta(days=90)  # the settings of a chat that shut us out


async def tell(claim: Claim, outcome: Outcome, store: Store, call: Call, now: datetime) -> None:
    """Say what a send found out about its place. Said once: an alert that fails again, or goes the same way, says nothing new."""
    place = claim.channel
    if isinstance(outcome, Sent) and outcome.astray and place.chat_id is not None:
        said = speech_for(place.language, place.zone).say(texts.TOPIC_SHUT)
        note = Reply(chat_id=place.chat_id, thread_id=place.thread_id, text=said.html)  # goes the way of the alert
        await call(store.add_note, note, key=f"topic:{place.id}", now=now)
    if isinstance(outcome, Gone):
        for note in await to_keeper(place, texts.SHUT_OUT, store, call):
            await call(store.add_note, note, key=f"shut:{claim.delivery_id}", now=now)


async def erase(store: Store, call: Call, now: datetime) -> None:
    """Delete what is kept of chats that shut us out long ago, and tell who set them up."""
    for place in await call(store.erase_suspended, now - KEPT, now):
        for note in await to_keeper(place, texts.ERASED, store, call):
            await call(store.add_note, note, key=f"erased:{place.id}", now=now)


async def to_keeper(place: Channel, sentence: Text, store: Store, call: Call) -> tuple[Reply, ...]:
    """The sentence for the person who set a group or channel up; nothing where nobody can be told."""
    if place.added_by is None or place.added_by == place.chat_id:
        return ()
    private = await call(store.channel, place.added_by)
    if private is None or private.state is not ChannelState.ACTIVE:
        return ()
    said = speech_for(private.language, private.zone).say(sentence, chat=place.title or str(place.chat_id))
    return (Reply(chat_id=place.added_by, thread_id=None, text=said.html),)
