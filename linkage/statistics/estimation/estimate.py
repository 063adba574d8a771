"""An estimate of how many persons there are, with everything that must stand beside it: model, interval, rivals, lower bound.

Three or more lists: the log-linear model of the smallest BIC, its rivals, and a bootstrap interval with model choice inside.
Two lists: Chapman's estimate. Always: Chao's lower bound. Refused where fewer than ten persons stand on two lists or more,
because there one missed or false link decides the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from linkage.errors import ModelError, UsageError
from linkage.statistics.estimation.bootstrap import SEED, Averaged, Interval, Totals, averaged, bca
from linkage.statistics.estimation.captures import Captures, Float, Whole
from linkage.statistics.estimation.choice import Ranked, hidden_of_best, ranked
from linkage.statistics.estimation.closed_forms import EXACT, Bound, Rates, Z, chao, chapman, checked
from linkage.statistics.estimation.loglinear import FITTED, Models, Space, fit, infinite, reordered, space

LEAST_OVERLAP = 10
LOG_LINEAR, CHAPMAN = "log-linear", "Chapman"
_WIDEST = 50.0  # of a logarithm
_POOL = "pool three to five years, or add a list that shares persons with the others"


class Search(NamedTuple):
    """How a table is estimated.

    Attributes:
        order: most lists in one interaction.
        top: how many of the best models are told.
        number: bootstrap tables.
        seed: of their draws.
        rates: known shares of true and false links between two lists.
    """

    order: int = 2
    top: int = 10
    number: int = 1000
    seed: int = SEED
    rates: Rates = EXACT


DEFAULT = Search()


class Candidate(NamedTuple):
    """One model.

    Attributes:
        interactions: the lists of each, joined by `:`.
        infinite: those of them that are at minus infinity, because nobody is on all of their lists.
        total: estimated persons.
        low, high: 95 % interval, the model taken as given.
        deviance, bic: of the fit.
    """

    interactions: tuple[str, ...]
    infinite: tuple[str, ...]
    total: float
    low: float
    high: float
    deviance: float
    bic: float


@dataclass(frozen=True)
class Estimate:
    """How many persons there are.

    Attributes:
        method: `log-linear` or `Chapman`.
        lists: persons on each list.
        persons: on at least one list.
        overlap: on two lists or more.
        total: estimated persons; over several tables the median of their estimates.
        interval: 95 %, model choice inside.
        how: the search that was made.
        tables: partitions that were averaged over; 1 where only one was given.
        share_of_linkage: share of the variance of log(hidden persons) that comes from how records were put together.
        bound: Chao's lower bound.
        compared: number of models looked at; 0 for two lists.
        models: the best of them for the first table, the chosen one first.
    """

    method: str
    lists: Mapping[str, int]
    persons: int
    overlap: int
    total: float
    interval: Interval
    how: Search
    tables: int
    share_of_linkage: float
    bound: Bound
    compared: int
    models: tuple[Candidate, ...]


def estimate(table: Captures, how: Search = DEFAULT) -> Estimate:
    """The estimate from one table; see `pooled`."""
    return pooled([table], how)


def pooled(tables: Sequence[Captures], how: Search = DEFAULT) -> Estimate:
    """The estimate averaged over tables that differ by which records are taken for one person.

    Args:
        tables: that of the published partition, and those of others that the evidence allows; of the same lists.
        how: models, draws and seed.

    Raises:
        ModelError: not estimable: too few persons on two lists or more, or no model has an estimate.
        UsageError: the tables are of different lists; or rates of linkage errors are given for more than two, or cannot be.
    """
    first = tables[0]
    _refuse(tables, how.rates)
    among = space(len(first.lists), how.order)
    known = ranked(first.counts, among) if among.n_lists > 2 else None
    found = _found(tables, _totals(among, known, how.rates), how)
    return Estimate(
        method=LOG_LINEAR if known else CHAPMAN,
        lists=first.sizes,
        persons=first.persons,
        overlap=first.overlap,
        total=found.total,
        interval=found.interval,
        how=how,
        tables=len(tables),
        share_of_linkage=found.share_of_linkage,
        bound=chao(first),
        compared=len(known.models) if known else 0,
        models=_candidates(first, known, among, how.top) if known else (),
    )


def _refuse(tables: Sequence[Captures], rates: Rates) -> None:
    first = tables[0]
    if any(table.lists != first.lists for table in tables):
        raise UsageError("the tables are of different lists")
    if checked(rates) != EXACT and len(first.lists) > 2:
        raise UsageError("known rates of linkage errors correct tables of two lists only")
    if first.overlap < LEAST_OVERLAP:
        raise ModelError(f"not estimable: fewer than {LEAST_OVERLAP} persons stand on two lists or more", hint=_POOL)


class _Ways(NamedTuple):
    """Totals of tables: each by the model that it chooses, and all by the model that the observed table chose."""

    chosen: Totals
    given: Totals


def _totals(among: Space, known: Ranked | None, rates: Rates) -> _Ways:
    """How tables are estimated.

    Raises:
        ModelError: no model of the observed table has an estimate.
    """
    if known is None:
        return _Ways(lambda counts: chapman(counts, rates), lambda counts: chapman(counts, rates))
    if known.fits.code[0] != FITTED:
        raise ModelError("not estimable: no model of these lists has an estimate", hint=_POOL)

    def chosen(counts: Whole) -> Float:
        totals: Float = counts.sum(axis=1) + hidden_of_best(counts, among, known)
        return totals

    def given(counts: Whole) -> Float:
        totals: Float = counts.sum(axis=1) + fit(counts, known.models[:1].repeat(len(counts), axis=0), among).hidden
        return totals

    return _Ways(chosen, given)


def _found(tables: Sequence[Captures], ways: _Ways, how: Search) -> Averaged:
    if len(tables) > 1:
        return averaged(tables, ways.chosen, how.number, how.seed)
    total = float(ways.given(tables[0].counts[None, :])[0])
    return Averaged(total, bca(tables[0], total, ways.chosen, ways.given, how.number, how.seed), 0.0, 0.0)


def _candidates(table: Captures, known: Ranked, among: Space, top: int) -> tuple[Candidate, ...]:
    """The best models that have an estimate."""
    rows = np.flatnonzero(known.fits.code == FITTED)[:top]
    fits, models = reordered(known.fits, rows), known.models[rows]
    gone = infinite(table.counts[None, :].repeat(len(rows), axis=0), models, among)
    wide = np.exp(np.minimum(Z * fits.spread, _WIDEST))
    columns = (table.persons + fits.hidden, table.persons + fits.hidden / wide, table.persons + fits.hidden * wide)
    numbers = np.column_stack([*columns, fits.deviance, fits.bic]).tolist()
    named = [(_names(table, models[at], among), _names(table, gone[at], among)) for at in range(len(rows))]
    return tuple(Candidate(*names, *each) for names, each in zip(named, numbers, strict=True))


def _names(table: Captures, chosen: Models, among: Space) -> tuple[str, ...]:
    """The lists of each chosen interaction, joined by `:`."""
    named = (among.interactions[at] for at in np.flatnonzero(chosen))
    return tuple(":".join(name for at, name in enumerate(table.lists) if lists >> at & 1) for lists in named)
