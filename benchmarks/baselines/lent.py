"""Peers in our own process: joins of two lists by anonlink and FAISS, which do not exclude our pins.

A ratio holds best between two that take turns in one process. The peers' packages come after our own on the path, so
that numpy is ours for both.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.run import packages_of

_BATCH = 1024
Join = Callable[[], NDArray[np.int64]]


def lend(peers: Path | None, peer: str) -> bool:
    """Put the peer's packages on the path; whether there are any for this Python."""
    packages = packages_of(peers, peer)
    if packages is None:
        return False
    if str(packages) not in sys.path:
        sys.path.append(str(packages))
    return True


def anonlink_join(one: NDArray[np.uint64], other: NDArray[np.uint64], permille: int) -> Join:
    """anonlink's pairs at or above the threshold, as codes; it scores and sorts them, too."""
    generation = importlib.import_module("anonlink.candidate_generation")
    dice = importlib.import_module("anonlink.similarities").dice_coefficient_accelerated
    lists = _as_bits(one), _as_bits(other)

    def join() -> NDArray[np.int64]:
        _, _, (left, right) = generation.find_candidate_pairs(lists, dice, permille / 1000)
        return np.asarray(left, np.int64) * len(other) + np.asarray(right, np.int64)

    return join


def _as_bits(filters: NDArray[np.uint64]) -> list[Any]:
    bitarray = importlib.import_module("bitarray").bitarray
    out = []
    for row in filters:
        out.append(bitarray(endian="little"))
        out[-1].frombytes(row.tobytes())
    return out


def faiss_join(one: NDArray[np.uint64], other: NDArray[np.uint64], permille: int) -> Join:
    """FAISS's range search on one thread, in batches of like size, and exact Dice on what it finds, as codes."""
    faiss = importlib.import_module("faiss")

    def join() -> NDArray[np.int64]:
        faiss.omp_set_num_threads(1)
        mine, theirs = (np.bitwise_count(filters).sum(axis=1, dtype=np.int64) for filters in (one, other))
        index = faiss.IndexBinaryFlat(64 * other.shape[1])
        index.add(other.view(np.uint8))
        order = np.argsort(mine, kind="stable")
        found = [np.empty(0, np.int64)]
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            radius = int((1000 - permille) * (mine[rows].max() + theirs.max()) // 1000) + 1  # finds what is below it
            limits, distance, right = index.range_search(one[rows].view(np.uint8), radius)
            left = np.repeat(rows, np.diff(limits.astype(np.int64)))
            alike = 1000 * distance.astype(np.int64) <= (1000 - permille) * (mine[left] + theirs[right])
            found.append(left[alike] * len(other) + right[alike])
        return np.concatenate(found)

    return join
