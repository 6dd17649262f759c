"""Whose clock counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.facade import StoreCalls
from bot.shared_clock import SharedClock
from storage.store import Store

WRONG = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.mark.asyncio
async def test_daemons_on_a_server_go_by_its_clock_and_on_a_file_by_their_own(store: Store) -> None:
    call = StoreCalls(1)
    clock = SharedClock(store, call, lambda: WRONG)
    assert clock() == WRONG
    before = store.server_time()

    await clock.read()
    shown = clock()

    if before is None:
        assert shown == WRONG
    else:
        after = store.server_time()
        assert after is not None
        assert before <= shown <= after
    call.close()
