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

import unicodedata

import numpy as np
from numpy.typing import NDArray

from comparators import over_slices
from linkage.agency.apart import Known, mark_strangers
from linkage.agency.cells import Column, numbered
from linkage.agency.normalise import Features
from linkage.agency.texts import Texts, by_text
from linkage.agency.tokens import Tokens
from linkage.encoding import Encoding

_LARGEST_GROUP = 60  # among more records, all are taken to be strangers
_GROUPS, _SLICES = 1 << 11, 8
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
    values, value = numbered(token.view(np.int64))
    common = 1000 * np.bincount(value, minlength=len(values)) > most * len(token)
    return np.where(common, np.uint64(0), values.view(np.uint64))[value]


def _known(features: Features) -> Known:
    """What the list has of it: what no record has tells nobody apart, and would only be read again and again."""
    texts = by_text(features)
    names = [forms for forms in _NAMES if _is_there(texts, forms[0])]
    firsts = [texts.coded(forms[0]).texts for forms in names]
    spelt = [unicodedata.normalize("NFC", text) for several in firsts for text in several]
    digits = [_digits(texts.coded(name)) for name in ("birth_year", "birth_date.month_day")]
    own = [texts.coded(name).codes for name in _OWN if _is_there(texts, name)]
    forms = [texts.coded(form).codes for name in names for form in name]
    return Known(
        np.stack([*digits, *own, *forms], axis=1),
        len(digits) + len(own) + np.cumsum([0, *map(len, names)]),
        np.frombuffer("".join(spelt).encode("utf-32-le"), "<u4").astype(np.uint32),
        np.cumsum([0, *map(len, spelt)]),
        np.cumsum([0, *map(len, firsts)])[:-1],
    )


def _is_there(texts: Texts, name: str) -> bool:
    return len(texts.coded(name).texts) > 1


def _digits(column: Column) -> NDArray[np.int32]:
    """(n,) the four digits of years or of months and days, a byte for each; 0 where the text is empty."""
    digits = [[int(digit) for digit in text.replace("-", "") or "0000"] for text in column.texts]
    return np.array(digits, np.uint8).view("<i4")[:, 0].astype(np.int32)[column.codes]


def _without(token: NDArray[np.uint64], known: Known, most: int) -> NDArray[np.uint64]:
    """The token without the records that share it as strangers, if these are at most `most` permille of all."""
    order = _by_value(token)
    values = token[order]
    there = np.searchsorted(values, 1)
    order, starts = order[there:], np.flatnonzero(np.diff(values[there:], prepend=0))
    sizes = np.diff(starts, append=len(order))
    strangers = np.zeros(len(token), np.bool_)
    strangers[order[np.repeat(sizes > _LARGEST_GROUP, sizes)]] = True
    several = (sizes > 1) & (sizes <= _LARGEST_GROUP)
    members, group = order[np.repeat(several, sizes)], np.concatenate([[0], np.cumsum(sizes[several])])
    for first in range(0, len(group), _GROUPS * _SLICES):
        if 1000 * strangers.sum() > most * len(token):
            return token
        part = group[first : first + _GROUPS * _SLICES + 1]
        over_slices(lambda start, stop: mark_strangers(known, members, part[start : stop + 1], strangers), len(part) - 1, _GROUPS)  # noqa: B023
    return token if 1000 * strangers.sum() > most * len(token) else np.where(strangers, 0, token).astype(np.uint64)


def _by_value(token: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n,) the rows in the order of their tokens.

    What is sorted are the tokens themselves, with the row in the place of their last bits, in a third of the time that numbers
    of rows take. Where two tokens differ in these bits alone, their rows are sorted anew.
    """
    of_row = np.uint64((1 << len(token).bit_length()) - 1)
    both = token & ~of_row
    both |= np.arange(len(token), dtype=np.uint64)
    both.sort()
    order = (both & of_row).view(np.int64)
    values = token[order]
    falls = np.flatnonzero(values[1:] < values[:-1])
    if len(falls):
        both &= ~of_row
        mixed = np.flatnonzero(np.isin(both, both[falls]))
        order[mixed] = order[mixed][np.argsort(values[mixed])]
    return order
