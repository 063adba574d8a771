"""Columns that were read with the wrong table or typed in the legacy Tajik font, repaired as a whole and counted.

Some letters tell only with the rest of their column what they mean: `ў` is Uzbek, unless another cell shows the legacy
font. So the decision is the column's, and it is kept, for `headcount check` to tell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.agency.cells import Codes, Column, renamed
from linkage.agency.names.repair import from_legacy_font, from_mojibake, legacy_font_column
from linkage.schema import CONTENT, IDENTIFIERS

REPAIRED = frozenset(
    {name for name, kind in IDENTIFIERS.items() if kind in {"name", "full_name", "sex", "code"}}
    | {name for name, kind in CONTENT.items() if kind in {"code", "country", "article", "sex"}}
)


class Repair(NamedTuple):
    """What was decided for a column.

    Attributes:
        mojibake: cells that were Cyrillic read as Western text.
        legacy: cells in which letters of the legacy Tajik font were replaced.
        cells: cells that are now another text.
    """

    mojibake: int = 0
    legacy: int = 0
    cells: int = 0


def repair_column(column: Column) -> tuple[Column, Repair]:
    """The column repaired, and what was done; every distinct text is looked at once."""
    index, texts = column
    if all(map(str.isascii, texts)):
        return column, Repair()
    read = [from_mojibake(text) for text in texts]
    legacy = legacy_font_column(read)
    typed = [from_legacy_font(text, legacy_column=legacy) for text in read]
    repair = Repair(*(_rows(index, *pair) for pair in ((texts, read), (read, typed), (texts, typed))))
    return (renamed(column, typed) if repair.cells else column), repair


def _rows(index: Codes, before: list[str], after: list[str]) -> int:
    """Rows whose text is another one than before."""
    changed = np.array([one != other for one, other in zip(before, after, strict=True)], np.bool_)
    return int(np.count_nonzero(changed[index]))
