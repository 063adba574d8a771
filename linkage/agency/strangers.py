"""Withholding what strangers share: an agency sees in its own list where a token would join people who are not one.

A token that several records share shows who hangs together with whom, and that shape can be recognised. Where the
records plainly are of different people, the agency has nothing to gain from showing it: the token, and what it locks, is
left out for all of them, and they are found by their other tokens. What remains equal within a list is mostly one person,
or a twin. Strangers in *different* lists still share tokens; no agency can see that.

Two records plainly differ if at least two of surname, given name, patronymic, year of birth, and month and day do.
Source: our own; the aim is that of flattening frequencies before they leave (security reference, section 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.agency.normalise import Features
from linkage.agency.tokens import Texts, Tokens
from linkage.encoding import Encoding

Codes = NDArray[np.int64]
_PLAINLY = 2
_LARGEST_GROUP = 60  # among more records, all are taken to be strangers
_YEARS_APART = 2
_NAMES = (
    ("surname", "surname.base", "surname.sound", "names.bag"),
    ("given_name", "given_name.base", "given_name.sound", "names.bag"),
    ("patronymic", "patronymic.sound"),
)


def withhold(features: Features, tokens: Tokens, encoding: Encoding) -> Tokens:
    """The tokens with those set to 0, *missing*, that the protocol calls `unshared` and that strangers in the list share.

    Args:
        features: the records' features.
        tokens: by name, (n,) uint64, 0 = missing.
        encoding: says which tokens are unshared.
    """
    unshared = {name: token.unshared for name, token in encoding.tokens.items() if token.unshared}
    if not unshared:
        return tokens
    known = _known(features)
    return {**tokens, **{name: _without(tokens[name], known, most) for name, most in unshared.items()}}


class _Known(NamedTuple):
    """What two records are told apart by, as numbers; 0 = missing.

    Attributes:
        names: for each name, (n,) numbers of each of its forms.
        year: (n,) year of birth.
        month_day: (n,) number of its month and day.
    """

    names: tuple[tuple[Codes, ...], ...]
    year: Codes
    month_day: Codes


def _known(features: Features) -> _Known:
    texts = Texts(features)
    names = tuple(tuple(texts.coded(name)[0] for name in forms) for forms in _NAMES)
    year = np.array([int(text or 0) for text in features["birth_year"]], np.int64)
    return _Known(names, year, texts.coded("birth_date.month_day")[0])


def _without(token: NDArray[np.uint64], known: _Known, most: int) -> NDArray[np.uint64]:
    """The token without the records that share it as strangers, if these are at most `most` permille of all."""
    strangers = _in_large_groups(token)
    for left, right in _pairs_within(token):
        apart = _plainly_different(left, right, known)
        strangers[left[apart]] = True
        strangers[right[apart]] = True
    return token if 1000 * strangers.sum() > most * len(token) else np.where(strangers, 0, token).astype(np.uint64)


def _pairs_within(token: NDArray[np.uint64]) -> Iterator[tuple[Codes, Codes]]:
    """Pairs of records that share a value, one distance in the sorted order at a time."""
    order = np.argsort(token, kind="stable")
    for distance in range(1, _LARGEST_GROUP):
        left, right = order[:-distance], order[distance:]
        same = (token[left] == token[right]) & (token[left] != 0)
        if not same.any():
            return
        yield left[same], right[same]


def _in_large_groups(token: NDArray[np.uint64]) -> NDArray[np.bool_]:
    _, group, sizes = np.unique(token, return_inverse=True, return_counts=True)
    large: NDArray[np.bool_] = (sizes[group] > _LARGEST_GROUP) & (token != 0)
    return large


def _plainly_different(left: Codes, right: Codes, known: _Known) -> NDArray[np.bool_]:
    differences = np.zeros(len(left), np.int64)
    for forms in known.names:
        differences += _both(forms[0], left, right) & ~np.any([_equal(form, left, right) for form in forms], axis=0)
    years = np.abs(known.year[left] - known.year[right]) >= _YEARS_APART
    differences += _both(known.year, left, right) & years
    differences += _both(known.month_day, left, right) & ~_equal(known.month_day, left, right)
    return differences >= _PLAINLY


def _both(codes: Codes, left: Codes, right: Codes) -> NDArray[np.bool_]:
    return np.logical_and(codes[left] > 0, codes[right] > 0)


def _equal(codes: Codes, left: Codes, right: Codes) -> NDArray[np.bool_]:
    return _both(codes, left, right) & np.equal(codes[left], codes[right])
