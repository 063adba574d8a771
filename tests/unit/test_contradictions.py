"""Contradictions: what a pair shows is read as the protocol lists it, and what is no `comparison=level` is refused."""

from itertools import product

import numpy as np
import pytest

from linkage.errors import SchemaError
from linkage.protocol import parse_protocol
from linkage.schema import NOT_OBSERVED
from linkage.unit.contradictions import NONE, contradictions
from linkage.unit.vectors import level_counts

LISTED = [
    {"name": "two names and two dates", "all": ["surname=different", "birth=different"]},
    {"name": "two dates", "all": ["birth=different"]},
    {"name": "a given name that only resembles, and no year", "all": ["given=similar", "year=not observed"]},
]


@pytest.fixture
def protocol(small):
    small["clustering"]["contradictions"] = LISTED
    return parse_protocol(small, "p")


def slow(levels, protocol):
    """The number of the first contradiction of which every condition holds, by the levels' names."""
    named = {
        comparison.name: NOT_OBSERVED if level < 0 else comparison.level_names[level]
        for comparison, level in zip(protocol.comparisons, levels, strict=True)
    }
    for number, one in enumerate(protocol.clustering.contradictions):
        if all(named[condition.split("=")[0]] == condition.split("=")[1] for condition in one.all):
            return number
    return NONE


def test_every_pattern_shows_the_contradiction_that_its_names_say(protocol):
    every = list(product(*(range(-1, size) for size in level_counts(protocol))))
    found = contradictions(np.array(every, np.int8), protocol).tolist()
    assert found == [slow(levels, protocol) for levels in every]
    assert set(found) == {NONE, 0, 1, 2}


def test_of_several_the_first_in_the_protocols_order_is_named(protocol):
    both = np.array([[2 + 1, -1, 3, -1]], np.int8)
    assert contradictions(both, protocol).tolist() == [0]


def test_what_was_not_observed_contradicts_nothing_unless_the_protocol_says_so(protocol):
    blank = np.full((1, 4), -1, np.int8)
    assert contradictions(blank, protocol).tolist() == [NONE]


def test_a_protocol_without_contradictions_has_none_and_no_pairs_have_none(small_protocol, protocol):
    assert contradictions(np.full((3, 4), 1, np.int8), small_protocol).tolist() == [NONE] * 3
    assert contradictions(np.empty((0, 4), np.int8), protocol).tolist() == []


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({"name": " ", "all": ["birth=different"]}, "contradictions.0: a name, and at least one"),
        ({"name": "x", "all": []}, "contradictions.0: a name, and at least one"),
        ({"name": "x", "all": ["nothing=different"]}, "'nothing=different' is no 'comparison=level'"),
        ({"name": "x", "all": ["birth=blue"]}, "'birth=blue' is no 'comparison=level'"),
        ({"name": "x", "all": ["birth"]}, "'birth' is no 'comparison=level'"),
    ],
)
def test_what_is_no_contradiction_is_refused(one, said, small):
    small["clustering"]["contradictions"] = [one]
    with pytest.raises(SchemaError, match=said):
        parse_protocol(small, "p")
