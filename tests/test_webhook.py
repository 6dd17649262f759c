"""Updates that Telegram brings: taken when they are safe, and nothing taken from anybody else."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from telegram import WebhookInfo
from telegramworld import World, a_world

from bot import serving, webhook
from bot.cli.findings import about_webhook
from bot.config_sections import WebhookSection
from bot.serving import PlaceError
from bot.token import Token
from bot.webhook import Webhook, WebhookServer, why_not_brought
from storage.exceptions import StoreUnavailable
from storage.records import InboxUpdate

ANN = 7
URL = "https://bot.example.org/telegram"
SECRET = "s3cret_s3cret-s3cret_s3cret-s3cret"
HOOK = Webhook(url=URL, listen="127.0.0.1:0", secret=Token(SECRET))
UPDATE = {
    "update_id": 5,
    "message": {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private", "first_name": "Ann"}, "text": "/help"},
}
BODY = json.dumps(UPDATE).encode()
NESTED = 100_000
_ENOUGH = 2**20  # bytes of a body that is refused by its length: who is answered while still sending may be cut off before reading

# What a stranger, or somebody with the secret who is not Telegram, may send: its status, and what differs from a good request.
FORGED: dict[str, tuple[int, dict[str, Any]]] = {
    "no secret": (403, {"secret": None}),
    "an empty secret": (403, {"secret": ""}),
    "another secret": (403, {"secret": "x" * len(SECRET)}),
    "the secret but for its end": (403, {"secret": SECRET[:-1] + "x"}),
    "a part of the secret": (403, {"secret": SECRET[:-1]}),
    "the secret and more": (403, {"secret": SECRET + "x"}),
    "a long secret": (403, {"secret": "x" * 8000}),
    "a secret that is no header": (400, {"secret": "x" * 20_000}),
    "a secret in foreign letters": (403, {"secret": "ſ3cret_s3cret-s3cret_s3cret-s3cret"}),
    "the secret in the address": (403, {"secret": None, "path": f"/telegram?secret_token={SECRET}"}),
    "another path": (404, {"path": "/"}),
    "a path above": (404, {"path": "/telegram/../telegram/x"}),
    "an encoded path": (404, {"path": "/%74elegram"}),
    "no body to be read": (405, {"method": "GET"}),
    "another method": (405, {"method": "PUT"}),
    "a form": (415, {"type": "application/x-www-form-urlencoded"}),
    "a text": (415, {"type": "text/plain"}),
    "five megabytes": (413, {"body": b'{"update_id": 5, "x": "' + b"x" * 5 * 2**20 + b'"}'}),
    "more than a megabyte in pieces": (413, {"body": b'{"update_id": 5, "x": "' + b"x" * 2**20 + b'"}', "chunked": True}),
    "a bomb": (400, {"body": gzip.compress(BODY + b" " * 2**24), "encoding": "gzip"}),
    "nothing": (400, {"body": b""}),
    "half of it": (400, {"body": BODY[:-9]}),
    "no JSON": (400, {"body": b"update_id=5"}),
    "no UTF-8": (400, {"body": BODY.replace(b"help", b"\xff\xfe\xff")}),
    "deep arrays": (400, {"body": b'{"update_id": 5, "x": ' + b"[" * NESTED + b"]" * NESTED + b"}"}),
    "deep objects": (400, {"body": b'{"update_id": 5, "x": ' + b'{"x":' * NESTED + b"0" + b"}" * NESTED + b"}"}),
    "rather deep arrays": (400, {"body": b'{"update_id": 5, "x": ' + b"[" * 200 + b"]" * 200 + b"}"}),
    "a long number": (400, {"body": b'{"update_id": ' + b"9" * 100_000 + b"}"}),
    "what is no number": (400, {"body": b'{"update_id": 5, "x": NaN}'}),
    "a list of updates": (400, {"body": b"[" + BODY + b"]"}),
    "no update_id": (400, {"body": b"{}"}),
    "an update_id in letters": (400, {"body": b'{"update_id": "5"}'}),
    "an update_id that is true": (400, {"body": b'{"update_id": true}'}),
    "a broken update_id": (400, {"body": b'{"update_id": 5.0}'}),
    "an update_id below all": (400, {"body": b'{"update_id": -5}'}),
    "an update_id above all": (400, {"body": b'{"update_id": 4294967296}'}),
}


class Door:
    """A webhook that is served, and what it lets in."""

    def __init__(self) -> None:
        self.kept: list[InboxUpdate] = []
        self.broken = False
        self.server = WebhookServer(HOOK, self._keep)

    async def _keep(self, update: InboxUpdate) -> None:
        if self.broken:
            raise StoreUnavailable("the disk is full")
        self.kept.append(update)

    async def post(self, **request: Any) -> int:
        return await post(self.server.port, **request)


async def post(
    port: int,
    *,
    secret: str | None = SECRET,
    path: str = "/telegram",
    method: str = "POST",
    type: str = "application/json",  # noqa: A002
    body: bytes = BODY,
    chunked: bool = False,
    encoding: str = "",
) -> int:
    """One request, byte by byte as it is meant: a client would refuse to send most of these. Says the status of the answer."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bot.example.org", f"Content-Type: {type}", "Connection: close"]
    lines += [f"X-Telegram-Bot-Api-Secret-Token: {secret}"] if secret is not None else []
    lines += [f"Content-Encoding: {encoding}"] if encoding else []
    lines += ["Transfer-Encoding: chunked"] if chunked else [f"Content-Length: {len(body)}"]
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body[:_ENOUGH]
    return await send(port, "\r\n".join(lines).encode() + b"\r\n\r\n" + sent)


