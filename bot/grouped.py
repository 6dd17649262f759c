"""Several alerts in one message: how many, why together, the first ones in a few lines each, and a button that shows the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot import texts
from bot.markup import Piece, bold, foreign, join, tagless, units, words
from bot.render import AGAIN, MAX_UNITS, Message, render_brief
from storage.groups import AT_ONCE, Group, GroupKind
from storage.records import AlertView

MORE = "g"  # first letter of button data: "g:<delivery that leads>:<how many were shown>"
PAGE = 10  # alerts that one press of the button shows

_SHOWN: Mapping[GroupKind, int] = MappingProxyType({GroupKind.PROCESS: 3, GroupKind.LATE: 8, GroupKind.AGAIN: 8, GroupKind.BURST: AT_ONCE})
_MAX_WORDS = 160
_MAX_NAME = 90
_ROOM = 200  # units kept free for the head of the message


def most_shown(group: Group) -> int:
    """How many alerts of a group its message shows at most: the views that have to be read for it."""
    return _SHOWN[group.kind]


def render_group(group: Group, views: Mapping[int, AlertView], *, again: bool = False) -> Message:
    """The message of a group. ``views`` are of its first deliveries, those that there is still something to tell of."""
    lines: list[str] = []
    shown: dict[int, int] = {}
    used = _ROOM
    for number, view in views.items():
        line = _line(view)
        used += units(tagless(line)) + 2
        if lines and used > MAX_UNITS:
            break
        lines.append(line)
        shown[number] = view.revision
    html = "\n\n".join([_head(group, list(views.values()), again=again).html, *lines])
    return Message(html=html, plain=tagless(html), buttons=more_button(group, len(lines)), shown=shown)


def more_button(group: Group, shown: int) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The button for the rest; none when all is shown."""
    rest = len(group.parts) - shown
    return (((texts.more(rest).strip(), f"{MORE}:{group.leader_id}:{shown}"),),) if rest > 0 else ()


def render_page(views: Sequence[AlertView], *, first: int, of: int) -> tuple[str, int]:
    """The next alerts of a group as Telegram HTML, as many as fit, and how many those are."""
    lines: list[str] = []
    used = _ROOM
    for view in views:
        line = _line(view)
        used += units(tagless(line)) + 2
        if lines and used > MAX_UNITS:
            break
        lines.append(line)
    head = bold(words(texts.page_of(first + 1, first + len(lines), of))).html
    return "\n\n".join([head, *lines]), len(lines)


def _line(view: AlertView) -> str:
    """An alert in three lines: what happened, the words that say so, when and where to read it."""
    first, _, second = render_brief(view).partition("\n")
    title = view.notice.title if view.notice is not None else ""  # of notices it often is all that is quoted, and stands above
    said = foreign(f"“{view.sentence}”", _MAX_WORDS).html if view.sentence.strip() not in ("", title.strip()) else ""
    return "\n".join(filter(None, [first, said, second]))


def _head(group: Group, views: Sequence[AlertView], *, again: bool) -> Piece:
    mark = f"{AGAIN} " if again else ""
    count = len(group.parts)
    classes = [one for one in group.classes if one is not None] if len(group.classes) == 1 else []
    sign, label = (texts.SIGNS[classes[0]], f"{count} {texts.LABELS[classes[0]]}") if classes else (texts.MANY_SIGN, texts.alerts(count))
    top = words(f"{mark}{sign} ") + bold(words(label))
    match group.kind:
        case GroupKind.PROCESS:
            return join("\n", [_about(top, views), words(texts.OF_ONE_PROCESS)])
        case GroupKind.LATE:
            return join("\n", [top, words(texts.TOLD_LATE)])
        case GroupKind.AGAIN:
            return join("\n", [top, words(texts.TOLD_AGAIN)])
        case GroupKind.BURST:
            return join("\n", [top, words(texts.AT_ONCE)])


def _about(top: Piece, views: Sequence[AlertView]) -> Piece:
    """What the notices of one process are about, where they agree."""
    titles = {view.notice.title for view in views if view.notice is not None and view.notice.title.strip()}
    bodies = {view.public_bodies for view in views if view.public_bodies}
    pieces = [top]
    if len(titles) == 1:
        pieces.append(foreign(titles.pop(), _MAX_NAME))
    if len(bodies) == 1:
        pieces.append(foreign(", ".join(bodies.pop()), _MAX_NAME))
    return join(" · ", pieces)
