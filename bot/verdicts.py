"""What a delivery's outcome means for it: pure decisions, written by ``bot.deliver``.

The rule about sends of unknown fate: Telegram has no key that would make a repeated send harmless, so a second copy is the price of never
losing an alert. It goes out after a minute, marked. Should its fate be unknown too, there may be two copies; a third is only sent after a
long pause, and only when Telegram answers a question that shows nothing to anybody. So a line that swallows every answer makes two copies
and no more, and a row of accidents loses nothing. (Stopping for good after two was the other choice: of 20,000 messages over a line that
loses one request in fifty before it arrives, it would have lost eight.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.outcomes import Gone, Moved, NotModified, Outcome, Refused, Sent, Uncertain, Unreachable, Wait
from bot.pacing import Paces, back_off
from storage.records import Claim

_MAX_GROWTH = 6


class OnUnknown(StrEnum):
    """What the admin wants done with a send of unknown fate."""

    RESEND = "resend"  # once more, marked: nothing is lost, a copy may be doubled
    HOLD = "hold"  # never: nothing is doubled, an alert may be lost; it is listed as uncertain


@dataclass(frozen=True, slots=True)
class Recorded:
    """It was sent, or is as it should be."""

    message_id: int | None
    revision: int | None
    pause: timedelta  # until the channel may be told more


@dataclass(frozen=True, slots=True)
class Retried:
    """It is tried again ``after``; the channel rests for ``pause``. Alerts of the channel do not overtake it in any case."""

    after: timedelta
    pause: timedelta
    maybe_sent: bool
    error: str


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """The chat has another id now; it is tried again there at once."""

    new_chat_id: int
    pause: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Dropped:
    """It will not be tried again."""

    reason: str
    suspend: bool = False  # and neither will others to this chat
    alone: bool = False  # to this channel only: other topics of the chat may be open
    withheld: bool = False
    uncertain: bool = False
    pause: timedelta = timedelta(0)


Verdict = Recorded | Retried | Rekeyed | Dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The times and choices that verdicts rest on."""

    paces: Paces = field(default_factory=Paces)
    on_unknown: OnUnknown = OnUnknown.RESEND
    most_copies: int | None = None  # sends of unknown fate after which a message is given up as uncertain; None: nothing is ever given up
    unknown_pause: timedelta = timedelta(seconds=60)
    unknown_growth: int = 10  # how much longer the pause is after each further unknown fate of the same message
    longest_unknown: timedelta = timedelta(days=1)
    expiry: timedelta = timedelta(days=7)
    overall_wait: timedelta = timedelta(seconds=30)  # a longer 429 is meant for the whole bot
    failures_for_all: int = 3  # sends without an answer in a row after which all of Telegram is left alone for a while
    longest_for_all: timedelta = timedelta(seconds=60)

    def pause_for_all(self, outcome: Outcome, failures: int, *, others: bool = False) -> timedelta:
        """How long nothing at all is sent after this outcome, the ``failures``-th in a row without an answer.

        ``others``: the send before, to another chat, was refused as well, so it is not the chat that was sent too much.
        """
        if isinstance(outcome, Wait) and (others or outcome.pause > self.overall_wait):
            return outcome.pause
        if isinstance(outcome, Unreachable) or (isinstance(outcome, Uncertain) and failures >= self.failures_for_all):
            return min(self.longest_for_all, back_off(failures))
        return timedelta(0)

    def unknown_after(self, unknowns: int) -> timedelta:
        """The pause after a message's fate was unknown for the ``unknowns``-th time."""
        growth: int = self.unknown_growth ** min(max(unknowns - 1, 0), _MAX_GROWTH)
        return min(self.longest_unknown, self.unknown_pause * growth)


def decide(claim: Claim, outcome: Outcome, *, unknowns: int, revision: int | None, now: datetime, policy: Policy) -> Verdict:
    """What to do with a delivery after this outcome of sending it.

    ``unknowns`` is how many sends of it, this one included, may have arrived; ``revision`` is the story's that the message showed.
    """
    match outcome:
        case Sent(message_id=message_id):
            return Recorded(claim.edits or message_id, revision, policy.paces.after(claim.channel))
        case NotModified():
            return Recorded(claim.edits, revision, policy.paces.after(claim.channel))
        case Moved(new_chat_id=new_chat_id):
            return Rekeyed(new_chat_id)
        case Gone(reason=reason, alone=alone):
            return Dropped(reason, suspend=True, alone=alone)
        case Refused(reason=reason):
            return Dropped(reason)
        case Wait() | Unreachable() | Uncertain():
            return _later(claim, outcome, unknowns, now, policy)


def _later(claim: Claim, outcome: Wait | Unreachable | Uncertain, unknowns: int, now: datetime, policy: Policy) -> Verdict:
    unknown = isinstance(outcome, Uncertain) and claim.edits is None  # an edit that arrives twice is one edit
    if unknown and (policy.on_unknown is OnUnknown.HOLD or unknowns >= (policy.most_copies or unknowns + 1)):
        return Dropped(outcome.error, uncertain=True)
    if now - claim.created_at > policy.expiry:
        return Dropped(f"could not be delivered for a week: {outcome.error}", withheld=True)
    if isinstance(outcome, Wait):  # alerts rest a little longer: answers go ahead of them by as much as the longest pace
        return Retried(outcome.pause, outcome.pause + policy.paces.group, claim.maybe_sent, outcome.error)
    if unknown:
        return Retried(policy.unknown_after(unknowns), policy.paces.after(claim.channel), True, outcome.error)
    pause = back_off(claim.attempts) if claim.edits is None else policy.unknown_pause  # of an edit the attempts of the message count too
    return Retried(pause, policy.paces.after(claim.channel), claim.maybe_sent, outcome.error)
