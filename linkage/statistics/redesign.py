"""Tables made coarser before anything is hidden: a small count that is not asked for needs no protection.

Hiding is the last resort, because each hidden small cell drags others with it. So the public tier first asks less:

- *others*: values of a dimension with fewer persons than the threshold in a mean period are counted together as `_O`, and
  where that would be all of them the table is left out;
- *pools*: tables of places are counted for three years together, always the same three (2016-2018, 2019-2021, …), so that
  no later release shifts them by a year;
- *tables that give others away*: counts by any value tell, beside those by the principal one, who has two values, and counts of
  persons on two lists add up, list by list, to stages that are hidden; the public tier has neither;
- *breakdowns*: a table of a dimension keeps sex and age group, or sex, or neither, whichever is the finest of which at
  most one cell in ten falls below the threshold; the cube keeps sex, or loses it, or is left out; cohorts never have it,
  because who was convicted stands in both.

The plan is made from the cells, for each role by itself, and says in words what it did. It is then applied to records,
so that persons are counted anew: a person seen in two years of a pool counts once in it. Who counts persons is given:
`counts.count` gives cells, `counts.presence` who stands in which, and the plan applies to both alike.

Source: reference `statistics.md`, section 6, "redesign first".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from linkage.protocol import Protocol
from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.attributes import coded, majority
from linkage.statistics.cells import ANY, COHORT, CUBE, DIMENSIONS, KEY, OVERLAP, PERSON, PRINCIPAL, SEX_BY_AGE
from linkage.statistics.counts import count
from linkage.statistics.sensitivity import PUBLIC_TIER, threshold

OTHER = "_O"
YEARS_POOLED = 3
# At most this share of a breakdown's cells of known sex and age may be small, or a coarser one is taken; permille.
SMALL_SHARE = 125
POOLED = ("region", "district", CUBE)
CUBED = ("region", "article")

Counter = Callable[[pd.DataFrame, Protocol], pd.DataFrame]


@dataclass(frozen=True)
class Plan:
    """How the public tables are coarser than the exact ones.

    Attributes:
        others: (role, dimension, value) that are counted as `_O`.
        pools: label to its years, for the tables in `POOLED`; a year that would be alone in its pool stays a year.
        collapsed: (table, rule, role, column): the breakdown by `sex` or `age_group` is left out.
        dropped: (table, role): left out altogether.
        rules: of counting that are left out.
    """

    others: tuple[tuple[str, str, str], ...] = ()
    pools: tuple[tuple[str, tuple[str, ...]], ...] = ()
    collapsed: tuple[tuple[str, str, str, str], ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    rules: tuple[str, ...] = ()


EXACT = Plan()


def redesign(frame: pd.DataFrame, protocol: Protocol, tier: str) -> tuple[pd.DataFrame, Plan]:
    """The cells that a tier asks for, and how they are coarser; the restricted tier asks for everything.

    Args:
        frame: one row per record, as for `counts.count`.
        protocol: thresholds and dimensions.
        tier: `restricted` or `public`.
    """
    exact = count(frame, protocol)
    if tier != PUBLIC_TIER:
        return exact, EXACT
    first = _merging(exact, protocol)
    cells = counted(frame, protocol, first, count)
    collapsed, dropped = _coarser(cells, protocol)
    plan = replace(first, collapsed=collapsed, dropped=(*first.dropped, *dropped))
    return _ordered(_collapsed(cells, plan)), plan


def counted(frame: pd.DataFrame, protocol: Protocol, plan: Plan, counter: Counter) -> pd.DataFrame:
    """The cells of a plan, or who stands in them.

    Args:
        frame: one row per record; for a partition, with its persons.
        protocol: under which the persons are counted.
        plan: what to count.
        counter: `counts.count`, `counts.presence`, or another of the same form.

    Returns:
        As the counter gives it, in the order of `KEY`; pooled years stand as `2016-2018` in `year`.
    """
    if plan == EXACT:
        return counter(frame, protocol)
    rows = _others_together(frame, protocol, plan, counter)
    if plan.pools:
        settled = _with_settled_sex(frame, protocol)
        pooled = [_of_pool(settled, protocol, label, years, plan, counter) for label, years in plan.pools]
        years_pooled = [year for _, years in plan.pools for year in years]
        single = rows[~rows["table"].isin(POOLED) | ~rows["year"].isin(years_pooled)]
        rows = pd.concat([single, *pooled], ignore_index=True)
    return _ordered(_collapsed(rows, plan))


def _others_together(frame: pd.DataFrame, protocol: Protocol, plan: Plan, counter: Counter) -> pd.DataFrame:
    """Rare values as `_O`: by the principal value after it is settled, so that nobody's changes; by any value before."""
    rows = counter(frame, protocol)
    if not plan.others:
        return rows
    principal = _renamed(rows[rows["rule"] != ANY], plan)
    if not (rows["rule"] == ANY).any():
        return _tallied(principal)
    several = counter(_renamed(frame, plan), protocol)
    return pd.concat([_tallied(principal), several[several["rule"] == ANY]], ignore_index=True)


