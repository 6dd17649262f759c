"""What a place does not want to be told for a while, or for good: a story, a contract, a feed, a watch.

Asked where an alert is handed out, where a message that was sent would be edited, and when something is muted, of what waits. What is muted
has a delivery all the same, withheld with this reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, exists, func, or_, select, update

from storage.alert_changes import AddMute, MuteKind, RemoveMute
from storage.exceptions import NotFound
from storage.place_tables import mute
from storage.records import DeliveryKind, DeliveryState
from storage.sql import PENDING, wanted
from storage.tables import (
    alert,
    channel,
    delivery,
    entry,
    feed,
    story,
    story_entry,
    story_match,
    subscription,
    watch,
    watchlist_watch,
)
from storage.thread_tables import thread_story
from storage.unit import reads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database

_OFFERED = 3  # feeds and watches of one alert
MUTED = "muted here"  # the reason of a delivery that was withheld for it


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteRecord:
    """Something that is muted. ``name``: the evidence of a story or contract, or what the feed or watch is called (empty: no name)."""

    id: int
    kind: MuteKind
    name: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteTarget:
    """Something of an alert that can be muted; ``name`` of a feed or a watch, which may have none."""

    kind: MuteKind
    target: int
    name: str = ""


class Mutes:
    """The store's methods that read what is muted."""

    _db: Database

    @reads
    def mutes(self, connection: Connection, channel_id: int, now: datetime) -> list[MuteRecord]:
        """List what a channel has muted, the newest first."""
        of_story = mute.c.kind.in_([MuteKind.STORY.value, MuteKind.CONTRACT.value])
        found = (
            select(mute, story.c.sentence, story.c.notice, feed.c.name.label("feed_name"), watch.c.name.label("watch_name"))
            .outerjoin(story, and_(of_story, story.c.id == mute.c.target))
            .outerjoin(feed, and_(mute.c.kind == MuteKind.FEED.value, feed.c.id == mute.c.target))
            .outerjoin(watch, and_(mute.c.kind == MuteKind.WATCH.value, watch.c.id == mute.c.target))
            .where(in_force(now), mute.c.channel_id == channel_id)
            .where(or_(mute.c.kind != MuteKind.WATCH.value, watch.c.id.is_not(None)))
            .order_by(mute.c.created_at.desc(), mute.c.id.desc())
        )
        return [MuteRecord(id=row.id, kind=MuteKind(row.kind), name=_called(row), until=row.until) for row in connection.execute(found)]

    @reads
    def mute_targets(self, connection: Connection, alert_id: int, channel_id: int) -> list[MuteTarget]:
        """List what can be muted of an alert: nothing if it was not meant for the channel, else of its feeds and watches the first few."""
        told = select(alert.c.story_id).join(delivery, delivery.c.alert_id == alert.c.id)
        story_id = connection.execute(told.where(alert.c.id == alert_id, delivery.c.channel_id == channel_id)).scalar()
        if story_id is None:
            return []
        feeds = (
            select(feed.c.id, feed.c.name)
            .join(entry, entry.c.feed_id == feed.c.id)
            .join(story_entry, story_entry.c.entry_id == entry.c.id)
            .where(story_entry.c.story_id == story_id)
            .group_by(feed.c.id, feed.c.name)
            .order_by(func.min(story_entry.c.id))
        )
        watches = (
            select(watch.c.id, watch.c.name)
            .join(story_match, story_match.c.watch_id == watch.c.id)
            .join(watchlist_watch, watchlist_watch.c.watch_id == watch.c.id)
            .join(subscription, subscription.c.watchlist_id == watchlist_watch.c.watchlist_id)
            .where(story_match.c.story_id == story_id, subscription.c.channel_id == channel_id)
            .group_by(watch.c.id, watch.c.name)
            .order_by(watch.c.name, watch.c.id)
        )
        return [
            *(MuteTarget(kind=kind, target=story_id) for kind in (MuteKind.STORY, MuteKind.CONTRACT)),
            *(MuteTarget(kind=MuteKind.FEED, target=row.id, name=row.name) for row in connection.execute(feeds.limit(_OFFERED))),
            *(MuteTarget(kind=MuteKind.WATCH, target=row.id, name=row.name) for row in connection.execute(watches.limit(_OFFERED))),
        ]


def _called(row: Row[Any]) -> str:
    """What a muted thing is called: of an official notice what the contract is."""
    title = (row.notice or {}).get("title", "")
    return title or row.sentence or row.feed_name or row.watch_name or ""


def any_muted(connection: Connection, now: datetime) -> bool:
    """Whether anybody has muted anything: what is not there need not be looked for, alert by alert."""
    return connection.execute(select(mute.c.id).where(in_force(now)).limit(1)).first() is not None


