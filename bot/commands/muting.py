"""The button Mute under an alert, and /mutes, which lists what is muted and undoes it.

The buttons of an alert are changed in place: what to mute, then for how long, then its own again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.alert_buttons import MUTE, alert_buttons
from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, numbered_button, refused, stale
from bot.commands.rights import may_press, remote, target_of
from bot.commands.settings import back_button
from bot.commands.which import is_number
from bot.markup import join
from bot.speech import Speech
from bot.texts import pressed as texts
from storage.alert_changes import AddMute, MuteKind, RemoveMute
from storage.mutes import MuteRecord, MuteTarget
from storage.records import Reply

MUTED = "mu"  # of button data: "mu:<chat>" and "mu:<chat>:<mute>"
_DAY = timedelta(days=1)
_SHOWN = 20


async def press_mute(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of Mute: "m:<alert>", "m:<alert>:<kind>:<number>", and ":d" or ":g" behind it. All of it may be forged."""
    if not data or not is_number(data[0]):
        return stale(desk)
    if not await may_press(pressed, pressed.place.chat_id, desk.rights):
        return refused(desk)
    alert, channel = int(data[0]), await desk.channel(pressed.place)
    targets = [] if channel is None else await desk.call(desk.store.mute_targets, alert, channel.id)
    return _pressed(pressed, alert, data[1:], targets, desk) if targets else stale(desk)


def _pressed(pressed: Pressed, alert: int, data: Sequence[str], targets: Sequence[MuteTarget], desk: Desk) -> Decision:
    place, speech = pressed.place, desk.speech
    chosen = next((one for one in targets if data[:2] == [one.kind.value, str(one.target)]), None)
    match data[2:]:
        case [] if not data:
            return Decision(edit=_buttons(place, _what(alert, targets, speech)))
        case [] if data == ["b"]:
            return Decision(edit=_buttons(place, alert_buttons(alert, speech)))
        case [] if chosen is not None:
            return Decision(edit=_buttons(place, _how_long(alert, chosen, speech)))
        case ["d" | "g" as length] if chosen is not None and pressed.date is not None:
            until = pressed.date + _DAY if length == "d" else None
            change = AddMute(chat_id=place.chat_id, thread_id=place.thread_id, kind=chosen.kind, target=chosen.target, until=until)
            toast = speech.label(texts.MUTED_TOAST if until is None else texts.MUTED_A_DAY_TOAST)
            return Decision(changes=(change,), toast=toast, loud=True, edit=_buttons(place, alert_buttons(alert, speech)))
    return stale(desk)


def _what(alert: int, targets: Sequence[MuteTarget], speech: Speech) -> Buttons:
    rows = [((_label(one, speech), f"{MUTE}:{alert}:{one.kind}:{one.target}"),) for one in targets]
    return (*rows, ((speech.label(texts.BACK), f"{MUTE}:{alert}:b"),))


def _how_long(alert: int, one: MuteTarget, speech: Speech) -> Buttons:
    data = f"{MUTE}:{alert}:{one.kind}:{one.target}"
    lengths = ((speech.label(texts.FOR_A_DAY), f"{data}:d"), (speech.label(texts.FOR_GOOD), f"{data}:g"))
    return lengths, ((speech.label(texts.BACK), f"{MUTE}:{alert}"),)


def _label(one: MuteTarget, speech: Speech) -> str:
    if one.kind in (MuteKind.STORY, MuteKind.CONTRACT):
        return speech.label(texts.MUTE[one.kind])
    return speech.label(texts.MUTE[one.kind], name=one.name or speech.say(texts.NO_NAME))


def _buttons(place: Place, buttons: Buttons) -> Reply:
    """Other buttons under the same text."""
    return Reply(chat_id=place.chat_id, thread_id=place.thread_id, text="", buttons=buttons)


async def mutes(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/mutes, from a private chat also /mutes @channel."""
    place, _ = await target_of(asked, desk.rights, change=True)
    channel = await desk.channel(place)
    muted = [] if channel is None else await desk.call(desk.store.mutes, channel.id, now)
    return Decision(replies=(_list(place, asked.place, muted, desk),))


async def press_muted(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """The list from /settings, or something on it of which is to be told again."""
    place = remote(pressed, data[0]) if len(data) in (1, 2) and all(map(is_number, data[1:])) else None
    if place is None:
        return stale(desk)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    channel = await desk.channel(place)
    if channel is None or pressed.date is None:
        return stale(desk)
    muted = await desk.call(desk.store.mutes, channel.id, pressed.date)
    if len(data) == 1:
        return Decision(edit=_list(place, pressed.place, muted, desk))
    number = int(data[1])
    left = [one for one in muted if one.id != number]
    if len(left) == len(muted):
        return stale(desk)
    change = RemoveMute(chat_id=place.chat_id, thread_id=place.thread_id, mute_id=number)
    toast = desk.speech.label(texts.UNMUTED_TOAST)
    return Decision(changes=(change,), toast=toast, edit=_list(place, pressed.place, left, desk))


def _list(place: Place, here: Place, muted: Sequence[MuteRecord], desk: Desk) -> Reply:
    speech = desk.speech
    back = (back_button(place, speech),)
    if not muted:
        return desk.reply(here, texts.NOTHING_MUTED, buttons=(back,))[-1]
    lines = [speech.say(texts.MUTES)]
    rows = []
    for number, one in enumerate(muted[:_SHOWN], 1):
        what = speech.name(one.name) if one.name else speech.say(texts.NO_NAME)
        if one.until is None:
            lines.append(speech.say(texts.MUTED[one.kind], number=number, what=what))
        else:
            lines.append(speech.say(texts.MUTED_UNTIL[one.kind], number=number, what=what, moment=speech.moment(one.until)))
        rows.append(((numbered_button(number, what.plain, speech), f"{MUTED}:{place.code}:{one.id}"),))
    if len(muted) > _SHOWN:
        lines.append(speech.say(texts.MUTES_MORE, n=len(muted) - _SHOWN))
    return desk.reply(here, join("\n", lines), buttons=(*rows, back))[-1]
