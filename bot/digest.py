"""A digest: alerts that waited for a time of the chat's, one line each, by kind and by watch, and a numbered button that opens each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.markup import Piece, bold, join, tagless, units, words
from bot.render import AGAIN, MAX_UNITS, first_of, money, sign_and_label
from bot.speech import Speech, Text
from bot.texts import alerts as texts
from storage.groups import Group, GroupKind
from storage.records import AlertView
from watchers.types import AlertClass

OPEN = "o"  # first letter of button data: "o:<alert>"
MOST = 20  # alerts in one message
_A_ROW = 5  # buttons
_ROOM = 700  # units kept free for the heads
_MAX_LINE = 160
_CLASSES = (AlertClass.CANCELLED, AlertClass.AWARDED, None)


def render_digest(
    group: Group, views: Mapping[int, AlertView], speech: Speech, *, again: bool
) -> tuple[Piece, tuple[int, ...], tuple[tuple[tuple[str, str], ...], ...]]:
    """The text of a digest, the deliveries that can be read in it, and the buttons that open their alerts."""
    shown = _that_fit(views, speech)
    head = _head(group, speech, again=again)
    lines, buttons = _lines(_in_order([views[number] for number in shown]), speech)
    rows = tuple(tuple(buttons[start : start + _A_ROW]) for start in range(0, len(buttons), _A_ROW))
    return join("\n", [head, *lines, words(""), speech.say(texts.OPEN_ONE)]), shown, rows


def _that_fit(views: Mapping[int, AlertView], speech: Speech) -> tuple[int, ...]:
    """The first of them, as many as one message holds."""
    used = _ROOM
    shown: list[int] = []
    for number, view in views.items():
        used += units(tagless(speech.directed(_line(view, speech)).html)) + len(_about(view)) + 6
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


def _lines(views: Sequence[AlertView], speech: Speech) -> tuple[list[Piece], list[tuple[str, str]]]:
    lines: list[Piece] = []
    buttons: list[tuple[str, str]] = []
    counts = Counter(sign_and_label(view) for view in views)
    kind_above: tuple[str, Text] | None = None
    about_above = ""
    for number, view in enumerate(views, 1):
        kind, about = sign_and_label(view), _about(view)
        if kind != kind_above:
            title = speech.say(texts.OF_A_KIND, kind=speech.say(kind[1]), count=counts[kind])
            lines += [words(""), words(f"{kind[0]} ") + bold(title)]
        if about and (kind, about) != (kind_above, about_above):
            lines.append(bold(speech.name(about)))
        kind_above, about_above = kind, about
        lines.append(speech.say(texts.NUMBERED, number=number, line=_line(view, speech)))
        buttons.append((speech.number(number).plain, f"{OPEN}:{view.alert_id}"))
    return lines, buttons


def _line(view: AlertView, speech: Speech) -> Piece:
    """Who and whom, for how much, when."""
    parties = [first_of([speech.name(name) for name in names], 1, speech) for names in (view.suppliers, view.public_bodies) if names]
    if not parties:
        parties = [speech.name(view.entries[0].title if view.entries else view.sentence, _MAX_LINE)]
    if view.value is not None:
        parties.append(money(view.value, speech, official=view.notice is not None))
    at = min((entry.published for entry in view.entries if entry.published is not None), default=view.created_at)
    return join(" · ", [*parties, speech.published(at)])


def _head(group: Group, speech: Speech, *, again: bool) -> Piece:
    mark = f"{AGAIN} " if again else ""
    count = len(group.parts)
    if group.kind is GroupKind.DIGEST:
        return words(f"{mark}{texts.MANY_SIGN} ") + bold(speech.say(texts.DIGEST, n=count))
    return join("\n", [words(f"{mark}{texts.MANY_SIGN} ") + bold(speech.say(texts.ALERTS, n=count)), speech.say(texts.IN_QUIET_HOURS)])
