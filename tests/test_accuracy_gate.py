"""The gate of accuracy: what it measures, and that a figure that falls by more than a point stops a change."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


def load(name: str) -> ModuleType:
    """A module of ``benchmarks``, which is no part of what is installed."""
    package = sys.modules.setdefault("benchmarks", ModuleType("benchmarks"))
    package.__path__ = [str(ROOT / "benchmarks")]
    spec = importlib.util.spec_from_file_location(f"benchmarks.{name}", ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


measures = load("measures")
accuracy = load("accuracy")


def row(event: str, **more: Any) -> dict[str, Any]:
    alert = {"awarded": "awarded", "cancelled": "cancelled", "terminated": "cancelled"}.get(event)
    return {"event": event, "alert": alert, "supplier": None, "public_body": None, "value": None} | more


def test_rates_are_counted_by_alert_and_by_event() -> None:
    rows = [row("awarded"), row("awarded"), row("cancelled"), row("none")]
    answers = [row("awarded"), row("none"), row("terminated"), row("awarded")]
    found = measures.figures(rows, answers)
    assert found["alerts"]["awarded"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "told": 2, "there": 2}
    assert found["alerts"]["cancelled"]["f1"] == 1.0
    assert found["events"]["terminated"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "told": 1, "there": 0}
    assert found["event"] == {"share": 0.25, "of": 4}
    assert found["negatives"] == {"share": 1.0, "of": 1}


def test_parts_and_sums_are_measured_where_the_alert_is_right_and_invented_sums_are_counted() -> None:
    fifty, sixty = {"amount": 50_000_000, "currency": "GBP"}, {"amount": 60, "currency": "GBP"}
    rows = [row("awarded", supplier="Serco Ltd", value=fifty), row("awarded", supplier="Kier"), row("none")]
    answers = [row("awarded", supplier="serco", value=fifty), row("awarded", supplier="Mitie", value=sixty), row("awarded", value=sixty)]
    found = measures.figures(rows, answers)
    assert found["supplier"] == {"share": 0.5, "of": 2}
    assert found["value"] == {"share": 1.0, "of": 1}
    assert found["value_told"] == {"share": 0.5, "of": 2}
    assert found["invented"] == {"share": 0.5, "of": 2}


def test_what_a_partial_row_leaves_open_is_never_wrong() -> None:
    found = measures.figures([row("awarded", partial=True)], [row("awarded", supplier="Mitie", value={"amount": 1, "currency": "GBP"})])
    assert (found["supplier"]["of"], found["invented"]["of"]) == (0, 0)


@pytest.mark.parametrize(("now", "falls"), [(0.91, 0), (0.9, 0), (0.89, 0), (0.88, 1)])
def test_a_figure_may_fall_by_a_point_and_no_more(now: float, falls: int) -> None:
    assert len(measures.falls({"event": {"share": 0.9, "of": 50}}, {"event": {"share": now, "of": 50}})) == falls


def test_of_false_alarms_and_invented_sums_more_is_worse() -> None:
    kept = {"tempting": {"share": 0.03, "of": 100}, "invented": {"share": 0.0, "of": 9}}
    now = {"tempting": {"share": 0.05, "of": 100}, "invented": {"share": 0.11, "of": 9}}
    assert [fall.name for fall in measures.falls(kept, now)] == ["tempting.share", "invented.share"]
    assert measures.falls(now, kept) == []


def test_a_figure_that_is_measured_no_more_has_fallen() -> None:
    assert [str(fall) for fall in measures.falls({"event": {"share": 0.9, "of": 50}}, {})] == ["event.share: 0.900 is kept, nothing now"]


def gold(folder: Path) -> Path:
    """Two labelled headlines, in both parts and two languages."""
    texts = ("Home Office awards Serco £45m asylum contract", "Storm closes roads")
    rows = [
        {"id": f"h{number}", "lang": "en", "title": texts[number % 2], "summary": None, "hard": False}
        | row(("awarded", "none")[number % 2])
        for number in range(20)
    ]
    path = folder / "dev.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    return path


def own_sentences(folder: Path, *, right: bool) -> list[str]:
    cases = folder / "cases"
    cases.mkdir(exist_ok=True)
    event = "awarded" if right else "cancelled"
    (cases / "en.psv").write_text(f"# own\n{event} | Serco | Home Office | £45m | Home Office awards Serco £45m asylum contract\n", "utf-8")
    return ["--cases", str(cases), "--corpus", str(folder / "none"), "--kept", str(folder / "kept.json")]


def test_kept_figures_pass_and_a_fall_fails_naming_what_fell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled = str(gold(tmp_path))
    assert accuracy.main([labelled, *own_sentences(tmp_path, right=True), "--update"]) == 0
    assert accuracy.main([labelled, *own_sentences(tmp_path, right=True)]) == 0
    capsys.readouterr()
    assert accuracy.main([labelled, *own_sentences(tmp_path, right=False)]) == 1
    assert "own cases, English: event.share: 1.000 is kept, 0.000 now" in capsys.readouterr().out


def test_a_set_with_other_items_says_that_they_may_be_harder() -> None:
    kept, now = ({"items": items, "event": {"share": share, "of": items}} for items, share in ((10, 0.9), (12, 0.8)))
    assert accuracy.gate({"own": now}, {"own": kept}) == [
        "own: 10 items are kept and 12 measured now, so it may be they that are harder",
        "own: event.share: 0.900 is kept, 0.800 now",
    ]


def test_keeping_the_same_figures_again_changes_no_byte(tmp_path: Path) -> None:
    labelled, kept = str(gold(tmp_path)), tmp_path / "kept.json"
    accuracy.main([labelled, *own_sentences(tmp_path, right=True), "--update"])
    first = kept.read_bytes()
    accuracy.main([labelled, *own_sentences(tmp_path, right=True), "--update"])
    assert kept.read_bytes() == first


def test_without_the_labelled_headlines_it_says_so_and_keeps_their_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accuracy.main([str(gold(tmp_path)), *own_sentences(tmp_path, right=True), "--update"])
    before = json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert accuracy.main([str(tmp_path / "gone.jsonl"), *own_sentences(tmp_path, right=True), "--update"]) == 0
    assert "not here, so only the project's own sentences are measured" in capsys.readouterr().out
    assert json.loads((tmp_path / "kept.json").read_text(encoding="utf-8")) == before


def test_no_text_is_printed_or_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accuracy.main([str(gold(tmp_path)), *own_sentences(tmp_path, right=True), "--update"])
    assert "Serco" not in capsys.readouterr().out + (tmp_path / "kept.json").read_text(encoding="utf-8")
