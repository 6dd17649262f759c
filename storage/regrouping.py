"""Stories taken apart and put together by an admin. Each is one transaction, is remembered, and is undone by the other.

A story that is joined to an older one stays, under its own keys and titles: what looks like it is found by it, and becomes part of the
older one. Its entries remember that they came from it, so splitting them off makes it what it was. Entries that are split off become a
story as if the rules had decided so when they came; that none of them is of the other story is a row, and no later text of theirs joins it
again. What chats have been told follows (``storage.regrouped``).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, or_, select, update

from storage import regrouped
from storage.codec import read_finding
from storage.exceptions import NotFound, NotPossible
from storage.records import StoryMember, StoryRecord
from storage.sql import insert_or_ignore, lock_stories
from storage.stories import TITLES, StoryWriter
from storage.story_facts import additions, evidence_of, facts_of
from storage.tables import alert, entry, feed, finding, story, story_apart, story_entry, story_key, story_match, watch
from storage.thread_tables import thread_story
from storage.threads import ThreadWriter
from storage.unit import reads, writes
from watchers.types import Entry, EventKind, Finding, UnderstoodEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.engine import Database
    from watchers.types import StoryRules, ThreadRules

SPLIT_OFF = "split off from story {story} by an admin"
_BLANK: dict[str, Any] = {"suppliers": [], "public_bodies": []}


@dataclass(frozen=True, slots=True)
class _Member:
    """An entry of a story with what it says of it now; no finding: it says so no more."""

    row: Any
    entry: Entry
    finding: Finding | None

    @property
    def id(self) -> int:
        return int(self.row.entry_id)


@dataclass(frozen=True, slots=True)
class _How:
    rules: StoryRules
    threads: ThreadRules | None
    now: datetime


class Regrouping:
    """The store's methods by which admins look at stories, split and join them."""

    _db: Database

    @reads
    def story(self, connection: Connection, number: int) -> StoryRecord:
        """Read a story with its entries and why each is part of it. Raises NotFound."""
        row = _story(connection, number)
        members = connection.execute(_MEMBERS, {"of_story": number}).all()
        joined = connection.execute(select(story.c.id).where(story.c.joined_to == number).order_by(story.c.id)).scalars().all()
        alerts = connection.execute(select(alert.c.id).where(alert.c.story_id == number).order_by(alert.c.id)).scalars().all()
        return StoryRecord(
            id=row.id,
            event=EventKind(row.event),
            status=row.status,
            suppliers=tuple(row.suppliers),
            public_bodies=tuple(row.public_bodies),
            alerts=tuple(alerts),
            joined_to=row.joined_to,
            joined=tuple(joined),
            entries=tuple(
                StoryMember(
                    entry_id=one.entry_id,
                    feed=one.feed_key,
                    title=one.told_title,
                    url=one.url,
                    at=one.at,
                    official=one.official,
                    reason=one.reason,
                    came_from=one.came_from,
                    gone=one.gone_at is not None,
                )
                for one in members
            ),
        )

    @reads
    def newest_stories(self, connection: Connection, limit: int) -> list[tuple[int, datetime, str, str]]:
        """List the stories told last: number, time, kind of event, and the sentence each rests on."""
        wanted = select(story.c.id, story.c.last_at, story.c.event, story.c.sentence).where(story.c.joined_to.is_(None))
        return [tuple(row) for row in connection.execute(wanted.order_by(story.c.last_at.desc(), story.c.id.desc()).limit(limit))]

    @reads
    def story_of_alert(self, connection: Connection, alert_id: int) -> int:
        """Say which story an alert tells. Raises NotFound."""
        told = select(func.coalesce(story.c.joined_to, story.c.id)).join(alert, alert.c.story_id == story.c.id)
        number = connection.execute(told.where(alert.c.id == alert_id)).scalar()
        if number is None:
            raise NotFound(f"there is no alert {alert_id}; contractwatch evidence lists the newest")
        return int(number)

    @reads
    def story_of_entry(self, connection: Connection, entry_id: int) -> int:
        """Say which story an entry became part of last. Raises NotFound."""
        newest = select(story_entry.c.story_id).where(story_entry.c.entry_id == entry_id).order_by(story_entry.c.id.desc()).limit(1)
        number = connection.execute(newest).scalar()
        if number is None:
            raise NotFound(f"there is no entry {entry_id} that tells a story")
        return int(number)

    @writes
    def split_story(
        self,
        connection: Connection,
        number: int,
        entries: Collection[int],
        *,
        rules: StoryRules,
        threads: ThreadRules | None = None,
        now: datetime,
    ) -> int:
        """Make some entries of a story a story of their own and say its number: that of the story they came from, or a new one.

        Raises:
            NotFound: there is no such story, or one of the entries is not in it.
            NotPossible: they are all its entries, or none of them says anything that could be told.
        """
        return split(connection, number, entries, rules=rules, threads=threads, now=now)

    @writes
    def join_stories(
        self, connection: Connection, one: int, other: int, *, rules: StoryRules, threads: ThreadRules | None = None, now: datetime
    ) -> int:
        """Make two stories one and say its number, which is that of the older one.

        Raises:
            NotFound: there is no such story.
            NotPossible: they are one already, or tell events that no message could tell as one.
        """
        return join(connection, one, other, rules=rules, threads=threads, now=now)


