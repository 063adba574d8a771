"""Arrays in, similarities out: what two encoded records have in common, without knowing any field.

`similarity` measures two filters, `levels` turns tests on a pair into comparison levels and patterns, `bits` counts the
bits below both, and `threads` runs kernels over slices. Nothing here imports anything else of ours.
"""

from comparators.bits import counts, parities, popcount
from comparators.levels import count_patterns, first_rung, pattern_codes, patterns, same_token
from comparators.similarity import dice_permille
from comparators.threads import over_slices

__all__ = [
    "count_patterns",
    "counts",
    "dice_permille",
    "first_rung",
    "over_slices",
    "parities",
    "pattern_codes",
    "patterns",
    "popcount",
    "same_token",
]
