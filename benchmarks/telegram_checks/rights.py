"""Who may do what, asked of the real daemon by people who may not (TG6)."""

from __future__ import annotations

import random
from typing import Any

from benchmarks.telegram_checks.scene import STRANGER, Expected, Scene, buttons_of, data_of, stopped
from benchmarks.trust.base import Result, Run, check, wait_for

_ANONYMOUS = 1087968824
_EACH = 15  # presses of one person: fewer than the quota
_KINDS = ("u", "w", "d", "s", "x", "li", "pk", "set", "m", "mu", "k", "y", "i", "e", "c", "g", "o", "l", "a", "p", "zz", "")


@check(
    "TG6",
    "commands, buttons, forged data and remote management by people who may not: what is refused, what changes, what is left unanswered",
)
def refusals(run: Run) -> Result:
    scene = Scene(run, events=2, private=1, groups=1, channels=1)
    daemon = scene.begin()
    scene.arrived(scene.publish())
    kept = _kept(scene)
    expected = Expected()
    _by_members(scene, expected)
    _from_afar(scene, expected)
    _with_old_buttons(scene, expected)
    expected(_kept(scene) == kept, "something changed")
    forged = _forged(scene, run.pick(120, 3000))
    expected(_kept(scene) == kept, "forged data changed something")
    wait_for("every button to be answered", lambda: not scene.telegram.control("lint"), run.pick(120, 900))
    _in_hiding(scene, expected, run.pick(60, 900))
    pressed = scene.telegram.control("callbacks")
    silent = sum(one["answered"] is None for one in pressed)
    slowest = max(one["answered"]["t"] - one["t"] for one in pressed if one["answered"])
    code = stopped(scene, daemon)[1]
    figure = (
        f"{expected}; {forged} forged presses changed nothing, {silent} of {len(pressed)} "
        f"presses unanswered, the slowest answer took {slowest:.1f} s"
    )
    return scene.judged(figure, passed=not expected.wrong and not silent and not code)


def _kept(scene: Scene) -> list[Any]:
    """All that is kept of what chats watch and how they are told."""
    return [
        (one, scene.store.channel_watches(one.id), scene.store.watchlists(one.id))
        for one in scene.store.channels()
        if one.chat_id in scene.people
    ]


def _answers(scene: Scene, chat: int, ask: Any) -> str:
    """What is said next in a chat after something was asked."""
    before = len(scene.telegram.messages(chat))
    ask()
    wait_for("an answer", lambda: len(scene.telegram.messages(chat)) > before)
    return scene.telegram.messages(chat)[-1]


def _with_button(scene: Scene, chat: int, label: str) -> dict[str, Any]:
    """The newest message with such a button, waited for: what was asked before may be answered in between."""
    found: dict[str, Any] = wait_for(
        f"a button {label}",
        lambda: next((row for row in reversed(scene.telegram.rows(chat)) if any(label in text for text, _ in buttons_of(row))), None),
    )
    return found


def _toast(scene: Scene, person: int, chat: int, message_id: int, **which: Any) -> str:
    """What pops up when a button is pressed."""
    known = {one["id"] for one in scene.telegram.control("callbacks")}
    scene.telegram.press(person, chat, message_id, **which)

    def answered() -> list[dict[str, Any]]:
        return [one for one in scene.telegram.control("callbacks") if one["id"] not in known and one["answered"]]

    return str(wait_for("the toast", answered)[0]["answered"]["text"])


def _by_members(scene: Scene, expected: Expected) -> None:
    """A member of the group asks and presses."""
    (group,) = scene.groups
    said = _answers(scene, group, lambda: scene.write(group, STRANGER, "/watch@watch_bot Capita"))
    expected("Only admins" in said, "a member was not refused")
    alert = next(row for row in scene.telegram.rows(group) if "Council" in row["text"])
    expected("Only admins" in _toast(scene, STRANGER, group, alert["message_id"], button="Mute"), "a member may mute")
    asked = _answers(scene, group, lambda: scene.write(group, scene.owner(group), "/watch@watch_bot Capita"))
    question = _with_button(scene, group, "Save")
    expected("Shall I" in asked, "an owner was not asked")
    expected("Only admins" in _toast(scene, STRANGER, group, question["message_id"], button="✅ Save"), "a member may save")
    _toast(scene, scene.owner(group), group, question["message_id"], button="Cancel")


