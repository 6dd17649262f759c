"""What is said in chats, who may ask for it, and what is left of those who go (T1, T2, T5, T6, T9, T10, T11)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections import Counter
from datetime import UTC, datetime

from benchmarks.trust import ROOT
from benchmarks.trust.base import Result, Run, Skipped, check
from benchmarks.trust.safety import by_tests
from storage.store import open_store

_LISTED = ROOT.parent / "shared/data/hostile/telegram_html_injections.txt"
_NAMES = ("refused", "injected", "changed", "too long", "button")


def _payloads() -> list[str]:
    if not _LISTED.exists():
        raise Skipped("the hostile texts are not beside this checkout (../shared/data)")
    return [json.loads(line.split("\t")[2]) for line in _LISTED.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def _counted(found: list[tuple[str, str, str]]) -> str:
    """The faults by their names, each of which is there; every one of them is shown to whoever runs this."""
    for what, text, fault in found[:20]:
        print(f"{what}: {fault}: {text[:80]!r}", file=sys.stderr)
    counts = Counter(next(name for name in _NAMES if fault.startswith(name)) for _, _, fault in found)
    return ", ".join(f"{name} {counts[name]}" for name in _NAMES)


@check("T1", "hostile texts in every kind of message there is, every command and every button, judged by the parser of Telegram's server")
def hostile_texts(run: Run) -> Result:
    from wording import KINDS, Bot, faults, notice_of, shows, view_of

    from bot.commands import BUTTONS
    from bot.locale import LANGUAGES
    from bot.speech import Speech

    texts = _payloads()
    found: list[tuple[str, str, str]] = []
    made = unread = 0
    for number, text in enumerate(texts):
        language = Speech(list(LANGUAGES)[number % len(LANGUAGES)])
        for kind, render in KINDS.items():
            said = render(view_of(text, notice=notice_of(text) if number % 2 else None), language)
            made += 1
            unread += kind != "alert told above" and not shows(said, text)
            found += [(kind, text, fault) for fault in faults(said)]
    every = texts[:: run.pick(60, 1)]
    spoken, missing = 0, set(BUTTONS)
    for number, text in enumerate(every):
        with open_store(f"sqlite:///{run.folder()}/wording.db") as store:
            bot = Bot(store, text.encode("utf-8", "replace").decode(), list(LANGUAGES)[number % len(LANGUAGES)])
            asyncio.run(bot.live())
        spoken, missing = spoken + len(bot.said), missing - bot.pressed
        found += [(said.what, text, fault) for said in bot.said for fault in faults(said)]
        run.say(f"{number + 1} of {len(every)}")
    if missing:
        print(f"shown nowhere, so not tried: buttons {sorted(missing)}", file=sys.stderr)
    figure = (
        f"{len(texts)} texts in {len(KINDS)} kinds of alerts ({made} messages), {len(every)} of them through all commands and buttons ({spoken}): "
        f"{_counted(found)}, letters lost {unread}"
    )
    return Result(figure=figure, passed=not found and not unread and not missing and len(texts) > 100)


@check("T2", "any letters there are as titles, links and names: the same judge")
def any_letters(run: Run) -> Result:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
    from test_render import views
    from wording import KINDS, faults

    from bot.locale import LANGUAGES
    from bot.speech import Speech

    examples = run.pick(1_500, 100_000)
    found: list[tuple[str, str, str]] = []

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(views, st.sampled_from(list(KINDS)), st.sampled_from(list(LANGUAGES)))
    def judged(view: object, kind: str, language: str) -> None:
        said = KINDS[kind](view, Speech(language))  # type: ignore[arg-type]
        if wrong := faults(said):
            found.extend((kind, said.markup, fault) for fault in wrong)
            raise AssertionError(wrong)

    with contextlib.suppress(AssertionError):
        judged()
    return Result(figure=f"{examples} examples in {len(KINDS)} kinds of messages: {_counted(found)}", passed=not found)


@check("T5", "who may do what: roles × kinds of chats × commands × ways in which they can come")
def permissions(run: Run) -> Result:
    return by_tests(run, "tests/test_permissions.py", "-k", "matrix", least=1, what="matrix")


@check("T6", "button data and start payloads that are forged, altered, replayed, expired, or another chat's")
def made_up(run: Run) -> Result:
    return by_tests(run, "tests/test_permissions.py", "-k", "made_up or once_and_within", least=2, what="rules")


@check("T9", "what is found of a person after /forget, in the database, its log and free pages, and in later backups")
def forgotten(run: Run) -> Result:
    from test_forgetting import GONE, left_of_who_is_forgotten

    folder = run.folder()
    log = logging.FileHandler(folder / "log")
    logging.basicConfig(level=logging.DEBUG, handlers=[log], force=True)
    now, alerts = datetime.now(UTC), run.pick(334, 1000)
    found, told = left_of_who_is_forgotten(f"sqlite:///{folder}/contractwatch.db", folder, now, terms=50, alerts=alerts)
    rules = by_tests(run, "tests/test_forgetting.py", least=2, what="rules of forgetting")
    figure = f"{len(found)} places hold anything of {len(GONE)} chats with 50 watches, told {told} alerts (database, log, backup); {rules.figure}"
    return Result(figure=figure, passed=not found and told == alerts * len(GONE) and rules.passed)


@check("T10", "/export, /forget and /import: what is different afterwards")
def carried_over(run: Run) -> Result:
    return by_tests(run, "tests/test_exporting.py", "-k", "comes_back or told_there_again", least=2, what="rules")


@check("T11", "chats that move, shut us out, delete and let us in again: what is lost, how often they are asked")
def comings_and_goings(run: Run) -> Result:
    return by_tests(
        run, "tests/test_places.py", "tests/test_deliver.py", "-k", "shuts_us_out or shut_us_out or moved", least=5, what="rules"
    )
