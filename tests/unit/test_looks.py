"""Pairs of a pass, compared lock by lock and block by block, end where they would end one by one."""

from dataclasses import replace

import numpy as np
import pytest

from comparators import pattern_codes
from linkage.unit.candidates import propose
from linkage.unit.compared import BYTES_PER_PAIR, compare_all
from linkage.unit.executor import InMemory, Means, OnDisk
from linkage.unit.vectors import compare, level_counts
from tests.unit.test_vectors import some_encodings


def changed(protocol, **blocking):
    return replace(protocol, blocking=replace(protocol.blocking, **blocking))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "blocking",
    [
        {"max_block": 400},  # nothing is left out
        {"max_block": 9},  # some blocks are, whose pairs other passes propose
        {"passes": ("date", "surname_year"), "max_block": 400, "joins": ()},  # a lock is no pass
        {"most_pairs": 2, "max_block": 30},
    ],
)
def test_pairs_end_where_they_end_one_by_one_however_little_memory_there_is(seed, blocking, locked_protocol, tmp_path):
    protocol = changed(locked_protocol, **blocking)
    e = some_encodings(protocol, 48, seed, values=7)
    proposals = propose(e, protocol)
    for number, means in enumerate((Means(InMemory()), Means(OnDisk(tmp_path), 40 * BYTES_PER_PAIR))):
        parts = list(compare_all(e, proposals, protocol, means))
        assert (len(parts) > 3) == (number == 1)
        for part in parts:
            expected = compare(e, part.pairs, protocol)
            assert np.array_equal(part.code, pattern_codes(expected, level_counts(protocol)))
    assert sum(len(part.code) for part in parts) > 100


def test_a_pass_above_its_budget_leaves_out_its_largest_blocks_and_says_so(locked_protocol):
    e = some_encodings(locked_protocol, 400, 1, values=40)
    whole, bounded = (propose(e, changed(locked_protocol, max_block=50, most_pairs=most, joins=())) for most in (None, 2))
    for free, held in zip(whole.passes, bounded.passes, strict=True):
        assert held.pairs <= 2 * 400 < free.pairs
        assert held.pairs + held.pairs_left_out == free.pairs + free.pairs_left_out
        assert held.blocks_left_out > 0
    assert propose(e, changed(locked_protocol, max_block=50, most_pairs=50, joins=())).passes == whole.passes


def test_in_short_lists_a_pass_may_bring_as_many_pairs_as_for_the_largest_block(locked_protocol):
    e = some_encodings(locked_protocol, 40, 1, values=1)
    assert [one.pairs_left_out for one in propose(e, changed(locked_protocol, max_block=400, most_pairs=2)).passes] == [0] * 4
