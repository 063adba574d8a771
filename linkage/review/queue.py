"""What to look at next: the pair that a decision would teach most about.

The model is least sure where the match probability is a half; p(1 − p) falls as the weight moves from zero either way,
so the order is that of the weight's distance from zero, in whole microbits, and the same run and decisions always give
the same item.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from linkage.review.explain import Evidence, ends
from linkage.unit.decisions import Pair
from linkage.unit.entries import RecordName


class Item(NamedTuple):
    """A pair to decide.

    Attributes:
        left, right: (agency, record).
        weight: microbits, prior included.
        same: whether the run counts them once.
    """

    left: RecordName
    right: RecordName
    weight: int
    same: bool


def next_item(evidence: Evidence, decided: Collection[Pair]) -> Item | None:
    """The undecided candidate pair of the largest p(1 − p), ties by record; None where all are decided.

    Args:
        evidence: the published run.
        decided: pairs on which a decision is in force, 'unsure' included: somebody has looked at them.
    """
    pairs = evidence.pairs
    order = np.argsort(np.abs(pairs.weight), kind="stable")
    undecided = (row for row in order.tolist() if ends(pairs, row) not in decided)
    row = next(undecided, None)
    if row is None:
        return None
    return Item(*ends(pairs, row), int(pairs.weight[row]), bool(pairs.same[row]))
