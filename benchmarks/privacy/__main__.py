"""`python -m benchmarks.privacy [NAME …] [--json FILE] [--small] [--data DIR]`."""

from __future__ import annotations

import sys

from benchmarks.privacy import default, frontier, long_lists, several
from benchmarks.privacy.tables import privacy_tables
from benchmarks.runner import Benchmark, run_suite

BENCHMARKS: dict[str, Benchmark] = {
    "default": default.run,
    "frontier": frontier.run,
    "several": several.run,
    "long_lists": long_lists.run,
}

if __name__ == "__main__":
    sys.exit(run_suite("privacy", BENCHMARKS, sys.argv[1:], privacy_tables))
