"""`python -m benchmarks.quality [NAME …] [--long] [--json FILE] [--small] [--peers DIR] [--data DIR]`.

What takes many minutes, a million records and the ablation, runs only where it is named or with `--long`, which names
everything but what has a result file of its own: the published cells.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.quality import ablation, demo, published, tipsim, tipsim_m
from benchmarks.quality.sets import SETS, benchmark
from benchmarks.quality.tables import quality_tables
from benchmarks.runner import Benchmark, run_suite

LONG = ("synth1m", "ablation")
APART = ("published",)
_LONG_OPTION = "--long"
_SETS: dict[str, Benchmark] = {name: benchmark(name) for name in SETS}
_OTHERS: dict[str, Benchmark] = {
    "tipsim": tipsim.run,
    "tipsim-m": tipsim_m.run,
    "demo": demo.run,
    "ablation": ablation.run,
    "published": published.run,
}
BENCHMARKS: dict[str, Benchmark] = {**_SETS, **_OTHERS}


def asked_for(arguments: Sequence[str]) -> dict[str, Benchmark]:
    """The benchmarks that may run: the long ones where they are named, and at tiny size, where nothing is long."""
    if "--small" in arguments or any(name in arguments for name in (*LONG, *APART)):
        return BENCHMARKS
    return {name: one for name, one in BENCHMARKS.items() if name not in (*LONG, *APART)}


def spelt_out(arguments: Sequence[str]) -> list[str]:
    """The arguments with every name in place of `--long`, so that the result says by which command it was made."""
    rest = [one for one in arguments if one != _LONG_OPTION]
    return [*(name for name in BENCHMARKS if name not in APART), *rest] if _LONG_OPTION in arguments else rest


if __name__ == "__main__":
    words = spelt_out(sys.argv[1:])
    sys.exit(run_suite("quality", asked_for(words), words, quality_tables))
