"""How many persons stand on which lists together: the one table that every estimate here is made from.

A *capture history* says on which of the lists a person stands. Histories are numbered by bits, list i adding 2**i, so a
table is one array of counts, and history 0, on no list, is what nobody can observe and what is estimated. Sums over all
histories that contain, or are contained in, another are the only linear algebra that log-linear models need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.errors import ExtractError, UsageError

COUNT = "count"
MOST_LISTS = 10
_YES_NO = {"0": False, "1": True}

Float = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Captures:
    """An overlap table.

    Attributes:
        lists: names, sorted, so that no estimate depends on the order in which lists were given.
        counts: (2**n_lists,) int64 persons by history; bit i of the position = on `lists[i]`; position 0 holds 0.
    """

    lists: tuple[str, ...]
    counts: Whole = field(repr=False)

    @property
    def persons(self) -> int:
        """Persons on at least one list."""
        return int(self.counts.sum())

    @property
    def overlap(self) -> int:
        """Persons on two lists or more."""
        return int(self.counts[captured(len(self.lists)) > 1].sum())

    @property
    def sizes(self) -> dict[str, int]:
        """Persons on each list."""
        return {name: int(sums_above(self.counts)[1 << at]) for at, name in enumerate(self.lists)}


def captured(n_lists: int) -> Whole:
    """(2**n_lists,) number of lists in each history."""
    return np.bitwise_count(np.arange(1 << n_lists)).astype(np.int64)


def sums_above(values: NDArray[Any]) -> NDArray[Any]:
    """For each history the sum over all histories that contain it: how many persons stand on all of these lists.

    Args:
        values: (2**n_lists,) or (n, 2**n_lists).
    """
    return _sums(values, onto=0)


def sums_below(values: NDArray[Any]) -> NDArray[Any]:
    """For each history the sum over all histories that it contains: all terms of a log-linear model that apply to it.

    Args:
        values: (2**n_lists,) or (n, 2**n_lists).
    """
    return _sums(values, onto=1)


def _sums(values: NDArray[Any], onto: int) -> NDArray[Any]:
    """The zeta transform of the lattice of subsets, one list at a time; tables lie side by side, which is several times faster."""
    sums = values.T.copy()
    for at in range(values.shape[-1].bit_length() - 1):
        halves = sums.reshape(-1, 2, 1 << at, *sums.shape[1:])
        halves[:, onto] += halves[:, 1 - onto]
    return sums.T


def from_frame(frame: pd.DataFrame) -> Captures:
    """The table of a frame of histories.

    Args:
        frame: one boolean column per list, and `count`; a history may stand in several rows, and one of no list is left out.

    Raises:
        UsageError: fewer than two lists hold anybody, or more than ten.
    """
    held = {str(name): frame[name].to_numpy(bool) for name in frame.columns if name != COUNT}
    count = frame[COUNT].to_numpy(np.int64)
    lists = tuple(sorted(name for name, on in held.items() if count[on].sum()))
    if not 2 <= len(lists) <= MOST_LISTS:
        raise UsageError(f"{len(lists)} lists hold anybody; from 2 to {MOST_LISTS} can be set against each other")
    history = sum((held[name].astype(np.int64) << at for at, name in enumerate(lists)), np.zeros(len(frame), np.int64))
    counts = np.bincount(history, count, 1 << len(lists)).astype(np.int64)
    counts[0] = 0
    return Captures(lists, counts)


def from_histories(lists: tuple[str, ...], histories: Mapping[str, int]) -> Captures:
    """The table of histories written as digits.

    Args:
        lists: names.
        histories: one digit per list, 1 = on it, to the number of persons.
    """
    rows = [[digit == "1" for digit in history] for history in histories]
    frame = pd.DataFrame(rows, columns=list(lists))
    return from_frame(frame.assign(**{COUNT: list(histories.values())}))


def merged(captures: Captures, groups: Sequence[Sequence[str]]) -> Captures:
    """The table with some lists taken as one, such as those that pass persons on to each other.

    Args:
        captures: the table.
        groups: names of lists to be taken as one each; the new list is named by all of them, joined by `+`.

    Raises:
        UsageError: a name is of no list, or stands twice; or fewer than two lists remain.
    """
    named = [name for group in groups for name in group]
    if len(set(named)) < len(named) or not set(named) <= set(captures.lists):
        raise UsageError("lists to be taken as one are named by lists of the table, each once")
    alone = [(name,) for name in captures.lists if name not in named]
    codes = np.arange(len(captures.counts))
    held = {"+".join(sorted(group)): (codes & _code(captures, group)) > 0 for group in (*alone, *groups)}
    return from_frame(pd.DataFrame({**held, COUNT: captures.counts}))


def _code(captures: Captures, group: Sequence[str]) -> int:
    return sum(1 << captures.lists.index(name) for name in group)


def read_captures(data: pd.DataFrame, file: str) -> Captures:
    """The table of a file: one column of 0 and 1 per list, and `count`.

    Args:
        data: the file's cells as text, header taken off.
        file: its name, for messages.

    Raises:
        ExtractError: a cell is not what it must be.
        UsageError: too few or too many lists.
    """
    if COUNT not in data.columns:
        raise ExtractError("the file lacks a column", file=file, field=COUNT, hint="one column of 0 and 1 per list, and count")
    for name in data.columns:
        fits = data[name].str.fullmatch("[0-9]{1,9}") if name == COUNT else data[name].isin(list(_YES_NO))
        if not fits.all():
            wanted = "a whole number" if name == COUNT else "0 or 1"
            raise ExtractError(f"this is not {wanted}", file=file, row=int(np.flatnonzero(~fits)[0]) + 2, field=str(name))
    lists = {name: data[name].map(_YES_NO).astype(bool) for name in data.columns if name != COUNT}
    return from_frame(pd.DataFrame({**lists, COUNT: data[COUNT].astype(np.int64)}))


def pairs(n_lists: int) -> list[int]:
    """Histories of two lists each, in a fixed order."""
    return [1 << one | 1 << other for one, other in combinations(range(n_lists), 2)]
