"""Watchlists with names: a channel keeps several, shares them by a token that cannot be guessed, and others follow or copy them.

Whoever follows gets the list itself, so its owner's changes are theirs in the same moment. A list ends with the channel that keeps it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, false, func, select, update

from storage.channels import read_channel
from storage.exceptions import LimitReached, NameTaken, NotFound
from storage.list_changes import (
    AddWatchlist,
    CopyWatchlist,
    DeleteWatchlist,
    FollowPack,
    FollowWatchlist,
    PutDraft,
    RenameWatchlist,
    ReplaceWatch,
    RouteWatchlist,
    SetTerms,
    ShareWatchlist,
    TakeDraft,
    UnfollowWatchlist,
)
from storage.list_told import keep_told
from storage.operating import limits
from storage.packs import PACK, drop_unfollowed, keep_pack
from storage.records import WatchlistRecord, WatchRecord, channel_key
from storage.sql import insert_new
from storage.tables import channel, draft, named_watchlist, subscription, watch, watchlist, watchlist_watch
from storage.unit import reads
from storage.versions import bump_watches
from storage.watchlists import (
    ON_LIST,
    add_watches,
    drop_unused_watches,
    own_watchlist,
    record_of,
    replace_watch,
    set_terms,
    withhold_unwatched,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from storage.list_changes import ListChange
    from storage.records import Channel


class NamedWatchlists:
    """The store's methods about watchlists with names, and drafts."""

    _db: Database

    @reads
    def watchlists(self, connection: Connection, channel_id: int) -> list[WatchlistRecord]:
        """List the watchlists with names that a channel keeps, then those that it follows, each by name."""
        size = select(func.count()).where(watchlist_watch.c.watchlist_id == watchlist.c.id).scalar_subquery()
        others = (
            select(func.count())
            .where(subscription.c.watchlist_id == watchlist.c.id, subscription.c.channel_id != channel_id)
            .scalar_subquery()
        )
        mine = func.coalesce(named_watchlist.c.channel_id == channel_id, false())
        keeps = (mine.label("mine"), named_watchlist.c.token, size.label("size"), others.label("others"))
        gets = select(subscription.c.watchlist_id).where(subscription.c.channel_id == channel_id)
        found = (
            select(watchlist.c.id, watchlist.c.name, *keeps)
            .outerjoin(named_watchlist, named_watchlist.c.watchlist_id == watchlist.c.id)
            .where(mine | (watchlist.c.id.in_(gets) & (named_watchlist.c.watchlist_id.is_not(None) | watchlist.c.slug.like(PACK))))
            .order_by(~mine, watchlist.c.name, watchlist.c.id)
        )
        return [
            WatchlistRecord(
                id=row.id,
                name=row.name,
                watches=row.size,
                mine=bool(row.mine),
                token=row.token if row.mine else None,
                followers=row.others if row.mine else 0,
            )
            for row in connection.execute(found)
        ]

    @reads
    def shared_watchlist(self, connection: Connection, token: str) -> tuple[WatchlistRecord, list[WatchRecord]] | None:
        """Read a watchlist by the token of its link, with all that is on it; None when nothing is shared under it (any more)."""
        found = (
            select(watchlist.c.id, watchlist.c.name)
            .join(named_watchlist, named_watchlist.c.watchlist_id == watchlist.c.id)
            .where(named_watchlist.c.token == token)
        )
        row = connection.execute(found).one_or_none()
        if row is None:
            return None
        on_it = (
            select(*ON_LIST)
            .join(watchlist_watch, watchlist_watch.c.watch_id == watch.c.id)
            .where(watchlist_watch.c.watchlist_id == row.id)
            .order_by(watchlist_watch.c.created_at, watch.c.name, watch.c.key)
        )
        watches = [record_of(one, row.name, mine=False) for one in connection.execute(on_it)]
        return WatchlistRecord(id=row.id, name=row.name, watches=len(watches), mine=False), watches

    @reads
    def followers(self, connection: Connection, watchlist_id: int) -> list[Channel]:
        """List the channels that get a watchlist with a name beside the one that keeps it: whoever changes it lets them know."""
        found = (
            select(channel)
            .join(subscription, subscription.c.channel_id == channel.c.id)
            .join(named_watchlist, named_watchlist.c.watchlist_id == subscription.c.watchlist_id)
            .where(named_watchlist.c.watchlist_id == watchlist_id, named_watchlist.c.channel_id != channel.c.id)
            .order_by(channel.c.id)
        )
        return [read_channel(row) for row in connection.execute(found)]

    @reads
    def told(self, connection: Connection, watchlist_id: int) -> frozenset[int]:
        """Say which channels are told what a watchlist brings: its followers, and its keeper unless it is told elsewhere only."""
        found = select(subscription.c.channel_id).where(subscription.c.watchlist_id == watchlist_id)
        return frozenset(connection.execute(found).scalars())

    @reads
    def draft(self, connection: Connection, chat_id: int, draft_id: int, now: datetime) -> dict[str, Any] | None:
        """Read what somebody in this chat was asked to confirm; None when that was answered, or is too long ago."""
        here = (draft.c.id == draft_id) & (draft.c.chat_id == chat_id) & (draft.c.expires_at > now)
        body: dict[str, Any] | None = connection.execute(select(draft.c.body).where(here)).scalar()
        return body


