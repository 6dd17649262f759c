"""The list of commands that Telegram shows: in groups, what changes something is offered to admins only."""

from __future__ import annotations

from collections.abc import Mapping

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)

from bot.texts import menu as texts


async def publish_menu(bot: Bot) -> None:
    """Tell Telegram the commands of every kind of chat. Raises ``TelegramError``."""
    everything = {**texts.CHANGE, **texts.READ}
    menus: list[tuple[BotCommandScope, Mapping[str, str]]] = [
        (BotCommandScopeDefault(), texts.READ),
        (BotCommandScopeAllPrivateChats(), everything),
        (BotCommandScopeAllGroupChats(), texts.READ),
        (BotCommandScopeAllChatAdministrators(), everything),
    ]
    for scope, menu in menus:
        await bot.set_my_commands([BotCommand(name, description) for name, description in menu.items()], scope=scope)
