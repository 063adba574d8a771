"""`python -m benchmarks.speed [NAME …] [--long] [--json FILE] [--small] [--peers DIR] [--data DIR]`.

What takes many minutes and many gigabytes of disk, whole linkages of a million records, runs only where it is named or with
`--long`, which names everything.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.runner import Benchmark, run_suite
from benchmarks.speed import demo, encode, growth, kernels, link100k, seal, whole
from benchmarks.speed.tables import speed_tables

BENCHMARKS: dict[str, Benchmark] = {
    "kernels": kernels.run,
    "encode": encode.run,
    "seal": seal.run,
    "link100k": link100k.run,
    "demo": demo.run,
    **whole.BENCHMARKS,
    "growth": growth.run,
}
LONG = ("whole1m", "growth")
_LONG_OPTION = "--long"


def asked_for(arguments: Sequence[str]) -> dict[str, Benchmark]:
    """The benchmarks that may run: the long ones where they are named, and at tiny size, where nothing is long."""
    if "--small" in arguments or any(name in arguments for name in LONG):
        return BENCHMARKS
    return {name: one for name, one in BENCHMARKS.items() if name not in LONG}


def spelt_out(arguments: Sequence[str]) -> list[str]:
    """The arguments with every name in place of `--long`, so that the result says by which command it was made."""
    rest = [one for one in arguments if one != _LONG_OPTION]
    return [*BENCHMARKS, *rest] if _LONG_OPTION in arguments else rest


if __name__ == "__main__":
    words = spelt_out(sys.argv[1:])
    sys.exit(run_suite("speed", asked_for(words), words, speed_tables))
