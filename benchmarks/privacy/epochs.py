"""Other epochs and other agencies: the same people under another key must have nothing in common with themselves.

Correlation of bits over all records and positions, and the share of tokens and record pseudonyms that two epochs, or two
agencies, have in common. Two agencies share the linkage key: their *encodings* are meant to be equal; their record
pseudonyms never are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.privacy.held import Held, bits_of, held
from linkage.agency.keys import record_pseudonyms


def between_epochs(frame: pd.DataFrame, protocol: str, scheme: str, key_seed: int) -> dict[str, float]:
    """`bits`: correlation of the bits of two epochs; `tokens`: share of tokens that are equal.

    Args:
        frame: the list.
        protocol: a ready protocol
        scheme: of `held.ALL`.
        key_seed: of the linkage key, which stays the same, so that only the epoch differs.
    """
    one, other = (held(frame, protocol, scheme, key_seed, epoch) for epoch in ("2018", "2019"))
    return {"bits": round(correlation(one, other), 5), "tokens": equal_tokens(one, other)}


def correlation(one: Held, other: Held) -> float:
    """Correlation of equal positions over all records, the mean of each position taken off; 0 where there are no filters.

    Positions that are set more often than others are so by key, and differ between keys; what people would be recognised
    by is how their bits deviate from that.
    """
    first, second = (bits_of(side.filters).astype(np.float32) for side in (one, other))
    if not first.size:
        return 0.0
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    return float((first * second).sum() / max(np.sqrt((first**2).sum() * (second**2).sum()), 1e-9))


def equal_tokens(one: Held, other: Held) -> float:
    """Share of tokens that are equal and not missing."""
    there = (one.tokens != 0) & (other.tokens != 0)
    return float(((one.tokens == other.tokens) & there).sum() / max(int(there.sum()), 1))


def equal_pseudonyms(n: int) -> int:
    """How many of `n` local ids get the same record pseudonym at two agencies."""
    ids = [f"{number}" for number in range(n)]
    one, other = (record_pseudonyms(np.random.Generator(np.random.PCG64(seed)).bytes(32), "tip", "2018", ids) for seed in (1, 2))
    return len(np.intersect1d(one, other))
