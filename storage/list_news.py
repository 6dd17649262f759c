"""What changed on lists that others follow: they are told of it together, some minutes after, and of what was undone not at all.

What was on a list is kept when it first changes, in the transaction of the change, and compared with what is on it when it has settled.
So every way to change a list is told of, and a change that a crash interrupts is told of after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from storage.channels import read_channel
from storage.list_told import follower_rows, on_list
from storage.records import DeliveryKind
from storage.replies import queue_reply
from storage.tables import list_told, watchlist
from storage.timetables import hold_quiet
from storage.unit import reads, writes
from storage.watch_rows import read_terms, read_watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from storage.records import Channel, Reply
    from watchers.types import Terms, Watch

_SETTLED = timedelta(minutes=3)  # without a further change
_LONGEST = timedelta(minutes=15)  # whoever goes on changing it


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNews:
    """A list that changed and is settled: what was on it, what is, and the channels that get it beside the one that keeps it."""

    watchlist_id: int
    name: str
    before: tuple[tuple[Watch, Terms], ...]
    after: tuple[tuple[Watch, Terms], ...]
    followers: tuple[Channel, ...]
    changed_at: datetime


class ListNewsStore:
    """The store's methods about telling followers."""

    _db: Database

    @reads
    def list_news(self, connection: Connection, now: datetime) -> list[ListNews]:
        """List what followers are to be told of."""
        settled = or_(list_told.c.changed_at <= now - _SETTLED, list_told.c.since <= now - _LONGEST, list_told.c.changed_at > now)
        due = select(list_told, watchlist.c.name).join(watchlist, watchlist.c.id == list_told.c.watchlist_id).where(settled)
        return [
            ListNews(
                watchlist_id=row.watchlist_id,
                name=row.name,
                before=tuple((read_watch(one["watch"], ""), read_terms(one["terms"])) for one in row.watches),
                after=on_list(connection, row.watchlist_id),
                followers=tuple(map(read_channel, follower_rows(connection, row.watchlist_id, row.changed_at))),
                changed_at=row.changed_at,
            )
            for row in connection.execute(due.order_by(list_told.c.watchlist_id)).all()
        ]

    @writes
    def tell_followers(self, connection: Connection, news: ListNews, notes: Sequence[Reply], now: datetime) -> bool:
        """Queue what followers are told of a list, after their quiet hours; False if it changed again, or another daemon told them."""
        same = delete(list_told).where(list_told.c.watchlist_id == news.watchlist_id, list_told.c.changed_at == news.changed_at)
        if not connection.execute(same).rowcount:
            return False
        for note in notes:
            queue_reply(connection, note, DeliveryKind.NOTE, None, now)
        hold_quiet(connection, [one.id for one in news.followers], now)
        return True
