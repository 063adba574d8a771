import numpy as np
import pytest

from linkage.statistics.estimation.bootstrap import averaged, bca, draws
from linkage.statistics.estimation.captures import from_histories
from linkage.statistics.estimation.closed_forms import chapman

LISTS = ("a", "b")


def two(first, second, both):
    return from_histories(LISTS, {"10": first, "01": second, "11": both})


def test_drawn_tables_have_as_many_persons_and_come_from_their_own_table():
    one, other = two(30, 20, 10), two(0, 0, 25)
    drawn = draws([one, other], np.array([np.inf, 25.0]), 6, seed=1)
    assert drawn.sum(axis=1).tolist() == [60, 25, 60, 25, 60, 25]
    assert (drawn[1::2, 3] == 25).all()


def test_how_many_of_the_estimated_persons_are_observed_is_drawn():
    """Of 120 persons half were observed: 60 on average, with a variance of 30."""
    observed = draws([two(30, 20, 10)], np.array([120.0]), 4000, seed=1).sum(axis=1)
    assert observed.mean() == pytest.approx(60, abs=0.5)
    assert observed.var() == pytest.approx(30, rel=0.1)


def test_the_same_seed_draws_the_same_tables_and_another_others():
    table, estimate = two(30, 20, 10), np.array([100.0])
    assert (draws([table], estimate, 50, 1) == draws([table], estimate, 50, 1)).all()
    assert (draws([table], estimate, 50, 1) != draws([table], estimate, 50, 2)).any()


def test_the_interval_of_chapmans_estimate_is_near_the_one_known_for_it():
    """The transformed logit interval of Sadinle 2009, here 469.8 to 543.1."""
    only_first, only_second, both = 150.5, 100.5, 150.5
    sd = np.sqrt(1 / both + 1 / only_first + 1 / only_second + both / (only_first * only_second))
    known = [399.5 + only_first * only_second / both * np.exp(side * 1.96 * sd) for side in (-1, 1)]
    table = two(150, 100, 150)
    found = bca(table, float(chapman(table.counts[None, :])[0]), chapman, chapman, 4000, 3)
    assert found == pytest.approx(known, abs=8)


def test_intervals_cover_about_as_often_as_they_say():
    """400 persons, two lists that find half and 40 %: of 150 tables the 95 % interval covers 400 in nearly all."""
    rng, covered = np.random.default_rng(5), 0
    for _ in range(150):
        counts = rng.multinomial(400, [0.3, 0.3, 0.2, 0.2])
        table = two(int(counts[1]), int(counts[2]), int(counts[3]))
        low, high = bca(table, float(chapman(table.counts[None, :])[0]), chapman, chapman, 400, 1)
        covered += low <= 400 <= high
    assert 0.91 * 150 <= covered <= 0.99 * 150


def test_no_interval_begins_below_those_who_were_observed():
    table = two(4, 5, 30)
    estimate = chapman(table.counts[None, :])
    low, high = bca(table, float(estimate[0]), chapman, chapman, 500, 3)
    assert np.quantile(chapman(draws([table], estimate, 500, 3)), 0.05) < 39
    assert low == 39
    assert high > 39


def test_draws_without_an_estimate_leave_the_interval_open_above():
    table = two(30, 20, 10)

    def mostly_none(counts):
        return np.where(counts[:, 3] > 9, chapman(counts), np.inf)

    low, high = bca(table, float(chapman(table.counts[None, :])[0]), mostly_none, chapman, 500, 3)
    assert np.isfinite(low)
    assert high == np.inf


def test_equal_tables_add_nothing_to_the_variance_and_different_ones_do():
    table = two(150, 100, 150)
    same = averaged([table] * 10, chapman, 2000, 1)
    differing = averaged([two(150 + 2 * d, 100 + 2 * d, 150 - 2 * d) for d in range(-9, 10)], chapman, 2000, 1)
    assert same.between == pytest.approx(0.0)
    assert same.share_of_linkage == pytest.approx(0.0)
    assert differing.share_of_linkage > 0.2
    assert differing.within == pytest.approx(same.within, rel=0.2)
    assert differing.interval.high - differing.interval.low > 1.1 * (same.interval.high - same.interval.low)


def test_the_averaged_total_lies_among_the_tables():
    tables = [two(150 + d, 100 + d, 150 - d) for d in range(0, 30, 3)]
    each = chapman(np.stack([table.counts for table in tables]))
    found = averaged(tables, chapman, 100, 1)
    assert each.min() < found.total < each.max()
    assert found.interval.low < found.total < found.interval.high
