"""How alerts arrive: copies, rates, pauses, stops (TG1, TG2, TG3, TG9)."""

from __future__ import annotations

import time

from benchmarks.telegram_checks.scene import Scene, stopped
from benchmarks.trust.base import Result, Run, check, wait_for
from storage.records import ChannelState

_SOON = (  # what has an unknown fate is sent again after two seconds here
    "import bot.parts, bot.verdicts, datetime, functools\n"
    "bot.parts.Policy = functools.partial(bot.verdicts.Policy, unknown_pause=datetime.timedelta(seconds=2))\n"
)
# Accepted, and no answer comes; the last is not accepted, so nothing that follows may overtake it.
_UNKNOWN = (("reset_after", {}), ("http_after", {"status": 504}), ("garbage", {}), ("reset_before", {}))


@check("TG1", "kill -9 between Telegram's yes and our note of it, answers that are lost: how often each message is seen, in which order")
def copies(run: Run) -> Result:
    rounds = run.pick(1, 8)
    each = len(_UNKNOWN) * 3 + 2
    scene = Scene(run, events=rounds * each + 1, private=3, groups=1, channels=1, prelude=_SOON)
    daemon = scene.begin()
    for _ in range(rounds):
        for kind, more in _UNKNOWN:
            first = f"{scene.press.places[scene.press.published]} Council"
            for chat in scene.people:  # each chat's first message once, so that no repeat of it is hit as well
                scene.telegram.fault(kind, times=1, match={"chat_id": chat}, contains=first, **more)
            scene.arrived(scene.publish(3), seconds=120)
            scene.settled(scene.store)
            scene.telegram.well()
        for _ in range(2):
            scene.telegram.fault("slow_after", times=None, seconds=20)
            scene.arrived(scene.publish())  # Telegram has it and shows it, and we are not told
            scene.end(daemon)
            scene.telegram.well()
            daemon = scene.start()
            scene.settled(scene.store)
    seen, told, unknown = scene.copies(), scene.press.published * len(scene.people), scene.telegram.unknown_fates()
    swallowed, afterwards = _swallowed(scene, run.pick(26, 120))
    code = stopped(scene, daemon)[1]
    figure = (
        f"{told} messages, {unknown} lost answers, {rounds * 2} kills: never told {seen[0]}, once {seen[1]}, twice {seen[2]}, "
        f"more often {sum(count for times, count in seen.items() if times > 2)}; out of order or unmarked {seen[-1]}; "
        f"while a line lost every answer there were at most {swallowed} copies, {afterwards} when it was well again"
    )
    good = not seen[0] and not seen[-1] and not any(times > 2 for times in seen) and swallowed <= 2 and not scene.copies()[-1] and not code
    return scene.judged(figure, passed=good)


def _swallowed(scene: Scene, seconds: float) -> tuple[int, int]:
    """A line that takes everything and gives nothing back, for so long: how many copies of one message there are then, and at last.

    A message whose answer was lost twice is sent a third time when Telegram answers again: none is given up (``bot.verdicts``).
    """
    scene.telegram.fault("reset_after", times=None, method="*")
    (place,) = scene.publish()
    time.sleep(seconds)
    most = max(scene.shows(chat, place) for chat in scene.people)
    scene.telegram.well()
    scene.settled(scene.store, quiet=180)
    return most, max(scene.shows(chat, place) for chat in scene.people)


@check("TG2", "alerts to 40 chats of every kind while the server keeps its limits: what is missing, how fast it went, who was told to wait")
def rates(run: Run) -> Result:
    alerts = run.pick(16, 300)
    scene = Scene(run, events=alerts, private=20, groups=12, channels=8)
    scene.telegram.control("options", rate_limits="enforce")
    daemon = scene.begin()
    began = time.monotonic()
    for _ in range(alerts):
        scene.publish()
        time.sleep(1.5)
    whole = scene.settled(scene.store, quiet=180)
    took = time.monotonic() - began
    missing = scene.copies()[0]
    rate = scene.telegram.control("rates")["watch_bot"]
    refused = len(scene.telegram.control("violations"))
    code = stopped(scene, daemon)[1]
    figure = (
        f"{alerts} alerts × {len(scene.people)} chats in {took:.0f} s: missing {missing}, answers 429 {refused}; at most {rate['peak_overall_1s']} messages "
        f"a second in all (30), {rate['peak_chat_1s']} in a chat (1), {rate['peak_group_60s']} a minute in a group (20)"
    )
    over = rate["over"]
    return scene.judged(figure, passed=whole and not missing and not refused and not code and not any(over.values()))


