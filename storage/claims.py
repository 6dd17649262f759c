"""Which delivery may be sent next.

The claim is an update that is committed before it is returned: nothing is sent without a durable claim. Of each channel only the oldest
waiting delivery is ever a candidate, and none while one is under way there, so a channel is told in order; a unique index makes a mistake
here an error instead of a message. In a chat it may be joined by others that wait (``storage.groups``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, bindparam, case, func, literal, or_, select, type_coerce, update
from sqlalchemy.exc import IntegrityError

from storage.channels import read_channel
from storage.columns import Instant
from storage.deliveries import take_back
from storage.groups import free_orphans, gather, is_grouped
from storage.mutes import MUTED, leaves_as_it_is
from storage.operating import deliveries_paused
from storage.records import ChannelKind, ChannelState, Claim, DeliveryKind, DeliveryState
from storage.sql import PENDING, SENDING, SENT, STALE
from storage.tables import channel, delivery
from storage.unit import reads, writes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database

CLOCK_SLACK = timedelta(hours=1)  # how far ahead a pause may lie after the clock went back before it counts as over
_TRIES = 5

_other = delivery.alias("other")
_BUSY = select(_other.c.id).where(_other.c.channel_id == delivery.c.channel_id, _other.c.state == SENDING).exists()
# The first of a channel's waiting deliveries of one rank, one look into an index: however many wait, a claim looks at one for each channel.
_FIRST = (
    select(_other.c.id)
    .where(_other.c.channel_id == channel.c.id, _other.c.state == PENDING, _other.c.rank == bindparam("of_rank"))
    .where(_other.c.leader_id.is_(None))  # what another leads waits with that one
    .order_by(_other.c.id)
    .limit(1)
    .scalar_subquery()
)
_ANY_WAITS = select(_other.c.id).where(_other.c.state == PENDING, _other.c.rank == bindparam("of_rank")).limit(1)
_RANKS = (0, 1)  # answers, then alerts
_ANSWERS = (0,)  # what still goes out while the admin lets deliveries rest
_PLACE = [one.label(f"place_{one.name}") for one in channel.c]
_NOW = bindparam("present", type_=Instant)
_IN_AN_HOUR = bindparam("in_an_hour", type_=Instant)


def _waiting(wanted: Any) -> Any:
    """Deliveries in channels that can be told and where nothing is under way."""
    active = channel.c.state == ChannelState.ACTIVE.value
    return wanted.select_from(delivery).join(channel, channel.c.id == delivery.c.channel_id).where(active, ~_BUSY)


def _heads(wanted: Any) -> Any:
    """The first waiting delivery of each channel that can be told and where nothing is under way.

    That it waits must be said of the row itself too: PostgreSQL locks the newest version of a row and then asks its conditions again, but
    not those of the subquery that found it. Without it, a delivery that another daemon claimed and sent meanwhile was sent again. It is
    said so that no index serves it: SQLite would begin with all that wait, and ask of each which of all channels it is the first of.
    """
    active = channel.c.state == ChannelState.ACTIVE.value
    waits = delivery.c.state.concat("") == PENDING
    return wanted.select_from(channel.join(delivery, delivery.c.id == _FIRST)).where(active, waits, ~_BUSY)


def _over(until: Any, written_at: Any) -> ColumnElement[bool]:
    """Whether a pause is over. One that was written "later" than now comes from a clock that went back: it lasts an hour at most."""
    return or_(until <= _NOW, and_(written_at > _NOW, until > _IN_AN_HOUR))


def _shifted(moment: Any, by: timedelta) -> Any:
    return type_coerce(moment, BigInteger) + literal(by // timedelta(microseconds=1), BigInteger)


def _later(*moments: Any) -> Any:
    """The latest of some moments, as a number; those that are not set do not count."""
    numbers = [func.coalesce(type_coerce(one, BigInteger), 0) for one in moments]
    latest: Any = numbers[0]
    for one in numbers[1:]:
        latest = case((latest > one, latest), else_=one)
    return latest


# Built once: building a statement costs more than running it.
_free = or_(
    channel.c.not_before.is_(None),
    channel.c.not_before <= bindparam("free_by", type_=Instant),
    _over(channel.c.not_before, channel.c.touched_at),
)
_due = _over(delivery.c.not_before, delivery.c.touched_at)
_LOOK = _heads(select(delivery, *_PLACE)).where(_due, _free).order_by(delivery.c.id).limit(1)
_NEXT_NEW = _LOOK.with_for_update(of=[delivery, channel], skip_locked=True)
_rested = or_(delivery.c.touched_at <= bindparam("edited_before", type_=Instant), delivery.c.touched_at > _IN_AN_HOUR)
_NEXT_EDIT = (
    _waiting(select(delivery, *_PLACE))
    .where(STALE, _rested, _due, _free)
    .order_by(delivery.c.touched_at)
    .limit(1)
    .with_for_update(of=[delivery, channel], skip_locked=True)
)
_PLACED = select(delivery, *_PLACE).join(channel, channel.c.id == delivery.c.channel_id).where(delivery.c.id == bindparam("of_id"))
_take = update(delivery).where(delivery.c.id == bindparam("of_id"))
_LEAVE = _take.values(stale=False, reason=MUTED)
_TAKE_NEW = _take.where(delivery.c.state == PENDING).values(editing=False, state=DeliveryState.SENDING.value)
_TAKE_EDIT = _take.where(delivery.c.state == SENT).values(editing=True, state=DeliveryState.SENDING.value)


class _TakenError(Exception):
    """Another daemon took the delivery between the look and the claim."""


class Claims:
    """The store's methods by which deliveries are taken."""

    _db: Database

    def claim_delivery(
        self, now: datetime, *, owner: str, lease: timedelta, edit_pause: timedelta, ahead: timedelta = timedelta(0)
    ) -> Claim | None:
        """Claim what is to be sent now: an answer before an alert, the oldest first; else the edit of a message whose story has changed.

        ``lease`` must be longer than any request takes: when it ends, others may send a second, marked copy. A message is edited at most
        once in ``edit_pause``. An answer is claimed ``ahead`` of the end of its channel's pause: it need not keep the pace of alerts.
        """
        for _ in range(_TRIES):
            try:
                return self._claim(now, owner=owner, lease=lease, edit_pause=edit_pause, ahead=ahead)
            except (IntegrityError, _TakenError):  # PostgreSQL: another daemon was as quick, in the same channel or with the same row
                continue
        return None

    @writes
    def _claim(
        self, connection: Connection, now: datetime, *, owner: str, lease: timedelta, edit_pause: timedelta, ahead: timedelta
    ) -> Claim | None:
        take_back(connection, now, expired_at=now)
        free_orphans(connection)
        resting = deliveries_paused(connection)
        row = _look(connection, _NEXT_NEW, now, _ANSWERS if resting else _RANKS, ahead)
        if row is None and resting:
            return None
        editing = row is None
        if row is not None and _may_be_grouped(row):
            row = connection.execute(_PLACED, {"of_id": gather(connection, row, now)}).one()
        if row is None:
            row = _edit(connection, now, edit_pause)
        if row is None:
            return None
        taken = {"of_id": row.id, "owner": owner, "lease_until": now + lease, "touched_at": now, "attempts": row.attempts + 1}
        if connection.execute(_TAKE_EDIT if editing else _TAKE_NEW, taken).rowcount != 1:
            raise _TakenError
        return _read_claim(row, editing=editing)

    @reads
    def next_delivery_at(
        self,
        connection: Connection,
        now: datetime,
        *,
        edit_pause: timedelta = timedelta(minutes=2),
        ahead: timedelta = timedelta(0),
    ) -> datetime | None:
        """Say when the next delivery can be claimed (a time that is past: now), None if nothing waits."""
        resting = deliveries_paused(connection)
        ranks = _ANSWERS if resting else _RANKS
        if _look(connection, _LOOK, now, ranks, ahead) is not None:
            return now
        edit = _later(_shifted(delivery.c.touched_at, edit_pause), delivery.c.not_before, channel.c.not_before)
        times = [_first_due(connection, rank, ahead if rank in _ANSWERS else timedelta(0)) for rank in ranks]
        times.append(connection.execute(select(func.min(delivery.c.lease_until)).where(delivery.c.state == SENDING)).scalar())
        if not resting:
            times.append(connection.execute(_waiting(select(func.min(edit, type_=Instant))).where(STALE)).scalar())
        return min((one for one in times if one is not None), default=None)


