"""Columns are read where they lie: the same numbers however they are asked for, and no more than is needed."""

import itertools

import numpy as np
import pytest

from linkage import stored as module
from linkage.stored import Column, Memory, Within, read, stretches, whole

DATA = bytes(range(256)) * 4


class Watched:
    """Bytes in memory that keep which ranges of them were read."""

    def __init__(self, data):
        self.data, self.size, self.ranges = data, len(data), []

    def read_into(self, at, out):
        assert 0 <= at <= self.size - len(out)
        self.ranges.append((at, at + len(out)))
        out[:] = self.data[at : at + len(out)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """What is near is near by 128 bytes, and there is room for 512."""
    monkeypatch.setattr(module, "_NEAR", 128)
    monkeypatch.setattr(module, "_ROOM", 512)


@pytest.fixture
def column():
    """`column(rows, words)`: numbers that lie among others, the array that they are, and what was read of them."""

    def make(rows, words=None):
        numbers = np.random.default_rng(rows).integers(0, 2**64, (rows,) if words is None else (rows, words), np.uint64)
        source = Watched(b"before" + numbers.tobytes() + b"behind")
        return Column(source, 6, numbers.shape), numbers, source

    return make


@pytest.mark.parametrize("source", [Memory(DATA), Memory(memoryview(DATA)), Within(Memory(b"xyz" + DATA + b"xyz"), 3, len(DATA))])
def test_any_range_is_read_and_nothing_beyond(source):
    for at, size in ((0, 5), (7, 600), (1020, 4), (1020, 9), (1024, 1), (2000, 5), (0, 0)):
        assert read(source, at, size) == DATA[at : at + size]
    assert whole(source) == DATA
    for at, size in ((1020, 5), (1024, 1), (-1, 1), (-1024, 5), (2000, 1)):
        with pytest.raises(ValueError, match="fewer"):
            source.read_into(at, memoryview(bytearray(size)))


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1024])
def test_stretches_are_the_bytes_in_order_in_one_piece_of_memory(size):
    found, rooms = [], set()
    for one in stretches(Memory(DATA[:size])):
        found.append(bytes(one))
        rooms.add(id(one.obj))
    assert b"".join(found) == DATA[:size]
    assert [len(one) for one in found[:-1]] == [512] * (len(found) - 1)
    assert len(rooms) <= 1


@pytest.mark.parametrize("words", [None, 1, 3])
@pytest.mark.parametrize("rows", [0, 1, 200])
def test_a_column_is_its_array_whole_and_in_stretches(rows, words, column):
    found, numbers, _ = column(rows, words)
    assert (len(found), found.shape, found.words) == (rows, numbers.shape, words or 1)
    assert np.array_equal(np.asarray(found), numbers)
    assert np.array_equal(np.stack([found, found]), np.stack([numbers, numbers]))
    read_rows = found.reader(7)
    for first in range(0, rows, 7):
        last = min(first + 7, rows)
        assert np.array_equal(read_rows(first, last), numbers[first:last].reshape(last - first, -1))


def test_what_is_read_into_is_in_consecutive_memory(column):
    found, numbers, _ = column(4, 3)
    with pytest.raises(TypeError):
        found.read_into(0, np.empty((3, 4), np.uint64).T)
    with pytest.raises(AssertionError):
        found.read_into(3, np.empty((2, 3), np.uint64))
    out = np.empty((2, 3), np.uint64)
    found.read_into(2, out)
    assert np.array_equal(out, numbers[2:])


CHOSEN = {
    "none": [],
    "one": [17],
    "the last": [199],
    "both ends": [199, 0],
    "several times the same": [5, 5, 100, 5],
    "all": list(range(200)),
    "all backwards": list(range(199, -1, -1)),
    "every second": list(range(0, 200, 2)),
    "every fortieth": list(range(0, 200, 40)),
    "in no order": np.random.default_rng(3).permutation(200)[:70].tolist(),
}


@pytest.mark.parametrize("words", [None, 1, 3])
@pytest.mark.parametrize("name", CHOSEN)
def test_rows_that_are_taken_are_those_of_the_array(name, words, column):
    found, numbers, _ = column(200, words)
    rows = np.array(CHOSEN[name], np.int64)
    assert np.array_equal(found.take(rows), numbers[rows])
    assert found.take(rows).shape == numbers[rows].shape


@pytest.mark.parametrize("name", CHOSEN)
def test_of_a_column_nothing_is_read_twice_and_never_more_than_all_of_it(name, column):
    found, _, source = column(200, 3)
    found.take(np.array(CHOSEN[name], np.int64))
    assert sum(last - first for first, last in source.ranges) <= 200 * 24
    ranges = sorted(source.ranges)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(ranges))
    assert all(last - first <= 512 for first, last in ranges)


def test_of_rows_far_apart_nothing_between_is_read_and_of_rows_close_by_all(column):
    found, _, source = column(200)
    found.take(np.array([3, 150, 75]))
    assert source.ranges == [(6 + 8 * at, 14 + 8 * at) for at in (3, 75, 150)]
    source.ranges.clear()
    found.take(np.array([30, 3, 15]))
    assert source.ranges == [(6 + 24, 6 + 8 * 31)]


def test_nothing_shows_numbers_when_printed(column):
    found, *_ = column(3, 2)
    assert repr(found) == "Column(at=6, shape=(3, 2))"
    assert repr(Memory(b"secret")) == "Memory()"
    assert "secret" not in repr(Within(Memory(b"secret"), 0, 6))
