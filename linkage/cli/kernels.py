"""Numba in a process that is a command's alone: how many threads kernels take, and its own start beside other work.

Before numba gives out a first kernel it makes itself acquainted with all of Python and NumPy, for a quarter of a second that
need not be waited for while bundles are decrypted. Half a second it would be with SciPy's linear algebra and cffi, which it
looks for only to know whether kernels may call them.
"""

from __future__ import annotations

import sys
from threading import Thread

import numba
import numpy as np

from comparators import popcount

_NOT_CALLED = ("scipy.linalg", "cffi")  # by any kernel


def set_threads(most: int | None) -> None:
    """Let kernels take at most so many threads, or as many as the machine has."""
    available = numba.get_num_threads()
    numba.set_num_threads(min(most or available, available))


def start_aside() -> Thread:
    """Start numba in a thread of its own; a kernel that is called meanwhile waits for it."""
    aside = Thread(target=_start)
    aside.start()
    return aside


def _start() -> None:
    absent = [name for name in _NOT_CALLED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an import says that there is no such module
    try:
        popcount(np.uint64(0))
    finally:
        for name in absent:
            sys.modules.pop(name, None)
