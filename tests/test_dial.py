"""Names, TLS and the socket itself: connections only lead where they may."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from raw_server import FEED, Names, RawServer, answer
from tls_identity import CERTIFICATE, KEY

from watchers import dial
from watchers.addresses import Gate
from watchers.dial import GatedResolver, Lookups, open_session
from watchers.exceptions import FetchError
from watchers.fetch import Fetcher
from watchers.pacing import HostPacer, SystemClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class _Failing:
    """A name server that fails in one way."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    async def addresses(self, host: str, port: int) -> list[str]:
        raise self.error


def _fetcher(lookups: object, trusted: ssl.SSLContext | None = None) -> Fetcher:
    pacer = HostPacer(timedelta(0), SystemClock())
    return Fetcher(contact="", allow_networks=["127.0.0.0/8"], pacer=pacer, lookups=lookups, ssl_context=trusted)


async def _sentence(url: str, lookups: object) -> str:
    async with _fetcher(lookups) as fetcher:
        with pytest.raises(FetchError) as failed:
            await fetcher.get(url, about="council", now=NOW)
    return failed.value.message


@pytest.mark.parametrize(
    ("lookups", "sentence"),
    [
        (
            _Failing(socket.gaierror(socket.EAI_NONAME, "x")),
            "there is no host named gone.example: the name is misspelt or gone, or this machine has no network",
        ),
        (_Failing(socket.gaierror(socket.EAI_AGAIN, "x")), "the name servers could not answer for gone.example just now"),
        (_Failing(dial.LookupTimeoutError("x")), "the name servers gave no answer for gone.example within 5 seconds"),
        (_Failing(OSError(errno.ENETUNREACH, "x")), "gone.example cannot be reached from here: the network is down or has no way there"),
        (_Failing(OSError("x")), "the connection to gone.example, port 443 failed"),
        (Names(gone__example=[[]]), "there is no host named gone.example: the name is misspelt or gone, or this machine has no network"),
    ],
)
async def test_a_name_that_leads_nowhere_says_so(lookups: object, sentence: str) -> None:
    assert await _sentence("https://gone.example/feed", lookups) == sentence


@pytest.fixture
def identity(tmp_path: Path) -> ssl.SSLContext:
    (tmp_path / "both.pem").write_text(CERTIFICATE + KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context


@pytest.fixture
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CERTIFICATE)


async def test_tls_is_spoken_to_the_checked_address_under_the_original_name(identity: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    named: list[str | None] = []
    identity.sni_callback = lambda _socket, name, _context: named.append(name)
    lookups = Names(watch__test=[["127.0.0.1"]])
    async with RawServer({"/feed": answer()}, tls=identity) as server, _fetcher(lookups, trusting) as fetcher:
        response = await fetcher.get(server.url("/feed", "watch.test"), about="own", now=NOW)

        assert response.body == FEED
    assert named == ["watch.test"]
    assert lookups.asked == ["watch.test"]


async def test_a_certificate_nobody_trusts_is_named_with_its_fault(identity: ssl.SSLContext) -> None:
    async with RawServer({"/feed": answer()}, tls=identity) as server:
        said = await _sentence(server.url("/feed", "watch.test"), Names(watch__test=[["127.0.0.1"]]))

    assert said.startswith("has a certificate that is not trusted for watch.test: self-signed certificate")


async def test_a_certificate_for_another_name_is_not_trusted(identity: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    lookups = Names(other__test=[["127.0.0.1"]])
    async with RawServer({"/feed": answer()}, tls=identity) as server, _fetcher(lookups, trusting) as fetcher:
        with pytest.raises(FetchError, match=r"not trusted for other.test: Hostname mismatch"):
            await fetcher.get(server.url("/feed", "other.test"), about="own", now=NOW)


async def test_a_server_without_tls_is_told_apart_from_a_bad_certificate() -> None:
    async def blunt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer(status="400 Bad Request"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(blunt, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        said = await _sentence(f"https://127.0.0.1:{port}/feed", Names())

    assert said == f"127.0.0.1, port {port}, speaks no TLS that can be understood"


async def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "CONNECT_SECONDS", 0.2)
    async with RawServer({}) as server:
        said = await _sentence(f"https://127.0.0.1:{server.port}/feed", Names())

    assert said == f"127.0.0.1, port {server.port}, did not accept a connection within 10 seconds"


async def test_https_is_not_led_down_to_http(identity: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    lookups = Names(watch__test=[["127.0.0.1"]])
    routes = {"/feed": answer(b"", "301 Moved", Location="http://watch.test/feed")}
    async with RawServer(routes, tls=identity) as server, _fetcher(lookups, trusting) as fetcher:
        with pytest.raises(FetchError, match=r"redirects from https to unencrypted http on watch.test, which is not followed"):
            await fetcher.get(server.url("/feed", "watch.test"), about="own", now=NOW)


async def test_a_number_that_never_passed_a_resolver_is_judged_as_it_is_dialled() -> None:
    gate = Gate()
    async with (
        RawServer({"/feed": answer()}) as server,
        open_session(gate, GatedResolver(gate, Names()), ssl_context=None, user_agent="x") as session,
    ):
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get(server.url("/feed"))

        assert isinstance(refused.value.os_error, dial.RefusedError)
        assert server.connections == 0


async def test_a_name_server_that_hangs_is_given_up_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_args: object, **_options: object) -> list[object]:
        release.wait(60)
        return []

    monkeypatch.setattr(dial, "LOOKUP_SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        lookups = Lookups()
        with pytest.raises(dial.LookupTimeoutError):
            await lookups.addresses("hangs.example", 80)
        hanging = [asyncio.create_task(lookups.addresses("hangs.example", 80)) for _ in range(100)]
        results = await asyncio.gather(*hanging, return_exceptions=True)

        assert all(isinstance(result, dial.LookupTimeoutError) for result in results)
        assert sum(thread.name == "contractwatch-lookup" for thread in threading.enumerate()) <= 32
        assert all(thread.daemon for thread in threading.enumerate() if thread.name == "contractwatch-lookup")
    finally:
        release.set()
    for thread in threading.enumerate():
        if thread.name == "contractwatch-lookup":
            await asyncio.to_thread(thread.join, 60)

    monkeypatch.undo()
    assert await lookups.addresses("127.0.0.1", 80) == ["127.0.0.1"]


def test_a_look_up_that_ends_after_the_program_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(dial, "LOOKUP_SECONDS", 0.05)

    def hang(*_args: object, **_options: object) -> list[object]:
        release.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    with pytest.raises(dial.LookupTimeoutError):
        asyncio.run(Lookups().addresses("hangs.example", 80))
    hanging = [thread for thread in threading.enumerate() if thread.name == "contractwatch-lookup"]
    release.set()
    for thread in hanging:
        thread.join(60)

    assert len(hanging) == 1
    assert not hanging[0].is_alive()


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example"])
async def test_a_name_that_does_not_exist_is_an_os_error(host: str) -> None:
    with pytest.raises(socket.gaierror):
        await Lookups().addresses(host, 80)
