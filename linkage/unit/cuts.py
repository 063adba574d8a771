"""Why two records that speak for one person are counted as two: each such pair has a stated reason.

The strongest reason is named: a decision, a list that holds each person once, a contradiction that the pair itself shows;
else a weak bridge: the other records around the two speak against it, or are kept apart by one of the reasons above.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs, to_codes
from linkage.protocol import Protocol
from linkage.unit.cluster import Labels, Rules
from linkage.unit.contradictions import NONE
from linkage.unit.weights import Microbits

DECISION, SOURCE, BRIDGE = "decision", "one record a person in this list", "weak bridge"


class Cuts(NamedTuple):
    """Why pairs are cut.

    Attributes:
        names: of the reasons; the last is "", where a pair is together, or does not speak for one person.
        which: (n_pairs,) int8 reason of each pair.
    """

    names: tuple[str, ...]
    which: NDArray[np.int8]

    @property
    def texts(self) -> NDArray[np.object_]:
        """(n_pairs,) object array: the reason of each pair."""
        return np.array(self.names, dtype=object)[self.which]


def cuts(
    pairs: Pairs, speaks_for: NDArray[np.bool_], contradiction: NDArray[np.int8], labels: Labels, rules: Rules, protocol: Protocol
) -> Cuts:
    """The reason why each pair is cut.

    Args:
        pairs: candidate pairs.
        speaks_for: (n_pairs,) whether a pair speaks for one person, contradictions left aside.
        contradiction: (n_pairs,) the contradiction that a pair shows, −1 = none.
        labels: (n_records,) the clusters.
        rules: sources and decisions.
        protocol: names the contradictions.
    """
    names = (*(one.name for one in protocol.clustering.contradictions), BRIDGE, SOURCE, DECISION, "")
    bridge, source, decision, none = range(len(names) - 4, len(names))
    which = np.full(len(contradiction), none, np.int8)
    rows = np.flatnonzero(speaks_for & (labels[pairs.left] != labels[pairs.right]))
    some = Pairs(pairs.left[rows], pairs.right[rows])
    left, right = rules.source[some.left], rules.source[some.right]
    reason = np.where(contradiction[rows] == NONE, np.int8(bridge), contradiction[rows])
    reason[(left == right) & rules.single[left]] = source
    reason[np.isin(to_codes(some, len(labels)), rules.cannot_codes)] = decision
    which[rows] = reason
    return Cuts(names, which)


def counted_cuts(cut: Cuts) -> dict[str, int]:
    """How many pairs were cut for each reason, by name; the same name may stand for several contradictions."""
    counts: dict[str, int] = {}
    for name, number in zip(cut.names, np.bincount(cut.which, minlength=len(cut.names)).tolist(), strict=True):
        if name and number:
            counts[name] = counts.get(name, 0) + number
    return dict(sorted(counts.items()))


def above(weight: Microbits, contradiction: NDArray[np.int8], contradicted: int, threshold: int) -> NDArray[np.bool_]:
    """(n_pairs,) whether weights reach the threshold, what contradictions took off put back."""
    reaches: NDArray[np.bool_] = weight - np.where(contradiction == NONE, 0, contradicted) >= threshold
    return reaches
