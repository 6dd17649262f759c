"""What commands change: the effect, the answer and the fact that the command is done are one transaction.

So what somebody was told ("watching Palantir") is true after a power cut, and a command that Telegram or a restart gives again has its
effect once.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, update

from storage.alert_changes import AddMute, Complain, RemoveMute, RestoreSettings, SetSound
from storage.channels import read_channel
from storage.complaints import complain
from storage.exceptions import NotFound, TooManyChats
from storage.migrate import migrate_chat
from storage.mutes import change_mutes
from storage.named_watchlists import change_lists, changing_list, channel_number
from storage.operating import limits, operate
from storage.operator_changes import Announce, JoinStories, SetLimits, SetListed, SetPause, SplitStory
from storage.records import (
    AddWatch,
    ChannelKind,
    ChannelState,
    DeliveryKind,
    EnsureChannel,
    ForgetChat,
    MigrateChat,
    RemoveWatch,
    Reply,
    SetChannelState,
    SetEvents,
    SetLanguage,
    channel_key,
)
from storage.regrouping import join, split
from storage.replies import queue_reply
from storage.reports import follow_clock, set_report
from storage.restoring import restore
from storage.returning import channels_of, revive, suspend
from storage.sql import lock_stories
from storage.tables import channel, delivery, draft, inbox, named_watchlist, tombstone, watchlist, watchlist_watch
from storage.times import SetReport, SetRhythm, SetTimes, SetZone
from storage.timetables import change_times
from storage.unit import writes
from storage.versions import bump_watches, lock_watches
from storage.watch_rows import kinds_text
from storage.watchlists import add_watches, drop_unused_watches, remove_watch, withhold_unwatched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.alert_changes import AlertChange
    from storage.engine import Database
    from storage.list_changes import ListChange
    from storage.operator_changes import OperatorChange, StoryChange
    from storage.records import Change, Channel
    from storage.times import TimeChange


class Changes:
    """The store's methods by which commands and notes take effect."""

    _db: Database

    @writes
    def apply(
        self,
        connection: Connection,
        changes: Sequence[Change],
        *,
        update_id: int | None = None,
        replies: Sequence[Reply] = (),
        now: datetime,
    ) -> None:
        """Make all the changes, queue the replies and mark the update done; nothing at all if the update was done before.

        Raises:
            LimitReached: more than there may be of watches, lists, or (TooManyChats) chats that one person set up.
            NotFound: the update was not saved, or a change is about a channel or a watch that is not there. Nothing was changed.
            NotPossible: a change is about stories of which that cannot be made.
        """
        if any(isinstance(change, (SplitStory, JoinStories)) for change in changes):
            lock_stories(connection)  # before the watches, as where a poll is kept
        lock_watches(connection)
        if update_id is not None and not _finish_update(connection, update_id, now):
            return
        for several in _runs(changes):
            _change(connection, several, now)
        for number, reply in enumerate(replies):
            queue_reply(connection, reply, DeliveryKind.REPLY, f"reply:{update_id}:{number}" if update_id is not None else None, now)

    @writes
    def erase_suspended(self, connection: Connection, before: datetime, now: datetime) -> list[Channel]:
        """Delete chats that could be told in none of their channels since before a time; says of each one channel as it was."""
        other = channel.alias("other")
        told = select(other.c.id).where(
            other.c.chat_id == channel.c.chat_id, other.c.suspended_at.is_(None) | (other.c.suspended_at >= before)
        )
        long_ago = select(channel).where(channel.c.suspended_at < before, channel.c.chat_id.is_not(None), ~told.exists())
        chats = {row.chat_id: read_channel(row) for row in connection.execute(long_ago.order_by(channel.c.id))}
        for chat_id in chats:
            _forget(connection, chat_id, now)
        return list(chats.values())

    @writes
    def add_note(self, connection: Connection, note: Reply, *, key: str, now: datetime) -> bool:
        """Queue something that a chat (an admin's, say) must know once; False if a note of this key was queued before."""
        return queue_reply(connection, note, DeliveryKind.NOTE, f"note:{key}", now)


