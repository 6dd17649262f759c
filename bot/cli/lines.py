"""JSON Lines from people and programs: each line an object, or a sentence that says what is wrong with it."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterator
from typing import IO, Any


def numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, each with its number, without a byte-order mark."""
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield number, line.removeprefix(codecs.BOM_UTF8)


def record_of(line: bytes) -> dict[str, Any]:
    """The object on a line. Raises ValueError with what is wrong with it."""
    try:
        record = json.loads(line.decode("utf-8"), parse_constant=_finite, parse_float=_finite)
        if b"\\u" in line:
            json.dumps(record, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("holds half of a character, which no text may") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 -- as for the other lines that cannot be read
    return record


def _finite(written: str) -> float | None:
    """A figure; registers publish sums such as 1e9999, and other programs pass them on as Infinity: such a figure is missing."""
    figure = float(written)
    return figure if math.isfinite(figure) else None
