"""Column types that behave alike on SQLite and PostgreSQL.

Times are whole microseconds since 1970 (so they compare as numbers everywhere), money is decimal text, structures are canonical JSON,
digests are raw bytes. What comes from outside and a database would refuse (NUL, half a surrogate pair) is replaced one for one, so that
offsets into a text stay true.
"""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# A key that counts itself up must be INTEGER on SQLite to be the row's own number.
Id = BigInteger().with_variant(Integer, "sqlite")


def canonical(value: Any) -> str:
    """Write JSON that is equal for equal values: keys sorted, no spaces, ASCII, decimals and times tagged."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_tagged)


def parsed(text: str | bytes) -> Any:
    return json.loads(text, object_hook=_untagged)


def _tagged(value: object) -> object:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, frozenset | set):
        return sorted(value)
    return _mapping(value)


def _mapping(value: object) -> object:
    """Read-only mappings and other sequences are written as what they stand for."""
    if hasattr(value, "keys"):
        return dict(value)  # type: ignore[call-overload]
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def _untagged(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        try:
            if "$decimal" in value:
                return Decimal(value["$decimal"])
            if "$time" in value:
                return datetime.fromisoformat(value["$time"])
        except (ArithmeticError, TypeError, ValueError):
            return value  # a foreign document that happens to use our tag
    return value


def clean(text: str) -> str:
    """Replace what no database takes as text: NUL (PostgreSQL) and lone surrogates (both)."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    return text


class Bytes(LargeBinary):
    """Raw bytes, handed to the driver as they are: both take them, and wrapping each one cost more than storing it."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002
        return None


class Instant(TypeDecorator[datetime]):
    """An aware moment as whole microseconds since 1970; a naive one is a mistake in the program and is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else EPOCH + timedelta(microseconds=value)

    @staticmethod
    def number(moment: datetime) -> int:
        """The stored form, for sums that are made inside the database."""
        return (moment - EPOCH) // _MICROSECOND


class Duration(TypeDecorator[timedelta]):
    """A length of time as whole microseconds: it can be added to an ``Instant`` inside the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002
        return None if value is None else timedelta(microseconds=value)


class Foreign(TypeDecorator[str]):
    """Text from outside, cleaned of what a database refuses."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else clean(value)


class Json(TypeDecorator[Any]):
    """A small structure as canonical JSON text. Not the database's own JSON type: PostgreSQL's refuses an escaped NUL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else parsed(value)


class Packed(TypeDecorator[Any]):
    """A large structure (an OCDS release) as zlib-compressed canonical JSON."""

    impl = Bytes
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else zlib.compress(canonical(value).encode(), 6)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else parsed(zlib.decompress(value))
