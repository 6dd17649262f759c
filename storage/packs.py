"""Ready-made watchlists: kept as soon as somebody follows one, and always as the version that runs ships them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from storage.sql import insert_new
from storage.tables import subscription, watch, watchlist, watchlist_watch
from storage.unit import writes
from storage.versions import bump_watches, lock_watches
from storage.watchlists import add_watches, drop_unused_watches, key_of, withhold_unwatched
from watchers.types import DEFAULT_TERMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from storage.list_changes import Pack

PACK = "pack:%"  # slugs
_FOLLOWED = exists().where(subscription.c.watchlist_id == watchlist.c.id)


class Packs:
    """The store's methods about ready-made watchlists."""

    _db: Database

    @writes
    def sync_packs(self, connection: Connection, packs: Sequence[Pack], now: datetime) -> None:
        """Make those that somebody follows what is shipped now. One that is shipped no more stays with who follows it."""
        lock_watches(connection)
        drop_unfollowed(connection)
        kept = {row.slug for row in connection.execute(select(watchlist.c.slug).where(watchlist.c.slug.like(PACK)))}
        for pack in packs:
            if _slug(pack) in kept:
                keep_pack(connection, pack, now)
        withhold_unwatched(connection, now)
        drop_unused_watches(connection)


def drop_unfollowed(connection: Connection) -> None:
    """Delete what nobody follows any more: its watches would be looked for in vain."""
    connection.execute(delete(watchlist).where(watchlist.c.slug.like(PACK), ~_FOLLOWED))


def _slug(pack: Pack) -> str:
    return f"pack:{pack.id}"


def keep_pack(connection: Connection, pack: Pack, now: datetime) -> int:
    """Store a ready-made watchlist as it ships, unless it is so already; says its number."""
    insert_new(connection, watchlist, {"slug": _slug(pack), "name": pack.name})
    connection.execute(update(watchlist).where(watchlist.c.slug == _slug(pack)).values(name=pack.name))
    number = int(connection.execute(select(watchlist.c.id).where(watchlist.c.slug == _slug(pack))).scalar_one())
    add_watches(connection, number, [(one, DEFAULT_TERMS) for one in pack.watches], now)
    others = select(watch.c.id).where(watch.c.key.not_in([key_of(one) for one in pack.watches]))
    gone = delete(watchlist_watch).where(watchlist_watch.c.watchlist_id == number, watchlist_watch.c.watch_id.in_(others))
    if connection.execute(gone).rowcount:
        bump_watches(connection)
    return number
