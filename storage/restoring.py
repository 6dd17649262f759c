"""What an export holds of a chat's settings beside its watches, restored: named by what it is, for numbers mean something else elsewhere.

A watch is named by its key, a feed by the id it is configured under, a story (also for its contract) by its number and its words, so that
in another database nothing else is meant. What is not there is passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from storage.alert_changes import AddMute, KeptMute, MuteKind, RestoreSettings
from storage.list_changes import RouteWatchlist
from storage.mutes import change_mutes
from storage.named_watchlists import change_lists, channel_number
from storage.tables import feed, named_watchlist, story, subscription, watch, watchlist
from storage.times import SetRhythm
from storage.timetables import change_times

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

_Place = tuple[int, int | None]  # a chat and a topic of it


def name_of(row: Row[Any]) -> str | None:
    """What a watchlist is called; None for the nameless one of a channel."""
    return None if row.channel_id is not None else row.name


def what_is_muted(connection: Connection, kind: MuteKind, target: int) -> dict[str, Any]:
    """Name the target of a mute; nothing when it is not there any more."""
    match kind:
        case MuteKind.WATCH:
            found = select(watch.c.key.label("watch")).where(watch.c.id == target)
        case MuteKind.FEED:
            found = select(feed.c.key.label("feed")).where(feed.c.id == target)
        case MuteKind.STORY | MuteKind.CONTRACT:
            found = select(story.c.id.label("story"), story.c.sentence.label("words")).where(story.c.id == target)
    row = connection.execute(found).one_or_none()
    return {} if row is None else dict(row._asdict())


def restore(connection: Connection, change: RestoreSettings, now: datetime) -> None:
    """Make a chat's settings what they were; raises NotFound when it is not set up."""
    chat_id, thread_id = change.chat_id, change.thread_id
    number = channel_number(connection, chat_id, thread_id)
    for one in change.mutes:
        target = _target(connection, one)
        if target is not None and (one.until is None or one.until > now):
            change_mutes(
                connection, AddMute(chat_id=chat_id, thread_id=thread_id, kind=one.kind, target=target, until=one.until), number, now
            )
    own = select(watchlist).outerjoin(named_watchlist, named_watchlist.c.watchlist_id == watchlist.c.id)
    mine = own.where(or_(named_watchlist.c.channel_id == number, watchlist.c.channel_id == number))
    lists = {name_of(row): row.id for row in connection.execute(mine)}
    for name, rhythm in change.rhythms.items():
        if name in lists:
            change_times(connection, SetRhythm(chat_id=chat_id, thread_id=thread_id, watchlist_id=lists[name], rhythm=rhythm), now)
    for told in change.routes.keys() & lists.keys():
        _tell(connection, change, told, lists[told], now)


def _tell(connection: Connection, change: RestoreSettings, name: str, list_id: int, now: datetime) -> None:
    """Have a list told in the places that it was told in; where it is kept only if that is one of them."""
    mine, routes = (change.chat_id, change.thread_id), change.routes[name]
    for one in routes:
        there = (one.chat_id, one.thread_id)
        change_lists(connection, _route(mine, list_id, there, told=True), now)
        if one.rhythm is not None:
            rhythm = SetRhythm(chat_id=one.chat_id, thread_id=one.thread_id, watchlist_id=list_id, rhythm=one.rhythm)
            change_times(connection, rhythm, now)
    told_here = (subscription.c.channel_id == channel_number(connection, *mine)) & (subscription.c.watchlist_id == list_id)
    elsewhere = all((one.chat_id, one.thread_id) != mine for one in routes)
    if elsewhere and connection.execute(select(subscription.c.id).where(told_here)).first():
        change_lists(connection, _route(mine, list_id, mine, told=False), now)


def _route(keeper: _Place, list_id: int, there: _Place, *, told: bool) -> RouteWatchlist:
    return RouteWatchlist(
        chat_id=keeper[0], thread_id=keeper[1], watchlist_id=list_id, to_chat_id=there[0], to_thread_id=there[1], told=told
    )


def _target(connection: Connection, one: KeptMute) -> int | None:
    match one.kind:
        case MuteKind.WATCH:
            found = select(watch.c.id).where(watch.c.key == one.of.get("watch"))
        case MuteKind.FEED:
            found = select(feed.c.id).where(feed.c.key == one.of.get("feed"))
        case MuteKind.STORY | MuteKind.CONTRACT:
            found = select(story.c.id).where(story.c.id == one.of.get("story"), story.c.sentence == one.of.get("words"))
    return connection.execute(found).scalar()
