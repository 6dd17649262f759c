"""/language: in which language a chat is spoken to. Guessed from the client of who begins, changed here, in groups by admins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.commands.asked import Asked, Pressed
from bot.commands.desk import Decision, Desk, ensure, refused, stale
from bot.commands.rights import may_press, target_of
from bot.locale import LANGUAGES
from bot.speech import Speech, speech_for
from bot.texts import talking as texts
from storage.records import SetLanguage

LANGUAGE = "l"  # first letter of button data: "l:<language>:<chat>"


async def language(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/language, from a private chat also /language @channel: the languages as buttons, each by its own name."""
    place, _ = await target_of(asked, desk.rights, change=True)
    channel = await desk.channel(place)
    speech = desk.speech if channel is None else speech_for(channel.language, channel.zone)
    changes = () if channel is not None else (ensure(place, speech, user_id=asked.user_id),)
    buttons = tuple(
        ((f"✓ {name}" if code == speech.language else name, f"{LANGUAGE}:{code}:{place.chat_id}"),) for code, name in LANGUAGES.items()
    )
    return Decision(changes=changes, replies=desk.reply(asked.place, texts.WHICH_LANGUAGE, buttons=buttons))


async def press_language(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A language was chosen: the chat with all its topics is spoken to in it, beginning with this answer."""
    match data:
        case [code, chat_id] if code in LANGUAGES and chat_id.removeprefix("-").isdecimal():
            chat = int(chat_id)
        case _:
            return stale(desk)
    if not await may_press(pressed, chat, desk.rights):
        return refused(desk)
    chosen = replace(desk, speech=Speech(code, desk.speech.zone)) if chat == pressed.place.chat_id else desk
    return Decision(
        changes=(SetLanguage(chat_id=chat, language=code),),
        replies=chosen.reply(pressed.place, chosen.speech.say(texts.LANGUAGE_SET, language=LANGUAGES[code])),
        close=True,
    )
