"""What whoever runs the bot does from a chat: pause, say who may use it, announce; and the numbers that show who is noisy."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from storage.operator_changes import PAUSED_DELIVERIES, PAUSED_POLLING, Announce, Limits, SetLimits, SetListed, SetPause
from storage.records import ChannelKind, ChannelState, DeliveryKind, DeliveryState
from storage.sql import PENDING, insert_new
from storage.tables import alert, channel, delivery, entry, feed, inbox, meta, story
from storage.unit import reads
from storage.versions import keep_meta

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from storage.operator_changes import OperatorChange

LISTED, LIMITS = "listed", "limits"  # in meta
_LIMITS = select(meta.c.value).where(meta.c.key == LIMITS)
_OPERATING = select(meta.c.key, meta.c.value).where(meta.c.key.in_([PAUSED_DELIVERIES, PAUSED_POLLING, LISTED, LIMITS]))  # at every command
_PAUSED = select(meta.c.value).where(meta.c.key == PAUSED_DELIVERIES)
_RANK = 1  # answers go before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """How the bot is run: what rests, who may use it, and how much there may be."""

    paused_deliveries: bool
    paused_polling: bool
    listed: frozenset[int] | None
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How much was told since a time: (chat, messages) and (feed, alerts), the most first."""

    chats: tuple[tuple[int, int], ...]
    feeds: tuple[tuple[str, int], ...]


class Operation:
    """The store's methods for whoever runs the bot."""

    _db: Database

    @reads
    def operating(self, connection: Connection) -> Operating:
        """Read how the bot is run."""
        kept = {row.key: row.value for row in connection.execute(_OPERATING)}
        listed = kept.get(LISTED)
        return Operating(
            paused_deliveries=bool(kept.get(PAUSED_DELIVERIES)),
            paused_polling=bool(kept.get(PAUSED_POLLING)),
            listed=frozenset(json.loads(listed)) if listed else None,
            limits=_limits(kept.get(LIMITS)),
        )

    @reads
    def given_up(self, connection: Connection, since: datetime) -> tuple[int, int]:
        """Count messages that were refused though their chat can be told, and updates that could not be handled, since a time."""
        refused = (
            select(func.count())
            .select_from(delivery.join(channel, channel.c.id == delivery.c.channel_id))
            .where(delivery.c.state == DeliveryState.FAILED.value, delivery.c.done_at >= since)
            .where(channel.c.state == ChannelState.ACTIVE.value)
        )
        unread = select(func.count()).where(inbox.c.state == "failed", inbox.c.done_at >= since)
        return connection.execute(refused).scalar_one(), connection.execute(unread).scalar_one()

    @reads
    def stuck_since(self, connection: Connection, before: datetime) -> datetime | None:
        """Say since when the oldest message waits that should have gone out before a time; what waits for a chat's own hour does not."""
        late = select(func.min(delivery.c.created_at)).join(channel, channel.c.id == delivery.c.channel_id)
        due = (delivery.c.state == PENDING, delivery.c.rank <= _RANK, delivery.c.created_at < before)
        return connection.execute(late.where(*due, channel.c.state == ChannelState.ACTIVE.value)).scalar()

    @reads
    def noise(self, connection: Connection, since: datetime, *, most: int = 5) -> Noise:
        """Count messages and alerts since a time. Numbers only: nothing of what anybody watches."""
        told = func.count()
        chats = (
            select(channel.c.chat_id, told)
            .select_from(delivery.join(channel, channel.c.id == delivery.c.channel_id))
            .where(delivery.c.state == DeliveryState.SENT.value, delivery.c.done_at >= since, channel.c.chat_id.is_not(None))
            .group_by(channel.c.chat_id)
            .order_by(told.desc(), channel.c.chat_id)
        )
        raised = (
            alert.join(story, story.c.id == alert.c.story_id)
            .join(entry, entry.c.id == story.c.evidence_entry_id)
            .join(feed, feed.c.id == entry.c.feed_id)
        )
        feeds = (
            select(feed.c.name, told)
            .select_from(raised)
            .where(alert.c.created_at >= since)
            .group_by(feed.c.id, feed.c.name)
            .order_by(told.desc(), feed.c.id)
        )
        return Noise(
            chats=tuple((row[0], row[1]) for row in connection.execute(chats.limit(most))),
            feeds=tuple((row[0], row[1]) for row in connection.execute(feeds.limit(most))),
        )


def deliveries_paused(connection: Connection) -> bool:
    return bool(connection.execute(_PAUSED).scalar())


def limits(connection: Connection) -> Limits:
    """Read how much there may be."""
    return _limits(connection.execute(_LIMITS).scalar())


def _limits(kept: str | None) -> Limits:
    return Limits(**json.loads(kept)) if kept else Limits()


def operate(connection: Connection, change: OperatorChange, now: datetime) -> None:
    """Make one change of whoever runs the bot."""
    match change:
        case SetPause():
            keep_meta(connection, change.what, "yes" if change.paused else "")
        case SetListed():
            keep_meta(connection, LISTED, "" if change.listed is None else json.dumps(sorted(change.listed)))
        case SetLimits():
            keep_meta(connection, LIMITS, json.dumps(asdict(change.limits)))
        case Announce():
            _announce(connection, change, now)


def _announce(connection: Connection, change: Announce, now: datetime) -> None:
    """Queue it for one channel of each chat: the chat itself where that is set up, else the first of its topics."""
    able = (channel.c.kind == ChannelKind.TELEGRAM.value, channel.c.state == ChannelState.ACTIVE.value, ~channel.c.transient)
    chats: dict[int, int] = {}
    places = select(channel.c.id, channel.c.chat_id).where(*able).order_by(channel.c.thread_id.is_not(None), channel.c.id)
    for row in connection.execute(places):
        chats.setdefault(row.chat_id, row.id)
    for number in chats.values():
        note = {
            "channel_id": number,
            "kind": DeliveryKind.NOTE.value,
            "rank": _RANK,
            "dedup_key": f"announcement:{change.number}:{number}",
            "payload": {"text": change.text, "buttons": []},
            "state": DeliveryState.PENDING.value,
            "not_before": now,
            "created_at": now,
            "touched_at": now,
        }
        insert_new(connection, delivery, note)
