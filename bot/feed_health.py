"""How a feed is, in words for the admin."""

from __future__ import annotations

from datetime import datetime, timedelta

from watchers.types import FeedState

_LATE = timedelta(hours=2)


def health(state: FeedState | None, now: datetime) -> str:
    """One short sentence: well, failing since when and why, late, moved, or not polled yet."""
    if state is None or (state.last_ok_at is None and state.fail_count == 0):
        return "not polled yet"
    if state.fail_count:
        since = f" since {state.first_failed_at:%Y-%m-%d %H:%M}" if state.first_failed_at else ""
        times = f" ({state.fail_count} times)" if state.fail_count > 1 else ""
        return f"failing{since}{times}: {state.last_error or 'no reason kept'}"
    if late(state, now) and state.next_poll_at is not None:
        return f"due since {state.next_poll_at:%Y-%m-%d %H:%M}: is the daemon running?"
    if state.moved_to:
        return f"well, but moved for good: write its new address {state.moved_to}"
    return "well"


def late(state: FeedState, now: datetime) -> bool:
    """Whether a feed should have been polled long ago."""
    return state.next_poll_at is not None and now - state.next_poll_at > _LATE
