"""The values that travel through Contractwatch, in the words of the design.

Everything here is frozen, keyword-only, picklable (parsing and understanding happen in child processes) and free of behaviour beyond
what its own fields say. Times are aware and UTC. Money is ``Decimal``. Nothing here reads the clock, a file or the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Protocol


class FeedKind(StrEnum):
    """How a feed's address is walked and its documents are read."""

    NEWS = "news"  # RSS, Atom, RDF or JSON Feed
    MODERNGOV = "moderngov"  # council RSS of ModernGov: one page is the link of several events
    PARLIAMENT = "parliament"  # written questions, JSON
    FIND_A_TENDER = "find-a-tender"
    CONTRACTS_FINDER = "contracts-finder"
    TED = "ted"

    @property
    def official(self) -> bool:
        """Whether its entries are official notices rather than reports about them."""
        return self in (FeedKind.FIND_A_TENDER, FeedKind.CONTRACTS_FINDER, FeedKind.TED)


class Role(StrEnum):
    """The part an organisation plays in an event, or must play for a watch."""

    SUPPLIER = "supplier"
    PUBLIC_BODY = "public_body"
    EITHER = "either"  # for watches only


class AlertClass(StrEnum):
    """The two things people are told about by default."""

    AWARDED = "awarded"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    """What happened to a contract (DESIGN.md §2)."""

    AWARDED = "awarded"  # decided or signed: it has happened
    CANCELLED = "cancelled"  # called off, blocked or revoked, by whoever decides
    TERMINATED = "terminated"  # a running contract ended early
    AWARD_INTENDED = "award_intended"  # an official notice of a direct award to come (UK5)
    SUSPENDED = "suspended"
    EXTENDED = "extended"
    CHANGED = "changed"
    CHALLENGED = "challenged"
    COMPLETED = "completed"  # ran to its end
    TENDER_OPENED = "tender_opened"
    SIGNED = "signed"  # what was told as awarded before; a signature that is the first one hears of is an award
    REINSTATED = "reinstated"  # what was cancelled or suspended goes on
    PROPOSED_AWARD = "proposed_award"
    PROPOSED_CANCEL = "proposed_cancel"
    NOT_CANCELLED = "not_cancelled"
    NONE = "none"

    @property
    def alert(self) -> AlertClass | None:
        """The class a subscriber is told about by default; None for all that is not news of an award or a cancellation."""
        return _ALERTS.get(self)

    @property
    def happens(self) -> bool:
        """Whether it is something that happened, which may make a story; what is only proposed or denied is never told."""
        return self not in _NEVER_TOLD


