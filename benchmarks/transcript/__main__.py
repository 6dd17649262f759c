"""``python -m benchmarks.transcript``: plays it and writes ``docs/``; with ``--check`` it only says what differs."""

from __future__ import annotations

import argparse
import asyncio
import difflib
import itertools
import sys
from pathlib import Path

from benchmarks.transcript import ROOT
from benchmarks.transcript.days import BEGIN, OLA, play
from benchmarks.transcript.page import write_page
from benchmarks.transcript.picture import write_pictures
from benchmarks.transcript.stage import Shown, a_stage

_NEWS = Path(__file__).parent / "week.toml"
_SHOWN = 40  # lines of what differs


async def played() -> list[Shown]:
    """Everything that was shown, in order."""
    async with a_stage(_NEWS, BEGIN, admins=(OLA.id,)) as stage:
        await play(stage)
        return stage.api.shown_so_far


def documents(shown: list[Shown]) -> dict[str, str]:
    """The page and its pictures, by their paths under ``docs``."""
    return {"transcript.md": write_page(shown)} | {f"pictures/{name}.svg": drawn for name, drawn in write_pictures(shown).items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.transcript", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when docs/ is not what the bot says")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is")
    options = parser.parse_args()
    made = documents(asyncio.run(played()))
    if options.check:
        wrong = [line for name, text in made.items() for line in _differs(options.docs / name, text)]
        print(*wrong, sep="\n")
        return 1 if wrong else 0
    for name, text in made.items():
        path = options.docs / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def _differs(path: Path, text: str) -> list[str]:
    """What the file says and the bot does not, or the other way round; nothing where they agree."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if old == text:
        return []
    lines = difflib.unified_diff(old.splitlines(), text.splitlines(), "docs", "the bot", n=1, lineterm="")
    return [f"{path.name} is not what the bot says; make transcript writes it:", *itertools.islice(lines, _SHOWN)]


if __name__ == "__main__":
    sys.exit(main())
