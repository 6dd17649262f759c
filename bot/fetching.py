"""The fetcher as the configuration wants it."""

from __future__ import annotations

from bot.config import Config
from watchers.fetch import Fetcher
from watchers.pacing import HostPacer, SystemClock


def open_fetcher(config: Config) -> Fetcher:
    """A fetcher with a pacer of its own, to be entered; one for a whole program, so that a host's turns are counted once."""
    pacer = HostPacer(config.fetch.per_host_interval, SystemClock())
    return Fetcher(contact=config.fetch.contact, allow_networks=config.fetch.allow_networks, pacer=pacer)
