"""Several alerts in one message: how many, why together, the first ones in brief, and a button that shows the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import digest
from bot.markup import Piece, bold, join, tagless, units, words
from bot.render import AGAIN, MAX_UNITS, Message, render_brief
from bot.speech import Speech
from bot.texts import alerts as texts
from storage.groups import BRIEF, SHOWN, Group, GroupKind
from storage.records import AlertView

MORE = "g"  # first letter of button data: "g:<delivery that leads>:<how many were shown>"
PAGE = 10  # alerts that one press of the button shows

_MAX_WORDS = 160
_MAX_PLACE = 200  # units of "3–12 of 40", in any language


def most_shown(group: Group) -> int:
    """How many alerts of a group its message shows at most: the views that have to be read for it."""
    return SHOWN[group.kind]


def render_group(group: Group, views: Mapping[int, AlertView], speech: Speech, *, again: bool = False) -> Message:
    """The message of a group. ``views`` are of its first deliveries, those that there is still something to tell of."""
    if group.kind in BRIEF:
        return _render_brief(group, views, speech, again=again)
    head = _head(group, list(views.values()), speech, again=again)
    lines: list[Piece] = []
    shown: dict[int, int] = {}
    used = units(tagless(speech.directed(head).html))
    for number, view in views.items():
        line = _line(view, speech)
        used += units(tagless(speech.directed(line).html)) + 2
        if lines and used > MAX_UNITS:
            break
        lines.append(line)
        shown[number] = view.revision
    message = speech.directed(join("\n\n", [head, *lines]))
    buttons = more_button(group, len(lines), speech)
    return Message(html=message.html, plain=message.plain, buttons=buttons, tells=frozenset(group.classes), shown=shown)


def _render_brief(group: Group, views: Mapping[int, AlertView], speech: Speech, *, again: bool) -> Message:
    text, numbers, buttons = digest.render_digest(group, views, speech, again=again)
    message, shown = speech.directed(text), {number: views[number].revision for number in numbers}
    everything = (*buttons, *more_button(group, len(shown), speech))
    return Message(html=message.html, plain=message.plain, buttons=everything, tells=frozenset(group.classes), shown=shown)


def more_button(group: Group, shown: int, speech: Speech) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The button for the rest; none when all is shown."""
    rest = len(group.parts) - shown
    return (((speech.label(texts.MORE, n=rest), f"{MORE}:{group.leader_id}:{shown}"),),) if rest > 0 else ()


def render_page(views: Sequence[AlertView], speech: Speech, *, first: int, of: int) -> tuple[Piece, int]:
    """The next alerts of a group, as many as fit, and how many those are."""
    lines: list[Piece] = []
    used = _MAX_PLACE
    for view in views:
        line = _line(view, speech)
        used += units(tagless(speech.directed(line).html)) + 2
        if lines and used > MAX_UNITS:
            break
        lines.append(line)
    last = first + len(lines)
    some = len(lines) > 1
    place = speech.say(texts.SOME_OF, first=first + 1, last=last, count=of) if some else speech.say(texts.ONE_OF, number=last, count=of)
    return join("\n\n", [bold(place), *lines]), len(lines)


def _line(view: AlertView, speech: Speech) -> Piece:
    """An alert in three lines: what happened, the words that say so, when and where to read it."""
    first, second = render_brief(view, speech)
    title = view.notice.title if view.notice is not None else ""  # of notices it often is all that is quoted, and stands above
    said = [speech.name(f"“{view.sentence}”", _MAX_WORDS)] if view.sentence.strip() not in ("", title.strip()) else []
    return join("\n", [first, *said, second])


def _head(group: Group, views: Sequence[AlertView], speech: Speech, *, again: bool) -> Piece:
    mark = f"{AGAIN} " if again else ""
    count = len(group.parts)
    classes = [one for one in group.classes if one is not None] if len(group.classes) == 1 else []
    sign, label = (texts.SIGNS[classes[0]], texts.ALERTS_OF_A_KIND[classes[0]]) if classes else (texts.MANY_SIGN, texts.ALERTS)
    top = words(f"{mark}{sign} ") + bold(speech.say(label, n=count))
    match group.kind:
        case GroupKind.PROCESS:
            return join("\n", [_about(top, views, speech), speech.say(texts.OF_ONE_PROCESS)])
        case GroupKind.LATE:
            return join("\n", [top, speech.say(texts.TOLD_LATE)])
        case _:
            return join("\n", [top, speech.say(texts.TOLD_AGAIN)])


def _about(top: Piece, views: Sequence[AlertView], speech: Speech) -> Piece:
    """What the notices of one process are about, where they agree."""
    titles = {view.notice.title for view in views if view.notice is not None and view.notice.title.strip()}
    bodies = {view.public_bodies for view in views if view.public_bodies}
    pieces = [top]
    if len(titles) == 1:
        pieces.append(speech.name(titles.pop()))
    if len(bodies) == 1:
        pieces.append(speech.name(", ".join(bodies.pop())))
    return join(" · ", pieces)
