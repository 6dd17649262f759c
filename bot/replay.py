"""Today's rules over yesterday's entries: which alerts would appear, vanish or change, and why.

The stored texts are understood again in the order they came and kept in a scratch store of their own, by the very code that keeps polls;
then the two lists of alerts are compared. The real store is only read. Entries from before the asked time go along for as long as a story
may wait for its next report, so that what began before is not taken for new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.facade import CORRECTION_RULES, STORY_RULES, THREAD_RULES
from bot.render import figure
from storage.records import ConfigWatchlist
from storage.replaying import StoredAlert, StoredText
from storage.store import Store, open_store
from watchers.match import Matcher
from watchers.notices import wanted_awards
from watchers.types import EventKind, FeedState, Finding, UnderstoodEntry, Watch
from watchers.understand import understand

WARM_UP = timedelta(days=45)  # a story takes further reports for this long
_PAGE = 500
_NOTHING = "nothing about a contract"
_FOR_NOBODY = ", for no watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One alert that is not as it was. ``before`` or ``after`` is None where there is none; ``why`` is a sentence."""

    change: str  # "appears", "vanishes", "changes"
    before: StoredAlert | None
    after: StoredAlert | None
    why: str

    @property
    def one(self) -> StoredAlert:
        found = self.before or self.after
        assert found is not None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay found: ``before`` and ``after`` count the alerts of the asked time."""

    entries: int
    before: int
    after: int
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class _Replay:
    """One replay under way. ``said`` is what each entry was taken to say when it came and now, as sentences for people."""

    store: Store
    watches: Sequence[Watch]
    since: datetime
    said_then: dict[int, str] = field(default_factory=dict)
    says_now: dict[int, str] = field(default_factory=dict)
    entries: set[int] = field(default_factory=set)
    telling: list[tuple[StoredText, tuple[Finding, ...]]] = field(default_factory=list)

    def read(self, on_entry: Callable[[], None]) -> None:
        """Understand every stored text with the rules of today, and remember those that tell something."""
        matcher, watched = Matcher(self.watches), self.store.watched_since()
        after: int | None = 0
        while after is not None:
            after, texts = self.store.stored_texts(self.since - WARM_UP, after=after, limit=_PAGE)
            for number, versions in groupby(texts, attrgetter("entry_id")):
                found = [(one, self._understand(one, matcher, watched)) for one in versions]
                last, findings = found[-1]
                if last.at >= self.since:
                    self.entries.add(number)
                if any(findings for _, findings in found) or any(one.said for one, _ in found):
                    self.telling.extend(found)
                    self.said_then[number] = _told(last.said)
                    self.says_now[number] = _told([(one.event.value, one.evidence.rule) for one in findings], matched=findings)
                on_entry()

    def _understand(self, text: StoredText, matcher: Matcher, watched: Mapping[str, datetime]) -> tuple[Finding, ...]:
        release = text.entry.release
        wanted = wanted_awards(release) if release else None
        awards = self.store.award_parties(*wanted) if wanted else ()
        findings = understand(text.entry, matcher, awards)
        # Nobody is told of what came before they asked for it, whatever the rules say.
        return tuple(
            replace(one, matches=tuple(match for match in one.matches if watched.get(match.watch, text.at) <= text.at)) for one in findings
        )

    def keep(self, scratch: Store) -> None:
        """Put what was understood into the scratch store, poll by poll as it came."""
        first = min((text.at for text, _ in self.telling), default=self.since)
        scratch.sync_feeds(self.store.every_feed(), first)
        scratch.sync_config([ConfigWatchlist(id="replay", name="Replay", watches=tuple(self.watches))], [], first)
        version, _ = scratch.watches()
        self.telling.sort(key=lambda one: (one[0].at, one[0].feed, one[0].entry_id))
        for (at, feed), texts in groupby(self.telling, lambda one: (one[0].at, one[0].feed)):
            understood = [UnderstoodEntry(entry=text.entry, findings=findings, told=text.told) for text, findings in texts]
            state = FeedState(seeded=True)
            scratch.save_poll(
                feed,
                understood,
                state,
                rules=STORY_RULES,
                threads=THREAD_RULES,
                corrects=CORRECTION_RULES,
                watches_version=version,
                now=at,
            )


def replay(
    store: Store,
    watches: Sequence[Watch],
    since: datetime,
    *,
    on_start: Callable[[int], None] = lambda _: None,
    on_entry: Callable[[], None] = lambda: None,
) -> Replayed:
    """Decide again about everything that came since a time; ``watches`` are those that count."""
    work = _Replay(store=store, watches=watches, since=since)
    on_start(store.count_entries(since - WARM_UP))
    work.read(on_entry)
    with TemporaryDirectory(prefix="contractwatch-replay-") as folder, open_store(f"sqlite:///{Path(folder) / 'scratch.db'}") as scratch:
        work.keep(scratch)
        numbers = {number: int.from_bytes(key, "big") for number, key in scratch.keys_of_entries().items()}
        after = [replace(one, entries=frozenset(numbers[number] for number in one.entries)) for one in _comparable(scratch, watches)]
    before = _comparable(store, watches)
    differences = tuple(_differences(before, after, work))
    return Replayed(
        entries=len(work.entries),
        before=sum(one.at >= since for one in before),
        after=sum(one.at >= since for one in after),
        differences=differences,
    )


def _comparable(store: Store, watches: Iterable[Watch]) -> list[StoredAlert]:
    """The alerts of the kinds that everybody is told, about the watches that count."""
    wanted = {one.id for one in watches}
    return [one for one in store.stored_alerts() if one.watches & wanted and EventKind(one.event).alert is not None]


def _differences(before: Sequence[StoredAlert], after: Sequence[StoredAlert], work: _Replay) -> list[Difference]:
    """What differs, in order of time. Alerts are the same where they rest on the same entries; the most shared decide."""
    pairs = dict(_pairs(before, after))
    found = []
    for old in before:
        new = pairs.get(old)
        if old.at < work.since:
            continue
        if new is None:
            found.append(Difference(change="vanishes", before=old, after=None, why=_because(old, work)))
        elif changed := _changed(old, new):
            why = "; ".join(f"{name}: {was} → {now}" for name, (was, now) in changed.items())
            found.append(Difference(change="changes", before=old, after=new, why=why))
    paired = {new.alert_id for new in pairs.values()}
    found += [
        Difference(change="appears", before=None, after=new, why=_because(new, work))
        for new in after
        if new.alert_id not in paired and new.at >= work.since
    ]
    return sorted(found, key=lambda one: (one.one.at, one.change, min(one.one.entries), one.one.event))


def _pairs(before: Sequence[StoredAlert], after: Sequence[StoredAlert]) -> Iterator[tuple[StoredAlert, StoredAlert]]:
    by_entry: dict[int, list[StoredAlert]] = {}
    for new in after:
        for number in new.entries:
            by_entry.setdefault(number, []).append(new)
    likely = {(old, new) for old in before for number in old.entries for new in by_entry.get(number, ())}
    taken: set[int] = set()
    used: set[int] = set()
    order = sorted(
        likely, key=lambda two: (-len(two[0].entries & two[1].entries), two[0].event != two[1].event, two[0].alert_id, two[1].alert_id)
    )
    for old, new in order:
        if old.alert_id not in taken and new.alert_id not in used:
            taken.add(old.alert_id)
            used.add(new.alert_id)
            yield old, new


def _changed(old: StoredAlert, new: StoredAlert) -> dict[str, tuple[str, str]]:
    """Which facts differ, each before and after. That another rule found the same facts is no change of the alert."""
    facts = {
        "kind": (f"{old.event} ({old.rule})", f"{new.event} ({new.rule})") if old.event != new.event else ("", ""),
        "supplier": (_names(old.suppliers), _names(new.suppliers)),
        "public body": (_names(old.public_bodies), _names(new.public_bodies)),
        "value": (_money(old), _money(new)),
        "watches": (_names(sorted(old.watches)), _names(sorted(new.watches))) if not old.watches <= new.watches else ("", ""),
        "reports": (str(len(old.entries)), str(len(new.entries))) if old.entries != new.entries else ("", ""),
    }
    return {name: (was or "none", now or "none") for name, (was, now) in facts.items() if was != now}


def _because(one: StoredAlert, work: _Replay) -> str:
    """What its entries were taken to say and are now, where that differs; else that they are grouped otherwise."""
    said = dict.fromkeys(_reading(number, work) for number in sorted(one.entries))
    return "; ".join(filter(None, said)) or "its reports are read as before, but told with those of another story"


def _reading(number: int, work: _Replay) -> str:
    then, now = work.said_then.get(number, _NOTHING), work.says_now.get(number, _NOTHING)
    if now == f"{then}{_FOR_NOBODY}":
        return "is read as before, but for no watch"
    return "" if now == then else f"was read as {then}, now as {now}"


def _told(said: Iterable[tuple[str, str]], *, matched: Iterable[Finding] | None = None) -> str:
    kinds = "; ".join(f"{event} ({rule})" for event, rule in said) or _NOTHING
    nobody = matched is not None and kinds != _NOTHING and not any(one.matches for one in matched)
    return kinds + _FOR_NOBODY if nobody else kinds


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _money(one: StoredAlert) -> str:
    return "" if one.value is None else f"{one.value.amount.normalize():f} {one.value.currency}"


def as_record(one: Difference) -> dict[str, Any]:
    """A difference for programs."""
    return {
        "change": one.change,
        "alert": one.before.alert_id if one.before else None,
        "at": one.one.at,
        "title": one.one.title,
        "before": _record(one.before),
        "after": _record(one.after),
        "why": one.why,
    }


def _record(one: StoredAlert | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "kind": one.event,
        "rule": one.rule,
        "suppliers": list(one.suppliers),
        "public_bodies": list(one.public_bodies),
        "value": None if one.value is None else {"amount": figure(one.value.amount), "currency": one.value.currency},
        "watches": sorted(one.watches),
        "entries": len(one.entries),
    }
