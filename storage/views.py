"""Alerts as they are shown: everything a message may state, read from what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from storage.codec import read_money, read_notice, read_spans
from storage.exceptions import NotFound
from storage.records import AlertView, MatchRecord, StoryEntry
from storage.sql import wanted
from storage.tables import alert, entry, feed, story, story_entry, story_match, subscription, watch, watchlist_watch
from storage.unit import reads
from storage.watch_rows import read_watch
from watchers.types import EventKind, Role

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database


class Views:
    """The store's methods that read alerts."""

    _db: Database

    @reads
    def alert_view(self, connection: Connection, alert_id: int, channel_id: int) -> AlertView:
        """Read an alert as a channel may see it: with its own matches and nobody else's."""
        return _view(connection, alert_id, channel_id)

    @reads
    def latest(self, connection: Connection, channel_id: int, limit: int) -> list[AlertView]:
        """List the newest alerts about what a channel watches and wants to be told, the newest first."""
        newest = (
            select(alert.c.id)
            .join(story, story.c.id == alert.c.story_id)
            .join(story_match, story_match.c.story_id == story.c.id)
            .join(watchlist_watch, watchlist_watch.c.watch_id == story_match.c.watch_id)
            .join(subscription, subscription.c.watchlist_id == watchlist_watch.c.watchlist_id)
            .where(subscription.c.channel_id == channel_id, wanted())
            .distinct()
            .order_by(alert.c.id.desc())
            .limit(limit)
        )
        return [_view(connection, number, channel_id) for number in connection.execute(newest).scalars().all()]


def _view(connection: Connection, alert_id: int, channel_id: int) -> AlertView:
    told = select(alert.c.id.label("alert_id"), alert.c.reason, alert.c.created_at, story).join(story, story.c.id == alert.c.story_id)
    row = connection.execute(told.where(alert.c.id == alert_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such alert", about=str(alert_id))
    event = EventKind(row.event)
    if event.alert is None:
        raise NotFound(f"its story is now one of the kind {event}, which is not told", about=str(alert_id))
    return AlertView(
        alert_id=alert_id,
        story_id=row.id,
        reason=row.reason,
        event=event,
        alert=event.alert,
        suppliers=tuple(row.suppliers),
        public_bodies=tuple(row.public_bodies),
        value=read_money(row.value),
        happened_on=row.happened_on,
        cancel_reason=row.cancel_reason,
        sentence=row.sentence,
        spans=read_spans(row.spans),
        rule=row.rule,
        status=row.status,
        notice=read_notice(row.notice),
        entries=_entries(connection, row.id),
        matches=_matches(connection, row.id, channel_id),
        revision=row.revision,
        created_at=row.created_at,
        thread=row.thread or f"story-{row.id}",
        evidence_entry_id=row.evidence_entry_id,
    )


def _entries(connection: Connection, story_id: int) -> tuple[StoryEntry, ...]:
    wanted = (
        select(story_entry, entry.c.url, entry.c.outlet, entry.c.published, entry.c.first_seen_at, feed.c.key, feed.c.name)
        .join(entry, entry.c.id == story_entry.c.entry_id)
        .join(feed, feed.c.id == entry.c.feed_id)
        .where(story_entry.c.story_id == story_id)
        .order_by(story_entry.c.id)
    )
    return tuple(_entry(row) for row in connection.execute(wanted))


def _entry(row: Row[Any]) -> StoryEntry:
    return StoryEntry(
        entry_id=row.entry_id,
        feed=row.key,
        feed_name=row.name,
        outlet=row.outlet,
        title=row.title,
        summary=row.summary,
        url=row.url,
        published=row.published,
        first_seen_at=row.first_seen_at,
        official=row.official,
    )


def _matches(connection: Connection, story_id: int, channel_id: int) -> tuple[MatchRecord, ...]:
    mine = (
        select(watchlist_watch.c.watch_id)
        .join(subscription, subscription.c.watchlist_id == watchlist_watch.c.watchlist_id)
        .where(subscription.c.channel_id == channel_id, ~watchlist_watch.c.paused)
    )
    found = (
        select(story_match.c.role.label("played"), story_match.c.proof, story_match.c.flag, watch)
        .join(watch, watch.c.id == story_match.c.watch_id)
        .where(story_match.c.story_id == story_id, story_match.c.watch_id.in_(mine))
        .order_by(story_match.c.first_at, watch.c.name, watch.c.key)
    )
    return tuple(_match(row) for row in connection.execute(found))


def _match(row: Row[Any]) -> MatchRecord:
    watched = read_watch(row, row.key)
    return MatchRecord(watch_key=row.key, watch_name=watched.name, role=Role(row.played), proof=row.proof, flag=row.flag, watch=watched)
