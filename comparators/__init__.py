"""Arrays in, similarities out: what two encoded records have in common, without knowing any field.

`similarity` measures two filters, `ladders` runs tests on pairs and tells the level at which each ends, `levels` counts patterns
of levels, `bits` counts the bits below all of these, and `threads` runs kernels over slices. Nothing here imports anything
else of ours.
"""

from comparators.bits import counts, parities, popcount
from comparators.ladders import UNSEEN, FilterTests, TokenTests, climb, lower
from comparators.levels import Tally, equal_rows, pattern_codes, patterns, rows_with, tally
from comparators.similarity import dice_permille
from comparators.threads import over_slices

__all__ = [
    "UNSEEN",
    "FilterTests",
    "Tally",
    "TokenTests",
    "climb",
    "counts",
    "dice_permille",
    "equal_rows",
    "lower",
    "over_slices",
    "parities",
    "pattern_codes",
    "patterns",
    "popcount",
    "rows_with",
    "tally",
]
