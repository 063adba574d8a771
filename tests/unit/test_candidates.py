"""Candidates: the union of every pass and join, as brute force finds it, and an honest word on what the cap left out."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from linkage.protocol import parse_protocol
from linkage.records import Encodings
from linkage.unit.candidates import candidates, joined_filter


def some_encodings(protocol, n, seed, values=6, missing=0.2):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, values + 1, (n, len(protocol.tokens)), np.uint64)
    tokens[rng.random(tokens.shape) < missing] = 0
    pool = np.packbits(rng.random((values, 64 * protocol.words)) < 0.2, axis=1, bitorder="little").view("<u8")
    filters = pool[rng.integers(0, values, (n, len(protocol.filters)))]
    filters[rng.random(filters.shape[:2]) < missing] = 0
    record = np.array([f"{at:026d}" for at in range(n)], "S26")
    return Encodings(("police",), np.zeros(n, np.int16), record, np.ascontiguousarray(filters), tokens)


def as_set(pairs):
    return set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


def by_token(e, protocol, name):
    """Pairs that share the token, in blocks up to the cap; blocks, records and pairs that it left out."""
    column = e.tokens[:, protocol.tokens.index(name)].tolist()
    blocks = Counter(value for value in column if value)
    large = {value: size for value, size in blocks.items() if size > protocol.blocking.max_block}
    proposed = {(a, b) for a, b in combinations(range(len(e)), 2) if column[a] == column[b] != 0 and column[a] not in large}
    return proposed, (len(large), sum(large.values()), sum(size * (size - 1) // 2 for size in large.values()))


def by_join(e, protocol, join):
    """All pairs whose joined filters are alike enough, counted bit by bit."""
    columns = [protocol.filters.index(name) for name in join.filters]
    ones = [
        {
            (word, bit)
            for word in range(protocol.words)
            for bit in range(64)
            if any(int(e.filters[at, c, word]) >> bit & 1 for c in columns)
        }
        for at in range(len(e))
    ]
    return {
        (a, b)
        for a, b in combinations(range(len(e)), 2)
        if ones[a] and ones[b] and 2000 * len(ones[a] & ones[b]) >= join.dice * (len(ones[a]) + len(ones[b]))
    }


@pytest.mark.parametrize("seed", range(5))
def test_of_every_pair_it_is_known_which_passes_proposed_it(seed, small_protocol):
    e = some_encodings(small_protocol, 40, seed)
    found = candidates(e, small_protocol)
    proposed = [by_token(e, small_protocol, name)[0] for name in small_protocol.blocking.passes]
    proposed.append(by_join(e, small_protocol, small_protocol.blocking.joins[0]))
    listed = list(zip(found.pairs.left.tolist(), found.pairs.right.tolist(), strict=True))
    assert found.proposed.dtype == np.uint64
    assert found.proposed.tolist() == [sum(1 << place for place, some in enumerate(proposed) if pair in some) for pair in listed]
    assert found.by_how_many.tolist() == [sum(pair in some for some in proposed) for pair in listed]
    for place, some in enumerate(proposed):
        assert found.by(place).tolist() == [pair in some for pair in listed]
    assert set(found.by_how_many.tolist()) >= {1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_candidates_are_what_brute_force_finds(seed, small_protocol):
    e = some_encodings(small_protocol, 40, seed)
    found = candidates(e, small_protocol)
    expected, reports = set(), []
    for name in small_protocol.blocking.passes:
        proposed, left_out = by_token(e, small_protocol, name)
        expected |= proposed
        reports.append((name, len(proposed), *left_out))
    join = small_protocol.blocking.joins[0]
    proposed = by_join(e, small_protocol, join)
    reports.append(("surname | given", len(proposed), 0, 0, 0))
    assert as_set(found.pairs) == expected | proposed
    assert [(p.name, p.pairs, p.blocks_left_out, p.records_left_out, p.pairs_left_out) for p in found.passes] == reports
    assert sum(report[2] for report in reports) > 0, "the cap was never met: the example proves little"
    assert proposed - expected, "the join found nothing of its own: the example proves little"


def test_pairs_are_sorted_unique_and_left_before_right(small_protocol):
    pairs = candidates(some_encodings(small_protocol, 40, 7), small_protocol).pairs
    listed = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    assert listed == sorted(set(listed))
    assert (pairs.left < pairs.right).all()


def test_a_join_is_left_out_above_its_number_of_records(small):
    small["blocking"]["joins"][0]["max_records"] = 40
    protocol = parse_protocol(small, "p")
    within, above = (candidates(some_encodings(protocol, n, 1), protocol) for n in (40, 41))
    assert [one.name for one in within.passes] == ["date", "name_year", "surname | given"]
    assert [one.name for one in above.passes] == ["date", "name_year"]


def test_records_that_lack_everything_are_no_candidates(small_protocol):
    e = some_encodings(small_protocol, 20, 1, missing=1.0)
    found = candidates(e, small_protocol)
    assert len(found.pairs.left) == 0
    assert {one.pairs for one in found.passes} == {0}


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one_record_have_no_pairs(n, small_protocol):
    assert len(candidates(some_encodings(small_protocol, n, 1), small_protocol).pairs.left) == 0


def test_a_joined_filter_is_the_or_of_its_filters(small_protocol):
    e = some_encodings(small_protocol, 9, 1)
    birth, given, surname = (e.filters[:, at] for at in range(3))
    assert np.array_equal(joined_filter(e, ("surname", "birth"), small_protocol), surname | birth)
    assert np.array_equal(joined_filter(e, ("given",), small_protocol), given)
