"""What people can ask for. Adding a command: a decider in a module here, a line in the table, its words in ``bot.texts``.

A decider reads, asks Telegram for rights where something is to be changed, and returns a ``Decision``; it writes nothing. ``bot.updates``
writes the decision, with the fact that the request is done, in one transaction, and only then anybody is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from telegram import Chat
from telegram.error import TelegramError

from bot.alert_buttons import ALL, MUTE, WHY, WRONG
from bot.commands import (
    complaining,
    discretion,
    drafting,
    exporting,
    grouped,
    listing,
    managing,
    muting,
    operating,
    packing,
    proving,
    regrouping,
    settings,
    speaking,
    standing,
    starting,
    talking,
    telling,
    times,
    watch_menu,
    watching,
)
from bot.commands.asked import Asked, Membership, Migration, Pressed, Request
from bot.commands.desk import Decision, Desk, refused, stale
from bot.commands.rights import Refusal
from bot.digest import OPEN
from bot.grouped import MORE
from bot.markup import tagless
from bot.texts import answers
from storage.records import ChannelState, SetChannelState

Decider = Callable[[Asked, Desk, datetime], Awaitable[Decision]]
Press = Callable[[Pressed, Desk, Sequence[str]], Awaitable[Decision]]

COMMANDS: Mapping[str, Decider] = {
    "start": starting.start,
    "help": talking.help_,
    "watch": watching.watch,
    "unwatch": discretion.in_private(watching.unwatch, lists=lambda argument: not argument),
    "watches": discretion.in_private(watch_menu.watches),
    "without": discretion.in_private(watch_menu.without),
    "lists": discretion.in_private(listing.lists),
    "list": discretion.in_private(listing.list_, lists=listing.opens),
    "latest": talking.latest,
    "evidence": proving.show_evidence,
    "contract": proving.show_contract,
    "status": talking.status,
    "settings": settings.settings,
    "mutes": discretion.in_private(muting.mutes),
    "language": speaking.language,
    "zone": times.zone,
    "privacy": talking.privacy,
    "export": exporting.export,
    "import": exporting.import_,
    "forget": talking.forget,
    "stop": talking.forget,  # what people know from other bots
}
OPERATORS: Mapping[str, Decider] = {"admin": operating.admin, "story": regrouping.story}  # to others there are no such commands
BUTTONS: Mapping[str, Press] = {
    watching.UNWATCH: watching.press_unwatch,
    watch_menu.MENU: discretion.pressed_in_private(watch_menu.press),
    drafting.DRAFT: drafting.press,
    WHY: telling.press_why,
    ALL: telling.press_all,
    WRONG: complaining.press_wrong,
    MUTE: muting.press_mute,
    muting.MUTED: discretion.pressed_in_private(muting.press_muted),
    settings.SETTINGS_BUTTON: settings.press_settings,
    speaking.LANGUAGE: speaking.press_language,
    listing.LIST: discretion.pressed_in_private(listing.press),
    packing.PACKS: packing.press,
    managing.MANAGE: managing.press,
    starting.START: starting.press_start,
    starting.NAMED: starting.press_named,
    talking.FORGET: talking.press_forget,
    proving.EVIDENCE: proving.press_evidence,
    proving.CONTRACT: proving.press_contract,
    operating.ADMIN: operating.press,
    MORE: grouped.press_more,
    OPEN: grouped.press_open,
}


def not_ours(request: Request) -> bool:
    """Whether it is a command for somebody else: groups are not answered what they did not ask us."""
    return isinstance(request, Asked) and not request.place.private and request.command not in COMMANDS


async def decide(request: Request, desk: Desk, now: datetime) -> Decision:
    """What is to be done about a request that is ours. Every refusal is an answer; errors of the store go on to the caller."""
    match request:
        case Membership():
            return await standing.membership(request, desk)
        case Migration():
            return standing.migration(request)
        case _:
            return await _decide_asked(request, desk, now)


async def _decide_asked(request: Asked | Pressed, desk: Desk, now: datetime) -> Decision:
    try:
        decision = await (_asked(request, desk, now) if isinstance(request, Asked) else _pressed(replace(request, date=now), desk))
    except Refusal as refusal:
        decision = replace(refused(desk), replies=desk.reply(request.place, refusal.said(desk.speech)))
    except TelegramError:
        said = desk.speech.say(answers.COULD_NOT_CHECK)
        decision = Decision(replies=desk.reply(request.place, said), toast=said.plain)
    return await _revived(request, decision, desk)


async def _asked(asked: Asked, desk: Desk, now: datetime) -> Decision:
    if asked.command in OPERATORS and operating.runs_the_bot(asked, desk):
        return await OPERATORS[asked.command](asked, desk, now)
    if not await operating.may_use(asked, desk):
        return Decision(replies=desk.reply(asked.place, answers.NOT_LISTED))
    if not asked.command:
        return await (starting.linked if asked.links else watching.offer)(asked, desk, now)
    decider = COMMANDS.get(asked.command)
    return await decider(asked, desk, now) if decider else Decision(replies=desk.reply(asked.place, answers.NOT_UNDERSTOOD))


async def _pressed(pressed: Pressed, desk: Desk) -> Decision:
    kind, *data = pressed.data.split(":")
    press = BUTTONS.get(kind) if await operating.may_use(pressed, desk) else None
    decision = await press(pressed, desk, data) if press else stale(desk)
    return await _aside(pressed, decision, desk) if pressed.place.type == Chat.CHANNEL else decision


async def _aside(pressed: Pressed, decision: Decision, desk: Desk) -> Decision:
    """In a channel everybody reads what stands there, so who presses is answered in a box of their own, and only admins change anything."""
    place = pressed.place
    if (decision.changes or decision.edit or decision.close) and not await desk.rights.is_admin(place.chat_id, pressed.user_id):
        return refused(desk)
    here = [one for one in decision.replies if one.chat_id == place.chat_id]
    if not here:
        return decision
    said = tagless("\n".join(one.text for one in here))
    others = tuple(one for one in decision.replies if one.chat_id != place.chat_id)
    return replace(decision, replies=others, toast=said, loud=True) if said else stale(desk)


async def _revived(request: Asked | Pressed, decision: Decision, desk: Desk) -> Decision:
    """Whoever writes to us can be written to: a chat that was given up is told again, beginning with this answer."""
    channel = await desk.channel(request.place) if decision.replies else None
    if channel is None or channel.state is ChannelState.ACTIVE:
        return decision
    revival = SetChannelState(chat_id=request.place.chat_id, state=ChannelState.ACTIVE)
    return replace(decision, changes=(revival, *decision.changes))
