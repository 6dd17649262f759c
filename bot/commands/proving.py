"""/evidence: what an alert rests on. Only of alerts that were meant for the chat that asks: nobody learns what others watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Decision, Desk, numbered_button, stale
from bot.texts import evidence as texts
from storage.records import Reply

EVIDENCE = "e"  # first letter of button data: "e:<alert>"
_MAX_BUTTONS = 30
_DIGITS = 18


async def evidence(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/evidence as a reply to an alert, or with its number."""
    number = asked.argument.strip().removeprefix("#")
    of_which = Decision(replies=desk.reply(asked.place, texts.OF_WHICH))
    if number:
        return await _of(asked.place, int(number), desk) if _is_number(number) else of_which
    if asked.reply_to is None:
        return of_which
    channel = await desk.channel(asked.place)
    told = () if channel is None else await desk.call(desk.store.alerts_shown, channel.id, message_id=asked.reply_to)
    if not told:
        return Decision(replies=desk.reply(asked.place, texts.NOT_ALERT))
    if len(told) == 1:
        return Decision(replies=_answer(asked.place, told[0]))
    assert channel is not None
    buttons = tuple(((label, f"{EVIDENCE}:{alert}"),) for alert, label in await _labels(told[:_MAX_BUTTONS], channel.id, desk))
    return Decision(replies=desk.reply(asked.place, texts.OF_MANY, buttons=buttons))


async def press_evidence(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """The button of one of several alerts; the number may be forged, so it is looked up as if it had been written."""
    if len(data) != 1 or not _is_number(data[0]):
        return stale(desk)
    return await _of(pressed.place, int(data[0]), desk)


async def _of(place: Place, number: int, desk: Desk) -> Decision:
    channel = await desk.channel(place)
    if channel is None or not await desk.call(desk.store.alerts_shown, channel.id, alert_id=number):
        said = desk.speech.say(texts.NOT_HERE)
        return Decision(replies=desk.reply(place, said), toast=said.plain)
    return Decision(replies=_answer(place, number))


def _answer(place: Place, number: int) -> tuple[Reply, ...]:
    return (Reply(chat_id=place.chat_id, thread_id=place.thread_id, text="", evidence=number),)


async def _labels(alerts: Sequence[int], channel_id: int, desk: Desk) -> list[tuple[int, str]]:
    views = [await desk.call(desk.store.alert_view, number, channel_id) for number in alerts]
    return [
        (view.alert_id, numbered_button(view.alert_id, view.entries[0].title if view.entries else view.sentence, desk.speech))
        for view in views
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS
