"""Who stands in what is stored, for whoever adds a watch: in notices under which names and numbers, and in a page that somebody read.

A name is looked for by a piece of it, over all rows: no index holds pieces, and reading a hundred thousand takes a tenth of a second, once
for a command. What a name has in common with another is not decided here but in ``watchers.suggest``.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Text, func, select, type_coerce

from storage.tables import award, entry_key, feed, finding
from storage.unit import reads
from watchers.types import Party, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from storage.engine import Database

_MOST = 400  # names that are looked at, those in most notices first
_ROWS = 2_000  # notices that are opened for their public bodies, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredParty:
    """An organisation as notices name it; ``notices``: how many do so."""

    name: str
    identifiers: tuple[str, ...]
    role: Role
    notices: int


class Parties:
    """The store's methods about the parties of official notices."""

    _db: Database

    @reads
    def parties_named(self, connection: Connection, piece: str, role: Role = Role.EITHER) -> list[StoredParty]:
        """List the parties in this role whose name holds ``piece``, in any case; those in most notices first."""
        suppliers = _holds(award.c.supplier, piece)
        return _parties(connection, role, suppliers, json.dumps(piece)[1:-1], lambda party: piece.casefold() in party.name.casefold())

    @reads
    def parties_registered(self, connection: Connection, identifier: str, role: Role = Role.EITHER) -> list[StoredParty]:
        """List the parties in this role that notices register under an identifier."""
        quoted = json.dumps(identifier)
        return _parties(connection, role, _holds(award.c.identifiers, quoted), quoted, lambda party: identifier in party.identifiers)

    @reads
    def entry_of(self, connection: Connection, key: bytes, address: str) -> int | None:
        """Find the entry of a page by the key of its link, or of a notice by its normal address; of several one that says something."""
        here = (  # a key is looked up in one feed after the other: no index holds keys alone
            select(entry_key.c.entry_id)
            .join(feed, feed.c.id == entry_key.c.feed_id)
            .outerjoin(finding, finding.c.entry_id == entry_key.c.entry_id)
            .where(entry_key.c.key == key)
            .order_by(finding.c.entry_id.is_(None), entry_key.c.entry_id.desc())
        )
        number = connection.execute(here.limit(1)).scalar()
        if number is None:
            notice = select(finding.c.entry_id).where(_holds(finding.c.body, f'{json.dumps(address)[1:-1]}"'))
            number = connection.execute(notice.order_by(finding.c.entry_id.desc()).limit(1)).scalar()
        return number

    @reads
    def parties_in(self, connection: Connection, entry_id: int) -> list[tuple[str, Role]]:
        """List who an entry says a contract was between, suppliers first, each name once for each role."""
        found = select(finding.c.body).where(finding.c.entry_id == entry_id).order_by(finding.c.position)
        bodies = list(connection.execute(found).scalars())
        sides = (("suppliers", Role.SUPPLIER), ("public_bodies", Role.PUBLIC_BODY))
        return list(dict.fromkeys((one["name"], role) for side, role in sides for body in bodies for one in body.get(side, ())))


def _parties(
    connection: Connection, role: Role, suppliers: ColumnElement[bool], in_body: str, fits: Callable[[Party], bool]
) -> list[StoredParty]:
    found: list[StoredParty] = []
    if role in (Role.SUPPLIER, Role.EITHER):
        found += _suppliers(connection, suppliers)
    if role in (Role.PUBLIC_BODY, Role.EITHER):
        found += _bodies(connection, in_body, fits)
    return sorted(found, key=lambda party: (-party.notices, party.name))[:_MOST]


def _suppliers(connection: Connection, condition: ColumnElement[bool]) -> list[StoredParty]:
    notices = func.count(award.c.notice_number.distinct())
    wanted = (
        select(award.c.supplier, award.c.identifiers, notices.label("notices"))
        .where(condition)
        .group_by(award.c.supplier, award.c.identifiers)
        .order_by(notices.desc(), award.c.supplier)
        .limit(_MOST)
    )
    return [
        StoredParty(name=row.supplier, identifiers=tuple(row.identifiers), role=Role.SUPPLIER, notices=row.notices)
        for row in connection.execute(wanted)
    ]


def _bodies(connection: Connection, in_body: str, fits: Callable[[Party], bool]) -> list[StoredParty]:
    """The bodies of findings that rest on a notice: they have no table of their own, they stand in what was found."""
    wanted = (
        select(finding.c.body)
        .where(_holds(finding.c.body, in_body), _holds(finding.c.body, '"notice":'))
        .order_by(finding.c.entry_id.desc())
        .limit(_ROWS)
    )
    counts: Counter[Party] = Counter()
    for body in connection.execute(wanted).scalars():
        bodies = (Party(name=one["name"], identifiers=tuple(one.get("identifiers", ()))) for one in body.get("public_bodies", ()))
        counts.update({party for party in bodies if fits(party)})
    return [
        StoredParty(name=party.name, identifiers=party.identifiers, role=Role.PUBLIC_BODY, notices=count) for party, count in counts.items()
    ]


def _holds(column: Any, piece: str) -> ColumnElement[bool]:
    pattern = piece.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    held: ColumnElement[bool] = type_coerce(column, Text).ilike(f"%{pattern}%", escape="!")
    return held
