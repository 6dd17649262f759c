"""Telegram that is away, refuses us or hears another, and what is written to the logs meanwhile (TG8, TG10)."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

from benchmarks.telegram_checks.scene import Line, Scene, stopped
from benchmarks.trust.base import Result, Run, check, wait_for
from benchmarks.trust.stage import TOKEN


@check(
    "TG8", "Telegram down at the start, 5xx, another program that listens, a token that is revoked: crashes, hot loops, losses, exit codes"
)
def troubles(run: Run) -> Result:
    scene = Scene(run, events=10, private=2, groups=1)
    line = Line(int(scene.telegram.base.rpartition(":")[2]))
    run.hold(contextlib.closing(line))
    config = scene.folder / "config.toml"
    config.write_text(config.read_text().replace(scene.telegram.base, f"http://127.0.0.1:{line.port}"))
    daemon = scene.begin()
    scene.arrived(scene.publish())
    stopped(scene, daemon)

    line.cut()
    daemon = scene.start()
    down = scene.publish(2)
    wait_for("the alerts to wait", lambda: scene.store.counts(datetime.now(UTC)).deliveries.get("pending", 0) >= 2 * len(scene.people))
    time.sleep(run.pick(6, 60))
    line.mend()
    began = time.monotonic()
    scene.arrived(down, seconds=120)
    back_up = time.monotonic() - began

    polls = len(scene.calls("getUpdates", polls=1))
    began = time.monotonic()
    scene.telegram.fault("http", times=None, method="*", status=502)
    during = scene.publish(2)
    time.sleep(run.pick(20, 600))
    asked, length = len(scene.calls("getUpdates", polls=1)) - polls, time.monotonic() - began
    scene.telegram.well()
    scene.arrived(during, seconds=180)
    said = _answered(scene)

    heard = _another_listens(scene, run.pick(6, 30))
    deaf = scene.publish()
    scene.arrived(deaf)
    again = _answered(scene, 200)
    alive = daemon.code is None

    scene.telegram.control("bot", token=TOKEN, revoked=True)
    began = time.monotonic()
    code = daemon.wait(70)
    revoked = time.monotonic() - began
    scene.daemons.remove(daemon)
    scene.telegram.control("bot", token=TOKEN, revoked=False)
    last = scene.publish()
    daemon = scene.start()
    scene.arrived(last)
    scene.settled(scene.store)
    seen = scene.copies()
    ended = stopped(scene, daemon)[1]
    figure = (
        f"down at the start: {back_up:.0f} s until all was told; {length:.0f} s of 502: {asked} polls, commands {'answered' if said else 'NOT answered'} afterwards; another "
        f"listener: {heard} of its polls were answered, {'heard again' if again else 'NOT heard again'} when it was gone; token revoked: exit {code} after {revoked:.0f} s; "
        f"never told {seen[0]}, twice {sum(count for times, count in seen.items() if times > 1)}"
    )
    good = alive and said and again and code == 78 and revoked <= 60 and asked <= 5 + length / 10 and not ended
    return scene.judged(figure, passed=good and not seen[0] and not seen[-1])


def _answered(scene: Scene, seconds: float = 90) -> bool:
    """Whether somebody who asks now is answered in time."""
    person = scene.private[0]
    before = len(scene.telegram.messages(person))
    scene.telegram.say(person, "/status")
    try:
        wait_for("an answer", lambda: len(scene.telegram.messages(person)) > before, seconds)
    except AssertionError:
        return False
    return True


def _another_listens(scene: Scene, seconds: float) -> int:
    """Another program polls with the same token, as a second instance does; how many of its polls were answered."""
    answered, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{scene.telegram.base}/bot{TOKEN}/getUpdates?timeout=2", timeout=10):
                answered += 1
        except urllib.error.HTTPError:
            time.sleep(0.5)
    return answered


@check("TG10", "everything that can go wrong, at INFO and at DEBUG: where the token is found")
def token(run: Run) -> Result:
    scene = Scene(run, events=20, private=3, groups=1)
    sizes = {}
    first = scene.begin()
    scene.end(first)
    for name, debug in (("INFO", False), ("DEBUG", True)):
        daemon = scene.start(debug=debug)
        _tour(scene)
        scene.telegram.control("bot", token=TOKEN, revoked=True)
        daemon.wait(70)
        scene.daemons.remove(daemon)
        scene.telegram.control("bot", token=TOKEN, revoked=False)
        sizes[name] = len(daemon.err)
        killed = scene.start(debug=debug, prelude="import faulthandler; faulthandler.enable()\n")
        scene.end(killed, signal.SIGABRT)
        sizes[name] += len(killed.err)
    shown = scene.token_shown()
    figure = f"{len(shown)} files show it; {sizes['INFO']} lines of log at INFO, {sizes['DEBUG']} at DEBUG, with the database and its log"
    return scene.judged(figure, passed=not shown and min(sizes.values()) > 5)


def _tour(scene: Scene) -> None:
    """One of every kind of trouble."""
    waits, blocks, other = scene.private
    for kind, more in (
        ("reset_after", {}),
        ("http", {"status": 502}),
        ("garbage", {}),
        ("retry_after", {"seconds": 1}),
        ("error", {"code": 400, "description": "Bad Request: odd"}),
    ):
        scene.telegram.fault(kind, times=1, match={"chat_id": waits}, **more)
    scene.telegram.control("block", user_id=blocks, bot="watch_bot")
    scene.arrived(scene.publish(4), [other], 120)
    scene.telegram.fault("garbage", times=2, method="getUpdates")
    scene.telegram.fault("http", times=1, method="getUpdates", status=502)
    scene.telegram.control("update", bot="watch_bot", update={"message": {"odd": True}})
    for person in (waits, other):
        scene.telegram.say(person, "/status")
    poller = threading.Thread(target=_another_listens, args=(scene, 3), daemon=True)
    poller.start()
    poller.join(20)
    scene.telegram.control("unblock", user_id=blocks, bot="watch_bot")
    scene.arrived(scene.publish(), [other], 120)
