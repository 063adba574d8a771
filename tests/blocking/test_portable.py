"""The same pairs come out whatever the processor can do: with vectors of 128, 256 or 512 bits, and without counting them."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OLD = "+64bit,+cmov,+cx8,+fxsr,+mmx,+sse,+sse2"
AVX2 = f"{OLD},+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+bmi,+bmi2,+fma,+lzcnt,+movbe"
AVX512 = f"{AVX2},+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"


def run(folder, **variables):
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "NUMBA_CACHE_DIR": str(folder), **variables}
    command = [sys.executable, str(HERE / "portable.py")]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return run(tmp_path_factory.mktemp("own"))


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="these are the features of x86 processors")
@pytest.mark.parametrize(("features", "wide"), [(OLD, False), (AVX2, False), (AVX512, True)], ids=["sse2", "avx2", "avx512"])
def test_a_processor_that_can_do_less_finds_the_same_pairs(features, wide, here, tmp_path):
    if wide and here[1] == "False":
        pytest.skip("this processor has no registers of 512 bits")
    digest, registers, counting = run(tmp_path, NUMBA_CPU_NAME="x86-64", NUMBA_CPU_FEATURES=features)
    assert digest == here[0]
    assert registers == str(wide)
    assert counting == "False"
