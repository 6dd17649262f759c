"""Who may change what a chat follows, asked of Telegram at the moment of the change: an admin of an hour ago may be none any more."""

from __future__ import annotations

import re
from typing import Protocol

from telegram import Bot, Chat, ChatMember
from telegram.error import BadRequest, Forbidden

from bot.commands.asked import Asked, Place, Pressed, may_write, place_of
from bot.markup import Piece
from bot.speech import Speech, Text
from bot.texts import answers

_TARGET = re.compile(r"(?P<chat>@[A-Za-z]\w{3,31}|-\d{5,19})(?:_(?P<thread>\d{1,10}))?(?:\s+(?P<rest>.*))?", re.DOTALL)
_CODE = re.compile(r"(?P<chat>-?[0-9]{1,18})(?:_(?P<thread>[0-9]{1,10}))?")
_TIMEOUT = 8.0  # commands are answered one after another: nobody waits long for somebody else's
_ADMINS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)


class Refusal(Exception):  # noqa: N818 - an answer to a person, not a failure
    """Why something is not done, for the person who asked; ``values`` are those of the sentence."""

    def __init__(self, sentence: Text, **values: str) -> None:
        super().__init__(sentence)
        self._sentence, self._values = sentence, values

    def said(self, speech: Speech) -> Piece:
        return speech.say(self._sentence, **self._values)


class Rights(Protocol):
    """What is asked of Telegram about chats and members. Methods raise ``telegram.error.TelegramError`` when no answer can be had."""

    async def is_admin(self, chat_id: int, user_id: int) -> bool:
        """Whether the person is the owner or an administrator."""

    async def may_tell(self, place: Place) -> bool:
        """Whether the bot itself can write there."""

    async def find(self, chat: str, thread_id: int | None = None) -> Place | None:
        """The chat of this name or number, as far as the bot can see it; of a forum, the topic."""

    async def download(self, file_id: str) -> bytes:
        """What is in a file that somebody sent."""


class TelegramRights:
    """Rights as Telegram knows them now."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def is_admin(self, chat_id: int, user_id: int) -> bool:
        try:
            member = await self._bot.get_chat_member(chat_id, user_id, read_timeout=_TIMEOUT, connect_timeout=_TIMEOUT)
        except (BadRequest, Forbidden):  # not a member, or a member list that the bot may not see: nobody proved to be an admin
            return False
        return member.status in _ADMINS

    async def may_tell(self, place: Place) -> bool:
        try:
            me = await self._bot.get_chat_member(place.chat_id, self._bot.id, read_timeout=_TIMEOUT, connect_timeout=_TIMEOUT)
        except (BadRequest, Forbidden):
            return False
        return may_write(me, place.type)

    async def find(self, chat: str, thread_id: int | None = None) -> Place | None:
        try:
            found = await self._bot.get_chat(chat if chat.startswith("@") else int(chat), read_timeout=_TIMEOUT, connect_timeout=_TIMEOUT)
        except (BadRequest, Forbidden):
            return None
        return place_of(found, thread_id if found.is_forum else None)

    async def download(self, file_id: str) -> bytes:
        file = await self._bot.get_file(file_id, read_timeout=_TIMEOUT, connect_timeout=_TIMEOUT)
        return bytes(await file.download_as_bytearray(read_timeout=_TIMEOUT, connect_timeout=_TIMEOUT))


async def target_of(asked: Asked, rights: Rights, *, change: bool, refusal: Text = answers.ADMINS_ONLY) -> tuple[Place, str]:
    """The place a command is about and the rest of what was written.

    ``change``: only who may change the place may ask it, and others get the refusal. What is watched is for them alone to see, too: it can
    put people at risk.

    From a private chat it may be a channel, group or topic that is named first ("/watch @channel Palantir"): then the person who asks must
    be an admin there, even to read what it follows, and the bot must be able to write there. That the bot is an admin proves nothing about
    them.

    Raises:
        Refusal: They may not.
    """
    named = _TARGET.fullmatch(asked.argument) if asked.place.private else None
    if named is None:
        if change and not await _may_change(asked, rights):
            raise Refusal(refusal)
        return asked.place, asked.argument
    place = await rights.find(named["chat"], int(named["thread"] or 0) or None)
    if place is None or place.type == Chat.PRIVATE or asked.user_id is None:
        raise Refusal(answers.CHAT_NOT_FOUND, chat=named["chat"])
    if not await rights.may_tell(place):
        raise Refusal(answers.CANNOT_TELL, chat=named["chat"])
    if not await rights.is_admin(place.chat_id, asked.user_id):
        raise Refusal(answers.NOT_ADMIN_THERE, chat=named["chat"])
    return place, (named["rest"] or "").strip()


async def _may_change(asked: Asked, rights: Rights) -> bool:
    if asked.place.private:
        return True
    if asked.stranger:
        return False
    return asked.user_id is None or await rights.is_admin(asked.place.chat_id, asked.user_id)


async def may_press(pressed: Pressed, chat_id: int, rights: Rights) -> bool:
    """Whether who pressed a button may change that chat: buttons of a group are everybody's to press, and data can be forged."""
    if chat_id == pressed.user_id:
        return pressed.place.chat_id == chat_id
    return chat_id < 0 and await rights.is_admin(chat_id, pressed.user_id)


def remote(pressed: Pressed, code: str) -> Place | None:
    """The place a button's data names: the one it stands in, topic and all, or from a private chat another; None where it names none."""
    named = _CODE.fullmatch(code)
    if named is None:
        return None
    if code in (str(pressed.place.chat_id), pressed.place.code):
        return pressed.place
    return Place(chat_id=int(named["chat"]), thread_id=int(named["thread"] or 0) or None, type="", title="")