def split(
    connection: Connection, number: int, entries: Collection[int], *, rules: StoryRules, threads: ThreadRules | None, now: datetime
) -> int:
    """Make some entries of a story a story of their own; raises what ``Regrouping.split_story`` does."""
    lock_stories(connection)
    row = _told(connection, number)
    members = _members(connection, row)
    off = [one for one in members if one.id in entries]
    rest = [one for one in members if one.id not in entries]
    _check(number, entries, off, rest)
    origins = {one.row.came_from for one in off}
    origin = origins.pop() if len(origins) == 1 else None
    ids, how = [one.id for one in off], _How(rules, threads, now)
    if origin is not None:
        other = int(origin)
        _revive(connection, origin, number, ids, how)
    else:
        connection.execute(_LEAVE, {"of_story": number, "entries": ids})
        other = _begin(connection, row, off, how)
    apart = [{"story_id": number, "entry_id": one.id, "at": now} for one in off]
    apart += [{"story_id": other, "entry_id": one.id, "at": now} for one in rest]
    connection.execute(insert_or_ignore(connection, story_apart), apart)
    _forget_matches(connection, number, off, rest)
    revision = _settle(connection, row, rest, rules)
    regrouped.after_split(connection, number, other, revision=revision, now=now)
    return other


def join(connection: Connection, one: int, other: int, *, rules: StoryRules, threads: ThreadRules | None, now: datetime) -> int:
    """Make two stories one; raises what ``Regrouping.join_stories`` does."""
    lock_stories(connection)
    kept, gone = _told(connection, min(one, other)), _told(connection, max(one, other))
    _check_alike(kept, gone)
    moved = [each.id for each in _members(connection, gone)]
    connection.execute(_MOVE, {"of_story": gone.id, "to_story": kept.id})
    connection.execute(update(story).where(or_(story.c.id == gone.id, story.c.joined_to == gone.id)).values(joined_to=kept.id))
    members = _members(connection, kept)
    both = or_(story_apart.c.story_id == kept.id, story_apart.c.story_id == gone.id)
    connection.execute(delete(story_apart).where(both, story_apart.c.entry_id.in_([*moved, *(each.id for each in members)])))
    _share_matches(connection, gone.id, kept.id)
    merged = {
        "silent": kept.silent and gone.silent,
        "withdrawn_at": kept.withdrawn_at if gone.withdrawn_at is not None else None,
        "last_at": max(kept.last_at, gone.last_at),
    }
    revision = _settle(connection, kept, members, rules, least=gone.revision, **merged)
    connection.execute(update(story).where(story.c.id == gone.id).values(revision=revision))
    ThreadWriter(connection, threads, now).join(kept.id, gone.id)
    regrouped.after_join(connection, kept.id, gone.id, now=now)
    return int(kept.id)


