"""What several parts of a configuration say about each other.

``cross_check`` works on the raw data, so that a duplicate id is told together with the wrong type three lines above it: it therefore takes
nothing for granted. ``warn`` works on a valid file and tells what is unwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.config_mistakes import did_you_mean
from bot.config_sections import TELEGRAM, on_loopback
from bot.feed_addresses import FEED_ADDRESSES, is_template, refused_address
from watchers.addresses import AddressError, Gate, parse_address
from watchers.types import FeedKind

if TYPE_CHECKING:
    from collections.abc import Hashable

    from bot.config_mistakes import Mistakes
    from bot.config_sections import ConfigFile

_EXAMPLE_CONTACT = "https://example.org/about-our-bot"
_POLITE = timedelta(minutes=5)
_WEBHOOK_PORTS = frozenset({443, 80, 88, 8443})  # a Bot API server of one's own takes any, and plain HTTP


def cross_check(data: Mapping[str, Any], mistakes: Mistakes) -> None:
    """Add what is wrong between parts: duplicates, names that stand for nothing, keys that do not go together."""
    _unique_ids(data, "feeds", mistakes)
    _unique_ids(data, "watchlists", mistakes)
    _check_webhook(data.get("telegram"), mistakes)
    gate = _gate(data)
    for index, feed in _tables(data, "feeds"):
        _check_feed(index, feed, mistakes)
        url = feed.get("url")
        if gate and isinstance(url, str) and (refused := refused_address(url, gate)):
            mistakes.add(("feeds", index, "url"), refused)
    for index, watchlist in _tables(data, "watchlists"):
        _check_watchlist(index, watchlist, mistakes)
    _check_channels(data, mistakes)


def warn(file: ConfigFile, warnings: Mistakes) -> None:
    """Add what is allowed and unwise."""
    if file.fetch.contact == _EXAMPLE_CONTACT:
        warnings.add(("fetch", "contact"), "is still the example's: write an address where those whose servers you ask can reach you")
    webhook = file.telegram.webhook
    if webhook is not None and not on_loopback(webhook.listen):
        message = "is not a loopback address: what comes there is not encrypted, so let nobody but your proxy reach it"
        warnings.add(("telegram", "webhook", "listen"), message)
    _warn_feeds(file, warnings)
    told = {watchlist for channel in file.channels for watchlist in channel.watchlists}
    for index, watchlist in enumerate(file.watchlists):
        if not watchlist.watches:
            warnings.add(("watchlists", index, "watches"), "is empty")
        if file.channels and watchlist.id not in told:
            warnings.add(("watchlists", index), "no channel is told about it; people may still follow it in Telegram")
    for index, channel in enumerate(file.channels):
        if not channel.watchlists:
            warnings.add(("channels", index, "watchlists"), "is empty, so this channel is told nothing")


def _check_webhook(telegram: Any, mistakes: Mistakes) -> None:
    """Telegram's own server brings updates to few addresses only."""
    webhook = telegram.get("webhook") if isinstance(telegram, dict) else None
    url = webhook.get("url") if isinstance(webhook, dict) else None
    if not isinstance(url, str) or telegram.get("api_base_url", TELEGRAM) != TELEGRAM:
        return
    try:
        address = parse_address(url)
    except AddressError:
        return  # told already
    if address.scheme != "https" or address.port not in _WEBHOOK_PORTS:
        mistakes.add(("telegram", "webhook", "url"), f'"{url}" is nothing Telegram asks: it takes https on port 443, 80, 88 or 8443')


def _gate(data: Mapping[str, Any]) -> Gate | None:
    """The fetcher's judge of addresses, with the file's own networks; None when these are wrong themselves."""
    fetch = data.get("fetch")
    networks = fetch.get("allow_networks", []) if isinstance(fetch, dict) else []
    if not isinstance(networks, list) or not all(isinstance(network, str) for network in networks):
        return None
    try:
        return Gate(networks)
    except AddressError:
        return None


