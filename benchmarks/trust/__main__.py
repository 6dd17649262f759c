"""Runs the checks: ``python -m benchmarks.trust``."""

import sys

import benchmarks.trust
from benchmarks.trust.table import main

if __name__ == "__main__":
    sys.exit(main(benchmarks.trust, "Try out what is promised about durability and safety."))
