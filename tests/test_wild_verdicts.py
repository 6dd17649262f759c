"""The verdicts on alerts in the wild: each can be matched to its article, is one or the other, and says why."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from watchers.types import Entry

ROOT = Path(__file__).parent.parent
ROWS = tomllib.loads((ROOT / "benchmarks" / "wild_verdicts.toml").read_text(encoding="utf-8"))["alerts"]


@pytest.fixture(scope="module")
def wild() -> ModuleType:
    for name in ("polls", "wild"):
        package = sys.modules.setdefault("benchmarks", ModuleType("benchmarks"))
        package.__path__ = [str(ROOT / "benchmarks")]
        spec = importlib.util.spec_from_file_location(f"benchmarks.{name}", ROOT / "benchmarks" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return module


def test_every_verdict_names_its_article_once_and_says_why() -> None:
    assert len({(row["id"], row["alert"]) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert re.fullmatch("[0-9a-f]{16}", row["id"])
        assert row["alert"] in {"awarded", "cancelled"}
        assert row["verdict"] in {"right", "wrong"}
        assert row["what"]
        assert row["why"]


def test_an_article_keeps_its_identity_and_another_text_has_another(wild: ModuleType) -> None:
    one, same, edited = (Entry(keys=(), fingerprint=b"", title="Council hires Serco", summary=text) for text in ("a", "a", "b"))
    assert wild.identity(one) == wild.identity(same) != wild.identity(edited)


def test_the_sum_counts_right_wrong_unread_and_what_fires_no_more(wild: ModuleType) -> None:
    verdicts = {"a awarded": {"verdict": "right"}, "b awarded": {"verdict": "wrong"}, "c awarded": {"verdict": "wrong"}}
    text = wild.summed_up(9, ["a awarded", "b awarded", "d awarded", "a cancelled"], verdicts)
    assert "9 articles, 4 alerts: 1 right, 1 wrong, 2 not read yet; 50 % of those read are right" in text
    assert "1 wrong and 0 right ones fire no more" in text
