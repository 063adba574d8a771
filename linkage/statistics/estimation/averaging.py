"""The overlap table of each partition that the evidence allows, for linkage averaging.

The published table is the same in every partition but for what `drawn` calls pieces, sets of records that are a person here and not
there, and for joins that no blocking pass proposed, of which `missed` draws how many and like which: a missed join makes of a
record and a person, who stand in the table as two, one on more lists. So every table is the published one and what these change.
Source: Sadinle 2018, arXiv:1812.09590.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from linkage.protocol import Protocol
from linkage.statistics.drawn import alone, moving, pieces
from linkage.statistics.estimation.captures import Captures, Whole, from_frame
from linkage.statistics.missed import missed
from linkage.statistics.overlap import histories
from linkage.statistics.partitions import Draws, refuse_other_persons

MOST_TABLES = 200
_RECORD = ["agency", "record"]


def tables(
    frame: pd.DataFrame, protocol: Protocol, role: str, years: Sequence[str] | None, draws: Draws | None = None
) -> list[Captures]:
    """The table of the published partition, and those of up to 200 drawn ones.

    Args:
        frame: one row per record with its published person, as `report.join` gives it.
        protocol: under which the records are counted.
        role: whose persons.
        years: of the records, as text; None: all.
        draws: of the run that the person map is of; None: not known.

    Raises:
        UsageError: fewer than two lists hold anybody, or too many.
        DataError: the draws are of another person map.
    """
    published = from_frame(histories(frame, protocol, role, years))
    if draws is None:
        return [published]
    records = frame.sort_values(_RECORD, ignore_index=True)
    refuse_other_persons(records, draws)
    changes = _changes(records, _bits(records, role, years, published.lists), draws, len(published.counts))
    return [published, *(Captures(published.lists, np.maximum(published.counts + change, 0)) for change in changes)]


def _bits(records: pd.DataFrame, role: str, years: Sequence[str] | None, lists: Sequence[str]) -> Whole:
    """(n,) the history of each record alone; 0 where it is not of this role and these years."""
    counts = (records["role"] == role).to_numpy(bool)
    if years is not None:
        counts = counts & records["event_date"].astype(str).str.slice(0, 4).isin(list(years)).to_numpy(bool)
    bit = records["agency"].map({name: 1 << at for at, name in enumerate(lists)}).fillna(0).to_numpy(np.int64)
    return np.where(counts, bit, 0)


def _changes(records: pd.DataFrame, bits: Whole, draws: Draws, cells: int) -> Whole:
    """(n_tables, 2**n_lists) what each draw changes in the published table."""
    person = pd.factorize(records["person_id"])[0].astype(np.int64)
    moved = moving(records, person, draws.table)
    loose = np.zeros(len(records))
    loose[moved.row] = alone(moved)
    drawn, joins = pieces(moved), missed(records, person, loose, draws.joins)
    changed = drawn.times @ _held(bits, drawn.row, drawn.piece, drawn.times.shape[1], cells)
    whole, one, rest = (_held(bits, *of, joins.times.shape[1], cells) for of in (joins.whole, joins.one, joins.rest))
    joined = (whole - one - rest).T @ joins.times.T
    changes: Whole = np.asarray(changed.toarray() + joined.T)[:MOST_TABLES]
    changes[:, 0] = 0
    return changes


def _held(bits: Whole, row: NDArray[np.int64], number: NDArray[np.int64], sets: int, cells: int) -> sparse.csr_array:
    """(n_sets, 2**n_lists) 1 where a set of records, as one person, has that history."""
    history = np.zeros(sets, np.int64)
    np.bitwise_or.at(history, number, bits[row])
    return sparse.csr_array((np.ones(sets, np.int64), (np.arange(sets), history)), shape=(sets, cells))
