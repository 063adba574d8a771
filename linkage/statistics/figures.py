"""One published number as a reader may see it, found by what it counts.

An output asks for a cell by name and gets a figure: a count with its linkage interval, or a hidden one, of which nothing
is left to leak. Nothing here adds, subtracts or estimates.

A cell that is not there is a zero, if it could have been there: the public tier counts in less detail, and what it does
not count is not zero but not published. Everybody who stands in a table of a year stands in each of its breakdowns, under
the unknown value if need be. So where a year's table is broken down as a cell asks, somebody stands in that breakdown.

Source: reference `statistics.md`, section 6, step 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.cells import COHORT, CUBE, KEY, MEASURES, NOT_STATED, OVERLAP, PERSON, SEX_BY_AGE, SHOWN
from linkage.statistics.order import in_order

# What stands for a count that is hidden, and for one that there is none of.
MARK, NOT_AVAILABLE = "[c]", "[x]"
_RULE, _STAGE, _ROLE, _YEAR = (KEY.index(name) for name in ("rule", "stage", "role", "year"))
_UNRULED = (SEX_BY_AGE, CUBE, COHORT, OVERLAP)
# In these columns it matters which value a cell has; in the others, whether it has one.
_EXACT = tuple(KEY.index(name) for name in ("table", "rule", "year", "lag", "role", "unit"))

Key = tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A count of persons or records.

    Attributes:
        count: `NOT_STATED` where it is hidden.
        low: lower end of the linkage interval, `NOT_STATED` where there is none.
        high: its upper end.
    """

    count: int
    low: int = NOT_STATED
    high: int = NOT_STATED

    @property
    def hidden(self) -> bool:
        """Whether the count is withheld."""
        return self.count == NOT_STATED

    @property
    def stated(self) -> bool:
        """Whether there is an interval."""
        return NOT_STATED not in {self.low, self.high}

    @property
    def open(self) -> bool:
        """Whether linkage leaves the count open: an interval that is more than the count itself."""
        return self.stated and not self.low == self.count == self.high


HIDDEN, NOBODY = Figure(NOT_STATED), Figure(0)


@dataclass(frozen=True, eq=False)
class Figures:
    """What can be asked for.

    Attributes:
        cells: by table and key.
        ways: how each table of each year is broken down.
        lives: roles and years in which somebody counts.
    """

    cells: Mapping[str, Mapping[Key, Figure]] = field(repr=False)
    ways: frozenset[Key] = field(repr=False)
    lives: frozenset[tuple[str, str]] = field(repr=False)


def figures(cells: pd.DataFrame, role: str = "") -> Figures:
    """Every cell of a role, or of all, under its key (`cells.KEY`), table by table.

    The rule is left out of the key of those tables that have only one, and of a hidden cell everything but that it is hidden:
    neither its count nor its interval nor the reason (which would say that it is below a threshold) reaches an output.
    """
    rows = cells[cells["role"] == role] if role else cells
    keys = [_key(key) for key in zip(*(rows[name].tolist() for name in KEY), strict=True)]
    measures = zip(*(rows[name].tolist() for name in (*MEASURES, "hidden")), strict=True)
    found: dict[str, dict[Key, Figure]] = {}
    for key, of in zip(keys, measures, strict=True):
        found.setdefault(key[0], {})[key] = _figure(*of)
    lives = frozenset((key[_ROLE], key[_YEAR]) for key in found.get(SEX_BY_AGE, {}))
    return Figures(found, frozenset(map(_way, keys)), lives)


def at(found: Figures, table: str, **named: str) -> Figure | None:
    """The figure of a cell; columns that are not named are totals, the unit is the person.

    Returns:
        `NOBODY` for a cell that is not there but could be; None for one that is not published in this detail.
    """
    of = {"unit": PERSON, "table": table, **named}
    key = _key(tuple(of.get(name, TOTAL) for name in KEY))
    if (figure := found.cells.get(table, {}).get(key)) is not None:
        return figure
    if _way(key) in found.ways:
        return NOBODY
    counted = (key[_ROLE], key[_YEAR]) in found.lives or is_several(key[_YEAR])
    return None if counted else NOBODY


def shown(figure: Figure | None) -> int | str:
    """A count; `[c]` for one that is hidden, `[x]` for one that there is none of."""
    if figure is None:
        return NOT_AVAILABLE
    return MARK if figure.hidden else figure.count


def values(found: Figures, table: str, column: str, **named: str) -> tuple[str, ...]:
    """The values of a column among the cells of a table that have the named values, in a reader's order."""
    place = KEY.index(column)
    wanted = [(KEY.index(name), value) for name, value in named.items()]
    cells = found.cells.get(table, {})
    return in_order({key[place] for key in cells if all(key[at] == value for at, value in wanted)}, column)


def stages(found: Figures) -> tuple[str, ...]:
    """The stages in which somebody of the role stands, as a case proceeds; any stage (the total) first."""
    return values(found, SEX_BY_AGE, "stage")


def periods(years: Iterable[str]) -> tuple[str, ...]:
    """Those that are a year, or a range of years, in order."""
    return tuple(sorted(year for year in years if year not in {TOTAL, UNKNOWN}))


def is_several(year: str) -> bool:
    """Whether it is a period of several years."""
    return not year.isdigit() and year not in {TOTAL, UNKNOWN}


def _key(key: Key) -> Key:
    return (*key[:_RULE], TOTAL, *key[_RULE + 1 :]) if key[0] in _UNRULED else key


def _way(key: Key) -> Key:
    """In what table, year and detail a cell counts; the stage is no detail, since nobody may have reached it."""
    return tuple("" if place == _STAGE or not (value == TOTAL or place in _EXACT) else value for place, value in enumerate(key))


def _figure(count: int, low: int, high: int, hidden: str) -> Figure:
    return Figure(int(count), int(low), int(high)) if hidden == SHOWN and count != NOT_STATED else HIDDEN