def change_lists(connection: Connection, change: ListChange, now: datetime) -> None:
    """Make one change of watches on lists, of watchlists with names, or of a draft."""
    if isinstance(change, PutDraft | TakeDraft):
        _change_draft(connection, change, now)
        return
    mine = channel_number(connection, change.chat_id, change.thread_id)
    match change:
        case AddWatchlist():
            add_watches(connection, _add(connection, mine, change.name, now), change.watches, now)
        case SetTerms() | ReplaceWatch() | RenameWatchlist() | DeleteWatchlist() | ShareWatchlist():
            _change_own(connection, mine, change, now)
        case FollowWatchlist():
            _follow(connection, mine, _shared(connection, change.token), now)
        case FollowPack():
            _follow(connection, mine, keep_pack(connection, change.pack, now), now)
        case UnfollowWatchlist():
            _unfollow(connection, mine, change.watchlist_id, now)
        case RouteWatchlist():
            _route(connection, mine, change, now)
        case CopyWatchlist():
            _copy(connection, _got(connection, mine, change.watchlist_id), _add(connection, mine, change.name, now), now)


def _change_own(
    connection: Connection, mine: int, change: SetTerms | ReplaceWatch | RenameWatchlist | DeleteWatchlist | ShareWatchlist, now: datetime
) -> None:
    if isinstance(change, SetTerms | ReplaceWatch):
        _change_watch(connection, changing_list(connection, mine, change.watchlist_id, now), change, now)
        return
    number = _list_of(connection, mine, change.watchlist_id, now)
    match change:
        case RenameWatchlist():
            _require_free(connection, mine, change.name, but=number)
            connection.execute(update(watchlist).where(watchlist.c.id == number).values(name=change.name))
        case DeleteWatchlist():
            _end(connection, delete(watchlist).where(watchlist.c.id == number), now)
        case ShareWatchlist():
            connection.execute(update(named_watchlist).where(named_watchlist.c.watchlist_id == number).values(token=change.token))


def _change_watch(connection: Connection, number: int, change: SetTerms | ReplaceWatch, now: datetime) -> None:
    if isinstance(change, SetTerms):
        set_terms(connection, number, change.watch_id, change.terms, now)
    else:
        replace_watch(connection, number, change.watch_id, change.watch, now)


def channel_number(connection: Connection, chat_id: int, thread_id: int | None) -> int:
    """Find the channel of a chat or topic that is set up; raises NotFound."""
    key = channel_key(chat_id, thread_id)
    number = connection.execute(select(channel.c.id).where(channel.c.key == key, ~channel.c.transient)).scalar()
    if number is None:
        raise NotFound("there is no such channel", about=key)
    return int(number)


def changing_list(connection: Connection, channel_id: int, watchlist_id: int | None, now: datetime) -> int:
    """Find the list that a channel means and is about to change, so that its followers are told; raises NotFound."""
    number = _list_of(connection, channel_id, watchlist_id, now)
    if watchlist_id is not None:
        keep_told(connection, number, now)
    return number


def _list_of(connection: Connection, channel_id: int, watchlist_id: int | None, now: datetime) -> int:
    """Find the list that a channel means: its nameless one, or a named one that it keeps; NotFound when that is not its own."""
    if watchlist_id is None:
        return own_watchlist(connection, channel_id, now)
    here = (named_watchlist.c.watchlist_id == watchlist_id) & (named_watchlist.c.channel_id == channel_id)
    if connection.execute(select(named_watchlist.c.watchlist_id).where(here)).scalar() is None:
        raise NotFound("this watchlist is not one of the channel's own")
    return watchlist_id


