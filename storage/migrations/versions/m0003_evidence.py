"""Evidence and the documents it was read from; messages that tell several alerts; entries that came too old to be told.

Of entries that are part of a story already, what is still stored becomes their evidence, as far as it goes: the text by which they joined,
what it was taken to say, and no document, for none was remembered.
"""

from __future__ import annotations

import json
import zlib
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BATCH = 500
_OLD = sa.text("old")
_LED = sa.text("leader_id IS NOT NULL")
_LED_WAITING = sa.text("leader_id IS NOT NULL AND state = 'pending'")
_TOLD = sa.text(
    "SELECT se.entry_id, se.title, se.summary, se.at, e.title AS newest, e.url, e.outlet, e.published, e.release"
    " FROM story_entry se JOIN entry e ON e.id = se.entry_id ORDER BY se.entry_id, se.id"
)
_FINDINGS = sa.text("SELECT entry_id, event, body FROM finding ORDER BY entry_id, position")
_KEEP = sa.text(
    "INSERT INTO evidence (entry_id, title, summary, url, outlet, published, release, findings, sha256, rules, kept_at) VALUES"
    " (:entry_id, :title, :summary, :url, :outlet, :published, :release, :findings, :sha256, '', :at) ON CONFLICT DO NOTHING"
)


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", _ID, nullable=False),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", _ID, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("outlet", sa.Text()),
        sa.Column("published", sa.BigInteger()),
        sa.Column("release", sa.LargeBinary()),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_evidence_entry_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_evidence_document_id")),
        sa.UniqueConstraint("entry_id", "sha256", name=op.f("uq_evidence_entry_id_sha256")),
    )
    op.create_index("ix_evidence_text", "evidence", ["sha256"])
    op.add_column("entry", sa.Column("old", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_entry_old", "entry", ["id"], sqlite_where=_OLD, postgresql_where=_OLD)
    op.add_column("channel", sa.Column("suspended_at", sa.BigInteger()))
    op.add_column("channel", sa.Column("burst_until", sa.BigInteger()))
    op.add_column("delivery", sa.Column("leader_id", sa.BigInteger()))
    op.create_index("ix_delivery_leader", "delivery", ["leader_id"], sqlite_where=_LED, postgresql_where=_LED)
    op.create_index("ix_delivery_led_waiting", "delivery", ["state", "leader_id"], sqlite_where=_LED_WAITING, postgresql_where=_LED_WAITING)
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    findings: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(_FINDINGS):
        said = json.loads(row.body).get("evidence", {})
        spans = [[one["field"], one["start"], one["end"]] for one in said.get("spans", ())]
        findings.setdefault(row.entry_id, []).append(
            {"event": row.event, "rule": said.get("rule", ""), "sentence": said.get("sentence", ""), "spans": spans}
        )
    rows = [_row(row, findings.get(row.entry_id, [])) for row in connection.execute(_TOLD)]
    for start in range(0, len(rows), _BATCH):
        connection.execute(_KEEP, rows[start : start + _BATCH])


def _row(row: Any, findings: list[dict[str, Any]]) -> dict[str, Any]:
    release = None if row.release is None or row.newest != row.title else json.loads(zlib.decompress(row.release))
    return {
        "entry_id": row.entry_id,
        "title": row.title,
        "summary": row.summary,
        "url": row.url,
        "outlet": row.outlet,
        "published": row.published,
        "release": None if release is None else row.release,
        "findings": _canonical(findings),
        "sha256": sha256(_canonical([row.title, row.summary, release]).encode()).digest(),
        "at": row.at,
    }


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
