"""What a server's answer, or its silence, means: statuses and foreign errors in sentences that people understand.

Every sentence follows a feed's id, so it has no subject. None repeats anything the server sent beyond the status number.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
from multidict import CIMultiDictProxy

from watchers.addresses import Address
from watchers.bodies import megabytes
from watchers.dial import CONNECT_SECONDS, LOOKUP_SECONDS, LookupTimeoutError, LostError, RefusedError
from watchers.exceptions import FetchError

SHORTEST_PAUSE = timedelta(seconds=60)  # a server that says "-5" or "soon" still wants to be asked less
LONGEST_PAUSE = timedelta(hours=24)
OFFICIAL_403_PAUSE = 300.0  # seconds; Contracts Finder: "no further requests until after 5 minutes"
KEPT_HEADERS = ("content-type", "content-location", "content-language", "etag", "last-modified", "cache-control", "age", "date")
LONGEST_HEADER = 1024  # characters; a longer validator is neither stored nor sent back
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASKED_TOO_OFTEN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_CHALLENGES = ("cf-mitigated", "x-amzn-waf-action")  # headers of the two common bot walls, which answer with odd statuses
_ARCHIVES = re.compile(
    r"\s*(?:application/(?:zip|gzip|x-gzip|x-tar|x-bzip2|x-xz|zstd|x-7z-compressed|vnd\.rar|x-rar-compressed|java-archive|pdf)|(?:image|audio|video|font)/)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[0-9]{1,400}")

_SENTENCES = {
    204: "nothing, where a document was expected",
    206: "only a part of the document",
    304: "that nothing changed, although it was not asked whether anything did",
    400: "it does not understand the address",
    401: "it wants a password, which is never sent; find an address that is open to everybody",
    402: "it wants money",
    403: "it refuses this program; ask its owner to admit the User-Agent, or remove the feed",
    404: "the address is wrong or the feed has moved",
    405: "the address is no feed's",
    406: "it does not give out what feeds are made of",
    410: "the feed was withdrawn for good; remove it, or find its new address",
    429: "it is asked too often; the pause it wants is kept, and a longer `every` asks less",
    451: "it is forbidden by law to answer",
    500: "it is broken at the moment",
    502: "it is broken at the moment",
    503: "it is overloaded or being repaired",
    504: "it is broken at the moment",
}


def refuse_answer(status: int, headers: CIMultiDictProxy[str], *, about: str, now: datetime, conditional: bool) -> FetchError | None:
    """Why an answer is no document and no redirect; None when it is one.

    ``retry_at`` is set where the server names a moment, and always after 429 and 503, within ``SHORTEST_PAUSE`` and ``LONGEST_PAUSE``.
    """
    if status == HTTPStatus.OK or (status == HTTPStatus.NOT_MODIFIED and conditional):
        return None
    if status in REDIRECTS:
        return (
            None
            if headers.get("Location")
            else FetchError(f"answered {status}: a redirect that does not say where to", about=about, status=status)
        )
    meaning = _SENTENCES.get(status) or _by_class(status)
    stated = headers.get("Retry-After")
    pause = read_retry_after(stated, now) if stated is not None or status in _ASKED_TOO_OFTEN else None
    return FetchError(
        f"answered {status}: {meaning}",
        about=about,
        status=status,
        retry_at=now + pause if pause is not None else None,
        blocked=status == HTTPStatus.FORBIDDEN or any(name in headers for name in _CHALLENGES),
        gone=status == HTTPStatus.GONE,
    )


def refuse_document(headers: CIMultiDictProxy[str], max_bytes: int) -> str | None:
    """Why a document is not worth reading, from its headers alone."""
    length = headers.get("Content-Length", "")
    if _NUMBER.fullmatch(length) and int(length) > max_bytes:
        return f"announces more than {megabytes(max_bytes)}"
    if _ARCHIVES.match(headers.get("Content-Type", "")):
        return "is an archive, a picture or the like, not a feed"
    return None


def pause_of_host(error: FetchError, *, now: datetime, official: bool) -> float | None:
    """For how many seconds nothing at all should be asked of the host that answered so.

    A 403 pauses only the official registers, where it stands for too many requests; elsewhere it refuses one address or this program.
    """
    if error.status in _ASKED_TOO_OFTEN and error.retry_at is not None:
        return (error.retry_at - now).total_seconds()
    if error.status == HTTPStatus.FORBIDDEN and official:
        stated = (error.retry_at - now).total_seconds() if error.retry_at is not None else 0.0
        return max(stated, OFFICIAL_403_PAUSE)
    return None


def read_retry_after(value: str | None, now: datetime) -> timedelta:
    """``Retry-After``, in seconds or as a date, brought into the bounds; what cannot be read counts as the shortest pause."""
    text = (value or "").strip()
    pause = SHORTEST_PAUSE
    if _NUMBER.fullmatch(text):
        pause = timedelta(seconds=min(int(text), LONGEST_PAUSE.total_seconds()))
    elif text:
        try:
            at = parsedate_to_datetime(text)
            pause = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - now
        except (ValueError, OverflowError):  # no date, or one beyond the calendar
            pause = SHORTEST_PAUSE
    return min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE)


def kept_headers(headers: CIMultiDictProxy[str]) -> Mapping[str, str]:
    """The few headers that anything later reads, as far as they are short and plain text; cookies and all the rest end here."""
    found = {name: headers.get(name, "") for name in KEPT_HEADERS}
    return {name: value for name, value in found.items() if value and len(value) <= LONGEST_HEADER and value.isprintable()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request that failed, as far as its error needs to know it. ``deadline`` is in seconds."""

    address: Address
    deadline: float
    redirected: bool = False

    @property
    def host(self) -> str:
        return self.address.host

    @property
    def where(self) -> str:
        return f"{self.address.host}, port {self.address.port}"