def _may_be_grouped(row: Row[Any]) -> bool:
    """Whether alerts may be told together there: people in chats are, programs that read a console are told one by one."""
    return bool(row.kind == DeliveryKind.ALERT.value and row.place_kind == ChannelKind.TELEGRAM.value)


def _first_due(connection: Connection, rank: int, ahead: timedelta) -> datetime | None:
    """When the first of those that wait may be sent."""
    due = _later(delivery.c.not_before, _shifted(channel.c.not_before, -ahead))
    moment: datetime | None = connection.execute(_heads(select(func.min(due, type_=Instant))), {"of_rank": rank}).scalar()
    return moment


def _look(connection: Connection, wanted: Any, now: datetime, ranks: Sequence[int], ahead: timedelta) -> Row[Any] | None:
    """Find what can be sent: an answer, else an alert."""
    for rank in ranks:
        if connection.execute(_ANY_WAITS, {"of_rank": rank}).first() is None:
            continue
        free_by = now + ahead if rank in _ANSWERS else now
        row: Row[Any] | None = connection.execute(wanted, {"of_rank": rank} | _moments(now, free_by)).first()
        if row is not None:
            return row
    return None


def _edit(connection: Connection, now: datetime, edit_pause: timedelta) -> Row[Any] | None:
    """Find a message that is to be edited; one about a muted story is left as it is, with the reason."""
    while True:
        row: Row[Any] | None = connection.execute(_NEXT_EDIT, {"edited_before": now - edit_pause} | _moments(now, now)).first()
        if row is None or is_grouped(row) or not leaves_as_it_is(connection, row.id, now):
            return row
        connection.execute(_LEAVE, {"of_id": row.id})


def _moments(now: datetime, free_by: datetime) -> dict[str, datetime]:
    return {"present": now, "in_an_hour": now + CLOCK_SLACK, "free_by": free_by}


def _read_claim(row: Row[Any], *, editing: bool) -> Claim:
    return Claim(
        delivery_id=row.id,
        kind=DeliveryKind(row.kind),
        channel=read_channel(row, "place_"),
        attempts=row.attempts + 1,
        maybe_sent=row.maybe_sent,
        alert_id=row.alert_id,
        payload=row.payload,
        edits=row.message_id if editing else None,
        created_at=row.created_at,
        grouped=is_grouped(row),
    )
