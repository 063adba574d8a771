"""Records that share a token are joined, unless their block is above the cap; then the loss is counted."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocking import Blocks, Skipped, blocks_of, cap_for, pieces_of, token_join, tokens


def naive_token_join(tokens, max_block):
    sizes = Counter(token for token in tokens if token)
    pairs = [(a, b) for a, b in combinations(range(len(tokens)), 2) if tokens[a] == tokens[b] != 0]
    large = [size for size in sizes.values() if size > max_block]
    skipped = Skipped(len(large), sum(large), sum(size * (size - 1) // 2 for size in large))
    return [(a, b) for a, b in pairs if sizes[tokens[a]] <= max_block], skipped


def array(tokens):
    return np.array(tokens, dtype=np.uint64)


def pairs_in(blocks):
    places = np.split(blocks.records, np.cumsum(blocks.sizes))[: len(blocks.sizes)]
    return sorted(pair for place in places for pair in combinations(place.tolist(), 2))


TOKENS = st.lists(st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 1]), max_size=40)


@settings(deadline=None)  # the first call compiles
@given(TOKENS, st.integers(1, 12))
def test_the_join_is_that_of_the_slow_twin(tokens, max_block):
    (left, right), skipped = token_join(array(tokens), max_block)
    assert left.dtype == right.dtype == np.int32
    assert (list(zip(left.tolist(), right.tolist(), strict=True)), skipped) == naive_token_join(tokens, max_block)


@settings(deadline=None)  # the first call compiles
@given(TOKENS, st.integers(1, 12))
def test_blocks_tell_how_many_pairs_the_join_returns(tokens, max_block):
    joined, above = blocks_of(array(tokens)).parted(max_block)
    assert joined.pairs == len(token_join(array(tokens), max_block)[0].left)
    assert max(joined.sizes, default=0) <= max_block < min(above.sizes, default=99)


def test_a_missing_token_is_shared_with_nobody_and_never_skipped():
    pairs, skipped = token_join(array([0] * 10), 2)
    assert len(pairs.left) == 0
    assert skipped == Skipped(0, 0, 0)
    assert blocks_of(array([0] * 10)).sizes.tolist() == []


@pytest.mark.parametrize(("max_block", "joined"), [(4, 0), (5, 10)])
def test_the_cap_is_the_largest_block_that_is_joined(max_block, joined):
    pairs, skipped = token_join(array([8] * 5), max_block)
    assert len(pairs.left) == joined
    assert skipped == (Skipped(0, 0, 0) if joined else Skipped(1, 5, 10))


def test_a_block_too_large_to_join_is_counted_without_making_its_pairs():
    tokens = np.ones(200_000, dtype=np.uint64)
    pairs, skipped = token_join(tokens, 1000)
    assert len(pairs.left) == 0
    assert skipped.pairs == 200_000 * 199_999 // 2


def test_no_records_make_no_blocks():
    pairs, skipped = token_join(array([]), 10)
    assert len(pairs.left) == 0
    assert skipped == Skipped(0, 0, 0)


def test_a_block_has_two_records_or_more_in_rising_order():
    records, sizes = blocks_of(array([9, 2**64 - 1, 9, 0, 1, 9]))
    assert (records.tolist(), sizes.tolist()) == ([0, 2, 5], [3])


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30), st.integers(1, 5))
def test_blocks_are_split_by_what_is_shared_besides(records, cap):
    tokens, by = (array([record[side] for record in records]) for side in (0, 1))
    sizes = Counter(token for token, _ in records)
    expected = [
        (a, b)
        for a, b in combinations(range(len(records)), 2)
        if records[a] == records[b] and 0 not in records[a] and sizes[records[a][0]] > cap
    ]
    pieces = pieces_of(blocks_of(tokens).parted(cap)[1], by)
    assert pairs_in(pieces) == expected
    assert pieces.pairs == len(expected)


def test_a_large_block_is_split_as_a_small_one_is():
    by = np.random.default_rng(3).integers(0, 60, 3000).astype(np.uint64)
    pieces = pieces_of(blocks_of(np.ones(3000, np.uint64)), by)
    expected = [np.flatnonzero(by == value).tolist() for value in range(1, 60)]
    assert sorted(piece.tolist() for piece in np.split(pieces.records, np.cumsum(pieces.sizes)[:-1])) == sorted(expected)


def naive_cap(listed, most_pairs):
    sizes = Counter(token for token in listed if token)
    pairs = {cap: sum(size * (size - 1) // 2 for size in sizes.values() if size <= cap) for cap in sizes.values()}
    caps = [cap for cap in pairs if pairs[cap] <= most_pairs]
    return max(caps, default=1)


@settings(deadline=None)  # the first call compiles
@given(TOKENS, st.integers(0, 200))
def test_the_cap_for_a_number_of_pairs_is_that_of_the_slow_twin(listed, most_pairs):
    cap = cap_for(blocks_of(array(listed)).sizes, most_pairs)
    assert cap == naive_cap(listed, most_pairs)
    assert blocks_of(array(listed)).parted(cap)[0].pairs <= most_pairs


@pytest.mark.parametrize(("most_pairs", "cap"), [(0, 1), (1, 1), (2, 2), (4, 2), (5, 3), (7, 3), (50, 5)])
def test_the_cap_takes_all_blocks_of_a_size_or_none(most_pairs, cap):
    assert cap_for(np.array([2, 2, 3, 5]), most_pairs) == cap


def test_the_cap_of_a_block_with_more_pairs_than_an_int32_holds_is_counted_and_not_made():
    many = np.array([200_000])
    assert cap_for(many, 200_000 * 199_999 // 2) == 200_000
    assert cap_for(many, 200_000 * 199_999 // 2 - 1) == 1


@settings(deadline=None)  # the first call compiles
@given(TOKENS, st.integers(1, 12))
def test_tokens_of_equal_hashes_are_told_apart(listed, max_block):
    """With all bits taken by the record's number, every token has the same hash."""
    blocks = Blocks(*tokens._blocks(array(listed), np.flatnonzero(array(listed)).astype(np.uint64), 63))
    joined, above = blocks.parted(max_block)
    assert (pairs_in(joined), above.as_skipped()) == naive_token_join(listed, max_block)
