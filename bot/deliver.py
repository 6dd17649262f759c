"""From waiting deliveries to told people: claim, render, send, record.

Invariants: nothing is sent without a claim that was committed before; no claim is left without its outcome recorded, whatever is cancelled;
one request per chat is under way, so a chat is told in order; a copy that may be the second one is marked as such. What to do with an
outcome is decided by ``bot.verdicts`` and written here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot import notes
from bot.evidence import as_message
from bot.exporting import as_csv, as_json, as_toml
from bot.facade import Call
from bot.grouped import most_shown, render_group
from bot.outcomes import Outcome, TokenRefused, Uncertain, Unreachable, Wait, told
from bot.pacing import OVERALL_PER_SECOND, Chats, Gate
from bot.render import Message, render_alert, render_payload
from bot.speech import Speech, speech_for
from bot.verdicts import Dropped, Policy, Recorded, Rekeyed, Retried, Verdict, decide
from storage.exceptions import NotFound, StoreUnavailable
from storage.records import AlertView, ChannelKind, Claim, DeliveryKind
from storage.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

_LONGEST_SLEEP = 30.0  # a clock that was set, a delivery written by another daemon: nobody wakes us for those
_SHORTEST_SLEEP = 0.2
_STORE_PAUSE = 5.0
_LONGEST_AT_GATE = 2.0
# Kept with a delivery that was given up, for whoever runs this.
_NOT_RENDERED = "could not be made into a message"
_NOT_THERE = "what it was about is not there any more"


class Transport(Protocol):
    """A way to tell a kind of channel."""

    async def send(self, claim: Claim, message: Message) -> Outcome:
        """Send it, once. Raises TokenRefused when nothing can be sent any more."""

    async def answers(self) -> bool:
        """Whether the other side answers a question that nobody sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How deliveries are made. ``lease`` must be longer than any request can take."""

    senders: int = 8
    per_second: float = OVERALL_PER_SECOND
    lease: timedelta = timedelta(seconds=120)
    edit_pause: timedelta = timedelta(minutes=2)
    policy: Policy = field(default_factory=Policy)


class Deliverer:
    """Sends what is due, several chats at once. ``run`` for ever, ``run_once`` what is due now, ``settle`` until nothing is left."""

    def __init__(
        self,
        store: Store,
        call: Call,
        transports: Mapping[ChannelKind, Transport],
        *,
        owner: str,
        now: Callable[[], datetime],
        settings: Settings | None = None,
    ) -> None:
        self._store, self._call, self._transports = store, call, transports
        self._owner, self._now = owner, now
        self._settings = settings or Settings()
        paces = self._settings.policy.paces
        self._gate, self._chats, self._ahead = Gate(self._settings.per_second), Chats(paces), paces.group
        self._slots = asyncio.Semaphore(self._settings.senders)
        self._sending: set[asyncio.Task[None]] = set()
        self._claiming = asyncio.Lock()
        self._woken = asyncio.Event()
        self._stopping = False
        self._refused: TokenRefused | None = None
        self._failures = 0  # sends in a row without an answer
        self._refused_chat: int | None = None  # by the last send, with a pause
        self.last_ok_at: datetime | None = None  # when a delivery last went well
        self._unknowns: dict[int, int] = {}  # how often a delivery may have arrived, where that is more than once

    def wake(self) -> None:
        """Look again now: something became due."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until ``drain`` is called.

        Raises:
            TokenRefused: Telegram does not know the bot's token.
        """
        while not self._stopping:
            self._woken.clear()
            try:
                if not await self._send_next(None):
                    await self._sleep(await self._until_due())
            except StoreUnavailable as error:
                log.error("deliveries wait for the database: %s", error)  # noqa: TRY400 - an expected state, its sentence says all
                await self._sleep(_STORE_PAUSE)
        if self._refused is not None:
            raise self._refused

    async def run_once(self, now: datetime) -> int:
        """Send everything that is due at ``now``, wait for it, and say how many deliveries that were."""
        sent = 0
        while not self._stopping:
            if await self._send_next(now):
                sent += 1
            elif self._sending:
                await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            else:
                break
        await self._sent_all()
        if self._refused is not None:
            raise self._refused
        return sent

    async def settle(self, patience: timedelta) -> int:
        """Deliver until nothing is left that becomes due within ``patience``: what ``run --once`` waits for."""
        sent = 0
        while True:
            sent += await self.run_once(self._now())
            due = await self._due_at()
            if self._stopping or due is None or due - self._now() > patience:
                return sent
            await self._sleep(max(_SHORTEST_SLEEP, (due - self._now()).total_seconds()))

    async def drain(self, grace: timedelta = timedelta(seconds=8)) -> None:
        """Stop claiming and wait for what is under way. What takes longer than ``grace`` is broken off and recorded as uncertain.

        May be called more than once and from anything on the event loop.
        """
        self._stopping = True
        self._woken.set()
        async with self._claiming:  # one that is being claimed just now is put back before we leave
            pass
        if self._sending:
            await asyncio.wait(self._sending, timeout=grace.total_seconds())
        for task in self._sending:
            task.cancel()
        await self._sent_all()

    async def _sent_all(self) -> None:
        while self._sending:
            await asyncio.wait(self._sending)

    async def _send_next(self, now: datetime | None) -> bool:
        """Claim the next delivery and start sending it; False when none is due."""
        await self._slots.acquire()
        try:
            while (closed := self._gate.wait()) and not self._stopping:
                await self._sleep(closed, woken=False)
            async with self._claiming:
                claim = await self._claim(now)
        except BaseException:
            self._slots.release()
            raise
        if claim is None:
            self._slots.release()
            return False
        if claim.channel.kind is ChannelKind.TELEGRAM:
            self._gate.passed()
        task = asyncio.create_task(self._deliver(claim), name=f"delivery {claim.delivery_id}")
        self._sending.add(task)
        task.add_done_callback(self._delivered)
        return True

    async def _claim(self, now: datetime | None) -> Claim | None:
        """The next delivery that is due. One that is claimed while the end comes was not sent, so it goes back without a mark."""
        if self._stopping:
            return None
        settings, at = self._settings, now or self._now()
        claiming = asyncio.ensure_future(
            self._call(
                self._store.claim_delivery,
                at,
                owner=self._owner,
                lease=settings.lease,
                edit_pause=settings.edit_pause,
                ahead=self._ahead,
            )
        )
        cancelled: asyncio.CancelledError | None = None
        try:
            claim = await asyncio.shield(claiming)
        except asyncio.CancelledError as error:
            cancelled, claim = error, await claiming
        if claim is not None and (cancelled is not None or self._stopping):
            await self._put_back(claim, timedelta(0), "stopped before it was sent")
            claim = None
        if cancelled is not None:
            raise cancelled
        return claim

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._slots.release()
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery could not be recorded", exc_info=error)

    async def _deliver(self, claim: Claim) -> None:
        """One delivery from its claim to its recorded outcome."""
        answer = claim.kind is not DeliveryKind.ALERT
        if busy := timedelta(seconds=self._chats.wait(claim.channel, answer=answer)):
            await self._to_the_end(self._put_back(claim, busy, "the chat was told something just now", pause=busy))
            return
        self._chats.begin(claim.channel)
        sent, rest = False, timedelta(0)
        try:
            message = await self._prepare(claim)
            if message is not None:
                outcome = await self._send(claim, message)
                verdict = self._judge(claim, outcome, message)
                sent, rest = isinstance(verdict, Recorded), verdict.pause
                await self._to_the_end(self._record(claim, verdict, message.shown))
                await notes.tell(claim, outcome, self._store, self._call, self._now())
        finally:
            self._chats.end(claim.channel, sent=sent, answer=answer, pause=rest)

    async def _prepare(self, claim: Claim) -> Message | None:
        """What to send now; None when it is not to be sent now or ever, which is then recorded."""
        try:
            if not await self._may_repeat(claim):
                return None
            message = await self._message(claim)
            return message if message is not None and await self._may_leave(claim) else None
        except asyncio.CancelledError:
            await self._to_the_end(self._put_back(claim, timedelta(0), "stopped before it was sent"))
            raise

    async def _may_repeat(self, claim: Claim) -> bool:
        """Whether a delivery that may have arrived twice already can go out once more: only when the other side answers."""
        unknowns = self._unknowns.get(claim.delivery_id, 0)
        transport = self._transports.get(claim.channel.kind)
        if not unknowns or transport is None or await transport.answers():
            return True
        pause = self._settings.policy.unknown_after(unknowns)
        await self._to_the_end(self._put_back(claim, pause, "may have arrived twice, and there is no answer yet"))
        return False

    async def _may_leave(self, claim: Claim) -> bool:
        """Wait at the gate, which may have been shut since the claim; not for long, for the claim ends with its lease."""
        if claim.channel.kind is not ChannelKind.TELEGRAM:
            return True
        while crowded := self._gate.crowded():
            if self._stopping or crowded > _LONGEST_AT_GATE:
                await self._to_the_end(self._put_back(claim, timedelta(seconds=crowded), "nothing may be sent just now"))
                return False
            await asyncio.sleep(crowded)
        self._gate.left()
        return True

    async def _message(self, claim: Claim) -> Message | None:
        again, speech = claim.maybe_sent and claim.edits is None, speech_for(claim.channel.language, claim.channel.zone)
        try:
            payload = claim.payload or {"text": ""}
            if (number := payload.get("evidence")) is not None:
                return as_message(await self._call(self._store.evidence, number), speech)
            if (wanted := payload.get("export")) is not None:
                return await self._export(wanted[0], wanted[1], speech)
            if claim.alert_id is None:
                return render_payload(payload, again=again)
            if claim.grouped and (message := await self._several(claim, speech, again=again)) is not None:
                return message
            return render_alert(await self._call(self._store.alert_view, claim.alert_id, claim.channel.id), speech, again=again)
        except NotFound:
            await self._to_the_end(self._record(claim, Dropped(_NOT_THERE, withheld=True)))
        except Exception:  # one delivery that cannot be made into a message must not stop those behind it
            await self._to_the_end(self._record(claim, Dropped(_NOT_RENDERED)))
            log.exception("delivery %d could not be made into a message", claim.delivery_id)
        return None

    async def _export(self, channel_id: int, form: str, speech: Speech) -> Message:
        kept, watches = await self._call(self._store.kept, channel_id), await self._call(self._store.channel_watches, channel_id)
        if form == "json":
            return as_json(kept, watches, speech)
        return (as_toml if form == "toml" else as_csv)(watches, speech)

    async def _several(self, claim: Claim, speech: Speech, *, again: bool) -> Message | None:
        """The message of all alerts that are told together; None when only one of them is left to tell."""
        group = await self._call(self._store.group, claim.delivery_id, claim.channel.id)
        if group is None:
            return None
        views: dict[int, AlertView] = {}
        for number, alert in group.parts[: most_shown(group)]:
            with suppress(NotFound):
                views[number] = await self._call(self._store.alert_view, alert, claim.channel.id)
        return render_group(group, views, speech, again=again) if views else None

    async def _send(self, claim: Claim, message: Message) -> Outcome:
        transport = self._transports.get(claim.channel.kind)
        if transport is None:  # a daemon without a token keeps what is meant for Telegram until there is one
            return Unreachable(f"no {claim.channel.kind} is configured")
        try:
            return await transport.send(claim, message)
        except TokenRefused as error:
            self._refused, self._stopping = error, True
            return Unreachable("the token was refused")
        except asyncio.CancelledError:
            return Uncertain("stopped while it was being sent")
        except Exception:  # whatever broke after the request left: it may have arrived
            log.exception("delivery %d broke off unexpectedly", claim.delivery_id)
            return Uncertain("broke off unexpectedly")

    def _judge(self, claim: Claim, outcome: Outcome, message: Message) -> Verdict:
        """Decide what the outcome means, and close the gate for all while Telegram does not answer, longer each time."""
        policy = self._settings.policy
        unknowns = max(self._unknowns.pop(claim.delivery_id, 0), int(claim.maybe_sent)) + isinstance(outcome, Uncertain)
        verdict = decide(claim, outcome, unknowns=unknowns, revision=message.revision, now=self._now(), policy=policy)
        if isinstance(verdict, Retried) and unknowns > 1:
            self._unknowns[claim.delivery_id] = unknowns
        if not isinstance(verdict, Recorded):
            log.warning("delivery %d to channel %d: %s", claim.delivery_id, claim.channel.id, told(outcome))
        if claim.channel.kind is ChannelKind.TELEGRAM:
            self._failures = self._failures + 1 if isinstance(outcome, (Unreachable, Uncertain)) else 0
            before, self._refused_chat = self._refused_chat, claim.channel.chat_id if isinstance(outcome, Wait) else None
            if pause := policy.pause_for_all(outcome, self._failures, others=before not in (None, claim.channel.chat_id)):
                self._gate.close(pause)
        return verdict

    async def _record(self, claim: Claim, verdict: Verdict, shown: Mapping[int, int] | None = None) -> None:
        """Write what became of it, however long the database needs: an outcome that is forgotten is a second copy."""
        while True:
            try:
                await self._write(claim, verdict, shown)
            except StoreUnavailable as error:
                log.error("the outcome of delivery %d waits for the database: %s", claim.delivery_id, error)  # noqa: TRY400
                if self._stopping:
                    return  # recovered at the next start, as one that may have arrived
                await asyncio.sleep(_STORE_PAUSE)
            else:
                return

    async def _write(self, claim: Claim, verdict: Verdict, shown: Mapping[int, int] | None) -> None:
        store, call, owner, now = self._store, self._call, self._owner, self._now()
        match verdict:
            case Recorded():
                await call(
                    store.sent,
                    claim.delivery_id,
                    owner=owner,
                    message_id=verdict.message_id,
                    revision=verdict.revision,
                    channel_pause_until=now + verdict.pause,
                    now=now,
                    shown=shown,
                )
                self.last_ok_at = now
            case Retried():
                await self._put_back(claim, verdict.after, verdict.error, maybe_sent=verdict.maybe_sent, pause=verdict.pause)
            case Rekeyed():
                assert claim.channel.chat_id is not None  # only Telegram's chats move
                await call(
                    store.moved,
                    claim.delivery_id,
                    owner=owner,
                    old_chat_id=claim.channel.chat_id,
                    new_chat_id=verdict.new_chat_id,
                    maybe_sent=claim.maybe_sent,
                    now=now,
                )
            case Dropped():
                if verdict.withheld:
                    await call(store.withheld, claim.delivery_id, owner=owner, reason=verdict.reason, now=now)
                elif verdict.uncertain:
                    await call(store.uncertain, claim.delivery_id, owner=owner, error=verdict.reason, now=now)
                else:
                    await call(
                        store.failed,
                        claim.delivery_id,
                        owner=owner,
                        reason=verdict.reason,
                        suspend=verdict.suspend,
                        alone=verdict.alone,
                        now=now,
                    )

    async def _put_back(
        self, claim: Claim, after: timedelta, error: str, *, maybe_sent: bool | None = None, pause: timedelta = timedelta(0)
    ) -> None:
        now = self._now()
        await self._call(
            self._store.retry,
            claim.delivery_id,
            owner=self._owner,
            not_before=now + after,
            maybe_sent=claim.maybe_sent if maybe_sent is None else maybe_sent,
            error=error,
            channel_pause_until=now + pause,
            now=now,
        )

    async def _to_the_end(self, work: Awaitable[T]) -> T:
        """Await it to its end even when cancelled: a finished send is never forgotten."""
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    async def _due_at(self) -> datetime | None:
        return await self._call(self._store.next_delivery_at, self._now(), edit_pause=self._settings.edit_pause, ahead=self._ahead)

    async def _until_due(self) -> float:
        due = await self._due_at()
        return _LONGEST_SLEEP if due is None else min(_LONGEST_SLEEP, max(_SHORTEST_SLEEP, (due - self._now()).total_seconds()))

    async def _sleep(self, seconds: float, *, woken: bool = True) -> None:
        """Sleep until the time is over, somebody wakes us (unless it is a pause that must be kept) or the end has come."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._stopping and (left := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._woken.wait()
            except TimeoutError:
                return
            if woken:
                return
            self._woken.clear()
