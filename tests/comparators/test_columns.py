"""Rows of columns stand where they belong, side by side, and nothing else is touched."""

import numpy as np
import pytest

from comparators import put_rows


def test_rows_are_put_where_they_belong():
    rng = np.random.default_rng(4)
    n = 10_000
    wide, narrow = rng.integers(0, 2**63, (n, 3), np.uint64), rng.integers(0, 2**63, (n, 1), np.uint64)
    row = rng.permutation(n).astype(np.int32) - n // 4
    row[row < 0] = -1
    out = np.full((n, 6), 7, np.uint64)
    put_rows([(wide, 0), (narrow, 4)], row, out)
    expected = np.full_like(out, 7)
    for record in np.flatnonzero(row >= 0):
        expected[row[record], :3], expected[row[record], 4] = wide[record], narrow[record, 0]
    assert np.array_equal(out, expected)


@pytest.mark.parametrize(("row", "at"), [(3, 0), (0, 2)])
def test_a_place_that_is_not_there_is_refused(row, at):
    with pytest.raises(IndexError, match="is not there"):
        put_rows([(np.zeros((1, 2), np.uint64), at)], np.array([row], np.int32), np.zeros((3, 3), np.uint64))
