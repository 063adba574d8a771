"""Persons counted once: the rules by which linked records become the cells of a table.

A *person* counts once per year, role and stage, however many records speak of them; in the row over all years once
more, so the years do not add up to it. Victims and offenders are counted apart: a person who is both stands in each
count, and no cell crosses the two. Where the records of one person disagree on an attribute, one value is settled
first (`attributes`), so that each person stands in one cell of a table and the cells add up to its total; for article
and form there is a second table in which a person counts once under each value, which does not add up.

Nothing depends on the order of rows, of agencies or of the protocol's code lists.

Source: reference `statistics.md`, section 1, rules 1, 3 to 7, 9 and 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.protocol import Protocol
from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.attributes import Ints, Lives, Records, coded, dimensions, lives, settle
from linkage.statistics.blocks import Block, tallied, with_totals, written_out
from linkage.statistics.cells import ANY, CUBE, KEY, MEASURES, NOT_STATED, RECORD, SEX_BY_AGE, SHOWN
from linkage.statistics.cohort import LAG_WORDS, cohort
from linkage.statistics.overlap import overlap

# A person may be charged under several articles and exploited in several forms.
MANIFOLD = ("article", "form_of_exploitation")


class _Seen(NamedTuple):
    """A life in each stage that it reached, and in any (`_T`).

    Attributes:
        life, stage: (n,) codes, each pair once, sorted by life.
    """

    life: Ints
    stage: Ints


def presence(frame: pd.DataFrame, protocol: Protocol, *, horizon: int | None = None) -> pd.DataFrame:
    """Who counts where: a row for each person and each cell of persons in which the person counts, totals included.

    A person's rows follow from the person's own records and the horizon; nobody else in the frame has a say in them.

    Args:
        frame: one row per record: `agency`, `person_id` and the protocol's content fields as codes, "" = unknown;
            `event_date` as yyyy-mm-dd, yyyy-mm or yyyy. Missing content columns are unknown throughout.
        protocol: names the dimensions and the order in which agencies are trusted.
        horizon: the last year up to which cohorts are followed; the frame's last year if not given. Where the frame is a
            part of the records, give that of the whole (`cohort.last_year`).

    Returns:
        Columns `KEY` (categorical) and `person_id`, each row once, in no particular order.
    """
    records = coded(frame, protocol)
    return written_out(_blocks(records, protocol, horizon), _words(records), records.persons)


def count(frame: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Every cell in which somebody counts.

    Args:
        frame: as for `presence`.
        protocol: names the dimensions and the order in which agencies are trusted.

    Returns:
        One row per cell above zero: `KEY`, unique and sorted by it, `count`; `low` and `high` `NOT_STATED`, `hidden`
        `SHOWN`: see `cells.Publication`. `count` is the number of rows of `presence` in the cell, and of records in the
        cells of that unit.

    Source: reference `statistics.md`, section 1, rules 1 and 3: unique person per reference year and stage.
    """
    records = coded(frame, protocol)
    blocks = [*_blocks(records, protocol, None), _records(records, protocol)]
    cells = tallied(blocks, _words(records))
    # text as objects: a frame of Arrow strings takes ten times as long to walk through
    hidden = np.full(len(cells), SHOWN, object)
    return cells.assign(low=NOT_STATED, high=NOT_STATED, hidden=pd.Series(hidden, dtype=object))[[*KEY, *MEASURES, "hidden"]]


def sources(frame: pd.DataFrame, protocol: Protocol) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """(year, role, stage) to the agencies whose records were counted there: the source that a table must name.

    Source: reference `statistics.md`, section 1, rule 10.
    """
    records = coded(frame, protocol)
    cells = tallied([_records(records, protocol, ("agency",))], _words(records))
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for year, role, stage, agency in cells[["year", "role", "stage", "agency"]].itertuples(index=False):
        found[year, role, stage] = (*found.get((year, role, stage), ()), agency)
    return found


def _words(records: Records) -> Mapping[str, tuple[str, ...]]:
    return {**records.words, "other": records.words["agency"], "lag": LAG_WORDS}


