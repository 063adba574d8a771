"""What would flip a pair really flips it, is the nearest that does, and where nothing is named nothing does."""

from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linkage.review.flips import Ladder, flips

WEIGHTS = st.integers(-30_000_000, 30_000_000)


@st.composite
def ladders(draw, most=4):
    found = []
    for number in range(draw(st.integers(0, most))):
        weights = draw(st.lists(WEIGHTS, min_size=1, max_size=4))
        names = tuple(f"level {place}" for place in range(len(weights)))
        found.append(Ladder(f"comparison {number}", names, tuple(weights), draw(st.integers(0, len(weights) - 1))))
    return found


def applied(several, changes, margin):
    """The margin with some comparisons ending elsewhere, added up anew from the ladders."""
    rest = margin - sum(ladder.weights[ladder.at] for ladder in several)
    at = {flip.comparison: flip.instead for flip in changes}
    return rest + sum(
        ladder.weights[ladder.levels.index(at.get(ladder.comparison, ladder.levels[ladder.at]))] for ladder in several
    )


@settings(deadline=None)
@given(ladders(), WEIGHTS)
def test_a_named_level_alone_flips_the_pair(several, margin):
    for flip in flips(several, margin).alone:
        assert (applied(several, [flip], margin) > 0) != (margin > 0)


@settings(deadline=None)
@given(ladders(), WEIGHTS)
def test_no_nearer_level_would_and_where_none_is_named_none_would(several, margin):
    found = flips(several, margin)
    named = {flip.comparison: abs(flip.bits) for flip in found.alone}
    assert set(named) | set(found.never) == {ladder.comparison for ladder in several}
    for ladder in several:
        for weight in ladder.weights:
            change = weight - ladder.weights[ladder.at]
            if (margin + change > 0) != (margin > 0):
                assert named[ladder.comparison] <= abs(change)


@settings(deadline=None)
@given(ladders(), WEIGHTS)
def test_the_smallest_set_flips_the_pair_and_no_set_has_fewer(several, margin):
    """Held against every way in which the comparisons could end."""
    sizes = []
    for ends in product(*(range(len(ladder.weights)) for ladder in several)):
        changes = [ladder.weights[end] - ladder.weights[ladder.at] for ladder, end in zip(several, ends, strict=True)]
        if (margin + sum(changes) > 0) != (margin > 0):
            sizes.append(sum(end != ladder.at for ladder, end in zip(several, ends, strict=True)))
    smallest = flips(several, margin).smallest
    assert len(smallest) == min(sizes, default=0)
    if smallest:
        assert (applied(several, smallest, margin) > 0) != (margin > 0)
        assert len({flip.comparison for flip in smallest}) == len(smallest)


@settings(deadline=None)
@given(ladders(), WEIGHTS)
def test_no_way_of_ending_is_above_the_most_or_below_the_least(several, margin):
    found = flips(several, margin)
    ways = [sum(ways) for ways in product(*([w - one.weights[one.at] for w in one.weights] for one in several))]
    assert (min(ways), max(ways)) == (found.least, found.most)


@settings(deadline=None)
@given(ladders(), WEIGHTS)
def test_what_is_alone_enough_is_the_smallest_set(several, margin):
    found = flips(several, margin)
    assume(found.alone)
    assert found.smallest == (min(found.alone, key=lambda flip: abs(flip.bits)),)


def test_a_pair_on_the_threshold_speaks_for_nobody_and_a_microbit_flips_it():
    ladder = Ladder("sex", ("same", "different"), (1, 0), 1)
    assert flips([ladder], 0).alone[0].instead == "same"
    assert flips([ladder], -1).alone == ()
