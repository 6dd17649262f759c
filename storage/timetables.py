"""Timetables: channels that are told in digests, and not in their quiet hours.

An alert that must wait has a rank above ``ALERT_RANK``, by what it waits for, so whoever claims what is to be sent does not even see it. A
timetable turns when something of it is due: what has waited for that gets the rank of an alert again, marked as held, and is told together
(``storage.groups``). Both are one transaction, and what became due while nobody was at work is due at the next turn: nothing is lost,
nothing is told twice, whenever the power goes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, and_, bindparam, case, exists, func, not_, or_, select, update

from storage.columns import Instant
from storage.exceptions import NotFound
from storage.named_watchlists import channel_number
from storage.records import DeliveryKind
from storage.report_tables import report
from storage.sql import PENDING, insert_new
from storage.tables import alert, channel, delivery, story, subscription, timetable, watchlist
from storage.times import AT_ANY_TIME, Rhythm, SetRhythm, SetTimes, SetZone, TimeChange, Times, last_due, next_turn, quiet_until
from storage.timetable_rows import read_times
from storage.unit import reads, writes
from storage.versions import lock_watches
from watchers.types import AlertClass, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database

ANSWER_RANK, ALERT_RANK = 0, 1
_RANKS = {Rhythm.HOURLY: 2, Rhythm.DAILY: 3, Rhythm.WEEKLY: 4}
_QUIET_RANK = 2  # for the end of the quiet hours: with what is told by the hour
_FARTHEST = timedelta(days=8)  # a week, and the hour by which clocks are set
DIGEST, QUIET = "digest", "quiet"  # why it was held
_URGENT = [kind.value for kind in EventKind if kind.alert is AlertClass.CANCELLED]

_UNASKED = and_(delivery.c.channel_id == bindparam("of_channel"), delivery.c.state == PENDING, delivery.c.kind != DeliveryKind.REPLY.value)
_RELEASE = (
    update(delivery)
    .where(_UNASKED, delivery.c.rank == bindparam("of_rank"))
    # It counts as made now: what is not told in a week is withheld, and it has only begun to wait for its turn.
    .values(rank=ALERT_RANK, held=bindparam("why"), created_at=bindparam("present", type_=Instant))
)
_OF_URGENT = exists().where(alert.c.id == delivery.c.alert_id, story.c.id == alert.c.story_id, story.c.event.in_(_URGENT))
_HOLD = (
    update(delivery)
    .where(_UNASKED, delivery.c.rank == ALERT_RANK, delivery.c.leader_id.is_(None))
    .where(not_(and_(bindparam("urgent", type_=Boolean), _OF_URGENT)))
    .where(~and_(delivery.c.maybe_sent, delivery.c.attempts > 0))  # what may have arrived is repeated as it was
    .values(rank=_QUIET_RANK)
)
_TURNED = (
    update(timetable)
    .where(timetable.c.channel_id == bindparam("of_channel"))
    .values(
        {
            "quiet": bindparam("is_quiet"),
            "looked_at": bindparam("seen_at", type_=Instant),
            "turns_at": bindparam("next_at", type_=Instant),
        }
    )
)
_DUE = select(timetable, channel.c.zone).join(channel, channel.c.id == timetable.c.channel_id).order_by(timetable.c.turns_at)


def rank_of_alert() -> ColumnElement[int]:
    """What an alert for a channel waits for, of ``subscription``, ``story`` and ``timetable`` (joined from outside: most have none)."""
    rhythm = func.coalesce(subscription.c.rhythm, timetable.c.rhythm)
    held = and_(timetable.c.quiet, not_(and_(timetable.c.urgent, story.c.event.in_(_URGENT))))
    return case(*((rhythm == one.value, rank) for one, rank in _RANKS.items()), (held, _QUIET_RANK), else_=ALERT_RANK)


class Timetables:
    """The store's methods about when channels are told."""

    _db: Database

    @reads
    def times(self, connection: Connection, channel_id: int) -> Times:
        """Read when a channel is told."""
        row = connection.execute(select(timetable).where(timetable.c.channel_id == channel_id)).one_or_none()
        return AT_ANY_TIME if row is None else read_times(row)

    @reads
    def rhythms(self, connection: Connection, channel_id: int) -> dict[int, Rhythm]:
        """Read which of a channel's watchlists are told sooner or later than the rest."""
        own = select(subscription.c.watchlist_id, subscription.c.rhythm).where(subscription.c.channel_id == channel_id)
        return {row[0]: Rhythm(row[1]) for row in connection.execute(own.where(subscription.c.rhythm.is_not(None)))}

    def turn_timetables(self, now: datetime, *, limit: int = 500) -> int:
        """Do what is due by the timetables of all channels, ``limit`` a transaction; says how many had something due.

        To be called before deliveries are made or sent: an alert is held by what its channel's timetable last turned to.
        """
        turned = 0
        while self._any_due(now):
            some = self._turn_some(now, limit)
            turned += some
            if some < limit:
                break
        return turned

    @reads
    def _any_due(self, connection: Connection, now: datetime) -> bool:
        return connection.execute(select(timetable.c.channel_id).where(_due(now)).limit(1)).first() is not None

    @writes
    def _turn_some(self, connection: Connection, now: datetime, limit: int) -> int:
        lock_watches(connection)  # deliveries that are made by what is true now must not be added after its end
        rows = connection.execute(_DUE.where(_due(now)).limit(limit)).all()
        _turn(connection, rows, now)
        return len(rows)


