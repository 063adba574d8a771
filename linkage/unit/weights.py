"""Match weights in whole microbits, so that no decision ever depends on the order of a floating-point sum.

The weight of a pair is the prior's log-odds plus, for each observed comparison, log2(m/u) of its level. Zero means
"as likely as not"; ten bits mean about a thousand to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.unit.estimate import Model

MICROBITS = 1_000_000
Microbits = NDArray[np.int64]


@dataclass(frozen=True)
class Weights:
    """The model as whole numbers.

    Attributes:
        prior: microbits, log2 of λ/(1 − λ).
        levels: per comparison, (n_levels + 1,) microbits; the last entry, 0, is for *not observed* (level −1).
    """

    prior: int
    levels: tuple[Microbits, ...]


def weights(model: Model, never_against: Sequence[bool] = ()) -> Weights:
    """The model's weights, rounded to microbits.

    Args:
        model: the fitted model.
        never_against: per comparison, whether its level `different` weighs nothing; none does that if empty.
    """
    prior = round(MICROBITS * float(np.log2(model.prior) - np.log2(1.0 - model.prior)))
    levels = (
        np.append(np.rint(MICROBITS * (np.log2(m) - np.log2(u))), 0).astype(np.int64) for m, u in zip(model.m, model.u, strict=True)
    )
    silent = never_against or [False] * len(model.m)
    return Weights(prior, tuple(_silenced(one) if one_sided else one for one, one_sided in zip(levels, silent, strict=True)))


def _silenced(levels: Microbits) -> Microbits:
    """The weights of a comparison with 0 at its level `different`."""
    return np.concatenate([levels[:-2], np.zeros(2, np.int64)])


def weigh(levels: NDArray[np.int8], table: Weights) -> Microbits:
    """(n_pairs,) weight of each pair in microbits, prior included.

    Args:
        levels: (n_pairs, n_comparisons) int8, −1 = not observed.
        table: the model's weights.
    """
    total = np.full(len(levels), table.prior, dtype=np.int64)
    for column, one in enumerate(table.levels):
        total += one[levels[:, column]]
    return total


def log_odds(permille: int) -> int:
    """A probability in permille as microbits of log-odds."""
    return round(MICROBITS * float(np.log2(permille) - np.log2(1000 - permille)))


def probability(microbits: int) -> float:
    """Microbits of log-odds as a probability."""
    return float(1.0 / (1.0 + np.exp2(-microbits / MICROBITS)))
