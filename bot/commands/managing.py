"""Managing a channel or group from a private chat: a screen that leads to what is watched there, its lists and its settings.

It is reached by a link that is good once and for ten minutes, given in the chat itself, so that nobody needs its number; or by a button
that whoever let the bot into a channel gets. Neither proves anything: whoever opens it must be an admin there at that moment.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from telegram import Chat

from bot.commands.asked import Asked, Membership, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, refused, stale
from bot.commands.listing import LIST
from bot.commands.packing import PACKS
from bot.commands.rights import Refusal, may_press
from bot.commands.settings import SETTINGS_BUTTON, is_chat
from bot.commands.watch_menu import MENU
from bot.commands.which import is_number
from bot.markup import Piece
from bot.speech import speech_for
from bot.texts import answers, lists, packs, talking
from bot.texts import places as texts
from storage.list_changes import PutDraft, TakeDraft
from storage.records import Reply

MANAGE = "mg"  # begins button data: "mg:<chat>"
PAYLOAD = "m_"  # begins what a link carries: "m_<chat>_<draft>"
_GOOD_FOR = timedelta(minutes=10)


async def greet(asked: Asked, desk: Desk) -> Decision:
    """/start in a group or channel: how to begin, and for admins the link."""
    place = asked.place
    if not asked.itself and (asked.stranger or not await desk.rights.is_admin(place.chat_id, asked.user_id or 0)):
        return Decision(replies=desk.reply(place, talking.WELCOME_GROUP))
    return linked(place, desk, desk.speech.say(talking.WELCOME_GROUP))


def linked(place: Place, desk: Desk, said: Piece) -> Decision:
    """An answer in a group or channel with the link below it."""
    number = secrets.randbelow(2**53)
    body = {"type": place.type, "title": place.title, "thread_id": place.thread_id}
    draft = PutDraft(chat_id=place.chat_id, draft_id=number, body=body, keep=_GOOD_FOR)
    link = f"https://t.me/{desk.username}?start={PAYLOAD}{place.chat_id}_{number}"
    button = ((desk.speech.label(texts.MANAGE), link),)
    return Decision(changes=(draft,), replies=desk.reply(place, said, buttons=(button,)))


async def opened(asked: Asked, desk: Desk, payload: str, now: datetime) -> Decision:
    """/start m_<chat>_<draft> in a private chat. Raises Refusal for who is no admin there; the link is good for another then."""
    chat, _, number = payload.removeprefix(PAYLOAD).partition("_")
    draft = await desk.call(desk.store.draft, int(chat), int(number), now) if is_chat(chat) and is_number(number) else None
    if draft is None or set(draft) != {"type", "title", "thread_id"} or not asked.place.private or asked.user_id is None:
        return Decision(replies=desk.reply(asked.place, lists.LINK_GONE))
    place = Place(chat_id=int(chat), **draft)
    if not await desk.rights.is_admin(place.chat_id, asked.user_id):
        raise Refusal(answers.NOT_ADMIN_THERE, chat=place.title)
    taken = TakeDraft(chat_id=place.chat_id, draft_id=int(number))
    return Decision(changes=(taken, ensure(place, desk.speech, user_id=asked.user_id)), replies=(_screen(place, asked.place, desk),))


async def press(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """The button that whoever let the bot into a channel got."""
    if len(data) != 1 or not is_chat(data[0]) or not pressed.place.private:
        return stale(desk)
    if not await may_press(pressed, int(data[0]), desk.rights):
        return refused(desk)
    place = await desk.rights.find(data[0])
    if place is None or place.type == Chat.PRIVATE:
        return stale(desk)
    return Decision(changes=(ensure(place, desk.speech, user_id=pressed.user_id),), edit=_screen(place, pressed.place, desk))


async def let_in(changed: Membership, desk: Desk) -> tuple[Reply, ...]:
    """What whoever let the bot into a channel is told in their private chat, if they ever talked to it."""
    theirs = await desk.private_chat(changed.user_id)
    if changed.place.type != Chat.CHANNEL or theirs is None:
        return ()
    speech = speech_for(theirs.language, theirs.zone)
    said = speech.directed(speech.say(texts.LET_IN, chat=changed.place.title))
    button = ((speech.label(texts.MANAGE_HERE), f"{MANAGE}:{changed.place.chat_id}"),)
    return (Reply(chat_id=changed.user_id, thread_id=None, text=said.html, buttons=(button,)),)


def _screen(place: Place, here: Place, desk: Desk) -> Reply:
    speech, chat = desk.speech, place.code
    rows: Buttons = (
        ((speech.label(texts.WATCHED), f"{MENU}:p:{chat}:0"),),
        ((speech.label(texts.LISTS), f"{LIST}:b:0:{chat}"), (speech.label(packs.READY), f"{PACKS}:a::{chat}")),
        ((speech.label(texts.SETTINGS), f"{SETTINGS_BUTTON}:{chat}"),),
    )
    return desk.reply(here, speech.say(texts.MANAGED, chat=place.title or chat, number=chat), buttons=rows)[-1]
