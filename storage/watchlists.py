"""Watches and the lists they stand on: those of the configuration, a nameless one of every channel that added a watch, and named ones.

A watch is stored once, however many lists it is in, and deleted with the last of them. Every change of what is watched raises the version
(``storage.versions``) in the same transaction.
"""

from __future__ import annotations

import secrets
from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, delete, exists, func, literal, or_, select, update

from storage.exceptions import LimitReached, NotFound
from storage.operating import limits
from storage.records import ChannelKind, ChannelState, ConfigChannel, ConfigWatchlist, DeliveryKind, DeliveryState, WatchRecord, channel_key
from storage.sql import PENDING, chunks, insert_many, wanted
from storage.tables import alert, channel, delivery, named_watchlist, story, story_match, subscription, watch, watchlist, watchlist_watch
from storage.unit import reads, writes
from storage.versions import bump_watches, lock_watches, watches_version
from storage.watch_rows import digest_text, kinds_text, read_terms, read_watch, terms_body, watch_body
from watchers.types import Role, Terms, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database

_SUPERGROUPS = -1_000_000_000_000
_CONFIGURED = "config:%"  # slugs
ON_LIST = (  # a watch with its terms, as ``record_of`` reads them
    *watch.c,
    *(column for column in watchlist_watch.c if column.name != "created_at"),
    watchlist_watch.c.created_at.label("added_at"),
)
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
        """List what a channel watches: its own watches in the order they were added, then those of other lists it keeps or gets."""
        own = watchlist.c.channel_id.is_not(None)
        gets = select(subscription.c.watchlist_id).where(subscription.c.channel_id == channel_id)
        keeps = select(named_watchlist.c.watchlist_id).where(named_watchlist.c.channel_id == channel_id)
        found = (
            select(*ON_LIST, watchlist.c.name.label("list_name"), own.label("own"), named_watchlist.c.channel_id.label("keeper"))
            .join(watchlist_watch, watchlist_watch.c.watch_id == watch.c.id)
            .join(watchlist, watchlist.c.id == watchlist_watch.c.watchlist_id)
            .outerjoin(named_watchlist, named_watchlist.c.watchlist_id == watchlist.c.id)
            .where(watchlist.c.id.in_(gets.union(keeps)))
            .order_by(~own, watchlist.c.id, watchlist_watch.c.created_at, watch.c.name, watch.c.key)
        )
        return [
            record_of(row, None if row.own else row.list_name, mine=row.own or row.keeper == channel_id)
            for row in connection.execute(found)
        ]

    @reads
    def shared_watch(self, connection: Connection, watch_id: int) -> WatchRecord | None:
        """Read a watch by the number that stands in a shared link. Numbers are drawn at random: they cannot be counted through."""
        row = connection.execute(select(watch).where(watch.c.id == watch_id)).one_or_none()
        if row is None:
            return None
        return WatchRecord(id=row.id, key=row.key, watch=read_watch(row, row.key), created_at=row.created_at, mine=False)

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


def add_watches(connection: Connection, list_id: int, wishes: Sequence[tuple[Watch, Terms]], now: datetime) -> None:
    """Put watches on a list, and give those that are there these terms; raises LimitReached when the list is full.

    All at once, in a few statements: one by one took 2 ms each, and while somebody's 3,500 were imported nobody else was answered.
    """
    asked = {key_of(one): (one, terms) for one, terms in wishes}
    numbers = _store_watches(connection, {key: one for key, (one, _) in asked.items()}, now)
    present = _on_list(connection, list_id, list(numbers.values()))
    new = [one for key, (one, _) in asked.items() if numbers[key] not in present]
    if new:
        most = limits(connection).watches
        on_it = select(func.count()).where(watchlist_watch.c.watchlist_id == list_id)
        room = max(0, most - connection.execute(on_it).scalar_one())
        if len(new) > room:
            raise LimitReached(f"a watchlist can hold {most} watches; remove one before adding {new[room].name or 'another'}")
        bump_watches(connection)
    _put(connection, list_id, {numbers[key]: terms for key, (_, terms) in asked.items()}, present, now)


def key_of(one: Watch) -> str:
    """Name a watch that is not configured by what it asks for."""
    return f"chat:{blake2b(digest_text(one).encode(), digest_size=16).hexdigest()}"


