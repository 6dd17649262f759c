"""What is stored, given back to be decided again: entries with the texts they had, and the alerts that were made of them. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from storage.codec import read_money
from storage.evidence import text_digest
from storage.tables import alert, entry, entry_key, evidence, feed, finding, story, story_entry, story_match, watch
from storage.unit import reads
from watchers.types import Entry, Feed, FeedKind, Money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy.engine import Connection

    from storage.engine import Database

_DIGEST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """A text of a stored entry and when it came. ``said``: what it was taken to say then, as (kind of event, rule), where that is kept."""

    entry_id: int
    feed: str
    entry: Entry
    at: datetime
    told: bool
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAlert:
    """An alert as far as it can differ: what it states, the entries it rests on, and the watches it concerns."""

    alert_id: int
    at: datetime
    event: str
    rule: str
    title: str
    suppliers: tuple[str, ...]
    public_bodies: tuple[str, ...]
    value: Money | None
    entries: frozenset[int]
    watches: frozenset[str]


class Replaying:
    """The store's methods that a replay reads by."""

    _db: Database

    @reads
    def every_feed(self, connection: Connection) -> list[Feed]:
        """List all feeds there ever were, also those that are no longer configured: their entries are still there."""
        rows = connection.execute(select(feed).order_by(feed.c.id))
        return [Feed(id=row.key, kind=FeedKind(row.kind), url=row.url, name=row.name, every=row.every) for row in rows]

    @reads
    def watched_since(self, connection: Connection) -> Mapping[str, datetime]:
        """Say of each watch when somebody first asked for it."""
        return {row.key: row.created_at for row in connection.execute(select(watch.c.key, watch.c.created_at))}

    @reads
    def count_entries(self, connection: Connection, since: datetime) -> int:
        """Count the entries that came since a time, roughly: numbers are given in order, and gaps are rare."""
        first = connection.execute(select(entry.c.id).where(entry.c.first_seen_at >= since).order_by(entry.c.id).limit(1)).scalar()
        last = connection.execute(select(entry.c.id).order_by(entry.c.id.desc()).limit(1)).scalar()
        return 0 if first is None or last is None else int(last) - int(first) + 1

    @reads
    def stored_texts(self, connection: Connection, since: datetime, *, after: int, limit: int) -> tuple[int | None, list[StoredText]]:
        """Read the texts of the next ``limit`` entries that came since a time; also the number to go on after, None at the end."""
        rows = connection.execute(_ENTRIES, {"since": since, "after": after, "most": limit}).all()
        numbers = [row.id for row in rows]
        if not numbers:
            return None, []
        said: dict[int, list[tuple[str, str]]] = {}
        for row in connection.execute(_FINDINGS, {"entries": numbers}):
            said.setdefault(row.entry_id, []).append((row.event, row.body.get("evidence", {}).get("rule", "")))
        kept: dict[int, list[Any]] = {}
        for row in connection.execute(_KEPT, {"entries": numbers}):
            kept.setdefault(row.entry_id, []).append(row)
        return numbers[-1], [one for row in rows for one in _texts(row, kept.get(row.id, []), tuple(said.get(row.id, ())))]

    @reads
    def stored_alerts(self, connection: Connection) -> list[StoredAlert]:
        """List every alert that somebody's watch is behind, in the order they were made; corrections are not alerts of their own here."""
        entries: dict[int, set[int]] = {}
        for row in connection.execute(_ALERT_ENTRIES):
            entries.setdefault(row.id, set()).add(row.entry_id)
        watches: dict[int, set[str]] = {}
        for row in connection.execute(_ALERT_WATCHES):
            watches.setdefault(row.id, set()).add(row.key)
        return [
            StoredAlert(
                alert_id=row.alert_id,
                at=row.created_at,
                event=row.event,
                rule=row.rule,
                title=row.titles[0] if row.titles else row.sentence,
                suppliers=tuple(row.suppliers),
                public_bodies=tuple(row.public_bodies),
                value=read_money(row.value),
                entries=frozenset(entries[row.alert_id]),
                watches=frozenset(watches[row.alert_id]),
            )
            for row in connection.execute(_ALERTS)
            if row.alert_id in watches
        ]

    @reads
    def keys_of_entries(self, connection: Connection) -> Mapping[int, bytes]:
        """Say one key of every entry. For stores of a size that fits into memory."""
        return {row.entry_id: row.key for row in connection.execute(select(entry_key.c.entry_id, entry_key.c.key))}


_ENTRIES = (
    select(
        *(column for column in entry.c if column.name not in ("old", "feed_id")),
        feed.c.key.label("feed_key"),
    )
    .join(feed, feed.c.id == entry.c.feed_id)
    .where(entry.c.id > bindparam("after"), entry.c.first_seen_at >= bindparam("since"))
    .order_by(entry.c.id)
    .limit(bindparam("most"))
)
_FINDINGS = (
    select(finding.c.entry_id, finding.c.event, finding.c.body)
    .where(finding.c.entry_id.in_(bindparam("entries", expanding=True)))
    .order_by(finding.c.entry_id, finding.c.position)
)
_KEPT = select(evidence).where(evidence.c.entry_id.in_(bindparam("entries", expanding=True))).order_by(evidence.c.entry_id, evidence.c.id)
_ALERTS = (
    select(alert.c.id.label("alert_id"), alert.c.created_at, story)
    .join(story, story.c.id == alert.c.story_id)
    .where(alert.c.reason == "new", story.c.joined_to.is_(None))
    .order_by(alert.c.id)
)
_ALERT_ENTRIES = (
    select(alert.c.id, story_entry.c.entry_id).join(story_entry, story_entry.c.story_id == alert.c.story_id).where(alert.c.reason == "new")
)
_ALERT_WATCHES = (
    select(alert.c.id, watch.c.key)
    .join(story_match, story_match.c.story_id == alert.c.story_id)
    .join(watch, watch.c.id == story_match.c.watch_id)
    .where(alert.c.reason == "new")
)


def _texts(row: Any, kept: Sequence[Any], said: tuple[tuple[str, str], ...]) -> list[StoredText]:
    """The texts that are kept of an entry, and the one it has now if that is none of them."""
    now = text_digest(row.title, row.summary, row.release)
    found = [_text(row, one, one.kept_at, tuple((each["event"], each["rule"]) for each in one.findings)) for one in kept]
    if now not in {one.sha256 for one in kept}:
        found.append(_text(row, row, row.changed_at or row.first_seen_at, said))
    return found


def _text(row: Any, words: Any, at: datetime, said: tuple[tuple[str, str], ...]) -> StoredText:
    one = Entry(
        keys=(row.id.to_bytes(_DIGEST, "big"),),
        fingerprint=text_digest(words.title, words.summary, words.release)[:_DIGEST],
        title=words.title,
        summary=words.summary,
        url=words.url,
        link_key=row.link_key,
        outlet=words.outlet,
        published=words.published,
        language=row.language,
        release=words.release,
    )
    return StoredText(entry_id=row.id, feed=row.feed_key, entry=one, at=at, told=row.told, said=said)
