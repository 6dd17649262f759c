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


@contextlib.contextmanager
def single_instance(path: Path, shown: str) -> Iterator[None]:
    """Hold ``<path>.lock``; raises StoreLocked with the holder's process id. The file stays: deleting it would let a third one in."""
    file = path.with_name(f"{path.name}.lock")
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
            holder = os.read(number, 20).decode(errors="replace").strip() or "unknown"
            raise StoreLocked(f"another contractwatch is using it (process {holder}); stop that one first", about=shown) from None
        os.ftruncate(number, 0)
        os.pwrite(number, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(number)  # gives the lock back
