"""What is watched can put people at risk, and in a group everybody reads along: what lists it is answered to its admins in private.

Whoever never wrote to the bot cannot be written to, nor can an admin who hides behind the group or posts as the channel: they get a link
that leads to the same in private. The wrapped decider sees a request that was made there, about the group.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from telegram import Chat

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Decision, Desk, refused
from bot.commands.managing import linked
from bot.commands.rights import may_press, target_of
from bot.texts import answers
from bot.texts import places as texts

Decider = Callable[[Asked, Desk, datetime], Awaitable[Decision]]
Press = Callable[[Pressed, Desk, Sequence[str]], Awaitable[Decision]]


def _always(argument: str) -> bool:  # noqa: ARG001 - one of several ways to tell
    return True


def in_private(decider: Decider, *, lists: Callable[[str], bool] = _always) -> Decider:
    """The decider, which shows what is watched where ``lists`` says so of what was written behind the command."""

    async def decide(asked: Asked, desk: Desk, now: datetime) -> Decision:
        if asked.place.private or not lists(asked.argument):
            return await decider(asked, desk, now)
        place, _ = await target_of(asked, desk.rights, change=True, refusal=answers.ADMINS_SEE)
        if asked.user_id is None:
            return linked(place, desk, desk.speech.say(texts.NOBODY_KNOWS_WHO))
        if await desk.private_chat(asked.user_id) is None:
            return linked(place, desk, desk.speech.say(texts.NOT_STARTED))
        there = replace(asked, place=_private(asked.user_id), argument=f"{place.code} {asked.argument}".strip())
        decision = await decider(there, await desk.speaking_to(there), now)
        return replace(decision, replies=(*decision.replies, *desk.reply(place, texts.SENT_IN_PRIVATE)))

    return decide


def pressed_in_private(press: Press) -> Press:
    """The press, whose screen is sent to whoever pressed: what stood in a group from before is not changed there."""

    async def decide(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
        if pressed.place.private:
            return await press(pressed, desk, data)
        if not await may_press(pressed, pressed.place.chat_id, desk.rights):
            return refused(desk)
        if await desk.private_chat(pressed.user_id) is None:
            return Decision(toast=desk.speech.label(texts.START_FIRST), loud=True)
        there = replace(pressed, place=_private(pressed.user_id))
        decision = await press(there, await desk.speaking_to(there), data)
        if decision.edit is None:
            return decision
        toast = decision.toast or desk.speech.label(texts.SENT_IN_PRIVATE)
        return replace(decision, edit=None, replies=(*decision.replies, decision.edit), toast=toast)

    return decide


def _private(user_id: int) -> Place:
    return Place(chat_id=user_id, thread_id=None, type=Chat.PRIVATE, title="")
