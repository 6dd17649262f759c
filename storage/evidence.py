"""Evidence: what the entries of a story said when they were read, where that was fetched, and which rules decided.

Kept for every entry that is part of a story, in the transaction that makes it so, and once for each text it ever had; nothing here is ever
changed or pruned while its story is there. The digest is over what is kept, so that a row that was altered or damaged says so itself.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, type_coerce

from storage.codec import read_spans, spans_body
from storage.columns import Bytes, canonical, clean, parsed
from storage.exceptions import NotFound
from storage.sql import chunks, insert_or_ignore, new_ids
from storage.tables import alert, delivery, document, entry, evidence, feed, story, story_entry
from storage.unit import reads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.engine import Database
    from watchers.types import Document, Span, UnderstoodEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    """The document an entry was read from. ``sha256`` is of its bytes, in hexadecimal; the bytes themselves are not kept."""

    addresses: tuple[str, ...]
    fetched_at: datetime
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFinding:
    """What a text was taken to say, and by which rule."""

    event: str
    rule: str
    sentence: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptText:
    """One text that an entry had. ``document`` is None for what was stored before documents were remembered."""

    entry_id: int
    feed: str
    feed_name: str
    title: str
    summary: str
    release: Mapping[str, Any] | None
    url: str | None
    outlet: str | None
    published: datetime | None
    kept_at: datetime
    document: KeptDocument | None
    findings: tuple[KeptFinding, ...]
    rules: str
    sha256: str  # as it was written down, in hexadecimal

    @property
    def intact(self) -> bool:
        """Whether the text is, to the letter, what its digest was made of."""
        return text_digest(self.title, self.summary, self.release).hex() == self.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvidence:
    """All that an alert rests on: what it states of its story now, and every text of every entry of it, the oldest first."""

    alert_id: int
    story_id: int
    reason: str
    event: str
    created_at: datetime
    sentence: str
    spans: tuple[Span, ...]
    rule: str
    entry_id: int  # whose text the sentence stands in
    texts: tuple[KeptText, ...]


class EvidenceStore:
    """The store's methods that give evidence back."""

    _db: Database

    @reads
    def evidence(self, connection: Connection, alert_id: int) -> AlertEvidence:
        """Read everything an alert rests on. Raises NotFound."""
        row = connection.execute(_ALERT, {"of_alert": alert_id}).one_or_none()
        if row is None:
            raise NotFound("there is no such alert", about=str(alert_id))
        texts = connection.execute(_TEXTS, {"of_story": row.story_id})
        return AlertEvidence(
            alert_id=alert_id,
            story_id=row.story_id,
            reason=row.reason.partition(":")[0],
            event=row.event,
            created_at=row.created_at,
            sentence=row.sentence,
            spans=read_spans(row.spans),
            rule=row.rule,
            entry_id=row.evidence_entry_id,
            texts=tuple(_text(one) for one in texts),
        )

    @reads
    def newest_alerts(self, connection: Connection, limit: int) -> list[tuple[int, datetime, str, str]]:
        """List the newest alerts: number, time, kind of event, and the sentence it rests on."""
        wanted = (
            select(alert.c.id, alert.c.created_at, story.c.event, story.c.sentence)
            .join(story, story.c.id == alert.c.story_id)
            .order_by(alert.c.id.desc())
            .limit(limit)
        )
        return [(row.id, row.created_at, row.event, row.sentence) for row in connection.execute(wanted)]

    @reads
    def alerts_shown(
        self, connection: Connection, channel_id: int, *, message_id: int | None = None, alert_id: int | None = None
    ) -> tuple[int, ...]:
        """Find which alerts a message of a channel tells, or whether an alert was meant for it: nobody sees what others watch."""
        mine = select(delivery.c.alert_id).where(delivery.c.channel_id == channel_id, delivery.c.alert_id.is_not(None))
        which = delivery.c.alert_id == alert_id if message_id is None else delivery.c.message_id == message_id
        return tuple(connection.execute(mine.where(which).order_by(delivery.c.id)).scalars())


def text_digest(title: str, summary: str, release: Mapping[str, Any] | None) -> bytes:
    """SHA-256 over the JSON array [title, summary, release] in UTF-8: keys sorted, no spaces, letters beyond ASCII escaped."""
    return sha256(canonical([title, summary, release]).encode()).digest()


_ALERT = select(
    func.coalesce(story.c.joined_to, story.c.id).label("story_id"),
    alert.c.reason,
    alert.c.created_at,
    story.c.event,
    story.c.sentence,
    story.c.spans,
    story.c.rule,
    story.c.evidence_entry_id,
).join(story, story.c.id == alert.c.story_id)
_ALERT = _ALERT.where(alert.c.id == bindparam("of_alert"))
_TEXTS = (
    select(
        *(column for column in evidence.c if column is not evidence.c.release),
        type_coerce(evidence.c.release, Bytes).label("packed"),
        feed.c.key,
        feed.c.name,
        document.c.addresses,
        document.c.fetched_at,
        document.c.sha256.label("document_sha256"),
        document.c.size,
    )
    .join(story_entry, story_entry.c.entry_id == evidence.c.entry_id)
    .join(entry, entry.c.id == evidence.c.entry_id)
    .join(feed, feed.c.id == entry.c.feed_id)
    .outerjoin(document, document.c.id == evidence.c.document_id)
    .where(story_entry.c.story_id == bindparam("of_story"))
    .order_by(evidence.c.id)
)
_TOLD = select(story_entry.c.entry_id).where(story_entry.c.entry_id.in_(bindparam("entries", expanding=True))).distinct()


