"""Which counts must not be seen: what makes a cell unsafe, before anything else is hidden for its sake.

- A count below the threshold of its role; broken down by sex or age group never below five, whatever the role, because the
  international file prints one to four as `<5`.
- The records of a person count that is too small.
- The breakdown of a small count into several: one to four persons of which everybody knows that they are of four
  citizenships would be one of each. It is withheld, and the zeros beside it, so that nobody knows what is a zero.
- *Group disclosure*: a cell that is all there is of a group that shares a place, a citizenship, an article or a form ("all
  victims of the region are minors"). It is hidden, and with it the zeros beside it, which say the same.
- A count that differs from an earlier release by fewer than the threshold: the difference is a count, too.

Zeros are shown otherwise, so that everyone knows that a hidden small count is at least one.

Source: reference `statistics.md`, section 6, table of default rules, and section 2 (GLOTIP prints 1 to 4 as `<5`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from linkage.protocol import Protocol, Release
from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.cells import DIMENSIONS, KEY, PERSON, PRINCIPAL, SHOWN
from linkage.statistics.margins import coverings, span
from linkage.statistics.universe import NAME, PARTS, Flags, Ints, Universe, sums_up

TIERS = RESTRICTED_TIER, PUBLIC_TIER = "restricted", "public"
# For a role that the protocol gives no threshold, the rule for victims and children.
STRICT_THRESHOLD = 5
# What UNODC's dissemination file prints as `<5`. Source: reference `statistics.md`, section 2.
SMALL_COUNT = 5
# A waived threshold: every count is shown.
_NONE = 1


def threshold(release: Release, role: str) -> int:
    """The smallest count of persons that the public tier shows for a role.

    A role without a threshold in the protocol gets the strictest of the protocol's and the default for victims.
    """
    return release.thresholds.get(role, max((STRICT_THRESHOLD, *release.thresholds.values())))


@dataclass(frozen=True)
class Rules:
    """What is too small to be shown.

    Attributes:
        thresholds: by role, the smallest count that is shown.
        default: for other roles.
        broken_down: the smallest count by sex or age group, where that is stricter.
        waived: roles whose counts are shown whatever they are, by a signed decision.
    """

    thresholds: Mapping[str, int]
    default: int = STRICT_THRESHOLD
    broken_down: int = SMALL_COUNT
    waived: frozenset[str] = field(default_factory=frozenset)

    def limit(self, role: str) -> int:
        """The smallest count of a role that is shown, where it is not broken down."""
        return _NONE if role in self.waived else self.thresholds.get(role, self.default)


def rules_of(protocol: Protocol, *, waived: Collection[str] = (), stricter: int = 0) -> Rules:
    """The protocol's rules.

    Args:
        protocol: has the thresholds.
        waived: roles that a signed decision exempts.
        stricter: no threshold is lower than this.
    """
    roles = {*protocol.release.thresholds, *(protocol.content["role"].codes if "role" in protocol.content else ())}
    limits = {role: max(stricter, threshold(protocol.release, role)) for role in sorted(roles)}
    strict = max(stricter, threshold(protocol.release, UNKNOWN))
    return Rules(limits, strict, max(stricter, SMALL_COUNT), frozenset(waived))


def role_limits(known: Universe, rules: Rules) -> Ints:
    """(n,) the smallest value at which a count of its role is shown that is not broken down."""
    of_role = np.array([rules.limit(role) for role in known.words["role"]], np.int64)
    return of_role[known.of("role")]


def limits(known: Universe, rules: Rules) -> Ints:
    """(n,) the smallest value at which each count is shown."""
    of_role = role_limits(known, rules)
    broken_down = (~known.has("sex", TOTAL) | ~known.has("age_group", TOTAL)) & (of_role > _NONE)
    return np.where(broken_down, np.maximum(of_role, rules.broken_down), of_role)


def small(known: Universe, limit: Ints) -> Flags:
    """(n,) counts above zero and below their limit."""
    return np.asarray((known.count > 0) & (known.count < limit), bool)


def of_few(known: Universe, unsafe: Flags) -> Flags:
    """(n,) the records, cases or offences of persons whose own count is unsafe."""
    others = np.flatnonzero(~known.has("unit", PERSON) & (known.count > 0))
    persons = known.moved(others, unit=PERSON)
    found = np.zeros(len(known), bool)
    found[others[(persons >= 0) & unsafe[persons]]] = True
    return found


class Line(NamedTuple):
    """A cell and the column in which it and those beside it are withheld, zeros too.

    Attributes:
        key: the cell, by the columns of `universe.NAME`.
        column: the column that tells it from those beside it.
    """

    key: tuple[str, ...]
    column: str


def full_groups(known: Universe, limit: Ints) -> Iterator[Line]:
    """Cells that are all there is of a group: the group is large enough, and what it shares is an attribute that is known.

    Of the country as a whole everything may be said, and of a group what holds of the country as a whole; a group must
    share a place, a citizenship, an article or a form.
    """
    for column in PARTS:
        shown = ~known.has(column, TOTAL) & ~known.has(column, UNKNOWN) & known.published & (limit > _NONE)
        part = np.flatnonzero(shown & sums_up(known, column))
        whole = known.moved(part, **{column: TOTAL})
        full = _all_of(known, part, whole) & _grouped(known)[whole] & (known.count[part] >= limit[part])
        country = {"rule": PRINCIPAL, **{name: TOTAL for name in DIMENSIONS if name != column}}
        everywhere = _all_of(known, known.moved(part, **country), known.moved(part, **{**country, column: TOTAL}))
        yield from lines(known, part[full & ~everywhere], (column,))


def _all_of(known: Universe, part: Ints, whole: Ints) -> Flags:
    """Whether both are there, and the part is all of the whole."""
    return np.asarray((part >= 0) & (whole >= 0) & (known.count[part] == known.count[whole]), bool)


def _grouped(known: Universe) -> Flags:
    """(n,) whether a count is of a group that shares a known value of a dimension."""
    grouped = np.zeros(len(known), bool)
    for name in DIMENSIONS:
        grouped |= ~known.has(name, TOTAL) & ~known.has(name, UNKNOWN)
    return grouped


def others_in_country(known: Universe, zeros: Flags) -> Flags:
    """(n,) those of the zeros whose kind is known and exists in the country as a whole: a reader may think of them."""
    at = np.flatnonzero(zeros)
    found = np.zeros(len(known), bool)
    for column in PARTS:
        kind = ~known.has(column, TOTAL)[at] & ~known.has(column, UNKNOWN)[at]
        country = known.moved(at, rule=PRINCIPAL, **{name: TOTAL for name in DIMENSIONS if name != column})
        found[at[kind & (country >= 0) & (known.count[country] > 0)]] = True
    return found


def broken_down_small(known: Universe, primary: Flags) -> Iterator[Line]:
    """All breakdowns of small counts that have several parts above zero, and of what lies within such a count."""
    sums, within = list(_families(known)), list(_within(known))
    divided = np.zeros(len(known), bool)
    for _, _, whole in sums:
        divided |= np.bincount(whole, minlength=len(known)) > 1
    divided &= primary
    before = -1
    while before != (before := int(divided.sum())):
        for part, whole in (*(family[1:] for family in sums), *within):
            divided[part[divided[whole]]] = True
    for column, part, whole in sums:
        yield from lines(known, part[divided[whole]], (column,))


def _families(known: Universe) -> Iterator[tuple[str, Ints, Ints]]:
    """Columns over which counts add up, with each part above zero and its whole."""
    for column in (*PARTS, "stage"):
        adds = sums_up(known, column) if column != "stage" else ~known.has("lag", TOTAL)
        part = np.flatnonzero(~known.has(column, TOTAL) & adds & (known.count > 0))
        whole = known.moved(part, **{column: TOTAL})
        yield column, part[whole >= 0], whole[whole >= 0]


def _within(known: Universe) -> Iterator[tuple[Ints, Ints]]:
    """Counts of a year or stage, and those of a longer period or of any stage that hold them."""
    for column, whole, words in (("stage", TOTAL, known.words["stage"]), *(("year", *of) for of in coverings(known.words["year"]))):
        codes = [known.code(column, word) for word in words if word != whole]
        part = np.flatnonzero(np.isin(known.of(column), codes) & (known.count > 0))
        above = known.moved(part, **{column: whole})
        yield part[above >= 0], above[above >= 0]


def lines(known: Universe, cells: Ints, columns: Sequence[str]) -> Iterator[Line]:
    """The lines on which cells stand; stages make a line in cohorts only, where they add up."""
    for cell in cells.tolist():
        key = tuple(known.words[column][code] for column, code in zip(NAME, known.codes[cell].tolist(), strict=True))
        for column in columns:
            if key[NAME.index(column)] != TOTAL and (column != "stage" or key[NAME.index("lag")] != TOTAL):
                yield Line(key, column)


def withheld(cells: pd.DataFrame, apart: Collection[Line]) -> pd.DataFrame:
    """The rows of lines, with rows of count zero for the values that other cells of the table and role have.

    Args:
        cells: columns `KEY` and `count`.
        apart: what is withheld.

    Returns:
        Rows of `KEY` and `count`, each once.
    """
    found = [cells.iloc[:0][[*KEY, "count"]]]
    for column in sorted({line.column for line in apart}):
        keys = pd.DataFrame([line.key for line in sorted(apart) if line.column == column], columns=NAME)
        rest = [name for name in KEY if name != column]
        heads = cells.merge(keys, on=NAME)[rest].drop_duplicates()
        values = cells[cells[column] != TOTAL][["table", "rule", "role", "unit", column]].drop_duplicates()
        grid = heads.merge(values, on=["table", "rule", "role", "unit"])
        found.append(grid.merge(cells[[*KEY, "count"]], on=KEY, how="left")[[*KEY, "count"]])
    whole = pd.concat(found).drop_duplicates(KEY, ignore_index=True)
    return whole.assign(count=whole["count"].fillna(0).astype("int64"))


def moved_slightly(cells: pd.DataFrame, earlier: pd.DataFrame, rules: Rules) -> pd.Series[bool]:
    """Counts that differ from an earlier release by fewer than the limit: of the same cell, or of a period within its own.

    Args:
        cells: columns `KEY` and `count`, exact.
        earlier: cells of an earlier public release.
        rules: limits.
    """
    shown = earlier[earlier["hidden"] == SHOWN]
    found = pd.Series(False, index=cells.index)
    for periods in _nested(cells["year"], shown["year"]):
        before = shown.assign(year=shown["year"].map(periods)).dropna(subset="year")
        both = cells.reset_index().merge(before[[*KEY, "count"]], on=KEY, suffixes=("", "_before"))
        moved = (both["count"] - both["count_before"]).abs()
        few = (moved > 0) & (moved < [_limit_of(row, rules) for row in both[["role", "sex", "age_group"]].itertuples(index=False)])
        found[both["index"][few]] = True
    return found


def _nested(now: pd.Series[str], before: pd.Series[str]) -> Iterator[dict[str, str]]:
    """Earlier periods to those of now: each to itself; then each to a longer or shorter one that it lies in or holds."""
    yield {year: year for year in before.unique()}
    for year in now.unique():
        own = span(year)
        yield from ({old: year} for old in before.unique() if own and span(old) and (span(old) < own or own < span(old)))


def _limit_of(row: tuple[str, str, str], rules: Rules) -> int:
    role, sex, age_group = row
    if role in rules.waived or (sex, age_group) == (TOTAL, TOTAL):
        return rules.limit(role)
    return max(rules.limit(role), rules.broken_down)
