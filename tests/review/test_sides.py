"""The two sides of a pair are those of the run's own average linkage, wherever every weight was kept."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.review.sides import CLIP, between, meeting
from linkage.review.spanning import Link
from linkage.review.verdict import judge
from linkage.unit import cluster
from linkage.unit.agglomerate import agglomerate

MEMBERS = [("ngo", f"{number}") for number in range(7)]
A, B, C, D = MEMBERS[:4]


def test_a_weight_is_clipped_where_the_run_clips_it():
    assert CLIP == cluster.CLIP
    sides = between([A], [B, C], [Link(A, B, 40_000_000), Link(A, C, -3_000_000), Link(B, C, 5_000_000)], 1_000_000)
    assert (sides.known, sides.pairs, sides.above, sides.mean) == (2, 2, 8_000_000, 4_000_000)


@st.composite
def weighed(draw):
    """Some members, every pair of them weighed; few different weights, so that there are ties."""
    members = MEMBERS[: draw(st.integers(2, len(MEMBERS)))]
    return members, [Link(*pair, draw(st.integers(-4, 20)) * 1_000_000) for pair in combinations(members, 2)]


def clusters(members, links):
    """What the run's own kernel makes of some members."""
    square = np.zeros((len(members), len(members)), np.int64)
    for link in links:
        if link.left in members and link.right in members:
            one, other = members.index(link.left), members.index(link.right)
            square[one, other] = square[other, one] = max(-CLIP, min(CLIP, link.weight))
    never = np.zeros(square.shape, np.bool_)
    return [members[first] for first in agglomerate(square, never, never).tolist()]


@settings(deadline=None, max_examples=60)
@given(weighed())
def test_of_one_person_the_mean_between_the_sides_that_met_is_positive_and_each_side_hangs_together(graph):
    """The run's kernel joined them, so it joined these two groups; and it makes each of the two, given it alone."""
    members, links = graph
    names = clusters(members, links)
    for one, other in combinations(members, 2):
        if names[members.index(one)] == names[members.index(other)]:
            person = [member for member, name in zip(members, names, strict=True) if name == names[members.index(one)]]
            among = [link for link in links if link.left in person and link.right in person]
            sides = meeting(person, among, 0, (one, other))
            assert sides.above > 0
            assert one in sides.left
            assert other in sides.right
            for side in (list(sides.left), list(sides.right)):
                assert len(set(clusters(side, links))) == 1


@settings(deadline=None, max_examples=60)
@given(weighed())
def test_of_two_persons_the_mean_between_them_is_not_positive(graph):
    members, links = graph
    names = clusters(members, links)
    for one, other in combinations(sorted(set(names)), 2):
        sides = ([member for member, name in zip(members, names, strict=True) if name == which] for which in (one, other))
        assert between(*sides, links, 0).above <= 0


def test_records_that_no_kept_weight_joins_have_sides_without_a_mean():
    sides = meeting([A, B, C], [Link(A, B, 9_000_000)], 0, (A, C))
    assert (sides.left, sides.right, sides.known, sides.mean) == ((A, B), (C,), 0, 0)


OUTWEIGHED = between([A], [B, C], [Link(A, B, -1_000_000), Link(A, C, 9_000_000)], 0)
REJECTED = between([A], [B, C], [Link(A, B, 1_000_000), Link(A, C, -9_000_000)], 0)
SILENT = between([A], [B, C], [], 0)
FOREIGN = between([A], [("police", "1")], [Link(A, ("police", "1"), 4_000_000)], 0)
CASES = [
    (True, True, OUTWEIGHED, "", (), "what the pair alone would"),
    (True, False, OUTWEIGHED, "", (), "join them; the pair alone would be counted twice"),
    (True, False, OUTWEIGHED, "same", (), "decided to be same"),
    (True, False, OUTWEIGHED, "unsure", (), "join them; the pair"),
    (True, None, OUTWEIGHED, "", (), "join them"),
    (True, False, SILENT, "", (), "do not say why"),
    (True, True, OUTWEIGHED, "different", (), "link again"),
    (False, True, REJECTED, "", (), "do not join them"),
    (False, True, REJECTED, "different", (), "decided to be different"),
    (False, True, OUTWEIGHED, "", ("ngo",), "whose list holds each person once"),
    (False, True, FOREIGN, "", ("ngo", "police"), "do not say why"),
    (False, None, SILENT, "", (), "nothing proposed"),
    (False, False, REJECTED, "", (), "what the pair alone would"),
]


@pytest.mark.parametrize(("once", "alone", "sides", "decision", "single", "why"), CASES)
def test_where_run_and_pair_differ_the_reason_is_told(once, alone, sides, decision, single, why):
    found = judge(once=once, alone=alone, between=sides, decision=decision, single=single)
    assert why in found.because
    assert found.differs == (alone is not None and alone != once)
