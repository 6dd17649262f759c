"""Stories: which findings tell of one event, what is shown of it, whom it concerns, and whether there is an alert.

Who belongs together is decided by the rules that are handed in; deciding and writing are one transaction, so no two entries that are
understood at once open one story twice. What a story states comes from the finding that opened it, completed where that said nothing by
those that joined, and replaced by an official notice when one confirms it. ``revision`` grows with every change of what is shown.

A story that was only ever told by entries that are kept but not pushed (a first poll, old entries) is silent; a newly stored entry that may
be pushed ends the silence, an edit of an old one does not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, func, select, update

from storage.codec import money_body, notice_body, read_money, spans_body
from storage.sql import SENT, insert_new, insert_or_ignore, new_ids
from storage.tables import alert, delivery, story, story_entry, story_key, story_match, watch
from watchers.types import EventKind, StoryCard

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from watchers.types import Entry, Finding, Match, StoryDecision, StoryRules, UnderstoodEntry

_Story: TypeAlias = "tuple[Row[Any], frozenset[str]]"
_Stories: TypeAlias = "dict[int, _Story]"

_CANDIDATE_AGE = timedelta(days=45)  # what is told of a contract later is another event
_MOST_CANDIDATES = 50
_TITLES = 12

# Built once: building a statement costs more than running it.
_near = (
    select(story_key.c.story_id)
    .where(story_key.c.key.in_(bindparam("keys", expanding=True)), story_key.c.last_at >= bindparam("since"))
    .group_by(story_key.c.story_id)
    .order_by(func.max(story_key.c.last_at).desc(), story_key.c.story_id.desc())
    .limit(_MOST_CANDIDATES)
)
_CARD = (story.c.id, story.c.event, story.c.value, story.c.status, story.c.first_at, story.c.last_at, story.c.titles)
_CANDIDATES = select(*_CARD).where(story.c.id.in_(_near)).order_by(story.c.last_at.desc(), story.c.id.desc())
_OWN_STORIES = select(story).join(story_entry, story_entry.c.story_id == story.c.id).where(story_entry.c.entry_id == bindparam("of_entry"))
_KEYS = select(story_key.c.story_id, story_key.c.key).where(story_key.c.story_id.in_(bindparam("stories", expanding=True)))
_STORY = select(story).where(story.c.id == bindparam("of_story"))
_OPEN = story.insert()
_TOUCH_KEYS = update(story_key).where(story_key.c.story_id == bindparam("of_story")).values(last_at=bindparam("present"))
_WATCHES = select(watch.c.id, watch.c.key).where(watch.c.key.in_(bindparam("keys", expanding=True)))
_ANY_MATCH = select(story_match.c.watch_id).where(story_match.c.story_id == bindparam("of_story")).limit(1)
_of_story = select(alert.c.id).where(alert.c.story_id == bindparam("of_story"))
_STALE = (
    update(delivery)
    .where(delivery.c.alert_id.in_(_of_story), delivery.c.state == SENT, delivery.c.message_id.is_not(None))
    .values(stale=True)
)


class StoryWriter:
    """Places findings within one transaction. ``opened`` and ``alerts`` count what came of it."""

    def __init__(self, connection: Connection, rules: StoryRules, now: datetime) -> None:
        self._connection = connection
        self._rules = rules
        self._now = now
        self._placed: set[int] = set()
        self.opened = 0
        self.alerts = 0

    def place(self, entry_id: int, understood: UnderstoodEntry, *, was_known: bool) -> None:
        """Give every event that an entry says happened to its story."""
        events = [one for one in understood.findings if one.event.happens]
        if not events:
            return
        own = self._own_stories(entry_id) if was_known or entry_id in self._placed else {}
        self._placed.add(entry_id)
        for finding in events:
            keys = self._rules.keys(understood.entry, finding)
            mine = _same_event(own, finding, keys, alone=sum(one.event is finding.event for one in events) == 1)
            if mine is not None:
                self._retell(mine, entry_id, understood.entry, finding, keys)
            else:
                self._decide(entry_id, understood, finding, keys)

    def _own_stories(self, entry_id: int) -> _Stories:
        """Find the stories that an entry is already part of: its new text does not open them again."""
        return self._with_keys(self._connection.execute(_OWN_STORIES, {"of_entry": entry_id}).all())

    def _candidates(self, keys: tuple[str, ...]) -> _Stories:
        if not keys:
            return {}
        near = {"keys": list(keys), "since": self._now - _CANDIDATE_AGE}
        return self._with_keys(self._connection.execute(_CANDIDATES, near).all())

    def _with_keys(self, rows: Sequence[Any]) -> _Stories:
        found: dict[int, set[str]] = {row.id: set() for row in rows}
        if rows:
            for number, key in self._connection.execute(_KEYS, {"stories": list(found)}):
                found[number].add(key)
        return {row.id: (row, frozenset(found[row.id])) for row in rows}

    def _decide(self, entry_id: int, understood: UnderstoodEntry, finding: Finding, keys: tuple[str, ...]) -> None:
        cards = [_card(row, known) for row, known in self._candidates(keys).values()]
        decision = self._rules.decide(understood.entry, finding, cards, self._now)
        keys = tuple(dict.fromkeys((*keys, *decision.keys)))
        if decision.story is None:
            self._open(entry_id, understood, finding, keys, decision.reason)
        else:
            row = self._connection.execute(_STORY, {"of_story": decision.story}).one()
            self._join(row, entry_id, understood, finding, keys=keys, decision=decision)

    def _open(self, entry_id: int, understood: UnderstoodEntry, finding: Finding, keys: tuple[str, ...], reason: str) -> None:
        (number,) = new_ids(self._connection, story, 1)
        first = {
            "id": number,
            "silent": not understood.told,
            "status": "reported" if finding.notice is None else "official",
            "titles": [understood.entry.title],
            "revision": 1,
            "first_at": self._now,
            "last_at": self._now,
        }
        self._connection.execute(_OPEN, first | _facts(finding) | _evidence(entry_id, finding))
        self.opened += 1
        self._link(number, entry_id, understood.entry, finding, reason)
        self._touch(number, keys, is_new=True)
        if self._matches(number, finding.matches, renew=False) and understood.told and finding.alert is not None:
            self._alert(number, again=False)

    def _join(
        self,
        row: Row[Any],
        entry_id: int,
        understood: UnderstoodEntry,
        finding: Finding,
        *,
        keys: tuple[str, ...],
        decision: StoryDecision,
    ) -> None:
        newly = self._link(row.id, entry_id, understood.entry, finding, decision.reason)
        pushed = newly and understood.told
        values = _additions(row, entry_id, finding, confirms=decision.confirms)
        shown = bool(values) or newly
        title = understood.entry.title
        if len(row.titles) < _TITLES and title not in row.titles:
            values["titles"] = [*row.titles, title]
        if pushed and row.silent:
            values["silent"] = False
        self._go_on(row, values, finding, keys, shown=shown, renew=pushed)

    def _retell(self, own: _Story, entry_id: int, entry: Entry, finding: Finding, keys: tuple[str, ...]) -> None:
        """Take over the new words of an entry that is part of the story; they prove nothing that would break its silence."""
        row, _ = own
        if row.evidence_entry_id == entry_id:
            stated = {name: value for name, value in _facts(finding).items() if value not in (None, [])} | _evidence(entry_id, finding)
            values = _differing(row, stated)
        else:
            values = _additions(row, entry_id, finding, confirms=False)
        here = (story_entry.c.story_id == row.id) & (story_entry.c.entry_id == entry_id)
        other = (story_entry.c.title != entry.title) | (story_entry.c.summary != entry.summary)
        renewed = self._connection.execute(update(story_entry).where(here, other).values(title=entry.title, summary=entry.summary))
        self._go_on(row, values, finding, keys, shown=bool(values) or renewed.rowcount > 0, renew=False)

    def _go_on(self, row: Row[Any], values: dict[str, Any], finding: Finding, keys: tuple[str, ...], *, shown: bool, renew: bool) -> None:
        """Write what a finding changes of a story, and let its alert go out: as an edit, and to those who were not told."""
        if shown:
            values["revision"] = story.c.revision + 1
            self._connection.execute(_STALE, {"of_story": row.id})
        self._connection.execute(update(story).where(story.c.id == row.id).values(**values, last_at=self._now))
        self._touch(row.id, keys, is_new=False)
        matched = self._matches(row.id, finding.matches, renew=renew)
        silent = values.get("silent", row.silent)
        event = EventKind(values.get("event", row.event))
        concerns = matched or self._connection.execute(_ANY_MATCH, {"of_story": row.id}).first() is not None
        if concerns and not silent and event.alert is not None:
            self._alert(row.id, again=matched)

    def _link(self, number: int, entry_id: int, entry: Entry, finding: Finding, reason: str) -> bool:
        """Make the entry part of the story; says whether it was not before."""
        row = {
            "story_id": number,
            "entry_id": entry_id,
            "title": entry.title,
            "summary": entry.summary,
            "official": finding.notice is not None,
            "reason": reason,
            "at": self._now,
        }
        return insert_new(self._connection, story_entry, row)

    def _touch(self, number: int, keys: Iterable[str], *, is_new: bool) -> None:
        """Bring the story to the front under all its keys."""
        rows = [{"story_id": number, "key": key, "last_at": self._now} for key in keys]
        if rows:
            self._connection.execute(insert_or_ignore(self._connection, story_key), rows)
        if not is_new:
            self._connection.execute(_TOUCH_KEYS, {"of_story": number, "present": self._now})

    def _matches(self, number: int, matches: Iterable[Match], *, renew: bool) -> bool:
        """Write down whom the story concerns; says whether somebody is to be told who perhaps was not.

        ``renew``: the entry is new and may be pushed, so those count as well who subscribed after the watch first matched.
        """
        by_key = {one.watch: one for one in reversed(list(matches))}
        if not by_key:
            return False
        told = False
        for watch_id, key in self._connection.execute(_WATCHES, {"keys": list(by_key)}).all():
            one = by_key[key]
            new = {"story_id": number, "watch_id": watch_id, "role": one.role.value, "proof": one.proof, "flag": one.flag}
            added = insert_new(self._connection, story_match, {**new, "first_at": self._now, "last_at": self._now})
            if renew and not added:
                here = (story_match.c.story_id == number) & (story_match.c.watch_id == watch_id)
                self._connection.execute(update(story_match).where(here).values(last_at=self._now))
            told = told or added or renew
        return told

    def _alert(self, number: int, *, again: bool) -> None:
        """Raise the story's alert; one that was raised before is fanned out again if it concerns somebody new."""
        new = {"story_id": number, "reason": "new", "fan_out_due": True, "created_at": self._now}
        if insert_new(self._connection, alert, new):
            self.alerts += 1
        elif again:
            self._connection.execute(update(alert).where(alert.c.story_id == number).values(fan_out_due=True))


