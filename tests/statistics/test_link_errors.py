"""Errors of links as the draws have them, against slow counting."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from linkage.statistics.link_errors import errors, unsure
from linkage.statistics.partitions import Draws
from linkage.unit.workspace import PartitionsTable

N, DRAWS = 8, 40


@pytest.fixture
def records():
    persons = ["A", "A", "B", "B", "C", "D", "D", "E"]
    return pd.DataFrame({"agency": ["x"] * N, "record": [f"r{at}" for at in range(N)], "person_id": persons}, dtype=object)


@pytest.fixture
def labels():
    return np.random.default_rng(4).integers(0, 3, (DRAWS, 6)).astype(np.int8)


def drawn(labels, joins=0):
    """The first four records are one group, the next two another; the last two are as published."""
    names = np.array([f"r{at}" for at in range(6)], object)
    group = np.array([0, 0, 0, 0, 1, 1], np.int32)
    return Draws(
        PartitionsTable(np.array(["x"] * 6, object), names, group, labels % np.array([4, 4, 4, 4, 2, 2])), np.full(DRAWS, joins), ""
    )


def clusters(records, draws, at):
    """Record to cluster in a draw; D's second record follows its first, which is in doubt."""
    found = [(int(g), int(c)) for g, c in zip(draws.table.group, draws.table.labels[at], strict=True)]
    return [*found, found[5], ("E",)]


def pairs(clusters):
    return {(one, other) for one, other in combinations(range(len(clusters)), 2) if clusters[one] == clusters[other]}


def test_both_errors_are_those_of_slow_counting(records, labels):
    draws = drawn(labels)
    published = pairs(records["person_id"].tolist())
    false, missed = [], []
    for at in range(DRAWS):
        truth = pairs(clusters(records, draws, at))
        false.append(round(1000 * len(published - truth) / len(published)))
        missed.append(round(1000 * len(truth - published) / max(len(truth), 1)))
    found = errors(records, draws)
    for ends, slow in ((found.false_matches, false), (found.missed_matches, missed)):
        assert ends == pytest.approx((sorted(slow)[1], sorted(slow)[38]), abs=1)
    assert found.false_matches.high > found.false_matches.low


def test_joins_that_no_pass_proposed_are_missed_matches(records, labels):
    assert errors(records, drawn(labels, joins=5)).missed_matches.low > errors(records, drawn(labels)).missed_matches.low


def test_a_record_is_unsure_as_often_as_its_person_is_another(records, labels):
    draws, persons = drawn(labels), records["person_id"].tolist()
    published = [{at for at in range(N) if persons[at] == person} for person in persons]
    slow = np.zeros(N)
    for at in range(DRAWS):
        found = clusters(records, draws, at)
        slow += [{other for other in range(N) if found[other] == found[one]} != published[one] for one in range(N)]
    assert unsure(records, draws) == pytest.approx(slow / DRAWS)
    assert unsure(records, draws)[7] == 0
