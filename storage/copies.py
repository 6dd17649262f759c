"""Copies of a SQLite database: whole or not at all, and never over something that is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from storage.exceptions import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from storage.engine import Database


def copy_database(database: Database, path: Path, *, replace: bool = False) -> None:
    """Copy by VACUUM INTO, first under another name: a copy that was interrupted is never taken for a backup."""
    shown = database.address.shown
    if path.exists() and not replace:
        raise StoreUnavailable(f"{path} exists already; name a file that does not", about=shown)
    if not path.parent.is_dir():
        raise StoreUnavailable(f"the folder {path.parent} does not exist; create it first", about=shown)
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with database.outside_transactions() as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        _flush(part)
        if replace:
            part.replace(path)
        else:
            os.link(part, path)  # unlike a rename it fails if the file has appeared meanwhile
            part.unlink()
        _flush(path.parent)
    except OSError as error:
        raise StoreUnavailable(f"the copy {path} cannot be written ({error.strerror}); see to its folder", about=shown) from error


def _flush(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
