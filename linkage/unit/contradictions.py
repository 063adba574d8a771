"""What no two records of one person show together, as the protocol lists it.

A contradiction is no weight: average linkage could outvote it, and a twin has many records that resemble the other's. Two
records that show one are never joined, with its name as the reason, unless an auditor decides that they are one person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linkage.protocol import Protocol
from linkage.schema import NOT_OBSERVED

NONE = -1
CONTRADICTED = -40_000_000  # microbits


def contradictions(levels: NDArray[np.int8], protocol: Protocol) -> NDArray[np.int8]:
    """(n_pairs,) int8: the first of the protocol's contradictions that a pair shows, −1 = none.

    Args:
        levels: (n_pairs, n_comparisons) int8, −1 = not observed.
        protocol: the agreement.
    """
    out = np.full(len(levels), NONE, np.int8)
    for number, one in reversed(list(enumerate(protocol.clustering.contradictions))):
        holds = np.logical_and.reduce([ended_at(levels, condition, protocol) for condition in one.all])
        out[holds] = number
    return out


def ended_at(levels: NDArray[np.int8], condition: str, protocol: Protocol) -> NDArray[np.bool_]:
    """(n_pairs,) whether a comparison ended at a level, `comparison=level`; `not observed` is a level, too."""
    name, _, level = condition.partition("=")
    column = next(place for place, comparison in enumerate(protocol.comparisons) if comparison.name == name)
    names = protocol.comparisons[column].level_names
    return np.equal(levels[:, column], NONE if level == NOT_OBSERVED else names.index(level))