def _blocks(records: Records, protocol: Protocol, horizon: int | None) -> list[Block]:
    """All tables of persons."""
    lived = lives(records)
    seen = _asked(_seen(records, lived), records, lived, protocol)
    settled = settle(records, lived)
    base = {"year": lived.year[seen.life], "role": lived.role[seen.life], "stage": seen.stage}
    base |= {name: codes[seen.life] for name, codes in settled.items()}
    person = lived.person[seen.life]
    tables = [_table(person, base, name, records) for name in dimensions(protocol)]
    several = [_any(seen, lived, base, name, records) for name in dimensions(protocol) if name in MANIFOLD]
    cube = [_cube(person, base)] if {"region", "article"} <= set(base) else []
    return [_table(person, base, None, records), *tables, *several, *cube, cohort(records, horizon), overlap(records)]


def _seen(records: Records, lived: Lives) -> _Seen:
    stages = len(records.words["stage"])
    own = lived.of * stages + np.tile(records.codes["stage"], 2)
    any_stage = lived.of * stages + records.words["stage"].index(TOTAL)
    keys = np.unique(np.concatenate([own, any_stage]))
    return _Seen(keys // stages, keys % stages)


def _asked(seen: _Seen, records: Records, lived: Lives, protocol: Protocol) -> _Seen:
    """A protocol without stages or event dates has no row for those unknown: its totals say it all."""
    asked = _of_known(seen.stage, lived.year[seen.life], records, protocol)
    return _Seen(seen.life[asked], seen.stage[asked])


def _of_known(stage: Ints, year: Ints, records: Records, protocol: Protocol) -> NDArray[np.bool_]:
    known = np.ones(len(stage), np.bool_)
    for name, column, codes in (("stage", "stage", stage), ("event_date", "year", year)):
        if name not in protocol.content:
            known &= codes != records.words[column].index(UNKNOWN)
    return known


def _table(person: Ints, base: Mapping[str, Ints], name: str | None, records: Records) -> Block:
    """Sex by age group with totals, by the settled value of a dimension or of none."""
    wanted = ("year", "role", "stage", "sex", "age_group", *((name,) if name else ()))
    block = Block(name or SEX_BY_AGE, person, {column: base[column] for column in wanted})
    return with_totals(block, ("sex", "age_group"), records.words)


def _any(seen: _Seen, lived: Lives, base: Mapping[str, Ints], name: str, records: Records) -> Block:
    """The same once under each value that the life's records know."""
    row, value = _each_value(seen.life, *_known_values(lived, name, records))
    columns = {**{column: codes[row] for column, codes in base.items()}, name: value}
    return replace(_table(lived.person[seen.life[row]], columns, name, records), rule=ANY)


def _known_values(lived: Lives, name: str, records: Records) -> tuple[Ints, Ints]:
    """Each life with each value that its records know, sorted by life; with `_U` if they know none."""
    values, unknown = len(records.words[name]), records.words[name].index(UNKNOWN)
    said = lived.of * values + np.tile(records.codes[name], 2)
    known = np.unique(said[said % values != unknown])
    silent = np.setdiff1d(np.arange(len(lived.person)), known // values) * values + unknown
    pairs = np.sort(np.concatenate([known, silent]))
    return pairs // values, pairs % values


def _each_value(life: Ints, has: Ints, value: Ints) -> tuple[Ints, Ints]:
    """Rows of `life` once for each value of theirs: places in `life`, and the value.

    Args:
        life: (n,) lives.
        has: (k,) lives, sorted; every one is there.
        value: (k,) a value of each.
    """
    times = np.bincount(has)
    start = np.cumsum(times) - times
    row = np.repeat(np.arange(len(life)), times[life])
    ends = np.cumsum(times[life])
    nth = np.arange(len(row)) - np.repeat(ends - times[life], times[life])
    return row, value[start[life[row]] + nth]


def _cube(person: Ints, base: Mapping[str, Ints]) -> Block:
    return Block(CUBE, person, {name: base[name] for name in ("year", "role", "stage", "sex", "region", "article")})


def _records(records: Records, protocol: Protocol, more: Sequence[str] = ()) -> Block:
    """Records of each year, role and stage, with totals: persons beside them show how often one person was recorded."""
    kept = _of_known(records.codes["stage"], records.codes["year"], records, protocol)
    names = ("year", "role", "stage", *more)
    block = Block(SEX_BY_AGE, np.flatnonzero(kept), {name: records.codes[name][kept] for name in names}, unit=RECORD)
    return with_totals(block, ("year", "stage"), records.words)