@check("TG3", "a chat that is told to wait, one that blocks us, one that is not found: whether the others notice, and what comes back")
def others(run: Run) -> Result:
    pause = run.pick(12, 25)
    scene = Scene(run, events=8, private=8, groups=2, channels=1)
    daemon = scene.begin()
    scene.arrived(scene.publish())
    waits, blocks, lost = scene.private[:3]
    rest = [chat for chat in scene.people if chat not in (waits, blocks, lost)]

    scene.telegram.fault("retry_after", times=1, match={"chat_id": waits}, seconds=pause)
    places = scene.publish()
    began = time.monotonic()
    scene.arrived(places, rest, seconds=pause)
    others_late = time.monotonic() - began
    scene.arrived(places, [waits], seconds=pause * 3)
    asked = [one["t"] for one in scene.calls(chat_id=waits, contains=f"{places[0]} Council")]
    kept = asked[-1] - asked[0]

    before = {chat: len(scene.calls(chat_id=chat)) for chat in (blocks, lost)}
    scene.telegram.control("block", user_id=blocks, bot="watch_bot")
    scene.telegram.fault("error", times=1, match={"chat_id": lost}, code=400, description="Bad Request: chat not found")
    missed = []
    for _ in range(2):
        missed += scene.publish()
        scene.arrived(missed, [*rest, waits])
    resting = [chat for chat in scene.people if (found := scene.channel(chat)) and found.state is not ChannelState.ACTIVE]
    sent = {chat: len(scene.calls(chat_id=chat)) - before[chat] for chat in (blocks, lost)}
    scene.telegram.control("unblock", user_id=blocks, bot="watch_bot")
    scene.telegram.say(lost, "/status")  # who writes to us can be told again
    scene.arrived(missed, [blocks, lost])
    wait_for(
        "everybody to be told again",
        lambda: all((found := scene.channel(chat)) and found.state is ChannelState.ACTIVE for chat in scene.people),
    )
    intact = all(scene.watched(chat) == ["Palantir"] for chat in scene.people)
    code = stopped(scene, daemon)[1]
    figure = (
        f"429 for {pause} s in one chat: it was asked again after {kept:.1f} s, the other {len(rest)} had theirs in {others_late:.1f} s; blocked and not found: "
        f"{sent[blocks]} and {sent[lost]} sends until they rested, {len(resting)} of {len(scene.people)} chats rested, all of what they missed came afterwards"
    )
    good = len(asked) == 2 and kept >= pause and set(resting) == {blocks, lost} and max(sent.values()) <= 1 and intact and not code
    return scene.judged(figure, passed=good)


@check("TG9", "SIGTERM during a burst, and keyboards from before it: how long stopping takes, what is lost or doubled")
def stops(run: Run) -> Result:
    count = run.pick(3, 12)
    scene = Scene(run, events=count * 6, private=8, groups=2, channels=1)
    daemon = scene.begin()
    longest, codes = 0.0, set()
    for _ in range(count):
        places = scene.publish(6)
        wait_for("the burst", lambda places=places: any(scene.shows(chat, places[0]) for chat in scene.people))
        seconds, code = stopped(scene, daemon)
        longest, codes = max(longest, seconds), codes | {code}
        daemon = scene.start()
    scene.settled(scene.store)
    seen = scene.copies()
    answered = _old_buttons(scene)
    codes.add(stopped(scene, daemon)[1])
    figure = (
        f"{count} stops in bursts of {6 * len(scene.people)} messages: the longest took {longest:.1f} s, exit codes {sorted(codes)}; never told {seen[0]}, "
        f"twice {sum(number for times, number in seen.items() if times > 1)}, out of order {seen[-1]}; {answered} of {len(scene.private)} buttons from before the first stop answer"
    )
    good = codes == {0} and longest < 10 and set(+seen) == {1} and answered == len(scene.private)
    return scene.judged(figure, passed=good)


def _old_buttons(scene: Scene) -> int:
    """How many chats are told why when they ask it under their first alert."""
    for person in scene.private:
        first = next(row for row in scene.telegram.rows(person) if f"{scene.press.out[0]} Council" in row["text"])
        scene.telegram.press(person, person, first["message_id"], button="Why")

    def told() -> int:
        return sum(any(text.startswith("Why you were told") for text in scene.telegram.messages(person)) for person in scene.private)

    wait_for("the answers to old buttons", lambda: told() == len(scene.private))
    return told()
