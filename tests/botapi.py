"""A small Bot API server for tests: strict where the real one is, and quiet about everything the project does not use.

It listens on loopback; python-telegram-bot talks to it over real sockets. Texts are judged by TDLib's own parser where ``tdjson`` is
installed (it is the parser of Telegram's server), else by a check of the tags. Wordings of errors are those of the real server.

    async with BotApi() as api:
        api.add_chat(-100, type="supergroup", members={7: "administrator"})
        api.write(7, "/watch Palantir", chat_id=-100)
        await api.until(lambda: api.shown(-100))
"""
# ruff: noqa: SIM905 - lists of names read best as words

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, web

try:
    import tdjson
except ImportError:  # pragma: no cover - the judge is a development extra
    tdjson = None  # type: ignore[assignment]

TOKEN = "123456:TEST-token_for-the-fake-server-0000"
BOT_ID = 123456
ANONYMOUS = 1087968824


def td(request: dict[str, Any]) -> dict[str, Any]:
    """One of TDLib's offline functions."""
    return dict(json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}"))


if tdjson is not None:
    td({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})


def parse_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text without tags and its entities (offsets in UTF-16 units). Raises ``RefusedError`` where Telegram's server would refuse it."""
    if tdjson is None:  # pragma: no cover
        return html.unescape(re.sub(r"</?(?:b|i|a|code|blockquote)(?: href=\"[^\"<>]*\")?>", "", text)), []
    answer = td({"@type": "parseTextEntities", "text": text, "parse_mode": {"@type": "textParseModeHTML"}})
    if answer.get("@type") != "formattedText":
        raise RefusedError(400, f"Bad Request: can't parse entities: {answer.get('message', 'not UTF-8')}")
    return answer["text"], [_entity(entity) for entity in answer["entities"]]


def found_texts(text: str) -> list[tuple[str, str]]:
    """The things in a plain text that clients make clickable by themselves: each with its kind."""
    raw, found = text.encode("utf-16-le"), td({"@type": "getTextEntities", "text": text})["entities"]
    things = [
        (one["type"]["@type"].removeprefix("textEntityType"), raw[one["offset"] * 2 : (one["offset"] + one["length"]) * 2]) for one in found
    ]
    return [(kind, part.decode("utf-16-le")) for kind, part in things if kind not in ("BankCardNumber", "PhoneNumber", "MediaTimestamp")]


def found_entities(text: str) -> list[str]:
    """The kinds of these things."""
    return [kind for kind, _ in found_texts(text)]


_TYPES = {"Bold": "bold", "Italic": "italic", "Code": "code", "BlockQuote": "blockquote", "TextUrl": "text_link"}


def _entity(entity: dict[str, Any]) -> dict[str, Any]:
    kind = entity["type"]["@type"].removeprefix("textEntityType")
    made = {"offset": entity["offset"], "length": entity["length"], "type": _TYPES.get(kind, kind.lower())}
    return made | ({"url": entity["type"]["url"]} if kind == "TextUrl" else {})


