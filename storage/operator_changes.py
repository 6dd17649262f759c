"""What whoever runs the bot may change from a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchers.types import StoryRules, ThreadRules

PAUSED_DELIVERIES, PAUSED_POLLING = "paused_deliveries", "paused_polling"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPause:
    """Rest, or go on: with what is told (answers still go out), or with polling."""

    what: str  # PAUSED_DELIVERIES or PAUSED_POLLING
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetListed:
    """Who may use the bot: these people and chats; None: everybody."""

    listed: frozenset[int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Tell something to every chat that can be told, once. ``text`` is Telegram HTML; ``number`` is the announcement's own."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much there may be: watches on a list, lists that a chat keeps (and that it follows), chats that one person set up, and requests
    of one person a minute. What is there already stays when a limit becomes smaller.
    """

    watches: int = 500
    lists: int = 20
    chats: int = 200
    requests: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLimits:
    """Let there be more, or less."""

    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitStory:
    """Make entries of a story a story of their own, as ``Store.split_story`` does."""

    number: int
    entries: tuple[int, ...]
    rules: StoryRules
    threads: ThreadRules


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinStories:
    """Make two stories one, as ``Store.join_stories`` does."""

    one: int
    other: int
    rules: StoryRules
    threads: ThreadRules


OperatorChange = SetPause | SetListed | SetLimits | Announce
StoryChange = SplitStory | JoinStories
