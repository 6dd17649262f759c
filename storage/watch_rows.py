"""Watches and their terms as columns and plain structures, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.columns import canonical
from watchers.types import EventKind, Organisation, Role, Terms, Watch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.engine import Row


def watch_body(watch: Watch) -> dict[str, Any]:
    """Write all of a watch but its id as columns of its table."""
    partner = None if watch.partner is None else _organisation_body(watch.partner) | {"role": watch.partner_role.value}
    return {
        **_organisation_body(watch.organisation or Organisation(name="")),
        "role": watch.role.value,
        "partner": partner,
        "area": watch.area or None,
        "direct": watch.direct,
        "without": list(watch.without),
    }


def digest_text(watch: Watch) -> str:
    """Write what makes a watch another one; parts it does not use stay out, so that what was stored before they were keeps its key."""
    body = watch_body(watch)
    return canonical({name: value for name, value in body.items() if name in ("name", "aliases", "identifiers", "role") or value})


def read_watch(row: Row[*tuple[Any, ...]] | dict[str, Any], watch_id: str) -> Watch:
    """Read a watch from columns of its table, under the id that the caller knows it by."""
    body = _columns(row)
    partner = body["partner"]
    return Watch(
        id=watch_id,
        organisation=_organisation(body) if body["name"] else None,
        role=Role(body["role"]),
        partner=None if partner is None else _organisation(partner),
        partner_role=Role.EITHER if partner is None else Role(partner["role"]),
        area=body["area"] or "",
        direct=bool(body["direct"]),
        without=tuple(body["without"]),
    )


def terms_body(terms: Terms) -> dict[str, Any]:
    """Write terms as columns of ``watchlist_watch``."""
    return {
        "kinds": None if terms.kinds is None else kinds_text(terms.kinds),
        "minimum": terms.minimum,
        "currency": terms.currency,
        "without_sum": terms.without_sum,
        "paused": terms.paused,
    }


def read_terms(row: Row[*tuple[Any, ...]] | dict[str, Any]) -> Terms:
    """Read terms from columns of ``watchlist_watch``."""
    body = _columns(row)
    return Terms(
        kinds=None if body["kinds"] is None else frozenset(map(EventKind, body["kinds"].split())),
        minimum=body["minimum"],
        currency=body["currency"],
        without_sum=bool(body["without_sum"]),
        paused=bool(body["paused"]),
    )


def kinds_text(kinds: Collection[EventKind]) -> str:
    """Write kinds so that each is found with a blank at either end."""
    return f" {' '.join(sorted(kind.value for kind in kinds))} "


def _columns(row: Row[*tuple[Any, ...]] | dict[str, Any]) -> dict[str, Any]:
    return row if isinstance(row, dict) else row._asdict()


def _organisation_body(organisation: Organisation) -> dict[str, Any]:
    return {"name": organisation.name, "aliases": list(organisation.aliases), "identifiers": list(organisation.identifiers)}


def _organisation(body: Mapping[str, Any]) -> Organisation:
    return Organisation(name=body["name"], aliases=tuple(body["aliases"]), identifiers=tuple(body["identifiers"]))
