"""Graph matching: who resembles whom, and how much, is the same under every key.

Both sides make a matrix of likeness between records, and the attacker looks for the renumbering under which his matrix is
most like the other: a quadratic assignment, by Frank–Wolfe from the barycentre. `spectral` instead compares the rows of
the leading eigenvectors, up to their signs, together with each record's sorted likenesses, and lets Frank–Wolfe finish.
Source: Vogelstein et al. 2015 (fast approximate quadratic programming); Umeyama 1988; the attack on PPRL after Vidanage
et al. 2020 and Schaefer, Armknecht & Heng 2024, who match node embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.privacy.held import Held, bits_of

Float = NDArray[np.float32]
_ITERATIONS = 40
_SMALLEST_STEP = 1e-5
_EIGENVECTORS, _QUANTILES = 20, 40


def share_named(target: Held, own: Held, common: int, *, spectral: bool = False) -> float:
    """Share of the common people that the best of several matrices of likeness names rightly.

    Args:
        target: encodings of the list; its first `common` records are of people in the attacker's list.
        own: the attacker's encodings, the same people first, under another key.
        common: number of people in both.
        spectral: start from eigenvectors and sorted likenesses instead of the barycentre.
    """
    order = np.random.Generator(np.random.PCG64(11)).permutation(len(own.filters))
    best = 0.0
    for ours, theirs in zip(_likenesses(target), _likenesses(own), strict=True):
        shuffled = theirs[np.ix_(order, order)]
        start = _signatures_alike(ours, shuffled) if spectral else None
        place = order[match(ours, shuffled, start)]
        best = max(best, float((place[:common] == np.arange(common)).mean()))
    return best


def _likenesses(held: Held) -> Iterator[Float]:
    """Matrices (n, n), zero on the diagonal: likeness of filters, equality of tokens, and both together."""
    kinds = [_standard(of_filters(held))] if held.filters.size else []
    kinds += [_standard(of_tokens(held))] if held.tokens.size else []
    yield from kinds
    if len(kinds) == 2:
        yield kinds[0] + kinds[1]


def of_filters(held: Held) -> Float:
    """(n, n) Dice over all bits of all filters."""
    bits = bits_of(held.filters).astype(np.float32)
    ones = bits.sum(axis=1)
    return np.asarray(2.0 * (bits @ bits.T) / np.maximum(ones[:, None] + ones[None, :], 1.0), np.float32)


def of_tokens(held: Held) -> Float:
    """(n, n) number of tokens that two records share."""
    out = np.zeros((len(held.tokens), len(held.tokens)), np.float32)
    for column in held.tokens.T:
        out += (column[:, None] == column[None, :]) & (column != 0)[:, None]
    return out


def _standard(likeness: Float) -> Float:
    """Likeness in standard deviations from its mean."""
    apart = likeness[~np.eye(len(likeness), dtype=bool)]
    out = (likeness - apart.mean()) / max(float(apart.std()), 1e-9)
    np.fill_diagonal(out, 0.0)
    return np.asarray(out, np.float32)


def match(one: Float, other: Float, start: Float | None = None) -> NDArray[np.int64]:
    """(n,) int64: for each row of `one`, the row of `other` that it is taken for.

    Args:
        one: (n, n) symmetric.
        other: (n, n) symmetric.
        start: (n, n) doubly stochastic matrix to start from.
    """
    n = len(one)
    chance = np.full((n, n), 1.0 / n, np.float32) if start is None else start
    for _ in range(_ITERATIONS):
        gradient = one @ chance @ other
        rows, columns = linear_sum_assignment(gradient, maximize=True)
        step = -chance
        step[rows, columns] += 1.0
        curve, slope = float(((one @ step @ other) * step).sum()), float(2.0 * (gradient * step).sum())
        length = min(1.0, -slope / (2.0 * curve)) if curve < 0 else 1.0
        if length < _SMALLEST_STEP or slope <= 0:
            break
        chance = chance + length * step
    return np.asarray(linear_sum_assignment(chance, maximize=True)[1], np.int64)


def _signatures_alike(one: Float, other: Float) -> Float:
    """A permutation matrix, softened: records with alike eigenvectors and alike sorted likenesses."""
    distance = cdist(_signature(one), _signature(other))
    rows, columns = linear_sum_assignment(distance)
    start = np.full(distance.shape, 0.5 / len(distance), np.float32)
    start[rows, columns] += 0.5
    return start


def _signature(likeness: Float) -> NDArray[np.float64]:
    n = len(likeness)
    _, vectors = np.linalg.eigh(likeness.astype(np.float64))
    leading = np.abs(vectors[:, -_EIGENVECTORS:]) * np.sqrt(n)
    quantiles = np.quantile(likeness, np.linspace(0, 1, _QUANTILES) ** 0.25, axis=1).T
    spread = np.maximum(quantiles.std(axis=0), 1e-9)
    return np.concatenate([leading, (quantiles - quantiles.mean(axis=0)) / spread], axis=1)
