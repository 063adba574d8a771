"""A weight as a waterfall: it starts at the prior, each comparison moves it, and where it ends is the total.

The same steps are drawn in characters here and as SVG in `pair_svg`. What a run adds to a pair beyond its comparisons is
the step `other`, so the steps always add up to the stored weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from linkage.schema import NOT_OBSERVED

WIDTH = 28
PRIOR, OTHER = "prior", "other"


class Term(NamedTuple):
    """What one comparison says.

    Attributes:
        comparison: its name.
        level: where it ended; `not observed` is no evidence.
        m, u: per million, how often it ends there for one person's records and for strangers'; None: not observed.
        bits: microbits that it adds.
    """

    comparison: str
    level: str
    m: int | None
    u: int | None
    bits: int

    @property
    def unobserved(self) -> bool:
        """Whether it is no evidence."""
        return self.level == NOT_OBSERVED


class Step(NamedTuple):
    """One step of the weight.

    Attributes:
        term: what makes it; of the prior and of `other` only name and bits mean something.
        start, end: microbits before and after it.
    """

    term: Term
    start: int
    end: int


class Ink(NamedTuple):
    """Characters to draw with: steps up, steps down, the total, the threshold, a branch of a tree."""

    up: str
    down: str
    total: str
    threshold: str
    branch: str


ASCII = Ink("+", "-", "=", "|", "`-")
BLOCKS = Ink("█", "░", "▓", "│", "└─")


class Scale(NamedTuple):
    """The weights between which all is drawn, in microbits, the lower first."""

    low: int
    high: int

    def place(self, microbits: int, length: int) -> int:
        """Where a weight stands, 0 to `length`, rounded down."""
        return (microbits - self.low) * length // (self.high - self.low)


def steps(prior: int, terms: Sequence[Term], total: int) -> tuple[Step, ...]:
    """Prior, every comparison in its order, and `other` where these do not come to the total; in microbits."""
    other = total - prior - sum(term.bits for term in terms)
    moves = [Term(PRIOR, "", None, None, prior), *terms, *([Term(OTHER, "", None, None, other)] if other else [])]
    running, found = 0, []
    for term in moves:
        found.append(Step(term, running, running + term.bits))
        running += term.bits
    return tuple(found)


def scale(walked: Sequence[Step], threshold: int) -> Scale:
    """From the lowest to the highest weight on the way, 0 and the threshold included."""
    stops = [0, threshold, *(step.end for step in walked)]
    low, high = min(stops), max(stops)
    return Scale(low, max(high, low + 1))


def bar(start: int, end: int, threshold: int, within: Scale, ink: Ink, *, total: bool = False) -> str:
    """A step in characters, `WIDTH` of them without the blanks at the end; what is not nothing fills one at least."""
    cells = [" "] * WIDTH
    cells[within.place(threshold, WIDTH - 1)] = ink.threshold
    if start != end:
        first, last = (within.place(edge, WIDTH - 1) for edge in sorted((start, end)))
        cells[first : last + 1] = [ink.total if total else ink.up if end > start else ink.down] * (last + 1 - first)
    return "".join(cells).rstrip()