_MEMBERS = (
    select(
        story_entry.c.entry_id,
        story_entry.c.title.label("told_title"),
        story_entry.c.official,
        story_entry.c.reason,
        story_entry.c.at,
        story_entry.c.gone_at,
        story_entry.c.came_from,
        *(column for column in entry.c if column.name != "id"),
        feed.c.key.label("feed_key"),
    )
    .join(entry, entry.c.id == story_entry.c.entry_id)
    .join(feed, feed.c.id == entry.c.feed_id)
    .where(story_entry.c.story_id == bindparam("of_story"))
    .order_by(story_entry.c.at, story_entry.c.id)
)
_FINDINGS = (
    select(finding).where(finding.c.entry_id.in_(bindparam("entries", expanding=True))).order_by(finding.c.entry_id, finding.c.position)
)
_LEAVE = delete(story_entry).where(
    story_entry.c.story_id == bindparam("of_story"), story_entry.c.entry_id.in_(bindparam("entries", expanding=True))
)
_there = select(story_entry.c.entry_id).where(story_entry.c.story_id == bindparam("to_story")).scalar_subquery()
_MOVE = (  # an entry that tells both stays where it is as well
    update(story_entry)
    .where(story_entry.c.story_id == bindparam("of_story"), story_entry.c.entry_id.not_in(_there))
    .values({"story_id": bindparam("to_story"), "came_from": func.coalesce(story_entry.c.came_from, bindparam("of_story"))})
)


