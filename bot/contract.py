"""A whole contract as a message: who with whom, and below it each event with its date, its notice, its outlets and where to read them."""

from __future__ import annotations

from bot.markup import Piece, bold, join, words
from bot.render import day_of, money, notice_link, outlet, reports_of
from bot.speech import Speech
from bot.texts import alerts as texts
from storage.records import AlertView, ContractView, ThreadEvent

_MAX_TITLE = 180
_MAX_OUTLETS = 6


def contract_head(view: ContractView, speech: Speech) -> Piece:
    """The heading: the parties and the title, as an official notice has them where there is one."""
    told = sorted(view.views, key=lambda one: one.notice is None)
    suppliers = next((one.suppliers for one in told if one.suppliers), ())
    bodies = next((one.public_bodies for one in told if one.public_bodies), ())
    title = next((one.notice.title for one in told if one.notice is not None and one.notice.title.strip()), "")
    names = [speech.name(", ".join(some)) for some in (suppliers, bodies) if some]
    lines = [join(" · ", [bold(speech.say(texts.THE_CONTRACT)), *names])]
    return join("\n", [*lines, speech.name(title, _MAX_TITLE)] if title else lines)


def contract_lines(view: ContractView, speech: Speech) -> list[Piece]:
    """The events in order of time, each a few lines that belong together."""
    views = {one.story_id: one for one in view.views}
    return [words("\n") + _event(number, one, views[one.story_id], speech) for number, one in enumerate(view.events, 1)]


def _event(number: int, event: ThreadEvent, view: AlertView, speech: Speech) -> Piece:
    said = bold(speech.say(texts.IN_HISTORY[event.event], date=day_of(event.at, speech)))
    top = [words(f"{number}. ") + (speech.say(texts.EVENT_TAKEN_BACK, event=said) if event.withdrawn else said)]
    if event.value is not None:
        top.append(money(event.value, speech, official=view.notice is not None))
    lines = [join(" · ", top)]
    if view.notice is not None:
        lines.append(speech.say(texts.OFFICIAL, notice=notice_link(view.notice, speech)))
    reports = reports_of(view, speech)
    lines += [words("• ") + speech.link(outlet(one, speech), one.url) for one in reports[:_MAX_OUTLETS]]
    if len(reports) > _MAX_OUTLETS:
        lines.append(speech.say(texts.MORE, n=len(reports) - _MAX_OUTLETS))
    return join("\n", lines)
