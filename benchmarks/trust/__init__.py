"""What is promised about durability and safety, tried out: each check prints one line with its figure, and passes or fails.

    python -m benchmarks.trust [--long] [--jobs 2] [--botapi FAKEBOTAPI.py] [ID …]

The short forms run with every change, the long ones before a release. A check is a function in one of the modules here that is marked with
``check``; whatever it needs and does not find (a fake Telegram server, PostgreSQL, a compiler) makes it a skipped one that says so. What
tests try out already is run from there (``benchmarks.trust.tested``): there is no second copy.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))  # the houses, servers and worlds that tests are made of
