"""Fetching from real sockets on loopback: what is a document, what is an error, and what its sentence says."""

from __future__ import annotations

import asyncio
import gzip
import pickle
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from raw_server import FEED, FakeClock, Names, RawServer, answer

from watchers.exceptions import FetchError
from watchers.fetch import Fetcher
from watchers.pacing import HostPacer, HostPausedError, SystemClock
from watchers.types import Response

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LOOPBACK = ("127.0.0.0/8",)
MEBIBYTE = 2**20


@asynccontextmanager
async def _fetcher(
    *,
    allow: Sequence[str] = LOOPBACK,
    pacer: HostPacer | None = None,
    deadline: float = 20,
    names: Names | None = None,
) -> AsyncIterator[Fetcher]:
    pacer = pacer or HostPacer(timedelta(0), SystemClock())
    async with Fetcher(contact="https://watch.example/bot", allow_networks=allow, pacer=pacer, deadline=deadline, lookups=names) as fetcher:
        yield fetcher


async def _get(said: object, path: str = "/feed", **options) -> Response:
    """What comes of a feed whose server says this."""
    routes = said if isinstance(said, dict) else {path: said}
    deadline = options.pop("deadline", 20)
    async with RawServer(routes) as server, _fetcher(deadline=deadline) as fetcher:
        return await fetcher.get(server.url(path), about="council", now=NOW, **options)


async def _error(said: object, **options) -> FetchError:
    with pytest.raises(FetchError) as failed:
        await _get(said, **options)
    return failed.value


async def test_a_document_is_fetched_whole_with_its_few_useful_headers() -> None:
    async with (
        RawServer({"/feed": answer(Content_Type="text/xml", ETag='"a"', Set_Cookie="x=1", X_Other="y")}) as server,
        _fetcher() as fetcher,
    ):
        response = await fetcher.get(server.url("/feed?x=1"), about="council", now=NOW)

        assert response.body == FEED
        assert (response.status, response.url, response.fetched_at, response.moved_to) == (200, server.url("/feed?x=1"), NOW, None)
        assert response.headers == {"content-type": "text/xml", "etag": '"a"'}
        assert pickle.loads(pickle.dumps(response)) == response


async def test_a_request_says_who_asks_and_carries_nothing_else() -> None:
    async with RawServer({"/feed": answer(Set_Cookie="spy=1")}) as server, _fetcher() as fetcher:
        for _ in range(2):
            await fetcher.get(server.url("/feed"), about="council", now=NOW)

        asked = server.requests[1]
        assert asked.headers.keys() == {"host", "user-agent", "accept", "accept-encoding"}
        assert asked.headers["host"] == f"127.0.0.1:{server.port}"
        assert asked.headers["user-agent"].startswith("Contractwatch/")
        assert asked.headers["user-agent"].endswith(" (+https://watch.example/bot)")
        assert server.connections == 1


async def test_the_environments_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert (await _get(answer())).body == FEED


async def test_an_unchanged_feed_is_a_304_without_a_body() -> None:
    unchanged = b'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: "a"\r\n\r\n'
    async with RawServer({"/feed": unchanged}) as server, _fetcher() as fetcher:
        response = await fetcher.get(
            server.url("/feed"), about="council", etag='"a"', last_modified="Mon, 02 Nov 2026 10:00:00 GMT", now=NOW
        )

        assert response.not_modified
        assert response.body == b""
        assert server.requests[0].headers["if-none-match"] == '"a"'
        assert server.requests[0].headers["if-modified-since"] == "Mon, 02 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize("validator", ["e" * 1025, 'a"\r\nX-Evil: 1', "é", ""])
async def test_a_validator_that_cannot_stand_in_a_header_is_not_sent_back(validator: str) -> None:
    async with RawServer({"/feed": answer()}) as server, _fetcher() as fetcher:
        await fetcher.get(server.url("/feed"), about="council", etag=validator, last_modified=validator, now=NOW)

        assert "if-none-match" not in server.requests[0].headers
        assert "if-modified-since" not in server.requests[0].headers


