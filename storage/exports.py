"""All that is kept about a chat, as plain structures: every row of every table that names it.

The rows are found by the columns that name a chat, so a table that is added later is in the file without a word here. What a row names by
a number that another database would not know is named beside it (``of``), so that ``RestoreSettings`` finds it again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from storage.alert_changes import MuteKind
from storage.exceptions import NotFound
from storage.metadata import metadata
from storage.place_tables import mute
from storage.restoring import name_of, what_is_muted
from storage.tables import channel, named_watchlist, subscription, watchlist
from storage.unit import reads

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, RowMapping, Table
    from sqlalchemy.engine import Connection

    from storage.engine import Database


class Exports:
    """The store's method that hands out what is kept about a chat."""

    _db: Database

    @reads
    def kept(self, connection: Connection, channel_id: int) -> dict[str, list[dict[str, Any]]]:
        """Read every row about a channel, by table; what it watches is ``channel_watches``. NotFound."""
        row = connection.execute(select(channel).where(channel.c.id == channel_id)).one_or_none()
        if row is None:
            raise NotFound("there is no such channel")
        rows = {"channel": [_plain(row._asdict())]}
        for table in metadata.sorted_tables:
            here = _about(table, channel_id, row.chat_id)
            found = [] if here is None else connection.execute(select(table).where(here)).mappings().all()
            if found:
                rows[table.name] = [_plain(dict(one)) | _named(connection, table, one) for one in found]
        return rows


def _about(table: Table, channel_id: int, chat_id: int | None) -> ColumnElement[bool] | None:
    """Which rows of a table are about the channel; None for one that names none."""
    if table is channel:
        return None
    if "channel_id" in table.c:
        return table.c.channel_id == channel_id
    return table.c.chat_id == chat_id if "chat_id" in table.c else None


def _named(connection: Connection, table: Table, row: RowMapping) -> dict[str, Any]:
    """What a row is about, in words that hold elsewhere: of a subscription the list, of a list its places, of a mute what is muted."""
    if table is subscription:
        on_it = connection.execute(select(watchlist).where(watchlist.c.id == row["watchlist_id"])).one()
        return {"of": {"list": name_of(on_it)}}
    if table is named_watchlist:
        on_it = connection.execute(select(watchlist).where(watchlist.c.id == row["watchlist_id"])).one()
        return {"of": {"list": name_of(on_it), "told": _told(connection, row)}}
    if table is not mute:
        return {}
    return {"of": what_is_muted(connection, MuteKind(row["kind"]), row["target"])}


def _told(connection: Connection, kept: RowMapping) -> list[dict[str, Any]]:
    """Where a list is told: in places that are its keeper's own, the same chat and chats that this person set up. Not its followers."""
    keeper = select(channel.c.chat_id).where(channel.c.id == kept["channel_id"]).scalar_subquery()
    places = select(channel.c.chat_id, channel.c.thread_id, subscription.c.rhythm).join(subscription)
    here = places.where(subscription.c.watchlist_id == kept["watchlist_id"], keeper.in_([channel.c.chat_id, channel.c.added_by]))
    return [dict(one) for one in connection.execute(here.order_by(channel.c.id)).mappings()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it; times in ISO 8601."""
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
