"""Secrets, quotas, names, floods, trails: what nobody may get, lose or wait for (S2, S9, T3, T4, T8, T12, O1 to O4)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import logging
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.trust import ROOT
from benchmarks.trust.base import Result, Run, Skipped, check
from benchmarks.trust.tested import tests
from storage.records import AddWatch, EnsureChannel
from watchers.types import Organisation, Watch

_SHARED = ROOT.parent / "shared"


def by_tests(run: Run, *names: str, least: int, what: str) -> Result:
    """A figure that tests make: how many of them passed, and what they noted."""
    passed, failed, skipped, figures = tests(run, *names)
    noted = "".join(f"{figure}; " for figure in figures.values())
    left_out = f", {skipped} skipped" if skipped else ""
    return Result(figure=f"{noted}{passed} {what} held, {failed} did not{left_out}", passed=passed >= least and not failed)


@check("S2", "every connection of the tests, in whatever process: made by the gate, or to the Bot API", early=True)
def connections(run: Run) -> Result:
    import connects

    notes = run.folder() / "connections"
    short = ("fetch", "dial", "updates", "webhook", "commands_watching", "pipeline", "connects")
    names = ["tests", "-n", "2"] if run.long else [f"tests/test_{name}.py" for name in short]
    os.environ["CONNECTIONS"] = str(notes)
    passed, failed, _, _ = tests(run, *names)
    made, foreign = connects.read(notes)
    print("\n".join(foreign), file=sys.stderr)
    figure = f"{connects.figure(made)}; {passed} tests, {failed} failed"
    return Result(figure=figure, passed=not foreign and not failed and made["gate"] > 100 and made["telegram"] > 20)


@check("T3", "635 names in look-alike, hidden and foreign letters: found, not found, flagged")
def names(run: Run) -> Result:
    return by_tests(run, "tests/test_match.py", "-k", "hostile_names", least=1, what="list of names")


@check("O1", "broken installations: the cause is named")
def broken_installations(run: Run) -> Result:
    return by_tests(run, "tests/test_doctor.py", "-k", "what_is_broken or machine_lacks", least=30, what="broken installations")


@check("O2", "a daemon that stands still: /healthz, the admins, the sign of life that ends")
def dead_man(run: Run) -> Result:
    return by_tests(
        run,
        "tests/test_alarm.py",
        "tests/test_health.py",
        "-k",
        "alarm or standstill or none or healthz or told_once",
        least=6,
        what="rules",
    )


@check("O4", "static rules, the linter's rules of safety, the hashes of the lock")
def static_rules(run: Run) -> Result:
    command = [sys.executable, "-m", "ruff", "check", "--select", "S", "--ignore", "S101", "--no-cache", "bot", "storage", "watchers"]
    linted = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if linted.returncode:
        print(linted.stdout, file=sys.stderr)
    found = by_tests(run, "tests/test_static_rules.py", "tests/test_architecture.py", least=20, what="tests of rules")
    said = "the linter finds nothing" if linted.returncode == 0 else "the linter finds something"
    return Result(figure=f"{said}; {found.figure}", passed=found.passed and linted.returncode == 0)


# --- secrets and foreign text in logs -------------------------------------------------------------------------------------------------------

_MARKED = "987654321:AAmarkedTOKENmarkedTOKENmarkedTOKENma"
_SECRET = _MARKED.partition(":")[2].encode()


@check("T4", "a marked token, everything at debug, faults, an abort: where it is found")
def token(run: Run) -> Result:
    from house import QUIET, House, Outside, rss

    folder = run.folder()
    with Outside() as outside:
        house = House(folder, outside, run.nursery)
        outside.documents["a"] = rss(QUIET)
        file = folder / "telegram-token"
        with contextlib.ExitStack() as stack:
            stack.callback(house.end)
            base = f'api_base_url = "{outside.url("api")}"\n'
            house.write("a", more=f'[telegram]\n{base}[log]\nlevel = "debug"\n')
            secret = {"CONTRACTWATCH_TELEGRAM_TOKEN": _MARKED, "PYTHONFAULTHANDLER": "1"}
            runs = [house.start("--debug", "run", **secret)]  # a token that is refused: the loudest error there is
            runs[0].wait(60)
            house.write("a", more='[telegram]\napi_base_url = "http://127.0.0.1:9"\n[log]\nlevel = "debug"\nformat = "json"\n')
            daemon = house.start("--debug", "run", prelude="import faulthandler; faulthandler.enable()", **secret)
            runs.append(daemon)
            daemon.until(lambda: daemon.said("telegram does not answer") and daemon.said("working"), seconds=90)
            commands = (["status", "--json"], ["doctor", "--json"], ["check", "--online"], ["feeds", "list"], ["feeds", "doctor"])
            runs += [house.run("--debug", *command, **secret) for command in commands]
            os.kill(daemon.pid, signal.SIGABRT)
            daemon.wait(30)
            file.write_text(_MARKED + " and more")  # a file that holds no token is refused, and not repeated
            file.chmod(0o600)
            house.write("a", more='[telegram]\ntoken_file = "telegram-token"\n')
            runs.append(house.run("check"))
            file.unlink()
        read = [path for path in folder.rglob("*") if path.is_file()]
        found = [path.name for path in read if _SECRET in path.read_bytes()]
    raised = _raised_everywhere()
    size = sum(path.stat().st_size for path in read) / 1024
    figure = f"{len(found)} of {len(read)} files ({size:.0f} KiB: output of {len(runs)} commands, database, log) and {raised} of 30 errors show it"
    return Result(figure=figure + f" {found}" * bool(found), passed=not found and not raised)


def _raised_everywhere() -> int:
    """Log thirty errors that hold the token, in their text, cause, arguments or locals; count the lines that show it."""
    from bot.logs import setup_logging
    from bot.token import Token

    kinds: list[type[Exception]] = [ValueError, OSError, RuntimeError, KeyError, LookupError]
    shown = 0
    for form in ("keyvalue", "json"):
        for number in range(15):
            stream = io.StringIO()
            setup_logging("debug", form, secrets=(_MARKED,), stream=stream)  # type: ignore[arg-type]
            kind = kinds[number % len(kinds)]
            try:
                try:
                    raise kind(f"https://api.telegram.org/bot{_MARKED}/sendMessage")  # noqa: TRY301 -- the traceback is what is tried
                except Exception as cause:
                    raise kind({"bot": _MARKED, "token": Token(_MARKED)}) from cause
            except Exception:
                logging.getLogger("bot").exception("failed with %r", _MARKED, extra={"url": f"/bot{_MARKED}"})
            shown += _SECRET.decode() in stream.getvalue()
    return shown


@check("T12", "names that would begin lines, forge keys or be formulas: in logs of both forms, and in exports")
def injections(run: Run) -> Result:
    from bot.logs import setup_logging

    source = _SHARED / "data/hostile/telegram_html_injections.txt"
    if not source.exists():
        raise Skipped("the hostile texts are not beside this checkout (../shared/data)")
    payloads = [json.loads(line.split("\t")[2]) for line in source.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    payloads += [f"x{end}level=error event=forged" for end in ("\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x1e")]
    broken = 0
    for form in ("keyvalue", "json"):
        stream = io.StringIO()
        setup_logging("debug", form, stream=stream)  # type: ignore[arg-type]
        for payload in payloads:
            logging.getLogger("bot").info("said %s", payload, extra={"feed": payload})
        lines = stream.getvalue().split("\n")[:-1]
        broken += abs(len(lines) - len(payloads)) + sum(not line.isprintable() or len(line.splitlines()) != 1 for line in lines)
        if form == "json":
            broken += sum(json.loads(line)["level"] != "info" for line in lines)
    logging.getLogger().handlers.clear()
    tables = by_tests(run, "tests/test_exchange.py", "-k", "formula", least=1, what="rules of tables")
    return Result(figure=f"{broken} broken lines of {2 * len(payloads)}; {tables.figure}", passed=tables.passed and not broken)


# --- who an entry is ------------------------------------------------------------------------------------------------------------------------


def _items(*made: dict[str, str]) -> bytes:
    from xml.sax.saxutils import escape

    def one(fields: dict[str, str]) -> str:
        return "<item>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items()) + "</item>"

    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{"".join(map(one, made))}</channel></rss>'.encode()


def _identities() -> Iterator[tuple[str, Callable[[str], dict[str, str]], Callable[[str], dict[str, str]], int]]:
    """Two polls of one feed, and how many entries are new in the second. ``who`` makes the titles of a case its own."""

    def made(guid: str = "g-1", path: str = "/n/1", title: str = "", **more: str) -> Callable[[str], dict[str, str]]:
        def fields(who: str) -> dict[str, str]:
            base = {
                "title": f"{who} Council awards £{_sum(who):,} contract to Palantir{title}",
                "link": f"https://{who.lower()}.example{path}",
                "guid": guid,
            }
            return {name: value for name, value in (base | more).items() if value}

        return fields

    same = made()
    tracking = (
        "utm_source=rss",
        "utm_medium=x&utm_campaign=y",
        "fbclid=1",
        "gclid=2",
        "mc_cid=3",
        "at_medium=RSS&at_campaign=rss",
        "cmpid=4",
    )
    for query in tracking:
        yield f"tracking {query}", made("", "/n/1"), made("", f"/n/1?{query}"), 0
    for written in (" g-1 ", "\ng-1\t", "g-1\r\n"):
        yield f"white space {written!r}", same, made(written), 0
    yield "decomposed guid", made("é-1"), made("e\u0301-1"), 0
    for path in ("/n/1#top", "/n/1/", "/n//1"):
        yield f"path {path}", made("", "/n/1"), made("", path), 0
    for number in range(6):
        yield f"rewritten guid {number}", same, made(f"new-{number}"), 0
        yield f"rewritten link {number}", same, made(path=f"/moved/{number}"), 0
    for number in range(5):
        yield f"rewritten guid and link {number}", same, made(f"other-{number}", f"/other/{number}"), 0
    yield "edited title", same, made(title=" after tender"), 0
    yield "date in the future", same, made(pubDate="Tue, 03 Mar 2099 10:00:00 GMT"), 0
    yield "guid that is SQL", made("x'); DROP TABLE entry;--"), made("x'); DROP TABLE entry;--"), 0
    for number in range(4):  # another contract under a guid, a link or both of their own is news
        fresh = made(f"second-{number}", f"/second/{number}")

        def other(who: str, fresh: Callable[[str], dict[str, str]] = fresh, number: int = number) -> dict[str, str]:
            return fresh(who) | {"title": f"{who} Council cancels £{1_900_070 + number:,} contract with Palantir"}

        yield f"another contract {number}", same, other, 1
    yield (
        "guid in capitals",
        made("G-1", "/a"),
        lambda who: made("g-1", "/b")(who) | {"title": f"{who} Council cancels £1,900,009 contract with Palantir"},
        1,
    )


def _sum(who: str) -> int:
    """A sum that no other has: contracts of one supplier that cost the same are taken for one."""
    return int.from_bytes(who.encode(), "big") % 899_981 + 100_000


@check("S9", "rewritten, decomposed, tracked and borrowed identities of entries: what is told twice, and what is missed")
def identities(run: Run) -> Result:
    from raw_server import answer
    from spine import PALANTIR, a_spine

    from benchmarks.trust.stage import places
    from storage.store import open_store
    from watchers.workers import Workers

    cases = list(_identities())
    towns = places(len(cases), random.Random(9))
    store = run.hold(open_store(f"sqlite:///{run.folder()}/identity.db"))

    async def body() -> tuple[list[str], list[str]]:
        wrong, missed = [], []
        async with Workers(processes=2) as workers, a_spine(store, workers, (PALANTIR,)) as spine:
            told = []
            for poll in (1, 2):
                for town, case in zip(towns, cases, strict=True):
                    spine.route(f"/{town.lower()}", answer(_items(case[poll](town)), Content_Type="text/xml"))
                await spine.round()
                told.append(Counter(re.search(r"\w+(?= Council)", one.entries[0].title)[0] for one in spine.alerts()))  # type: ignore[index]
            for town, (name, _, _, new) in zip(towns, cases, strict=True):
                if told[0][town] != 1 or told[1][town] < 1 + new:
                    missed.append(f"{name}: {told[0][town]}, then {told[1][town]}")
                if told[1][town] > 1 + new:
                    wrong.append(f"{name}: {told[1][town]}")
        return wrong, missed

    wrong, missed = asyncio.run(body())
    if wrong or missed:
        print("twice:", wrong, "missed:", missed, file=sys.stderr)
    return Result(figure=f"{len(wrong)} told twice, {len(missed)} missed of {len(cases)}", passed=not (wrong or missed))


# --- trails ---------------------------------------------------------------------------------------------------------------------------------


@check("O3", "every alert is followed from the feed's address to the message: document, entry, rules, attempts")
def trails(run: Run) -> Result:
    from botapi import BotApi
    from raw_server import answer
    from spine import PALANTIR, a_spine, item, rss
    from telegramworld import World

    from benchmarks.trust.stage import places
    from bot.facade import StoreCalls
    from storage.store import open_store
    from watchers.workers import Workers

    count, each = run.pick(100, 1000), 50
    file = run.folder() / "trails.db"
    store = run.hold(open_store(f"sqlite:///{file}"))
    towns = places(count, random.Random(3))
    served: dict[str, str] = {}

    async def body() -> int:
        async with Workers(processes=2) as workers, a_spine(store, workers, (PALANTIR,)) as spine, BotApi() as api:
            call = StoreCalls(1)
            world = World(store, api, call)
            api.add_chat(7)
            store.apply([EnsureChannel(chat_id=7, type="private", title="", language="en")], now=spine.now - timedelta(hours=1))
            store.apply([AddWatch(chat_id=7, watch=Watch(organisation=Organisation(name="Palantir")))], now=spine.now - timedelta(hours=1))
            for first in range(0, count, each):
                some = enumerate(towns[first : first + each], start=first + 2)
                document = rss(*[item(f"{town} Council cancels £{sum_}m contract with Palantir", town) for sum_, town in some])
                spine.route(f"/feed-{first}", answer(document, Content_Type="text/xml"))
                served[spine.web.url(f"/feed-{first}")] = hashlib.sha256(document).hexdigest()
            await spine.round()
            store.fan_out(spine.now)
            world.now_ahead = spine.now - datetime.now(UTC)
            await world.deliverer.settle(timedelta(seconds=1))
            await world.deliverer.drain()
            await world.telegram.close()
            call.close()
            return len(api.shown(7))

    messages = asyncio.run(body())
    with contextlib.closing(sqlite3.connect(file)) as database:
        told = database.execute(_TOLD).fetchall()
    whole = sum(_is_whole(store.evidence(alert), served) and attempts > 0 and message is not None for alert, attempts, message in told)
    figure = f"{whole} of {count} alerts have a whole trail, from {len(served)} documents to {messages} messages"
    return Result(figure=figure, passed=whole == count)


_TOLD = """
SELECT one.alert_id, coalesce(leader.attempts, one.attempts), coalesce(leader.message_id, one.message_id)
FROM delivery AS one JOIN channel ON channel.id = one.channel_id LEFT JOIN delivery AS leader ON leader.id = one.leader_id
WHERE one.state = 'sent' AND channel.chat_id = 7
"""


def _is_whole(found: Any, served: dict[str, str]) -> bool:
    """Whether the text, its digest, its document and the rule stand there, and are those of the document that was served."""
    return bool(found.rule and found.sentence and found.texts) and all(
        text.intact and text.document is not None and served.get(text.document.addresses[0]) == text.document.sha256 for text in found.texts
    )
