"""Why two records that speak for one person are counted as two: each such pair has a stated reason.

The strongest reason is named: a decision, a list that holds each person once, a contradiction that the pair itself shows;
else a weak bridge: the other records around the two speak against it, or are kept apart by one of the reasons above.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs, to_codes
from linkage.protocol import Protocol
from linkage.unit.cluster import Labels, Rules
from linkage.unit.contradictions import NONE
from linkage.unit.weights import Microbits

DECISION, SOURCE, BRIDGE = "decision", "one record a person in this list", "weak bridge"


def cuts(
    pairs: Pairs, speaks_for: NDArray[np.bool_], contradiction: NDArray[np.int8], labels: Labels, rules: Rules, protocol: Protocol
) -> NDArray[np.object_]:
    """(n_pairs,) object array: the reason why a pair is cut; "" where it is together, or does not speak for one person.

    Args:
        pairs: candidate pairs.
        speaks_for: (n_pairs,) whether a pair speaks for one person, contradictions left aside.
        contradiction: (n_pairs,) the contradiction that a pair shows, −1 = none.
        labels: (n_records,) the clusters.
        rules: sources and decisions.
        protocol: names the contradictions.
    """
    names = np.array([one.name for one in protocol.clustering.contradictions] + [""], dtype=object)
    reason = np.where(contradiction == NONE, BRIDGE, names[contradiction]).astype(object)
    left, right = rules.source[pairs.left], rules.source[pairs.right]
    reason[(left == right) & rules.single[left]] = SOURCE
    reason[np.isin(to_codes(pairs, len(labels)), rules.cannot_codes)] = DECISION
    reason[~speaks_for | (labels[pairs.left] == labels[pairs.right])] = ""
    return reason


def counted_cuts(reasons: NDArray[np.object_]) -> dict[str, int]:
    """How many pairs were cut for each reason, by name."""
    return dict(sorted(Counter(one for one in reasons.tolist() if one).items()))


def above(weight: Microbits, contradiction: NDArray[np.int8], contradicted: int, threshold: int) -> NDArray[np.bool_]:
    """(n_pairs,) whether weights reach the threshold, what contradictions took off put back."""
    reaches: NDArray[np.bool_] = weight - np.where(contradiction == NONE, 0, contradicted) >= threshold
    return reaches
