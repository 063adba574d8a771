"""How much each level of agreement says: Fellegi–Sunter's m, u and λ, from the encodings alone, without labels.

In words: m is how often a comparison ends at a level *when the two records are one person*, u how often *when they are
not*, and λ the share of all pairs that are one person. They are found by expectation–maximisation over two tables of
agreement patterns: the *candidates*, where nearly all matches are, tell m and λ; the *background*, which stands for all
pairs, tells u, each of its pairs weighted by the probability that it is no match. So u is not spoilt by the matches among
them (in a small list an exact birth date is more often a match than a coincidence), and the prior is that of all pairs,
not of the blocked ones. A comparison that is not observed is no evidence.
Source: Fellegi & Sunter 1969; Winkler 1988 for the EM; estimation from counts of patterns as in fastLink (Enamorado et al. 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.errors import ModelError

Float = NDArray[np.float64]
MAX_ITERATIONS = 500
TOLERANCE = 1e-6
_SMALLEST_PRIOR, _LARGEST_PRIOR = 1e-12, 0.5
_PAIRS_FOR_JUDGEMENT = 1000
_ASSUMED_AT_LEAST = 50.0


@dataclass(frozen=True)
class PatternCounts:
    """Distinct comparison vectors and how often each occurs.

    Attributes:
        patterns: (n_patterns, n_comparisons) int8 levels, −1 = not observed.
        counts: (n_patterns,) pairs; of a sample, as many as each stands for.
    """

    patterns: NDArray[np.int8]
    counts: NDArray[np.int64] | Float


@dataclass(frozen=True)
class Assumed:
    """What is taken for granted before the data speak; it decides in a list of five records and vanishes in one of thousands.

    Attributes:
        strangers: per comparison, (n_levels,) pairs of strangers that are assumed to have ended at each level, all > 0.
        gross_errors: per comparison, the least share of matches that is taken to end at *different*.
        against: per comparison, bits by which its best level speaks against a match; None = estimated.
        known: per comparison, whether u is what is assumed of strangers, however many are seen: behind locks only those
            strangers are seen that agree on something.
    """

    strangers: tuple[Float, ...]
    gross_errors: tuple[float, ...]
    against: tuple[int | None, ...]
    known: tuple[bool, ...]


@dataclass(frozen=True)
class Model:
    """A fitted Fellegi–Sunter model.

    Attributes:
        prior: λ, share of all pairs that are one person, in (0, 0.5].
        m, u: per comparison, (n_levels,) probabilities that sum to 1.
        iterations: EM steps made.
        converged: whether the largest change of the last step was below the tolerance.
    """

    prior: float
    m: tuple[Float, ...]
    u: tuple[Float, ...]
    iterations: int
    converged: bool


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
    prior = min(1.0 / max(n_records, 2), _LARGEST_PRIOR)
    one_match = [_one_match(len(one)) for one in assumed.strangers]
    m = tuple(one_match)
    u = _strangers_shares(background, background.counts.astype(np.float64), assumed)
    iteration, change = 0, 0.0 if not len(candidates.counts) else 1.0
    while iteration < MAX_ITERATIONS and change > TOLERANCE:
        iteration += 1
        in_candidates = match_probability(candidates.patterns, prior, m, u) * candidates.counts
        in_background = (1.0 - match_probability(background.patterns, prior, m, u)) * background.counts
        before = [np.array([prior]), *m]
        prior = float(np.clip(in_candidates.sum() / all_pairs, _SMALLEST_PRIOR, _LARGEST_PRIOR))
        m = _with_gross_errors(_shares(candidates, in_candidates, one_match), assumed.gross_errors)
        u = _strangers_shares(background, in_background, assumed)
        m = _with_fixed(m, u, assumed.against)
        change = _largest_change(before, [np.array([prior]), *m])
    if len(candidates.counts) and all_pairs >= _PAIRS_FOR_JUDGEMENT:
        free = [column for column, bits in enumerate(assumed.against) if bits is None]
        _refuse_degenerate(candidates, prior, m, u, free)
    return Model(prior, m, u, iteration, change <= TOLERANCE)


def match_probability(patterns: NDArray[np.int8], prior: float, m: tuple[Float, ...], u: tuple[Float, ...]) -> Float:
    """(n_patterns,) posterior probability of one person: λ·m(γ) / (λ·m(γ) + (1 − λ)·u(γ)).

    Source: Fellegi & Sunter 1969, with conditional independence of the comparisons.
    """
    bits = np.full(len(patterns), np.log2(prior) - np.log2(1.0 - prior))
    for column, (one_m, one_u) in enumerate(zip(m, u, strict=True)):
        weights = np.append(np.log2(one_m) - np.log2(one_u), 0.0)  # index −1: not observed, no evidence
        bits += weights[patterns[:, column]]
    chance: Float = 1.0 / (1.0 + np.exp2(-bits))
    return chance


def _with_gross_errors(m: tuple[Float, ...], least: tuple[float, ...]) -> tuple[Float, ...]:
    """The shares m with the level *different* raised to its least share, the other levels lowered in proportion."""
    return tuple(_raised(one, share) for one, share in zip(m, least, strict=True))


def _with_fixed(m: tuple[Float, ...], u: tuple[Float, ...], against: tuple[int | None, ...]) -> tuple[Float, ...]:
    """The shares m of comparisons that the protocol fixes: so many bits against at the best level, u elsewhere."""
    return tuple(one if bits is None else _fixed(of_u, bits) for one, of_u, bits in zip(m, u, against, strict=True))


def _fixed(u: Float, bits: int) -> Float:
    best = u[0] * 2.0**-bits
    return np.append(best, u[1:] * ((1.0 - best) / (1.0 - u[0])))


def _raised(m: Float, least: float) -> Float:
    if m[-1] >= least:
        return m
    return np.append(m[:-1] * ((1.0 - least) / (1.0 - m[-1])), least)


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
    out = []
    for column, added in enumerate(assumed):
        level = table.patterns[:, column]
        seen = level >= 0
        sums = np.bincount(level[seen], weights=weight[seen], minlength=len(added)) + added
        out.append(sums / sums.sum())
    return tuple(out)


def _strangers_shares(table: PatternCounts, weight: Float, assumed: Assumed) -> tuple[Float, ...]:
    """Share of strangers at each level: as the pairs show it, or as the assumption has it where that is more.

    What nobody happened to share in a short list may still be a coincidence in the next one, so the assumption counts for
    as many pairs as it has; but where half the list is of one family name, no assumption may call that rare: EM would
    take the family for one person.
    """
    slightly = [_ASSUMED_AT_LEAST * one / one.sum() for one in assumed.strangers]
    both = zip(_shares(table, weight, assumed.strangers), _shares(table, weight, slightly), strict=True)
    seen = (_more_coincidence(one, other) for one, other in both)
    said = (one / one.sum() for one in assumed.strangers)
    return tuple(one if known else other for one, other, known in zip(said, seen, assumed.known, strict=True))


def _more_coincidence(one: Float, other: Float) -> Float:
    """At each level but the last, *different*, the larger share; *different* has the rest, and never less than a tenth of it."""
    agreeing = np.maximum(one[:-1], other[:-1])
    rest = max(1.0 - float(agreeing.sum()), 0.1 * float(min(one[-1], other[-1])))
    shares = np.append(agreeing, rest)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _largest_change(before: Sequence[Float], after: Sequence[Float]) -> float:
    """The largest change of any m, or of λ relative to itself (the first entry)."""
    of_prior, *of_m = (np.abs(new - old).max() for old, new in zip(before, after, strict=True))
    return float(max(of_prior / before[0][0], *of_m))


def _refuse_degenerate(
    candidates: PatternCounts, prior: float, m: tuple[Float, ...], u: tuple[Float, ...], free: Sequence[int]
) -> None:
    """A fit in which best agreement speaks against a match has found something other than persons."""
    observed = [column for column in free if (candidates.patterns[:, column] >= 0).any()]
    informative = [m[column][0] > u[column][0] for column in observed]
    if prior >= _LARGEST_PRIOR or not informative or not any(informative):
        raise ModelError("the estimate is degenerate: agreement does not speak for a match in any comparison")