def set_terms(connection: Connection, list_id: int, watch_id: int, terms: Terms, now: datetime) -> None:
    """Tell other things of a watch than before, and withhold what waits and is not wanted any more; NotFound when it is not on the list."""
    here = (watchlist_watch.c.watchlist_id == list_id) & (watchlist_watch.c.watch_id == watch_id)
    if not connection.execute(update(watchlist_watch).where(here).values(**terms_body(terms))).rowcount:
        raise NotFound("this watch is not on the list")
    withhold_unwatched(connection, now, unwanted=True)


def replace_watch(connection: Connection, list_id: int, watch_id: int, one: Watch, now: datetime) -> None:
    """Put another watch in the place of one, with its terms and its time; raises NotFound when it is not on the list."""
    (number,) = _store_watches(connection, {key_of(one): one}, now).values()
    if number == watch_id:
        return
    on_list = watchlist_watch.c.watchlist_id == list_id
    here = on_list & (watchlist_watch.c.watch_id == watch_id)
    present = connection.execute(select(watchlist_watch.c.watch_id).where(on_list, watchlist_watch.c.watch_id == number)).scalar()
    moved = delete(watchlist_watch).where(here) if present else update(watchlist_watch).where(here).values(watch_id=number)
    if not connection.execute(moved).rowcount:
        raise NotFound("this watch is not on the list")
    _keep_matches(connection, watch_id, number, one.role)
    withhold_unwatched(connection, now)
    drop_unused_watches(connection, watch_id)
    bump_watches(connection)


def _keep_matches(connection: Connection, old: int, new: int, role: Role) -> None:
    """Count what was found for a watch as found for the one in its place, where the part fits: an alert may wait because of it."""
    columns = [column for column in story_match.c if column.name != "watch_id"]
    known = select(story_match.c.story_id).where(story_match.c.watch_id == new)
    found = select(literal(new, BigInteger), *columns).where(story_match.c.watch_id == old, story_match.c.story_id.not_in(known))
    if role is not Role.EITHER:
        found = found.where(story_match.c.role == role.value)
    connection.execute(story_match.insert().from_select(["watch_id", *(column.name for column in columns)], found))


def remove_watch(connection: Connection, list_id: int, watch_id: int, now: datetime) -> None:
    """Take a watch off a list, and withhold what waits only because of it; raises NotFound when it is not on it."""
    gone = delete(watchlist_watch).where(watchlist_watch.c.watchlist_id == list_id, watchlist_watch.c.watch_id == watch_id)
    if not connection.execute(gone).rowcount:
        raise NotFound("this watch is not one of the channel's own")
    withhold_unwatched(connection, now)
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


def withhold_unwatched(connection: Connection, now: datetime, *, unwanted: bool = False) -> None:
    """Withhold alerts that wait for a channel which watches nothing in them any more; ``unwanted``: or wants to be told of none of it.

    A correction of what was told is owed whatever is wanted now.
    """
    watched = (
        select(alert.c.id)
        .join(story, story.c.id == alert.c.story_id)
        .join(story_match, story_match.c.story_id == story.c.id)
        .join(watchlist_watch, watchlist_watch.c.watch_id == story_match.c.watch_id)
        .join(subscription, subscription.c.watchlist_id == watchlist_watch.c.watchlist_id)
        .where(alert.c.id == delivery.c.alert_id, subscription.c.channel_id == delivery.c.channel_id)
    )
    if unwanted:
        watched = watched.where(or_(wanted(), alert.c.reason != "new"))
    waiting = update(delivery).where(delivery.c.state == PENDING, delivery.c.kind == DeliveryKind.ALERT.value, ~watched.exists())
    connection.execute(waiting.values(state=DeliveryState.WITHHELD.value, reason=NOT_WATCHED, touched_at=now, done_at=now))


def record_of(row: Row[*tuple[Any, ...]], name: str | None, *, mine: bool) -> WatchRecord:
    """Read a watch on a list of this name."""
    return WatchRecord(
        id=row.id,
        key=row.key,
        watch=read_watch(row, row.key),
        created_at=row.added_at,
        terms=read_terms(row),
        list_id=row.watchlist_id,
        watchlist=name,
        mine=mine,
    )


def _all_watches(connection: Connection) -> tuple[Watch, ...]:
    return tuple(read_watch(row, row.key) for row in connection.execute(select(watch).order_by(watch.c.key)))


