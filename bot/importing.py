"""A file of watches read: what /export made, or a table. Pure; nothing of it is believed before it is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.exchange import Wrong, read_file
from bot.exporting import FORMAT
from bot.locale import LANGUAGES
from storage.watch_rows import read_terms, read_watch
from watchers.types import EventKind, Role, Terms, Watch

MOST_BYTES = 1_000_000
_Name = Annotated[str, Field(min_length=2, max_length=200)]
_Words = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """``lists``: what is on each, under its name; None: what stood on no list."""

    language: str | None
    lists: Mapping[str | None, tuple[tuple[Watch, Terms], ...]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Organisation(_Strict):
    name: _Words
    aliases: Annotated[list[_Name], Field(max_length=50)]
    identifiers: Annotated[list[_Words], Field(max_length=50)]
    role: Role


class _Watch(_Organisation):
    partner: _Organisation | None
    area: _Words | None
    direct: bool
    without: Annotated[list[_Name], Field(max_length=50)]


class _Terms(_Strict):
    kinds: str | None
    minimum: Annotated[int, Field(gt=0, lt=10**15)] | None
    currency: Annotated[str, Field(pattern="[A-Z]{3}")]
    without_sum: bool
    paused: bool


class _Listed(_Strict):
    list: Annotated[str, Field(min_length=2, max_length=60)] | None
    mine: bool
    watch: _Watch
    terms: _Terms


class _File(BaseModel):
    format: Literal[FORMAT]  # type: ignore[valid-type]
    watches: Annotated[list[_Listed], Field(max_length=5_000)]
    kept: dict[str, list[dict[str, Any]]]


def read_watches(name: str, body: bytes) -> tuple[Imported | None, tuple[Wrong, ...]]:
    """An export, or watches in a table or in TOML (what it is, its name may say); of those what is right, and beside it what is not."""
    if body.lstrip()[:1] == b"{":
        return read_export(body), ()
    read = read_file(name, body)
    lists = {name or None: tuple(watches) for name, watches in read.lists.items()}
    return (Imported(language=None, lists=lists) if lists else None), read.wrong


def read_export(body: bytes) -> Imported | None:
    """What a file asks for; None when it is not what /export makes."""
    try:
        read = _File.model_validate(json.loads(body))
        found: dict[str | None, list[tuple[Watch, Terms]]] = {}
        for one in read.watches:
            found.setdefault(one.list, []).append(_watch(one))
    except (ValueError, KeyError, RecursionError, ValidationError):
        return None
    language = next((row.get("language") for row in read.kept.get("channel", ())), None)
    return Imported(language=language if language in LANGUAGES else None, lists={name: tuple(watches) for name, watches in found.items()})


def _watch(one: _Listed) -> tuple[Watch, Terms]:
    terms = one.terms.model_dump()
    if one.terms.kinds is not None:
        terms["kinds"] = " ".join(EventKind(kind) for kind in one.terms.kinds.split())
    return read_watch(one.watch.model_dump(), ""), read_terms(terms)
