"""`python -m benchmarks.quality [NAME …] [--json FILE] [--small] [--peers DIR] [--data DIR]`."""

from __future__ import annotations

import sys

from benchmarks.quality import demo, febrl4, synth100k, tipsim
from benchmarks.quality.tables import quality_tables
from benchmarks.runner import Benchmark, run_suite

BENCHMARKS: dict[str, Benchmark] = {"febrl4": febrl4.run, "tipsim": tipsim.run, "synth100k": synth100k.run, "demo": demo.run}

if __name__ == "__main__":
    sys.exit(run_suite("quality", BENCHMARKS, sys.argv[1:], quality_tables))