def muted(now: datetime) -> ColumnElement[bool]:
    """Hold where a channel has muted a story: of ``channel`` and ``story``.

    A feed mutes what no other feed reports, and a watch what the channel wants for no other watch.
    """
    here = and_(mute.c.channel_id == channel.c.id, in_force(now))
    of_contract = (
        thread_story.c.story_id == story.c.id,
        _other.c.thread_id == thread_story.c.thread_id,
        mute.c.target == _other.c.story_id,
    )
    return or_(
        select(mute.c.id).where(here, mute.c.kind == MuteKind.STORY.value, mute.c.target == story.c.id).correlate(channel, story).exists(),
        select(mute.c.id).where(here, mute.c.kind == MuteKind.CONTRACT.value, *of_contract).correlate(channel, story).exists(),
        _all_of(MuteKind.FEED, _FEEDS, entry.c.feed_id, here),
        _all_of(MuteKind.WATCH, _WATCHES, story_match.c.watch_id, here),
    )


_other = thread_story.alias("other")
_FEEDS = select(story_entry.c.id).join(entry, entry.c.id == story_entry.c.entry_id).where(story_entry.c.story_id == story.c.id)
_WATCHES = (
    select(story_match.c.watch_id)
    .join(watchlist_watch, watchlist_watch.c.watch_id == story_match.c.watch_id)
    .join(subscription, subscription.c.watchlist_id == watchlist_watch.c.watchlist_id)
    .where(story_match.c.story_id == story.c.id, subscription.c.channel_id == channel.c.id, wanted())
)


def _all_of(kind: MuteKind, rows: Any, number: Any, here: ColumnElement[bool]) -> ColumnElement[bool]:
    """Hold where there are such rows of a story, and the number of each is muted."""
    one = exists().where(here, mute.c.kind == kind.value, mute.c.target == number).correlate_except(mute)
    return and_(rows.where(one).correlate(channel, story).exists(), ~rows.where(~one).correlate(channel, story).exists())


def in_force(now: datetime) -> ColumnElement[bool]:
    """Hold for a mute that is not over."""
    return or_(mute.c.until.is_(None), mute.c.until > now)


def end_mutes(connection: Connection, now: datetime) -> None:
    """Delete the mutes that are over, so that the table holds what is in force and no more."""
    connection.execute(delete(mute).where(mute.c.until <= now))


def change_mutes(connection: Connection, change: AddMute | RemoveMute, channel_id: int, now: datetime) -> None:
    """Mute something and withhold what waits and is muted by it, or tell of it again from now on; NotFound when it was not muted."""
    connection.execute(delete(mute).where(mute.c.channel_id == channel_id, ~in_force(now)))
    if isinstance(change, RemoveMute):
        gone = delete(mute).where(mute.c.channel_id == channel_id, mute.c.id == change.mute_id)
        if not connection.execute(gone).rowcount:
            raise NotFound("this is not muted here")
        return
    same = (mute.c.channel_id == channel_id) & (mute.c.kind == change.kind.value) & (mute.c.target == change.target)
    connection.execute(delete(mute).where(same))
    row = {"channel_id": channel_id, "kind": change.kind.value, "target": change.target, "until": change.until, "created_at": now}
    connection.execute(mute.insert().values(**row))
    waiting = _deliveries(now).where(
        delivery.c.channel_id == channel_id,
        delivery.c.state == PENDING,
        delivery.c.kind == DeliveryKind.ALERT.value,
        alert.c.detail.is_(None),  # what was told and is not true is corrected all the same
    )
    withheld = {"state": DeliveryState.WITHHELD.value, "reason": MUTED, "touched_at": now, "done_at": now}
    connection.execute(update(delivery).where(delivery.c.id.in_(waiting)).values(**withheld))


def leaves_as_it_is(connection: Connection, delivery_id: int, now: datetime) -> bool:
    """Whether a message that was sent is not to be edited, for its story is muted there; what is no longer true is mended all the same."""
    if not any_muted(connection, now):
        return False
    corrections = select(_corrected.c.id).where(_corrected.c.story_id == story.c.id, _corrected.c.detail.is_not(None))
    untrue = or_(story.c.withdrawn_at.is_not(None), corrections.exists())
    return connection.execute(_deliveries(now).where(delivery.c.id == delivery_id, ~untrue)).first() is not None


_corrected = alert.alias("corrected")


def tell_after_all(connection: Connection, alerts: Sequence[int], now: datetime) -> None:
    """Let deliveries of alerts wait again that were withheld and are not muted any more: another feed reports it now, say."""
    told = _deliveries(now, muting=False).where(
        alert.c.id.in_(alerts), delivery.c.state == DeliveryState.WITHHELD.value, delivery.c.reason == MUTED
    )
    again = {"state": DeliveryState.PENDING.value, "reason": None, "done_at": None, "not_before": now, "created_at": now, "touched_at": now}
    connection.execute(update(delivery).where(delivery.c.id.in_(told)).values(**again))


def _deliveries(now: datetime, *, muting: bool = True) -> Any:
    """Select deliveries whose story is muted in their channel; not ``muting``: is not."""
    return (
        select(delivery.c.id)
        .join(channel, channel.c.id == delivery.c.channel_id)
        .join(alert, alert.c.id == delivery.c.alert_id)
        .join(story, story.c.id == alert.c.story_id)
        .where(muted(now) if muting else ~muted(now))
    )