_NEVER_TOLD = frozenset({EventKind.PROPOSED_AWARD, EventKind.PROPOSED_CANCEL, EventKind.NOT_CANCELLED, EventKind.NONE})
_ALERTS = {
    EventKind.AWARDED: AlertClass.AWARDED,
    EventKind.CANCELLED: AlertClass.CANCELLED,
    EventKind.TERMINATED: AlertClass.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A supplier or a public body: the names it goes by and the identifiers it is registered under (``GB-COH-07042994``)."""

    name: str
    aliases: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a report must show to concern whoever follows it; what of that is told in a place are ``Terms``.

    Most watches name an organisation and the role it must play. A pair names a partner as well: both must play, each in its role. A watch
    that names nobody takes every report that fits the rest of it. ``area``: the public body must be one of this place ("London").
    ``direct``: only awards without competition, as notices say. ``without``: words and phrases; a report that holds one does not count.
    """

    id: str = ""  # the store's; empty where none was given yet
    organisation: Organisation | None = None
    role: Role = Role.EITHER
    partner: Organisation | None = None
    partner_role: Role = Role.EITHER
    area: str = ""
    direct: bool = False
    without: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[tuple[Organisation, Role], ...]:
        """The organisations it names, each with the role it must play: none, one or two."""
        named = ((self.organisation, self.role), (self.partner, self.partner_role))
        return tuple((one, role) for one, role in named if one is not None)

    @property
    def name(self) -> str:
        """Its organisations as people write them down: "Palantir AND Metropolitan Police"; empty where it names nobody."""
        return " AND ".join(one.name for one, _ in self.sides)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What of a watch is told in a place.

    ``kinds``: these events and no others; None: those that the place wants to be told of in general. ``minimum``: the least sum in whole
    units of ``currency``; a story of which nobody stated a sum in that currency is told where ``without_sum`` says so: a cancellation
    often states none, and whoever follows one organisation would rather hear of it.
    """

    kinds: frozenset[EventKind] | None = None
    minimum: int | None = None
    currency: str = "GBP"
    without_sum: bool = True
    paused: bool = False


ANY_WATCH = Watch()  # names nobody and asks for nothing: every report
DEFAULT_TERMS = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """An address polled on a schedule, as configured. ``url`` is complete: templates have been filled in."""

    id: str
    kind: FeedKind
    url: str
    name: str  # what people are shown: never the feed's own title
    every: timedelta
    seeds: bool = True  # the first poll keeps what is there and tells nobody
    max_age: timedelta = timedelta(days=30)  # an entry older than this is kept and never told
    may_be_empty: bool = False  # a search for one name: finding nothing is an answer, not an error


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is remembered about a feed between polls. ``checkpoint`` is the walker's own (a London-local time for Find a Tender)."""

    etag: str | None = None
    last_modified: str | None = None
    next_poll_at: datetime | None = None
    fail_count: int = 0
    first_failed_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_error: str | None = None
    seeded: bool = False
    checkpoint: str | None = None
    moved_to: str | None = None  # a permanent redirect the admin should know about
    ttl: timedelta | None = None  # the least pause the feed itself asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A document that was fetched whole. ``url`` is the address it finally came from; ``body`` is decompressed; header names lower-case."""

    url: str
    status: int  # 200 or 304: everything else is a FetchError
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    moved_to: str | None = None  # set when every hop of the redirect was permanent
    addresses: tuple[str, ...] = ()  # what was asked for, each redirect, and where it came from

    @property
    def not_modified(self) -> bool:
        return self.status == HTTPStatus.NOT_MODIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A fetched document as evidence names it: where it came from, when, and which bytes it was. ``addresses`` hold no secrets."""

    addresses: tuple[str, ...]
    fetched_at: datetime
    sha256: bytes
    size: int  # bytes, decompressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing a feed published.

    ``keys``: 16-byte digests, any of which identifies it within its feed (facts: union of normalised link and normalised guid).
    ``fingerprint``: 16-byte digest of the text that is understood; a known entry with another fingerprint is understood again.
    ``link_key``: the digest of the normalised link alone, the same in every feed: two outlets' feeds with one link carry one article.
    ``title`` and ``summary`` are plain text: unescaped, without tags, NFKC, single spaces.
    ``release`` is the OCDS release (or the TED notice in its own shape) of an official notice.
    """

    keys: tuple[bytes, ...]
    fingerprint: bytes
    title: str
    summary: str = ""
    url: str | None = None
    link_key: bytes | None = None
    outlet: str | None = None
    published: datetime | None = None
    language: str | None = None
    release: Mapping[str, Any] | None = None
    document: Document | None = field(default=None, compare=False)  # the one it was read from


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a document of a news feed holds. ``ttl`` is the pause the document asks for; ``problems`` are told to the admin, not fatal."""

    entries: tuple[Entry, ...]
    ttl: timedelta | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of an entry's text: ``field`` is ``title`` or ``summary``; offsets are code points of that field."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The words a finding rests on: the sentence verbatim, the spans inside the entry, and the rule that decided."""

    sentence: str
    rule: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A sum as printed. ``basis`` is ``net`` or ``gross`` of VAT where the notice says so, else empty; the two are never compared."""

    amount: Decimal
    currency: str  # ISO 4217
    printed: str  # "£50m"; for notices a plain figure made from the amount
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An organisation as an entry names it."""

    name: str
    identifiers: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A watch found in an entry in the role it is watched in. ``proof`` is the text or the identifier that matched."""

    watch: str
    role: Role
    proof: str
    span: Span | None = None
    flag: str | None = None  # "look-alike letters", when the name was not written in its own letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What makes a finding official: the notice it stands in. ``number`` is what people quote ("032703-2026")."""

    number: str
    type: str  # "UK12", "CELEX", "CF", "TED"
    ocid: str
    award_ids: tuple[str, ...]
    url: str | None
    title: str
    publisher: str  # "Find a Tender"
    direct_award: bool = False
    supplier_from: str | None = None  # number of the earlier notice that named the supplier
    supplier_unknown: bool = False  # the notice names none, and no stored award does: ask for the whole process


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an entry says happened. An entry that says nothing about a contract has no finding."""

    event: EventKind
    suppliers: tuple[Party, ...] = ()
    public_bodies: tuple[Party, ...] = ()
    value: Money | None = None
    happened_on: datetime | None = None  # signed, decided or ended, when the entry says so
    reason: str | None = None  # why it was cancelled, as stated
    evidence: Evidence
    matches: tuple[Match, ...] = ()
    notice: Notice | None = None

    @property
    def alert(self) -> AlertClass | None:
        return self.event.alert


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardParty:
    """A supplier of one award, as stored from the notice that named it: what notices without suppliers are joined to."""

    ocid: str
    award_id: str
    supplier: Party
    notice_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodEntry:
    """An entry with what it says. ``awards`` are the suppliers it names, kept so that later notices can be joined."""

    entry: Entry
    findings: tuple[Finding, ...] = ()
    awards: tuple[AwardParty, ...] = ()
    told: bool = True  # False: kept, never pushed (seeding, older than max_age)
    old: bool = False  # it came when it was older than its feed's max_age: shown to the admin


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """What is known of a stored story when a new finding asks whether it belongs to it."""

    id: int
    event: EventKind
    keys: frozenset[str]  # as made by ``stories.keys``
    value: Money | None
    official: bool
    first_at: datetime
    last_at: datetime
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDecision:
    """Whether a finding joins a story (its id) or opens one (None), and the features that decided, for people."""

    story: int | None
    reason: str
    keys: tuple[str, ...]
    confirms: bool = False  # the finding is official and the story was only reported


class StoryRules(Protocol):
    """The pure half of story grouping, handed to the store so that deciding and writing are one transaction."""

    def keys(self, entry: Entry, finding: Finding) -> tuple[str, ...]:
        """Index keys of a finding: stories that share none of them are never candidates."""

    def decide(self, entry: Entry, finding: Finding, cards: Sequence[StoryCard], now: datetime) -> StoryDecision:
        """Which of the candidate stories the finding belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a story states, as far as a correction is about it. Names are as printed."""

    event: EventKind
    suppliers: tuple[str, ...] = ()
    public_bodies: tuple[str, ...] = ()
    value: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadStory:
    """A story of a contract thread. ``at`` is when it was first told; ``notice_type`` is empty where only newsrooms told it."""

    id: int
    facts: Facts
    at: datetime
    reported: bool  # no official notice has told it yet
    titles: tuple[str, ...] = ()
    notice_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCard:
    """What is known of a contract when a new story asks whether it is about the same one; ``stories`` in order of time."""

    id: int
    keys: frozenset[str]  # as made by ``ThreadRules.keys``
    stories: tuple[ThreadStory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadDecision:
    """Whether a new story belongs to a contract that is known (its thread) or begins one (None), and why, for people.

    ``story``: it is none of its own but the official notice of this story of the thread, which was only reported.
    """

    thread: int | None
    reason: str
    story: int | None = None


class ThreadRules(Protocol):
    """The pure half of contract threads, handed to the store as ``StoryRules`` are."""

    def keys(self, entry: Entry, finding: Finding) -> tuple[str, ...]:
        """Index keys of a finding: contracts that share none of them are never candidates."""

    def stage(self, entry: Entry, finding: Finding, cards: Sequence[ThreadCard], now: datetime) -> EventKind:
        """What a finding is for a contract that is known: the signature of an award that was told, the end of a suspension."""

    def decide(self, entry: Entry, finding: Finding, cards: Sequence[ThreadCard], now: datetime) -> ThreadDecision:
        """Which of the candidate contracts the finding is about."""


class CorrectionRules(Protocol):
    """The pure half of corrections, handed to the store as ``StoryRules`` are."""

    def changed(self, before: Facts, after: Facts, entry: Entry) -> tuple[str, ...]:
        """Which facts (names of the fields of ``Facts``) a source has changed; none where only its words have."""

    def withdrawal(self, entry: Entry) -> str | None:
        """The words by which an entry takes back what it told; None where it does not."""

    def withdrawn(self, entry: Entry) -> tuple[str, ...]:
        """Keys of the stories that rest on the notice which an official withdrawal takes back."""

    def newer(self, number: str, than: str) -> bool:
        """Whether a notice is a later one of its register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome:
    """What one poll of one feed did, for logs, metrics and ``--once``."""

    feed: str
    new: int = 0
    changed: int = 0
    alerts: int = 0
    not_modified: bool = False
    error: str | None = None
    problems: tuple[str, ...] = field(default=())
