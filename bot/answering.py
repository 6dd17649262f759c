"""What was asked: taken from the inbox, decided, made true and answered.

Invariants: the requests of one chat are handled in their order, those of several chats at once and in turn, so nobody waits for somebody
else's long list; the effect of a request, its reply and the fact that it is done are one transaction, so a restart repeats none; a request
that cannot be handled is put aside and never stands in the way. Updates that ask nothing of us, or more than somebody may, are finished
many in one transaction: a person who writes without end costs everybody else next to nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from telegram import Bot, Update
from telegram.error import TelegramError

from bot.commands import decide, not_ours
from bot.commands.asked import Asked, Membership, Migration, Pressed, Request, read
from bot.commands.desk import Allowed, Decision, Desk, Quota, stale, too_many
from bot.facade import Call
from bot.markup import clip
from bot.speech import speech_for
from bot.telegram_api import TelegramTransport
from bot.texts import answers
from storage.exceptions import LimitReached, NotFound, NotPossible, StoreUnavailable, TooManyChats
from storage.records import InboxUpdate
from storage.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

_IN_HAND = 200  # updates that are taken from the inbox and not finished yet
_AT_ONCE = 8  # chats whose requests are handled at the same time: most of that time Telegram is waited for
_MOST_TOASTS = 32  # under way for presses beyond the quota; others stay without
_MAX_TOAST = 200  # units; Telegram refuses a longer one, and the button would seem dead
_STORE_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A request to be handled. ``told_off``: it is one too many, and the answer says so."""

    stored: InboxUpdate
    request: Request
    told_off: bool


