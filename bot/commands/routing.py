"""Where the alerts of a list go, and how soon: the screens of it under a list of /lists, and the link to a topic or chat behind /list.

The keeper of a list keeps it wherever it is told. Only places of whoever asks are shown: the chat that keeps the list with its topics, and
in private the chats that they set up; and they must be an admin of a place to have anything told there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telegram import Chat

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, refused, stale
from bot.commands.rights import Refusal, Rights, may_press
from bot.markup import Piece
from bot.speech import Speech
from bot.texts import answers, settings
from bot.texts import lists as texts
from bot.texts.times import RHYTHMS
from storage.list_changes import RouteWatchlist
from storage.records import Change, Channel, WatchlistRecord
from storage.times import Rhythm, SetRhythm

WHERE, SOON = "w", "h"  # what a button of a list is about
_SHOWN = 20
_MARK = "✓ "
_AS_THE_REST = "rest"
_GENERAL = 1  # the topic of a forum that messages without a topic go to
_LINK = re.compile(
    r"(?:https?://)?t\.me/(?:c/(?P<number>\d{1,15})|(?P<name>[A-Za-z]\w{3,31}))(?:/(?P<thread>\d{1,10})(?:/\d{1,10})?)?/?(?:\?.*)?"
    r"|(?P<chat>@[A-Za-z]\w{3,31}|-\d{5,19})"
)


Data = Callable[[str, str], str]  # of a button about the list, from what it does and a value


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A list of a place's own, and who changes where it is told. ``back``: the button to its own screen."""

    record: WatchlistRecord
    place: Place
    pressed: Pressed
    data: Data
    back: tuple[str, str]

    def shown(self, said: Piece, rows: Sequence[tuple[tuple[str, str], ...]], desk: Desk, *changes: Change) -> Decision:
        """A screen in the place of the one that was pressed."""
        (reply,) = desk.reply(self.pressed.place, said, buttons=(*rows, (self.back,)))
        return Decision(changes=changes, edit=reply, toast=desk.speech.label(settings.SET_TOAST) if changes else "")


async def rows(record: WatchlistRecord, place: Place, data: Data, desk: Desk) -> Buttons:
    """The buttons on a list's own screen. How soon is a matter of the place itself, so it must be told there."""
    channel = await desk.channel(place)
    where = ((desk.speech.label(texts.WHERE_BUTTON), data(WHERE, "")),)
    if channel is None or channel.id not in await desk.call(desk.store.told, record.id):
        return (where,)
    rhythm = (await desk.call(desk.store.rhythms, channel.id)).get(record.id)
    return where, ((desk.speech.label(texts.SOON_BUTTON, rhythm=_said(rhythm, desk.speech)), data(SOON, "")),)


async def press(kept: Kept, what: str, value: str, desk: Desk) -> Decision:
    """A button that opens one of the screens, or one on it. Who pressed may change the place that keeps the list."""
    return await (_where if what == WHERE else _soon)(kept, value, desk)


async def _where(kept: Kept, value: str, desk: Desk) -> Decision:
    told, places = await desk.call(desk.store.told, kept.record.id), await _places(kept, desk)
    changes = []
    if value:
        chosen = next((one for one in places if str(one.id) == value), None)
        if chosen is None or chosen.chat_id is None:
            return stale(desk)
        if chosen.chat_id != kept.place.chat_id and not await may_press(kept.pressed, chosen.chat_id, desk.rights):
            return refused(desk)
        changes.append(_route(kept.place, kept.record, chosen.chat_id, chosen.thread_id, told=chosen.id not in told))
        told ^= {chosen.id}
    buttons = [((_MARK * (one.id in told) + _called(one, desk.speech), kept.data(WHERE, str(one.id))),) for one in places]
    return kept.shown(desk.speech.say(texts.WHERE, name=kept.record.name), buttons, desk, *changes)


