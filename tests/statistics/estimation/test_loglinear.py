from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import minimize

from linkage.statistics.estimation.captures import from_histories, sums_above
from linkage.statistics.estimation.choice import every_model
from linkage.statistics.estimation.loglinear import FITTED, design, fit, space

# (table, interactions, persons, deviance, BIC); published, see docs/estimation.md.
PUBLISHED = [
    ("korea", (), 141.9926, None, 184.14431),
    ("korea", ("b:c",), 268.7778, 8.566946, 58.9686),
    ("korea", ("b:c", "c:d"), 157.16667, None, 57.14081),
    ("korea", ("b:d", "c:d"), 123.463, None, None),
    ("korea", ("c:d",), 126.1944, None, None),
    ("korea", ("b:d",), 126.9394, None, None),
    ("new_orleans", (), 981.431, 18.056, None),
    ("western_us", (), 2007.142, 40.963, None),
    ("western_us", ("A:E",), 2483.384, 26.584, None),
    ("artificial", (), 539.094, 8.873, None),
]


@pytest.mark.parametrize(("name", "interactions", "persons", "deviance", "bic"), PUBLISHED)
def test_published_fits_are_reproduced(name, interactions, persons, deviance, bic, table, fitted):
    found = fitted(table(name), *interactions)
    assert found[0] == pytest.approx(persons, abs=1e-3)
    assert deviance is None or found[1] == pytest.approx(deviance, abs=1e-3)
    assert bic is None or found[2] == pytest.approx(bic, abs=1e-5)
    assert found[3] == FITTED


def test_margins_of_a_fit_are_those_observed(table, model):
    korea, among = table("korea"), space(3)
    chosen = model(korea, among, ("b:c",))
    fits = fit(korea.counts[None, :], chosen[None, :], among)
    slow = fit_slowly(korea, chosen, among)
    assert fits.hidden[0] == pytest.approx(slow[0], rel=1e-4)
    assert fits.deviance[0] == pytest.approx(slow[1], abs=1e-4)


@pytest.mark.parametrize("name", ["korea", "new_orleans", "western_us"])
def test_newton_finds_what_a_general_optimiser_finds(name, table):
    captures = table(name)
    among = space(len(captures.lists))
    models = every_model(among)[:: max(1, len(every_model(among)) // 8)]
    fits = fit(captures.counts[None, :].repeat(len(models), axis=0), models, among)
    checked = 0
    for row in np.flatnonzero((fits.code == FITTED) & (fits.hidden < 1e5)):
        if (sums_above(captures.counts)[np.array(among.interactions)[models[row]]] > 0).all():
            assert fits.deviance[row] == pytest.approx(fit_slowly(captures, models[row], among)[1], abs=1e-3)
            checked += 1
    assert checked >= 2


def fit_slowly(captures, chosen, among):
    """exp(intercept) and deviance by maximising the Poisson likelihood as it stands."""
    terms = np.array((*among.main, *np.array(among.interactions)[chosen]))
    matrix = design(terms, np.arange(len(captures.counts)) > 0)
    counts = captures.counts[1:].astype(float)
    start = np.zeros(len(terms))
    start[0] = np.log(counts.mean())

    def loss(theta):
        eta = np.clip(matrix @ theta, -30, 30)
        return float((np.exp(eta) - counts * eta).sum()), matrix.T @ (np.exp(eta) - counts)

    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-8, "maxiter": 5000})
    mu = np.exp(np.clip(matrix @ found.x, -30, 30))
    some = counts > 0
    deviance = 2 * ((counts[some] * np.log(counts[some] / mu[some])).sum() - (counts - mu).sum())
    return float(np.exp(found.x[0])), float(deviance)


def test_an_interaction_of_lists_that_never_meet_is_at_minus_infinity_and_still_counts_as_a_parameter(table, fitted):
    artificial = table("artificial")
    plain, extended = fitted(artificial), fitted(artificial, "A:C")
    assert extended[0] == pytest.approx(396.0)  # = 96 + 300: what the histories without A and C together say
    parameters = (extended[2] - extended[1]) - (plain[2] - plain[1])
    assert parameters == pytest.approx(np.log(96))


def test_the_order_of_lists_changes_no_estimate(fitted):
    histories = {"001": 41, "010": 5, "100": 5, "101": 6, "110": 54, "111": 12}
    found = set()
    for order in permutations(range(3)):
        names = tuple("bcd"[at] for at in order)
        moved = {"".join(history[at] for at in order): count for history, count in histories.items()}
        found.add(tuple(round(value, 9) for value in fitted(from_histories(names, moved), "b:c", "c:d")))
    assert len(found) == 1


def test_a_fit_does_not_depend_on_what_is_fitted_beside_it(table):
    captures, among = table("western_us"), space(5)
    models = every_model(among)
    together = fit(captures.counts[None, :].repeat(len(models), axis=0), models, among)
    for row in (0, 1, 77, 500, 1023):
        alone = fit(captures.counts[None, :], models[row : row + 1], among)
        assert alone.bic[0] == pytest.approx(together.bic[row], abs=1e-7)


def test_no_interaction_of_all_lists_is_ever_offered():
    assert space(3, 5).interactions == (0b011, 0b101, 0b110)
    assert len(space(4, 4).interactions) == 6 + 4
    assert space(2).interactions == ()
