"""What would flip a pair: the least that would have to differ for its weight to stand on the other side of the threshold.

A weight is a sum, so changing the level of one comparison moves it by a known number of bits while all else stays. For each
observed comparison the nearest level that would flip the pair alone is named; where none would, or beside it, the smallest
set, taken greedily: the largest step first, and as its last member the smallest change that suffices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Ladder(NamedTuple):
    """An observed comparison and where it ended.

    Attributes:
        comparison: its name.
        levels: names of its levels.
        weights: microbits of each level.
        at: index of the level that was reached.
    """

    comparison: str
    levels: tuple[str, ...]
    weights: tuple[int, ...]
    at: int


class Flip(NamedTuple):
    """One comparison ending elsewhere.

    Attributes:
        comparison: its name.
        observed: the level that it reached.
        instead: the level that it would have to reach.
        bits: microbits by which the weight would change.
    """

    comparison: str
    observed: str
    instead: str
    bits: int


class Flips(NamedTuple):
    """How far a pair is from the other verdict.

    Attributes:
        margin: microbits above the threshold; the pair speaks for one person where that is more than 0.
        most, least: microbits that other levels of what was observed would add at most (≥ 0) and take at most (≤ 0).
        alone: per observed comparison that could flip the pair by itself, its nearest such level.
        never: observed comparisons of which no level alone would flip it.
        smallest: the smallest set of changes that flips it; empty where nothing observed would.
    """

    margin: int
    most: int
    least: int
    alone: tuple[Flip, ...]
    never: tuple[str, ...]
    smallest: tuple[Flip, ...]


def flips(ladders: Sequence[Ladder], margin: int) -> Flips:
    """What would flip a pair.

    Args:
        ladders: the comparisons that were observed.
        margin: microbits of the pair's weight above the threshold.
    """
    nearest = [(ladder.comparison, _nearest(ladder, margin, margin > 0)) for ladder in ladders]
    return Flips(
        margin=margin,
        most=sum(max(ladder.weights) - ladder.weights[ladder.at] for ladder in ladders),
        least=sum(min(ladder.weights) - ladder.weights[ladder.at] for ladder in ladders),
        alone=tuple(flip for _, flip in nearest if flip),
        never=tuple(comparison for comparison, flip in nearest if not flip),
        smallest=_smallest(ladders, margin),
    )


def _changes(ladder: Ladder) -> Iterator[Flip]:
    observed = ladder.weights[ladder.at]
    for level, (name, weight) in enumerate(zip(ladder.levels, ladder.weights, strict=True)):
        if level != ladder.at:
            yield Flip(ladder.comparison, ladder.levels[ladder.at], name, weight - observed)


def _nearest(ladder: Ladder, margin: int, speaks_for: bool) -> Flip | None:
    """The smallest change of one comparison that ends on the other side; ties go to the better level."""
    across = (flip for flip in _changes(ladder) if (margin + flip.bits > 0) != speaks_for)
    return min(across, key=lambda flip: abs(flip.bits), default=None)


def _smallest(ladders: Sequence[Ladder], margin: int) -> tuple[Flip, ...]:
    speaks_for, left = margin > 0, list(ladders)
    taken: list[Flip] = []
    while left:
        last = [flip for ladder in left if (flip := _nearest(ladder, margin, speaks_for))]
        if last:
            return (*taken, min(last, key=lambda flip: abs(flip.bits)))
        place, step = _largest(left, speaks_for)
        if step is None:
            return ()
        margin += step.bits
        taken.append(step)
        del left[place]
    return ()


def _largest(ladders: Sequence[Ladder], speaks_for: bool) -> tuple[int, Flip | None]:
    """The largest step towards the other side, and whose it is; None where every step leads away."""
    sign = -1 if speaks_for else 1
    steps = [(sign * flip.bits, -place, flip) for place, ladder in enumerate(ladders) for flip in _changes(ladder)]
    gain, place, flip = max(steps, key=lambda step: step[:2], default=(0, 0, None))
    return -place, flip if gain > 0 else None
