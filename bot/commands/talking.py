"""The commands that tell something: /start, /help, /latest, /status, /privacy; and /stop, which ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot import texts
from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Decision, Desk, ensure, pages, say
from bot.commands.rights import may_press, target_of
from bot.commands.watching import shared
from bot.render import moment, render_brief
from storage.records import DeliveryState, ForgetChat

STOP = "x"  # first letter of button data: "x:<yes or no>:<chat>"
_LATEST = 5


async def start(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/start, also what a shared link sends ("/start w_17"). In a private chat it sets the channel up and ends a suspension."""
    payload = asked.argument
    if payload.startswith("w_") and payload[2:].isdecimal():
        return await shared(asked, desk, int(payload[2:]))
    if payload == "help":
        return await help_(asked, desk, now)
    if not asked.place.private:
        return Decision(replies=say(asked.place, texts.WELCOME_GROUP))
    return Decision(changes=(ensure(asked.place, language=asked.language, user_id=asked.user_id),), replies=say(asked.place, texts.WELCOME))


async def help_(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    return Decision(replies=say(asked.place, texts.HELP))


async def privacy(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    return Decision(replies=say(asked.place, texts.PRIVACY))


async def latest(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/latest: the newest alerts that concern this chat, a line or two each."""
    place, _ = await target_of(asked, desk.rights, change=False)
    channel = await desk.channel(place)
    views = [] if channel is None else await desk.call(desk.store.latest, channel.id, _LATEST)
    if not views:
        return Decision(replies=say(asked.place, texts.NO_ALERTS))
    return Decision(replies=say(asked.place, *pages(texts.LATEST, [f"\n{render_brief(view)}" for view in views])))


async def status(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/status: whether everything works, in kind words and without internals."""
    place, _ = await target_of(asked, desk.rights, change=False)
    counts = await desk.call(desk.store.counts, now)
    text = texts.status(
        feeds=counts.feeds,
        failing=counts.feeds_failing,
        checked=moment(counts.last_poll_ok_at) if counts.last_poll_ok_at else None,
        waiting=counts.deliveries.get(DeliveryState.PENDING, 0),
        watches=len(await desk.watches(place)),
    )
    return Decision(replies=say(asked.place, text))


async def stop(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/stop asks first: what it deletes cannot be had back."""
    place, _ = await target_of(asked, desk.rights, change=True)
    if not await _anything_kept(place, desk):
        return Decision(replies=say(asked.place, texts.nothing_kept(_other(place, asked.place))))
    buttons = (((texts.STOP_YES, f"{STOP}:yes:{place.chat_id}"),), ((texts.STOP_NO, f"{STOP}:no:{place.chat_id}"),))
    return Decision(replies=say(asked.place, texts.stop_question(_other(place, asked.place)), buttons=buttons))


async def press_stop(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """The answer to /stop's question; rights are asked again, for anybody in a group can press."""
    match data:
        case ["yes" | "no" as answer, chat_id] if chat_id.removeprefix("-").isdecimal():
            chat = int(chat_id)
        case _:
            return Decision(toast=texts.STALE_BUTTON)
    if not await may_press(pressed, chat, desk.rights):
        return Decision(toast=texts.ADMINS_ONLY_TOAST, loud=True)
    if answer == "no":
        return Decision(toast=texts.KEPT_TOAST, close=True)
    kept = None if chat == pressed.place.chat_id else await desk.call(desk.store.channel, chat)
    name = None if chat == pressed.place.chat_id else (kept and kept.title) or str(chat)
    return Decision(
        changes=(ForgetChat(chat_id=chat),), replies=say(pressed.place, texts.stopped(name)), toast=texts.STOPPED_TOAST, close=True
    )


async def _anything_kept(place: Place, desk: Desk) -> bool:
    channels = await desk.call(desk.store.channels)
    return any(channel.chat_id == place.chat_id for channel in channels)


def _other(place: Place, here: Place) -> str | None:
    return None if place.chat_id == here.chat_id else place.title or str(place.chat_id)
