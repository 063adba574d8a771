"""Withholding what strangers share: an agency sees in its own list where a token would join people who are not one.

A token that several records share shows who hangs together with whom, and that shape can be recognised. Where the
records plainly are of different people, the agency has nothing to gain from showing it: the token, and what it locks, is
left out for all of them, and they are found by their other tokens. What remains equal within a list is mostly one person,
or a twin. Strangers in *different* lists still share tokens; no agency can see that.

Two records plainly differ if at least two of surname, given name, patronymic, year of birth, and month and day do, by more
than one letter or digit; three, if they have an address, postcode, telephone, e-mail address or document in common: a
careless copy of a record keeps that.
Source: our own; the aim is that of flattening frequencies before they leave (security reference, section 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jellyfish
import numpy as np
from numpy.typing import NDArray

from linkage.agency.normalise import Features
from linkage.agency.tokens import Texts, Tokens
from linkage.encoding import Encoding

Codes = NDArray[np.int64]
_PLAINLY = 2
_LARGEST_GROUP = 60  # among more records, all are taken to be strangers
_LENGTH = 4  # bytes of a length before each text
_OWN = ("address", "postcode", "phone", "email", "document_number", "tax_number")
_NAMES = (
    ("surname", "surname.base", "surname.sound", "names.bag"),
    ("given_name", "given_name.base", "given_name.sound", "names.bag"),
    ("patronymic", "patronymic.sound"),
)


def withhold(features: Features, tokens: Tokens, encoding: Encoding) -> Tokens:
    """The tokens with those set to 0, *missing*, that the protocol does not want to leave this list.

    They are those that it calls `unshared` and that strangers in the list share, and common values of those it wants `rare`.

    Args:
        features: the records' features.
        tokens: by name, (n,) uint64, 0 = missing.
        encoding: says which tokens are unshared, and which are shown of rare values alone.
    """
    tokens = {name: _rare_only(values, encoding.tokens[name].rare) for name, values in tokens.items()}
    unshared = {name: token.unshared for name, token in encoding.tokens.items() if token.unshared}
    if not unshared:
        return tokens
    known = _known(features)
    return {**tokens, **{name: _without(tokens[name], known, most) for name, most in unshared.items()}}


def _rare_only(token: NDArray[np.uint64], most: int) -> NDArray[np.uint64]:
    """The token without values that more than `most` permille of the records have; as it is where `most` is 0."""
    if not most:
        return token
    _, value, sizes = np.unique(token, return_inverse=True, return_counts=True)
    return np.where(1000 * sizes[value] > most * len(token), 0, token).astype(np.uint64)


class _Known(NamedTuple):
    """What two records are told apart by; numbers of texts, 0 = missing.

    Attributes:
        names: for each name, (n,) numbers of each of its forms.
        spelt: for each name, the text by number of its first form.
        year: (n, 4) digits of the year of birth, all 0 = missing.
        month_day: (n, 4) digits of its month and day, likewise.
        own: (n,) numbers of what few people share.
    """

    names: tuple[tuple[Codes, ...], ...]
    spelt: tuple[list[str], ...]
    year: NDArray[np.int8]
    month_day: NDArray[np.int8]
    own: tuple[Codes, ...]


def _known(features: Features) -> _Known:
    texts = Texts(features)
    names = tuple(tuple(texts.coded(name)[0] for name in forms) for forms in _NAMES)
    spelt = tuple([text[_LENGTH:].decode() for text in texts.coded(forms[0])[1]] for forms in _NAMES)
    own = tuple(texts.coded(name)[0] for name in _OWN)
    return _Known(names, spelt, _digits(features["birth_year"]), _digits(features["birth_date.month_day"]), own)


def _digits(texts: NDArray[np.object_]) -> NDArray[np.int8]:
    """(n, 4) digits of years or of months and days; zeros where the text is empty."""
    return np.array([[int(digit) for digit in text.replace("-", "") or "0000"] for text in texts], np.int8).reshape(-1, 4)


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
    """Whether pairs differ plainly; how far names are apart is asked only where dates and unlike names leave it open."""
    kept = np.any([_equal(one, left, right) for one in known.own], axis=0)
    needed = np.where(kept, _PLAINLY + 1, _PLAINLY)
    for digits in (known.year, known.month_day):
        needed -= ((digits[left] != digits[right]).sum(axis=1) > 1) & _there(digits, left) & _there(digits, right)
    unlike = [_both(forms[0], left, right) & ~np.any([_equal(one, left, right) for one in forms], axis=0) for forms in known.names]
    open_rows = np.flatnonzero((needed > 0) & (np.sum(unlike, axis=0) >= needed))
    for forms, spelt, differ in zip(known.names, known.spelt, unlike, strict=True):
        rows = open_rows[differ[open_rows]]
        needed[rows] -= _far_apart(forms[0][left[rows]], forms[0][right[rows]], spelt)
    plainly: NDArray[np.bool_] = np.less_equal(needed, 0)
    return plainly


def _far_apart(left: Codes, right: Codes, spelt: list[str]) -> NDArray[np.bool_]:
    """Whether two names are more than a slip of the pen apart; worked out once for each pair of names."""
    pairs, row = np.unique(left * len(spelt) + right, return_inverse=True)
    both = (divmod(pair, len(spelt)) for pair in pairs.tolist())
    far = [jellyfish.damerau_levenshtein_distance(spelt[one], spelt[other]) > 1 for one, other in both]
    return np.array([*far, False], np.bool_)[row]


def _there(digits: NDArray[np.int8], rows: Codes) -> NDArray[np.bool_]:
    there: NDArray[np.bool_] = np.any(digits[rows] != 0, axis=1)
    return there


def _both(codes: Codes, left: Codes, right: Codes) -> NDArray[np.bool_]:
    return np.logical_and(codes[left] > 0, codes[right] > 0)


def _equal(codes: Codes, left: Codes, right: Codes) -> NDArray[np.bool_]:
    return _both(codes, left, right) & np.equal(codes[left], codes[right])
