"""Whether a daemon holds a SQLite database, asked without taking the lock: a look must never keep a daemon from starting."""

from __future__ import annotations

import os
from pathlib import Path

_LOCKS = Path("/proc/locks")


def holder(database: Path) -> int | None:
    """The process id of the daemon that has the database, or None."""
    file = database.with_name(f"{database.name}.lock")
    try:
        words, inode = file.read_text("utf-8").split(), file.stat().st_ino
    except (OSError, UnicodeDecodeError):
        return None
    if not words or not words[0].isdecimal():
        return None
    process = int(words[0])
    held = _locked(inode) if _LOCKS.exists() else _alive(process)
    return process if held else None


def _locked(inode: int) -> bool:
    """Look through the kernel's list of locks: ``1: FLOCK ADVISORY WRITE 1234 08:01:5678 0 EOF``, where 5678 is the file's inode."""
    for line in _LOCKS.read_text("ascii", errors="replace").splitlines():
        fields = line.split()
        if "FLOCK" in fields and any(field.endswith(f":{inode}") for field in fields):
            return True
    return False


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
