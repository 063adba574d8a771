"""Every number that the published tables fix, each once: the cells, and the sums of cells that nobody prints.

One count of persons may stand in several tables: the women convicted in 2018 are a cell of sex by age, and the sum of
a row of the cube. To hide it in one and show it in the other would be to show it. So cells are first brought to one
name, in which only what they count matters and not where they are printed; sums that follow from what is printed
(a region by sex, where only region by article by sex is printed) get a name too, because a reader can add.

Cells are held as rows of integer codes, so that the cell above another is found by arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.schema import TOTAL
from linkage.statistics.cells import ANY, DIMENSIONS, KEY, PERSON, PRINCIPAL

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# What a count is of; the table says only where it is printed.
NAME = [column for column in KEY if column != "table"]
# By these a person stands in one cell, so that the cells add up to the one above.
PARTS = ("sex", "age_group", *DIMENSIONS)
_FIXED_WORDS = {"rule": (ANY, PRINCIPAL)}


@dataclass(frozen=True, eq=False)
class Universe:
    """Distinct counts, published or following from published ones, in the order of their names.

    Attributes:
        words: column of `NAME` to its words, sorted, `_T` among them.
        codes: (n, columns) places in the words.
        name: (n,) the codes as one number, rising.
        count: (n,) persons, records or whatever the unit is.
        published: (n,) whether a table shows it; otherwise it is a sum that a reader can form.
        place: (rows,) of each row of the cells that it was made of, its place here.
    """

    words: dict[str, tuple[str, ...]]
    codes: Ints = field(repr=False)
    name: Ints = field(repr=False)
    count: Ints = field(repr=False)
    published: Flags = field(repr=False)
    place: Ints = field(repr=False)

    def __len__(self) -> int:
        """Number of counts."""
        return len(self.name)

    def code(self, column: str, word: str) -> int:
        """The place of a word in its column, -1 if no cell has it."""
        words = self.words[column]
        return words.index(word) if word in words else -1

    def of(self, column: str) -> Ints:
        """(n,) the codes of a column."""
        return self.codes[:, NAME.index(column)]

    def has(self, column: str, word: str) -> Flags:
        """(n,) whether the column holds the word."""
        return np.asarray(self.of(column) == self.code(column, word), bool)

    def moved(self, cells: Ints, **words: str) -> Ints:
        """The cells that differ from these in some columns only; -1 where there is none.

        Args:
            cells: (k,) places.
            words: column to the word that it is changed to.
        """
        codes = {column: self.code(column, word) for column, word in words.items()}
        if -1 in codes.values():
            return np.full(len(cells), -1, np.int64)
        steps = radixes(self.words)
        shift = sum((code - self.of(column)[cells]) * steps[NAME.index(column)] for column, code in codes.items())
        return self.find(self.name[cells] + shift)

    def find(self, names: Ints) -> Ints:
        """The places of names, -1 where there is none."""
        at = np.minimum(np.searchsorted(self.name, names), len(self.name) - 1)
        return np.where(self.name[at] == names, at, -1)


def universe(cells: pd.DataFrame) -> Universe:
    """The distinct counts of the cells, and the sums over sex, age group and dimensions that follow from them.

    Args:
        cells: columns `KEY` and `count`, exact.
    """
    words = {column: _words(column, cells[column]) for column in NAME}
    codes = np.column_stack([_coded(cells[column], words[column]) for column in NAME]).astype(np.int64)
    names = codes @ radixes(words)
    name, first, place = np.unique(names, return_index=True, return_inverse=True)
    count = cells["count"].to_numpy(np.int64)[first]
    return _with_sums(Universe(words, codes[first], name, count, np.ones(len(name), bool), place.astype(np.int64)))


def radixes(words: dict[str, tuple[str, ...]]) -> Ints:
    """What one step in each column adds to a name."""
    sizes = [len(words[column]) for column in NAME]
    steps = [1]
    for size in reversed(sizes[1:]):
        steps.append(steps[-1] * size)
    if steps[-1] * sizes[0] >= 2**62:  # pragma: no cover
        raise ValueError("too many codes for one number")
    return np.array(steps[::-1], np.int64)


def _words(column: str, texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*texts, *_FIXED_WORDS.get(column, (TOTAL,))}))


def _coded(texts: pd.Series[str], words: Sequence[str]) -> Ints:
    return np.asarray(pd.Categorical(texts, categories=list(words)).codes, np.int64)


def _with_sums(known: Universe) -> Universe:
    """Add the cells above those that are there, until every cell has those above it."""
    while True:
        missing = [_missing(known, column) for column in PARTS]
        name = np.concatenate([found for found, _ in missing])
        if not len(name):
            return known
        count = np.concatenate([sums for _, sums in missing])
        unique, first = np.unique(name, return_index=True)
        known = _joined(known, unique, count[first])


def _missing(known: Universe, column: str) -> tuple[Ints, Ints]:
    """Names and counts of the cells that lack above others, where the column is summed over."""
    below = np.flatnonzero(~known.has(column, TOTAL) & sums_up(known, column) & known.has("unit", PERSON))
    lacking = below[known.moved(below, **{column: TOTAL}) < 0]
    step = radixes(known.words)[NAME.index(column)]
    above = known.name[lacking] + (known.code(column, TOTAL) - known.of(column)[lacking]) * step
    names, of = np.unique(above, return_inverse=True)
    sums = np.zeros(len(names), np.int64)
    np.add.at(sums, of, known.count[lacking])
    return names, sums


def sums_up(known: Universe, column: str) -> Flags:
    """(n,) whether a person stands under one value of the column only: always, but under several of an any-value table."""
    return known.has("rule", PRINCIPAL) if column in DIMENSIONS else np.ones(len(known), bool)


def _joined(known: Universe, name: Ints, count: Ints) -> Universe:
    """The universe with further, unpublished, counts."""
    steps = radixes(known.words)
    sizes = np.array([len(known.words[column]) for column in NAME], np.int64)
    codes = name[:, None] // steps % sizes
    order = np.argsort(np.concatenate([known.name, name]), kind="stable")
    moved = np.empty(len(order), np.int64)
    moved[order] = np.arange(len(order))
    return replace(
        known,
        codes=np.concatenate([known.codes, codes])[order],
        name=np.concatenate([known.name, name])[order],
        count=np.concatenate([known.count, count])[order],
        published=np.concatenate([known.published, np.zeros(len(name), bool)])[order],
        place=moved[known.place],
    )
