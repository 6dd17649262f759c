"""Several alerts that wait for one chat, told in one message.

Decided when the chat is about to be told, so that it is about what really waits there then. Of the alerts of a group one delivery leads: it
is claimed, sent and recorded, and the others, led by it, become what it becomes, in the same transaction. Each keeps its row, its message
number and its revision, so a change of any of their stories edits the message. A repeat of what may have arrived is the same group again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, or_, select, text, update

from storage.columns import Instant
from storage.records import DeliveryKind, DeliveryState
from storage.sql import PENDING
from storage.tables import alert, channel, delivery, story
from storage.timetables import ALERT_RANK
from storage.unit import reads
from watchers.types import AlertClass, EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database

LATE = timedelta(hours=1)  # an alert that waited longer comes with others that did
FEW = 3  # late alerts that are told one by one all the same
OF_ONE_PROCESS = 3  # notices of one framework or process from which on they are one message
MANY = 20  # fresh alerts that are told one by one; a chat takes one a second, a group one in three
BURST_LASTS = timedelta(hours=1)  # after more than that, what waits together is told together
_MOST = 2000  # alerts in one message; the rest makes another
_KIND = "group"  # in the payload of the delivery that leads
_CLASSES = (AlertClass.CANCELLED, AlertClass.AWARDED, None)  # in this order


class GroupKind(StrEnum):
    """Why alerts are told together."""

    PROCESS = "process"  # notices of one framework or process, published at once
    LATE = "late"  # the chat could not be told for a while
    AGAIN = "again"  # they may have been told before the database was set back
    DIGEST = "digest"  # the channel is told in digests
    QUIET = "quiet"  # they came in its quiet hours
    BURST = "burst"  # more at once than anybody reads one by one


BRIEF = frozenset({GroupKind.DIGEST, GroupKind.QUIET, GroupKind.BURST})  # a line for each alert
# How many alerts the message of a group shows at most; a button opens the rest.
SHOWN: Mapping[GroupKind, int] = MappingProxyType(dict.fromkeys(BRIEF, 20) | {GroupKind.PROCESS: 3, GroupKind.LATE: 8, GroupKind.AGAIN: 8})
# How many are one message in a channel, where a button cannot open more than 200 letters: so many lines always have room.
_IN_CHANNELS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An alert that waits for a chat. Notices of one framework or process share one of ``subjects``; ``at`` is when it was raised.

    ``held``: until a time of the chat's, a digest or the end of its quiet hours.
    """

    delivery_id: int
    alert: AlertClass | None
    subjects: frozenset[str]
    at: datetime
    again: bool = False
    held: GroupKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is told in one message. ``parts`` are (delivery, alert), the one that leads first; ``classes`` how many of which class."""

    leader_id: int
    kind: GroupKind
    parts: tuple[tuple[int, int], ...]
    classes: Mapping[AlertClass | None, int]


def first_group(waiting: Sequence[Waiting], now: datetime, *, burst: bool = False) -> tuple[GroupKind, tuple[int, ...]] | None:
    """Which of the alerts that wait for a chat (the oldest first) are its next message; None: the oldest, by itself.

    Late ones, and those that may have been told before, are at most one message of each class, cancellations first. What is fresh stays in
    order, and is told one by one unless it is of one process, or would be more messages than anybody reads: then all of it is one.
    ``burst``: it was more just before.
    """
    again = [one for one in waiting if one.again]
    if len(again) > 1:
        return _of_first_class(GroupKind.AGAIN, again)
    held = [one for one in waiting if one.held is not None]
    if held:
        return _of_held(held)
    if len(waiting) > FEW and any(now - one.at > LATE for one in waiting):
        return _of_first_class(GroupKind.LATE, waiting)
    head, most = waiting[0], 1 if burst else MANY
    alike = [one for one in waiting if one.subjects & head.subjects and one.alert is head.alert]
    if len(alike) >= OF_ONE_PROCESS and len(waiting) - len(alike) <= most:
        return GroupKind.PROCESS, _numbers(alike)
    return (GroupKind.BURST, _numbers(_by_class(waiting))) if len(waiting) > most else None


def all_shown(kind: GroupKind, numbers: tuple[int, ...]) -> tuple[GroupKind, tuple[int, ...]]:
    """The same for a channel, where nothing can be opened: no more than the message shows, in brief where that shows more."""
    if len(numbers) <= min(SHOWN[kind], _IN_CHANNELS):
        return kind, numbers
    return (kind if kind in BRIEF else GroupKind.BURST), numbers[:_IN_CHANNELS]


def _of_held(held: Sequence[Waiting]) -> tuple[GroupKind, tuple[int, ...]]:
    """All that was held, cancellations first; a few of one night are told one by one: nobody asked for those in brief."""
    first = _by_class(held)
    if any(one.held is GroupKind.DIGEST for one in held):
        return GroupKind.DIGEST, _numbers(first)
    return GroupKind.QUIET, _numbers(first if len(first) > FEW else first[:1])


def _of_first_class(kind: GroupKind, waiting: Sequence[Waiting]) -> tuple[GroupKind, tuple[int, ...]]:
    first = min((one.alert for one in waiting), key=_CLASSES.index)
    return kind, _numbers([one for one in waiting if one.alert is first])


def _by_class(waiting: Sequence[Waiting]) -> list[Waiting]:
    return sorted(waiting, key=lambda one: _CLASSES.index(one.alert))


def _numbers(waiting: Sequence[Waiting]) -> tuple[int, ...]:
    return tuple(one.delivery_id for one in waiting)


# --- in the transaction of a claim --------------------------------------------------------------------------------------------------------

_OPEN = and_(
    delivery.c.channel_id == bindparam("of_channel"),
    delivery.c.state == PENDING,
    delivery.c.kind == DeliveryKind.ALERT.value,
    delivery.c.rank == ALERT_RANK,
    delivery.c.leader_id.is_(None),
    delivery.c.not_before <= bindparam("present", type_=Instant),
    ~and_(delivery.c.maybe_sent, delivery.c.attempts > 0),  # what may have arrived is repeated as it was
)
_ANY_TWO = select(delivery.c.id).where(_OPEN).limit(2)
_WAITING = (
    select(
        delivery.c.id,
        delivery.c.maybe_sent,
        delivery.c.held,
        alert.c.created_at.label("raised_at"),
        story.c.event,
        story.c.thread,
        story.c.notice,
        story.c.public_bodies,
    )
    .join(alert, alert.c.id == delivery.c.alert_id)
    .join(story, story.c.id == alert.c.story_id)
    .where(_OPEN)
    .order_by(delivery.c.id)
    .limit(_MOST)
)
_LEAD = update(delivery).where(delivery.c.state == PENDING, delivery.c.leader_id.is_(None))
_leader = delivery.alias("leader")
# The words of the partial index, and a range without which SQLite would read all that wait.
_LED_WAITING = text("delivery.leader_id IS NOT NULL AND delivery.state = 'pending' AND delivery.leader_id > 0")
_ORPHANS = (
    update(delivery)
    .where(_LED_WAITING)
    .where(~select(_leader.c.id).where(_leader.c.id == delivery.c.leader_id, _leader.c.state.in_(["pending", "sending"])).exists())
    .values(leader_id=None)
)


def free_orphans(connection: Connection) -> None:
    """Let alerts wait by themselves again whose leader came to an end without them (withheld, deleted)."""
    connection.execute(_ORPHANS)


def gather(connection: Connection, row: Row[Any], now: datetime) -> int:
    """Decide what the chat whose turn it is gets next, and let one delivery lead the rest; says which is to be claimed.

    ``row`` is the oldest that waits there, with its channel. One that leads others already, because its fate is unknown, goes with the same
    ones again.
    """
    if row.maybe_sent and row.attempts:
        return int(row.id)
    here = {"of_channel": row.channel_id, "present": now}
    if len(connection.execute(_ANY_TWO, here).all()) < 2:  # noqa: PLR2004 - one is no group
        return int(row.id)
    burst = row.place_burst_until is not None and now <= row.place_burst_until <= now + BURST_LASTS
    chosen = first_group([_waiting(one) for one in connection.execute(_WAITING, here)], now, burst=burst)
    if chosen is None:
        return int(row.id)
    kind, (leader, *others) = all_shown(*chosen) if row.place_type == "channel" else chosen
    if kind is GroupKind.BURST:
        connection.execute(update(channel).where(channel.c.id == row.channel_id).values(burst_until=now + BURST_LASTS))
    if others:
        connection.execute(_LEAD.where(delivery.c.id.in_(others)).values(leader_id=leader))
        payload = connection.execute(select(delivery.c.payload).where(delivery.c.id == leader)).scalar()
        connection.execute(update(delivery).where(delivery.c.id == leader).values(payload=(payload or {}) | {_KIND: kind.value}))
    return leader


def is_grouped(row: Row[Any]) -> bool:
    """Whether a delivery leads others or is led."""
    return row.leader_id is not None or _KIND in (row.payload or ())


def _waiting(row: Any) -> Waiting:
    notice = row.notice or {}
    framework = "\0".join((*sorted(row.public_bodies), notice["title"])).casefold() if notice.get("title") else None
    return Waiting(
        delivery_id=row.id,
        alert=EventKind(row.event).alert,
        subjects=frozenset(one for one in (row.thread, framework) if one),
        at=row.raised_at,
        again=row.maybe_sent,
        held=None if row.held is None else GroupKind(row.held),
    )


# --- what becomes of it -------------------------------------------------------------------------------------------------------------------

_MEMBERS = (
    select(delivery.c.id, delivery.c.state, story.c.revision)
    .join(alert, alert.c.id == delivery.c.alert_id)
    .join(story, story.c.id == alert.c.story_id)
    .where(or_(delivery.c.id == bindparam("of_leader"), delivery.c.leader_id == bindparam("of_leader")))
    .where(delivery.c.state.in_(["pending", "sent"]))
)
_SENT = (
    update(delivery)
    .where(delivery.c.id == bindparam("of_id"))
    .values(
        {
            "state": DeliveryState.SENT.value,
            "message_id": bindparam("message"),
            "revision": bindparam("shown"),
            "stale": bindparam("older"),
            "done_at": bindparam("present", type_=Instant),
            "touched_at": bindparam("present", type_=Instant),
            "reason": None,
        }
    )
)
_SHOWN = (
    update(delivery)
    .where(delivery.c.id == bindparam("of_id"))
    .values({"revision": bindparam("shown"), "stale": bindparam("older"), "touched_at": bindparam("present", type_=Instant)})
)


def record_group(connection: Connection, row: Row[Any], message_id: int | None, shown: Mapping[int, int], now: datetime) -> None:
    """Record for every alert of a group that its message was sent, or edited. What cannot be read in it never needs an edit."""
    leader = row.leader_id or row.id
    members = connection.execute(_MEMBERS, {"of_leader": leader}).all()
    rows = [
        {
            "of_id": one.id,
            "shown": shown.get(one.id, one.revision),
            "older": message_id is not None and one.revision > shown.get(one.id, one.revision),
            "present": now,
        }
        for one in members
    ]
    known = {one.id for one in members if one.state == DeliveryState.SENT.value}
    new = [one | {"message": message_id} for one in rows if one["of_id"] not in known]
    old = [one for one in rows if one["of_id"] in known]
    if new:
        connection.execute(_SENT, new)
    if old:
        connection.execute(_SHOWN, old)


def release_group(connection: Connection, leader_id: int, *, maybe_sent: bool) -> None:
    """A message is to be tried again: as it was if it may have arrived, else with whatever waits then."""
    waiting = update(delivery).where(delivery.c.leader_id == leader_id, delivery.c.state == PENDING)
    connection.execute(waiting.values(maybe_sent=True) if maybe_sent else waiting.values(leader_id=None))


def end_group(connection: Connection, leader_id: int, state: DeliveryState, reason: str, now: datetime) -> None:
    """A message is not tried again. What may have arrived ends with it; what was refused or withdrawn does not take the others along."""
    waiting = update(delivery).where(delivery.c.leader_id == leader_id, delivery.c.state == PENDING)
    if state is DeliveryState.UNCERTAIN:
        connection.execute(waiting.values(state=state.value, reason=reason, touched_at=now, done_at=now))
    else:
        connection.execute(waiting.values(leader_id=None))


# --- reading ------------------------------------------------------------------------------------------------------------------------------


class Groups:
    """The store's methods that read groups."""

    _db: Database

    @reads
    def group(self, connection: Connection, delivery_id: int, channel_id: int) -> Group | None:
        """Read the group that a delivery of a channel belongs to; None if it is alone, or of another channel."""
        mine = select(delivery.c.leader_id).where(delivery.c.id == delivery_id, delivery.c.channel_id == channel_id)
        found = connection.execute(mine).one_or_none()
        if found is None:
            return None
        leader = found.leader_id or delivery_id
        rows = connection.execute(_PARTS, {"of_leader": leader}).all()
        if len(rows) < 2:  # noqa: PLR2004 - one is no group
            return None
        kind = GroupKind(next((row.payload[_KIND] for row in rows if _KIND in (row.payload or ())), GroupKind.BURST))
        rows = sorted(rows, key=lambda one: (one.id != leader, _place(one, kind), one.id))
        classes: dict[AlertClass | None, int] = {}
        for row in rows:
            one = EventKind(row.event).alert
            classes[one] = classes.get(one, 0) + 1
        return Group(leader_id=leader, kind=kind, parts=tuple((row.id, row.alert_id) for row in rows), classes=classes)


def _place(row: Any, kind: GroupKind) -> int:
    """In what is told in brief cancellations stand first; all else is told in the order it came."""
    brief = row.held is not None or kind is GroupKind.BURST
    return _CLASSES.index(EventKind(row.event).alert) if brief else 0


_PARTS = (
    select(delivery.c.id, delivery.c.alert_id, delivery.c.payload, delivery.c.held, story.c.event)
    .join(alert, alert.c.id == delivery.c.alert_id)
    .join(story, story.c.id == alert.c.story_id)
    .where(or_(delivery.c.id == bindparam("of_leader"), delivery.c.leader_id == bindparam("of_leader")))
    .where(delivery.c.state.in_(["pending", "sending", "sent", "uncertain"]))
    .order_by(delivery.c.id)
)
