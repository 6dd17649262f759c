"""Which rules are at work: evidence names them, so that what was decided can be decided again with the same ones."""

from __future__ import annotations

import functools
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent / "rules"
_SHOWN = 12  # hexadecimal digits


@functools.cache
def rules_version() -> str:
    """Name the program and the rule files this process was started with: "0.1.0+3f9c2a7b11d0"."""
    digest = sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        body = path.read_bytes()
        digest.update(f"{path.relative_to(FOLDER).as_posix()}\0{len(body)}\0".encode())
        digest.update(body)
    return f"{version('contractwatch')}+{digest.hexdigest()[:_SHOWN]}"
