"""Merged passes are the union of what each proposes, with a bit for each that does, in parts as in one piece."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocking import Lists, Pairs, blocks_of, list_lengths, lists_of_blocks, lists_of_pairs, merged, side_by_side


def proposed(tokens, most):
    """Pairs of records that share a token, from blocks up to the cap."""
    sizes = {value: tokens.count(value) for value in tokens}
    return {(a, b) for a, b in combinations(range(len(tokens)), 2) if tokens[a] == tokens[b] != 0 and sizes[tokens[a]] <= most}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30).flatmap(lambda n: st.lists(st.lists(st.integers(0, 6), min_size=n, max_size=n), min_size=1, max_size=5)))
def test_every_pair_stands_once_with_the_bits_of_its_passes(passes):
    n, most = len(passes[0]), 4
    made = [lists_of_blocks(blocks_of(np.array(tokens, np.uint64)).parted(most)[0], n) for tokens in passes]
    extra = sorted({(a, b) for a, b in combinations(range(n), 2) if (a + b) % 7 == 0})
    pairs = Pairs(*(np.array([pair[side] for pair in extra], np.int32) for side in (0, 1)))
    table = side_by_side([*made, lists_of_pairs(pairs, n)], len(passes) + 3, n)
    expected = [*(proposed(tokens, most) for tokens in passes), set(extra)]
    assert table.pairs.tolist() == [len(some) for some in expected]
    assert table.proposed.tolist() == [sum(pair[0] == record for some in expected for pair in some) for record in range(n)]
    found, bits = merged(table, 0, n)
    listed = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert listed == sorted(set().union(*expected))
    assert bits.tolist() == [sum(1 << place for place, some in enumerate(expected) if pair in some) for pair in listed]
    cut = n // 3
    parts = [merged(table, first, last) for first, last in ((0, cut), (cut, n))]
    assert np.array_equal(np.concatenate([part.left for part, _ in parts]), found.left)
    assert np.array_equal(np.concatenate([part.right for part, _ in parts]), found.right)
    assert np.array_equal(np.concatenate([some for _, some in parts]), bits)


def test_members_of_a_block_are_listed_once():
    lists = lists_of_blocks(blocks_of(np.array([5, 0, 0, 0, 9, 9, 0, 0, 7], np.uint64)), 9)
    assert list_lengths(lists).tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert lists.members.tolist() == [4, ~5]


def test_more_passes_than_bits_are_refused():
    empty = Lists(np.full(2, -1, np.int32), np.empty(0, np.int32))
    assert merged(side_by_side([empty] * 64, 64, 2), 0, 2)[1].tolist() == []
    with pytest.raises(ValueError, match="65 passes, at most 64"):
        side_by_side([empty] * 65, 65, 2)
