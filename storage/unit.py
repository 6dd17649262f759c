"""How methods of the store become units of work: one marked ``@writes`` or ``@reads`` gets a connection and is one transaction."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from storage.engine import Database

P = ParamSpec("P")
R = TypeVar("R")


class HasDatabase(Protocol):
    """What a topic needs of the store it is part of."""

    _db: Database


S = TypeVar("S", bound=HasDatabase)


def writes(method: Callable[Concatenate[S, Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Run the method in one writing transaction. On PostgreSQL it may run again from the start: it must change nothing but the database."""

    def unit(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._db.write(lambda connection: method(self, connection, *args, **kwargs))

    _describe(unit, method)
    return unit


def reads(method: Callable[Concatenate[S, Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Run the method on a connection that only reads."""

    def unit(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._db.read(lambda connection: method(self, connection, *args, **kwargs))

    _describe(unit, method)
    return unit


def _describe(unit: Any, method: Any) -> None:
    """Let ``help`` and ``inspect`` show the method as callers use it, without the connection."""
    functools.update_wrapper(unit, method)
    signature = inspect.signature(method)
    unit.__signature__ = signature.replace(parameters=[one for name, one in signature.parameters.items() if name != "connection"])