def _warn_feeds(file: ConfigFile, warnings: Mistakes) -> None:
    if not any(feed.enabled for feed in file.feeds):
        warnings.add(("feeds",), "there is no feed, so nothing is ever polled")
    seen: dict[str, str] = {}
    for index, feed in enumerate(file.feeds):
        if not feed.enabled:
            continue
        if feed.every is not None and feed.every < _POLITE:
            warnings.add(("feeds", index, "every"), 'is below "5m": do this only to servers of your own')
        if feed.address in seen:
            warnings.add(("feeds", index, "url"), f'is polled twice: "{seen[feed.address]}" has the same address')
        seen.setdefault(feed.address, feed.id)


def _check_feed(index: int, feed: Mapping[str, Any], mistakes: Mistakes) -> None:
    kind, url = feed.get("kind"), feed.get("url")
    if kind in {member.value for member in FeedKind} and url is None and kind not in FEED_ADDRESSES:
        mistakes.add(("feeds", index, "url"), f'is missing: a feed of kind "{kind}" has no address of its own')
    if kind in FEED_ADDRESSES and isinstance(url, str) and is_template(url):
        mistakes.add(("feeds", index, "url"), f'a feed of kind "{kind}" is read whole: it takes no placeholder')


def _check_watchlist(index: int, watchlist: Mapping[str, Any], mistakes: Mistakes) -> None:
    seen: set[str] = set()
    for number, watch in _tables(watchlist, "watches"):
        name = watch.get("name")
        if name is None and watch.get("partner") is not None:
            mistakes.add(("watchlists", index, "watches", number, "partner"), 'stands alone: a pair has a "name" as well')
        if not isinstance(name, str) or watch.keys() & {"partner", "area"}:
            continue
        key = " ".join(name.casefold().split())
        if key in seen:
            hint = 'one watch is enough; for both roles leave "role" out'
            mistakes.add(("watchlists", index, "watches", number, "name"), f'"{name}" stands in this watchlist twice: {hint}')
        seen.add(key)


def _check_channels(data: Mapping[str, Any], mistakes: Mistakes) -> None:
    watchlists = [watchlist["id"] for _, watchlist in _tables(data, "watchlists") if isinstance(watchlist.get("id"), str)]
    seen: set[Hashable] = set()
    for index, channel in _tables(data, "channels"):
        place = ("channels", index)
        _check_place(channel, place, seen, mistakes)
        wanted = channel.get("watchlists")
        for number, watchlist in enumerate(wanted if isinstance(wanted, list) else ()):
            if isinstance(watchlist, str) and watchlist not in watchlists:
                hint = did_you_mean(watchlist, watchlists) if watchlists else "; the file has none"
                mistakes.add((*place, "watchlists", number), f'there is no watchlist "{watchlist}"{hint}')


def _check_place(channel: Mapping[str, Any], place: tuple[str, int], seen: set[Hashable], mistakes: Mistakes) -> None:
    """A console is told apart by its name, a Telegram chat by its number."""
    chat, thread = channel.get("chat_id"), channel.get("thread_id")
    if channel.get("kind") == "telegram":
        if chat is None:
            mistakes.add((*place, "chat_id"), "is missing: a telegram channel needs the number of its chat, such as -1001234567890")
            return
        if chat == 0:
            mistakes.add((*place, "chat_id"), "0 is no chat")
        if isinstance(thread, int) and thread < 1:
            mistakes.add((*place, "thread_id"), f"{thread} is no topic: topics count from 1")
        key: Hashable = ("telegram", str(chat), str(thread))
        twice = f"chat {chat} is told twice: put its watchlists into one channel"
    elif channel.get("kind") == "console":
        for wrong in {"chat_id", "thread_id"} & channel.keys():
            mistakes.add((*place, wrong), "a console channel has none")
        key = ("console", str(channel.get("name", "console")))
        twice = "a second console channel needs a name of its own"
    else:
        return
    if key in seen:
        mistakes.add(place, twice)
    seen.add(key)


def _unique_ids(data: Mapping[str, Any], section: str, mistakes: Mistakes) -> None:
    seen: dict[str, int] = {}
    for index, table in _tables(data, section):
        value = table.get("id")
        if not isinstance(value, str):
            continue
        if value in seen:
            mistakes.add((section, index, "id"), f'"{value}" is already the id of number {seen[value] + 1} in this list')
        seen.setdefault(value, index)


def _tables(data: Mapping[str, Any], section: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The tables of a list, passing over whatever is none."""
    items = data.get(section)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield index, item