def _from_afar(scene: Scene, expected: Expected) -> None:
    """A stranger names chats in which they are nobody, from their own private chat; being there changes nothing."""
    _answers(scene, STRANGER, lambda: scene.telegram.control("start", user_id=STRANGER, bot="watch_bot"))
    (group,), (channel,) = scene.groups, scene.channels
    for chat in (group, channel, -1_009_999_999):
        for command in ("/watch {} Capita", "/watches {}", "/forget {}", "/settings {}"):
            said = _answers(scene, STRANGER, lambda chat=chat, command=command: scene.telegram.say(STRANGER, command.format(chat)))
            refused = "Only admins of" in said or "I cannot see" in said
            expected(refused and "Palantir" not in said, f"{command.format(chat)}: {said[:40]}")


def _with_old_buttons(scene: Scene, expected: Expected) -> None:
    """Buttons that were answered before, whose watch is gone, or whose message Telegram does not show us any more."""
    (person,) = scene.private
    _answers(scene, person, lambda: scene.telegram.say(person, "/watch Capita"))
    asked = _with_button(scene, person, "Save")
    question, data = asked["message_id"], data_of(asked, "Save")
    scene.telegram.press(person, person, question, data=data)
    wait_for("the watch", lambda: scene.watched(person) == ["Capita", "Palantir"])
    expected("answered before" in _toast(scene, person, person, question, data=data, check=False), "saved twice")
    _answers(scene, person, lambda: scene.telegram.say(person, "/watches"))
    menu = _with_button(scene, person, "Capita")
    opening = data_of(menu, "Capita")
    _answers(scene, person, lambda: scene.telegram.say(person, "/unwatch Capita"))
    expected("too old" in _toast(scene, person, person, menu["message_id"], data=opening), "a deleted watch opens")
    gone = _toast(scene, person, person, menu["message_id"], data=opening, inaccessible=True)
    expected("too old" in gone, "a message that is gone is not called old")


def _forged(scene: Scene, count: int) -> int:
    """Data that nobody was given, pressed by strangers in their own chats and in the group."""
    dice = random.Random(6)
    real = [data for chat in scene.people for row in scene.telegram.rows(chat) for _, data in buttons_of(row)]
    (group,) = scene.groups
    in_group = scene.telegram.rows(group)[-1]["message_id"]
    for number in range(count):
        person = STRANGER + 1 + number // _EACH
        if number % _EACH == 0:
            scene.telegram.control("start", user_id=person, bot="watch_bot")
            wait_for("the first screen", lambda person=person: scene.telegram.rows(person))
        data = (
            dice.choice(real)
            if number % 2
            else ":".join(
                [
                    dice.choice(_KINDS),
                    *(str(dice.choice([group, 1, 2, scene.private[0], "yes", "D", 2**63, "o"])) for _ in range(dice.randrange(4))),
                ]
            )
        )
        own = scene.telegram.rows(person)[-1]["message_id"]
        chat, message = (group, in_group) if number % 3 == 0 else (person, own)
        scene.telegram.press(person, chat, message, data=data[:64] or ":", check=False)
    return count


def _in_hiding(scene: Scene, expected: Expected, seconds: float) -> None:
    """An admin who hides behind the group's name may; who hides behind another chat's may not.

    What strangers pressed may be answered before, at the pace that a group allows.
    """
    (group,) = scene.groups
    itself = {"sender_chat": {"id": group, "type": "supergroup", "title": "Group"}}
    other = {"sender_chat": {"id": -1_008_000_001, "type": "channel", "title": "Elsewhere"}}

    def refusals() -> int:
        return sum("Only admins" in one for one in scene.telegram.messages(group))

    before = refusals()  # what the strangers pressed may be answered in between
    scene.write(group, _ANONYMOUS, "/watch@watch_bot Capita", extra=other)
    wait_for("the refusal of a linked channel", lambda: refusals() > before, seconds)
    scene.write(group, _ANONYMOUS, "/watch@watch_bot Capita", extra=itself)
    wait_for("the question of an anonymous admin", lambda: scene.telegram.save(scene.owner(group), "Capita", chat=group), seconds)
    expected(refusals() == before + 1, "an anonymous admin was refused")
    wait_for("the watch of an anonymous admin", lambda: scene.watched(group) == ["Capita", "Palantir"])
