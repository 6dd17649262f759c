"""Ready-made watchlists: shown with their reasons, and followed in one tap."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.asked import Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, refused, stale
from bot.commands.rights import may_press, remote
from bot.markup import Piece, join
from bot.packs import packs
from bot.texts import lists
from bot.texts import packs as texts
from bot.watch_words import describe
from storage.list_changes import FollowPack

PACKS = "pk"  # begins button data: "pk:<what>:<pack>:<chat>"


async def press(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button about ready-made lists; whoever presses must be one who may change the place."""
    match data:
        case ["a" | "o" | "f" as what, number, chat] if number in packs() or what == "a":
            place = remote(pressed, chat)
        case _:
            return stale(desk)
    if place is None:
        return stale(desk)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    if what == "f":
        return await _followed(number, place, pressed, desk)
    text, buttons = _all(place, desk) if what == "a" else _one(number, place, desk)
    (reply,) = desk.reply(pressed.place, text, buttons=buttons)
    return Decision(edit=reply)


async def _followed(number: str, place: Place, pressed: Pressed, desk: Desk) -> Decision:
    """It is followed; a channel that asked for nothing before is set up by it."""
    if place != pressed.place:
        found = await desk.rights.find(str(place.chat_id), place.thread_id)
        if found is None:
            return stale(desk)
        place = found
    follow = FollowPack(chat_id=place.chat_id, thread_id=place.thread_id, pack=packs()[number])
    toast = desk.speech.label(texts.FOLLOWED, name=desk.speech.label(texts.NAMES[number]))
    return Decision(changes=(ensure(place, desk.speech, user_id=pressed.user_id), follow), toast=toast, close=True)


def _all(place: Place, desk: Desk) -> tuple[Piece, Buttons]:
    rows = tuple(((desk.speech.label(texts.NAMES[number]), f"{PACKS}:o:{number}:{place.code}"),) for number in packs())
    return desk.speech.say(texts.WHICH), rows


def _one(number: str, place: Place, desk: Desk) -> tuple[Piece, Buttons]:
    speech, pack = desk.speech, packs()[number]
    count = speech.say(lists.WATCHES, n=len(pack.watches))
    head = speech.say(texts.ONE, name=speech.say(texts.NAMES[number]), watches=count, reason=speech.say(texts.REASONS[number]))
    lines = [speech.say(lists.ONE, watch=describe(one, speech)) for one in pack.watches]
    follow = (speech.label(texts.FOLLOW), f"{PACKS}:f:{number}:{place.code}")
    return join("\n", [head, *lines]), ((follow,), ((speech.label(lists.BACK), f"{PACKS}:a::{place.code}"),))