async def send(port: int, request: bytes) -> int:
    """What is answered to these bytes; 0 when the connection is closed without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readline()  # before all was taken, where the beginning is enough
    except ConnectionError:
        return 0
    finally:
        writer.transport.abort()
    return int(head.split()[1]) if head else 0


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url, webhook=HOOK) as made:
        yield made


async def test_what_telegram_brings_is_taken_and_what_is_forged_is_refused_and_not_kept(door: Door) -> None:
    answered = {name: await door.post(**forged) for name, (_, forged) in FORGED.items()}

    assert answered == {name: status for name, (status, _) in FORGED.items()}
    assert door.kept == []
    assert await door.post() == await door.post(type="application/json; charset=utf-8") == await door.post(chunked=True) == 200
    assert [one.raw for one in door.kept] == [UPDATE] * 3


async def test_who_sends_slowly_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_PATIENCE", 0.1)
    head = f"POST /telegram HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"

    assert await send(door.server.port, f'{head}Content-Length: 100\r\n\r\n{{"update_id"'.encode()) == 408
    monkeypatch.setattr(serving, "_IDLE", 0.1)
    impatient = Door()
    await impatient.server.start()
    assert [await send(impatient.server.port, sent) for sent in (head.encode(), b"POST /tele", b"")] == [0, 0, 0]
    await impatient.server.stop()
    assert door.kept == impatient.kept == []


async def test_an_update_that_cannot_be_stored_is_not_confirmed(door: Door) -> None:
    door.broken = True
    assert await door.post() == 503
    door.broken = False
    assert await door.post() == 200


async def test_a_place_that_is_taken_is_one_sentence(door: Door) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Webhook(url=URL, listen=f"127.0.0.1:{other.getsockname()[1]}", secret=HOOK.secret)
        server = WebhookServer(taken, door._keep)
        with pytest.raises(PlaceError, match=r"\[telegram.webhook\] listen: .*choose another port"):
            await server.start()
        await server.stop()


async def test_commands_are_brought_and_answered_and_nothing_is_asked_for(world: World) -> None:
    async with world.running():
        assert "Palantir" in await world.watch(ANN, "/watch Palantir")
        await world.api.until(lambda: world.telegram.last_ok_at)

    (told,) = world.api.called("setWebhook")
    assert (told["url"], told["secret_token"]) == (URL, SECRET)
    assert set(json.loads(told["allowed_updates"])) == {"message", "channel_post", "callback_query", "my_chat_member"}
    assert world.api.called("getUpdates") == world.api.called("deleteWebhook") == []
    assert (world.names(ANN), world.telegram.deaf) == (["Palantir"], None)


async def test_an_update_that_is_brought_again_has_its_effect_once(world: World) -> None:
    async with world.running():
        await world.ask(ANN, "/help")
        world.api.write(ANN, "/help")
        body = json.dumps(world.api._updates[-1]).encode()
        async with aiohttp.ClientSession() as session:
            assert await asyncio.gather(*[world.api.bring(session, body) for _ in range(8)]) == [200] * 8
            world.api.write(ANN, "/help")
            await world.api.until(lambda: len(world.api.shown(ANN)) >= 3)
            assert await world.api.bring(session, body) == 200
        world.api.write(ANN, "/help")
        await world.api.until(lambda: len(world.api.shown(ANN)) >= 4)

    assert len(world.api.shown(ANN)) == 4


async def test_a_database_that_is_away_delays_what_is_brought_and_loses_none(world: World) -> None:
    broken, plain = 2, world.telegram._call

    async def failing(method: object, *args: object, **more: object) -> object:
        nonlocal broken
        if getattr(method, "__name__", "") == "save_updates" and broken:
            broken -= 1
            raise StoreUnavailable("the disk is full")
        return await plain(method, *args, **more)  # type: ignore[arg-type]

    world.telegram._call = failing  # type: ignore[assignment]
    async with world.running():
        await world.ask(ANN, "/help")

    assert (broken, len(world.api.shown(ANN))) == (0, 1)


async def test_who_asks_after_a_webhook_misses_nothing_though_updates_came_in_no_order(world: World) -> None:
    async with world.running():
        await world.ask(ANN, "/help")
    world.api._bring_no_more()
    world.api.write(8, "/help")  # this one the proxy refused, and the next was brought
    brought = world.api.write(9, "/help")
    world.store.save_updates([InboxUpdate(update_id=brought, raw=world.api._updates.pop())], world.now())
    world.webhook = None
    world.api.fail("getUpdates", "http")  # and the daemon is killed when it has not heard anything yet
    for _ in range(2):
        await world.restart()
        async with world.running():
            await world.api.until(lambda: world.api.called("getUpdates"))
            await world.api.until(lambda: not world.api.faults[0].times)
    await world.restart()
    async with world.running():
        await world.api.until(lambda: all(world.api.shown(person) for person in (8, 9)))
        await world.api.until(lambda: world.store.meta("webhook") == "")

    assert [len(world.api.shown(person)) for person in (ANN, 8, 9)] == [1, 1, 1]


async def test_another_webhook_for_the_token_is_told_loudly_and_commands_are_heard_again_when_it_is_gone(world: World) -> None:
    async with world.running():
        await world.ask(ANN, "/help")
        world.api.webhook_error = {"last_error_date": 2**31, "last_error_message": "Connection refused"}
        world.api._bring_no_more()
        world.api.write(ANN, "/help")
        await world.api.until(lambda: "Connection refused" in str(world.telegram.deaf))
        world.api.webhook, world.api.webhook_error = {"url": "https://thief.example.org/", "secret_token": "x"}, {}
        await world.api.until(lambda: "another program" in str(world.telegram.deaf))
        assert len(world.api.called("setWebhook")) == 1
        world.api.webhook = {}
        await world.api.until(lambda: len(world.api.shown(ANN)) == 2 and world.telegram.deaf is None)


async def test_a_webhook_that_telegram_refuses_is_said_and_tried_again(world: World) -> None:
    world.api.fail("setWebhook", "error", description="Bad Request: bad webhook: Failed to resolve host: Name or service not known")
    async with world.running():
        await world.api.until(lambda: "failed to resolve host" in str(world.telegram.deaf))
        await world.ask(ANN, "/help")
        await world.api.until(lambda: world.telegram.deaf is None)


def info(url: str = URL, **more: Any) -> WebhookInfo:
    failed = (
        {"last_error_date": datetime(2026, 3, 2, 9, tzinfo=UTC), "last_error_message": "Connection refused"}
        if more.get("pending_update_count")
        else {}
    )
    return WebhookInfo(url=url, **({"has_custom_certificate": False, "pending_update_count": 0} | failed | more))


@pytest.mark.parametrize(
    ("configured", "found", "said"),
    [
        (False, info(""), None),
        (False, info("https://x.example.org/123456:AAsecret"), "the bot has a webhook at x.example.org, so no command"),
        (True, info(""), "brings no updates yet"),
        (True, info("https://x.example.org/"), "x.example.org: another program"),
        (
            True,
            info(pending_update_count=3),
            r"Connection refused; your proxy must hand https://bot.example.org/telegram on to 127.0.0.1:8088",
        ),
        (True, info(), "Telegram brings updates to https://bot.example.org/telegram"),
    ],
)
def test_doctor_says_whether_updates_come_as_configured(configured: bool, found: WebhookInfo, said: str | None) -> None:
    findings = about_webhook(WebhookSection(url=URL) if configured else None, found)

    assert ([] if said is None else [said]) == [said for one in findings if said is not None and said in one.message]
    assert "AAsecret" not in str(findings)


def test_a_failure_is_over_when_something_was_brought_since() -> None:
    failing = info(pending_update_count=1)

    assert "09:00" in str(why_not_brought(failing, datetime(2026, 3, 2, 8, tzinfo=UTC)))
    assert why_not_brought(failing, datetime(2026, 3, 2, 10, tzinfo=UTC)) is None
