"""What must hold for all of the store: every method says when the database cannot be had, and no order of events breaks a promise."""

from __future__ import annotations

import inspect
import tempfile
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine, event
from storing import LEASE, PAUSE, SERCO, Rules, a_feed, a_finding, an_entry, chat, chat_watch, claim, save, set_up, told

from storage.alert_changes import Wrong
from storage.exceptions import StoreUnavailable
from storage.list_news import ListNews
from storage.records import Channel, ChannelKind, ChannelState, ForgetChat, InboxUpdate, RemoveWatch, Reply
from storage.reports import Week
from storage.silences import Listener
from storage.store import Store, open_store
from storage.tables import metadata
from watchers.types import EventKind, FeedState, Terms

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OWN = {"owner": "daemon", "now": NOW}
HELLO = Reply(chat_id=7, thread_id=None, text="hello")
ANN = Channel(
    id=1,
    kind=ChannelKind.TELEGRAM,
    key="telegram:7",
    chat_id=7,
    thread_id=None,
    title="",
    type="private",
    state=ChannelState.ACTIVE,
    state_reason=None,
    language="en",
)

READS = {
    "alert_view": lambda s: s.alert_view(1, 1),
    "alerts_shown": lambda s: s.alerts_shown(1, alert_id=1),
    "award_parties": lambda s: s.award_parties("ocds-1", []),
    "channel": lambda s: s.channel(7),
    "channel_watches": lambda s: s.channel_watches(1),
    "channels": lambda s: s.channels(),
    "count_entries": lambda s: s.count_entries(NOW),
    "count_past": lambda s: s.count_past(NOW, [EventKind.AWARDED], Terms(minimum=1), direct=True),
    "counts": lambda s: s.counts(NOW),
    "draft": lambda s: s.draft(7, 1, NOW),
    "every_feed": lambda s: s.every_feed(),
    "complained": lambda s: s.complained(1, Wrong.SUM),
    "complaints": lambda s: s.complaints(),
    "contract": lambda s: s.contract(1, 1),
    "entry_of": lambda s: s.entry_of(b"key", "notices.example/1"),
    "evidence": lambda s: s.evidence(1),
    "feeds": lambda s: s.feeds(),
    "followers": lambda s: s.followers(1),
    "given_up": lambda s: s.given_up(NOW),
    "group": lambda s: s.group(1, 1),
    "kept": lambda s: s.kept(1),
    "keys_of_entries": lambda s: s.keys_of_entries(),
    "last_update_id": lambda s: s.last_update_id(),
    "latest": lambda s: s.latest(1, 5),
    "ledger": lambda s: s.ledger(NOW),
    "listeners": lambda s: s.listeners(NOW),
    "list_news": lambda s: s.list_news(NOW),
    "lookups_due": lambda s: s.lookups_due("bbc", NOW, limit=5),
    "meta": lambda s: s.meta("key"),
    "mute_targets": lambda s: s.mute_targets(1, 1),
    "mutes": lambda s: s.mutes(1, NOW),
    "newest_alerts": lambda s: s.newest_alerts(5),
    "newest_stories": lambda s: s.newest_stories(5),
    "next_delivery_at": lambda s: s.next_delivery_at(NOW),
    "next_due_at": lambda s: s.next_due_at(),
    "noise": lambda s: s.noise(NOW),
    "old_entries": lambda s: s.old_entries(5),
    "oldest_story_at": lambda s: s.oldest_story_at(),
    "operating": lambda s: s.operating(),
    "parties_in": lambda s: s.parties_in(1),
    "parties_named": lambda s: s.parties_named("palantir"),
    "parties_registered": lambda s: s.parties_registered("GB-COH-1"),
    "past_stories": lambda s: s.past_stories(NOW, [EventKind.AWARDED], Terms(minimum=1), direct=True, pieces=[["x"]]),
    "pending_updates": lambda s: s.pending_updates(5),
    "progress": lambda s: s.progress(NOW, PAUSE),
    "rhythms": lambda s: s.rhythms(1),
    "set_back": lambda s: s.set_back(),
    "shared_watch": lambda s: s.shared_watch(1),
    "shared_watchlist": lambda s: s.shared_watchlist("token"),
    "silences": lambda s: s.silences(),
    "stored_alerts": lambda s: s.stored_alerts(),
    "stored_texts": lambda s: s.stored_texts(NOW, after=0, limit=5),
    "story": lambda s: s.story(1),
    "story_of_alert": lambda s: s.story_of_alert(1),
    "story_of_entry": lambda s: s.story_of_entry(1),
    "stuck_since": lambda s: s.stuck_since(NOW),
    "texts_of": lambda s: s.texts_of([1]),
    "times": lambda s: s.times(1),
    "told": lambda s: s.told(1),
    "turn_timetables": lambda s: s.turn_timetables(NOW),  # which writes only where something is due
    "unseen": lambda s: s.unseen("bbc", [an_entry("one")]),
    "watchlists": lambda s: s.watchlists(1),
    "watched_since": lambda s: s.watched_since(),
    "watches": lambda s: s.watches(),
    "weeks_over": lambda s: s.weeks_over(NOW),
}
WRITES = {
    "add_note": lambda s: s.add_note(HELLO, key="hello", now=NOW),
    "apply": lambda s: s.apply([], now=NOW),
    "at_work": lambda s: s.at_work(NOW),
    "begin_reports": lambda s: s.begin_reports(NOW),
    "begin": lambda s: s.begin(NOW),
    "claim_delivery": lambda s: s.claim_delivery(NOW, owner="daemon", lease=LEASE, edit_pause=PAUSE),
    "claim_due_feeds": lambda s: s.claim_due_feeds(NOW, limit=1, owner="daemon", lease=LEASE),
    "erase_suspended": lambda s: s.erase_suspended(NOW, NOW),
    "expire": lambda s: s.expire(NOW),
    "failed": lambda s: s.failed(1, reason="", suspend=False, **OWN),
    "fan_out": lambda s: s.fan_out(NOW),
    "finish_updates": lambda s: s.finish_updates([1], NOW),
    "keep_feed": lambda s: s.keep_feed("bbc", NOW, owner="daemon", lease=LEASE),
    "join_stories": lambda s: s.join_stories(1, 2, rules=Rules(), now=NOW),
    "lookup_failed": lambda s: s.lookup_failed("bbc", an_entry("one"), NOW),
    "note_unconfirmed": lambda s: s.note_unconfirmed(NOW),
    "notice_silences": lambda s: s.notice_silences({"bbc"}, NOW),
    "prune_updates": lambda s: s.prune_updates(NOW),
    "recover": lambda s: s.recover(NOW),
    "report_week": lambda s: s.report_week(Week(channel=ANN, alerts=0, checks=0, feeds=0, healthy=0), None, NOW),
    "moved": lambda s: s.moved(1, old_chat_id=-5, new_chat_id=-1005, maybe_sent=False, **OWN),
    "retry": lambda s: s.retry(1, not_before=NOW, maybe_sent=False, error="", channel_pause_until=NOW, **OWN),
    "save_poll": lambda s: s.save_poll("bbc", [], FeedState(), rules=Rules(), watches_version=2, now=NOW),
    "save_state": lambda s: s.save_state("bbc", FeedState(), NOW),
    "save_updates": lambda s: s.save_updates([InboxUpdate(update_id=1, raw={})], NOW),
    "sent": lambda s: s.sent(1, message_id=1, revision=1, channel_pause_until=NOW, **OWN),
    "split_story": lambda s: s.split_story(1, [2], rules=Rules(), now=NOW),
    "set_meta": lambda s: s.set_meta("key", "value"),
    "sync_config": lambda s: s.sync_config([], [], NOW),
    "sync_packs": lambda s: s.sync_packs([], NOW),
    "sync_feeds": lambda s: s.sync_feeds([a_feed()], NOW),
    "tell_followers": lambda s: s.tell_followers(
        ListNews(watchlist_id=1, name="", before=(), after=(), followers=(), changed_at=NOW), [], NOW
    ),
    "tell_silences": lambda s: s.tell_silences(
        Listener(channel=ANN, told={}, told_at=None, muted=frozenset(), since=NOW), HELLO, silent=[1], back=[], now=NOW
    ),
    "uncertain": lambda s: s.uncertain(1, error="", **OWN),
    "update_failed": lambda s: s.update_failed(1, "", NOW),
    "withheld": lambda s: s.withheld(1, reason="", **OWN),
}
NO_TRANSACTION = {"address", "backup", "close", "ears", "engine", "lock", "scrub", "server_time"}


