"""What can go wrong while watching.

WatchError                      root; carries the id of the feed or the thing it is about
├── FetchError                  the document could not be had (network, status, size, time, a refused address)
├── ParseError                  the document was had and is not what this kind of feed answers
└── RuleError                   a data file under ``watchers/rules`` is wrong

An error's ``str()`` is one sentence that names the thing and, where there is one, the mend. It never contains a response's body.
"""

from __future__ import annotations

from datetime import datetime


class WatchError(Exception):
    """Root of everything this package raises; ``about`` is the id of the feed, file or entry in question."""

    def __init__(self, message: str, *, about: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.about = about

    def __str__(self) -> str:
        return f"{self.about}: {self.message}" if self.about else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders (parsing happens in a child process), so they rebuild from their state."""
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


class FetchError(WatchError):
    """A document could not be had.

    ``retry_at`` is the earliest moment the server asked for (``Retry-After``), already clamped; ``blocked`` says that the server refuses us
    as a client (403, a bot wall), which is told to the admin in other words; ``gone`` says 410: poll no more until the admin looks.
    """

    def __init__(
        self,
        message: str,
        *,
        about: str = "",
        status: int | None = None,
        retry_at: datetime | None = None,
        blocked: bool = False,
        gone: bool = False,
    ) -> None:
        super().__init__(message, about=about)
        self.status = status
        self.retry_at = retry_at
        self.blocked = blocked
        self.gone = gone


class ParseError(WatchError):
    """A fetched document is not a feed of its kind, holds no entry, or took more time or memory than a document may."""


class RuleError(WatchError):
    """A rule file is wrong; ``about`` is its path."""


def _rebuild(cls: type[WatchError], args: tuple[object, ...], state: dict[str, object]) -> WatchError:
    error = cls.__new__(cls)
    Exception.__init__(error, *args)
    error.__dict__.update(state)
    return error
