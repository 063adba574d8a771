"""Persons counted once: the rules by which linked records become the cells of a table.

A *person* counts once per year, role and stage, however many records speak of them; in the row over all years once
more, so the years do not add up to it. Victims and offenders are counted apart: a person who is both stands in each
count, and no cell crosses the two. Where the records of one person disagree on an attribute, one value is settled
first, so that each person stands in one cell of a table and the cells add up to its total.

Nothing depends on the order of rows, of agencies or of the protocol's code lists.

Source: reference `statistics.md`, section 1, rules 1, 3, 4 (tables by the principal value), 5 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from linkage.protocol import Protocol
from linkage.schema import ADULT, MINOR, SEX_CODES, TOTAL, UNKNOWN

PERSON, RECORD = "PERSON", "RECORD"
SEX_BY_AGE = "sex_age"
CELL = ["table", "year", "role", "stage", "sex", "age_group", "value", "unit"]

# These stand in every table, so that a protocol that lists one as a dimension gains no further table by it.
_ALWAYS = ("role", "stage", "event_date", "sex", "age_group")
_LIFE = ["person_id", "year", "role"]
_DATE = r"[0-9]{4}(?:-[0-9]{2}){0,2}"


def count(frame: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Every cell in which somebody counts.

    Args:
        frame: one row per record: `agency`, `record`, `person_id` and the protocol's content fields as codes,
            "" = unknown; `event_date` as yyyy-mm-dd, yyyy-mm or yyyy. Missing content columns are unknown throughout.
        protocol: names the dimensions and the order in which agencies are trusted.

    Returns:
        One row per cell above zero, sorted by its key, which is unique: `table` (`sex_age` or a dimension), `year`,
        `role`, `stage`, `sex`, `age_group`, `value` (of the dimension), `unit` (`PERSON`; `RECORD` in the totals of
        `sex_age` only) and `count`. `_T` = total, `_U` = unknown.

    Source: reference `statistics.md`, section 1, rules 1 and 3: unique person per reference year and stage.
    """
    records = prepare(frame, protocol)
    both = pd.concat([records, records.assign(year=TOTAL)], ignore_index=True)
    settled = settle(records, both, dimensions(protocol))
    seen = _with_total(both[[*_LIFE, "stage"]], "stage")
    present = seen.drop_duplicates().merge(settled, on=_LIFE, how="left", validate="many_to_one")
    tables = [_sex_by_age(present), _records(seen), *(_by_dimension(present, name) for name in dimensions(protocol))]
    cells = pd.concat(tables, ignore_index=True)[[*CELL, "count"]].sort_values(CELL, ignore_index=True)
    return _without_unasked(cells, protocol)


def dimensions(protocol: Protocol) -> tuple[str, ...]:
    """The protocol's dimensions that get a table of their own beside sex by age group."""
    return tuple(name for name in protocol.statistics.dimensions if name not in _ALWAYS)


def sources(frame: pd.DataFrame, protocol: Protocol) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """(year, role, stage) to the agencies whose records were counted there: the source that a table must name.

    Source: reference `statistics.md`, section 1, rule 10.
    """
    records = prepare(frame, protocol)
    both = pd.concat([records, records.assign(year=TOTAL)], ignore_index=True)
    rows = _with_total(both[["year", "role", "stage", "agency"]], "stage").drop_duplicates().sort_values("agency")
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for year, role, stage, agency in rows.itertuples(index=False):
        found[year, role, stage] = (*found.get((year, role, stage), ()), agency)
    return found


