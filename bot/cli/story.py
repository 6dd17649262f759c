"""``story``: which entries are one story and why, and an admin's word on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.common import DONE, clock, config_option, configured_store, counted, emit, json_option, show_table, store_failures
from bot.facade import STORY_RULES, THREAD_RULES
from storage.records import StoryRecord
from storage.store import Store, open_store

_NEWEST = 20
_ALERT = re.compile(r"alert:(?P<number>\d{1,18})")
_FOLLOWS = "Messages that were sent are edited within minutes while contractwatch run is running, or at the next run."


class _Story(click.ParamType[tuple[bool, int]]):
    """A story's number, or an alert's as ``alert:17``; the value is (is it an alert's, number)."""

    name = "story"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[bool, int]:
        alert = _ALERT.fullmatch(str(value))
        if alert:
            return True, int(alert["number"])
        if not re.fullmatch(r"\d{1,18}", str(value)):
            self.fail(f"{value!r} is no story: write its number, or alert:17 for the story that alert 17 tells", param, ctx)
        return False, int(value)


_STORY = _Story()


@click.group()
def story() -> None:
    """Show which entries were taken to tell one story, and say that they do or do not."""


@story.command()
@config_option
@json_option
@click.argument("which", metavar="[STORY|alert:ALERT]", type=_STORY, required=False)
def show(config_path: Path, which: tuple[bool, int] | None, *, as_json: bool) -> int:
    """Show the entries of a story, each with what agreed when it was joined. Without a number the newest stories are listed."""
    with _opened(config_path) as store:
        if which is None:
            _list(store, as_json=as_json)
        else:
            _print([store.story(_number(store, which))], as_json=as_json)
    return DONE


@story.command()
@config_option
@json_option
@click.argument("which", metavar="STORY|alert:ALERT", type=_STORY)
@click.argument("entries", metavar="ENTRY…", type=click.IntRange(min=1), nargs=-1, required=True)
def split(config_path: Path, which: tuple[bool, int], entries: tuple[int, ...], *, as_json: bool) -> int:
    """Make entries of a story a story of their own, which they stay.

    Messages that told them together are edited, and the new story is told to those it concerns. ``story join`` undoes it.
    """
    with _opened(config_path) as store:
        number = _number(store, which)
        parted = store.split_story(number, set(entries), rules=STORY_RULES, threads=THREAD_RULES, now=clock())
        _print([store.story(number), store.story(parted)], as_json=as_json)
    _remark(f"Story {parted} stands by itself now. {_FOLLOWS} Undo: contractwatch story join {number} {parted}")
    return DONE


@story.command()
@config_option
@json_option
@click.argument("which", metavar="STORY|alert:ALERT", type=_STORY)
@click.argument("other", metavar="STORY|alert:ALERT", type=_STORY)
def join(config_path: Path, which: tuple[bool, int], other: tuple[bool, int], *, as_json: bool) -> int:
    """Make two stories one, under the number of the older one.

    A chat that was told of both keeps the message of the older one, with all that is known; the other then says that it is told above.
    ``story split`` undoes it.
    """
    with _opened(config_path) as store:
        one, two = _number(store, which), _number(store, other)
        moved = [entry.entry_id for entry in store.story(max(one, two)).entries]
        kept = store.join_stories(one, two, rules=STORY_RULES, threads=THREAD_RULES, now=clock())
        _print([store.story(kept)], as_json=as_json)
    _remark(f"Story {max(one, two)} is story {kept} now. {_FOLLOWS} Undo: contractwatch story split {kept} {' '.join(map(str, moved))}")
    return DONE


@contextmanager
def _opened(config_path: Path) -> Iterator[Store]:
    config = configured_store(config_path)
    with store_failures(), open_store(config.store_url, create=False) as store:
        yield store


def _number(store: Store, which: tuple[bool, int]) -> int:
    is_alert, number = which
    return store.story_of_alert(number) if is_alert else number


def _list(store: Store, *, as_json: bool) -> None:
    newest = store.newest_stories(_NEWEST)
    if as_json:
        emit({"story": number, "last_at": at, "kind": event, "words": words} for number, at, event, words in newest)
    elif newest:
        show_table(["Story", "Last told", "Kind", "Words"], newest)
    else:
        click.echo("There is no story yet.")


def _print(stories: list[StoryRecord], *, as_json: bool) -> None:
    if as_json:
        emit(_record(one) for one in stories)
        return
    for one in stories:
        parties = [", ".join(names) for names in (one.suppliers, one.public_bodies) if names]
        click.echo(" · ".join([f"Story {one.id}", one.event, one.status, *parties, counted(len(one.entries), "entry", "entries")]))
        if one.joined_to is not None:
            click.echo(f"Joined by an admin to story {one.joined_to}, where its entries are.")
        if one.alerts:
            click.echo(f"Told as {', '.join(f'alert {number}' for number in one.alerts)}.")
        rows = [(entry.entry_id, entry.at, entry.feed, entry.title, _why(entry.reason, entry.came_from)) for entry in one.entries]
        if rows:
            show_table(["Entry", "Joined", "Feed", "Title", "Why"], rows)


def _why(reason: str, came_from: int | None) -> str:
    return f"with story {came_from}, by an admin ({reason})" if came_from is not None else reason


def _record(one: StoryRecord) -> dict[str, Any]:
    record = asdict(one)
    record["story"] = record.pop("id")
    record["kind"] = record.pop("event")
    record["entries"] = [{"entry": entry.pop("entry_id"), **entry} for entry in record["entries"]]
    return record


def _remark(text: str) -> None:
    click.echo(text, err=True)
