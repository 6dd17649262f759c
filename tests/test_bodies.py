"""Bodies are read whole and within bounds, whatever their compression."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.bodies import BodyError, read_body

LIMIT = 100_000
TEXT = b"Contract awarded to Example Ltd. " * 100


async def _pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def _read(body: bytes, encoding: str = "", *, size: int = 1000, limit: int = LIMIT) -> bytes:
    return await read_body(_pieces(body, size), encoding=encoding, limit=limit)


def _raw_deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(text) + packer.flush()


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("X-GZip", gzip.compress(TEXT, mtime=0)),
        ("identity, gzip", gzip.compress(TEXT, mtime=0)),
        ("gzip", gzip.compress(TEXT[:500], mtime=0) + gzip.compress(TEXT[500:], mtime=0)),
        ("gzip", gzip.compress(TEXT, mtime=0) + b"\0" * 50),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", _raw_deflate(TEXT)),
    ],
)
async def test_a_body_is_unpacked_however_it_is_cut_into_pieces(encoding: str, body: bytes, size: int) -> None:
    assert await _read(body, encoding, size=size) == TEXT


@given(text=st.binary(max_size=2000), size=st.integers(min_value=1, max_value=500))
async def test_what_was_packed_comes_out_as_it_went_in(text: bytes, size: int) -> None:
    assert await _read(gzip.compress(text, mtime=0), "gzip", size=size) == text


@pytest.mark.parametrize(
    ("encoding", "body", "fault"),
    [
        ("", b"a" * (LIMIT + 1), "sent more than"),
        ("gzip", gzip.compress(b"a" * (LIMIT + 1), mtime=0), "when unpacked"),
        ("gzip", gzip.compress(b"a" * LIMIT, mtime=0) + gzip.compress(b"a", mtime=0), "when unpacked"),
        ("deflate", zlib.compress(b"a" * 10_000_000), "when unpacked"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-1], "cut off"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:1], "cut off"),
        ("gzip", gzip.compress(TEXT, mtime=0) + gzip.compress(TEXT, mtime=0)[:20], "cut off"),
        ("deflate", zlib.compress(TEXT)[:-5], "cut off"),
        ("gzip", TEXT, "not the gzip its header promises"),
        ("deflate", b"\xff\xff" + TEXT, "not the deflate its header promises"),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT), mtime=0), "more than once"),
        ("br", TEXT, "not asked for"),
        ("gzip", gzip.compress(b"", mtime=0) * 200, "far too many pieces"),
    ],
)
async def test_a_body_that_is_too_large_cut_off_or_lies_is_refused(encoding: str, body: bytes, fault: str) -> None:
    with pytest.raises(BodyError, match=fault):
        await _read(body, encoding)


async def test_a_body_of_exactly_the_limit_is_taken() -> None:
    assert len(await _read(gzip.compress(b"a" * LIMIT, mtime=0), "gzip")) == LIMIT


async def test_an_empty_body_is_empty_whatever_its_header_says() -> None:
    assert await _read(b"", "gzip") == b""