def _text(row: Any) -> KeptText:
    read = None
    if row.document_id is not None:
        read = KeptDocument(addresses=tuple(row.addresses), fetched_at=row.fetched_at, sha256=row.document_sha256.hex(), size=row.size)
    return KeptText(
        entry_id=row.entry_id,
        feed=row.key,
        feed_name=row.name,
        title=row.title,
        summary=row.summary,
        release=_unpacked(row.packed),
        url=row.url,
        outlet=row.outlet,
        published=row.published,
        kept_at=row.kept_at,
        document=read,
        findings=tuple(
            KeptFinding(event=one["event"], rule=one["rule"], sentence=one["sentence"], spans=read_spans(one["spans"]))
            for one in row.findings
        ),
        rules=row.rules,
        sha256=row.sha256.hex(),
    )


def _unpacked(packed: bytes | None) -> Any:
    """A release, or what stands for one that cannot be read any more: its digest will not fit, which is the finding."""
    try:
        return None if packed is None else parsed(zlib.decompress(packed))
    except (zlib.error, ValueError):
        return {"damaged": True}


def same_texts(
    connection: Connection, feed_id: int, texts: Mapping[bytes, tuple[str, str]], since: datetime
) -> dict[bytes, tuple[int, bytes]]:
    """Find which texts (title and summary, by any key of theirs) a feed told before under other keys: the entry and its fingerprints."""
    by_digest: dict[bytes, list[bytes]] = {}
    for key, (title, summary) in texts.items():
        by_digest.setdefault(text_digest(clean(title), clean(summary), None), []).append(key)
    found: dict[bytes, tuple[int, bytes]] = {}
    for some in chunks(list(by_digest)):
        for row in connection.execute(_SAME, {"texts": some, "of_feed": feed_id, "since": since}):
            found.update(dict.fromkeys(by_digest[row.sha256], (row.id, row.fingerprints)))
    return found


_SAME = (
    select(evidence.c.sha256, entry.c.id, entry.c.fingerprints)
    .join(entry, entry.c.id == evidence.c.entry_id)
    .where(evidence.c.sha256.in_(bindparam("texts", expanding=True)))
    .where(entry.c.feed_id == bindparam("of_feed"), evidence.c.kept_at >= bindparam("since"))
    .order_by(evidence.c.id)
)


def write_evidence(connection: Connection, understood: Iterable[tuple[int, UnderstoodEntry]], *, rules: str, now: datetime) -> None:
    """Keep the texts of those entries that are part of a story; a text that is kept already is left as it is."""
    by_entry = dict(understood)
    told: set[int] = set()
    for some in chunks(list(by_entry)):
        told.update(connection.execute(_TOLD, {"entries": some}).scalars())
    if not told:
        return
    numbers = _write_documents(connection, [by_entry[one].entry.document for one in sorted(told)])
    rows = [_row(number, by_entry[number], numbers, rules, now) for number in sorted(told)]
    connection.execute(insert_or_ignore(connection, evidence), rows)


def _row(number: int, each: UnderstoodEntry, documents: Mapping[Document, int], rules: str, now: datetime) -> dict[str, Any]:
    one = each.entry
    # As the columns keep them, so that what is read back has the same digest.
    title, summary = clean(one.title), clean(one.summary)
    return {
        "entry_id": number,
        "document_id": documents[one.document] if one.document is not None else None,
        "title": title,
        "summary": summary,
        "url": one.url,
        "outlet": one.outlet,
        "published": one.published,
        "release": one.release,
        "findings": [
            {
                "event": found.event.value,
                "rule": found.evidence.rule,
                "sentence": found.evidence.sentence,
                "spans": spans_body(found.evidence.spans),
            }
            for found in each.findings
        ],
        "sha256": text_digest(title, summary, one.release),
        "rules": rules,
        "kept_at": now,
    }


def _write_documents(connection: Connection, documents: Sequence[Document | None]) -> dict[Document, int]:
    """Write each document down once, however many entries were read from it."""
    distinct = list(dict.fromkeys(one for one in documents if one is not None))
    numbers = dict(zip(distinct, new_ids(connection, document, len(distinct)) if distinct else [], strict=True))
    if numbers:
        rows = [
            {"id": number, "addresses": list(one.addresses), "fetched_at": one.fetched_at, "sha256": one.sha256, "size": one.size}
            for one, number in numbers.items()
        ]
        connection.execute(document.insert(), rows)
    return numbers
