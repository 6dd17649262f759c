"""Corrections: a fact that people were told of is no longer what its source says.

One correction per story and state of its facts, which is a unique index: a source that goes back and forth is corrected once each way and
then no more. Only those are told whom the story reached (or may have); who was not told yet is told what is true now.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, or_, select, update

from storage.codec import money_body, read_money
from storage.columns import canonical
from storage.records import ChannelState, Correction, DeliveryKind, DeliveryState, FactChange
from storage.sql import PENDING, insert_new, upsert, wanted
from storage.tables import alert, channel, delivery, story, story_match, subscription, watchlist_watch
from storage.timetables import ALERT_RANK, hold_quiet
from watchers.types import EventKind, Facts, Money

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection

REASON = "corrected"
UNLESS = "unless_shown"  # of a delivery: the revision from which the story's message needs no correction
TAKEN_BACK = "taken back before it was told"
NOT_ASKED_FOR = "became of a kind that is not asked for before it was told"
_DIGEST = 8

_FIRST = select(alert.c.id).where(alert.c.story_id == bindparam("of_story"), alert.c.reason == "new")
_told = or_(
    delivery.c.state.in_(["sent", "uncertain", "sending"]),
    and_(delivery.c.state == "pending", delivery.c.maybe_sent),
)
_WATCHING = (
    select(subscription.c.channel_id)
    .join(watchlist_watch, watchlist_watch.c.watchlist_id == subscription.c.watchlist_id)
    .join(story_match, story_match.c.watch_id == watchlist_watch.c.watch_id)
    .where(story_match.c.story_id == bindparam("of_story"))
)


@dataclass(frozen=True, slots=True)
class Corrected:
    """What an entry made untrue: the facts before and after, and its new words. ``after`` None: all of it was taken back."""

    entry_id: int
    changed: tuple[str, ...]
    before: Facts
    after: Facts | None
    said: str


def tell(connection: Connection, story_id: int, one: Corrected, *, revision: int, now: datetime) -> bool:
    """Write a correction with its deliveries; says whether there is anybody to tell who was not told this already.

    ``revision`` is the story's from which on what is true now is shown.
    """
    first = connection.execute(_FIRST, {"of_story": story_id}).scalar()
    if first is None:
        return False
    _withhold(connection, story_id, first, one, now)
    told = (
        select(delivery.c.channel_id, delivery.c.state, delivery.c.editing)
        .join(channel, channel.c.id == delivery.c.channel_id)
        .where(delivery.c.alert_id == first, _told, channel.c.state == ChannelState.ACTIVE.value, delivery.c.channel_id.in_(_WATCHING))
        .order_by(delivery.c.channel_id)
    )
    channels = connection.execute(told, {"of_story": story_id}).all()
    if not channels:
        return False
    new = {"story_id": story_id, "reason": f"{REASON}:{_state(one)}", "detail": _body(one, now), "fan_out_due": False, "created_at": now}
    if not insert_new(connection, alert, new):
        return False
    number = connection.execute(select(alert.c.id).where(alert.c.story_id == story_id, alert.c.reason == new["reason"])).scalar_one()
    # What is under way just now may show either; once it has arrived, its revision says which.
    under_way = {row.channel_id for row in channels if row.state == DeliveryState.SENDING.value and not row.editing}
    _deliver(connection, number, {row.channel_id: revision if row.channel_id in under_way else None for row in channels}, now)
    return True


def _withhold(connection: Connection, story_id: int, first: int, one: Corrected, now: datetime) -> None:
    """What waits and was surely not told is told as it is now, or not at all."""
    waiting = update(delivery).where(delivery.c.alert_id == first, delivery.c.state == PENDING, ~delivery.c.maybe_sent)
    ended = {"state": DeliveryState.WITHHELD.value, "touched_at": now, "done_at": now}
    if one.after is None:
        connection.execute(waiting.values(reason=TAKEN_BACK, **ended))
        connection.execute(update(alert).where(alert.c.id == first).values(fan_out_due=False))
    elif "event" in one.changed:
        wanting = _WATCHING.join(story, story.c.id == story_match.c.story_id).where(wanted())
        rows = waiting.where(delivery.c.channel_id.not_in(wanting)).values(reason=NOT_ASKED_FOR, **ended)
        connection.execute(rows, {"of_story": story_id})
        connection.execute(update(alert).where(alert.c.id == first).values(fan_out_due=True))  # others may have asked for this kind


def _deliver(connection: Connection, number: int, channels: Mapping[int, int | None], now: datetime) -> None:
    rows = [
        {
            "channel_id": one,
            "alert_id": number,
            "kind": DeliveryKind.ALERT.value,
            "rank": ALERT_RANK,
            "payload": None if revision is None else {UNLESS: revision},
            "state": DeliveryState.PENDING.value,
            "not_before": now,
            "created_at": now,
            "touched_at": now,
        }
        for one, revision in channels.items()
    ]
    connection.execute(upsert(connection, delivery).on_conflict_do_nothing(), rows)
    hold_quiet(connection, channels, now)


def _state(one: Corrected) -> str:
    """A digest of what is true now."""
    facts = one.after
    state: Any = None
    if facts is not None:
        event = (facts.event.alert or facts.event).value
        value = None if facts.value is None else [format(facts.value.amount.normalize(), "f"), facts.value.currency]
        state = [event, sorted(facts.suppliers), sorted(facts.public_bodies), value]
    return blake2b(canonical(state).encode(), digest_size=_DIGEST).hexdigest()


def _body(one: Corrected, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "entry": one.entry_id,
        "said": one.said,
        "withdrawn": one.after is None,
        "changes": [
            [name, _written(getattr(one.before, name)), None if one.after is None else _written(getattr(one.after, name))]
            for name in one.changed
        ],
    }


def _written(value: Any) -> Any:
    if isinstance(value, EventKind):
        return value.value
    return money_body(value) if isinstance(value, Money) else None if value is None else list(value)


def read_correction(body: dict[str, Any]) -> Correction:
    """Read what ``tell`` wrote."""
    changes = tuple(FactChange(fact=name, before=_read(name, before), after=_read(name, after)) for name, before, after in body["changes"])
    return Correction(at=body["at"], entry_id=body["entry"], changes=changes, said=body["said"], withdrawn=body["withdrawn"])


def _read(name: str, body: Any) -> EventKind | Money | tuple[str, ...] | None:
    if body is None:
        return None
    if name == "event":
        return EventKind(body)
    return read_money(body) if name == "value" else tuple(body)


_OF_STORY = select(alert.c.detail).where(alert.c.story_id == bindparam("of_story"), alert.c.detail.is_not(None)).order_by(alert.c.id)


def corrections_of(connection: Connection, story_id: int) -> tuple[Correction, ...]:
    """List what was corrected of a story, in order."""
    return tuple(read_correction(body) for body in connection.execute(_OF_STORY, {"of_story": story_id}).scalars())


def shown_already(connection: Connection, alert_id: int, channel_id: int) -> bool:
    """Whether the message that a correction is about was under way when it was decided, and showed what is true after all."""
    mine = select(delivery.c.payload).where(delivery.c.alert_id == alert_id, delivery.c.channel_id == channel_id)
    payload = connection.execute(mine).scalar()
    if not payload or UNLESS not in payload:
        return False
    of = select(alert.c.story_id).where(alert.c.id == alert_id).scalar_subquery()
    first = select(alert.c.id).where(alert.c.story_id == of, alert.c.reason == "new").scalar_subquery()
    shown = connection.execute(
        select(delivery.c.revision).where(delivery.c.alert_id == first, delivery.c.channel_id == channel_id)
    ).scalar()
    return shown is not None and bool(shown >= payload[UNLESS])
