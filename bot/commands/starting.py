"""/start: one screen with ways to begin; what links to the bot carry; and links to pages that somebody sends in a private chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from urllib.parse import parse_qs, urlsplit

from bot.commands.asked import Asked, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, stale
from bot.commands.drafting import propose
from bot.commands.listing import follow
from bot.commands.managing import PAYLOAD, greet, opened
from bot.commands.speaking import language
from bot.commands.talking import help_
from bot.commands.watching import offer, shared
from bot.commands.which import is_number
from bot.commands.wishes import Wish
from bot.locale import LANGUAGES
from bot.speech import Speech
from bot.texts import starting as texts
from bot.texts import talking
from bot.texts.alerts import IN_THE_PART
from watchers.keys import link_key, normal_link
from watchers.types import Organisation, Role, Terms, Watch

START, NAMED = "s", "p"  # first letters of button data: "s:<what>", "p:<entry>:<digest of a name and its role>"
_MOST_LINKS = 5  # of one message that are looked up
_MOST_NAMES = 8


async def start(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/start, also what a shared link sends ("/start w_17"). In a private chat it sets the channel up and ends a suspension."""
    payload = asked.argument
    if payload.startswith("w_") and payload[2:].isdecimal():
        return await shared(asked, desk, int(payload[2:]))
    if payload.startswith("l_"):
        return await follow(asked, desk, payload[2:])
    if payload.startswith(PAYLOAD):
        return await opened(asked, desk, payload, now)
    if payload == "help":
        return await help_(asked, desk, now)
    if not asked.place.private:
        return await greet(asked, desk)
    welcome = desk.reply(asked.place, talking.WELCOME, buttons=_screen(desk))
    return Decision(changes=(ensure(asked.place, desk.speech, user_id=asked.user_id),), replies=welcome)


async def press_start(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of the first screen; it stays there, for the other buttons are of use afterwards."""
    assert pressed.date is not None  # whoever hands a press on says when it came
    if not pressed.place.private:
        return stale(desk)
    match data:
        case ["w"]:
            return Decision(replies=desk.reply(pressed.place, texts.SEND_NAME))
        case ["e"]:
            return await offer(pressed.as_if_written(texts.EXAMPLE_NAME, at=pressed.date), desk, pressed.date)
        case ["l"]:
            return await language(pressed.as_if_written("", at=pressed.date), desk, pressed.date)
    return stale(desk)


async def linked(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """Words with links, in a private chat: whom a page is about that was read, or what a link to the bot itself says."""
    known = None
    for link in asked.links[:_MOST_LINKS]:
        if (payload := _payload(link, desk.username)) is not None:
            return await start(replace(asked, command="start", argument=payload), desk, now)
        key, address = link_key(link), normal_link(link)
        if known is None and key is not None and address is not None:
            known = await desk.call(desk.store.entry_of, key, address)
    if known is None:
        return Decision(replies=desk.reply(asked.place, texts.PAGE_UNKNOWN))
    named = await _named(known, desk)
    if not named:
        return Decision(replies=desk.reply(asked.place, texts.PAGE_NAMES_NOBODY))
    buttons = tuple(((_label(name, role, desk.speech), f"{NAMED}:{known}:{_digest(name, role)}"),) for name, role in named)
    return Decision(replies=desk.reply(asked.place, texts.WHICH_OF_PAGE, buttons=buttons))


async def press_named(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """Somebody of a page was chosen: asked about like a name that was written. What is not in the page cannot be meant."""
    assert pressed.date is not None
    if len(data) != 2 or not is_number(data[0]) or not pressed.place.private:  # noqa: PLR2004
        return stale(desk)
    for name, role in await _named(int(data[0]), desk):
        if _digest(name, role) == data[1]:
            wish = Wish(Watch(organisation=Organisation(name=name), role=role), Terms())
            return await propose(pressed.as_if_written(name, at=pressed.date), pressed.place, [(1, wish)], desk, pressed.date)
    return stale(desk)


def _screen(desk: Desk) -> Buttons:
    """The buttons of the first screen. Telegram itself asks which group or channel; a channel only hears who may post there."""
    speech, here = desk.speech, f"https://t.me/{desk.username}"
    return (
        ((speech.label(texts.WATCH), f"{START}:w"),),
        ((speech.label(texts.EXAMPLE), f"{START}:e"),),
        (
            (speech.label(texts.TO_GROUP), f"{here}?startgroup"),
            (speech.label(texts.TO_CHANNEL), f"{here}?startchannel&admin=post_messages"),
        ),
        ((f"🌐 {LANGUAGES[speech.language]}", f"{START}:l"),),
    )


async def _named(entry_id: int, desk: Desk) -> list[tuple[str, Role]]:
    return (await desk.call(desk.store.parties_in, entry_id))[:_MOST_NAMES]


def _label(name: str, role: Role, speech: Speech) -> str:
    return speech.label(IN_THE_PART[role], name=name)


def _digest(name: str, role: Role) -> str:
    return blake2b(f"{role}:{name}".encode(), digest_size=8).hexdigest()


def _payload(link: str, username: str) -> str | None:
    """What a link to this bot carries ("t.me/bot?start=w_17"); None for any other link."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    if parts.netloc.lower().removeprefix("www.") not in ("t.me", "telegram.me") or parts.path.strip("/").lower() != username.lower():
        return None
    return next(iter(parse_qs(parts.query).get("start", [])), "")
