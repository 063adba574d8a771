"""Which interactions a model has: all models are compared by BIC where they are few, and one step at a time where they are many.

Up to five lists every model is looked at, in each bootstrap table too. There a model is left unfitted where a larger one already
shows that it cannot win: leaving interactions out never brings the deviance down, so no model within a fitted one has a smaller
deviance. Beyond five lists the search goes downhill: from no interactions at all, the one addition or removal that lowers BIC
most, until none does.
Source: Silverman, Chan & Vincent 2024 (BIC over all models, or downhill); Furnival & Wilson 1974 (leaps and bounds).
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from linkage.statistics.estimation.captures import Float, Whole
from linkage.statistics.estimation.loglinear import Fits, Models, Space, bic_of_perfect, fit, reordered

MOST_LISTS_WHOLE = 5
_DECIMALS = 6  # of BIC, so that equal models tie on every machine
_SLACK = 1e-6
_BEYOND = 1e9  # persons
_FAVOURITES = 8
_LEFT_OUT = 2
_TABLES_AT_ONCE = 100


class Ranked(NamedTuple):
    """Models of one table, best first.

    Attributes:
        models: (n_models, n_interactions) which interactions each has.
        fits: what each came to; those without an estimate stand last, their BIC +∞.
    """

    models: Models
    fits: Fits


def every_model(among: Space) -> Models:
    """(n_models, n_interactions) all hierarchical models, those with fewer interactions first."""
    found: list[tuple[int, ...]] = [()]
    for at in range(len(among.interactions)):
        below = set(among.below(at))
        found += [(*one, at) for one in found if below.issubset(one)]
    models = np.zeros((len(found), len(among.interactions)), np.bool_)
    for row, one in enumerate(sorted(found, key=lambda one: (len(one), one))):
        models[row, list(one)] = True
    return models


def ranked(counts: Whole, among: Space) -> Ranked:
    """All models of a table of up to five lists, or those that the way downhill looked at.

    Args:
        counts: (2**n_lists,) persons by history.
        among: names the interactions.
    """
    if among.n_lists > MOST_LISTS_WHOLE:
        return downhill(counts, among)
    models = every_model(among)
    return _sorted(models, fit(np.broadcast_to(counts, (len(models), len(counts))), models, among))


def downhill(counts: Whole, among: Space) -> Ranked:
    """Every model that the way downhill looked at, the one that it ended at first."""
    looked: list[Models] = []
    _descend(counts[None, :], among, looked)
    models = np.unique(np.concatenate(looked), axis=0)
    return _sorted(models, fit(np.broadcast_to(counts, (len(models), len(counts))), models, among))


def hidden_of_best(counts: Whole, among: Space, known: Ranked) -> Float:
    """(n_tables,) persons on no list, by the model that is best for each table.

    Where no model has an estimate, it is what independent lists go to: 0 where one list holds everybody, +∞ where no list
    meets another.

    Args:
        counts: (n_tables, 2**n_lists) persons by history.
        among: names the interactions.
        known: the models of a table that these are like, best first.
    """
    if among.n_lists > MOST_LISTS_WHOLE:
        return _descend(counts, among, [])
    models = every_model(among)
    large = _large(among)
    parts = [counts[at : at + _TABLES_AT_ONCE] for at in range(0, len(counts), _TABLES_AT_ONCE)]
    return np.concatenate([_best_of_all(part, among, models, large, known.models[:_FAVOURITES]) for part in parts])


def _sorted(models: Models, fits: Fits) -> Ranked:
    """Best first; ties go to fewer interactions, and then to those that are named first."""
    keys = [*(~models.T)[::-1], models.sum(axis=1), np.round(fits.bic, _DECIMALS)]
    order = np.lexsort(keys)
    return Ranked(models[order], reordered(fits, order))


def _best_of_all(counts: Whole, among: Space, models: Models, large: Models, favourites: Models) -> Float:
    """(n_tables,) by the best of all models; what favourites and large models show to be worse is never fitted."""
    n = len(counts)
    best = np.round(_crossed(counts, favourites, among).bic, _DECIMALS).reshape(n, -1).min(axis=1)
    least = _least(_crossed(counts, large, among).deviance.reshape(n, -1), large, models)
    terms = 1 + among.n_lists + models.sum(axis=1)
    table, which = np.nonzero(least + bic_of_perfect(counts, terms) <= best[:, None] + _SLACK)
    fits = fit(counts[table], models[which], among)
    bic, hidden = np.full((2, n, len(models)), np.inf)
    bic[table, which], hidden[table, which] = np.round(fits.bic, _DECIMALS), fits.hidden
    rows, first = np.arange(n), bic.argmin(axis=1)
    chosen: Float = np.where(np.isfinite(bic[rows, first]), hidden[rows, first], _limit(hidden[:, 0]))
    return chosen


def _limit(hidden: Float) -> Float:
    """(n,) what the estimates of models without a maximum were going to."""
    return np.where(hidden < _BEYOND, hidden, np.inf)


def _crossed(counts: Whole, models: Models, among: Space) -> Fits:
    """Every model fitted to every table, table by table."""
    return fit(counts.repeat(len(models), axis=0), np.tile(models, (len(counts), 1)), among)


def _large(among: Space) -> Models:
    """(n_large, n_interactions) the models that have all but one or two of the pairs, and what hangs on these; and the full one."""
    pairs = [at for at, lists in enumerate(among.interactions) if lists.bit_count() == 2]
    left_out = [set(gone) for size in range(min(_LEFT_OUT, len(pairs)) + 1) for gone in combinations(pairs, size)]
    needs = [{*among.below(at), at} for at in range(len(among.interactions))]
    return np.array([[not needed & gone for needed in needs] for gone in left_out], np.bool_)


def _least(deviance: Float, large: Models, models: Models) -> Float:
    """(n_tables, n_models) the deviance that a model cannot come below: that of any fitted model that it is within."""
    least = np.zeros((len(deviance), len(models)))
    for at, whole in enumerate(large):
        within = ~(models & ~whole).any(axis=1)
        least[:, within] = np.fmax(least[:, within], deviance[:, at : at + 1])
    return least


def _descend(counts: Whole, among: Space, looked: list[Models]) -> Float:
    """(n_tables,) persons on no list, by the model that each table's way downhill ends at.

    Args:
        counts: (n_tables, 2**n_lists).
        among: names the interactions.
        looked: the models that were fitted on the way are put here.
    """
    n = len(counts)
    model = np.zeros((n, len(among.interactions)), np.bool_)
    start = fit(counts, model, among)
    bic, hidden = np.round(start.bic, _DECIMALS), _limit(start.hidden)
    looked.append(model[:1])
    going = np.arange(n)
    while len(going):
        table, changed = _neighbours(model[going], among)
        fits = fit(counts[going[table]], changed, among)
        looked.append(changed)
        table, best = _first_of_each(table, np.round(fits.bic, _DECIMALS))
        better = np.round(fits.bic[best], _DECIMALS) < bic[going[table]]
        going, best = going[table[better]], best[better]
        model[going], bic[going], hidden[going] = changed[best], np.round(fits.bic[best], _DECIMALS), fits.hidden[best]
    return hidden


def _first_of_each(table: Whole, bic: Float) -> tuple[Whole, Whole]:
    """Each table once, and the row of its smallest BIC, the first of equal ones."""
    order = np.lexsort((np.arange(len(bic)), bic, table))
    each, first = np.unique(table[order], return_index=True)
    return each, order[first]


def _neighbours(model: Models, among: Space) -> tuple[Whole, Models]:
    """All hierarchical models that are one interaction away: which row of `model` each is next to, and the model."""
    k = model.shape[1]
    table = np.arange(len(model)).repeat(k)
    changed = model.repeat(k, axis=0) ^ np.tile(np.eye(k, dtype=np.bool_), (len(model), 1))
    hierarchical = np.ones(len(changed), np.bool_)
    for at in range(k):
        below = among.below(at)
        hierarchical &= ~changed[:, at] | changed[:, below].all(axis=1)
    return table[hierarchical], changed[hierarchical]
