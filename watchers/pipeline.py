"""One poll of one feed, from the network to the store.

Invariants: every page of a feed is saved in one transaction with what it means; the feed's own state moves only with the last page, so a
crash anywhere makes the same document be fetched again; nothing here reads the clock.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from watchers.exceptions import FetchError, ParseError
from watchers.notices import award_parties, wanted_awards
from watchers.pacing import next_poll
from watchers.parsers.find_a_tender import process_releases
from watchers.parsers.pages import Fetch, Page, Parse
from watchers.parsers.walk import walk
from watchers.types import AwardParty, Entry, Feed, FeedKind, FeedState, Finding, PollOutcome, UnderstoodEntry, Watch

log = logging.getLogger(__name__)

LOOKUPS_PER_POLL = 4  # each is one request of the twelve that the register allows in two minutes


class StaleKnowledge(Exception):  # noqa: N818 -- not an error of its own: the facade raises it where the store says StaleWatches
    """The watches changed while the entries were being understood."""


class Saved(Protocol):
    """What a save changed."""

    @property
    def new(self) -> int: ...
    @property
    def changed(self) -> int: ...
    @property
    def alerts(self) -> int: ...


class PollStore(Protocol):
    """What a poll asks of the store. ``save`` raises ``StaleKnowledge`` when the watches are no longer those of ``version``."""

    async def unseen(self, feed: str, entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]: ...
    async def watches(self) -> tuple[int, tuple[Watch, ...]]: ...
    async def award_parties(self, ocid: str, award_ids: Sequence[str]) -> tuple[AwardParty, ...]: ...
    async def lookups_due(self, feed: str, now: datetime, limit: int) -> tuple[Entry, ...]: ...
    async def lookup_failed(self, feed: str, entry: Entry, now: datetime, *, for_good: bool) -> None: ...
    async def save(
        self,
        feed: str,
        understood: Sequence[UnderstoodEntry],
        state: FeedState | None,
        *,
        version: int,
        now: datetime,
        strangers: bool = False,
    ) -> Saved: ...
    async def save_state(self, feed: str, state: FeedState, now: datetime) -> None: ...


class Understand(Protocol):
    """Turns entries into findings, away from the event loop. ``version`` is that of the watches it knows, -1 when it knows none."""

    @property
    def version(self) -> int: ...
    def set_watches(self, version: int, watches: Sequence[Watch]) -> None: ...
    async def understand(self, entries: Sequence[Entry], awards: Sequence[Sequence[AwardParty]]) -> list[tuple[Finding, ...]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Poller:
    """What every poll needs: how to fetch, to parse and to understand, and where to keep."""

    fetch: Fetch
    parse: Parse
    mind: Understand
    store: PollStore

    async def poll(self, feed: Feed, state: FeedState, now: datetime) -> PollOutcome:
        """Poll one feed. Expected failures end in the outcome and in the feed's state; anything else is a bug and is raised."""
        outcome = PollOutcome(feed=feed.id, not_modified=True)
        try:
            async for page in walk(feed, state, fetch=self.fetch, parse=self.parse, now=now):
                outcome = await self._save_page(feed, state, page, outcome, now)
        except (FetchError, ParseError) as error:
            await self.store.save_state(feed.id, next_poll(feed, state, now=now, error=error), now)
            return replace(outcome, error=error.message, not_modified=False)
        if feed.kind is FeedKind.FIND_A_TENDER:
            outcome = await self._name_suppliers(feed, outcome, now)
        return outcome

    async def _save_page(self, feed: Feed, state: FeedState, page: Page, outcome: PollOutcome, now: datetime) -> PollOutcome:
        final = None if page.state is None else replace(next_poll(feed, page.state, now=now, error=None), seeded=True)
        new, changed = await self.store.unseen(feed.id, page.entries) if page.entries else ((), ())
        if not new and not changed:
            if final is not None:
                await self.store.save_state(feed.id, final, now)
            return replace(outcome, not_modified=outcome.not_modified and not page.entries, problems=outcome.problems + page.problems)
        seeding = feed.seeds and not state.seeded
        strangers = state.seeded and len(new) == len(page.entries) > 1
        saved = await self._save(feed, (*new, *changed), final, seeding=seeding, now=now, strangers=strangers)
        return replace(
            outcome,
            new=outcome.new + saved.new,
            changed=outcome.changed + saved.changed,
            not_modified=False,
            alerts=outcome.alerts + saved.alerts,
            problems=outcome.problems + page.problems,
        )

    async def _save(
        self,
        feed: Feed,
        entries: Sequence[Entry],
        state: FeedState | None,
        *,
        seeding: bool,
        now: datetime,
        strangers: bool = False,
    ) -> Saved:
        """Understand with the watches known here and save; the store says when they are no longer those of the moment."""
        while True:
            version = self.mind.version  # read first: another poll may bring newer watches while these entries are understood
            understood = await self._understand(feed, entries, seeding=seeding, now=now)
            try:
                return await self.store.save(feed.id, understood, state, version=version, now=now, strangers=strangers)
            except StaleKnowledge:
                self.mind.set_watches(*await self.store.watches())

    async def _understand(self, feed: Feed, entries: Sequence[Entry], *, seeding: bool, now: datetime) -> list[UnderstoodEntry]:
        """What the entries say. Suppliers that a notice leaves out are joined from the same page and from the store."""
        awards = [award_parties(entry.release) if entry.release else () for entry in entries]
        here = [party for parties in awards for party in parties]
        joins = [await self._join(entry, here) for entry in entries]
        findings = await self.mind.understand(entries, joins)
        return [
            UnderstoodEntry(entry=entry, findings=found, awards=parties, told=not seeding and not old, old=old and not seeding)
            for entry, found, parties in zip(entries, findings, awards, strict=True)
            for old in (_too_old(entry, feed, now),)
        ]

    async def _join(self, entry: Entry, here: Sequence[AwardParty]) -> tuple[AwardParty, ...]:
        """The suppliers of the awards that a notice speaks of without naming them: from its own page, else from the store."""
        wanted = wanted_awards(entry.release) if entry.release else None
        if wanted is None:
            return ()
        ocid, award_ids = wanted
        found = tuple(party for party in here if party.ocid == ocid and (not award_ids or party.award_id in award_ids))
        return found or await self.store.award_parties(ocid, award_ids)

    async def _name_suppliers(self, feed: Feed, outcome: PollOutcome, now: datetime) -> PollOutcome:
        """Notices of cancellation name no supplier. Where no stored award does, the register is asked for the whole process.

        The walk has succeeded and its checkpoint stands, whatever comes of this.
        """
        for entry in await self.store.lookups_due(feed.id, now, LOOKUPS_PER_POLL):
            # A try is counted before it is made: a notice that breaks us must not do so at every poll.
            await self.store.lookup_failed(feed.id, entry, now, for_good=False)
            wanted = wanted_awards(entry.release) if entry.release else None
            try:
                answered = wanted is not None and await self._ask_for_awards(feed, wanted, now)
                if wanted is not None and await self.store.award_parties(*wanted):
                    saved = await self._save(feed, (entry,), None, seeding=False, now=now)
                    outcome = replace(outcome, alerts=outcome.alerts + saved.alerts)
                elif wanted is None or answered:
                    # A register that has answered names nobody because nobody had won: it is not asked again.
                    await self.store.lookup_failed(feed.id, entry, now, for_good=True)
            except ParseError as error:
                log.warning("a notice without supplier could not be understood again: %s", error.message, extra={"feed": feed.id})
        return outcome

    async def _ask_for_awards(self, feed: Feed, wanted: tuple[str, tuple[str, ...]], now: datetime) -> bool:
        """See that what the register knows of a process is stored; says whether it is."""
        ocid, award_ids = wanted
        if await self.store.award_parties(ocid, award_ids):
            return True  # its award came later in the same walk: registers answer newest first
        try:
            releases = await process_releases(ocid, feed=feed, fetch=self.fetch, now=now)
        except (FetchError, ParseError) as error:
            log.info("the process %s of a notice without supplier could not be had: %s", ocid, error.message)
            return False
        history, _ = await self.store.unseen(feed.id, releases)
        if history:
            await self._save(feed, history, None, seeding=True, now=now)  # kept so that suppliers are known; old news to everyone
        return True


def _too_old(entry: Entry, feed: Feed, now: datetime) -> bool:
    return entry.published is not None and now - entry.published > feed.max_age
