"""/settings: one screen with a button for each setting; pressing one shows its choices in the same message, pressing a choice sets it.

Adding a setting: a ``Setting`` in ``SETTINGS`` and its words in ``bot.texts.settings``. One that needs more than a list of choices is a
``Door``: a button of another module, which edits the same message and leads back with ``back_button``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.commands import times
from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, refused, stale
from bot.commands.rights import may_press, remote, target_of
from bot.commands.setting import Door, Setting
from bot.locale import LANGUAGES
from bot.speech import Speech, speech_for
from bot.texts import pressed as alerts
from bot.texts import settings as texts
from bot.texts import talking
from storage.alert_changes import SetSound, Sound
from storage.records import Change, Channel, ChannelKind, ChannelState, Reply, SetLanguage, channel_key

SETTINGS_BUTTON = "set"  # of button data: "set:<chat>", "set:<chat>:<setting>" or "set:<chat>:<setting>:<value>"
_MARK = "✓ "


def _choose_language(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    if value not in LANGUAGES or channel.chat_id is None:
        return None
    return SetLanguage(chat_id=channel.chat_id, language=value), replace(channel, language=value)


def _choose_sound(channel: Channel, value: str) -> tuple[Change, Channel] | None:
    if value not in set(Sound) or channel.chat_id is None:
        return None
    sound = Sound(value)
    return SetSound(chat_id=channel.chat_id, thread_id=channel.thread_id, sound=sound), replace(channel, sound=sound)


SETTINGS: Mapping[str, Setting | Door] = {
    "sound": Setting(
        label=lambda channel, speech: speech.label(texts.SOUND[channel.sound]),
        question=texts.WHICH_SOUND,
        choices=lambda channel, speech: [(one.value, speech.label(texts.SOUND_CHOICES[one]), one is channel.sound) for one in Sound],
        choose=_choose_sound,
    ),
    **times.SETTINGS,
    "language": Setting(
        label=lambda channel, speech: speech.label(texts.LANGUAGE, language=LANGUAGES[speech_for(channel.language).language]),
        question=talking.WHICH_LANGUAGE,
        choices=lambda channel, _: [(code, name, code == speech_for(channel.language).language) for code, name in LANGUAGES.items()],
        choose=_choose_language,
    ),
    "mutes": Door(label=lambda _, speech: speech.label(alerts.MUTES_BUTTON), data=lambda place: f"mu:{place.code}"),
}


async def settings(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/settings, from a private chat also /settings @channel."""
    place, _ = await target_of(asked, desk.rights, change=True)
    channel = await desk.channel(place)
    changes = () if channel is not None else (ensure(place, desk.speech, user_id=asked.user_id),)
    return Decision(changes=changes, replies=(_screen(place, asked.place, channel or _new(place, desk.speech), desk),))


async def press_settings(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of the screen, or of the choices of a setting: the message is changed in place. Rights are asked again at every press."""
    place = remote(pressed, data[0]) if 0 < len(data) <= 3 else None  # noqa: PLR2004 - a chat, a setting and a value
    if place is None:
        return stale(desk)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    channel = await desk.channel(place)
    return stale(desk) if channel is None else _shown(data[1:], place, pressed.place, channel, desk)


def _shown(wanted: Sequence[str], place: Place, here: Place, channel: Channel, desk: Desk) -> Decision:
    """The screen, the choices of a setting, or the screen with a choice made."""
    setting = SETTINGS.get(wanted[0]) if wanted else None
    match wanted:
        case []:
            return Decision(edit=_screen(place, here, channel, desk))
        case [name] if isinstance(setting, Setting):
            buttons = _choices(place, channel, name, setting, desk.speech)
            return Decision(edit=desk.reply(here, setting.question, buttons=buttons)[-1])
        case [_, value] if isinstance(setting, Setting) and (chosen := setting.choose(channel, value)) is not None:
            change, after = chosen
            # The answer to a change of the language of this very chat is in that language already.
            speaking = replace(desk, speech=speech_for(after.language, after.zone)) if place == here else desk
            toast = speaking.speech.label(texts.SET_TOAST)
            return Decision(changes=(change,), toast=toast, edit=_screen(place, here, after, speaking))
    return stale(desk)


def back_button(place: Place, speech: Speech) -> tuple[str, str]:
    """The button that leads from any screen of a place's settings back to the first."""
    return speech.label(texts.BACK), f"{SETTINGS_BUTTON}:{place.code}"


def is_chat(text: str) -> bool:
    """Whether a part of a button's data can be the number of a chat."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) <= 18  # noqa: PLR2004 - 64 bits


def _screen(place: Place, here: Place, channel: Channel, desk: Desk) -> Reply:
    speech, elsewhere = desk.speech, place.chat_id != here.chat_id
    head = speech.say(texts.SETTINGS_OF, chat=channel.title or str(place.chat_id)) if elsewhere else speech.say(texts.SETTINGS)
    buttons = tuple(
        ((one.label(channel, speech), one.data(place) if isinstance(one, Door) else f"{SETTINGS_BUTTON}:{place.code}:{name}"),)
        for name, one in SETTINGS.items()
        if isinstance(one, Door) or one.matters(channel)
    )
    return desk.reply(here, head, buttons=buttons)[-1]


def _choices(place: Place, channel: Channel, name: str, setting: Setting, speech: Speech) -> Buttons:
    buttons = [
        (f"{_MARK}{label}" if is_set else label, f"{SETTINGS_BUTTON}:{place.code}:{name}:{value}")
        for value, label, is_set in setting.choices(channel, speech)
    ]
    rows = tuple(tuple(buttons[first : first + setting.columns]) for first in range(0, len(buttons), setting.columns))
    return (*rows, (back_button(place, speech),))


def _new(place: Place, speech: Speech) -> Channel:
    """The channel that a place becomes with this command, as far as a screen shows it."""
    return Channel(
        id=0,
        kind=ChannelKind.TELEGRAM,
        key=channel_key(place.chat_id, place.thread_id),
        chat_id=place.chat_id,
        thread_id=place.thread_id,
        title=place.title,
        type=place.type,
        state=ChannelState.ACTIVE,
        state_reason=None,
        language=speech.language,
    )
