"""Runs the checks: ``python -m benchmarks.telegram_checks``."""

import sys

import benchmarks.telegram_checks
from benchmarks.trust.table import main

if __name__ == "__main__":
    sys.exit(main(benchmarks.telegram_checks, "Try out the Telegram side against a strict fake server."))
