"""The ledger: for every alert × channel it is for there is one delivery, and it came to one end or is on its way.

What must be there is asked by the very rule by which deliveries are made (``storage.recipients.owed``), so that the two cannot differ.
Alerts are looked at for as long as a channel that comes back is owed them: what is older may rightly have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, or_, select

from storage.recipients import owed
from storage.records import DeliveryKind, DeliveryState
from storage.returning import OWED
from storage.tables import alert, channel, delivery, story_match
from storage.timetables import ALERT_RANK
from storage.unit import reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from storage.engine import Database

_TOO_LONG = timedelta(days=7, hours=1)  # what waits is withheld after a week, looked at every ten minutes
_ENDED = (DeliveryState.SENT.value, DeliveryState.UNCERTAIN.value, DeliveryState.FAILED.value, DeliveryState.WITHHELD.value)
_GIVEN_UP = _ENDED[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerProblem:
    """An alert × channel that is not as it must be. ``kind``: missing, doubled, unfinished, unexplained."""

    kind: str
    alert_id: int
    channel_id: int
    channel: str  # its title
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The state of every alert × channel in numbers, and what is wrong."""

    alerts: int
    not_handed_out: int  # alerts that were decided and are not yet made into deliveries
    pairs: int  # alerts × channels
    states: Mapping[str, int]
    may_be_second: int  # waiting, and marked when sent
    problems: tuple[LedgerProblem, ...]


class LedgerStore:
    """The store's method that goes through all deliveries."""

    _db: Database

    @reads
    def ledger(self, connection: Connection, now: datetime) -> Ledger:
        """Go through every alert × channel. Reads all deliveries, which takes a second for a million."""
        states: dict[str, int] = {row[0]: row[1] for row in connection.execute(_STATES)}
        alerts, due = connection.execute(select(func.count(), func.count().filter(alert.c.fan_out_due)).select_from(alert)).one()
        return Ledger(
            alerts=alerts,
            not_handed_out=due,
            pairs=sum(states.values()),
            states={state.value: states.get(state.value, 0) for state in DeliveryState},
            may_be_second=connection.execute(_MARKED).scalar_one(),
            problems=tuple(_problems(connection, now)),
        )


_OF_ALERTS = delivery.c.kind == DeliveryKind.ALERT.value
_STATES = select(delivery.c.state, func.count()).where(_OF_ALERTS).group_by(delivery.c.state)
_MARKED = select(func.count()).select_from(delivery).where(_OF_ALERTS, delivery.c.state == "pending", delivery.c.maybe_sent)
_HAS_ONE = exists().where(delivery.c.alert_id == alert.c.id, delivery.c.channel_id == channel.c.id)


def _problems(connection: Connection, now: datetime) -> Iterator[LedgerProblem]:
    recent = and_(~alert.c.fan_out_due, story_match.c.last_at >= now - OWED, ~_HAS_ONE)
    for number, place, title in connection.execute(owed((alert.c.id, channel.c.id, channel.c.title), recent)):
        yield _problem("missing", number, place, title, "there is no delivery, though the channel had subscribed before")
    pair = (delivery.c.alert_id, delivery.c.channel_id, channel.c.title)
    doubled = select(*pair, func.count()).join(channel).where(_OF_ALERTS).group_by(*pair).having(func.count() > 1)
    for number, place, title, count in connection.execute(doubled):
        yield _problem("doubled", number, place, title, f"there are {count} deliveries instead of one")
    for kind, wrong, sentence in _wrong(now):
        for number, place, title in connection.execute(select(*pair).join(channel).where(_OF_ALERTS, wrong).order_by(delivery.c.id)):
            yield _problem(kind, number, place, title, sentence)


def _wrong(now: datetime) -> Iterator[tuple[str, ColumnElement[bool], str]]:
    """Conditions that no delivery may fulfil, with what is said of one that does."""
    waits_too_long = and_(delivery.c.state == "pending", delivery.c.rank <= ALERT_RANK, delivery.c.created_at < now - _TOO_LONG)
    yield "unfinished", waits_too_long, "it has waited for more than a week: is the daemon running?"
    half_ended = (delivery.c.done_at.is_not(None)) != (delivery.c.state.in_(_ENDED))
    under_way = and_(delivery.c.state == "sending", delivery.c.editing)  # an edit of what was sent long ago
    yield "unfinished", and_(half_ended, ~under_way), "its state and the time of its end do not fit"
    no_reason = or_(delivery.c.reason.is_(None), delivery.c.reason == "")
    yield "unexplained", and_(delivery.c.state.in_(_GIVEN_UP), no_reason), "it was given up without a reason"


def _problem(kind: str, number: int, place: int, title: str, sentence: str) -> LedgerProblem:
    return LedgerProblem(kind=kind, alert_id=number, channel_id=place, channel=title, sentence=sentence)
