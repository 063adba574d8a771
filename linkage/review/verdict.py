"""Whether the run says of two records what their pair alone would say, and if not, why.

A pair alone speaks for one person above the threshold. The run's word is that of average linkage under decisions and
source rules. Where the two differ there is one reason at least, and the first that holds is told: a decision, a list that
holds each person once, the mean between the two sides, or weights that were not kept.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from linkage.review.sides import Between

_UNTOLD = "the weights that are kept do not say why: a decision on another pair, or pairs whose weight was not kept"
_FOLLOWS = {"same": True, "different": False}


class Verdict(NamedTuple):
    """The run's word beside the pair's.

    Attributes:
        once: whether the run counts the two once.
        alone: whether the pair alone would; None where it has no weight.
        between: the two sides: of one person, the groups by which the two came together; else their two persons.
        because: why the run's word is not the pair's, or that it is.
    """

    once: bool
    alone: bool | None
    between: Between
    because: str

    @property
    def differs(self) -> bool:
        """Whether the run says other than the pair."""
        return self.alone is not None and self.alone != self.once


def judge(*, once: bool, alone: bool | None, between: Between, decision: str, single: Collection[str]) -> Verdict:
    """Say why.

    Args:
        once: whether the run counts the two once.
        alone: whether the pair alone would; None where it has no weight.
        between: the two sides.
        decision: the verdict in force on the pair, or empty.
        single: agencies whose list holds each person at most once.
    """
    return Verdict(once, alone, between, _because(once, alone, between, decision, single))


def _because(once: bool, alone: bool | None, between: Between, decision: str, single: Collection[str]) -> str:
    wanted = _FOLLOWS.get(decision)
    if wanted is not None and wanted != once:
        return f"decided to be {decision}, and this run does not show it: link again, or see `headcount review list`"
    if alone == once:
        return "the run says what the pair alone would"
    reason = f"decided to be {decision}" if wanted is not None else _joined(between) if once else _parted(between, single)
    return reason if alone is None else f"{reason}; the pair alone would be counted {'once' if alone else 'twice'}"


def _joined(between: Between) -> str:
    return "the pairs between the two sides join them" if between.above > 0 else _UNTOLD


def _parted(between: Between, single: Collection[str]) -> str:
    lists = ({agency for agency, _ in side} for side in (between.left, between.right))
    shared = sorted(set.intersection(*lists) & set(single))
    if shared:
        return f"both sides have a record of {', '.join(shared)}, whose list holds each person once"
    if between.above <= 0:
        nothing = "no weight between the two sides is kept: nothing proposed to compare them, or their odds are below one in 65,536"
        return "the pairs between the two sides do not join them" if between.known else nothing
    return _UNTOLD