def _due(now: datetime) -> ColumnElement[bool]:
    """Whether a timetable is to turn. One that would turn later than any does was set by a clock that went back."""
    return or_(timetable.c.turns_at <= now, timetable.c.turns_at > now + _FARTHEST)


def change_times(connection: Connection, change: TimeChange, now: datetime) -> None:
    """Make a change of when a channel is told; raises NotFound."""
    match change:
        case SetTimes():
            number = channel_number(connection, change.chat_id, change.thread_id)
            _settle(connection, [number], now)
            connection.execute(update(timetable).where(timetable.c.channel_id == number).values(**_columns(change.times), turns_at=now))
        case SetRhythm():
            number = channel_number(connection, change.chat_id, change.thread_id)
            _settle(connection, [number], now)
            _set_rhythm(connection, number, change)
            connection.execute(update(timetable).where(timetable.c.channel_id == number).values(turns_at=now))
        case SetZone():
            numbers = list(connection.execute(select(channel.c.id).where(channel.c.chat_id == change.chat_id)).scalars())
            _settle(connection, numbers, now)
            connection.execute(update(channel).where(channel.c.id.in_(numbers)).values(zone=change.zone))
            connection.execute(update(timetable).where(timetable.c.channel_id.in_(numbers)).values(turns_at=now))


def hold_quiet(connection: Connection, numbers: Iterable[int], now: datetime) -> None:
    """Hold what was made due in channels of which some may be in their quiet hours."""
    rows = connection.execute(_DUE.where(timetable.c.channel_id.in_(numbers), timetable.c.quiet_from.is_not(None))).all()
    quiet = [row for row in rows if quiet_until(read_times(row), ZoneInfo(row.zone), now) is not None]
    if quiet:
        connection.execute(_HOLD, [{"of_channel": row.channel_id, "urgent": row.urgent} for row in quiet])


def merge_timetables(connection: Connection, old: int, new: int) -> None:
    """Let a channel have the timetable and the report of another that it takes the place of, unless it has its own."""
    for table in (timetable, report):
        mine = select(table.c.channel_id).where(table.c.channel_id == new)
        if connection.execute(mine).scalar() is None:
            connection.execute(update(table).where(table.c.channel_id == old).values(channel_id=new))


def _settle(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """Do what is due by the timetables that channels have had until now, so that a new one begins with now; make those that have none."""
    for number in numbers:
        row = {"channel_id": number, "looked_at": now, "quiet": False} | _columns(AT_ANY_TIME)
        insert_new(connection, timetable, row)
    _turn(connection, connection.execute(_DUE.where(timetable.c.channel_id.in_(numbers))).all(), now)


def _set_rhythm(connection: Connection, channel_id: int, change: SetRhythm) -> None:
    own = select(watchlist.c.id).where(watchlist.c.channel_id == channel_id)
    which = subscription.c.watchlist_id == change.watchlist_id if change.watchlist_id is not None else subscription.c.watchlist_id.in_(own)
    here = update(subscription).where(subscription.c.channel_id == channel_id, which)
    if not connection.execute(here.values(rhythm=None if change.rhythm is None else change.rhythm.value)).rowcount:
        raise NotFound("the channel does not get this watchlist")


def _turn(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    """Hold what may not be told now and release what is due, of channels with their timetables."""
    used = _used(connection, rows)
    held: list[dict[str, Any]] = []
    released: list[dict[str, Any]] = []
    turned: list[dict[str, Any]] = []
    for row in rows:
        times, zone, here = read_times(row), ZoneInfo(row.zone), {"of_channel": row.channel_id}
        rhythms = used[row.channel_id]
        if (until := quiet_until(times, zone, now)) is not None:
            if not row.quiet:
                held.append(here | {"urgent": times.urgent})
            # What falls due meanwhile is due when they end: it is not yet looked at.
            turned.append(here | {"is_quiet": True, "seen_at": min(row.looked_at, now), "next_at": until})
            continue
        due = [one for one, rank in _RANKS.items() if one not in rhythms or last_due(one, times, zone, now) > min(row.looked_at, now)]
        ranks = {_RANKS[one]: DIGEST for one in due} | ({_QUIET_RANK: QUIET} if row.quiet else {})
        released += [here | {"of_rank": rank, "why": why, "present": now} for rank, why in ranks.items()]
        turned.append(here | {"is_quiet": False, "seen_at": now, "next_at": next_turn(rhythms, times, zone, now)})
    for statement, values in ((_HOLD, held), (_RELEASE, released), (_TURNED, turned)):
        if values:
            connection.execute(statement, values)


def _used(connection: Connection, rows: Iterable[Row[Any]]) -> dict[int, set[Rhythm]]:
    """In which rhythms alerts are told in each channel."""
    used = {row.channel_id: {Rhythm(row.rhythm)} for row in rows}
    own = select(subscription.c.channel_id, subscription.c.rhythm).where(subscription.c.channel_id.in_(used))
    for number, rhythm in connection.execute(own.where(subscription.c.rhythm.is_not(None))):
        used[number].add(Rhythm(rhythm))
    return used


def _columns(times: Times) -> dict[str, Any]:
    start, end = times.quiet or (None, None)
    values = {"rhythm": times.rhythm.value, "minute": times.minute, "weekday": times.weekday, "urgent": times.urgent}
    return values | {"quiet_from": start, "quiet_until": end}