@pytest.mark.parametrize("etag", ['"' + "e" * 2000 + '"', '"\xe9"', ""])
async def test_an_etag_that_could_not_be_stored_is_not_kept(etag: str) -> None:
    response = await _get(answer(ETag=etag))

    assert response.headers == {}


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("204 No Content", "answered 204: nothing, where a document was expected"),
        ("206 Partial Content", "answered 206: only a part of the document"),
        ("300 Multiple Choices", "answered 300: that is no answer to a request for a document"),
        ("304 Not Modified", "answered 304: that nothing changed, although it was not asked whether anything did"),
        ("401 Unauthorized", "answered 401: it wants a password, which is never sent; find an address that is open to everybody"),
        ("403 Forbidden", "answered 403: it refuses this program; ask its owner to admit the User-Agent, or remove the feed"),
        ("404 Not Found", "answered 404: the address is wrong or the feed has moved"),
        ("410 Gone", "answered 410: the feed was withdrawn for good; remove it, or find its new address"),
        ("418 Teapot", "answered 418: it does not give out this address"),
        ("500 Oops", "answered 500: it is broken at the moment"),
        ("599 Oops", "answered 599: it is broken at the moment"),
        ("999 Odd", "answered 999: that is no answer to a request for a document"),
        ("302 Found", "answered 302: a redirect that does not say where to"),
    ],
)
async def test_only_a_whole_200_is_a_document(status: str, sentence: str) -> None:
    error = await _error(answer(b"" if status[:3] in {"204", "304"} else FEED, status))

    assert error.message == sentence
    assert error.status == int(status[:3])
    assert error.about == "council"
    assert (error.gone, error.blocked) == (status[:3] == "410", status[:3] == "403")


async def test_a_bot_wall_is_known_by_its_header_whatever_its_status() -> None:
    assert (await _error(answer(b"", "503 Wait", CF_Mitigated="challenge"))).blocked


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        ("429 Too Many Requests", "120", 120),
        ("429 Too Many Requests", " 3600 ", 3600),
        ("429 Too Many Requests", "0", 60),
        ("429 Too Many Requests", "-5", 60),
        ("429 Too Many Requests", "soon", 60),
        ("429 Too Many Requests", "²", 60),
        ("429 Too Many Requests", "1e9", 60),
        ("429 Too Many Requests", "315360000", 86400),
        ("429 Too Many Requests", "9" * 400, 86400),
        ("429 Too Many Requests", "9" * 401, 60),
        ("429 Too Many Requests", None, 60),
        ("503 Service Unavailable", "Thu, 01 Jan 1970 00:00:00 GMT", 60),
        ("503 Service Unavailable", "Mon, 23 Nov 2026 09:10:00 GMT", 600),
        ("503 Service Unavailable", "Mon, 23 Nov 2026 09:10:00 -0000", 600),
        ("503 Service Unavailable", "Fri, 31 Dec 9999 23:59:59 -2359", 86400),
        ("503 Service Unavailable", None, 60),
        ("500 Oops", "300", 300),
        ("403 Forbidden", None, None),
        ("404 Not Found", None, None),
    ],
)
async def test_the_pause_a_server_asks_for_is_kept_between_a_minute_and_a_day(status: str, said: str | None, seconds: int | None) -> None:
    headers = {} if said is None else {"Retry_After": said}
    error = await _error(answer(b"", status, **headers))

    assert error.retry_at == (None if seconds is None else NOW + timedelta(seconds=seconds))


async def test_a_host_that_is_asked_too_often_is_not_asked_again_during_its_pause() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=1), clock)
    async with (
        RawServer({"/busy": answer(b"", "429 Slow down", Retry_After="600"), "/feed": answer()}) as server,
        _fetcher(pacer=pacer) as fetcher,
    ):
        with pytest.raises(FetchError):
            await fetcher.get(server.url("/busy"), about="busy", now=NOW)

        with pytest.raises(HostPausedError) as paused:
            await fetcher.get(server.url("/feed"), about="council", now=NOW)
        walked = await fetcher.get(server.url("/feed"), about="register", now=NOW, least=timedelta(seconds=13))

        assert paused.value.retry_at == NOW + timedelta(seconds=600)
        assert paused.value.message == "127.0.0.1 was not asked: it wants a pause"
        assert walked.body == FEED
        assert clock.now == pytest.approx(1600)
        assert [request.target for request in server.requests] == ["/busy", "/feed"]


async def test_a_caller_says_how_long_a_pause_it_waits_for() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=1), clock)
    pacer.penalise("127.0.0.1", 600)
    async with RawServer({"/feed": answer()}) as server, _fetcher(pacer=pacer) as fetcher:
        with pytest.raises(HostPausedError):
            await fetcher.get(server.url("/feed"), about="council", now=NOW, least=timedelta(seconds=13), patience=timedelta(seconds=1))
        response = await fetcher.get(server.url("/feed"), about="council", now=NOW, patience=timedelta(hours=1))

    assert response.body == FEED


