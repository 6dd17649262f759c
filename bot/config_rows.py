"""The configuration in the words of the store and the watchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.feed_addresses import slug
from storage.records import ChannelKind, ConfigChannel, ConfigWatchlist, channel_key
from watchers.areas import area_named
from watchers.types import EventKind, Organisation, Terms, Watch

if TYPE_CHECKING:
    from bot.config import Config
    from bot.config_sections import ChannelSection, WatchlistSection, WatchSection


def config_watches(config: Config) -> tuple[Watch, ...]:
    """Every configured watch. Its id says where it stands: ``surveillance/palantir``."""
    return tuple(watch for watchlist in config.watchlists for watch in _watches(watchlist))


def config_watchlists(config: Config) -> list[ConfigWatchlist]:
    return [
        ConfigWatchlist(id=watchlist.id, name=watchlist.name or watchlist.id, watches=_watches(watchlist), terms=_terms(watchlist))
        for watchlist in config.watchlists
    ]


def config_channels(config: Config, *, telegram: bool) -> list[ConfigChannel]:
    """Every configured channel. Where there is neither a channel nor a bot, the console is told everything: nobody else would be."""
    channels = [_channel(section) for section in config.channels]
    if not channels and not telegram:
        channels.append(_console("console", tuple(watchlist.id for watchlist in config.watchlists)))
    return channels


def _channel(section: ChannelSection) -> ConfigChannel:
    if section.kind is ChannelKind.CONSOLE:
        return _console(section.name or "console", tuple(section.watchlists), _events(section))
    assert section.chat_id is not None, "config_checks lets no telegram channel through without a chat"
    key = channel_key(section.chat_id, section.thread_id)
    return ConfigChannel(
        key=key,
        kind=section.kind,
        chat_id=section.chat_id,
        thread_id=section.thread_id,
        title=section.name or key,
        watchlists=tuple(section.watchlists),
        events=_events(section),
    )


def _events(section: ChannelSection) -> frozenset[EventKind] | None:
    return None if section.events is None else frozenset(section.events)


def _console(name: str, watchlists: tuple[str, ...], events: frozenset[EventKind] | None = None) -> ConfigChannel:
    return ConfigChannel(
        key=f"console:{name}",
        kind=ChannelKind.CONSOLE,
        chat_id=None,
        thread_id=None,
        title=name,
        watchlists=watchlists,
        events=events,
    )


def watch_and_terms(one: WatchSection, watch_id: str) -> tuple[Watch, Terms]:
    """A watch as its table says it."""
    watch = Watch(
        id=watch_id,
        organisation=Organisation(name=one.name, aliases=tuple(one.aliases), identifiers=tuple(one.identifiers)) if one.name else None,
        role=one.role,
        partner=Organisation(name=one.partner) if one.partner else None,
        partner_role=one.partner_role,
        area=area_named(one.area) if one.area else "",
        direct=one.direct,
        without=tuple(one.without),
    )
    terms = Terms(
        kinds=frozenset(one.events) if one.events is not None else None,
        minimum=one.minimum,
        currency=one.currency,
        without_sum=one.name is not None if one.without_sum is None else one.without_sum,
        paused=one.paused,
    )
    return watch, terms


def _watches(watchlist: WatchlistSection) -> tuple[Watch, ...]:
    return tuple(watch_and_terms(one, f"{watchlist.id}/{_slug(one)}")[0] for one in watchlist.watches)


def _slug(one: WatchSection) -> str:
    return slug(" and ".join(filter(None, (one.name, one.partner))) or one.area or "every contract")


def _terms(watchlist: WatchlistSection) -> tuple[Terms, ...]:
    return tuple(watch_and_terms(one, "")[1] for one in watchlist.watches)
