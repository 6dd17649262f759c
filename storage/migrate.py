"""A group that becomes a supergroup gets another id. Everything it set up goes on under the new one, merged with what is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from storage.place_tables import mute
from storage.records import DeliveryState, channel_key
from storage.returning import revive
from storage.sql import PENDING, SENDING, insert_or_ignore, upsert
from storage.tables import channel, delivery, draft, named_watchlist, subscription, watchlist, watchlist_watch
from storage.timetables import merge_timetables
from storage.watchlists import own_watchlist

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row


def migrate_chat(connection: Connection, old_chat_id: int, new_chat_id: int, now: datetime) -> None:
    """Move the channels of a chat and of its topics to its new id. Telegram says it twice; the second time nothing is left to move."""
    if old_chat_id == new_chat_id:
        return
    connection.execute(update(draft).where(draft.c.chat_id == old_chat_id).values(chat_id=new_chat_id))
    for row in connection.execute(select(channel).where(channel.c.chat_id == old_chat_id)).all():
        key = channel_key(new_chat_id, row.thread_id)
        there = connection.execute(select(channel.c.id).where(channel.c.key == key)).scalar()
        # Messages do not keep their numbers in the new chat: what was sent can no longer be edited.
        sent = update(delivery).where(delivery.c.channel_id == row.id, delivery.c.message_id.is_not(None))
        connection.execute(sent.values(message_id=None, stale=False))
        if there is None:
            values = {"chat_id": new_chat_id, "key": key, "type": "supergroup", "not_before": None}
            connection.execute(update(channel).where(channel.c.id == row.id).values(**values))
            revive(connection, row, now)
        else:
            _merge(connection, row, int(there), now)


def _merge(connection: Connection, old: Row[Any], new: int, now: datetime) -> None:
    connection.execute(update(channel).where(channel.c.id == new).values(transient=old.transient, kinds=old.kinds))
    revive(connection, connection.execute(select(channel).where(channel.c.id == new)).one(), now)
    _merge_watches(connection, old.id, new, now)
    connection.execute(update(named_watchlist).where(named_watchlist.c.channel_id == old.id).values(channel_id=new))
    for row in connection.execute(select(subscription).where(subscription.c.channel_id == old.id)).all():
        own = connection.execute(select(watchlist.c.channel_id).where(watchlist.c.id == row.watchlist_id)).scalar()
        if own is None:
            values = {"channel_id": new, "watchlist_id": row.watchlist_id, "created_at": row.created_at}
            connection.execute(insert_or_ignore(connection, subscription).values(**values, rhythm=row.rhythm))
    _merge_mutes(connection, old.id, new)
    _merge_deliveries(connection, old.id, new)
    merge_timetables(connection, old.id, new)
    connection.execute(delete(channel).where(channel.c.id == old.id))


def _merge_watches(connection: Connection, old: int, new: int, now: datetime) -> None:
    """Watches keep the time they were first added: what matched since is still owed."""
    theirs = select(watchlist_watch).join(watchlist, watchlist.c.id == watchlist_watch.c.watchlist_id).where(watchlist.c.channel_id == old)
    rows = connection.execute(theirs).mappings().all()
    if not rows:
        return
    mine = own_watchlist(connection, new, now)
    of_old = select(subscription.c.created_at).join(watchlist, watchlist.c.id == subscription.c.watchlist_id)
    since = connection.execute(of_old.where(watchlist.c.channel_id == old)).scalar_one()
    earlier = update(subscription).where(subscription.c.watchlist_id == mine, subscription.c.created_at > since)
    connection.execute(earlier.values(created_at=since))
    values = [{**row, "watchlist_id": mine} for row in rows]
    added = upsert(connection, watchlist_watch)
    first = {"set_": {"created_at": added.excluded.created_at}, "where": added.excluded.created_at < watchlist_watch.c.created_at}
    connection.execute(added.on_conflict_do_update(index_elements=["watchlist_id", "watch_id"], **first), values)


def _merge_mutes(connection: Connection, old: int, new: int) -> None:
    """Move what is muted; where both muted the same, it is for as long as the new one says."""
    known = select(_theirs.c.id).where(_theirs.c.channel_id == new, _theirs.c.kind == mute.c.kind, _theirs.c.target == mute.c.target)
    connection.execute(update(mute).where(mute.c.channel_id == old, ~known.exists()).values(channel_id=new))


_theirs = mute.alias("theirs")


def _merge_deliveries(connection: Connection, old: int, new: int) -> None:
    """Move what the new channel does not have yet. Only one may be under way there, so one that is under way here becomes uncertain."""
    of_old = delivery.c.channel_id == old
    unknown = update(delivery).where(of_old, delivery.c.state == SENDING)
    connection.execute(unknown.values(state=DeliveryState.PENDING.value, maybe_sent=True, owner=None, lease_until=None))
    doubled = select(delivery.c.alert_id).where(delivery.c.channel_id == new, delivery.c.alert_id.is_not(None))
    connection.execute(delete(delivery).where(of_old, delivery.c.alert_id.in_(doubled), delivery.c.state == PENDING))
    connection.execute(
        update(delivery).where(of_old, (delivery.c.alert_id.is_(None)) | delivery.c.alert_id.not_in(doubled)).values(channel_id=new)
    )
