"""The buttons Why and More under an alert: what it rests on in plain words, and everything that is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.alert_buttons import ALL, WHY
from bot.commands.asked import Place, Pressed
from bot.commands.desk import Decision, Desk, pages
from bot.commands.proving import CONTRACT, EVIDENCE
from bot.commands.which import Question, press
from bot.markup import Piece, join
from bot.render import notice_link, outlet, reports_of
from bot.speech import Speech
from bot.texts import evidence
from bot.texts import pressed as texts
from bot.watch_words import describe
from storage.records import AlertView, Channel, StoryEntry

_MAX_WORDS = 700
_MAX_RULE = 160
_MAX_FEEDS = 10


async def press_why(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    return await press(pressed, desk, data, _WHY)


async def press_all(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    return await press(pressed, desk, data, _ALL)


async def _tell_why(place: Place, channel: Channel, number: int, desk: Desk) -> Decision:
    view = await desk.call(desk.store.alert_view, number, channel.id)
    return Decision(replies=desk.reply(place, why(view, desk.speech)))


async def _tell_all(place: Place, channel: Channel, number: int, desk: Desk) -> Decision:
    view = await desk.call(desk.store.alert_view, number, channel.id)
    speech = desk.speech
    buttons = ((texts.EVIDENCE_BUTTON, EVIDENCE), (texts.CONTRACT_BUTTON, CONTRACT))
    row = tuple((speech.label(label), f"{letter}:{number}") for label, letter in buttons)
    return Decision(replies=desk.reply(place, *pages(speech.say(texts.MORE), _everything(view, speech)), buttons=(row,)))


def why(view: AlertView, speech: Speech) -> Piece:
    """What of the text matched which watch, in which words the event was read, by which rule, and where it was published."""
    sentence = texts.FOUND if view.notice is None else texts.FOUND_IN_NOTICE
    found = [speech.say(sentence, watch=describe(match.watch, speech), proof=match.proof) for match in view.matches]
    rule = speech.name(view.rule, _MAX_RULE)
    if view.notice is not None:
        read = [speech.say(texts.BY_NOTICE, type=view.notice.type, rule=rule)]
    else:
        read = [speech.say(texts.READ_IN_WORDS), speech.quote(view.sentence, _MAX_WORDS), speech.say(texts.BY_WORDS, rule=rule)]
    feeds = [speech.name(name) for name in dict.fromkeys(entry.feed_name for entry in view.entries)][:_MAX_FEEDS]
    came = [speech.say(texts.READ_BY, feeds=speech.list(feeds), n=len(feeds))] if feeds else []
    return join("\n", [speech.say(texts.WHY), *found, *read, *came, speech.say(texts.WHY_MORE)])


def _everything(view: AlertView, speech: Speech) -> list[Piece]:
    notice = [speech.say(texts.NOTICE, notice=notice_link(view.notice, speech))] if view.notice else []
    return [*notice, *(_report(entry, speech) for entry in reports_of(view, speech))] or [speech.say(texts.NOTHING_MORE)]


def _report(entry: StoryEntry, speech: Speech) -> Piece:
    at = speech.published(entry.published) if entry.published else speech.moment(entry.first_seen_at)
    return speech.say(texts.REPORT, outlet=speech.link(outlet(entry, speech), entry.url), moment=at)


_WHY = Question(button=WHY, which=evidence.OF_WHICH, answer=_tell_why)
_ALL = Question(button=ALL, which=evidence.OF_WHICH, answer=_tell_all)