async def _places(kept: Kept, desk: Desk) -> list[Channel]:
    """Where who presses can have it told: in a group everybody reads along, so there it is the group and its topics."""
    known = [one for one in await desk.call(desk.store.channels) if one.chat_id is not None]
    here = [one for one in known if one.chat_id == kept.place.chat_id]
    who = kept.pressed.user_id
    theirs = [one for one in known if one not in here and who in (one.added_by, one.chat_id)] if kept.pressed.place.private else []
    return [*here, *theirs][:_SHOWN]


async def _soon(kept: Kept, value: str, desk: Desk) -> Decision:
    channel, changes = await desk.channel(kept.place), []
    if channel is None or value not in ("", _AS_THE_REST, *Rhythm):
        return stale(desk)
    rhythm = (await desk.call(desk.store.rhythms, channel.id)).get(kept.record.id)
    if value:
        rhythm = None if value == _AS_THE_REST else Rhythm(value)
        here = kept.place
        changes.append(SetRhythm(chat_id=here.chat_id, thread_id=here.thread_id, watchlist_id=kept.record.id, rhythm=rhythm))
    choices = ((one, _AS_THE_REST if one is None else one.value) for one in (None, *Rhythm))
    buttons = [((_MARK * (one is rhythm) + _said(one, desk.speech), kept.data(SOON, name)),) for one, name in choices]
    return kept.shown(desk.speech.say(texts.SOON, name=kept.record.name), buttons, desk, *changes)


def is_link(text: str) -> bool:
    """Whether a text is a link to a chat, or to a message of it; or its name or number."""
    return _LINK.fullmatch(text) is not None


async def send_to(asked: Asked, place: Place, record: WatchlistRecord, link: str, desk: Desk) -> Decision:
    """Have a list told behind a link and no more where it is kept. Raises Refusal where they may not, or the bot may not write."""
    there, channel = await _target(asked, place, link, desk.rights), await desk.channel(place)
    changes: list[Change] = [ensure(there, desk.speech, user_id=asked.user_id)]
    changes.append(_route(place, record, there.chat_id, there.thread_id, told=True))
    elsewhere = (there.chat_id, there.thread_id) != (place.chat_id, place.thread_id)
    if elsewhere and channel is not None and channel.id in await desk.call(desk.store.told, record.id):
        changes.append(_route(place, record, place.chat_id, place.thread_id, told=False))
    said = desk.speech.say(texts.ROUTED, name=record.name, place=_named(there.title, there, desk.speech))
    return Decision(changes=tuple(changes), replies=desk.reply(asked.place, said))


async def _target(asked: Asked, place: Place, link: str, rights: Rights) -> Place:
    found = _LINK.fullmatch(link)
    assert found is not None
    chat = found["chat"] or (f"-100{found['number']}" if found["number"] else f"@{found['name']}")
    thread = int(found["thread"] or 0)
    there = await rights.find(chat, thread if thread > _GENERAL else None)
    if there is None or there.type == Chat.PRIVATE:
        raise Refusal(answers.CHAT_NOT_FOUND, chat=chat)
    if not await rights.may_tell(there):
        raise Refusal(answers.CANNOT_TELL, chat=chat)
    if there.chat_id != place.chat_id and not (asked.user_id and await rights.is_admin(there.chat_id, asked.user_id)):
        raise Refusal(answers.NOT_ADMIN_THERE, chat=chat)
    return there


def _route(place: Place, record: WatchlistRecord, chat_id: int, thread_id: int | None, *, told: bool) -> RouteWatchlist:
    return RouteWatchlist(
        chat_id=place.chat_id, thread_id=place.thread_id, watchlist_id=record.id, to_chat_id=chat_id, to_thread_id=thread_id, told=told
    )


def _called(channel: Channel, speech: Speech) -> str:
    return speech.label(texts.THIS_CHAT) if channel.type == Chat.PRIVATE else _named(channel.title, channel, speech)


def _named(title: str, one: Place | Channel, speech: Speech) -> str:
    name = title or str(one.chat_id)
    return name if one.thread_id is None else speech.label(texts.TOPIC, chat=name, number=str(one.thread_id))


def _said(rhythm: Rhythm | None, speech: Speech) -> str:
    return speech.label(texts.AS_THE_REST if rhythm is None else RHYTHMS[rhythm])
