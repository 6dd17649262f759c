"""Which alert somebody asks about: by its number, or as a reply to its message. Only alerts that were meant for the chat that asks count.

Nobody learns what others watch: a number may be guessed and a button forged, so both are looked up among what the chat was told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Decision, Desk, numbered_button, stale
from bot.speech import Text
from bot.texts import evidence as texts
from storage.records import Channel

_MAX_BUTTONS = 30
_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about an alert. ``button`` begins the data of buttons ("e:<alert>"); ``which`` is the answer where none is named."""

    button: str
    which: Text
    answer: Callable[[Place, Channel, int, Desk], Awaitable[Decision]]


async def ask(asked: Asked, desk: Desk, question: Question) -> Decision:
    """The answer to a command that is about an alert."""
    number = asked.argument.strip().removeprefix("#")
    if is_number(number):
        return await _of(asked.place, int(number), desk, question)
    if number or asked.reply_to is None:
        return Decision(replies=desk.reply(asked.place, question.which))
    channel = await desk.channel(asked.place)
    told = () if channel is None else await desk.call(desk.store.alerts_shown, channel.id, message_id=asked.reply_to)
    if channel is None or not told:
        return Decision(replies=desk.reply(asked.place, texts.NOT_ALERT))
    if len(told) == 1:
        return await question.answer(asked.place, channel, told[0], desk)
    labels = await _labels(told[:_MAX_BUTTONS], channel.id, desk)
    buttons = tuple(((label, f"{question.button}:{alert}"),) for alert, label in labels)
    return Decision(replies=desk.reply(asked.place, texts.OF_MANY, buttons=buttons))


async def press(pressed: Pressed, desk: Desk, data: Sequence[str], question: Question) -> Decision:
    """The button of one of several alerts."""
    if len(data) != 1 or not is_number(data[0]):
        return stale(desk)
    return await _of(pressed.place, int(data[0]), desk, question)


async def _of(place: Place, number: int, desk: Desk, question: Question) -> Decision:
    channel = await desk.channel(place)
    if channel is None or not await desk.call(desk.store.alerts_shown, channel.id, alert_id=number):
        said = desk.speech.say(texts.NOT_HERE)
        return Decision(replies=desk.reply(place, said), toast=said.plain)
    return await question.answer(place, channel, number, desk)


async def _labels(alerts: Sequence[int], channel_id: int, desk: Desk) -> list[tuple[int, str]]:
    views = [await desk.call(desk.store.alert_view, number, channel_id) for number in alerts]
    return [
        (view.alert_id, numbered_button(view.alert_id, view.entries[0].title if view.entries else view.sentence, desk.speech))
        for view in views
    ]


def is_number(text: str) -> bool:
    """Whether a part of a button's data, or of what was written, can be the number of something stored."""
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS
