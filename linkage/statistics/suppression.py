"""Which further counts to hide, so that the small ones cannot be worked out from the rest.

The audit names counts with too little room and, for each, the sum that leaves them so little. Hiding must be such that all
these sums leave enough: an integer programme chooses the cells whose loss weighs least. New choices open new lines of
attack, so that audit and choice alternate until the audit finds nothing. Each choice is the best for all sums known so
far, and the last one withstands everything: the pattern is then optimal.

Only cells that stand in one sum together depend on each other, so that the programme falls apart into small ones. Where
one does not end within `NODES` nodes, or the alternation within `ROUNDS` rounds, the cheapest cells of each open sum are
hidden instead and nothing is shown again. Limits are counted in steps, never in seconds: the same cells give the same pattern.

Source: reference `statistics.md`, section 6, step 2; Fischetti, Salazar (2001), Management Science 47(7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from linkage.statistics.attack import EPSILON, Attack, Facts, Floats, Gap, facts_of, plain_gaps, propagated
from linkage.statistics.disclosure_audit import gaps, parts
from linkage.statistics.universe import Flags, Ints

ROUNDS = 12
NODES = 500
# Rooms are rounded down to this share of what is needed, which halves, thirds, quarters and fifths are exactly.
GRAIN = 60


@dataclass(frozen=True, eq=False)
class Task:
    """What must be hidden, what may be, and how well.

    Attributes:
        attack: what an attacker knows.
        unseen: (n,) counts that nobody shows: unsafe ones, and sums that are not published.
        open: (n,) counts that may be hidden for others' sake.
        weight: (n,) what is lost with each.
        width: (n,) the room that each count needs when it is hidden.
        floor: (n,) the least room, where not even hiding everything gives the full one.
    """

    attack: Attack
    unseen: Flags = field(repr=False)
    open: Flags = field(repr=False)
    weight: Floats = field(repr=False)
    width: Floats = field(repr=False)
    floor: Floats = field(repr=False)


class Pattern(NamedTuple):
    """What is hidden.

    Attributes:
        hidden: (n,) everything unseen: `Task.unseen` and the counts hidden for its sake.
        exposed: places of counts that have less than their floor of room, whatever is hidden.
        rounds: of choice and audit.
        optimal: whether no pattern loses less.
    """

    hidden: Flags
    exposed: tuple[int, ...]
    rounds: int
    optimal: bool


class _Seen(NamedTuple):
    """The smallest and largest moves in solutions of the audit: they stay possible while more is hidden.

    Attributes:
        hidden: (n,) under what they were found.
        least, most: (n,).
    """

    hidden: Flags
    least: Floats
    most: Floats


class Cover(NamedTuple):
    """The rooms of these cells, where hidden, must add up to `GRAIN` at least."""

    cells: Ints
    room: Ints


def suppress(task: Task) -> Pattern:
    """The pattern that loses least and that the audit passes."""
    facts, width, exposed = facts_of(task.attack), task.width.copy(), set[int]()
    hidden, covers, optimal = task.unseen.copy(), list[Cover](), True
    seen, solved = _Seen(hidden, *np.zeros((2, len(hidden)))), dict[tuple[int, ...], tuple[Ints, bool]]()
    for turn in range(1, 100 * ROUNDS):
        found = plain_gaps(facts, hidden, width)
        if not found:
            seen = _Seen(hidden, *(seen[1:] if not (seen.hidden & ~hidden).any() else np.zeros((2, len(hidden)))))
            found = _audited(task.attack, facts, hidden, width, seen)
        if not found:
            return Pattern(hidden & ~_idle(task, facts, hidden), tuple(sorted(exposed)), turn, optimal)
        new = [cover for gap in found if (cover := _cover(task, gap, width, exposed)) is not None]
        covers += new
        if turn < ROUNDS:
            hidden, proven = _cheapest(task, covers, solved)
        else:
            hidden, proven = _greedy(new, task.weight, hidden), not new
        optimal &= proven
    raise ValueError("suppression does not end")  # pragma: no cover


def _idle(task: Task, facts: Facts, hidden: Flags) -> Flags:
    """Counts hidden for others' sake that everybody can work out: they protect nothing, and may as well be shown."""
    reach = propagated(facts, hidden)[-1].reach
    return task.open & hidden & (reach[: len(hidden)] + reach[len(hidden) :] < EPSILON)