def _story(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(select(story).where(story.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no story {number}; contractwatch story show lists the newest")
    return row


def _told(connection: Connection, number: int) -> Row[Any]:
    """Read a story that is told by itself."""
    row = _story(connection, number)
    if row.joined_to is not None:
        raise NotPossible(f"story {number} was joined to story {row.joined_to}; use that number")
    return row


def _members(connection: Connection, row: Row[Any]) -> list[_Member]:
    """Read the entries of a story in the order in which they became part of it, each with its finding about it."""
    rows = connection.execute(_MEMBERS, {"of_story": row.id}).all()
    said: dict[int, list[Finding]] = {}
    for one in connection.execute(_FINDINGS, {"entries": [each.entry_id for each in rows]}):
        said.setdefault(one.entry_id, []).append(read_finding(one.event, one.body))
    return [_Member(one, _entry(one), None if one.gone_at else _about(row, said.get(one.entry_id, []))) for one in rows]


def _about(row: Row[Any], findings: Iterable[Finding]) -> Finding | None:
    """Which of an entry's findings is about the story: the one of its class of event, else any that happened."""
    happened = [one for one in findings if one.event.happens]
    alike = [one for one in happened if _class(one.event) == _class(EventKind(row.event))]
    return next(iter(alike or happened), None)


def _class(event: EventKind) -> str:
    return event.alert or event


def _entry(row: Any) -> Entry:
    return Entry(
        keys=(),
        fingerprint=b"",
        title=row.title,
        summary=row.summary,
        url=row.url,
        link_key=row.link_key,
        outlet=row.outlet,
        published=row.published,
        language=row.language,
        release=row.release,
    )


def _check(number: int, entries: Collection[int], off: Sequence[_Member], rest: Sequence[_Member]) -> None:
    missing = sorted(set(entries) - {one.id for one in off})
    if missing:
        raise NotFound(f"entry {missing[0]} is not in story {number}; contractwatch story show {number} lists what is")
    if not rest:
        raise NotPossible(f"these are all entries of story {number}: leave it at least one")
    if all(one.finding is None for one in off):
        raise NotPossible("none of these entries says any more that something happened to a contract: they cannot be a story")


def _check_alike(kept: Row[Any], gone: Row[Any]) -> None:
    if kept.id == gone.id:
        raise NotPossible(f"story {kept.id} cannot be joined to itself")
    one, other = EventKind(kept.event), EventKind(gone.event)
    if _class(one) != _class(other):
        raise NotPossible(f"story {kept.id} is of the kind {one} and story {gone.id} of the kind {other}: one message cannot tell both")


def _revive(connection: Connection, number: int, joined: int, entries: Sequence[int], how: _How) -> None:
    """Make a joined story what it was before, of those of its entries that come back."""
    back = update(story_entry).where(story_entry.c.story_id == joined, story_entry.c.entry_id.in_(entries))
    connection.execute(back.values(story_id=number, came_from=None))
    connection.execute(update(story).where(story.c.id == number).values(joined_to=None))
    row = _story(connection, number)
    members = _members(connection, row)
    _settle(connection, row, members, how.rules)
    for one in members:
        if one.finding is not None:
            connection.execute(delete(thread_story).where(thread_story.c.story_id == number))
            writer = ThreadWriter(connection, how.threads, how.now)
            writer.place(number, one.entry, one.finding, writer.decide(one.entry, one.finding))
            return


def _begin(connection: Connection, row: Row[Any], off: Sequence[_Member], how: _How) -> int:
    """Open a story of entries, each at the time it became part of the other one: nobody is told who began to watch later."""
    number: int | None = None
    for one in sorted(off, key=lambda each: each.finding is None):  # what says nothing any more opens no story
        writer = StoryWriter(connection, how.rules, one.row.at, threads=how.threads)
        understood = UnderstoodEntry(entry=one.entry, findings=(one.finding,) if one.finding else (), told=one.row.told and not row.silent)
        number = writer.put(number, one.id, understood, SPLIT_OFF.format(story=row.id))
    assert number is not None
    return number


def _settle(connection: Connection, row: Row[Any], members: Sequence[_Member], rules: StoryRules, *, least: int = 0, **values: Any) -> int:
    """Make a story what its entries make of it; says its new revision, which is above ``least``."""
    own = [one for one in members if one.row.came_from is None]
    titles = list(dict.fromkeys(one.row.told_title for one in own))[:TITLES]
    revision = max(int(row.revision), least) + 1
    stated = _stated(row, members)
    connection.execute(update(story).where(story.c.id == row.id).values(**stated, **values, titles=titles, revision=revision))
    keys = {key for one in own if one.finding is not None for key in rules.keys(one.entry, one.finding)}
    connection.execute(delete(story_key).where(story_key.c.story_id == row.id))
    if keys:
        rows = [{"story_id": row.id, "key": key, "last_at": row.last_at} for key in sorted(keys)]
        connection.execute(insert_or_ignore(connection, story_key), rows)
    return revision


def _stated(row: Row[Any], members: Sequence[_Member]) -> dict[str, Any]:
    """What entries state together. Facts that rest on those that are left stay, whatever was corrected or replaced on the way to them."""
    telling = [(one.id, one.finding) for one in members if one.finding is not None]
    here = {one.id for one in members}
    state = dict(row._mapping)  # noqa: SLF001 -- the documented way to a row's names
    if row.evidence_entry_id in here:
        sources = row.stated_by or {}
        state |= {name: _BLANK.get(name) for name, source in sources.items() if source not in here}
        state["stated_by"] = {name: source for name, source in sources.items() if source in here} or None
        telling = [one for one in telling if one[0] != row.evidence_entry_id]
    elif telling:
        number, first = telling.pop(0)
        status = "reported" if first.notice is None else "official"
        state |= facts_of(first) | evidence_of(number, first) | {"stated_by": None, "status": status}
    for number, said in telling:
        state |= additions(SimpleNamespace(**state), number, said, confirms=False)  # type: ignore[arg-type]  # a row that is not written yet
    return {name: value for name, value in state.items() if value != row._mapping[name]}  # noqa: SLF001


def _forget_matches(connection: Connection, number: int, off: Sequence[_Member], rest: Sequence[_Member]) -> None:
    """Let a story concern those no more whose watch only the entries show that have left it."""
    gone, left = ({match.watch for one in some if one.finding for match in one.finding.matches} for some in (off, rest))
    watches = select(watch.c.id).where(watch.c.key.in_(gone - left))
    connection.execute(delete(story_match).where(story_match.c.story_id == number, story_match.c.watch_id.in_(watches)))


def _share_matches(connection: Connection, source: int, target: int) -> None:
    """Let a story concern all whom another one does."""
    rows = [dict(one._mapping) for one in connection.execute(select(story_match).where(story_match.c.story_id == source))]  # noqa: SLF001
    for one in rows:
        here = (story_match.c.story_id == target) & (story_match.c.watch_id == one["watch_id"])
        later = update(story_match).where(here, story_match.c.last_at < one["last_at"]).values(last_at=one["last_at"])
        connection.execute(insert_or_ignore(connection, story_match), [one | {"story_id": target}])
        connection.execute(later)