def _finish_update(connection: Connection, update_id: int, now: datetime) -> bool:
    """Mark an update done; False if it was so already. What somebody wrote is not kept beyond its effect."""
    state = connection.execute(select(inbox.c.state).where(inbox.c.update_id == update_id).with_for_update()).scalar()
    if state is None:
        raise NotFound(f"update {update_id} was not saved before it was handled")
    if state == "done":
        return False
    connection.execute(update(inbox).where(inbox.c.update_id == update_id).values(state="done", raw=None, error=None, done_at=now))
    return True


def _runs(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Split into single changes, but for watches that are added to one list in a row: they are added at once."""
    for here, alike in itertools.groupby(changes, key=_list_added_to):
        if here is None:
            yield from ([change] for change in alike)
        else:
            yield list(alike)


def _list_added_to(change: Change) -> tuple[int, int | None, int | None] | None:
    return (change.chat_id, change.thread_id, change.watchlist_id) if isinstance(change, AddWatch) else None


def _change(connection: Connection, several: Sequence[Change], now: datetime) -> None:
    change = several[0]
    match change:
        case EnsureChannel():
            _ensure_channel(connection, change, now)
        case AddWatch():
            channel_id = channel_number(connection, change.chat_id, change.thread_id)
            wishes = [(one.watch, one.terms) for one in several if isinstance(one, AddWatch)]
            add_watches(connection, changing_list(connection, channel_id, change.watchlist_id, now), wishes, now)
        case RemoveWatch():
            channel_id = channel_number(connection, change.chat_id, change.thread_id)
            remove_watch(connection, changing_list(connection, channel_id, change.watchlist_id, now), change.watch_id, now)
        case SetChannelState():
            _set_state(connection, change, now)
        case ForgetChat():
            _forget(connection, change.chat_id, now)
        case MigrateChat():
            migrate_chat(connection, change.old_chat_id, change.new_chat_id, now)
        case SetLanguage() | SetEvents() | SetSound() | AddMute() | RemoveMute() | Complain():
            _change_telling(connection, change, now)
        case _:
            _change_settings(connection, change, now)


def _change_settings(
    connection: Connection, change: ListChange | TimeChange | SetReport | RestoreSettings | OperatorChange | StoryChange, now: datetime
) -> None:
    match change:
        case SetReport():
            set_report(connection, change, now)
        case SetTimes() | SetRhythm() | SetZone():
            change_times(connection, change, now)
            if isinstance(change, SetZone):
                follow_clock(connection, change.chat_id, now)
        case RestoreSettings():
            restore(connection, change, now)
        case SetPause() | SetListed() | SetLimits() | Announce():
            operate(connection, change, now)
        case SplitStory():
            split(connection, change.number, change.entries, rules=change.rules, threads=change.threads, now=now)
        case JoinStories():
            join(connection, change.one, change.other, rules=change.rules, threads=change.threads, now=now)
        case _:
            change_lists(connection, change, now)


def _set_state(connection: Connection, change: SetChannelState, now: datetime) -> None:
    channels = channels_of(connection, change.chat_id)
    if change.state is not ChannelState.ACTIVE:
        suspend(connection, [row.id for row in channels], change.reason, now)
        return
    for row in channels:
        revive(connection, row, now)


def _change_telling(connection: Connection, change: SetLanguage | SetEvents | AlertChange, now: datetime) -> None:
    """Make one change of how a place is told."""
    if isinstance(change, SetLanguage):
        connection.execute(update(channel).where(channel.c.chat_id == change.chat_id).values(language=change.language))
        return
    number = channel_number(connection, change.chat_id, change.thread_id)
    here = update(channel).where(channel.c.id == number)
    match change:
        case SetEvents():
            connection.execute(here.values(kinds=kinds_text(change.events)))
            withhold_unwatched(connection, now, unwanted=True)
        case SetSound():
            connection.execute(here.values(sound=change.sound.value))
        case Complain():
            complain(connection, change, number, now)
        case AddMute() | RemoveMute():
            change_mutes(connection, change, number, now)


def _ensure_channel(connection: Connection, change: EnsureChannel, now: datetime) -> None:
    key = channel_key(change.chat_id, change.thread_id)
    present = {"type": change.type, "title": change.title}
    row = connection.execute(select(channel).where(channel.c.key == key)).one_or_none()
    if (row is None or row.transient) and change.added_by is not None:
        _require_room(connection, change.added_by, change.chat_id)
    if row is None:
        first = {"language": change.language, "added_by": change.added_by, "created_at": now} | _zone_of(connection, change)
        place = {"key": key, "kind": ChannelKind.TELEGRAM.value, "chat_id": change.chat_id, "thread_id": change.thread_id}
        connection.execute(channel.insert().values(**place, **present, **first, state=ChannelState.ACTIVE.value))
        return
    values: dict[str, Any] = dict(present)
    if row.transient:
        values |= {"transient": False, "language": change.language, "added_by": change.added_by, "created_at": now}
    connection.execute(update(channel).where(channel.c.id == row.id).values(**values))
    revive(connection, row, now)


def _require_room(connection: Connection, person: int, chat_id: int) -> None:
    others = select(func.count(channel.c.chat_id.distinct())).where(channel.c.added_by == person, channel.c.chat_id != chat_id)
    most = limits(connection).chats
    if connection.execute(others.where(~channel.c.transient)).scalar_one() >= most:
        raise TooManyChats(f"a person can set up {most} chats; forget one before adding another")


def _zone_of(connection: Connection, change: EnsureChannel) -> dict[str, str]:
    """The clock that a new place goes by: that of the chat's other topics, else of whoever sets it up, in their private chat."""
    known = select(channel.c.zone).where(channel.c.chat_id.in_([change.chat_id, change.added_by]))
    zone = connection.execute(known.order_by((channel.c.chat_id == change.chat_id).desc(), channel.c.id).limit(1)).scalar()
    return {} if zone is None else {"zone": zone}


def _forget(connection: Connection, chat_id: int, now: datetime) -> None:
    """Delete a chat's channels with their watches, subscriptions and deliveries; count what there was."""
    connection.execute(delete(draft).where(draft.c.chat_id == chat_id))
    numbers = list(connection.execute(select(channel.c.id).where(channel.c.chat_id == chat_id, ~channel.c.transient)).scalars())
    if not numbers:
        return
    named = select(named_watchlist.c.watchlist_id).where(named_watchlist.c.channel_id.in_(numbers))
    own = select(watchlist.c.id).where(or_(watchlist.c.channel_id.in_(numbers), watchlist.c.id.in_(named)))
    watches = connection.execute(
        select(func.count()).select_from(watchlist_watch).where(watchlist_watch.c.watchlist_id.in_(own))
    ).scalar_one()
    in_state = select(delivery.c.state, func.count()).where(delivery.c.channel_id.in_(numbers)).group_by(delivery.c.state)
    states: dict[str, int] = {row[0]: row[1] for row in connection.execute(in_state)}
    waiting = states.get("pending", 0) + states.get("sending", 0) + states.get("withheld", 0)
    kept = {"forgotten_on": now.date().isoformat(), "watches": watches, "sent": states.get("sent", 0), "withheld": waiting}
    connection.execute(tombstone.insert().values(**kept))
    connection.execute(delete(watchlist).where(watchlist.c.id.in_(named)))
    connection.execute(delete(channel).where(channel.c.id.in_(numbers)))  # its own list, subscriptions and deliveries go with it
    withhold_unwatched(connection, now)  # what waits for those who followed its lists
    drop_unused_watches(connection)
    bump_watches(connection)
