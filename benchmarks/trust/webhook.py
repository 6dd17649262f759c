"""Updates that are brought: by Telegram, and by whoever would like to be taken for it (T7)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from timeit import repeat

from test_webhook import FORGED, SECRET, post

from benchmarks.trust.base import Result, Run, check, wait_for
from benchmarks.trust.daemons import commanded
from benchmarks.trust.stage import Stage, free_port

_MORE = """
[telegram.webhook]
url = "http://127.0.0.1:{port}/telegram"
listen = "127.0.0.1:{port}"
secret_file = "webhook-secret"
"""


@check("T7", "a webhook: forged requests, kills while updates are brought, and whether the time of a refusal tells of the secret")
def webhook(run: Run) -> Result:
    port = free_port()
    stage = Stage(run, events=1, feeds=1, more=_MORE.format(port=port))
    (stage.folder / "webhook-secret").write_text(SECRET)
    (stage.folder / "webhook-secret").chmod(0o600)
    killed = commanded(stage, run.pick(2, 10))
    stage.start()
    wait_for("the webhook", lambda: _answers(port))
    before = _inbox(stage)
    answers = asyncio.run(_attack(port))
    effects = _inbox(stage) - before
    wrong = {name: answer for name, answer in answers.items() if answer != FORGED[name][0]}
    apart, whole = _compared(run.pick(50_000, 500_000))
    figure = (
        f"{len(answers)} forged requests: {effects} effects, {len(wrong)} wrong answers{f' {wrong}' if wrong else ''}; a refusal's comparison takes {whole:.0f} ns, "
        f"at most {apart:.1f} ns more or less wherever the secret is wrong; brought: {killed.figure}"
    )
    return Result(figure=figure, passed=killed.passed and not (effects or wrong) and apart < whole / 4)


def _answers(port: int) -> bool:
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


async def _attack(port: int) -> dict[str, int]:
    return {name: await post(port, **forged) for name, (_, forged) in FORGED.items()}


def _inbox(stage: Stage) -> int:
    """How many updates were ever taken."""
    with contextlib.closing(sqlite3.connect(stage.folder / "contractwatch.db")) as database:
        (count,) = database.execute("SELECT count(*) FROM inbox").fetchone()
    return int(count)


def _compared(times: int) -> tuple[float, float]:
    """Nanoseconds that comparisons of one length differ by, and that one takes: the quickest of many runs, in turns."""
    from bot.webhook import is_secret

    known = ("s" * 256).encode()
    shown = ["x" + "s" * 255, "s" * 128 + "x" + "s" * 127, "s" * 255 + "x", "x" * 256]
    quickest = [
        min(rounds)
        for rounds in zip(
            *[[repeat(lambda one=one: is_secret(one, known), number=times // 50, repeat=1)[0] for one in shown] for _ in range(50)],
            strict=True,
        )
    ]
    each = [seconds / (times // 50) * 1e9 for seconds in quickest]
    return max(each) - min(each), min(each)
