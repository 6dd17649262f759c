"""Alerts as they are shown: everything a message may state, read from what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, literal, select

from storage.codec import read_money, read_notice, read_spans
from storage.columns import Json
from storage.corrections import REASON, corrections_of, read_correction, shown_already
from storage.exceptions import NotFound
from storage.records import AlertView, ContractView, DeliveryState, MatchRecord, StoryEntry
from storage.sql import wanted
from storage.tables import (
    alert,
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
from storage.threads import thread_events, thread_of
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
            .where(alert.c.reason == "new", story.c.joined_to.is_(None))
            .distinct()
            .order_by(alert.c.id.desc())
            .limit(limit)
        )
        return [_view(connection, number, channel_id) for number in connection.execute(newest).scalars().all()]

    @reads
    def contract(self, connection: Connection, alert_id: int, channel_id: int) -> ContractView:
        """Read the whole contract that an alert is about, as a channel may see it. Raises NotFound."""
        story_id = connection.execute(select(alert.c.story_id).where(alert.c.id == alert_id)).scalar()
        if story_id is None:
            raise NotFound("there is no such alert", about=str(alert_id))
        number = thread_of(connection, story_id)
        events = thread_events(connection, number)
        rows = connection.execute(_STORIES.where(story.c.id.in_([one.story_id for one in events])))
        views = {row.id: _shown(connection, row, channel_id) for row in rows}
        return ContractView(thread=f"contract-{number}", events=events, views=tuple(views[one.story_id] for one in events))


_AS_TOLD = (literal(None, Json).label("detail"), story.c.first_at.label("told_at"))
_STORIES = select(story, literal(0).label("alert_id"), *_AS_TOLD)  # as if an alert had been raised for each


def _view(connection: Connection, alert_id: int, channel_id: int) -> AlertView:
    told = select(alert.c.id.label("alert_id"), alert.c.detail, alert.c.created_at.label("told_at"), story)
    row = connection.execute(told.join(story, story.c.id == alert.c.story_id).where(alert.c.id == alert_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such alert", about=str(alert_id))
    if row.detail is not None and shown_already(connection, alert_id, channel_id):
        raise NotFound("what it corrects was told as it is now", about=str(alert_id))
    if row.joined_to is not None and row.detail is None:
        above = _STORIES.with_only_columns(story, literal(alert_id).label("alert_id"), *_AS_TOLD).where(story.c.id == row.joined_to)
        return replace(_shown(connection, connection.execute(above).one(), channel_id), told_above=True, revision=row.revision)
    return _shown(connection, row, channel_id)


def _shown(connection: Connection, row: Row[Any], channel_id: int) -> AlertView:
    event = EventKind(row.event)
    contract = thread_of(connection, row.id)
    return AlertView(
        alert_id=row.alert_id,
        story_id=row.id,
        reason="new" if row.detail is None else REASON,
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
        created_at=row.told_at,
        thread=f"contract-{contract}",
        evidence_entry_id=row.evidence_entry_id,
        history=tuple(one for one in thread_events(connection, contract) if one.story_id <= row.id),
        reply_to=_answered(connection, row, contract, channel_id),
        corrections=corrections_of(connection, row.id) if row.detail is None else (read_correction(row.detail),),
        withdrawn=row.withdrawn_at is not None,
        unconfirmed=row.unconfirmed_at is not None and row.status == "reported",
    )


_SENT_HERE = (
    select(delivery.c.message_id)
    .join(alert, alert.c.id == delivery.c.alert_id)
    .where(
        delivery.c.channel_id == bindparam("of_channel"),
        delivery.c.state == DeliveryState.SENT.value,
        delivery.c.message_id.is_not(None),
        delivery.c.alert_id != bindparam("of_alert"),
    )
    .order_by(delivery.c.done_at.desc(), delivery.c.id.desc())
    .limit(1)
)
_LAST_OF_CONTRACT = _SENT_HERE.join(thread_story, thread_story.c.story_id == alert.c.story_id).where(
    thread_story.c.thread_id == bindparam("of_thread")
)
_FIRST_OF_STORY = _SENT_HERE.where(alert.c.story_id == bindparam("of_story"), alert.c.reason == "new")


def _answered(connection: Connection, row: Row[Any], contract: int, channel_id: int) -> int | None:
    """Find the message that a new one answers: the contract's last here; for a correction the one that it corrects."""
    here = {"of_channel": channel_id, "of_alert": row.alert_id}
    if row.detail is not None:
        first: int | None = connection.execute(_FIRST_OF_STORY, here | {"of_story": row.id}).scalar()
        if first is not None:
            return first
    last: int | None = connection.execute(_LAST_OF_CONTRACT, here | {"of_thread": contract}).scalar()
    return last


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
        gone=row.gone_at is not None,
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
