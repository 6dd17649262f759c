"""Inputs that nobody thought of, for a minute or an hour: the parse stage, messages, commands, addresses (S7)."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from benchmarks.trust.base import Result, Run, check
from benchmarks.trust.hostile import hostile_feeds
from benchmarks.trust.targets import FEED, NOW, FeedRejected, response
from watchers.addresses import AddressError, Gate, join, parse_address
from watchers.workers import Workers

_HANG = 3.0  # seconds; the parse stage has its own limit, which is as long
_PIECES = (
    *"<>&\"'/\\:@.#?%[]{}()-_=+*~`|;,!$ \t\n\r\0",
    *("</b>", "<a href=", "&amp;", "&#0;", "http://", "https://", "127.0.0.1", "[::1]", "0x7f.1", "2130706433", "localhost", ".."),
    *(
        "/watch ",
        "/start ",
        "@admin",
        "tg://",
        "\u202e",
        "\u2066",
        "\u200d",
        "\ufeff",
        "\ud800",
        "\U000e0001",
        "é",
        "e\u0301",
        "ﬁ",
        "😀",
        "٣",
        "①",
    ),
    *("Palantir", "as supplier", "£3m", "xn--", "%00", "%2e", "\uff0e", "\u3002", ":80", ":0", ":65536", "user:pw@", "9" * 40, "a" * 300),
)
_ADDRESSES = ("https://example.org/feed?a=1#b", "http://93.184.216.34:8080/", "https://[2606:4700:4700::1111]/x", "http://bücher.example/")


def _mixed(dice: random.Random, seeds: Sequence[str] = ("",)) -> str:
    """One of the seeds with pieces put in, taken out and doubled."""
    letters = list(dice.choice(seeds))
    for _ in range(dice.choice((1, 2, 4, 8, 30))):
        place = dice.randrange(len(letters) + 1)
        kind = dice.randrange(4)
        if kind == 0 and letters:
            del letters[place : place + dice.randrange(1, 5)]
        elif kind == 1:
            letters[place:place] = letters[: dice.randrange(9)]
        else:
            letters[place:place] = dice.choice(
                (dice.choice(_PIECES), chr(dice.choice((dice.randrange(128), dice.randrange(0x3000), dice.randrange(0xD7FF)))))
            )
    return "".join(letters)


def _address(dice: random.Random) -> None:
    """What is accepted is read the same again and by the standard library, and never leads where the gate does not."""
    text = _mixed(dice, _ADDRESSES)
    try:
        address = parse_address(text) if dice.random() < 0.7 else join(parse_address(_ADDRESSES[0]), text)
        Gate().admit(address)
    except AddressError:
        return
    assert parse_address(address.url) == address
    assert urlsplit(address.url).hostname == address.host


def _command(dice: random.Random) -> None:
    """Any message is read as something or as nothing."""
    from telegram import Update

    from bot.commands.asked import read
    from bot.commands.wishes import read_wishes

    text = _mixed(dice, ("/watch Palantir as supplier", "Palantir\nMet Police", "/start w1", "/latest@watch_bot 3", "/unwatch 2"))
    chat = {"id": dice.choice((7, -100)), "type": dice.choice(("private", "group", "supergroup", "channel")), "title": _mixed(dice)}
    message = {
        "message_id": 1,
        "date": 1_772_000_000,
        "chat": chat,
        "text": text,
        "from": {"id": 7, "is_bot": False, "first_name": _mixed(dice)},
    }
    kind = dice.choice(("message", "channel_post", "callback_query"))
    if kind == "callback_query":
        message = {"id": "1", "from": message["from"], "chat_instance": "1", "data": text, "message": message}
    read(Update.de_json(json.loads(json.dumps({"update_id": 1, kind: message})), None), username="watch_bot")
    read_wishes(text)


def _message(dice: random.Random) -> None:
    """Whatever a feed writes, Telegram's server takes the message, and nothing foreign in it is markup or can be clicked."""
    from dataclasses import replace

    from alertviews import alert_view, report
    from botapi import parse_html

    from bot.markup import tagless
    from bot.render import render_alert
    from bot.speech import ENGLISH

    texts = [_mixed(dice, ("Council awards contract to Palantir", "<b>bold</b> & <i>more", "https://example.org/a")) for _ in range(4)]
    entries = (replace(report(), title=texts[0], feed_name=texts[1], url=texts[3]),)
    markup = render_alert(alert_view(sentence=texts[2], suppliers=(texts[0],), entries=entries), ENGLISH).html
    text, entities = parse_html(markup)
    assert text == tagless(markup)
    assert {entity["type"] for entity in entities} <= {"bold", "blockquote", "text_link"}


async def _documents(seconds: float, seed: int, found: Counter[str]) -> int:
    """Mutated feeds through the parse stage."""
    hostile, dice, tried = hostile_feeds(), random.Random(seed), 0
    ends = time.monotonic() + seconds

    async def some(workers: Workers) -> None:
        nonlocal tried
        while time.monotonic() < ends:
            body = hostile.mutate(dice, hostile.mutate(dice, dice.choice(hostile.good_feeds(dice))))
            try:
                await workers.parse(FEED, response(body, "application/rss+xml"), NOW)
            except FeedRejected as refused:
                if "was stopped" in str(refused):
                    found[f"parse stage: {refused}"] += 1
            except Exception as error:  # noqa: BLE001 -- that none comes out is what is tried
                found[f"parse stage: {type(error).__name__}"] += 1
            tried += 1

    async with Workers(processes=2) as workers:
        await asyncio.gather(some(workers), some(workers))
    return tried


def _tried(target: Callable[[random.Random], None], seconds: float, seed: int, found: Counter[str]) -> int:
    target(random.Random(seed))  # with all its imports
    ends, tried = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        dice, tried = random.Random(f"{seed}-{tried}"), tried + 1
        began = time.process_time()
        try:
            target(dice)
        except Exception as error:  # noqa: BLE001 -- that none comes out is what is tried
            found[f"{target.__name__} {seed}-{tried - 1}: {type(error).__name__}: {error}"] += 1
        if time.process_time() - began > _HANG:
            found[f"{target.__name__} {seed}-{tried - 1}: slow"] += 1
    return tried


@check("S7", "mutated documents, messages, commands and addresses: exceptions, and what takes longer than it may", early=True)
def fuzz(run: Run) -> Result:
    seconds, seed = run.pick(8.0, 900.0), run.pick(7, time.time_ns())  # for each of the four
    found: Counter[str] = Counter()
    tried = {"documents": asyncio.run(_documents(seconds, seed, found))}
    for name, target in {"messages": _message, "commands": _command, "addresses": _address}.items():
        tried[name] = _tried(target, seconds, seed, found)
    for what, count in found.most_common(20):
        print(f"{count} times {what}", file=sys.stderr)
    counts = ", ".join(f"{count} {name}" for name, count in tried.items())
    return Result(
        figure=f"{sum(found.values())} failures in {counts} (seed {seed})",
        passed=not found and all(tried.values()) and tried["documents"] >= run.pick(100, 10_000),
    )
