"""How the unit's work grows from 10,000 to ten million records: seconds, memory, pairs, and the fitted exponent of each.

The lists are the practice data's synthetic persons, made anew at each size, and go through the same commands as in `whole`.
What starting Python and loading kernels takes is in the figures, so that small lists look slower for each record. What takes
some seconds moves by a fifth from run to run: lists of up to a million records go through three times, and the run in the
middle counts.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import run_child
from benchmarks.quality.practice import Rows, invented, synthetic
from benchmarks.runner import Result, Settings, skipped
from benchmarks.speed.rows import LONG_LISTS
from benchmarks.speed.whole import FEW, SMALL, keys_in, whole_job

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
LARGE = 1_000_000
_TIMES = 3  # for lists of up to `LARGE` records
MEMORY_GB = 7
_FITTED = ("cpu_s", "wall_s", "peak_memory_mb", "pairs_compared")
_ABSENT = "the practice data has no synth/make.py: see --data"


def run(settings: Settings) -> Result:
    """Each size under the same limit of memory, the smallest once before, so that kernels are compiled."""
    sizes, maker = (FEW, SMALL) if settings.small else SIZES, settings.data / "synth" / "make.py"
    if not (settings.small or maker.exists()):
        return skipped(_ABSENT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = keys_in(folder / "keys", LONG_LISTS)
        if not settings.small:
            whole_job(folder, keys, _rows(sizes[0], folder, maker), MEMORY_GB)
        points = [_point(n, folder, keys, None if settings.small else maker) for n in sizes]
    large = [one for one in points if one["records"] >= LARGE] or points
    return {
        "protocol": LONG_LISTS,
        "memory_gb": MEMORY_GB,
        "points": points,
        "exponents": {"all": _exponents(points), "large": {"from": large[0]["records"], **_exponents(large)}},
        "per_row": _per_row(large),
    }


def _rows(n: int, folder: Path, maker: Path | None) -> Rows:
    """The synthetic persons; invented ones without their maker."""
    if maker is None:
        return invented(n)
    path = folder / "rows.parquet"
    run_child([sys.executable, str(maker), str(n), str(path)])
    return synthetic(path)


def _point(n: int, folder: Path, keys: Path, maker: Path | None) -> Result:
    """What `link` took at one size, beside what sealing, receiving and exporting took, and how good the result is."""
    print(f"  {n:,} records", file=sys.stderr)
    rows, times = _rows(n, folder, maker), _TIMES if maker and n <= LARGE else 1
    jobs = sorted((whole_job(folder, keys, rows, MEMORY_GB) for _ in range(times)), key=lambda one: float(one["link"]["cpu_s"]))
    each, job = [one["link"]["cpu_s"] for one in jobs], jobs[times // 2]
    link = job.pop("link")
    quality = job.pop("quality")
    told = {"pair_f1": quality["pairs"]["all"]["f1"], "persons": quality["persons"]}
    return {**{name: link[name] for name in ("cpu_s", "wall_s", "peak_memory_mb", "stages")}, **job, **told, "cpu_s_of_each": each}


def _exponents(points: Sequence[Result]) -> Result:
    """Figure to its exponent: figure ~ records ** exponent, by least squares of logarithms; None where a figure is missing."""
    return {name: _exponent([one["records"] for one in points], [one[name] for one in points]) for name in _FITTED}


def _exponent(sizes: Sequence[int], values: Sequence[float | None]) -> float | None:
    if len(sizes) < 2 or not all(values):
        return None
    return round(float(np.polyfit(np.log(sizes), np.log(np.array(values, float)), 1)[0]), 3)


def _per_row(points: Sequence[Result]) -> Result:
    """Seconds per record at the last size over those at the first; None where the first took none."""
    first, last = points[0], points[-1]
    size = last["records"] / first["records"]
    times = {clock: round(last[clock] / first[clock] / size, 3) if first[clock] else None for clock in ("cpu_s", "wall_s")}
    return {"from": first["records"], "to": last["records"], **times}
