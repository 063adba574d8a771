"""Blocking on keyed tokens: records that share a token are in one block, and a block proposes all its pairs.

A block of k records costs k(k − 1)/2 pairs, so one common value can cost more than all the others together, and most of
its pairs are strangers. Blocks above a cap are therefore skipped, and what was skipped is counted and handed back: it
is a loss that somebody has to see. Sizes are counted before any pair is made.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blocking.pairs import Pairs, within


class Skipped(NamedTuple):
    """What the cap on block size left out.

    Attributes:
        blocks: number of blocks above the cap.
        records: number of records in them.
        pairs: number of pairs in them, whether or not another pass proposes them.
    """

    blocks: int
    records: int
    pairs: int


def block_sizes(tokens: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n_blocks,) int64 records in each block, at least 1, in order of the tokens.

    Args:
        tokens: (n,) uint64; 0 = missing, in no block.
    """
    return np.unique(tokens[tokens != 0], return_counts=True)[1].astype(np.int64)


def pair_count(tokens: NDArray[np.uint64], max_block: int) -> int:
    """Number of pairs that `token_join` would return, at the cost of counting.

    Args:
        tokens: (n,) uint64; 0 = missing.
        max_block: largest block that is joined, in records.
    """
    sizes = block_sizes(tokens)
    return _pairs_in(sizes[sizes <= max_block])


def token_join(tokens: NDArray[np.uint64], max_block: int) -> tuple[Pairs, Skipped]:
    """All pairs of records that share a token, from blocks up to the cap, and what the cap left out.

    Args:
        tokens: (n,) uint64; 0 = missing, which is shared with nobody.
        max_block: largest block that is joined, in records.
    """
    order = np.argsort(tokens, kind="stable")
    order = order[np.count_nonzero(tokens == 0) :]
    sizes = block_sizes(tokens)
    joined = sizes <= max_block
    pairs = within(order[np.repeat(joined, sizes)], sizes[joined], len(tokens))
    left_out = sizes[~joined]
    return pairs, Skipped(len(left_out), int(left_out.sum()), _pairs_in(left_out))


def _pairs_in(sizes: NDArray[np.int64]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())
