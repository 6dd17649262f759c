"""What was told in the past, for whoever is about to watch something: the stories that may concern it, to be judged by its own rules.

What a database can decide (when, which kinds, from which sum, whether a name holds a piece of one) is decided there: of a hundred thousand
stories few are left to be read. Names are judged by the caller.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, and_, func, or_, select, type_coerce

from storage.codec import read_money
from storage.sql import chunks, currency_of, sum_of
from storage.tables import story, story_entry
from storage.unit import reads
from watchers.types import EventKind, Money, Terms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStory:
    """A story as far as a watch asks about it. ``official``: its names stand in a notice, which writes them in full."""

    id: int
    event: EventKind
    title: str
    suppliers: tuple[str, ...]
    public_bodies: tuple[str, ...]
    value: Money | None
    official: bool
    direct: bool
    first_at: datetime


class Past:
    """The store's methods that look back."""

    _db: Database

    @reads
    def oldest_story_at(self, connection: Connection) -> datetime | None:
        """Say when the first story that is kept came; None before there is one."""
        at: datetime | None = connection.execute(select(story.c.first_at).order_by(story.c.first_at).limit(1)).scalar()
        return at

    @reads
    def count_past(
        self, connection: Connection, since: datetime, kinds: Collection[EventKind], terms: Terms, *, direct: bool
    ) -> dict[EventKind, int]:
        """Count the stories since a time that are of these kinds and within these terms, by kind."""
        counted = select(story.c.event, func.count()).where(*_within(since, kinds, terms, direct=direct)).group_by(story.c.event)
        return {EventKind(event): count for event, count in connection.execute(counted)}

    @reads
    def past_stories(
        self,
        connection: Connection,
        since: datetime,
        kinds: Collection[EventKind],
        terms: Terms,
        *,
        direct: bool,
        pieces: Sequence[Sequence[str]] = (),
        limit: int | None = None,
    ) -> list[PastStory]:
        """List the stories since a time that are of these kinds and within these terms, the newest first.

        ``pieces``: of each of these groups at least one must stand, in any case, in the name of a supplier or a public body.
        """
        found = (
            select(*_SHOWN)
            .where(*_within(since, kinds, terms, direct=direct), *(_named(one) for one in pieces))
            .order_by(story.c.first_at.desc(), story.c.id.desc())
        )
        return [_past(row) for row in connection.execute(found if limit is None else found.limit(limit))]

    @reads
    def texts_of(self, connection: Connection, stories: Sequence[int]) -> dict[int, list[str]]:
        """Read the titles and summaries by which entries became part of these stories."""
        found: dict[int, list[str]] = {}
        for some in chunks(stories):
            wanted = select(story_entry.c.story_id, story_entry.c.title, story_entry.c.summary).where(story_entry.c.story_id.in_(some))
            for number, title, summary in connection.execute(wanted.order_by(story_entry.c.id)):
                found.setdefault(number, []).append(f"{title}\n{summary}")
        return found


_SHOWN = (
    story.c.id,
    story.c.event,
    story.c.titles,
    story.c.sentence,
    story.c.suppliers,
    story.c.public_bodies,
    story.c.value,
    story.c.status,
    story.c.notice,
    story.c.first_at,
)


def _within(since: datetime, kinds: Collection[EventKind], terms: Terms, *, direct: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [story.c.first_at >= since, story.c.event.in_([kind.value for kind in kinds])]
    if terms.minimum is not None:
        stated = and_(story.c.value.is_not(None), currency_of(story.c.value) == terms.currency)
        enough = and_(stated, sum_of(story.c.value) >= terms.minimum)
        missing = or_(story.c.value.is_(None), currency_of(story.c.value) != terms.currency)
        conditions.append(or_(enough, missing) if terms.without_sum else enough)
    if direct:
        conditions.append(and_(story.c.notice.is_not(None), type_coerce(story.c.notice, Text).like('%"direct_award":true%')))
    return conditions


def _named(pieces: Sequence[str]) -> ColumnElement[bool]:
    """Hold where a name has one of the pieces. Names stand in JSON, where letters beyond ASCII are written as numbers."""
    written = [json.dumps(piece)[1:-1].replace("!", "!!").replace("%", "!%").replace("_", "!_") for piece in pieces]
    columns: tuple[Any, ...] = (type_coerce(story.c.suppliers, Text), type_coerce(story.c.public_bodies, Text))
    return or_(*(column.ilike(f"%{piece}%", escape="!") for piece in written for column in columns))


def _past(row: Any) -> PastStory:
    return PastStory(
        id=row.id,
        event=EventKind(row.event),
        title=row.titles[0] if row.titles else row.sentence,
        suppliers=tuple(row.suppliers),
        public_bodies=tuple(row.public_bodies),
        value=read_money(row.value),
        official=row.status != "reported",
        direct=bool(row.notice and row.notice.get("direct_award")),
        first_at=row.first_at,
    )
