"""Match weights in whole microbits, so that no decision ever depends on the order of a floating-point sum.

The weight of a pair is the prior's log-odds plus, for each observed comparison, log2(m/u) of its level, plus what two
levels say by coming together. Zero means "as likely as not"; ten bits mean about a thousand to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.unit.estimate import Float, Model, joint_bits, level_bits

MICROBITS = 1_000_000
Microbits = NDArray[np.int64]


class Together(NamedTuple):
    """What two comparisons say by coming together.

    Attributes:
        first, second: their columns.
        weights: (n_levels + 1, n_levels + 1) microbits; the last place is *not observed*, and 0 where the second is not.
    """

    first: int
    second: int
    weights: Microbits


@dataclass(frozen=True)
class Weights:
    """The model as whole numbers.

    Attributes:
        prior: microbits, log2 of λ/(1 − λ).
        levels: per comparison, (n_levels + 1,) microbits; the last entry, 0, is for *not observed* (level −1).
        together: what dependent comparisons add.
    """

    prior: int
    levels: tuple[Microbits, ...]
    together: tuple[Together, ...] = ()


def weights(model: Model) -> Weights:
    """The model's weights, rounded to microbits."""
    prior = round(MICROBITS * float(np.log2(model.prior) - np.log2(1.0 - model.prior)))
    levels = tuple(np.append(_rounded(bits), 0) for bits in level_bits(model))
    return Weights(prior, levels, tuple(Together(one.first, one.second, _rounded(joint_bits(one))) for one in model.joint))


def _rounded(bits: Float) -> Microbits:
    return np.rint(MICROBITS * bits).astype(np.int64)


def weigh(levels: NDArray[np.int8], table: Weights) -> Microbits:
    """(n_pairs,) weight of each pair in microbits, prior included.

    Args:
        levels: (n_pairs, n_comparisons) int8, −1 = not observed.
        table: the model's weights.
    """
    total = np.full(len(levels), table.prior, dtype=np.int64)
    for column, one in enumerate(table.levels):
        total += one[levels[:, column]]
    for both in table.together:
        total += both.weights[levels[:, both.first], levels[:, both.second]]
    return total


def log_odds(permille: int) -> int:
    """A probability in permille as microbits of log-odds."""
    return round(MICROBITS * float(np.log2(permille) - np.log2(1000 - permille)))


def probability(microbits: int) -> float:
    """Microbits of log-odds as a probability."""
    return float(1.0 / (1.0 + np.exp2(-microbits / MICROBITS)))
