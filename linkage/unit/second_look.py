"""A second look at records that were left alone: they are another population, and the prior is estimated anew for it.

The prior of the first look is the share of matches among *all* pairs, and most of those pairs are of records that have
found their partners. Once these are set aside, far fewer pairs remain among the records left alone, and of the matches
that are missing nearly all are there. So λ is estimated again among them, with m and u as they are and m cut down to
the patterns that the first look rejects. Where lists overlap almost wholly (FEBRL 4) a pair with both names changed
and only its birth date equal then becomes a match; where most people stand in one list only, λ stays small and nothing
changes. No label and no rule of one-to-one is used. Among few records the best of a handful of strangers always stands
out, so there is no second look where the model misses less than half a match, and never room for more than four times the
matches that it misses.
Source: our own; the idea is that of a prior on the number of links not yet made (Sadinle 2017, doi:10.1080/01621459.2016.1148612).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs
from linkage.unit.cluster import Labels
from linkage.unit.estimate import Model, PatternCounts, match_probability
from linkage.unit.weights import MICROBITS, Microbits, Weights, weigh

_MAX_ITERATIONS = 500
_TOLERANCE = 1e-9
_SMALLEST_PRIOR = 1e-12
_FEWEST_MISSING, _MOST_MISSING = 0.5, 4.0


@dataclass(frozen=True)
class SecondLook:
    """Pairs of records that the first look left alone, under the prior of that population.

    Attributes:
        rows: (n_kept,) int64 rows of the candidate pairs that are looked at again.
        prior: microbits; takes the place of the first prior in the weight of these pairs.
    """

    rows: NDArray[np.int64]
    prior: int


class Dropped(NamedTuple):
    """Pairs that were compared and not kept, by agreement pattern.

    Attributes:
        weight: (n_patterns,) microbits, first prior included.
        counts: (n_patterns,) pairs among records left alone.
    """

    weight: Microbits
    counts: NDArray[np.int64]


def nothing_dropped(_alone: NDArray[np.bool_]) -> Dropped:
    """Every pair that was compared was kept."""
    return Dropped(np.empty(0, np.int64), np.empty(0, np.int64))


def second_look(
    pairs: Pairs,
    weight: Microbits,
    labels: Labels,
    counted: PatternCounts,
    model: Model,
    table: Weights,
    threshold: int,
    dropped: Callable[[NDArray[np.bool_]], Dropped] = nothing_dropped,
) -> SecondLook:
    """Estimate the prior among records left alone.

    Args:
        pairs: candidate pairs.
        weight: (n_pairs,) microbits, first prior included.
        labels: (n_records,) clusters of the first look.
        counted: the candidates' agreement patterns.
        model: the fitted model.
        table: the model in microbits.
        threshold: microbits at which a pair speaks neither for nor against.
        dropped: given which records are alone, the pairs among them that were compared and are not among these.
    """
    alone = np.bincount(labels, minlength=len(labels))[labels] == 1
    rows = np.flatnonzero(alone[pairs.left] & alone[pairs.right])
    n = int(alone.sum())
    rejected, missed = _rejected(counted, model, table, threshold) if len(rows) else (0.0, 0.0)
    if rejected < _FEWEST_MISSING:
        return SecondLook(rows[:0], table.prior)
    others = dropped(alone)
    alike, times = np.unique(weight[rows], return_counts=True)  # many pairs weigh the same
    evidence = (np.concatenate([alike, others.weight]) - table.prior) / MICROBITS - np.log2(missed)
    several = np.concatenate([times, others.counts]).astype(np.float64)
    odds = _prior_odds(evidence, several, n, _MOST_MISSING * rejected)
    return SecondLook(rows, round(MICROBITS * float(odds - np.log2(missed))))


def _rejected(counted: PatternCounts, model: Model, table: Weights, threshold: int) -> tuple[float, float]:
    """How many matches the model expects among the patterns that the first look rejects, and their share of all matches."""
    expected = match_probability(counted, model) * counted.counts
    rejected = float(expected[weigh(counted.patterns, table) < threshold].sum())
    return rejected, rejected / float(expected.sum())


def _prior_odds(evidence: NDArray[np.float64], several: NDArray[np.float64], n: int, most: float) -> float:
    """log2 of λ/(1 − λ) among the n(n − 1)/2 pairs, by EM over λ alone; λ never makes more than `most` matches.

    Args:
        evidence: (n_kinds,) bits.
        several: (n_kinds,) how many pairs have it.
        n: number of records.
        most: matches.
    """
    every = n * (n - 1) / 2
    largest = max(_SMALLEST_PRIOR, min(0.5, most / every))
    prior = min(1.0 / n, largest)
    for _ in range(_MAX_ITERATIONS):
        before = prior
        odds = np.exp2(evidence) * prior / (1.0 - prior)
        prior = float(np.clip((several * (odds / (1.0 + odds))).sum() / every, _SMALLEST_PRIOR, largest))
        if abs(prior - before) <= _TOLERANCE * before:
            break
    return float(np.log2(prior) - np.log2(1.0 - prior))