async def test_a_403_pauses_the_official_registers_for_five_minutes_and_nobody_else() -> None:
    clock = FakeClock()
    pacer = HostPacer(timedelta(seconds=1), clock)
    async with RawServer({"/no": answer(b"", "403 Forbidden"), "/feed": answer()}) as server, _fetcher(pacer=pacer) as fetcher:
        with pytest.raises(FetchError):
            await fetcher.get(server.url("/no"), about="council", now=NOW)
        await fetcher.get(server.url("/feed"), about="other", now=NOW)
        assert clock.now < 1010

        with pytest.raises(FetchError):
            await fetcher.get(server.url("/no"), about="register", now=NOW, least=timedelta(seconds=13), pace_key="registers")
        await fetcher.get(server.url("/feed"), about="register", now=NOW, least=timedelta(seconds=13), pace_key="registers")
        assert clock.now >= 1300


async def test_two_hosts_of_one_operator_share_their_turns() -> None:
    clock = FakeClock()
    names = Names(a__test=[["127.0.0.1"]], b__test=[["127.0.0.1"]])
    async with RawServer({"/feed": answer()}) as server, _fetcher(pacer=HostPacer(timedelta(seconds=1), clock), names=names) as fetcher:
        for host in ("a.test", "b.test", "a.test"):
            await fetcher.get(server.url("/feed", host), about=host, now=NOW, least=timedelta(seconds=13), pace_key="registers")

    assert clock.now == pytest.approx(1026)


async def test_temporary_redirects_are_followed_and_not_remembered() -> None:
    response = await _get(
        {"/feed": answer(b"", "302 Found", Location="/new"), "/new": answer(b"", "301 Moved", Location="/last"), "/last": answer()}
    )

    assert response.url.endswith("/last")
    assert response.moved_to is None


async def test_a_permanent_redirect_is_told_when_every_hop_was_permanent() -> None:
    response = await _get(
        {"/feed": answer(b"", "301 Moved", Location="/new"), "/new": answer(b"", "308 Moved", Location="last"), "/last": answer()}
    )

    assert response.moved_to == response.url
    assert response.url.endswith("/last")


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("/feed", "redirects more than 5 times: look for the feed's own address"),
        ("http://192.168.1.1/", "redirects to an address that is not fetched: 192.168.1.1 is a private address, not a public one"),
        ("http://db:5432/", "the address db"),
        ("file:///etc/passwd", "redirects to an address that is neither an http nor an https address"),
        ("http://[::1", "redirects to an address that has a host or a port that cannot be read"),
        (
            "http://user:secret@example.org/",
            "redirects to an address that holds a user name or a password, which is never sent: leave it out",
        ),
    ],
)
async def test_a_redirect_that_leads_nowhere_good_is_not_followed(location: str, sentence: str) -> None:
    names = Names(db=[["10.0.0.1"]])
    async with RawServer({"/feed": answer(b"", "302 Found", Location=location)}) as server, _fetcher(names=names) as fetcher:
        with pytest.raises(FetchError) as failed:
            await fetcher.get(server.url("/feed"), about="council", now=NOW)

    if location.startswith("http://db"):
        assert failed.value.message == "redirects to an address that is not fetched: db (10.0.0.1) is a private address, not a public one"
    else:
        assert failed.value.message == sentence
    assert "secret" not in repr(failed.value)


async def test_five_redirects_are_followed() -> None:
    routes = {f"/{hop}": answer(b"", "302 Found", Location=f"/{hop + 1}") for hop in range(5)} | {"/5": answer()}

    assert (await _get(routes, "/0")).body == FEED


