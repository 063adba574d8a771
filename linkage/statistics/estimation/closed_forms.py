"""Estimates that need no model search: Chapman's for two lists, and Chao's lower bound for any number.

Two lists say nothing of their own dependence, so two lists are taken to be independent; where the shares of links that were
missed and falsely made are known, the overlap can be corrected for them first.
Chao's bound uses only who is on exactly one and on exactly two lists. Where some persons are easier found than others, the
unobserved are at least the product of two lists' single finds over their shared ones (Cauchy and Schwarz), and so at least the
sum of the products over the sum of the shared: with lists of one size this is (k − 1)/k · f₁²/(2 f₂), and with two lists
Petersen's estimate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.errors import UsageError
from linkage.statistics.estimation.captures import Captures, Float, Whole, captured, pairs

Z = 1.959963984540054  # of a two-sided 95 % interval


class Rates(NamedTuple):
    """What is known of linkage errors between two lists.

    Attributes:
        true_links: share of the persons on both lists who were linked, above `false_links`, up to 1.
        false_links: share of the persons of the smaller list, not on the other, who were linked all the same, from 0.
    """

    true_links: float
    false_links: float


EXACT = Rates(1.0, 0.0)


class Bound(NamedTuple):
    """A lower bound of the persons.

    Attributes:
        total: observed persons, and at least so many more.
        low, high: 95 % interval of it.
    """

    total: float
    low: float
    high: float


def checked(rates: Rates) -> Rates:
    """The rates.

    Raises:
        UsageError: they are no shares, or false links are as likely as true ones.
    """
    if not 0.0 <= rates.false_links < rates.true_links <= 1.0:
        raise UsageError("the share of true links must be above that of false ones, both between 0 and 1")
    return rates


def chapman(counts: Whole, rates: Rates = EXACT) -> Float:
    """(n,) estimated persons by tables of two lists.

    Args:
        counts: (n, 4) persons by history: nobody, on the first only, on the second only, on both.
        rates: known shares of links; the overlap is corrected to (m − β·n_min)/(α − β), kept between 0 and n_min.

    Source: Chapman 1951, (n₁ + 1)(n₂ + 1)/(m + 1) − 1; Di Consiglio & Tuoto 2015 for the correction.
    """
    first, second = counts[:, 1] + counts[:, 3], counts[:, 2] + counts[:, 3]
    smaller = np.minimum(first, second)
    both = (counts[:, 3] - rates.false_links * smaller) / (rates.true_links - rates.false_links)
    total: Float = (first + 1.0) * (second + 1.0) / (np.clip(both, 0.0, smaller) + 1.0) - 1.0
    return total


def chao(captures: Captures) -> Bound:
    """The lower bound; where nobody is on exactly two lists, as if one person were.

    Source: Chao 1987 (f₁²/(2 f₂), its variance and log-normal interval); Rivest & Baillargeon 2007 for lists of unequal sizes.
    """
    counts, observed = captures.counts.astype(np.float64), float(captures.persons)
    single = counts[[1 << at for at in range(len(captures.lists))]]
    products = sum(counts[pair & -pair] * counts[pair & (pair - 1)] for pair in pairs(len(captures.lists)))
    if not products:
        return Bound(observed, observed, observed)
    twice = max(counts[captured(len(captures.lists)) == 2].sum(), 1.0)
    hidden = float(products / twice)
    slope = 1.0 + (single.sum() - single) / twice  # of the total by each count on one list
    others = observed - single.sum() - twice
    variance = (single * slope**2).sum() + twice * (1.0 - hidden / twice) ** 2 + others - (observed + hidden)
    width = float(np.exp(Z * np.sqrt(np.log1p(variance / hidden**2))))
    return Bound(observed + hidden, observed + hidden / width, observed + hidden * width)
