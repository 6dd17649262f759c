"""What can go wrong with the database.

StoreError                     root; ``about`` is the database's address without its password
├── StoreUnavailable           cannot be opened, read or written: missing folder, no rights, server gone, disk full
├── StoreDamaged               is not a database of ours, or is broken
├── StoreVersionError          needs ``contractwatch db upgrade``, or was written by a newer version
├── StoreLocked                another daemon holds it; the message names its process id
├── StaleWatches               the watches changed while entries were being understood: understand them again
├── LimitReached               there are as many watches, or lists, as there may be
│   └── TooManyChats           a person set up as many chats as one may
├── NotFound                   no such watch, channel, alert …
└── NotPossible                it is there, but what was asked for cannot be done with it
"""

# ruff: noqa: N818 -- the names say what is the case

from __future__ import annotations


class StoreError(Exception):
    """Root of everything this package raises. The message is one sentence that names the thing and the mend."""

    def __init__(self, message: str, *, about: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.about = about

    def __str__(self) -> str:
        return f"{self.about}: {self.message}" if self.about else self.message


class StoreUnavailable(StoreError):
    """The database cannot be opened, read or written."""


class StoreDamaged(StoreError):
    """The file is not a database of ours, or its check failed."""


class StoreVersionError(StoreError):
    """The schema is older or newer than this program's."""


class StoreLocked(StoreError):
    """Another daemon holds the database."""


class StaleWatches(StoreError):
    """The watches changed between understanding and saving."""


class LimitReached(StoreError):
    """There is as much as there may be."""


class TooManyChats(LimitReached):
    """A person set up as many chats as one may."""


class NameTaken(StoreError):
    """There is one of this name already."""


class NotFound(StoreError):
    """The thing asked for does not exist."""


class NotPossible(StoreError):
    """The thing exists, and what was asked for cannot be done with it."""
