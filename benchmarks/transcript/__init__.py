"""A few days with the bot, message by message: played against the real program, and written to ``docs/transcript.md`` with pictures.

    python -m benchmarks.transcript [--check]

``week.toml`` beside this file and ``samples/`` are the news, ``days`` is who does what, ``stage`` plays it, ``page`` and ``picture`` write it
down. The clock and every number are the stage's own, so the same program writes the same bytes each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))  # Telegram's server and the world around it, as tests have them
