"""Watches and the lists they stand in: those of the configuration, and one list of its own for every channel that added a watch.

A watch is stored once, however many lists it is in, and deleted with the last of them. Every change of what is watched raises the version
(``storage.versions``) in the same transaction.
"""

from __future__ import annotations

import secrets
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, select, update

from storage.columns import canonical
from storage.exceptions import LimitReached, NotFound
from storage.records import ChannelKind, ChannelState, ConfigChannel, ConfigWatchlist, DeliveryKind, DeliveryState, WatchRecord, channel_key
from storage.sql import PENDING, insert_new
from storage.tables import alert, channel, delivery, story_match, subscription, watch, watchlist, watchlist_watch
from storage.unit import reads, writes
from storage.versions import bump_watches, lock_watches, watches_version
from watchers.types import Organisation, Role, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database

_SUPERGROUPS = -1_000_000_000_000
MOST_WATCHES = 50  # of a channel's own
NOT_CONFIGURED = "no longer in the configuration"
NOT_WATCHED = "no longer watched"


class Watchlists:
    """The store's methods about watches."""

    _db: Database

    @reads
    def watches(self, connection: Connection) -> tuple[int, tuple[Watch, ...]]:
        """Read every distinct watch, with the version that ``save_poll`` wants back. A watch's id is its key, not a number."""
        version = watches_version(connection)
        return version, _all_watches(connection)

    @reads
    def channel_watches(self, connection: Connection, channel_id: int) -> list[WatchRecord]:
        """List what a channel watches: its own watches in the order they were added, then those of configured watchlists it gets."""
        wanted = (
            select(watch, watchlist_watch.c.created_at.label("added_at"), watchlist.c.channel_id, watchlist.c.name.label("list_name"))
            .join(watchlist_watch, watchlist_watch.c.watch_id == watch.c.id)
            .join(watchlist, watchlist.c.id == watchlist_watch.c.watchlist_id)
            .join(subscription, subscription.c.watchlist_id == watchlist.c.id)
            .where(subscription.c.channel_id == channel_id)
            .order_by(watchlist.c.channel_id.is_(None), watchlist.c.id, watchlist_watch.c.created_at, watch.c.name, watch.c.key)
        )
        rows = connection.execute(wanted)
        return [_record(row, row.added_at, None if row.channel_id is not None else row.list_name) for row in rows]

    @reads
    def shared_watch(self, connection: Connection, watch_id: int) -> WatchRecord | None:
        """Read a watch by the number that stands in a shared link. Numbers are drawn at random: they cannot be counted through."""
        row = connection.execute(select(watch).where(watch.c.id == watch_id)).one_or_none()
        return None if row is None else _record(row, row.created_at, None)

    @writes
    def sync_config(
        self, connection: Connection, watchlists: Sequence[ConfigWatchlist], channels: Sequence[ConfigChannel], now: datetime
    ) -> None:
        """Make the configured watchlists, channels and subscriptions those of the configuration. What chats set up themselves stays.

        A watch, or a channel's subscription, that is new counts from ``now``; one that was there keeps its time.
        """
        lock_watches(connection)
        before = _all_watches(connection)
        numbers = _sync_watchlists(connection, watchlists, now)
        _sync_channels(connection, channels, numbers, now)
        drop_unused_watches(connection)
        withhold_unwatched(connection, now)
        if _all_watches(connection) != before:
            bump_watches(connection)


def add_watch(connection: Connection, channel_id: int, organisation: Organisation, role: Role, now: datetime) -> None:
    """Put a watch on a channel's own list; raises LimitReached when the list is full."""
    body = {"name": organisation.name, "aliases": organisation.aliases, "identifiers": organisation.identifiers, "role": role.value}
    key = f"chat:{blake2b(canonical(body).encode(), digest_size=16).hexdigest()}"
    number, _ = _store_watch(connection, key, organisation, role, now)
    mine = own_watchlist(connection, channel_id, now)
    row = {"watchlist_id": mine, "watch_id": number, "created_at": now}
    if not insert_new(connection, watchlist_watch, row):
        return
    if len(connection.execute(select(watchlist_watch.c.watch_id).where(watchlist_watch.c.watchlist_id == mine)).all()) > MOST_WATCHES:
        raise LimitReached(f"a channel can watch {MOST_WATCHES} organisations; remove one before adding {organisation.name}")
    bump_watches(connection)


