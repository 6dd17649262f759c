"""Stories: which findings tell of one event, what is shown of it, whom it concerns, and whether there is an alert.

Who belongs together is decided by the rules that are handed in; deciding and writing are one transaction, so no two entries that are
understood at once open one story twice. What a story states comes from the finding that opened it, completed where that said nothing by
those that joined, and replaced by an official notice when one confirms it. ``revision`` grows with every change of what is shown.

A story that was only ever told by entries that are kept but not pushed (a first poll, old entries) is silent; a newly stored entry that may
be pushed ends the silence, an edit of an old one does not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from storage.codec import money_body, notice_body, read_money, spans_body
from storage.sql import SENT, insert_or_ignore
from storage.tables import alert, delivery, story, story_entry, story_key, story_match, watch
from watchers.types import EventKind, StoryCard

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from watchers.types import Entry, Finding, Match, StoryRules, UnderstoodEntry

_CANDIDATE_AGE = timedelta(days=45)  # what is told of a contract later is another event
_CANDIDATES = 50
_TITLES = 12


class StoryWriter:
    """Places findings within one transaction. ``finish`` says how many stories were opened and alerts raised."""

    def __init__(self, connection: Connection, rules: StoryRules, now: datetime) -> None:
        self._connection = connection
        self._rules = rules
        self._now = now
        self._opened = 0
        self._alerts = 0
        self._placed: set[int] = set()

    def finish(self) -> tuple[int, int]:
        return self._opened, self._alerts

    def place(self, entry_id: int, understood: UnderstoodEntry, *, was_known: bool) -> None:
        """Give every event that an entry tells of to its story."""
        events = [one for one in understood.findings if one.event is not EventKind.NONE]
        if not events:
            return
        own = self._own_stories(entry_id) if was_known or entry_id in self._placed else {}
        self._placed.add(entry_id)
        for finding in events:
            keys = self._rules.keys(understood.entry, finding)
            mine = _same_event(own, finding, keys, alone=sum(one.event is finding.event for one in events) == 1)
            if mine is not None:
                self._retell(mine, entry_id, understood, finding, keys)
            else:
                self._decide(entry_id, understood, finding, keys)

    def _own_stories(self, entry_id: int) -> dict[int, tuple[Row[Any], frozenset[str]]]:
        """Find the stories that an entry is already part of: its new text does not open them again."""
        mine = select(story_entry.c.story_id).where(story_entry.c.entry_id == entry_id)
        return self._with_keys(self._connection.execute(select(story).where(story.c.id.in_(mine))).all())

    def _with_keys(self, rows: Sequence[Row[Any]]) -> dict[int, tuple[Row[Any], frozenset[str]]]:
        found: dict[int, set[str]] = {row.id: set() for row in rows}
        for number, key in self._connection.execute(
            select(story_key.c.story_id, story_key.c.key).where(story_key.c.story_id.in_(list(found)))
        ):
            found[number].add(key)
        return {row.id: (row, frozenset(found[row.id])) for row in rows}

    def _decide(self, entry_id: int, understood: UnderstoodEntry, finding: Finding, keys: tuple[str, ...]) -> None:
        candidates = self._candidates(keys)
        cards = [_card(row, known) for row, known in candidates.values()]
        decision = self._rules.decide(understood.entry, finding, cards, self._now)
        if decision.story is None:
            number = self._open(entry_id, finding)
            shown = False
        else:
            row, _ = candidates[decision.story]
            number = row.id
            shown = self._join(row, entry_id, finding, confirms=decision.confirms)
        newly = self._link(number, entry_id, understood.entry, finding, decision.reason)
        loud = self._matches(number, finding.matches, renew=newly and understood.told)
        self._touch(number, (*keys, *decision.keys), entry=understood.entry, told=newly and understood.told)
        self._tell(number, changed=(shown or newly) and decision.story is not None, matched=loud)

    def _candidates(self, keys: tuple[str, ...]) -> dict[int, tuple[Row[Any], frozenset[str]]]:
        if not keys:
            return {}
        newest = func.max(story_key.c.last_at)
        near = (
            select(story_key.c.story_id)
            .where(story_key.c.key.in_(keys), story_key.c.last_at >= self._now - _CANDIDATE_AGE)
            .group_by(story_key.c.story_id)
            .order_by(newest.desc(), story_key.c.story_id.desc())
            .limit(_CANDIDATES)
        )
        numbers = list(self._connection.execute(near).scalars())
        rows = self._connection.execute(
            select(story).where(story.c.id.in_(numbers)).order_by(story.c.last_at.desc(), story.c.id.desc())
        ).all()
        return self._with_keys(rows)

    def _open(self, entry_id: int, finding: Finding) -> int:
        self._opened += 1
        values = _facts(finding) | _evidence(entry_id, finding)
        new = story.insert().values(
            **values,
            silent=True,
            status="reported" if finding.notice is None else "official",
            titles=[],
            revision=1,
            first_at=self._now,
            last_at=self._now,
        )
        return int(self._connection.execute(new.returning(story.c.id)).scalar_one())

    def _join(self, row: Row[Any], entry_id: int, finding: Finding, *, confirms: bool) -> bool:
        """Let a finding add to a story; says whether what is shown has changed."""
        if (confirms or row.status == "reported") and finding.notice is not None:
            # The register's names, sums and words replace the reports'; what it leaves out stays as reported.
            facts = {name: value for name, value in _facts(finding).items() if value not in (None, [])}
            return self._change(row, facts | _evidence(entry_id, finding) | {"status": "confirmed"})
        missing = {name: value for name, value in _facts(finding).items() if name != "event" and getattr(row, name) in (None, [])}
        if row.event != finding.event.value and EventKind(row.event).alert is None and finding.alert is not None:
            missing |= {"event": finding.event.value} | _evidence(entry_id, finding)
        return self._change(row, missing)

    def _retell(
        self, own: tuple[Row[Any], frozenset[str]], entry_id: int, understood: UnderstoodEntry, finding: Finding, keys: tuple[str, ...]
    ) -> None:
        """Take over the new words of an entry that is part of the story; they prove nothing that would break its silence."""
        row, _ = own
        if row.evidence_entry_id == entry_id:
            facts = {name: value for name, value in _facts(finding).items() if value not in (None, [])}
            shown = self._change(row, facts | _evidence(entry_id, finding))
        else:
            shown = self._join(row, entry_id, finding, confirms=False)
        texts = {"title": understood.entry.title, "summary": understood.entry.summary}
        here = (story_entry.c.story_id == row.id) & (story_entry.c.entry_id == entry_id)
        other = (story_entry.c.title != understood.entry.title) | (story_entry.c.summary != understood.entry.summary)
        renewed = self._connection.execute(update(story_entry).where(here, other).values(**texts)).rowcount > 0
        loud = self._matches(row.id, finding.matches, renew=False)
        self._touch(row.id, keys, entry=None, told=False)
        self._tell(row.id, changed=shown or renewed, matched=loud)

    def _change(self, row: Row[Any], values: dict[str, Any]) -> bool:
        differing = {name: value for name, value in values.items() if getattr(row, name) != value}
        if differing:
            self._connection.execute(update(story).where(story.c.id == row.id).values(**differing))
        return bool(differing)

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
        return bool(self._connection.execute(insert_or_ignore(self._connection, story_entry).values(**row)).rowcount)

    def _matches(self, number: int, matches: Iterable[Match], *, renew: bool) -> bool:
        """Write down whom the story concerns; says whether somebody is to be told who perhaps was not.

        ``renew``: the entry is new and may be pushed, so those count as well who subscribed after the watch first matched.
        """
        by_key = {one.watch: one for one in reversed(list(matches))}
        if not by_key:
            return False
        known = self._connection.execute(select(watch.c.id, watch.c.key).where(watch.c.key.in_(list(by_key)))).all()
        told = False
        for row in known:
            one = by_key[row.key]
            new = {"story_id": number, "watch_id": row.id, "role": one.role.value, "proof": one.proof, "flag": one.flag}
            adding = insert_or_ignore(self._connection, story_match).values(**new, first_at=self._now, last_at=self._now)
            added = bool(self._connection.execute(adding).rowcount)
            if renew and not added:
                here = (story_match.c.story_id == number) & (story_match.c.watch_id == row.id)
                self._connection.execute(update(story_match).where(here).values(last_at=self._now))
            told = told or added or renew
        return told

    def _touch(self, number: int, keys: Iterable[str], *, entry: Entry | None, told: bool) -> None:
        """Move the story to the present under all its keys."""
        values: dict[str, Any] = {"last_at": self._now}
        if told:
            values["silent"] = False
        if entry is not None:
            titles = self._connection.execute(select(story.c.titles).where(story.c.id == number)).scalar_one()
            if len(titles) < _TITLES and entry.title not in titles:
                values["titles"] = [*titles, entry.title]
        self._connection.execute(update(story).where(story.c.id == number).values(**values))
        rows = [{"story_id": number, "key": key, "last_at": self._now} for key in dict.fromkeys(keys)]
        if rows:
            self._connection.execute(insert_or_ignore(self._connection, story_key), rows)
        self._connection.execute(update(story_key).where(story_key.c.story_id == number).values(last_at=self._now))

    def _tell(self, number: int, *, changed: bool, matched: bool) -> None:
        """Raise the story's alert, or let it go out again: to those who were not told, and as an edit to those who were."""
        row = self._connection.execute(select(story.c.silent, story.c.event).where(story.c.id == number)).one()
        if changed:
            self._connection.execute(update(story).where(story.c.id == number).values(revision=story.c.revision + 1))
            of_story = select(alert.c.id).where(alert.c.story_id == number)
            shown = update(delivery).where(delivery.c.alert_id.in_(of_story), delivery.c.state == SENT, delivery.c.message_id.is_not(None))
            self._connection.execute(shown.values(stale=True))
        if row.silent or EventKind(row.event).alert is None:
            return
        if self._connection.execute(select(story_match.c.watch_id).where(story_match.c.story_id == number).limit(1)).first() is None:
            return
        new = {"story_id": number, "reason": "new", "fan_out_due": True, "created_at": self._now}
        if self._connection.execute(insert_or_ignore(self._connection, alert).values(**new)).rowcount:
            self._alerts += 1
        elif matched:
            self._connection.execute(update(alert).where(alert.c.story_id == number).values(fan_out_due=True))


def _same_event(
    own: dict[int, tuple[Row[Any], frozenset[str]]], finding: Finding, keys: tuple[str, ...], *, alone: bool
) -> tuple[Row[Any], frozenset[str]] | None:
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