def _audited(attack: Attack, facts: Facts, hidden: Flags, width: Floats, seen: _Seen) -> list[Gap]:
    """Gaps of all parts; a part that has all the room it needs in solutions already seen needs no programme."""
    sweeps = propagated(facts, hidden)
    found = [gaps(attack, facts, sweeps, part, width, (seen.least, seen.most)) for part in parts(attack, facts, hidden, sweeps)]
    return [gap for of_part in found for gap in of_part]


def _cover(task: Task, gap: Gap, width: Floats, exposed: set[int]) -> Cover | None:
    """What a gap demands; where all that may be hidden does not suffice, less is asked of the count from now on."""
    need = width[gap.cell] - gap.given - gap.room[task.unseen].sum()
    cells = np.flatnonzero(task.open & (gap.room > EPSILON))
    if need <= EPSILON:
        return None
    room = np.floor(np.minimum(gap.room[cells] / need, 1.0) * GRAIN + EPSILON).astype(np.int64)
    if room.sum() >= GRAIN:
        return Cover(cells[room > 0], room[room > 0])
    attainable = np.floor(width[gap.cell] - need + gap.room[cells].sum() + EPSILON)
    width[gap.cell] = min(attainable, width[gap.cell] - 1)
    if width[gap.cell] < task.floor[gap.cell]:
        exposed.add(gap.cell)
    return None


def _cheapest(task: Task, covers: Sequence[Cover], solved: dict[tuple[int, ...], tuple[Ints, bool]]) -> tuple[Flags, bool]:
    """The counts of least weight that satisfy all covers, with those unseen anyway, and whether that is proven."""
    hidden, proven = task.unseen.copy(), True
    for group in _apart(covers, len(hidden)):
        if group not in solved:
            solved[group] = _programme([covers[number] for number in group], task.weight)
        cells, best = solved[group]
        hidden[cells] = True
        proven &= best
    return hidden, proven


def _apart(covers: Sequence[Cover], size: int) -> list[tuple[int, ...]]:
    """Numbers of the covers in groups that share no cell."""
    if not covers:
        return []
    row = np.repeat(np.arange(len(covers)), [len(cover.cells) for cover in covers])
    cell = np.concatenate([cover.cells for cover in covers])
    link = sparse.coo_array((np.ones(len(row)), (row, len(covers) + cell)), shape=(len(covers) + size,) * 2)
    labels = connected_components(link, directed=False)[1][: len(covers)]
    groups: dict[int, list[int]] = {}
    for number, label in enumerate(labels.tolist()):
        groups.setdefault(label, []).append(number)
    return [tuple(group) for group in groups.values()]


def _programme(covers: Sequence[Cover], weight: Floats) -> tuple[Ints, bool]:
    """The cheapest cells for a group of covers; all of them where the programme finds none within its nodes."""
    cells = np.unique(np.concatenate([cover.cells for cover in covers]))
    row = np.repeat(np.arange(len(covers)), [len(cover.cells) for cover in covers])
    column = np.searchsorted(cells, np.concatenate([cover.cells for cover in covers]))
    rooms = np.concatenate([cover.room for cover in covers]).astype(float)
    matrix = sparse.csr_array((rooms, (row, column)), shape=(len(covers), len(cells)))
    result = milp(
        weight[cells],
        constraints=LinearConstraint(matrix, lb=float(GRAIN)),
        integrality=np.ones(len(cells)),
        bounds=Bounds(0, 1),
        options={"node_limit": NODES, "mip_rel_gap": 0.0},
    )
    if result.x is None:
        return cells, False
    return cells[result.x > 0.5], result.status == 0


def _greedy(covers: Sequence[Cover], weight: Floats, hidden: Flags) -> Flags:
    """Hide for each cover in turn the cells that give most room for their weight, until it is satisfied."""
    chosen = hidden.copy()
    for cover in covers:
        lacking = GRAIN - int(cover.room[chosen[cover.cells]].sum())
        for place in np.lexsort((cover.cells, weight[cover.cells] / cover.room)):
            if lacking <= 0:
                break
            if not chosen[cover.cells[place]]:
                chosen[cover.cells[place]] = True
                lacking -= int(cover.room[place])
    return chosen
