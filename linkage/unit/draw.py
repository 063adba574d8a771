"""Partitions of one group of records, drawn by how sure each join is: the kernel under `posterior`.

As in average linkage, the two clusters with the largest mean weight between them come first; but whether they are joined
is drawn, with the probability that their mean weight stands for. Two that were not joined stay apart, whatever joins them
later. Two records alone are together exactly as often as their match probability says.
Source: our own; sequential sampling over the merges of UPGMA.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators import over_slices
from linkage.unit.agglomerate import merge
from linkage.unit.groups import CANNOT, CONTRADICT, MUST, Groups, bars

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_GROUPS = 256
MOST_MEMBERS = 127
_MOST_NODES = 1024
_UNKNOWN = -1
# Literals would be types of their own, and compile by themselves.
_NONE: int = np.int64(-1)  # type: ignore[assignment]
_ZERO: int = np.int64(0)  # type: ignore[assignment]
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Said(NamedTuple):
    """What the pairs within groups say, each kind of pair once.

    Attributes:
        kind: (n_pairs,) int32 what kind each pair is of.
        weights: (n_models, n_kinds) int64 microbits of log-odds, clipped.
        seen: (n_kinds,) bool, whether such a pair could be compared.
    """

    kind: NDArray[np.int32]
    weights: NDArray[np.int64]
    seen: NDArray[np.bool_]


class _Table(NamedTuple):
    """How one group's clusters stand in the middle of a draw; tables as `agglomerate` keeps them.

    Attributes:
        total: (k, k) int64 sums of weights between clusters.
        barred: (k, k) bool clusters that stay apart.
        unseen: (k, k) bool clusters between which nothing could be compared.
        members: (k,) int64 how many records each cluster has.
        cluster: (k,) int64 cluster of each record.
        best: (k,) int64 of each cluster that behind it with the largest mean weight between them; −1 where none may be joined.
    """

    total: NDArray[np.int64]
    barred: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    members: NDArray[np.int64]
    cluster: NDArray[np.int64]
    best: NDArray[np.int64]


class _Tree(NamedTuple):
    """What was found in earlier draws: those of one model go the same way until chance parts them.

    A place is a node, 0 and up; `_UNKNOWN`, where no draw has been; or −2 − d, the end, with all clusters as in draw d.

    Attributes:
        root: (n_models,) int32 place where a model's draws begin.
        below: (n_nodes, 2) int32 places behind a node, that where its two clusters stay apart, and that where they are joined.
        one, other: (n_nodes,) int16 clusters between which a node decides.
        chance: (n_nodes,) float64, one over the probability that they are joined.
        path: (n_nodes,) int32 nodes that a draw has passed.
        joined: (n_nodes,) int8, 1 where it joined.
    """

    root: NDArray[np.int32]
    below: NDArray[np.int32]
    one: NDArray[np.int16]
    other: NDArray[np.int16]
    chance: NDArray[np.float64]
    path: NDArray[np.int32]
    joined: NDArray[np.int8]


def draw_groups(
    groups: Groups,
    rows: NDArray[np.int64],
    said: Said,
    marked: NDArray[np.int8],
    model: NDArray[np.int64],
    least: int,
    seeds: NDArray[np.int64],
) -> NDArray[np.int8]:
    """(m, n_draws) int8 cluster of each member in each draw: the place within its group of the cluster's first member.

    Args:
        groups: all groups, of at most `MOST_MEMBERS`.
        rows: (m,) row of each member in what is returned.
        said: what the pairs within groups say.
        marked: (n_pairs,) sums of `MUST`, `CANNOT` and `CONTRADICT`.
        model: (n_draws,) which of the models' weights a draw goes by.
        least: microbits; clusters whose mean weight is lower are never joined.
        seeds: (n_groups,) of each group.
    """
    out = np.empty((len(groups.members), len(model)), np.int8)
    over_slices(lambda at, to: _draw_groups(groups, rows, said, marked, model, least, seeds, at, to, out), len(seeds), _GROUPS)
    return out


@njit(nogil=True, cache=True)
def _draw_groups(
    groups: Groups,
    rows: NDArray[np.int64],
    said: Said,
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
            kind = said.kind[pair]
            out[rows[start]] = 0
            _draw_two(said.weights[:, kind], said.seen[kind], marked[pair], model, least, seeds[one], out[rows[start + 1]])
            continue
        between, seen = np.zeros((len(said.weights), size, size), np.int64), np.zeros((size, size), np.bool_)
        must, cannot = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
        for pair in range(groups.first[one], groups.first[one + 1]):
            a, b, kind = groups.one[pair], groups.other[pair], said.kind[pair]
            seen[a, b] = seen[b, a] = said.seen[kind]
            for place in range(len(said.weights)):
                between[place, a, b] = between[place, b, a] = said.weights[place, kind]
        bars(groups, one, marked, must, cannot)
        drawn = draw_partitions(between, seen, must, cannot, model, least, seeds[one])
        for place in range(size):
            row = out[rows[start + place]]
            for draw in range(len(model)):
                row[draw] = drawn[draw, place]


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

    Which two clusters come next, and how likely they are joined, depends on what was decided before and on nothing else. So
    what a draw works out is kept in a tree for those after it: most only have to draw their random numbers.

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
    most = min(_MOST_NODES, draws * size * (size - 1) // 2)  # each draw passes every two records once at most
    tree = _Tree(
        np.full(len(weights), _UNKNOWN, np.int32),
        np.empty((most, 2), np.int32),
        np.empty(most, np.int16),
        np.empty(most, np.int16),
        np.empty(most, np.float64),
        np.empty(most, np.int32),
        np.empty(most, np.int8),
    )
    square, marks = np.empty((size, size), np.int64), np.empty((size, size), np.bool_)
    members, cluster = np.empty(size, np.int64), np.empty(size, np.int64)
    table = _Table(square, marks, marks.copy(), members, cluster, cluster.copy())
    state, nodes = np.uint64(seed), _ZERO
    for number in range(draws):
        at, steps = tree.root[model[number]], 0
        while at >= 0:
            state += _GOLDEN
            tree.path[steps] = at
            tree.joined[steps] = 1 if _uniform(state) * tree.chance[at] < 1.0 else 0
            at = tree.below[at, tree.joined[steps]]
            steps += 1
        if at == _UNKNOWN:
            _begin(table, weights[model[number]], seen, must, cannot, least)
            state, nodes = _go_on(table, tree, steps, nodes, least, state, number, model[number])
            for one in range(size):
                out[number, one] = table.cluster[one]
        else:
            for one in range(size):
                out[number, one] = out[-2 - at, one]
    return out


@njit(nogil=True, cache=True)
def _begin(
    table: _Table,
    weights: NDArray[np.int64],
    seen: NDArray[np.bool_],
    must: NDArray[np.bool_],
    cannot: NDArray[np.bool_],
    least: int,
) -> None:  # pragma: no cover - compiled
    """Set the clusters as they stand before anything is drawn."""
    size = len(weights)
    for one in range(size):
        table.members[one], table.cluster[one] = 1, one
        for other in range(size):
            table.total[one, other] = weights[one, other]
            table.barred[one, other], table.unseen[one, other] = cannot[one, other], not seen[one, other]
    for left in range(size):
        for right in range(left + 1, size):
            a, b = table.cluster[left], table.cluster[right]
            if must[left, right] and a != b and not table.barred[a, b]:
                _join(min(a, b), max(a, b), table)
    for one in range(size):
        _look_behind(one, table, least)


@njit(nogil=True, cache=True)
def _go_on(
    table: _Table, tree: _Tree, steps: int, nodes: int, least: int, state: np.uint64, number: int, model: int
) -> tuple[np.uint64, int]:  # pragma: no cover - compiled
    """Go the tree's path, draw to the end from there, and grow the tree while there is room; the counter, and how many nodes."""
    rooted, step = True, 0
    while True:
        if step < steps:
            a, b, joined = int(tree.one[tree.path[step]]), int(tree.other[tree.path[step]]), int(tree.joined[step])
        else:
            a, b = _next(table)
            grows = rooted and nodes < len(tree.chance)
            if rooted:
                here = -2 - number if a < 0 else nodes if grows else _UNKNOWN
                if step:
                    tree.below[tree.path[step - 1], tree.joined[step - 1]] = here
                else:
                    tree.root[model] = here
            if a < 0:
                return state, nodes
            state += _GOLDEN
            chance = 1.0 + 2.0 ** -(table.total[a, b] / (table.members[a] * table.members[b]) / 1e6)
            joined = 1 if _uniform(state) * chance < 1.0 else 0
            if grows:
                tree.one[nodes], tree.other[nodes], tree.chance[nodes] = a, b, chance
                tree.below[nodes, 0] = tree.below[nodes, 1] = _UNKNOWN
                tree.path[step], tree.joined[step] = nodes, joined
                nodes += 1
            rooted = grows
        step += 1
        if joined:
            _join(a, b, table)
        else:
            table.barred[a, b] = table.barred[b, a] = True
        _look_again(a, b, joined, table, least)


