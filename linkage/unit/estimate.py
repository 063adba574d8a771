"""How much each level of agreement says: Fellegi–Sunter's m, u and λ, from the encodings alone, without labels.

In words: m is how often a comparison ends at a level *when the two records are one person*, u how often *when they are
not*, and λ the share of all pairs that are one person. They are found by expectation–maximisation over two tables of
agreement patterns: the *candidates*, where nearly all matches are, tell m and λ; the *background*, which stands for all
pairs, tells u, each of its pairs weighted by the probability that it is no match. So u is not spoilt by the matches among
them (in a small list an exact birth date is more often a match than a coincidence), and the prior is that of all pairs,
not of the blocked ones. A comparison that is not observed is no evidence, nor is a level that the protocol calls silent.

Two comparisons that go together among one person's records are not counted twice: of the pairs of comparisons that the
protocol calls dependent the model learns by how much more often two levels come together than they would by themselves,
drawn towards "no more often" where few matches tell.
Source: Fellegi & Sunter 1969; Winkler 1988 for the EM; estimation from counts of patterns as in fastLink (Enamorado et al. 2019);
dependence as a forest of pairs after Chow & Liu 1968.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linkage.errors import ModelError

Float = NDArray[np.float64]
MAX_ITERATIONS = 500
TOLERANCE = 1e-6
_SMALLEST_PRIOR, _LARGEST_PRIOR = 1e-12, 0.5
_PAIRS_FOR_JUDGEMENT = 1000
_ASSUMED_AT_LEAST = 50.0
_ASSUMED_BEHIND_LOCKS = 500.0
_LEAST_OF_ASSUMED = 0.5
_MOSTLY, _TELLS_UP_TO = 0.75, 0.25
_ROUNDS = 2
_STEPS_TO_SETTLE = 25
_INDEPENDENT_MATCHES = 10.0


@dataclass(frozen=True)
class PatternCounts:
    """Distinct comparison vectors and how often each occurs.

    Attributes:
        patterns: (n_patterns, n_comparisons) int8 levels, −1 = not observed.
        counts: (n_patterns,) pairs; of a sample, as many as each stands for.
        possible: (n_patterns,) bool, whether one person's records can show the pattern at all; all can if None.
        by_pass: (n_patterns, n_passes), how many of the pairs each blocking pass proposed; None where that is not known.
    """

    patterns: NDArray[np.int8]
    counts: NDArray[np.int64] | Float
    possible: NDArray[np.bool_] | None = None
    by_pass: Float | None = None


@dataclass(frozen=True)
class Assumed:
    """What is taken for granted before the data speak; it decides in a list of five records and vanishes in one of thousands.

    Attributes:
        strangers: per comparison, (n_levels,) pairs of strangers that are assumed to have ended at each level, all > 0.
        errors: per comparison, the least and the largest share of matches that is taken to end at *different*.
        silent: per comparison, (n_levels,) bool: levels that weigh nothing.
        known: per comparison, whether u is what is assumed of strangers, however many are seen.
        locked: per comparison, whether strangers are seen only where they share a lock.
        blind: per comparison, (n_passes,) bool: passes that tell nothing of what is compared behind locks.
        dependent: pairs of columns of comparisons, of which the second depends on the first among matches; a forest.
    """

    strangers: tuple[Float, ...]
    errors: tuple[tuple[float, float], ...]
    silent: tuple[NDArray[np.bool_], ...]
    known: tuple[bool, ...]
    locked: tuple[bool, ...]
    blind: tuple[NDArray[np.bool_], ...]
    dependent: tuple[tuple[int, int], ...] = ()

    @functools.cached_property
    def shares(self) -> tuple[Float, ...]:
        """Per comparison, (n_levels,) the share of strangers that are assumed to end at each level."""
        return tuple(said / said.sum() for said in self.strangers)


class Joint(NamedTuple):
    """How the level of one comparison depends on that of another among matches.

    Attributes:
        first, second: their columns; the second depends on the first.
        ratio: (n_levels of the first + 1, n_levels of the second) how many times as often the second ends at a level, given
            where the first ended; the last row is for a first that was not observed.
    """

    first: int
    second: int
    ratio: Float


@dataclass(frozen=True)
class Model:
    """A fitted Fellegi–Sunter model.

    Attributes:
        prior: λ, share of all pairs that are one person, in (0, 0.5].
        m, u: per comparison, (n_levels,) probabilities that sum to 1.
        iterations: EM steps made.
        converged: whether the largest change of the last step was below the tolerance.
        silent: per comparison, (n_levels,) bool: levels that weigh nothing; none does if empty.
        joint: what goes together among matches.
    """

    prior: float
    m: tuple[Float, ...]
    u: tuple[Float, ...]
    iterations: int
    converged: bool
    silent: tuple[NDArray[np.bool_], ...] = ()
    joint: tuple[Joint, ...] = ()


def estimate(candidates: PatternCounts, background: PatternCounts, assumed: Assumed, all_pairs: int, n_records: int) -> Model:
    """Fit the model.

    Args:
        candidates: patterns of the candidate pairs.
        background: patterns of all pairs, or of so many that stand for them.
        assumed: what is taken for granted before the data speak; where there are no pairs, it is the model.
        all_pairs: number of pairs among the records, n(n − 1)/2.
        n_records: number of records; one duplicate per record is the starting value of λ.

    Raises:
        ModelError: the fit says that all pairs are matches, or that a match agrees less than a stranger.
    """
    model = _start(background, assumed, n_records)
    for _ in range(_ROUNDS if len(candidates.counts) else 0):
        told = _strangers_behind_locks(candidates, model, assumed)
        model = _until_settled(_start(background, told, n_records), candidates, background, told, all_pairs, MAX_ITERATIONS)
    if len(candidates.counts) and all_pairs >= _PAIRS_FOR_JUDGEMENT:
        _refuse_degenerate(candidates, model)
    return model


def settle(model: Model, candidates: PatternCounts, background: PatternCounts, assumed: Assumed, all_pairs: int) -> Model:
    """The model that other counts and assumptions would have led to, a few steps of EM from a fitted one.

    Where there are no candidates, it is the fitted one: a list of one record has no pairs to learn from.
    """
    if not len(candidates.counts):
        return model
    told = _strangers_behind_locks(candidates, model, assumed)
    return _until_settled(model, candidates, background, told, all_pairs, _STEPS_TO_SETTLE)


def _until_settled(
    model: Model, candidates: PatternCounts, background: PatternCounts, assumed: Assumed, all_pairs: int, steps: int
) -> Model:
    """EM until a step changes nothing worth mentioning, or the cap on iterations."""
    change, last = 1.0, model.iterations + steps
    while model.iterations < last and change > TOLERANCE:
        after = _step(model, candidates, background, assumed, all_pairs)
        change = _largest_change(model, after)
        model = after
    return replace(model, converged=change <= TOLERANCE)


def _start(background: PatternCounts, assumed: Assumed, n_records: int) -> Model:
    """One duplicate per record; matches as they usually are; everybody a stranger."""
    m = tuple(_one_match(len(one)) for one in assumed.strangers)
    u = _strangers_shares(background, background.counts.astype(np.float64), assumed)
    joint = tuple(Joint(a, b, np.ones((len(m[a]) + 1, len(m[b])))) for a, b in assumed.dependent)
    return Model(min(1.0 / max(n_records, 2), _LARGEST_PRIOR), m, u, 0, True, assumed.silent, joint)


def _step(model: Model, candidates: PatternCounts, background: PatternCounts, assumed: Assumed, all_pairs: int) -> Model:
    """One step of EM: who is a match by the model, and what the model is by these."""
    said = _said(model)
    in_candidates = _probability(candidates, said) * candidates.counts
    in_background = (1.0 - _probability(background, said)) * background.counts
    one_match = [_one_match(len(one)) for one in assumed.strangers]
    prior = float(np.clip(in_candidates.sum() / all_pairs, _SMALLEST_PRIOR, _LARGEST_PRIOR))
    m = _with_errors(_shares(candidates, in_candidates, one_match), model.m, assumed.errors)
    u = _strangers_shares(background, in_background, assumed)
    joint = tuple(_joint(candidates, in_candidates, one) for one in model.joint)
    return Model(prior, m, u, model.iterations + 1, False, model.silent, joint)


def match_probability(table: PatternCounts, model: Model) -> Float:
    """(n_patterns,) posterior probability of one person: λ·m(γ) / (λ·m(γ) + (1 − λ)·u(γ)); 0 for what is impossible.

    Source: Fellegi & Sunter 1969, with independence of all comparisons that do not depend on each other.
    """
    return _probability(table, _said(model))


class _Said(NamedTuple):
    """What a model says of any pattern, in bits.

    Attributes:
        prior: log-odds before any evidence.
        levels: (n_comparisons, n_levels + 1) what each level adds, first *not observed*.
        joint: the columns that go together, and what their levels add by coming together.
    """

    prior: float
    levels: Float
    joint: tuple[tuple[int, int, Float], ...]


def _said(model: Model) -> _Said:
    by_level = level_bits(model)
    levels = np.zeros((len(by_level), max(map(len, by_level)) + 1))
    for column, weights in enumerate(by_level):
        levels[column, 1 : len(weights) + 1] = weights
    prior = np.log2(model.prior) - np.log2(1.0 - model.prior)
    return _Said(prior, levels, tuple((one.first, one.second, joint_bits(one)) for one in model.joint))


def _probability(table: PatternCounts, said: _Said) -> Float:
    bits = np.full(len(table.patterns), said.prior)
    _add_levels(table.patterns, said.levels, bits)
    for first, second, weights in said.joint:
        _add_joint(table.patterns, first, second, weights, bits)
    chance: Float = 1.0 / (1.0 + np.exp2(-bits))
    return chance if table.possible is None else chance * table.possible


@njit(nogil=True, cache=True)
def _add_levels(patterns: NDArray[np.int8], levels: Float, bits: Float) -> None:  # pragma: no cover - compiled
    """Add to the bits of each pattern what its levels say, (n_comparisons, n_levels + 1), first *not observed*."""
    for row in range(len(bits)):
        total = bits[row]
        for column in range(len(levels)):
            total += levels[column, patterns[row, column] + 1]
        bits[row] = total


@njit(nogil=True, cache=True)
def _add_joint(
    patterns: NDArray[np.int8], first: int, second: int, joint: Float, bits: Float
) -> None:  # pragma: no cover - compiled
    """Add what two levels say by coming together; last in both directions, *not observed*."""
    for row in range(len(bits)):
        bits[row] += joint[patterns[row, first], patterns[row, second]]


def level_bits(model: Model) -> list[Float]:
    """Per comparison, (n_levels,) bits log2(m/u); 0 at silent levels."""
    bits = np.log2(np.concatenate(model.m)) - np.log2(np.concatenate(model.u))
    if model.silent:
        bits[np.concatenate(model.silent)] = 0.0
    ends = list(itertools.accumulate(map(len, model.m), initial=0))
    return [bits[start:end] for start, end in itertools.pairwise(ends)]


def joint_bits(joint: Joint) -> Float:
    """(n_levels + 1, n_levels + 1) bits that two levels add by coming together; 0 where the second, last, is not observed."""
    bits = np.zeros((joint.ratio.shape[0], joint.ratio.shape[1] + 1))
    bits[:, :-1] = np.log2(joint.ratio)
    return bits


def _joint(table: PatternCounts, weight: Float, joint: Joint) -> Joint:
    """How often two levels come together among matches, over how often they would by themselves.

    Both counts are raised by the same number of matches, so that the ratio is 1 where nothing is known. That the first was
    not observed is no evidence, but what the second says may then mean another thing: who is known by one name is known by
    a pet name.
    """
    rows, columns = joint.ratio.shape
    counted = _counted_together(table.patterns, joint.first, joint.second, weight, np.zeros((rows, columns + 1)))
    together = counted[:, :-1]  # not observed is a row, and no column
    apart = np.outer(together.sum(axis=1), together.sum(axis=0)) / max(float(together.sum()), 1e-9)
    return joint._replace(ratio=(together + _INDEPENDENT_MATCHES) / (apart + _INDEPENDENT_MATCHES))


@njit(nogil=True, cache=True)
def _counted_together(
    patterns: NDArray[np.int8], first: int, second: int, weight: Float, out: Float
) -> Float:  # pragma: no cover - compiled
    """How often two levels come together; *not observed* is last in both directions."""
    for row in range(len(weight)):
        out[patterns[row, first], patterns[row, second]] += weight[row]
    return out


def _with_errors(m: tuple[Float, ...], before: tuple[Float, ...], errors: Sequence[tuple[float, float]]) -> tuple[Float, ...]:
    """The shares m with the level *different* kept between its bounds, the other levels changed in proportion.

    Above the upper bound the share is brought down step by step, until of those who are taken for matches no more end there:
    where namesakes are many, a bound on m alone would leave it to λ to make room for them.
    """
    return tuple(_bounded(one, float(old[-1]), *bounds) for one, old, bounds in zip(m, before, errors, strict=True))


def _bounded(m: Float, before: float, least: float, most: float) -> Float:
    seen = float(m[-1])
    held = before * most / seen
    wrong = held if held < min(seen, most) else max(min(seen, most), least)
    if wrong == seen:
        return m
    return np.append(m[:-1] * ((1.0 - wrong) / (1.0 - seen)), wrong)


@functools.cache
def _one_match(size: int) -> Float:
    """One match, spread as matches usually are: mostly best, each further level five times rarer. EM starts from it."""
    share = np.power(0.2, np.arange(size))
    return np.asarray(share / share.sum(), dtype=np.float64)


def _shares(table: PatternCounts, weight: Float, assumed: Sequence[Float]) -> tuple[Float, ...]:
    """Share of the weight at each level of each comparison, among pairs where it was observed.

    Args:
        table: agreement patterns.
        weight: (n_patterns,) pairs of each pattern, by expectation.
        assumed: per comparison, (n_levels,) pairs added to each level, so that a level never seen is rare and not
            impossible. For m it is one match, spread as matches usually are, because in a list of two hundred records even
            half a match at every worst level would make namesakes persons.
    """
    counted = _counted(table.patterns, weight, np.zeros((len(assumed), max(map(len, assumed)) + 1)))
    return tuple(_with_assumed(sums, added) for sums, added in zip(counted, assumed, strict=True))


@njit(nogil=True, cache=True)
def _counted(patterns: NDArray[np.int8], weight: Float, out: Float) -> Float:  # pragma: no cover - compiled
    """(n_comparisons, n_levels + 1) weight at each level of each comparison, the first *not observed*."""
    for row in range(len(weight)):
        for column in range(len(out)):
            out[column, patterns[row, column] + 1] += weight[row]
    return out


def _with_assumed(sums: Float, added: Float) -> Float:
    """(n_levels,) shares of what was counted, *not observed* first, and of what is added to each level."""
    both = sums[1 : len(added) + 1] + added
    return np.asarray(both / both.sum(), dtype=np.float64)


def _strangers_shares(table: PatternCounts, weight: Float, assumed: Assumed) -> tuple[Float, ...]:
    """Share of strangers at each level: as the pairs show it, or as the assumption has it where that is more.

    What nobody happened to share in a short list may still be a coincidence in the next one, so the assumption counts for
    as many pairs as it has; but where half the list is of one family name, no assumption may call that rare: EM would
    take the family for one person.
    """
    counted = _counted(table.patterns, weight, np.zeros((len(assumed.strangers), max(map(len, assumed.strangers)) + 1)))
    out = list(assumed.shares)
    for column, (sums, said) in enumerate(zip(counted, assumed.strangers, strict=True)):
        if not (assumed.known[column] or assumed.locked[column]):
            slightly = _ASSUMED_AT_LEAST * said / said.sum()
            out[column] = _more_coincidence(_with_assumed(sums, said), _with_assumed(sums, slightly))
    return tuple(out)


def _strangers_behind_locks(table: PatternCounts, model: Model, assumed: Assumed) -> Assumed:
    """The assumptions, with those about comparisons behind locks as strangers show them.

    Strangers are seen there only where they share a lock; where a pass that tells nothing of a comparison brought them
    together by chance, they tell how often strangers agree on it. Only passes count three quarters of whose pairs are
    strangers: among the few that rare locks leave, relatives are too many. Whoever may well be a match tells nothing, because
    a tenth of many matches would be more than all coincidence; and no level becomes rarer than half of what is assumed.
    """
    if table.by_pass is None:
        return assumed
    matches = match_probability(table, model)
    strangers = np.where(matches < _TELLS_UP_TO, 1.0 - matches, 0.0)
    mostly = strangers @ table.by_pass > _MOSTLY * table.by_pass.sum(axis=0)
    shown = list(assumed.strangers)
    for column, (said, blind) in enumerate(zip(assumed.strangers, assumed.blind, strict=True)):
        level = table.patterns[:, column]
        weight = strangers * table.by_pass[:, blind & mostly].sum(axis=1)
        if assumed.locked[column] and not assumed.known[column] and weight[level >= 0].any():
            sums = np.bincount(level[level >= 0], weights=weight[level >= 0], minlength=len(said))
            learnt = sums + _ASSUMED_BEHIND_LOCKS * said / said.sum()
            shown[column] = np.maximum(learnt, _LEAST_OF_ASSUMED * said * (learnt.sum() / said.sum()))
    return replace(assumed, strangers=tuple(shown))


def _more_coincidence(one: Float, other: Float) -> Float:
    """At each level but the last, *different*, the larger share; *different* has the rest, and never less than a tenth of it."""
    agreeing = np.maximum(one[:-1], other[:-1])
    rest = max(1.0 - float(agreeing.sum()), 0.1 * float(min(one[-1], other[-1])))
    shares = np.append(agreeing, rest)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _largest_change(before: Model, after: Model) -> float:
    """The largest change of any m, or of λ relative to itself."""
    of_m = np.abs(np.concatenate(after.m) - np.concatenate(before.m)).max()
    return float(max(abs(after.prior - before.prior) / before.prior, of_m))


def _refuse_degenerate(candidates: PatternCounts, model: Model) -> None:
    """A fit in which best agreement speaks against a match has found something other than persons."""
    weighing = [column for column, bits in enumerate(level_bits(model)) if bits.any()]
    observed = [column for column in weighing if (candidates.patterns[:, column] >= 0).any()]
    informative = [model.m[column][0] > model.u[column][0] for column in observed]
    if model.prior >= _LARGEST_PRIOR or not informative or not any(informative):
        raise ModelError("the estimate is degenerate: agreement does not speak for a match in any comparison")
