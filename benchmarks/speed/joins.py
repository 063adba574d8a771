"""The exact join beside anonlink and FAISS in one process, on the same filters, turn by turn, one thread.

    python -m benchmarks.speed.joins '{"n": 50000, "positions": 8, "permille": 800, "repeats": 3, "peers": null}'

Every tool gets packed filters of two lists and gives back the pairs at or above the threshold; their sets must be equal,
and of pairs planted on the threshold and one bit below it exactly the first must be there. FAISS finds by Hamming
distance, the largest that any filter of a batch may have, and numpy does the rest. Time is CPU time, preparation
included; that of turning rows into anonlink's own bit arrays is not. Prints JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines import lent
from benchmarks.baselines.run import missing
from benchmarks.measure import rate
from benchmarks.speed import twins
from benchmarks.speed.clks import BITS, clks
from blocking import dice_join_between

Filters = NDArray[np.uint64]
Join = Callable[[], NDArray[np.int64]]
_PLANTED = 200
_ONES = 400
_TWIN_ROWS = 2000


def compare(n: int, positions: int, permille: int, repeats: int, peers: str | None) -> dict[str, Any]:
    """Each tool's CPU seconds, and how many times as long as ours the others take, by the best and the median turn."""
    both = clks(2 * n, positions)
    one, other = both[:n].copy(), both[n:].copy()
    planted = min(_PLANTED, n // 2)
    _plant(one[:planted], other[:planted], permille)
    joins, skipped = _joins(one, other, permille, Path(peers) if peers else None)
    numba.set_num_threads(1)
    dice_join_between(one, other, permille)
    spent: dict[str, list[float]] = {name: [] for name in joins}
    found: dict[str, NDArray[np.int64]] = {}
    for _ in range(repeats):
        for name, join in joins.items():
            start = time.process_time()
            found[name] = join()
            spent[name].append(time.process_time() - start)
    _must_be_right(found, one, other, permille, planted)
    return {
        "records": [n, n],
        "positions": positions,
        "fill": round(float(np.bitwise_count(one).sum(axis=1).mean()) / BITS, 3),
        "threshold_permille": permille,
        "pairs_found": len(found["ours"]),
        "tools": {name: _speed(times, spent["ours"], n * n) for name, times in spent.items()},
        "threads": _threads(one, other, permille, repeats),
        **({"skipped": skipped} if skipped else {}),
    }


def _joins(one: Filters, other: Filters, permille: int, peers: Path | None) -> tuple[dict[str, Join], dict[str, str]]:
    """Each tool's join, which gives sorted codes row of one · number of others + row of other; and why others are not here."""

    def ours() -> NDArray[np.int64]:
        found = dice_join_between(one, other, permille)
        return found.one.astype(np.int64) * len(other) + found.other

    known = {"anonlink": lent.anonlink_join, "faiss": lent.faiss_join}
    there = {name: join for name, join in known.items() if lent.lend(peers, name)}
    joins = {name: join(one, other, permille) for name, join in there.items()}
    return {"ours": ours, **joins}, {name: missing(name) for name in known if name not in there}


def _plant(one: Filters, other: Filters, permille: int) -> None:
    """Overwrite rows by pairs of unequal size that lie on the threshold (even rows) or one shared bit below it (odd)."""
    draw = np.random.default_rng(0)
    shared = permille * _ONES // 1000
    for row in range(len(one)):
        more, common = int(draw.integers(-20, 21)), shared - row % 2
        sizes = _ONES + more, _ONES - more
        places = draw.permutation(BITS)
        one[row] = _packed(places[: sizes[0]])
        other[row] = _packed(np.concatenate([places[:common], places[BITS - (sizes[1] - common) :]]))


def _packed(places: NDArray[np.int64]) -> Filters:
    bits = np.zeros(BITS, np.uint8)
    bits[places] = 1
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


def _must_be_right(found: dict[str, NDArray[np.int64]], one: Filters, other: Filters, permille: int, planted: int) -> None:
    """A fast answer that is wrong is not fast."""
    ours = found["ours"]
    for name, theirs in found.items():
        if not np.array_equal(np.sort(theirs), ours):
            raise RuntimeError(f"{name} finds {len(theirs)} pairs and we {len(ours)}, or others")
    rows = np.arange(planted)
    there = np.isin(rows * len(other) + rows, ours)
    if not np.array_equal(there, rows % 2 == 0):
        raise RuntimeError("a pair on the threshold is not there, or one below it is")
    few = one[:_TWIN_ROWS], other[:_TWIN_ROWS]
    mine = dice_join_between(*few, permille)
    if twins.dice_join_between(*few, permille) != [*zip(mine.one.tolist(), mine.other.tolist(), strict=True)]:
        raise RuntimeError("the join and its twin disagree")


def _speed(times: list[float], ours: list[float], n_pairs: int) -> dict[str, float]:
    best, middle = min(times), statistics.median(times)
    return {
        "cpu_s": round(best, 4),
        "median_cpu_s": round(middle, 4),
        "pairs_per_cpu_s": rate(n_pairs, best),
        "times_slower": rate(best, min(ours)),
        "median_times_slower": rate(middle, statistics.median(ours)),
    }


def _threads(one: Filters, other: Filters, permille: int, repeats: int) -> dict[str, Any]:
    """Wall seconds on one thread and on two, turn by turn; only on a quiet machine do they mean anything."""
    if numba.config.NUMBA_NUM_THREADS < 2:
        return {"skipped": "this machine has one core"}
    wall: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for threads, times in wall.items():
            numba.set_num_threads(threads)
            start = time.perf_counter()
            dice_join_between(one, other, permille)
            times.append(time.perf_counter() - start)
    return {"one_wall_s": round(min(wall[1]), 4), "two_wall_s": round(min(wall[2]), 4), "ratio": rate(min(wall[1]), min(wall[2]))}


if __name__ == "__main__":
    print(json.dumps(compare(**json.loads(sys.argv[1]))))
