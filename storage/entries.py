"""Entries and their keys: what a feed published, which of it is known, and the one transaction in which a poll lands.

An entry is known when any of its keys is stored for its feed, whatever its text says now. Keys of a known entry that are new are added to
it, so that an article that changes its link and later its id is still the same. Nothing here reads more rows than the poll has entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, delete, func, select, text, update

from storage.awards import write_awards, write_lookup
from storage.codec import finding_body
from storage.evidence import same_texts, write_evidence
from storage.feeds import feed_number, write_state
from storage.habits import learn_news
from storage.records import OldEntry, SaveResult
from storage.sql import chunks, insert_many, lock_stories, new_ids
from storage.stories import StoryWriter
from storage.tables import entry, entry_key, feed, finding
from storage.unit import reads, writes
from storage.versions import require_version
from watchers.types import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from watchers.types import CorrectionRules, Entry, FeedState, StoryRules, ThreadRules, UnderstoodEntry

_DIGEST = 16
_REWRITTEN = timedelta(days=60)  # what a feed holds when all its keys change; the same words much later are about something else
_FINGERPRINTS = 8  # texts of an entry that are remembered: feeds that carry one article under two headlines show both at every poll

# Built once: building a statement costs more than running it.
_UPDATE_ENTRY = update(entry).where(entry.c.id == bindparam("of_id"))
_DELETE_FINDINGS = delete(finding).where(finding.c.entry_id == bindparam("of_id", type_=BigInteger))
_COUNT_ENTRIES = update(feed).where(feed.c.id == bindparam("of_id")).values(entries=feed.c.entries + bindparam("more", type_=BigInteger))
_SELECT_KNOWN = (
    select(entry_key.c.key, entry.c.id, entry.c.fingerprints)
    .join(feed, feed.c.id == entry_key.c.feed_id)
    .join(entry, entry.c.id == entry_key.c.entry_id)
    .where(feed.c.key == bindparam("feed_key"), entry_key.c.key.in_(bindparam("keys", expanding=True)))
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
        stored = _known(connection, feed_id, entries)
        new: list[Entry] = []
        changed: list[Entry] = []
        for one in entries:
            known = next((stored[key] for key in one.keys if key in stored), None)
            if known is None:
                new.append(one)
            elif not known.has_text(one.fingerprint):
                changed.append(one)
        return tuple(new), tuple(changed)

    @reads
    def old_entries(self, connection: Connection, limit: int) -> tuple[int, list[OldEntry]]:
        """Count the entries that were kept and not told because they came too old, and list the newest of them."""
        count = connection.execute(select(func.count()).select_from(entry).where(_OLD)).scalar_one()
        wanted = (
            select(entry.c.id, entry.c.title, entry.c.url, entry.c.published, entry.c.first_seen_at, feed.c.key)
            .join(feed, feed.c.id == entry.c.feed_id)
            .where(_OLD)
            .order_by(entry.c.id.desc())
            .limit(limit)
        )
        rows = connection.execute(wanted).all()
        said = select(finding.c.entry_id, finding.c.event).where(finding.c.entry_id.in_([row.id for row in rows]))
        events: dict[int, list[str]] = {}
        for number, event in connection.execute(said.order_by(finding.c.entry_id, finding.c.position)):
            events.setdefault(number, []).append(event)
        return count, [
            OldEntry(
                feed=row.key,
                title=row.title,
                url=row.url,
                published=row.published,
                first_seen_at=row.first_seen_at,
                events=tuple(events.get(row.id, ())),
            )
            for row in rows
        ]

    @writes
    def save_poll(
        self,
        connection: Connection,
        feed_id: str,
        understood: Sequence[UnderstoodEntry],
        state: FeedState | None,
        *,
        rules: StoryRules,
        threads: ThreadRules | None = None,
        corrects: CorrectionRules | None = None,
        watches_version: int,
        now: datetime,
        rules_version: str = "",
        strangers: bool = False,
    ) -> SaveResult:
        """Keep a poll (or a page of one: ``state`` None) with all that follows from it, or nothing of it.

        Entries, keys, awards, findings, stories, matches, alerts and the feed's state are one transaction: if the process dies before it
        is committed, the same document is fetched again with the old validators. Saving the same entries again changes nothing more.
        Without ``threads`` every story is a contract of its own, without ``corrects`` nothing is corrected. ``strangers``: not one entry of
        the document was known, as when a feed rewrites all its links and guids; what it told before, in the same words, is then not new.

        Raises:
            StaleWatches: the watches are no longer those of ``watches_version``; nothing was kept.
        """
        if any(one.event is not EventKind.NONE for each in understood for one in each.findings):
            lock_stories(connection)
        number = feed_number(connection, feed_id, lock=True)
        require_version(connection, watches_version)
        placed, changed = _write_entries(connection, number, feed_id, understood, now, strangers=strangers)
        write_awards(connection, understood)
        _write_findings(connection, number, understood, placed, now)
        writer = StoryWriter(connection, rules, now, threads=threads, corrects=corrects)
        # In the order they were published: registers and feeds answer newest first, and a contract is told as it went.
        for known, each in sorted(zip(placed, understood, strict=True), key=lambda pair: pair[1].entry.published or now):
            writer.place(known.id, each, was_known=not known.is_new)
        write_evidence(connection, _worth_keeping(placed, understood), rules=rules_version, now=now)
        new = len({known.id for known in placed if known.is_new})
        if new:
            connection.execute(_COUNT_ENTRIES, {"of_id": number, "more": new})
            learn_news(connection, number, now)
        if state is not None:
            write_state(connection, number, state, now)
        return SaveResult(new=new, changed=changed, stories=writer.opened, alerts=writer.alerts)


_OLD = text("entry.old")  # the words of the partial index


def _worth_keeping(placed: Sequence[_Known], understood: Sequence[UnderstoodEntry]) -> Iterator[tuple[int, UnderstoodEntry]]:
    """The entries that may be part of a story: those that say something, and those that may have said something before."""
    return ((known.id, each) for known, each in zip(placed, understood, strict=True) if each.findings or not known.is_new)


def _known(connection: Connection, feed_id: str, entries: Iterable[Entry]) -> dict[bytes, _Known]:
    """Find which keys are stored, and of which entries."""
    by_key: dict[bytes, _Known] = {}
    by_id: dict[int, _Known] = {}
    for some in chunks([key for one in entries for key in one.keys]):
        for key, number, fingerprints in connection.execute(_SELECT_KNOWN, {"feed_key": feed_id, "keys": some}).all():
            known = by_id.get(number)
            if known is None:
                known = by_id[number] = _Known(number, fingerprints, is_new=False)
            by_key[key] = known
    return by_key


def _write_entries(
    connection: Connection, feed_number: int, feed_id: str, understood: Sequence[UnderstoodEntry], now: datetime, *, strangers: bool
) -> tuple[list[_Known], int]:
    """Insert what is new, renew the text of what has changed, and say for each entry which stored one it is."""
    stored = _known(connection, feed_id, (each.entry for each in understood))
    if strangers and not stored:
        stored = _told_before(connection, feed_number, understood, now)
    placed: list[_Known] = []
    fresh: list[tuple[_Known, UnderstoodEntry]] = []
    changed: list[tuple[_Known, UnderstoodEntry]] = []
    added: list[tuple[bytes, _Known]] = []
    for each in understood:
        keys = each.entry.keys
        known = next((stored[key] for key in keys if key in stored), None)
        if known is None:
            known = _Known(0, each.entry.fingerprint, is_new=True)
            fresh.append((known, each))
        elif not known.has_text(each.entry.fingerprint):
            known.fingerprints = (each.entry.fingerprint + known.fingerprints)[: _DIGEST * _FINGERPRINTS]
            changed.append((known, each))
        added.extend((key, known) for key in keys if stored.setdefault(key, known) is known)
        placed.append(known)
    _insert_fresh(connection, feed_number, fresh, now)
    for known, each in changed:
        values = _texts(each) | {"fingerprints": known.fingerprints, "changed_at": now}
        connection.execute(_UPDATE_ENTRY, {"of_id": known.id, **values})
    if added:
        rows = [{"feed_id": feed_number, "key": key, "entry_id": known.id} for key, known in dict(added).items()]
        insert_many(connection, entry_key, rows, ignore=True)
    return placed, len(changed)


def _told_before(connection: Connection, feed_number: int, understood: Sequence[UnderstoodEntry], now: datetime) -> dict[bytes, _Known]:
    """Find the entries that a feed told lately in the very same words, by the keys they have now."""
    telling = [each.entry for each in understood if each.findings and each.entry.release is None]
    texts = {one.keys[0]: (one.title, one.summary) for one in telling}
    found = same_texts(connection, feed_number, texts, now - _REWRITTEN) if texts else {}
    return {key: _Known(number, fingerprints, is_new=False) for key, (number, fingerprints) in found.items()}


def _insert_fresh(connection: Connection, feed_number: int, fresh: Sequence[tuple[_Known, UnderstoodEntry]], now: datetime) -> None:
    """Insert new entries, all in one call: their numbers are drawn first, since a call for each would take twice as long."""
    if not fresh:
        return
    rows = []
    for (known, each), number in zip(fresh, new_ids(connection, entry, len(fresh)), strict=True):
        known.id = number
        stamps = {
            "id": number,
            "feed_id": feed_number,
            "fingerprints": known.fingerprints,
            "told": each.told,
            "old": each.old,
            "first_seen_at": now,
        }
        rows.append(stamps | _texts(each))
    insert_many(connection, entry, rows)


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
