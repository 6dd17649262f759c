"""Stories: which findings tell of one event, what is shown of it, whom it concerns, and whether there is an alert.

Who belongs together is decided by the rules that are handed in; deciding and writing are one transaction, so no two entries that are
understood at once open one story twice. What a story states comes from the finding that opened it, completed where that said nothing by
those that joined, and replaced by an official notice when one confirms it. ``revision`` grows with every change of what is shown.

Every story is of one contract (``storage.threads``). An entry whose new text no longer says what it said is a correction
(``storage.corrections``): where nobody else tells the story, the story changes with it or is taken back.

A story that was only ever told by entries that are kept but not pushed (a first poll, old entries) is silent; a newly stored entry that may
be pushed ends the silence, an edit of an old one does not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from storage import corrections
from storage.corrections import Corrected
from storage.sql import SENT, insert_new, insert_or_ignore, new_ids, wanted
from storage.story_facts import additions, card, evidence_of, facts_of, renewed, restated, same_event, stated_facts, with_values
from storage.tables import (
    alert,
    delivery,
    story,
    story_apart,
    story_entry,
    story_key,
    story_match,
    subscription,
    watch,
    watchlist_watch,
)
from storage.tables import entry as stored
from storage.threads import ThreadWriter, read_facts
from watchers.types import EventKind, Facts, StoryDecision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from storage.story_facts import Stories, Story
    from watchers.types import CorrectionRules, Entry, Finding, Match, StoryRules, ThreadRules, UnderstoodEntry

_CANDIDATE_AGE = timedelta(days=45)  # what is told of a contract later is another event
_MOST_CANDIDATES = 50
TITLES = 12  # of a story that are kept for the rules

# Built once: building a statement costs more than running it.
_near = (
    select(story_key.c.story_id)
    .where(story_key.c.key.in_(bindparam("keys", expanding=True)), story_key.c.last_at >= bindparam("since"))
    .group_by(story_key.c.story_id)
    .order_by(func.max(story_key.c.last_at).desc(), story_key.c.story_id.desc())
    .limit(_MOST_CANDIDATES)
)
_CARD = (story.c.id, story.c.joined_to, story.c.event, story.c.value, story.c.status, story.c.first_at, story.c.last_at, story.c.titles)
_CANDIDATES = select(*_CARD).where(story.c.id.in_(_near)).order_by(story.c.last_at.desc(), story.c.id.desc())
_OWN_STORIES = select(story).join(story_entry, story_entry.c.story_id == story.c.id).where(story_entry.c.entry_id == bindparam("of_entry"))
_KEYS = select(story_key.c.story_id, story_key.c.key).where(story_key.c.story_id.in_(bindparam("stories", expanding=True)))
_STORY = select(story).where(story.c.id == bindparam("of_story"))
_OPEN = story.insert()
_TOUCH_KEYS = update(story_key).where(story_key.c.story_id == bindparam("of_story")).values(last_at=bindparam("present"))
_WATCHES = select(watch.c.id, watch.c.key).where(watch.c.key.in_(bindparam("keys", expanding=True)))
_ANY_MATCH = select(story_match.c.watch_id).where(story_match.c.story_id == bindparam("of_story")).limit(1)
_of_story = select(alert.c.id).where(alert.c.story_id == bindparam("of_story"), alert.c.reason == "new")  # what was corrected stays said
_STALE = (
    update(delivery)
    .where(delivery.c.alert_id.in_(_of_story), delivery.c.state == SENT, delivery.c.message_id.is_not(None))
    .values(stale=True)
)


_OTHERS = (
    select(story_entry.c.id)
    .where(
        story_entry.c.story_id == bindparam("of_story"), story_entry.c.entry_id != bindparam("of_entry"), story_entry.c.gone_at.is_(None)
    )
    .limit(1)
)
_RESTING = (  # the editions of a notice that a story rests on, by the keys of its awards; other registers speak for themselves
    select(story_entry.c.story_id, story_entry.c.entry_id)
    .join(stored, stored.c.id == story_entry.c.entry_id)
    .where(
        story_entry.c.story_id.in_(select(story_key.c.story_id).where(story_key.c.key.in_(bindparam("keys", expanding=True)))),
        story_entry.c.official,
        story_entry.c.gone_at.is_(None),
        stored.c.feed_id == select(stored.c.feed_id).where(stored.c.id == bindparam("of_entry")).correlate(None).scalar_subquery(),
    )
    .order_by(story_entry.c.id)
)
_APART = select(story_apart.c.story_id).where(story_apart.c.entry_id == bindparam("of_entry"))
_TOLD_AS = select(story_entry).where(story_entry.c.story_id == bindparam("of_story"), story_entry.c.entry_id == bindparam("of_entry"))
_ASKED_FOR = (
    select(subscription.c.id)
    .join(watchlist_watch, watchlist_watch.c.watchlist_id == subscription.c.watchlist_id)
    .join(story_match, story_match.c.watch_id == watchlist_watch.c.watch_id)
    .join(story, story.c.id == story_match.c.story_id)
    .where(story.c.id == bindparam("of_story"), wanted())
    .limit(1)
)


class StoryWriter:
    """Places findings within one transaction. ``opened`` and ``alerts`` count what came of it, corrections among the alerts.

    Without ``threads`` every story is a contract of its own, without ``corrects`` nothing is ever corrected.
    """

    def __init__(
        self,
        connection: Connection,
        rules: StoryRules,
        now: datetime,
        *,
        threads: ThreadRules | None = None,
        corrects: CorrectionRules | None = None,
    ) -> None:
        self._connection = connection
        self._rules = rules
        self._corrects = corrects
        self._threads = ThreadWriter(connection, threads, now)
        self._now = now
        self._placed: set[int] = set()
        self.opened = 0
        self.alerts = 0

    def place(self, entry_id: int, understood: UnderstoodEntry, *, was_known: bool) -> None:
        """Give every event that an entry says happened to its story, and take from stories what it no longer says."""
        entry = understood.entry
        own = self._own_stories(entry_id) if was_known or entry_id in self._placed else {}
        if self._notice_taken_back(entry_id, entry) or (not understood.findings and not own):
            return
        self._placed.add(entry_id)
        if self._taken_back(entry_id, entry, own):
            return
        findings = [self._threads.staged(entry, one) for one in understood.findings]
        events = [one for one in findings if one.event.happens]
        left: list[tuple[Finding, tuple[str, ...]]] = []
        unsaid = dict(own)
        for finding in events:
            keys = self._rules.keys(entry, finding)
            mine = same_event(own, finding, keys, alone=sum(one.event is finding.event for one in events) == 1)
            if mine is not None:
                unsaid.pop(mine[0].id, None)
                self._retell(mine, entry_id, entry, finding, keys)
            else:
                left.append((finding, keys))
        if unsaid and len(findings) == 1 and self._unsaid(unsaid, entry_id, entry, findings[0]):
            return
        for finding, keys in left:
            self._decide(entry_id, understood, finding, keys)

    def _taken_back(self, entry_id: int, entry: Entry, own: Stories) -> bool:
        """Whether the entry says that what it told is withdrawn; then nobody is told it, or those who were are told that."""
        words = None if self._corrects is None else self._corrects.withdrawal(entry)
        if words is None:
            return False
        for row, _ in own.values():
            if not self._leaves(row, entry_id):
                self._withdraw(row, Corrected(entry_id, ("event",), read_facts(row), None, words))
        return True

    def _notice_taken_back(self, entry_id: int, entry: Entry) -> bool:
        """Whether the entry is the notice by which a register withdraws another; who was told of that is told that it was withdrawn."""
        words = None if self._corrects is None or entry.release is None else self._corrects.withdrawal(entry)
        if self._corrects is None or words is None:
            return False
        keys = self._corrects.withdrawn(entry)
        resting: dict[int, list[int]] = {}
        for number, one in self._connection.execute(_RESTING, {"keys": list(keys), "of_entry": entry_id}):
            resting.setdefault(number, []).append(one)
        for number, editions in resting.items():
            row = self._connection.execute(_STORY, {"of_story": number}).one()
            if not [self._leaves(row, one) for one in editions][-1]:
                self._withdraw(row, Corrected(editions[-1], ("event",), read_facts(row), None, words))
        return True

    def _unsaid(self, own: Stories, entry_id: int, entry: Entry, finding: Finding) -> bool:
        """Take from a story what its entry denies now; says whether what it tells instead is told with that."""
        if self._corrects is None or len(own) != 1:
            return False
        ((row, _),) = own.values()
        before, after = read_facts(row), stated_facts(finding)
        old = self._connection.execute(_TOLD_AS, {"of_story": row.id, "of_entry": entry_id}).one()
        rewritten = (old.title, old.summary) != (entry.title, entry.summary)
        if row.status != "reported" or not rewritten or "event" not in self._corrects.changed(before, after, entry):
            return False
        if self._leaves(row, entry_id):
            return False
        if not finding.event.happens:
            self._withdraw(row, Corrected(entry_id, ("event",), before, None, finding.evidence.sentence))
            return True
        self._connection.execute(update(story_entry).where(story_entry.c.id == old.id).values(gone_at=None))
        values = {name: value for name, value in facts_of(finding).items() if value not in (None, [])} | evidence_of(entry_id, finding)
        now_true = Facts(
            event=finding.event,
            suppliers=after.suppliers or before.suppliers,
            public_bodies=after.public_bodies or before.public_bodies,
            value=after.value or before.value,
        )
        changed = self._corrects.changed(before, now_true, entry)
        self._go_on(row, values, finding, self._rules.keys(entry, finding), entry=entry, shown=True, news=True)
        self._correct(row, Corrected(entry_id, changed, before, now_true, finding.evidence.sentence))
        return True

    def _leaves(self, row: Row[Any], entry_id: int) -> bool:
        """Note that an entry does not say any more what its story tells; says whether others still do, which is no correction."""
        here = (story_entry.c.story_id == row.id) & (story_entry.c.entry_id == entry_id) & story_entry.c.gone_at.is_(None)
        newly = self._connection.execute(update(story_entry).where(here).values(gone_at=self._now)).rowcount
        others = self._connection.execute(_OTHERS, {"of_story": row.id, "of_entry": entry_id}).first() is not None
        if others and newly:
            self._show(row.id)
        return others

    def _withdraw(self, row: Row[Any], one: Corrected) -> None:
        """Take a whole story back; it is told no more, and whoever was told it is told that."""
        if row.withdrawn_at is None:
            self._connection.execute(update(story).where(story.c.id == row.id).values(withdrawn_at=self._now))
            self._show(row.id)
            self._correct(row, one)

    def _correct(self, row: Row[Any], one: Corrected) -> None:
        if one.changed and not row.silent and corrections.tell(self._connection, row.id, one, revision=row.revision + 1, now=self._now):
            self.alerts += 1

    def _show(self, number: int) -> None:
        """Let messages about the story be edited: what they show has changed."""
        self._connection.execute(update(story).where(story.c.id == number).values(revision=story.c.revision + 1))
        self._connection.execute(_STALE, {"of_story": number})

    def _own_stories(self, entry_id: int) -> Stories:
        """Find the stories that an entry is already part of: its new text does not open them again."""
        return self._with_keys(self._connection.execute(_OWN_STORIES, {"of_entry": entry_id}).all())

    def _candidates(self, keys: tuple[str, ...]) -> Stories:
        if not keys:
            return {}
        near = {"keys": list(keys), "since": self._now - _CANDIDATE_AGE}
        return self._with_keys(self._connection.execute(_CANDIDATES, near).all())

    def _with_keys(self, rows: Sequence[Any]) -> Stories:
        found: dict[int, set[str]] = {row.id: set() for row in rows}
        if rows:
            for number, key in self._connection.execute(_KEYS, {"stories": list(found)}):
                found[number].add(key)
        return {row.id: (row, frozenset(found[row.id])) for row in rows}

    def _decide(self, entry_id: int, understood: UnderstoodEntry, finding: Finding, keys: tuple[str, ...]) -> None:
        apart = set(self._connection.execute(_APART, {"of_entry": entry_id}).scalars())
        cards = [card(row, known) for row, known in self._candidates(keys).values() if not {row.id, row.joined_to} & apart]
        decision = self._rules.decide(understood.entry, finding, cards, self._now)
        keys = tuple(dict.fromkeys((*keys, *decision.keys)))
        contract = None
        if decision.story is None:
            contract = self._threads.decide(understood.entry, finding)
            if contract.story is not None:  # the notice of what was reported so long ago that its story is not looked at any more
                decision = StoryDecision(story=contract.story, reason=contract.reason, keys=keys, confirms=True)
        if decision.story is None:
            assert contract is not None
            number = self._open(entry_id, understood, finding, keys, decision.reason)
            self._threads.place(number, understood.entry, finding, contract)
        else:
            row = self._connection.execute(_STORY, {"of_story": decision.story}).one()
            if row.joined_to is not None:  # found by what an admin joined to another: it is told there, and found here again
                self._connection.execute(update(story).where(story.c.id == row.id).values(last_at=self._now))
                self._touch(row.id, keys, is_new=False)
                row, keys = self._connection.execute(_STORY, {"of_story": row.joined_to}).one(), ()
            self._join(row, entry_id, understood, finding, keys=keys, decision=decision)

    def put(self, number: int | None, entry_id: int, understood: UnderstoodEntry, reason: str) -> int:
        """Make an entry part of a story (None: one of its own) whatever the rules say, and say its number: an admin has decided."""
        if not understood.findings:
            assert number is not None
            self._link(number, entry_id, understood.entry, None, reason)
            return number
        (finding,) = (self._threads.staged(understood.entry, one) for one in understood.findings)
        keys = self._rules.keys(understood.entry, finding)
        if number is None:
            contract = self._threads.decide(understood.entry, finding)
            number = self._open(entry_id, understood, finding, keys, reason)
            self._threads.place(number, understood.entry, finding, contract)
        else:
            row = self._connection.execute(_STORY, {"of_story": number}).one()
            decision = StoryDecision(story=number, reason=reason, keys=keys)
            self._join(row, entry_id, understood, finding, keys=keys, decision=decision)
        return number

    def _open(self, entry_id: int, understood: UnderstoodEntry, finding: Finding, keys: tuple[str, ...], reason: str) -> int:
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
        self._connection.execute(_OPEN, first | facts_of(finding) | evidence_of(entry_id, finding))
        self.opened += 1
        self._link(number, entry_id, understood.entry, finding, reason)
        self._touch(number, keys, is_new=True)
        if self._matches(number, finding.matches, since=self._now) and understood.told and self._tells(number, finding.event):
            self._alert(number, again=False)
        return number

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
        entry = understood.entry
        newly = self._link(row.id, entry_id, entry, finding, decision.reason)
        pushed = newly and understood.told
        later = self._is_later_notice(row, finding, keys)
        values = restated(row, entry_id, finding) if later else additions(row, entry_id, finding, confirms=decision.confirms)
        shown = bool(values) or newly
        again = row.withdrawn_at is not None
        if again:
            values["withdrawn_at"] = None
        title = understood.entry.title
        if len(row.titles) < TITLES and title not in row.titles:
            values["titles"] = [*row.titles, title]
        if pushed and row.silent:
            values["silent"] = False
        self._go_on(row, values, finding, keys, entry=entry, shown=shown, news=understood.told, renew=pushed)
        if self._corrects is not None and (later or again):
            before, after = read_facts(row), with_values(read_facts(row), values)
            changed = ("event",) if again else self._corrects.changed(before, after, entry)
            self._correct(row, Corrected(entry_id, changed, before, after, finding.evidence.sentence))

    def _is_later_notice(self, row: Row[Any], finding: Finding, keys: tuple[str, ...]) -> bool:
        """Whether a notice replaces the one that the story rests on: the same kind, about the same awards, with a later number."""
        if finding.notice is None or row.notice is None or self._corrects is None or row.notice["type"] != finding.notice.type:
            return False
        known = {key for _, key in self._connection.execute(_KEYS, {"stories": [row.id]})}
        awards, mine = ({key for key in some if key.startswith("a:")} for some in (known, keys))
        return awards == mine and self._corrects.newer(finding.notice.number, row.notice["number"])

    def _retell(self, own: Story, entry_id: int, entry: Entry, finding: Finding, keys: tuple[str, ...]) -> None:
        """Take over the new words of an entry that is part of the story; they prove nothing that would break its silence."""
        row, _ = own
        values = renewed(row, entry_id, finding)
        here = (story_entry.c.story_id == row.id) & (story_entry.c.entry_id == entry_id)
        was_gone = self._connection.execute(select(story_entry.c.gone_at).where(here)).scalar() is not None
        other = (story_entry.c.title != entry.title) | (story_entry.c.summary != entry.summary)
        words = {"title": entry.title, "summary": entry.summary, "gone_at": None}
        rewritten = self._connection.execute(update(story_entry).where(here, other).values(**words)).rowcount > 0
        changed: tuple[str, ...] = ()
        again = was_gone and rewritten and row.withdrawn_at is not None
        if self._corrects is not None and rewritten:
            changed = self._corrects.changed(read_facts(row), with_values(read_facts(row), values), entry)
            if row.value is not None and "value" not in changed:
                values.pop("value", None)  # the text still has the old sum, or tells the same one more exactly
        if again:
            values["withdrawn_at"] = None
        before, after = read_facts(row), with_values(read_facts(row), values)
        self._go_on(row, values, finding, keys, entry=entry, shown=bool(values) or rewritten, news=rewritten)
        self._correct(row, Corrected(entry_id, ("event", *changed) if again else changed, before, after, finding.evidence.sentence))

    def _go_on(
        self,
        row: Row[Any],
        values: dict[str, Any],
        finding: Finding,
        keys: tuple[str, ...],
        *,
        entry: Entry,
        shown: bool,
        news: bool,
        renew: bool = False,
    ) -> None:
        """Write what a finding changes of a story, and let its alert go out: as an edit, and to those who were not told.

        ``news``: its words are new; else they only come again (in another place, or long after) and are not for who began to watch since.
        """
        if shown:
            values["revision"] = story.c.revision + 1
            self._connection.execute(_STALE, {"of_story": row.id})
        self._connection.execute(update(story).where(story.c.id == row.id).values(**values, last_at=self._now))
        self._touch(row.id, keys, is_new=False)
        self._threads.follow(row.id, entry, finding)
        matched = self._matches(row.id, finding.matches, since=self._now if news else row.first_at, renew=renew)
        silent = values.get("silent", row.silent)
        event = EventKind(values.get("event", row.event))
        concerns = matched or self._connection.execute(_ANY_MATCH, {"of_story": row.id}).first() is not None
        withdrawn = values.get("withdrawn_at", row.withdrawn_at) is not None
        if concerns and not silent and not withdrawn and self._tells(row.id, event):
            self._alert(row.id, again=matched)

    def _link(self, number: int, entry_id: int, entry: Entry, finding: Finding | None, reason: str) -> bool:
        """Make the entry part of the story; says whether it was not before."""
        row = {
            "story_id": number,
            "entry_id": entry_id,
            "title": entry.title,
            "summary": entry.summary,
            "official": finding is not None and finding.notice is not None,
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

    def _matches(self, number: int, matches: Iterable[Match], *, since: datetime, renew: bool = False) -> bool:
        """Write down whom the story concerns, ``since`` when; says whether somebody is to be told who perhaps was not.

        ``renew``: the entry is new and may be pushed, so those count as well who subscribed after the watch first matched.
        """
        by_key = {one.watch: one for one in reversed(list(matches))}
        if not by_key:
            return False
        told = False
        for watch_id, key in self._connection.execute(_WATCHES, {"keys": list(by_key)}).all():
            one = by_key[key]
            new = {"story_id": number, "watch_id": watch_id, "role": one.role.value, "proof": one.proof, "flag": one.flag}
            added = insert_new(self._connection, story_match, {**new, "first_at": since, "last_at": since})
            if renew and not added:
                here = (story_match.c.story_id == number) & (story_match.c.watch_id == watch_id)
                self._connection.execute(update(story_match).where(here).values(last_at=self._now))
            told = told or added or renew
        return told

    def _tells(self, number: int, event: EventKind) -> bool:
        """Whether anybody is told of such an event: of awards and cancellations always, of others where somebody asked for them."""
        return event.alert is not None or self._connection.execute(_ASKED_FOR, {"of_story": number}).first() is not None

    def _alert(self, number: int, *, again: bool) -> None:
        """Raise the story's alert; one that was raised before is fanned out again if it concerns somebody new."""
        new = {"story_id": number, "reason": "new", "fan_out_due": True, "created_at": self._now}
        if insert_new(self._connection, alert, new):
            self.alerts += 1
        elif again:
            first = (alert.c.story_id == number) & (alert.c.reason == "new")
            self._connection.execute(update(alert).where(first).values(fan_out_due=True))
