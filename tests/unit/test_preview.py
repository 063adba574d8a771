"""The preview of blocking is what a run then does, counted without comparing anything."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from linkage.protocol import parse_protocol
from linkage.records import Part, combine
from linkage.unit.candidates import candidates
from linkage.unit.preview import preview_encodings


@pytest.fixture(scope="module")
def people(invent_people, small_protocol):
    """Few values, so that blocks are large and passes propose the same pairs."""
    return invent_people(small_protocol, persons=14, values=20).encodings


def by_hand(encodings, protocol):
    """Each pass's pairs as a set, by trying every pair, and the blocks above the cap."""
    for name in protocol.blocking.passes:
        column = encodings.tokens[:, protocol.tokens.index(name)].tolist()
        sizes = Counter(value for value in column if value)
        every = combinations(range(len(column)), 2)
        kept = {
            (a, b) for a, b in every if column[a] and column[a] == column[b] and sizes[column[a]] <= protocol.blocking.max_block
        }
        yield kept, sizes


def test_blocks_pairs_new_only_and_distinct_are_those_found_by_hand(people, small_protocol):
    protocol = replace(small_protocol, blocking=replace(small_protocol.blocking, joins=()))
    found = preview_encodings(people, protocol)
    sets, sizes = zip(*by_hand(people, protocol), strict=True)
    seen = set()
    for at, one in enumerate(found.passes):
        others = set().union(*(pairs for place, pairs in enumerate(sets) if place != at))
        above = [size for size in sizes[at].values() if size > protocol.blocking.max_block]
        assert one.pairs == len(sets[at])
        assert one.new == len(sets[at] - seen)
        assert one.only == len(sets[at] - others)
        seen |= sets[at]
        assert one.distinct == len(seen)
        assert one.blocks == sum(size > 1 for size in sizes[at].values())
        assert one.largest == max(sizes[at].values())
        assert (one.blocks_left_out, one.records_left_out) == (len(above), sum(above))
        assert one.pairs_left_out == sum(size * (size - 1) // 2 for size in above)
    assert found.pairs == len(seen)
    assert sum(one.pairs_left_out for one in found.passes) > 0
    assert any(one.pairs > one.new > 0 for one in found.passes)


def test_it_is_what_a_run_would_propose_joins_included(people, small_protocol):
    found, real = preview_encodings(people, small_protocol), candidates(people, small_protocol)
    assert [one.name for one in found.passes] == [one.name for one in real.passes]
    assert [one.pairs for one in found.passes] == [one.pairs for one in real.passes]
    assert found.passes[-1].join
    assert found.passes[-1].distinct == found.pairs == len(real.pairs.left)
    assert sum(one.new for one in found.passes) == found.pairs


def test_pieces_of_blocks_stand_behind_the_pass_that_left_them_out(people, small_protocol):
    blocking = replace(small_protocol.blocking, max_block=4, split={"date": ("year",)})
    protocol = replace(small_protocol, blocking=blocking)
    found, real = preview_encodings(people, protocol), candidates(people, protocol)
    assert [(one.name, one.pairs) for one in found.passes] == [(one.name, one.pairs) for one in real.passes]
    assert [one.name for one in found.passes[:2]] == ["date", "date & year"]
    assert found.passes[0].pairs_left_out > found.passes[1].pairs + found.passes[1].pairs_left_out > 0


def test_under_the_cap_that_it_names_nothing_is_left_out_and_under_one_less_something_is(people, small_protocol):
    found = preview_encodings(people, small_protocol)
    assert found.cap_needed > found.max_block == small_protocol.blocking.max_block

    def left_out(cap):
        protocol = replace(small_protocol, blocking=replace(small_protocol.blocking, max_block=cap))
        return sum(one.pairs_left_out for one in preview_encodings(people, protocol).passes)

    assert left_out(found.cap_needed) == 0
    assert left_out(found.cap_needed - 1) > 0


def test_one_lower_cap_for_all_passes_keeps_them_within_their_budget(invent_people, small_protocol):
    many = invent_people(small_protocol, persons=60).encodings
    free = preview_encodings(many, small_protocol)
    blocking = replace(small_protocol.blocking, most_pairs=1)
    held = preview_encodings(many, replace(small_protocol, blocking=blocking))
    assert held.cap < free.cap == small_protocol.blocking.max_block == held.max_block
    assert all(one.largest <= held.cap or one.blocks_left_out for one in held.passes if not one.join)
    assert sum(one.pairs for one in held.passes if not one.join) <= max(len(many), held.max_block)


def test_where_passes_would_explode_no_pair_is_made(people, small_protocol, monkeypatch):
    whole = preview_encodings(people, small_protocol)
    proposed = sum(one.pairs for one in whole.passes if not one.join)

    def never(*_):
        raise AssertionError("a pair was made")

    monkeypatch.setattr("linkage.unit.preview.candidates", never)
    found = preview_encodings(people, small_protocol, most_pairs=proposed - 1)
    assert not found.counted
    assert [one.pairs for one in found.passes[:-1]] == [one.pairs for one in whole.passes[:-1]]
    assert [one.largest for one in found.passes] == [one.largest for one in whole.passes]
    assert {(one.new, one.only, one.distinct) for one in found.passes} == {(None, None, None)}
    assert found.passes[-1].pairs is None
    assert whole.passes[-2].distinct <= found.pairs == proposed


def test_ten_thousand_records_of_one_value_are_counted_and_left_out(small_protocol):
    n = 10_000
    record = np.array([f"{at:026d}" for at in range(n)], dtype="S26")
    filters = np.zeros((n, len(small_protocol.filters), small_protocol.words), np.uint64)
    tokens = np.full((n, len(small_protocol.tokens)), 7, np.uint64)
    found = preview_encodings(combine([Part("police", record, filters, tokens)]), small_protocol)
    assert found.pairs == 0
    assert found.cap_needed == n
    assert found.passes[0].pairs_left_out == found.all_pairs == n * (n - 1) // 2


def test_a_join_that_a_run_leaves_out_is_not_counted(invent_people, small_protocol):
    many = invent_people(small_protocol, persons=60).encodings
    assert len(many) > small_protocol.blocking.joins[0].max_records
    join = preview_encodings(many, small_protocol).passes[-1]
    assert (join.join, join.pairs, join.distinct) == (True, None, None)


def test_a_join_named_like_a_pass_is_told_apart_from_it(people, small):
    small["blocking"]["passes"] = ["surname", "date"]
    small["blocking"]["joins"] = [{"filters": ["surname"], "dice": 600, "max_records": 500}]
    protocol = parse_protocol(small, "small.toml")
    found, real = preview_encodings(people, protocol), candidates(people, protocol)
    assert [one.pairs for one in found.passes] == [one.pairs for one in real.passes]


def test_comparisons_cost_a_test_per_pair_rung_and_copy(people, small_protocol):
    """Surname: one token and, crosswise, two likenesses and one; given name: one filter on two rungs is compared once."""
    found = preview_encodings(people, small_protocol)
    costs = {one.name: one for one in found.comparisons}
    assert [one.name for one in found.comparisons] == [one.name for one in small_protocol.comparisons]
    pairs = costs["surname"].pairs
    assert (costs["surname"].token_tests, costs["surname"].filter_tests) == (pairs, 3 * pairs)
    assert (costs["given"].token_tests, costs["given"].filter_tests) == (0, costs["given"].pairs)
    assert costs["birth"].token_tests == 3 * costs["birth"].pairs


def test_pairs_that_lack_what_a_comparison_needs_cost_nothing(people, small_protocol):
    filters = people.filters.copy()
    filters[::2, small_protocol.filters.index("given")] = 0
    bare = preview_encodings(
        replace(people, filters=filters), replace(small_protocol, blocking=replace(small_protocol.blocking, joins=()))
    )
    costs = {one.name: one.pairs for one in bare.comparisons}
    assert 0 < costs["given"] < costs["surname"] == bare.pairs


def test_no_records_and_one_are_no_trouble(invent_people, small_protocol):
    one = invent_people(small_protocol, persons=1, agencies=("police",), again=0.0, seed=1).encodings
    assert len(one) <= 1
    found = preview_encodings(one, small_protocol)
    assert (found.pairs, found.all_pairs) == (0, 0)
