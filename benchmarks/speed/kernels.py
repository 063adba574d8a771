"""Kernels against their twins, on one thread and on the same rows; a twin's answer must be the kernel's.

The exact join stands beside anonlink and FAISS in processes of their own (`joins`), also as a processor without AVX-512
would run it.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.run import missing, python_of, run_peer
from benchmarks.measure import fastest, rate, run_child
from benchmarks.runner import Result, Settings, skipped
from benchmarks.speed import twins
from benchmarks.speed.rows import agreed, encoded, joined
from blocking import dice_join, random_pairs, token_join
from comparators import counts, dice_permille

THRESHOLDS = (800, 700)
SIZES = ((50_000, 8, 800), (50_000, 15, 800), *((10_000, fill, permille) for fill in (8, 15) for permille in (700, 800, 900)))
LESS = (10_000, 8, 800)  # records of each list, positions per bigram and threshold, where the processor can do less
TINY = ((300, 8, 800),)
REPEATS = 3
PROCESSORS: dict[str, dict[str, str]] = {
    "AVX2, no AVX-512": {
        "NUMBA_CPU_NAME": "x86-64-v3",
        "NUMBA_CPU_FEATURES": "+64bit,+cmov,+cx8,+cx16,+fxsr,+mmx,+sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2"
        ",+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe",
    },
}
_MAX_BLOCK = 1000
_SCHEME, _PASS = "fields/1", "sounds"  # filters of single fields, which a join can put together


def run(settings: Settings) -> Result:
    """`dice_join`, `dice_permille`, `token_join`: CPU seconds, work per second, and the ratio to the twin."""
    n, twin_n, pairs = (600, 300, 20_000) if settings.small else (20_000, 4_000, 2_000_000)
    prepared = encoded(n, _SCHEME)
    filters = joined(prepared)
    tokens = np.ascontiguousarray(prepared.tokens[:, agreed(_SCHEME)[0].tokens.index(_PASS)])
    return {
        "records": n,
        "fill": round(float(counts(filters).mean()) / (64 * filters.shape[1]), 3),
        "dice_join": [_join(filters, twin_n, threshold, settings) for threshold in THRESHOLDS],
        "dice_permille": _permille(filters, pairs),
        "token_join": _tokens(tokens),
        "beside_peers": [_beside(*size, settings, {}) for size in (TINY if settings.small else SIZES)],
        "of_less": {name: _beside(*(TINY[0] if settings.small else LESS), settings, able) for name, able in _processors().items()},
    }


def _processors() -> dict[str, dict[str, str]]:
    return PROCESSORS if platform.machine() in {"x86_64", "AMD64"} else {}


def _beside(n: int, positions: int, permille: int, settings: Settings, able: Mapping[str, str]) -> Result:
    """`benchmarks.speed.joins` in a process of its own, whose kernels are compiled for what the processor is said to do."""
    peers = str(settings.peers.absolute()) if settings.peers else None
    case = {"n": n, "positions": positions, "permille": permille, "repeats": REPEATS, "peers": peers}
    answer, _ = run_child([sys.executable, "-m", "benchmarks.speed.joins", json.dumps(case)], able)
    read: Result = json.loads(answer)
    return read


@contextmanager
def _one_thread() -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def _join(filters: NDArray[np.uint64], twin_n: int, permille: int, settings: Settings) -> Result:
    """All pairs of all rows by the kernel; the ratio on fewer, because the twin is slow."""
    few, n = filters[:twin_n], len(filters)
    with _one_thread():
        dice_join(few, permille)
        found, ours = fastest(lambda: dice_join(filters, permille), 3)
        same, kernel = fastest(lambda: dice_join(few, permille), 3)
        expected, twin = fastest(lambda: twins.dice_join(few, permille), 1)
    _must_equal([*zip(same.left.tolist(), same.right.tolist(), strict=True)], expected)
    _, every = fastest(lambda: dice_join(filters, permille), 3)
    compared = n * (n - 1) // 2
    return {
        "threshold_permille": permille,
        "pairs_compared": compared,
        "pairs_found": len(found.left),
        "one_thread": {**ours, "pairs_per_cpu_s": rate(compared, ours["cpu_s"])},
        "all_threads": {**every, "threads": numba.get_num_threads(), "pairs_per_wall_s": rate(compared, every["wall_s"])},
        "numpy_twin": {"records": twin_n, **twin, "times_slower": rate(twin["cpu_s"], kernel["cpu_s"])},
        "anonlink": _anonlink(filters, permille, settings),
    }


def _anonlink(filters: NDArray[np.uint64], permille: int, settings: Settings) -> Result:
    """The peer on the same filters: it joins two lists and not one with itself, so one half with the other."""
    python = python_of(settings.peers, "anonlink")
    if python is None:
        return skipped(missing("anonlink"))
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "filters.npy"
        np.save(file, filters)
        answer = run_peer(python, "dice.py", file, permille / 1000, 3)
    return {**answer, "pairs_per_cpu_s": rate(answer["pairs_compared"], answer["cpu_s"])}


def _permille(filters: NDArray[np.uint64], n_pairs: int) -> Result:
    pairs = random_pairs(len(filters), n_pairs, 1)
    with _one_thread():
        dice_permille(filters, filters, pairs.left[:10], pairs.right[:10])
        ours, spent = fastest(lambda: dice_permille(filters, filters, pairs.left, pairs.right), 3)
        expected, twin = fastest(lambda: twins.dice_permille(filters, pairs.left, pairs.right), 3)
    _must_equal(ours.tolist(), expected.tolist())
    speed = {"pairs_per_cpu_s": rate(n_pairs, spent["cpu_s"]), "times_slower": rate(twin["cpu_s"], spent["cpu_s"])}
    return {"pairs": n_pairs, **spent, **speed}


def _tokens(tokens: NDArray[np.uint64]) -> Result:
    token_join(tokens[:10], _MAX_BLOCK)
    (pairs, _), spent = fastest(lambda: token_join(tokens, _MAX_BLOCK), 3)
    expected, twin = fastest(lambda: twins.token_join(tokens, _MAX_BLOCK), 1)
    _must_equal([*zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)], expected)
    return {
        "pass": _PASS,
        "records": len(tokens),
        "pairs": len(expected),
        **spent,
        "pairs_per_cpu_s": rate(len(expected), spent["cpu_s"]),
        "times_slower": rate(twin["cpu_s"], spent["cpu_s"]),
    }


def _must_equal(ours: Sequence[object], twin: Sequence[object]) -> None:
    """A fast answer that is wrong is not fast."""
    if ours != twin:
        raise RuntimeError("a kernel and its twin disagree")
