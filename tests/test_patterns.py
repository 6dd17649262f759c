"""The headlines that ``benchmarks.patterns`` makes: labelled truly, and the same on every machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.patterns import EACH, headlines
from watchers.text.language import languages
from watchers.types import EventKind

CORPUS = Path(__file__).parent.parent / "benchmarks" / "corpus"
FOLDERS = sorted(path.parent for path in CORPUS.glob("*/headlines.patterns"))
ROWS = [{"supplier": "Serco; Mitie", "public_body": "Kent Police; Home Office"}]
KINDS = {kind.value for kind in EventKind} | {"none"}
SLOTS = set("BbCMSsRXVTWOL")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_pattern_has_an_event_and_slots_that_can_be_filled(folder: Path) -> None:
    fillings = tomllib.loads((folder / "headlines.toml").read_text("utf-8"))
    assert set(fillings) == SLOTS - set("BSR")
    for number, line in enumerate((folder / "headlines.patterns").read_text("utf-8").splitlines(), 1):
        event, title, *_ = (part.strip() for part in line.split("|||"))
        assert event in KINDS, f"line {number}: {event}"
        assert title, f"line {number} has no title"
        assert set(re.findall(r"\{([^{}]*)\}", line)) <= SLOTS, f"line {number}: {line}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_a_headline_is_labelled_with_stands_in_it(folder: Path) -> None:
    made = list(headlines(folder, ROWS))
    assert made == list(headlines(folder, ROWS))
    assert len(made) == EACH * len((folder / "headlines.patterns").read_text("utf-8").splitlines())
    for row in made:
        text = f"{row['title']}\n{row['summary'] or ''}"
        assert not re.search(r"[{}\[\]]", text), text
        for part in ("supplier", "public_body"):
            assert row[part] is None or row[part].casefold() in text.casefold(), text
        assert row["event"] != "none" or not (row["supplier"] or row["public_body"] or row["value"])


def test_every_language_that_is_read_has_patterns() -> None:
    assert [folder.name for folder in FOLDERS] == languages().folders


def test_a_language_without_patterns_has_no_headlines(tmp_path: Path) -> None:
    assert not list(headlines(tmp_path, ROWS))
