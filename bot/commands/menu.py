"""What Telegram shows of the bot by itself: the list of commands for each kind of chat, and what the bot does, in every language.

In groups, what changes something is offered to admins only. Telegram keeps all of it and chooses by the language of whoever looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from hashlib import sha256

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import BadRequest

from bot.locale import LANGUAGES, SOURCE
from bot.speech import ENGLISH, Speech, Text
from bot.texts import menu as texts


def menu_version(bot_id: int, admins: Collection[int]) -> str:
    """Changes when anything of it does, for then it is told to Telegram again."""
    everything = {**texts.CHANGE, **texts.READ, **texts.OPERATE}
    shown = [(language, _labels(Speech(language), everything), _about(Speech(language))) for language in LANGUAGES]
    return sha256(repr((bot_id, sorted(admins), shown)).encode()).hexdigest()


def menu_requests(bot: Bot, admins: Collection[int]) -> Iterator[Callable[[], Awaitable[bool]]]:
    """The requests that tell Telegram, each of which raises ``TelegramError``. English is what those see whose language we do not speak."""
    for language in LANGUAGES:
        code, (short, long) = None if language == SOURCE else language, _about(Speech(language))
        for scope, menu in _menus():
            commands = [BotCommand(name, shown) for name, shown in _labels(Speech(language), menu).items()]
            yield lambda commands=commands, scope=scope, code=code: bot.set_my_commands(  # type: ignore[misc]
                commands, scope=scope, language_code=code
            )
        yield lambda text=short, code=code: bot.set_my_short_description(text, language_code=code)  # type: ignore[misc]
        yield lambda text=long, code=code: bot.set_my_description(text, language_code=code)  # type: ignore[misc]
    commands = [BotCommand(name, shown) for name, shown in _labels(ENGLISH, {**texts.CHANGE, **texts.READ, **texts.OPERATE}).items()]
    for admin in sorted(admins):
        yield lambda admin=admin: _to_admin(bot, admin, commands)  # type: ignore[misc]


async def _to_admin(bot: Bot, admin: int, commands: Sequence[BotCommand]) -> bool:
    """Offer /admin in the private chat of somebody who runs the bot; one who never began to talk to us has none."""
    try:
        return await bot.set_my_commands(commands, scope=BotCommandScopeChat(admin))
    except BadRequest:
        return False


def _menus() -> list[tuple[BotCommandScope, Mapping[str, Text]]]:
    everything = {**texts.CHANGE, **texts.READ}
    return [
        (BotCommandScopeDefault(), texts.READ),
        (BotCommandScopeAllPrivateChats(), everything),
        (BotCommandScopeAllGroupChats(), texts.READ),
        (BotCommandScopeAllChatAdministrators(), everything),
    ]


def _labels(speech: Speech, menu: Mapping[str, Text]) -> dict[str, str]:
    return {name: speech.label(description) for name, description in menu.items()}


def _about(speech: Speech) -> tuple[str, str]:
    return speech.label(texts.SHORT_DESCRIPTION), speech.label(texts.DESCRIPTION)
