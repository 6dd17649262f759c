"""What became of a send: Telegram's answers and failures, translated once, here, into values.

==============  ========================================================  ===================================================
outcome         what came back                                            what the deliverer does
==============  ========================================================  ===================================================
Sent            ok                                                        records the message's id; where it went to the chat because its
                                                                          topic is closed or gone, the chat is told so once
NotModified     an edit of what already says so, or of a message that is  records that the message is up to date
                gone
Wait            429                                                       tries again after the pause that was asked for
Unreachable     no connection, no free connection: never left this house  tries again, everything waits a little
Moved           the group became a supergroup                             rewrites the chat's id, tries again
Gone            blocked, kicked, deleted, no right to write               gives this delivery up, suspends the chat (a closed topic:
                                                                          only that), tells who set it up
Refused         any other 4xx: a mistake of ours                          gives this delivery up, says so loudly
Uncertain       timed out or broken off after it left, any 5xx, an        tries once more after a minute, marked
                answer that is not JSON
==============  ========================================================  ===================================================

``TokenRefused`` alone is raised: nothing can be sent any more. python-telegram-bot's own tree cannot be used for this as it stands:
``BadRequest`` and ``TimedOut`` are both ``NetworkError``, and whether a request left is only to be seen from the cause below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

EXIT_TOKEN_REFUSED = 78  # EX_CONFIG: systemd does not start us again and again with a token that is dead


class TokenRefused(Exception):  # noqa: N818 - names what Telegram did, like the other errors of the house
    """Telegram does not know the bot's token: it was revoked, or never was right. Nothing can be sent or received with it."""

    exit_code = EXIT_TOKEN_REFUSED

    def __init__(self) -> None:
        super().__init__(
            "Telegram refuses the bot's token: it was revoked or mistyped. Put a valid one (from @BotFather) where `token_file` points."
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """The place has it."""

    message_id: int | None
    astray: bool = False  # in the chat itself, for its topic is closed or gone


@dataclass(frozen=True, slots=True)
class NotModified:
    """An edit had nothing to change, or nothing left to change it in."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not sent: too many requests."""

    pause: timedelta
    error: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Not sent: the request never left."""

    error: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Not sent: the chat has another id now."""

    new_chat_id: int


@dataclass(frozen=True, slots=True)
class Gone:
    """Not sent, and nothing else will be until somebody lets us in again. ``alone``: the other topics of the chat may be open."""

    reason: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Not sent, and never will be as it is."""

    reason: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """May have arrived or not."""

    error: str


Outcome = Sent | NotModified | Wait | Unreachable | Moved | Gone | Refused | Uncertain

# Beginnings or parts of Telegram's descriptions, lower case (python-telegram-bot changes their case), for 400; every 403 is Gone.
_GONE = (
    "chat not found",
    "need administrator rights",
    "not enough rights",
    "have no rights to send",
    "chat_write_forbidden",
    "chat_admin_required",
    "chat_restricted",
    "chat_send_plain_forbidden",
    "channel_private",
    "user_is_blocked",
    "input_user_deactivated",
    "peer_id_invalid",
    "group chat was deactivated",
    "group is deactivated",
    "the group chat was deleted",
    "bot is not a member",
    "user not found",
)
_TOPIC_SHUT = ("topic_closed", "message thread not found", "topic_deleted", "topic_id_invalid")
_NOTHING_TO_EDIT = (
    "message is not modified",
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


def outcome_of(error: TelegramError) -> Outcome:
    """What became of a send that ended in this error.

    Raises:
        TokenRefused: 401, or 404 for a token that cannot be one.
    """
    match error:
        case InvalidToken():
            raise TokenRefused from error
        case RetryAfter():
            return Wait(retry_after(error), _reason(error))
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case Forbidden():
            return Gone(_reason(error))
        case BadRequest():
            return _bad_request(error)
    return _interrupted(error)


def _bad_request(error: BadRequest) -> Outcome:
    text = error.message.lower()
    if any(part in text for part in _NOTHING_TO_EDIT):
        return NotModified()
    if "topic_closed" in text:
        return Gone(_reason(error), alone=True)
    return Gone(_reason(error)) if any(part in text for part in _GONE) else Refused(_reason(error))


def _interrupted(error: TelegramError) -> Outcome:
    """No answer of Telegram's own, or one that could not be read: only where the request never left is it certain that nothing was sent."""
    if isinstance(error.__cause__, _NOT_SENT):
        return Unreachable(_reason(error))
    if "too many requests" in error.message.lower():  # a 429 without the length of the pause, as from something in between
        return Wait(timedelta(seconds=30), _reason(error))
    return Uncertain(_reason(error))


def told(outcome: Outcome) -> str:
    """The outcome for the log: its name, and what was said."""
    said = getattr(outcome, "error", getattr(outcome, "reason", ""))
    return f"{type(outcome).__name__.lower()}: {said}" if said else type(outcome).__name__.lower()


def retry_after(error: RetryAfter) -> timedelta:
    """The pause Telegram asks for: seconds, or a timedelta where ``PTB_TIMEDELTA`` is set."""
    pause = error.retry_after
    return pause if isinstance(pause, timedelta) else timedelta(seconds=pause)


def unparsable(error: TelegramError) -> bool:
    """Whether our markup was not understood: a bug of ours that must not cost anybody an alert."""
    return isinstance(error, BadRequest) and "can't parse entities" in error.message.lower()


def topic_shut(error: TelegramError) -> bool:
    """Whether the topic is closed or gone: the chat itself still is there."""
    return isinstance(error, BadRequest) and any(part in error.message.lower() for part in _TOPIC_SHUT)


def _reason(error: TelegramError) -> str:
    """The description in one line and without what a server in between may have put into it."""
    return " ".join(error.message.split())[:200]