def test_every_public_method_is_looked_at_here():
    public = {name for name in dir(Store) if not name.startswith("_")}

    assert public == READS.keys() | WRITES.keys() | NO_TRANSACTION


def test_every_public_method_has_a_docstring_and_shows_no_connection():
    for name in READS.keys() | WRITES.keys():
        method = getattr(Store, name)
        assert method.__doc__, name
        assert "connection" not in inspect.signature(method).parameters


@pytest.fixture
def filled(store):
    """A store in which each of the methods finds what it asks for."""
    set_up(store, NOW)
    for number, name in enumerate(("Palantir", "Serco")):  # the first story has an entry to spare, and another to be joined to
        save(store, "bbc", told(an_entry(f"one {number}"), a_finding(supplier=name)), now=NOW)
    save(store, "bbc", told(an_entry("again"), a_finding()), now=NOW)
    store.fan_out(NOW)
    store.save_updates([InboxUpdate(update_id=1, raw={})], NOW)
    assert claim(store, NOW) is not None
    return store


@pytest.fixture
def locked(filled, store_url):
    """The same, while another program holds the database and patience is short."""
    if store_url.startswith("sqlite"):
        filled._db._writer.connect().connection.driver_connection.execute("PRAGMA busy_timeout = 20")
        take = ["BEGIN IMMEDIATE"]
    else:
        event.listen(filled._db._writer, "begin", lambda connection: connection.exec_driver_sql("SET lock_timeout = '20ms'") and None)
        take = ["BEGIN", f"LOCK TABLE {', '.join(metadata.tables)} IN ACCESS EXCLUSIVE MODE"]
    other = create_engine(store_url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        for statement in take:
            connection.exec_driver_sql(statement)
        yield filled
        connection.exec_driver_sql("ROLLBACK")
    other.dispose()


def test_every_method_says_when_another_program_holds_the_database(locked, store_url):
    reading = {} if store_url.startswith("sqlite") else READS  # a SQLite file can be read while somebody writes
    for name, call in (WRITES | reading).items():
        with pytest.raises(StoreUnavailable, match="another program is holding") as caught:
            call(locked)
        assert caught.value.about == locked.address, name
    if not reading:
        for call in READS.values():
            call(locked)


def test_every_method_works_again_afterwards(filled):
    for call in (READS | WRITES).values():
        call(filled)


def test_every_method_says_when_the_server_is_gone(postgresql):
    with postgresql.database() as url:
        store = open_store(url)
        set_up(store, NOW)
    for name, call in (READS | WRITES).items():
        with pytest.raises(StoreUnavailable) as caught:
            call(store)
        assert "it goes on by itself" in str(caught.value) or "no such database" in str(caught.value), name
    store.close()


class Promises(RuleBasedStateMachine):
    """Chats watch and unwatch, news comes, sends succeed, fail, vanish and the daemon dies, in any order (durability contract C2-C6).

    The model knows what was promised: who is owed which story. What it checks: nobody is told twice without a mark, nobody of something
    they did not watch, a chat in the order of the stories, and at the end everybody of everything they are owed.
    """

    names = st.sampled_from(["Palantir", "Serco", "Capita"])
    chats = st.sampled_from([1, 2, 3])

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{self.folder.name}/contractwatch.db"
        self.store = open_store(self.url)
        self.now = NOW
        set_up(self.store, self.now, watches=())
        self.owed: dict[tuple[int, int], set[str]] = {}  # (chat, alert) → the names it is owed for
        self.watching: dict[int, dict[str, int]] = {}
        self.arrived: list[tuple[int, int, bool]] = []  # (chat, alert, marked)
        self.unknown: dict[tuple[int, int], int] = {}  # sends whose end nobody saw
        self.claims: list = []
        self.stories = 0

    def teardown(self):
        if not hasattr(self, "store"):
            return
        try:
            self._drain()
            told_of = {(chat_id, alert) for chat_id, alert, _ in self.arrived}
            assert {key for key, names in self.owed.items() if names} <= told_of
        finally:
            self.store.close()
            self.folder.cleanup()

    @rule(chat_id=chats, name=names)
    def watch(self, chat_id, name):
        self.now += timedelta(seconds=1)
        chat(self.store, chat_id, self.now, name)
        mine = self.watching.setdefault(chat_id, {})
        if name not in mine:
            mine[name] = next(one.id for one in self._list(chat_id) if one.watch.name == name)

    @rule(chat_id=chats, name=names)
    def unwatch(self, chat_id, name):
        number = self.watching.get(chat_id, {}).pop(name, None)
        if number is not None:
            self.store.apply([RemoveWatch(chat_id=chat_id, watch_id=number)], now=self.now)
            for (who, _), wanted in self.owed.items():
                if who == chat_id:
                    wanted.discard(name)

    @rule(chat_id=chats)
    def forget(self, chat_id):
        """A chat has everything deleted: nothing is owed to it any more, and nothing of before may come to it."""
        self.store.apply([ForgetChat(chat_id=chat_id)], now=self.now)
        self.watching.pop(chat_id, None)
        self.owed = {key: names for key, names in self.owed.items() if key[0] != chat_id}
        self.unknown = {key: count for key, count in self.unknown.items() if key[0] != chat_id}
        self.arrived = [one for one in self.arrived if one[0] != chat_id]
        self.claims = [one for one in self.claims if one.channel.chat_id != chat_id]  # on their way: what becomes of them is nobody's

    @rule(names=st.sets(names, min_size=1))
    def news(self, names):
        self.stories += 1
        self.now += timedelta(seconds=1)  # not the moment in which somebody subscribed
        watched = [chat_watch(self.store, name) for name in sorted(names) if any(name in mine for mine in self.watching.values())]
        entry = told(an_entry(f"story {self.stories}"), a_finding(supplier=f"Firm {self.stories}", watches=watched))
        result = save(self.store, "bbc", entry, now=self.now)
        assert result.alerts == bool(watched)
        if watched:
            alert = self.store.counts(self.now).alerts
            for chat_id, mine in self.watching.items():
                if wanted := names & mine.keys():
                    self.owed[chat_id, alert] = set(wanted)

    @rule()
    def fan_out(self):
        self.store.fan_out(self.now)

    @rule()
    def take(self):
        claimed = claim(self.store, self.now)
        if claimed is not None:
            self.claims.append(claimed)

    @precondition(lambda self: self.claims)
    @rule(end=st.sampled_from(["sent", "refused", "unknown", "unknown but there", "forgotten"]))
    def answer(self, end):
        claimed = self.claims.pop(0)
        key = (claimed.channel.chat_id, claimed.alert_id)
        if end in ("sent", "unknown but there", "forgotten"):
            self.arrived.append((*key, claimed.maybe_sent))
        if end in ("unknown", "unknown but there", "forgotten"):
            self.unknown[key] = self.unknown.get(key, 0) + 1
        if end == "sent":
            values = {"message_id": 5, "revision": 1, "channel_pause_until": self.now}
            assert self.store.sent(claimed.delivery_id, owner="daemon", now=self.now, **values)
        elif end != "forgotten":
            maybe = claimed.maybe_sent or end != "refused"
            values = {"not_before": self.now + PAUSE, "maybe_sent": maybe, "error": end, "channel_pause_until": None}
            assert self.store.retry(claimed.delivery_id, owner="daemon", now=self.now, **values)

    @rule()
    def die(self):
        """The daemon is killed: what was claimed may or may not have left."""
        for claimed in self.claims:
            key = (claimed.channel.chat_id, claimed.alert_id)
            self.unknown[key] = self.unknown.get(key, 0) + 1
        self.claims = []
        self.store.close()
        self.store = open_store(self.url)
        self.store.recover(self.now)

    @rule(minutes=st.sampled_from([1, 5]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)
        self._give_up_old_claims()

    @invariant()
    def copies_are_marked_and_bounded(self):
        seen: set[tuple[int, int]] = set()
        count: dict[tuple[int, int], int] = {}
        for chat_id, alert, marked in getattr(self, "arrived", ()):
            key = (chat_id, alert)
            assert key in self.owed, "told of something it does not watch"
            assert marked or key not in seen, "a second copy without a mark"
            seen.add(key)
            count[key] = count.get(key, 0) + 1
            assert count[key] <= 1 + self.unknown.get(key, 0)

    @invariant()
    def chats_are_told_in_order(self):
        first: dict[int, list[int]] = {}
        for chat_id, alert, _ in getattr(self, "arrived", ()):
            told_of = first.setdefault(chat_id, [])
            if alert not in told_of:
                assert not told_of or alert > max(told_of)
                told_of.append(alert)

    def _list(self, chat_id):
        return self.store.channel_watches(self.store.channel(chat_id).id)

    def _give_up_old_claims(self):
        """A sender that is slower than its lease has lost its claim: its result will not count."""
        old = [claimed for claimed in self.claims if claimed.channel.chat_id is not None]
        for claimed in old:
            key = (claimed.channel.chat_id, claimed.alert_id)
            self.unknown[key] = self.unknown.get(key, 0) + 1
        self.claims = []
        self.store.recover(self.now)

    def _drain(self):
        self._give_up_old_claims()
        self.store.fan_out(self.now)
        for _ in range(500):
            self.now += timedelta(minutes=5)
            while claimed := claim(self.store, self.now):
                self.arrived.append((claimed.channel.chat_id, claimed.alert_id, claimed.maybe_sent))
                values = {"message_id": 5, "revision": 1, "channel_pause_until": self.now}
                self.store.sent(claimed.delivery_id, owner="daemon", now=self.now, **values)
            if self.store.next_delivery_at(self.now) is None:
                break
        self.copies_are_marked_and_bounded()
        self.chats_are_told_in_order()


TestPromises = Promises.TestCase
TestPromises.settings = settings(max_examples=6, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
class TestPromisesAtLength(Promises.TestCase):
    settings = settings(max_examples=300, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))


def test_a_match_of_a_watch_that_nobody_has_concerns_nobody(store):
    set_up(store, NOW)
    result = save(store, "bbc", told(an_entry("one"), a_finding(watches=(SERCO,))), now=NOW)

    assert (result.stories, result.alerts) == (1, 0)