@njit(nogil=True, cache=True)
def _uniform(state: np.uint64) -> float:  # pragma: no cover - compiled
    """In [0, 1), from a counter. Source: SplitMix64 (Steele, Lea & Flood 2014)."""
    mixed = (state ^ (state >> np.uint64(30))) * _MIX1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX2
    mixed = mixed ^ (mixed >> np.uint64(31))
    return float(mixed >> np.uint64(11)) / 9007199254740992.0


@njit(nogil=True, cache=True)
def _next(table: _Table) -> tuple[int, int]:  # pragma: no cover - compiled
    """The pair of clusters that may be joined with the largest mean weight; (−1, −1) where there is none."""
    one, other = _NONE, _NONE
    for left in range(len(table.best)):
        right = table.best[left]
        if right >= 0 and (one < 0 or _more(left, right, one, other, table)):
            one, other = left, right
    return one, other


@njit(nogil=True, cache=True)
def _more(a: int, b: int, one: int, other: int, table: _Table) -> bool:  # pragma: no cover - compiled
    """Whether the mean weight between two clusters is larger than that between two others."""
    total, members = table.total, table.members
    return bool(total[a, b] * (members[one] * members[other]) > total[one, other] * (members[a] * members[b]))


@njit(nogil=True, cache=True)
def _may(left: int, right: int, table: _Table, least: int) -> bool:  # pragma: no cover - compiled
    """Whether two clusters may be joined; one that has become part of another may not."""
    if table.members[left] == 0 or table.members[right] == 0 or table.barred[left, right] or table.unseen[left, right]:
        return False
    return bool(table.total[left, right] >= least * (table.members[left] * table.members[right]))


