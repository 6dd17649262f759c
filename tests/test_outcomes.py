"""Telegram's answers as outcomes: a table of what was said and what it means for a delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.outcomes import (
    Gone,
    Moved,
    NotModified,
    Outcome,
    Refused,
    Sent,
    TokenRefused,
    Uncertain,
    Unreachable,
    Wait,
    outcome_of,
    told,
    topic_shut,
    unparsable,
)
from bot.verdicts import Dropped, OnUnknown, Policy, Recorded, Rekeyed, Retried, decide
from storage.records import Channel, ChannelKind, ChannelState, Claim, DeliveryKind

NOW = datetime(2026, 5, 21, 9, 0, tzinfo=UTC)


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


ALERTS_REST = timedelta(seconds=7) + Policy().paces.group  # an answer may go when Telegram's pause is over, alerts leave it room

GONE = [
    Forbidden("Forbidden: bot was blocked by the user"),
    Forbidden("Forbidden: bot was kicked from the supergroup chat"),
    Forbidden("Forbidden: user is deactivated"),
    Forbidden("Forbidden: bot is not a member of the channel chat"),
    Forbidden("Forbidden: the group chat was deleted"),
    BadRequest("Bad Request: chat not found"),
    BadRequest("Bad Request: need administrator rights in the channel chat"),
    BadRequest("Bad Request: not enough rights to send text messages to the chat"),
    BadRequest("Bad Request: CHAT_WRITE_FORBIDDEN"),
    BadRequest("Bad Request: TOPIC_CLOSED"),
]
REFUSED = [
    BadRequest("Bad Request: can't parse entities: unsupported start tag"),
    BadRequest("Bad Request: message is too long"),
    BadRequest("Bad Request: BUTTON_DATA_INVALID"),
    BadRequest("Bad Request: text must be non-empty"),
]
NO_CHANGE = [BadRequest("Bad Request: message is not modified: x"), BadRequest("Bad Request: message to edit not found")]
UNREACHABLE = [
    caused(NetworkError("httpx.ConnectError: x"), httpx.ConnectError("x")),
    caused(TimedOut(), httpx.ConnectTimeout("x")),
    caused(TimedOut("Pool timeout"), httpx.PoolTimeout("x")),
]
UNCERTAIN = [
    caused(TimedOut(), httpx.ReadTimeout("x")),
    caused(TimedOut(), httpx.WriteTimeout("x")),
    caused(NetworkError("httpx.ReadError: "), httpx.ReadError("x")),
    caused(NetworkError("httpx.RemoteProtocolError: "), httpx.RemoteProtocolError("x")),
    NetworkError("Bad Gateway (502)"),
    NetworkError("Internal Server Error"),
    TelegramError("Invalid server response"),
    Conflict("Conflict: whatever that means for a message"),
]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((error, Gone) for error in GONE),
        *((error, Refused) for error in REFUSED),
        *((error, NotModified) for error in NO_CHANGE),
        *((error, Unreachable) for error in UNREACHABLE),
        *((error, Uncertain) for error in UNCERTAIN),
        (NetworkError("Too Many Requests (429)"), Wait),
    ],
    ids=str,
)
def test_every_error_has_its_outcome(error: TelegramError, kind: type) -> None:
    assert type(outcome_of(error)) is kind


def test_a_pause_is_read_in_seconds_and_as_a_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    assert outcome_of(RetryAfter(17)) == Wait(timedelta(seconds=17), "Flood control exceeded. Retry in 0:00:17")

    monkeypatch.setenv("PTB_TIMEDELTA", "0")
    with pytest.warns(match="PTB_TIMEDELTA"):
        outcome = outcome_of(RetryAfter(17))
    assert isinstance(outcome, Wait)
    assert outcome.pause == timedelta(seconds=17)


def test_a_chat_that_moved_tells_where_to() -> None:
    assert outcome_of(ChatMigrated(-1005)) == Moved(-1005)


def test_a_refused_token_is_no_outcome() -> None:
    with pytest.raises(TokenRefused):
        outcome_of(InvalidToken())


def test_an_answer_of_something_in_between_is_kept_short_and_on_one_line() -> None:
    outcome = outcome_of(NetworkError("Bad Gateway (502). Parsing the server response b'" + "<p>\n" * 500))

    assert isinstance(outcome, Uncertain)
    assert len(outcome.error) <= 200
    assert "\n" not in outcome.error


def test_what_can_be_corrected_is_told_apart() -> None:
    assert unparsable(BadRequest("Bad Request: can't parse entities: x"))
    assert not unparsable(BadRequest("Bad Request: chat not found"))
    assert topic_shut(BadRequest("Bad Request: message thread not found"))
    assert not topic_shut(Forbidden("Forbidden: message thread not found"))


def test_an_outcome_is_told_in_a_word_and_its_reason() -> None:
    assert told(Gone("Forbidden: bot was blocked by the user")) == "gone: Forbidden: bot was blocked by the user"
    assert told(NotModified()) == "notmodified"


def claim(**more: object) -> Claim:
    channel = Channel(
        id=1,
        kind=ChannelKind.TELEGRAM,
        key="telegram:1",
        chat_id=1,
        thread_id=None,
        title="",
        type="private",
        state=ChannelState.ACTIVE,
        state_reason=None,
        language="en",
    )
    made = {"attempts": 1, "maybe_sent": False, "alert_id": 7, "payload": None, "edits": None, "created_at": NOW} | more
    return Claim(delivery_id=1, kind=DeliveryKind.ALERT, channel=channel, **made)  # type: ignore[arg-type]


def verdict(outcome: Outcome, *, unknowns: int = 0, policy: Policy | None = None, **more: object) -> object:
    return decide(claim(**more), outcome, unknowns=unknowns, revision=4, now=NOW, policy=policy or Policy())


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("outcome", "more", "expected"),
    [
        (Sent(9), {}, Recorded(9, 4, 1.05 * SECOND)),
        (Sent(9), {"edits": 5}, Recorded(5, 4, 1.05 * SECOND)),
        (NotModified(), {"edits": 5}, Recorded(5, 4, 1.05 * SECOND)),
        (Moved(-1005), {}, Rekeyed(-1005)),
        (Gone("blocked"), {}, Dropped("blocked", suspend=True)),
        (Refused("too long"), {}, Dropped("too long")),
        (Wait(7 * SECOND, "slow"), {}, Retried(7 * SECOND, ALERTS_REST, False, "slow")),
        (Wait(7 * SECOND, "slow"), {"maybe_sent": True}, Retried(7 * SECOND, ALERTS_REST, True, "slow")),
        (Unreachable("no"), {"attempts": 3}, Retried(8 * SECOND, 1.05 * SECOND, False, "no")),
        (Unreachable("no"), {"attempts": 99}, Retried(600 * SECOND, 1.05 * SECOND, False, "no")),
        (Uncertain("hm"), {"unknowns": 1}, Retried(60 * SECOND, 1.05 * SECOND, True, "hm")),
        (Uncertain("hm"), {"unknowns": 2, "maybe_sent": True}, Retried(600 * SECOND, 1.05 * SECOND, True, "hm")),
        (Uncertain("hm"), {"unknowns": 9, "maybe_sent": True}, Retried(timedelta(days=1), 1.05 * SECOND, True, "hm")),
        (Uncertain("hm"), {"unknowns": 1, "edits": 5}, Retried(60 * SECOND, 1.05 * SECOND, False, "hm")),
        (
            Uncertain("hm"),
            {"created_at": NOW - timedelta(days=8), "unknowns": 1},
            Dropped("could not be delivered for a week: hm", withheld=True),
        ),
        (Uncertain("hm"), {"policy": Policy(on_unknown=OnUnknown.HOLD)}, Dropped("hm", uncertain=True)),
        (Uncertain("hm"), {"policy": Policy(most_copies=2), "unknowns": 1}, Retried(60 * SECOND, 1.05 * SECOND, True, "hm")),
        (Uncertain("hm"), {"policy": Policy(most_copies=2), "unknowns": 2}, Dropped("hm", uncertain=True)),
    ],
)
def test_every_outcome_has_its_verdict(outcome: Outcome, more: dict[str, object], expected: object) -> None:
    assert verdict(outcome, **more) == expected  # type: ignore[arg-type]


def test_all_of_telegram_rests_only_when_it_does_not_answer_or_asks_for_it() -> None:
    policy = Policy()

    assert policy.pause_for_all(Sent(1), 0) == timedelta(0)
    assert policy.pause_for_all(Wait(30 * SECOND, ""), 0) == timedelta(0), "a short pause is the chat's"
    assert policy.pause_for_all(Wait(31 * SECOND, ""), 0) == 31 * SECOND
    assert policy.pause_for_all(Unreachable(""), 1) == 2 * SECOND
    assert policy.pause_for_all(Unreachable(""), 50) == 60 * SECOND
    assert policy.pause_for_all(Uncertain(""), 1) == timedelta(0), "one accident is no outage"
    assert policy.pause_for_all(Uncertain(""), 3) == 8 * SECOND
