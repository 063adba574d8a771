"""How far an estimate could have been off: tables are drawn anew, and each is estimated from scratch, model choice included.

An interval that takes the chosen model as given is too narrow by far: on the United Kingdom's table of 2013 two models that
fit equally well say 12,000 and 23,000. So every drawn table chooses its own model. The interval is bias-corrected and
accelerated (BCa): the share of draws below the estimate shifts it, and how the chosen model's estimate answers to each
person (jackknife) skews it. How many of the estimated persons are observed is drawn as well, else the interval would be too
narrow where most are. Where the table itself is uncertain, because records may or may not be one person, each draw is made
from another partition's table, so that the spread of the draws holds both (*linkage averaging*).
Source: Efron 1987 (BCa); Silverman, Chan & Vincent 2024 (model choice inside); Sadinle 2018 (linkage averaging).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from linkage.statistics.estimation.captures import Captures, Float, Whole
from linkage.statistics.estimation.closed_forms import Z

SEED = 20_180_731
_TIE = 1e-6
_MOST_PERSONS = 1e12

Totals = Callable[[Whole], Float]


class Interval(NamedTuple):
    """A 95 % interval in persons; +∞ where too many draws have no estimate."""

    low: float
    high: float


class Averaged(NamedTuple):
    """An estimate over several tables, one for each partition.

    Attributes:
        total: median of the tables' estimates.
        interval: 2.5th and 97.5th percentile of the draws over all tables.
        within: variance of the logarithm of the hidden persons by drawing persons, model choice included.
        between: the same by how records were put together.
    """

    total: float
    interval: Interval
    within: float
    between: float

    @property
    def share_of_linkage(self) -> float:
        """Share of the variance that comes from linkage."""
        return self.between / (self.within + self.between) if self.between else 0.0


def draws(tables: Sequence[Captures], estimates: Float, number: int, seed: int) -> Whole:
    """Tables that could have been observed.

    Args:
        tables: one for each partition.
        estimates: (n_tables,) estimated persons; +∞ where there is no estimate, and all tables have as many persons as observed.
        number: how many tables are drawn.
        seed: of the draws.

    Returns:
        (number, 2**n_lists) persons by history; row r from table r mod n_tables.
    """
    counts = np.stack([table.counts for table in tables])
    source = np.arange(number) % len(tables)
    observed = counts.sum(axis=1)
    all_persons = np.where(np.isfinite(estimates), np.rint(np.minimum(estimates, _MOST_PERSONS)), observed).astype(np.int64)
    random = np.random.default_rng(seed)
    persons = random.binomial(all_persons[source], np.minimum(observed / np.maximum(all_persons, 1), 1.0)[source])
    drawn: Whole = random.multinomial(persons, (counts / observed[:, None])[source])
    return drawn


def bca(table: Captures, estimate: float, chosen: Totals, given: Totals, number: int, seed: int) -> Interval:
    """The BCa interval.

    Args:
        table: what was observed.
        estimate: what was estimated from it.
        chosen: totals of tables, each by the model that it chooses.
        given: totals of tables by the model that the observed table chose.
        number: how many tables are drawn.
        seed: of the draws.
    """
    totals = chosen(draws([table], np.array([estimate]), number, seed))
    below = (totals < estimate - _TIE).mean() + (np.abs(totals - estimate) <= _TIE).mean() / 2
    bias = float(ndtri(np.clip(below, 0.5 / number, 1 - 0.5 / number)))
    skew = _acceleration(table, given)
    sides = bias + np.array([-Z, Z])
    levels = ndtr(bias + sides / np.maximum(1.0 - skew * sides, _TIE))
    return _interval(totals, levels, table.persons)


def averaged(tables: Sequence[Captures], chosen: Totals, number: int, seed: int) -> Averaged:
    """Estimates over several tables and the interval that holds both how they differ and how each could have been drawn.

    Args:
        tables: one for each partition, of the same lists.
        chosen: totals of tables, each by the model that it chooses.
        number: how many tables are drawn in all; one from each at least.
        seed: of the draws.
    """
    number = max(number, len(tables))
    estimates = chosen(np.stack([table.counts for table in tables]))
    drawn = draws(tables, estimates, number, seed)
    totals = chosen(drawn)
    of_tables = _log_hidden(estimates, np.array([table.persons for table in tables]))
    of_draws = _log_hidden(totals, drawn.sum(axis=1))
    within = np.square(of_draws - of_tables[np.arange(number) % len(tables)])
    between = (1 + 1 / len(tables)) * np.nanvar(of_tables, ddof=1) if len(tables) > 1 else 0.0
    interval = _interval(totals, np.array([0.025, 0.975]), tables[0].persons)
    return Averaged(float(np.median(estimates)), interval, float(np.nanmean(within)), float(between))


def _log_hidden(totals: Float, persons: Whole) -> Float:
    """Natural logarithm of the hidden persons, one at least; NaN where there is no estimate."""
    return np.log(np.where(np.isfinite(totals), np.maximum(totals - persons, 1.0), np.nan))


def _acceleration(table: Captures, given: Totals) -> float:
    """A sixth of the skewness of the estimate's jackknife values: one person less, on each history that somebody has."""
    held = np.flatnonzero(table.counts)
    less = np.tile(table.counts, (len(held), 1))
    less[np.arange(len(held)), held] -= 1
    totals, weight = given(less), table.counts[held]
    off = np.where(np.isfinite(totals), np.average(totals, weights=weight) - totals, 0.0)
    spread = float((weight * off**2).sum()) ** 1.5
    return float((weight * off**3).sum()) / (6 * spread) if spread else 0.0


def _interval(totals: Float, levels: Float, observed: int) -> Interval:
    """Two of the draws, none between two, so that one without an estimate can be the answer; from those observed upwards."""
    low, high = np.quantile(totals, levels, method="inverted_cdf")
    return Interval(max(float(low), float(observed)), float(high))
