"""What chats are told after a story was split or joined: the message follows, and nobody is told twice.

A chat that has a message keeps it, about the story that still concerns it. Where it has two about what is now one story, the later one says
that it is told above. What waited and would be told in another message is withheld, and waits again if the stories are parted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from storage.records import DeliveryState
from storage.sql import PENDING, SENT, insert_new
from storage.tables import alert, delivery, story, story_match, subscription, watchlist_watch
from watchers.types import EventKind

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

TOLD_TOGETHER = "told in the message about the story that it was joined to"
_OPEN = ("pending", "sending", "sent", "uncertain")


def after_split(connection: Connection, kept: int, parted: int, *, revision: int, now: datetime) -> None:
    """``parted`` was told in the messages about ``kept``, and is not any more. ``revision`` is that of ``kept``."""
    connection.execute(update(story).where(story.c.id == parted, story.c.revision <= revision).values(revision=revision + 1))
    _raise_again(connection, parted, now)
    old, new = _first(connection, kept), _first(connection, parted)
    if old is not None and new is not None:
        about_kept, about_parted = _concerned(connection, kept), _concerned(connection, parted)
        waiting = {row.channel_id: row for row in _deliveries(connection, new)}
        for row in _deliveries(connection, old):
            mine = waiting.get(row.channel_id)
            blank = mine is None or (mine.state == DeliveryState.WITHHELD.value and mine.reason == TOLD_TOGETHER)
            if row.state in _OPEN and blank and row.channel_id not in about_kept and row.channel_id in about_parted:
                if mine is not None:
                    connection.execute(delete(delivery).where(delivery.c.id == mine.id))
                connection.execute(update(delivery).where(delivery.c.id == row.id).values(alert_id=new))
        again = update(delivery).where(delivery.c.alert_id == new, delivery.c.state == "withheld", delivery.c.reason == TOLD_TOGETHER)
        fresh = {"not_before": now, "created_at": now, "touched_at": now, "done_at": None, "leader_id": None}
        connection.execute(again.values(state=PENDING, reason=None, **fresh))
    _stale(connection, kept, parted)


def after_join(connection: Connection, kept: int, joined: int, *, now: datetime) -> None:
    """What is known of ``joined`` is told in the messages about ``kept``."""
    old, new = _first(connection, kept), _first(connection, joined)
    if new is not None and old is None:
        connection.execute(update(alert).where(alert.c.id == new).values(story_id=kept))
    elif new is not None and old is not None:
        told = {row.channel_id: row for row in _deliveries(connection, old)}
        for row in _deliveries(connection, new):
            _told_with(connection, told.get(row.channel_id), row, old, now)
        due = connection.execute(select(alert.c.fan_out_due).where(alert.c.id == new)).scalar()
        connection.execute(update(alert).where(alert.c.id == new).values(fan_out_due=False))
        if due:
            connection.execute(update(alert).where(alert.c.id == old).values(fan_out_due=True))
    _stale(connection, kept, joined)


def _told_with(connection: Connection, above: Row[Any] | None, row: Row[Any], kept: int, now: datetime) -> None:
    """Bring together what a chat was or will be told of two stories that are one."""
    mine = update(delivery).where(delivery.c.id == row.id)
    if above is None:
        connection.execute(mine.values(alert_id=kept))
    elif _may_be_there(row) and not _may_be_there(above):
        # The message that is there goes on; what waited takes its place.
        connection.execute(mine.values(alert_id=None))
        connection.execute(update(delivery).where(delivery.c.id == above.id).values(alert_id=row.alert_id))
        connection.execute(mine.values(alert_id=kept))
        _withhold(connection, above, now)
    elif not _may_be_there(row):
        _withhold(connection, row, now)


def _may_be_there(row: Row[Any]) -> bool:
    return row.state in ("sending", "sent", "uncertain") or (row.state == "pending" and row.maybe_sent)


def _withhold(connection: Connection, row: Row[Any], now: datetime) -> None:
    waiting = update(delivery).where(delivery.c.id == row.id, delivery.c.state == PENDING)
    connection.execute(waiting.values(state="withheld", reason=TOLD_TOGETHER, touched_at=now, done_at=now, leader_id=None))


def _raise_again(connection: Connection, number: int, now: datetime) -> None:
    """Let the alert of a story that is told by itself again go out to those who were not told."""
    row = connection.execute(select(story).where(story.c.id == number)).one()
    if row.silent or row.withdrawn_at is not None:
        return
    known = _first(connection, number)
    if known is not None:
        connection.execute(update(alert).where(alert.c.id == known).values(fan_out_due=True))
    elif EventKind(row.event).alert is not None and _concerned(connection, number):
        insert_new(connection, alert, {"story_id": number, "reason": "new", "fan_out_due": True, "created_at": now})


def _first(connection: Connection, number: int) -> int | None:
    return connection.execute(select(alert.c.id).where(alert.c.story_id == number, alert.c.reason == "new")).scalar()


def _deliveries(connection: Connection, number: int) -> list[Row[Any]]:
    return list(connection.execute(select(delivery).where(delivery.c.alert_id == number).order_by(delivery.c.id).with_for_update()))


def _concerned(connection: Connection, number: int) -> set[int]:
    """The channels that watch somebody a story is about."""
    watching = (
        select(subscription.c.channel_id)
        .join(watchlist_watch, watchlist_watch.c.watchlist_id == subscription.c.watchlist_id)
        .join(story_match, story_match.c.watch_id == watchlist_watch.c.watch_id)
        .where(story_match.c.story_id == number)
    )
    return set(connection.execute(watching).scalars())


def _stale(connection: Connection, *stories: int) -> None:
    """Let the messages about stories be edited."""
    told = select(alert.c.id).where(alert.c.story_id.in_(stories), alert.c.reason == "new")
    sent = update(delivery).where(delivery.c.alert_id.in_(told), delivery.c.state == SENT, delivery.c.message_id.is_not(None))
    connection.execute(sent.values(stale=True))
