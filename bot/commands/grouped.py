"""The button under several alerts that came in one message: what did not fit, a page at a time, so that opening them is no flood either."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.asked import Pressed
from bot.commands.desk import Decision, Desk, stale
from bot.commands.which import is_number
from bot.grouped import PAGE, more_button, render_page
from bot.render import render_alert
from storage.exceptions import NotFound
from storage.groups import Group
from storage.records import AlertView, Reply


async def press_more(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """Show the next alerts of a message. The data may be forged: only what was told in this very chat is shown."""
    if len(data) != 2 or not all(map(is_number, data)):  # noqa: PLR2004
        return stale(desk)
    leader, shown = map(int, data)
    channel = await desk.channel(pressed.place)
    group = None if channel is None else await desk.call(desk.store.group, leader, channel.id)
    if channel is None or group is None or shown >= len(group.parts):
        return stale(desk)
    views = await _views(group, shown, channel.id, desk)
    text, count = render_page([view for _, view in views], desk.speech, first=shown, of=len(group.parts))
    reached = views[count - 1][0] + 1 if count else len(group.parts)
    return Decision(replies=desk.reply(pressed.place, text, buttons=more_button(group, reached, desk.speech)), close=False)


async def press_open(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """Show an alert of a digest in full. The number may be forged: only what was told in this very chat is shown."""
    if len(data) != 1 or not is_number(data[0]):
        return stale(desk)
    channel = await desk.channel(pressed.place)
    if channel is None or not await desk.call(desk.store.alerts_shown, channel.id, alert_id=int(data[0])):
        return stale(desk)
    try:
        message = render_alert(await desk.call(desk.store.alert_view, int(data[0]), channel.id), desk.speech)
    except NotFound:
        return stale(desk)
    place = pressed.place
    reply = Reply(chat_id=place.chat_id, thread_id=place.thread_id, text=message.html, buttons=message.buttons)
    return Decision(replies=(reply,))


async def _views(group: Group, shown: int, channel_id: int, desk: Desk) -> list[tuple[int, AlertView]]:
    """The next alerts that there is still something to tell of, each with its place in the group."""
    found: list[tuple[int, AlertView]] = []
    for place, (_, alert) in enumerate(group.parts[shown : shown + PAGE], shown):
        try:
            found.append((place, await desk.call(desk.store.alert_view, alert, channel_id)))
        except NotFound:
            continue
    return found
