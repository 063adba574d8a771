"""Poisson log-linear models of capture histories: fitted by Newton's method, a thousand tables and models at a time.

The logarithm of the expected count of a history is a sum of terms: one for all, one for each list in it, and one for each
chosen set of lists that it contains (an *interaction*: those lists find the same persons more, or less, often than
independent lists would). History 0, on no list, contains none of these, so the estimate of the unobserved is exp(intercept).

An interaction whose lists never overlap is estimated at minus infinity: its term and every history that contains it are taken
out (extended maximum likelihood). What remains may still have no maximum, or not tell all its terms apart; both are found here:
without a maximum Newton's steps never settle, and without identifiability the design loses rank. `existence` proves the same
by linear programme.

Sums over histories replace matrices: a margin is the sum over all histories above a term, and entry (s, t) of the Hessian is
the margin of s ∪ t.
Source: Fienberg & Rinaldo 2012 (extended MLE); Chan, Silverman & Vincent 2021 (sparse overlaps); Nelder & Wedderburn 1972.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from linkage.statistics.estimation.captures import Float, Whole, sums_above, sums_below

FITTED, NO_MAXIMUM, NOT_IDENTIFIED = 0, 1, 2
_STEPS = 22  # a count that is going to zero is divided by e in each
_SETTLED = 1e-6  # Newton squares the error: one step more would be nothing
_RIDGE = 1e-12  # of a step, not of the estimate: what is diverging stays solvable
_CELLS_AT_ONCE = 1 << 17
_WIDEST = 60.0

Models = NDArray[np.bool_]


@dataclass(frozen=True)
class Space:
    """The interactions among which a model chooses.

    Attributes:
        n_lists: number of lists.
        interactions: (n_interactions,) each as the history of its lists; smaller sets first.
    """

    n_lists: int
    interactions: tuple[int, ...]

    @property
    def main(self) -> tuple[int, ...]:
        """Terms that every model has: the intercept and each list."""
        return (0, *(1 << at for at in range(self.n_lists)))

    def below(self, at: int) -> list[int]:
        """Positions of the interactions within this one, itself left out: a hierarchical model that has it has them."""
        whole = self.interactions[at]
        return [i for i, part in enumerate(self.interactions) if part != whole and part & whole == part]


class Fits(NamedTuple):
    """What fits came to.

    Attributes:
        hidden: (n,) estimated persons on no list.
        spread: (n,) standard error of the logarithm of `hidden`, the model taken as given.
        deviance: (n,) twice the log-likelihood that a perfect fit would have more.
        bic: (n,) −2 log-likelihood (Poisson, log y! included) + p·log(persons observed); p counts the intercept, the lists
            and all interactions, also those at minus infinity; +∞ where `code` is not 0.
        code: (n,) int8: 0 fitted, 1 no maximum, 2 not identifiable.
    """

    hidden: Float
    spread: Float
    deviance: Float
    bic: Float
    code: NDArray[np.int8]


def space(n_lists: int, order: int = 2) -> Space:
    """All interactions of up to `order` lists; that of all lists together is never among them, for nothing could tell it."""
    sizes = range(2, min(order, n_lists - 1) + 1)
    chosen = (sum(1 << at for at in lists) for size in sizes for lists in combinations(range(n_lists), size))
    return Space(n_lists, tuple(chosen))


def fit(counts: Whole, models: Models, among: Space) -> Fits:
    """Fit each model to the table beside it.

    Args:
        counts: (n, 2**n_lists) persons by history.
        models: (n, n_interactions) which interactions each model has; hierarchical.
        among: names the interactions.
    """
    step = _CELLS_AT_ONCE >> among.n_lists
    parts = [_fit(counts[at : at + step], models[at : at + step], among) for at in range(0, len(models), step)]
    return Fits(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def reordered(fits: Fits, rows: NDArray[np.intp]) -> Fits:
    """The fits in the order of these rows."""
    return Fits(fits.hidden[rows], fits.spread[rows], fits.deviance[rows], fits.bic[rows], fits.code[rows])


def infinite(counts: Whole, models: Models, among: Space) -> Models:
    """(n, n_interactions) which interactions of each model are at minus infinity: nobody is on all of its lists."""
    gone: Models = models & (sums_above(counts)[:, list(among.interactions)] == 0)
    return gone


def live(gone: Models, among: Space) -> NDArray[np.bool_]:
    """(n, 2**n_lists) histories that can be counted: not empty, and without an interaction at minus infinity."""
    struck = np.zeros((len(gone), 1 << among.n_lists), np.int64)
    struck[:, list(among.interactions)] = gone
    alive: NDArray[np.bool_] = sums_below(struck) == 0
    alive[:, 0] = False
    return alive


def _fit(counts: Whole, models: Models, among: Space) -> Fits:
    gone = infinite(counts, models, among)
    alive = live(gone, among)
    observed = counts.astype(np.float64)
    terms = np.concatenate([np.ones((len(models), len(among.main)), np.bool_), models & ~gone], axis=1)
    n = len(models)
    fitted = Fits(np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.inf), np.zeros(n, np.int8))
    fitted.code[~_identified(terms, alive, gone, among)] = NOT_IDENTIFIED
    size = terms.sum(axis=1)
    for p in np.unique(size):
        at = np.flatnonzero((size == p) & (fitted.code == FITTED))
        if len(at):
            _fit_equal(observed[at], _codes(terms[at], int(p), among), alive[at], at, fitted)
    perfect = bic_of_perfect(counts, np.zeros(1, np.int64))[:, 0]
    bic = fitted.deviance + perfect + (len(among.main) + models.sum(axis=1)) * np.log(counts.sum(axis=1))
    return fitted._replace(bic=np.where(fitted.code == FITTED, bic, np.inf))


def _codes(terms: Models, p: int, among: Space) -> Whole:
    """(n, p) each model's terms as histories."""
    names = np.array((*among.main, *among.interactions), np.int64)
    return names[np.nonzero(terms)[1].reshape(-1, p)]


