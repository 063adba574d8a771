"""Numba's start beside other work: kernels answer, and what numba was told is absent is there for everybody else."""

import subprocess
import sys

STARTED = """
import sys
from linkage.cli import kernels
kernels.start_aside().join()
assert not {"scipy.linalg", "cffi"} & set(sys.modules)
import numpy, scipy.linalg
from comparators import counts
print(counts(numpy.array([[7], [0]], numpy.uint64)).tolist(), scipy.linalg.det([[2.0]]))
"""


def test_numba_starts_without_what_no_kernel_calls_and_others_may_still_import_it():
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[3, 0] 2.0\n"
    assert done.stderr == ""
