"""Telegram's updates: fetched or brought, stored, only then confirmed, and answered from the store (``bot.answering``).

Invariant: an update is in the store before Telegram is told to forget it, so a crash loses none. The library's own updater confirms what is
still in memory, and one update that it cannot read stops it for ever.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

from bot.answering import Answering, patiently
from bot.commands.desk import Desk
from bot.commands.menu import menu_requests, menu_version
from bot.commands.rights import TelegramRights
from bot.facade import Call
from bot.outcomes import TokenRefused, retry_after
from bot.pacing import back_off
from bot.telegram_api import NO_PREVIEW, READ_TIMEOUT, TelegramTransport, make_bot, make_request
from bot.webhook import CONNECTIONS, Webhook, WebhookServer, why_not_brought
from storage.records import InboxUpdate
from storage.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

ALLOWED_UPDATES = ("message", "channel_post", "callback_query", "my_chat_member")
_POLL_SECONDS = 50  # the most that Telegram allows
_MENU = "menu"  # in the store: which commands Telegram was told last
_WEBHOOK = "webhook"  # in the store: the number of the bot whose webhook we set
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
        self._store, self._call, self._now = store, call, now
        self._poll_seconds, self._look_pause = poll_seconds, look_pause
        self._admins = tuple(admins)
        self._stop = asyncio.Event()
        self.transport = TelegramTransport(self._bot)
        self._answering = Answering(self._bot, self.transport, store, call, now=now, wake=wake)
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
        parts = {asyncio.create_task(part) for part in (listening, self._publish_menu(), *self._answering.parts(desk))}
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
        if await patiently(lambda: self._call(self._store.meta, _MENU)) == version:
            return
        for ask in menu_requests(self._bot, self._admins):
            await self._until_answered(ask)
        await patiently(lambda: self._call(self._store.set_meta, _MENU, version))

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
                await patiently(lambda batch=batch: self._call(self._store.save_updates, batch, self._now()))  # type: ignore[misc]
                offset = batch[-1].update_id + 1
                self._answering.arrived()
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
                        await self._until_nobody_listens()
                        break
                    self.last_ok_at, self.deaf = self._now(), why_not_brought(found, self._brought_at)
                    await asyncio.sleep(self._look_pause)
            finally:
                await server.stop()

    async def _keep(self, update: InboxUpdate) -> None:
        now = self._now()
        await self._call(self._store.save_updates, [update], now)
        self._brought_at = now
        self._answering.arrived()

    async def _set_webhook(self, webhook: Webhook) -> None:
        try:
            await self._bot.set_webhook(
                webhook.url, secret_token=webhook.secret.reveal(), allowed_updates=ALLOWED_UPDATES, max_connections=CONNECTIONS
            )
        except BadRequest as error:  # also for what passes, such as a name that is not found yet
            self.deaf = f"Telegram refuses the webhook {webhook.url}: {error.message}"
            raise

    async def _remember_webhook(self, bot: str) -> None:
        await patiently(lambda: self._call(self._store.set_meta, _WEBHOOK, bot))

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
        return await patiently(lambda: self._call(self._ears.take))

    async def _begin_to_listen(self) -> None:
        """Wait until no other daemon on this database listens."""
        while not await self._may_listen():
            self.another_listens = True
            await asyncio.sleep(_EARS_PAUSE)
        if self.another_listens:
            self.another_listens, self.last_ok_at = False, self._now()  # deaf is who gets no answer from now on
        self._answering.arrived()  # what the one before us had stored and not handled

    async def _begin_to_ask(self) -> int | None:
        """Wait for the turn, and take back a webhook of ours; says from which update on to ask."""
        await self._begin_to_listen()
        self._had_webhook = await patiently(lambda: self._call(self._store.meta, _WEBHOOK)) == str(self._bot.id)
        if self._had_webhook:
            await self._until_answered(self._bot.delete_webhook)
            return None
        last = await patiently(lambda: self._call(self._store.last_update_id))
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


def _pause(error: TelegramError, failures: int) -> float:
    asked = retry_after(error).total_seconds() if isinstance(error, RetryAfter) else 0.0
    return max(asked, min(_MAX_POLL_PAUSE, back_off(failures).total_seconds()))
