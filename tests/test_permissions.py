"""Who may do what: every role, in every kind of chat, every command, in every way it can arrive; and everything that can be made up.

In process: real updates, the real deciders and a real store. Only what Telegram says about members is given.
"""

from __future__ import annotations

import ast
import inspect
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, ParamSpec, TypeVar

import pytest
from botapi import ANONYMOUS
from telegram import Update

from bot import commands
from bot.commands import BUTTONS, COMMANDS, OPERATORS, decide, not_ours
from bot.commands.asked import Asked, Place, Pressed, Request, read
from bot.commands.desk import Decision, Desk
from bot.texts import answers, menu
from storage.records import AddWatch, EnsureChannel, InboxUpdate
from storage.store import Store, open_store
from watchers.types import Organisation, Watch

P = ParamSpec("P")
T = TypeVar("T")

NOW = datetime(2026, 5, 21, 12, tzinfo=UTC)
PERSON, STRANGER, OTHER_CHAT = 7, 8, -1001009
PLACES = {"private": PERSON, "group": -500501, "supergroup": -1001001, "channel": -1001002}
TOPIC = 11
STANDINGS = {
    "owner": "creator",
    "admin": "administrator",
    "anonymous admin": "administrator",
    "member": "member",
    "restricted": "restricted",
    "left": "left",
    "linked channel": "left",
}
MAY_CHANGE = {"owner", "admin", "anonymous admin"}
WAYS = ("message", "reply", "button", "edited", "forwarded", "via inline")
OTHERS_WORDS = {"edited", "forwarded", "via inline"}  # outside of a private chat these are nobody's command
CHANGES = set(menu.CHANGE) | {"stop"}
ARGUMENTS = {"watch": "Capita"}


@dataclass
class Members:
    """What Telegram says about chats and members."""

    standings: dict[tuple[int, int], str] = field(default_factory=dict)

    async def is_admin(self, chat_id: int, user_id: int) -> bool:
        return self.standings.get((chat_id, user_id)) in ("creator", "administrator")

    async def may_tell(self, place: Place) -> bool:
        return place.chat_id in PLACES.values()

    async def find(self, chat: str, thread_id: int | None = None) -> Place | None:
        kind = next((kind for kind, number in PLACES.items() if str(number) == chat), None)
        return None if kind is None else Place(chat_id=int(chat), thread_id=thread_id, type=kind, title="Desk")

    async def download(self, file_id: str) -> bytes:
        raise AssertionError(f"nobody sends files here: {file_id}")


async def call(method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    return method(*args, **kwargs)


@dataclass
class Office:
    """A store in which every chat follows Quorndale (a name that no text of ours has), and the desk before it. ``update`` counts on."""

    store: Store
    members: Members = field(default_factory=Members)
    update: int = 0

    def __post_init__(self) -> None:
        for kind, chat in PLACES.items():
            place = {"chat_id": chat, "thread_id": TOPIC if kind == "supergroup" else None}
            watch = AddWatch(**place, watch=Watch(organisation=Organisation(name="Quorndale")))
            self.store.apply([EnsureChannel(**place, type=kind, title="Desk", language="en"), watch], now=NOW)

    async def hear(self, body: dict[str, Any]) -> Decision:
        """What is decided about an update; nothing for one that is not for us."""
        self.update += 1
        request = read(Update.de_json({"update_id": self.update, **body}, None), username="watch_bot")
        return Decision() if request is None else await self.decide(request)

    async def decide(self, request: Request, now: datetime = NOW) -> Decision:
        desk = Desk(store=self.store, call=call, rights=self.members, username="watch_bot")
        return Decision() if not_ours(request) else await decide(request, desk, now)

    def write(self, decision: Decision) -> None:
        self.update += 1
        self.store.save_updates([InboxUpdate(update_id=self.update, raw={})], NOW)
        self.store.apply(decision.changes, update_id=self.update, replies=decision.replies, now=NOW)


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Office]:
    with open_store(sqlite_url) as store:
        yield Office(store)


def _chat(kind: str) -> dict[str, Any]:
    return {"id": PLACES[kind], "type": kind, "title": "Desk"}


