"""Telegram's updates, brought by Telegram to an address of ours: the other way than asking for them (``bot.updates``).

Invariants: who does not know the secret has nothing read or kept of what they send; an update is answered with 200 when it is in the
store, so what is not there yet is brought again, and what is there already changes nothing. Whatever else comes is a refusal without words.

python-telegram-bot has a server for this and it is not used: it needs a further library, compares the secret with ``!=``, takes bodies of
any size, and answers before anything is stored. aiohttp serves /healthz already.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any, NoReturn
from urllib.parse import urlsplit

from aiohttp import web
from telegram import WebhookInfo

from bot.serving import HttpServer
from bot.token import Token
from storage.exceptions import StoreUnavailable
from storage.records import InboxUpdate

log = logging.getLogger(__name__)

CONNECTIONS = 10  # at once; Telegram brings the updates of one chat one after another, however many there are
_SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 -- the name of the header
_LARGEST = 2**20  # bytes; an update with the longest message has about a hundredth of it
_PATIENCE = 10.0  # seconds for a body
_DEEPEST = 64  # the deepest update of the Bot API is nested about a dozen times
_NUMBERS = range(1, 2**31)  # of updates, in Telegram's server
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where Telegram brings updates: the address it is told, the place we listen at, and the secret that it shows."""

    url: str
    listen: str
    secret: Token


class WebhookServer(HttpServer):
    """Takes updates and hands each to ``keep``, which returns when it is safe."""

    def __init__(self, webhook: Webhook, keep: Callable[[InboxUpdate], Awaitable[None]]) -> None:
        self._path = urlsplit(webhook.url).path or "/"
        self._secret = webhook.secret.reveal().encode()
        self._keep = keep
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_route("*", "/{path:.*}", self._answer)
        super().__init__(app, webhook.listen, about="telegram.webhook")

    async def _answer(self, request: web.Request) -> web.Response:
        status = self._refusal(request) or await self._taken(request)
        if status != web.HTTPOk.status_code:
            log.debug("the webhook answered %d", status)
        return web.Response(status=status)

    def _refusal(self, request: web.Request) -> int | None:
        """Why a request is refused by its head alone."""
        if not is_secret(request.headers.get(_SECRET, ""), self._secret):
            return web.HTTPForbidden.status_code
        if request.raw_path.partition("?")[0] != self._path:
            return web.HTTPNotFound.status_code
        if request.method != "POST":
            return web.HTTPMethodNotAllowed.status_code
        if request.content_type != "application/json":
            return web.HTTPUnsupportedMediaType.status_code
        return web.HTTPRequestEntityTooLarge.status_code if (request.content_length or 0) > _LARGEST else None

    async def _taken(self, request: web.Request) -> int:
        try:
            async with asyncio.timeout(_PATIENCE):
                update = read_update(await request.read())
        except TimeoutError:
            return web.HTTPRequestTimeout.status_code
        except web.HTTPRequestEntityTooLarge as refused:
            return refused.status
        except ValueError:
            return web.HTTPBadRequest.status_code
        try:
            await self._keep(update)
        except StoreUnavailable as error:
            log.error("an update waits for the database, and Telegram brings it again: %s", error)  # noqa: TRY400 -- its sentence says all
            return web.HTTPServiceUnavailable.status_code
        return web.HTTPOk.status_code


def is_secret(shown: str, secret: bytes) -> bool:
    """Whether a header is the secret, in a time that does not tell how much of it is."""
    return compare_digest(shown.encode("utf-8", "surrogateescape"), secret)


def read_update(body: bytes) -> InboxUpdate:
    """An update as Telegram writes it; raises ValueError for anything else, at the price of reading it once."""
    try:
        raw = json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    number = raw.get("update_id") if isinstance(raw, dict) else None
    if type(number) is not int or number not in _NUMBERS or _is_deep(raw):
        raise ValueError("it is no update")
    return InboxUpdate(update_id=number, raw=raw)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _is_deep(raw: dict[str, Any]) -> bool:
    level: list[Any] = [raw]
    for _ in range(_DEEPEST):
        level = [child for one in level for child in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())]
    return bool(level)


def why_not_brought(info: WebhookInfo, brought_at: datetime | None) -> str | None:
    """Why updates wait at Telegram, as it tells; None when none do, or when one was brought after the last failure."""
    failed_at = info.last_error_date
    if not info.pending_update_count or failed_at is None or (brought_at is not None and failed_at <= brought_at):
        return None
    reason = (info.last_error_message or "it does not say why")[:_SHOWN]
    return f"Telegram cannot bring updates to {info.url} (it tried at {failed_at:%Y-%m-%d %H:%M} UTC): {reason}"
