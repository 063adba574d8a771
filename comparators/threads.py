"""Kernels over slices: the same work on each slice, on as many threads as numba may use, results in slice order.

Kernels release the interpreter's lock, so plain threads do. Numba's own parallel loops would bring a threading layer
that differs between systems (one of them ends the process when two threads enter it), and a compilation three times as
long. Slices do not depend on the number of threads, so neither does any result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)
T = TypeVar("T")


def over_slices(work: Callable[[int, int], T], n: int, step: int) -> list[T]:
    """`work(start, stop)` for each slice of at most `step` of `range(n)`, in slice order.

    Args:
        work: releases the interpreter's lock; writes nowhere but in its own slice.
        n: length of the whole.
        step: length of a slice, the last may be shorter; chosen by the data, never by the number of threads.
    """
    starts = range(0, n, step)
    if len(starts) <= 1:
        return [work(start, n) for start in starts]
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        return list(pool.map(lambda start: work(start, min(start + step, n)), starts))


def read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """The same values, which nobody can write through this view.

    To a kernel, what may be written is another type than what may not be, as what lies in a mapped file: it would be
    compiled for each. What it only reads is handed to it like this.
    """
    view = array.view()
    view.flags.writeable = False
    return view