def _user(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": number == ANONYMOUS, "first_name": "Ann"}


def _message(kind: str, role: str, text: str) -> tuple[str, dict[str, Any]]:
    """What Telegram gives us when somebody of this role writes, and as which kind of update."""
    message = {"message_id": 5, "date": int(NOW.timestamp()), "chat": _chat(kind), "text": text}
    if kind == "supergroup":
        message |= {"message_thread_id": TOPIC, "is_topic_message": True}
    if role == "linked channel":
        elsewhere = {"id": OTHER_CHAT, "type": "channel", "title": "Elsewhere"}
        return "message", message | {"from": _user(777000), "sender_chat": elsewhere, "is_automatic_forward": True}
    if kind == "channel" and role in MAY_CHANGE:  # only they can write there, and nobody says who it was
        return "channel_post", message | {"sender_chat": _chat(kind)}
    if role == "anonymous admin" and kind != "private":
        return "message", message | {"from": _user(ANONYMOUS), "sender_chat": _chat(kind)}
    return "message", message | {"from": _user(PERSON)}


def _said(kind: str, role: str, way: str, text: str) -> dict[str, Any]:
    update, message = _message(kind, role, text)
    match way:
        case "edited":
            return {f"edited_{update}": message | {"edit_date": int(NOW.timestamp())}}
        case "forwarded":
            message |= {"forward_origin": {"type": "user", "date": int(NOW.timestamp()), "sender_user": _user(STRANGER)}}
        case "via inline":
            message |= {"via_bot": {"id": 99, "is_bot": True, "first_name": "Inline"}}
        case "reply":
            message |= {"reply_to_message": {"message_id": 4, "date": int(NOW.timestamp()), "chat": _chat(kind), "text": "alert"}}
    return {update: message}


def _press(kind: str, user: int, data: str) -> dict[str, Any]:
    message = {"message_id": 5, "date": int(NOW.timestamp()), "chat": _chat(kind), "text": "?"}
    if kind == "supergroup":
        message |= {"message_thread_id": TOPIC, "is_topic_message": True}
    return {"callback_query": {"id": "q", "from": _user(user), "chat_instance": "1", "data": data, "message": message}}


def _data(decision: Decision) -> list[str]:
    shown = [*decision.replies, *([decision.edit] if decision.edit else [])]
    return [data for reply in shown for row in reply.buttons for _, data in row if not data.startswith("https://")]


def _refused(decision: Decision) -> bool:
    said = " ".join([decision.toast, *(reply.text for reply in decision.replies)])
    return any(one in said for one in (answers.ADMINS_ONLY_TOAST, "Only admins of"))


async def _buttons(office: Office, kind: str, command: str) -> list[str]:
    """The data of the buttons that an admin gets for a command, in the chat or from a private one about it."""
    office.members.standings = {(PLACES[kind], PERSON): "creator"}
    asked = await office.hear(_said(kind, "owner", "message", _text(command)))
    office.write(asked)
    return _data(asked)


def _text(command: str, about: int | None = None) -> str:
    return " ".join(part for part in (f"/{command}", str(about or ""), ARGUMENTS.get(command, "")) if part)


async def test_the_permission_matrix(office: Office, record_property: Callable[[str, object], None]) -> None:
    """T5. From a private chat the group is managed, by whoever is an admin in it."""
    wrong, cells, changing = [], 0, set()
    for kind, command in product(PLACES, COMMANDS):
        data = [] if kind == "private" else await _buttons(office, kind, command)
        about = PLACES["group"] if kind == "private" and command in CHANGES else None
        for role, way in product(STANDINGS, WAYS):
            office.members.standings = {(about or PLACES[kind], PERSON): STANDINGS[role]}
            bodies = [_press(kind, PERSON, one) for one in data]
            for body in bodies if way == "button" else [_said(kind, role, way, _text(command, about))]:
                decision = await office.hear(body)
                cells += 1
                if not _right(decision, kind, command, role, way):
                    wrong.append((kind, command, role, way, body, decision))
                if way == "button" and decision.changes:
                    changing.add(body["callback_query"]["data"].partition(":")[0])

    record_property("matrix", f"{len(wrong)} of {cells} cells wrongly allowed or denied")
    assert [one[:4] for one in wrong] == []
    assert cells > 2000
    assert {"u", "d", "l", "x"} <= changing <= set(BUTTONS), "buttons that change something were among them"


def _right(decision: Decision, kind: str, command: str, role: str, way: str) -> bool:
    nothing = not decision.changes and decision.edit is None
    if way == "edited" or (way in OTHERS_WORDS and kind != "private"):
        return decision == Decision()
    if role in MAY_CHANGE:
        return not _refused(decision) and bool(decision.replies or decision.toast or decision.edit)
    if way == "button":
        return nothing
    if command in CHANGES:
        return nothing and _refused(decision)
    return kind == "private" or (nothing and bool(decision.replies) and not _refused(decision))


async def test_nothing_made_up_is_accepted(office: Office, record_property: Callable[[str, object], None]) -> None:
    """T6. Button data and start payloads: of others, altered, invented, replayed and expired; none changes or shows what is somebody else's."""
    chance = random.Random(6)
    known = [data for kind, command in product(PLACES, COMMANDS) for data in await _buttons(office, kind, command)]
    office.members.standings[OTHER_CHAT, STRANGER] = "creator"  # a group of the stranger's own
    watched = next(office.store.channel_watches(channel.id)[0].id for channel in office.store.channels())
    pressed = [(place, data) for place in (STRANGER, OTHER_CHAT, PLACES["group"]) for data in known]
    pressed += [(chance.choice([STRANGER, OTHER_CHAT, PLACES["group"]]), _altered(chance.choice(known), chance)) for _ in range(7000)]
    accepted = [one for one in pressed if _harms(await office.decide(_pressed(*one)))]
    payloads = [_altered(f"{chance.choice(['w', 'l', 's', 'd'])}_{watched}", chance) for _ in range(10_200 - len(pressed))]
    payloads = [one for one in payloads if one != f"w_{watched}"]
    accepted += [(STRANGER, one) for one in payloads if _adds(await office.decide(_started(one)))]

    record_property("made up", f"{len(accepted)} of {len(pressed) + len(payloads)} accepted")
    assert accepted == []
    assert len(known) > 40
    assert len(pressed) + len(payloads) >= 9_900, "all but those that chance made the true one"


async def test_what_was_asked_can_be_answered_once_and_within_a_day(office: Office) -> None:
    asked = await office.decide(_started("", command="watch", argument="Capita", user=PERSON))
    office.write(asked)
    save = _pressed(PERSON, _data(asked)[0], user=PERSON)

    assert (await office.decide(save, NOW + timedelta(days=2))).changes == ()
    saved = await office.decide(save)
    office.write(saved)
    assert saved.changes
    assert (await office.decide(save)).changes == ()


def _altered(data: str, chance: random.Random) -> str:
    """The data with some of it exchanged: another chat's number, another kind, a few letters, or nothing of it left."""
    parts = data.replace("_", ":").split(":")
    numbers = [
        *map(str, PLACES.values()),
        str(STRANGER),
        "-1",
        "0",
        str(2**63),
        str(chance.getrandbits(53)),
        "٧",
        "²",
        "",
        "1e3",
        "' OR 1=1",
    ]
    match chance.randrange(5):
        case 0:
            parts[chance.randrange(len(parts))] = chance.choice(numbers)
        case 1:
            parts[0] = chance.choice([*BUTTONS, "zz"])
        case 2:
            parts.append(chance.choice(numbers))
        case 3:
            parts[-1] = str(chance.getrandbits(chance.choice([8, 31, 63])))
        case _:
            parts = ["".join(chance.choices("udxleg:_-0123456789٣", k=chance.randrange(40)))]
    return ("_" if "_" in data else ":").join(parts)


def _pressed(chat: int, data: str, *, user: int = STRANGER) -> Pressed:
    kind = "private" if chat > 0 else "group"
    place = Place(chat_id=chat, thread_id=None, type=kind, title="")
    return Pressed(update_id=1, query_id="q", place=place, user_id=user, language="en", data=data, message_id=5)


def _started(payload: str, *, command: str = "start", argument: str = "", user: int = STRANGER) -> Asked:
    place = Place(chat_id=user, thread_id=None, type="private", title="")
    asked = {"command": command, "argument": argument or payload, "date": NOW, "language": "en"}
    return Asked(update_id=1, place=place, user_id=user, stranger=False, **asked)


def _harms(decision: Decision) -> bool:
    """Whether it changes what is not the stranger's, or says what is watched elsewhere."""
    others = any(getattr(change, "chat_id", None) not in (STRANGER, OTHER_CHAT) for change in decision.changes)
    said = [decision.toast, *(reply.text for reply in (*decision.replies, *([decision.edit] if decision.edit else [])))]
    return others or "Quorndale" in " ".join(said)


def _adds(decision: Decision) -> bool:
    """Whether it does more than set the stranger's own chat up."""
    return any(not isinstance(change, EnsureChannel) for change in decision.changes)


def test_no_two_buttons_and_no_two_commands_share_a_name() -> None:
    """Of two lines of a table with one key the second would take the place of the first, without a word."""
    tree = ast.parse(inspect.getsource(commands))
    written = {
        node.target.id: len(node.value.keys)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Dict)
    }

    assert written == {"COMMANDS": len(COMMANDS), "OPERATORS": len(OPERATORS), "BUTTONS": len(BUTTONS)}
