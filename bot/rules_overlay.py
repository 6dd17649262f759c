"""Runs this program once more with other rule files: a copy of the ``watchers`` package whose rules are the given ones, before our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import watchers

_OWN = Path(watchers.__file__ or "").parent
_RULES = _OWN / "rules"
_GIVEN = "CONTRACTWATCH_RULES_GIVEN"


def faults(folder: Path) -> list[str]:
    """Why a folder cannot stand in for the rules, a sentence each; empty when it can be tried."""
    missing = [path for path in sorted(_RULES.rglob("*.toml")) if not (folder / path.relative_to(_RULES)).is_file()]
    if len(missing) == len(list(_RULES.rglob("*.toml"))):
        return [f"{folder} is no copy of the rules (they lie in {_RULES})"]
    found = [f"{folder / path.relative_to(_RULES)} is missing" for path in missing]
    for path in sorted(folder.rglob("*.toml")):
        try:
            tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            found.append(f"{path}: {error}")
    return found


def run_with(folder: Path, arguments: Sequence[str]) -> int:
    """Run a command of ours with the rules of a folder, on the same streams; says its exit code."""
    with TemporaryDirectory(prefix="contractwatch-rules-") as place:
        copy = Path(place) / _OWN.name
        shutil.copytree(_OWN, copy, ignore=shutil.ignore_patterns("__pycache__", _RULES.name))
        shutil.copytree(folder, copy / _RULES.name)
        # -P: the working directory must not put another copy of the package before this one.
        path = os.pathsep.join([place, str(_OWN.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-P", "-m", "bot", *arguments]
        environment = os.environ | {"PYTHONPATH": path, _GIVEN: str(folder)}
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - our own program


def given() -> str | None:
    """The folder whose rules this process was started with; None for the program's own."""
    return os.environ.get(_GIVEN)
