"""Fetching a document: the only way this program asks anybody on the web for anything.

Invariants: every hop of every request passes the gate (``addresses``) and waits for its host's turn (``pacing``); one time limit covers
name, connection, answer, body and redirects together; only a whole 200 or a 304 is a document, all else is a ``FetchError`` whose sentence
says what to do. No body, credential or query string is ever part of an error.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from importlib.metadata import version
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from watchers.addresses import Address, AddressError, Gate, join, parse_address
from watchers.answers import LONGEST_HEADER, REDIRECTS, Asked, explain, kept_headers, pause_of_host, refuse_answer, refuse_document
from watchers.bodies import BodyError, read_body
from watchers.dial import GatedResolver, Lookup, Lookups, open_session
from watchers.exceptions import FetchError
from watchers.pacing import HostPacer, HostPausedError, PausedSignal
from watchers.types import Response

DEADLINE_SECONDS = 20.0
MAX_BYTES = 5 * 2**20
MAX_REDIRECTS = 5
CONNECTIONS = 64
ACCEPT_FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
PATIENCE = timedelta(seconds=30)
WALK_PATIENCE = timedelta(minutes=15)
_PERMANENT_REDIRECTS = (301, 308)


@dataclass(slots=True)
class _Door:
    """A client and the gate that all its connections pass."""

    gate: Gate
    resolver: GatedResolver
    session: aiohttp.ClientSession


@dataclass(slots=True)
class _Open:
    """What exists while the fetcher is entered. ``public`` lets nobody into private networks, ``own`` into those that are allowed."""

    public: _Door
    own: _Door
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """How the caller wants its requests spaced."""

    key: str | None
    least: timedelta | None
    patience: timedelta | None

    @property
    def waits(self) -> timedelta:
        if self.patience is not None:
            return self.patience
        return PATIENCE if self.least is None else WALK_PATIENCE


@dataclass(slots=True, kw_only=True)
class _Journey:
    """One document on its way, over any number of hops."""

    rooms: _Open
    start: Address
    headers: Mapping[str, str]
    body: bytes | None
    about: str
    max_bytes: int
    now: datetime
    pace: _Pace
    seconds_left: float
    hops: int = 0
    all_permanent: bool = True
    visited: list[str] = field(default_factory=list)
    public: bool = False  # has left the networks of one's own, and is not led back into them

    @property
    def door(self) -> _Door:
        return self.rooms.public if self.public else self.rooms.own

    @property
    def conditional(self) -> bool:
        return "If-None-Match" in self.headers or "If-Modified-Since" in self.headers

    def paced(self, address: Address) -> tuple[str, timedelta | None]:
        """The key and the interval of a hop: an operator's own rule goes for its own host, not for where a redirect leads."""
        if address.host == self.start.host:
            return self.pace.key or address.host, self.pace.least
        return address.host, None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    location: str | None = None


