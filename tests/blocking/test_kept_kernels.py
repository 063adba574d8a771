"""Kernels that different processes compiled and kept work together in one that loads them all."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
import numpy as np
from blocking import dice_join, exact_join
from blocking.sketches import Sketch
filters = np.random.default_rng(0).integers(0, 2**64, (300, 4), np.uint64)
for shape in eval(sys.argv[1]):
    exact_join.choose = lambda *_: Sketch(*shape)
    print(len(dice_join(filters, 570).left))
"""


def run(folder, shapes):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(folder)}
    command = [sys.executable, "-c", PROGRAM, repr(shapes)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_shapes_of_a_sketch_compiled_in_different_processes_do_not_take_each_other_s_place(tmp_path):
    """The first process finds nothing kept; the second and the third then compile nothing but their own shape each."""
    first = run(tmp_path, [(1, 0)])
    assert int(first[0]) > 10
    assert run(tmp_path, [(3, 1)]) == first
    assert run(tmp_path, [(3, 1), (2, 0)]) == 2 * first
    assert run(tmp_path, [(3, 1), (2, 0)]) == 2 * first
    assert run(tmp_path, [(2, 0), (3, 1)]) == 2 * first
