"""The demonstration from its command line: the first time, with every kernel still to be compiled, and again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping

from benchmarks.quality.demo import run_demo
from benchmarks.runner import Result, Settings


def run(settings: Settings) -> Result:
    """Cold with an empty cache of compiled kernels, then warm; at tiny size once, with the cache that is there."""
    if settings.small:
        return _times({"warm": run_demo(1)})
    with tempfile.TemporaryDirectory() as cache:
        return _times({name: run_demo(1, {"NUMBA_CACHE_DIR": cache}) for name in ("cold", "warm")})


def _times(runs: Mapping[str, Result]) -> Result:
    times = {name: {clock: one[clock] for clock in ("wall_s", "cpu_s")} for name, one in runs.items()}
    return {**times, "holds": all(one["equal"] for one in runs.values())}