async def test_the_internet_may_not_redirect_into_a_network_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public address is bent to the test's server as the kernel would route it; the gate sees the public one."""
    async with (
        RawServer({"/feed": answer()}) as inside,
        RawServer({"/feed": answer(b"", "302 Found", Location=inside.url("/feed"))}) as outside,
    ):
        real = socket.socket.connect
        monkeypatch.setattr(
            socket.socket, "connect", lambda sock, to: real(sock, ("127.0.0.1", outside.port) if to[0] == "93.184.216.34" else to)
        )
        async with _fetcher(names=Names(news__example=[["93.184.216.34"]])) as fetcher:
            for host in ("93.184.216.34", "news.example"):
                with pytest.raises(FetchError, match=r"redirects to an address that is not fetched: 127.0.0.1 is a loopback address"):
                    await fetcher.get(f"http://{host}/feed", about="news", now=NOW)

            assert (await fetcher.get(inside.url("/feed"), about="own", now=NOW)).body == FEED
        assert len(inside.requests) == 1


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([["10.0.0.1"]], 1),
        ([["127.0.0.1", "10.0.0.1"]], 1),
        ([["93.184.216.34", "::1"]], 1),
        ([["169.254.169.254"], ["127.0.0.1"]], 1),
    ],
)
async def test_a_name_with_a_private_answer_is_refused_and_not_asked_about_twice(answers: list[list[str]], asked: int) -> None:
    names = Names(rebind__example=answers)
    async with RawServer({"/feed": answer()}) as server, _fetcher(names=names) as fetcher:
        with pytest.raises(FetchError, match=r"the address is not fetched: rebind.example \(.*\) is a .* address.*; add its network to"):
            await fetcher.get(server.url("/feed", "rebind.example"), about="council", now=NOW)

        assert server.connections == 0
    assert len(names.asked) == asked


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to() -> None:
    names = Names(rebind__example=[["127.0.0.1"], ["10.0.0.1"]])
    async with RawServer({"/feed": answer()}) as server, _fetcher(names=names) as fetcher:
        response = await fetcher.get(server.url("/feed", "rebind.example"), about="council", now=NOW)

        assert response.body == FEED
        assert server.requests[0].headers["host"] == f"rebind.example:{server.port}"
    assert names.asked == ["rebind.example"]


async def test_the_systems_resolver_knows_this_machine() -> None:
    async with RawServer({"/feed": answer()}) as server, _fetcher(allow=["127.0.0.0/8", "::1/128"]) as fetcher:
        assert (await fetcher.get(server.url("/feed", "localhost"), about="own", now=NOW)).body == FEED


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://example.org/", "the address is neither an http nor an https address"),
        ("http://user:secret@example.org/", "the address holds a user name or a password, which is never sent: leave it out"),
        (
            "http://127.0.0.1/",
            "the address is not fetched: 127.0.0.1 is a loopback address, not a public one; add its network to [fetch] allow_networks if it is yours",
        ),
        (
            "http://example.org:6379/",
            (
                "the address is not fetched: port 6379 belongs to a service that publishes no feeds; "
                "add its network to [fetch] allow_networks if it is yours"
            ),
        ),
    ],
)
async def test_an_address_that_is_not_fetched_says_why(url: str, sentence: str) -> None:
    async with _fetcher(allow=()) as fetcher:
        with pytest.raises(FetchError) as failed:
            await fetcher.get(url, about="council", now=NOW)

    assert str(failed.value) == f"council: {sentence}"


async def test_a_closed_port_says_that_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with _fetcher() as fetcher:
            with pytest.raises(FetchError) as failed:
                await fetcher.get(f"http://127.0.0.1:{port}/", about="council", now=NOW)

    assert failed.value.message == f"the connection to 127.0.0.1, port {port} was refused: nothing listens there"


async def _never(writer) -> None:
    await asyncio.sleep(60)


