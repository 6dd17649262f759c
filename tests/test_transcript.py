"""docs/transcript.md and its pictures are what the bot says today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_week_in_the_documents_is_what_the_bot_says() -> None:
    pytest.importorskip("tdjson", reason="TDLib's parser is not installed: it says where a text is bold or a link")

    done = subprocess.run([sys.executable, "-m", "benchmarks.transcript", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
