"""Pairs of a pass, compared lock by lock and block by block, end where they would end one by one."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from blocking import Pairs
from comparators import pattern_codes
from linkage.unit.candidates import Candidates, Pass, pairs_of, propose, token_passes
from linkage.unit.compared import compare_all
from linkage.unit.executor import InMemory, Means, OnDisk
from linkage.unit.fit import assumed
from linkage.unit.pairing import BYTES_PER_PAIR
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
        {"max_block": 5, "split": {"date": ("given", "year"), "surname_year": ("year",)}},  # the pieces of blocks are compared, too
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


def test_above_the_budget_of_all_passes_the_largest_blocks_are_left_out_whichever_pass_they_are_of(locked_protocol):
    e = some_encodings(locked_protocol, 400, 1, values=40)
    whole, bounded = (propose(e, changed(locked_protocol, max_block=50, most_pairs=most, joins=())) for most in (None, 8))
    assert sum(one.pairs for one in bounded.passes) <= 8 * 400 < sum(one.pairs for one in whole.passes)
    for free, held in zip(whole.passes, bounded.passes, strict=True):
        assert held.pairs + held.pairs_left_out == free.pairs + free.pairs_left_out
    passes = token_passes(e, changed(locked_protocol, max_block=50, most_pairs=8))
    joined, left_out = (
        np.concatenate([blocks.sizes for blocks in side])
        for side in zip(*((one.joined, one.left_out) for one in passes), strict=True)
    )
    assert joined.max() < left_out.min()
    assert propose(e, changed(locked_protocol, max_block=50, most_pairs=200, joins=())).passes == whole.passes


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8, 40])
def test_pieces_of_blocks_that_are_left_out_count_in_the_budget_too(most, locked_protocol):
    e = some_encodings(locked_protocol, 400, 1, values=40)
    split = {"date": ("given", "year"), "surname_year": ("year",)}
    passes = token_passes(e, changed(locked_protocol, max_block=50, most_pairs=most, split=split))
    pieces = [one for one in passes if " & " in one.name]
    assert sum(one.joined.pairs for one in passes) <= most * 400
    assert sum(one.joined.pairs for one in pieces) > 0 or most == 40
    assert max(int(one.joined.sizes.max(initial=0)) for one in passes) <= passes[0].cap
    one_more = token_passes(e, changed(locked_protocol, max_block=passes[0].cap + 1, split=split))
    assert passes[0].cap == 50 or sum(one.joined.pairs for one in one_more) > most * 400


def test_pieces_alone_that_are_more_than_the_budget_leave_smaller_ones_in(locked_protocol):
    """They do not take all room from each other: the cap falls to where what is left fits, and no further."""
    e = some_encodings(locked_protocol, 400, 1, values=6)
    blocking = {"passes": ("date",), "max_block": 400, "split": {"date": ("given", "year")}, "joins": ()}
    for most in (1, 2, 4, 8, 16):
        passes = token_passes(e, changed(locked_protocol, most_pairs=most, **blocking))
        caps = [token_passes(e, changed(locked_protocol, **blocking | {"max_block": cap})) for cap in range(1, 401)]
        fitting = [cap for cap, found in enumerate(caps, 1) if sum(one.joined.pairs for one in found) <= most * 400]
        assert sum(one.joined.pairs for one in passes) == sum(one.joined.pairs for one in caps[max(fitting) - 1])


def test_in_short_lists_as_many_pairs_may_be_brought_as_for_the_largest_block(locked_protocol):
    e = some_encodings(locked_protocol, 40, 1, values=1)
    assert [one.pairs_left_out for one in propose(e, changed(locked_protocol, max_block=400, most_pairs=6)).passes] == [0] * 4


def test_of_a_block_that_is_left_out_the_pairs_are_proposed_that_share_what_it_is_split_by(locked_protocol):
    e = some_encodings(locked_protocol, 120, 3, values=9)
    blocking = {"max_block": 8, "split": {"date": ("given",)}, "joins": ()}
    found = propose(e, changed(locked_protocol, **blocking))
    place = [one.name for one in found.passes].index("date & given")
    assert found.passes[place - 1].name == "date"
    date, given = (e.token(locked_protocol.tokens.index(name)).tolist() for name in ("date", "given@date"))
    sizes, alike = Counter(date), Counter(zip(date, given, strict=True))
    expected = {
        (a, b)
        for a, b in combinations(range(120), 2)
        if date[a] == date[b] != 0 and sizes[date[a]] > 8 and given[a] == given[b] != 0 and alike[date[a], given[a]] <= 8
    }
    pairs, proposed = pairs_of(found, 0, 120)
    mine = proposed & np.uint64(1 << place) != 0
    assert {*zip(pairs.left[mine].tolist(), pairs.right[mine].tolist(), strict=True)} == expected != set()


def test_pieces_count_with_the_pass_that_left_their_block_out():
    proposed = np.array([0b0001, 0b0110, 0b1110, 0b1111], np.uint64)
    passes = tuple(Pass(name, 0) for name in ("date", "name", "name & given", "other | join"))
    pairs = Pairs(np.zeros(4, np.int32), np.ones(4, np.int32))
    assert Candidates(pairs, passes, proposed).by_how_many.tolist() == [1, 1, 2, 3]


def test_nothing_is_split_where_nothing_is_left_out(locked_protocol):
    e = some_encodings(locked_protocol, 60, 3, values=9)
    whole, split = (propose(e, changed(locked_protocol, max_block=400, split=by)) for by in (None, {"date": ("given",)}))
    assert split.passes == whole.passes


def test_the_pieces_of_blocks_tell_nothing_of_what_they_share(locked_protocol):
    """Whom a pass brings together shows chance agreement on what it tells nothing of; its pieces agree on one thing more."""
    protocol = changed(locked_protocol, passes=("date", "given_year"), split={"date": ("given",)})
    of_given = assumed(protocol, ["date", "date & given", "given_year"]).blind[1]
    assert of_given.tolist() == [True, False, False]
