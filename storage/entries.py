"""Entries and their keys: what a feed published, which of it is known, and the one transaction in which a poll lands.

An entry is known when any of its keys is stored for its feed, whatever its text says now. Keys of a known entry that are new are added to
it, so that an article that changes its link and later its id is still the same. Nothing here reads more rows than the poll has entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, delete, select, update

from storage.awards import write_awards, write_lookup
from storage.codec import finding_body
from storage.feeds import feed_row, write_state
from storage.records import SaveResult
from storage.sql import chunks, insert_or_ignore, lock_stories
from storage.stories import StoryWriter
from storage.tables import entry, entry_key, feed, finding
from storage.unit import reads, writes
from storage.versions import require_version
from watchers.types import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from watchers.types import Entry, FeedState, StoryRules, UnderstoodEntry

_DIGEST = 16
_FINGERPRINTS = 8  # texts of an entry that are remembered: feeds that carry one article under two headlines show both at every poll

_INSERT_ENTRIES = entry.insert().returning(entry.c.id, sort_by_parameter_order=True)
_UPDATE_ENTRY = update(entry).where(entry.c.id == bindparam("of_id"))
_DELETE_FINDINGS = delete(finding).where(finding.c.entry_id == bindparam("of_id", type_=BigInteger))
_SELECT_KNOWN = (
    select(entry_key.c.key, entry.c.id, entry.c.fingerprints)
    .join(entry, entry.c.id == entry_key.c.entry_id)
    .where(entry_key.c.feed_id == bindparam("feed_number"), entry_key.c.key.in_(bindparam("keys", expanding=True)))
)


@dataclass(slots=True)
class _Known:
    """A stored entry, or one that is about to be: ``id`` is 0 until then."""

    id: int
    fingerprints: bytes
    is_new: bool

    def has_text(self, fingerprint: bytes) -> bool:
        return any(self.fingerprints[at : at + _DIGEST] == fingerprint for at in range(0, len(self.fingerprints), _DIGEST))


class Entries:
    """The store's methods about entries."""

    _db: Database

    @reads
    def unseen(self, connection: Connection, feed_id: str, entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """Split off the entries that need understanding: those that are new, and those that are known with a text that is not.

        A text counts as known if it is one of the entry's last eight.
        """
        stored = _known(connection, feed_row(connection, feed_id).id, entries)
        new: list[Entry] = []
        changed: list[Entry] = []
        for one in entries:
            known = next((stored[key] for key in one.keys if key in stored), None)
            if known is None:
                new.append(one)
            elif not known.has_text(one.fingerprint):
                changed.append(one)
        return tuple(new), tuple(changed)

    @writes
    def save_poll(
        self,
        connection: Connection,
        feed_id: str,
        understood: Sequence[UnderstoodEntry],
        state: FeedState | None,
        *,
        rules: StoryRules,
        watches_version: int,
        now: datetime,
    ) -> SaveResult:
        """Keep a poll (or a page of one: ``state`` None) with all that follows from it, or nothing of it.

        Entries, keys, awards, findings, stories, matches, alerts and the feed's state are one transaction: if the process dies before it
        is committed, the same document is fetched again with the old validators. Saving the same entries again changes nothing more.

        Raises:
            StaleWatches: the watches are no longer those of ``watches_version``; nothing was kept.
        """
        if any(one.event is not EventKind.NONE for each in understood for one in each.findings):
            lock_stories(connection)
        number = feed_row(connection, feed_id, lock=True).id
        require_version(connection, watches_version)
        placed, changed = _write_entries(connection, number, understood, now)
        write_awards(connection, understood)
        _write_findings(connection, number, understood, placed, now)
        writer = StoryWriter(connection, rules, now)
        for known, each in zip(placed, understood, strict=True):
            writer.place(known.id, each, was_known=not known.is_new)
        stories, alerts = writer.finish()
        new = len({known.id for known in placed if known.is_new})
        if new:
            connection.execute(update(feed).where(feed.c.id == number).values(entries=feed.c.entries + new))
        if state is not None:
            write_state(connection, number, state, now)
        return SaveResult(new=new, changed=changed, stories=stories, alerts=alerts)


def _known(connection: Connection, feed_number: int, entries: Iterable[Entry]) -> dict[bytes, _Known]:
    """Find which keys are stored, and of which entries."""
    by_key: dict[bytes, _Known] = {}
    by_id: dict[int, _Known] = {}
    for some in chunks([key for one in entries for key in one.keys]):
        for key, number, fingerprints in connection.execute(_SELECT_KNOWN, {"feed_number": feed_number, "keys": some}):
            by_key[bytes(key)] = by_id.setdefault(number, _Known(number, bytes(fingerprints), is_new=False))
    return by_key


def _write_entries(
    connection: Connection, feed_number: int, understood: Sequence[UnderstoodEntry], now: datetime
) -> tuple[list[_Known], int]:
    """Insert what is new, renew the text of what has changed, and say for each entry which stored one it is."""
    stored = _known(connection, feed_number, (each.entry for each in understood))
    placed: list[_Known] = []
    fresh: list[tuple[_Known, UnderstoodEntry]] = []
    changed: dict[int, tuple[_Known, UnderstoodEntry]] = {}
    for index, each in enumerate(understood):
        keys = each.entry.keys
        known = next((stored[key] for key in keys if key in stored), None)
        if known is None:
            known = _Known(0, each.entry.fingerprint, is_new=True)
            fresh.append((known, each))
        elif not known.has_text(each.entry.fingerprint):
            known.fingerprints = (each.entry.fingerprint + known.fingerprints)[: _DIGEST * _FINGERPRINTS]
            changed[index] = (known, each)
        for key in keys:
            stored.setdefault(key, known)
        placed.append(known)
    if fresh:
        rows = [
            _texts(each) | {"feed_id": feed_number, "fingerprints": known.fingerprints, "told": each.told, "first_seen_at": now}
            for known, each in fresh
        ]
        for (known, _), number in zip(fresh, connection.execute(_INSERT_ENTRIES, rows).scalars(), strict=True):
            known.id = number
    for known, each in changed.values():
        values = _texts(each) | {"fingerprints": known.fingerprints, "changed_at": now}
        connection.execute(_UPDATE_ENTRY, {"of_id": known.id, **values})
    keys_of = [
        {"feed_id": feed_number, "key": key, "entry_id": known.id}
        for known, each in zip(placed, understood, strict=True)
        for key in each.entry.keys
    ]
    if keys_of:
        connection.execute(insert_or_ignore(connection, entry_key), keys_of)
    return placed, len(changed)


def _texts(each: UnderstoodEntry) -> dict[str, Any]:
    one = each.entry
    return {
        "title": one.title,
        "summary": one.summary,
        "url": one.url,
        "link_key": one.link_key,
        "outlet": one.outlet,
        "published": one.published,
        "language": one.language,
        "release": one.release,
    }


def _write_findings(
    connection: Connection, feed_number: int, understood: Sequence[UnderstoodEntry], placed: Sequence[_Known], now: datetime
) -> None:
    """Keep what the entries say, in place of what their earlier texts said."""
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for known, each in zip(placed, understood, strict=True):
        write_lookup(connection, feed_number, known.id, each, now)
        for position, one in enumerate(each.findings):
            body = {"entry_id": known.id, "position": position, "event": one.event.value, "body": finding_body(one), "found_at": now}
            rows[known.id, position] = body
    renewed = [{"of_id": known.id} for known in placed if not known.is_new]
    if renewed:
        connection.execute(_DELETE_FINDINGS, renewed)
    if rows:
        connection.execute(finding.insert(), list(rows.values()))