def remove_watch(connection: Connection, channel_id: int, watch_id: int, now: datetime) -> None:
    """Take a watch off a channel's own list, and withhold what waits only because of it; raises NotFound when it is not on it."""
    mine = select(watchlist.c.id).where(watchlist.c.channel_id == channel_id).scalar_subquery()
    gone = delete(watchlist_watch).where(watchlist_watch.c.watchlist_id == mine, watchlist_watch.c.watch_id == watch_id)
    if not connection.execute(gone).rowcount:
        raise NotFound("this watch is not one of the channel's own")
    withhold_unwatched(connection, now, channel_id)
    drop_unused_watches(connection, watch_id)
    bump_watches(connection)


def own_watchlist(connection: Connection, channel_id: int, now: datetime) -> int:
    """Find a channel's own watchlist, made with its subscription when first needed."""
    wanted = select(watchlist.c.id).where(watchlist.c.channel_id == channel_id)
    number = connection.execute(wanted).scalar()
    if number is None:
        row = {"slug": f"channel:{channel_id}", "name": "own", "channel_id": channel_id}
        number = connection.execute(watchlist.insert().values(**row).returning(watchlist.c.id)).scalar_one()
        connection.execute(subscription.insert().values(channel_id=channel_id, watchlist_id=number, created_at=now))
    return int(number)


def drop_unused_watches(connection: Connection, watch_id: int | None = None) -> None:
    """Delete watches that are on no list, with what was matched for them: nobody follows them any more."""
    unused = ~exists().where(watchlist_watch.c.watch_id == watch.c.id)
    connection.execute(delete(watch).where(unused) if watch_id is None else delete(watch).where(unused, watch.c.id == watch_id))


def withhold_unwatched(connection: Connection, now: datetime, channel_id: int | None = None) -> None:
    """Withhold alerts that wait for a channel which watches nothing in them any more."""
    watched = (
        select(alert.c.id)
        .join(story_match, story_match.c.story_id == alert.c.story_id)
        .join(watchlist_watch, watchlist_watch.c.watch_id == story_match.c.watch_id)
        .join(subscription, subscription.c.watchlist_id == watchlist_watch.c.watchlist_id)
        .where(alert.c.id == delivery.c.alert_id, subscription.c.channel_id == delivery.c.channel_id)
    )
    waiting = update(delivery).where(delivery.c.state == PENDING, delivery.c.kind == DeliveryKind.ALERT.value, ~watched.exists())
    if channel_id is not None:
        waiting = waiting.where(delivery.c.channel_id == channel_id)
    connection.execute(waiting.values(state=DeliveryState.WITHHELD.value, reason=NOT_WATCHED, touched_at=now, done_at=now))


def _all_watches(connection: Connection) -> tuple[Watch, ...]:
    return tuple(
        Watch(id=row.key, organisation=_organisation(row), role=Role(row.role))
        for row in connection.execute(select(watch).order_by(watch.c.key))
    )


def _store_watch(connection: Connection, key: str, organisation: Organisation, role: Role, now: datetime) -> tuple[int, bool]:
    """Find or make the watch of a key and bring its content up to date; says its number and whether it was made."""
    body: dict[str, Any] = {
        "name": organisation.name,
        "aliases": list(organisation.aliases),
        "identifiers": list(organisation.identifiers),
        "role": role.value,
    }
    row = connection.execute(select(watch).where(watch.c.key == key)).one_or_none()
    if row is None:
        number = secrets.randbelow(2**53 - 1) + 1  # a number that JSON and JavaScript keep whole
        connection.execute(watch.insert().values(id=number, key=key, created_at=now, **body))
        return number, True
    differing = {name: value for name, value in body.items() if getattr(row, name) != value}
    if differing:
        connection.execute(update(watch).where(watch.c.id == row.id).values(**differing))
    return int(row.id), False


def _sync_watchlists(connection: Connection, watchlists: Sequence[ConfigWatchlist], now: datetime) -> dict[str, int]:
    """Store the configured watchlists and drop the others; says the number of each."""
    rows = connection.execute(select(watchlist).where(watchlist.c.channel_id.is_(None)))
    stored = {row.slug.removeprefix("config:"): row for row in rows}
    numbers: dict[str, int] = {}
    used: dict[str, Watch] = {}
    for one in watchlists:
        old = stored.pop(one.id, None)
        if old is None:
            new = watchlist.insert().values(slug=f"config:{one.id}", name=one.name).returning(watchlist.c.id)
            numbers[one.id] = connection.execute(new).scalar_one()
        else:
            numbers[one.id] = old.id
            connection.execute(update(watchlist).where(watchlist.c.id == old.id).values(name=one.name))
        wanted = [_store_watch(connection, _config_key(each, used), each.organisation, each.role, now)[0] for each in one.watches]
        _set_watches(connection, numbers[one.id], wanted, now)
    if stored:
        connection.execute(delete(watchlist).where(watchlist.c.id.in_([row.id for row in stored.values()])))
    return numbers