@njit(nogil=True, cache=True)
def _look_behind(left: int, table: _Table, least: int) -> None:  # pragma: no cover - compiled
    """Find the best of the clusters behind one: of several alike, the first."""
    best = _NONE
    for right in range(left + 1, len(table.best)):
        if _may(left, right, table, least) and (best < 0 or _more(left, right, left, best, table)):
            best = right
    table.best[left] = best


@njit(nogil=True, cache=True)
def _look_again(a: int, b: int, joined: int, table: _Table, least: int) -> None:  # pragma: no cover - compiled
    """Bring the best of each cluster up to date with what was decided between two, the first before the second."""
    if joined:
        table.best[b] = -1
    for left in range(0 if joined else a, b if joined else a + 1):
        best = table.best[left]
        if left == a or best == b or (best == a and left < a):
            _look_behind(left, table, least)
        elif left < a and _may(left, a, table, least):
            more = best < 0 or _more(left, a, left, best, table)
            if more or (a < best and not _more(left, best, left, a, table)):
                table.best[left] = a


@njit(nogil=True, cache=True)
def _join(into: int, out: int, table: _Table) -> None:  # pragma: no cover - compiled
    """As `merge`; what could not be compared with either cluster cannot be compared with both."""
    unseen = table.unseen
    for other in range(len(unseen)):
        if other not in (into, out):
            unseen[into, other] &= unseen[out, other]
            unseen[other, into] = unseen[into, other]
    merge(into, out, table.total, table.barred, table.members, table.cluster)
