"""Names of a whole list: each distinct cell is read once, and what stands in which column is settled for all rows at once.

`person` says what the names of one person are; here the same questions are asked of columns. A name hangs on its own cell
and on little else, so that a list of a million people with some ten thousand surnames asks some ten thousand times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.agency.cells import Codes, Column, numbered, renamed, with_none
from linkage.agency.names.features import FORMS, NAME_FEATURES, coarse, without_marks
from linkage.agency.names.person import (
    Name,
    Tokens,
    has,
    is_bare,
    joined_base,
    name_of,
    read_cell,
    read_full_name,
    stands_in,
    unsexed,
)
from linkage.agency.names.roles import Role

Numbers = NDArray[np.int64]
_ROLES = ("surname", "given_name", "patronymic")
_STRONG = (Role.SURNAME, Role.PATRONYMIC, Role.EITHER)


class _Cells(NamedTuple):
    """What rows say in their name columns.

    Attributes:
        tokens: of each distinct cell; number 0 has none.
        roles: surname, given name and patronymic, (n,) numbers of cells each.
        joined: base of two tokens of a full name, joined.
    """

    tokens: list[Tokens]
    roles: tuple[Numbers, Numbers, Numbers]
    joined: Column


def name_columns(surname: Column, given_name: Column, patronymic: Column, full_name: Column) -> Mapping[str, Callable[[], Column]]:
    """What works out each feature of `NAME_FEATURES` of rows with these cells: a protocol asks for few of them."""
    cells = _in_roles((surname, given_name, patronymic), full_name)
    names = _names(cells)
    found: dict[str, Callable[[], Column]]
    found = {f"{role}{suffix}": partial(_form, names[role], read) for role in _ROLES for suffix, read in FORMS.items()}
    keys = cache(found["surname"]), cache(found["given_name"])
    found |= {"surname": keys[0], "given_name": keys[1], "given_name.joined": lambda: cells.joined}
    found["given_name.unsexed"] = lambda: _each(keys[1](), unsexed)
    found["names.bag"] = lambda: _bags(*(key() for key in keys))
    found["names.sounds"] = lambda: _each(_bags(*(_each(key(), coarse) for key in keys)), without_marks)
    damaged = [partial(_form, names[role], _role_if_damaged(role)) for role in _ROLES]
    found["names.damaged"] = lambda: _pairs(_pairs(damaged[0](), damaged[1](), _listed), damaged[2](), _listed)
    return {name: found[name] for name in NAME_FEATURES}


def _in_roles(columns: tuple[Column, Column, Column], full_name: Column) -> _Cells:
    """The cells of the three columns, exchanged where suffixes say so; of rows that have none, those of the full name."""
    numbers: dict[str, int] = {"": 0}
    at = [np.array([numbers.setdefault(text, len(numbers)) for text in column.texts]) for column in columns]
    tokens = [read_cell(text) for text in numbers]
    several = tuple(cell[column.codes] for cell, column in zip(at, columns, strict=True))
    there = _flags(tokens, bool)
    lacking = np.flatnonzero(~(there[several[0]] | there[several[1]] | there[several[2]]) & (full_name.codes > 0))
    roles = _reordered(tokens, *several)
    joined = [""]
    join = np.zeros(len(full_name.codes), np.int32)
    used, row = np.unique(full_name.codes[lacking], return_inverse=True)
    read = [read_full_name(read_cell(full_name.texts[code])) for code in used.tolist()]
    for place, role in enumerate(roles):
        role[lacking] = len(tokens) + 3 * row + place
    join[lacking] = row + 1
    joined += [joined_base(*parts) for parts in read]
    return _Cells([*tokens, *(part for parts in read for part in parts)], roles, renamed(Column(join, joined), joined))


def _reordered(tokens: Sequence[Tokens], s: Numbers, g: Numbers, p: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """As `person.reorder`, for all rows at once."""
    there = _flags(tokens, bool)
    surname, patronymic, either = (_flags(tokens, partial(has, role=role)) for role in _STRONG)
    wrong = _flags(tokens, stands_in)
    s, g, p = s.copy(), g.copy(), p.copy()
    _exchange(patronymic[g] & ~patronymic[p], g, p)
    _exchange(surname[g] & there[s] & ~surname[s], s, g)
    turned = wrong[p] & there[s] & there[g] & ~surname[s] & ~surname[g]
    s[turned], g[turned], p[turned] = p[turned], s[turned], g[turned]
    alone = ~there[s] & either[p]
    s[alone], p[alone] = p[alone], 0
    return s, g, p


def _exchange(where: NDArray[np.bool_], one: Numbers, other: Numbers) -> None:
    one[where], other[where] = other[where], one[where]


def _flags(tokens: Sequence[Tokens], test: Callable[[Tokens], bool]) -> NDArray[np.bool_]:
    return np.fromiter(map(test, tokens), np.bool_, len(tokens))


class _Names(NamedTuple):
    """The names of one role: each once, and (n,) which a row has."""

    each: list[Name]
    row: Codes


def _names(cells: _Cells) -> Mapping[str, _Names]:
    """The names in each role; a given name also hangs on whether a father's name follows it bare."""
    tokens, (surname, given, patronymic) = cells.tokens, cells.roles
    bare = _flags(tokens, is_bare)

    def given_name(number: int) -> Name:
        return name_of(tokens[number // 2], Role.GIVEN, bare=bool(number % 2))

    return {
        "surname": _once(surname, lambda number: name_of(tokens[number], Role.SURNAME)),
        "given_name": _once(2 * given + bare[patronymic], given_name),
        "patronymic": _once(patronymic, lambda number: name_of(tokens[number], Role.PATRONYMIC)),
    }


def _once(numbers: Numbers, read: Callable[[int], Name]) -> _Names:
    used, row = numbered(numbers)
    return _Names([read(number) for number in used.tolist()], row)


def _form(names: _Names, read: Callable[[Name], str]) -> Column:
    """One text of every name."""
    return renamed(Column(names.row, []), [read(name) for name in names.each])


def _each(column: Column, read: Callable[[str], str]) -> Column:
    return renamed(column, [read(text) if text else "" for text in column.texts])


def _pairs(one: Column, other: Column, join: Callable[[str, str], str]) -> Column:
    """A text of two, worked out once for each pair."""
    pairs, row = numbered(one.codes.astype(np.int64) * len(other.texts) + other.codes)
    left, right = np.divmod(pairs, len(other.texts))
    texts = [join(one.texts[a], other.texts[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    return renamed(Column(row, texts), texts)


def _bags(one: Column, other: Column) -> Column:
    """As `features.bag`, of texts without blanks, so that only equal pairs give equal bags, and all are distinct."""
    texts = sorted({*one.texts, *other.texts})
    ranks = {text: rank for rank, text in enumerate(texts)}
    left, right = (np.array([ranks[text] for text in column.texts])[column.codes] for column in (one, other))
    first, last = np.minimum(left, right), np.maximum(left, right)
    pairs, row = with_none(np.where(first > 0, first * len(texts) + last, 0))
    together = [pa.array(texts, pa.large_utf8()).take(pa.array(ranks)) for ranks in np.divmod(pairs, len(texts))]
    spelt = pc.binary_join_element_wise(*together, pa.scalar(" ", pa.large_utf8())).to_pylist()
    return Column(row, ["", *spelt[1:]])


def _role_if_damaged(role: str) -> Callable[[Name], str]:
    return lambda name: role if name.damaged else ""


def _listed(one: str, other: str) -> str:
    return f"{one} {other}".strip()