def _renamed(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    renamed = rows.astype({name: object for name in DIMENSIONS if name in rows})
    for name in DIMENSIONS:
        if name in renamed:
            rare = [(role, value) for role, dimension, value in plan.others if dimension == name]
            renamed[name] = renamed[name].mask(_named(rows, ("role", name), tuple(rare)), OTHER)
    return renamed


def _of_pool(
    within: pd.DataFrame, protocol: Protocol, label: str, years: tuple[str, ...], plan: Plan, counter: Counter
) -> pd.DataFrame:
    """The tables of places for several years together, and sex by age group beside them, which has their totals."""
    within = within[within["event_date"].astype(str).str.slice(0, 4).isin(years)]
    rows = _others_together(within, protocol, plan, counter)
    asked = rows["table"].isin((*POOLED, SEX_BY_AGE)) & (rows["year"] == TOTAL) & (rows["unit"] == PERSON)
    return rows[asked].astype({"year": object}).assign(year=label)


def _with_settled_sex(frame: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Each person's sex by all records, of which a pool holds some only."""
    records = coded(frame, protocol)
    words = np.array(records.words["sex"], object)
    unknown = records.words["sex"].index(UNKNOWN)
    sex = majority(records.person, len(records.persons), records.codes["sex"], unknown, records.rank)
    return frame.assign(sex=words[sex][records.person])


def _collapsed(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Leave out breakdowns whose totals are there; sum up the cube and cohorts, which have none or keep them."""
    rows = rows[~_named(rows, ("table", "role"), plan.dropped) & ~rows["rule"].isin(plan.rules)]
    for column in ("age_group", "sex"):
        named = tuple(entry[:3] for entry in plan.collapsed if entry[3] == column)
        found = _named(rows, ("table", "rule", "role"), named)
        cube = found & (rows["table"] == CUBE)
        rows = rows.astype({column: object})
        rows[column] = rows[column].mask(cube, TOTAL)
        rows = rows[~found | (rows[column] == TOTAL)]
    return _tallied(rows[~_idle(rows, plan)])


def _idle(rows: pd.DataFrame, plan: Plan) -> pd.Series[bool]:
    """Breakdowns of a pool's sex by age group that no table of places has: they are there for the totals of these only."""
    idle = pd.Series(False, index=rows.index)
    of_pool = (rows["table"] == SEX_BY_AGE) & rows["year"].isin([label for label, _ in plan.pools])
    for column in ("age_group", "sex"):
        kept = rows["table"].isin(POOLED) & (rows[column] != TOTAL)
        roles = rows["role"][kept].unique()
        idle |= of_pool & (rows[column] != TOTAL) & ~rows["role"].isin(roles)
    return idle


def _tallied(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per cell, or per cell and person, after some cells have become one."""
    if "count" not in rows:
        return rows.drop_duplicates()
    sums = rows.groupby(KEY, sort=False, observed=True)["count"].transform("sum")
    return rows.assign(count=sums)[~rows.duplicated(KEY)]


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    if "count" not in rows:
        return rows.astype(dict.fromkeys(KEY, "category")).reset_index(drop=True)
    return rows.astype(dict.fromkeys(KEY, object)).sort_values(KEY, ignore_index=True)


def _named(rows: pd.DataFrame, columns: tuple[str, ...], names: tuple[tuple[str, ...], ...]) -> pd.Series[bool]:
    """Whether the columns of a row are one of the names."""
    found = pd.Series(False, index=rows.index)
    for name in names:
        hit = pd.Series(True, index=rows.index)
        for column, word in zip(columns, name, strict=True):
            hit &= rows[column] == word
        found |= hit
    return found


def _merging(cells: pd.DataFrame, protocol: Protocol) -> Plan:
    """Rare values, pools, and the tables of which merging would leave a single row."""
    others, dropped = [], []
    whole = cells[(cells["rule"] == PRINCIPAL) & (cells["unit"] == PERSON) & (cells["year"] == TOTAL) & (cells["stage"] == TOTAL)]
    whole = whole[(whole["sex"] == TOTAL) & (whole["age_group"] == TOTAL)]
    for name in DIMENSIONS:
        table = whole[(whole["table"] == name) & (whole[name] != UNKNOWN)]
        for role, values in table.groupby("role"):
            ordered = values.sort_values(["count", name])
            rare = _merged(ordered["count"].tolist(), threshold(protocol.release, str(role)), _periods(cells, name))
            if rare == len(ordered):
                dropped += [(table, str(role)) for table in (name, *((CUBE,) if name in CUBED else ()))]
            others += [(str(role), name, str(value)) for value in ordered[name].iloc[: rare if rare < len(ordered) else 0]]
    dropped += [(OVERLAP, str(role)) for role in cells["role"][cells["table"] == OVERLAP].unique()]
    return Plan(tuple(others), tuple(_pools(cells["year"])), dropped=tuple(sorted(set(dropped))), rules=(ANY,))


def _merged(sizes: list[int], limit: int, periods: int) -> int:
    """How many of the smallest become one: those rarer than the limit in a mean period, or more, so that they hide.

    A single value stays what it is: it says no more than the total.
    """
    rare = sum(size < limit * periods for size in sizes)
    if rare == 0 or len(sizes) == 1:
        return 0
    while rare < len(sizes) and (rare < 2 or sum(sizes[:rare]) < limit):
        rare += 1
    return rare


def _periods(cells: pd.DataFrame, table: str) -> int:
    years = {year for year in cells["year"] if year.isdigit()}
    return max(1, len({_pool_of(year) for year in years} if table in POOLED else years))


def _pools(years: pd.Series[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    known = sorted({year for year in years if year.isdigit()})
    for pool in sorted({_pool_of(year) for year in known}):
        of = tuple(year for year in known if _pool_of(year) == pool)
        if len(of) > 1:
            yield f"{of[0]}-{of[-1]}", of


def _pool_of(year: str) -> int:
    return int(year) // YEARS_POOLED


def _coarser(cells: pd.DataFrame, protocol: Protocol) -> tuple[tuple[tuple[str, str, str, str], ...], tuple[tuple[str, str], ...]]:
    """Which breakdowns and cubes have too many small cells."""
    known = (cells["unit"] == PERSON) & (cells["sex"] != UNKNOWN) & (cells["age_group"] != UNKNOWN)
    persons = _with_small(cells[known & cells["table"].isin((*DIMENSIONS, CUBE, COHORT))], protocol)
    collapsed, dropped = [], []
    for (table, rule, role), of in persons.groupby(["table", "rule", "role"]):
        by_age, by_sex = of["age_group"] != TOTAL, of["sex"] != TOTAL
        if _too_many(of[by_age]):
            collapsed.append((str(table), str(rule), str(role), "age_group"))
            by_sex &= ~by_age
        if table == COHORT or _too_many(of[by_sex]):
            collapsed.append((str(table), str(rule), str(role), "sex"))
            if table == CUBE and _too_many(_with_small(_tallied(of.assign(sex=TOTAL)), protocol)):
                dropped.append((str(table), str(role)))
    return tuple(collapsed), tuple(dropped)


def _with_small(cells: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    limits = {role: threshold(protocol.release, role) for role in cells["role"].unique()}
    return cells.assign(small=cells["count"] < cells["role"].map(limits))


def _too_many(cells: pd.DataFrame) -> bool:
    return bool(1000 * int(cells["small"].sum()) > SMALL_SHARE * len(cells))