def _identified(terms: Models, alive: NDArray[np.bool_], gone: Models, among: Space) -> NDArray[np.bool_]:
    """(n,) whether the live histories tell all terms apart; only histories that are struck out can spoil it."""
    known = np.ones(len(terms), np.bool_)
    suspect = np.flatnonzero(gone.any(axis=1))
    patterns, where = np.unique(np.concatenate([terms, gone], axis=1)[suspect], axis=0, return_inverse=True)
    first = np.full(len(patterns), -1)
    first[where[::-1]] = suspect[::-1]
    ranks = np.array([_full_rank(_codes(terms[i : i + 1], int(terms[i].sum()), among)[0], alive[i]) for i in first], np.bool_)
    known[suspect] = ranks[where]
    return known


def _full_rank(codes: Whole, alive: NDArray[np.bool_]) -> bool:
    return bool(np.linalg.matrix_rank(design(codes, alive)) == len(codes))


def design(codes: Whole, alive: NDArray[np.bool_]) -> Float:
    """(n_live, n_terms) 1 where a live history contains a term."""
    history = np.flatnonzero(alive)
    contains: NDArray[np.bool_] = (history[:, None] & codes[None, :]) == codes[None, :]
    return contains.astype(np.float64)


def _fit_equal(counts: Float, codes: Whole, alive: NDArray[np.bool_], rows: NDArray[np.intp], fitted: Fits) -> None:
    """Fit models of equally many terms, and write what they came to into `fitted` at `rows`."""
    theta, unsettled = _newton(counts, codes, alive)
    eta = _predictor(theta, codes, alive)
    mu = np.where(alive, np.exp(eta), 0.0)
    fitted.code[rows[unsettled]] = NO_MAXIMUM
    fitted.hidden[rows] = np.exp(np.minimum(theta[:, 0], _WIDEST))
    fitted.spread[rows] = np.sqrt(np.maximum(_solved(mu, codes, np.eye(1, theta.shape[1]).repeat(len(theta), 0))[:, 0], 0.0))
    fitted.deviance[rows] = 2.0 * (xlogy(counts, counts) - np.where(alive, counts * eta, 0.0) - counts + mu).sum(axis=1)


def _newton(counts: Float, codes: Whole, alive: NDArray[np.bool_]) -> tuple[Float, NDArray[np.intp]]:
    """(n, n_terms) coefficients, and the rows whose steps never settled.

    The first step is a weighted regression of the logarithm of the counts, as in iteratively reweighted least squares.
    """
    start = np.where(alive, counts + 0.5, 0.0)
    theta = _solved(start, codes, _margins(start * np.log(counts + 0.5), codes))
    wanted = _margins(counts, codes)
    at = np.arange(len(codes))
    for _step in range(_STEPS):
        mu = np.where(alive[at], np.exp(_predictor(theta[at], codes[at], alive[at])), 0.0)
        change = _solved(mu, codes[at], wanted[at] - _margins(mu, codes[at]))
        theta[at] += change
        at = at[np.abs(_predictor(change, codes[at], alive[at])).max(axis=1) > _SETTLED]
        if not len(at):
            break
    return theta, at


def _margins(values: Float, codes: Whole) -> Float:
    """(n, n_terms) for each term the sum over the histories that contain it."""
    return np.take_along_axis(sums_above(values), codes, axis=1)


def _solved(mu: Float, codes: Whole, right: Float) -> Float:
    """(n, n_terms) what the Hessian at `mu` takes to `right`."""
    n, p = codes.shape
    union = (codes[:, :, None] | codes[:, None, :]).reshape(n, p * p)
    hessian = _margins(mu, union).reshape(n, p, p) + _RIDGE * np.eye(p)
    return np.asarray(np.linalg.solve(hessian, right[:, :, None])[:, :, 0], np.float64)


def _predictor(theta: Float, codes: Whole, alive: NDArray[np.bool_]) -> Float:
    """(n, 2**n_lists) sum of the terms that apply to each live history; 0 elsewhere."""
    spread = np.zeros(alive.shape)
    np.put_along_axis(spread, codes, theta, axis=1)
    return np.where(alive, np.clip(sums_below(spread), -_WIDEST, _WIDEST), 0.0)


def bic_of_perfect(counts: Whole, terms: Whole) -> Float:
    """(n_tables, n_models) the BIC that models of so many terms would have if they fitted perfectly; deviance adds to it.

    Args:
        counts: (n_tables, 2**n_lists) persons by history.
        terms: (n_models,) intercept, lists and interactions, also those at minus infinity.
    """
    observed = counts.astype(np.float64)
    perfect: Float = -2.0 * (xlogy(observed, observed) - observed - gammaln(observed + 1.0)).sum(axis=1)
    bic: Float = perfect[:, None] + terms * np.log(observed.sum(axis=1))[:, None]
    return bic
