"""How often each feed has news, learned as they come: what is a silence of one is another's weekend.

A habit is learned in seasons of sixty days and forgotten in the season after, so it knows two months of weekends and holidays at least, and
follows a feed that changes. It costs a poll with news one small row, and the history of entries is never read. A pause that was an
outage, ours or the feed's, is taken for one of its own: for a season it is given more time than it needs, never less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from storage.report_tables import habit

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_SEASON = timedelta(days=60)
_LEAST_TIME = timedelta(days=14)  # two weekends
_LEAST_TIMES = 10
_DAY = timedelta(days=1)
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """When a feed last had news, how often it had some and the longest pause between, in the season since ``since`` and the one before."""

    last_at: datetime
    since: datetime
    longest: timedelta = _NO_TIME
    times: int = 1
    longest_before: timedelta | None = None
    times_before: int = 0

    def after(self, now: datetime) -> Habit:
        """The habit after news at this moment. Of a clock that went back nothing is learned."""
        pause = max(now - self.last_at, _NO_TIME)
        learned = replace(self, last_at=now, longest=max(self.longest, pause), times=self.times + (pause > _NO_TIME))
        if now - self.since < _SEASON:
            return learned
        return Habit(last_at=now, since=now, times=0, longest_before=learned.longest, times_before=learned.times)

    @property
    def patience(self) -> timedelta | None:
        """How long it may be without news: twice its longest pause, and a day more than that at least. None: too little is known."""
        known = self.longest_before is not None or self.last_at - self.since >= _LEAST_TIME
        if not known or self.times + self.times_before < _LEAST_TIMES:
            return None
        longest = max(self.longest, self.longest_before or _NO_TIME)
        return longest + max(longest, _DAY)


_FIELDS = tuple(Habit.__dataclass_fields__)

# Built once: building a statement costs more than running it.
_READ = select(*(habit.c[name] for name in _FIELDS)).where(habit.c.feed_id == bindparam("of_feed"))
_WRITE = update(habit).where(habit.c.feed_id == bindparam("of_feed"))
_BEGIN = habit.insert()


def learn_news(connection: Connection, feed_id: int, now: datetime) -> None:
    """Learn that a feed has news now."""
    row = connection.execute(_READ, {"of_feed": feed_id}).one_or_none()
    if row is None:
        connection.execute(_BEGIN, {"feed_id": feed_id, **_body(Habit(last_at=now, since=now))})
        return
    connection.execute(_WRITE, {"of_feed": feed_id, **_body(Habit(**row._asdict()).after(now))})


def read_habits(connection: Connection) -> dict[int, Habit]:
    """Read the habits of all feeds, by their numbers."""
    return {row.feed_id: Habit(**{name: getattr(row, name) for name in _FIELDS}) for row in connection.execute(select(habit))}


def _body(known: Habit) -> dict[str, Any]:
    return {name: getattr(known, name) for name in _FIELDS}
