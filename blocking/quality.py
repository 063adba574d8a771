"""What blocking saves and what it costs, in three ratios; each is nan where its denominator is empty.

Source: Christen, P. (2012), Data Matching, Springer, section 7.3 (reduction ratio, pairs completeness, pairs quality).
"""

from __future__ import annotations

import math

import numpy as np

from blocking.pairs import Pairs, to_codes


def reduction_ratio(n_candidates: int, n: int) -> float:
    """Share of all pairs that blocking spares us, 0 to 1; nan for fewer than two records.

    Source: Christen 2012, RR = 1 − candidates / (n(n − 1)/2).

    Args:
        n_candidates: number of candidate pairs.
        n: number of records.
    """
    return 1.0 - _ratio(n_candidates, n * (n - 1) // 2)


def pairs_completeness(candidates: Pairs, truth: Pairs, n: int) -> float:
    """Share of the true pairs that are candidates, 0 to 1; nan if there are no true pairs.

    Source: Christen 2012, PC = |candidates ∩ truth| / |truth|; the recall of blocking.

    Args:
        candidates: candidate pairs.
        truth: all pairs of records of the same person.
        n: number of records.
    """
    return _ratio(_in_both(candidates, truth, n), len(truth.left))


def pairs_quality(candidates: Pairs, truth: Pairs, n: int) -> float:
    """Share of the candidates that are true pairs, 0 to 1; nan if there are no candidates.

    Source: Christen 2012, PQ = |candidates ∩ truth| / |candidates|; the precision of blocking.

    Args:
        candidates: candidate pairs.
        truth: all pairs of records of the same person.
        n: number of records.
    """
    return _ratio(_in_both(candidates, truth, n), len(candidates.left))


def _in_both(one: Pairs, two: Pairs, n: int) -> int:
    return len(np.intersect1d(to_codes(one, n), to_codes(two, n), assume_unique=True))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
