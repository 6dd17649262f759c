"""The commands that tell something: /help, /latest, /status, /privacy; and /forget, which ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Decision, Desk, pages, refused, stale
from bot.commands.drafting import elsewhere
from bot.commands.rights import may_press, target_of
from bot.markup import Piece, join
from bot.render import render_brief
from bot.speech import Speech, Text
from bot.texts import talking as texts
from bot.texts.watching import WATCHING_NOTHING
from storage.records import Counts, DeliveryState, ForgetChat

FORGET = "x"  # first letter of button data: "x:<yes or no>:<chat>"
_LATEST = 5


async def help_(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    return Decision(replies=desk.reply(asked.place, _lines(texts.HELP, desk.speech)))


async def privacy(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    return Decision(replies=desk.reply(asked.place, _lines(texts.PRIVACY, desk.speech)))


def _lines(sentences: Sequence[Text], speech: Speech) -> Piece:
    return join("\n", [speech.say(one) for one in sentences])


async def latest(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/latest: the newest alerts that concern this chat, a line or two each."""
    place, _ = await target_of(asked, desk.rights, change=False)
    channel = await desk.channel(place)
    views = [] if channel is None else await desk.call(desk.store.latest, channel.id, _LATEST)
    if not views:
        return Decision(replies=desk.reply(asked.place, texts.NO_ALERTS))
    lines = [join("\n", [Piece("", ""), *render_brief(view, desk.speech)]) for view in views]
    return Decision(replies=desk.reply(asked.place, *pages(desk.speech.say(texts.LATEST), lines)))


async def status(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/status: whether everything works, in kind words and without internals."""
    place, _ = await target_of(asked, desk.rights, change=False)
    counts = await desk.call(desk.store.counts, now)
    lines = [
        _health(counts, desk.speech),
        *([desk.speech.say(texts.LAST_LOOK, moment=desk.speech.moment(counts.last_poll_ok_at))] if counts.last_poll_ok_at else []),
        _waiting(counts.deliveries.get(DeliveryState.PENDING, 0), desk.speech),
        _watched(len(await desk.watches(place)), desk.speech),
    ]
    return Decision(replies=desk.reply(asked.place, join("\n", lines)))


def _health(counts: Counts, speech: Speech) -> Piece:
    if counts.last_poll_ok_at is None:
        return speech.say(texts.STATUS_STARTED)
    sentence = texts.STATUS_FAILING if counts.feeds_failing else texts.STATUS_WELL
    return speech.say(sentence, healthy=counts.feeds - counts.feeds_failing, n=counts.feeds)


def _waiting(messages: int, speech: Speech) -> Piece:
    return speech.say(texts.WAITING, n=messages) if messages else speech.say(texts.NOTHING_WAITS)


def _watched(watches: int, speech: Speech) -> Piece:
    return speech.say(texts.WATCHED_HERE, count=watches) if watches else speech.say(WATCHING_NOTHING)


async def forget(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/forget asks first: what it deletes cannot be had back."""
    place, _ = await target_of(asked, desk.rights, change=True)
    if not await _anything_kept(place, desk):
        return Decision(
            replies=desk.reply(asked.place, _about(elsewhere(place, asked.place), texts.NOTHING_KEPT, texts.NOTHING_KEPT_OTHER, desk))
        )
    yes, no = desk.speech.label(texts.FORGET_YES), desk.speech.label(texts.FORGET_NO)
    buttons = (((yes, f"{FORGET}:yes:{place.chat_id}"),), ((no, f"{FORGET}:no:{place.chat_id}"),))
    question = _about(elsewhere(place, asked.place), texts.FORGET_QUESTION, texts.FORGET_QUESTION_OTHER, desk)
    return Decision(replies=desk.reply(asked.place, question, buttons=buttons))


async def press_forget(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """The answer to /forget's question; rights are asked again, for anybody in a group can press."""
    match data:
        case ["yes" | "no" as answer, chat_id] if chat_id.removeprefix("-").isdecimal():
            chat = int(chat_id)
        case _:
            return stale(desk)
    if not await may_press(pressed, chat, desk.rights):
        return refused(desk)
    if answer == "no":
        return Decision(toast=desk.speech.label(texts.KEPT_TOAST), close=True)
    kept = None if chat == pressed.place.chat_id else await desk.call(desk.store.channel, chat)
    name = None if chat == pressed.place.chat_id else (kept and kept.title) or str(chat)
    return Decision(
        changes=(ForgetChat(chat_id=chat),),
        replies=desk.reply(pressed.place, _about(name, texts.FORGOTTEN, texts.FORGOTTEN_OTHER, desk)),
        toast=desk.speech.label(texts.FORGOTTEN_TOAST),
        close=True,
    )


def _about(chat: str | None, here: Text, other: Text, desk: Desk) -> Piece:
    """The sentence about this chat, or the one about another that is named."""
    return desk.speech.say(other, chat=chat) if chat else desk.speech.say(here)


async def _anything_kept(place: Place, desk: Desk) -> bool:
    channels = await desk.call(desk.store.channels)
    return any(channel.chat_id == place.chat_id for channel in channels)