class RefusedError(Exception):
    """An answer that is not ok."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class Fault:
    """What goes wrong, ``times`` times, with calls of a method (for a chat). ``after``: the call is obeyed first."""

    method: str
    kind: str  # "error", "reset", "slow" (and then reset), "garbage", "http", "hold" (and then answered)
    chat_id: int | None = None
    times: int = 1
    after: bool = False
    code: int = 400
    description: str = "Bad Request: chat not found"
    parameters: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class FakeChat:
    id: int
    type: str
    title: str
    username: str | None = None
    members: dict[int, str] = field(default_factory=dict)
    bot: str = "member"  # our own standing; "restricted" may not write
    topics: set[int] = field(default_factory=set)
    moved_to: int | None = None
    closed: set[int] = field(default_factory=set)  # topics

    def json(self) -> dict[str, Any]:
        own = {"id": self.id, "type": self.type}
        if self.type == "private":
            return own | {"first_name": "Ann"}
        forum = {"is_forum": True} if self.topics else {}
        return own | {"title": self.title} | forum | ({"username": self.username} if self.username else {})


class BotApi:
    """The server. ``calls`` holds every call as (method, parameters); ``messages`` what is in the chats."""

    def __init__(self) -> None:
        self.chats: dict[int, FakeChat] = {}
        self.messages: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[dict[str, Any]] = []  # of pressed buttons
        self.files: dict[str, bytes] = {}  # that were sent, by name
        self.accepted: list[tuple[float, int]] = []  # time and chat of each message
        self.faults: list[Fault] = []
        self.revoked = False
        self.conflict = False
        self.webhook: dict[str, Any] = {}  # as it was set
        self.proxy: Callable[[], int | None] = lambda: None  # the port at which the bot takes what is brought
        self.webhook_error: dict[str, Any] = {}
        self._bringing: asyncio.Task[None] | None = None
        self._updates: list[dict[str, Any]] = []
        self._next_update = 1000
        self._next_message = 1
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.serve()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def serve(self, port: int = 0) -> None:
        """Begin to answer, again after ``leave`` on the same port."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_get("/file/bot{token}/{name}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def leave(self) -> None:
        """Be gone: connections are refused."""
        self._bring_no_more()
        await self._runner.cleanup()

    # --- what people do

    def add_chat(self, chat_id: int, *, type: str = "private", title: str = "Chat", **more: Any) -> FakeChat:  # noqa: A002
        chat = self.chats[chat_id] = FakeChat(chat_id, type, title, **more)
        return chat

    def write(self, user_id: int, text: str | None, *, chat_id: int | None = None, language: str = "en", **more: Any) -> int:
        """A message of a person, in their private chat with the bot or in a chat."""
        chat = self._chat_of(user_id, chat_id)
        person = {"id": user_id, "is_bot": False, "first_name": "Ann", "language_code": language}
        message = self._message(chat, text, person) | more
        return self.push("message", message)

    def post(self, chat_id: int, text: str) -> int:
        chat = self.chats[chat_id]
        return self.push("channel_post", self._message(chat, text, None) | {"sender_chat": chat.json()})

    def press(self, user_id: int, message: dict[str, Any], *, label: str | None = None, data: str | None = None) -> int:
        buttons = [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]
        chosen = data or next(button["callback_data"] for button in buttons if button["text"] == label)
        person = {"id": user_id, "is_bot": False, "first_name": "Ann"}
        query = {"id": f"q{self._next_update}", "from": person, "chat_instance": "1", "data": chosen, "message": message}
        return self.push("callback_query", query)

    def standing(self, chat_id: int, old: str, new: str, *, actor: int = 5, **more: Any) -> int:
        """Our own standing in a chat changes."""
        chat = self.chats[chat_id]
        chat.bot = new
        me = {"id": BOT_ID, "is_bot": True, "first_name": "Watch"}
        change = {
            "chat": chat.json(),
            "from": {"id": actor, "is_bot": False, "first_name": "Ann"},
            "date": int(time.time()),
            "old_chat_member": member(old, me),
            "new_chat_member": member(new, me) | more,
        }
        return self.push("my_chat_member", change)

    def push(self, kind: str, body: Any) -> int:
        self._next_update += 1
        self._updates.append({"update_id": self._next_update, kind: body})
        self._notify()
        return self._next_update

    def service(self, chat_id: int, **body: Any) -> int:
        return self.push("message", self._message(self.chats[chat_id], None, None) | body)

    def fail(self, method: str, kind: str, **more: Any) -> Fault:
        fault = Fault(method, kind, **more)
        self.faults.append(fault)
        return fault

    # --- what is to be seen

    def shown(self, chat_id: int) -> list[str]:
        return [message["text"] for message in self.messages if message["chat"]["id"] == chat_id]

    def last(self, chat_id: int) -> dict[str, Any]:
        return next(message for message in reversed(self.messages) if message["chat"]["id"] == chat_id)

    def called(self, method: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.calls if name == method]

    async def until(self, true: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Wait until it is true, looking again after each call; fails the test when it does not come true."""
        async with asyncio.timeout(seconds), self._changed:
            while not (result := true()):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.05)
            return result

    # --- the server

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        parameters = {**request.query, **await request.post()}
        if request.match_info["token"] != TOKEN or self.revoked:
            return _answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        self.calls.append((method, parameters))
        try:
            fault = self._fault(method, parameters)
            if fault is not None and fault.kind == "hold" and not fault.after:
                await asyncio.sleep(fault.seconds)
            elif fault is not None and not fault.after:
                return await self._break(request, fault)
            result = await getattr(self, re.sub("([A-Z])", lambda letter: f"_{letter[1].lower()}", f"_{method}"))(parameters)
            if fault is not None and fault.after:
                self._notify()
                return await self._break(request, fault)
        except RefusedError as refused:
            body = {"ok": False, "error_code": refused.code, "description": refused.description}
            return _answer(refused.code, body | ({"parameters": refused.parameters} if refused.parameters else {}))
        finally:
            self._notify()
        return _answer(200, {"ok": True, "result": result})

    def _fault(self, method: str, parameters: dict[str, Any]) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.times > 0 and fault.chat_id in (None, int(parameters.get("chat_id", 0))):
                fault.times -= 1
                return fault
        return None

    async def _break(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind == "error":
            raise RefusedError(fault.code, fault.description, **fault.parameters)
        if fault.kind in ("slow", "hold"):
            await asyncio.sleep(fault.seconds)
        if fault.kind in ("reset", "slow", "hold"):
            assert request.transport is not None
            request.transport.abort()
        if fault.kind == "garbage":
            return web.Response(text="<html>hello")
        return web.Response(status=fault.code if fault.code >= 500 else 502, text="<html><h1>Bad Gateway</h1></html>")

    async def _get_me(self, _: dict[str, Any]) -> Any:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Watch", "username": "watch_bot", "can_join_groups": True}

    async def _get_updates(self, parameters: dict[str, Any]) -> Any:
        if self.webhook:
            raise RefusedError(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        if self.conflict:
            raise RefusedError(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        offset = int(parameters.get("offset", 0))
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        async with self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait_for(lambda: self._updates), float(parameters.get("timeout", 0)))
        return self._updates[:100]

    async def _set_webhook(self, parameters: dict[str, Any]) -> Any:
        assert re.fullmatch("[A-Za-z0-9_-]{1,256}", parameters["secret_token"])
        self._bring_no_more()
        self.webhook = parameters
        self._bringing = asyncio.create_task(self._bring())
        return True

    async def _delete_webhook(self, parameters: dict[str, Any]) -> Any:
        assert not parameters.get("drop_pending_updates")
        self._bring_no_more()
        self.webhook = {}
        return True

    async def _get_webhook_info(self, _: dict[str, Any]) -> Any:
        found = {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": len(self._updates)}
        return found | self.webhook_error

    async def _bring(self) -> None:
        """Bring update after update, each until it is taken."""
        async with ClientSession() as session:
            while True:
                async with self._changed:
                    await self._changed.wait_for(lambda: self._updates)
                update = self._updates[0]
                try:
                    status = await self.bring(session, json.dumps(update).encode())
                except ClientError:
                    status = 502
                if status == 200:
                    self._updates.remove(update)
                else:
                    failure = f"Wrong response from the webhook: {status}"
                    self.webhook_error = {"last_error_date": int(time.time()), "last_error_message": failure}
                    await asyncio.sleep(0.05)

    async def bring(self, session: ClientSession, body: bytes, **headers: str) -> int:
        """Post to the webhook as Telegram does, by way of the proxy; says what was answered."""
        to = f"http://127.0.0.1:{self.proxy()}{urlsplit(self.webhook['url']).path}"
        shown = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]} | headers
        async with session.post(to, data=body, headers=shown) as answer:
            return answer.status

    def _bring_no_more(self) -> None:
        if self._bringing is not None:
            self._bringing.cancel()
            self._bringing = None

    async def _send_message(self, parameters: dict[str, Any]) -> Any:
        chat = self._writable(parameters)
        thread = int(parameters.get("message_thread_id", 0))
        if thread and thread not in chat.topics:
            raise RefusedError(400, "Bad Request: message thread not found")
        if thread in chat.closed:  # 0: the General topic
            raise RefusedError(400, "Bad Request: TOPIC_CLOSED")
        message = self._message(chat, None, None) | self._text(parameters) | self._reply(chat, parameters)
        if thread:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        self.messages.append(message)
        self.accepted.append((time.monotonic(), chat.id))
        return message

    async def _send_document(self, parameters: dict[str, Any]) -> Any:
        """A file; its bytes are kept beside the message, and its caption is what is shown."""
        chat, upload = self._writable(parameters), parameters["document"]
        caption = self._text({**parameters, "text": parameters["caption"], "link_preview_options": '{"is_disabled": true}'})
        if len(caption["text"]) > 1024:
            raise RefusedError(400, "Bad Request: message caption is too long")
        document = {"file_id": "f", "file_unique_id": "u", "file_name": upload.filename}
        message = self._message(chat, None, None) | caption | {"document": document}
        self.messages.append(message)
        self.files[upload.filename] = upload.file.read()
        self.accepted.append((time.monotonic(), chat.id))
        return {name: value for name, value in message.items() if name not in ("text", "entities")} | {"caption": message["text"]}

    async def _get_file(self, parameters: dict[str, Any]) -> Any:
        return {"file_id": parameters["file_id"], "file_unique_id": "u", "file_path": parameters["file_id"]}

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])

    async def _edit_message_text(self, parameters: dict[str, Any]) -> Any:
        message = self._own(parameters)
        changed = self._text(parameters)
        if message["text"] == changed["text"] and message.get("reply_markup") == changed.get("reply_markup"):
            raise RefusedError(
                400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
            )
        message.pop("reply_markup", None)
        message.update(changed)
        return message

    async def _edit_message_reply_markup(self, parameters: dict[str, Any]) -> Any:
        message = self._own(parameters)
        message.pop("reply_markup", None)
        message.update({"reply_markup": json.loads(parameters["reply_markup"])} if "reply_markup" in parameters else {})
        return message

    async def _answer_callback_query(self, parameters: dict[str, Any]) -> Any:
        assert len(parameters.get("text", "")) <= 200
        self.answers.append(parameters)
        return True

    async def _set_my_commands(self, parameters: dict[str, Any]) -> Any:
        commands = json.loads(parameters["commands"])
        assert all(re.fullmatch("[a-z0-9_]{1,32}", command["command"]) and 0 < len(command["description"]) <= 256 for command in commands)
        assert re.fullmatch("([a-z]{2})?", parameters.get("language_code", ""))
        return True

    async def _set_my_description(self, parameters: dict[str, Any]) -> Any:
        assert 0 < len(parameters["description"]) <= 512
        return True

    async def _set_my_short_description(self, parameters: dict[str, Any]) -> Any:
        assert 0 < len(parameters["short_description"]) <= 120
        return True

    async def _get_chat(self, parameters: dict[str, Any]) -> Any:
        chat = self._chat(parameters["chat_id"])
        return chat.json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}

    async def _get_chat_member(self, parameters: dict[str, Any]) -> Any:
        chat, user = self._chat(parameters["chat_id"]), int(parameters["user_id"])
        if user == BOT_ID:
            return member(chat.bot, {"id": user, "is_bot": True, "first_name": "Watch"})
        if chat.type == "channel" and chat.bot != "administrator":
            raise RefusedError(400, "Bad Request: member list is inaccessible")
        return member(chat.members.get(user, "left"), {"id": user, "is_bot": False, "first_name": "Ann"})

    # --- helpers

    def _chat_of(self, user_id: int, chat_id: int | None) -> FakeChat:
        if chat_id is None and user_id not in self.chats:
            self.add_chat(user_id)
        return self.chats[user_id if chat_id is None else chat_id]

    def _chat(self, reference: str) -> FakeChat:
        for chat in self.chats.values():
            if reference in (str(chat.id), f"@{chat.username}"):
                return chat
        raise RefusedError(400, "Bad Request: chat not found")

    def _writable(self, parameters: dict[str, Any]) -> FakeChat:
        chat = self._chat(parameters["chat_id"])
        if chat.moved_to is not None:
            raise RefusedError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to)
        if chat.bot in ("kicked", "left"):
            who = "bot was blocked by the user" if chat.type == "private" else f"bot was kicked from the {chat.type} chat"
            raise RefusedError(403, f"Forbidden: {who}")
        if chat.bot == "restricted":
            raise RefusedError(400, "Bad Request: not enough rights to send text messages to the chat")
        return chat

    def _own(self, parameters: dict[str, Any]) -> dict[str, Any]:
        for message in self.messages:
            if str(message["chat"]["id"]) == parameters["chat_id"] and str(message["message_id"]) == parameters["message_id"]:
                return message
        raise RefusedError(400, "Bad Request: message to edit not found")

    def _reply(self, chat: FakeChat, parameters: dict[str, Any]) -> dict[str, Any]:
        """The message of the same chat that is answered; one that is gone is a refusal, unless the sender said that it need not be there."""
        wanted = json.loads(parameters.get("reply_parameters", "{}"))
        known = [one for one in self.messages if one["chat"]["id"] == chat.id and one["message_id"] == wanted.get("message_id")]
        if wanted and not known and not wanted.get("allow_sending_without_reply"):
            raise RefusedError(400, "Bad Request: message to be replied not found")
        return {"reply_to_message": {name: known[0][name] for name in ("message_id", "date", "chat")}} if known else {}

    def _text(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The text and buttons of a message to be, checked as the real server does."""
        text, entities = parameters["text"], []
        if len(text.encode()) > 32768:
            raise RefusedError(400, "Bad Request: text is too long")
        if parameters.get("parse_mode") == "HTML":
            text, entities = parse_html(text)
        text = text.strip(" \n")
        if not text:
            raise RefusedError(400, "Bad Request: text must be non-empty")
        if len(text) > 4096:
            raise RefusedError(400, "Bad Request: message is too long")
        assert json.loads(parameters.get("link_preview_options", "{}")).get("is_disabled"), "no message shows a preview"
        made: dict[str, Any] = {"text": text, "entities": entities}
        if "reply_markup" in parameters:
            made["reply_markup"] = json.loads(parameters["reply_markup"])
            for button in (button for row in made["reply_markup"]["inline_keyboard"] for button in row):
                if len(button.get("callback_data", "").encode()) > 64:
                    raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
        return made

    def _message(self, chat: FakeChat, text: str | None, person: dict[str, Any] | None) -> dict[str, Any]:
        self._next_message += 1
        message: dict[str, Any] = {"message_id": self._next_message, "date": int(time.time()), "chat": chat.json()}
        if person is not None:
            message["from"] = person
        return message | ({"text": text} if text is not None else {})

    def _notify(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        self._notifying = asyncio.ensure_future(notify())


_GIFTS = {
    "unlimited_gifts": True,
    "limited_gifts": True,
    "unique_gifts": True,
    "premium_subscription": True,
    "gifts_from_channels": True,
}
_RIGHTS = (
    "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members can_promote_members "
    "can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
).split()
_PERMISSIONS = (
    "can_send_messages can_send_audios can_send_documents can_send_photos can_send_videos can_send_video_notes can_send_voice_notes "
    "can_send_polls can_send_other_messages can_add_web_page_previews can_change_info can_invite_users can_pin_messages can_manage_topics "
    "can_edit_tag can_react_to_messages"
).split()


def member(status: str, user: dict[str, Any]) -> dict[str, Any]:
    """A chat member as the real server writes it."""
    made: dict[str, Any] = {"status": status, "user": user}
    if status == "creator":
        made |= {"is_anonymous": False}
    if status == "administrator":
        made |= dict.fromkeys(_RIGHTS, False) | {"can_post_messages": True}
    if status == "restricted":
        made |= dict.fromkeys(_PERMISSIONS, False) | {"is_member": True, "until_date": 0}
    if status == "kicked":
        made |= {"until_date": 0}
    return made


def _answer(status: int, body: dict[str, Any]) -> web.Response:
    return web.json_response(body, status=status)
