"""Chats that move, and everything that can be a place: groups, channels, topics (TG4, TG7)."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.telegram_checks.scene import Expected, Scene, stopped
from benchmarks.trust.base import Result, Run, check, wait_for

_FORUM = -1_003_000_001
_BASIC = -500_001


class _Movers(Scene):
    """Basic groups, which become supergroups; each has its own way to tell us."""

    def open_chat(self, chat: int) -> None:
        if chat in self.groups:
            self.telegram.control(
                "chat", id=chat, type="group", title=f"Group {chat}", creator=self.owner(chat), bots={"watch_bot": "member"}
            )
        else:
            super().open_chat(chat)

    def move(self, old: int, *, service: bool) -> int:
        return int(self.telegram.control("migrate", chat_id=old, service=service)["new"])

    def say_moved(self, old: int, new: int, *, first_new: bool = False) -> None:
        """Both chats say that they are one, in either order."""
        told = [("migrate_to_chat_id", old, "group", new), ("migrate_from_chat_id", new, "supergroup", old)]
        for key, chat, kind, other in reversed(told) if first_new else told:
            message = {"message_id": 990, "date": int(time.time()), "chat": {"id": chat, "type": kind, "title": "Moved"}, key: other}
            self.telegram.control(
                "update", bot="watch_bot", update={"message": message | {"from": _SERVICE, "sender_chat": message["chat"]}}
            )


_SERVICE = {"id": 1087968824, "is_bot": True, "first_name": "Group"}


@check(
    "TG4",
    "groups that become supergroups, told by an error, by service messages, by both, twice, in either order, with the new one known before",
)
def migrations(run: Run) -> Result:
    rounds = run.pick(1, 6)
    ways = 6
    scene = _Movers(run, events=6, private=1, groups=rounds * ways)
    scene.groups = [_BASIC - number for number in range(rounds * ways)]
    scene.people = [*scene.private, *scene.groups]
    daemon = scene.begin()
    before = scene.publish()
    scene.arrived(before)
    moved: dict[int, int] = {}
    for number, old in enumerate(scene.groups):
        moved[old] = _moved(scene, old, number % ways)
    after = scene.publish(2)
    scene.arrived(after, [*scene.private, *moved.values()], seconds=120)
    for number, (old, new) in enumerate(moved.items()):
        if number % ways in (0, 2, 3):  # the messages about it come after the error, twice
            for _ in range(2):
                scene.say_moved(old, new, first_new=number % ways == 3)
    last = scene.publish()
    scene.arrived(last, [*scene.private, *moved.values()], seconds=120)
    scene.settled(scene.store)
    known = [one.chat_id for one in scene.store.channels()]
    twice = sum(known.count(new) != 1 for new in moved.values())
    left = sum(old in known for old in moved)
    lost = sum("Palantir" not in scene.watched(new) for new in moved.values())
    merged = sum(scene.watched(new) == ["Palantir", "Serco"] for number, new in enumerate(moved.values()) if number % ways == 5)
    told = [scene.shows(new, place) for new in moved.values() for place in (*after, *last)]
    code = stopped(scene, daemon)[1]
    figure = (
        f"{len(moved)} groups moved in {ways} ways: {left} old numbers kept, {twice} new ones not once, {lost} watches lost, {merged} of {rounds} merged with what "
        f"the new chat had; {sum(one == 0 for one in told)} alerts lost and {sum(one > 1 for one in told)} doubled of {len(told)}"
    )
    good = not (left or twice or lost or code) and merged == rounds and set(told) == {1}
    return scene.judged(figure, passed=good)


def _moved(scene: _Movers, old: int, way: int) -> int:
    """Let a group move; the error is what the next alert meets."""
    if way == 1:  # service messages only, before anything is sent
        new = scene.move(old, service=True)
        wait_for("the new number", lambda: scene.channel(new))
        return new
    new = scene.move(old, service=False)
    if way == 4:  # both messages, twice, the new chat's first; then the error for what was claimed before
        scene.say_moved(old, new, first_new=True)
        scene.say_moved(old, new, first_new=True)
    if way == 5:  # somebody asked in the new chat before we knew
        scene.write(new, scene.owner(old), "/watch@watch_bot Serco")
        wait_for("the question", lambda: scene.telegram.save(scene.owner(old), "Serco", chat=new))
        wait_for("the watch", lambda: scene.watched(new) == ["Serco"])
    return new


@check("TG7", "edited commands, channel posts, commands for other bots, topics of a forum that are closed, opened and deleted")
def ways(run: Run) -> Result:
    scene = Scene(run, events=8, private=1, groups=1, channels=1)
    daemon = scene.begin()
    (group,), (channel,), (person,) = scene.groups, scene.channels, scene.private
    expected = Expected()

    def edited(text: str) -> None:
        body = {
            "message_id": 5,
            "date": int(time.time()),
            "edit_date": int(time.time()),
            "chat": {"id": person, "type": "private", "first_name": "Ann"},
            "from": {"id": person, "is_bot": False, "first_name": "Ann", "language_code": "en"},
            "text": text,
        }
        scene.telegram.control("update", bot="watch_bot", force=True, update={"edited_message": body})

    before = len(scene.telegram.messages(person))
    edited("/watch Capita")
    scene.write(group, scene.owner(group), "/watch@other_bot Capita")
    scene.write(group, scene.owner(group), "just talking about Capita")
    scene.telegram.say(person, "/status")
    wait_for("an answer", lambda: len(scene.telegram.messages(person)) > before)
    expected(len(scene.telegram.messages(person)) == before + 1, "an edited command was run")
    expected(not any("Capita" in text for text in scene.telegram.messages(group)), "another bot's command was answered")

    scene.telegram.control("channel_post", chat_id=channel, text="/watch Serco")
    wait_for("the post to be heard", lambda: scene.watched(channel) == ["Palantir", "Serco"])
    expected(True, "a post in the channel was not heard")
    _forum(scene, expected)
    code = stopped(scene, daemon)[1]
    return scene.judged(str(expected), passed=not expected.wrong and not code)


def _forum(scene: Scene, expected: Expected) -> None:
    """A forum of two topics, of which one is told."""
    owner = scene.owner(scene.groups[0])
    scene.telegram.control("chat", id=_FORUM, type="supergroup", title="Forum", is_forum=True, creator=owner, bots={"watch_bot": "member"})
    first, second = (int(scene.telegram.control("topic", chat_id=_FORUM, name=name)["thread_id"]) for name in ("One", "Two"))
    for thread, name in ((first, "Palantir"), (second, "Serco")):
        scene.write(_FORUM, owner, f"/watch@watch_bot {name}", thread_id=thread)
        wait_for("the question in the topic", lambda name=name: scene.telegram.save(owner, name, chat=_FORUM))
        wait_for("the watch of the topic", lambda thread=thread, name=name: scene.watched(_FORUM, thread) == [name])
    wait_for("the answer", lambda: _threads(scene, "Watching Palantir"))
    expected(_threads(scene, "Watching Palantir") == [first], "an answer came in another topic")
    expected(not scene.watched(_FORUM), "the group watches what its topic does")

    (open_,) = scene.publish()
    scene.arrived([open_], [_FORUM])
    expected(_threads(scene, open_) == [first], "an alert came in another topic")
    scene.telegram.control("topic", chat_id=_FORUM, action="close", thread_id=first)
    closed = scene.publish(2)
    scene.arrived(closed, [_FORUM])
    expected(all(_threads(scene, place) == [None] for place in closed), "a closed topic's alerts are not in the chat")
    wait_for("the note about the topic", lambda: sum("closed or gone" in text for text in scene.telegram.messages(_FORUM)))
    expected(sum("closed or gone" in text for text in scene.telegram.messages(_FORUM)) == 1, "a closed topic was told of more than once")
    scene.telegram.control("topic", chat_id=_FORUM, action="reopen", thread_id=first)
    (opened,) = scene.publish()
    scene.arrived([opened], [_FORUM])
    expected(_threads(scene, opened) == [first], "an opened topic is not used")
    scene.telegram.control("topic", chat_id=_FORUM, action="delete", thread_id=first)
    (deleted,) = scene.publish()
    scene.arrived([deleted], [_FORUM])
    expected(_threads(scene, deleted) == [None], "a deleted topic's alert is not in the chat")
    expected(second not in _threads(scene, "Council"), "the other topic was told")
    expected((scene.watched(_FORUM, first), scene.watched(_FORUM, second)) == (["Palantir"], ["Serco"]), "watches were lost")


def _threads(scene: Scene, text: str) -> list[Any]:
    """The topics in which a text can be read."""
    return [row.get("message_thread_id") for row in scene.telegram.rows(_FORUM) if text in row["text"]]
