"""`python -m benchmarks.speed [NAME …] [--json FILE] [--small] [--peers DIR]`."""

from __future__ import annotations

import sys

from benchmarks.runner import Benchmark, run_suite
from benchmarks.speed import demo, encode, kernels, link100k, seal
from benchmarks.speed.tables import speed_tables

BENCHMARKS: dict[str, Benchmark] = {
    "kernels": kernels.run,
    "encode": encode.run,
    "seal": seal.run,
    "link100k": link100k.run,
    "demo": demo.run,
}

if __name__ == "__main__":
    sys.exit(run_suite("speed", BENCHMARKS, sys.argv[1:], speed_tables))
