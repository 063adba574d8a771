"""Joins of persons that no blocking pass proposed: how many there are a run says; where they are is drawn here.

Nobody can say which records they are. But a join that was missed left a record alone that belongs to somebody, and joins
that were found show what becomes of the counts when such a record is joined. So, for each draw:

1. *Which kind of record.* Records are of one kind when agency and role are the same and the age group is known for all or
   for none (an agency that knows no age mostly knows no birth date, on which most passes hang). A kind gets missed joins in
   proportion to its records that are alone, times how loosely its joins hold: how often, in the run's draws, a record of
   this kind falls from the person whom it was published with. That is a likeness, not knowledge, so each draw multiplies
   each kind by a random factor (lognormal, 95 % within 2.7).
2. *Which join.* Any record of this kind that is published together with others, at random: as if it were joined once
   more. Where it and the others both stand in a cell without the join, the join takes one from the cell; where it takes the
   record from a cell or brings the person into one (the overlap of two agencies, a sex or region that was not known), it does
   that, too.

So a cell in which many records of a loose kind stand loses much, and how often partners share year, role, stage or region
is learnt from partners that were found.

Source: our own; the kinds and the factor were set on practice lists of seed 1 and checked on seeds 2 and 3 (docs/intervals.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.schema import ADULT, MINOR

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_SEED = 20_261_127
_SPREAD = 0.5
# So many found joins stand for all; more would make cells finer than what is known of missed ones.
_MODELS = 4000


class Joins(NamedTuple):
    """Joins that were found, each standing for missed ones.

    Attributes:
        whole, one, rest: (rows of the frame, number of the join): the person, the record, and the person without it.
        times: (n_draws, n_joins) how often each is missed in each draw.
    """

    whole: tuple[Ints, Ints]
    one: tuple[Ints, Ints]
    rest: tuple[Ints, Ints]
    times: Ints


def missed(frame: pd.DataFrame, person: Ints, loose: Floats, joins: NDArray[np.int64]) -> Joins:
    """Which joins are missed in each draw.

    Args:
        frame: one row per record, sorted by `agency` and `record`; `agency`, `role`, `age_group`.
        person: (n,) published person of each record, 0 … n_persons - 1.
        loose: (n,) share of the draws in which each record is a person of its own.
        joins: (n_draws,) how many are missed.
    """
    rng = np.random.default_rng(_SEED)
    kind = _kinds(frame)
    single = np.bincount(person)[person] == 1
    share = _shares(kind, single, loose)
    row = _models(kind, single, share, rng)
    rates = share * np.round(np.exp(_SPREAD * rng.normal(size=(len(joins), len(share)))), 6)
    return Joins(*_taken_apart(person, row), _times(rates, kind[row], joins, rng))


def _times(rates: Floats, kind: Ints, joins: NDArray[np.int64], rng: np.random.Generator) -> Ints:
    """(n_draws, n_models) how often each model stands for a missed join; none where there is no model.

    Args:
        rates: (n_draws, n_kinds) each kind's part of the missed joins, up to a factor for each draw.
        kind: (n_models,) of each model.
        joins: (n_draws,) how many are missed.
        rng: drawn from.
    """
    if not len(kind):
        return np.zeros((len(joins), 0), np.int64)
    models = np.bincount(kind, minlength=rates.shape[1])
    chances = (rates / np.maximum(models, 1))[:, kind]
    return rng.multinomial(joins, chances / chances.sum(axis=1, keepdims=True))


def _kinds(frame: pd.DataFrame) -> Ints:
    known = frame.reindex(columns=["agency", "role", "age_group"], fill_value="")
    rows = zip(known["agency"], known["role"], known["age_group"].isin((MINOR, ADULT)), strict=True)
    kinds, _ = pd.factorize(pd.Series(list(rows), dtype=object))
    return kinds.astype(np.int64)


def _shares(kind: Ints, single: NDArray[np.bool_], loose: Floats) -> Floats:
    """(n_kinds,) a kind's part of the missed joins, up to a factor; none where no join of its kind was found.

    How loosely joins hold is drawn towards the mean of all kinds by one record, so that few records say little.
    """
    records = np.bincount(kind)
    joined = np.bincount(kind, ~single, len(records))
    fallen = np.bincount(kind, np.where(single, 0.0, loose), len(records))
    mean = max(fallen.sum(), 1.0) / max(joined.sum(), 1.0)
    lonely = records - joined
    if not lonely[joined > 0].any():
        lonely = records
    shares: Floats = np.where(joined > 0, lonely * (fallen + mean) / (joined + 1.0), 0.0)
    return shares / (shares.sum() or 1.0)


def _models(kind: Ints, single: NDArray[np.bool_], share: Floats, rng: np.random.Generator) -> Ints:
    """Rows of joined records, rising: at random, of each kind in proportion to its share, or all that there are."""
    shuffled = rng.permutation(np.flatnonzero(~single))
    of = kind[shuffled]
    nth = pd.Series(of).groupby(of).cumcount().to_numpy()
    return np.sort(shuffled[nth < np.ceil(_MODELS * share)[of]])


def _taken_apart(person: Ints, row: Ints) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints], tuple[Ints, Ints]]:
    """The rows of each record's person, the record itself, and the others, each with the number of the join."""
    order = np.argsort(person, kind="stable")
    sizes = np.bincount(person)
    lengths = sizes[person[row]]
    join = np.repeat(np.arange(len(row)), lengths)
    nth = np.arange(len(join)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    member = order[np.repeat((np.cumsum(sizes) - sizes)[person[row]], lengths) + nth]
    own = member == row[join]
    return (member, join), (member[own], join[own]), (member[~own], join[~own])
