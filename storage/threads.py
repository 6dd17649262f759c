"""Contracts: which stories are of one, and what is shown of the whole of it.

Who belongs together is decided by the rules that are handed in (``watchers.types.ThreadRules``), in the transaction that opens the story.
A story is of one contract; two contracts that a notice proves to be one become one, and keep the older number.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select, update

from storage.codec import read_money
from storage.records import ThreadEvent
from storage.sql import insert_or_ignore, new_ids
from storage.tables import entry, story, story_entry
from storage.thread_tables import thread, thread_key, thread_story
from watchers.types import EventKind, Facts, ThreadCard, ThreadDecision, ThreadStory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from watchers.types import Entry, Finding, ThreadRules

_CANDIDATE_AGE = timedelta(days=6 * 366)  # contracts run for years
_MOST_CANDIDATES = 40
_SOUGHT = ("a:", "o:", "p:", "si:", "s:")  # by these a contract is looked for, in this order; by its body only where no supplier is named
_SUPPLIER = ("si:", "s:")
_AWARD = "a:"
_STAGED = (EventKind.AWARDED, EventKind.NOT_CANCELLED)  # what may be another kind of event for a contract that is known

# One key at a time, each a look into an index: what a large body or supplier is named in is never read whole.
_NEWEST = (
    select(thread_key.c.thread_id)
    .where(thread_key.c.key == bindparam("of_key"), thread_key.c.last_at >= bindparam("since"))
    .order_by(thread_key.c.last_at.desc(), thread_key.c.thread_id.desc())
    .limit(_MOST_CANDIDATES)
)
_KEYS = select(thread_key.c.thread_id, thread_key.c.key).where(thread_key.c.thread_id.in_(bindparam("threads", expanding=True)))
_STORIES = (
    select(thread_story.c.thread_id, story)
    .join(story, story.c.id == thread_story.c.story_id)
    .where(thread_story.c.thread_id.in_(bindparam("threads", expanding=True)), story.c.withdrawn_at.is_(None), story.c.joined_to.is_(None))
    .order_by(story.c.id)
)
_THREAD_OF = select(thread_story.c.thread_id).where(thread_story.c.story_id == bindparam("of_story"))
_ALONE = ThreadDecision(thread=None, reason="contracts are not looked for")


class ThreadWriter:
    """Places stories in contracts within one transaction. Without rules every story is a contract of its own."""

    def __init__(self, connection: Connection, rules: ThreadRules | None, now: datetime) -> None:
        self._connection = connection
        self._rules = rules
        self._now = now

    def staged(self, entry: Entry, finding: Finding) -> Finding:
        """The finding, with the kind of event that it is for a contract that is known."""
        if self._rules is None or finding.event not in _STAGED:
            return finding
        kind = self._rules.stage(entry, finding, self._cards(_looked_for(self._rules.keys(entry, finding))), self._now)
        return finding if kind is finding.event else replace(finding, event=kind)

    def decide(self, entry: Entry, finding: Finding) -> ThreadDecision:
        """Ask which contract a new story would be of."""
        if self._rules is None:
            return _ALONE
        return self._rules.decide(entry, finding, self._cards(_looked_for(self._rules.keys(entry, finding))), self._now)

    def place(self, story_id: int, entry: Entry, finding: Finding, decision: ThreadDecision) -> None:
        """Make a new story part of its contract, which begins with it where none is known."""
        number = decision.thread
        if number is None:
            (number,) = new_ids(self._connection, thread, 1)
            self._connection.execute(thread.insert(), {"id": number, "created_at": self._now})
        row = {"story_id": story_id, "thread_id": number, "reason": decision.reason, "at": self._now}
        self._connection.execute(insert_or_ignore(self._connection, thread_story), [row])
        self._touch(number, entry, finding)

    def follow(self, story_id: int, entry: Entry, finding: Finding) -> None:
        """Let the contract of a story that has one be found by what a further finding names."""
        number = thread_of(self._connection, story_id)
        self._touch(number, entry, finding)
        if finding.notice is not None and self._rules is not None:
            self._merge(number, [key for key in self._rules.keys(entry, finding) if key.startswith(_AWARD)])

    def _touch(self, number: int, entry: Entry, finding: Finding) -> None:
        keys = () if self._rules is None else self._rules.keys(entry, finding)
        rows = [{"thread_id": number, "key": key, "last_at": self._now} for key in keys]
        if rows:
            self._connection.execute(insert_or_ignore(self._connection, thread_key), rows)
        self._connection.execute(update(thread_key).where(thread_key.c.thread_id == number).values(last_at=self._now))

    def _merge(self, number: int, awards: Sequence[str]) -> None:
        """Make the contracts of the same award one: news had begun a second before a notice said which it is."""
        if not awards:
            return
        found = set(self._connection.execute(select(thread_key.c.thread_id).where(thread_key.c.key.in_(awards))).scalars()) | {number}
        kept = min(found)
        for other in sorted(found - {kept}):
            self._absorb(kept, other)

    def join(self, story_id: int, other: int) -> None:
        """Make the contracts of two stories one, which an admin says are one."""
        kept, gone = sorted((thread_of(self._connection, story_id), thread_of(self._connection, other)))
        if kept != gone:
            self._absorb(kept, gone)

    def _absorb(self, kept: int, other: int) -> None:
        """Let all stories of one contract be of another."""
        self._connection.execute(update(thread_story).where(thread_story.c.thread_id == other).values(thread_id=kept))
        keys = [row.key for row in self._connection.execute(select(thread_key.c.key).where(thread_key.c.thread_id == other))]
        rows = [{"thread_id": kept, "key": key, "last_at": self._now} for key in keys]
        if rows:
            self._connection.execute(insert_or_ignore(self._connection, thread_key), rows)
        # The row stays, empty: the number of a contract is never given to another.
        self._connection.execute(delete(thread_key).where(thread_key.c.thread_id == other))

    def _cards(self, keys: Sequence[str]) -> list[ThreadCard]:
        near: dict[int, None] = {}
        for key in keys:
            if len(near) < _MOST_CANDIDATES:
                newest = {"of_key": key, "since": self._now - _CANDIDATE_AGE}
                near |= dict.fromkeys(self._connection.execute(_NEWEST, newest).scalars())
        if not near:
            return []
        keys_of: dict[int, set[str]] = {number: set() for number in near}
        for number, key in self._connection.execute(_KEYS, {"threads": list(near)}):
            keys_of[number].add(key)
        stories: dict[int, list[ThreadStory]] = {number: [] for number in near}
        for row in self._connection.execute(_STORIES, {"threads": list(near)}):
            stories[row.thread_id].append(_thread_story(row))
        return [ThreadCard(id=one, keys=frozenset(keys_of[one]), stories=tuple(stories[one])) for one in near if stories[one]]


def _looked_for(keys: Iterable[str]) -> list[str]:
    """The keys by which a contract is looked for, the most telling first."""
    known = list(keys)
    sought = [key for prefix in _SOUGHT for key in known if key.startswith(prefix)]
    return sought if any(key.startswith(_SUPPLIER) for key in sought) else [*sought, *(key for key in known if key not in sought)]


def _thread_story(row: Row[Any]) -> ThreadStory:
    notice = row.notice or {}
    titles = [*row.titles, *([notice["title"]] if notice.get("title") else [])]
    return ThreadStory(
        id=row.id,
        facts=read_facts(row),
        at=row.first_at,
        reported=row.status == "reported",
        titles=tuple(titles),
        notice_type=notice.get("type", ""),
    )


def read_facts(row: Row[Any]) -> Facts:
    """What a stored story states."""
    return Facts(
        event=EventKind(row.event), suppliers=tuple(row.suppliers), public_bodies=tuple(row.public_bodies), value=read_money(row.value)
    )


# --- reading -------------------------------------------------------------------------------------------------------------------------


def thread_of(connection: Connection, story_id: int) -> int:
    """Which contract a story is of."""
    return int(connection.execute(_THREAD_OF, {"of_story": story_id}).scalar_one())


_EVENTS = (
    select(
        story,
        thread_story.c.thread_id,
        thread_story.c.reason.label("joined_because"),
        func.min(entry.c.published).label("published"),
    )
    .join(thread_story, thread_story.c.story_id == story.c.id)
    .outerjoin(story_entry, story_entry.c.story_id == story.c.id)
    .outerjoin(entry, entry.c.id == story_entry.c.entry_id)
    .where(thread_story.c.thread_id == bindparam("of_thread"), story.c.joined_to.is_(None))
    .group_by(story.c.id, thread_story.c.thread_id, thread_story.c.reason)
)


def thread_events(connection: Connection, thread_id: int) -> tuple[ThreadEvent, ...]:
    """List what happened to a contract, in order of time."""
    events = [
        ThreadEvent(
            story_id=row.id,
            event=EventKind(row.event),
            published=row.published or row.first_at,
            happened_on=row.happened_on,
            value=read_money(row.value),
            status=row.status,
            notice_number=(row.notice or {}).get("number"),
            withdrawn=row.withdrawn_at is not None,
            reason=row.joined_because,
        )
        for row in connection.execute(_EVENTS, {"of_thread": thread_id})
    ]
    return tuple(sorted(events, key=lambda one: (one.at, one.story_id)))
