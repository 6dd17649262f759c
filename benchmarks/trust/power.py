"""Loss of power: what the disk holds when only what was synced, and any sectors of what was not, has reached it (D3).

A process works on a store like a daemon does (polls, fan-out, claims, results) with every write of its files recorded from below. Then, for
moments drawn at random, the file system after a loss of power is put together: everything up to the last sync, and of what came later any
512-byte sectors. Each image must open, be whole, and hold every unit of work that the store had said was done. The same with SQLite's
``synchronous`` at NORMAL must lose some: else the test sees nothing.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.trust import ROOT
from benchmarks.trust.base import Result, Run, check
from storage.store import open_store

DATABASE = "power.db"
_SECTOR = 512
_NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def work(folder: Path, units: int, synchronous: str) -> None:
    """In the recorded process: so many units of work, each noted as done after the store said so: entries, alerts, messages."""
    from storing import a_finding, an_entry, claim, save, send, set_up, told

    import storage.engine
    from storage.store import open_store

    wanted = {"FULL": 2, "NORMAL": 1}[synchronous]
    pragmas = storage.engine._PRAGMAS
    storage.engine._PRAGMAS = tuple(("synchronous", synchronous, wanted) if row[0] == "synchronous" else row for row in pragmas)
    done = {"entries": 0, "sent": 0}
    marker = os.open(folder / f"{DATABASE}.marker", os.O_CREAT | os.O_WRONLY, 0o600)

    def say() -> None:
        os.pwrite(marker, f"{done['entries']:010}{done['sent']:010}".encode(), 0)

    store = open_store(f"sqlite:///{folder / DATABASE}")
    set_up(store, _NOW)
    for number in range(units // 4):
        now = _NOW + timedelta(seconds=number)
        name = f"entry {number}"
        save(store, "bbc", told(an_entry(name, summary="words " * (number % 60)), a_finding(supplier=name)), now=now)
        done["entries"] += 1
        say()
        store.fan_out(now)
        claimed = claim(store, now)
        assert claimed is not None
        send(store, claimed, now)
        done["sent"] += 1
        say()
    os._exit(0)  # not closed: nothing is tidied up


@dataclass
class Disk:
    """What is on the disk for certain, and what may be, by file."""

    durable: dict[str, bytearray] = field(default_factory=dict)
    loose: dict[str, list[tuple[str, int, bytes]]] = field(default_factory=dict)
    said: bytes = b""  # the last note of what was done: from outside, so it is always known

    def apply(self, kind: str, name: str, offset: int, data: bytes) -> None:
        if name.endswith(".marker"):
            self.said = data or self.said
        elif kind in "WT":
            self.loose.setdefault(name, []).append((kind, offset, data))
        elif kind == "S":
            content = self.durable.setdefault(name, bytearray())
            for one in self.loose.pop(name, []):
                _change(content, *one)
        elif kind == "U":
            self.durable.pop(name, None)
            self.loose.pop(name, None)

    def image(self, folder: Path, dice: random.Random) -> None:
        """Write one of the states the disk may be in after the power went."""
        everything, nothing = dice.random() < 0.15, dice.random() < 0.3
        for name in self.durable.keys() | self.loose.keys():
            content = bytearray(self.durable.get(name, b""))
            for kind, offset, data in [] if nothing else self.loose.get(name, []):
                if kind == "T":
                    if everything or dice.random() < 0.5:
                        _change(content, kind, offset, b"")
                    continue
                for start in range(0, len(data), _SECTOR):
                    if everything or dice.random() < 0.5:
                        _change(content, kind, offset + start, data[start : start + _SECTOR])
            (folder / Path(name).name).write_bytes(content)


def _change(content: bytearray, kind: str, offset: int, data: bytes) -> None:
    if kind == "T":
        del content[offset:]
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def recorded(log: Path) -> Iterator[tuple[str, str, int, bytes]]:
    """What ``recorder.c`` wrote."""
    content, at = log.read_bytes(), 0
    while at < len(content):
        length, offset, size = struct.unpack_from("<HQQ", content, at + 1)
        kind, name = chr(content[at]), content[at + 19 : at + 19 + length].decode()
        at += 19 + length
        data = content[at : at + size] if kind == "W" else b""
        at += len(data)
        yield kind, name, offset, data


@dataclass
class Losses:
    """What the images showed."""

    images: int = 0
    losing: int = 0
    most: int = 0
    corrupt: int = 0
    half: int = 0

    def look(self, file: Path, said: bytes) -> None:
        self.images += 1
        entries, sent = int(said[:10] or 0), int(said[10:] or 0)
        try:
            with contextlib.closing(sqlite3.connect(file)) as database:
                if database.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                    self.corrupt += 1
                there = _counts(database)
        except sqlite3.DatabaseError:
            self.corrupt += 1
            return
        lost = max(entries - there["entry"], sent - there["sent"])
        self.losing += lost > 0
        self.most = max(self.most, lost)
        self.half += len({there["entry"], there["story"], there["alert"], there["document"]}) > 1


def _counts(database: sqlite3.Connection) -> dict[str, int]:
    """Of a poll everything is there or nothing: entry, story, alert and evidence are as many."""
    asked = {name: f"SELECT count(*) FROM {name}" for name in ("entry", "story", "alert")}
    asked |= {"document": "SELECT count(*) FROM evidence", "sent": "SELECT count(*) FROM delivery WHERE state = 'sent'"}
    return {name: database.execute(sql).fetchone()[0] for name, sql in asked.items()}


def losses(run: Run, library: Path, units: int, images: int, synchronous: str) -> Losses:
    """Work, lose the power at so many moments, and look."""
    folder, found, dice = run.folder(), Losses(), random.Random(3)
    log, path = folder / "log", folder / DATABASE
    open_store(f"sqlite:///{path}").close()
    whole = bytearray(path.read_bytes())
    environment = os.environ | {"LD_PRELOAD": str(library), "RECORD_MATCH": DATABASE, "RECORD_LOG": str(log), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import benchmarks.trust.power as p, sys; p.main(*sys.argv[1:])", str(folder), str(units), synchronous]
    subprocess.run(command, check=True, env=environment)
    total = sum(1 for _ in recorded(log))
    moments = set(dice.sample(range(1, total), min(images, total - 1)))
    disk, place = Disk(durable={str(path): whole}), folder / "image"
    for number, one in enumerate(recorded(log)):
        disk.apply(*one)
        if number in moments:
            place.mkdir()
            disk.image(place, dice)
            found.look(place / DATABASE, disk.said)
            shutil.rmtree(place)
            run.say(f"{synchronous}: image {found.images} of {len(moments)}")
    return found


def main(folder: str, units: str, synchronous: str) -> None:
    work(Path(folder), int(units), synchronous)


@check("D3", "loss of power: images of the disk at random moments, with a control that must lose")
def power_loss(run: Run) -> Result:
    library = run.folder() / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    subprocess.run([run.compiler(), "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl", "-lpthread"], check=True)
    units, images = run.pick((400, 150), (1500, 1000))
    ours = losses(run, library, units, images, "FULL")
    control = losses(run, library, units, images // 2, "NORMAL")
    figure = (
        f"{ours.images} images of {units} units: {ours.losing} lose a commit, {ours.corrupt} corrupt, {ours.half} half; "
        f"control with NORMAL: {control.losing} of {control.images} lose up to {control.most}"
    )
    return Result(figure=figure, passed=not (ours.losing or ours.corrupt or ours.half) and control.losing > 0)
