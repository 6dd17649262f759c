"""What the store gives and takes, as frozen values. Ids are the database's integers unless said otherwise; times are aware and UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from storage.alert_changes import AlertChange, RestoreSettings, Sound
from storage.list_changes import ListChange
from storage.operator_changes import OperatorChange, StoryChange
from storage.times import AS_USUAL, AT_ANY_TIME, Report, SetReport, TimeChange, Times
from watchers.types import ANY_WATCH, DEFAULT_TERMS, AlertClass, EventKind, FeedKind, FeedState, Money, Role, Span, Terms, Watch

DEFAULT_EVENTS = frozenset(kind for kind in EventKind if kind.alert is not None)  # told of until something else is asked for
EVENTS = tuple(kind for kind in EventKind if kind.happens)  # what may be asked for


class ChannelKind(StrEnum):
    CONSOLE = "console"
    TELEGRAM = "telegram"


class ChannelState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"  # the place cannot be told (blocked, kicked, no rights): settings are kept


class DeliveryState(StrEnum):
    PENDING = "pending"  # due at ``not_before``
    SENDING = "sending"  # claimed; the request may be under way
    SENT = "sent"  # the place answered that it has it
    UNCERTAIN = "uncertain"  # its fate is unknown and the admin chose not to send a second copy
    FAILED = "failed"  # refused for good, with the reason
    WITHHELD = "withheld"  # not sent on purpose, with the reason (unsubscribed, erased, expired)


class DeliveryKind(StrEnum):
    ALERT = "alert"  # an alert for a channel
    REPLY = "reply"  # the answer to a command; committed together with the command's effect
    NOTE = "note"  # something the admin or a chat must know once


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRecord:
    """A feed as stored: what is configured and what is remembered."""

    id: str
    kind: FeedKind
    url: str
    name: str
    state: FeedState
    entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A place that can be told. ``chat_id`` and ``thread_id`` are Telegram's (64 bit); None for the console."""

    id: int
    kind: ChannelKind
    key: str  # unique: "console:<name>" or "telegram:<chat_id>[:<thread_id>]"
    chat_id: int | None
    thread_id: int | None
    title: str
    type: str  # "private", "group", "supergroup", "channel", "console"
    state: ChannelState
    state_reason: str | None
    language: str
    zone: str = "UTC"  # an IANA name
    times: Times = AT_ANY_TIME
    report: Report = AS_USUAL
    events: frozenset[EventKind] = field(default_factory=lambda: DEFAULT_EVENTS)  # the kinds of which it is told in general
    sound: Sound = Sound.ALL
    added_by: int | None = None  # the person who set it up


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRecord:
    """A watch as a channel sees it in its list, with what of it is told there.

    ``watchlist`` names the list it comes from: None for the channel's own nameless one. ``mine``: the channel may change it, on the list
    ``list_id``; what it follows is changed by whoever keeps it, and configured watchlists by the admin.
    """

    id: int
    key: str
    watch: Watch
    created_at: datetime
    terms: Terms = DEFAULT_TERMS
    list_id: int | None = None
    watchlist: str | None = None
    mine: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistRecord:
    """A watchlist with a name, as a channel sees it. ``token`` and ``followers`` (how many others get it) are there if it is ``mine``."""

    id: int
    name: str
    watches: int
    mine: bool
    token: str | None = None
    followers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEntry:
    """One outlet's or register's report of a story, as stored."""

    entry_id: int
    feed: str
    feed_name: str
    outlet: str | None
    title: str
    url: str | None
    published: datetime | None
    first_seen_at: datetime
    official: bool
    summary: str = ""
    gone: bool = False  # it does not say so any more


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """An entry of a story as an admin is shown it. ``reason``: which features decided; ``came_from``: the story it was joined with."""

    entry_id: int
    feed: str
    title: str
    url: str | None
    at: datetime
    official: bool
    reason: str
    came_from: int | None
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRecord:
    """A story as an admin is shown it. ``joined``: the stories that were joined to it; ``joined_to``: the one it was joined to itself."""

    id: int
    event: EventKind
    status: str
    suppliers: tuple[str, ...]
    public_bodies: tuple[str, ...]
    alerts: tuple[int, ...]
    joined_to: int | None
    joined: tuple[int, ...]
    entries: tuple[StoryMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRecord:
    """Why a story concerns a watch. ``watch_name`` is empty for one that names nobody; ``watch`` says all that it asks for."""

    watch_key: str
    watch_name: str
    role: Role
    proof: str
    flag: str | None
    watch: Watch = ANY_WATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """The official notice behind a story."""

    number: str
    type: str
    url: str | None
    title: str
    publisher: str
    direct_award: bool
    supplier_from: str | None
    supplier_unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEvent:
    """One story of a contract, as short as its history tells it. ``reason`` says why it is taken to be of this contract."""

    story_id: int
    event: EventKind
    published: datetime  # when it was first published, or seen where nobody says
    happened_on: datetime | None
    value: Money | None
    status: str
    notice_number: str | None
    withdrawn: bool
    reason: str

    @property
    def at(self) -> datetime:
        """When it happened, as far as it is said; a date that lies after its publication is that of something to come."""
        return min(self.happened_on or self.published, self.published)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """What was told and what is true: an event, names, or a sum. None: it did not happen, or is not known any more."""

    fact: str  # a field of ``watchers.types.Facts``
    before: EventKind | Money | tuple[str, ...] | None
    after: EventKind | Money | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A source changed facts that were told. ``said``: the words in which it says so now; ``withdrawn``: it took them all back."""

    at: datetime
    entry_id: int
    changes: tuple[FactChange, ...]
    said: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """All that a message about an alert may state; every word of it stands in stored entries.

    ``entries`` are in order of arrival, the first is the one that opened the story. ``sentence`` and ``spans`` are the evidence of the
    finding that decided, in the text of the entry ``evidence_entry_id``: the one that opened the story, or the notice that confirmed it.
    ``revision`` grows whenever what is shown changes; a message sent with an older one is edited. ``matches`` are those of the
    asking channel.
    """

    alert_id: int
    story_id: int
    reason: str  # "new", "confirmed", "corrected"
    event: EventKind
    alert: AlertClass | None  # None: of a kind that is told on request
    suppliers: tuple[str, ...]
    public_bodies: tuple[str, ...]
    value: Money | None
    happened_on: datetime | None
    cancel_reason: str | None
    sentence: str
    spans: tuple[Span, ...]
    rule: str
    status: str  # "reported", "official" (a notice came first), "confirmed" (news first, notice later)
    notice: NoticeRecord | None
    entries: tuple[StoryEntry, ...]
    matches: tuple[MatchRecord, ...]
    revision: int
    created_at: datetime
    thread: str  # the contract: "contract-<number>", the same for all of its alerts
    evidence_entry_id: int = 0  # which of ``entries`` the sentence and the spans stand in
    history: tuple[ThreadEvent, ...] = ()  # what was known of the contract when this event came, itself included, in order of time
    reply_to: int | None = None  # message_id of what a new message answers: the contract's last in this channel, or what is corrected
    corrections: tuple[Correction, ...] = ()  # of the story, in order; of an alert that is a correction the one that it tells, alone
    withdrawn: bool = False  # whoever told it took it back
    told_above: bool = False  # its story was joined to this older one, whose message the channel has as well
    unconfirmed: bool = False  # reported long ago, and no official notice came


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractView:
    """A whole contract as a channel is shown it: ``events`` in order of time, each with the newest view of its story."""

    thread: str
    events: tuple[ThreadEvent, ...]
    views: tuple[AlertView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this process may now send: the claim is committed before it is returned."""

    delivery_id: int
    kind: DeliveryKind
    channel: Channel
    attempts: int  # this one included
    maybe_sent: bool  # an earlier attempt may have arrived: the copy is marked
    alert_id: int | None
    payload: Mapping[str, Any] | None  # of a reply or note: {"text": html, "buttons": [[[label, data], …], …]}
    edits: int | None  # message_id to edit instead of sending anew; None for a new message
    created_at: datetime
    grouped: bool = False  # its message tells other alerts too


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxUpdate:
    """A Telegram update that was stored before Telegram was told it was received."""

    update_id: int
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command answers; stored in the transaction of the command's effect. ``text`` is Telegram HTML, already escaped."""

    chat_id: int
    thread_id: int | None
    text: str
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()  # rows of (label, callback data or https address)
    evidence: int | None = None  # send the evidence of this alert instead of a text: it is read when it is sent
    export: tuple[int, str] | None = None  # send what is kept about this channel instead, as "json", "csv" or "toml": likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class OldEntry:
    """An entry that was older than its feed's max_age when it came: kept, never told. ``events``: what it says happened."""

    feed: str
    title: str
    url: str | None
    published: datetime | None
    first_seen_at: datetime
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """What a poll changed in the store."""

    new: int
    changed: int
    stories: int
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Numbers for ``status``, metrics and /status."""

    entries: int
    stories: int
    alerts: int
    watches: int
    channels: int
    deliveries: Mapping[str, int]  # by state
    oldest_pending_at: datetime | None
    feeds: int
    feeds_failing: int
    last_poll_ok_at: datetime | None
    old_entries: int = 0  # came older than their feed's max_age: kept, never told


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Whether anything gets on. A feed is behind when it brought nothing for two of its intervals."""

    feeds: int
    behind: int
    interval: timedelta | None  # the middle one of all feeds; None without feeds
    failing: tuple[str, str] | None  # one of those that are behind, and its error
    waiting_since: datetime | None  # the oldest message that might go out


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigWatchlist:
    """A watchlist of the configuration. Its watches keep their configured ids as keys. ``terms``: of each watch; empty: all default."""

    id: str
    name: str
    watches: tuple[Watch, ...]
    terms: tuple[Terms, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChannel:
    """A channel of the configuration and the ids of the watchlists it gets. ``key`` is "console:<name>", or of a chat ``channel_key``."""

    key: str
    kind: ChannelKind
    chat_id: int | None
    thread_id: int | None
    title: str
    watchlists: tuple[str, ...]
    events: frozenset[EventKind] | None = None  # what it is told of; None: what was asked for there, at first the default


# What a command may change. A command reads, decides, and hands a list of these to ``Store.apply``.


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsureChannel:
    """The chat is there and can be told: make its channel, or bring its type and title up to date and end a suspension."""

    chat_id: int
    thread_id: int | None = None
    type: str
    title: str
    language: str
    added_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWatch:
    """Follow something on these terms; what is on the list already gets the terms."""

    chat_id: int
    thread_id: int | None = None
    watch: Watch  # its id does not matter
    terms: Terms = DEFAULT_TERMS
    watchlist_id: int | None = None  # one that the channel named; None: its first, nameless one


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveWatch:
    """Follow something no longer; what waits only because of it is withheld. ``watch_id`` must be on a list of the channel's own."""

    chat_id: int
    thread_id: int | None = None
    watch_id: int
    watchlist_id: int | None = None  # as above


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEvents:
    """Be told of these kinds of event (of ``EVENTS``) and no others, but for watches with terms of their own; what waits is withheld."""

    chat_id: int
    thread_id: int | None = None
    events: frozenset[EventKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChannelState:
    """Suspend or revive a chat with all its threads."""

    chat_id: int
    state: ChannelState
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLanguage:
    """Speak to a chat, with all its threads, in another language."""

    chat_id: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetChat:
    """Delete all that is kept about a chat; only numbers remain."""

    chat_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateChat:
    """A group became a supergroup with another id: its channels go on under the new one."""

    old_chat_id: int
    new_chat_id: int


Change = (
    EnsureChannel
    | AddWatch
    | RemoveWatch
    | SetEvents
    | SetChannelState
    | SetLanguage
    | ForgetChat
    | MigrateChat
    | ListChange
    | AlertChange
    | RestoreSettings
    | TimeChange
    | OperatorChange
    | StoryChange
    | SetReport
)


def channel_key(chat_id: int, thread_id: int | None = None) -> str:
    """Name the channel of a chat, or of a topic in it."""
    return f"telegram:{chat_id}" if thread_id is None else f"telegram:{chat_id}:{thread_id}"
