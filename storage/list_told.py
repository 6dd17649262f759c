"""What the followers of a list were told is on it: kept when it first changes, in the transaction of the change (``storage.list_news``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from storage.tables import channel, list_told, named_watchlist, subscription, watch, watchlist_watch
from storage.watch_rows import read_terms, read_watch, terms_body, watch_body

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from watchers.types import Terms, Watch


def keep_told(connection: Connection, list_id: int, now: datetime) -> None:
    """Keep what is on a list that is about to change, unless it is kept since an earlier change, or nobody follows it."""
    here = list_told.c.watchlist_id == list_id
    if connection.execute(update(list_told).where(here).values(changed_at=now)).rowcount or not follower_rows(connection, list_id, now):
        return
    told = [{"watch": watch_body(one), "terms": terms_body(terms)} for one, terms in on_list(connection, list_id)]
    connection.execute(list_told.insert().values(watchlist_id=list_id, watches=told, since=now, changed_at=now))


def on_list(connection: Connection, list_id: int) -> tuple[tuple[Watch, Terms], ...]:
    """Read the watches on a list with their terms, without the ids that they are stored under."""
    item: list[Any] = [one for one in watchlist_watch.c if one.name not in ("created_at", "watchlist_id", "watch_id")]
    found = select(watch, *item).join(watchlist_watch, watchlist_watch.c.watch_id == watch.c.id)
    rows = connection.execute(found.where(watchlist_watch.c.watchlist_id == list_id).order_by(watch.c.name, watch.c.key))
    return tuple((read_watch(row, ""), read_terms(row)) for row in rows)


def follower_rows(connection: Connection, list_id: int, before: datetime) -> Sequence[Row[Any]]:
    """Read the channels that got a list before a time beside the one that keeps it."""
    found = (
        select(channel)
        .join(subscription, subscription.c.channel_id == channel.c.id)
        .join(named_watchlist, named_watchlist.c.watchlist_id == subscription.c.watchlist_id)
        .where(named_watchlist.c.watchlist_id == list_id, named_watchlist.c.channel_id != channel.c.id)
        .where(subscription.c.created_at < before)
        .order_by(channel.c.id)
    )
    return connection.execute(found).all()
