"""Telegram's updates: fetched or brought, stored, only then confirmed, and answered one after another from the store.

Invariants: an update is in the store before Telegram is told to forget it, so a crash loses none; the effect of a request, its reply and
the fact that it is done are one transaction, so a restart repeats none; an update that cannot be read is put aside and never stands in the
way. The library's own updater does none of the three: it confirms what is still in memory, and one unreadable update stops it for ever.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from telegram import Update
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

from bot.commands import decide
from bot.commands.asked import Asked, Membership, Pressed, Request, read
from bot.commands.desk import Decision, Desk, Quota, stale
from bot.commands.menu import menu_requests, menu_version
from bot.commands.rights import TelegramRights
from bot.facade import Call
from bot.markup import clip
from bot.outcomes import TokenRefused, retry_after
from bot.pacing import back_off
from bot.telegram_api import NO_PREVIEW, READ_TIMEOUT, TelegramTransport, make_bot, make_request
from bot.texts import answers
from bot.webhook import CONNECTIONS, Webhook, WebhookServer, why_not_brought
from storage.exceptions import LimitReached, NotFound, StoreUnavailable, TooManyChats
from storage.records import InboxUpdate
from storage.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

ALLOWED_UPDATES = ("message", "channel_post", "callback_query", "my_chat_member")
_POLL_SECONDS = 50  # the most that Telegram allows
_BATCH = 50
_MENU = "menu"  # in the store: which commands Telegram was told last
_WEBHOOK = "webhook"  # in the store: the number of the bot whose webhook we set
_MAX_TOAST = 200  # units; Telegram refuses a longer one, and the button would seem dead
_STORE_PAUSE = 5.0
_EARS_PAUSE = 2.0
_LOOK_PAUSE = 20.0  # between two looks at whether Telegram can bring updates, or whether somebody else fetches them
_LOOKS_LYING = 3  # in a row that found updates which nobody fetches
_MAX_POLL_PAUSE = 60.0


class Telegram:
    """The bot's ears. ``run`` listens and answers until ``stop``; replies leave through the deliverer, which ``wake`` wakes.

    ``last_ok_at`` is when Telegram last answered a poll, or a question about the webhook, which is what tells a live bot from one that is
    deaf; ``deaf`` is a sentence that says why no command arrives though it answers. Alerts go out all the same.
    """

    def __init__(
        self,
        token: str,
        api_base_url: str,
        store: Store,
        call: Call,
        *,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        admins: Sequence[int] = (),
        poll_seconds: int = _POLL_SECONDS,
        webhook: Webhook | None = None,
        look_pause: float = _LOOK_PAUSE,
    ) -> None:
        self._sends = make_request(READ_TIMEOUT, connections=32)
        self._polls = make_request(READ_TIMEOUT + poll_seconds, connections=1)
        self._bot = make_bot(token, api_base_url, sends=self._sends, polls=self._polls)
        self._store, self._call, self._now, self._wake = store, call, now, wake
        self._quota = Quota()
        self._poll_seconds, self._look_pause = poll_seconds, look_pause
        self._admins = tuple(admins)
        self._arrived, self._stop = asyncio.Event(), asyncio.Event()
        self.transport = TelegramTransport(self._bot)
        self._ears = store.ears()
        self.last_ok_at: datetime | None = None
        self.another_listens = False  # of the daemons on the same database
        self._webhook, self._brought_at = webhook, None if webhook is None else now()
        self._had_webhook = False
        self.webhook_port: int | None = None
        self.deaf: str | None = None

    async def run(self) -> None:
        """Listen and answer until ``stop``. Telegram that cannot be reached is waited for.

        Raises:
            TokenRefused: The token is dead; nothing more can be heard or said with it.
        """
        work = [asyncio.create_task(self._live(), name="telegram"), asyncio.create_task(self._stop.wait(), name="telegram stop")]
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            if work[0].done():
                work[0].result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    def stop(self) -> None:
        """End ``run``: the request under decision is finished, what Telegram has not confirmed it will give again."""
        self._stop.set()

    async def tell(self, chat_id: int, text: str) -> None:
        """Say something of our own at once, past the store, which may be what is not well. That it cannot be said is told to the log."""
        try:
            await self._bot.send_message(chat_id, text, link_preview_options=NO_PREVIEW)
        except TelegramError as error:
            log.warning("an admin could not be told", extra={"chat": chat_id, "reason": error.message})

    async def close(self) -> None:
        """Close the connections, which deliveries use too: after the deliverer has drained."""
        self._ears.close()
        await self._polls.shutdown()
        await self._sends.shutdown()

    async def _live(self) -> None:
        try:
            username = (await self._until_answered(self._bot.get_me)).username or ""
        except InvalidToken as error:
            raise TokenRefused from error
        desk = Desk(store=self._store, call=self._call, rights=TelegramRights(self._bot), username=username, admins=self._admins)
        listening = self._listen() if self._webhook is None else self._be_brought(self._webhook)
        parts = {asyncio.create_task(part) for part in (listening, self._answer(desk), self._publish_menu())}
        try:
            while parts:
                done, parts = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                for part in done:
                    part.result()
        except InvalidToken as error:
            raise TokenRefused from error
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _publish_menu(self) -> None:
        """Tell Telegram our commands, unless it was told these already."""
        version = menu_version(self._bot.id, self._admins)
        if await self._patiently(lambda: self._call(self._store.meta, _MENU)) == version:
            return
        for ask in menu_requests(self._bot, self._admins):
            await self._until_answered(ask)
        await self._patiently(lambda: self._call(self._store.set_meta, _MENU, version))

    async def _until_answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until Telegram answers, ever more slowly. A refused token ends it."""
        failures = 0
        while True:
            try:
                return await ask()
            except InvalidToken:
                raise
            except TelegramError as error:
                failures += 1
                log.warning("telegram does not answer (%s), trying again", error.message)
                await asyncio.sleep(_pause(error, failures))

    async def _listen(self) -> None:
        """Fetch updates and store them; the next fetch, which confirms them, is made only when they are safe."""
        offset, failures = await self._begin_to_ask(), 0
        while True:
            if not await self._may_listen():
                offset = await self._begin_to_ask()
            try:
                batch = await self._poll(offset)
            except InvalidToken:
                raise
            except Conflict as error:
                self._is_deaf(error.message)
                await self._until_nobody_listens()
                offset = await self._begin_to_ask()
                continue
            except TelegramError as error:
                failures += 1
                log.warning("updates could not be fetched (%s), trying again", error.message)
                await asyncio.sleep(_pause(error, failures))
                continue
            failures, self.last_ok_at = 0, self._now()
            if batch:
                await self._patiently(lambda batch=batch: self._call(self._store.save_updates, batch, self._now()))  # type: ignore[misc]
                offset = batch[-1].update_id + 1
                self._arrived.set()
            elif self._had_webhook:
                await self._remember_webhook("")  # all that waited has come, in order
                self._had_webhook = False

    async def _be_brought(self, webhook: Webhook) -> None:
        """Take the updates that Telegram brings, and look whether it can; raises PlaceError when the place to listen at is taken."""
        while True:
            await self._begin_to_listen()
            server = WebhookServer(webhook, self._keep)
            await server.start()
            self.webhook_port = server.port
            try:
                await self._remember_webhook(str(self._bot.id))
                await self._until_answered(lambda: self._set_webhook(webhook))
                while await self._may_listen():
                    found = await self._until_answered(self._bot.get_webhook_info)
                    if found.url != webhook.url:
                        self._is_deaf("it has set another webhook" if found.url else "it has taken away the webhook")
                        return
                    self.last_ok_at, self.deaf = self._now(), why_not_brought(found, self._brought_at)
                    await asyncio.sleep(self._look_pause)
            finally:
                await server.stop()

    async def _keep(self, update: InboxUpdate) -> None:
        now = self._now()
        await self._call(self._store.save_updates, [update], now)
        self._brought_at = now
        self._arrived.set()

    async def _set_webhook(self, webhook: Webhook) -> None:
        try:
            await self._bot.set_webhook(
                webhook.url, secret_token=webhook.secret.reveal(), allowed_updates=ALLOWED_UPDATES, max_connections=CONNECTIONS
            )
        except BadRequest as error:  # also for what passes, such as a name that is not found yet
            self.deaf = f"Telegram refuses the webhook {webhook.url}: {error.message}"
            raise

    async def _remember_webhook(self, bot: str) -> None:
        await self._patiently(lambda: self._call(self._store.set_meta, _WEBHOOK, bot))

    def _is_deaf(self, reason: str) -> None:
        self.deaf = "another program listens with the bot's token"
        log.critical("another program listens with this bot's token; commands are not heard any more, alerts go on: %s", reason)

    async def _until_nobody_listens(self) -> None:
        """Wait until updates are left lying, for whoever listens fetches them at once. A poll of ours would end theirs: a fight."""
        looks = 0
        while looks < _LOOKS_LYING:
            await asyncio.sleep(self._look_pause)
            found = await self._until_answered(self._bot.get_webhook_info)
            looks = looks + 1 if found.pending_update_count and not found.url else 0
        self.deaf, self.last_ok_at = None, self._now()
        log.warning("nobody else listens with this bot's token any more; commands are heard again")

    async def _may_listen(self) -> bool:
        return await self._patiently(lambda: self._call(self._ears.take))

    async def _begin_to_listen(self) -> None:
        """Wait until no other daemon on this database listens."""
        while not await self._may_listen():
            self.another_listens = True
            await asyncio.sleep(_EARS_PAUSE)
        if self.another_listens:
            self.another_listens, self.last_ok_at = False, self._now()  # deaf is who gets no answer from now on
        self._arrived.set()  # what the one before us had stored and not handled

    async def _begin_to_ask(self) -> int | None:
        """Wait for the turn, and take back a webhook of ours; says from which update on to ask."""
        await self._begin_to_listen()
        self._had_webhook = await self._patiently(lambda: self._call(self._store.meta, _WEBHOOK)) == str(self._bot.id)
        if self._had_webhook:
            await self._until_answered(self._bot.delete_webhook)
            return None
        last = await self._patiently(lambda: self._call(self._store.last_update_id))
        return None if last is None else last + 1

    async def _poll(self, offset: int | None) -> list[InboxUpdate]:
        """One long poll, as raw JSON: what the library cannot read must not stop it."""
        wanted: dict[str, Any] = {"timeout": self._poll_seconds, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if offset is not None:
            wanted["offset"] = offset
        answer = await self._polls.post(f"{self._bot.base_url}/getUpdates?{urlencode(wanted)}")
        try:
            return [InboxUpdate(update_id=raw["update_id"], raw=raw) for raw in answer]  # type: ignore[union-attr,index,arg-type]
        except (KeyError, TypeError) as error:
            raise TelegramError("Invalid server response") from error

    async def _answer(self, desk: Desk) -> None:
        """Handle what is in the inbox, in order, and wait for more."""
        while True:
            self._arrived.clear()
            waiting = await self._patiently(lambda: self._call(self._store.pending_updates, _BATCH))
            if waiting:
                self._quota.per_minute = (await self._patiently(lambda: self._call(self._store.operating))).limits.requests
            for update in waiting:
                await _to_the_end(self._patiently(lambda update=update: self._handle(update, desk)))  # type: ignore[misc]
            if not waiting:
                await self._arrived.wait()

    async def _handle(self, stored: InboxUpdate, desk: Desk) -> None:
        request: Request | None = None
        try:
            update = Update.de_json(dict(stored.raw), self._bot)
            request = read(update, username=desk.username)
            if isinstance(request, (Asked, Pressed, Membership)):
                desk = await desk.speaking_to(request)
            decision = Decision() if request is None else await decide(request, desk, self._quota, self._now())
            decision = await self._write(stored, request, decision, desk)
        except StoreUnavailable:
            raise
        except Exception:  # one update that cannot be handled must not stop those after it
            log.exception("update %d could not be handled and was put aside", stored.update_id)
            decision = Decision(toast=desk.speech.label(answers.SOMETHING_WRONG))
            await self._call(self._store.update_failed, stored.update_id, "could not be handled", self._now())
        if isinstance(request, Pressed):
            await self._answer_press(request, decision)

    async def _write(self, stored: InboxUpdate, request: Request | None, decision: Decision, desk: Desk) -> Decision:
        """Make the decision true, or say why it cannot be; either way the update is done."""
        try:
            await self._apply(stored, decision)
        except LimitReached as error:
            assert isinstance(request, (Asked, Pressed))  # nothing else adds anything
            said = desk.speech.say(answers.TOO_MANY_CHATS if isinstance(error, TooManyChats) else answers.LIMIT_REACHED)
            decision = Decision(replies=desk.reply(request.place, said), toast=said.plain, loud=True)
            await self._apply(stored, decision)
        except NotFound:  # it was there when we looked: somebody else was faster
            decision = stale(desk)
            await self._apply(stored, decision)
        return decision

    async def _apply(self, stored: InboxUpdate, decision: Decision) -> None:
        await self._call(self._store.apply, decision.changes, update_id=stored.update_id, replies=decision.replies, now=self._now())
        if decision.replies or decision.changes:
            self._wake()

    async def _answer_press(self, pressed: Pressed, decision: Decision) -> None:
        """Stop the button's spinner, with what became of it; too late is no error, the effect stands."""
        try:
            await self._bot.answer_callback_query(pressed.query_id, clip(decision.toast, _MAX_TOAST) or None, show_alert=decision.loud)
        except TelegramError as error:
            log.debug("a button's answer was not taken: %s", error.message)
        try:
            if decision.edit is not None:
                await self.transport.edit(pressed.message_id, decision.edit)
            elif decision.close:
                await self._bot.edit_message_reply_markup(pressed.place.chat_id, pressed.message_id)
        except TelegramError as error:  # the effect stands; a message that shows it late or never is no harm
            log.debug("the message of a button was not edited: %s", error.message)

    async def _patiently(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
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


def _pause(error: TelegramError, failures: int) -> float:
    asked = retry_after(error).total_seconds() if isinstance(error, RetryAfter) else 0.0
    return max(asked, min(_MAX_POLL_PAUSE, back_off(failures).total_seconds()))
