"""/story, for whoever runs the bot, in their private chat: which entries were taken to tell one story, and their word that they do or not.

It is ``contractwatch story`` in chat. A story goes by its number, by an alert that tells it ("alert:17"), or by an entry ("entry:345").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.commands.asked import Asked, Place
from bot.commands.desk import Decision, Desk, pages
from bot.commands.rights import Refusal
from bot.facade import STORY_RULES, THREAD_RULES
from bot.markup import Piece, words
from bot.speech import Text
from bot.texts import operating as texts
from bot.texts.wishes import KINDS
from storage.exceptions import NotFound
from storage.operator_changes import JoinStories, SplitStory
from storage.records import StoryRecord

_WHICH = re.compile(r"(?:(?P<what>alert|entry):)?(?P<number>[0-9]{1,18})")
_NEWEST = 10
_SHOWN = 5  # stories of one message
_LONGEST = 120


async def story(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/story: the newest, or those of the alert it answers; with a number, that one; split and join."""
    match asked.argument.lower().split():
        case []:
            return await (_newest(asked.place, desk) if asked.reply_to is None else _told(asked.place, asked.reply_to, desk))
        case ["split", which, *entries] if entries and all(_is_number(one) for one in entries):
            return await _split(asked.place, await _record(which, desk), [int(one) for one in entries], desk)
        case ["join", one, other]:
            return await _join(asked.place, await _record(one, desk), await _record(other, desk), desk)
        case [which] if _WHICH.fullmatch(which):
            return Decision(replies=desk.reply(asked.place, *pages(None, _shown(await _record(which, desk), desk))))
    return Decision(replies=desk.reply(asked.place, texts.HOW_STORY))


async def _newest(place: Place, desk: Desk) -> Decision:
    speech, newest = desk.speech, await desk.call(desk.store.newest_stories, _NEWEST)
    lines = [speech.say(texts.STORY_LINE, number=words(str(number)), words=speech.name(said, _LONGEST)) for number, _, _, said in newest]
    head = speech.say(texts.STORIES if newest else texts.NO_STORY_YET)
    return Decision(replies=desk.reply(place, *pages(head, [*lines, speech.say(texts.HOW_STORY)])))


async def _told(place: Place, message: int, desk: Desk) -> Decision:
    """The stories of the alerts in a message that was told here."""
    channel = await desk.channel(place)
    alerts = () if channel is None else await desk.call(desk.store.alerts_shown, channel.id, message_id=message)
    if not alerts:
        return Decision(replies=desk.reply(place, texts.HOW_STORY))
    lines = [line for alert in alerts[:_SHOWN] for line in _shown(await _record(f"alert:{alert}", desk), desk)]
    return Decision(replies=desk.reply(place, *pages(None, lines)))


def _shown(one: StoryRecord, desk: Desk) -> list[Piece]:
    speech = desk.speech
    head = speech.say(texts.STORY, number=words(str(one.id)), n=len(one.entries))
    return [
        head,
        *(
            speech.say(texts.ENTRY_LINE, number=words(str(each.entry_id)), feed=each.feed, title=speech.name(each.title, _LONGEST))
            for each in one.entries
        ),
    ]


async def _split(place: Place, one: StoryRecord, entries: Sequence[int], desk: Desk) -> Decision:
    members = {each.entry_id: each for each in one.entries}
    missing = next((number for number in entries if number not in members), None)
    if missing is not None:
        raise Refusal(texts.NOT_IN_STORY, entry=str(missing), story=str(one.id))
    if set(entries) == set(members):
        raise Refusal(texts.ALL_OF_STORY, story=str(one.id))
    change = SplitStory(number=one.id, entries=tuple(entries), rules=STORY_RULES, threads=THREAD_RULES)
    return _done(place, change, texts.PARTED, f"/story join {one.id} entry:{entries[0]}", desk)


async def _join(place: Place, one: StoryRecord, other: StoryRecord, desk: Desk) -> Decision:
    kept, gone = sorted((one, other), key=lambda each: each.id)
    if kept.id == gone.id:
        raise Refusal(texts.SAME_STORY)
    if (kept.event.alert or kept.event) != (gone.event.alert or gone.event):
        kinds = (desk.speech.label(KINDS[each.event]) for each in (kept, gone))
        raise Refusal(texts.OTHER_KIND, **dict(zip(("one", "other"), kinds, strict=True)))
    change = JoinStories(one=kept.id, other=gone.id, rules=STORY_RULES, threads=THREAD_RULES)
    undo = f"/story split {kept.id} {' '.join(str(each.entry_id) for each in gone.entries)}"
    return _done(place, change, texts.JOINED, undo, desk)


def _done(place: Place, change: SplitStory | JoinStories, said: Text, undo: str, desk: Desk) -> Decision:
    return Decision(changes=(change,), replies=desk.reply(place, desk.speech.say(said, undo=undo)))


async def _record(which: str, desk: Desk) -> StoryRecord:
    """The story that is meant, where it is told; Refusal where there is none."""
    found = _WHICH.fullmatch(which)
    if found is None:
        raise Refusal(texts.HOW_STORY)
    store, number = desk.store, int(found["number"])
    try:
        if found["what"]:
            number = await desk.call(store.story_of_alert if found["what"] == "alert" else store.story_of_entry, number)
        one = await desk.call(store.story, number)
        return one if one.joined_to is None else await desk.call(store.story, one.joined_to)
    except NotFound:
        raise Refusal(texts.NO_SUCH_STORY, which=which) from None


def _is_number(text: str) -> bool:
    return _WHICH.fullmatch(text) is not None and text.isdecimal()
