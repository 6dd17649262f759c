"""Deliveries: alerts times channels, each claimed by a committed conditional update before it is sent.

A delivery that was claimed and never recorded (the process died, its lease ran out) may have arrived: it goes back to pending with
``maybe_sent``. Its result is written only by the owner of the claim and only while it is under way, so a late worker overwrites nothing.
An edit of a message that was sent is claimed the same way, and whatever becomes of it the message stays sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, delete, exists, or_, select, text, update

from storage.columns import Instant
from storage.groups import end_group, record_group, release_group
from storage.migrate import migrate_chat
from storage.mutes import end_mutes, tell_after_all
from storage.recipients import add_deliveries
from storage.records import DeliveryKind, DeliveryState
from storage.returning import EXPIRED
from storage.returning import suspend as suspend_channels
from storage.sql import PENDING, SENDING, SENT, is_sqlite
from storage.tables import alert, channel, delivery, feed, story
from storage.timetables import ALERT_RANK
from storage.unit import writes
from storage.versions import lock_watches, watches_version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database

_MOVED = "the chat has another id now"
_FAN_OUT_DUE = text("alert.fan_out_due")  # the words of the partial index
_UNCONFIRMED = text("story.status = 'reported' AND story.unconfirmed_at IS NULL AND story.withdrawn_at IS NULL")  # likewise


class Deliveries:
    """The store's methods that make deliveries and record what became of them."""

    _db: Database

    def fan_out(self, now: datetime, *, limit: int = 500) -> int:
        """Make the deliveries of all alerts that are due, ``limit`` alerts a transaction, and say how many were made.

        A channel gets an alert if it is active, wants the class, and had subscribed before the entry that matches was stored.
        """
        made = 0
        while True:
            alerts, deliveries = self._fan_out_some(now, limit)
            made += deliveries
            if alerts < limit:
                return made

    @writes
    def _fan_out_some(self, connection: Connection, now: datetime, limit: int) -> tuple[int, int]:
        watches_version(connection, hold=True)  # nobody unsubscribes half-way: what waits for them then was withheld with all the rest
        due = select(alert.c.id).where(_FAN_OUT_DUE).order_by(alert.c.id).limit(limit).with_for_update(skip_locked=True)
        numbers = list(connection.execute(due).scalars())
        if not numbers:
            return 0, 0
        tell_after_all(connection, numbers, now)
        made = add_deliveries(connection, alert.c.id.in_(numbers), now)
        connection.execute(update(alert).where(alert.c.id.in_(numbers)).values(fan_out_due=False))
        return len(numbers), made

    @writes
    def sent(
        self,
        connection: Connection,
        delivery_id: int,
        *,
        owner: str,
        message_id: int | None,
        revision: int | None,
        channel_pause_until: datetime,
        now: datetime,
        shown: Mapping[int, int] | None = None,
    ) -> bool:
        """Record that the place has the message, and when its channel may be told again. False: the claim was not this owner's any more.

        ``shown``: of a message that tells several alerts, the deliveries that can be read in it, each with the revision of its story.
        """
        row = _claimed(connection, delivery_id, owner)
        if row is None:
            return False
        values: dict[str, Any] = {"revision": revision, "not_before": now, "reason": None}
        if message_id is not None:
            values["message_id"] = message_id
        if not row.editing:
            values["done_at"] = now
        newest = select(story.c.revision).join(alert, alert.c.story_id == story.c.id).where(alert.c.id == row.alert_id)
        current = connection.execute(newest).scalar()
        editable = (message_id or row.message_id) is not None
        values["stale"] = bool(editable and revision is not None and current is not None and current > revision)
        _release(connection, row, DeliveryState.SENT, now, pause_until=channel_pause_until, **values)
        if shown is not None:
            record_group(connection, row, message_id or row.message_id, shown, now)
        return True

    @writes
    def retry(
        self,
        connection: Connection,
        delivery_id: int,
        *,
        owner: str,
        not_before: datetime,
        maybe_sent: bool,
        error: str,
        channel_pause_until: datetime | None,
        now: datetime,
    ) -> bool:
        """Record that it is to be tried again, not before a time; ``maybe_sent`` if the attempt may have arrived all the same."""
        row = _claimed(connection, delivery_id, owner)
        if row is None:
            return False
        if row.editing:
            _release(connection, row, DeliveryState.SENT, now, pause_until=channel_pause_until, not_before=not_before, reason=error)
        else:
            values = {"not_before": not_before, "maybe_sent": maybe_sent, "reason": error}
            _release(connection, row, DeliveryState.PENDING, now, pause_until=channel_pause_until, **values)
            release_group(connection, row.id, maybe_sent=maybe_sent)
        return True

    @writes
    def moved(
        self, connection: Connection, delivery_id: int, *, owner: str, old_chat_id: int, new_chat_id: int, maybe_sent: bool, now: datetime
    ) -> bool:
        """Record that a chat refused it, for it has another id, and move the chat there, where it is tried at once.

        Both in one transaction: in between it would be claimed for the old chat once more, and as something under way told twice.
        """
        lock_watches(connection)
        row = _claimed(connection, delivery_id, owner)
        if row is not None and row.editing:
            _release(connection, row, DeliveryState.SENT, now, pause_until=now, not_before=now, reason=_MOVED)
        elif row is not None:
            _release(connection, row, DeliveryState.PENDING, now, pause_until=now, not_before=now, maybe_sent=maybe_sent, reason=_MOVED)
            release_group(connection, row.id, maybe_sent=maybe_sent)
        migrate_chat(connection, old_chat_id, new_chat_id, now)
        return row is not None

    @writes
    def failed(
        self, connection: Connection, delivery_id: int, *, owner: str, reason: str, suspend: bool, now: datetime, alone: bool = False
    ) -> bool:
        """Record a refusal for good. ``suspend``: the chat (``alone``: this topic of it) cannot be told any more; its settings stay."""
        row = _claimed(connection, delivery_id, owner)
        if row is None:
            return False
        if suspend:
            suspend_channels(connection, [row.channel_id] if alone else _whole_chat(connection, row.channel_id), reason, now)
        _end(connection, row, DeliveryState.FAILED, reason, now)
        return True

    @writes
    def uncertain(self, connection: Connection, delivery_id: int, *, owner: str, error: str, now: datetime) -> bool:
        """Record that nobody knows whether it arrived, and that it is not sent again."""
        row = _claimed(connection, delivery_id, owner)
        if row is None:
            return False
        _end(connection, row, DeliveryState.UNCERTAIN, error, now)
        return True

    @writes
    def withheld(self, connection: Connection, delivery_id: int, *, owner: str, reason: str, now: datetime) -> bool:
        """Record that it is not sent on purpose, and why."""
        row = _claimed(connection, delivery_id, owner)
        if row is None:
            return False
        _end(connection, row, DeliveryState.WITHHELD, reason, now)
        return True

    @writes
    def expire(self, connection: Connection, now: datetime, *, age: timedelta = timedelta(days=7)) -> int:
        """Withhold what has waited longer than ``age`` (a suspended channel, an outage of a week), unless for its digest; says how many.

        Mutes that are over end as well.
        """
        end_mutes(connection, now)
        old = update(delivery).where(delivery.c.state == PENDING, delivery.c.rank <= ALERT_RANK, delivery.c.created_at < now - age)
        return connection.execute(old.values(state=DeliveryState.WITHHELD.value, reason=EXPIRED, touched_at=now, done_at=now)).rowcount

    @writes
    def note_unconfirmed(self, connection: Connection, now: datetime, *, age: timedelta = timedelta(days=30), limit: int = 200) -> int:
        """Note once of stories that were only reported, and for how long, that no notice came; their messages are edited. Says how many."""
        old = (
            select(story.c.id)
            .where(_UNCONFIRMED, story.c.joined_to.is_(None), story.c.first_at <= now - age)
            .order_by(story.c.first_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        numbers = list(connection.execute(old).scalars())
        if numbers:
            stories = update(story).where(story.c.id.in_(numbers))
            connection.execute(stories.values(unconfirmed_at=now, revision=story.c.revision + 1))
            told = select(alert.c.id).where(alert.c.story_id.in_(numbers), alert.c.reason == "new")
            sent = update(delivery).where(delivery.c.alert_id.in_(told), delivery.c.state == SENT, delivery.c.message_id.is_not(None))
            connection.execute(sent.values(stale=True))
        return len(numbers)

    @writes
    def recover(self, connection: Connection, now: datetime) -> int:
        """Take back what a daemon that died had claimed; says how many deliveries that were. Call it at the start, with the lock held.

        On SQLite the lock proves that no other daemon lives, so every claim is a dead one. On PostgreSQL only ended leases are taken.
        """
        dead = None if is_sqlite(connection) else now
        feeds = update(feed).where(feed.c.owner.is_not(None))
        if dead is not None:
            feeds = feeds.where(feed.c.lease_until < dead)
        connection.execute(feeds.values(owner=None, lease_until=None))
        return take_back(connection, now, expired_at=dead)


def take_back(connection: Connection, now: datetime, *, expired_at: datetime | None) -> int:
    """Return claims that ended without a result: a message may have arrived, an edit is simply due again."""
    if expired_at is None:
        return connection.execute(_TAKE_BACK, {"present": now}).rowcount
    return connection.execute(_TAKE_BACK_EXPIRED, {"present": now, "expired_at": expired_at}).rowcount


_TAKE_BACK = (
    update(delivery)
    .where(delivery.c.state == SENDING)
    .values(
        touched_at=case((delivery.c.editing, delivery.c.touched_at), else_=bindparam("present", type_=Instant)),
        state=case((delivery.c.editing, DeliveryState.SENT.value), else_=DeliveryState.PENDING.value),
        maybe_sent=or_(delivery.c.maybe_sent, ~delivery.c.editing),
        stale=delivery.c.editing,
        editing=False,
        owner=None,
        lease_until=None,
    )
)
_TAKE_BACK_EXPIRED = _TAKE_BACK.where(delivery.c.lease_until < bindparam("expired_at", type_=Instant))


_CLAIMED = (
    select(delivery)
    .where(delivery.c.id == bindparam("of_id"), delivery.c.owner == bindparam("of_owner"), delivery.c.state == SENDING)
    .with_for_update()
)
_RELEASE = update(delivery).where(delivery.c.id == bindparam("of_id"))
_PAUSE = update(channel).where(channel.c.id == bindparam("of_id"))


def _claimed(connection: Connection, delivery_id: int, owner: str) -> Row[Any] | None:
    """Read a delivery that is under way, if the claim is still this owner's."""
    return connection.execute(_CLAIMED, {"of_id": delivery_id, "of_owner": owner}).one_or_none()


def _whole_chat(connection: Connection, channel_id: int) -> list[int]:
    """The channel with all others of its chat: whoever shuts us out shuts out all its topics."""
    chat = select(channel.c.chat_id).where(channel.c.id == channel_id).scalar_subquery()
    return list(connection.execute(select(channel.c.id).where(or_(channel.c.id == channel_id, channel.c.chat_id == chat))).scalars())


def _end(connection: Connection, row: Row[Any], state: DeliveryState, reason: str, now: datetime) -> None:
    """End a delivery; an edit that came to nothing leaves a message that was sent, as it was."""
    if row.editing:
        _release(connection, row, DeliveryState.SENT, now, stale=False, reason=reason)
    else:
        _release(connection, row, state, now, reason=reason, done_at=now)
        end_group(connection, row.id, state, reason, now)


def _release(
    connection: Connection, row: Row[Any], state: DeliveryState, now: datetime, *, pause_until: datetime | None = None, **values: Any
) -> None:
    free = {"owner": None, "lease_until": None, "editing": False, "touched_at": now}
    connection.execute(_RELEASE, {"of_id": row.id, "state": state.value} | free | values)
    if pause_until is not None:
        connection.execute(_PAUSE, {"of_id": row.channel_id, "not_before": pause_until, "touched_at": now})
    if row.kind != DeliveryKind.ALERT.value and state is not DeliveryState.PENDING:
        # A channel that was only there to be answered goes with its last answer: the chat is not known, or asked to be forgotten.
        open_still = exists().where(delivery.c.channel_id == channel.c.id, delivery.c.state.in_(["pending", "sending"]))
        connection.execute(delete(channel).where(channel.c.id == row.channel_id, channel.c.transient, ~open_still))
