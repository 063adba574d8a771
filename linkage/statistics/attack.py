"""What an attacker knows of hidden counts before any programme is solved: bounds that follow from bounds, fact by fact.

A hidden count can move away from the truth no further than a fact lets it, given how far the other hidden counts of that
fact can move; and these are bounded by their own facts. Passing bounds on in this way for a few sweeps finds most of what
gives a count away, at the cost of a few sums. Each bound remembers the fact that it came from, so that unrolling them gives
a sum in which every count stands with how far it could move by itself. Where that sum is too small it is a *gap*, to be
closed by hiding more of its counts. The audit comes after, and sees what only many facts at once give away.

Source: reference `statistics.md`, section 6; bound propagation as in the presolve of integer programmes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from linkage.statistics.margins import Margins
from linkage.statistics.universe import Flags, Ints

Floats = NDArray[np.float64]

# Counts are whole: what is less than this is nothing.
EPSILON = 1e-6
# Nobody need be led to believe in more than so many persons above or below the true count.
REACH = 1000.0
SWEEPS = 6


@dataclass(frozen=True, eq=False)
class Attack:
    """What an attacker knows before looking at a count.

    Attributes:
        margins: how the counts hang together.
        count: (n,) the true counts.
        low: (n,) what a count is known to be at least, if it is hidden.
        high: (n,) what it is known to be at most, if it is hidden.
    """

    margins: Margins
    count: Floats = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)


@dataclass(frozen=True, eq=False)
class Facts:
    """The margins as sums of moves away from the truth, none of which can grow by more than its slack.

    Each of n counts has two moves: `i` is upwards, `n + i` downwards. A fact that is equal stands here in both directions.

    Attributes:
        row: (e,) the fact of each entry.
        bounded: (e,) the move that the fact bounds.
        giving: (e,) the opposite move, by which the count gives room to the others of its fact.
        slack: (facts,) what the fact leaves free by itself.
        start: (facts + 1,) where each fact's entries begin.
        room: (2n,) how far each move goes, as far as is known beforehand, if the count is hidden.
    """

    row: Ints = field(repr=False)
    bounded: Ints = field(repr=False)
    giving: Ints = field(repr=False)
    slack: Floats = field(repr=False)
    start: Ints = field(repr=False)
    room: Floats = field(repr=False)


class Sweep(NamedTuple):
    """Bounds after a sweep over all facts.

    Attributes:
        reach: (2n,) how far each move goes at most; 0 of counts that are shown.
        row: (2n,) the fact that tightened it in this sweep, -1 if none did.
    """

    reach: Floats
    row: Ints


@dataclass(frozen=True, eq=False)
class Gap:
    """Why a hidden count has too little room: at most `given`, and of each count its `room` if that is hidden.

    Attributes:
        cell: the count.
        room: (n,) what each count would add to its width at most, were it hidden.
        given: what facts leave free, whatever is hidden.
    """

    cell: int
    room: Floats = field(repr=False)
    given: float = 0.0


def facts_of(attack: Attack) -> Facts:
    """The margins as bounds on moves."""
    matrix, equal = attack.margins.matrix, attack.margins.equal
    halves = sparse.csr_array(sparse.vstack([matrix, -matrix[np.flatnonzero(equal)]]))
    row = np.repeat(np.arange(halves.shape[0]), np.diff(halves.indptr))
    cell, size = halves.indices.astype(np.int64), halves.shape[1]
    upward = halves.data > 0
    bounded, giving = np.where(upward, cell, cell + size), np.where(upward, cell + size, cell)
    room = np.minimum(np.concatenate([attack.high - attack.count, attack.count - attack.low]), REACH)
    return Facts(row, bounded, giving, -(halves @ attack.count), halves.indptr.astype(np.int64), room)


def propagated(facts: Facts, hidden: Flags) -> list[Sweep]:
    """Bounds on all moves, sweep by sweep; the first is what is known beforehand."""
    unseen = np.tile(hidden, 2)
    sweeps = [Sweep(np.where(unseen, facts.room, 0.0), np.full(len(unseen), -1, np.int64))]
    asked = np.flatnonzero(unseen[facts.bounded])
    for _ in range(SWEEPS):
        reach = sweeps[-1].reach
        bound = given(facts, reach)[facts.row[asked]] - reach[facts.giving[asked]]
        closer = bound < reach[facts.bounded[asked]] - EPSILON
        if not closer.any():
            break
        sweeps.append(_tightened(facts, reach, asked[closer], bound[closer]))
    return sweeps


def given(facts: Facts, reach: Floats) -> Floats:
    """(facts,) by how much each sum can grow in all: its slack, and what the moves of its counts give."""
    return facts.slack + np.bincount(facts.row, reach[facts.giving], len(facts.slack))


def _tightened(facts: Facts, reach: Floats, entries: Ints, bound: Floats) -> Sweep:
    moves = facts.bounded[entries]
    order = np.lexsort((facts.row[entries], bound, moves))
    found, first = np.unique(moves[order], return_index=True)
    nearer, row = reach.copy(), np.full(len(reach), -1, np.int64)
    nearer[found], row[found] = np.maximum(bound[order[first]], 0.0), facts.row[entries][order[first]]
    return Sweep(nearer, row)


def plain_gaps(facts: Facts, hidden: Flags, widths: Floats) -> list[Gap]:
    """The hidden counts to which bounds leave less room than they need, and why.

    Args:
        facts: of the attack.
        hidden: (n,) counts that are not shown.
        widths: (n,) the room that each count needs; 0: none.
    """
    sweeps, size = propagated(facts, hidden), len(hidden)
    reach = sweeps[-1].reach
    lacking = np.flatnonzero(hidden & (reach[:size] + reach[size:] < widths - EPSILON))
    return [unrolled(facts, sweeps, cell, {cell: 1.0, size + cell: 1.0}) for cell in lacking.tolist()]


def unrolled(facts: Facts, sweeps: list[Sweep], cell: int, moves: Mapping[int, float], free: float = 0.0) -> Gap:
    """A sum of moves, each replaced by what bounded it, from the last sweep to the first.

    Args:
        facts: of the attack.
        sweeps: the bounds that are in force.
        cell: the count whose width is at most the sum.
        moves: move to how often it stands in the sum.
        free: what is in the sum besides.
    """
    times = dict(moves)
    for sweep in reversed(sweeps):
        before: dict[int, float] = {}
        for move, often in times.items():
            row = int(sweep.row[move])
            free += often * float(facts.slack[row]) if row >= 0 else 0.0
            for source in _sources(facts, row, move) if row >= 0 else (move,):
                before[source] = before.get(source, 0.0) + often
        times = before
    size = len(facts.room) // 2
    room = np.zeros(size)
    for move, often in times.items():
        room[move % size] += often * float(facts.room[move])
    return Gap(cell, room, free)


def _sources(facts: Facts, row: int, move: int) -> list[int]:
    """The moves that give room to a move in a fact."""
    entries = slice(facts.start[row], facts.start[row + 1])
    others = facts.bounded[entries] != move
    return [int(source) for source in facts.giving[entries][others]]
