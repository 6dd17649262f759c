"""Connections that only ever lead where the gate lets them.

A name is resolved by ``GatedResolver`` when a connection is opened and at no other moment, in bounded time; all its answers are judged; the
socket is then connected to one of the judged numbers, judged once more as it is dialled, while ``Host`` and the TLS server name stay
the original ones. A second look-up, which a hostile name server would answer differently, never happens.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from watchers.addresses import AddressError, Gate, to_ip

LOOKUP_SECONDS = 5.0
CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 3.0  # shorter than any common server's own, so that a connection is not reused in the moment it is closed
_LOOKUPS_AT_ONCE = 32

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]


class RefusedError(OSError):
    """The gate refused where a name leads. An ``OSError``, because only those pass through the HTTP client with their cause."""

    def __init__(self, refusal: AddressError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class LookupTimeoutError(OSError):
    """The name servers did not answer in time."""


class Lookup(Protocol):
    """Knows the addresses of names."""

    async def addresses(self, host: str, port: int) -> list[str]:
        """Every address of a name.

        Raises:
            OSError: there is no answer.
        """


class Lookups:
    """``getaddrinfo`` with a time limit.

    The C library cannot be interrupted and may hang for half a minute, so each look-up has a daemon thread: a thread pool would hold up
    the exit of the program. Hanging look-ups keep their place until they end, so that there are never more than a few dozen threads.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_LOOKUPS_AT_ONCE)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Every address of a name, IPv4 and IPv6, each once.

        Raises:
            OSError: there is no such name, or no answer in time.
        """
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self._places.acquire()
                return await self._start(host, port)
        except TimeoutError as exc:
            raise LookupTimeoutError("no answer in time") from exc

    def _start(self, host: str, port: int) -> asyncio.Future[list[str]]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def finish(found: list[str] | None, error: OSError | None) -> None:
            self._places.release()
            if answer.done():  # nobody waits any more
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found or [])

        def look_up() -> None:
            found, error = None, None
            try:
                infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                found = list(dict.fromkeys(str(info[4][0]) for info in infos))
            except OSError as exc:
                error = exc
            except UnicodeError:  # a label that the codec of the C library's wrapper refuses
                error = socket.gaierror(socket.EAI_NONAME, "not a host name")
            try:
                loop.call_soon_threadsafe(finish, found, error)
            except RuntimeError:  # the loop was closed meanwhile: the program is ending
                return

        threading.Thread(target=look_up, name="contractwatch-lookup", daemon=True).start()
        return answer


class GatedResolver(AbstractResolver):
    """Answers the HTTP client's only question about a name, after the gate has judged every answer."""

    def __init__(self, gate: Gate, lookups: Lookup) -> None:
        self._gate = gate
        self._lookups = lookups
        self._own: set[str] = set()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Look a name up and judge it.

        Raises:
            RefusedError: an answer is not to be reached.
            OSError: there is no answer.
        """
        found = await self._lookups.addresses(host, port)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        ips = [to_ip(text) for text in found]
        try:
            self._gate.judge(host, port, ips)
        except AddressError as exc:
            raise RefusedError(exc) from exc
        if all(self._gate.is_own(ip) for ip in ips):
            self._own.add(host)
        else:
            self._own.discard(host)
        return [
            ResolveResult(hostname=host, host=text, port=port, family=family, proto=socket.IPPROTO_TCP, flags=socket.AI_NUMERICHOST)
            for text in found
        ]

    def was_own(self, host: str) -> bool:
        """Whether a name led to networks of one's own when it was last looked up."""
        return host in self._own

    async def close(self) -> None:
        """Nothing is held open."""


def open_session(gate: Gate, resolver: GatedResolver, *, ssl_context: ssl.SSLContext | None, user_agent: str) -> aiohttp.ClientSession:
    """A client without cookies, proxies, ``.netrc``, redirects of its own or decompression, whose every socket passes the gate."""

    def dial(info: AddrInfo) -> socket.socket:
        host, port = info[4][0], info[4][1]
        try:
            gate.judge(host, port, [to_ip(host)])
        except AddressError as exc:
            raise RefusedError(exc) from exc
        return socket.socket(family=info[0], type=info[1], proto=info[2])

    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        family=socket.AF_UNSPEC,
        limit=0,  # the fetcher bounds requests itself, so that waiting for a place is no part of a deadline
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        ssl=ssl_context if ssl_context is not None else True,
        socket_factory=dial,
    )
    return aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        max_field_size=32 * 1024,  # some sites' Content-Security-Policy is longer than aiohttp's 8 KiB
        middlewares=(_once,),
    )


class LostError(aiohttp.ClientError):
    """The connection ended before an answer came."""


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from silently repeating a GET whose connection broke: one turn of the pacer is one request."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        raise LostError from exc
