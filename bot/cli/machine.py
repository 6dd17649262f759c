"""The machine under the daemon: what it has too little of, or too old."""

from __future__ import annotations

import resource
import shutil
import stat
from dataclasses import dataclass
from xml.parsers import expat

from bot.cli.findings import Finding, right, unwise, wrong
from bot.config import Config
from bot.polling import CONCURRENT_POLLS
from storage.address import file_system
from storage.engine import sqlite_version

_LEAST_FREE = 200 * 2**20  # bytes: below this a busy week, or an upgrade's copy, may fill the disk
_LEAST_FILES = CONCURRENT_POLLS + 64  # connections at once, the database, the children's pipes, the logs
# A database that several connections write may be damaged by older ones (the reset of the write-ahead log, found in 2026): fixed in these.
_SQLITE_MENDED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
# Large tokens cost quadratic time before 2.6.0 (CVE-2023-52425): a hostile feed then costs its worker's whole time limit.
_EXPAT_MENDED = (2, 6, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What was found. ``free`` is bytes on the database's disk; ``mode`` the configuration file's rights."""

    sqlite: tuple[int, int, int]
    expat: tuple[int, int, int]
    free: int | None
    file_system: str
    open_files: int
    mode: int
    secret_in_config: bool
    uses_sqlite: bool


def look(config: Config) -> Machine:
    """Look at this machine."""
    folder = (config.store_path or config.path).absolute().parent
    there = folder.is_dir()
    return Machine(
        sqlite=sqlite_version(),
        expat=expat.version_info,
        free=shutil.disk_usage(folder).free if there else None,
        file_system=file_system(folder) if there else "",
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        mode=config.path.stat().st_mode,
        secret_in_config="@" in config.store_url and config.store_path is None,
        uses_sqlite=config.store_path is not None,
    )


def about_machine(machine: Machine) -> list[Finding]:
    """What is to be said of a machine."""
    found = []
    if machine.free is not None and machine.free < _LEAST_FREE:
        found.append(
            wrong(
                "machine", f"only {machine.free // 2**20} MiB are free on the database's disk: make room, {_LEAST_FREE // 2**20} at least"
            )
        )
    if 0 <= machine.open_files < _LEAST_FILES:
        message = f"only {machine.open_files} files may be open at once: allow {_LEAST_FILES} (ulimit -n, or LimitNOFILE= in the unit)"
        found.append(wrong("machine", message))
    if machine.secret_in_config and machine.mode & (stat.S_IRWXO | stat.S_IWGRP):
        found.append(wrong("config", "it holds the database's password and others may read it: run chmod 600 on it"))
    if machine.uses_sqlite and machine.file_system in ("tmpfs", "ramfs"):
        lost = f"the database lies in memory ({machine.file_system}) and is gone when the machine starts anew: correct [store] url"
        found.append(unwise("machine", lost))
    if machine.uses_sqlite and not _mended(machine.sqlite):
        old = f"SQLite {_shown(machine.sqlite)} can damage what several connections write; this daemon writes by one; 3.51.3 is safe"
        found.append(unwise("machine", old))
    if machine.expat < _EXPAT_MENDED:
        slow = f"expat {_shown(machine.expat)} reads some hostile feeds slowly, which costs a worker its time limit; 2.6.0 does not"
        found.append(unwise("machine", slow))
    return found or [right("machine", "disk, limits and libraries are well")]


def _mended(version: tuple[int, int, int]) -> bool:
    return version >= _SQLITE_MENDED[-1] or any(version[:2] == one[:2] and version >= one for one in _SQLITE_MENDED)


def _shown(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
