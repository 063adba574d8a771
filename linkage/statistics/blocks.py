"""Who counts in which cell, as integer codes: the rows from which cells are counted.

A *block* holds rows of one table that vary in a few columns of the key; all others are `_T`. A row says that a person
counts in a cell, and stands once. To count is then to count rows; to see who is counted is to write them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.schema import TOTAL
from linkage.statistics.attributes import Ints
from linkage.statistics.cells import KEY, PERSON, PRINCIPAL

Words = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of one table; each person stands in each cell at most once.

    Attributes:
        table: the table.
        person: (n,) codes of persons.
        columns: column of the key to (n,) codes; a column that is not here is `_T`.
        rule: how a person with several values is counted.
        unit: what a row is one of.
    """

    table: str
    person: Ints = field(repr=False)
    columns: Mapping[str, Ints] = field(repr=False)
    rule: str = PRINCIPAL
    unit: str = PERSON


def with_totals(block: Block, names: Sequence[str], words: Words) -> Block:
    """The rows, and for each of the named columns the same rows under its total."""
    for name in names:
        totals = {**block.columns, name: np.full(len(block.person), words[name].index(TOTAL), np.int64)}
        columns = {column: np.concatenate([codes, totals[column]]) for column, codes in block.columns.items()}
        block = replace(block, person=np.tile(block.person, 2), columns=columns)
    return block


def written_out(blocks: Sequence[Block], words: Words, persons: NDArray[Any]) -> pd.DataFrame:
    """The rows as a frame: the columns of `KEY`, categorical, and `person_id`."""
    person = np.concatenate([block.person for block in blocks])
    return _keyed(blocks, [len(block.person) for block in blocks], [block.columns for block in blocks], words).assign(
        person_id=persons[person]
    )


def tallied(blocks: Sequence[Block], words: Words) -> pd.DataFrame:
    """The cells that have a row: the columns of `KEY` as text, unique and sorted, and `count`."""
    cells = [_cells(block, words) for block in blocks]
    counts = np.concatenate([count for _, count in cells])
    frame = _keyed(blocks, [len(count) for _, count in cells], [columns for columns, _ in cells], words)
    return frame.assign(count=counts).sort_values(KEY, ignore_index=True).astype(dict.fromkeys(KEY, object))


def _cells(block: Block, words: Words) -> tuple[dict[str, Ints], Ints]:
    shape = tuple(len(words[name]) for name in block.columns)
    keys = np.ravel_multi_index(tuple(block.columns.values()), shape)
    found, counts = np.unique(keys, return_counts=True)
    return dict(zip(block.columns, np.unravel_index(found, shape), strict=True)), counts.astype(np.int64)


def _keyed(blocks: Sequence[Block], lengths: Sequence[int], columns: Sequence[Mapping[str, Ints]], words: Words) -> pd.DataFrame:
    """The key of each row, in the blocks' order; categories are the sorted words, so that the frame sorts as its text does."""
    keyed = {}
    for name in KEY:
        if name in {"table", "rule", "unit"}:
            codes, known = _facts([getattr(block, name) for block in blocks], lengths)
        else:
            known = words.get(name, (TOTAL,))
            total = known.index(TOTAL)
            codes = np.concatenate([given.get(name, np.full(n, total)) for given, n in zip(columns, lengths, strict=True)])
        keyed[name] = pd.Categorical.from_codes(codes, categories=pd.Index(known, dtype=object))
    return pd.DataFrame(keyed)


def _facts(facts: Sequence[str], lengths: Sequence[int]) -> tuple[Ints, tuple[str, ...]]:
    """What all rows of a block share, as codes and words."""
    known = tuple(sorted(set(facts)))
    return np.repeat(np.array([known.index(fact) for fact in facts], np.int64), lengths), known