class Fetcher:
    """Fetches documents; safe to use from any number of tasks. Use it as an async context manager.

    Args:
        contact: a URL or address that tells site owners whom to ask; part of the User-Agent.
        allow_networks: private networks whose servers are one's own, such as ``127.0.0.0/8``.
        pacer: gives hosts their turns; share one among all fetchers of a program.
        ssl_context: trusts other certificate authorities than the system's, for servers of one's own.
        deadline: seconds for one document, redirects included, waiting for the host's turn not.
        lookups: knows names; None asks the system's resolver.

    Raises:
        AddressError: ``allow_networks`` holds something that is no network.
        ValueError: ``contact`` cannot stand in a header.
    """

    def __init__(
        self,
        *,
        contact: str,
        allow_networks: Sequence[str] = (),
        pacer: HostPacer,
        ssl_context: ssl.SSLContext | None = None,
        deadline: float = DEADLINE_SECONDS,
        lookups: Lookup | None = None,
    ) -> None:
        if not contact.isascii() or not (contact == "" or contact.isprintable()):
            raise ValueError("the contact of [fetch] must be plain printable ASCII, because it is part of a header")
        self.user_agent = f"Contractwatch/{version('contractwatch')}" + (f" (+{contact})" if contact else "")
        self._gates = Gate(), Gate(allow_networks)
        self._pacer = pacer
        self._ssl_context = ssl_context
        self._deadline = deadline
        self._lookups = lookups
        self._stack = AsyncExitStack()
        self._open: _Open | None = None

    async def __aenter__(self) -> Self:
        lookups = self._lookups if self._lookups is not None else Lookups()
        public_gate, own_gate = self._gates
        public = await self._door(public_gate, lookups)
        own = await self._door(own_gate, lookups) if own_gate.allows_private else public
        self._open = _Open(public, own)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open = None
        await self._stack.aclose()

    async def get(
        self,
        url: str,
        *,
        about: str,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str | None = None,
        least: timedelta | None = None,
        max_bytes: int = MAX_BYTES,
        now: datetime,
        pace_key: str | None = None,
        patience: timedelta | None = None,
    ) -> Response:
        """Get a document, or learn that it has not changed.

        Args:
            url: complete; http or https.
            about: the feed's id, for errors.
            etag: as the last response gave it.
            last_modified: likewise.
            accept: the ``Accept`` header; None asks for feeds.
            least: an interval between requests that the host's operator demands.
            max_bytes: limit of the document, as sent and as unpacked.
            now: the time of day, for ``Retry-After`` and ``fetched_at``.
            pace_key: one key for all hosts of an operator that counts them together; None is the host itself.
            patience: the longest pause asked for by the host that is waited for here. None is half a minute, and a quarter of an hour where
                ``least`` is given: a walk over many pages is not thrown away for a short pause.

        Raises:
            FetchError: there is no document. ``retry_at``, ``blocked`` and ``gone`` say what the server wants.
            HostPausedError: the host was not asked, because it wants a longer pause.
        """
        headers = {"Accept": accept or ACCEPT_FEEDS}
        if (kept := _validator(etag)) is not None:
            headers["If-None-Match"] = kept
        if (kept := _validator(last_modified)) is not None:
            headers["If-Modified-Since"] = kept
        pace = _Pace(key=pace_key, least=least, patience=patience)
        return await self._travel(self._journey(url, headers, None, about=about, max_bytes=max_bytes, now=now, pace=pace))

    async def post_json(
        self,
        url: str,
        payload: object,
        *,
        about: str,
        least: timedelta | None = None,
        max_bytes: int = MAX_BYTES,
        now: datetime,
        pace_key: str | None = None,
        patience: timedelta | None = None,
    ) -> Response:
        """Ask a search service with a JSON document. A redirect is not followed: the question is meant for this address.

        Raises:
            FetchError: as ``get``.
        """
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        body = json.dumps(payload).encode()
        pace = _Pace(key=pace_key, least=least, patience=patience)
        return await self._travel(self._journey(url, headers, body, about=about, max_bytes=max_bytes, now=now, pace=pace))

    async def _door(self, gate: Gate, lookups: Lookup) -> _Door:
        resolver = GatedResolver(gate, lookups)
        session = open_session(gate, resolver, ssl_context=self._ssl_context, user_agent=self.user_agent)
        return _Door(gate, resolver, await self._stack.enter_async_context(session))

    def _journey(
        self, url: str, headers: Mapping[str, str], body: bytes | None, *, about: str, max_bytes: int, now: datetime, pace: _Pace
    ) -> _Journey:
        if self._open is None:
            raise RuntimeError("a Fetcher is used inside 'async with'")
        try:
            start = self._open.own.gate.admit(parse_address(url))
        except AddressError as exc:
            raise FetchError(f"the address {exc}", about=about) from exc
        return _Journey(
            rooms=self._open,
            start=start,
            headers=headers,
            body=body,
            about=about,
            max_bytes=max_bytes,
            now=now,
            pace=pace,
            seconds_left=self._deadline,
        )

    async def _travel(self, journey: _Journey) -> Response:
        """Follow redirects to the document. Each hop waits for its own host's turn, so no turn is ever held while waiting for another."""
        address = journey.start
        while True:
            journey.visited.append(address.url)
            async with self._turn(journey, address):
                arrival = await self._ask(journey, address)
            if arrival.location is None:
                moved = journey.hops > 0 and journey.all_permanent
                return Response(
                    url=address.url,
                    status=arrival.status,
                    headers=arrival.headers,
                    body=arrival.body,
                    fetched_at=journey.now,
                    moved_to=address.url if moved else None,
                    addresses=tuple(journey.visited),
                )
            address = _follow(journey, address, arrival)

    @asynccontextmanager
    async def _turn(self, journey: _Journey, address: Address) -> AsyncIterator[None]:
        key, least = journey.paced(address)
        try:
            async with self._pacer.turn(key, least, journey.pace.waits), journey.rooms.places:
                yield
        except PausedSignal as exc:
            raise HostPausedError(
                f"{address.host} was not asked: it wants a pause",
                about=journey.about,
                retry_at=journey.now + timedelta(seconds=exc.seconds),
            ) from None

    async def _ask(self, journey: _Journey, address: Address) -> _Arrival:
        """One request and its answer, within what is left of the time limit."""
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with asyncio.timeout(journey.seconds_left):
                return await self._exchange(journey, address)
        except BodyError as exc:
            raise FetchError(str(exc), about=journey.about) from exc
        except (aiohttp.ClientError, OSError) as exc:  # TimeoutError is an OSError
            asked = Asked(address=address, deadline=self._deadline, redirected=journey.hops > 0)
            raise FetchError(explain(exc, asked), about=journey.about) from exc
        finally:
            journey.seconds_left = max(journey.seconds_left - (clock.time() - began), 0.0)

    async def _exchange(self, journey: _Journey, address: Address) -> _Arrival:
        request = journey.door.session.request(
            "GET" if journey.body is None else "POST",
            URL(address.url, encoded=True),
            headers=journey.headers,
            data=journey.body,
            allow_redirects=False,
        )
        async with request as answer:
            status, headers = answer.status, answer.headers
            refusal = refuse_answer(status, headers, about=journey.about, now=journey.now, conditional=journey.conditional)
            if refusal is not None:
                key, least = journey.paced(address)
                if (pause := pause_of_host(refusal, now=journey.now, official=least is not None)) is not None:
                    self._pacer.penalise(key, pause)
                raise refusal
            if status in REDIRECTS:
                return _Arrival(status=status, location=headers["Location"])
            if status == HTTPStatus.NOT_MODIFIED:
                return _Arrival(status=status, headers=kept_headers(headers))
            if (fault := refuse_document(headers, journey.max_bytes)) is not None:
                raise BodyError(fault)
            encoding = ",".join(headers.getall("Content-Encoding", ()))
            body = await read_body(answer.content.iter_any(), encoding=encoding, limit=journey.max_bytes)
            return _Arrival(status=status, headers=kept_headers(headers), body=body)


