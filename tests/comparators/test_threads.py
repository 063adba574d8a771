"""Slices cover the whole, once and in order, on any number of threads."""

import numba
import pytest

from comparators import over_slices


@pytest.fixture(params=[1, 2])
def threads(request):
    if request.param > numba.config.NUMBA_NUM_THREADS:
        pytest.skip("this machine has one core")
    before = numba.get_num_threads()
    numba.set_num_threads(request.param)
    yield request.param
    numba.set_num_threads(before)


@pytest.mark.parametrize(
    ("n", "slices"), [(0, []), (1, [(0, 1)]), (3, [(0, 3)]), (4, [(0, 3), (3, 4)]), (9, [(0, 3), (3, 6), (6, 9)])]
)
def test_results_come_back_in_slice_order(threads, n, slices):
    assert over_slices(lambda start, stop: (start, stop), n, 3) == slices


def test_a_failure_in_one_slice_is_the_failure_of_the_whole(threads):
    with pytest.raises(ZeroDivisionError):
        over_slices(lambda start, stop: 1 // (start - 3), 9, 3)