def explain(error: Exception, asked: Asked) -> str:
    """A failed request as a sentence. The text of foreign errors is not used: some quote what the server sent."""
    cause = error
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError):
        cause = error.os_error
    return next(
        (sentence(cause, asked) for kind, sentence in _FAULTS if isinstance(cause, kind)), f"could not be fetched from {asked.host}"
    )


def _by_class(status: int) -> str:
    if 400 <= status < 500:  # noqa: PLR2004 - the classes of HTTP
        return "it does not give out this address"
    if 500 <= status < 600:  # noqa: PLR2004
        return "it is broken at the moment"
    return "that is no answer to a request for a document"


def _refused(error: Exception, asked: Asked) -> str:
    assert isinstance(error, RefusedError)
    return f"redirects to an address that {error.refusal.fault}" if asked.redirected else f"the address {error.refusal}"


def _bad_certificate(error: Exception, asked: Asked) -> str:
    assert isinstance(error, aiohttp.ClientConnectorCertificateError)
    fault = getattr(error.certificate_error, "verify_message", "") or "it does not fit the host"
    return f"has a certificate that is not trusted for {asked.host}: {fault}"


def _no_name(error: Exception, asked: Asked) -> str:
    if getattr(error, "errno", None) == socket.EAI_AGAIN:
        return f"the name servers could not answer for {asked.host} just now"
    return f"there is no host named {asked.host}: the name is misspelt or gone, or this machine has no network"


def _no_connection(error: Exception, asked: Asked) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return f"the connection to {asked.where} was refused: nothing listens there"
    if number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
        return f"{asked.host} cannot be reached from here: the network is down or has no way there"
    return f"the connection to {asked.where} failed"


_Sentence = Callable[[Exception, Asked], str]
# The most particular comes first.
_FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], _Sentence], ...] = (
    (RefusedError, _refused),
    (LookupTimeoutError, lambda _, asked: f"the name servers gave no answer for {asked.host} within {LOOKUP_SECONDS:g} seconds"),
    (socket.gaierror, _no_name),
    (aiohttp.ClientConnectorCertificateError, _bad_certificate),
    (aiohttp.ClientSSLError, lambda _, asked: f"{asked.where}, speaks no TLS that can be understood"),
    (aiohttp.ServerTimeoutError, lambda _, asked: f"{asked.where}, did not accept a connection within {CONNECT_SECONDS:g} seconds"),
    (TimeoutError, lambda _, asked: f"{asked.host} was not done answering after {asked.deadline:g} seconds: too slow, or endless"),
    ((LostError, aiohttp.ServerDisconnectedError), lambda _, asked: f"{asked.host} closed the connection without an answer"),
    (aiohttp.ClientPayloadError, lambda _, _asked: "sent a document that is cut off: its length is not the one announced"),
    (aiohttp.ClientResponseError, lambda _, asked: f"{asked.host} does not answer in proper HTTP, or with headers without measure"),
    (OSError, _no_connection),
)