def _follow(journey: _Journey, address: Address, arrival: _Arrival) -> Address:
    """Where a redirect leads, if it may lead there.

    Whoever answers from the internet may not point into a network of one's own: its owner allowed it for feeds listed there, not as a
    stepping stone for strangers.
    """
    about = journey.about
    if journey.body is not None:
        raise FetchError(f"answered {arrival.status}: it sends the question on to another address; correct the feed's url", about=about)
    if journey.hops == MAX_REDIRECTS:
        raise FetchError(f"redirects more than {MAX_REDIRECTS} times: look for the feed's own address", about=about)
    journey.hops += 1
    journey.all_permanent &= arrival.status in _PERMANENT_REDIRECTS
    door = journey.door
    own = door.gate.is_own(address.ip) if address.ip is not None else door.resolver.was_own(address.host)
    journey.public |= not own
    try:
        following = journey.door.gate.admit(join(address, arrival.location or ""))
    except AddressError as exc:
        raise FetchError(f"redirects to an address that {exc.fault}", about=about) from exc
    if address.scheme == "https" and following.scheme == "http":
        raise FetchError(f"redirects from https to unencrypted http on {following.host}, which is not followed", about=about)
    return following


def _validator(value: str | None) -> str | None:
    """An ETag or date that may be sent back: short, and nothing that could end a header."""
    return value if value and len(value) <= LONGEST_HEADER and value.isascii() and value.isprintable() else None
