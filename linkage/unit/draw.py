"""Partitions of one group of records, drawn by how sure each join is: the kernel under `posterior`.

As in average linkage, the two clusters with the largest mean weight between them come first; but whether they are joined
is drawn, with the probability that their mean weight stands for. Two that were not joined stay apart, whatever joins them
later. Two records alone are together exactly as often as their match probability says.
Source: our own; sequential sampling over the merges of UPGMA.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators import over_slices
from linkage.unit.agglomerate import merge
from linkage.unit.groups import CANNOT, CONTRADICT, MUST, Groups, bars, square

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_GROUPS = 256
MOST_MEMBERS = 127
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def draw_groups(
    groups: Groups,
    weights: NDArray[np.int64],
    seen: NDArray[np.int64],
    marked: NDArray[np.int8],
    model: NDArray[np.int64],
    least: int,
    seeds: NDArray[np.int64],
) -> NDArray[np.int8]:
    """(m, n_draws) int8 cluster of each member in each draw: the place within its group of the cluster's first member.

    Args:
        groups: all groups, of at most `MOST_MEMBERS`.
        weights: (n_models, n_pairs) microbits of log-odds between the records of a group, clipped.
        seen: (n_pairs,) int64, 1 where a pair could be compared.
        marked: (n_pairs,) sums of `MUST`, `CANNOT` and `CONTRADICT`.
        model: (n_draws,) which of the models' weights a draw goes by.
        least: microbits; clusters whose mean weight is lower are never joined.
        seeds: (n_groups,) of each group.
    """
    out = np.empty((len(groups.members), len(model)), np.int8)
    over_slices(lambda at, to: _draw_groups(groups, weights, seen, marked, model, least, seeds, at, to, out), len(seeds), _GROUPS)
    return out


@njit(nogil=True, cache=True)
def _draw_groups(
    groups: Groups,
    weights: NDArray[np.int64],
    seen: NDArray[np.int64],
    marked: NDArray[np.int8],
    model: NDArray[np.int64],
    least: int,
    seeds: NDArray[np.int64],
    begin: int,
    end: int,
    out: NDArray[np.int8],
) -> None:  # pragma: no cover - compiled
    for one in range(begin, end):
        start, size = groups.start[one], groups.start[one + 1] - groups.start[one]
        if size == 2:
            pair = groups.first[one]
            _draw_two(weights[:, pair], seen[pair], marked[pair], model, least, seeds[one], out[start + 1])
            out[start] = 0
            continue
        between, showing = np.zeros((len(weights), size, size), np.int64), np.zeros((size, size), np.int64)
        must, cannot = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
        for place in range(len(weights)):
            square(groups, one, weights[place], between[place])
        square(groups, one, seen, showing)
        bars(groups, one, marked, must, cannot)
        drawn = draw_partitions(between, showing > 0, must, cannot, model, least, seeds[one])
        for draw in range(len(model)):
            for place in range(size):
                out[start + place, draw] = drawn[draw, place]


@njit(nogil=True, cache=True)
def _draw_two(
    weights: NDArray[np.int64], seen: int, marked: int, model: NDArray[np.int64], least: int, seed: int, out: NDArray[np.int8]
) -> None:  # pragma: no cover - compiled
    """What `draw_partitions` does with two records, which most groups are: set 0 where they are together, 1 where not."""
    state = np.uint64(seed)
    must, cannot = marked & MUST != 0, (marked & CANNOT != 0) or (marked & CONTRADICT != 0 and marked & MUST == 0)
    chance = np.empty(len(weights), np.float64)
    for one in range(len(weights)):
        chance[one] = 1.0 + 2.0 ** -(weights[one] / 1e6)
    for draw in range(len(model)):
        if cannot or (must and not cannot):
            out[draw] = 1 if cannot else 0
        elif not seen or weights[model[draw]] < least:
            out[draw] = 1
        else:
            state += _GOLDEN
            out[draw] = 0 if _uniform(state) * chance[model[draw]] < 1.0 else 1


@njit(nogil=True, cache=True)
def draw_partitions(
    weights: NDArray[np.int64],
    seen: NDArray[np.bool_],
    must: NDArray[np.bool_],
    cannot: NDArray[np.bool_],
    model: NDArray[np.int64],
    least: int,
    seed: int,
) -> NDArray[np.int16]:  # pragma: no cover - compiled
    """(n_draws, k) int16 cluster of each record in each draw, named by its smallest member.

    Args:
        weights: (n_models, k, k) symmetric microbits of log-odds, clipped.
        seen: (k, k) pairs that could be compared; two clusters between which none could are not joined.
        must: (k, k) pairs that are together in every draw, unless barred.
        cannot: (k, k) pairs that never are.
        model: (n_draws,) which of the models' weights a draw goes by.
        least: microbits; clusters whose mean weight is lower are never joined.
        seed: of this group.
    """
    draws, size = len(model), weights.shape[1]
    out = np.zeros((draws, size), np.int16)
    state = np.uint64(seed)
    total, barred, unseen = np.empty((size, size), np.int64), cannot.copy(), ~seen
    members, cluster = np.empty(size, np.int64), np.empty(size, np.int32)
    for number in range(draws):
        for one in range(size):
            members[one], cluster[one] = 1, one
            for other in range(size):
                total[one, other] = weights[model[number], one, other]
                barred[one, other], unseen[one, other] = cannot[one, other], not seen[one, other]
        for left in range(size):
            for right in range(left + 1, size):
                a, b = cluster[left], cluster[right]
                if must[left, right] and a != b and not barred[a, b]:
                    _join(min(a, b), max(a, b), total, barred, unseen, members, cluster)
        while True:
            a, b = _next(total, barred, unseen, members, least)
            if a < 0:
                break
            state += _GOLDEN
            bits = total[a, b] / (members[a] * members[b]) / 1e6
            if _uniform(state) * (1.0 + 2.0**-bits) < 1.0:
                _join(a, b, total, barred, unseen, members, cluster)
            else:
                barred[a, b] = barred[b, a] = True
        for one in range(size):
            out[number, one] = cluster[one]
    return out


@njit(nogil=True, cache=True)
def _uniform(state: np.uint64) -> float:  # pragma: no cover - compiled
    """In [0, 1), from a counter. Source: SplitMix64 (Steele, Lea & Flood 2014)."""
    mixed = (state ^ (state >> np.uint64(30))) * _MIX1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX2
    mixed = mixed ^ (mixed >> np.uint64(31))
    return float(mixed >> np.uint64(11)) / 9007199254740992.0


@njit(nogil=True, cache=True)
def _next(
    total: NDArray[np.int64], barred: NDArray[np.bool_], unseen: NDArray[np.bool_], members: NDArray[np.int64], least: int
) -> tuple[int, int]:  # pragma: no cover - compiled
    """The pair of clusters with the largest mean weight of at least `least`; (−1, −1) where there is none."""
    one, other, best, pairs = -1, -1, np.int64(0), np.int64(1)
    for left in range(len(members)):
        if members[left] == 0:
            continue
        for right in range(left + 1, len(members)):
            if members[right] == 0 or barred[left, right] or unseen[left, right]:
                continue
            between = members[left] * members[right]
            if total[left, right] >= least * between and (one < 0 or total[left, right] * pairs > best * between):
                one, other, best, pairs = left, right, total[left, right], between
    return one, other


@njit(nogil=True, cache=True)
def _join(
    into: int,
    out: int,
    total: NDArray[np.int64],
    barred: NDArray[np.bool_],
    unseen: NDArray[np.bool_],
    members: NDArray[np.int64],
    cluster: NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    """As `merge`; what could not be compared with either cluster cannot be compared with both."""
    for other in range(len(members)):
        if other not in (into, out):
            unseen[into, other] &= unseen[out, other]
            unseen[other, into] = unseen[into, other]
    merge(into, out, total, barred, members, cluster)
