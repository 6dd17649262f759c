"""``feeds add``, ``import`` and ``export``: feeds put into the configuration, where all of them live, and handed on as OPML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from bot.cli.common import DONE, FAILED, Failed, config_option, configured_store, counted, emit, json_option, notices, shown, span
from bot.cli.writing import file_argument, print_option, put, read_given
from bot.config import Config
from bot.config_sections import FeedSection
from bot.config_tables import free_id, read_feed, table
from bot.feed_addresses import is_template, refused_address
from bot.opml import MOST_BYTES, OpmlError, Outline, read_opml, write_opml
from watchers.addresses import Gate
from watchers.types import FeedKind

_READABLE = (FeedKind.NEWS, FeedKind.MODERNGOV)  # by any feed reader
_LONGEST_ID = 40
_SHOWN = 200  # letters of an address


@dataclass(frozen=True, slots=True)
class Offered:
    """A feed that is to be put into the configuration, or why it is not (``polled``: because it is there); ``line`` of its file."""

    line: int
    url: str
    section: FeedSection | None
    problem: str = ""
    polled: bool = False


@click.command("add")
@config_option
@json_option
@print_option
@click.option("--id", "feed_id", help="Its short name, for ever; made of the address when left out.")
@click.option("--name", help="What people are shown; the id when left out.")
@click.option("--kind", type=click.Choice([kind.value for kind in FeedKind]), default=FeedKind.NEWS.value, help="News by default.")
@click.option("--every", help='Least pause between two polls, such as "30m".')
@click.argument("url")
def add_feed(config_path: Path, url: str, *, as_json: bool, only_print: bool, **given: str | None) -> int:
    """Put a feed into the configuration, behind what stands there. ``feeds test`` shows before what it would bring."""
    config = configured_store(config_path)
    keys = {"id": given["feed_id"], "kind": given["kind"], "every": given["every"]}
    asked = Outline(0, url, given["name"] or "", {key: value for key, value in keys.items() if value})
    offered = _checked(config, [asked])
    return _take(config, offered, as_json=as_json, only_print=only_print)


@click.command("import")
@config_option
@json_option
@print_option
@file_argument
def import_feeds(config_path: Path, file: Path, *, as_json: bool, only_print: bool) -> int:
    """Put the feeds of an OPML list into the configuration; ``-`` reads standard input. No address is asked.

    What is polled already is left out. What cannot be a feed is named with its line; the exit code is 1 then, and the rest is put there.
    """
    config = configured_store(config_path)
    try:
        outlines = read_opml(read_given(file, MOST_BYTES))
    except OpmlError as error:
        raise Failed(f"{file}: {error}") from error
    return _take(config, _checked(config, outlines), as_json=as_json, only_print=only_print)


@click.command("export")
@config_option
@json_option
def export_feeds(config_path: Path, *, as_json: bool) -> int:
    """Print the feeds of the configuration as OPML, for feed readers and for ``feeds import``.

    Registers, Parliament and addresses with a placeholder are no feeds that a reader reads: they are left out, and named.
    """
    config = configured_store(config_path)
    if as_json:
        emit(_keys(feed) | {"url": feed.address} for feed in config.feeds)
        return DONE
    readable = [feed for feed in config.feeds if feed.kind in _READABLE and not is_template(feed.address)]
    click.echo(write_opml((feed, span(feed.every) if feed.every else "") for feed in readable), nl=False)
    if left := [feed.id for feed in config.feeds if feed not in readable]:
        notices().print(f"Left out, for no feed reader reads them: {', '.join(left)}")
    return DONE


def _checked(config: Config, outlines: Iterable[Outline]) -> list[Offered]:
    """Each feed as the configuration would have it, or what is wrong with it."""
    gate = Gate(config.fetch.allow_networks)
    used, polled = {feed.id for feed in config.feeds}, {feed.address: feed.id for feed in config.feeds}
    offered = []
    for one in outlines:
        if one.url in polled:
            offered.append(Offered(one.line, one.url, None, f"is polled already, as {polled[one.url]}", polled=True))
            continue
        given: dict[str, Any] = {"url": one.url, "name": one.name or None, "kind": FeedKind.NEWS.value, **one.keys}
        if "id" not in one.keys or one.line:  # an id that a person chose is theirs to change
            given["id"] = free_id(one.keys.get("id") or _id(one), used)
        section, problem = read_feed(given)
        problem = problem or (f'id: "{given["id"]}" is taken' if given["id"] in used else refused_address(one.url, gate) or "")
        offered.append(Offered(one.line, one.url, None if problem else section, problem))
        if not problem:
            used.add(given["id"])
            polled[one.url] = given["id"]
    return offered


def _id(one: Outline) -> str:
    """A short name made of what the feed is called, else of its address."""
    address = urlsplit(one.url) if one.url.isprintable() and "[" not in one.url else urlsplit("")
    for said in (one.name, f"{address.netloc.rpartition('@')[2].removeprefix('www.')} {address.path}"):
        made = re.sub(r"[^a-z0-9]+", "-", said.casefold())[:_LONGEST_ID].strip("-")
        if made:
            return made
    return "feed"


def _take(config: Config, offered: Sequence[Offered], *, as_json: bool, only_print: bool) -> int:
    """Put what is right into the configuration, and say of the rest why not."""
    sections = [one.section for one in offered if one.section is not None]
    wrong = [one for one in offered if one.section is None]
    put(config, "\n".join(table("feeds", _keys(section)) for section in sections), only_print=only_print, as_json=as_json)
    if as_json:
        emit(_record(one) for one in offered)
    for one in wrong:
        line = f"line {one.line}: " if one.line else ""
        notices().print(shown(f"{line}{_without_password(one.url)[:_SHOWN]} {one.problem}"))
    if not only_print:
        notices().print(f"{counted(len(sections), 'feed')} added to {config.path}. A daemon that runs reads it when it is restarted.")
    return FAILED if any(not one.polled for one in wrong) else DONE


def _without_password(url: str) -> str:
    return url if "@" not in url else f"…@{url.rpartition('@')[2]}"


def _keys(feed: FeedSection) -> dict[str, Any]:
    """What is said of a feed in the configuration; what is as it is without is left out."""
    said = feed.model_dump(exclude_defaults=True)
    return {key: span(value) if key in ("every", "max_age") else str(value) if key == "kind" else value for key, value in said.items()}


def _record(one: Offered) -> dict[str, Any]:
    added = {"id": one.section.id, "kind": one.section.kind.value, "name": one.section.name} if one.section else {}
    return {"url": one.url, "line": one.line or None, "added": one.section is not None, **added, "problem": one.problem or None}