async def _drip(writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _slow_redirect(writer) -> None:
    await asyncio.sleep(0.1)
    writer.write(answer(b"", "302 Found", Location="/feed?again", Connection="close"))
    await writer.drain()


async def _endless(writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        writer.write(b"a" * 65536)
        await writer.drain()


async def _hang_up(writer) -> None:
    """Close without a word."""


async def _reset(writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    await writer.drain()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _cut(writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    await writer.drain()


async def _cut_chunks(writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    await writer.drain()


@pytest.mark.parametrize("said", [_never, _drip, _slow_redirect])
async def test_one_time_limit_goes_over_everything(said) -> None:
    began = asyncio.get_running_loop().time()
    error = await _error(said, deadline=0.3)

    assert error.message == "127.0.0.1 was not done answering after 0.3 seconds: too slow, or endless"
    assert asyncio.get_running_loop().time() - began < 2


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (_endless, "sent more than 5 MiB"),
        (answer(Content_Encoding="br"), "sent a document in a compression that was not asked for"),
        (
            answer(gzip.compress(b"a" * 6 * MEBIBYTE), Content_Encoding="gzip"),
            "sent a compressed document of more than 5 MiB when unpacked",
        ),
        (answer(gzip.compress(FEED)[:-3], Content_Encoding="gzip"), "sent a compressed document that is cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5242881\r\n\r\n", "announces more than 5 MiB"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n", "announces more than 5 MiB"),
        (answer(Content_Type="application/zip"), "is an archive, a picture or the like, not a feed"),
        (answer(Content_Type="Image/PNG"), "is an archive, a picture or the like, not a feed"),
        (_hang_up, "127.0.0.1 closed the connection without an answer"),
        (_reset, "sent a document that is cut off: its length is not the one announced"),
        (_cut, "sent a document that is cut off: its length is not the one announced"),
        (_cut_chunks, "sent a document that is cut off: its length is not the one announced"),
        (b"ICY 200 OK\r\n\r\n" + FEED, "127.0.0.1 does not answer in proper HTTP, or with headers without measure"),
        (answer(X_Big="a" * 100_000), "127.0.0.1 does not answer in proper HTTP, or with headers without measure"),
    ],
)
async def test_a_document_that_is_not_whole_or_beyond_measure_is_an_error(said, sentence: str) -> None:
    assert (await _error(said)).message == sentence


async def test_a_broken_connection_is_not_silently_asked_again() -> None:
    async with RawServer({"/feed": _hang_up}) as server, _fetcher() as fetcher:
        with pytest.raises(FetchError):
            await fetcher.get(server.url("/feed"), about="council", now=NOW)

        assert len(server.requests) == 1


async def test_compressed_documents_are_unpacked() -> None:
    assert (await _get(answer(gzip.compress(FEED), Content_Encoding="gzip"))).body == FEED


async def test_a_caller_may_set_its_own_limit_and_accept_header() -> None:
    async with RawServer({"/page": answer(b"a" * 100)}) as server, _fetcher() as fetcher:
        with pytest.raises(FetchError, match="announces more than"):
            await fetcher.get(server.url("/page"), about="register", accept="application/json", max_bytes=99, now=NOW)

        assert server.requests[0].headers["accept"] == "application/json"


async def test_a_question_is_posted_as_json_and_its_answer_is_a_document() -> None:
    async with RawServer({"/search": answer(b'{"notices": []}')}) as server, _fetcher() as fetcher:
        response = await fetcher.post_json(server.url("/search"), {"query": "winner-name ~ “Palantir”"}, about="ted", now=NOW)

        assert response.body == b'{"notices": []}'
        asked = server.requests[0]
        assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
        assert asked.body == b'{"query": "winner-name ~ \\u201cPalantir\\u201d"}'


async def test_a_question_is_not_sent_on_to_another_address() -> None:
    async with RawServer({"/search": answer(b"", "307 Elsewhere", Location="/other")}) as server, _fetcher() as fetcher:
        with pytest.raises(FetchError, match="answered 307: it sends the question on to another address"):
            await fetcher.post_json(server.url("/search"), {}, about="ted", now=NOW)

        assert len(server.requests) == 1


async def test_many_documents_come_at_once_over_few_connections() -> None:
    async with RawServer({"/feed": answer()}) as server, _fetcher() as fetcher:
        responses = await asyncio.gather(*(fetcher.get(server.url(f"/feed?{n}"), about=str(n), now=NOW) for n in range(300)))

        assert all(response.body == FEED for response in responses)
        assert server.connections <= 64


async def test_waiting_for_a_place_or_a_turn_is_no_part_of_the_time_limit() -> None:
    async def slow(writer) -> None:
        await asyncio.sleep(0.2)
        writer.write(answer())
        await writer.drain()

    pacer = HostPacer(timedelta(milliseconds=200), SystemClock())
    async with RawServer({"/feed": slow}) as server, _fetcher(pacer=pacer, deadline=0.5) as fetcher:
        responses = await asyncio.gather(*(fetcher.get(server.url("/feed"), about="council", now=NOW) for _ in range(4)))

    assert len(responses) == 4


async def test_a_fetcher_is_used_inside_its_context() -> None:
    fetcher = Fetcher(contact="", pacer=HostPacer(timedelta(0), SystemClock()))

    assert "(" not in fetcher.user_agent
    with pytest.raises(RuntimeError, match="async with"):
        await fetcher.get("http://example.org/", about="council", now=NOW)


@pytest.mark.parametrize("contact", ["a\r\nX-Evil: 1", "mailto:é@example.org", "\x00"])
def test_a_contact_that_cannot_stand_in_a_header_is_refused(contact: str) -> None:
    with pytest.raises(ValueError, match="contact"):
        Fetcher(contact=contact, pacer=HostPacer(timedelta(0), SystemClock()))
