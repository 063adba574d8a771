"""How errors of linkage come out in an estimate: measured on a published table by making them.

Source: reference `statistics.md`, section 4: 10 % of links missed: unique count +0.7 %, estimate +12 %; 1 % of records falsely
joined: −0.9 %, −14 %.
"""

import numpy as np
import pytest

from linkage.statistics.estimation.loglinear import fit, space

REPLICATES = 60


@pytest.fixture(scope="module")
def moved(table, model):
    """`moved(damage)`: by how many percent the unique count and the estimate change on average, the model fixed."""
    western, among = table("western_us"), space(5)
    chosen = model(western, among, ("A:E",))[None, :]
    people = np.repeat(np.arange(32), western.counts)
    hidden = fit(western.counts[None, :], chosen, among).hidden[0]

    def measure(damage):
        rng = np.random.default_rng(11)
        counts = np.stack([np.bincount(damage(people, rng), minlength=32) for _ in range(REPLICATES)])
        totals = counts.sum(axis=1) + fit(counts, chosen.repeat(REPLICATES, axis=0), among).hidden
        unique = 100 * (counts.sum(axis=1).mean() / western.persons - 1)
        return unique, 100 * (totals.mean() / (western.persons + hidden) - 1)

    return measure


def missing(share):
    """A person on two lists or more loses one list to a second person."""

    def damage(people, rng):
        struck = (np.bitwise_count(people) > 1) & (rng.random(len(people)) < share)
        lost = people[struck] & -people[struck]
        return np.concatenate([people[~struck], people[struck] ^ lost, lost])

    return damage


def joining(share):
    """A share of the records is joined to somebody of other lists."""

    def damage(people, rng):
        left = people.tolist()
        for _ in range(rng.binomial(int(np.bitwise_count(people).sum()), share)):
            one = left.pop(int(rng.integers(len(left))))
            others = [at for at, other in enumerate(left) if not other & one]
            if others:
                left[int(rng.choice(others))] |= one
            else:
                left.append(one)
        return np.array(left)

    return damage


def test_missed_links_raise_the_estimate_about_ten_times_as_much_as_the_count(moved):
    unique, estimate = moved(missing(0.10))
    assert 0.3 < unique < 1.2
    assert 8 < estimate < 18
    assert 8 < estimate / unique < 30


def test_false_links_lower_the_estimate_about_ten_times_as_much_as_the_count(moved):
    unique, estimate = moved(joining(0.01))
    assert -1.6 < unique < -0.5
    assert -20 < estimate < -8
    assert 8 < estimate / unique < 30


def test_more_errors_move_it_further(moved):
    assert moved(missing(0.20))[1] > moved(missing(0.05))[1] > 2
    assert moved(joining(0.02))[1] < moved(joining(0.005))[1] < -4
