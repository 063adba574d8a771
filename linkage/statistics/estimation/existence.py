"""Does a model have an estimate at all, and only one? Decided exactly, by linear programme and by rank.

A log-linear model's likelihood has a maximum if and only if some table with a count above zero in every history has the margins
that were observed; and its terms can be told apart if and only if its design has full rank. Both are asked of the histories that
remain after interactions at minus infinity were struck out.
Source: Fienberg & Rinaldo 2012, "Maximum likelihood estimation in log-linear models", theorem 3; Chan, Silverman & Vincent 2021.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from linkage.errors import ModelError
from linkage.statistics.estimation.captures import Captures, Float, Whole
from linkage.statistics.estimation.loglinear import FITTED, NO_MAXIMUM, NOT_IDENTIFIED, Models, Space, design, infinite, live

_LEAST = 1e-5


def existence(captures: Captures, model: Models, among: Space) -> int:
    """Whether the model can be estimated from the table.

    Args:
        captures: the table.
        model: (n_interactions,) which interactions it has; hierarchical.
        among: names the interactions.

    Returns:
        0: one estimate; 1: no maximum; 2: not identifiable; 3: neither.

    Raises:
        ModelError: the linear programme was not solved.
    """
    counts, one = captures.counts[None, :], model[None, :]
    gone = infinite(counts, one, among)
    alive = live(gone, among)[0]
    kept = np.array((*among.main, *np.array(among.interactions, np.int64)[one[0] & ~gone[0]]), np.int64)
    terms = design(kept, alive)
    deficient = np.linalg.matrix_rank(terms) < len(kept)
    return (FITTED if _has_positive(terms, captures.counts[alive]) else NO_MAXIMUM) | (NOT_IDENTIFIED if deficient else FITTED)


def _has_positive(terms: Float, counts: Whole) -> bool:
    """Whether a table above zero everywhere has the margins of this one: raise its smallest count as far as it goes."""
    n = len(terms)
    margins = np.column_stack([terms.T, terms.sum(axis=0)])  # of counts written as the smallest one and what is above it
    smallest = np.append(np.zeros(n), -1.0)
    bounds = [(0, None)] * n + [(0, 1)]
    solved = linprog(smallest, A_eq=margins, b_eq=terms.T @ counts, bounds=bounds, method="highs")
    if not solved.success:
        raise ModelError("the linear programme that tells whether an estimate exists was not solved")
    return bool(-solved.fun > _LEAST)
