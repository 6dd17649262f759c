"""What a database's address says, and what can be told about a SQLite file before it is opened.

Nothing here changes anything. Every refusal is one sentence that names the file and the mend; a password never stands in one.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.exceptions import StoreDamaged, StoreUnavailable

_EXAMPLES = "write sqlite:///contractwatch.db or postgresql+psycopg://user:password@host/name"
_OCTAL = re.compile(r"\\([0-7]{3})")  # blanks in a mount point are written \040
_MAGIC = b"SQLite format 3\0"
# WAL keeps its index in shared memory, which these do not share between machines, and their locks cannot be trusted.
_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.s3fs"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A parsed address. ``shown`` is what may be printed. ``path`` is the file of a SQLite database, else None."""

    url: URL
    shown: str
    path: Path | None


def parse_address(text: str) -> Address:
    """Read a database address; raises StoreUnavailable when it is none that this program knows."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    # A password with an @ is cut in two, and the host would show its second half. The text is not repeated: it may be an address with a
    # password and one wrong letter.
    if url is None or "@" in (url.host or ""):
        raise StoreUnavailable(f"the address of the database cannot be read; {_EXAMPLES}") from None
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "postgresql":
        return Address(url=url.set(drivername="postgresql+psycopg"), shown=shown, path=None)
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise StoreUnavailable(f"databases of the kind {url.drivername!r} are not supported; {_EXAMPLES}", about=shown)
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreUnavailable(f"the database must be a file, since it has to outlive the program; {_EXAMPLES}", about=shown)
    return Address(url=url.set(drivername="sqlite"), shown=shown, path=Path(url.database).absolute())


def inspect_file(path: Path, shown: str, *, create: bool) -> bool:
    """Say whether the SQLite file exists; raise when it, or its folder, cannot be what the program needs."""
    folder = path.parent
    try:
        there = folder.is_dir()
    except PermissionError as error:
        raise StoreUnavailable(f"this user may not look into {folder.parent}; change its owner or its rights", about=shown) from error
    if not there:
        raise StoreUnavailable(f"the folder {folder} does not exist; create it, or correct [store] url", about=shown)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StoreUnavailable(f"this user may not write into the folder {folder}; change its owner or its rights", about=shown)
    _refuse_network(folder, shown)
    if not path.exists():
        _refuse_silent_loss(path, shown, create=create)
        return False
    if not path.is_file():
        raise StoreUnavailable(f"{path} is not a file; correct [store] url", about=shown)
    if not os.access(path, os.R_OK | os.W_OK):
        raise StoreUnavailable(f"this user may not read and write {path}; change its owner or its rights", about=shown)
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
    if not magic:
        raise StoreDamaged(f"{path} is empty; {restore_hint(path)}", about=shown)
    if magic != _MAGIC:
        raise StoreDamaged(f"{path} is not a SQLite database; correct [store] url, or {restore_hint(path)}", about=shown)
    return True


def backups(path: Path) -> list[Path]:
    """Find the copies that upgrades left beside the database, newest first."""
    found = [one for one in path.parent.glob(f"{path.name}.bak-*") if not one.name.endswith(".part")]
    return sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)


def restore_hint(path: Path) -> str:
    """Say what to do with a database file that cannot be used."""
    newest = backups(path)
    if newest:
        return f"restore it from a backup (the newest beside it is {newest[0]}), or move it away to begin anew"
    return "restore it from a backup, or move it away to begin anew"


def _refuse_silent_loss(path: Path, shown: str, *, create: bool) -> None:
    """A missing file with remains beside it was lost, not never made: an empty one in its place would tell no old news and no lost news."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StoreDamaged(f"{path} is missing but its write-ahead log {log.name} is there; {restore_hint(path)}", about=shown)
    kept = backups(path)
    if kept:
        raise StoreUnavailable(
            f"{path} is missing but its backup {kept[0]} is there; restore it, or move it away to begin anew", about=shown
        )
    if not create:
        raise StoreUnavailable(f"{path} does not exist; start the daemon once, or correct [store] url", about=shown)


def _refuse_network(folder: Path, shown: str) -> None:
    kind = file_system(folder)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise StoreUnavailable(
            f"{folder} lies on a network file system ({kind}), on which SQLite loses data; use a local disk or PostgreSQL", about=shown
        )


def file_system(folder: Path) -> str:
    """Name the type of the file system a folder lies on ("ext4", "nfs4"); empty where the system does not say."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        return _file_system_by_stat(folder)
    place = folder.resolve()
    best, kind = -1, ""
    for line in mounts.read_text(errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), before.split()[4]))
        if place.is_relative_to(point) and len(point.parts) >= best:  # the last of equals lies on top
            best, kind = len(point.parts), after.split()[0]
    return kind


def _file_system_by_stat(folder: Path) -> str:
    """BSD and macOS have no /proc; their ``stat`` prints the type."""
    try:
        answer = subprocess.run(["/usr/bin/stat", "-f", "%T", str(folder)], capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except OSError:
        return ""
    return answer.stdout.strip()
