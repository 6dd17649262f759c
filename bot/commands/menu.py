"""What Telegram shows of the bot by itself: the list of commands for each kind of chat, and what the bot does, in every language.

In groups, what changes something is offered to admins only. Telegram keeps all of it and chooses by the language of whoever looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from hashlib import sha256

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)

from bot.locale import LANGUAGES, SOURCE
from bot.speech import Speech, Text
from bot.texts import menu as texts


def menu_version(bot_id: int) -> str:
    """Changes when anything of it does, for then it is told to Telegram again."""
    shown = [(language, _labels(Speech(language), {**texts.CHANGE, **texts.READ}), _about(Speech(language))) for language in LANGUAGES]
    return sha256(repr((bot_id, shown)).encode()).hexdigest()


def menu_requests(bot: Bot) -> Iterator[Callable[[], Awaitable[bool]]]:
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
