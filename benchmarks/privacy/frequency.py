"""Frequency alignment: whoever is called what many are called is recognised by how many share the value.

The attacker encodes his list under a key of his own. How often each value occurs does not hang on the key, so a record's
profile — for every token and filter, how many records have the same value, and how many bits are set — can be laid beside
the profiles of his own records; an optimal assignment names every record.
Source: Kuzu, Kantarcioglu, Durham & Malin 2011 (frequencies of encodings), generalised to profiles over all columns;
assignment after Vidanage, Ranbaduge, Christen & Schnell 2020.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.privacy.held import Held, classes

Float = NDArray[np.float64]


def share_named(target: Held, own: Held) -> float:
    """Share of records that the better of two profiles, with and without numbers of bits, names rightly.

    Args:
        target: encodings of the list.
        own: the attacker's encodings of the same people in the same order, under another key.
    """
    sizes = _profile(classes(target)), _profile(classes(own))
    ones = _ones(target), _ones(own)
    both = tuple(np.concatenate(pair, axis=1) for pair in zip(sizes, ones, strict=True))
    return max(_assigned(*profiles) for profiles in (sizes, both, ones) if profiles[0].shape[1])


def _profile(numbers: NDArray[np.int64]) -> Float:
    """(n, n_columns): log2 of how many records share each value; 0 for a value of one's own, −1 for a missing one."""
    out = np.zeros(numbers.shape)
    for column in range(numbers.shape[1]):
        there = numbers[:, column] >= 0
        sizes = np.bincount(numbers[there, column])
        out[there, column] = np.log2(sizes[numbers[there, column]])
        out[~there, column] = -1.0
    return out


def _ones(held: Held) -> Float:
    """(n, n_filters): number of ones of each filter, in standard deviations."""
    ones = np.bitwise_count(held.filters).sum(axis=2).astype(np.float64)
    spread = ones.std(axis=0)
    return (ones - ones.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _assigned(target: Float, own: Float) -> float:
    """Share of rows that an assignment of least total distance gives their own place; ties fall at random."""
    order = np.random.Generator(np.random.PCG64(7)).permutation(len(own))
    rows, columns = linear_sum_assignment(cdist(target, own[order], "cityblock"))
    return float((order[columns] == rows).mean())