def _config_key(one: Watch, used: dict[str, Watch]) -> str:
    """Use the configured id, numbered where one id is given to different watches (one name followed in two roles)."""
    key, count = one.id, 1
    while used.setdefault(key, one) != one:
        count += 1
        key = f"{one.id}#{count}"
    return key


def _set_watches(connection: Connection, list_id: int, wanted: Sequence[int], now: datetime) -> None:
    in_list = watchlist_watch.c.watchlist_id == list_id
    present = set(connection.execute(select(watchlist_watch.c.watch_id).where(in_list)).scalars())
    gone = present.difference(wanted)
    if gone:
        connection.execute(delete(watchlist_watch).where(in_list, watchlist_watch.c.watch_id.in_(gone)))
    rows = [{"watchlist_id": list_id, "watch_id": one, "created_at": now} for one in dict.fromkeys(wanted) if one not in present]
    if rows:
        connection.execute(watchlist_watch.insert(), rows)


def _sync_channels(connection: Connection, channels: Sequence[ConfigChannel], lists: dict[str, int], now: datetime) -> None:
    """Store the configured channels and their subscriptions; take configured subscriptions from all others."""
    of_config = select(watchlist.c.id).where(watchlist.c.channel_id.is_(None))
    wanted: set[tuple[int, int]] = set()
    for one in channels:
        number = _store_channel(connection, one, now)
        wanted |= {(number, lists[name]) for name in one.watchlists}
    rows = connection.execute(select(subscription).where(subscription.c.watchlist_id.in_(of_config))).all()
    gone = [row.id for row in rows if (row.channel_id, row.watchlist_id) not in wanted]
    if gone:
        connection.execute(delete(subscription).where(subscription.c.id.in_(gone)))
    present = {(row.channel_id, row.watchlist_id) for row in rows}
    for channel_id, list_id in sorted(wanted - present):
        connection.execute(subscription.insert().values(channel_id=channel_id, watchlist_id=list_id, created_at=now))
    keys = [_key(one) for one in channels]
    consoles = update(channel).where(channel.c.kind == ChannelKind.CONSOLE.value, channel.c.key.not_in(keys))
    connection.execute(consoles.values(state=ChannelState.SUSPENDED.value, state_reason=NOT_CONFIGURED))


def _key(one: ConfigChannel) -> str:
    return one.key if one.chat_id is None else channel_key(one.chat_id, one.thread_id)


def _store_channel(connection: Connection, one: ConfigChannel, now: datetime) -> int:
    row = connection.execute(select(channel).where(channel.c.key == _key(one))).one_or_none()
    if row is None:
        values = {
            "key": _key(one),
            "kind": one.kind.value,
            "chat_id": one.chat_id,
            "thread_id": one.thread_id,
            "title": one.title,
            "type": "console" if one.chat_id is None else chat_type(one.chat_id),
            "state": ChannelState.ACTIVE.value,
            "language": "en",
            "created_at": now,
        }
        return int(connection.execute(channel.insert().values(**values).returning(channel.c.id)).scalar_one())
    revived: dict[str, Any] = {"transient": False}
    if one.kind is ChannelKind.CONSOLE:
        revived |= {"state": ChannelState.ACTIVE.value, "state_reason": None, "title": one.title}
    connection.execute(update(channel).where(channel.c.id == row.id).values(**revived))
    return int(row.id)


def chat_type(chat_id: int) -> str:
    """Guess the type of a chat from its number, until Telegram says: people are positive, supergroups and channels begin with -100."""
    if chat_id > 0:
        return "private"
    return "supergroup" if chat_id <= _SUPERGROUPS else "group"


def _organisation(row: Row[Any]) -> Organisation:
    return Organisation(name=row.name, aliases=tuple(row.aliases), identifiers=tuple(row.identifiers))


def _record(row: Row[Any], created_at: datetime, list_name: str | None) -> WatchRecord:
    return WatchRecord(
        id=row.id, key=row.key, organisation=_organisation(row), role=Role(row.role), created_at=created_at, watchlist=list_name
    )
