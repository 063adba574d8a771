"""A pair's own weight is one voice: persons come from the mean weight between two groups, over every pair between them.

The run weighs all pairs of a group, also those that nothing proposed; it keeps the weights of candidate pairs alone. So a
mean here is over the weights that are kept, and says over how many of how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.review.spanning import Link
from linkage.unit.entries import RecordName
from linkage.unit.weights import MICROBITS

# As in `unit.cluster`: no single pair, however sure, outvotes more than this on either side of the threshold.
CLIP = 12 * MICROBITS


class Between(NamedTuple):
    """Two groups of records and what is known between them.

    Attributes:
        left, right: (agency, record), sorted.
        known: pairs between them whose weight was kept.
        above: microbits above the threshold, summed over these, each clipped at ±`CLIP`.
    """

    left: tuple[RecordName, ...]
    right: tuple[RecordName, ...]
    known: int
    above: int

    @property
    def pairs(self) -> int:
        """All pairs between the two groups."""
        return len(self.left) * len(self.right)

    @property
    def mean(self) -> int:
        """Microbits above the threshold, rounded down; 0 where no weight was kept."""
        return self.above // self.known if self.known else 0


def between(left: Iterable[RecordName], right: Iterable[RecordName], links: Iterable[Link], threshold: int) -> Between:
    """What the links say between two groups without a common member."""
    one, other = set(left), set(right)
    across = [link for link in links if _crosses(link, one, other)]
    above = sum(_clipped(link, threshold) for link in across)
    return Between(tuple(sorted(one)), tuple(sorted(other)), len(across), above)


def _crosses(link: Link, one: set[RecordName], other: set[RecordName]) -> bool:
    return (link.left in one and link.right in other) or (link.left in other and link.right in one)


def _clipped(link: Link, threshold: int) -> int:
    return max(-CLIP, min(CLIP, link.weight - threshold))


def meeting(members: Sequence[RecordName], links: Sequence[Link], threshold: int, pair: tuple[RecordName, RecordName]) -> Between:
    """The two groups by which a pair of one person came together, under average linkage of the links.

    Where every pair was kept and nothing was decided, this is what the run did. Where links do not join the two at all,
    the groups are those that each of them had reached.

    Args:
        members: records of the person.
        links: the candidate pairs among them.
        threshold: microbits at which a pair speaks neither for nor against.
        pair: two of the members.
    """
    ordered = sorted(members)
    place = {member: number for number, member in enumerate(ordered)}
    total, known = _squares(place, links, threshold)
    group = np.arange(len(ordered))
    here, there = place[pair[0]], place[pair[1]]
    while known.any():
        into, out = _best(total, known)
        if {into, out} == {group[here], group[there]}:
            break
        _merge(into, out, total, known, group)
    left, right = ([member for member in ordered if group[place[member]] == group[end]] for end in (here, there))
    return between(left, right, links, threshold)


def _squares(place: dict[RecordName, int], links: Sequence[Link], threshold: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(k, k) symmetric sums of microbits above the threshold, and of how many pairs."""
    total, known = (np.zeros((len(place), len(place)), np.int64) for _ in range(2))
    for link in links:
        left, right = place[link.left], place[link.right]
        total[left, right] = total[right, left] = _clipped(link, threshold)
        known[left, right] = known[right, left] = 1
    return total, known


def _best(total: NDArray[np.int64], known: NDArray[np.int64]) -> tuple[int, int]:
    """The two groups of the largest mean, ties to the smallest indices."""
    mean = np.full(total.shape, -np.inf)
    np.divide(total, known, out=mean, where=known > 0)
    left, right = divmod(int(mean.argmax()), len(mean))
    return left, right


def _merge(into: int, out: int, total: NDArray[np.int64], known: NDArray[np.int64], group: NDArray[np.int64]) -> None:
    for square in (total, known):
        square[into] += square[out]
        square[:, into] = square[into]
        square[[out, into], [out, into]] = 0
        square[out], square[:, out] = 0, 0
    group[group == out] = into