def _additions(row: Row[Any], entry_id: int, finding: Finding, *, confirms: bool) -> dict[str, Any]:
    """Say what a finding adds to a story that another entry opened."""
    facts = _facts(finding)
    if (confirms or row.status == "reported") and finding.notice is not None:
        # The register's names, sums and words replace the reports'; what it leaves out stays as reported.
        stated = {name: value for name, value in facts.items() if value not in (None, [])}
        return _differing(row, stated | _evidence(entry_id, finding) | {"status": "confirmed"})
    values = {
        name: value for name, value in facts.items() if name != "event" and value not in (None, []) and getattr(row, name) in (None, [])
    }
    if EventKind(row.event).alert is None and finding.alert is not None:
        values |= {"event": finding.event.value} | _evidence(entry_id, finding)
    return values


def _differing(row: Row[Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def _same_event(own: _Stories, finding: Finding, keys: tuple[str, ...], *, alone: bool) -> _Story | None:
    """Find the story in which an entry's earlier text told of the same event: by a shared key, or because there is only this one."""
    alike = [one for one in own.values() if _class(EventKind(one[0].event)) == _class(finding.event)]
    sharing = [one for one in alike if not one[1].isdisjoint(keys)]
    if sharing:
        return sharing[0]
    return alike[0] if alone and len(alike) == 1 else None


def _class(event: EventKind) -> str:
    return (event.alert or event).value


def _card(row: Row[Any], keys: frozenset[str]) -> StoryCard:
    return StoryCard(
        id=row.id,
        event=EventKind(row.event),
        keys=keys,
        value=read_money(row.value),
        official=row.status != "reported",
        first_at=row.first_at,
        last_at=row.last_at,
        titles=tuple(row.titles),
    )


def _facts(finding: Finding) -> dict[str, Any]:
    return {
        "event": finding.event.value,
        "suppliers": list(dict.fromkeys(one.name for one in finding.suppliers)),
        "public_bodies": list(dict.fromkeys(one.name for one in finding.public_bodies)),
        "value": money_body(finding.value),
        "happened_on": finding.happened_on,
        "cancel_reason": finding.reason,
        "notice": notice_body(finding.notice),
        "thread": finding.notice.ocid if finding.notice else None,
    }


def _evidence(entry_id: int, finding: Finding) -> dict[str, Any]:
    return {
        "evidence_entry_id": entry_id,
        "sentence": finding.evidence.sentence,
        "spans": spans_body(finding.evidence.spans),
        "rule": finding.evidence.rule,
    }
