"""A digest: alerts that waited for a time of the chat, or too many at once: a line each, by kind and watch, and a button that opens it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.markup import Piece, bold, join, tagless, units, words
from bot.render import AGAIN, MAX_UNITS, parties, sign_and_label
from bot.speech import Speech, Text
from bot.texts import alerts as texts
from storage.groups import Group, GroupKind
from storage.records import AlertView
from watchers.types import AlertClass

OPEN = "o"  # first letter of button data: "o:<alert>"
_A_ROW = 5  # buttons
_ROOM = 700  # units kept free for the heads
_CLASSES = (AlertClass.CANCELLED, AlertClass.AWARDED, None)


def render_digest(
    group: Group, views: Mapping[int, AlertView], speech: Speech, *, again: bool
) -> tuple[Piece, tuple[int, ...], tuple[tuple[tuple[str, str], ...], ...]]:
    """The text of a digest, the deliveries that can be read in it, and the buttons that open their alerts."""
    shown = _that_fit(views, speech)
    ordered = _in_order([views[number] for number in shown])
    head = _head(group, ordered, speech, again=again)
    lines, buttons = _lines(ordered, speech, whole=len(ordered) == len(group.parts))
    rows = tuple(tuple(buttons[start : start + _A_ROW]) for start in range(0, len(buttons), _A_ROW))
    return join("\n", [head, *lines, words(""), speech.say(texts.OPEN_ONE)]), shown, rows


def _that_fit(views: Mapping[int, AlertView], speech: Speech) -> tuple[int, ...]:
    """The first of them, as many as one message holds."""
    used = _ROOM
    shown: list[int] = []
    for number, view in views.items():
        used += units(tagless(speech.directed(_line(view, speech)).html)) + 6
        if shown and used > MAX_UNITS:
            break
        shown.append(number)
    return tuple(shown)


def _in_order(views: Sequence[AlertView]) -> list[AlertView]:
    """By kind, cancellations first, then by watch; of one watch in the order they came."""
    return sorted(views, key=lambda view: (_CLASSES.index(view.alert), sign_and_label(view)[1], _about(view).casefold()))


def _about(view: AlertView) -> str:
    """Which watch it is told for: the organisation; without one, whom it names."""
    named = [match.watch_name for match in view.matches if match.watch_name]
    return (named or [*view.suppliers, *view.public_bodies, ""])[0]


def _lines(views: Sequence[AlertView], speech: Speech, *, whole: bool) -> tuple[list[Piece], list[tuple[str, str]]]:
    """``whole``: these are all there are, so that they can be counted."""
    lines: list[Piece] = []
    buttons: list[tuple[str, str]] = []
    counts = Counter(sign_and_label(view) for view in views)
    above: tuple[str, Text] | None = None
    for number, view in enumerate(views, 1):
        kind = sign_and_label(view)
        if kind != above:
            name = speech.say(kind[1])
            title = speech.say(texts.OF_A_KIND, kind=name, count=counts[kind]) if whole else name
            lines += [words(""), words(f"{kind[0]} ") + bold(title)]
        above = kind
        lines.append(speech.say(texts.NUMBERED, number=number, line=_line(view, speech)))
        buttons.append((speech.number(number).plain, f"{OPEN}:{view.alert_id}"))
    return lines, buttons


def _line(view: AlertView, speech: Speech) -> Piece:
    """Who and whom, for how much, on which day."""
    at = min((entry.published for entry in view.entries if entry.published is not None), default=view.created_at)
    day = speech.short_date(at.astimezone(speech.zone).date(), year=False)
    return join(" · ", [*parties(view, speech, 1), day])


def _head(group: Group, views: Sequence[AlertView], speech: Speech, *, again: bool) -> Piece:
    """How many there are, and of which kinds, or classes where the message does not show all: what a locked screen shows."""
    mark = f"{AGAIN} " if again else ""
    digest = group.kind is GroupKind.DIGEST
    top = words(f"{mark}{texts.MANY_SIGN} ") + bold(speech.say(texts.DIGEST if digest else texts.ALERTS, n=len(group.parts)))
    whole = len(views) == len(group.parts)
    kinds = Counter(sign_and_label(view)[0] for view in views) if whole else _of_classes(group)
    top = join(" · ", [top, *(words(f"{sign} ") + speech.number(count) for sign, count in kinds.items())])
    if digest:
        return top
    return join("\n", [top, speech.say(texts.AT_ONCE if group.kind is GroupKind.BURST else texts.IN_QUIET_HOURS)])


def _of_classes(group: Group) -> dict[str, int]:
    return {texts.OTHER_SIGN if one is None else texts.SIGNS[one]: group.classes[one] for one in _CLASSES if one in group.classes}
