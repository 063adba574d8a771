"""Why a pair is cut: whoever speaks for one person and is counted as two has a reason, the strongest one; nobody else has."""

from collections import Counter

import numpy as np
import pytest

from blocking import Pairs, all_pairs
from linkage.protocol import parse_protocol
from linkage.unit.cluster import Rules
from linkage.unit.contradictions import NONE
from linkage.unit.cuts import BRIDGE, DECISION, SOURCE, above, counted_cuts, cuts
from linkage.unit.link import as_pairs

NAMES = ("two dates", "two names")


@pytest.fixture
def protocol(small):
    small["clustering"]["contradictions"] = [
        {"name": NAMES[0], "all": ["birth=different"]},
        {"name": NAMES[1], "all": ["surname=different"]},
    ]
    return parse_protocol(small, "p")


def rules(source=(0, 0), single=(False,), cannot=()):
    return Rules(np.array(source, np.int16), np.array(single), as_pairs([]), as_pairs(cannot))


def reason(protocol, *, speaks_for=True, shown=NONE, labels=(0, 1), **kept_apart):
    pair = Pairs(np.array([0], np.int32), np.array([1], np.int32))
    found = cuts(
        pair, np.array([speaks_for]), np.array([shown], np.int8), np.array(labels, np.int32), rules(**kept_apart), protocol
    )
    return str(found.texts[0])


def test_each_reason_has_its_name(protocol):
    assert reason(protocol) == BRIDGE
    assert reason(protocol, shown=0) == NAMES[0]
    assert reason(protocol, shown=1) == NAMES[1]
    assert reason(protocol, single=(True,)) == SOURCE
    assert reason(protocol, cannot=[(0, 1)]) == DECISION


def test_the_strongest_reason_is_named_decision_before_source_before_contradiction_before_bridge(protocol):
    assert reason(protocol, shown=0, single=(True,)) == SOURCE
    assert reason(protocol, shown=0, single=(True,), cannot=[(0, 1)]) == DECISION
    assert reason(protocol, shown=0, cannot=[(0, 1)]) == DECISION


def test_two_lists_that_each_hold_a_person_once_are_no_reason_to_part_records_of_both(protocol):
    assert reason(protocol, source=(0, 1), single=(True, True)) == BRIDGE


def test_who_is_together_or_does_not_speak_for_one_person_has_no_reason(protocol):
    kept_apart = {"single": (True,), "cannot": [(0, 1)]}
    assert reason(protocol, labels=(0, 0), shown=0, **kept_apart) == ""
    assert reason(protocol, speaks_for=False, shown=0, **kept_apart) == ""


@pytest.mark.parametrize("seed", range(5))
def test_the_reasons_are_those_of_a_reading_aloud_pair_by_pair(seed, protocol):
    rng, n, pairs = np.random.default_rng(seed), 14, all_pairs(14)
    size = len(pairs.left)
    kept = rules(
        rng.integers(0, 3, n), (True, False, True), [tuple(sorted(rng.choice(n, 2, replace=False).tolist())) for _ in range(9)]
    )
    speaks_for, shown, labels = (
        rng.random(size) < 0.7,
        rng.integers(-1, 2, size).astype(np.int8),
        rng.integers(0, 5, n).astype(np.int32),
    )
    decided = set(zip(kept.cannot.left.tolist(), kept.cannot.right.tolist(), strict=True))

    def slow(row, a, b):
        if not speaks_for[row] or labels[a] == labels[b]:
            return ""
        if (a, b) in decided:
            return DECISION
        if kept.source[a] == kept.source[b] and kept.single[kept.source[a]]:
            return SOURCE
        return BRIDGE if shown[row] == NONE else NAMES[shown[row]]

    expected = [slow(row, a, b) for row, (a, b) in enumerate(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))]
    found = cuts(pairs, speaks_for, shown, labels, kept, protocol)
    assert found.texts.tolist() == expected
    assert set(expected) == {"", BRIDGE, SOURCE, DECISION, *NAMES}
    assert counted_cuts(found) == {name: number for name, number in sorted(Counter(expected).items()) if name}


def test_whether_a_pair_speaks_for_one_person_is_seen_without_what_its_contradiction_took_off():
    weight = np.array([5, 5 - 40, 4 - 40, 4], np.int64)
    shown = np.array([NONE, 0, 1, NONE], np.int8)
    assert above(weight, shown, -40, 5).tolist() == [True, True, False, False]


def test_no_pairs_have_no_reasons(protocol):
    none = np.empty(0, np.int32)
    found = cuts(Pairs(none, none), none == 0, none.astype(np.int8), np.arange(2, dtype=np.int32), rules(), protocol)
    assert found.texts.tolist() == []
    assert counted_cuts(found) == {}
