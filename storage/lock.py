"""One daemon per SQLite file: a lock that the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from storage.exceptions import StoreLocked, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_LONGEST = 64  # bytes


def last_beat(path: Path) -> int | None:
    """When a daemon last said, beside the database, that it was at work on it; None if none ever did."""
    try:
        number = os.open(_beside(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        written = _words(number)[1]
    finally:
        os.close(number)
    return int(written) if written.isdecimal() else None


def beat(path: Path, moment: int) -> None:
    """Say beside the database that its daemon is at work. Only who holds the lock may; a disk that is full is not worth an error here."""
    with contextlib.suppress(OSError):
        number = os.open(_beside(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _write(number, _words(number)[0], str(moment))
        finally:
            os.close(number)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _words(number: int) -> tuple[str, str]:
    """What the file says: whose it is, and when that one was last at work."""
    lines = [*os.pread(number, _LONGEST, 0).decode(errors="replace").split("\n"), "", ""]
    return lines[0].strip(), lines[1].strip()


def _write(number: int, process: str, moment: str) -> None:
    written = "".join(f"{word}\n" for word in (process, moment) if word).encode()
    os.pwrite(number, written, 0)
    os.ftruncate(number, len(written))


@contextlib.contextmanager
def single_instance(path: Path, shown: str) -> Iterator[None]:
    """Hold ``<path>.lock``; raises StoreLocked with the holder's process id. The file stays: deleting it would let a third one in."""
    file = _beside(path)
    try:
        number = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"the lock file {file} cannot be written ({error.strerror}); change its owner or its rights", about=shown
        ) from error
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _words(number)[0] or "unknown"
            raise StoreLocked(f"another contractwatch is using it (process {holder}); stop that one first", about=shown) from None
        _write(number, str(os.getpid()), _words(number)[1])
        yield
    finally:
        os.close(number)  # gives the lock back
