"""Reading a response's body within bounds: so many bytes on the wire, so many after decompression, one layer of it, and whole.

Decompression is done here and not by the HTTP client, because clients inflate a whole chunk before anybody can look at its size (1 MiB
of gzip becomes 1 GiB of memory) and take a stream that was cut off for a whole one.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

_GZIP_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 100  # an honest server sends one or a few; thousands of empty ones cost more time than bytes
_ZLIB_METHOD = 8  # RFC 1950: the low half of the first byte of every zlib stream
_DECODED = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}


class BodyError(ValueError):
    """A body that is not taken. The message is one sentence without a subject."""


class Decoder:
    """Undoes one ``Content-Encoding``, never producing more than ``limit`` bytes.

    ``deflate`` is zlib by the standard and raw deflate from some servers; the first two bytes tell. A gzip body may consist of several
    members behind each other; what follows the last one is padding and dropped.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding
        self._limit = limit
        self._left = limit
        self._head = b""
        self._stream: zlib._Decompress | None = None  # None between members
        self._members = 0
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        """Decode a piece.

        Raises:
            BodyError: it is not what its header says, or is too large.
        """
        out: list[bytes] = []
        while data and not self._ended:
            if self._stream is None:
                data, self._head = self._head + data, b""
                if len(data) < len(_GZIP_MAGIC):
                    self._head = data
                    break
                self._stream = self._open(data)
                continue
            out.append(self._inflate(self._stream, data))
            data = self._stream.unused_data
            if self._stream.eof:
                self._stream = None
        return b"".join(out)

    def finish(self) -> None:
        """Check that nothing is missing.

        Raises:
            BodyError: the stream was cut off.
        """
        if self._stream is not None or not self._members:
            raise BodyError("sent a compressed document that is cut off")

    def _open(self, data: bytes) -> zlib._Decompress | None:
        if self._members and not (self._encoding == "gzip" and data.startswith(_GZIP_MAGIC)):
            self._ended = True
            return None
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise BodyError("sent a document that is compressed in far too many pieces")
        if self._encoding == "gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        is_zlib = data[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)

    def _inflate(self, stream: zlib._Decompress, data: bytes) -> bytes:
        try:
            piece = stream.decompress(data, self._left + 1)
        except zlib.error as exc:
            raise BodyError(f"sent a document that is not the {self._encoding} its header promises") from exc
        self._left -= len(piece)
        if self._left < 0:
            raise BodyError(f"sent a compressed document of more than {megabytes(self._limit)} when unpacked")
        return piece


async def read_body(chunks: AsyncIterable[bytes], *, encoding: str, limit: int) -> bytes:
    """Read a body whole.

    Args:
        chunks: the body as it comes from the wire.
        encoding: the value of ``Content-Encoding``, empty for none.
        limit: bytes, both as sent and as unpacked.

    Raises:
        BodyError: it is too large, cut off, or packed in a way that was not asked for.
    """
    decoder = _decoder(encoding, limit)
    pieces: list[bytes] = []
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > limit:
            raise BodyError(f"sent more than {megabytes(limit)}")
        pieces.append(chunk if decoder is None else decoder.feed(chunk))
    if decoder is not None and received:  # a few servers label an empty body too
        decoder.finish()
    return b"".join(pieces)


def megabytes(size: int) -> str:
    """A limit for people: ``5 MiB``."""
    return f"{size / 2**20:g} MiB"


def _decoder(encoding: str, limit: int) -> Decoder | None:
    layers = [layer for layer in (part.strip().lower() for part in encoding.split(",")) if layer not in ("", "identity")]
    if not layers:
        return None
    if len(layers) > 1:
        raise BodyError("sent a document that is compressed more than once")
    if (kind := _DECODED.get(layers[0])) is None:
        raise BodyError("sent a document in a compression that was not asked for")
    return Decoder(kind, limit)
