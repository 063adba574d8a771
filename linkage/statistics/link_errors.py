"""How many of the published links are wrong and how many are lacking, as the run's draws have it.

Each draw is taken for the truth once. Pairs of records that are together as published and apart in the draw are false
matches; pairs that are together in the draw alone are missed. A join that no blocking pass proposed is at least one missed pair.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.statistics.drawn import moving, pieces
from linkage.statistics.partitions import Draws

_ENDS = (0.025, 0.975)
Ints = NDArray[np.int64]


class Permille(NamedTuple):
    """2.5th and 97.5th percentile over the draws, in permille."""

    low: int
    high: int


class LinkErrors(NamedTuple):
    """Intervals of both errors.

    Attributes:
        false_matches: of the published pairs.
        missed_matches: of the pairs in the draw.
    """

    false_matches: Permille
    missed_matches: Permille


def errors(records: pd.DataFrame, draws: Draws) -> LinkErrors:
    """Both errors over the draws.

    Args:
        records: one row per record, sorted by `agency` and `record`, with its published `person_id`.
        draws: of the run that the person map is of.

    Source: pairwise precision and recall, as in `unit.certainty`.
    """
    person = pd.factorize(records["person_id"])[0].astype(np.int64)
    moved = moving(records, person, draws.table)
    published, k = moved.cluster[-1], len(moved.row)
    others = _pairs(np.delete(person, moved.row))
    together = others + _pairs(published)
    both = np.array([others + _pairs(cluster * max(k, 1) + published) for cluster in moved.cluster[:-1]], np.int64)
    drawn = np.array([others + _pairs(cluster) for cluster in moved.cluster[:-1]], np.int64) + draws.joins
    return LinkErrors(_lacking(both, np.full(len(both), together)), _lacking(both, drawn))


def unsure(records: pd.DataFrame, draws: Draws) -> NDArray[np.float64]:
    """(n,) share of the draws in which a record's person is not the published one, record for record.

    Args:
        records: one row per record, sorted by `agency` and `record`, with its published `person_id`.
        draws: of the run that the person map is of.
    """
    drawn = pieces(moving(records, pd.factorize(records["person_id"])[0].astype(np.int64), draws.table))
    broken = (drawn.times < 0).sum(axis=0) / max(drawn.times.shape[0], 1)
    shares = np.zeros(len(records))
    np.maximum.at(shares, drawn.row, np.asarray(broken, np.float64)[drawn.piece])
    return shares


def _pairs(labels: Ints) -> int:
    sizes = np.unique(labels, return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def _lacking(part: Ints, whole: Ints) -> Permille:
    """What is lacking to the whole; nothing where there is no whole."""
    permille = np.sort((1000 * (whole - part) + whole // 2) // np.maximum(whole, 1))
    low, high = (int(permille[round(end * (len(permille) - 1))]) for end in _ENDS)
    return Permille(low, high)
