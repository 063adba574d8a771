"""What differs between the published persons and each draw: sets of records that are a person here and not there.

Nearly all persons are the same in every draw. The others are written down once each, as *pieces*: a set of records, and
by how much oftener it is a person in each draw than it is in the publication. A piece's contribution to a cell does not
depend on anybody else, so that all cells of all draws are a sparse product of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from linkage.errors import DataError
from linkage.unit.workspace import PartitionsTable

Ints = NDArray[np.int64]
_SEED = 20_261_126
_RECORD = ["agency", "record"]


class Moving(NamedTuple):
    """Records that are not in the same company in every draw, and the company of each.

    Attributes:
        row: (k,) rows of the frame.
        cluster: (n_draws + 1, k) cluster of each, below k; clusters of different draws have nothing to do with each other.
            The last row is the publication.
    """

    row: Ints
    cluster: Ints


@dataclass(frozen=True, eq=False)
class Pieces:
    """Sets of records that are a person in some draws.

    Attributes:
        row, piece: (m,) rows of the frame, and the piece that each belongs to; a row may belong to many.
        times: (n_draws, n_pieces) sparse, −1, 0 or 1: persons made of just these records, less those published.
    """

    row: Ints = field(repr=False)
    piece: Ints = field(repr=False)
    times: Any = field(repr=False)


def moving(frame: pd.DataFrame, person: Ints, table: PartitionsTable) -> Moving:
    """The doubtful records in each draw, together with those that go wherever a doubtful one goes.

    A published person can reach beyond the group in which its records are doubtful, where the unit cut a group for its
    size. Its other records are as published and have to be somewhere: they follow its first doubtful record.

    Args:
        frame: one row per record, sorted by `agency` and `record`.
        person: (n,) published person of each, 0 … n_persons - 1.
        table: the draws.

    Raises:
        DataError: the table speaks of records that are not in the frame, or its clusters are not within their groups.
    """
    place = pd.MultiIndex.from_frame(frame[_RECORD]).get_indexer(pd.MultiIndex.from_arrays([table.agency, table.record]))
    unknown = pd.Series(table.agency[place < 0])
    if len(unknown):
        numbers = ", ".join(f"{agency} {number}" for agency, number in unknown.value_counts().sort_index().items())
        raise DataError(f"the partitions speak of records that are not in the person map: {numbers}")
    order = np.argsort(place, kind="stable")
    first = np.full(int(person.max(initial=-1)) + 1, -1, np.int64)
    first[person[place[order]][::-1]] = np.arange(len(order))[::-1]
    followed = first[person]
    followed[place] = -1
    followers = np.flatnonzero(followed >= 0)
    lead = np.concatenate([np.arange(len(order)), followed[followers]])
    row = np.concatenate([place[order], followers]).astype(np.int64)
    return Moving(
        row, np.vstack([_named(table.group[order[lead]], table.labels[:, order[lead]]), pd.factorize(person[row])[0][None]])
    )


def _named(group: NDArray[np.int32], labels: NDArray[np.int8]) -> Ints:
    """(n_draws, k) clusters of all groups under different numbers below k."""
    code, _ = pd.factorize(group)
    sizes = np.bincount(code)
    if labels.size and (labels.min() < 0 or (labels >= sizes[code]).any()):
        raise DataError("the partitions' clusters are not within their groups", hint="the file is damaged; export it again")
    named: Ints = (np.cumsum(sizes) - sizes)[code] + labels.astype(np.int64)
    return named


def alone(moved: Moving) -> NDArray[np.float64]:
    """(k,) share of the draws in which each of the records is a person of its own."""
    shares = np.zeros(len(moved.row))
    for cluster in moved.cluster[:-1]:
        shares += np.bincount(cluster, minlength=len(moved.row))[cluster] == 1
    return shares / max(len(moved.cluster) - 1, 1)


def pieces(moved: Moving) -> Pieces:
    """Every set of records that is a cluster somewhere, once.

    Sets are told apart by the sum of 64-bit random numbers of their records (Zobrist hashing); for two of a million sets
    to be taken for one has a probability below one in ten million.
    """
    partitions, k = moved.cluster.shape
    numbers = np.random.default_rng(_SEED).integers(0, 2**64, k, dtype=np.uint64)
    sums, used = np.zeros((partitions, k), np.uint64), np.zeros((partitions, k), np.bool_)
    for number, cluster in enumerate(moved.cluster):
        np.add.at(sums[number], cluster, numbers)
        used[number, cluster] = True
    _, first, piece = np.unique(sums[used], return_index=True, return_inverse=True)
    partition, cluster = np.nonzero(used)
    counted = sparse.csr_array((np.ones(len(piece), np.int64), (partition, piece)), shape=(partitions, len(first)))
    times = counted[:-1] - sparse.csr_array(np.ones((partitions - 1, 1), np.int64)) @ counted[[-1]]
    times.eliminate_zeros()
    return Pieces(*_members(moved, partition[first], cluster[first]), times)


def _members(moved: Moving, partition: Ints, cluster: Ints) -> tuple[Ints, Ints]:
    """Rows and pieces: the records of each piece, looked up in a partition in which it is a cluster."""
    rows, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for number in np.unique(partition):
        owner = np.full(len(moved.row), -1, np.int64)
        here = np.flatnonzero(partition == number)
        owner[cluster[here]] = here
        piece = owner[moved.cluster[number]]
        rows.append(moved.row[piece >= 0])
        found.append(piece[piece >= 0])
    return np.concatenate(rows), np.concatenate(found)