def prepare(frame: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The records with every code filled: `_U` for what is unknown, the year of the event, and two sort keys.

    `moment` orders events (yyyymmdd; an imprecise date stands at the end of its year or month, a missing one last),
    `rank` is the agency's place in the protocol's order of trust (unlisted ones share the last place).
    """
    codes = ["role", "stage", *dimensions(protocol)]
    records = frame.reindex(columns=["agency", "record", "person_id", "event_date", "sex", "age_group", *codes], fill_value="")
    records[codes] = records[codes].replace("", UNKNOWN)
    for name, allowed in (("sex", SEX_CODES), ("age_group", (MINOR, ADULT))):
        records[name] = records[name].where(records[name].isin(allowed), UNKNOWN)
    dates = records.pop("event_date").astype(str)
    dates = dates.where(dates.str.fullmatch(_DATE), "")
    order = {agency: place for place, agency in enumerate(protocol.statistics.order)}
    return records.assign(
        year=dates.str.slice(0, 4).replace("", UNKNOWN),
        moment=dates.str.replace("-", "", regex=False).str.ljust(8, "9").astype("int64"),
        rank=records["agency"].map(order).fillna(len(order)).astype("int64"),
    )


def settle(records: pd.DataFrame, both: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """One value per attribute for each person, year and role, the row over all years (`_T`) included.

    Sex is settled over all records of the person, whatever their year and role: it belongs to the person. The age
    group is taken at the earliest event of that year and role of which it is known: a person who comes of age during
    the year counts as the child that was detected. Each dimension is settled over the records of that year and role;
    the stages share the value, so that the stages of one person never stand in different rows of a table.

    Args:
        records: as `prepare` gives them.
        both: the same, followed by the same with year `_T`.
        names: the dimensions.

    Returns:
        Columns `person_id`, `year`, `role`, `sex`, `age_group` and the dimensions, `_U` where no record knows.

    Source: the protocol's own rule under reference `statistics.md`, section 1, rules 4 (principal value) and 9 (age at detection).
    """
    lives = both[_LIFE].drop_duplicates()
    lives = lives.merge(majority(records, ["person_id"], "sex"), on="person_id", how="left")
    lives = lives.merge(majority(_earliest(both), _LIFE, "age_group"), on=_LIFE, how="left")
    for name in names:
        lives = lives.merge(majority(both, _LIFE, name), on=_LIFE, how="left")
    return lives.fillna(UNKNOWN)


def majority(records: pd.DataFrame, by: list[str], name: str) -> pd.DataFrame:
    """The most frequent known value of an attribute in each group; groups that know none are left out.

    Of values that are equally frequent, the one known to the agency that stands first in the protocol's order wins;
    where that too is equal, the first in the alphabetical order of codes. (Not the order of the code list: the
    protocol's canonical form, and so its ID, does not carry one.)

    Args:
        records: with `rank`, the agency's place in the order of trust.
        by: columns that make a group.
        name: the attribute; `_U` = unknown.

    Returns:
        Columns `by` and `name`, one row per group.
    """
    known = records[records[name] != UNKNOWN]
    ranks = known.groupby([*by, name])["rank"]
    votes = pd.DataFrame({"votes": ranks.size(), "first": ranks.min()}).reset_index()
    ordered = votes.sort_values(["votes", "first", name], ascending=[False, True, True])
    return ordered.drop_duplicates(by)[[*by, name]]


def _earliest(both: pd.DataFrame) -> pd.DataFrame:
    """Of each person, year and role, the records of the earliest day on which the age group is known."""
    known = both[both["age_group"] != UNKNOWN]
    return known[known["moment"] == known.groupby(_LIFE)["moment"].transform("min")]


def _with_total(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows, followed by the same rows under the total."""
    return pd.concat([rows, rows.assign(**{column: TOTAL})], ignore_index=True)


def _without_unasked(cells: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """A protocol without stages or event dates has no row for those unknown: its totals say it all."""
    asked = pd.Series(True, index=cells.index)
    for name, column in (("stage", "stage"), ("event_date", "year")):
        if name not in protocol.content:
            asked &= cells[column] != UNKNOWN
    return cells[asked].reset_index(drop=True)


def _sex_by_age(present: pd.DataFrame) -> pd.DataFrame:
    """Persons by sex and age group, with totals: each person stands in one of the cells, so these may be summed."""
    key = ["year", "role", "stage", "sex", "age_group"]
    cells = _with_total(_with_total(_sizes(present, key), "sex"), "age_group")
    sums = cells.groupby(key)["count"].sum().reset_index()
    return sums.assign(table=SEX_BY_AGE, value=TOTAL, unit=PERSON)


def _records(seen: pd.DataFrame) -> pd.DataFrame:
    """Records of each year, role and stage: persons beside them show how often one person was recorded."""
    cells = _sizes(seen, ["year", "role", "stage"])
    return cells.assign(table=SEX_BY_AGE, sex=TOTAL, age_group=TOTAL, value=TOTAL, unit=RECORD)


def _by_dimension(present: pd.DataFrame, name: str) -> pd.DataFrame:
    """Persons by the settled, principal value of a dimension: the rows add up to the total of `sex_age`."""
    cells = _sizes(present.rename(columns={name: "value"}), ["year", "role", "stage", "value"])
    return cells.assign(table=name, sex=TOTAL, age_group=TOTAL, unit=PERSON)


def _sizes(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Number of rows of each group, as a column `count` beside the key."""
    return rows.assign(count=1).groupby(key)["count"].sum().reset_index()
