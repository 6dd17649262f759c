"""The ready-made watchlists that ship with the bot (``packs.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from storage.list_changes import Pack
from watchers.types import Organisation, Role, Watch


@cache
def packs() -> dict[str, Pack]:
    """Each by its id; its watches are firms as suppliers."""
    with Path(__file__).with_name("packs.toml").open("rb") as file:
        read = tomllib.load(file)
    return {number: _list(number, one) for number, one in read.items()}


def _list(number: str, one: dict[str, object]) -> Pack:
    rows = one["watches"]
    assert isinstance(rows, list)
    watches = (
        Watch(organisation=Organisation(name=row["name"], aliases=tuple(row.get("aliases", ()))), role=Role.SUPPLIER) for row in rows
    )
    return Pack(id=number, name=str(one["name"]), watches=tuple(watches))
