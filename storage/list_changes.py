"""What commands may change of watches on lists, of watchlists with names, and of drafts. Each is an element of ``Store.apply``'s list.

``chat_id`` and ``thread_id`` say in whose name: only a channel's own lists, and what it follows, can be meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from watchers.types import Terms, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTerms:
    """Tell other things of a watch than before; what waits and is not wanted any more is withheld."""

    chat_id: int
    thread_id: int | None = None
    watch_id: int
    terms: Terms
    watchlist_id: int | None = None  # one that the channel named; None: its first, nameless one


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceWatch:
    """Ask for something else than before in the place of a watch, on the terms it has; what waits because of it is told all the same."""

    chat_id: int
    thread_id: int | None = None
    watch_id: int
    watch: Watch
    watchlist_id: int | None = None  # one that the channel named; None: its first, nameless one


@dataclass(frozen=True, slots=True, kw_only=True)
class PutDraft:
    """Keep what somebody is asked to confirm. ``draft_id`` is drawn at random by whoever asks: ``secrets.randbelow(2**53)``."""

    chat_id: int
    draft_id: int
    body: Mapping[str, Any]
    keep: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDraft:
    """A draft was answered: it is gone. NotFound, and nothing of the rest happens, when it is gone already."""

    chat_id: int
    draft_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWatchlist:
    """Begin a watchlist of this name that the channel gets itself. LimitReached; NameTaken when it has one of this name."""

    chat_id: int
    thread_id: int | None = None
    name: str
    watches: tuple[tuple[Watch, Terms], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameWatchlist:
    """Give a watchlist of the channel's own another name. Links and followers stay."""

    chat_id: int
    thread_id: int | None = None
    watchlist_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteWatchlist:
    """End a watchlist of the channel's own, for its followers too; what waits only because of it is withheld."""

    chat_id: int
    thread_id: int | None = None
    watchlist_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWatchlist:
    """Let whoever has ``token`` follow or copy a watchlist of the channel's own; an earlier token ends. None: nobody new any more.

    Whoever follows it already goes on. The token is made by whoever asks (``secrets.token_urlsafe(16)``), for the answer holds the link.
    """

    chat_id: int
    thread_id: int | None = None
    watchlist_id: int
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowWatchlist:
    """Get what somebody shares: the owner's changes are the follower's too. Following again changes nothing."""

    chat_id: int
    thread_id: int | None = None
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfollowWatchlist:
    """Get it no more; what waits only because of it is withheld."""

    chat_id: int
    thread_id: int | None = None
    watchlist_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteWatchlist:
    """Tell what a watchlist of the channel's own brings in another place of its people too, or (``told`` False) there no more.

    The channel keeps the list wherever it is told, and is itself such a place. NotFound when the place is not set up, or was not told.
    """

    chat_id: int
    thread_id: int | None = None
    watchlist_id: int
    to_chat_id: int
    to_thread_id: int | None
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyWatchlist:
    """Begin a watchlist of the channel's own with all that one holds which it gets; later changes of that one do not reach it."""

    chat_id: int
    thread_id: int | None = None
    watchlist_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A ready-made watchlist as it ships; ``id`` is its name for good."""

    id: str
    name: str
    watches: tuple[Watch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPack:
    """Get a ready-made watchlist, as it is shipped now and later. Following again changes nothing."""

    chat_id: int
    thread_id: int | None = None
    pack: Pack


ListChange = (
    SetTerms
    | ReplaceWatch
    | PutDraft
    | TakeDraft
    | AddWatchlist
    | RenameWatchlist
    | DeleteWatchlist
    | ShareWatchlist
    | FollowWatchlist
    | UnfollowWatchlist
    | RouteWatchlist
    | CopyWatchlist
    | FollowPack
)
