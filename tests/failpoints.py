"""Named places at which a test lets the program die, or one of its steps fail.

The program knows nothing of them: they are put around its steps inside a process that a test has started (the ``prelude`` of ``house``), so
they cost nothing where nobody tests, and nobody can switch one on in production.

=====================  ==============================================================================================================
``<method>.before``    the transaction of this method of the store has not begun
``<method>.row``       one of its statements was made: ``count`` says which
``<method>.inside``    all its statements were made, nothing is committed
``<method>.after``     it is committed, and whoever called does not know yet
``send.before``        the claim is committed, the request has not left
``send.after``         Telegram has answered, nothing is recorded
``hear.after``         updates were fetched, nothing is stored
=====================  ==============================================================================================================
"""

from __future__ import annotations

import os
import threading
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from storage.engine import Database
from storage.exceptions import StoreUnavailable
from storage.store import Store

DEAD = 137  # as a shell reports SIGKILL
_MOMENTS = ("before", "row", "inside", "after")
_here = threading.local()  # .method: the store's method that this thread is in


def arm(place: str, *, count: int = 1, fail: bool = False) -> None:
    """Die when ``place`` is reached for the ``count``-th time; ``fail``: raise StoreUnavailable there instead, once."""
    step, _, moment = place.partition(".")
    hit = _Hit(place, count, fail=fail)
    if step == "send" and moment in ("before", "after"):
        _arm_send(moment, hit)
    elif place == "hear.after":
        _arm_hear(hit)
    elif moment in _MOMENTS and callable(getattr(Store, step, None)):
        _arm_method(step, moment, hit)
    else:
        raise ValueError(f"there is no such place: {place}")


class _Hit:
    def __init__(self, place: str, count: int, *, fail: bool) -> None:
        self._place, self._left, self._fail = place, count, fail

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            if self._fail:
                raise StoreUnavailable(f"failpoint {self._place}")
            os._exit(DEAD)


def _arm_method(method: str, moment: str, hit: _Hit) -> None:
    called, write = getattr(Store, method), Database.write

    def wrapped(self: Store, *args: Any, **kwargs: Any) -> Any:
        _here.method = method
        try:
            return called(self, *args, **kwargs)
        finally:
            _here.method = None

    def writing(self: Database, work: Any) -> Any:
        if getattr(_here, "method", None) != method:
            return write(self, work)
        if moment == "before":
            hit()

        def unit(connection: Any) -> Any:
            result = work(connection)
            if moment == "inside":
                hit()
            return result

        result = write(self, unit)
        if moment == "after":
            hit()
        return result

    setattr(Store, method, wrapped)
    Database.write = writing  # type: ignore[method-assign,assignment]
    if moment == "row":
        event.listen(Engine, "after_cursor_execute", lambda *_: hit() if getattr(_here, "method", None) == method else None)


def _arm_send(moment: str, hit: _Hit) -> None:
    from bot.telegram_api import TelegramTransport

    send = TelegramTransport.send

    async def sending(self: Any, claim: Any, message: Any) -> Any:
        if moment == "before":
            hit()
        outcome = await send(self, claim, message)
        if moment == "after":
            hit()
        return outcome

    TelegramTransport.send = sending  # type: ignore[method-assign]


def _arm_hear(hit: _Hit) -> None:
    from bot.updates import Telegram

    poll = Telegram._poll

    async def polling(self: Any, offset: int | None) -> Any:
        batch = await poll(self, offset)
        if batch:
            hit()
        return batch

    Telegram._poll = polling  # type: ignore[method-assign]
