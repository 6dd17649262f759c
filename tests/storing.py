"""Small things to keep in a store, for its tests: feeds, entries and findings in one line each, and rules that group by a word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from storage.records import AddWatch, ChannelKind, Claim, ConfigChannel, ConfigWatchlist, EnsureChannel, SaveResult
from storage.store import Store
from watchers.types import (
    Entry,
    EventKind,
    Evidence,
    Feed,
    FeedKind,
    FeedState,
    Finding,
    Match,
    Money,
    Notice,
    Organisation,
    Party,
    Role,
    Span,
    StoryCard,
    StoryDecision,
    UnderstoodEntry,
    Watch,
)

LEASE = timedelta(seconds=90)
PAUSE = timedelta(minutes=2)
PALANTIR = Watch(id="surveillance/palantir", organisation=Organisation(name="Palantir", aliases=("Palantir Ltd",)), role=Role.SUPPLIER)
SERCO = Watch(id="services/serco", organisation=Organisation(name="Serco"))


class Rules:
    """Findings with one supplier and one event are one story."""

    def keys(self, entry: Entry, finding: Finding) -> tuple[str, ...]:
        return tuple(f"{finding.event}:{party.name}" for party in finding.suppliers)

    def decide(self, entry: Entry, finding: Finding, cards: Sequence[StoryCard], now: datetime) -> StoryDecision:
        if not cards:
            return StoryDecision(story=None, reason="nothing like it", keys=())
        return StoryDecision(story=cards[0].id, reason="same supplier", keys=(), confirms=finding.notice is not None)


def digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def a_feed(feed_id: str = "bbc", **changes: Any) -> Feed:
    values = {"kind": FeedKind.NEWS, "url": f"https://{feed_id}.example/rss", "name": feed_id.upper(), "every": timedelta(minutes=15)}
    return Feed(id=feed_id, **values | changes)


def an_entry(name: str, title: str = "", *, keys: Sequence[str] = (), **changes: Any) -> Entry:
    title = title or f"Contract news of {name}"
    values: dict[str, Any] = {"keys": tuple(digest(key) for key in keys or (f"link {name}", f"guid {name}"))}
    return Entry(title=title, fingerprint=digest(f"text {title}"), **values | changes)


def a_finding(
    event: EventKind = EventKind.CANCELLED, supplier: str = "Palantir", *, watches: Sequence[Watch] = (PALANTIR,), **changes: Any
) -> Finding:
    values: dict[str, Any] = {
        "suppliers": (Party(name=supplier),),
        "evidence": Evidence(sentence=f"{supplier}: {event}", rule="verb", spans=(Span(field="title", start=0, end=8),)),
        "matches": tuple(Match(watch=one.id, role=Role.SUPPLIER, proof=supplier) for one in watches),
    }
    return Finding(event=event, **values | changes)


def a_notice(**changes: Any) -> Notice:
    values = {
        "number": "000111-2026",
        "type": "UK12",
        "ocid": "ocds-1",
        "award_ids": ("1",),
        "title": "Data platform",
        "publisher": "Find a Tender",
    }
    return Notice(url="https://notices.example/000111-2026", **values | changes)


def pounds(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="GBP", printed=f"£{amount}")


def told(entry: Entry, *findings: Finding, **changes: Any) -> UnderstoodEntry:
    return UnderstoodEntry(entry=entry, findings=findings, **changes)


def set_up(store: Store, now: datetime, *, feeds: Sequence[str] = ("bbc", "itv"), watches: Sequence[Watch] = (PALANTIR,)) -> None:
    """Two feeds, and a console that watches Palantir."""
    store.sync_feeds([a_feed(name) for name in feeds], now)
    store.sync_config([ConfigWatchlist(id="all", name="All", watches=tuple(watches))], [console("all")], now)


def console(*watchlists: str, name: str = "console") -> ConfigChannel:
    return ConfigChannel(key=f"console:{name}", kind=ChannelKind.CONSOLE, chat_id=None, thread_id=None, title=name, watchlists=watchlists)


def save(store: Store, feed: str, *understood: UnderstoodEntry, now: datetime, **changes: Any) -> SaveResult:
    values: dict[str, Any] = {"state": FeedState(seeded=True), "rules": Rules()}
    if "watches_version" not in changes:
        values["watches_version"] = store.watches()[0]
    return store.save_poll(feed, understood, now=now, **values | changes)


def chat(store: Store, chat_id: int, now: datetime, *names: str) -> int:
    """Set up a private chat that watches some names; says its channel's number."""
    store.apply([EnsureChannel(chat_id=chat_id, type="private", title="Ann", language="en")], now=now)
    for name in names:
        store.apply([AddWatch(chat_id=chat_id, watch=Watch(organisation=Organisation(name=name)))], now=now)
    channel = store.channel(chat_id)
    assert channel is not None
    return channel.id


def chat_watch(store: Store, name: str) -> Watch:
    """Find the watch of a name that a chat added, with the key that findings carry."""
    return next(one for one in store.watches()[1] if one.name == name and one.id.startswith("chat:"))


def claim(store: Store, now: datetime, owner: str = "daemon") -> Claim | None:
    return store.claim_delivery(now, owner=owner, lease=LEASE, edit_pause=PAUSE)


def must_claim(store: Store, now: datetime, owner: str = "daemon") -> Claim:
    claimed = claim(store, now, owner)
    assert claimed is not None
    return claimed


def send(
    store: Store, claimed: Claim, now: datetime, *, message_id: int | None = 1, owner: str = "daemon", pause: timedelta = timedelta(0)
) -> bool:
    """Record a claim as sent, showing its story as it is now."""
    revision = None if claimed.alert_id is None else store.alert_view(claimed.alert_id, claimed.channel.id).revision
    return store.sent(claimed.delivery_id, owner=owner, message_id=message_id, revision=revision, channel_pause_until=now + pause, now=now)
