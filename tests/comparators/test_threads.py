"""Slices cover the whole, once and in order, on any number of threads; what kernels only read is of one type."""

import numba
import numpy as np
import pytest

from comparators import levels, over_slices, read_only, tally


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


def test_what_is_read_only_has_the_values_of_the_array_which_can_still_be_written():
    array = np.arange(3)
    view = read_only(array)
    array[0] = 7
    assert view.tolist() == [7, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 8


def test_a_kernel_that_only_reads_is_compiled_once_for_arrays_that_can_be_written_and_those_that_cannot():
    for codes in (np.arange(3), read_only(np.arange(3))):
        assert tally(codes).codes.tolist() == [0, 1, 2]
    assert len(levels._tally.signatures) == 1
