"""Telegram's Bot API as this project uses it: one bot object, its time limits, and the sending of one message.

python-telegram-bot keeps the method calls and types; retries, pacing and polling are ours (``bot.deliver``, ``bot.updates``). Never log a
bot object: its ``repr`` holds the token.
"""

from __future__ import annotations

import logging
import os
import ssl
import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError
from telegram.request import HTTPXRequest

from bot.outcomes import Outcome, Sent, outcome_of, topic_shut, unparsable
from bot.render import Message
from storage.alert_changes import Sound
from storage.records import Claim, Reply
from watchers.types import AlertClass

log = logging.getLogger(__name__)

if find_spec("sniffio") is None:
    # The HTTP client asks for it several times a request, and each time a missing module is searched for on the disk: a third of the work.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

READ_TIMEOUT = 30.0  # an answer that is late is a send of unknown fate, so it is waited for
_CONNECT_TIMEOUT = 10.0
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def make_bot(token: str, api_base_url: str, *, sends: HTTPXRequest, polls: HTTPXRequest) -> Bot:
    """The bot, not yet connected to anything. Its connections belong to the caller, who closes them."""
    # Without this the library warns whenever it is told to slow down, and a warning that is made an error would hide the pause.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    # It also writes what a server in between answered ("502 Bad Gateway", in HTML) to the log, with a traceback, before it raises it.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)
    base = api_base_url.rstrip("/")
    return Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=sends, get_updates_request=polls)


def make_request(read_timeout: float, *, connections: int) -> HTTPXRequest:
    """A connection pool whose turns are long enough that waiting for one never fails a send by itself."""
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=read_timeout,
        write_timeout=_CONNECT_TIMEOUT,
        connect_timeout=_CONNECT_TIMEOUT,
        pool_timeout=_CONNECT_TIMEOUT,
        httpx_kwargs={"verify": _certificates()},
    )


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that are trusted, read once: every pool would read them again, which takes longer than all the rest of a start."""
    return httpx.create_ssl_context()


class TelegramTransport:
    """Sends and edits messages. Only refusals that leave no doubt are followed by a second request: without markup, without the topic."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, claim: Claim, message: Message) -> Outcome:
        try:
            return await self._with_fallbacks(claim, message)
        except TelegramError as error:
            return outcome_of(error)

    async def edit(self, message_id: int, reply: Reply) -> None:
        """Put another text (an empty one: the same) and other buttons in the place of a message of ours; raises TelegramError."""
        mode, keyboard = ParseMode.HTML, keyboard_of(reply.buttons)
        if not reply.text:
            await self._bot.edit_message_reply_markup(reply.chat_id, message_id, reply_markup=keyboard)
            return
        await self._bot.edit_message_text(
            reply.text, reply.chat_id, message_id, parse_mode=mode, reply_markup=keyboard, link_preview_options=NO_PREVIEW
        )

    async def answers(self) -> bool:
        """Whether Telegram tells us who we are."""
        try:
            await self._bot.get_me()
        except TelegramError:
            return False
        return True

    async def _with_fallbacks(self, claim: Claim, message: Message) -> Sent:
        markup, topic = True, claim.channel.thread_id
        while True:  # each of the two corrections is made once
            try:
                number = await self._once(claim, message, markup=markup, topic=topic)
                return Sent(number, astray=topic != claim.channel.thread_id)
            except BadRequest as error:
                if markup and unparsable(error):
                    log.error("delivery %d: Telegram cannot read our markup, sent as plain text: %s", claim.delivery_id, error.message)  # noqa: TRY400
                    markup = False
                elif topic is not None and topic_shut(error):
                    topic = None
                else:
                    raise

    async def _once(self, claim: Claim, message: Message, *, markup: bool, topic: int | None) -> int:
        chat, keyboard, silent = claim.channel.chat_id, keyboard_of(message.buttons), _silent(claim.channel.sound, message)
        assert chat is not None
        text, mode = (message.html, ParseMode.HTML) if markup else (message.plain, None)
        if claim.edits is not None:
            await self._bot.edit_message_text(
                text, chat, claim.edits, parse_mode=mode, reply_markup=keyboard, link_preview_options=NO_PREVIEW
            )
            return claim.edits
        if message.file is not None:
            name, body = message.file
            document = InputFile(body, filename=name)
            answer = await self._bot.send_document(
                chat, document, caption=text, parse_mode=mode, message_thread_id=topic, reply_markup=keyboard, disable_notification=silent
            )
            return answer.message_id
        sent = await self._bot.send_message(
            chat,
            text,
            parse_mode=mode,
            message_thread_id=topic,
            reply_markup=keyboard,
            link_preview_options=NO_PREVIEW,
            disable_notification=silent,
            # Whoever deletes the contract's last message still gets the next one.
            reply_parameters=None if message.reply_to is None else ReplyParameters(message.reply_to, allow_sending_without_reply=True),
        )
        return sent.message_id


def _silent(sound: Sound, message: Message) -> bool:
    """Whether a message comes without a sound, as was chosen for the place; answers make one wherever anything does."""
    if sound is Sound.CANCELLED:
        return bool(message.tells) and AlertClass.CANCELLED not in message.tells
    return sound is Sound.NONE


def keyboard_of(buttons: Sequence[Sequence[tuple[str, str]]]) -> InlineKeyboardMarkup | None:
    """A message's buttons: an address opens it, anything else comes back to us when pressed."""
    if not buttons:
        return None
    return InlineKeyboardMarkup([[_button(label, data) for label, data in row] for row in buttons])


def _button(label: str, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, url=data) if data.startswith("https://") else InlineKeyboardButton(label, callback_data=data)
