"""How far one model is from another: did people, lists or data entry change since the model was estimated?

Per comparison three distributions over its levels are set side by side, each by the Jensen–Shannon divergence, which is 0
bits where they are equal, 1 bit where they share no level, and finite where a level is new: m, u, and where the candidate
pairs ended. Divergence weighs a level by how often it occurs, and a coincidence is rare even where it has become ten times
as frequent; so beside it stands what decisions hang on, by how many bits the weight of a match moved on average. Numbers
are told, nothing is switched: whether a new model or a new list is at fault is for a person to say.

The bound above which a comparison is spoken of is a population stability index of 0.1, "small change" in the convention
of credit scoring: a convention and no theorem, and among fewer than about a hundred matches chance alone exceeds it.
The index is Jeffreys' divergence in nats, for near distributions eight times Jensen and Shannon's, hence 0.1 / (8 ln 2) bits.
Weights and the prior are spoken of from one bit on: odds doubled or halved.
Source: Lin 1991, doi:10.1109/18.61115; Lewis 1994, "An Introduction to Credit Scoring", for 0.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.protocol import Protocol
from linkage.unit.estimate import Float
from linkage.unit.model_file import Saved
from linkage.unit.weights import MICROBITS, Microbits, weights

BOUND = 18_000  # microbits of divergence
WEIGHT_BOUND = MICROBITS


class Moved(NamedTuple):
    """How far one comparison moved, in microbits.

    Attributes:
        name: the comparison.
        m, u: divergence of the levels among matches, and among strangers.
        candidates: divergence of the levels among candidate pairs, *not observed* among them.
        weight: by how much the weight of a level changed, up or down, on average over the levels of matches.
    """

    name: str
    m: int
    u: int
    candidates: int
    weight: int

    @property
    def far(self) -> bool:
        """Whether any of it is above its bound."""
        return max(self.m, self.u, self.candidates) > BOUND or self.weight > WEIGHT_BOUND


@dataclass(frozen=True)
class Drift:
    """How far a model is from an earlier one.

    Attributes:
        prior: microbits, change of the log-odds of λ.
        comparisons: in the protocol's order.
    """

    prior: int
    comparisons: tuple[Moved, ...]


def drift(old: Saved, new: Saved, protocol: Protocol) -> Drift:
    """How far `new` is from `old`; both have the comparisons of the protocol."""
    before, after = weights(old.model), weights(new.model)
    return Drift(
        after.prior - before.prior,
        tuple(
            Moved(
                comparison.name,
                divergence(old.model.m[at], new.model.m[at]),
                divergence(old.model.u[at], new.model.u[at]),
                divergence(old.candidates[at], new.candidates[at]),
                _mean_change(before.levels[at], after.levels[at], (old.model.m[at] + new.model.m[at]) / 2),
            )
            for at, comparison in enumerate(protocol.comparisons)
        ),
    )


def divergence(one: Float | NDArray[np.int64], other: Float | NDArray[np.int64]) -> int:
    """Jensen–Shannon divergence of two distributions, in microbits from 0 to a million.

    Args:
        one: (n_levels,) shares or counts; 0 where a level does not occur.
        other: the same of the other. Where either is of no pairs at all there is nothing to compare, and the answer is 0.
    """
    if not one.sum() or not other.sum():
        return 0
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    return max(0, round(MICROBITS * float(_excess(p, middle) + _excess(q, middle)) / 2))


def _excess(p: Float, middle: Float) -> float:
    """Bits by which `p` diverges from `middle`, which is nowhere 0 where `p` is not (Kullback & Leibler 1951)."""
    some = p > 0
    return float((p[some] * np.log2(p[some] / middle[some])).sum())


def _mean_change(before: Microbits, after: Microbits, share: Float) -> int:
    """Microbits; the last place of the weights, *not observed*, is 0 in both."""
    return round(float((np.abs(after - before)[:-1] * share).sum()))


def described(moved: Drift) -> dict[str, Any]:
    """The drift in whole microbits, for the run's manifest."""
    return {"prior": moved.prior, "comparisons": [one._asdict() for one in moved.comparisons]}


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for λ and for each comparison that is further than its bound, from what `described` tells."""
    if abs(told["prior"]) > WEIGHT_BOUND:
        yield f"prior: log-odds of a match moved by {told['prior'] / MICROBITS:+.2f} bits"
    for one in told["comparisons"]:
        moved = Moved(**one)
        if moved.far:
            yield f"{moved.name}: {', '.join(_parts(moved))}"


def _parts(moved: Moved) -> Iterator[str]:
    among = (("m", moved.m), ("u", moved.u), ("levels of candidates", moved.candidates))
    yield from (f"{name} moved by {bits / MICROBITS:.3f} bits" for name, bits in among if bits > BOUND)
    if moved.weight > WEIGHT_BOUND:
        yield f"weights of matches moved by {moved.weight / MICROBITS:.2f} bits"