def _store_watches(connection: Connection, watches: Mapping[str, Watch], now: datetime) -> dict[str, int]:
    """Find or make the watches under their keys and bring their content up to date; says the number of each."""
    numbers: dict[str, int] = {}
    bodies = {key: watch_body(one) for key, one in watches.items()}
    for some in chunks(list(watches)):
        for row in connection.execute(select(watch).where(watch.c.key.in_(some))):
            numbers[row.key] = row.id
            differing = {name: value for name, value in bodies[row.key].items() if getattr(row, name) != value}
            if differing:
                connection.execute(update(watch).where(watch.c.id == row.id).values(**differing))
    # Numbers that JSON and JavaScript keep whole.
    rows = [
        {"id": secrets.randbelow(2**53 - 1) + 1, "key": key, "created_at": now, **body}
        for key, body in bodies.items()
        if key not in numbers
    ]
    if rows:
        insert_many(connection, watch, rows)
    return numbers | {row["key"]: row["id"] for row in rows}


def _on_list(connection: Connection, list_id: int, numbers: Sequence[int]) -> dict[int, Terms]:
    """Say which of the watches are on a list, and on which terms."""
    of_list = select(watchlist_watch).where(watchlist_watch.c.watchlist_id == list_id)
    found = (connection.execute(of_list.where(watchlist_watch.c.watch_id.in_(some))) for some in chunks(numbers))
    return {row.watch_id: read_terms(row) for rows in found for row in rows}


def _put(connection: Connection, list_id: int, asked: Mapping[int, Terms], present: Mapping[int, Terms], now: datetime) -> None:
    """Put watches on a list where some are ``present``, which get the terms asked for."""
    rows = [
        {"watchlist_id": list_id, "watch_id": one, "created_at": now, **terms_body(terms)}
        for one, terms in asked.items()
        if one not in present
    ]
    if rows:
        insert_many(connection, watchlist_watch, rows)
    changed = [{"of_watch": one, **terms_body(terms)} for one, terms in asked.items() if present.get(one, terms) != terms]
    if changed:
        here = (watchlist_watch.c.watchlist_id == list_id) & (watchlist_watch.c.watch_id == bindparam("of_watch"))
        connection.execute(update(watchlist_watch).where(here), changed)
        withhold_unwatched(connection, now, unwanted=True)


def _sync_watchlists(connection: Connection, watchlists: Sequence[ConfigWatchlist], now: datetime) -> dict[str, int]:
    """Store the configured watchlists and drop the others; says the number of each."""
    rows = connection.execute(select(watchlist).where(watchlist.c.slug.like(_CONFIGURED)))
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
        asked = {
            _config_key(each, used): (each, terms)
            for each, terms in zip_longest(one.watches, one.terms, fillvalue=Terms())
            if isinstance(each, Watch)
        }
        found = _store_watches(connection, {key: each for key, (each, _) in asked.items()}, now)
        _set_watches(connection, numbers[one.id], {found[key]: terms for key, (_, terms) in asked.items()}, now)
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


def _set_watches(connection: Connection, list_id: int, on_list: Mapping[int, Terms], now: datetime) -> None:
    in_list = watchlist_watch.c.watchlist_id == list_id
    present = {row.watch_id: read_terms(row) for row in connection.execute(select(watchlist_watch).where(in_list))}
    gone = present.keys() - on_list.keys()
    if gone:
        connection.execute(delete(watchlist_watch).where(in_list, watchlist_watch.c.watch_id.in_(gone)))
    _put(connection, list_id, on_list, present, now)


def _sync_channels(connection: Connection, channels: Sequence[ConfigChannel], lists: dict[str, int], now: datetime) -> None:
    """Store the configured channels and their subscriptions; take configured subscriptions from all others."""
    of_config = select(watchlist.c.id).where(watchlist.c.slug.like(_CONFIGURED))
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
    asked = {} if one.events is None else {"kinds": kinds_text(one.events)}
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
            **asked,
        }
        return int(connection.execute(channel.insert().values(**values).returning(channel.c.id)).scalar_one())
    revived: dict[str, Any] = {"transient": False, **asked}
    if one.kind is ChannelKind.CONSOLE:
        revived |= {"state": ChannelState.ACTIVE.value, "state_reason": None, "title": one.title}
    connection.execute(update(channel).where(channel.c.id == row.id).values(**revived))
    return int(row.id)


def chat_type(chat_id: int) -> str:
    """Guess the type of a chat from its number, until Telegram says: people are positive, supergroups and channels begin with -100."""
    if chat_id > 0:
        return "private"
    return "supergroup" if chat_id <= _SUPERGROUPS else "group"
