"""Arrays in, similarities out: what two encoded records have in common, without knowing any field.

`similarity` measures two filters, `ladders` runs tests on pairs and tells the level at which each ends, `levels` counts patterns
of levels, `bits` counts the bits below all of these, `columns` puts what belongs to a record side by side, and `threads` runs
kernels over slices. Nothing here imports anything else of ours.
"""

from comparators.bits import counts, counts_by_bit, parities, popcount, rows_with
from comparators.columns import put_rows
from comparators.ladders import (
    UNSEEN,
    Digits,
    FilterTests,
    TokenTests,
    climb,
    climb_blocks,
    climb_pairs,
    digits_of,
    lower,
    lower_to,
)
from comparators.levels import Tally, equal_rows, groups_in_common, numbered, pattern_codes, patterns, tally
from comparators.similarity import dice_permille
from comparators.threads import over_slices, read_only

__all__ = [
    "UNSEEN",
    "Digits",
    "FilterTests",
    "Tally",
    "TokenTests",
    "climb",
    "climb_blocks",
    "climb_pairs",
    "counts",
    "counts_by_bit",
    "dice_permille",
    "digits_of",
    "equal_rows",
    "groups_in_common",
    "lower",
    "lower_to",
    "numbered",
    "over_slices",
    "parities",
    "pattern_codes",
    "patterns",
    "popcount",
    "put_rows",
    "read_only",
    "rows_with",
    "tally",
]
