"""Pattern mining: bits that are set together in many records belong to one frequent gram.

Without any key. From each bit a set of bits is grown, always by the one that is most tied to the records that have all of the set,
until the records that have all of them hardly become fewer: these are the records with one gram. The attacker's list says
which grams are as frequent, and as often together, so the sets get their grams; and a record is taken for the person
with the same frequent grams.
Source: Christen, Vidanage, Ranbaduge & Schnell 2018 (pattern mining based cryptanalysis); sets grown greedily in place of
all maximal frequent itemsets, and matched by co-occurrence as a quadratic assignment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.privacy.graph import match
from benchmarks.privacy.held import Held, bits_of

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
_FEWEST, _MOST = 0.03, 0.7  # shares of records that a gram must be in
_SET = 7  # bits of a set; a gram has ten of its own in the plain encoding
_STEADY = 0.95
_ALIKE = 0.8  # sets whose records are so much the same are one
_MOST_COLUMNS = 2048
_MOST_GRAMS = 120


def share_named(target: Held, plain: NDArray[np.float32]) -> float:
    """Share of records named rightly.

    Args:
        target: encodings of the list.
        plain: (n, n_grams) which grams the same people have, in the same order; see `held.pooled_grams`.
    """
    found = frequent_sets(bits_of(target.filters)[:, :_MOST_COLUMNS].astype(np.bool_)).astype(np.float64)
    grams = _frequent(plain.astype(np.float64))
    if min(found.shape[1], grams.shape[1]) < 2:
        return 1.0 / len(plain)
    sets, named = _paired(found, grams)
    order = np.random.Generator(np.random.PCG64(3)).permutation(len(plain))
    rows, columns = linear_sum_assignment(cdist(found[:, sets], grams[order][:, named], "cityblock"))
    return float((order[columns] == rows).mean())


def frequent_sets(bits: Bool) -> Bool:
    """(n, n_sets): the records that have all bits of a set; sets of the same records once, most frequent first."""
    often = bits.mean(axis=0)
    columns = bits[:, (often >= _FEWEST) & (often < 1)]
    grown = (_grown(columns, seed) for seed in range(columns.shape[1]))
    kept: list[Bool] = []
    for records in sorted((one for one in grown if one is not None), key=lambda one: -int(one.sum())):
        if all((records & other).sum() < _ALIKE * (records | other).sum() for other in kept):
            kept.append(records)
    return np.stack(kept[:_MOST_GRAMS], axis=1) if kept else np.zeros((len(bits), 0), np.bool_)


def _grown(columns: Bool, seed: int) -> Bool | None:
    """The records of the set grown from a bit; None where they become too few, or go on becoming fewer."""
    often = columns.mean(axis=0)
    records = columns[:, seed]
    inside = np.zeros(columns.shape[1], np.bool_)
    inside[seed] = True
    before = records
    for _ in range(_SET - 1):
        share = records.mean()
        within = columns[records].mean(axis=0)
        tied = (within - often) * share / np.sqrt(share * (1 - share) * often * (1 - often))  # correlation with the set
        best = int(np.where(inside, -2.0, tied).argmax())
        inside[best] = True
        before, records = records, records & columns[:, best]
        if not _FEWEST <= records.mean() < 1:
            return None
    return records if records.mean() <= _MOST and records.sum() > _STEADY * before.sum() else None


def _frequent(grams: Float) -> Float:
    often = grams.mean(axis=0)
    kept = grams[:, (often >= _FEWEST) & (often <= _MOST)]
    return kept[:, np.argsort(-kept.mean(axis=0), kind="stable")[:_MOST_GRAMS]]


def _paired(found: Float, grams: Float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sets and the grams that they are taken for, by frequency and by how often they occur together."""
    size = max(found.shape[1], grams.shape[1])
    tables = []
    for part in (found, grams):
        table = np.zeros((size, size), np.float32)
        width = part.shape[1]
        table[:width, :width] = part.T @ part / len(part)
        tables.append(table)
    near = cdist(np.diag(tables[0])[:, None], np.diag(tables[1])[:, None])
    start = np.exp(-near / 0.02).astype(np.float32) + 1e-6
    place = match(tables[0], tables[1], start / start.sum(axis=1, keepdims=True))
    sets = np.flatnonzero(place[: found.shape[1]] < grams.shape[1])
    return sets, place[sets]
