"""One round: every feed is polled once, everybody is told, and that is all. ``run --once`` is one round, the demo is seven."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.deliver import Transport
from bot.parts import Parts
from bot.polling import CONCURRENT_POLLS
from storage.exceptions import StoreUnavailable
from storage.records import ChannelKind
from watchers.types import Feed, PollOutcome

_PATIENCE = timedelta(seconds=30)  # a delivery that is due later than this waits for the next run


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round did."""

    outcomes: tuple[PollOutcome, ...]
    delivered: int

    @property
    def failed(self) -> tuple[PollOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.error is not None)


async def run_round(
    parts: Parts,
    transports: Mapping[ChannelKind, Transport],
    *,
    on_start: Callable[[list[Feed]], None] = lambda _: None,
    on_done: Callable[[PollOutcome], None] = lambda _: None,
    patience: timedelta = _PATIENCE,
    concurrent: int = CONCURRENT_POLLS,
) -> Round:
    """Poll all feeds, whatever is due, and deliver everything that is pending. Raises StoreUnavailable."""
    polling = parts.polling(on_news=lambda: None, on_store_trouble=_give_up, concurrent=concurrent)
    await polling.sync(parts.now())
    on_start(list(polling.feeds.values()))
    outcomes = await polling.poll_all(parts.now(), on_done=on_done)
    await parts.fan_out()
    deliverer = parts.deliverer(transports)
    try:
        delivered = await deliverer.settle(patience)
    finally:
        await deliverer.drain()
    return Round(outcomes=tuple(outcomes), delivered=delivered)


def _give_up(error: StoreUnavailable) -> None:
    raise error