def _add(connection: Connection, channel_id: int, name: str, now: datetime) -> int:
    _require_free(connection, channel_id, name)
    kept = select(func.count()).where(named_watchlist.c.channel_id == channel_id)
    most = limits(connection).lists
    if connection.execute(kept).scalar_one() >= most:
        raise LimitReached(f"a channel can keep {most} watchlists; delete one before adding {name}")
    row = {"slug": f"named:{secrets.token_hex(16)}", "name": name}
    number = int(connection.execute(watchlist.insert().values(**row).returning(watchlist.c.id)).scalar_one())
    connection.execute(named_watchlist.insert().values(watchlist_id=number, channel_id=channel_id, created_at=now))
    insert_new(connection, subscription, {"channel_id": channel_id, "watchlist_id": number, "created_at": now})
    return number


def _require_free(connection: Connection, channel_id: int, name: str, *, but: int | None = None) -> None:
    named = (
        select(watchlist.c.id, watchlist.c.name)
        .join(named_watchlist, named_watchlist.c.watchlist_id == watchlist.c.id)
        .where(named_watchlist.c.channel_id == channel_id)
    )
    if any(row.id != but and row.name.casefold() == name.casefold() for row in connection.execute(named)):
        raise NameTaken(f"there is a watchlist of this name: {name}")


def _shared(connection: Connection, token: str) -> int:
    number = connection.execute(select(named_watchlist.c.watchlist_id).where(named_watchlist.c.token == token)).scalar()
    if number is None:
        raise NotFound("nothing is shared by this link any more")
    return int(number)


def _got(connection: Connection, channel_id: int, watchlist_id: int) -> int:
    here = (subscription.c.channel_id == channel_id) & (subscription.c.watchlist_id == watchlist_id)
    if connection.execute(select(subscription.c.id).where(here)).scalar() is None:
        raise NotFound("this watchlist is not followed")
    return watchlist_id


def _follow(connection: Connection, channel_id: int, number: int, now: datetime) -> None:
    if not insert_new(connection, subscription, {"channel_id": channel_id, "watchlist_id": number, "created_at": now}):
        return
    follows = (
        select(func.count())
        .select_from(subscription)
        .join(named_watchlist, named_watchlist.c.watchlist_id == subscription.c.watchlist_id)
        .where(subscription.c.channel_id == channel_id, named_watchlist.c.channel_id != channel_id)
    )
    most = limits(connection).lists
    if connection.execute(follows).scalar_one() > most:
        raise LimitReached(f"a channel can follow {most} watchlists; end one before following another")


def _route(connection: Connection, channel_id: int, change: RouteWatchlist, now: datetime) -> None:
    number = _list_of(connection, channel_id, change.watchlist_id, now)
    there = channel_number(connection, change.to_chat_id, change.to_thread_id)
    if change.told:
        _follow(connection, there, number, now)
    else:
        _end(connection, delete(subscription).where(subscription.c.channel_id == there, subscription.c.watchlist_id == number), now)


def _unfollow(connection: Connection, channel_id: int, number: int, now: datetime) -> None:
    """Only what somebody else keeps can be followed no more: one's own is deleted, configured ones are the admin's."""
    theirs = (
        select(watchlist.c.id)
        .outerjoin(named_watchlist, named_watchlist.c.watchlist_id == watchlist.c.id)
        .where((named_watchlist.c.channel_id != channel_id) | watchlist.c.slug.like(PACK))
    )
    here = (subscription.c.channel_id == channel_id) & (subscription.c.watchlist_id == number) & subscription.c.watchlist_id.in_(theirs)
    _end(connection, delete(subscription).where(here), now)


def _end(connection: Connection, statement: Any, now: datetime) -> None:
    if not connection.execute(statement).rowcount:
        raise NotFound("this watchlist is not followed")
    drop_unfollowed(connection)
    withhold_unwatched(connection, now)
    drop_unused_watches(connection)
    bump_watches(connection)


def _copy(connection: Connection, source: int, target: int, now: datetime) -> None:
    for row in connection.execute(select(watchlist_watch).where(watchlist_watch.c.watchlist_id == source)).mappings().all():
        connection.execute(watchlist_watch.insert().values(**{**row, "watchlist_id": target, "created_at": now}))


def _change_draft(connection: Connection, change: PutDraft | TakeDraft, now: datetime) -> None:
    """Keep or take a draft; those that expired go with whatever happens to drafts next."""
    connection.execute(delete(draft).where(draft.c.expires_at <= now))
    here = (draft.c.id == change.draft_id) & (draft.c.chat_id == change.chat_id)
    gone = connection.execute(delete(draft).where(here)).rowcount
    if isinstance(change, PutDraft):
        row = {"id": change.draft_id, "chat_id": change.chat_id, "body": dict(change.body), "expires_at": now + change.keep}
        connection.execute(draft.insert().values(**row))
    elif not gone:
        raise NotFound("this was answered before, or is too long ago")
