"""Who supplies which award, so that notices that name no supplier (changes, terminations, cancellations) can be joined to one that did.

A notice that cannot be joined waits in ``lookup``: the whole process is asked for, at most five times with growing pauses, and saving the
same entry again with its suppliers ends the waiting.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from storage.feeds import feed_number
from storage.sql import insert_or_ignore, upsert
from storage.tables import award, entry, entry_key, lookup
from storage.unit import reads, writes
from watchers.types import AwardParty, Entry, Party

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from watchers.types import UnderstoodEntry

_KEY_BYTES = 16
# Five tries in about a day and a half: an earlier notice that is not published by then was never made.
_PAUSES = (timedelta(0), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


class Awards:
    """The store's methods about suppliers of awards."""

    _db: Database

    @reads
    def award_parties(self, connection: Connection, ocid: str, award_ids: Sequence[str]) -> tuple[AwardParty, ...]:
        """List the known suppliers of some awards of a process, or of all of them when ``award_ids`` is empty."""
        wanted = select(award).where(award.c.ocid == ocid).order_by(award.c.id)
        if award_ids:
            wanted = wanted.where(award.c.award_id.in_(list(award_ids)))
        return tuple(
            AwardParty(
                ocid=row.ocid,
                award_id=row.award_id,
                supplier=Party(name=row.supplier, identifiers=tuple(row.identifiers)),
                notice_number=row.notice_number,
            )
            for row in connection.execute(wanted)
        )

    @reads
    def lookups_due(self, connection: Connection, feed_id: str, now: datetime, *, limit: int) -> tuple[Entry, ...]:
        """List stored notices of a feed whose suppliers are due to be asked for, the longest waiting first."""
        wanted = (
            select(lookup.c.entry_keys, entry)
            .join(entry, entry.c.id == lookup.c.entry_id)
            .where(lookup.c.feed_id == feed_number(connection, feed_id), lookup.c.next_at <= now, lookup.c.tries < len(_PAUSES))
            .order_by(lookup.c.next_at, lookup.c.entry_id)
            .limit(limit)
        )
        return tuple(
            Entry(
                keys=tuple(row.entry_keys[at : at + _KEY_BYTES] for at in range(0, len(row.entry_keys), _KEY_BYTES)),
                fingerprint=row.fingerprints[:_KEY_BYTES],
                title=row.title,
                summary=row.summary,
                url=row.url,
                link_key=row.link_key,
                outlet=row.outlet,
                published=row.published,
                language=row.language,
                release=row.release,
            )
            for row in connection.execute(wanted)
        )

    @writes
    def lookup_failed(self, connection: Connection, feed_id: str, entry: Entry, now: datetime, *, for_good: bool = False) -> None:
        """Put off asking for a notice's suppliers; after the fifth time, or ``for_good``, it is not asked for again."""
        number = feed_number(connection, feed_id)
        known = select(entry_key.c.entry_id).where(entry_key.c.feed_id == number, entry_key.c.key.in_(entry.keys))
        row = connection.execute(select(lookup).where(lookup.c.entry_id.in_(known)).with_for_update()).first()
        if row is None:
            return
        tries = len(_PAUSES) if for_good else row.tries + 1
        pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
        connection.execute(update(lookup).where(lookup.c.entry_id == row.entry_id).values(tries=tries, next_at=now + pause))


def write_awards(connection: Connection, understood: Sequence[UnderstoodEntry]) -> None:
    """Keep the suppliers that entries name; what a later notice says of the same supplier replaces what an earlier one said."""
    rows = [
        {
            "ocid": one.ocid,
            "award_id": one.award_id,
            "supplier": one.supplier.name,
            "identifiers": list(one.supplier.identifiers),
            "notice_number": one.notice_number,
        }
        for each in understood
        for one in each.awards
    ]
    if rows:
        new = upsert(connection, award)
        latest = {"identifiers": new.excluded.identifiers, "notice_number": new.excluded.notice_number}
        connection.execute(new.on_conflict_do_update(index_elements=["ocid", "award_id", "supplier"], set_=latest), rows)


def write_lookup(connection: Connection, feed_number: int, entry_id: int, understood: UnderstoodEntry, now: datetime) -> None:
    """Ask for the suppliers of a notice that has none, or stop asking for those of one that now has."""
    unknown = any(one.notice is not None and one.notice.supplier_unknown for one in understood.findings)
    if unknown:
        keys = b"".join(understood.entry.keys)
        connection.execute(
            insert_or_ignore(connection, lookup).values(entry_id=entry_id, feed_id=feed_number, entry_keys=keys, tries=0, next_at=now)
        )
    elif any(one.notice is not None for one in understood.findings):
        connection.execute(delete(lookup).where(lookup.c.entry_id == entry_id))
