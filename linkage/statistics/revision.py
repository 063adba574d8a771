"""Why a count changed: what of it is new records, and what is records that are now one person, or no longer.

Unique counts fall or rise when linkage learns more, also where no record came in. So a change between two person maps is
walked in steps, each of which changes one thing, and every step's difference is a part; the parts add up exactly,
because each step begins where the last one ended:

    before ▸ without the records that are gone ▸ content as it is now ▸ persons who fell apart ▸ persons who were joined
    ▸ with the new records

The walk has this one order. A new record that shows that two persons are one is *joined*, where these had records before:
only what the new records' own presence adds is *new*.

A revision triangle says what successive releases said of the same cell.

Source: reference `statistics.md`, section 5.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from linkage.errors import DataError
from linkage.protocol import Protocol
from linkage.statistics.cells import KEY
from linkage.statistics.cohort import last_year
from linkage.statistics.counts import presence
from linkage.statistics.tables import COLUMNS
from linkage.statistics.tables import KEY as TIDY_KEY

BEFORE, AFTER = "before", "after"
# In the order of the walk, with the reason codes of the reference: error, classification, relink twice, late data.
PARTS = ("gone", "reclassified", "split", "merged", "new")
_RECORD = ["agency", "record"]


def decompose(before: pd.DataFrame, after: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The change of every count of persons, by what caused it.

    Args:
        before: one row per record: `agency`, `record`, `person_id` and the protocol's content fields.
        after: the same of the later person map; what a person is called there may differ.
        protocol: under which both are counted.

    Returns:
        `KEY`, sorted by it; `before`, `PARTS` and `after`, int64, with `after` = `before` + the parts. Only cells of which
        a part is not zero. Cohorts are followed to the last year of `before` until its new records come in.

    Raises:
        DataError: a record stands twice.
    """
    counts = [_counts(frame, protocol, last) for frame, last in _walk(before, after, protocol)]
    steps = pd.concat(counts, axis=1).fillna(0).astype("int64")
    steps.columns = pd.Index([BEFORE, *PARTS])
    parts = steps[list(PARTS)] - steps[[BEFORE, *PARTS[:-1]]].to_numpy()
    found = pd.concat([steps[[BEFORE]], parts, steps[[PARTS[-1]]].set_axis([AFTER], axis=1)], axis=1)
    return found[(parts != 0).any(axis=1)].sort_index().reset_index()


def _walk(before: pd.DataFrame, after: pd.DataFrame, protocol: Protocol) -> Iterator[tuple[pd.DataFrame, int]]:
    """The records after each step, and the last year to which cohorts are followed."""
    old, new = _named(before, "before"), _named(after, "after")
    both = old.index.intersection(new.index)
    then, now = last_year(before, protocol), last_year(after, protocol)
    kept, current = old.loc[both], new.loc[both]
    yield old, then
    yield kept, then
    yield current.assign(person_id=kept["person_id"]), then
    meet = pd.MultiIndex.from_arrays([kept["person_id"], current["person_id"]])
    yield current.assign(person_id=pd.factorize(meet)[0]), then
    yield current, then
    yield new, now


def _named(frame: pd.DataFrame, which: str) -> pd.DataFrame:
    """The frame, its records found by name."""
    if frame.duplicated(_RECORD).any():
        raise DataError(f"a record stands twice in the records {which} the revision")
    return frame.set_index(_RECORD, drop=False).rename_axis([None, None])


def _counts(frame: pd.DataFrame, protocol: Protocol, last: int) -> pd.Series:
    if frame.empty:
        return pd.Series(dtype=np.int64, index=pd.MultiIndex.from_arrays([[]] * len(KEY), names=KEY))
    seen = presence(frame, protocol, horizon=last)
    sizes = seen.groupby(KEY, observed=True).size()
    return sizes.set_axis(pd.MultiIndex.from_frame(sizes.index.to_frame().astype(object)))


def triangle(releases: Mapping[str, bytes]) -> pd.DataFrame:
    """What successive releases said of each cell.

    Args:
        releases: the releases' IDs, first to last, and the tidy CSV of each (`tables.tidy`).

    Returns:
        The columns by which tidy rows are told apart, sorted; and for each release a column of its ID with `Int64` counts. A
        release that has rows of the year and table, but none of the cell, said zero; one that has none, or hid the
        cell, said nothing (missing).

    Raises:
        DataError: a file is no tidy CSV, or has a cell twice.
    """
    columns = {release: _values(data, release) for release, data in releases.items()}
    cells = pd.concat(list(columns.values()), axis=1, keys=list(columns)).sort_index()
    for release, values in columns.items():
        covered = _covers(cells.index).isin(_covers(values.index))
        silent = covered & ~cells.index.isin(values.index)
        cells[release] = cells[release].mask(silent, 0).astype("Int64")
    return cells.reset_index()


def _values(data: bytes, release: str) -> pd.Series:
    """Each cell's count, missing where it is hidden."""
    try:
        rows = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
        values = pd.to_numeric(rows.set_index(list(TIDY_KEY))["OBS_VALUE"].replace("", None)).astype("Int64")
    except (ValueError, TypeError, KeyError):
        raise DataError("this is not a tidy CSV of a release", file=release, hint=f"its columns are {', '.join(COLUMNS)}") from None
    if values.index.has_duplicates:
        raise DataError("a cell stands twice in the tidy CSV", file=release)
    return values


def _covers(index: pd.Index) -> pd.MultiIndex:
    """The table and year of each cell."""
    return pd.MultiIndex.from_arrays([index.get_level_values(name) for name in ("DATAFLOW", "TIME_PERIOD")])
