"""Whom an alert is for: the channels whose watches it matches. Asked when an alert is new, and when a channel is back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, exists, false, literal, null, or_, select, text, true

from storage.columns import Instant
from storage.mutes import MUTED, any_muted, muted
from storage.records import ChannelState, DeliveryKind, DeliveryState
from storage.sql import upsert, wanted
from storage.tables import (
    alert,
    channel,
    delivery,
    entry,
    meta,
    story,
    story_entry,
    story_match,
    subscription,
    timetable,
    watchlist_watch,
)
from storage.timetables import rank_of_alert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection

SET_BACK = "set_back"  # in meta: from which time the database was set back, and when that was noticed
SUSPECT_FOR = timedelta(hours=25)  # until every feed was polled again, the daily ones too
SUSPECT_HOLD = timedelta(minutes=15)  # so that what is seen again is told together


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBack:
    """An older copy was put in the database's place: ``since`` is the last time it knows of, ``noticed_at`` when it was started."""

    since: datetime
    noticed_at: datetime


def set_back(connection: Connection) -> SetBack | None:
    """Read when the database was last set back; None if it never was."""
    written = connection.execute(_SET_BACK).scalar()
    if written is None:
        return None
    since, noticed = json.loads(written)
    return SetBack(since=datetime.fromisoformat(since), noticed_at=datetime.fromisoformat(noticed))


_SET_BACK = select(meta.c.value).where(meta.c.key == SET_BACK)


def owed(columns: Iterable[Any], which: ColumnElement[bool]) -> Select[Any]:
    """Select every alert × channel it is for: those that are active, want its class, and subscribed before the entry that matches came."""
    return (
        select(*columns)
        .select_from(alert)
        .join(story, story.c.id == alert.c.story_id)
        .join(story_match, story_match.c.story_id == story.c.id)
        .join(watchlist_watch, watchlist_watch.c.watch_id == story_match.c.watch_id)
        .join(subscription, subscription.c.watchlist_id == watchlist_watch.c.watchlist_id)
        .join(channel, channel.c.id == subscription.c.channel_id)
        .outerjoin(timetable, timetable.c.channel_id == channel.c.id)
        .where(which, channel.c.state == ChannelState.ACTIVE.value, wanted())
        .where(alert.c.reason == "new", story.c.withdrawn_at.is_(None), story.c.joined_to.is_(None))
        .where(subscription.c.created_at <= story_match.c.last_at, watchlist_watch.c.created_at <= story_match.c.last_at)
        .distinct()
        .order_by(alert.c.id, channel.c.id)
    )


def add_deliveries(connection: Connection, which: ColumnElement[bool], now: datetime, *, only: int | None = None) -> int:
    """Make the deliveries of some alerts for all they are for (``only`` one channel) who have none yet; says how many were made.

    What a channel has muted is made too, and withheld.
    """
    suspect, mute = _suspect(connection, now), muted(now) if any_muted(connection, now) else false()
    later = literal(now + SUSPECT_HOLD, Instant)
    values = {
        "channel_id": channel.c.id,
        "alert_id": alert.c.id,
        "kind": literal(DeliveryKind.ALERT.value),
        "rank": rank_of_alert().label("waits_as"),
        "state": case((mute, DeliveryState.WITHHELD.value), else_=DeliveryState.PENDING.value),
        "reason": case((mute, literal(MUTED)), else_=null()),
        "done_at": case((mute, literal(now, Instant)), else_=null()),
        "maybe_sent": case((suspect, true()), else_=false()),
        "not_before": case((suspect, later), else_=literal(now, Instant)),
        "created_at": literal(now, Instant).label("made_at"),
        "touched_at": literal(now, Instant).label("written_at"),
    }
    # What several subscriptions bring is told as soon as the first of them wants it.
    told = owed(values.values(), which).order_by(None).order_by(alert.c.id, channel.c.id, text("waits_as"))
    if only is not None:
        told = told.where(channel.c.id == only)
    deliveries = upsert(connection, delivery).from_select(list(values), told).on_conflict_do_nothing()
    return connection.execute(deliveries.execution_options(preserve_rowcount=True)).rowcount


def _suspect(connection: Connection, now: datetime) -> Any:
    """Whether an alert may have been told before the database was set back: it is new here, and what it rests on was out by then."""
    known = set_back(connection)
    if known is None or now > known.noticed_at + SUSPECT_FOR:
        return false()
    before = exists().where(
        story_entry.c.story_id == alert.c.story_id,
        entry.c.id == story_entry.c.entry_id,
        or_(entry.c.published.is_(None), entry.c.published <= known.noticed_at),
    )
    return and_(alert.c.created_at >= known.noticed_at, before)
