"""The rules of official notices as values: reads ``rules/notices.toml``, where each rule stands with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from watchers.exceptions import RuleError
from watchers.types import EventKind

PATH = Path(__file__).parent / "rules" / "notices.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeType:
    """A notice type of the Procurement Act. ``value`` names the part of the release that holds the sum this notice is about."""

    name: str
    event: EventKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """What a release that carries one of these tags announces."""

    tags: frozenset[str]
    event: EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A register, known by the prefix of its process ids. ``link`` is where people read a notice; empty where only the release knows."""

    prefix: str
    name: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRules:
    """Everything in the file, ready to be asked."""

    uk: Mapping[str, NoticeType]
    celex: tuple[TagRule, ...]
    contracts_finder: tuple[TagRule, ...]
    ocds: tuple[TagRule, ...]
    ted: Mapping[str, EventKind]
    ted_won: frozenset[str]
    ted_lost: frozenset[str]
    ted_open: frozenset[str]
    ted_withdrawn: frozenset[str]
    tender_failed: frozenset[str]
    award_failed: frozenset[str]
    award_pending: frozenset[str]
    contract_cancelled: frozenset[str]
    contract_ended: frozenset[str]
    completed_rationales: frozenset[str]
    direct_methods: frozenset[str]
    direct_details: tuple[str, ...]
    no_reason: frozenset[str]
    reason_words: tuple[str, ...]
    intention_words: tuple[str, ...]
    reasons: Mapping[str, str]
    publishers: tuple[Publisher, ...]
    local_schemes: frozenset[str]
    not_identifiers: frozenset[str]

    def publisher(self, ocid: str) -> Publisher:
        """The register of a process. One that is not listed is known by the prefix of its process ids."""
        for known in self.publishers:
            if ocid.startswith(known.prefix):
                return known
        prefix = "-".join(ocid.split("-")[:2]) if ocid.startswith("ocds-") else ""
        return Publisher(prefix=prefix, name=f"register {prefix}" if prefix else "an open contracting register", link="")


@cache
def notice_rules() -> NoticeRules:
    """The rules as shipped. Raises RuleError naming the file when they cannot be read."""
    return read_rules(PATH)


def read_rules(path: Path) -> NoticeRules:
    """Read a rule file. Raises RuleError with what is wrong in it."""
    try:
        return _rules(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise RuleError(f"cannot be read: {error}", about=str(path)) from error
    except KeyError as error:
        raise RuleError(f"{error.args[0]!r} is missing", about=str(path)) from error
    except (TypeError, AttributeError) as error:
        raise RuleError(f"has another shape than this version reads: {error}", about=str(path)) from error


def _rules(data: dict[str, Any]) -> NoticeRules:
    ted, statuses, words, identifiers = data["ted"], data["statuses"], data["words"], data["identifiers"]
    return NoticeRules(
        uk={
            code: NoticeType(name=row["name"], event=EventKind(row["event"]), value=row.get("value", "tender"))
            for code, row in data["uk"].items()
        },
        celex=_tags(data["celex"]),
        contracts_finder=_tags(data["contracts_finder"]),
        ocds=_tags(data["ocds"]),
        ted={kind: event for event in EventKind if event in ted for kind in ted[event]},
        ted_won=frozenset(ted["won"]),
        ted_lost=frozenset(ted["lost"]),
        ted_open=frozenset(ted["open"]),
        ted_withdrawn=frozenset(ted["withdrawn"]),
        tender_failed=frozenset(statuses["tender_failed"]),
        award_failed=frozenset(statuses["award_failed"]),
        award_pending=frozenset(statuses["award_pending"]),
        contract_cancelled=frozenset(statuses["contract_cancelled"]),
        contract_ended=frozenset(statuses["contract_ended"]),
        completed_rationales=frozenset(words["completed_rationales"]),
        direct_methods=frozenset(words["direct_methods"]),
        direct_details=tuple(words["direct_details"]),
        no_reason=frozenset(words["no_reason"]),
        reason_words=tuple(words["reason_words"]),
        intention_words=tuple(words["intention_words"]),
        reasons=data["reasons"],
        publishers=tuple(Publisher(prefix=row["prefix"], name=row["name"], link=row["link"]) for row in data["publishers"]),
        local_schemes=frozenset(identifiers["local_schemes"]),
        not_identifiers=frozenset(identifiers["not_identifiers"]),
    )


def _tags(rows: list[dict[str, Any]]) -> tuple[TagRule, ...]:
    return tuple(TagRule(tags=frozenset(row["tags"]), event=EventKind(row["event"])) for row in rows)
