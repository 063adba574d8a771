"""Rounding instead of hiding: every public count becomes a multiple of three or five, by chance that cannot be averaged out.

Whether a count is rounded up or down is decided by a *cell key*: each record has a key of 32 bits, a keyed hash of its
pseudonym; a person's key is the sum of its records', a cell's the sum of its persons', modulo 2³². So the same persons get
the same rounding in whatever table they are counted, and repeating the question teaches nothing. A count goes up with the
probability that leaves its expectation as it is; multiples of the base, zero among them, stay.

Rounded cells do not add up to their rounded totals. On request they are made to, as far as it is possible: each count
still goes to one of the two multiples beside it, and as few as possible go another way than their key says. These few then
depend on the table that they stand in.

The secret must stay the statistics office's own: with it, and with pseudonyms, the rounding could be undone.

Source: reference `statistics.md`, section 6, step 4; Fraser, Wooton (2005), *A proposed method for confidentialising tabular
output to protect against differencing*, for cell keys; Cox (1987), Journal of the American Statistical Association 82, for
controlled rounding.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from linkage.errors import UsageError
from linkage.statistics.cells import KEY, NOT_STATED, PERSON, SHOWN
from linkage.statistics.margins import margins
from linkage.statistics.universe import Ints, universe

BASES = (3, 5)
KEY_BITS = 32
FEWEST_SECRET_BYTES = 16
NODES = 500
# A part with more counts than this is left as the keys say.
LARGEST_PART = 3000


@dataclass(frozen=True, eq=False)
class Rounding:
    """How to round.

    Attributes:
        base: 3 or 5.
        keys: `KEY` of cells of persons and `key`, 0 … 2³² - 1, as `cell_keys` gives them.
        additive: whether cells are made to add up where that is possible.
    """

    base: int
    keys: pd.DataFrame = field(repr=False)
    additive: bool = False


def record_keys(frame: pd.DataFrame, secret: bytes) -> NDArray[np.uint32]:
    """(n,) a key for each record.

    Args:
        frame: `agency` and `record`, the pseudonym.
        secret: the statistics office's own, at least 16 bytes, the same for every release.

    Raises:
        UsageError: the secret is too short.
    """
    if len(secret) < FEWEST_SECRET_BYTES:
        raise UsageError(f"the secret of rounding has at least {FEWEST_SECRET_BYTES} bytes")
    names = (f"{agency}\0{record}".encode() for agency, record in zip(frame["agency"], frame["record"], strict=True))
    hashes = b"".join(hashlib.blake2b(name, key=secret[:64], digest_size=KEY_BITS // 8).digest() for name in names)
    return np.frombuffer(hashes, "<u4").astype(np.uint32)


def cell_keys(present: pd.DataFrame, frame: pd.DataFrame, keys: NDArray[np.uint32]) -> pd.DataFrame:
    """The key of each cell of persons.

    Args:
        present: who stands in which cell: `counts.presence`, or `redesign.counted` with it.
        frame: one row per record: `person_id`.
        keys: (n,) of its records.

    Returns:
        `KEY` and `key`, one row per cell.
    """
    of_person = pd.Series(keys.astype(np.int64), index=frame["person_id"].to_numpy()).groupby(level=0).sum()
    own = present["person_id"].map(of_person).to_numpy(np.int64) % 2**KEY_BITS
    sums = present.assign(key=own).groupby(KEY, observed=True)["key"].sum().reset_index()
    return sums.assign(key=sums["key"] % 2**KEY_BITS).astype(dict.fromkeys(KEY, object))


def rounded(cells: pd.DataFrame, rounding: Rounding) -> pd.DataFrame:
    """The cells with rounded counts and without intervals, which would tell what was rounded.

    Counts of records, cases and offences go by the key of their persons.

    Raises:
        UsageError: no such base, or a cell has no key.
    """
    if rounding.base not in BASES:
        raise UsageError(f"counts are rounded to base {' or '.join(map(str, BASES))}")
    count = cells["count"].to_numpy(np.int64)
    keyed = cells[KEY].assign(unit=PERSON).merge(rounding.keys, on=KEY, how="left")["key"]
    if keyed[count > 0].isna().any():
        raise UsageError("the keys are not of these cells", hint="make them from the records that were counted")
    up = keyed.fillna(0).to_numpy(np.int64) * rounding.base < count % rounding.base * 2**KEY_BITS
    if rounding.additive:
        up = _adding_up(cells, up, rounding.base)
    fixed = (count // rounding.base + up) * rounding.base
    return cells.assign(count=fixed, low=NOT_STATED, high=NOT_STATED, hidden=SHOWN).astype({"hidden": object})


def _adding_up(cells: pd.DataFrame, up: NDArray[np.bool_], base: int) -> NDArray[np.bool_]:
    """Which cells go up so that they add up, where some choice does; those that need not change go by their keys."""
    known = universe(cells)
    wanted = np.zeros(len(known), bool)
    wanted[known.place] = up
    facts = margins(known)
    sums = sparse.csc_array(facts.matrix[np.flatnonzero(facts.equal)])
    links = sparse.block_array([[None, sums], [sums.T, None]])
    labels = connected_components(links, directed=False)[1][sums.shape[0] :]
    for label in np.unique(labels):
        part = np.flatnonzero(labels == label)
        if 1 < len(part) <= LARGEST_PART:
            wanted[part] = _controlled(
                sparse.csr_array(sums[:, part]), known.count[part], wanted[part], known.published[part], base
            )
    return wanted[known.place]


def _controlled(
    sums: sparse.csr_array, count: Ints, wanted: NDArray[np.bool_], published: NDArray[np.bool_], base: int
) -> NDArray[np.bool_]:
    rows = sums[np.flatnonzero(np.diff(sums.indptr))]
    free = (count % base > 0).astype(float)
    goal = -(rows @ (count // base))
    result = milp(
        np.where(wanted, -1.0, 1.0) * published,
        constraints=LinearConstraint(rows, lb=goal, ub=goal),
        integrality=np.ones(len(count)),
        bounds=Bounds(np.zeros(len(count)), free),
        options={"node_limit": NODES},
    )
    return wanted if result.x is None else np.asarray(result.x > 0.5, bool)
