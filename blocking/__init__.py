"""Opaque tokens and filters in, candidate pairs out: which pairs of records are worth comparing.

Blocking can lose a true pair and can never make a false one; `quality` says at what price. `tokens` joins records that
share a keyed token, `exact_join` finds every pair of filters that are alike, `pairs` holds pairs and joins lists of
them, and `components` says which records hang together. Only `comparators` is imported from ours, for its bits and threads.
"""

from blocking.components import components
from blocking.exact_join import CrossPairs, dice_join, dice_join_between, hamming_join, hamming_join_between
from blocking.pairs import Pairs, all_pairs, complete, found_among, from_codes, random_pairs, to_codes
from blocking.passes import Lists, Table, list_lengths, lists_of_blocks, lists_of_pairs, merged, side_by_side
from blocking.quality import pairs_completeness, pairs_quality, reduction_ratio
from blocking.tokens import Blocks, Skipped, blocks_of, cap_for, pieces_of, token_join

__all__ = [
    "Blocks",
    "CrossPairs",
    "Lists",
    "Pairs",
    "Skipped",
    "Table",
    "all_pairs",
    "blocks_of",
    "cap_for",
    "complete",
    "components",
    "dice_join",
    "dice_join_between",
    "found_among",
    "from_codes",
    "hamming_join",
    "hamming_join_between",
    "list_lengths",
    "lists_of_blocks",
    "lists_of_pairs",
    "merged",
    "pairs_completeness",
    "pairs_quality",
    "pieces_of",
    "random_pairs",
    "reduction_ratio",
    "side_by_side",
    "to_codes",
    "token_join",
]
