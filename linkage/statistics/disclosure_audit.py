"""The attack that every release must withstand: how far can the hidden counts be worked out from what is shown?

The attacker knows all margins, all shown counts, and which counts are hidden because they are small. The smallest and
largest value that all of this leaves to a hidden count is found by linear programme; the *width* between them is what is
left to guess. Where it is too small the programme's dual says why: a sum of moves, each of which goes no further than its
bounds. That sum is a *gap*, handed to suppression to be closed.

Most counts need no programme of their own: a solution in which many counts are large at once, and one in which they are
small, are witnesses for all of them. Counts for which a common solution does not exist are halved until it does, or until
one is left alone with too little room.

Source: reference `statistics.md`, section 6, step 3; Fischetti, Salazar (2001), *Solving the cell suppression problem on
tabular data with linear constraints*, Management Science 47(7), for the inequality that a dual gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from linkage.errors import DisclosureError
from linkage.statistics.attack import EPSILON, Attack, Facts, Floats, Gap, Sweep, facts_of, given, propagated, unrolled
from linkage.statistics.universe import Flags, Ints

# At most so many gaps of one part at a time: hiding for their sake mostly closes the others.
GAPS_AT_ONCE = 4
_SOLVED = 0


@dataclass(frozen=True, eq=False)
class Part:
    """Hidden counts that hang together, as moves f away from the truth: `matrix @ f` is at most `slack`, in equal rows zero.

    Attributes:
        cells: (k,) their places, rising.
        rows: (r,) the facts that can bind them.
        matrix: (r, k).
        slack: (r,).
        equal: (r,).
        low, high: (k,) how far each can move at most, downwards as a negative number.
    """

    cells: Ints
    rows: Ints = field(repr=False)
    matrix: sparse.csr_array = field(repr=False)
    slack: Floats = field(repr=False)
    equal: Flags = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)


def parts(attack: Attack, facts: Facts, hidden: Flags, sweeps: list[Sweep]) -> list[Part]:
    """The hidden counts that can move, in sets that share no fact that can bind them, in the order of their first cells."""
    size, margins = len(hidden), attack.margins
    reach = sweeps[-1].reach
    cells = np.flatnonzero(hidden & (reach[:size] + reach[size:] > EPSILON))
    growth = given(facts, reach)[: margins.matrix.shape[0]] - facts.slack[: margins.matrix.shape[0]]
    binding = margins.equal | (growth > facts.slack[: len(growth)] + EPSILON)
    columns = sparse.csc_array(margins.matrix)[:, cells]
    matrix = sparse.csr_array(columns)
    rows = np.flatnonzero(binding & (np.diff(matrix.indptr) > 0))
    matrix = matrix[rows]
    slack = np.where(margins.equal, 0.0, facts.slack[: len(growth)])[rows]
    whole = Part(cells, rows, matrix, slack, margins.equal[rows], -reach[size:][cells], reach[:size][cells])
    return _split(whole)


def _split(whole: Part) -> list[Part]:
    if not len(whole.cells):
        return []
    links = sparse.block_array([[None, whole.matrix], [whole.matrix.T, None]])
    labels = connected_components(links, directed=False)[1] if len(whole.rows) else np.arange(len(whole.cells))
    of_row, of_cell = labels[: len(whole.rows)], labels[len(whole.rows) :]
    columns = sparse.csc_array(whole.matrix)
    return [_of(whole, columns, np.flatnonzero(of_row == label), np.flatnonzero(of_cell == label)) for label in _in_order(of_cell)]


def _in_order(labels: Ints) -> Ints:
    found, first = np.unique(labels, return_index=True)
    ordered: Ints = found[np.argsort(first)]
    return ordered


def _of(whole: Part, columns: sparse.csc_array, rows: Ints, cells: Ints) -> Part:
    matrix = sparse.csr_array(columns[:, cells])[rows]
    low, high = whole.low[cells], whole.high[cells]
    return Part(whole.cells[cells], whole.rows[rows], matrix, whole.slack[rows], whole.equal[rows], low, high)


def ranges(attack: Attack, hidden: Flags) -> tuple[Floats, Floats]:
    """The smallest and largest value that is left to each count: its own where it is shown.

    Raises:
        DisclosureError: what is known contradicts itself.
    """
    facts = facts_of(attack)
    least, most = attack.count.copy(), attack.count.copy()
    for part in parts(attack, facts, hidden, propagated(facts, hidden)):
        for place, cell in enumerate(part.cells):
            alone = np.array([place])
            least[cell] += solve(part, alone, 1.0).fun
            most[cell] -= solve(part, alone, -1.0).fun
    return least, most


def gaps(attack: Attack, facts: Facts, sweeps: list[Sweep], part: Part, widths: Floats, seen: tuple[Floats, Floats]) -> list[Gap]:
    """Hidden counts of a part that have less room than they need, and why: all of them if they are few.

    Args:
        attack: what the attacker knows.
        facts: the same as bounds.
        sweeps: the bounds in force.
        part: counts that hang together.
        widths: (n,) the room that each count needs; 0: none.
        seen: (n,) the smallest and largest move of each count in solutions found so far; what is found here is added.
    """
    width, least, most = widths[part.cells], seen[0][part.cells], seen[1][part.cells]
    found: list[Gap] = []
    waiting = [np.flatnonzero(width > EPSILON)]
    while waiting and len(found) < GAPS_AT_ONCE:
        lacking = _lacking(waiting.pop(), least, most, width)
        if not len(lacking):
            continue
        duals = [_widen(part, lacking, sign, least, most, width) for sign in (-1.0, 1.0)]
        left = _lacking(lacking, least, most, width)
        if len(lacking) == 1 and len(left):
            found.append(_gap(attack, facts, sweeps, part, int(lacking[0]), duals))
        elif len(left):
            waiting += [left[len(left) // 2 :], left[: len(left) // 2]] if len(left) > 1 else [left]
    seen[0][part.cells], seen[1][part.cells] = least, most
    return found


def _lacking(places: Ints, least: Floats, most: Floats, width: Floats) -> Ints:
    return places[(most - least < width - EPSILON)[places]]


def _widen(part: Part, places: Ints, sign: float, least: Floats, most: Floats, width: Floats) -> Any:
    """One solution in which these counts are as large or small as they may be together, though no further than needed."""
    low, high = part.low.copy(), part.high.copy()
    if len(places) > 1:
        high[places] = np.minimum(high, least + width)[places]
        low[places] = np.maximum(low, most - width)[places]
    result = solve(part, places, sign, low, high)
    np.minimum(least, result.x, out=least)
    np.maximum(most, result.x, out=most)
    return result


def solve(part: Part, places: Ints, sign: float, low: Floats | None = None, high: Floats | None = None) -> Any:
    """The moves in which the sum of some is smallest (sign 1) or largest (sign -1).

    Raises:
        DisclosureError: there are none, which cannot be: the truth is one.
    """
    cost = np.zeros(len(part.cells))
    cost[places] = sign
    equal, other = np.flatnonzero(part.equal), np.flatnonzero(~part.equal)
    result = linprog(
        cost,
        A_ub=part.matrix[other],
        b_ub=part.slack[other],
        A_eq=part.matrix[equal],
        b_eq=part.slack[equal],
        bounds=np.column_stack([part.low if low is None else low, part.high if high is None else high]),
        method="highs-ds",
    )
    if result.status != _SOLVED:
        raise DisclosureError("what is published contradicts itself", hint="this is a bug in headcount: please report it")
    return result


def _gap(attack: Attack, facts: Facts, sweeps: list[Sweep], part: Part, place: int, duals: list[Any]) -> Gap:
    """How far a count can move in both directions, by the duals; their bounds unrolled to what each count adds if hidden."""
    size, cell = len(attack.count), int(part.cells[place])
    moves: dict[int, float] = {}
    free = 0.0
    for sign, result in zip((-1.0, 1.0), duals, strict=True):
        price = np.zeros(len(part.rows))
        price[part.equal], price[~part.equal] = result.eqlin.marginals, result.ineqlin.marginals
        reduced = -(attack.margins.matrix[part.rows].T @ price)
        reduced[cell] += sign
        free += float(np.abs(price[~part.equal]) @ part.slack[~part.equal])
        for at in np.flatnonzero(np.abs(reduced) > EPSILON).tolist():
            move = at + size if reduced[at] > 0 else at
            moves[move] = moves.get(move, 0.0) + abs(float(reduced[at]))
    return unrolled(facts, sweeps, cell, moves, free)
