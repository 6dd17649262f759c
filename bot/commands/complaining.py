"""The button Wrong under an alert: what is wrong with it, kept as a test case and told to the admins, once for each alert and reason.

Who pressed it is neither kept nor told.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.alert_buttons import WRONG, alert_buttons
from bot.commands.asked import Pressed
from bot.commands.desk import Decision, Desk, stale
from bot.commands.which import is_number
from bot.markup import join
from bot.render import render_brief, render_json
from bot.speech import ENGLISH, speech_for
from bot.texts import pressed as texts
from storage.alert_changes import Complain, Wrong
from storage.exceptions import NotFound
from storage.records import AlertView, Reply

_TOLD = ("alert", "kind", "supplier", "public_body", "suppliers", "public_bodies", "value", "evidence", "cancel_reason", "status", "notice")


async def press_wrong(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """Ask for the reason ("k:<alert>") or take it ("k:<alert>:<reason>"). Both may be forged: only what was told in this chat counts."""
    channel = await desk.channel(pressed.place)
    if not data or not is_number(data[0]) or channel is None:
        return stale(desk)
    number, place, speech = int(data[0]), pressed.place, desk.speech
    if not await desk.call(desk.store.alerts_shown, channel.id, alert_id=number):
        return stale(desk)
    match data[1:]:
        case []:
            reasons = [((speech.label(texts.WRONG[one]), f"{WRONG}:{number}:{one}"),) for one in Wrong]
            buttons = (*reasons, ((speech.label(texts.BACK), f"{WRONG}:{number}:b"),))
            return Decision(edit=Reply(chat_id=place.chat_id, thread_id=place.thread_id, text="", buttons=buttons))
        case ["b"]:
            return Decision(edit=Reply(chat_id=place.chat_id, thread_id=place.thread_id, text="", buttons=alert_buttons(number, speech)))
        case [reason] if reason in set(Wrong):
            return await _complain(pressed, number, Wrong(reason), channel.id, desk)
    return stale(desk)


async def _complain(pressed: Pressed, number: int, reason: Wrong, channel_id: int, desk: Desk) -> Decision:
    try:
        view = await desk.call(desk.store.alert_view, number, channel_id)
    except NotFound:  # its story is told differently by now
        return stale(desk)
    place = pressed.place
    change = Complain(
        chat_id=place.chat_id,
        thread_id=place.thread_id,
        alert_id=number,
        entry_id=view.evidence_entry_id,
        reason=reason,
        told=_told(view),
    )
    known = await desk.call(desk.store.complained, number, reason)
    notes = [] if known else [await _note(admin, view, reason, desk) for admin in desk.admins]
    row = alert_buttons(number, desk.speech)
    edit = Reply(chat_id=place.chat_id, thread_id=place.thread_id, text="", buttons=row)
    return Decision(changes=(change,), replies=tuple(notes), toast=desk.speech.label(texts.WRONG_TOAST), loud=True, edit=edit)


def _told(view: AlertView) -> dict[str, object]:
    """What the alert stated, without anything of who was told: the words that matched are of the report."""
    record = render_json(view)
    return {name: record[name] for name in _TOLD} | {"rule": view.rule, "found": sorted({match.proof for match in view.matches})}


async def _note(admin: int, view: AlertView, reason: Wrong, desk: Desk) -> Reply:
    channel = await desk.call(desk.store.channel, admin, None)
    speech = ENGLISH if channel is None else speech_for(channel.language, channel.zone)
    first, second = render_brief(view, speech)
    lines = [
        speech.say(texts.COMPLAINT, reason=speech.say(texts.WRONG[reason])),
        first,
        second,
        speech.say(texts.COMPLAINT_OF, number=speech.name(str(view.alert_id)), rule=view.rule),
    ]
    text = speech.directed(join("\n", lines)).html
    return Reply(chat_id=admin, thread_id=None, text=text)
