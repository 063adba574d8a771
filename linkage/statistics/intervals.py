"""How far linkage leaves each count open: every cell counted over the run's draws, not once but some hundreds of times.

A cell's interval goes from the 2.5th to the 97.5th percentile of its counts in the draws, and holds the published count:
what is published is one of the partitions that fit, and the one that fits best, so a reader never finds a count outside
its own interval. Where the draws all lie on one side of it, it is the interval's end, and says so: the truth is probably
lower (or higher). Cells that are zero as published and are not in one draw in forty are in the result, too.

Two things move a count in a draw: records that change company (`drawn`), and joins that no blocking pass proposed (`missed`).
Nothing else does: an interval does not say that an age was written down wrongly, and that a form of exploitation is unknown.

Source: reference `statistics.md`, section 3.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from linkage.protocol import Protocol
from linkage.statistics.cells import KEY, PERSON, SHOWN
from linkage.statistics.cohort import last_year
from linkage.statistics.counts import presence
from linkage.statistics.drawn import Pieces, alone, moving, pieces
from linkage.statistics.missed import Joins, missed
from linkage.statistics.partitions import Draws, refuse_other_persons
from linkage.statistics.redesign import EXACT, Plan
from linkage.statistics.redesign import counted as by_plan

Ints = NDArray[np.int64]
_RECORD = ["agency", "record"]
# Permille of the draws that lie below or at each end. Source: the linkage interval of docs/certainty.md.
_LOW, _HIGH = 25, 975
_AT_ONCE = 1 << 12


class _Counted(NamedTuple):
    """Who counts where, of every set of records that may be a person.

    Attributes:
        keys: the cells, `KEY`.
        drawn, whole, one, rest: (n_sets, n_cells) sparse, 1 where a set counts: the pieces of the draws, and the three sets of
            each missed join.
    """

    keys: pd.DataFrame
    drawn: Any
    whole: Any
    one: Any
    rest: Any


def with_intervals(
    cells: pd.DataFrame, frame: pd.DataFrame, partitions: Draws, protocol: Protocol, plan: Plan = EXACT
) -> pd.DataFrame:
    """The cells with the linkage interval of each count of persons.

    Args:
        cells: as `counts.count` gives them for the frame: `KEY`, `count`, `low`, `high`, `hidden`.
        frame: one row per record: `agency`, `record`, `person_id` and the protocol's content fields.
        partitions: the draws of the run that the person map is of.
        protocol: under which the cells were counted.
        plan: by which they were made coarser, if they were.

    Returns:
        The same rows, in those of persons with `low` ≤ `count` ≤ `high`, and rows of `count` 0 where `high` is above 0; sorted
        by `KEY`. Counts of records do not depend on linkage, and their rows are as they were.

    Raises:
        DataError: the partitions are of another person map.
    """
    records = frame.sort_values(_RECORD, ignore_index=True)
    refuse_other_persons(records, partitions)
    person = pd.factorize(records["person_id"])[0].astype(np.int64)
    moved = moving(records, person, partitions.table)
    drawn, loose = pieces(moved), np.zeros(len(records))
    loose[moved.row] = alone(moved)
    joins = missed(records, person, loose, partitions.joins)
    if not len(drawn.row) + joins.times.shape[1]:
        return _filled_in(cells, cells.loc[[], [*KEY, "low", "high"]])
    counted = _counted(records, protocol, plan, drawn, joins)
    published = counted.keys.merge(cells[[*KEY, "count"]], on=KEY, how="left")["count"].fillna(0).to_numpy(np.int64)
    low, high = _ends(published, drawn, joins, counted)
    return _filled_in(cells, counted.keys.assign(low=low, high=high))


def _counted(records: pd.DataFrame, protocol: Protocol, plan: Plan, drawn: Pieces, joins: Joins) -> _Counted:
    """Every set through the counting rules, all at once."""
    sizes = [drawn.times.shape[1], *(joins.times.shape[1],) * 3]
    starts = np.cumsum([0, *sizes])
    sets = [(drawn.row, drawn.piece), joins.whole, joins.one, joins.rest]
    row = np.concatenate([rows for rows, _ in sets])
    number = np.concatenate([numbers + start for (_, numbers), start in zip(sets, starts[:-1], strict=True)])
    counter = partial(presence, horizon=last_year(records, protocol))
    seen = by_plan(records.iloc[row].assign(person_id=number), protocol, plan, counter)
    first, cell = _cells(seen)
    ones = np.ones(len(seen), np.int64)
    at = (seen["person_id"].to_numpy(np.int64), cell)
    matrix = sparse.csr_array((ones, at), shape=(int(starts[-1]), len(first)))
    keys = seen[KEY].iloc[first].astype(object).reset_index(drop=True)
    return _Counted(keys, *(matrix[start:end].tocsc() for start, end in pairwise(starts)))


def _cells(seen: pd.DataFrame) -> tuple[Ints, Ints]:
    """A row of each cell, and the cell of each row."""
    code, different = np.zeros(len(seen), np.int64), 1
    for name in KEY:
        column = seen[name].cat
        if different * len(column.categories) >= 1 << 62:
            found, code = np.unique(code, return_inverse=True)
            different = len(found)
        code, different = code * len(column.categories) + column.codes.to_numpy(np.int64), different * len(column.categories)
    _, first, cell = np.unique(code, return_index=True, return_inverse=True)
    return first, cell


def _ends(published: Ints, drawn: Pieces, joins: Joins, counted: _Counted) -> tuple[Ints, Ints]:
    """(n_cells,) both ends of each cell's interval."""
    low, high = published.copy(), published.copy()
    draws = len(joins.times)
    places = [(draws * permille + 999) // 1000 - 1 for permille in (_LOW, _HIGH)]
    for start in range(0, len(published), _AT_ONCE):
        at = slice(start, start + _AT_ONCE)
        counts = np.partition(_in_draws(published[at], drawn, joins, counted, at), places, axis=0)
        low[at] = np.minimum(low[at], counts[places[0]])
        high[at] = np.maximum(high[at], counts[places[1]])
    return low, high


def _in_draws(published: Ints, drawn: Pieces, joins: Joins, counted: _Counted, at: slice) -> Ints:
    """(n_draws, n_cells) the cells' counts in each draw.

    A missed join takes one from a cell in which both its sides stand; of n persons, that can happen n - 1 times.
    """
    counts = published + (drawn.times @ counted.drawn[:, at]).toarray()
    whole, one, rest = (sets[:, at] for sets in (counted.whole, counted.one, counted.rest))
    both = whole.multiply(one).multiply(rest)
    lost, changed = ((taken.T @ joins.times.T).T for taken in (both, whole - one - rest + both))
    result: Ints = np.maximum(counts - np.minimum(lost, np.maximum(counts - 1, 0)) + changed, 0)
    return result


def _filled_in(cells: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The cells with the ends that were found; of cells in which nobody moves the count is both ends."""
    of_persons = (cells["unit"] == PERSON).to_numpy(bool)
    persons = cells[of_persons].drop(columns=["low", "high"]).merge(found, on=KEY, how="outer")
    count = persons["count"].fillna(0).astype("int64")
    ends = {name: persons[name].fillna(count).astype("int64") for name in ("low", "high")}
    persons = persons.assign(count=count, hidden=persons["hidden"].fillna(SHOWN), **ends)
    possible = persons[(persons["count"] > 0) | (persons["high"] > 0)]
    return pd.concat([cells[~of_persons], possible[list(cells.columns)]]).sort_values(KEY, ignore_index=True)
