"""What pairs show: looked up or compared, it is the same, and whoever is looked up is not compared."""

import numpy as np
import pytest

from blocking import Pairs, all_pairs
from linkage.protocol import parse_protocol
from linkage.unit import shown as showing
from linkage.unit.shown import Shown, shown
from linkage.unit.vectors import compare
from tests.unit.test_vectors import some_encodings


@pytest.fixture
def protocol(locked):
    return parse_protocol(locked, "p")


def rows(pairs, chosen):
    return Pairs(pairs.left[chosen], pairs.right[chosen])


def known_of(e, pairs, protocol):
    """Pairs compared, in kinds whose numbers do not rise with their levels."""
    levels = compare(e, pairs, protocol)
    kinds, kind = np.unique(levels, axis=0, return_inverse=True)
    return Shown(pairs, (len(kinds) - 1 - kind.reshape(-1)).astype(np.int32), np.ascontiguousarray(kinds[::-1]))


@pytest.mark.parametrize("seed", range(4))
def test_pairs_show_the_same_whether_they_were_known_or_not_in_whatever_order_they_are_asked_for(seed, protocol):
    rng, e = np.random.default_rng(seed), some_encodings(protocol, 20, seed)
    every = all_pairs(len(e))
    known = known_of(e, rows(every, rng.random(len(every.left)) < rng.random()), protocol)
    asked = rows(every, rng.permutation(len(every.left))[:90])
    found = shown(e, asked, known, protocol)
    assert np.array_equal(found.levels[found.kind], compare(e, asked, protocol))
    assert np.array_equal(found.levels[: len(known.levels)], known.levels)
    assert (found.pairs, found.kind.dtype, found.levels.dtype) == (asked, np.int32, np.int8)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_only_what_is_not_known_is_compared_and_only_its_records_are_looked_at(share, protocol, monkeypatch):
    e, rng = some_encodings(protocol, 12, 1), np.random.default_rng(1)
    every = all_pairs(len(e))
    there = rng.random(len(every.left)) < share
    known, seen = known_of(e, rows(every, there), protocol), []
    monkeypatch.setattr(showing, "compare", lambda some, pairs, of: seen.append((some, pairs)) or compare(some, pairs, of))
    shown(e, every, known, protocol)
    compared = [(some.record[a], some.record[b]) for some, pairs in seen for a, b in zip(pairs.left, pairs.right, strict=True)]
    assert compared == [(e.record[a], e.record[b]) for a, b in zip(*rows(every, ~there), strict=True)]
    assert all(len(some) == len(set(pairs.left.tolist()) | set(pairs.right.tolist())) for some, pairs in seen)


def test_no_pairs_show_nothing_and_need_no_known_ones(protocol):
    e, none = some_encodings(protocol, 3, 2), np.empty(0, np.int32)
    nothing = Shown(Pairs(none, none), none, np.empty((0, len(protocol.comparisons)), np.int8))
    assert len(shown(e, Pairs(none, none), nothing, protocol).kind) == 0
    assert len(shown(e, all_pairs(3), nothing, protocol).kind) == 3