class Answering:
    """Handles the inbox. ``parts`` are run side by side until cancelled; ``arrived`` says that there is something new."""

    def __init__(
        self,
        bot: Bot,
        transport: TelegramTransport,
        store: Store,
        call: Call,
        *,
        now: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._bot, self._transport = bot, transport
        self._store, self._call, self._now, self._wake = store, call, now, wake
        self._quota = Quota()
        self._look = asyncio.Event()
        self._in_hand: set[int] = set()
        self._lanes: dict[int, deque[_Waiting]] = {}  # by chat
        self._ready: asyncio.Queue[int] = asyncio.Queue()  # chats with something to do and nobody at it
        self._toasts: set[asyncio.Task[None]] = set()

    def arrived(self) -> None:
        """Look into the inbox: there is something new in it."""
        self._look.set()

    def parts(self, desk: Desk) -> list[Coroutine[Any, Any, None]]:
        """What is to run side by side."""
        return [self._take(desk), *(self._work(desk) for _ in range(_AT_ONCE))]

    async def _take(self, desk: Desk) -> None:
        """Take what waits in the inbox as long as there is room, and wait for more."""
        while True:
            self._look.clear()
            room = _IN_HAND - len(self._in_hand)
            waiting = await patiently(lambda room=room: self._call(self._store.pending_updates, room, but=tuple(self._in_hand)))  # type: ignore[misc]
            if waiting:
                self._quota.per_minute = (await patiently(lambda: self._call(self._store.operating))).limits.requests
                await self._sort(waiting, desk)
            if len(waiting) < room or len(self._in_hand) == _IN_HAND:
                await self._look.wait()

    async def _sort(self, waiting: Sequence[InboxUpdate], desk: Desk) -> None:
        """Give what is to be handled to those who work, in its chat's turn; all the rest is finished at once."""
        done = []
        for stored in waiting:
            try:
                request = read(Update.de_json(dict(stored.raw), self._bot), username=desk.username)
            except Exception:  # one update that cannot be read must not stop those after it
                log.exception("update %d could not be read and was put aside", stored.update_id)
                await self._put_aside(stored, "could not be read")
                continue
            allowed = self._allowed(request)
            if request is None or allowed is Allowed.NO:
                done.append(stored.update_id)
                if isinstance(request, Pressed):
                    self._toast(request)
            else:
                self._hand_out(_Waiting(stored=stored, request=request, told_off=allowed is Allowed.TOLD))
        if done:
            await patiently(lambda: self._call(self._store.finish_updates, done, self._now()))

    def _allowed(self, request: Request | None) -> Allowed:
        """Whether a request is heard. What Telegram itself says always is; what is not said to us never."""
        match request:
            case Asked() | Pressed() if not not_ours(request):
                return self._quota.ask(request.user_id or request.place.chat_id, request.date or self._now())
            case Membership() | Migration():
                return Allowed.YES
        return Allowed.NO

    def _hand_out(self, waiting: _Waiting) -> None:
        self._in_hand.add(waiting.stored.update_id)
        chat = waiting.request.new if isinstance(waiting.request, Migration) else waiting.request.place.chat_id
        if chat in self._lanes:
            self._lanes[chat].append(waiting)
        else:
            self._lanes[chat] = deque([waiting])
            self._ready.put_nowait(chat)

    async def _work(self, desk: Desk) -> None:
        """Handle one request of the chat whose turn it is; it has its next turn after all others."""
        while True:
            chat = await self._ready.get()
            lane = self._lanes[chat]
            await _to_the_end(patiently(lambda first=lane[0]: self._handle(first, desk)))  # type: ignore[misc]
            if len(self._in_hand) == _IN_HAND:
                self._look.set()
            self._in_hand.discard(lane.popleft().stored.update_id)
            if lane:
                self._ready.put_nowait(chat)
            else:
                del self._lanes[chat]

    async def _handle(self, waiting: _Waiting, desk: Desk) -> None:
        stored, request = waiting.stored, waiting.request
        try:
            if isinstance(request, (Asked, Pressed, Membership)):
                desk = await desk.speaking_to(request)
            if waiting.told_off and isinstance(request, (Asked, Pressed)):
                decision = too_many(request.place, desk)
            else:
                decision = await decide(request, desk, self._now())
            decision = await self._write(stored, request, decision, desk)
        except StoreUnavailable:
            raise
        except Exception:  # one request that cannot be handled must not stop those after it
            log.exception("update %d could not be handled and was put aside", stored.update_id)
            await self._put_aside(stored, "could not be handled")
            decision = Decision(toast=desk.speech.label(answers.SOMETHING_WRONG))
        if isinstance(request, Pressed):
            await self._answer_press(request, decision)

    async def _put_aside(self, stored: InboxUpdate, why: str) -> None:
        await patiently(lambda: self._call(self._store.update_failed, stored.update_id, why, self._now()))

    async def _write(self, stored: InboxUpdate, request: Request, decision: Decision, desk: Desk) -> Decision:
        """Make the decision true, or say why it cannot be; either way the update is done."""
        try:
            await self._apply(stored, decision)
        except LimitReached as error:
            assert isinstance(request, (Asked, Pressed))  # nothing else adds anything
            said = desk.speech.say(answers.TOO_MANY_CHATS if isinstance(error, TooManyChats) else answers.LIMIT_REACHED)
            decision = Decision(replies=desk.reply(request.place, said), toast=said.plain, loud=True)
            await self._apply(stored, decision)
        except (NotFound, NotPossible):  # it was there when we looked: somebody else was faster; or what can only be seen in doing it
            answer = desk.reply(request.place, answers.NOT_AS_IT_IS) if isinstance(request, Asked) else ()
            decision = replace(stale(desk), replies=answer)
            await self._apply(stored, decision)
        return decision

    async def _apply(self, stored: InboxUpdate, decision: Decision) -> None:
        await self._call(self._store.apply, decision.changes, update_id=stored.update_id, replies=decision.replies, now=self._now())
        if decision.replies or decision.changes:
            self._wake()

    def _toast(self, pressed: Pressed) -> None:
        """Stop the spinner of a button that was pressed once too often, while others are served."""
        if len(self._toasts) < _MOST_TOASTS:
            said = speech_for(pressed.language).label(answers.TOO_MANY_COMMANDS)
            task = asyncio.create_task(self._answer_press(pressed, Decision(toast=said)), name="toast")
            self._toasts.add(task)
            task.add_done_callback(self._toasts.discard)

    async def _answer_press(self, pressed: Pressed, decision: Decision) -> None:
        """Stop the button's spinner, with what became of it; too late is no error, the effect stands."""
        try:
            await self._bot.answer_callback_query(pressed.query_id, clip(decision.toast, _MAX_TOAST) or None, show_alert=decision.loud)
        except TelegramError as error:
            log.debug("a button's answer was not taken: %s", error.message)
        try:
            if decision.edit is not None:
                await self._transport.edit(pressed.message_id, decision.edit)
            elif decision.close:
                await self._bot.edit_message_reply_markup(pressed.place.chat_id, pressed.message_id)
        except TelegramError as error:  # the effect stands; a message that shows it late or never is no harm
            log.debug("the message of a button was not edited: %s", error.message)


async def patiently(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do it as soon as the database can: a full disk or a server that restarts delays commands and loses none."""
    while True:
        try:
            return await work()
        except StoreUnavailable as error:
            log.error("updates wait for the database: %s", error)  # noqa: TRY400 - an expected state, its sentence says all
            await asyncio.sleep(_STORE_PAUSE)


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await it to its end even when cancelled: a request half answered would be answered again."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_STORE_PAUSE)
        task.cancel()
        raise
